"""``estimate``: check the arrays, call the method by name, hand back an ``Estimate``."""

from __future__ import annotations

import inspect
import math
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from importlib import import_module
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from infoplane.common import given, validation
from infoplane.common.aliases import Array, IntArray
from infoplane.estimators.dependence_checks import autocorrelation, noiseless_relation
from infoplane.estimators.discrete import entropy
from infoplane.estimators.groups import copies, group_codes, joined, one_of_each
from infoplane.estimators.offsets import within_range, without_offsets
from infoplane.estimators.options import check, critic_defaults
from infoplane.estimators.registry import METHODS, Method, method_named
from infoplane.results.estimate import Estimate

ZKind = Literal["numbers", "labels"]
_IN_UNITS = {"x_range", "z_range"}
"""Options given in the units of the samples."""
_NAMED_COLUMNS = 5
"""Constant columns that a warning names."""
_FEW_CLASSES, _MANY_CLASSES, _ROWS_PER_CLASS = 10, 50, 10
"""More values of integers than the first, and than the second or with fewer rows for each, may be meant as numbers."""
_HARDLY_REPEATED = 0.5
"""Categories, as a share of the rows, above which next to nothing can be learned from them."""


def estimate(
    x: npt.ArrayLike,
    z: npt.ArrayLike,
    method: str = "auto",
    seed: int = 0,
    z_kind: ZKind | None = None,
    groups: npt.ArrayLike | None = None,
    **options: Any,
) -> Estimate:
    """Estimate the mutual information I(X; Z) from paired samples.

    Constant columns are dropped with a warning; if nothing varies in one of the variables the value is exactly 0. Rows
    of continuous data that repeat (x and z both equal) count once, with a warning. Warnings also name rows that depend
    on the rows before in both variables, and relations without noise, whose information is infinite.

    Args:
        x: samples, shape (n, dx) or (n,): real numbers, memory-mapped or not, or whatever
            :func:`infoplane.common.given.read` reads (lists, data frames, tensors). Texts and pandas categories, alone
            or beside numbers, are for auto, mine, nwj, infonce, smile, probe, mixed_ksg and discrete. Where x and z are
            both pandas objects, their index must be the same.
        z: samples, shape (n, dz) or (n,), paired with ``x`` row by row; one dimension of integers, booleans, texts or
            categories is class labels, and for methods that take labels alone floats that are whole numbers too.
        method: one of ``methods()``.
        seed: root of every random stream; the same seed gives the same value.
        z_kind: "numbers" or "labels" where a 1-D ``z`` is not what it looks like.
        groups: integers or strings, shape (n,): rows that belong together (frames of a video, crops of an image). They
            stay in one part wherever folds are made, and errors count groups; methods without folds see one row of each
            group at a time.
        **options: of the method, such as ``k`` of ksg or ``hidden`` of mine; ``infoplane methods NAME`` lists them.

    Returns:
        The value in nats, with its interval, kind, ceiling, warnings and diagnostics.

    Raises:
        ValueError: arrays that are not paired samples of finite real numbers, an unknown method or option, class
            labels or categories where the method takes numbers or the other way round, labels of which no two are
            equal, pandas objects with another index, too few samples, a seed that is no integer.
        ModuleNotFoundError: the method needs a package of an extra that is not installed.
        FloatingPointError: the method's result is not a number.
    """
    started = time.perf_counter()
    chosen = method_named(method)
    seed = validation.root_seed(seed)
    given.require_same_index(x=x, z=z, groups=groups)
    x_given, z_given = given.read(x, "x"), given.read(z, "z")
    labels = _is_labels(z_given, z_kind, chosen)
    doubts = [*_hardly_repeated(x_given, "x"), *_hardly_repeated(z_given, "z")]
    if labels and z_kind is None:
        doubts += _many_classes(z_given)
    _refuse_categories(method, x_given, "x")
    if labels and x_given.categories and chosen.label_function:  # the function for labels takes numbers as x
        z_given, labels = given.Variable(validation.labels(z_given.values, "z"), categories=("",)), False
    if not labels:
        _refuse_categories(method, z_given, "z")
    _refuse_kind(method, labels, z_given, z_kind)
    call = _call(chosen, method, labels, options)
    pair = _pair(x_given, z_given, call.labels, keeps_units=bool(_IN_UNITS & set(options)))
    pair = replace(pair, notes=(*pair.notes, *doubts))
    together = _together(pair, groups)
    pair = together.pair
    if pair.constant:
        warnings = (*pair.notes, f"{' and '.join(pair.constant)}: constant, and a constant variable has no information")
        return Estimate(
            0.0, (0.0, 0.0), "exact", method, 0.0 if call.labels else None, len(pair.x), *pair.widths, seed,
            time.perf_counter() - started, warnings,
        )  # fmt: skip
    result = _called(call, together, seed)
    notes = [*pair.notes]
    if groups is None and (ordered := autocorrelation(pair.x, pair.z)) is not None:
        notes.append(ordered.warning(len(pair.x)))
    if chosen.sees_infinity and not call.labels and (relation := noiseless_relation(pair.x, pair.z, seed)) is not None:
        notes.append(relation)
        if result.ci95 is not None:
            result = replace(result, ci95=(result.ci95[0], math.inf))
    if not math.isfinite(result.nats):
        raise FloatingPointError(f"{method}: the value is {result.nats}; the method diverged on these samples")
    left_out = result.pointwise is not None and len(result.pointwise) != len(x_given.values)
    pointwise = None if left_out else result.pointwise
    return replace(
        result,
        method=method,
        dx=pair.widths[0],
        dz=pair.widths[1],
        label_entropy=entropy(np.unique(pair.z, return_counts=True)[1], "none") if call.labels else None,
        pointwise=pointwise,
        seconds=time.perf_counter() - started,
        warnings=(*notes, *result.warnings),
    )


