"""``encoders`` and ``encoder_options``: the names of the networks, and options of single ones."""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from typing import Any, Literal, Self

from pydantic import Field, field_validator, model_validator

from infoplane.params.section import PARAMS_FILE, Line, Options, parse, read_keys, read_yaml


class EncoderOptions(Options):
    """The options of one encoder."""

    image_size: int | None = Field(default=None, ge=16, le=2048)
    weights: Line | None = None
    model: Line | None = None
    layer: str | None = None
    preprocessing: Literal["none", "unit", "symmetric", "torch", "caffe"] = "none"

    @field_validator("weights", "model")
    @classmethod
    def _inside(cls, file: str | None) -> str | None:
        if file is not None and (PurePosixPath(file).is_absolute() or ".." in PurePosixPath(file).parts):
            raise ValueError("expected a file in embed.path, named by its path from there")
        return file

    @field_validator("model")
    @classmethod
    def _keras_file(cls, model: str | None) -> str | None:
        if model is not None and not model.endswith(".keras"):
            raise ValueError("expected a .keras file, as model.save writes it")
        return model

    @model_validator(mode="after")
    def _belong_together(self) -> Self:
        if self.weights is not None and self.model is not None:
            raise ValueError("expected weights or model, not both")
        if self.model is not None and self.layer is None:
            raise ValueError("layer is missing: the name of the model's layer that is read")
        if self.model is None and (self.layer is not None or self.preprocessing != "none"):
            raise ValueError("expected layer and preprocessing with model only")
        return self

    def file(self) -> dict[str, str | None] | None:
        """The options that say which file a network is made from, None without one."""
        if self.weights is None and self.model is None:
            return None
        return self.model_dump(exclude={"image_size"})


def load_encoders(path: Path = PARAMS_FILE) -> tuple[str, ...]:
    """The names of the encoders, in their order.

    Raises:
        ValueError: no list of distinct names.
    """
    read_keys.add("encoders")
    names: Any = read_yaml(path).get("encoders")
    if not isinstance(names, list) or not names or not all(isinstance(name, str) for name in names):
        raise ValueError(f"{path}: encoders: {names!r} given; expected a list of one or more encoder names")
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(f"{path}: encoders: {', '.join(twice)} listed more than once; expected each once")
    return tuple(names)


def load_encoder_options(encoder: str, path: Path = PARAMS_FILE) -> EncoderOptions:
    """The options of one encoder.

    Raises:
        ValueError: no entry for the encoder (``{}`` will do), or an unknown option.
    """
    read_keys.add(f"encoder_options.{encoder}")
    return _options(encoder, path)


def load_every_encoder_options(path: Path = PARAMS_FILE) -> dict[str, EncoderOptions]:
    """The options of all encoders in the list, by their names; the section counts as read as a whole.

    Raises:
        ValueError: as for the list and for each of them.
    """
    read_keys.add("encoder_options")
    return {encoder: _options(encoder, path) for encoder in load_encoders(path)}


def _options(encoder: str, path: Path) -> EncoderOptions:
    options: Any = read_yaml(path).get("encoder_options")
    if not isinstance(options, dict) or encoder not in options:
        raise ValueError(f"{path}: encoder_options.{encoder}: missing; add an entry, `{encoder}: {{}}` will do")
    return parse(EncoderOptions, options[encoder], path, f"encoder_options.{encoder}")
