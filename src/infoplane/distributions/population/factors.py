"""Many columns that share a few hidden normal factors, and many bits of which each tells a little."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
from scipy.special import xlogy

from infoplane.common.aliases import Array, FloatArray
from infoplane.distributions.base import stream
from infoplane.distributions.gaussian import Gaussian


@dataclass(frozen=True, eq=False)
class FactorModel:
    """x = f A + noise, z = f B + noise, all standard normal.

    Args:
        x_loadings: A, shape (factors, dx).
        z_loadings: B, shape (factors, dz).
    """

    x_loadings: FloatArray = field(repr=False)
    z_loadings: FloatArray = field(repr=False)

    def sample(self, n: int, seed: int) -> tuple[FloatArray, FloatArray]:
        """n pairs: x (n, dx), z (n, dz), columns scaled to variance 1."""
        rng = stream(n, seed, "factor_model")
        factors = rng.standard_normal((n, len(self.x_loadings)))
        x = factors @ self.x_loadings + rng.standard_normal((n, self.x_loadings.shape[1]))
        z = factors @ self.z_loadings + rng.standard_normal((n, self.z_loadings.shape[1]))
        return x / _size(self.x_loadings), z / _size(self.z_loadings)

    def mutual_information(self) -> float:
        """I(X; Z) = 1/2 ln(|1 + AA'| |1 + BB'| / |1 + AA' + BB'|) in nats, by the matrix determinant lemma."""
        a, b = (loadings @ loadings.T for loadings in (self.x_loadings, self.z_loadings))
        one = np.eye(len(a))
        x, z, joint = (float(np.linalg.slogdet(one + matrix)[1]) for matrix in (a, b, a + b))
        return 0.5 * (x + z - joint)

    def gaussian(self) -> Gaussian:
        """The same as one covariance matrix, columns scaled to variance 1."""
        both = np.concatenate([self.x_loadings, self.z_loadings], axis=1)
        size = _size(both)
        return Gaussian((both.T @ both + np.eye(both.shape[1])) / np.outer(size, size), self.x_loadings.shape[1])

    def pointwise(self, x: Array, z: Array) -> FloatArray:
        """Pointwise information of each pair, shape (n,)."""
        return self.gaussian().pointwise(x, z)


def _size(loadings: FloatArray) -> FloatArray:
    size: FloatArray = np.sqrt(1 + (loadings**2).sum(axis=0))
    return size


@dataclass(frozen=True, eq=False)
class WeakBits:
    """X of fair bits, written as -1 and 1; Z the same bits, each flipped with its own probability.

    Args:
        flips: shape (columns,), from 0 to 1/2.
    """

    flips: FloatArray = field(repr=False)

    def sample(self, n: int, seed: int) -> tuple[FloatArray, FloatArray]:
        """n pairs: x (n, columns), z (n, columns)."""
        rng = stream(n, seed, "weak_bits")
        x = np.where(rng.random((n, len(self.flips))) < 0.5, -1.0, 1.0)
        return x, np.where(rng.random(x.shape) < self.flips, -x, x)

    def mutual_information(self) -> float:
        """The sum of ln 2 - H(flip), in nats."""
        stays = 1 - self.flips
        return float((math.log(2) + xlogy(self.flips, self.flips) + xlogy(stays, stays)).sum())

    def pointwise(self, x: Array, z: Array) -> FloatArray:
        """Pointwise information of each pair, shape (n,)."""
        ratio: FloatArray = np.log(2 * np.where(x == z, 1 - self.flips, self.flips)).sum(axis=1)
        return ratio
