"""Distributions made of others: through injective maps, and with further columns that carry nothing."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from infoplane.common import seeds
from infoplane.common.aliases import Array, FloatArray
from infoplane.distributions.base import Distribution, WithPointwise, as_columns
from infoplane.distributions.deformations import Chain, Deformation
from infoplane.distributions.deformed import Deformed
from infoplane.distributions.independent import Stacked


@dataclass(frozen=True, eq=False)
class Mapped(Deformed):
    """:class:`~infoplane.distributions.Deformed`, which also hands on the standard error of its base."""

    def standard_error(self) -> float:
        """Of the mutual information, in nats."""
        return standard_error(self.base)


@dataclass(frozen=True, eq=False)
class Padded:
    """``base`` with further normal columns, independent of everything, behind those of X and of Z: I stays.

    Args:
        base: the distribution.
        more_x: how many columns more.
        more_z: likewise; must be 0 where Z is a label.
        width: standard deviation of the further columns.
    """

    base: Distribution
    more_x: int
    more_z: int = 0
    width: float = 1.0

    def sample(self, n: int, seed: int) -> tuple[Array, Array]:
        """n pairs."""
        x, z = self.base.sample(n, seed)
        rng = seeds.generator(seed, "padded")
        return self._behind(x, self.more_x, rng), self._behind(z, self.more_z, rng)

    def mutual_information(self) -> float:
        """I(X; Z) in nats, that of base."""
        return self.base.mutual_information()

    def standard_error(self) -> float:
        """Of the mutual information, in nats."""
        return standard_error(self.base)

    def pointwise(self, x: Array, z: Array) -> FloatArray:
        """Pointwise information of each pair, shape (n,): that of base without the further columns."""
        if not isinstance(self.base, WithPointwise):
            raise ValueError(f"{type(self.base).__name__} has no pointwise information")
        own_x = x[:, : x.shape[1] - self.more_x]
        return self.base.pointwise(own_x, z[:, : z.shape[1] - self.more_z] if self.more_z else z)

    def _behind(self, columns: Array, more: int, rng: np.random.Generator) -> Array:
        if not more:
            return columns
        own = as_columns(columns)
        return np.concatenate([own, self.width * rng.standard_normal((len(own), more))], axis=1)


@dataclass(frozen=True)
class SideBySide(Stacked):
    """:class:`~infoplane.distributions.Stacked`, with the standard error of the sum."""

    def standard_error(self) -> float:
        """Of the mutual information, in nats."""
        return math.sqrt(sum(standard_error(part) ** 2 for part in self.parts))


def standard_error(distribution: Distribution) -> float:
    """Standard error of a distribution's mutual information: 0 where it is exact."""
    error = getattr(distribution, "standard_error", None)
    return 0.0 if error is None else float(error())


def mapped(
    base: Distribution, x_maps: list[Deformation] | None = None, z_maps: list[Deformation] | None = None
) -> Mapped:
    """``base`` with X and Z through chains of injective maps, the first of them first."""
    return Mapped(base, Chain(tuple(x_maps)) if x_maps else None, Chain(tuple(z_maps)) if z_maps else None)
