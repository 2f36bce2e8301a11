"""``data``: where the images come from and how they are split."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from infoplane.params.section import Section


class Data(Section):
    """The images of the pipeline (see params.yaml for meanings and ranges)."""

    key: ClassVar[str] = "data"

    source: Literal["mnist", "folder", "tfds", "arrays"]
    path: str = Field(min_length=1)
    name: str = Field(min_length=1)
    split: str = Field(min_length=1)
    parity: bool
    limit: int | None = Field(gt=0)
    test_fraction: float = Field(gt=0, lt=1)
    max_bad_share: float = Field(ge=0, lt=1)
