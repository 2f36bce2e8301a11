"""What the report says of the run itself: its images, its encoders, its parameters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


def facts(images: Mapping[str, Any], encoders: Sequence[str], stops: Sequence[int]) -> dict[str, str]:
    """What was run, as label and text; ``images`` are the contents of ``metrics/images.json``."""
    counts = {split: sum(classes.values()) for split, classes in images["counts"].items()}
    return {
        "Images": f"{images['images']} from {images['source']}, {len(images['classes'])} classes",
        "Split": f"{counts['train']} for training, {counts['test']} for testing",
        "Skipped files": str(images["skipped"]),
        "Encoders": ", ".join(encoders),
        "Classifier kept after": ", ".join(map(str, stops)) + " epochs",
    }


def parameter_groups(values: Mapping[str, Any]) -> dict[str, list[tuple[str, str]]]:
    """Nested parameters as {section: [(dotted key, value)]}; what stands at the top is the section "general"."""
    groups: dict[str, list[tuple[str, str]]] = {}
    for key, value in values.items():
        if isinstance(value, Mapping):
            groups[key] = _leaves(value, "")
        else:
            groups.setdefault("general", []).append((key, _text(value)))
    return groups


def _leaves(values: Mapping[str, Any], prefix: str) -> list[tuple[str, str]]:
    found = []
    for key, value in values.items():
        if isinstance(value, Mapping) and value:
            found += _leaves(value, f"{prefix}{key}.")
        else:
            found.append((f"{prefix}{key}", _text(value)))
    return found


def _text(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(_text, value)) or "none"
    if value is None or value == {}:
        return "none" if value is None else "as above"
    return str(value).lower() if isinstance(value, bool) else f"{value:g}" if isinstance(value, float) else str(value)
