"""The tables of a suite as files: what its figures are drawn from, written and read back."""

from __future__ import annotations

import csv
import dataclasses
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from infoplane.calibration.outcome import CURVE_COLUMNS, SCATTER_COLUMNS, Outcome
from infoplane.calibration.readings import COLUMNS, TIME_COLUMNS, Reading, rows
from infoplane.common import io

_TEXT = ("task", "group", "method", "kind", "warnings", "panel", "line")
_WHOLE = ("n", "repeat", "class")


def write(folder: Path, outcome: Outcome) -> None:
    """Write ``readings.csv``, ``curves.csv`` and ``scatter.csv``, those that have rows, into an existing folder.

    None of them holds a time: two runs of a suite write the same files.
    """
    if outcome.readings:
        io.save_table(folder / "readings.csv", rows(outcome.readings), COLUMNS)
    if outcome.curves:
        io.save_table(folder / "curves.csv", outcome.curves, CURVE_COLUMNS)
    if outcome.scatter:
        io.save_table(folder / "scatter.csv", outcome.scatter, SCATTER_COLUMNS)


def read(folder: Path, suite: str, metrics: dict[str, Any]) -> Outcome:
    """A suite's outcome from its tables and the contents of its metrics file, in 6 digits, without times."""
    readings = [_reading(row) for row in _rows(folder / "readings.csv")]
    return Outcome(suite, metrics, readings, _rows(folder / "curves.csv"), _rows(folder / "scatter.csv"))


def write_times(file: Path, outcome: Outcome) -> None:
    """Write the CPU seconds of every reading as CSV: they differ from run to run, so they are no part of the tables."""
    io.save_table(file, rows(outcome.readings, TIME_COLUMNS), TIME_COLUMNS)


def with_times(outcome: Outcome, file: Path) -> Outcome:
    """The outcome with the CPU seconds that :func:`write_times` wrote; None for readings that the file lacks."""
    seconds = {_cell(row): row["cpu_seconds"] for row in _rows(file)}
    timed = [
        dataclasses.replace(one, cpu_seconds=seconds.get(_cell(dataclasses.asdict(one)))) for one in outcome.readings
    ]
    return dataclasses.replace(outcome, readings=timed)


def _cell(row: Mapping[str, Any]) -> tuple[Any, ...]:
    return tuple(row[name] for name in TIME_COLUMNS if name != "cpu_seconds")


def _rows(file: Path) -> list[dict[str, Any]]:
    """The rows of a CSV file with numbers as numbers and empty fields as None; none without the file."""
    if not file.exists():
        return []
    with file.open(encoding="utf-8", newline="") as handle:
        return [{name: _value(name, text) for name, text in row.items()} for row in csv.DictReader(handle)]


def _value(name: str, text: str) -> Any:
    if name == "warnings":
        return text
    if text == "":
        return None
    return text if name in _TEXT else int(text) if name in _WHOLE else float(text)


def _reading(row: dict[str, Any]) -> Reading:
    """A reading from its row; where one end of the interval is empty, it is infinite."""
    low, high = row["low"], row["high"]
    ends = {"low": -math.inf if low is None else low, "high": math.inf if high is None else high}
    return Reading(**row | (ends if low is not None or high is not None else {}))
