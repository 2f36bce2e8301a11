"""Jointly Gaussian X and Z, of any dimension and correlation.

I(X; Z) = 1/2 ln(det S_x det S_z / det S), S the joint covariance (Cover & Thomas 2006, eq. 8.62 ff.).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np

from infoplane.common.aliases import Array, FloatArray
from infoplane.distributions.base import as_columns, as_positive_definite, require_both_sides, stream


def log_density(x: FloatArray, mean: FloatArray, covariance: FloatArray) -> FloatArray:
    """ln N(x; mean, covariance) in nats of each row, shape (n,)."""
    factor = np.linalg.cholesky(covariance)
    white = np.linalg.solve(factor, (x - mean).T)
    constant = len(mean) * math.log(2 * math.pi) + 2 * float(np.log(np.diag(factor)).sum())
    density: FloatArray = -0.5 * ((white**2).sum(axis=0) + constant)
    return density


@dataclass(frozen=True, eq=False)
class Gaussian:
    """Jointly Gaussian X and Z with mean 0.

    Args:
        covariance: of (X, Z), shape (dx + dz, dx + dz).
        dx: how many of its columns are X.

    Raises:
        ValueError: the covariance is not symmetric positive definite, or dx leaves X or Z without columns.
    """

    covariance: FloatArray = field(repr=False)
    dx: int

    def __post_init__(self) -> None:
        object.__setattr__(self, "covariance", as_positive_definite(self.covariance, "covariance"))
        require_both_sides(self.covariance, self.dx, "covariance")

    def sample(self, n: int, seed: int) -> tuple[FloatArray, FloatArray]:
        """n pairs: x (n, dx), z (n, dz)."""
        rng = stream(n, seed, "gaussian")
        both = rng.standard_normal((n, len(self.covariance))) @ np.linalg.cholesky(self.covariance).T
        return both[:, : self.dx], both[:, self.dx :]

    def mutual_information(self) -> float:
        """I(X; Z) in nats."""
        blocks = (self._x_block, self._z_block, self.covariance)
        x, z, joint = (float(np.linalg.slogdet(block)[1]) for block in blocks)
        return 0.5 * (x + z - joint)

    def pointwise(self, x: Array, z: Array) -> FloatArray:
        """Pointwise information of each pair, shape (n,)."""
        x, z = as_columns(x), as_columns(z)
        both = np.concatenate([x, z], axis=1)
        zero = np.zeros(len(self.covariance))
        joint = log_density(both, zero, self.covariance)
        ratio: FloatArray = (
            joint - log_density(x, zero[: self.dx], self._x_block) - log_density(z, zero[self.dx :], self._z_block)
        )
        return ratio

    @property
    def _x_block(self) -> FloatArray:
        return self.covariance[: self.dx, : self.dx]

    @property
    def _z_block(self) -> FloatArray:
        return self.covariance[self.dx :, self.dx :]


def correlated_gaussian(dimension: int, rho: float) -> Gaussian:
    """X and Z standard normal in ``dimension`` dimensions each, column i of X correlated by rho with column i of Z.

    I(X; Z) = -dimension/2 ln(1 - rho^2): the test of Belghazi et al. 2018, figure 1.
    """
    return paired_gaussian(dimension, dimension, dimension, rho)


def paired_gaussian(dx: int, dz: int, pairs: int, rho: float) -> Gaussian:
    """Standard normal X and Z; the first ``pairs`` columns of each correlated by rho, all else independent.

    Raises:
        ValueError: |rho| not below 1, or more pairs than columns.
    """
    if not -1 < rho < 1:
        raise ValueError(f"rho: {rho} given; expected a number between -1 and 1")
    if min(dx, dz) < 1 or not 0 <= pairs <= min(dx, dz):
        raise ValueError(f"pairs: {pairs} given for {dx} and {dz} columns; expected 0 to {max(0, min(dx, dz))}")
    covariance = np.eye(dx + dz)
    first = np.arange(pairs)
    covariance[first, dx + first] = covariance[dx + first, first] = rho
    return Gaussian(covariance, dx)


def sparse_gaussian(dx: int, dz: int, pairs: int = 2, strength: float = 2.0) -> Gaussian:
    """``pairs`` columns of X share a hidden normal variable each with Z, times ``strength``, plus unit noise.

    Each pair has correlation strength^2 / (1 + strength^2). Source: Czyż et al. 2023, "2-pair".
    """
    return paired_gaussian(dx, dz, pairs, strength**2 / (1 + strength**2))


def dense_gaussian(dx: int, dz: int, correlation: float = 0.5) -> Gaussian:
    """Standard normal columns, every two of which (within X and within Z too) have the same correlation."""
    size = dx + dz
    return Gaussian(np.full((size, size), correlation) + (1 - correlation) * np.eye(size), dx)


def gaussian_with_information(dimension: int, nats: float) -> Gaussian:
    """The :func:`correlated_gaussian` of a given dimension whose mutual information is ``nats``.

    Raises:
        ValueError: a negative information.
    """
    if nats < 0:
        raise ValueError(f"nats: {nats} given; expected at least 0")
    return correlated_gaussian(dimension, math.sqrt(-math.expm1(-2 * nats / dimension)))
