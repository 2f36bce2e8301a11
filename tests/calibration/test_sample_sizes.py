"""Extrapolation in 1/n: exact on a straight line, honest about a bent one, right on a biased estimator."""

from __future__ import annotations

import math

import numpy as np
import pytest

from infoplane.calibration.sample_sizes import SizePoint, extrapolate, fit_line
from infoplane.common.aliases import Z95
from infoplane.distributions import symmetric_channel
from infoplane.results.estimate import Estimate


def test_a_straight_line_is_continued_exactly() -> None:
    points = [SizePoint(n, (2.0 - 300 / n,), 0.05) for n in (250, 500, 1000)]
    found = fit_line(points)
    assert found.limit == pytest.approx(2.0)
    assert found.slope == pytest.approx(-300)
    assert found.misfit == pytest.approx(0, abs=1e-9)


def test_a_bent_line_is_noticed() -> None:
    points = [SizePoint(n, (2.0 - (500 / n) ** 3,), 0.01) for n in (250, 500, 1000)]
    assert fit_line(points).misfit > 3


def test_the_error_of_the_limit_is_that_of_the_fit() -> None:
    random = np.random.default_rng(0)
    sizes = (250, 500, 1000)
    limits = [fit_line([SizePoint(n, (random.normal(1.0, 0.02),), 0.02) for n in sizes]).limit for _ in range(2000)]
    claimed = fit_line([SizePoint(n, (1.0,), 0.02) for n in sizes]).limit_se
    assert np.std(limits) == pytest.approx(claimed, rel=0.06)


def test_the_plug_in_bias_of_a_table_is_taken_out() -> None:
    """The plug-in value of a K x K table is (K - 1)^2 / 2n too large: just what the line removes."""

    def plug_in(x: np.ndarray, z: np.ndarray, seed: int) -> Estimate:
        table = np.histogram2d(x, z, bins=10, range=[[-0.5, 9.5]] * 2)[0] / len(x)
        independent = np.outer(table.sum(axis=1), table.sum(axis=0))
        mask = table > 0
        nats = float((table[mask] * np.log(table[mask] / independent[mask])).sum())
        return Estimate(nats, None, "estimate", "plug-in")

    channel = symmetric_channel(10, 0.5)
    errors, raw = [], []
    for seed in range(20):
        x, z = channel.sample(2000, seed)
        found = extrapolate(x, z, plug_in, seed=seed)
        unbiased = channel.pointwise(x, z).mean()  # the sample's own luck, which the line cannot remove
        errors.append(found.limit - unbiased)
        raw.append(found.points[-1].mean - unbiased)
    assert np.mean(raw) == pytest.approx(81 / 4000, rel=0.25)
    assert abs(np.mean(errors)) < 0.25 * np.mean(raw)


def test_subsets_are_disjoint_and_keep_pairs() -> None:
    seen: dict[int, list[np.ndarray]] = {}

    def watch(x: np.ndarray, z: np.ndarray, seed: int) -> Estimate:
        np.testing.assert_array_equal(x[:, 0], z)
        seen.setdefault(len(x), []).append(x[:, 0])
        return Estimate(1.0, (0.9, 1.1), "estimate", "watch")

    x = np.arange(400)[:, None]
    found = extrapolate(x, x[:, 0], watch)
    for size, count in ((100, 4), (200, 2), (400, 1)):
        assert len(seen[size]) == count
        np.testing.assert_array_equal(np.sort(np.concatenate(seen[size])), np.arange(400))
    # Errors of single subsets shrink with the root of their number.
    single = 0.1 / Z95
    np.testing.assert_allclose([p.standard_error for p in found.points], [single / 2, single / math.sqrt(2), single])


def test_one_size_is_no_line() -> None:
    with pytest.raises(ValueError, match="two different numbers"):
        extrapolate(
            np.zeros((10, 1)), np.zeros(10), lambda x, z, seed: Estimate(0.0, None, "estimate", "m"), parts=(1,)
        )
