"""Files of a suite: the table of its readings, its figures one by one, and a page with all of them."""

from __future__ import annotations

from pathlib import Path

from infoplane.calibration.options import Settings
from infoplane.calibration.outcome import Outcome
from infoplane.common import io
from infoplane.plots import calibration_gallery, style


def write(folder: Path, outcome: Outcome, settings: Settings, question: str, *, times: bool) -> None:
    """Write ``readings.csv``, ``<figure>.svg`` and ``index.html`` into an existing folder.

    With ``times`` the figure of error against time is among them, and no two runs write the same files.
    """
    table, columns = outcome.table
    io.save_table(folder / "readings.csv", table, columns)
    drawings = calibration_gallery.draw_all(outcome, settings, question)
    if times:
        drawings += calibration_gallery.draw_time(outcome, question)
    for drawing in drawings:
        io.save_text(folder / f"{drawing.name}.svg", style.to_svg(drawing.figure))
    io.save_text(folder / "index.html", calibration_gallery.page(outcome.suite, drawings))


def log_times(log: Path, name: str, outcome: Outcome, question: str) -> None:
    """Write ``<name>.csv`` and ``<name>.svg``: CPU time of every reading, and error against time."""
    times, columns = outcome.times
    io.save_table(log / f"{name}.csv", times, columns)
    for drawing in calibration_gallery.draw_time(outcome, question):
        io.save_text(log / f"{name}.svg", style.to_svg(drawing.figure))
