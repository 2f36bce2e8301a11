"""Columns far from zero, or far larger or smaller than one: offset and size are taken off exactly, before anything is
cast, scaled or compared.

x = 1e12 + N(0, 1) is resolved by steps of 1e-4: float32 keeps nothing of it, and rules that call values a few
floating-point steps apart equal see ties; the square of 1e200 is infinite. Mutual information depends on neither.
"""

from __future__ import annotations

import numpy as np

from infoplane.common.aliases import Array

_BLOCK_ROWS = 65536
_ROOM = 24
"""Powers of two left for sums of squares: 10 million rows and more."""


def within_range(x: Array) -> Array:
    """``x``, shape (n, d), each column whose squares overflow or vanish in its dtype times a power of two.

    Its largest value is then between 1/2 and 1. That is exact but for values so much smaller that no sum sees them
    beside the largest. The dtype stays. Other columns stay as they are, and an array without such columns is returned
    itself.
    """
    if x.dtype.kind != "f":
        return x
    largest = np.maximum(x.max(axis=0), -x.min(axis=0))
    exponent = np.frexp(largest)[1]
    far = (largest > 0) & (np.abs(exponent) > np.finfo(x.dtype).maxexp // 2 - _ROOM)
    if not far.any():
        return x
    return np.ldexp(x, np.where(far, -exponent, 0)).astype(x.dtype)


def without_offsets(x: Array) -> Array:
    """``x``, shape (n, d), less each column's value nearest to zero, where all its values are within a factor of two.

    There the difference of two floating-point numbers is exact (Sterbenz 1974, "Floating-point computation"), so that
    no two values become equal and none come apart. The dtype stays. Other columns stay as they are, and an array
    without an offset is returned itself.
    """
    if x.dtype.kind not in "iuf":
        return x
    low, high = x.min(axis=0), x.max(axis=0)
    least, most = low.astype(np.float64), high.astype(np.float64)
    above, below = (least > 0) & (most <= 2 * least), (most < 0) & (least >= 2 * most)
    if not (above | below).any():
        return x
    reference = np.where(above, low, np.where(below, high, np.zeros_like(low)))
    result = np.empty(x.shape, dtype=x.dtype)
    for start in range(0, len(x), _BLOCK_ROWS):
        rows = slice(start, start + _BLOCK_ROWS)
        result[rows] = x[rows] - reference
    return result
