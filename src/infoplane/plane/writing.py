"""What the stage keeps of an information plane: figures, every verdict, and the few numbers worth comparing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from infoplane.common import io
from infoplane.plane.measure import Plane
from infoplane.plots import information_plane, style

COMPRESSION = ("exact", "exact_relative", "lower", "upper", "critics", "kde", "binning_fixed", "binning_adaptive")
"""Estimators whose compression is compared between runs."""


def write(folder: Path, plane: Plane) -> None:
    """Write the figures as SVG, and every verdict, into an existing folder."""
    table = plane.frame()
    entropy, n = plane.metrics["label_entropy"], plane.metrics["n"]
    figures = {"plane": information_plane.draw, "training": information_plane.draw_training}
    if plane.metrics["errors"]:
        figures["errors"] = information_plane.draw_errors
    for name, draw in figures.items():
        io.save_text(folder / f"{name}.svg", style.to_svg(draw(table, entropy, n)))
    io.save_json(folder / "verdicts.json", plane.metrics)


def headlines(plane: Plane) -> dict[str, Any]:
    """The metrics: accuracy, compression with its error, violations in total, mean absolute errors (nats), warnings."""
    metrics = plane.metrics
    return {
        "accuracy": metrics["accuracy"],
        "accuracy_lowest": metrics["accuracy_lowest"],
        "label_entropy": metrics["label_entropy"],
        "warnings": metrics["warnings"],
        "compression": {
            name: {layer: {"fall": one["fall"], "se": one["se"]} for layer, one in metrics["compression"][name].items()}
            for name in COMPRESSION
            if name in metrics["compression"]
        },
        "violations": {name: sum(counts.values()) for name, counts in metrics["violations"].items()},
        "mean_absolute_error": {
            name: {axis: one[f"{axis}_mean_absolute"] for axis in ("i_x", "i_y") if f"{axis}_mean_absolute" in one}
            for name, one in metrics["errors"].items()
        },
    }
