"""Injective maps of whole rows with parameters of their own, which leave mutual information as it is.

They follow :class:`~infoplane.distributions.deformations.Deformation`: each has its inverse, which also proves that
nothing is lost.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from scipy.special import ndtr, ndtri

from infoplane.common.aliases import FloatArray
from infoplane.distributions.deformations import bisected
from infoplane.distributions.population.draws import orthogonal

_LEAST_SLOPE = 0.1


@dataclass(frozen=True, eq=False)
class Linear:
    """Rows times a matrix with independent rows, shape (d, D), d <= D."""

    matrix: FloatArray = field(repr=False)

    def forward(self, x: FloatArray) -> FloatArray:
        """x times the matrix."""
        product: FloatArray = x @ self.matrix
        return product

    def inverse(self, y: FloatArray) -> FloatArray:
        """y times its pseudoinverse."""
        back: FloatArray = y @ np.linalg.pinv(self.matrix)
        return back


@dataclass(frozen=True, eq=False)
class Scaled:
    """Each column times its own factor above 0, plus its own shift; both of shape (d,)."""

    factors: FloatArray = field(repr=False)
    shifts: FloatArray = field(repr=False)

    def forward(self, x: FloatArray) -> FloatArray:
        """The scaled columns."""
        return x * self.factors + self.shifts

    def inverse(self, y: FloatArray) -> FloatArray:
        """The columns before."""
        return (y - self.shifts) / self.factors


@dataclass(frozen=True)
class Bent:
    """Each value to tanh(value) + value / 10: nearly flat far from 0, yet nothing is lost to rounding there."""

    def forward(self, x: FloatArray) -> FloatArray:
        """The bent values."""
        return np.tanh(x) + _LEAST_SLOPE * x

    def inverse(self, y: FloatArray) -> FloatArray:
        """By bisection."""
        return bisected(self.forward, y, (y - 1) / _LEAST_SLOPE, (y + 1) / _LEAST_SLOPE)


@dataclass(frozen=True, eq=False)
class Margins:
    """Each column through an increasing function of its own.

    Args:
        kinds: of each column, names in :data:`MARGINS`.
        parameters: shape (d, 3), from 0 to 1; what they do depends on the kind.
    """

    kinds: tuple[str, ...]
    parameters: FloatArray = field(repr=False)

    def forward(self, x: FloatArray) -> FloatArray:
        """The columns with new margins."""
        changed = [MARGINS[kind](x[:, j], *self.parameters[j]) for j, kind in enumerate(self.kinds)]
        return np.stack(changed, axis=1)

    def inverse(self, y: FloatArray) -> FloatArray:
        """By bisection."""
        return bisected(self.forward, y, np.full(y.shape, -12.0), np.full(y.shape, 12.0))


def _power(x: FloatArray, a: float, _b: float, _c: float) -> FloatArray:
    return np.sign(x) * np.abs(x) ** (0.5 + 2 * a)


def _exponential(x: FloatArray, a: float, _b: float, _c: float) -> FloatArray:
    return np.exp((0.3 + a) * x)


def _uniform(x: FloatArray, _a: float, _b: float, _c: float) -> FloatArray:
    return np.asarray(ndtr(x))


def _short_tails(x: FloatArray, a: float, _b: float, _c: float) -> FloatArray:
    return np.arcsinh((0.5 + 3 * a) * x)


def _long_tails(x: FloatArray, a: float, _b: float, _c: float) -> FloatArray:
    return np.sinh((0.3 + 0.9 * a) * x)


def _two_peaks(x: FloatArray, a: float, b: float, c: float) -> FloatArray:
    # A steep step between two flat parts: two heaps with few values between them.
    return np.asarray(0.3 * x + (1 + 2 * a) * ndtr((x - 2 * b + 1) / (0.1 + 0.2 * c)))


def _waves(x: FloatArray, a: float, b: float, c: float) -> FloatArray:
    frequency = 1 + 4 * a
    return np.asarray(x + 0.95 * b / frequency * np.sin(frequency * x + 6.283 * c))


def _as_it_is(x: FloatArray, _a: float, _b: float, _c: float) -> FloatArray:
    return x


MARGINS = {
    "as it is": _as_it_is,
    "power": _power,
    "exponential": _exponential,
    "uniform": _uniform,
    "short tails": _short_tails,
    "long tails": _long_tails,
    "two peaks": _two_peaks,
    "waves": _waves,
}
"""Increasing functions of a standard normal column."""


def random_margins(rng: np.random.Generator, d: int) -> Margins:
    """All columns of one kind, or each of its own."""
    names = tuple(MARGINS)
    if rng.random() < 0.5:
        return Margins((names[rng.integers(len(names))],) * d, rng.random((d, 3)))
    return Margins(tuple(names[i] for i in rng.integers(len(names), size=d)), rng.random((d, 3)))


def random_scales(rng: np.random.Generator, d: int) -> Scaled:
    """Factors over up to four decades and shifts of up to a few times those."""
    spread = rng.uniform(0.0, 2.0)
    factors = 10 ** rng.uniform(-spread, spread, size=d)
    return Scaled(factors, factors * rng.uniform(-3.0, 3.0, size=d))


def random_mixing(rng: np.random.Generator, d: int) -> Linear:
    """A rotation, or any matrix with singular values within a factor e of each other."""
    if rng.random() < 0.5:
        return Linear(orthogonal(rng, d))
    return Linear(orthogonal(rng, d) * np.exp(rng.uniform(-0.5, 0.5, size=d)) @ orthogonal(rng, d))


@dataclass(frozen=True)
class Twist:
    """The plane of two columns turned by an angle that grows with a third: ``speed`` times its value, in radians."""

    speed: float
    plane: tuple[int, int]
    along: int

    def forward(self, x: FloatArray) -> FloatArray:
        """Turned by the angle."""
        return self._turned(x, self.speed)

    def inverse(self, y: FloatArray) -> FloatArray:
        """Turned back."""
        return self._turned(y, -self.speed)

    def _turned(self, x: FloatArray, speed: float) -> FloatArray:
        (i, j), angle = self.plane, speed * x[:, self.along]
        turned = x.copy()
        turned[:, i] = np.cos(angle) * x[:, i] - np.sin(angle) * x[:, j]
        turned[:, j] = np.sin(angle) * x[:, i] + np.cos(angle) * x[:, j]
        return turned


@dataclass(frozen=True, eq=False)
class Bumps:
    """Latent normal columns drawn as images: one round bump on a square grid of pixels.

    The first column moves the bump across, the second down, the third changes its width; missing ones stay at 0.

    Args:
        side: pixels along each side, at least 3.
        latents: 1, 2 or 3 columns.
        width: of the bump, as a share of the side.
    """

    side: int
    latents: int
    width: float

    def forward(self, x: FloatArray) -> FloatArray:
        """Brightness of the pixels, shape (n, side^2), from 0 to 1."""
        across, down, precision = self._geometry(x)
        grid = (np.arange(self.side) + 0.5) / self.side
        columns = np.exp(-0.5 * precision * (grid - across) ** 2)
        lines = np.exp(-0.5 * precision * (grid - down) ** 2)
        return (lines[:, :, None] * columns[:, None, :]).reshape(len(x), -1)

    def inverse(self, y: FloatArray) -> FloatArray:
        """From the logarithms, which are quadratic functions of the position."""
        grid = (np.arange(self.side) + 0.5) / self.side
        images = np.log(y.reshape(-1, self.side, self.side))
        powers = np.linalg.pinv(np.stack([np.ones(self.side), grid, grid**2], axis=1))
        across, down = images.mean(axis=1) @ powers.T, images.mean(axis=2) @ powers.T
        precision = -2 * across[:, 2]
        latents = [ndtri(across[:, 1] / precision), ndtri(down[:, 1] / precision), self._width_latent(precision)]
        return np.stack(latents[: self.latents], axis=1)

    def _geometry(self, x: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        full = np.zeros((len(x), 3))
        full[:, : self.latents] = x
        precision = (self.width * np.exp(0.2 * full[:, 2])) ** -2
        return ndtr(full[:, :1]), ndtr(full[:, 1:2]), precision[:, None]

    def _width_latent(self, precision: FloatArray) -> FloatArray:
        return np.asarray(np.log(precision**-0.5 / self.width) / 0.2)
