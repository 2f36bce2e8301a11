"""Which of many pairs of columns depend on each other: permutation tests that share their permutations.

Each column becomes a few features: its normal scores, and the leading eigenfunctions of a Gaussian kernel at two
lengths; categories become one indicator each. The statistic of a pair is the Hilbert-Schmidt independence criterion of
their features, the greatest of the three in units of its spread over the permutations.

Source: Gretton et al. 2008, "A kernel statistical test of independence"; Williams & Seeger 2001, "Using the Nyström
method to speed up kernel machines" (features); Westfall & Young 1993, "Resampling-based multiple testing", single-step
maxT (correction); Phipson & Smyth 2010, "Permutation p-values should never be zero".
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import islice

import numpy as np

from infoplane.common import seeds
from infoplane.common.aliases import Array, Float32Array, FloatArray, IntArray

_LENGTHS = (0.954, 0.24)
"""Of the kernel, for columns of variance 1: the median distance of two normal values, and a quarter of it."""
_MOST_EIGENFUNCTIONS, _LEAST_EIGENVALUE = 8, 0.01
"""How many, and the least eigenvalue as a share of the greatest."""
_GRID = 400
"""Quantiles of the normal distribution on which the eigenfunctions are computed."""
_COLUMNS_AT_ONCE = 64
_PERMUTED_FEATURES = 512
"""Features in one product of matrices, about: several permutations of few columns."""
_ROUNDING = 1e-4
"""Statistics nearer than this, in units of their spread, count as equal (sums of 32-bit numbers)."""


@dataclass(frozen=True)
class PairTests:
    """Permutation tests of the pairs of two lists of columns."""

    p_values: FloatArray
    """For each pair, shape (a, b): the share of permutations, the data's order included, that reach its statistic."""
    p_corrected: FloatArray
    """The same with the greatest statistic of all pairs in each permutation: the probability, under independence, that
    any pair looks as dependent."""


def permutation_tests(
    left: Sequence[Array], right: Sequence[Array], permutations: int, seed: int, *, triangle: bool = False
) -> PairTests:
    """Test each pair for independence, with the same permutations for all.

    Args:
        left: columns, each of numbers, or of texts for categories, shape (n,).
        right: columns, which are permuted.
        permutations: how many; 0: no tests, and nan for each pair.
        seed: of the permutations.
        triangle: ``left`` and ``right`` are one list, of which each pair is tested once: below and on the diagonal the
            result is nan.
    """
    if permutations == 0:
        return PairTests(*np.full((2, len(left), len(right)), np.nan))
    n = len(left[0])
    p_values, statistics = np.full((len(left), len(right)), np.nan), np.full((len(left), len(right)), -np.inf)
    largest = np.full(permutations + 1, -np.inf)
    for start in range(0, len(left), _COLUMNS_AT_ONCE):
        rows = slice(start, min(start + _COLUMNS_AT_ONCE, len(left)))
        for first in range(start if triangle else 0, len(right), _COLUMNS_AT_ONCE):
            columns = slice(first, min(first + _COLUMNS_AT_ONCE, len(right)))
            orders = _orders(n, permutations, seed)
            found = np.concatenate(list(_criteria(left[rows], right[columns], orders)))
            combined = _in_spreads(found)
            counted = np.ones(combined.shape[1:], np.bool_)
            if triangle:
                counted = np.arange(rows.start, rows.stop)[:, None] < np.arange(columns.start, columns.stop)
            reached = (combined >= combined[0] - _ROUNDING).sum(axis=0)
            p_values[rows, columns] = np.where(counted, reached / (permutations + 1), np.nan)
            statistics[rows, columns] = np.where(counted, combined[0], np.nan)
            largest = np.maximum(largest, np.where(counted, combined, -np.inf).max(axis=(1, 2)))
    below = np.searchsorted(np.sort(largest), statistics - _ROUNDING)
    corrected = np.where(np.isnan(statistics), np.nan, (permutations + 1 - below) / (permutations + 1))
    return PairTests(p_values, np.maximum(corrected, p_values))


def _in_spreads(found: FloatArray) -> FloatArray:
    """The greatest of the criteria, shape (orders, criteria, a, b), each in units of its spread: (orders, a, b)."""
    spread = found.std(axis=0)
    scaled = (found - found.mean(axis=0)) / np.where(spread > _ROUNDING * np.abs(found).max(axis=0), spread, np.inf)
    result: FloatArray = scaled.max(axis=1)
    return result


