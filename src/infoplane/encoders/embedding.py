"""Embeds a stream of images into an ``.npy`` file on disk; memory does not grow with their number."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache, partial
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from tqdm import tqdm

from infoplane.common import compute, io, live
from infoplane.common.aliases import Float32Array
from infoplane.common.runtime import workers
from infoplane.encoders.encoder import Encoder
from infoplane.images.ordered import ordered_map
from infoplane.images.reading import batches, split_size

Images = npt.NDArray[np.uint8]

_SHARD_BATCHES = 32
"""Batches that a worker of a cluster embeds in one piece."""


@dataclass(frozen=True)
class EncoderSpec:
    """A function and its arguments that build an encoder: small enough to send to a worker, and hashable."""

    name: str
    make: Callable[..., Encoder]
    arguments: tuple[Any, ...]
    """Hashable."""

    def build(self) -> Encoder:
        """Build the encoder."""
        return self.make(*self.arguments)


def embed_split(spec: EncoderSpec, images: Path, split: str, batch_size: int, path: Path) -> None:
    """Write the embeddings of a split of a data set on disk, in its order.

    With a cluster (``infoplane.common.compute``) its workers embed a shard at a time, reading ``images`` themselves.

    Args:
        spec: how to build the network.
        images: the data set's folder.
        split: ``train`` or ``test``.
        batch_size: images per step of the network.
        path: as in :func:`embed`.

    Raises:
        ValueError: as :func:`embed` and ``compute.map_in_order``; no such data set.
    """
    total = split_size(images, split)
    if not compute.is_distributed():
        encoder = _build(spec)
        rows = batches(images, split, encoder.image_size, batch_size)
        _write(path, f"{encoder.name} {split}", total, _embed_batches(encoder, rows, min(batch_size, total)))
        return
    one = partial(_shard, spec, images.resolve(), split, min(batch_size, total))
    step = _SHARD_BATCHES * batch_size
    shards = [(start, min(start + step, total)) for start in range(0, total, step)]
    _write(path, f"{spec.name} {split}", total, compute.map_in_order(one, shards))


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
    _write(path, f"{encoder.name} {path.stem}", total, _embed_batches(encoder, batches))


def _shard(spec: EncoderSpec, images: Path, split: str, block: int, rows: tuple[int, int]) -> Float32Array:
    """The embeddings of some rows of a split; ``rows`` begins at a multiple of the block."""
    encoder = _build(spec)
    stream = batches(images, split, encoder.image_size, block, rows)
    return np.concatenate(list(_embed_batches(encoder, stream, block)))


@lru_cache(maxsize=1)
def _build(spec: EncoderSpec) -> Encoder:
    return spec.build()


def _write(path: Path, title: str, total: int, blocks: Iterable[Float32Array]) -> None:
    """Write blocks of embeddings, with a progress bar."""
    if total < 1:
        raise ValueError(f"{path}: {total} images to embed; expected at least 1")

    def watched() -> Iterator[Float32Array]:
        done = 0
        with tqdm(total=total, unit="image", desc=title, disable=None) as bar:  # no bar without a terminal
            for rows in blocks:
                _refuse_not_finite(rows, done, title)
                yield rows
                done += len(rows)
                live.publish(title, done, {"images": done})
                bar.update(len(rows))

    io.save_rows(path, watched(), total)


def _embed_batches(encoder: Encoder, batches: Iterable[Images], size: int | None = None) -> Iterator[Float32Array]:
    """Embeddings of every batch, a few batches at once.

    The network gets blocks of one size, that of the first batch unless given: smaller batches are padded and the rows
    of the padding dropped, larger ones cut. So neither the compiled shapes nor the last bits of a row depend on the
    size of the last batch.
    """

    checked = (_check(encoder, images) for images in batches)
    first = next((images for images in checked if len(images)), None)
    if first is None:
        return
    fixed = size or len(first)

    def one(block: Images) -> Float32Array:
        padded = np.zeros((fixed, *block.shape[1:]), np.uint8)
        padded[: len(block)] = block
        return encoder(padded)[: len(block)]

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


def _refuse_not_finite(rows: Float32Array, before: int, name: str) -> None:
    wrong = np.flatnonzero(~np.isfinite(rows).all(axis=1))
    if len(wrong):
        raise ValueError(f"{name}: the embedding of image {before + wrong[0]} holds NaN or infinity")
