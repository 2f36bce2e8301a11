"""Predictions given with an encoder's embeddings, used in place of those of a trained classifier.

``embed`` copies them to ``data/given_predictions/<encoder>``: ``<stop>.npy`` for each stop, and ``stops.json``, a list
that is empty where none were given. ``train`` then trains no classifier and evaluates them, ``predict`` copies them.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

from infoplane.arrays.stored import PREDICTIONS
from infoplane.common import io
from infoplane.common.aliases import Array

_LIST = "stops.json"


def copy_predictions(arrays: Path, encoder: str, folder: Path) -> None:
    """Copy the predictions given with one encoder's embeddings, if there are any.

    Args:
        arrays: the folder in which ``download`` stored them (``arrays.stored``).
        encoder: its name.
        folder: existing and empty.
    """
    files = sorted((arrays / PREDICTIONS / encoder).glob("*.npy"))
    for file in files:
        shutil.copyfile(file, folder / file.name)
    io.save_json(folder / _LIST, sorted(int(file.stem) for file in files))


def given_predictions(folder: Path, stops: Sequence[int]) -> dict[int, Array] | None:
    """Logits of the test rows at each stop, (n, K) or (n, 1), as given; None where none were given.

    Args:
        folder: of one encoder, as `copy_predictions` filled it.
        stops: those of the parameters.

    Raises:
        ValueError: predictions were given, but not at every stop.
    """
    found: list[int] = io.load_json(folder / _LIST)
    if not found:
        return None
    if missing := sorted(set(stops) - set(found)):
        raise ValueError(
            f"classifier.stops: no predictions of {folder.name} at {_listed(missing)}; those given are at "
            f"{_listed(found)}"
        )
    return {stop: io.open_npy(folder / f"{stop}.npy") for stop in stops}


def _listed(numbers: Sequence[int]) -> str:
    return ", ".join(map(str, numbers))
