"""Bounds on what the user's weights and models unpack to, before Keras reads them.

Keras refuses links out of HDF5 files, and has such bounds itself, from 4 GiB on. Here they are those of every archive
(``io.refuse_unpacking``).
"""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

from infoplane.common import io


def check_model(path: Path) -> None:
    """Check a ``.keras`` file, a zip archive with the weights as HDF5 in it.

    Raises:
        ValueError: it unpacks to far more than it is.
        Exception: whatever zipfile and h5py raise for what is none.
    """
    with zipfile.ZipFile(path) as archive:
        io.refuse_unpacking(path, sum(member.file_size for member in archive.infolist()))
        for name in archive.namelist():
            if name.endswith(".h5"):
                with archive.open(name) as weights:
                    _check_datasets(path, weights)


def check_weights(path: Path) -> None:
    """Check a ``.h5`` file.

    Raises:
        ValueError: it unpacks to far more than it is.
        OSError: no HDF5.
    """
    _check_datasets(path, path)


def _check_datasets(path: Path, source: Any) -> None:
    import h5py

    sizes: list[int] = []

    def add(name: str, item: Any) -> None:
        if isinstance(item, h5py.Dataset):
            sizes.append(item.nbytes)

    with h5py.File(source) as file:
        file.visititems(add)  # follows no link to elsewhere
    io.refuse_unpacking(path, sum(sizes))
