"""A page with all figures of one calibration suite, for a browser; nothing is loaded from elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from infoplane.calibration.outcome import Outcome
from infoplane.common import io
from infoplane.plots import calibration_pictures
from infoplane.plots.picture import Picture
from infoplane.report.templates import template


def render(suite: str, pictures: Sequence[Picture]) -> str:
    """The page as HTML text."""
    return template("suite.html", inline=inline).render(suite=suite, pictures=pictures).strip() + "\n"


def inline(picture: Picture) -> str:
    """The ``svg`` element alone, its identifiers made the figure's own: two figures on a page must not share any."""
    body = picture.wide[picture.wide.index("<svg") :]
    for before in ('id="', "url(#", 'href="#'):
        body = body.replace(before, f"{before}{picture.anchor}-")
    return body


def write(folder: Path, outcome: Outcome) -> None:
    """Draw a suite into a folder: its figures as ``<figure>.svg``, that of its times included, and ``index.html``."""
    pictures = calibration_pictures.pictures(outcome) + calibration_pictures.time_pictures(outcome)
    for picture in pictures:
        io.save_text(folder / f"{picture.stem}.svg", picture.wide)
    io.save_text(folder / "index.html", render(outcome.suite, pictures))
