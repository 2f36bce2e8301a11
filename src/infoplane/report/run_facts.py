"""What the report says of the run itself: its images, its encoders, its parameters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from infoplane.results.numbers import counted, joined


@dataclass(frozen=True)
class RunFacts:
    """What was run, beyond its results.

    Args:
        sentence: what was run, in one line.
        facts: label and text, in order.
        parameters: {section: [(dotted key, value)]}.
        overfit_factor: by how much the learning rate of the last leg of training is multiplied.
    """

    sentence: str
    facts: Mapping[str, str] = field(default_factory=dict)
    parameters: Mapping[str, Sequence[tuple[str, str]]] = field(default_factory=dict)
    overfit_factor: float = 1.0


def sentence(images: Mapping[str, Any], encoders: Sequence[str], stops: Sequence[int]) -> str:
    """What was run, in one line; ``images`` are the contents of ``metrics/images.json``."""
    counts = {split: sum(classes.values()) for split, classes in images["counts"].items()}
    text = f"{counted(images['images'], 'image')} ({images['source']}) in {len(images['classes'])} classes, "
    text += f"{counts['train']:,} to train and {counts['test']:,} to test; {counted(len(encoders), 'encoder')}: "
    text += f"{joined(list(encoders))}; classifiers kept after "
    return f"{text}{joined([str(stop) for stop in stops])} epoch{'' if list(stops) == [1] else 's'}."


def facts(images: Mapping[str, Any]) -> dict[str, str]:
    """Of the images what the sentence leaves out, as label and text."""
    return {"Classes": ", ".join(map(str, images["classes"])), "Skipped files": str(images["skipped"])}


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
