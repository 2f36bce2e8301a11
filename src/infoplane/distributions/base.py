"""The interface of distributions with known mutual information, and helpers that they share."""

from __future__ import annotations

import math
from typing import Any, Protocol, runtime_checkable

import numpy as np

from infoplane.common import seeds
from infoplane.common.aliases import Array, FloatArray


@runtime_checkable
class Distribution(Protocol):
    """A joint distribution of X and Z whose mutual information is known."""

    def sample(self, n: int, seed: int) -> tuple[Array, Array]:
        """n independent pairs: x of shape (n, dx); z of shape (n, dz), or (n,) integers when Z is a class label."""
        ...

    def mutual_information(self) -> float:
        """I(X; Z) in nats; infinity where Z determines a continuous part of X."""
        ...


@runtime_checkable
class WithPointwise(Distribution, Protocol):
    """A distribution whose density ratio is known at every point."""

    def pointwise(self, x: Array, z: Array) -> FloatArray:
        """ln p(x, z) / (p(x) p(z)) in nats of each pair, shape (n,); its mean over samples estimates I(X; Z)."""
        ...


def stream(n: int, seed: int, name: str) -> np.random.Generator:
    """The random generator of one call of ``sample``.

    Raises:
        ValueError: n below 1, or a negative seed.
    """
    if n < 1:
        raise ValueError(f"n: {n} given; expected at least 1 sample")
    if seed < 0:
        raise ValueError(f"seed: {seed} given; expected a whole number of at least 0")
    return seeds.generator(seed, "distributions", name)


def monte_carlo(distribution: WithPointwise, n: int, seed: int) -> tuple[float, float]:
    """I(X; Z) as the mean pointwise information of n fresh samples.

    Returns:
        The mean and its standard error, in nats.
    """
    terms = distribution.pointwise(*distribution.sample(n, seed))
    return float(terms.mean()), float(terms.std(ddof=1)) / math.sqrt(n)


def as_columns(x: Array) -> FloatArray:
    """Samples as float64 of shape (n, d); a 1-D array is one column."""
    values = np.asarray(x, dtype=np.float64)
    return values[:, None] if values.ndim == 1 else values


def as_positive_definite(matrix: Any, name: str) -> FloatArray:
    """``matrix`` as a symmetric positive definite float64 matrix.

    Raises:
        ValueError: another shape, not symmetric, or not positive definite.
    """
    values = np.array(matrix, dtype=np.float64)
    if values.ndim != 2 or values.shape[0] != values.shape[1]:
        raise ValueError(f"{name}: shape {values.shape} given; expected a square matrix")
    if not np.allclose(values, values.T, rtol=1e-10, atol=1e-12):
        raise ValueError(f"{name}: not symmetric; expected a symmetric matrix")
    smallest = float(np.linalg.eigvalsh(values)[0])
    if smallest <= 0:
        raise ValueError(f"{name}: smallest eigenvalue {smallest:.3g}; expected a positive definite matrix")
    return values


def require_both_sides(matrix: FloatArray, dx: int, name: str) -> None:
    """Raise ValueError unless ``dx`` leaves at least one column on either side."""
    if not 1 <= dx < len(matrix):
        raise ValueError(f"{name}: dx = {dx} given; expected 1 to {len(matrix) - 1} for {len(matrix)} columns")
