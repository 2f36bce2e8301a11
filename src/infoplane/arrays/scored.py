"""Predictions that came with an encoder's embeddings, in place of a classifier trained here."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from infoplane.arrays.stored import PREDICTIONS
from infoplane.classifiers import Training, given
from infoplane.common import io


def given_predictions(embeddings: Path, labels: Path, stops: Sequence[int]) -> Training | None:
    """The predictions that came with one encoder's embeddings, scored; None if none came.

    Args:
        embeddings: the encoder's folder.
        labels: the folder of the labels.
        stops: those of the parameters.

    Raises:
        ValueError: a stop for which there is no file.
    """
    folder = embeddings / PREDICTIONS
    if not folder.is_dir():
        return None
    found = sorted(int(file.stem) for file in folder.glob("*.npy"))
    if missing := sorted(set(stops) - set(found)):
        raise ValueError(
            f"classifier.stops: no predictions of {embeddings.name} at {_listed(missing)}; those given are at "
            f"{_listed(found)}"
        )
    return given({stop: io.open_npy(folder / f"{stop}.npy") for stop in stops}, io.open_npy(labels / "test.npy"))


def _listed(numbers: Sequence[int]) -> str:
    return ", ".join(map(str, numbers))
