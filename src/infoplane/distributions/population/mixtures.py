"""Mixtures of joint densities, and of classes that meet through a table."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from scipy.special import gammaln, logsumexp

from infoplane.common.aliases import Array, FloatArray
from infoplane.distributions.base import stream
from infoplane.distributions.gaussian import log_density
from infoplane.distributions.mixture import Mixture
from infoplane.distributions.population.truth import MeanOfPointwise, MeasuredInformation, mean_of_terms


@dataclass(frozen=True, eq=False)
class JointMixture(MeanOfPointwise):
    """(X, Z) from a mixture of Gaussians over both.

    Args:
        means: shape (components, dx + dz).
        covariances: shape (components, dx + dz, dx + dz), positive definite.
        weights: shape (components,), summing to 1.
        dx: how many of the columns are X.
    """

    means: FloatArray = field(repr=False)
    covariances: FloatArray = field(repr=False)
    weights: FloatArray = field(repr=False)
    dx: int

    def sample(self, n: int, seed: int) -> tuple[FloatArray, FloatArray]:
        """n pairs: x (n, dx), z (n, dz)."""
        rng = stream(n, seed, "joint_mixture")
        component = rng.choice(len(self.means), size=n, p=self.weights)
        factors = np.linalg.cholesky(self.covariances)
        normal = rng.standard_normal((n, self.means.shape[1]))
        both = self.means[component] + np.einsum("nij,nj->ni", factors[component], normal)
        return both[:, : self.dx], both[:, self.dx :]

    def pointwise(self, x: Array, z: Array) -> FloatArray:
        """Pointwise information of each pair, shape (n,)."""
        both, dx = np.concatenate([x, z], axis=1), self.dx
        everything, of_x, of_z = slice(None), slice(None, dx), slice(dx, None)
        densities = [self._log_density(both[:, part], part) for part in (everything, of_x, of_z)]
        return densities[0] - densities[1] - densities[2]

    def _log_density(self, points: FloatArray, part: slice) -> FloatArray:
        terms = [
            math.log(weight) + log_density(points, mean[part], covariance[part, part])
            for weight, mean, covariance in zip(self.weights, self.means, self.covariances, strict=True)
        ]
        density: FloatArray = np.logaddexp.reduce(terms, axis=0)
        return density


@dataclass(frozen=True, eq=False)
class MeetingClusters(MeanOfPointwise):
    """X from cluster i of its side, Z from cluster j of its own, (i, j) from a table; nothing else is shared.

    Args:
        table: p(i, j), shape (K, L).
        x_centres: shape (K, dx).
        z_centres: shape (L, dz).
        shape: of the unit noise in each column: ``laplace``, ``uniform`` (half width 1) or ``student`` (3 degrees
            of freedom).
    """

    table: FloatArray = field(repr=False)
    x_centres: FloatArray = field(repr=False)
    z_centres: FloatArray = field(repr=False)
    shape: str

    def sample(self, n: int, seed: int) -> tuple[FloatArray, FloatArray]:
        """n pairs: x (n, dx), z (n, dz)."""
        rng = stream(n, seed, "meeting_clusters")
        cells = rng.choice(self.table.size, size=n, p=self.table.ravel() / self.table.sum())
        i, j = np.divmod(cells, self.table.shape[1])
        return self._around(self.x_centres[i], rng), self._around(self.z_centres[j], rng)

    def pointwise(self, x: Array, z: Array) -> FloatArray:
        """Pointwise information of each pair, shape (n,)."""
        given_i, given_j = self._log_noise(x, self.x_centres), self._log_noise(z, self.z_centres)
        joint = _log_product(given_i, self.table, given_j)
        of_x = logsumexp(given_i, axis=1, b=self.table.sum(axis=1))
        of_z = logsumexp(given_j, axis=1, b=self.table.sum(axis=0))
        ratio: FloatArray = joint - of_x - of_z
        return ratio

    def _around(self, centres: FloatArray, rng: np.random.Generator) -> FloatArray:
        if self.shape == "laplace":
            return centres + rng.laplace(size=centres.shape)
        if self.shape == "uniform":
            return centres + rng.uniform(-1.0, 1.0, size=centres.shape)
        return centres + rng.standard_t(3, size=centres.shape)

    def _log_noise(self, points: FloatArray, centres: FloatArray) -> FloatArray:
        """ln p(point | cluster), shape (n, clusters)."""
        away = np.abs(points[:, None, :] - centres)
        if self.shape == "laplace":
            return np.asarray(-away.sum(axis=2) - centres.shape[1] * math.log(2))
        if self.shape == "uniform":
            return np.where((away <= 1).all(axis=2), -centres.shape[1] * math.log(2), -np.inf)
        constant = float(gammaln(2) - gammaln(1.5)) - 0.5 * math.log(3 * math.pi)
        tails: FloatArray = (constant - 2 * np.log1p(away**2 / 3)).sum(axis=2)
        return tails


def _log_product(left: FloatArray, table: FloatArray, right: FloatArray) -> FloatArray:
    """ln sum_ij e^left_i table_ij e^right_j of each row, shape (n,)."""
    left_most, right_most = left.max(axis=1, keepdims=True), right.max(axis=1, keepdims=True)
    product = ((np.exp(left - left_most) @ table) * np.exp(right - right_most)).sum(axis=1)
    total: FloatArray = np.log(product) + left_most[:, 0] + right_most[:, 0]
    return total


@dataclass(frozen=True, eq=False)
class Classes(MeasuredInformation):
    """A labelled mixture (:class:`~infoplane.distributions.Mixture`) whose truth is found as fast as need be."""

    mixture: Mixture

    def sample(self, n: int, seed: int) -> tuple[FloatArray, Array]:
        """n pairs: x (n, d), z (n,) class labels."""
        return self.mixture.sample(n, seed)

    def pointwise(self, x: Array, z: Array) -> FloatArray:
        """Pointwise information of each pair, shape (n,)."""
        return self.mixture.pointwise(x, z)

    @cached_property
    def _information(self) -> tuple[float, float]:
        shares = self.mixture.shares
        entropy = -float((shares * np.log(shares)).sum())
        return mean_of_terms(lambda n, seed: entropy - self._conditional_entropy(self.mixture.sample(n, seed)[0]))

    def _conditional_entropy(self, x: FloatArray) -> FloatArray:
        joint = self.mixture.log_joint(x)
        posterior = joint - np.logaddexp.reduce(joint, axis=1, keepdims=True)
        entropy: FloatArray = -(np.exp(posterior) * posterior).sum(axis=1)
        return entropy
