"""Samples as people hold them: lists, arrays, data frames, tensors. Read into NumPy, with the names of columns.

Nothing is imported for it: what a value can do decides how it is read.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from infoplane.common.aliases import Array

_FEW_ROWS = 10
"""Rows below which texts may all differ by chance."""


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
    levels: tuple[int, ...] = ()
    """How many categories each of them has."""
    columns: int = 1
    """How many columns were given."""

    @property
    def is_categories(self) -> bool:
        """Whether it is one column of categories, given as codes."""
        return bool(self.categories) and self.values.ndim == 1


@dataclass(frozen=True)
class _Column:
    """Numbers of any shape; or codes 0..K-1, shape (n,), and what the K categories are called."""

    values: Array
    levels: tuple[str, ...] | None = None


def read(value: Any, name: str) -> Variable:
    """Read one variable.

    Args:
        value: a list, an array of NumPy or of anything with ``__array__``, a tensor of PyTorch (on any device), a
            pandas or polars data frame or series, an Arrow table, or a mapping from names to columns. Texts and
            pandas categories are categories.
        name: of the argument, for errors.

    Raises:
        ValueError: masked or missing values, sparse matrices, complex numbers, dates or other objects, rows or columns
            of different lengths, integers that float64 cannot tell apart, ten texts or more of which no two are equal.
    """
    table = _columns(value)
    if table is None:
        values = _array(value, name)
        if values.levels is None and values.values.dtype.kind not in "US":
            return Variable(values.values, columns=values.values.shape[1] if values.values.ndim == 2 else 1)
        return _joined(_coded(values, name), (), name)
    if not table:
        raise ValueError(f"{name}: a table without columns; expected one or more")
    require_same_index(**{f"{name}: column {key}": column for key, column in table})
    columns = list[_Column]()
    for key, given in table:
        named = f"{name}: column {key}"
        column = _array(given, named)
        if column.values.ndim != 1:
            raise ValueError(f"{named}: shape {column.values.shape} given; expected (n,)")
        if columns and len(column.values) != len(columns[0].values):
            raise ValueError(
                f"{named}: {len(column.values)} rows, and column {table[0][0]} has {len(columns[0].values)}; expected "
                "as many in each"
            )
        columns += _coded(column, named)
    return _joined(columns, tuple(str(key) for key, _ in table), name)


def require_same_index(**variables: Any) -> None:
    """Check that pandas frames and series name the same rows in the same order; rows are paired by position.

    Args:
        variables: as given, by the name of the argument; those without an index are not looked at.

    Raises:
        ValueError: as many rows, but another index.
    """
    indexed = {name: one.index for name, one in variables.items() if hasattr(one, "iloc") and hasattr(one, "index")}
    first = next(iter(indexed), "")
    for name, index in indexed.items():
        if len(index) == len(indexed[first]) and not index.equals(indexed[first]):
            raise ValueError(
                f"{name}: its index is not that of {first}, and rows are paired by position; expected the same rows in "
                "the same order (.loc[index of the other]), or arrays (.to_numpy())"
            )


def columns(value: Any, name: str) -> dict[str, Variable]:
    """Read each column of a table or of an array of shape (n, d) as a variable of its own, by name (or number).

    Raises:
        ValueError: as :func:`read`, no table and not two axes, or a name that occurs twice.
    """
    table = _columns(value)
    if table is None:
        values = _array(value, name).values
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
    if hasattr(value, "column_names") and hasattr(value, "column"):  # Arrow
        return [(key, value.column(place)) for place, key in enumerate(value.column_names)]
    return None


def as_numbers(variable: Variable) -> Array:
    """One column of categories as a column of 0 and 1 for each; other variables as they are."""
    return _indicators(variable.values) if variable.is_categories else variable.values


def _coded(given: _Column, name: str) -> list[_Column]:
    """The columns of ``given``, shape (n,) or (n, d), with codes in place of texts."""
    values = given.values
    if values.size == 0 or values.ndim not in (1, 2):
        raise ValueError(f"{name}: shape {values.shape} given; expected (n, d) or (n,), and one sample or more")
    if given.levels is None and values.dtype.kind not in "US":
        return [given]
    coded = [given] if given.levels is not None else [_of_texts(one) for one in np.atleast_2d(values.T)]
    for column in coded:
        if len(column.levels or ()) == len(values) >= _FEW_ROWS:
            raise ValueError(
                f"{name}: {len(values)} texts or categories, no two of them equal; expected categories that repeat, or "
                "numbers"
            )
    return coded


def _of_texts(texts: Array) -> _Column:
    levels, codes = np.unique(texts, return_inverse=True)
    return _Column(codes.astype(np.int64), tuple(str(level) for level in levels))


def _joined(columns: Sequence[_Column], names: tuple[str, ...], name: str) -> Variable:
    """Columns side by side, categories as a column of 0 and 1 for each; one column of categories as its codes."""
    shown = names or ("",) * len(columns)
    of_categories = [
        (title, len(column.levels)) for title, column in zip(shown, columns, strict=True) if column.levels is not None
    ]
    titles, levels = tuple(title for title, _ in of_categories), tuple(count for _, count in of_categories)
    if len(columns) == 1 and titles:
        return Variable(columns[0].values, names, titles, levels)
    parts, expanded = [], list[str]()
    for title, column in zip(shown, columns, strict=True):
        parts.append(column.values[:, None] if column.levels is None else _indicators(column.values))
        expanded += [title] if column.levels is None else [f"{title}={level}" for level in column.levels]
    return Variable(np.concatenate(parts, axis=1), tuple(expanded) if names else (), titles, levels, len(columns))


def _indicators(codes: Array) -> Array:
    indicators: Array = (codes[:, None] == np.arange(codes.max() + 1)).astype(np.float64)
    return indicators


def _array(value: Any, name: str) -> _Column:
    """Numbers, texts that are not coded yet, or pandas categories."""
    if isinstance(value, str | bytes):
        raise ValueError(f"{name}: the text {value!r} given; expected samples, an array of shape (n, d)")
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
        return _of_pandas_categories(value.cat if hasattr(value, "cat") else value, name)
    values = _plain(value, name)
    if values.dtype.name == "bfloat16" or values.dtype == np.float16:
        values = values.astype(np.float32)
    elif not values.dtype.isnative:
        values = values.astype(values.dtype.newbyteorder("="))
    if values.dtype.kind not in "biufUS":
        raise ValueError(f"{name}: dtype {values.dtype} given; expected an array of real numbers, or categories")
    return _Column(values)


def _of_pandas_categories(given: Any, name: str) -> _Column:
    codes = np.asarray(given.codes)
    if (codes < 0).any():
        raise ValueError(f"{name}: {int((codes < 0).sum())} values are missing; expected a category in every row")
    used, codes = np.unique(codes, return_inverse=True)
    return _Column(codes.astype(np.int64), tuple(str(given.categories[code]) for code in used))


def _plain(value: Any, name: str) -> Array:
    """``value`` as an array, without Python objects in it."""
    try:
        values: Array = np.asarray(value) if isinstance(value, np.matrix) else np.asanyarray(value)
        if values.dtype.kind in "US" and isinstance(value, list | tuple):
            values = np.array(value, dtype=object)  # else NaN, None and numbers among texts become texts
    except Exception as error:
        if isinstance(value, list | tuple) and isinstance(error, ValueError):
            raise ValueError(f"{name}: rows of different lengths given; expected an array of shape (n, d)") from None
        raise ValueError(
            f"{name}: {type(value).__name__} given, which gives no array ({' '.join(str(error).split())}); expected "
            "an array of shape (n, d)"
        ) from error
    return _of_objects(values.astype(object), name) if values.dtype.kind in "OT" else values


def _of_objects(values: Array, name: str) -> Array:
    """An array of Python objects as one of numbers or of texts."""
    kinds = {type(one) for one in values.flat}
    if all(issubclass(kind, str | bytes) for kind in kinds):
        return values.astype(str)
    if all(issubclass(kind, int | np.integer | np.bool_) for kind in kinds):
        return _of_integers(values, name)
    if all(issubclass(kind, int | float | np.integer | np.floating | np.bool_) for kind in kinds):
        try:
            return values.astype(np.float64)
        except OverflowError:
            raise ValueError(f"{name}: integers beyond 1.8e308 given; expected numbers that float64 holds") from None
    missing = sum(one is None or str(one) in ("<NA>", "NaT", "nan") for one in values.flat)
    if missing:
        raise ValueError(f"{name}: {missing} values are missing; expected a value in every row")
    listed = ", ".join(sorted(kind.__name__ for kind in kinds))
    raise ValueError(f"{name}: dtype object given, of {listed}; expected numbers, or texts as categories")


def _of_integers(values: Array, name: str) -> Array:
    """Python integers of any size as int64, else as float64 where that keeps them apart."""
    try:
        return values.astype(np.int64)
    except OverflowError:
        pass
    try:
        numbers: Array = values.astype(np.float64)
    except OverflowError:
        numbers = np.zeros(values.shape)
    if len(np.unique(numbers)) < len(set(values.flat)):
        raise ValueError(
            f"{name}: integers given that float64 cannot hold or tell apart; expected them less their least value"
        )
    return numbers
