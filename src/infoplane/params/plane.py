"""``information_plane``: the networks that are trained and measured, and how."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field, field_validator

from infoplane.critics.networks import CriticOptions
from infoplane.params.critics import CriticSettings
from infoplane.params.section import NameTuple, Section
from infoplane.plane.measure import PlaneOptions
from infoplane.plane.network import ACTIVATIONS, SmallNet

DATA = ("sphere", "linear")
NETWORKS = {f"{data}-{activation}": (data, activation) for data in DATA for activation in ACTIVATIONS}
"""Data set and activation of each network, by name."""


class InformationPlane(Section):
    """Training of the small networks, noise, epochs and critics (see params.yaml)."""

    key: ClassVar[str] = "information_plane"

    networks: NameTuple
    noise: Literal["measured", "inside"]
    noise_std: float = Field(gt=0)
    relative_noise: float | None = Field(gt=0)
    epochs: int = Field(ge=1)
    learning_rate: float = Field(gt=0)
    momentum: float = Field(ge=0, lt=1)
    batch_size: int = Field(ge=1, le=4096)
    seeds: int = Field(ge=1)
    points: int = Field(ge=2)
    critic_points: int = Field(ge=0)
    bins: int = Field(ge=2)
    passes: int = Field(ge=2)
    aa_mine: CriticSettings
    mine: CriticSettings

    @field_validator("networks")
    @classmethod
    def _known(cls, networks: tuple[str, ...]) -> tuple[str, ...]:
        if any(name not in NETWORKS for name in networks) or len(set(networks)) < len(networks):
            raise ValueError(f"expected none or some of {', '.join(NETWORKS)}, each once")
        return networks

    def small_net(self, name: str) -> SmallNet:
        """The network called ``name``."""
        return SmallNet(
            activation=NETWORKS[name][1],
            epochs=self.epochs,
            learning_rate=self.learning_rate,
            momentum=self.momentum,
            batch_size=self.batch_size,
            noise_std=self.noise_std if self.noise == "inside" else 0.0,
        )

    def options(self) -> PlaneOptions:
        """The options of the measurement."""
        return PlaneOptions(
            noise_std=self.noise_std,
            relative_noise=self.relative_noise,
            points=self.points,
            critic_points=self.critic_points,
            bins=self.bins,
            passes=self.passes,
            aa_mine=CriticOptions(kind="separable", embedding=16, **self.aa_mine.model_dump()),
            mine=CriticOptions(**self.mine.model_dump()),
        )
