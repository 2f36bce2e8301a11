"""Stratified subsets and splits: exact shares, whatever the order and wherever the stream ends."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from infoplane.images.splits import StratifiedSplitter, quotas

COUNTS = st.lists(st.integers(2, 400), min_size=2, max_size=12)
FRACTIONS = st.floats(0.001, 0.999)


@given(COUNTS, FRACTIONS, st.integers(0, 2**32))
def test_every_class_is_split_in_the_ratio_at_every_moment(counts: list[int], fraction: float, seed: int) -> None:
    splitter = StratifiedSplitter(np.array(counts), fraction, None)
    test, seen = np.zeros(len(counts)), np.zeros(len(counts))
    for label in np.random.default_rng(seed).permutation(np.repeat(np.arange(len(counts)), counts)):
        test[label] += splitter.assign(label) == "test"
        seen[label] += 1
        if seen[label] >= 2:
            assert 1 <= test[label] <= seen[label] - 1
            share = min(max(fraction * seen[label], 1), seen[label] - 1)
            assert abs(test[label] - share) <= 0.5 + 1e-9
    assert not any(splitter.needs(label) for label in range(len(counts)))


@given(COUNTS, st.data())
def test_subsets_are_proportional(counts: list[int], data: st.DataObject) -> None:
    array = np.array(counts)
    limit = data.draw(st.integers(2 * len(counts), int(array.sum())))
    taken = quotas(array, limit)
    assert taken.sum() == limit
    assert (taken >= 2).all()
    assert (taken <= array).all()
    ideal = array * limit / array.sum()
    if (ideal >= 2).all():
        assert (np.abs(taken - ideal) < 1).all()


def test_known_quotas() -> None:
    assert quotas(np.array([500] * 10), 240).tolist() == [24] * 10
    assert quotas(np.array([600, 300, 100]), 10).tolist() == [5, 3, 2]  # ideally 6, 3, 1, but no class below 2
    assert quotas(np.array([7, 9]), None).tolist() == [7, 9]
    assert quotas(np.array([7, 9]), 1000).tolist() == [7, 9]


def test_options_out_of_range_are_named() -> None:
    counts = np.array([10, 10, 10])
    with pytest.raises(ValueError, match=r"data\.limit: 5 given; expected at least 6 for 3 classes"):
        StratifiedSplitter(counts, 0.5, 5)
    for fraction in (0, 1, -0.1, float("nan")):
        with pytest.raises(ValueError, match=r"data\.test_fraction: .* given"):
            StratifiedSplitter(counts, fraction, None)
