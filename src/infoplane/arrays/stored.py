"""Arrays made elsewhere, once the pipeline has them: what ``download`` stored, as later stages find it.

``<images>/arrays.json`` marks them; beside it lie ``embeddings/<encoder>/{train,test}.npy`` and, where there are any,
``predictions/<encoder>/<stop>.npy``: logits of the test rows. ``embed`` hands an encoder's on, the predictions in a
folder ``predictions`` beside its embeddings, and ``train`` scores these (``scored``) and trains no classifier.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from infoplane.common import io

MARK = "arrays.json"
PREDICTIONS = "predictions"


def holds_arrays(images: Path) -> bool:
    """Whether ``download`` stored arrays and not images."""
    return (images / MARK).is_file()


def hand_on(images: Path, encoder: str, folder: Path) -> None:
    """Copy the arrays of one encoder to where its embeddings belong.

    Args:
        images: the folder with the mark.
        encoder: its name.
        folder: existing and empty.

    Raises:
        ValueError: no such encoder among the arrays.
    """
    known = io.load_json(images / MARK)["encoders"]
    if encoder not in known:
        raise ValueError(f"encoders: {encoder!r}: no such arrays; data.path has embeddings of {', '.join(known)}")
    for file in sorted((images / "embeddings" / encoder).iterdir()):
        shutil.copyfile(file, folder / file.name)
    if (predictions := images / PREDICTIONS / encoder).is_dir():
        shutil.copytree(predictions, folder / PREDICTIONS, copy_function=shutil.copyfile)
