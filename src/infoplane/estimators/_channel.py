"""The n x n table of log p(y_i | t_j) of a Gaussian channel y_i = t_i + noise, in blocks of rows.

Two matrix products, T T' and Z T', serve every noise level and both signs of the noise. Everything is relative to
the sample's own centre: the tables hold log p(y_i | t_j) - log p(y_i | t_i), zero on the diagonal, which
avoids cancellation.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from infoplane.common.aliases import Array, Float32Array, FloatArray, IntArray
from infoplane.common.seeds import seed_sequence

_WIDE_COLUMNS = 256
_CHUNK_ROWS = 8192
"""Rows converted to float64 at a time."""
_CACHED_ENTRIES = 2**18
"""Entries of a table of which the processor's cache holds several."""
_SINGLE_PRECISION_LOSS = 2e-3
"""Largest error of a log-density (nats) for which products in float32 are used."""
_LARGEST_SINGLE_SQUARE = 1e36
"""Squared norm, in units of the smallest noise, up to which float32 holds the tables."""
_KEPT_NOISE = 2**20
"""Most numbers in a table of noise that is kept for the next call with the same rows and seed."""


@dataclass(frozen=True)
class Centres:
    """The samples, centred, sorted by class, in units of the smallest noise and in the precision that it needs."""

    points: Array
    """Shape (n, d), float32 or float64."""
    squared_norms: Array
    """Shape (n,), in the precision of ``points``."""
    order: npt.NDArray[np.int64]
    """Row of the caller's array that each point is."""
    bounds: npt.NDArray[np.int64] | None
    """With labels: class k is ``points[bounds[k]:bounds[k + 1]]``."""
    smallest_noise: float
    table_dtype: type[np.floating[Any]]
    """float32, unless its range is too small: log-densities that matter lose no more than 1e-6 nats in it."""

    @property
    def n(self) -> int:
        """Number of points."""
        return len(self.points)


def centre(t: Array, smallest_noise: float, codes: npt.NDArray[np.int64] | None) -> Centres:
    """Centre ``t`` (n, d); float32 unless squared distances over 2 s^2 would lose more than 0.002 nats in it."""
    n, d = t.shape
    mean = np.zeros(d)
    for start in range(0, n, _CHUNK_ROWS):
        mean += t[start : start + _CHUNK_ROWS].sum(axis=0, dtype=np.float64)
    mean /= n
    order = np.arange(n) if codes is None else np.argsort(codes, kind="stable")
    norms = np.empty(n)
    for start in range(0, n, _CHUNK_ROWS):
        chunk = (t[start : start + _CHUNK_ROWS].astype(np.float64) - mean) / smallest_noise
        norms[start : start + _CHUNK_ROWS] = np.einsum("ij,ij->i", chunk, chunk)
    loss = float(np.finfo(np.float32).eps) * float(norms.max())
    points = np.empty((n, d), dtype=np.float32 if loss <= _SINGLE_PRECISION_LOSS else np.float64)
    for start in range(0, n, _CHUNK_ROWS):
        points[start : start + _CHUNK_ROWS] = (t[order[start : start + _CHUNK_ROWS]] - mean) / smallest_noise
    bounds = None if codes is None else np.concatenate([[0], np.cumsum(np.bincount(codes))]).astype(np.int64)
    table_dtype = np.float32 if norms.max() < _LARGEST_SINGLE_SQUARE else np.float64
    return Centres(points, norms[order].astype(points.dtype), order, bounds, smallest_noise, table_dtype)


def unit_noise(rows: npt.NDArray[np.int64], width: int, seed: int, draw: int) -> Float32Array:
    """Standard normal noise, shape (len(rows), width), that depends on seed, draw and row number alone.

    So the same image gets the same noise in every encoder and epoch, whatever the block size and the row order.
    """
    stream = np.random.Philox(key=seed_sequence(seed, "unit noise", draw).generate_state(2, np.uint64))
    start, generator = stream.state, np.random.Generator(stream)
    counter = start["state"]["counter"] = np.zeros(4, dtype=np.uint64)
    noise = np.empty((len(rows), width), dtype=np.float32)
    for row, out in zip(rows.tolist(), noise, strict=True):
        counter[2] = row
        stream.state = start
        generator.standard_normal(out=out, dtype=np.float32)
    return noise


@lru_cache(maxsize=8)
def _kept_noise(n: int, width: int, seed: int, draw: int) -> Float32Array:
    return unit_noise(np.arange(n), width, seed, draw)


