"""Columns far from zero: their offset is taken off exactly, before anything is cast, scaled or compared.

x = 1e12 + N(0, 1) is resolved by steps of 1e-4: float32 keeps nothing of it, and rules that call values a few
floating-point steps apart equal see ties. Mutual information does not depend on the offset.
"""

from __future__ import annotations

import numpy as np

from infoplane.common.aliases import Array

_BLOCK_ROWS = 65536


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