def methods() -> dict[str, str]:
    """The names that ``method=`` takes, and what each is for."""
    return {name: method.purpose for name, method in METHODS.items()}


@dataclass(frozen=True)
class _Call:
    """A method's function and what it is called with besides the samples."""

    function: Callable[..., Estimate]
    labels: bool
    options: dict[str, Any]

    @property
    def takes_groups(self) -> bool:
        """Whether the function keeps groups together itself."""
        return "groups" in inspect.signature(self.function).parameters


@dataclass(frozen=True)
class _Pair:
    """Paired samples without constant columns."""

    x: Array
    z: Array
    """Shape (n, dz), or codes 0..K-1, shape (n,)."""
    widths: tuple[int, int]
    """Columns as given."""
    notes: tuple[str, ...]
    constant: tuple[str, ...]
    """Names of the variables in which nothing varies."""


@dataclass(frozen=True)
class _Together:
    """Paired samples of which none is a copy of another, and which of them belong together."""

    pair: _Pair
    groups: IntArray | None
    """Integers from 0, shape (n,); None: every row is a group of its own."""


def _together(pair: _Pair, groups: npt.ArrayLike | None) -> _Together:
    codes = None if groups is None else group_codes(groups, len(pair.x))
    found = None if pair.constant else copies(pair.x, pair.z)
    if found is None:
        return _Together(pair, codes)
    single = replace(pair, x=pair.x[found.first], z=pair.z[found.first], notes=(*pair.notes, found.note()))
    return _Together(single, None if codes is None else joined(codes, found.code))


def _called(call: _Call, together: _Together, seed: int) -> Estimate:
    pair, groups = together.pair, together.groups
    if groups is not None and not call.takes_groups:
        method = partial(call.function, seed=seed, **call.options)
        return one_of_each(method, pair.x, pair.z, groups, seed)
    passed = {} if groups is None else {"groups": groups}
    return call.function(pair.x, pair.z, seed=seed, **passed, **call.options)


def _is_labels(z: given.Variable, z_kind: str | None, method: Method) -> bool:
    if z_kind not in (None, "numbers", "labels"):
        raise ValueError(f"z_kind={z_kind!r} given; expected one of None, 'numbers', 'labels'")
    if z_kind is None:
        return validation.is_labels(z.values) or (not method.takes_numbers and validation.is_whole(z.values))
    return z_kind == "labels"


def _refuse_categories(method: str, variable: given.Variable, name: str) -> None:
    if not variable.categories or METHODS[method].takes_categories:
        return
    column = f"column {variable.categories[0]} holds " if variable.categories[0] else ""
    others = ", ".join(other for other, entry in METHODS.items() if entry.takes_categories)
    raise ValueError(f"{name}: {column}categories given; {method} takes numbers: expected numbers, or one of {others}")


def _refuse_kind(name: str, labels: bool, z: given.Variable, z_kind: str | None) -> None:
    """Refuse class labels where the method takes numbers, or the other way round."""
    method = METHODS[name]
    if not labels and not method.takes_numbers:
        raise ValueError(f"{name}: z is numbers; expected class labels, a 1-D array of integers or booleans")
    if not labels or method.takes_labels:
        return
    others = ", ".join(other for other, entry in METHODS.items() if entry.takes_labels)
    if z.categories or z_kind == "labels":
        kind = "texts or categories" if z.categories else "class labels (z_kind='labels')"
        raise ValueError(f"{name}: z is {kind}; expected numbers, or one of {others}")
    raise ValueError(
        f"{name}: z is class labels (a 1-D array of integers or booleans); expected numbers: say z_kind='numbers' "
        f"(--numbers) if they are numbers, or use one of {others}"
    )


