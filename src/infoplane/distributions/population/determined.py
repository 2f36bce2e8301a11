"""Labels that X determines: I(X; Z) = H(Z)."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from scipy.special import gammaincinv, ndtri

from infoplane.common.aliases import Array, FloatArray
from infoplane.distributions.base import stream


def entropy(shares: FloatArray) -> float:
    """Of a distribution over classes, in nats."""
    positive = shares[shares > 0]
    return -float((positive * np.log(positive)).sum())


class Partition(Protocol):
    """A division of the rows of standard normal columns into classes of known probability."""

    def classes(self, x: FloatArray) -> Array:
        """The class of each row, shape (n,)."""
        ...

    def shares(self) -> FloatArray:
        """Probability of each class."""
        ...


@dataclass(frozen=True, eq=False)
class Slices:
    """Cuts across a direction, at quantiles. Args: direction, a unit vector; proportions of the classes, in order."""

    direction: FloatArray = field(repr=False)
    proportions: FloatArray

    def classes(self, x: FloatArray) -> Array:
        """By the projection."""
        return np.searchsorted(ndtri(np.cumsum(self.proportions)[:-1]), x @ self.direction)

    def shares(self) -> FloatArray:
        """The proportions."""
        return self.proportions


@dataclass(frozen=True, eq=False)
class Radii:
    """Cuts at quantiles of the distance from 0. Args: proportions, from the inside out; columns of X."""

    proportions: FloatArray
    dimension: int

    def classes(self, x: FloatArray) -> Array:
        """By the squared norm, which is chi-squared."""
        cuts = 2 * gammaincinv(self.dimension / 2, np.cumsum(self.proportions)[:-1])
        return np.asarray(np.searchsorted(cuts, (x**2).sum(axis=1)))

    def shares(self) -> FloatArray:
        """The proportions."""
        return self.proportions


@dataclass(frozen=True, eq=False)
class Sectors:
    """Sectors of the plane of the first two columns, class after class, several times round."""

    count: int
    times: int

    def classes(self, x: FloatArray) -> Array:
        """By the angle."""
        turn = np.arctan2(x[:, 1], x[:, 0]) / (2 * math.pi) + 0.5
        sector = np.minimum(turn * self.count * self.times, self.count * self.times - 1).astype(np.int64)
        return np.asarray(sector % self.count)

    def shares(self) -> FloatArray:
        """All alike."""
        return np.full(self.count, 1 / self.count)


@dataclass(frozen=True)
class Parity:
    """Two classes: whether an even number of the first columns is negative."""

    columns: int

    def classes(self, x: FloatArray) -> Array:
        """By the signs."""
        return np.asarray((x[:, : self.columns] < 0).sum(axis=1) % 2)

    def shares(self) -> FloatArray:
        """Both alike."""
        return np.full(2, 0.5)


@dataclass(frozen=True, eq=False)
class Divided:
    """X standard normal, Z its class in a partition: I = H(Z)."""

    partition: Partition
    dimension: int

    def sample(self, n: int, seed: int) -> tuple[FloatArray, Array]:
        """n pairs: x (n, dimension), z (n,) labels."""
        x = stream(n, seed, "divided").standard_normal((n, self.dimension))
        return x, self.partition.classes(x)

    def mutual_information(self) -> float:
        """H(Z) in nats."""
        return entropy(self.partition.shares())


@dataclass(frozen=True, eq=False)
class SeparateClusters:
    """X uniform in a cube around the centre of its class, the cubes apart from each other: I = H(Z).

    Args:
        centres: shape (classes, d), whole numbers, all different.
        half_width: of the cubes, below 1/2.
        proportions: of the classes, shape (classes,).
    """

    centres: FloatArray = field(repr=False)
    half_width: float
    proportions: FloatArray

    def sample(self, n: int, seed: int) -> tuple[FloatArray, Array]:
        """n pairs: x (n, d), z (n,) labels."""
        rng = stream(n, seed, "separate_clusters")
        z = rng.choice(len(self.proportions), size=n, p=self.proportions)
        return self.centres[z] + rng.uniform(-self.half_width, self.half_width, (n, self.centres.shape[1])), z

    def mutual_information(self) -> float:
        """H(Z) in nats."""
        return entropy(self.proportions)
