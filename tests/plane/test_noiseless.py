"""Counting and binning against brute force and known values."""

from __future__ import annotations

import math
from collections import Counter

import numpy as np
import pytest

from infoplane.plane.noiseless import adaptive_bins, count_information, fixed_bins


def brute_force(rows: np.ndarray, labels: np.ndarray) -> tuple[float, float]:
    n = len(rows)
    values = Counter(map(tuple, rows.tolist()))
    joint = Counter((tuple(row), label) for row, label in zip(rows.tolist(), labels.tolist(), strict=True))
    classes = Counter(labels.tolist())
    h = -sum(count / n * math.log(count / n) for count in values.values())
    i_y = sum(
        count / n * math.log(count * n / (values[value] * classes[label])) for (value, label), count in joint.items()
    )
    return h, i_y


def test_counted_equals_brute_force() -> None:
    random = np.random.default_rng(0)
    rows, labels = random.integers(3, size=(300, 2)).astype(np.float32), random.integers(2, size=300)
    assert count_information(rows, labels) == pytest.approx(brute_force(rows, labels), abs=1e-12)


def test_distinct_outputs_tell_all_and_a_constant_nothing() -> None:
    labels = np.arange(64) % 2
    assert count_information(np.arange(64.0)[:, None], labels) == pytest.approx((math.log(64), math.log(2)))
    assert count_information(np.ones((64, 3)), labels) == pytest.approx((0.0, 0.0))


def test_binning_never_adds_information() -> None:
    random = np.random.default_rng(1)
    t = np.tanh(random.standard_normal((500, 3)))
    labels = (t[:, 0] > 0).astype(int)
    truth = count_information(t, labels)
    for bins in (2, 10, 30):
        for binned in (fixed_bins(t, bins), adaptive_bins(t, bins)):
            assert binned.min() >= 0
            assert binned.max() <= bins - 1
            found = count_information(binned, labels)
            assert found[0] <= truth[0] + 1e-9
            assert found[1] <= min(truth[1], found[0]) + 1e-9


def test_growing_relu_weights_look_like_compression_in_fixed_bins_only() -> None:
    t = np.maximum(np.random.default_rng(2).standard_normal((2000, 4)), 0)
    labels = np.zeros(2000, dtype=int)
    fixed = [count_information(fixed_bins(scale * t, 30), labels)[0] for scale in (0.5, 5.0, 50.0)]
    adaptive = [count_information(adaptive_bins(scale * t, 30), labels)[0] for scale in (0.5, 5.0, 50.0)]
    assert fixed[0] > fixed[1] + 1
    assert fixed[1] > fixed[2]
    assert adaptive == pytest.approx([adaptive[0]] * 3)


def test_adaptive_bins_hold_equally_many_distinct_values_and_keep_ties_together() -> None:
    t = np.concatenate([np.zeros(900), np.arange(1, 101)])[:, None]
    codes = adaptive_bins(t, 10)[:, 0]
    assert len(set(codes[:900])) == 1
    distinct = np.bincount(codes[899:])
    assert distinct.max() - distinct.min() <= 1
    assert len(np.unique(adaptive_bins(np.array([[0.0], [1.0], [1.0]]), 10))) == 2
