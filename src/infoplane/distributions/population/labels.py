"""Labels behind shells and directions, and labels that X determines."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import cached_property
from typing import Protocol

import numpy as np
from scipy.special import gammaincinv, logsumexp, ndtri

from infoplane.distributions.base import Array, FloatArray, stream
from infoplane.distributions.population.truth import mean_of_terms


def entropy(shares: FloatArray) -> float:
    """Of a distribution over classes, in nats."""
    positive = shares[shares > 0]
    return -float((positive * np.log(positive)).sum())


@dataclass(frozen=True, eq=False)
class Shells:
    """X on one of several shells around 0, in any direction; each shell belongs to a class.

    The logarithm of the radius is normal around that of the shell.

    Args:
        radii: of the shells, shape (shells,).
        spread: standard deviation of the logarithm of the radius.
        labels: the class of each shell, whole numbers from 0.
        weights: shape (shells,), summing to 1.
        dimension: columns of X.
    """

    radii: FloatArray
    spread: float
    labels: Array
    weights: FloatArray
    dimension: int

    def sample(self, n: int, seed: int) -> tuple[FloatArray, Array]:
        """n pairs: x (n, dimension), z (n,) labels."""
        rng = stream(n, seed, "shells")
        shell = rng.choice(len(self.radii), size=n, p=self.weights)
        radius = self.radii[shell] * np.exp(self.spread * rng.standard_normal(n))
        return radius[:, None] * _directions(n, self.dimension, rng), self.labels[shell]

    def pointwise(self, x: Array, z: Array) -> FloatArray:
        """Pointwise information of each pair, shape (n,)."""
        joint = self._log_joint(np.log(np.linalg.norm(x, axis=1)))
        ratio: FloatArray = joint[np.arange(len(x)), z] - logsumexp(joint, axis=1) - np.log(self._shares)[z]
        return ratio

    def mutual_information(self) -> float:
        """I(X; class) in nats: the direction says nothing, so that one integral over the radius is left."""
        return self._information

    @cached_property
    def _information(self) -> float:
        logs = np.log(self.radii)
        grid = np.arange(logs.min() - 9 * self.spread, logs.max() + 9 * self.spread, self.spread / 12)
        joint = self._log_joint(grid)
        ratio = joint - logsumexp(joint, axis=1, keepdims=True) - np.log(self._shares)
        return float((np.exp(joint) * ratio).sum() * self.spread / 12)

    @property
    def _shares(self) -> FloatArray:
        return np.bincount(self.labels, weights=self.weights).astype(np.float64)

    def _log_joint(self, log_radius: FloatArray) -> FloatArray:
        """ln p(log radius, class), shape (n, classes)."""
        away = (log_radius[:, None] - np.log(self.radii)) / self.spread
        terms = np.log(self.weights) - 0.5 * away**2 - 0.5 * math.log(2 * math.pi) - math.log(self.spread)
        classes = [logsumexp(terms[:, self.labels == c], axis=1) for c in range(len(self._shares))]
        return np.stack(classes, axis=1)


@dataclass(frozen=True, eq=False)
class Directions:
    """X on the unit sphere, von Mises-Fisher around its class's direction.

    Args:
        centres: unit vectors, shape (classes, d), d >= 2.
        concentration: the same for all classes, above 0.
        shares: of the classes, shape (classes,), summing to 1.
    """

    centres: FloatArray = field(repr=False)
    concentration: float
    shares: FloatArray

    def sample(self, n: int, seed: int) -> tuple[FloatArray, Array]:
        """n pairs: x (n, d), z (n,) labels."""
        rng = stream(n, seed, "directions")
        z = rng.choice(len(self.shares), size=n, p=self.shares)
        centres = self.centres[z]
        along = _along(n, centres.shape[1], self.concentration, rng)[:, None]
        across = rng.standard_normal(centres.shape)
        across -= (across * centres).sum(axis=1, keepdims=True) * centres
        across /= np.linalg.norm(across, axis=1, keepdims=True)
        return along * centres + np.sqrt(1 - along**2) * across, z

    def pointwise(self, x: Array, z: Array) -> FloatArray:
        """Pointwise information of each pair, shape (n,)."""
        logs = self.concentration * (x @ self.centres.T)
        ratio: FloatArray = logs[np.arange(len(x)), z] - logsumexp(logs, axis=1, b=self.shares)
        return ratio

    def mutual_information(self) -> float:
        """I(X; class) in nats: H(class) less the mean of H(class | x) over Monte Carlo points."""
        return self._information[0]

    def standard_error(self) -> float:
        """Of the mutual information, in nats."""
        return self._information[1]

    @cached_property
    def _information(self) -> tuple[float, float]:
        return mean_of_terms(lambda n, seed: entropy(self.shares) - self._uncertainty(self.sample(n, seed)[0]))

    def _uncertainty(self, x: FloatArray) -> FloatArray:
        logs = np.log(self.shares) + self.concentration * (x @ self.centres.T)
        posterior = logs - logsumexp(logs, axis=1, keepdims=True)
        uncertain: FloatArray = -(np.exp(posterior) * posterior).sum(axis=1)
        return uncertain


def _along(n: int, d: int, concentration: float, rng: np.random.Generator) -> FloatArray:
    """Cosines to the centre of a von Mises-Fisher distribution, by rejection (Wood 1994)."""
    b = (d - 1) / (2 * concentration + math.sqrt(4 * concentration**2 + (d - 1) ** 2))
    x0 = (1 - b) / (1 + b)
    c = concentration * x0 + (d - 1) * math.log(1 - x0**2)
    accepted = np.empty(0)
    while len(accepted) < n:
        beta = rng.beta((d - 1) / 2, (d - 1) / 2, size=2 * n)
        w = (1 - (1 + b) * beta) / (1 - (1 - b) * beta)
        good = concentration * w + (d - 1) * np.log1p(-x0 * w) - c >= np.log(rng.random(2 * n))
        accepted = np.concatenate([accepted, w[good]])
    return np.clip(accepted[:n], -1.0, 1.0)


def _directions(n: int, d: int, rng: np.random.Generator) -> FloatArray:
    normal = rng.standard_normal((n, d))
    directions: FloatArray = normal / np.linalg.norm(normal, axis=1, keepdims=True)
    return directions


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
