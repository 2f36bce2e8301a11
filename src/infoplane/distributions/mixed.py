"""Pairs of a discrete and a continuous variable, or with a variable that is both.

Source: Gao, Kannan, Oh & Viswanath 2017, "Estimating mutual information for discrete-continuous mixtures".
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.special import gammaln

from infoplane.common.aliases import Array, FloatArray
from infoplane.distributions.base import as_columns, stream


@dataclass(frozen=True)
class UniformSteps:
    """X uniform on the numbers 0..levels-1, Z uniform on [X, X + 2]: I = ln m - (m - 1)/m ln 2.

    Raises:
        ValueError: fewer than one level.
    """

    levels: int

    def __post_init__(self) -> None:
        if self.levels < 1:
            raise ValueError(f"levels: {self.levels} given; expected at least 1")

    def sample(self, n: int, seed: int) -> tuple[FloatArray, FloatArray]:
        """n pairs: x (n, 1) whole numbers as floats, z (n, 1)."""
        rng = stream(n, seed, "uniform_steps")
        x = rng.integers(self.levels, size=(n, 1)).astype(np.float64)
        return x, x + rng.uniform(0.0, 2.0, size=(n, 1))

    def mutual_information(self) -> float:
        """I(X; Z) in nats."""
        return math.log(self.levels) - (self.levels - 1) / self.levels * math.log(2)

    def pointwise(self, x: Array, z: Array) -> FloatArray:
        """Pointwise information of each pair, shape (n,); minus infinity for impossible ones."""
        x, z = as_columns(x)[:, 0], as_columns(z)[:, 0]
        below = np.floor(z)
        # z in [k, k + 1) comes from the levels k - 1 and k, as far as they exist.
        sources = ((below >= 0) & (below < self.levels)).astype(int) + ((below >= 1) & (below <= self.levels))
        possible = (z >= x) & (z < x + 2) & (sources > 0)
        ratio: FloatArray = np.where(possible, np.log(self.levels / np.maximum(sources, 1)), -np.inf)
        return ratio


@dataclass(frozen=True)
class ZeroInflatedPoisson:
    """X exponential with mean 1; Z = 0 with probability ``zeros``, else Poisson with mean X.

    The formula given with this example by Gao et al. (2017), (1 - p) times the information without inflation, leaves
    out that a Poisson variable is itself sometimes 0, so that a zero may come from either; the sum below is exact.

    Raises:
        ValueError: ``zeros`` not in [0, 1).
    """

    zeros: float

    def __post_init__(self) -> None:
        if not 0 <= self.zeros < 1:
            raise ValueError(f"zeros: {self.zeros} given; expected a number from 0 to below 1")

    def sample(self, n: int, seed: int) -> tuple[FloatArray, FloatArray]:
        """n pairs: x (n, 1), z (n, 1) whole numbers as floats."""
        rng = stream(n, seed, "zero_inflated_poisson")
        x = rng.exponential(1.0, size=(n, 1))
        kept = rng.random((n, 1)) >= self.zeros
        return x, np.where(kept, rng.poisson(x), 0).astype(np.float64)

    def pointwise(self, x: Array, z: Array) -> FloatArray:
        """Pointwise information of each pair, shape (n,): ln p(z | x) / p(z)."""
        return self._log_ratio(as_columns(x)[:, 0], as_columns(z)[:, 0])

    def mutual_information(self) -> float:
        """I(X; Z) in nats, by quadrature over X and a sum over Z."""
        return self._information

    @cached_property
    def _information(self) -> float:
        # x = t^4 smooths the x ln x at 0; beyond x = 50 lies a mass of 2e-22.
        nodes, weights = np.polynomial.legendre.leggauss(300)
        end = 50.0**0.25
        t = (0.5 * end * (nodes + 1))[:, None]
        density = 0.5 * end * weights[:, None] * 4 * t**3 * np.exp(-(t**4))
        counts = np.arange(200.0)
        conditional = np.exp(self._log_conditional(t**4, counts))
        return float((density * conditional * self._log_ratio(t**4, counts)).sum())

    def _log_ratio(self, x: FloatArray, z: FloatArray) -> FloatArray:
        # Averaged over an exponential mean, a Poisson variable is geometric: P(k) = 2^-(k + 1).
        marginal = (1 - self.zeros) * np.exp2(-(z + 1)) + self.zeros * (z == 0)
        ratio: FloatArray = self._log_conditional(x, z) - np.log(marginal)
        return ratio

    def _log_conditional(self, x: FloatArray, z: FloatArray) -> FloatArray:
        poisson = z * np.log(x) - x - gammaln(z + 1)
        inflated = np.log(self.zeros + (1 - self.zeros) * np.exp(-x))
        conditional: FloatArray = np.where(z == 0, inflated, math.log1p(-self.zeros) + poisson)
        return conditional
