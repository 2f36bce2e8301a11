"""Arrays made outside the pipeline, in the layout that ``download`` writes and later stages read.

``data/arrays`` holds ``arrays.json`` (``{"encoders": [...]}``, empty where the source is images),
``embeddings/<encoder>/{train,test}.npy`` and ``predictions/<encoder>/<stop>.npy``: logits of the test rows.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from infoplane.common import io

LIST = "arrays.json"
EMBEDDINGS = "embeddings"
PREDICTIONS = "predictions"


def store_no_arrays(arrays: Path) -> None:
    """Write an empty list of encoders into an existing, empty folder: the source is images."""
    io.save_json(arrays / LIST, {"encoders": []})


def stored_encoders(arrays: Path) -> list[str]:
    """The encoders whose embeddings were given as arrays; empty where the source is images."""
    names: list[str] = io.load_json(arrays / LIST)["encoders"]
    return names


def copy_embeddings(arrays: Path, encoder: str, folder: Path) -> None:
    """Copy the embeddings of one encoder.

    Args:
        arrays: the folder described above.
        encoder: its name.
        folder: existing and empty; gets ``train.npy`` and ``test.npy``.

    Raises:
        ValueError: no such encoder among the arrays.
    """
    known = stored_encoders(arrays)
    if encoder not in known:
        raise ValueError(f"encoders: {encoder!r}: no such arrays; data.path has embeddings of {', '.join(known)}")
    for file in sorted((arrays / EMBEDDINGS / encoder).iterdir()):
        shutil.copyfile(file, folder / file.name)
