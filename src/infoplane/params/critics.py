"""Options shared by the sections that train critics."""

from __future__ import annotations

from pydantic import Field, field_validator

from infoplane.params.section import IntTuple, Options


class CriticSettings(Options):
    """Size and training of the critics of one quantity."""

    hidden: IntTuple
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
            raise ValueError("expected widths of at least 1, or [] for a linear critic")
        return hidden
