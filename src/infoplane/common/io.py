"""Reading and writing of arrays, tables and metrics; an interrupted write leaves no file under its final name.

Every file is written under a temporary name and moved into place. Temporary names begin with ``.tmp-`` and lie
beside the *declared output* (``output_folder``) or beside the file itself, never inside a folder that a later
stage reads. Arrays are ``.npy`` and ``.npz`` without pickles.
"""

from __future__ import annotations

import contextlib
import csv
import io
import json
import math
import os
import shutil
import uuid
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from numpy.lib import format as npy_format

SIGNIFICANT_DIGITS = 6
_UNPACKED = 2**28
"""Bytes that any archive may unpack to; a larger one at most so many times its size:"""
_MOST_TIMES = 100


def _temporary(path: Path) -> Path:
    return path.parent / f".tmp-{uuid.uuid4().hex}-{path.name}"


def remove_leftovers(path: Path) -> None:
    """Delete temporary siblings of ``path`` that a killed process left behind; its name may be a pattern (``a.*``)."""
    for stale in path.parent.glob(f".tmp-*-{path.name}"):
        if stale.is_dir():
            shutil.rmtree(stale, ignore_errors=True)
        else:
            stale.unlink(missing_ok=True)


@contextlib.contextmanager
def atomic_path(path: Path) -> Iterator[Path]:
    """Yield a temporary path; on success move what was written there to ``path``, else delete it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = _temporary(path)
    try:
        yield temporary
        with temporary.open("rb") as handle:
            os.fsync(handle.fileno())
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


@contextlib.contextmanager
def output_folder(path: Path) -> Iterator[Path]:
    """Yield an empty temporary folder beside ``path``; on success it becomes ``path``, replacing what was there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    remove_leftovers(path)
    temporary = _temporary(path)
    temporary.mkdir()
    try:
        yield temporary
        if path.exists():
            retired = _temporary(path)
            os.replace(path, retired)
            os.replace(temporary, path)
            shutil.rmtree(retired)
        else:
            os.replace(temporary, path)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def save_npy(path: Path, array: npt.NDArray[Any]) -> None:
    """Write one array as ``.npy``."""
    with atomic_path(path) as temporary, temporary.open("wb") as handle:
        np.save(handle, array, allow_pickle=False)


def save_rows(path: Path, blocks: Iterable[npt.NDArray[Any]], total: int) -> None:
    """Write blocks of rows, one after another, as one float32 ``.npy`` that appears once it holds all of them.

    Args:
        path: the file.
        blocks: of shape (b, d), b may vary.
        total: their rows together.

    Raises:
        ValueError: another number of rows.
    """
    done = 0
    with atomic_path(path) as temporary, temporary.open("wb") as handle:
        for rows in blocks:
            if not done:
                header = {"descr": "<f4", "fortran_order": False, "shape": (total, rows.shape[1])}
                npy_format.write_array_header_1_0(handle, header)
            done += len(rows)
            if done > total:
                raise ValueError(f"{path}: more than the {total} rows expected")
            handle.write(rows.astype("<f4", copy=False).tobytes())
        if done < total:
            raise ValueError(f"{path}: {done} rows; expected {total}")


def save_npz(path: Path, arrays: Mapping[str, npt.NDArray[Any]]) -> None:
    """Write named arrays as an uncompressed ``.npz`` (the same arrays give the same bytes)."""
    with atomic_path(path) as temporary, temporary.open("wb") as handle:
        np.savez(handle, **dict(arrays))  # type: ignore[arg-type]


def refuse_unpacking(path: Path, unpacked: int) -> None:
    """Refuse a file that makes ``unpacked`` bytes in memory, far more than it has on disk.

    Raises:
        ValueError: more than 256 MiB, and more than 100 times the file.
    """
    if unpacked > max(_UNPACKED, _MOST_TIMES * path.stat().st_size):
        raise ValueError(f"it unpacks to {unpacked} bytes, more than {_MOST_TIMES} times its size")


def load_npz(path: Path) -> dict[str, npt.NDArray[Any]]:
    """Read every array of an ``.npz``.

    Raises:
        ValueError: no archive, a damaged one, one that unpacks to far more than it is, or pickled objects in it.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            refuse_unpacking(path, sum(member.file_size for member in archive.infolist()))
        with np.load(path, allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
        if others := [name for name, array in arrays.items() if not isinstance(array, np.ndarray)]:
            raise ValueError(f"{others[0]!r} is no array")
        return arrays
    except FileNotFoundError:
        raise ValueError(f"{path}: no such file") from None
    except Exception as error:  # what is broken fails with anything
        raise ValueError(f"{path}: not a readable .npz archive of arrays: {' '.join(str(error).split())}") from None


def open_npy(path: Path) -> npt.NDArray[Any]:
    """Open an ``.npy`` memory-mapped and read-only.

    Raises:
        ValueError: no ``.npy`` file, a damaged one, or one that holds pickled objects.
    """
    try:
        loaded = np.load(path, mmap_mode="r", allow_pickle=False)
    except FileNotFoundError:
        raise ValueError(f"{path}: no such file") from None
    except IsADirectoryError:
        raise ValueError(f"{path}: a folder; expected a .npy file") from None
    except Exception as error:  # a header is a Python literal, and fails with anything
        reason = "it holds pickled Python objects" if "Python objects" in str(error) else "not a readable .npy file"
        with path.open("rb") as handle:
            if handle.read(6) != b"\x93NUMPY":
                reason = "not a .npy file"
        raise ValueError(f"{path}: {reason}; expected a .npy array of numbers") from None
    if not isinstance(loaded, np.ndarray):
        names = ", ".join(loaded.files)
        loaded.close()
        raise ValueError(f"{path}: an .npz archive (of {names}); expected a .npy array of numbers")
    return loaded


def rounded(value: Any) -> Any:
    """``value`` with every number rounded to 6 significant digits, ready for JSON.

    Raises:
        ValueError: NaN or infinity, which metrics files do not hold (null with a reason instead).
    """
    if isinstance(value, Mapping):
        return {str(key): rounded(item) for key, item in value.items()}
    if isinstance(value, list | tuple | np.ndarray):
        return [rounded(item) for item in value]
    if isinstance(value, bool | np.bool_):
        return bool(value)
    if isinstance(value, int | np.integer):
        return int(value)
    if isinstance(value, float | np.floating):
        number = float(value)
        if not math.isfinite(number):
            raise ValueError(f"{number} in a metrics file; write null and a reason")
        return float(f"{number:.{SIGNIFICANT_DIGITS}g}") + 0.0
    return value


def save_text(path: Path, text: str) -> None:
    """Write a text file (UTF-8)."""
    with atomic_path(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def save_json(path: Path, value: Any) -> None:
    """Write a metrics file: sorted keys, 6 significant digits, no NaN, no time or host."""
    save_text(path, json.dumps(rounded(value), indent=2, sort_keys=True, allow_nan=False, ensure_ascii=False) + "\n")


def load_json(path: Path) -> Any:
    """Read a JSON file.

    Raises:
        ValueError: no such file, or one that is no JSON, as after a cut.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ValueError(f"{path}: no such file") from None
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{path}: no JSON: {error}") from None


def save_table(path: Path, rows: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> None:
    """Write rows as CSV with the given columns; numbers to 6 significant digits, None as an empty field."""
    text = io.StringIO()
    writer = csv.DictWriter(text, fieldnames=list(columns), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rounded(dict(row)) for row in rows)
    save_text(path, text.getvalue())
