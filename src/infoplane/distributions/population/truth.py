"""Truths that no formula gives: Monte Carlo of an exact density ratio, and entropies on a grid."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable
from functools import cached_property

import numpy as np

from infoplane.common import seeds
from infoplane.common.aliases import Array, FloatArray

TOLERANCE, RELATIVE_TOLERANCE = 0.004, 0.008
"""Monte Carlo goes on until the standard error is below the larger of these nats and this share of the value."""

_BLOCK = 5_000
_FEWEST_BLOCKS, _MOST_BLOCKS = 2, 400


def mean_of_terms(terms: Callable[[int, int], FloatArray], seed: int = 0) -> tuple[float, float]:
    """The mean of random terms, drawn block by block until it is known well enough.

    Args:
        terms: takes a number of samples and a seed, returns one term for each.
        seed: of the first block.

    Returns:
        The mean and its standard error.
    """
    drawn: list[FloatArray] = []
    for block in range(_MOST_BLOCKS):
        drawn.append(terms(_BLOCK, seeds.integer_seed(seed, "truth", block)))
        values = np.concatenate(drawn)
        mean, error = float(values.mean()), float(values.std(ddof=1)) / math.sqrt(len(values))
        if len(drawn) >= _FEWEST_BLOCKS and error <= max(TOLERANCE, RELATIVE_TOLERANCE * abs(mean)):
            break
    return mean, error


class MeasuredInformation(ABC):
    """A distribution whose information is computed once, when it is first asked for."""

    def mutual_information(self) -> float:
        """I(X; Z) in nats."""
        return self._information[0]

    def standard_error(self) -> float:
        """Of the mutual information, in nats."""
        return self._information[1]

    @cached_property
    @abstractmethod
    def _information(self) -> tuple[float, float]:
        """The information and its standard error, in nats."""


class MeanOfPointwise(MeasuredInformation):
    """A distribution whose information is the mean of its exact density ratio, by Monte Carlo."""

    @abstractmethod
    def sample(self, n: int, seed: int) -> tuple[Array, Array]:
        """n pairs."""

    @abstractmethod
    def pointwise(self, x: Array, z: Array) -> FloatArray:
        """Pointwise information of each pair, shape (n,)."""

    @cached_property
    def _information(self) -> tuple[float, float]:
        return mean_of_terms(lambda n, seed: self.pointwise(*self.sample(n, seed)))


def low_discrepancy(n: int, d: int, rng: np.random.Generator) -> FloatArray:
    """n evenly spread points in the unit cube, shape (n, d): a randomly shifted Kronecker lattice.

    The generator is the root of g^(d + 1) = g + 1 (the golden ratio for d = 1).
    """
    root = 2.0
    for _ in range(60):
        root = (1 + root) ** (1 / (d + 1))
    steps = root ** -np.arange(1.0, d + 1)
    points: FloatArray = (rng.random(d) + np.arange(1, n + 1)[:, None] * steps) % 1.0
    return np.clip(points, 1e-12, 1 - 1e-12)


def smoothed_entropy(signal: FloatArray, widths: FloatArray) -> float:
    """The differential entropy, in nats, of signal + width times a standard normal variable.

    Args:
        signal: equally likely values, shape (n,).
        widths: standard deviation of the noise at each of them, shape (n,) or (1,).

    The density is a mixture of normal densities on an even grid: the values are binned, each split linearly between
    neighbouring cells (which adds a variance of step^2 / 6 on average, taken off again), and all values of one level
    of width are convolved at once.
    """
    low_width, high_width = float(widths.min()), float(widths.max())
    step = low_width / 6
    reach = 9 * high_width
    start, end = float(signal.min()) - reach, float(signal.max()) + reach
    size = math.ceil((end - start) / step) + 2
    padded = 1 << (size - 1).bit_length()
    levels = np.geomspace(low_width, high_width, max(1, math.ceil(math.log(high_width / low_width) / 0.05) + 1))
    shares = _binned((signal - start) / step, padded, _positions(widths, levels), len(levels), len(signal))
    frequency = 2 * math.pi * np.fft.rfftfreq(padded, step)
    spectrum = np.zeros(len(frequency), dtype=complex)
    for share, level in zip(shares, levels, strict=True):
        spectrum += np.fft.rfft(share) * np.exp(-0.5 * frequency**2 * (level**2 - step**2 / 6))
    density = np.maximum(np.fft.irfft(spectrum, padded), 0.0) / step
    positive = density[density > 0]
    return -float((positive * np.log(positive)).sum()) * step


def _positions(widths: FloatArray, levels: FloatArray) -> FloatArray:
    """Where each width lies among the levels, whole numbers being levels."""
    if len(levels) == 1:
        return np.zeros(len(widths))
    spacing = math.log(levels[1] / levels[0])
    return np.asarray(np.clip(np.log(widths / levels[0]) / spacing, 0, len(levels) - 1))


def _binned(cells: FloatArray, size: int, positions: FloatArray, levels: int, n: int) -> FloatArray:
    """Probability of each cell at each level of width, shape (levels, size), split linearly between neighbours."""
    cell, level = cells.astype(np.int64), np.minimum(positions.astype(np.int64), max(levels - 2, 0))
    over, above = cells - cell, positions - level
    shares = np.zeros(levels * size)
    for next_level, level_share in ((0, 1 - above), (1, above)):
        if next_level and levels == 1:
            continue
        for next_cell, cell_share in ((0, 1 - over), (1, over)):
            index = (level + next_level) * size + cell + next_cell
            shares += np.bincount(np.broadcast_to(index, n), level_share * cell_share, minlength=levels * size)
    return shares.reshape(levels, size) / n


def normal_entropy(width: float) -> float:
    """Differential entropy of a normal variable with this standard deviation, in nats."""
    return 0.5 * math.log(2 * math.pi * math.e) + math.log(width)
