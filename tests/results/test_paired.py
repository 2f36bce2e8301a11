"""Differences between encoders, paired over the same samples and noise."""

from __future__ import annotations

import math

import numpy as np
import pytest

from infoplane.estimators.noisy_channel import brackets
from infoplane.results.paired import difference


def influence(t: np.ndarray, seed: int, s: float = 0.5) -> np.ndarray:
    found = brackets(t, [s], seed=seed)[0].influence
    assert found is not None
    return found


def pair(seed: int, scale: float = 1.1) -> tuple[np.ndarray, np.ndarray]:
    t = np.random.default_rng(seed).standard_normal((400, 2))
    return scale * t, t


def test_pairing_shrinks_the_error_and_keeps_it_honest() -> None:
    found = [
        difference("a", influence(a, seed), "b", influence(b, seed)) for seed in range(60) for a, b in [pair(seed)]
    ]
    spread = np.std([one.lower for one in found], ddof=1)
    error = math.sqrt(np.mean([one.lower_se**2 for one in found]))
    assert 0.8 < error / spread < 2.3, "honest; conservative while n is small, since the first-order part cancels"
    a, b = pair(0)
    unpaired = math.hypot(*(influence(t, 0)[0].std() / 20 for t in (a, b)))
    assert error < unpaired / 3


def test_interval_holds_the_true_difference_and_resolves_it() -> None:
    truth = math.log1p(1.1**2 / 0.25) - math.log1p(1 / 0.25)
    inside, resolved = 0, 0
    for seed in range(40):
        a, b = pair(seed)
        one = difference("a", influence(a, seed), "b", influence(b, seed))
        low, high = one.ci95
        inside += low <= truth <= high
        resolved += low > 0
    assert inside >= 37
    assert resolved >= 36


def test_equal_encoders_and_wide_brackets_are_not_resolved() -> None:
    a, b = pair(3, scale=1.0)
    t = np.random.default_rng(0).standard_normal((200, 10))
    for first, second in ((a, b), (1.1 * t, t)):
        low, high = difference("a", influence(first, 0), "b", influence(second, 0)).ci95
        assert low <= 0 <= high


def test_different_samples_are_refused() -> None:
    with pytest.raises(ValueError, match="shape"):
        difference("a", np.zeros((2, 5)), "b", np.zeros((2, 6)))
