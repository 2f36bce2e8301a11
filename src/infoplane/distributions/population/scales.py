"""Normal columns whose common scales are random and dependent: information without correlation."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from infoplane.common.aliases import Array, FloatArray
from infoplane.distributions.base import stream
from infoplane.distributions.population.truth import MeanOfPointwise

_REACH = 5.5
_STEPS_PER_WIDTH = 2


@dataclass(frozen=True)
class DependentScales(MeanOfPointwise):
    """x = e^(s a) g, z = e^(s b) h; g and h standard normal, (a, b) a standard normal pair with correlation rho.

    The stochastic volatility model: the columns are uncorrelated, their sizes are not.

    Args:
        dx: columns of X.
        dz: columns of Z.
        spread: s, the standard deviation of the logarithm of the scales.
        rho: between the two logarithms.
    """

    dx: int
    dz: int
    spread: float
    rho: float

    def sample(self, n: int, seed: int) -> tuple[FloatArray, FloatArray]:
        """n pairs: x (n, dx), z (n, dz)."""
        rng = stream(n, seed, "dependent_scales")
        a, noise = rng.standard_normal((2, n, 1))
        b = self.rho * a + math.sqrt(1 - self.rho**2) * noise
        return (
            np.exp(self.spread * a) * rng.standard_normal((n, self.dx)),
            np.exp(self.spread * b) * rng.standard_normal((n, self.dz)),
        )

    def pointwise(self, x: Array, z: Array) -> FloatArray:
        """Pointwise information of each pair, shape (n,), by quadrature over the two scales."""
        logs, weights, link = self._grid
        given_a, given_b = _likelihood(x, self.spread * logs), _likelihood(z, self.spread * logs)
        joint = ((given_a * weights) @ link * (given_b * weights)).sum(axis=1)
        ratio: FloatArray = np.log(joint) - np.log(given_a @ weights) - np.log(given_b @ weights)
        return ratio

    @cached_property
    def _grid(self) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Even nodes for a or b, their normal weights, and p(a, b) / (p(a) p(b)) between nodes."""
        # The narrowest functions: the likelihood of the more columns, and b given a.
        width = min(math.sqrt(1 - self.rho**2), 1 / (self.spread * math.sqrt(2 * max(self.dx, self.dz))))
        nodes = np.linspace(-_REACH, _REACH, math.ceil(2 * _REACH * _STEPS_PER_WIDTH / min(width, 0.5)) + 1)
        weights = np.exp(-0.5 * nodes**2)
        rest = 1 - self.rho**2
        a, b = nodes[:, None], nodes
        link = np.exp(-0.5 * math.log(rest) + (2 * self.rho * a * b - self.rho**2 * (a**2 + b**2)) / (2 * rest))
        return nodes, weights / weights.sum(), link


def _likelihood(columns: Array, log_scales: FloatArray) -> FloatArray:
    """p(row | log scale) up to a factor of each row, shape (n, scales)."""
    squared = (np.asarray(columns, dtype=np.float64) ** 2).sum(axis=1, keepdims=True)
    logs = -columns.shape[1] * log_scales - 0.5 * squared * np.exp(-2 * log_scales)
    likelihood: FloatArray = np.exp(logs - logs.max(axis=1, keepdims=True))
    return likelihood
