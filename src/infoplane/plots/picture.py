"""A figure as SVG text, with its title, caption and description."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath


@dataclass(frozen=True)
class Picture:
    """One figure as SVG text, with a caption that says how to read it and a text for those who cannot see it."""

    name: str
    """Its place among the figures, without the ending: ``quantities``, ``calibration/discrete/errors``."""
    title: str
    caption: str
    alt: str
    wide: str
    """For a page or a screen, about 7.6 inches."""
    narrow: str = ""
    """For a phone, half as wide; empty where the figure has no narrow form."""

    @property
    def stem(self) -> str:
        """The last part of the name."""
        return PurePosixPath(self.name).name

    @property
    def anchor(self) -> str:
        """The name as an identifier within a page."""
        return self.name.replace("/", "-")
