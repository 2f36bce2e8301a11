"""``auto``: mutual information of whatever samples, by what their kind, number and dimensions allow.

* Two variables with few values each: the table of counts.
* Numbers against few values: Gaussian discriminants, a classifier for what they miss, nearest neighbours.
* Numbers: an elliptical copula or one of nonlinear canonical variates, whichever holds out best; a critic that starts
  from it and learns the rest; in many dimensions all canonical correlations together, in few nearest neighbours.

Simple models come first because they say much with few samples and their bias is known: half way between the value
on the rows that fitted a model and on those that did not, it is corrected to first order. What is learned on top
counts only if held-out samples show it beyond noise, so that independent variables stay at 0. Ties are told apart by
noise that loses nothing (``margins.break_ties``). ``diagnostics`` has the value of every part and why it was used.
"""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np
import numpy.typing as npt
from threadpoolctl import threadpool_limits

from infoplane.estimators.discrete import row_codes, table_estimate
from infoplane.results.estimate import Estimate

_ROWS_PER_CELL = 4.0
"""Mean samples per occupied cell from which a table of counts is used."""
_ROWS_PER_VALUE = 20
"""Samples per distinct value from which a variable of numbers counts as classes."""
_MOST_VALUES = 200


def auto(x: npt.NDArray[np.generic], z: npt.NDArray[np.generic], *, seed: int = 0, labels: bool = False) -> Estimate:
    """Estimate I(X; Z), with a two-sided 95 % interval.

    Args:
        x: samples, shape (n, dx), finite numbers.
        z: samples, shape (n, dz), or class labels, shape (n,), if ``labels``.
        seed: root of every random stream.
        labels: whether z is class labels.

    Returns:
        The value in nats, kind "estimate"; nothing is clipped, so independent variables may come out slightly negative.
        With labels the ceiling is H(Y).
    """
    started = time.perf_counter()
    with threadpool_limits(1, "blas"):  # on matrices this small, waiting threads cost several times the work
        result = _routed(np.asarray(x), np.asarray(z), seed, labels or z.ndim == 1, started)
    return replace(result, method="auto", seed=seed, seconds=time.perf_counter() - started)


def _routed(
    x: npt.NDArray[np.generic], z: npt.NDArray[np.generic], seed: int, labels: bool, started: float
) -> Estimate:
    widths = x.shape[1], 1 if labels else z.shape[1]
    codes_x, codes_z = _codes(x), _codes(z[:, None] if labels else z)
    if codes_x is not None and codes_z is not None:
        cells = len(np.unique(codes_x * (codes_z.max() + 1) + codes_z))
        if len(x) >= _ROWS_PER_CELL * cells:
            table = table_estimate("auto", codes_x, codes_z, "grassberger", *widths, seed, started)
            return replace(table, diagnostics=table.diagnostics | {"route": "few values: table of counts"})
    if labels:
        return _numbers_against_labels(x, row_codes(z[:, None]), seed, widths, "z is class labels")
    if codes_z is not None and _classes(codes_z):
        return _numbers_against_labels(x, codes_z, seed, widths, "z has few values")
    if codes_x is not None and _classes(codes_x):
        return _numbers_against_labels(z, codes_x, seed, widths, "x has few values")
    from infoplane.estimators.auto.numbers import estimate_numbers

    result = estimate_numbers(x, z, seed)
    return replace(result, diagnostics=result.diagnostics | {"route": "numbers"})


def _numbers_against_labels(
    numbers: npt.NDArray[np.generic],
    codes: npt.NDArray[np.int64],
    seed: int,
    widths: tuple[int, int],
    why: str,
) -> Estimate:
    from infoplane.estimators.auto.labels import estimate_labels

    result = estimate_labels(numbers, codes, seed)
    return replace(result, dx=widths[0], dz=widths[1], diagnostics=result.diagnostics | {"route": f"classes: {why}"})


def _codes(x: npt.NDArray[np.generic]) -> npt.NDArray[np.int64] | None:
    """One integer per distinct row, or None where rows hardly repeat."""
    for column in range(min(x.shape[1], 8)):  # cheap refusal before whole rows are sorted
        if len(np.unique(x[:, column])) > len(x) / 2:
            return None
    codes = row_codes(x)
    return codes if codes.max() + 1 <= len(x) / 2 else None


def _classes(codes: npt.NDArray[np.int64]) -> bool:
    values = int(codes.max()) + 1
    return values <= min(_MOST_VALUES, len(codes) / _ROWS_PER_VALUE)
