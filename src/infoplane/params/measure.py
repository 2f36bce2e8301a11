"""``measure``: how the mutual informations are measured."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field, field_validator

from infoplane.params.critics import CriticSettings
from infoplane.params.section import FloatTuple, Section


class Measure(Section):
    """Noise levels, critics and neighbours (see params.yaml)."""

    key: ClassVar[str] = "measure"

    noise_std: float = Field(gt=0)
    noise_curve: FloatTuple
    aa_mine: CriticSettings
    mine: CriticSettings
    probe: CriticSettings
    neighbours: int = Field(ge=1, le=100)

    @field_validator("noise_curve")
    @classmethod
    def _positive(cls, levels: tuple[float, ...]) -> tuple[float, ...]:
        if any(level <= 0 for level in levels) or len(set(levels)) < len(levels):
            raise ValueError("expected distinct numbers greater than 0, or [] to measure at measure.noise_std alone")
        return levels
