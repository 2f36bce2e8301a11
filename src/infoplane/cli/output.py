"""What the commands share: files named in errors, JSON, and numbers as text."""

from __future__ import annotations

import argparse
import contextlib
import json
import math
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

_NAME_WIDTH = 10


@dataclass(frozen=True)
class Command:
    """One sub-command: its name, its summary, a function that declares its arguments and one that runs it."""

    name: str
    summary: str
    declare: Callable[[argparse.ArgumentParser], None]
    run: Callable[[argparse.Namespace], None]


@contextlib.contextmanager
def naming_files(files: Mapping[str, str | None]) -> Iterator[None]:
    """Put the name of the file in place of the argument in a ValueError, such as "x has 9 rows and z has 8"."""
    try:
        yield
    except ValueError as error:
        given = {name: file for name, file in files.items() if file is not None}
        argument = re.compile(rf"(?<![\w'/.-])({'|'.join(given)})(?=: | has | is | must )")
        raise ValueError(argument.sub(lambda match: given[match[0]], str(error))) from error


def declare_json(parser: argparse.ArgumentParser) -> None:
    """Declare ``--json``."""
    parser.add_argument("--json", action="store_true", help="one JSON object on standard output")


def print_json(fields: Mapping[str, Any]) -> None:
    """Print an object as JSON, with null for NaN and infinity."""
    print(json.dumps(_without_infinities(fields), allow_nan=False, ensure_ascii=False))


def _without_infinities(value: Any) -> Any:
    """``value`` with null for NaN and infinity, which JSON does not have."""
    if isinstance(value, Mapping):
        return {key: _without_infinities(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_without_infinities(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def name_and_text(head: str, text: str) -> str:
    """A line: a name, and what there is to say of it."""
    return f"{head:<{_NAME_WIDTH}} {text}"


def interval_text(low: float, high: float) -> str:
    """A 95 % interval in words."""
    if math.isinf(high):
        return f"at least {nats_text(low)} (95 %)"
    return f"95 % interval {nats_text(low)} to {nats_text(high)}"


def nats_text(value: float) -> str:
    """A number of nats, never "-0.000"."""
    return f"{value:.4g}" if abs(value) >= 10.0 else f"{value:z.3f}"
