"""``data``: where the images come from and how they are split."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field, field_validator

from infoplane.images.sources import SOURCES
from infoplane.params.section import Line, Section


class Data(Section):
    """The images of the pipeline (see params.yaml for meanings and ranges)."""

    key: ClassVar[str] = "data"

    source: str
    path: Line
    name: Line
    split: Line
    parity: bool
    limit: int | None = Field(gt=0)
    test_fraction: float = Field(gt=0, lt=1)
    max_bad_share: float = Field(ge=0, lt=1)

    @field_validator("source")
    @classmethod
    def _known_source(cls, source: str) -> str:
        allowed = (*SOURCES, "arrays")
        if source not in allowed:
            raise ValueError(f"expected one of {', '.join(allowed)}")
        return source