def _orders(n: int, permutations: int, seed: int) -> Iterator[IntArray]:
    random = seeds.generator(seed, "screening", "permutations")
    yield np.arange(n)
    for _ in range(permutations):
        yield random.permutation(n)


def _criteria(left: Sequence[Array], right: Sequence[Array], orders: Iterator[IntArray]) -> Iterator[FloatArray]:
    """||U' V||^2 / n of each pair of columns, for a few orders of the right ones at a time: (orders, 3, a, b)."""
    of_left, of_right = _Features.of(left), _Features.of(right)
    n, width = len(left[0]), max(of_right.widths)
    while batch := list(islice(orders, max(1, _PERMUTED_FEATURES // width))):
        found = np.empty((len(batch), len(of_left.kinds), len(left), len(right)))
        for kind, (u, v) in enumerate(zip(of_left.kinds, of_right.kinds, strict=True)):
            permuted = np.hstack([v[order] for order in batch]) if len(batch) > 1 else v[batch[0]]
            squares = np.square(u.T @ permuted).reshape(u.shape[1], len(batch), v.shape[1])
            summed = np.add.reduceat(squares, of_left.starts[kind], axis=0)
            summed = np.add.reduceat(summed, of_right.starts[kind], axis=2)
            found[:, kind] = summed.transpose(1, 0, 2) / n
        yield found


@dataclass(frozen=True)
class _Features:
    """Features of several columns side by side, for each kind, and where those of a column start."""

    kinds: list[Float32Array]
    starts: list[list[int]]

    @property
    def widths(self) -> list[int]:
        """Columns of each kind."""
        return [kind.shape[1] for kind in self.kinds]

    @classmethod
    def of(cls, columns: Sequence[Array]) -> _Features:
        each = [features(column) for column in columns]
        kinds = [np.hstack(list(parts)).astype(np.float32) for parts in zip(*each, strict=True)]
        starts = [np.cumsum([0, *(part.shape[1] for part in parts[:-1])]).tolist() for parts in zip(*each, strict=True)]
        return cls(kinds, starts)


def features(column: Array) -> list[FloatArray]:
    """Centred features of a column, shape (n,): scores, smooth and fine; the same indicators thrice for categories."""
    _, codes, counts = np.unique(column, return_inverse=True, return_counts=True)
    if column.dtype.kind == "U":
        indicators = (codes[:, None] == np.arange(len(counts))) / np.sqrt(counts / len(column))
        return [_centred(indicators)] * (1 + len(_LENGTHS))
    middles = (2 * np.cumsum(counts) - counts - 1)[codes]  # twice the mean rank of equal values, from 0
    return [_centred(table[middles]) for table in _tables(len(column))]


def _centred(values: Array) -> FloatArray:
    result: FloatArray = values - values.mean(axis=0)
    return result


@cache
def _tables(n: int) -> tuple[FloatArray, ...]:
    """For ranks 1/2, 1, 3/2, ... of n values the normal scores and the eigenfunctions, shapes (2 n - 1, k)."""
    from scipy.special import ndtri

    scores, grid = ndtri(np.arange(1, 2 * n) / (2 * n)), ndtri((np.arange(_GRID) + 0.5) / _GRID)
    return (scores[:, None], *(_eigenfunctions(scores, grid, length) for length in _LENGTHS))


def _eigenfunctions(points: FloatArray, grid: FloatArray, length: float) -> FloatArray:
    """Those of the Gaussian kernel with the greatest eigenvalues, scaled by their roots (Williams & Seeger 2001)."""
    kernel = np.exp(-0.5 * ((grid[:, None] - grid) / length) ** 2)
    means = kernel.mean(axis=0)
    values, vectors = np.linalg.eigh(kernel - means - means[:, None] + means.mean())
    values, vectors = values[::-1][:_MOST_EIGENFUNCTIONS], vectors[:, ::-1][:, :_MOST_EIGENFUNCTIONS]
    kept = values > _LEAST_EIGENVALUE * values[0]
    at_points = np.exp(-0.5 * ((points[:, None] - grid) / length) ** 2) - means
    result: FloatArray = at_points @ (vectors[:, kept] / np.sqrt(values[kept]))
    return result
