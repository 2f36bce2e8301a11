"""Whether two variables share a combination of columns exactly, so that their information is infinite."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from infoplane.common.aliases import FloatArray, IntArray
from infoplane.estimators import gaussian, margins
from infoplane.estimators.auto.coordinates import centred

_MOST_ROWS, _MOST_COLUMNS = 3_000, 300


def determined(x: npt.NDArray[Any], z: npt.NDArray[Any], seed: int) -> str | None:
    """What is determined, in words, or None where nothing is seen to be.

    Combinations of columns are compared by canonical correlations (of the columns, or of their ranks), which must be 1
    but for rounding. Columns that are functions of columns are found by
    :func:`infoplane.estimators.dependence_checks.noiseless_relation`, for every method.

    Args:
        x: samples, shape (n, dx).
        z: samples, shape (n, dz).
        seed: of the choice among very many rows.
    """
    rows: IntArray | slice = slice(None)
    if len(x) > _MOST_ROWS:
        rows = np.random.default_rng(seed).choice(len(x), _MOST_ROWS, replace=False)
    one, other = centred(x[rows])[:, :_MOST_COLUMNS], centred(z[rows])[:, :_MOST_COLUMNS]
    if len(one) > one.shape[1] + other.shape[1] + 2:
        for scale in ("standard", "rank"):
            pair = gaussian.canonical(margins.scaled(one, scale), margins.scaled(other, scale))
            shared = _continuous(pair.a[:, : pair.determined])
            if shared and len(one) > pair.dx + pair.dz + 2:
                return f"x and z share {shared} linear combinations exactly (of the columns or of their ranks)"
    return None


def _continuous(variates: FloatArray) -> int:
    """How many columns have mostly different values: a shared discrete one has finite information."""
    return sum(len(np.unique(np.round(column, 6))) > len(column) / 2 for column in variates.T)
