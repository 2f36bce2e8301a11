"""The information of many columns, one by one: about a target (``rank``), and of all pairs (``matrix``)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np

from infoplane.common import extras, given, validation
from infoplane.common.aliases import Array, FloatArray
from infoplane.estimators.dispatch import estimate
from infoplane.estimators.screening import permutation_tests
from infoplane.results.columns import PairMatrix, Ranking
from infoplane.results.estimate import Estimate

_PER_CELL = 5
"""Samples for each pair of values from which a table of counts is used: the rule of the chi-squared test."""
_NAMED = 3
"""Columns that a warning names."""


def rank(
    x: Any,
    y: Any,
    method: str | None = None,
    *,
    z_kind: Literal["numbers", "labels"] | None = None,
    permutations: int = 199,
    jobs: int = 1,
    progress: bool = False,
    seed: int = 0,
    **options: Any,
) -> Ranking:
    """The information I(X_i; Y) of each column about Y, with an interval and a p-value.

    The p-values come from permutations of Y that all columns share, so that they can be corrected for the number of
    columns by the greatest statistic in each permutation. See :mod:`infoplane.estimators.screening`.

    Args:
        x: samples, shape (n, d): an array, a data frame or a mapping of columns; texts and categories are categories.
        y: the target, shape (n,): numbers, or class labels as in :func:`infoplane.estimate`.
        method: one of ``infoplane.methods()``; None: a table of counts (``discrete``) where column and target have few
            values, 5 samples for each pair of them, else nearest neighbours (``mixed_ksg``).
        z_kind: "numbers" or "labels" where ``y`` is not what it looks like.
        permutations: how many; the smallest possible p-value is 1 / (permutations + 1); 0: no p-values (nan).
        jobs: processes that compute values side by side; -1: one for each core.
        progress: show a progress bar (by tqdm).
        seed: of every random stream.
        **options: of the method.

    Returns:
        A table, which prints itself by falling value; ``to_dict()`` makes a data frame.

    Raises:
        ValueError: as ``infoplane.estimate``, and fewer than 10 samples or ``permutations`` below 0; the column is
            named.
        ModuleNotFoundError: ``progress`` without tqdm.
    """
    given.require_same_index(x=x, y=y)
    columns = _columns(x, "x")
    target = _target(y, z_kind)
    validation.require_same_length(columns[0].values, target.values, "x", "y")
    _check(len(target.values), permutations)
    seed = validation.root_seed(seed)
    pairs = [(column, target) for column in columns]
    found = _estimates(pairs, method, options, seed, jobs, progress)
    tests = permutation_tests([column.values for column in columns], [target.values], permutations, seed)
    low, high = _ends(found)
    return Ranking(
        names=tuple(column.name for column in columns),
        nats=np.array([one.nats for one in found]),
        low=low,
        high=high,
        p_values=tests.p_values[:, 0],
        p_corrected=tests.p_corrected[:, 0],
        methods=tuple(one.method for one in found),
        n=len(target.values),
        warnings=_warnings((column.name, one) for column, one in zip(columns, found, strict=True)),
    )


def matrix(
    x: Any,
    method: str | None = None,
    *,
    permutations: int = 199,
    jobs: int = 1,
    progress: bool = False,
    seed: int = 0,
    **options: Any,
) -> PairMatrix:
    """The information I(X_i; X_j) of every pair of columns, with an interval and a p-value.

    Args:
        x: samples, shape (n, d), of at least two columns, as in :func:`rank`.
        method: one of ``infoplane.methods()`` that takes what the columns hold; None as in :func:`rank`.
        permutations: how many, shared by all pairs; 0: no p-values (nan).
        jobs: processes that compute values side by side; -1: one for each core.
        progress: show a progress bar (by tqdm).
        seed: of every random stream.
        **options: of the method.

    Returns:
        Symmetric matrices of shape (d, d), nan on the diagonal.

    Raises:
        ValueError: as :func:`rank`, or a single column.
        ModuleNotFoundError: ``progress`` without tqdm.
    """
    columns = _columns(x, "x")
    if len(columns) < 2:
        raise ValueError("x: a single column given; expected two or more")
    n = len(columns[0].values)
    _check(n, permutations)
    seed = validation.root_seed(seed)
    first, second = np.triu_indices(len(columns), 1)
    pairs = [(columns[i], columns[j]) for i, j in zip(first, second, strict=True)]
    found = _estimates(pairs, method, options, seed, jobs, progress)
    values = [column.values for column in columns]
    tests = permutation_tests(values, values, permutations, seed, triangle=True)

    def symmetric(upper: FloatArray) -> FloatArray:
        result = np.full((len(columns), len(columns)), np.nan)
        result[first, second] = result[second, first] = upper
        return result

    low, high = _ends(found)
    names = [f"{a.name} and {b.name}" for a, b in pairs]
    return PairMatrix(
        names=tuple(column.name for column in columns),
        nats=symmetric(np.array([one.nats for one in found])),
        low=symmetric(low),
        high=symmetric(high),
        p_values=symmetric(tests.p_values[first, second]),
        p_corrected=symmetric(tests.p_corrected[first, second]),
        n=n,
        warnings=_warnings(zip(names, found, strict=True)),
    )


@dataclass(frozen=True)
class _Column:
    name: str
    values: Array
    """Numbers, or texts for categories, shape (n,)."""

    @property
    def holds_categories(self) -> bool:
        return self.values.dtype.kind == "U"

    @cached_property
    def distinct(self) -> int:
        """How many different values there are."""
        return len(np.unique(self.values))


def _columns(value: Any, name: str) -> list[_Column]:
    """One for each column, checked."""
    columns = [_checked(column, key, f"{name}: column {key}") for key, column in given.columns(value, name).items()]
    if not columns:
        raise ValueError(f"{name}: no columns; expected one or more")
    return columns


def _checked(variable: given.Variable, name: str, described: str) -> _Column:
    if variable.is_categories:
        return _Column(name, variable.values.astype(np.str_))
    values = validation.numbers(variable.values, described)
    if values.shape[1] != 1:
        raise ValueError(f"{described}: shape {values.shape} given; expected (n,)")
    return _Column(name, values[:, 0])


def _target(y: Any, z_kind: str | None) -> _Column:
    if z_kind not in (None, "numbers", "labels"):
        raise ValueError(f"z_kind={z_kind!r} given; expected one of None, 'numbers', 'labels'")
    variable = given.read(y, "y")
    if z_kind == "labels" or (z_kind is None and validation.is_labels(variable.values)):
        return _Column("y", validation.labels(variable.values, "y").astype(np.str_))
    return _checked(variable, "y", "y")


def _check(n: int, permutations: int) -> None:
    if n < 10:
        raise ValueError(f"x: {n} samples given; expected at least 10")
    if isinstance(permutations, bool) or not isinstance(permutations, int | np.integer) or permutations < 0:
        raise ValueError(f"permutations={permutations!r} given; expected an integer of at least 0")


def _estimates(
    pairs: Sequence[tuple[_Column, _Column]],
    method: str | None,
    options: dict[str, Any],
    seed: int,
    jobs: int,
    progress: bool,
) -> list[Estimate]:
    from joblib import Parallel, delayed

    results: Iterable[Estimate] = Parallel(n_jobs=jobs, return_as="generator")(
        delayed(_estimate)(a, b, method, options, seed) for a, b in pairs
    )
    if progress:
        with extras.explained():
            from tqdm.auto import tqdm
        results = tqdm(results, total=len(pairs), unit="pair")
    return list(results)


def _estimate(a: _Column, b: _Column, method: str | None, options: dict[str, Any], seed: int) -> Estimate:
    if method is None:
        few = _PER_CELL * a.distinct * b.distinct <= len(a.values)
        method = "discrete" if few or (a.holds_categories and b.holds_categories) else "mixed_ksg"
    if a.holds_categories and not b.holds_categories:
        a, b = b, a  # methods for class labels take them as the second variable
    z = b.values if b.holds_categories else b.values[:, None]
    try:
        return estimate(a.values[:, None], z, method, seed, **options)
    except ValueError as error:
        raise ValueError(f"columns {a.name} and {b.name}: {error}") from None


def _ends(found: Sequence[Estimate]) -> tuple[FloatArray, FloatArray]:
    ends = np.array([(np.nan, np.nan) if one.ci95 is None else one.ci95 for one in found])
    return ends[:, 0], ends[:, 1]


def _warnings(found: Iterable[tuple[str, Estimate]]) -> tuple[str, ...]:
    """Each warning once, with the columns that it is about."""
    about: dict[str, list[str]] = {}
    for name, one in found:
        for text in one.warnings:
            about.setdefault(text, []).append(name)
    return tuple(
        f"{', '.join(names[:_NAMED])}{f' and {len(names) - _NAMED} more' if len(names) > _NAMED else ''}: {text}"
        for text, names in about.items()
    )
