"""``embed``: how images become embeddings."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from infoplane.params.section import Line, Section


class Embed(Section):
    """Image size, batch size and the folder of the user's own networks (see params.yaml)."""

    key: ClassVar[str] = "embed"

    image_size: int = Field(ge=16, le=2048)
    batch_size: int = Field(ge=1, le=4096)
    path: Line
