"""Independent pairs of columns: normal ones, and other copulas with normal margins."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from scipy.special import ndtr, ndtri

from infoplane.common.aliases import Array, FloatArray
from infoplane.distributions.base import stream
from infoplane.distributions.population.copulas import Copula


@dataclass(frozen=True, eq=False)
class NormalPairs:
    """X and Z standard normal; column i of X correlated with column i of Z, all else independent.

    Args:
        rhos: correlations of the first pairs of columns, shape (pairs,).
        dx: columns of X, at least ``pairs``.
        dz: columns of Z, at least ``pairs``.
    """

    rhos: FloatArray = field(repr=False)
    dx: int
    dz: int

    def sample(self, n: int, seed: int) -> tuple[FloatArray, FloatArray]:
        """n pairs: x (n, dx), z (n, dz)."""
        rng = stream(n, seed, "normal_pairs")
        x, z = rng.standard_normal((n, self.dx)), rng.standard_normal((n, self.dz))
        pairs = len(self.rhos)
        z[:, :pairs] = self.rhos * x[:, :pairs] + np.sqrt(1 - self.rhos**2) * z[:, :pairs]
        return x, z

    def mutual_information(self) -> float:
        """I(X; Z) in nats: the sum of -1/2 ln(1 - rho^2)."""
        return -0.5 * float(np.log1p(-(self.rhos**2)).sum())

    def pointwise(self, x: Array, z: Array) -> FloatArray:
        """Pointwise information of each pair, shape (n,)."""
        pairs = len(self.rhos)
        ratio: FloatArray = normal_pair_ratio(x[:, :pairs], z[:, :pairs], self.rhos).sum(axis=1)
        return ratio


def normal_pair_ratio(x: FloatArray, z: FloatArray, rho: FloatArray) -> FloatArray:
    """ln p(x, z) / (p(x) p(z)) of standard normal pairs with correlation rho, elementwise."""
    rest = 1 - rho**2
    ratio: FloatArray = -0.5 * np.log(rest) + (2 * rho * x * z - rho**2 * (x**2 + z**2)) / (2 * rest)
    return ratio


@dataclass(frozen=True, eq=False)
class CopulaPairs:
    """Standard normal X and Z; column i of X and of Z joined by copula i, the pairs independent.

    Args:
        copulas: one for each pair.
        flips: whether u, and whether v, is replaced by 1 - u, 1 - v; shape (pairs, 2).
    """

    copulas: tuple[Copula, ...]
    flips: Array = field(repr=False)

    def sample(self, n: int, seed: int) -> tuple[FloatArray, FloatArray]:
        """n pairs: x (n, pairs), z (n, pairs)."""
        rng = stream(n, seed, "copula_pairs")
        uniform = np.array([copula.sample(n, rng) for copula in self.copulas])
        # ndtri of 1 is infinite; the upper end has fewer digits than the lower.
        normal = np.asarray(ndtri(np.clip(uniform, 1e-300, 1 - 1e-16)))
        normal *= np.where(self.flips, -1, 1)[:, :, None]
        return normal[:, 0].T.copy(), normal[:, 1].T.copy()

    def mutual_information(self) -> float:
        """I(X; Z) in nats: the sum over the pairs."""
        return sum(copula.mutual_information() for copula in self.copulas)

    def pointwise(self, x: Array, z: Array) -> FloatArray:
        """Pointwise information of each pair, shape (n,)."""
        signs = np.where(self.flips, -1, 1)
        total = np.zeros(len(x))
        for i, copula in enumerate(self.copulas):
            u, v = ndtr(signs[i, 0] * x[:, i]), ndtr(signs[i, 1] * z[:, i])
            total += copula.log_density(np.asarray(u), np.asarray(v))
        return total
