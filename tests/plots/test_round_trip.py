"""What is drawn from the files that stages write is what is drawn from memory."""

from __future__ import annotations

import dataclasses
import io
from pathlib import Path

import pandas as pd

from infoplane.common.io import load_json
from infoplane.plots import encoder_pictures, plane_pictures
from infoplane.plots.picture import Picture

import made_run
from made_results import NAMES, made, material
from same_drawing import assert_same_drawing


def assert_alike(pictures: list[Picture], others: list[Picture]) -> None:
    assert [picture.name for picture in pictures] == [picture.name for picture in others]
    for one, other in zip(pictures, others, strict=True):
        assert (one.title, one.caption, one.alt) == (other.title, other.caption, other.alt)
        assert_same_drawing(one.wide, other.wide)


def test_encoders() -> None:
    held = material(made(NAMES[:2], stops=(1, 30)))

    def read_back(table: pd.DataFrame) -> pd.DataFrame:
        return pd.read_csv(io.StringIO(table.to_csv(index=False)))

    names = ("quantities", "noise_curve", "training")
    tables = {name: read_back(getattr(held, name)) for name in names}
    read = dataclasses.replace(held, **tables)
    assert_alike(encoder_pictures.comparisons(held), encoder_pictures.comparisons(read))


def test_information_plane(tmp_path: Path) -> None:
    plane = made_run.small_plane()
    made_run.write_plane(tmp_path, plane)
    folder, network = tmp_path / "information_plane", made_run.NETWORK
    verdicts = load_json(folder / "verdicts" / f"{network}.json")
    read = plane_pictures.Material(pd.read_csv(folder / f"{network}.csv"), verdicts)
    held = plane_pictures.Material(plane.frame(), plane.metrics)
    drawn = plane_pictures.pictures(network, held)
    assert [picture.stem for picture in drawn] == ["plane", "training", "errors"]
    assert_alike(drawn, plane_pictures.pictures(network, read))
