"""Gaussian mixtures whose components have class labels: X is the point, Z the class of its component."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from infoplane.common.aliases import Array, FloatArray, IntArray
from infoplane.distributions.base import as_columns, stream
from infoplane.distributions.gaussian import log_density

_GRID_DEVIATIONS = 9.0
"""Reach of the integral's grid beyond the means, where a density has fallen to 3e-18 of its peak."""
_POINTS_PER_DEVIATION = 8
"""Of the narrowest component; enough for the sum over the grid to converge (see `_integrated`)."""
_MOST_POINTS = 20_000_000
"""Of the grid; with more, Monte Carlo is used instead."""
_MONTE_CARLO_SAMPLES = 400_000
_BLOCK_ROWS = 200_000


@dataclass(frozen=True, eq=False)
class Mixture:
    """A mixture of Gaussians in which each component belongs to a class; a class may have several.

    Args:
        means: of the components, shape (components, d).
        covariances: shape (components, d, d).
        labels: the class of each component, whole numbers from 0.
        weights: proportions of the components, above 0; scaled to sum to 1. None: all alike.

    Raises:
        ValueError: shapes that do not fit, a covariance that is not positive definite, weights not above 0.
    """

    means: FloatArray
    covariances: FloatArray
    labels: IntArray
    weights: FloatArray | None = None

    def __post_init__(self) -> None:
        means = np.atleast_2d(np.array(self.means, dtype=np.float64))
        covariances = np.array(self.covariances, dtype=np.float64)
        labels = np.array(self.labels, dtype=np.int64)
        weights = np.ones(len(means)) if self.weights is None else np.array(self.weights, dtype=np.float64)
        components, d = means.shape
        if covariances.shape != (components, d, d) or len(labels) != components or len(weights) != components:
            raise ValueError(
                f"Mixture: means {means.shape}, covariances {covariances.shape}, labels {labels.shape}, "
                f"weights {weights.shape} given; expected (k, d), (k, d, d), (k,) and (k,)"
            )
        if not (weights > 0).all() or labels.min() < 0:
            raise ValueError(
                f"Mixture: smallest weight {weights.min()}, smallest label {labels.min()}; expected above 0, at least 0"
            )
        if not np.allclose(covariances, covariances.swapaxes(1, 2)) or np.linalg.eigvalsh(covariances).min() <= 0:
            raise ValueError("Mixture: covariances are not all symmetric and positive definite; expected such matrices")
        values: dict[str, Any] = {"means": means, "covariances": covariances, "labels": labels}
        for name, value in {**values, "weights": weights / weights.sum()}.items():
            object.__setattr__(self, name, value)

    @property
    def shares(self) -> FloatArray:
        """Probability of each class, shape (classes,)."""
        return np.bincount(self.labels, weights=self.weights).astype(np.float64)

    def sample(self, n: int, seed: int) -> tuple[FloatArray, IntArray]:
        """n pairs: x (n, d), z (n,) class labels."""
        rng = stream(n, seed, "mixture")
        component = rng.choice(len(self.means), size=n, p=self.weights)
        factors = np.linalg.cholesky(self.covariances)
        normal = rng.standard_normal((n, self.means.shape[1]))
        x = self.means[component] + np.einsum("nij,nj->ni", factors[component], normal)
        return x, self.labels[component]

    def log_joint(self, x: Array) -> FloatArray:
        """ln p(x, class) of each point and class, shape (n, classes)."""
        points = as_columns(x)
        assert self.weights is not None
        terms = np.stack(
            [
                math.log(weight) + log_density(points, mean, covariance)
                for weight, mean, covariance in zip(self.weights, self.means, self.covariances, strict=True)
            ],
            axis=1,
        )
        classes = [np.logaddexp.reduce(terms[:, self.labels == c], axis=1) for c in range(len(self.shares))]
        return np.stack(classes, axis=1)

    def density(self, x: Array) -> FloatArray:
        """p(x) of each point, shape (n,)."""
        density: FloatArray = np.exp(np.logaddexp.reduce(self.log_joint(x), axis=1))
        return density

    def pointwise(self, x: Array, z: Array) -> FloatArray:
        """Pointwise information of each pair, shape (n,)."""
        joint = self.log_joint(x)
        own = joint[np.arange(len(joint)), np.asarray(z)]
        ratio: FloatArray = own - np.logaddexp.reduce(joint, axis=1) - np.log(self.shares)[z]
        return ratio

    def mutual_information(self) -> float:
        """I(X; class) in nats: by numerical integration in one and two dimensions, by Monte Carlo above."""
        return self._information[0]

    def standard_error(self) -> float:
        """Standard error of `mutual_information` in nats: 0 where it was integrated."""
        return self._information[1]

    @cached_property
    def _information(self) -> tuple[float, float]:
        axes = self._grid()
        if axes is not None:
            return self._integrated(axes), 0.0
        blocks = range(_MONTE_CARLO_SAMPLES // _BLOCK_ROWS)
        values = np.concatenate([self._conditional_entropy(self.sample(_BLOCK_ROWS, seed)[0]) for seed in blocks])
        entropy = -float((self.shares * np.log(self.shares)).sum())
        return entropy - float(values.mean()), float(values.std(ddof=1)) / math.sqrt(len(values))

    def _conditional_entropy(self, x: FloatArray) -> FloatArray:
        """H(class | x) of each point in nats, shape (n,); I(X; class) is H(class) minus its mean."""
        joint = self.log_joint(x)
        posterior = joint - np.logaddexp.reduce(joint, axis=1, keepdims=True)
        entropy: FloatArray = -(np.exp(posterior) * posterior).sum(axis=1)
        return entropy

    def _grid(self) -> list[FloatArray] | None:
        """Axes of a grid that resolves every component, or None where that takes too many points."""
        if self.means.shape[1] > 2:
            return None
        spread = np.sqrt(np.diagonal(self.covariances, axis1=1, axis2=2))
        step = math.sqrt(float(np.linalg.eigvalsh(self.covariances).min())) / _POINTS_PER_DEVIATION
        low = (self.means - _GRID_DEVIATIONS * spread).min(axis=0)
        high = (self.means + _GRID_DEVIATIONS * spread).max(axis=0)
        sizes = np.ceil((high - low) / step) + 1
        if np.prod(sizes) > _MOST_POINTS:
            return None
        return [start + step * np.arange(int(size)) for start, size in zip(low, sizes, strict=True)]

    def _integrated(self, axes: list[FloatArray]) -> float:
        """I(X; class) as a sum over an even grid; it converges exponentially, as the densities vanish at the edges."""
        cell = math.prod(float(axis[1] - axis[0]) for axis in axes)
        total = 0.0
        rows = max(1, _BLOCK_ROWS // len(axes[-1]))
        for start in range(0, len(axes[0]), rows):
            block = [axes[0][start : start + rows], *axes[1:]]
            points = np.stack([grid.ravel() for grid in np.meshgrid(*block, indexing="ij")], axis=1)
            joint = self.log_joint(points)
            ratio = joint - np.logaddexp.reduce(joint, axis=1, keepdims=True) - np.log(self.shares)
            total += float((np.exp(joint) * ratio).sum())
        return total * cell


def two_gaussians(distance: float, share: float = 0.5, dimension: int = 1) -> Mixture:
    """Two unit Gaussians whose means are ``distance`` apart, one per class, the first with the given share."""
    means = np.zeros((2, dimension))
    means[1, 0] = distance
    return Mixture(means, np.stack([np.eye(dimension)] * 2), np.array([0, 1]), np.array([share, 1 - share]))


def xor_mixture(distance: float, dimension: int = 2) -> Mixture:
    """Four unit Gaussians at (±distance, ±distance), opposite corners in one class; further columns are noise.

    Neither column alone, nor any linear function of both, tells anything about the class.
    """
    corners = np.array(list(itertools.product((-1.0, 1.0), repeat=2)))
    means = np.zeros((4, dimension))
    means[:, :2] = distance * corners
    labels = (corners[:, 0] * corners[:, 1] > 0).astype(np.int64)
    return Mixture(means, np.stack([np.eye(dimension)] * 4), labels)
