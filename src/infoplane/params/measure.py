"""``measure``: how the informations are measured."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field, field_validator

from infoplane.params.section import Floats, Integers, Options, Section


class CriticSettings(Options):
    """Size and training of the critics of one quantity."""

    hidden: Integers
    batch_size: int = Field(ge=2)
    learning_rate: float = Field(gt=0)
    weight_decay: float = Field(ge=0)
    max_steps: int = Field(ge=1)
    evaluate_every: int = Field(ge=1)
    patience: int = Field(ge=1)
    folds: int = Field(ge=2, le=20)

    @field_validator("hidden")
    @classmethod
    def _widths(cls, hidden: tuple[int, ...]) -> tuple[int, ...]:
        if any(width < 1 for width in hidden):
            raise ValueError("widths of at least 1 are allowed; [] is a linear critic")
        return hidden


class Measure(Section):
    """Noise levels, critics and neighbours (see params.yaml)."""

    key: ClassVar[str] = "measure"

    noise_std: float = Field(gt=0)
    noise_curve: Floats
    aa_mine: CriticSettings
    mine: CriticSettings
    probe: CriticSettings
    neighbours: int = Field(ge=1, le=100)

    @field_validator("noise_curve")
    @classmethod
    def _positive(cls, levels: tuple[float, ...]) -> tuple[float, ...]:
        if any(level <= 0 for level in levels) or len(set(levels)) < len(levels):
            raise ValueError("distinct numbers greater than 0 are allowed; [] measures at measure.noise_std alone")
        return levels