def _many_classes(z: given.Variable) -> list[str]:
    """A warning where a 1-D integer z has so many values that it may have been meant as numbers."""
    if z.categories or z.values.dtype.kind not in "iu":
        return []
    count, n = len(np.unique(z.values)), z.values.size
    if count <= _FEW_CLASSES or (count <= _MANY_CLASSES and n >= _ROWS_PER_CLASS * count):
        return []
    if count == n:
        raise ValueError(
            f"z: {n} integers, no two of them equal, given as class labels; expected labels that repeat, or "
            "z_kind='numbers' (--numbers)"
        )
    return [
        f"z: integers with {count} values in {n} rows were taken as class labels; if they are numbers, say "
        "z_kind='numbers' (--numbers)"
    ]


def _hardly_repeated(variable: given.Variable, name: str) -> list[str]:
    """A warning for each column of categories that hardly repeat, such as names or identifiers."""
    n = variable.values.shape[0] if variable.categories else 0
    return [
        f"{name}: {f'column {title} has ' if title else ''}{count} categories in {n} rows: so few rows for each that "
        "next to nothing can be learned from them"
        for title, count in zip(variable.categories, variable.levels, strict=False)
        if count > _HARDLY_REPEATED * n
    ]


def _call(method: Method, name: str, labels: bool, options: dict[str, Any]) -> _Call:
    """The function to call.

    Raises:
        ValueError: an option that it does not have.
    """
    function_name = method.label_function if labels and method.label_function else method.function
    function: Callable[..., Estimate] = getattr(import_module(method.module), function_name)
    accepted = inspect.signature(function).parameters
    passed = (
        {"labels": labels} if "labels" in accepted and accepted["labels"].kind is inspect.Parameter.KEYWORD_ONLY else {}
    )
    if method.trained and "options" in accepted:
        return _Call(function, labels, passed | _critic_options(name, options))
    if options:
        check(name, options)
    return _Call(function, labels, passed | options)


def _critic_options(method: str, options: dict[str, Any]) -> dict[str, Any]:
    """``options`` for a trained method: a CriticOptions as it is, or one made of its fields' values."""
    if not options:
        return {}
    from infoplane.critics.networks import CriticOptions

    if set(options) == {"options"}:
        return options
    check(method, options)
    return {"options": CriticOptions(**critic_defaults(method) | options)}


def _pair(x: given.Variable, z: given.Variable, labels: bool, keeps_units: bool) -> _Pair:
    """The samples, checked, without constant columns and, unless an option is given in their units, without offsets and
    of a size whose squares are numbers."""
    xs = validation.numbers(given.as_numbers(x), "x")
    zs = validation.labels(z.values, "z") if labels else validation.numbers(given.as_numbers(z), "z")
    validation.require_same_length(xs, zs)
    if len(xs) < 2:
        raise ValueError("x and z have a single row; expected at least 2")
    xs, notes, constant = _varying(xs, "x", x)
    if labels:
        z_notes, z_constant = list[str](), ["z"] if zs.max() == 0 else []
        if z.values.dtype.kind == "f":
            z_notes = ["z: floats that are whole numbers were taken as class labels"]
    else:
        zs, z_notes, z_constant = _varying(zs, "z", z)
    if not keeps_units:
        xs, zs = (one if one.ndim == 1 else without_offsets(within_range(one)) for one in (xs, zs))
    return _Pair(xs, zs, (x.columns, z.columns), (*notes, *z_notes), (*constant, *z_constant))


def _varying(values: Array, name: str, variable: given.Variable) -> tuple[Array, list[str], list[str]]:
    """The columns that vary, a note on dropped ones, and the variable's name if none varies."""
    varies = validation.varying_columns(values)
    if varies.all():
        return values, [], []
    if not varies.any():
        return values, [], [name]
    dropped = np.flatnonzero(~varies)
    note = f"{name}: {len(dropped)} of {variable.columns} columns are constant and were dropped"
    if len(variable.names) == len(varies):
        listed = [variable.names[place] for place in dropped[:_NAMED_COLUMNS]]
        note += f": {', '.join(listed)}{', ...' if len(dropped) > len(listed) else ''}"
    return values[:, varies], [note], []