def _noise(centres: Centres, rows: slice, width: int, seed: int, draw: int) -> Float32Array:
    """The noise of a block's rows; that of small samples is kept, since layers of a network are measured in turn."""
    places = centres.order[rows]
    rounded = -(-width // 16) * 16  # the first columns are the same in every width, so that few tables serve all layers
    if centres.n * rounded > _KEPT_NOISE:
        return unit_noise(places, width, seed, draw)
    return _kept_noise(centres.n, rounded, seed, draw)[places, :width]


@dataclass(frozen=True)
class TableBlock:
    """Some rows of the table, in units of the smallest noise: all that its values at any noise level come from."""

    rows: slice
    half_distances: Array
    """-|t_i - t_j|^2 / 2, shape (rows, n)."""
    projections: tuple[Array, ...]
    """z_i . (t_j - t_i) for each draw of the noise, shape (rows, n)."""
    excess: FloatArray
    """|z_i|^2 - d for each draw, mean 0, shape (draws, rows)."""

    def diagonal(self) -> tuple[IntArray, IntArray]:
        """The indices of the samples' own centres within the block."""
        return np.arange(self.rows.stop - self.rows.start), np.arange(self.rows.start, self.rows.stop)

    def pieces(self) -> Iterator[TableBlock]:
        """The block in pieces of few rows, over which several passes stay in the processor's cache."""
        size, step = len(self.half_distances), piece_rows(self.half_distances.shape[1])
        for start in range(0, size, step):
            part = slice(start, min(start + step, size))
            rows = slice(self.rows.start + part.start, self.rows.start + part.stop)
            projections = tuple(projection[part] for projection in self.projections)
            yield TableBlock(rows, self.half_distances[part], projections, self.excess[:, part])


def piece_rows(n: int) -> int:
    """Rows of n entries of which the processor's cache holds a few tables."""
    return min(n, max(8, _CACHED_ENTRIES // n))


def default_block_rows(n: int, d: int) -> int:
    """Rows per block: few enough for the processor's cache, or, for wide samples, enough for fast matrix products."""
    return min(n, 256) if d >= _WIDE_COLUMNS else piece_rows(n)


def table_blocks(centres: Centres, run: slice, block_rows: int, draws: int, seed: int) -> Iterator[TableBlock]:
    """The rows of ``run``, block by block; ``draws`` noise draws per sample, each of which is used with both signs.

    A block is valid until the next one is asked for.
    """
    points, dtype = centres.points, centres.points.dtype
    width = points.shape[1]
    half_squares = 0.5 * centres.squared_norms
    right = np.concatenate([points.T, np.ones((1, centres.n), dtype), half_squares[None]])
    products = np.empty(((draws + 1) * block_rows, centres.n), dtype)
    for start in range(run.start, run.stop, block_rows):
        rows = slice(start, min(start + block_rows, run.stop))
        size = rows.stop - start
        own, left = points[rows], np.zeros((draws + 1, size, width + 2), dtype)
        left[0, :, :width], left[0, :, width], left[0, :, width + 1] = own, -half_squares[rows], -1
        excess = np.empty((draws, size))
        for draw in range(draws):
            noise = _noise(centres, rows, width, seed, draw)
            left[draw + 1, :, :width] = noise
            left[draw + 1, :, width] = -np.einsum("ij,ij->i", noise, own)
            excess[draw] = np.einsum("ij,ij->i", noise, noise, dtype=np.float64) - width
        found = np.matmul(left.reshape(-1, width + 2), right, out=products[: (draws + 1) * size])
        half, *projections = found.reshape(draws + 1, size, -1)
        np.clip(half, np.finfo(dtype).min, 0, out=half)
        for table in (half, *projections):
            table[np.arange(size), np.arange(start, rows.stop)] = 0
        tables = (table.astype(centres.table_dtype, copy=False) for table in (half, *projections))
        yield TableBlock(rows, next(tables), tuple(tables), excess)


def own_class_blocks(rows: slice, bounds: Sequence[int] | npt.NDArray[np.int64]) -> Iterator[tuple[slice, slice]]:
    """For each class among ``rows`` of the samples sorted by class: its rows within the block, and its columns."""
    for low, high in pairwise(bounds):
        first, last = max(rows.start, int(low)), min(rows.stop, int(high))
        if first < last:
            yield slice(first - rows.start, last - rows.start), slice(int(low), int(high))
