"""Invertible networks with random weights, which leave mutual information as it is."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from infoplane.common.aliases import FloatArray
from infoplane.distributions.population.draws import log_uniform

_FIXED_POINT_STEPS = 400


@dataclass(frozen=True, eq=False)
class Residual:
    """x + g(x) with g(x) = tanh(x A + b) C, the singular values of A times those of C below 1: invertible.

    Source: Behrmann, Grathwohl, Chen, Duvenaud & Jacobsen 2019, "Invertible residual networks", theorem 1.
    """

    inner: FloatArray = field(repr=False)
    shift: FloatArray = field(repr=False)
    outer: FloatArray = field(repr=False)

    def forward(self, x: FloatArray) -> FloatArray:
        """x + g(x)."""
        return x + self._change(x)

    def inverse(self, y: FloatArray) -> FloatArray:
        """The fixed point of x = y - g(x), by Banach's iteration."""
        x = y
        for _ in range(_FIXED_POINT_STEPS):
            x = y - self._change(x)
        return x

    def _change(self, x: FloatArray) -> FloatArray:
        change: FloatArray = np.tanh(x @ self.inner + self.shift) @ self.outer
        return change


def random_residual(rng: np.random.Generator, d: int, slope: float = 0.9) -> Residual:
    """A residual layer whose change has a Lipschitz constant of ``slope``."""
    hidden = max(8, 2 * d)
    inner, outer = rng.standard_normal((d, hidden)), rng.standard_normal((hidden, d))
    steepness = log_uniform(rng, 1.0, 4.0)
    inner *= steepness / np.linalg.norm(inner, 2)
    outer *= slope / steepness / np.linalg.norm(outer, 2)
    return Residual(inner, rng.uniform(-1.5, 1.5, size=hidden), outer)


@dataclass(frozen=True, eq=False)
class Coupling:
    """The first columns stay; the others are scaled by exp(s) and shifted by t, both functions of the first.

    Args:
        kept: how many columns stay, at least 1 and below d.
        inner: shape (kept, hidden).
        shift: shape (hidden,).
        scales: of s, shape (hidden, d - kept).
        moves: of t, shape (hidden, d - kept).

    Source: Dinh, Sohl-Dickstein & Bengio 2017, "Density estimation using Real NVP", eqs. 7 and 8.
    """

    kept: int
    inner: FloatArray = field(repr=False)
    shift: FloatArray = field(repr=False)
    scales: FloatArray = field(repr=False)
    moves: FloatArray = field(repr=False)

    def forward(self, x: FloatArray) -> FloatArray:
        """The coupled columns."""
        first, rest = x[:, : self.kept], x[:, self.kept :]
        scale, move = self._functions(first)
        return np.concatenate([first, rest * np.exp(scale) + move], axis=1)

    def inverse(self, y: FloatArray) -> FloatArray:
        """The columns before."""
        first, rest = y[:, : self.kept], y[:, self.kept :]
        scale, move = self._functions(first)
        return np.concatenate([first, (rest - move) * np.exp(-scale)], axis=1)

    def _functions(self, first: FloatArray) -> tuple[FloatArray, FloatArray]:
        hidden = np.tanh(first @ self.inner + self.shift)
        return np.tanh(hidden @ self.scales), hidden @ self.moves


def random_coupling(rng: np.random.Generator, d: int, bend: float) -> Coupling:
    """A coupling layer; ``bend`` is the size of the shifts, in standard deviations of a normal column."""
    kept, hidden = max(1, d // 2), 16
    return Coupling(
        kept,
        rng.standard_normal((kept, hidden)) * 1.5 / np.sqrt(kept),
        rng.uniform(-1.5, 1.5, size=hidden),
        rng.standard_normal((hidden, d - kept)) * 0.7 / np.sqrt(hidden),
        rng.standard_normal((hidden, d - kept)) * bend / np.sqrt(hidden),
    )
