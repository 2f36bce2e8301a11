"""A known distribution seen through invertible maps of X and of Z."""

from __future__ import annotations

from dataclasses import dataclass

from infoplane.distributions.base import Array, Distribution, FloatArray, WithPointwise, two_columns
from infoplane.distributions.deformations import Deformation, Identity


@dataclass(frozen=True)
class Deformed:
    """``base`` with X and Z (where it is no label) each through an injective map; the information is that of base."""

    base: Distribution
    x_map: Deformation = Identity()
    z_map: Deformation = Identity()

    def sample(self, n: int, seed: int) -> tuple[Array, Array]:
        """n deformed pairs of base."""
        x, z = self.base.sample(n, seed)
        if isinstance(self.z_map, Identity):  # leaves labels labels
            return self.x_map.forward(two_columns(x)), z
        return self.x_map.forward(two_columns(x)), self.z_map.forward(two_columns(z))

    def mutual_information(self) -> float:
        """I(X; Z) in nats, that of base."""
        return self.base.mutual_information()

    def pointwise(self, x: Array, z: Array) -> FloatArray:
        """Pointwise information of each pair, shape (n,): that of base at the points before deformation.

        Raises:
            ValueError: base does not know its own.
        """
        if not isinstance(self.base, WithPointwise):
            raise ValueError(f"{type(self.base).__name__} has no pointwise information")
        if not isinstance(self.z_map, Identity):
            z = self.z_map.inverse(two_columns(z))
        return self.base.pointwise(self.x_map.inverse(two_columns(x)), z)
