"""Embeddings as the measurements use them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from infoplane.arrays.unit_norm import unit_rows


def test_rows_have_norm_1_and_keep_their_direction() -> None:
    rows = np.random.default_rng(0).standard_normal((50, 7)) * np.logspace(-3, 3, 50)[:, None]
    unit = unit_rows(rows, Path("a.npy"))
    assert unit.dtype == np.float32
    assert np.allclose(np.linalg.norm(unit, axis=1), 1.0, atol=1e-6)
    assert np.allclose(unit * np.linalg.norm(rows, axis=1, keepdims=True), rows, rtol=1e-5)


def test_a_row_without_direction_is_named() -> None:
    rows = np.ones((5, 3))
    rows[[1, 3]] = 0
    with pytest.raises(ValueError, match="2 embeddings are all zero, the first in row 1"):
        unit_rows(rows, Path("a.npy"))
