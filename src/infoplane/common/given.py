"""Samples as people hold them: lists, arrays, data frames, tensors. Read into NumPy, with the names of columns.

Nothing is imported for it: what a value can do decides how it is read.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from infoplane.common.aliases import Array


@dataclass(frozen=True)
class Variable:
    """One variable of all samples."""

    values: Array
    """Shape (n,) or more axes: numbers in the machine's byte order, or codes 0..K-1 of one column of categories; for
    several columns of which some are categories, numbers of shape (n, d) with a column of 0 and 1 for each category."""
    names: tuple[str, ...] = ()
    """Of the columns of ``values``, where they have any."""
    categories: tuple[str, ...] = ()
    """Which columns hold categories, by name; ("",) for one without a name."""

    @property
    def is_categories(self) -> bool:
        """Whether it is one column of categories, given as codes."""
        return bool(self.categories) and self.values.ndim == 1


def read(value: Any, name: str) -> Variable:
    """Read one variable.

    Args:
        value: a list, an array of NumPy or of anything with ``__array__``, a tensor of PyTorch (on any device), a
            pandas or polars data frame or series, an Arrow table, or a mapping from names to columns. Texts and
            pandas categories are categories.
        name: of the argument, for errors.

    Raises:
        ValueError: masked or missing values, sparse matrices, complex numbers, dates or other objects, rows of
            different lengths.
    """
    columns = _columns(value)
    if columns is None:
        values, is_categories = _array(value, name)
        if is_categories and values.ndim == 2 and values.shape[1] == 1:
            values = values[:, 0]
        if is_categories and values.ndim > 1:
            return _joined([values[:, column] for column in range(values.shape[1])], [True] * values.shape[1], ())
        values = _codes(values) if is_categories else values
        return Variable(values, categories=("",) if is_categories else ())
    if not columns:
        raise ValueError(f"{name}: a table without columns; expected one or more")
    names = tuple(str(key) for key, _ in columns)
    read_columns = [_array(column, f"{name}: column {key}") for key, column in columns]
    for key, (column, _) in zip(names, read_columns, strict=True):
        if column.ndim != 1:
            raise ValueError(f"{name}: column {key}: shape {column.shape} given; expected (n,)")
    return _joined([column for column, _ in read_columns], [categories for _, categories in read_columns], names)


def columns(value: Any, name: str) -> dict[str, Variable]:
    """Read each column of a table or of an array of shape (n, d) as a variable of its own, by name (or number).

    Raises:
        ValueError: as :func:`read`, no table and not two axes, or a name that occurs twice.
    """
    table = _columns(value)
    if table is None:
        values, _ = _array(value, name)
        if values.ndim != 2:
            raise ValueError(f"{name}: shape {values.shape} given; expected (n, d)")
        table = list(enumerate(values.T))
    names = [str(key) for key, _ in table]
    if twice := sorted({key for key in names if names.count(key) > 1}):
        raise ValueError(f"{name}: two columns are called {twice[0]}; expected different names")
    return {key: read(column, f"{name}: column {key}") for key, (_, column) in zip(names, table, strict=True)}


def _columns(value: Any) -> list[tuple[Any, Any]] | None:
    """The columns of a table and their names; None for what is no table."""
    if isinstance(value, Mapping):
        return list(value.items())
    if hasattr(value, "iloc") and hasattr(value, "columns"):  # pandas
        return [(key, value.iloc[:, place]) for place, key in enumerate(value.columns)]
    if hasattr(value, "get_columns"):  # polars
        return [(column.name, column) for column in value.get_columns()]
    if hasattr(value, "column_names"):  # Arrow
        return [(key, value.column(place)) for place, key in enumerate(value.column_names)]
    return None


def as_numbers(variable: Variable) -> Array:
    """One column of categories as a column of 0 and 1 for each; other variables as they are."""
    return _indicators(variable.values) if variable.is_categories else variable.values


def _joined(columns: Sequence[Array], categories: Sequence[bool], names: tuple[str, ...]) -> Variable:
    """Columns side by side, categories as a column of 0 and 1 for each; one column of categories as its codes."""
    shown = names or ("",) * len(columns)
    named = tuple(name for name, of_categories in zip(shown, categories, strict=True) if of_categories)
    if len(columns) == 1 and categories[0]:
        return Variable(_codes(columns[0]), names, named)
    parts, expanded = [], list[str]()
    for name, column, of_categories in zip(shown, columns, categories, strict=True):
        parts.append(_indicators(column) if of_categories else column[:, None])
        expanded += [f"{name}={value}" for value in np.unique(column)] if of_categories else [name]
    return Variable(np.concatenate(parts, axis=1), tuple(expanded) if names else (), named)


def _codes(column: Array) -> Array:
    codes: Array = np.unique(column, return_inverse=True)[1].astype(np.int64)
    return codes


def _indicators(column: Array) -> Array:
    codes = _codes(column)
    indicators: Array = (codes[:, None] == np.arange(codes.max() + 1)).astype(np.float64)
    return indicators


def _array(value: Any, name: str) -> tuple[Array, bool]:
    """As a NumPy array of numbers or of texts, and whether its values are categories."""
    if isinstance(value, np.ma.MaskedArray):
        if (count := int(np.sum(np.ma.getmaskarray(value)))) > 0:
            raise ValueError(f"{name}: {count} values are masked; expected a value in every row")
        value = value.data
    if hasattr(value, "toarray"):
        raise ValueError(f"{name}: a sparse matrix given; expected a dense array, {name}.toarray()")
    if hasattr(value, "detach"):  # PyTorch: with a gradient, or on another device, it refuses to become an array
        value = value.detach().cpu()
        value = value.float() if "bfloat16" in str(value.dtype) else value
    if str(getattr(value, "dtype", "")) == "category":  # pandas
        codes = np.asarray(value.cat.codes if hasattr(value, "cat") else value.codes)
        if (codes < 0).any():
            raise ValueError(f"{name}: {int((codes < 0).sum())} values are missing; expected a category in every row")
        return codes.astype(np.int64), True
    try:
        values: Array = np.asanyarray(value)
    except ValueError:
        raise ValueError(f"{name}: rows of different lengths given; expected an array of shape (n, d)") from None
    if values.dtype.kind == "O":
        values = _of_objects(values, name)
    if values.dtype.name == "bfloat16" or values.dtype == np.float16:
        values = values.astype(np.float32)
    elif not values.dtype.isnative:
        values = values.astype(values.dtype.newbyteorder("="))
    if values.dtype.kind not in "biufUS":
        raise ValueError(f"{name}: dtype {values.dtype} given; expected an array of real numbers, or categories")
    return values, values.dtype.kind in "US"


def _of_objects(values: Array, name: str) -> Array:
    """An array of Python objects as one of numbers or of texts."""
    kinds = {type(one) for one in values.flat}
    if all(issubclass(kind, str | bytes) for kind in kinds):
        return values.astype(str)
    if all(issubclass(kind, int | float | np.number | np.bool_) for kind in kinds):
        numbers: Array = values.astype(np.float64)
        whole = all(issubclass(kind, int | np.integer | np.bool_) for kind in kinds)
        return numbers.astype(np.int64) if whole and np.all(np.abs(numbers) < 2**53) else numbers
    missing = sum(one is None or str(one) in ("<NA>", "NaT", "nan") for one in values.flat)
    if missing:
        raise ValueError(f"{name}: {missing} values are missing; expected a value in every row")
    listed = ", ".join(sorted(kind.__name__ for kind in kinds))
    raise ValueError(f"{name}: dtype object given, of {listed}; expected numbers, or texts as categories")
