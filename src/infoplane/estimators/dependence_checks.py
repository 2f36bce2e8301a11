"""What the samples show that no estimate says by itself: rows that depend on their neighbours in the file, and
relations without noise, whose information is infinite.

Both are read from the samples, so both have a size from which they are visible; what is not visible is not claimed.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt

from infoplane.common.aliases import Array, FloatArray, IntArray

DEPENDENT = "rows depend on the rows before"
"""How the warning of autocorrelation begins."""
_MOST_ROWS, _MOST_RELATION_ROWS = 20_000, 5_000
_MOST_COLUMNS = 64
_FEWEST_ROWS = 50
_CERTAIN = 4.0
"""Standard errors (1 / sqrt n) below which an autocorrelation counts as noise: 3 in 100,000 by chance."""
_MATTERS = 1.25
"""Rows per independent row from which a warning is given: standard errors are then a tenth too small."""
_MOST_PAIRS = 400
_SHRINKS = 8.0
"""Least ratio of interpolation errors at twice the spacing: 16 for a smooth function, about 1 for noise."""
_ROUNDING_STEPS = 64.0
_DISTINCT = 0.25


@dataclass(frozen=True)
class Autocorrelation:
    """How strongly both variables depend on the rows before."""

    x: float
    """Largest autocorrelation of a column of x at lag 1."""
    z: float
    rows_per_independent: float
    """1 + 2 sum_k rho_x(k) rho_z(k) (Bartlett 1946): so many rows carry the evidence of one independent row."""

    def warning(self, n: int, so: str = "value and interval claim too much; name blocks of rows with groups") -> str:
        """The line for the estimate of n rows; ``so`` says what follows from it."""
        return (
            f"{DEPENDENT} (autocorrelation at lag 1: {self.x:.2f} in x, {self.z:.2f} in z): unless "
            f"they were merely sorted, {n} rows are worth about {max(n / self.rows_per_independent, 1.0):.0f} "
            f"independent ones, and {so}"
        )


def autocorrelation(x: Array, z: Array) -> Autocorrelation | None:
    """The autocorrelation of rows in their order, or None where it does not matter to an estimate.

    It matters only where both variables have it: if one is independent from row to row, so are the products behind any
    measure of dependence. Rows sorted by one variable (or by class) are in an order that tells nothing: None.

    Args:
        x: samples, shape (n, dx).
        z: samples, shape (n, dz), or class labels, shape (n,).

    Source: Bartlett 1946, "On the theoretical specification and sampling properties of autocorrelated time-series":
        the variance of a cross-correlation of independent series, of their ranks here.
    """
    n = min(len(x), _MOST_ROWS)
    if n < _FEWEST_ROWS or _sorted(x[:n]) or _sorted(z[:n]):
        return None
    rho_x = _autocorrelations(_ranks(x[:n]))
    if rho_x[1] < _CERTAIN / np.sqrt(n):
        return None
    rho_z = _autocorrelations(_ranks(z[:n]))
    noise = np.minimum(rho_x, rho_z) < _CERTAIN / np.sqrt(n)
    end = int(np.argmax(noise)) if noise.any() else len(noise)
    per = 1.0 + 2.0 * float(rho_x[1:end] @ rho_z[1:end])
    return Autocorrelation(float(rho_x[1]), float(rho_z[1]), per) if per > _MATTERS else None


def _sorted(x: Array) -> bool:
    """Whether a column is monotone over the rows, or class labels stand in one run each."""
    if x.ndim == 1:
        return int(np.count_nonzero(x[1:] != x[:-1])) == len(np.unique(x)) - 1
    following, before = x[1:], x[:-1]
    return bool(((following >= before).all(axis=0) | (following <= before).all(axis=0)).any())


def _ranks(x: Array) -> FloatArray:
    """Standardised ranks of at most 64 columns, or indicators of at most 64 classes, shape (n, d)."""
    if x.ndim == 1:
        classes = np.unique(x)[:_MOST_COLUMNS]
        columns = (x[:, None] == classes).astype(np.float64)
    else:
        chosen = np.unique(np.linspace(0, x.shape[1] - 1, min(x.shape[1], _MOST_COLUMNS)).astype(np.int64))
        columns = np.column_stack([np.unique(x[:, column], return_inverse=True)[1] for column in chosen])
        columns = columns.astype(np.float64)
    columns -= columns.mean(axis=0)
    deviation = columns.std(axis=0)
    result: FloatArray = columns[:, deviation > 0] / deviation[deviation > 0]
    return result if result.shape[1] else np.zeros((len(x), 1))


def _autocorrelations(columns: FloatArray) -> FloatArray:
    """Autocorrelations at lags 0 .. n / 2 of the column with the largest at lag 1."""
    n = len(columns)
    first = (columns[1:] * columns[:-1]).sum(axis=0) / n
    series = columns[:, int(np.argmax(first))]
    power = np.abs(np.fft.rfft(series, 2 * n)) ** 2
    result: FloatArray = np.fft.irfft(power)[: n // 2 + 1] / n
    return result


def noiseless_relation(x: Array, z: Array, seed: int = 0) -> str | None:
    """A warning where a continuous column of one variable is a function of a column of the other; None elsewhere.

    Between continuous variables the information is then infinite, one-to-one or not. A column is interpolated from its
    two neighbours on each side in the order of the other column: the error of a smooth function falls as the fourth
    power of the spacing until rounding ends it, that of noise stays. A function is claimed where the error is no more
    than rounding, or below 1 / n of the deviation and still falling by a factor of 8 and more for each halving of the
    spacing, so that n rows could not measure the noise that there may be.

    Args:
        x: samples, shape (n, dx).
        z: samples, shape (n, dz).
        seed: of the rows that are looked at where there are very many.
    """
    dx, dz = x.shape[1], z.shape[1]
    if len(x) < _FEWEST_ROWS or dx * dz > _MOST_PAIRS:
        return None
    if len(x) > _MOST_RELATION_ROWS:
        rows = np.random.default_rng(seed).choice(len(x), _MOST_RELATION_ROWS, replace=False)
        x, z = x[rows], z[rows]
    for source, target, names in ((x, z, ("x", "z")), (z, x, ("z", "x"))):
        found = _function(source, target)
        if found is not None:
            return (
                f"{names[1]} (column {found[1]}) is a function of {names[0]} (column {found[0]}) as far as {len(x)} "
                "rows can tell: the information between continuous variables is then infinite"
            )
    return None


def _function(source: Array, target: Array) -> tuple[int, int] | None:
    """Columns (of source, of target) of which the second is a function of the first."""
    values, rounding = target.astype(np.float64), _rounding(target)
    deviation = values.std(axis=0)
    unique = np.column_stack([_unique(column) for column in target.T])
    continuous = (unique.mean(axis=0) > _DISTINCT) & (deviation > 0)
    for index, column in enumerate(source.T):
        order = np.argsort(column, kind="stable")
        place = column[order].astype(np.float64)
        apart = np.concatenate([[True], np.diff(place) > 0])
        if not continuous.any() or np.count_nonzero(apart) < max(_DISTINCT * len(place), _FEWEST_ROWS):
            continue
        kept = order[apart]
        error = partial(_interpolation_error, place[apart], values[kept], unique[kept])
        errors = error(stride=1)
        exact, falls = errors <= _ROUNDING_STEPS * rounding, errors < deviation / len(place)
        for stride in (2, 4):
            if (continuous & falls).any():
                wider = error(stride=stride)
                falls &= wider >= _SHRINKS * errors
                errors = wider
        if (found := np.flatnonzero(continuous & (exact | falls))).size:
            return index, int(found[0])
    return None


def _unique(column: Array) -> npt.NDArray[np.bool_]:
    """Which values occur once: an atom, such as the zeros of a ReLU, tells nothing of the rest."""
    _, code, count = np.unique(column, return_inverse=True, return_counts=True)
    result: npt.NDArray[np.bool_] = count[code] == 1
    return result


def _rounding(x: Array) -> FloatArray:
    """The floating-point step at each column's median magnitude beside 0, in float32 if its values are all float32.

    A single value of 1e300 says nothing of the others.
    """
    magnitude = np.abs(x.astype(np.float64))
    middle = np.array([np.median(column[column > 0]) if column.any() else 0.0 for column in magnitude.T])
    with np.errstate(over="ignore", under="ignore"):
        single = (x.astype(np.float32).astype(np.float64) == x.astype(np.float64)).all(axis=0)
    result: FloatArray = middle * np.where(single, np.finfo(np.float32).eps, np.finfo(np.float64).eps)
    return result


def _interpolation_error(
    place: FloatArray, values: FloatArray, unique: npt.NDArray[np.bool_], stride: int
) -> FloatArray:
    """Median error of each column of ``values``, (n, d), at increasing ``place``, (n,), by cubics through neighbours.

    The neighbours are one and two strides away on each side (Lagrange's formula). The median is over the values that
    are ``unique``, shape (n, d); infinite where fewer than a quarter are.
    """
    middle: IntArray = np.arange(2 * stride, len(place) - 2 * stride)
    around = [middle + step * stride for step in (-2, -1, 1, 2)]
    guess = np.zeros((len(middle), values.shape[1]))
    for rows in around:
        weight = np.ones(len(middle))
        for other in around:
            if other is not rows:
                weight *= (place[middle] - place[other]) / (place[rows] - place[other])
        guess += weight[:, None] * values[rows]
    error, counted = np.abs(guess - values[middle]), unique[middle]
    return np.array(
        [
            np.median(one[mask]) if mask.mean() > _DISTINCT else np.inf
            for one, mask in zip(error.T, counted.T, strict=True)
        ]
    )
