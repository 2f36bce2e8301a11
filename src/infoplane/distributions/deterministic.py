"""Continuous variables of which one determines the other, so that their mutual information is infinite."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from infoplane.common import seeds
from infoplane.common.aliases import FloatArray
from infoplane.distributions.base import stream


@dataclass(frozen=True)
class LinearMap:
    """X standard normal in ``dimension`` dimensions, Z = X, or Z = X M with a fixed random matrix M.

    Args:
        dimension: of X.
        to: dimension of Z = X M, the entries of M normal with variance 1 / dimension; None for Z = X.
        map_seed: seed of the matrix M.

    Raises:
        ValueError: a dimension below 1.
    """

    dimension: int
    to: int | None = None
    map_seed: int = 0

    def __post_init__(self) -> None:
        if self.dimension < 1 or (self.to is not None and self.to < 1):
            raise ValueError(f"dimension: {self.dimension} to {self.to} given; expected at least 1")

    def sample(self, n: int, seed: int) -> tuple[FloatArray, FloatArray]:
        """n pairs: x (n, dimension), z (n, to)."""
        x = stream(n, seed, "linear_map").standard_normal((n, self.dimension))
        return x, x.copy() if self.to is None else x @ self.matrix()

    def matrix(self) -> FloatArray:
        """M, shape (dimension, to); the identity for Z = X."""
        if self.to is None:
            return np.eye(self.dimension)
        entries = seeds.generator(self.map_seed, "linear_map", "matrix").standard_normal((self.dimension, self.to))
        return entries / math.sqrt(self.dimension)

    def mutual_information(self) -> float:
        """Infinity: Z fixes at least one continuous coordinate of X."""
        return math.inf
