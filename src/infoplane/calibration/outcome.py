"""What a suite hands back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from infoplane.calibration.readings import COLUMNS, TIME_COLUMNS, Reading, rows


@dataclass(frozen=True)
class Outcome:
    """Numbers of one suite: for the metrics file, for the table, for the figures."""

    suite: str
    metrics: dict[str, Any]
    """Contents of the metrics file; no times."""
    readings: list[Reading] = field(default_factory=list, repr=False)
    curves: list[dict[str, Any]] = field(default_factory=list, repr=False)
    """Rows of curves that the suite's own figure draws: ``panel, line, at, nats`` and perhaps ``low, high``."""

    @property
    def table(self) -> tuple[list[dict[str, Any]], Sequence[str]]:
        """Rows and columns of the readings, or of the curves where the suite has no readings."""
        return (rows(self.readings), COLUMNS) if self.readings else (self.curves, CURVE_COLUMNS)

    @property
    def times(self) -> tuple[list[dict[str, Any]], Sequence[str]]:
        """CPU seconds of every reading, for the run log."""
        return rows(self.readings, TIME_COLUMNS), TIME_COLUMNS


CURVE_COLUMNS = ("panel", "line", "at", "nats", "low", "high")


def point(
    panel: str, line: str, at: float, nats: float | None, low: float | None = None, high: float | None = None
) -> dict[str, Any]:
    """One row of a curve; None where the value is not finite."""
    return {"panel": panel, "line": line, "at": at, "nats": nats, "low": low, "high": high}
