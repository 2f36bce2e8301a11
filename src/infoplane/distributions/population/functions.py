"""Z = a function of some columns of X plus noise: I(X; Z) = h(Z) - h(Z | X)."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.special import ndtri

from infoplane.common import seeds
from infoplane.common.aliases import Array, FloatArray
from infoplane.distributions.base import stream
from infoplane.distributions.population.draws import solve
from infoplane.distributions.population.truth import (
    MeasuredInformation,
    low_discrepancy,
    normal_entropy,
    smoothed_entropy,
)

Function = Callable[[FloatArray], FloatArray]
"""Takes rows (n, k), returns (n,)."""

_POINTS, _MOST_POINTS = 60_000, 960_000
_CHANGE, _LEAST_ERROR = 0.001, 1e-4
_POINTS_TO_SOLVE = 8_000


def one(x: FloatArray) -> FloatArray:
    """1 for each row: noise of the same width everywhere."""
    return np.ones(len(x))


@dataclass(frozen=True, eq=False)
class FunctionPlusNoise(MeasuredInformation):
    """z = f(x) + width * g(x) * noise; x and the noise are standard normal, or x uniform on [-sqrt 3, sqrt 3].

    Args:
        function: f.
        scale: g, above 0.
        arguments: how many columns x has, all of which f and g may use.
        width: of the noise.
        uniform: whether x is uniform instead of normal.
    """

    function: Function
    arguments: int
    width: float
    scale: Function = one
    uniform: bool = False

    def sample(self, n: int, seed: int) -> tuple[FloatArray, FloatArray]:
        """n pairs: x (n, arguments), z (n, 1)."""
        rng = stream(n, seed, "function_plus_noise")
        x = self._x(rng.random((n, self.arguments)))
        z = self.function(x) + self.width * self.scale(x) * rng.standard_normal(n)
        return x, z[:, None]

    @cached_property
    def _information(self) -> tuple[float, float]:
        """Four times as many points until that changes little; the bias of few points falls as 1 / points."""
        points, before = _POINTS, self.information_from(_POINTS, 0)
        while True:
            points *= 4
            value = self.information_from(points, 1)
            change = (value - before) / 3
            if abs(change) < _CHANGE or points >= _MOST_POINTS:
                return value + change, max(abs(change), _LEAST_ERROR)
            before = value

    def information_from(self, points: int, seed: int) -> float:
        """I(X; Z) in nats from so many spread points."""
        rng = seeds.generator(seed, "function_plus_noise", "truth")
        x = self._x(low_discrepancy(points, self.arguments, rng))
        scale = self.width * self.scale(x)
        widths = scale[:1] if np.ptp(scale) == 0 else scale
        noise = float(np.mean([normal_entropy(1.0) + np.log(scale)]))
        return smoothed_entropy(self.function(x), widths) - noise

    def _x(self, uniform: FloatArray) -> FloatArray:
        return math.sqrt(12) * (uniform - 0.5) if self.uniform else np.asarray(ndtri(uniform))


def with_information(
    function: Function, arguments: int, nats: float, scale: Function = one, uniform: bool = False
) -> FunctionPlusNoise:
    """The function with noise as wide as leaves ``nats``; a width of 1e-3 to 30 standard deviations of f."""
    rng = seeds.generator(0, "function_plus_noise", "spread")
    spread = float(np.std(function(rng.standard_normal((4000, arguments)))))

    def precise(precision: float) -> float:
        noisy = FunctionPlusNoise(function, arguments, spread / precision, scale, uniform)
        return noisy.information_from(_POINTS_TO_SOLVE, 0)

    precision = solve(precise, nats, 1 / 30, 1000.0, steps=12)
    return FunctionPlusNoise(function, arguments, spread / precision, scale, uniform)


@dataclass(frozen=True, eq=False)
class Shuffled:
    """Columns in another order: an injective map."""

    order: Array

    def forward(self, x: FloatArray) -> FloatArray:
        """The columns in the new order."""
        return x[:, self.order]

    def inverse(self, y: FloatArray) -> FloatArray:
        """The old order."""
        return y[:, np.argsort(self.order)]
