"""Independent variables, and independent pairs side by side."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from infoplane.common import seeds
from infoplane.common.aliases import Array, FloatArray
from infoplane.distributions.base import Distribution, as_columns


@dataclass(frozen=True)
class Independent:
    """X of one distribution and Z of another (or the same), drawn independently: I = 0."""

    x_source: Distribution
    z_source: Distribution

    def sample(self, n: int, seed: int) -> tuple[Array, Array]:
        """n pairs whose halves come from two separate draws."""
        x, _ = self.x_source.sample(n, seeds.integer_seed(seed, "independent", "x"))
        _, z = self.z_source.sample(n, seeds.integer_seed(seed, "independent", "z"))
        return x, z

    def mutual_information(self) -> float:
        """0 nats."""
        return 0.0

    def pointwise(self, x: Array, z: Array) -> FloatArray:
        """0 for each pair."""
        return np.zeros(len(x))


@dataclass(frozen=True)
class Stacked:
    """Independent pairs side by side, X = (X_1, X_2, ...), Z = (Z_1, Z_2, ...): I(X; Z) is the sum of the I(X_i; Z_i).

    Raises:
        ValueError: no parts.
    """

    parts: tuple[Distribution, ...]

    def __post_init__(self) -> None:
        if not self.parts:
            raise ValueError("parts: none given; expected at least one distribution")

    def sample(self, n: int, seed: int) -> tuple[FloatArray, FloatArray]:
        """n pairs; labels become columns of numbers."""
        drawn = [
            part.sample(n, seeds.integer_seed(seed, "stacked", position)) for position, part in enumerate(self.parts)
        ]
        return (
            np.concatenate([as_columns(x) for x, _ in drawn], axis=1),
            np.concatenate([as_columns(z) for _, z in drawn], axis=1),
        )

    def mutual_information(self) -> float:
        """The sum of the parts' informations in nats."""
        return sum(part.mutual_information() for part in self.parts)
