"""Dependence in part of the rows, or in part of the range."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
from scipy.special import ndtr, ndtri

from infoplane.common.aliases import Array, FloatArray
from infoplane.distributions.base import stream
from infoplane.distributions.population.pairs import normal_pair_ratio
from infoplane.distributions.population.truth import MeanOfPointwise


@dataclass(frozen=True, eq=False)
class RareRows(MeanOfPointwise):
    """Standard normal pairs of columns that are correlated in a share of the rows and independent in the others.

    Args:
        share: of the rows, in (0, 1).
        rhos: the correlations there, shape (pairs,).
    """

    share: float
    rhos: FloatArray = field(repr=False)

    def sample(self, n: int, seed: int) -> tuple[FloatArray, FloatArray]:
        """n pairs: x (n, pairs), z (n, pairs)."""
        rng = stream(n, seed, "rare_rows")
        x, z = rng.standard_normal((2, n, len(self.rhos)))
        dependent = rng.random((n, 1)) < self.share
        return x, np.where(dependent, self.rhos * x + np.sqrt(1 - self.rhos**2) * z, z)

    def pointwise(self, x: Array, z: Array) -> FloatArray:
        """Pointwise information of each pair, shape (n,)."""
        dependent = normal_pair_ratio(x, z, self.rhos).sum(axis=1)
        ratio: FloatArray = np.logaddexp(math.log1p(-self.share), math.log(self.share) + dependent)
        return ratio


@dataclass(frozen=True)
class LocalDependence:
    """x standard normal; z correlated with x by rho while x lies in an interval, else independent of it.

    Args:
        low: of the interval, as a share of the rows below it.
        high: likewise, above ``low``.
        rho: the correlation inside, between -1 and 1.
    """

    low: float
    high: float
    rho: float

    def sample(self, n: int, seed: int) -> tuple[FloatArray, FloatArray]:
        """n pairs: x (n, 1), z (n, 1)."""
        rng = stream(n, seed, "local_dependence")
        x, noise = rng.standard_normal((2, n, 1))
        return x, np.where(self._inside(x), self.rho * x + math.sqrt(1 - self.rho**2) * noise, noise)

    def pointwise(self, x: Array, z: Array) -> FloatArray:
        """Pointwise information of each pair, shape (n,)."""
        inside = self._inside(x[:, 0])
        given = np.where(inside, self._log_inside(x[:, 0], z[:, 0]), _log_normal(z[:, 0]))
        return given - self._log_marginal(z[:, 0])

    def mutual_information(self) -> float:
        """I(X; Z) = h(Z) - h(Z | X) in nats, by quadrature over z."""
        z = np.linspace(-12.0, 12.0, 20_001)
        log_density = self._log_marginal(z)
        entropy = -float((np.exp(log_density) * log_density).sum() * (z[1] - z[0]))
        noise = 0.5 * math.log(2 * math.pi * math.e)
        return entropy - noise - (self.high - self.low) * 0.5 * math.log1p(-(self.rho**2))

    def _inside(self, x: FloatArray) -> Array:
        low, high = self._ends
        return (x > low) & (x < high)

    @property
    def _ends(self) -> tuple[float, float]:
        return float(ndtri(self.low)), float(ndtri(self.high))

    def _log_inside(self, x: FloatArray, z: FloatArray) -> FloatArray:
        rest = 1 - self.rho**2
        return _log_normal((z - self.rho * x) / math.sqrt(rest)) - 0.5 * math.log(rest)

    def _log_marginal(self, z: FloatArray) -> FloatArray:
        """ln p(z): x given z would be normal, so that the part inside is p(z) times a probability of x."""
        (low, high), width = self._ends, math.sqrt(1 - self.rho**2)
        inside = ndtr((high - self.rho * z) / width) - ndtr((low - self.rho * z) / width)
        marginal: FloatArray = _log_normal(z) + np.log(1 - (self.high - self.low) + inside)
        return marginal


def _log_normal(z: FloatArray) -> FloatArray:
    density: FloatArray = -0.5 * (z**2 + math.log(2 * math.pi))
    return density
