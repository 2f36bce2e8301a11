"""``encoders`` and ``encoder_options``: the networks, and what belongs to one of them alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import Field

from infoplane.params.section import PARAMS_FILE, Options, parse, read_keys, read_yaml


class EncoderOptions(Options):
    """What may be set for one encoder."""

    image_size: int | None = Field(default=None, ge=16, le=2048)


def load_encoders(path: Path = PARAMS_FILE) -> tuple[str, ...]:
    """The names of the encoders, in their order.

    Raises:
        ValueError: no list of distinct names.
    """
    read_keys.add("encoders")
    names: Any = read_yaml(path).get("encoders")
    if not isinstance(names, list) or not names or not all(isinstance(name, str) for name in names):
        raise ValueError(f"{path}: encoders: {names!r} given, a list of one or more encoder names is wanted")
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(f"{path}: encoders: {', '.join(twice)} listed more than once")
    return tuple(names)


def load_encoder_options(encoder: str, path: Path = PARAMS_FILE) -> EncoderOptions:
    """The options of one encoder.

    Raises:
        ValueError: no entry for the encoder (``{}`` will do), or an unknown option.
    """
    read_keys.add(f"encoder_options.{encoder}")
    options: Any = read_yaml(path).get("encoder_options")
    if not isinstance(options, dict) or encoder not in options:
        raise ValueError(f"{path}: encoder_options.{encoder}: missing; add an entry, `{encoder}: {{}}` will do")
    return parse(EncoderOptions, options[encoder], path, f"encoder_options.{encoder}")
