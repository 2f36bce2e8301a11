"""A distribution of known mutual information with X and Z transformed by injective maps."""

from __future__ import annotations

from dataclasses import dataclass

from infoplane.common.aliases import Array, FloatArray
from infoplane.distributions.base import Distribution, WithPointwise, as_columns
from infoplane.distributions.deformations import Deformation


@dataclass(frozen=True)
class Deformed:
    """``base`` with X, Z or both transformed by an injective map (None: unchanged); I(X; Z) is that of base."""

    base: Distribution
    x_map: Deformation | None = None
    z_map: Deformation | None = None

    def sample(self, n: int, seed: int) -> tuple[Array, Array]:
        """n deformed pairs of base."""
        x, z = self.base.sample(n, seed)
        return (
            x if self.x_map is None else self.x_map.forward(as_columns(x)),
            z if self.z_map is None else self.z_map.forward(as_columns(z)),
        )

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
        return self.base.pointwise(
            x if self.x_map is None else self.x_map.inverse(as_columns(x)),
            z if self.z_map is None else self.z_map.inverse(as_columns(z)),
        )
