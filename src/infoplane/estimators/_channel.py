"""The n x n table of log p(y_i | t_j) of a Gaussian channel y_i = t_i + noise, in blocks of rows.

Two matrix products, T T' and Z T', serve every noise level and both signs of the noise. Everything is relative to
the sample's own centre: the tables hold log p(y_i | t_j) - log p(y_i | t_i), zero on the diagonal, which
avoids cancellation.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from infoplane.common.aliases import Array, FloatArray
from infoplane.common.seeds import seed_sequence

_CHUNK_ROWS = 8192
"""Rows converted to float64 at a time."""
_SINGLE_PRECISION_LOSS = 2e-3
"""Largest error of a log-density (nats) for which products in float32 are used."""


@dataclass(frozen=True)
class Centres:
    """The samples, centred and sorted by class, in the precision that the smallest noise needs."""

    points: Array
    """Shape (n, d), float32 or float64."""
    squared_norms: Array
    """Shape (n,), in the precision of ``points``."""
    order: npt.NDArray[np.int64]
    """Row of the caller's array that each point is."""
    bounds: npt.NDArray[np.int64] | None
    """With labels: class k is ``points[bounds[k]:bounds[k + 1]]``."""

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
        chunk = t[start : start + _CHUNK_ROWS].astype(np.float64) - mean
        norms[start : start + _CHUNK_ROWS] = np.einsum("ij,ij->i", chunk, chunk)
    loss = float(np.finfo(np.float32).eps) * float(norms.max()) / smallest_noise**2
    points = np.empty((n, d), dtype=np.float32 if loss <= _SINGLE_PRECISION_LOSS else np.float64)
    for start in range(0, n, _CHUNK_ROWS):
        points[start : start + _CHUNK_ROWS] = t[order[start : start + _CHUNK_ROWS]] - mean
    bounds = None if codes is None else np.concatenate([[0], np.cumsum(np.bincount(codes))]).astype(np.int64)
    return Centres(points, norms[order].astype(points.dtype), order, bounds)


def unit_noise(rows: npt.NDArray[np.int64], width: int, seed: int, draw: int) -> npt.NDArray[np.float32]:
    """Standard normal noise, shape (len(rows), width), that depends on seed, draw and row number alone.

    So the same image gets the same noise in every encoder and epoch, whatever the block size and the row order.
    """
    stream = np.random.Philox(key=seed_sequence(seed, "unit noise", draw).generate_state(2, np.uint64))
    start, generator = stream.state, np.random.Generator(stream)
    noise = np.empty((len(rows), width), dtype=np.float32)
    for index, row in enumerate(rows):
        start["state"]["counter"] = np.array([0, 0, row, 0], dtype=np.uint64)
        stream.state = start
        generator.standard_normal(out=noise[index], dtype=np.float32)
    return noise


@dataclass(frozen=True)
class TableBlock:
    """Some rows of the table, in the form from which the table at any noise level is computed."""

    rows: slice
    half_distances: Array
    """-|t_i - t_j|^2 / 2, shape (rows, n)."""
    projections: tuple[Array, ...]
    """z_i . (t_j - t_i) for each draw of the noise, shape (rows, n)."""
    excess: FloatArray
    """|z_i|^2 - d for each draw, mean 0, shape (draws, rows)."""

    def diagonal(self) -> tuple[Array, Array]:
        """The indices of the samples' own centres within the block."""
        return np.arange(self.rows.stop - self.rows.start), np.arange(self.rows.start, self.rows.stop)

    def log_ratios(self, noise_std: float) -> Iterator[Array]:
        """log p(y_i | t_j) - log p(y_i | t_i) for every draw z and its mirror image -z, shape (rows, n)."""
        scaled = self.half_distances * self.half_distances.dtype.type(1 / noise_std**2)
        for projection in self.projections:
            shift = projection * projection.dtype.type(1 / noise_std)
            yield scaled + shift
            yield scaled - shift


def default_block_rows(n: int, d: int) -> int:
    """Rows per block: few enough for the processor's cache, or, for wide samples, enough for fast matrix products."""
    return min(n, max(256 if d >= 256 else 32, min(1024, 2**18 // n)))


def table_blocks(centres: Centres, draws: int, seed: int, block_rows: int) -> Iterator[TableBlock]:
    """The table, block by block; ``draws`` noise draws per sample, each used with both signs."""
    points, squared = centres.points, centres.squared_norms
    for start in range(0, centres.n, block_rows):
        rows = slice(start, min(start + block_rows, centres.n))
        size = rows.stop - start
        own = points[rows]
        noise = [unit_noise(centres.order[rows], points.shape[1], seed, draw) for draw in range(draws)]
        products = np.concatenate([own, *(z.astype(points.dtype, copy=False) for z in noise)]) @ points.T
        half = products[:size]
        half -= 0.5 * squared[None, :]
        half -= 0.5 * squared[rows, None]
        np.minimum(half, 0, out=half)
        projections = [products[(draw + 1) * size : (draw + 2) * size] for draw in range(draws)]
        diagonal = (np.arange(size), np.arange(start, rows.stop))
        half[diagonal] = 0
        for projection in projections:
            projection -= projection[diagonal][:, None]
        excess = np.stack([np.einsum("ij,ij->i", z, z, dtype=np.float64) - points.shape[1] for z in noise])
        yield TableBlock(rows, half, tuple(projections), excess)


def shifted_exponentials(log_ratios: Array) -> tuple[Array, FloatArray]:
    """exp(log_ratios - shift) in place, and the shift per row: 0 unless a row would vanish in this precision.

    No entry overflows: log_ratios_ij <= (z_i . u)^2 / 2 with u a unit vector independent of z_i.
    """
    shift = np.zeros(len(log_ratios))
    largest = log_ratios.max(axis=1)
    small = largest < -40
    if small.any():
        shift[small] = largest[small]
        log_ratios[small] -= largest[small, None]
    return np.exp(log_ratios, out=log_ratios), shift


def own_class_blocks(rows: slice, bounds: Sequence[int] | npt.NDArray[np.int64]) -> Iterator[tuple[slice, slice]]:
    """For each class among ``rows`` of the samples sorted by class: its rows within the block, and its columns."""
    for low, high in pairwise(bounds):
        first, last = max(rows.start, int(low)), min(rows.stop, int(high))
        if first < last:
            yield slice(first - rows.start, last - rows.start), slice(int(low), int(high))
