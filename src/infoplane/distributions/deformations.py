"""Invertible maps of X or Z, which change the densities and leave mutual information as it is.

I(f(X); g(Z)) = I(X; Z) for injective f and g (Cover & Thomas 2006, section 2.8; Czyż et al. 2023, theorem 2.1), so
each map turns a distribution of known information into another one. With the inverse, the pointwise information of the
deformed variables follows too.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from scipy.special import ndtr, ndtri

from infoplane.common.aliases import FloatArray

_BISECTIONS = 80
"""Halvings of an interval: more than the 53 bits of float64, since intervals may be wide."""


class Deformation(Protocol):
    """An injective map of samples of shape (n, d), and its inverse."""

    def forward(self, x: FloatArray) -> FloatArray:
        """The deformed samples."""
        ...

    def inverse(self, y: FloatArray) -> FloatArray:
        """The samples before the deformation."""
        ...


@dataclass(frozen=True)
class NormalCdf:
    """Each column through the standard normal's distribution function: normal columns become uniform."""

    def forward(self, x: FloatArray) -> FloatArray:
        """Values in (0, 1)."""
        return np.asarray(ndtr(x))

    def inverse(self, y: FloatArray) -> FloatArray:
        """Normal quantiles."""
        return np.asarray(ndtri(y))


@dataclass(frozen=True)
class HalfCube:
    """Each column to sign(x) |x|^1.5: longer tails."""

    def forward(self, x: FloatArray) -> FloatArray:
        """x sqrt|x|."""
        return x * np.sqrt(np.abs(x))

    def inverse(self, y: FloatArray) -> FloatArray:
        """sign(y) |y|^(2/3)."""
        return np.sign(y) * np.abs(y) ** (2 / 3)


@dataclass(frozen=True)
class Asinh:
    """Each column to asinh(x): shorter tails."""

    def forward(self, x: FloatArray) -> FloatArray:
        """asinh(x)."""
        return np.arcsinh(x)

    def inverse(self, y: FloatArray) -> FloatArray:
        """sinh(y)."""
        return np.sinh(y)


@dataclass(frozen=True)
class Wiggly:
    """Each column to x + sum_i a_i sin(w_i x + p_i), an increasing map that stretches some regions and shrinks others.

    Args:
        waves: triples (a, w, p) whose |a w| sum to less than 1.

    Raises:
        ValueError: the slope may vanish.
    """

    waves: tuple[tuple[float, float, float], ...]

    def __post_init__(self) -> None:
        steepest = sum(abs(a * w) for a, w, _ in self.waves)
        if steepest >= 1:
            raise ValueError(f"waves: sum of |a w| is {steepest:.3g}; expected below 1, so that the map increases")

    def forward(self, x: FloatArray) -> FloatArray:
        """x + sum_i a_i sin(w_i x + p_i)."""
        wiggled = x + sum(a * np.sin(w * x + p) for a, w, p in self.waves)
        return np.asarray(wiggled)

    def inverse(self, y: FloatArray) -> FloatArray:
        """The x of each y, by bisection."""
        reach = sum(abs(a) for a, _, _ in self.waves)
        return bisected(self.forward, y, y - reach, y + reach)


CZYZ_WIGGLY_X = Wiggly(((0.4, 1.0, 0.0), (0.2, 1.7, 1.0), (0.03, 3.3, -2.5)))
CZYZ_WIGGLY_Z = Wiggly(((-0.4, 0.4, 0.0), (0.17, 1.3, 3.5), (0.02, 4.3, -2.5)))
"""The two maps of Czyż et al. 2023, "wiggly"."""


