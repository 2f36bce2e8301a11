"""The real builder of ``cats_vs_dogs``, on a small archive laid out like the real one."""

from __future__ import annotations

import io
import os
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

BROKEN = 3
"""Files without a JFIF header, as the real archive has 1,738."""


def write_archive(path: Path, photographs: Path | None, images: int) -> None:
    """A zip with ``PetImages/Cat/<n>.jpg`` and ``PetImages/Dog/<n>.jpg``, broken files and what else lies there."""
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("readme[1].txt", "a text, as in the real archive")
        for kind in ("Cat", "Dog"):
            archive.writestr(f"PetImages/{kind}/Thumbs.db", b"\0")
            for number in range(images):
                archive.writestr(f"PetImages/{kind}/{number}.jpg", _photograph(photographs, kind, number))
        for number in range(BROKEN):
            archive.writestr(f"PetImages/Dog/{images + number}.jpg", b"GIF89a no JPEG" * 20)


def _photograph(photographs: Path | None, kind: str, number: int) -> bytes:
    if photographs is not None:
        return (photographs / kind.lower() / f"{number:04d}.jpg").read_bytes()
    pixels = np.random.default_rng([number, len(kind), kind == "Cat"]).integers(0, 256, (40, 50, 3), np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "JPEG")
    return buffer.getvalue()


def bring(data_dir: Path, photographs: Path | None, images: int, patch: pytest.MonkeyPatch) -> None:
    """Put the archive where TFDS looks for files downloaded by hand; make it expect this one in place of the real.

    What is patched: the archive's size and checksum, and how many files of it are dropped. All else is TFDS's own.
    """
    from infoplane.images.tfds_package import tensorflow_datasets

    tfds = tensorflow_datasets()
    from tensorflow_datasets.core.download import checksums
    from tensorflow_datasets.image_classification import cats_vs_dogs

    archive = data_dir / "downloads" / "manual" / "kagglecatsanddogs_5340.zip"
    archive.parent.mkdir(parents=True)
    write_archive(archive, photographs, images)
    patch.setenv("TFDS_DATA_DIR", str(data_dir))
    patch.setattr(tfds.core.constants, "DATA_DIR", os.fspath(data_dir))
    patch.setattr(cats_vs_dogs, "_NUM_CORRUPT_IMAGES", BROKEN)
    patch.setattr(cats_vs_dogs.CatsVsDogs, "url_infos", {cats_vs_dogs._URL: checksums.compute_url_info(archive)})
