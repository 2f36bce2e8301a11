"""Shared by all sections of ``params.yaml``: strict validation, errors of one line, and a record of the keys read."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from copy import deepcopy
from functools import cache
from pathlib import Path
from typing import Annotated, Any, ClassVar, Self, TypeVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

PARAMS_FILE = Path("params.yaml")

read_keys: set[str] = set()
"""Every key that this process has read so far, as dotted paths; the tests compare it with dvc.yaml."""


def _from_list(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


IntTuple = Annotated[tuple[int, ...], BeforeValidator(_from_list)]
FloatTuple = Annotated[tuple[float, ...], BeforeValidator(_from_list)]
NameTuple = Annotated[tuple[str, ...], BeforeValidator(_from_list)]
"""YAML lists, kept as tuples."""


def _one_line(text: str) -> str:
    if not text.isprintable():
        raise ValueError("expected text without control characters")
    return text


Line = Annotated[str, Field(min_length=1), AfterValidator(_one_line)]
"""A path or a name, which errors show in one line."""

Model = TypeVar("Model", bound=BaseModel)


class Options(BaseModel):
    """A frozen group of values: no conversions, no unknown keys."""

    model_config = ConfigDict(strict=True, frozen=True, extra="forbid", allow_inf_nan=False)


class Section(Options):
    """One section of ``params.yaml``; reading a field records its key."""

    key: ClassVar[str]

    def __getattribute__(self, name: str) -> Any:
        if not name.startswith("_") and name in type(self).model_fields:
            read_keys.add(f"{type(self).key}.{name}")
        return super().__getattribute__(name)

    @classmethod
    def load(cls, path: Path = PARAMS_FILE) -> Self:
        """The validated section of the file.

        Raises:
            ValueError: a missing or unknown key or a wrong value; a line for each.
        """
        return parse(cls, read_yaml(path).get(cls.key), path, cls.key)


def read_yaml(path: Path = PARAMS_FILE) -> dict[str, Any]:
    """The whole file as plain data, by YAML 1.2 rules (so that 1e-4 is a number).

    Raises:
        ValueError: no such file, or not a YAML mapping.
    """
    try:
        data = deepcopy(_read(path.read_bytes()))
    except FileNotFoundError:
        raise ValueError(f"{path}: no such file; run from the top of the repository") from None
    except (YAMLError, RecursionError, ValueError) as error:  # nested too deep; a number of too many digits
        raise ValueError(f"{path}: not valid YAML: {' '.join(str(error).split())}") from None
    if not isinstance(data, dict):
        raise ValueError(f"{path}: {type(data).__name__} given; expected a mapping of sections")
    return data


@cache
def _read(content: bytes) -> Any:
    """Every section is loaded by itself, and reading the file costs far more than copying what it says."""
    return YAML(typ="safe", pure=True).load(content)


def read_seed(path: Path = PARAMS_FILE) -> int:
    """The root seed, a whole number from 0 to 2**32 - 1."""
    read_keys.add("seed")
    seed = read_yaml(path).get("seed")
    if isinstance(seed, bool) or not isinstance(seed, int) or not 0 <= seed < 2**32:
        raise ValueError(f"{path}: seed: {seed!r} given; expected a whole number from 0 to 4294967295")
    return seed


def parse(model: type[Model], data: Any, path: Path, key: str) -> Model:
    """``data`` as a ``model``; every problem becomes one line that names the key and what was expected."""
    if not isinstance(data, dict):
        raise ValueError(
            f"{path}: {key}: {data!r} given; expected a section with the keys {_joined(model.model_fields)}"
        )
    try:
        return model.model_validate(data)
    except ValidationError as error:
        lines = [f"{path}: {_error_line(model, key, problem)}" for problem in error.errors()]
        raise ValueError("\n".join(lines)) from None


def _error_line(model: type[BaseModel], key: str, problem: Any) -> str:
    where = [str(part) for part in problem["loc"]]
    name = ".".join([key, *where])
    if problem["type"] == "extra_forbidden":
        allowed = _fields_at(model, where[:-1])
        close = difflib.get_close_matches(where[-1], allowed, n=1)
        hint = f" (did you mean {close[0]}?)" if close else ""
        return f"{name}: no such key{hint}; expected one of {_joined(allowed)}"
    if problem["type"] == "missing":
        return f"{name}: missing; expected a value"
    message = problem["msg"].removeprefix("Value error, ").replace("Input should be ", "expected ", 1)
    return f"{name}: {problem['input']!r} given; {message[:1].lower()}{message[1:]}"


def _fields_at(model: type[BaseModel], where: Iterable[str]) -> list[str]:
    for part in where:
        annotation = model.model_fields[part].annotation if part in model.model_fields else None
        if isinstance(annotation, type) and issubclass(annotation, BaseModel):
            model = annotation
    return list(model.model_fields)


def _joined(names: Iterable[str]) -> str:
    return ", ".join(names)