@dataclass(frozen=True)
class TwoPeaks:
    """A standard normal column to one with two peaks: w N(low, 1) + (1 - w) N(high, 1), rank for rank.

    Args:
        weight: share of the lower peak, in (0, 1).
        low: mean of the lower peak.
        high: mean of the upper peak.
    """

    weight: float
    low: float
    high: float

    def __post_init__(self) -> None:
        if not 0 < self.weight < 1:
            raise ValueError(f"weight: {self.weight} given; expected a number between 0 and 1")

    def forward(self, x: FloatArray) -> FloatArray:
        """Quantiles of the two-peaked distribution at the normal ranks of x, by bisection."""
        ends = min(self.low, self.high), max(self.low, self.high)
        return bisected(self.inverse, x, x + ends[0], x + ends[1])

    def inverse(self, y: FloatArray) -> FloatArray:
        """Normal quantiles at the ranks of y; each tail is computed from its own side, where it is not rounded to 1."""
        below = self.weight * ndtr(y - self.low) + (1 - self.weight) * ndtr(y - self.high)
        above = self.weight * ndtr(self.low - y) + (1 - self.weight) * ndtr(self.high - y)
        return np.where(below < 0.5, ndtri(below), -ndtri(above))


@dataclass(frozen=True)
class Spiral:
    """Two columns rotated by the angle speed * |x|^2 radians, |x| the norm of the whole row.

    Volume- and norm-preserving. Source: Czyż et al. 2023, "spiral" (speed 1/3, X in columns 0 and 1, Z in 1 and 2).
    """

    speed: float
    plane: tuple[int, int] = (0, 1)

    def forward(self, x: FloatArray) -> FloatArray:
        """Rotated by +speed |x|^2."""
        return self._rotated(x, self.speed)

    def inverse(self, y: FloatArray) -> FloatArray:
        """Rotated back by the same angle, since the norm is unchanged."""
        return self._rotated(y, -self.speed)

    def _rotated(self, x: FloatArray, speed: float) -> FloatArray:
        first, second = self.plane
        if first == second or max(first, second) >= x.shape[1]:
            raise ValueError(f"plane: columns {self.plane} given; expected two different ones of {x.shape[1]}")
        angle = speed * (x**2).sum(axis=1)
        rotated = x.copy()
        rotated[:, first] = np.cos(angle) * x[:, first] - np.sin(angle) * x[:, second]
        rotated[:, second] = np.sin(angle) * x[:, first] + np.cos(angle) * x[:, second]
        return rotated


@dataclass(frozen=True)
class SwissRoll:
    """One column with values in [0, 1] rolled up in the plane: (n, 1) to (n, 2)."""

    def forward(self, x: FloatArray) -> FloatArray:
        """Points on the roll; the angle goes from 1.5 pi to 4.5 pi.

        Raises:
            ValueError: more than one column, or values outside [0, 1].
        """
        if x.shape[1] != 1 or x.min() < 0 or x.max() > 1:
            raise ValueError(f"SwissRoll: shape {x.shape} given; expected one column of values in [0, 1]")
        angle = 1.5 * math.pi * (1 + 2 * x[:, 0])
        return np.stack([angle * np.cos(angle), angle * np.sin(angle)], axis=1) / 21.0

    def inverse(self, y: FloatArray) -> FloatArray:
        """Positions along the roll, from the distance to its centre."""
        angle = 21.0 * np.hypot(y[:, 0], y[:, 1])
        return ((angle / (1.5 * math.pi) - 1) / 2)[:, None]


@dataclass(frozen=True)
class Chain:
    """Several deformations, applied in order."""

    links: tuple[Deformation, ...]

    def forward(self, x: FloatArray) -> FloatArray:
        """All maps in order."""
        for link in self.links:
            x = link.forward(x)
        return x

    def inverse(self, y: FloatArray) -> FloatArray:
        """The inverses in reverse order."""
        for link in reversed(self.links):
            y = link.inverse(y)
        return y


def bisected(
    increasing: Callable[[FloatArray], FloatArray], target: FloatArray, low: FloatArray, high: FloatArray
) -> FloatArray:
    """The x in [low, high] with increasing(x) = target, elementwise."""
    for _ in range(_BISECTIONS):
        middle = 0.5 * (low + high)
        below = increasing(middle) < target
        low, high = np.where(below, middle, low), np.where(below, high, middle)
    return 0.5 * (low + high)
