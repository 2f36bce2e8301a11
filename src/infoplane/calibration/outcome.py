"""The result of a suite: numbers for its metrics file, and the rows that its figures are drawn from."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from infoplane.calibration.readings import Reading

FITTED, CHOSEN, PUBLISHED = "mine, fitted on", "mine, chosen on", "published, on its own batches"
"""Lines of the learning curves on mixtures."""

CURVE_COLUMNS = ("panel", "line", "at", "nats", "low", "high")
SCATTER_COLUMNS = ("panel", "x1", "x2", "class", "density")


@dataclass(frozen=True)
class Outcome:
    """Numbers of one suite; the only times among them are the readings' CPU seconds."""

    suite: str
    metrics: dict[str, Any]
    """Contents of the metrics file."""
    readings: list[Reading] = field(default_factory=list, repr=False)
    curves: list[dict[str, Any]] = field(default_factory=list, repr=False)
    """Rows of curves that the suite's own figure draws: ``panel, line, at, nats`` and perhaps ``low, high``."""
    scatter: list[dict[str, Any]] = field(default_factory=list, repr=False)
    """Points in the plane: samples with their ``class``, and the ``density`` at the points of an even grid."""


def point(
    panel: str, line: str, at: float, nats: float | None, low: float | None = None, high: float | None = None
) -> dict[str, Any]:
    """One row of a curve; None where the value is not finite."""
    return {"panel": panel, "line": line, "at": at, "nats": nats, "low": low, "high": high}
