"""What earlier stages wrote, of the encoders, networks and suites in the parameters.

Files of cells that were taken out of the parameters are left alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from infoplane.common import io
from infoplane.results.summary import Measurements

INFORMATION = ("noise", "label", "prediction")


def measurements(metrics: Path, encoders: Sequence[str], stops: Sequence[int]) -> Measurements:
    """What was measured of the encoders."""
    information = (contents(metrics / "information" / kind, encoders) for kind in INFORMATION)
    return Measurements(encoders, stops, contents(metrics / "training", encoders), *information)


def contents(folder: Path, names: Sequence[str]) -> dict[str, Any]:
    """The JSON files of these names."""
    return {name: io.load_json(folder / f"{name}.json") for name in names}


def curves(metrics: Path, kind: str, encoders: Sequence[str]) -> dict[str, pd.DataFrame]:
    """The curves of one kind for each encoder."""
    return {encoder: pd.read_csv(metrics / "curves" / kind / f"{encoder}.csv") for encoder in encoders}
