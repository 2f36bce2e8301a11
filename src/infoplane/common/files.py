"""Samples in files that people have: .npy, .npz, .csv and .parquet; of a table also some columns by name."""

from __future__ import annotations

import csv
import re
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from infoplane.common import extras, io
from infoplane.common.aliases import Array

_MISSING = ("", "na", "n/a", "nan", "null", "none", "?")
"""Cells that stand for no value."""
_SEPARATORS = ",;\t"
_DECIMAL_COMMA = re.compile(r"[+-]?[\d.]*,?\d+(e[+-]?\d+)?", re.IGNORECASE)


def open_samples(text: str) -> Any:
    """Open what a command line names.

    Args:
        text: ``file.npy``; ``file.npz``, or ``file.npz:name`` for one of several arrays; ``file.csv`` (separated by
            commas, semicolons or tabs, with a decimal point) or ``file.parquet``, for some columns
            ``file.csv:height,city``.

    Returns:
        An array, memory-mapped from ``.npy``; a single column of a table as a one-dimensional array; several as a
        mapping from names to columns (``.csv``) or a pandas frame (``.parquet``).

    Raises:
        ValueError: a file that cannot be read, a name that it does not hold, a cell without a value.
        ModuleNotFoundError: a ``.parquet`` without pandas and pyarrow.
    """
    file, _, name = text.rpartition(":")
    path, wanted = (Path(file), name) if Path(file).suffix in _READERS else (Path(text), "")
    if path.suffix not in _READERS:
        return io.open_npy(path)
    if not path.is_file():
        raise ValueError(f"{path}: no such file")
    return _READERS[path.suffix](path, wanted)


def _from_npz(path: Path, wanted: str) -> Array:
    try:
        arrays = io.load_npz(path)
    except (ValueError, OSError, EOFError, zipfile.BadZipFile):
        raise ValueError(f"{path}: not a readable .npz archive of arrays of numbers or texts") from None
    if not wanted and len(arrays) == 1:
        return next(iter(arrays.values()))
    if wanted not in arrays:
        found = f"no array {wanted!r}" if wanted else f"{len(arrays)} arrays"
        raise ValueError(f"{path}: {found}; expected {path}:name, the name one of {', '.join(arrays)}")
    return arrays[wanted]


def _from_csv(path: Path, wanted: str) -> Any:
    with path.open(newline="", encoding="utf-8-sig") as handle:
        try:
            separator = _separator(handle.readline())
            handle.seek(0)
            header, *lines = list(csv.reader(handle, delimiter=separator))
        except (ValueError, csv.Error) as error:  # an empty file, or no text
            raise ValueError(f"{path}: {error}; expected a .csv in UTF-8 with the names of columns first") from None
    names = _chosen(path, wanted, header)
    for number, line in enumerate(lines, start=2):
        if len(line) != len(header) and line:
            raise ValueError(f"{path}: line {number} has {len(line)} cells; expected {len(header)}")
    columns = {name: _column(path, name, [line[header.index(name)] for line in lines if line]) for name in names}
    return columns if len(columns) > 1 else columns[names[0]]


def _separator(header: str) -> str:
    """Comma, semicolon or tab: what separates most names of columns in the first line; a comma for a single name."""
    return max(_SEPARATORS, key=lambda one: len(next(csv.reader([header], delimiter=one), [])))


def _column(path: Path, name: str, cells: list[str]) -> Array:
    """Cells as integers if all are, else as numbers if all are, else as texts."""
    for number, cell in enumerate(cells, start=2):
        if cell.strip().lower() in _MISSING:
            found = f"{cell.strip()!r}" if cell.strip() else "no value"
            raise ValueError(f"{path}: column {name} has {found} in line {number}; expected a value in every line")
    for kind in (np.int64, np.float64):
        try:
            return np.array(cells).astype(kind)
        except (ValueError, OverflowError):
            continue
    if all(_DECIMAL_COMMA.fullmatch(cell.strip()) for cell in cells):
        raise ValueError(
            f"{path}: column {name} has {cells[0].strip()!r} in line 2, numbers with a comma; expected a decimal point"
        )
    return np.array(cells)


def _from_parquet(path: Path, wanted: str) -> Any:
    with extras.explained():
        import pandas as pd

    try:
        frame = pd.read_parquet(path)
    except ImportError as error:
        raise ModuleNotFoundError(f"{path}: a .parquet needs pyarrow; python -m pip install pyarrow") from error
    except (ValueError, OSError) as error:
        raise ValueError(f"{path}: not a readable .parquet file ({' '.join(str(error).split())})") from None
    frame.columns = [str(name) for name in frame.columns]
    names = _chosen(path, wanted, list(frame.columns))
    frame = frame[names]
    return frame if len(names) > 1 else frame[names[0]]


def _chosen(path: Path, wanted: str, header: list[str]) -> list[str]:
    names = wanted.split(",") if wanted else header
    unknown = [name for name in names if header.count(name) != 1]
    if unknown:
        raise ValueError(f"{path}: no single column {unknown[0]!r}; expected some of {', '.join(header)}")
    return names


_READERS = {".npz": _from_npz, ".csv": _from_csv, ".parquet": _from_parquet}
