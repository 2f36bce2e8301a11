"""Of all that an information plane shows, the few numbers worth comparing between runs."""

from __future__ import annotations

from typing import Any

from infoplane.plane.measure import Plane

COMPRESSION = ("exact", "exact_relative", "lower", "upper", "critics", "kde", "binning_fixed", "binning_adaptive")
"""Estimators whose compression is compared between runs."""


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
