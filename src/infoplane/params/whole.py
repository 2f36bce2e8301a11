"""The parameters that the report shows, as plain data."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from infoplane.params.section import PARAMS_FILE, read_keys, read_yaml

SHOWN_SECTIONS = (
    "seed", "data", "encoders", "encoder_options", "embed", "classifier", "measure", "information_plane", "calibrate",
)  # fmt: skip
"""The sections of ``params.yaml`` that can change a result."""


def load_shown(path: Path = PARAMS_FILE) -> dict[str, Any]:
    """The sections in :data:`SHOWN_SECTIONS`; not validated here, since every stage validates them first.

    The keys are read as whole sections, so the stage that reads them declares them whole.

    Raises:
        ValueError: a section is missing.
    """
    values = read_yaml(path)
    missing = [key for key in SHOWN_SECTIONS if key not in values]
    if missing:
        raise ValueError(f"{path}: {', '.join(missing)}: missing")
    for key in SHOWN_SECTIONS:
        fields = values[key] if isinstance(values[key], dict) and key != "encoder_options" else {}
        read_keys.update({f"{key}.{field}" for field in fields} or {key})
    return {key: values[key] for key in SHOWN_SECTIONS}


def without_unused(values: dict[str, Any]) -> dict[str, Any]:
    """``values`` without the options of encoders and suites that are not part of the run."""
    suites = values["calibrate"]["suites"]
    shared = ("suites", "full", "critic", "published")
    return values | {
        "encoder_options": {name: values["encoder_options"].get(name) for name in values["encoders"]},
        "calibrate": {key: one for key, one in values["calibrate"].items() if key in (*shared, *suites)},
    }
