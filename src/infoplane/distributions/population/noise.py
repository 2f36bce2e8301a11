"""Sums of columns of any shape plus noise of any shape: I(X; Z) = h(Z) - h(noise)."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.special import ndtr

from infoplane.common.aliases import FloatArray
from infoplane.distributions.base import stream
from infoplane.distributions.population.draws import solve

_STEPS_PER_WIDTH = 60
_ROOT3, _ROOT6 = math.sqrt(3), math.sqrt(6)


@dataclass(frozen=True)
class Shape:
    """A distribution of one variable.

    Args:
        cdf: its distribution function.
        draw: takes a generator and a size.
        support: an interval outside which it has less than 1e-13 of its mass.
        entropy: differential, in nats.
    """

    cdf: Callable[[FloatArray], FloatArray]
    draw: Callable[[np.random.Generator, tuple[int, ...]], FloatArray]
    support: tuple[float, float]
    entropy: float


def _laplace_cdf(x: FloatArray) -> FloatArray:
    tail = 0.5 * np.exp(-math.sqrt(2) * np.abs(x))
    return np.where(x < 0, tail, 1 - tail)


def _triangular_cdf(x: FloatArray) -> FloatArray:
    tail = 0.5 * (1 - np.clip(np.abs(x) / _ROOT6, 0, 1)) ** 2
    return np.where(x < 0, tail, 1 - tail)


def _two_heaps_cdf(x: FloatArray) -> FloatArray:
    return np.asarray(0.5 * (ndtr((x - 0.95) / 0.3122) + ndtr((x + 0.95) / 0.3122)))


SHAPES = {
    "uniform": Shape(
        lambda x: np.clip(0.5 + x / (2 * _ROOT3), 0, 1),
        lambda rng, size: rng.uniform(-_ROOT3, _ROOT3, size=size),
        (-_ROOT3, _ROOT3),
        math.log(2 * _ROOT3),
    ),
    "normal": Shape(
        lambda x: np.asarray(ndtr(x)),
        lambda rng, size: rng.standard_normal(size),
        (-7.5, 7.5),
        0.5 * math.log(2 * math.pi * math.e),
    ),
    "laplace": Shape(
        _laplace_cdf,
        lambda rng, size: rng.laplace(scale=math.sqrt(0.5), size=size),
        (-21.5, 21.5),
        1 + 0.5 * math.log(2),
    ),
    "exponential": Shape(
        lambda x: -np.expm1(-np.maximum(x, 0)), lambda rng, size: rng.exponential(size=size), (0.0, 30.0), 1.0
    ),
    "triangular": Shape(
        _triangular_cdf,
        lambda rng, size: rng.triangular(-_ROOT6, 0.0, _ROOT6, size=size),
        (-_ROOT6, _ROOT6),
        0.5 + math.log(_ROOT6),
    ),
    "two heaps": Shape(
        _two_heaps_cdf,
        lambda rng, size: np.where(rng.random(size) < 0.5, -0.95, 0.95) + 0.3122 * rng.standard_normal(size),
        (-3.5, 3.5),
        math.nan,
    ),
}
"""All with variance 1; the exponential starts at 0. "two heaps" serves for X alone."""
NOISES = tuple(name for name, shape in SHAPES.items() if not math.isnan(shape.entropy))


@dataclass(frozen=True)
class SumPlusNoise:
    """z = sum of factor_j x_j + width * noise, all independent.

    Args:
        shapes: of the columns of X, names in :data:`SHAPES`.
        factors: one for each column, above 0.
        noise: its shape, one of :data:`NOISES`.
        width: factor of the noise, above 0.
    """

    shapes: tuple[str, ...]
    factors: tuple[float, ...]
    noise: str
    width: float

    def sample(self, n: int, seed: int) -> tuple[FloatArray, FloatArray]:
        """n pairs: x (n, columns), z (n, 1)."""
        rng = stream(n, seed, "sum_plus_noise")
        x = np.concatenate([SHAPES[shape].draw(rng, (n, 1)) for shape in self.shapes], axis=1)
        return x, (x @ np.array(self.factors))[:, None] + self.width * SHAPES[self.noise].draw(rng, (n, 1))

    def mutual_information(self) -> float:
        """I(X; Z) in nats: both densities on a grid by differences of distribution functions, convolved."""
        return self._information

    @cached_property
    def _information(self) -> float:
        step = min(self.width, *self.factors) / _STEPS_PER_WIDTH
        cells = [_cells(SHAPES[s], f, step) for s, f in zip(self.shapes, self.factors, strict=True)]
        cells.append(_cells(SHAPES[self.noise], self.width, step))
        size = 1 << (sum(len(cell) for cell in cells) - 1).bit_length()
        spectrum = np.prod([np.fft.rfft(cell, size) for cell in cells], axis=0)
        z = np.maximum(np.fft.irfft(spectrum, size), 0)
        z = z[z > 1e-18]
        return -float((z * np.log(z)).sum()) + math.log(step) - SHAPES[self.noise].entropy - math.log(self.width)


def _cells(shape: Shape, factor: float, step: float) -> FloatArray:
    """Probabilities of cells of one width; the cells start at the support's lower end."""
    low, high = shape.support
    edges = factor * low + step * np.arange(math.ceil(factor * (high - low) / step) + 1)
    return np.diff(shape.cdf(np.asarray(edges / factor, dtype=np.float64)))


def sum_with_information(shapes: tuple[str, ...], factors: tuple[float, ...], noise: str, nats: float) -> SumPlusNoise:
    """The sum with noise as wide as leaves ``nats``, within widths of 0.01 to 30."""

    def precise(precision: float) -> float:
        return SumPlusNoise(shapes, factors, noise, 1 / precision).mutual_information()

    return SumPlusNoise(shapes, factors, noise, 1 / solve(precise, nats, 1 / 30, 100.0, steps=16))
