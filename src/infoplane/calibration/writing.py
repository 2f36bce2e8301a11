"""Files of a suite: the table of its readings, its figures one by one, and a page with all of them."""

from __future__ import annotations

from pathlib import Path

from infoplane import io
from infoplane.calibration.options import Settings
from infoplane.calibration.outcome import Outcome
from infoplane.plots import calibration_gallery, style


def write(folder: Path, outcome: Outcome, settings: Settings, question: str) -> None:
    """Write ``readings.csv``, ``<figure>.svg`` and ``index.html`` into an existing folder."""
    table, columns = outcome.table
    io.save_table(folder / "readings.csv", table, columns)
    drawings = calibration_gallery.draw_all(outcome, settings, question)
    for drawing in drawings:
        io.save_text(folder / f"{drawing.name}.svg", style.to_svg(drawing.figure))
    io.save_text(folder / "index.html", calibration_gallery.page(outcome.suite, drawings))
