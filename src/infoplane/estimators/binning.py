"""Mutual information from a histogram, for at most three columns together.

With d dimensions and b bins in each there are b^d cells. Beyond three dimensions most samples sit alone in theirs, and
the estimate is then near ln n whatever the dependence; so it is refused there.
"""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Literal

import numpy as np
import numpy.typing as npt

from infoplane.common import validation
from infoplane.common.aliases import IntArray
from infoplane.estimators.discrete import Correction, entropy, row_codes, table_estimate
from infoplane.results.estimate import Estimate

Strategy = Literal["adaptive", "fixed"]
Range = tuple[float, float]

_SAMPLES_PER_CELL = 5
_MOST_BINS = 100


def binning(
    x: npt.ArrayLike,
    z: npt.ArrayLike,
    *,
    strategy: Strategy = "adaptive",
    bins: int | None = None,
    x_range: Range | None = None,
    z_range: Range | None = None,
    correction: Correction = "grassberger",
    labels: bool | None = None,
    seed: int = 0,
) -> Estimate:
    """I(X; Z) of binned variables, from the histogram's plug-in value with a bias correction.

    Binning loses information, so the value falls short where bins are wide against the dependence, and few samples
    per cell make it too large. Edges lie in the data's range unless given.

    Args:
        x: samples, shape (n, 1), (n, 2) or (n,).
        z: samples, shape (n, 1), (n, 2) or (n,), at most three columns with ``x``; or class labels, which stay as
            they are.
        strategy: "adaptive": equally many samples in each bin of a column; "fixed": bins of equal width.
        bins: per column; by default such that the cells hold five samples each on average.
        x_range: (low, high) for bins of equal width over all columns of x; values outside go to the outermost bins.
        z_range: the same for z.
        correction: "grassberger", "miller_madow" or "none"; see ``discrete``.
        labels: whether z is class labels; None: if it is a 1-D array of integers or booleans.
        seed: for the shuffles behind the interval.

    Returns:
        The estimate in nats, of kind "estimate"; for class labels with H(Z) as its ceiling.

    Raises:
        ValueError: bad arrays, more than 2 + 1 columns, unknown options, fewer than two bins, a range for equal mass.

    Source: see ``discrete``.
    """
    started = time.perf_counter()
    is_labels = validation.is_labels(z) if labels is None else labels
    xs = validation.samples(x, "x")
    zs = validation.labels(z, "z")[:, None] if is_labels else validation.samples(z, "z")
    validation.require_same_length(xs, zs)
    dx, dz, n = xs.shape[1], zs.shape[1], len(xs)
    if dx + dz > 3:
        raise ValueError(
            f"binning of {dx} + {dz} columns: above 2 + 1 most samples are alone in their cell, "
            f"and the value is near ln n = {np.log(n):.3g} nats whatever the dependence; use ksg, gaussian or auto"
        )
    if strategy not in ("adaptive", "fixed"):
        raise ValueError(f"strategy={strategy!r} given; expected one of adaptive, fixed")
    if strategy == "adaptive" and (x_range is not None or z_range is not None):
        raise ValueError("x_range or z_range given with strategy='adaptive'; expected strategy='fixed'")
    count = _default_bins(zs if is_labels else None, n, dx, dz) if bins is None else bins
    if count < 2:
        raise ValueError(f"bins={count} given; expected at least 2")
    x_codes = row_codes(_binned(xs, strategy, count, x_range, "x_range"))
    z_codes = zs[:, 0] if is_labels else row_codes(_binned(zs, strategy, count, z_range, "z_range"))
    result = table_estimate("binning", x_codes, z_codes, correction, dx, dz, seed, started)
    ceiling = entropy(np.bincount(z_codes), "none") if is_labels else None
    return replace(result, ceiling=ceiling, diagnostics=result.diagnostics | {"strategy": strategy, "bins": count})


def _default_bins(labels: IntArray | None, n: int, dx: int, dz: int) -> int:
    """The bins per column with which a cell holds five samples on average; class labels are not binned."""
    cells = n / _SAMPLES_PER_CELL
    free = dx if labels is not None else dx + dz
    if labels is not None:
        cells /= labels.max() + 1
    return int(np.clip(cells ** (1.0 / free), 2, _MOST_BINS))


def _binned(
    x: npt.NDArray[np.generic], strategy: Strategy, bins: int, limits: Range | None, name: str
) -> npt.NDArray[np.int64]:
    if strategy == "adaptive":
        return np.column_stack([_equal_mass(column, bins) for column in x.T])
    if limits is not None and not (np.isfinite(limits).all() and limits[0] < limits[1]):
        raise ValueError(f"{name}={limits} given; expected (low, high) with low < high")
    return np.column_stack([_equal_width(column.astype(np.float64), bins, limits) for column in x.T])


def _equal_width(column: npt.NDArray[np.float64], bins: int, limits: Range | None) -> IntArray:
    low, high = (float(column.min()), float(column.max())) if limits is None else limits
    if high == low:
        return np.zeros(len(column), dtype=np.int64)
    position = (column - low) / (high - low) * bins
    return np.clip(np.floor(position), 0, bins - 1).astype(np.int64)


def _equal_mass(column: npt.NDArray[np.generic], bins: int) -> IntArray:
    """Bins that hold equally many samples, by the mean rank of equal values, so that these share a bin."""
    _, group, count = np.unique(column, return_inverse=True, return_counts=True)
    middle = (np.cumsum(count) - 0.5 * count) / len(column)
    bin_of_value: IntArray = np.minimum(np.floor(middle * bins), bins - 1).astype(np.int64)
    return bin_of_value[group]
