"""Checks of arrays given by the user; what is wrong is a ValueError of one line."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from infoplane.common import given
from infoplane.common.aliases import Array

_BLOCK_ROWS = 65536
"""Rows checked at a time, so that a memory-mapped array is never read as a whole."""


def samples(array: Any, name: str) -> Array:
    """``array`` as samples of shape (n, d), 1-D input as one column; numbers only, finite, not empty.

    Integers, booleans and floats pass in their own dtype (memory-mapped input stays mapped).

    Args:
        array: what :func:`infoplane.common.given.read` reads.
        name: of the argument, for errors.

    Raises:
        ValueError: categories, complex numbers or other objects, more than two dimensions, no rows or columns, or NaN
            or infinity (how many, and where the first).
    """
    variable = given.read(array, name)
    if variable.categories:
        raise ValueError(f"{name}: categories given; expected an array of real numbers")
    return numbers(variable.values, name)


def numbers(values: Array, name: str) -> Array:
    """An array of numbers as samples of shape (n, d), as :func:`samples`."""
    if values.ndim not in (1, 2):
        raise ValueError(
            f"{name}: shape {values.shape} given; expected (n, d) or (n,), such as {name}.reshape(len({name}), -1)"
        )
    if values.size == 0:
        raise ValueError(f"{name}: empty, shape {values.shape}; expected one sample or more")
    if values.ndim == 1:
        values = values[:, None]
    if values.dtype.kind == "f":
        _refuse_not_finite(values, name)
    return values


def _refuse_not_finite(values: Array, name: str) -> None:
    bad, first = 0, None
    for start in range(0, len(values), _BLOCK_ROWS):
        wrong = ~np.isfinite(values[start : start + _BLOCK_ROWS])
        count = int(np.count_nonzero(wrong))
        if count and first is None:
            row, column = (int(i) for i in np.argwhere(wrong)[0])
            first = (start + row, column)
        bad += count
    if first is not None:
        raise ValueError(
            f"{name}: {bad} values are NaN or infinite, the first in row {first[0]}, column {first[1]}; "
            "expected finite numbers"
        )


def varying_columns(values: Array) -> npt.NDArray[np.bool_]:
    """Which columns of samples, shape (n, d), hold more than one value, shape (d,); stops reading once all do."""
    varies: npt.NDArray[np.bool_] = np.zeros(values.shape[1], dtype=np.bool_)
    for start in range(0, len(values), _BLOCK_ROWS):
        varies |= (values[start : start + _BLOCK_ROWS] != values[:1]).any(axis=0)
        if varies.all():
            break
    return varies


def root_seed(seed: Any) -> int:
    """``seed`` as an integer of at least 0.

    Raises:
        ValueError: anything else, such as 1.5, "1", None or True.
    """
    if isinstance(seed, bool | np.bool_) or not isinstance(seed, int | np.integer) or seed < 0:
        raise ValueError(f"seed={seed!r} given; expected an integer of at least 0")
    return int(seed)


def require_same_length(x: Array, z: Array, x_name: str = "x", z_name: str = "z") -> None:
    """Check that two arrays are paired.

    Raises:
        ValueError: different numbers of rows.
    """
    if len(x) != len(z):
        raise ValueError(f"{x_name} has {len(x)} rows and {z_name} has {len(z)}; expected as many, paired row by row")


def labels(array: Any, name: str) -> Array:
    """``array`` as class labels 0..K-1 of shape (n,), int64, renumbered in sorted order of the original values.

    Args:
        array: integers, booleans, texts, pandas categories, or floats that are whole numbers.
        name: of the argument, for errors.

    Raises:
        ValueError: not one-dimensional, other values, or empty.
    """
    values = given.read(array, name).values
    if values.ndim == 2 and values.shape[1] == 1:
        values = values[:, 0]
    if values.ndim != 1 or not (values.dtype.kind in "biu" or is_whole(values)):
        raise ValueError(
            f"{name}: shape {values.shape}, dtype {values.dtype} given; expected class labels, 1-D integers, booleans, "
            "texts or categories"
        )
    if values.size == 0:
        raise ValueError(f"{name}: empty; expected one label or more")
    codes: Array = np.unique(values, return_inverse=True)[1].astype(np.int64)
    return codes


def are_classes(values: Array) -> bool:
    """Whether these count as class labels and not as numbers: labels with ten samples for each value, or more."""
    return is_labels(values) and len(np.unique(values)) <= len(values) / 10


def is_whole(values: Array) -> bool:
    """Whether these are floats that are whole numbers."""
    return values.dtype.kind == "f" and bool(np.all(np.isfinite(values))) and bool(np.all(values == np.rint(values)))


def is_labels(array: Any) -> bool:
    """Whether an array counts as class labels: one-dimensional, integers, booleans, texts or categories."""
    values = given.read(array, "z").values
    return values.ndim == 1 and values.dtype.kind in "biu"
