"""Streams images through an encoder into an ``.npy`` on disk; memory does not grow with their number."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache, partial
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from numpy.lib import format as npy_format
from tqdm import tqdm

from infoplane.common import compute, io, live
from infoplane.common.runtime import workers
from infoplane.encoders.encoder import Encoder
from infoplane.images.ordered import ordered_map
from infoplane.images.reading import batches, split_size

Images = npt.NDArray[np.uint8]
Rows = npt.NDArray[np.float32]

_SHARD_BATCHES = 32
"""Batches that a worker of a cluster embeds in one piece."""


@dataclass(frozen=True)
class Recipe:
    """How a network is made, wherever it is made: small enough to send, and equal if the networks are."""

    name: str
    make: Callable[..., Encoder]
    arguments: tuple[Any, ...]
    """Hashable."""

    def build(self) -> Encoder:
        """The network."""
        return self.make(*self.arguments)


def embed_split(recipe: Recipe, images: Path, split: str, batch_size: int, path: Path) -> None:
    """Write the embeddings of a split of a data set on disk, in its order.

    With a cluster (``infoplane.common.compute``) its workers embed a shard at a time, reading ``images`` themselves.

    Args:
        recipe: the network.
        images: the data set's folder.
        split: ``train`` or ``test``.
        batch_size: images per step of the network.
        path: as in :func:`embed`.

    Raises:
        ValueError: as :func:`embed` and ``compute.ordered``; no such data set.
    """
    total = split_size(images, split)
    if not compute.is_distributed():
        encoder = _built(recipe)
        rows = batches(images, split, encoder.image_size, batch_size)
        _write(path, f"{encoder.name} {split}", total, _embedded(encoder, rows, min(batch_size, total)))
        return
    one = partial(_shard, recipe, images.resolve(), split, min(batch_size, total))
    step = _SHARD_BATCHES * batch_size
    shards = [(start, min(start + step, total)) for start in range(0, total, step)]
    _write(path, f"{recipe.name} {split}", total, compute.map_in_order(one, shards))


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
    _write(path, f"{encoder.name} {path.stem}", total, _embedded(encoder, batches))


def _shard(recipe: Recipe, images: Path, split: str, block: int, rows: tuple[int, int]) -> Rows:
    """The embeddings of some rows of a split; ``rows`` begins at a multiple of the block."""
    encoder = _built(recipe)
    stream = batches(images, split, encoder.image_size, block, rows)
    return np.concatenate(list(_embedded(encoder, stream, block)))


@lru_cache(maxsize=1)
def _built(recipe: Recipe) -> Encoder:
    return recipe.build()


def _write(path: Path, title: str, total: int, blocks: Iterable[Rows]) -> None:
    """Stream blocks of rows to an ``.npy`` that appears once it holds all of them."""
    if total < 1:
        raise ValueError(f"{path}: {total} images to embed; expected at least 1")
    done = 0
    bar = tqdm(total=total, unit="image", desc=title, disable=None)  # none if no terminal
    with bar, io.atomic_path(path) as temporary, temporary.open("wb") as handle:
        for rows in blocks:
            if not done:
                header = {"descr": "<f4", "fortran_order": False, "shape": (total, rows.shape[1])}
                npy_format.write_array_header_1_0(handle, header)
            _refuse_not_finite(rows, done, title)
            done += len(rows)
            live.publish(title, done, {"images": done})
            if done > total:
                raise ValueError(f"{path}: more than the {total} images announced")
            handle.write(rows.astype("<f4", copy=False).tobytes())
            bar.update(len(rows))
        if done < total:
            raise ValueError(f"{path}: {done} images, {total} were announced")


def _embedded(encoder: Encoder, batches: Iterable[Images], size: int | None = None) -> Iterator[Rows]:
    """Embeddings of every batch, a few batches at once.

    The network sees blocks of one size, that of the first batch unless given: smaller ones are filled up and the
    filling's rows dropped, larger ones cut. So what shapes are compiled for, and a row's last bits, do not depend on
    the remainder.
    """

    checked = (_check(encoder, images) for images in batches)
    first = next((images for images in checked if len(images)), None)
    if first is None:
        return
    fixed = size or len(first)

    def one(block: Images) -> Rows:
        filled = np.zeros((fixed, *block.shape[1:]), np.uint8)
        filled[: len(block)] = block
        return encoder(filled)[: len(block)]

    blocks = (
        images[start : start + fixed] for images in chain([first], checked) for start in range(0, len(images), fixed)
    )
    yield from ordered_map(one, blocks, threads=workers(), ahead=1)


def _check(encoder: Encoder, images: Images) -> Images:
    side = encoder.image_size
    if images.dtype != np.uint8 or images.ndim != 4 or images.shape[1:] != (side, side, 3):
        expected = f"(b, {side}, {side}, 3), uint8"
        raise ValueError(f"{encoder.name}: a batch of shape {images.shape}, {images.dtype} given; expected {expected}")
    return images


def _refuse_not_finite(rows: Rows, before: int, name: str) -> None:
    wrong = np.flatnonzero(~np.isfinite(rows).all(axis=1))
    if len(wrong):
        raise ValueError(f"{name}: the embedding of image {before + wrong[0]} holds NaN or infinity")
