"""Class labels that X determines: I(X; Y) is H(Y), and no lower bound may lie above it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np

from infoplane.common.aliases import Array, FloatArray
from infoplane.distributions.base import stream

Columns = Literal["one_hot", "embedding"]
Shares = Literal["equal", "counted", "unequal"]

_NOISE = 0.01
_WIDTH = 128


@dataclass(frozen=True)
class Determined:
    """Y in K classes; X = the centre of its class + 0.01 N(0, I), the centres at least 0.8 apart.

    Raises:
        ValueError: fewer than two classes.
    """

    classes: int
    columns: Columns = "one_hot"
    """The centres: one_hot, the unit vectors; embedding, random points of the unit sphere in 128 dimensions."""
    shares: Shares = "equal"
    """Of the classes: equal; counted: equal in each sample too, as in collected data (differing by one at most);
    unequal: p_k proportional to 1 / k."""

    def __post_init__(self) -> None:
        if self.classes < 2:
            raise ValueError(f"classes: {self.classes} given; expected at least 2")

    @property
    def probabilities(self) -> FloatArray:
        """p(y), shape (K,)."""
        weights = 1.0 / np.arange(1, self.classes + 1) if self.shares == "unequal" else np.ones(self.classes)
        shares: FloatArray = weights / weights.sum()
        return shares

    def sample(self, n: int, seed: int) -> tuple[Array, Array]:
        """n pairs: x of shape (n, K) or (n, 128), y of shape (n,)."""
        random = stream(n, seed, "determined")
        if self.shares == "counted":
            labels = random.permutation(np.arange(n) % self.classes)
        else:
            labels = random.choice(self.classes, size=n, p=self.probabilities)
        centres = self._centres()
        return centres[labels] + _NOISE * random.standard_normal((n, centres.shape[1])), labels.astype(np.int64)

    def _centres(self) -> FloatArray:
        if self.columns == "one_hot":
            return np.eye(self.classes)
        points = stream(1, self.classes, "determined centres").standard_normal((self.classes, _WIDTH))
        centres: FloatArray = points / np.linalg.norm(points, axis=1, keepdims=True)
        return centres

    def mutual_information(self) -> float:
        """H(Y) in nats; what the noise confuses (40 of its deviations between classes) is below 1e-100."""
        shares = self.probabilities
        return -math.fsum(float(p) * math.log(p) for p in shares)
