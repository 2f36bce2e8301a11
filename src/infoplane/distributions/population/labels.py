"""Labels behind shells and directions."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from scipy.special import logsumexp

from infoplane.common.aliases import Array, FloatArray
from infoplane.distributions.base import stream
from infoplane.distributions.population.determined import entropy
from infoplane.distributions.population.truth import MeasuredInformation, mean_of_terms


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
class Directions(MeasuredInformation):
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
