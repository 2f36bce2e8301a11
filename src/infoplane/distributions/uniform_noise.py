"""A uniform variable plus bounded uniform noise, whose joint density has edges (hard for smooth critics)."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from infoplane.common.aliases import Array, FloatArray
from infoplane.distributions.base import as_columns, stream


@dataclass(frozen=True)
class UniformNoise:
    """X uniform on [0, 1], Z = X + N with N uniform on [-half_width, half_width].

    Raises:
        ValueError: a half width that is not above 0.

    Source: Czyż et al. 2023, "additive noise"; I = 1/(4 e) for e > 1/2, else e - ln(2 e).
    """

    half_width: float

    def __post_init__(self) -> None:
        if not self.half_width > 0:
            raise ValueError(f"half_width: {self.half_width} given; expected a number above 0")

    def sample(self, n: int, seed: int) -> tuple[FloatArray, FloatArray]:
        """n pairs: x (n, 1), z (n, 1)."""
        rng = stream(n, seed, "uniform_noise")
        x = rng.uniform(0.0, 1.0, size=(n, 1))
        return x, x + rng.uniform(-self.half_width, self.half_width, size=(n, 1))

    def mutual_information(self) -> float:
        """I(X; Z) in nats."""
        e = self.half_width
        return 1 / (4 * e) if e > 0.5 else e - math.log(2 * e)

    def pointwise(self, x: Array, z: Array) -> FloatArray:
        """Pointwise information of each pair, shape (n,); minus infinity where the pair cannot occur."""
        x, z, e = as_columns(x)[:, 0], as_columns(z)[:, 0], self.half_width
        # p(z) is the length of the x in [0, 1] within e of z, over the width of the noise.
        reachable = np.clip(np.minimum(1.0, z + e) - np.maximum(0.0, z - e), 0.0, None)
        possible = (np.abs(z - x) <= e) & (x >= 0) & (x <= 1)
        with np.errstate(divide="ignore"):
            ratio: FloatArray = np.where(possible, -np.log(reachable), -np.inf)
        return ratio
