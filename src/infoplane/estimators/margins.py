"""Monotone changes of single columns: they leave mutual information unchanged and make it easier to estimate."""

from __future__ import annotations

from typing import Literal

import numpy as np
import numpy.typing as npt

from infoplane.common.aliases import FloatArray
from infoplane.estimators.offsets import without_offsets

Scale = Literal["standard", "rank", "none"]
SCALES: tuple[Scale, ...] = ("standard", "rank", "none")

_ROUNDING_STEPS = 16.0
"""Values fewer floating-point steps apart than this count as one value with rounding errors."""


def standardised(x: npt.NDArray[np.generic]) -> FloatArray:
    """Every column with mean 0 and standard deviation 1; constant columns become 0. Shape (n, d), float64."""
    values = np.array(x, dtype=np.float64)
    varies = (values != values[:1]).any(axis=0)
    values -= np.where(varies, values.mean(axis=0), values[:1])  # a mean is rounded: constant columns by themselves
    largest = np.abs(values).max(axis=0)
    values /= np.where(largest > 0.0, largest, 1.0)  # first, so that squares neither overflow nor vanish
    std = values.std(axis=0)
    values /= np.where(std > 0.0, std, 1.0)
    return values


def normal_scores(x: npt.NDArray[np.generic]) -> FloatArray:
    """Every column mapped to a standard normal by its ranks: Phi^-1((rank - 1/2) / n), ties at their mean rank.

    Args:
        x: samples, shape (n, d).

    Returns:
        Scores, shape (n, d), float64.
    """
    from scipy.special import ndtri

    values = np.asarray(x)
    scores = np.empty(values.shape, dtype=np.float64)
    for column in range(values.shape[1]):
        _, group, count = np.unique(values[:, column], return_inverse=True, return_counts=True)
        below = np.cumsum(count) - count
        scores[:, column] = ndtri((below + 0.5 * count) / len(values))[group]
    return scores


def scaled(x: npt.NDArray[np.generic], scale: Scale) -> FloatArray:
    """``x`` as float64 with its columns standardised ("standard"), rank-normal ("rank") or unchanged ("none").

    Raises:
        ValueError: another ``scale``.
    """
    if scale == "standard":
        return standardised(x)
    if scale == "rank":
        return standardised(normal_scores(x))
    if scale == "none":
        return np.array(x, dtype=np.float64)
    raise ValueError(f"scale={scale!r} given; expected one of {', '.join(SCALES)}")


def break_ties(
    x: npt.NDArray[np.generic], generator: np.random.Generator, fraction: float = 0.1
) -> tuple[FloatArray, int]:
    """Separate equal values by uniform noise of at most ``fraction`` (< 1/2) of each column's smallest gap.

    X + U determines X exactly, and U is independent of everything, so I(X + U; Z) = I(X; Z): ties go, no information
    is lost and none is made. Columns without ties are returned without noise.

    Args:
        x: samples, shape (n, d).
        generator: source of the noise.
        fraction: half-width of the noise, as a share of the least gap.

    Returns:
        Samples as float64, shape (n, d), without offsets, and how many columns had ties.
    """
    if not 0.0 < fraction < 0.5:
        raise ValueError(f"fraction={fraction} given; expected above 0 and below 0.5")
    values = np.array(without_offsets(np.asarray(x)), dtype=np.float64)
    tied = 0
    for column in values.T:
        ordered = np.sort(column)
        gaps = np.diff(ordered)
        if len(gaps) == 0 or gaps.min() > 0.0:
            continue
        tied += 1
        real = gaps[gaps > _ROUNDING_STEPS * np.spacing(np.abs(ordered[1:]))]
        width = fraction * (real.min() if len(real) else 0.0)
        column += generator.uniform(-width, width, size=len(column))
    return values, tied
