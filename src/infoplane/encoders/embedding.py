"""Streams images through an encoder into an ``.npy`` on disk; memory does not grow with their number."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
from numpy.lib import format as npy_format
from tqdm import tqdm

from infoplane import io
from infoplane.encoders.encoder import Encoder

Images = npt.NDArray[np.uint8]
Rows = npt.NDArray[np.float32]


def embed(encoder: Encoder, batches: Iterable[Images], total: int, path: Path) -> None:
    """Write the embeddings of a stream of images, in its order.

    Args:
        encoder: the network.
        batches: images of shape (b, s, s, 3), uint8; b may vary.
        total: their number N.
        path: the ``.npy`` to write, float32, shape (N, D); it appears once it is complete.

    Raises:
        ValueError: more or fewer than ``total`` images, images of another shape or dtype, or an embedding with NaN or
            infinity.
    """
    if total < 1:
        raise ValueError(f"{path}: {total} images to embed, at least 1 is wanted")
    header = {"descr": "<f4", "fortran_order": False, "shape": (total, encoder.dimension)}
    done = 0
    bar = tqdm(total=total, unit="image", desc=f"{encoder.name} {path.stem}", disable=None)  # none if no terminal
    with bar, io.atomic_path(path) as temporary, temporary.open("wb") as handle:
        npy_format.write_array_header_1_0(handle, header)
        for rows in _embedded(encoder, batches):
            _refuse_not_finite(rows, done, encoder.name)
            done += len(rows)
            if done > total:
                raise ValueError(f"{path}: more than the {total} images announced")
            handle.write(rows.astype("<f4", copy=False).tobytes())
            bar.update(len(rows))
        if done < total:
            raise ValueError(f"{path}: {done} images, {total} were announced")


def _embedded(encoder: Encoder, batches: Iterable[Images]) -> Iterator[Rows]:
    """Embeddings of every batch.

    The network sees blocks of one size, that of the first batch: smaller ones are filled up and the filling's rows
    dropped, larger ones cut. So what shapes are compiled for, and a row's last bits, do not depend on the remainder.
    """
    size = None
    for images in batches:
        _check(encoder, images)
        size = size or len(images)
        for start in range(0, len(images), size or 1):
            block = images[start : start + size]
            filled = np.zeros((size, *images.shape[1:]), np.uint8)
            filled[: len(block)] = block
            yield encoder(filled)[: len(block)]


def _check(encoder: Encoder, images: Images) -> None:
    side = encoder.image_size
    if images.dtype != np.uint8 or images.ndim != 4 or images.shape[1:] != (side, side, 3):
        wanted = f"(b, {side}, {side}, 3), uint8, is wanted"
        raise ValueError(f"{encoder.name}: a batch of shape {images.shape}, {images.dtype} given; {wanted}")


def _refuse_not_finite(rows: Rows, before: int, name: str) -> None:
    wrong = np.flatnonzero(~np.isfinite(rows).all(axis=1))
    if len(wrong):
        raise ValueError(f"{name}: the embedding of image {before + wrong[0]} holds NaN or infinity")
