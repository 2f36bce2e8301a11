"""Exponentials of the channel table at one noise level, in as few passes as there are.

With h = -|t_i - t_j|^2 / 2 s^2 and p = z_i . (t_j - t_i) / s, the two signs of a noise draw are e^h e^p and e^h / e^p,
so that one e^h serves all draws, and one e^p both signs. e^h itself comes from e^(h/4), by squaring twice; the pairwise
bounds need both. Where e^h or e^p leaves the range of float32, the product is too small to count beside a sum of 1; a
row whose sum is not of that order is done again as e^(h + p - largest).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from infoplane.common.aliases import Array, FloatArray
from infoplane.estimators._channel import Centres, TableBlock, own_class_blocks

_LARGEST_EXPONENT = 80
"""Of e^p. Larger ones belong to pairs whose e^h is nothing, but for noise of 5.7 standard deviations along the pair."""
_SMALLEST_SUM = 1e-9
"""Sums of a row below this are not trusted: the entries that they consist of may be too small for e^h alone."""
_UNRESOLVED_SHARE = 0.25
"""Share of rows without a near neighbour from which on e^h is not tried."""


class Sums(NamedTuple):
    """A table of exponentials and its row sums."""

    table: Array
    """exp(log ratio - shift), shape (rows, n); valid until the next one is asked for."""
    total: FloatArray
    """Over all columns, shape (rows,)."""
    own: FloatArray
    """Over the columns of the row's own class, shape (rows,), never above ``total``; without labels ``total``."""
    shift: FloatArray
    """Of each row, 0 but where all entries are small."""


class LevelTables:
    """The tables of a block of rows at one noise level, made one after another in the same memory."""

    def __init__(
        self, block: TableBlock, reach: Sequence[float], centres: Centres, noise_std: float, space: Array
    ) -> None:
        """``reach`` are the largest projections; ``space``, shape (3, at least rows, n), is what is written to."""
        self.block, self.reach, self.bounds = block, reach, centres.bounds
        self.distances, self.factor, self.table = space[:, : len(block.half_distances)]
        self.ratio = noise_std / centres.smallest_noise

    def distance_sums(self) -> Iterator[Sums]:
        """First of e^(h/4), then of e^h, which stays for the noisy tables."""
        self._scale(self.block.half_distances, 0.25 / self.ratio**2, self.distances)
        np.exp(self.distances, out=self.distances)
        yield self._sums(self.distances)
        for _ in range(2):
            np.multiply(self.distances, self.distances, out=self.distances)
        yield self._sums(self.distances)

    def all_ratios(self) -> Iterator[Sums]:
        """p(y_i | t_j) / p(y_i | t_i) for every draw z and its mirror image -z."""
        for projection, reach in zip(self.block.projections, self.reach, strict=True):
            self._exponentiate(projection, reach)
            for combine in (np.multiply, np.divide):
                yield self._sums(combine(self.distances, self.factor, out=self.table))

    def other_ratios(self) -> Iterator[Sums]:
        """The same without the sample's own centre."""
        diagonal = self.block.diagonal()
        self.distances[diagonal] = 0
        if (self.distances.max(axis=1) < _SMALLEST_SUM).mean() > _UNRESOLVED_SHARE:
            yield from self._shifted_tables()
            return
        for projection, reach in zip(self.block.projections, self.reach, strict=True):
            self._exponentiate(projection, reach)
            for sign, combine in ((1, np.multiply), (-1, np.divide)):
                combine(self.distances, self.factor, out=self.table)
                found = self._sums(self.table)
                small = np.flatnonzero(found.total < _SMALLEST_SUM)
                yield self._shifted_rows(projection, sign, small) if len(small) else found

    def _scale(self, table: Array, by: float, out: Array) -> Array:
        result: Array = np.multiply(table, table.dtype.type(by), out=out)
        return result

    def _exponentiate(self, projection: Array, reach: float) -> None:
        factor, one = self.factor, projection.dtype.type
        exponent = projection if self.ratio == 1 else self._scale(projection, 1 / self.ratio, factor)
        if reach > _LARGEST_EXPONENT * self.ratio:
            exponent = np.clip(exponent, one(-_LARGEST_EXPONENT), one(_LARGEST_EXPONENT), out=factor)
        np.exp(exponent, out=factor)

    def _shifted_tables(self) -> Iterator[Sums]:
        """All rows from their log ratios, less the largest of each."""
        self._scale(self.block.half_distances, 1 / self.ratio**2, self.distances)
        self.distances[self.block.diagonal()] = -np.inf
        for projection in self.block.projections:
            self._scale(projection, 1 / self.ratio, self.factor)
            for combine in (np.add, np.subtract):
                combine(self.distances, self.factor, out=self.table)
                shift = _shifted(self.table)
                yield self._sums(self.table)._replace(shift=shift)

    def _shifted_rows(self, projection: Array, sign: int, rows: Array) -> Sums:
        """The table with some rows done again in that way."""
        one = projection.dtype.type
        logs = self.block.half_distances[rows] * one(1 / self.ratio**2)
        logs += projection[rows] * one(sign / self.ratio)
        logs[np.arange(len(rows)), self.block.rows.start + rows] = -np.inf
        shift = np.zeros(len(self.table))
        shift[rows] = _shifted(logs)
        self.table[rows] = logs
        return self._sums(self.table)._replace(shift=shift)

    def _sums(self, table: Array) -> Sums:
        shift = np.zeros(len(table))
        if self.bounds is None:
            total = table.sum(axis=1).astype(np.float64)
            return Sums(table, total, total, shift)
        total, own = np.empty(len(table)), np.empty(len(table))
        for local, columns in own_class_blocks(self.block.rows, self.bounds):
            rows = table[local]
            own[local] = rows[:, columns].sum(axis=1)
            total[local] = own[local]
            for others in (rows[:, : columns.start], rows[:, columns.stop :]):
                if others.size:
                    total[local] += others.sum(axis=1)
        return Sums(table, total, own, shift)


def _shifted(logs: Array) -> FloatArray:
    """Each row's largest entry; ``logs`` becomes the exponentials of what is above it."""
    largest = logs.max(axis=1)
    logs -= largest[:, None]
    np.exp(logs, out=logs)
    result: FloatArray = largest.astype(np.float64)
    return result
