"""Streams depend on the root seed and their own name alone."""

from __future__ import annotations

import numpy as np

from infoplane.common import seeds


def test_streams_are_reproducible_and_distinct() -> None:
    names = [("embed", "ResNet50"), ("embed", "Xception"), ("train", "ResNet50"), ("embed", "ResNet50", 1)]
    draws = [seeds.generator(0, *name).standard_normal(2000) for name in names]
    assert np.array_equal(draws[0], seeds.generator(0, *names[0]).standard_normal(2000))
    assert not np.array_equal(draws[0], seeds.generator(1, *names[0]).standard_normal(2000))
    correlations = np.corrcoef(draws)[np.triu_indices(len(draws), 1)]
    assert np.abs(correlations).max() < 0.1


def test_integer_seeds_fit_tensorflow() -> None:
    values = [seeds.integer_seed(root, "name") for root in range(100)]
    assert len(set(values)) == 100
    assert all(0 <= value < 2**31 for value in values)
