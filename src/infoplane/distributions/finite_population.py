"""Rows that are the whole population: X and Z take the given pairs, all with the same probability."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from infoplane.common import validation
from infoplane.common.aliases import Array, FloatArray
from infoplane.distributions.base import stream
from infoplane.distributions.discrete import Discrete


@dataclass(frozen=True, eq=False)
class FinitePopulation:
    """A uniform choice among given pairs, such as the 4,096 patterns of :func:`~infoplane.distributions.tishby`.

    Args:
        x: rows, shape (N, dx).
        z: rows, shape (N, dz), or labels, shape (N,).

    Raises:
        ValueError: arrays that are not paired rows of numbers.
    """

    x: Array
    z: Array

    def __post_init__(self) -> None:
        validation.require_same_length(validation.samples(self.x, "x"), validation.samples(self.z, "z"))

    def sample(self, n: int, seed: int) -> tuple[Array, Array]:
        """n pairs drawn with replacement; labels stay labels."""
        chosen = stream(n, seed, "population").integers(len(self.x), size=n)
        z = self.z[chosen]
        return self.x[chosen].astype(np.float64), z.astype(np.int64) if z.ndim == 1 else z.astype(np.float64)

    def mutual_information(self) -> float:
        """I(X; Z) in nats, by counting equal rows."""
        return Discrete(self._table()).mutual_information()

    def _table(self) -> FloatArray:
        """p(x, z) over the distinct rows of x and of z."""
        codes = [np.unique(rows, axis=0, return_inverse=True)[1].ravel() for rows in (self.x, self.z)]
        table = np.zeros((codes[0].max() + 1, codes[1].max() + 1))
        np.add.at(table, (codes[0], codes[1]), 1.0 / len(self.x))
        return table
