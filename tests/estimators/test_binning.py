"""Histograms and tables of counts against known values."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from infoplane.estimators.binning import binning
from infoplane.estimators.discrete import discrete, entropy


def noisy_symbols(seed: int, n: int, values: int, kept: float) -> tuple[np.ndarray, np.ndarray, float]:
    """X uniform on ``values`` symbols; Z is X with probability ``kept``, else any symbol."""
    rng = np.random.default_rng(seed)
    x = rng.integers(0, values, n)
    z = np.where(rng.random(n) < kept, x, rng.integers(0, values, n))
    same, other = kept + (1 - kept) / values, (1 - kept) / values
    return x, z, np.log(values) + same * np.log(same) + (values - 1) * other * np.log(other)


@pytest.mark.parametrize(("n", "values", "kept"), [(1000, 3, 0.5), (1000, 10, 0.7), (300, 6, 0.3), (1000, 20, 0.3)])
def test_discrete_channel(n: int, values: int, kept: float) -> None:
    results, truth = [], 0.0
    for seed in range(30):
        x, z, truth = noisy_symbols(seed, n, values, kept)
        results.append(discrete(x, z, seed=seed))
    assert np.mean([result.nats for result in results]) == pytest.approx(truth, abs=0.02)
    assert sum(low <= truth <= high for low, high in (result.ci95 for result in results)) >= 26


def test_corrections_take_off_the_plug_in_bias() -> None:
    rng = np.random.default_rng(0)
    pairs = [rng.integers(0, 8, (2, 200)) for _ in range(30)]
    plug_in, miller_madow, grassberger = (
        np.mean([discrete(x, z, correction=correction).nats for x, z in pairs])
        for correction in ("none", "miller_madow", "grassberger")
    )
    assert plug_in > 0.1  # near 49 / 400, of independent symbols
    assert abs(miller_madow) < 0.04
    assert abs(grassberger) < 0.02


def test_independent_sparse_tables_allow_zero() -> None:
    for seed in range(8):
        x, z = np.random.default_rng(seed).integers(0, 20, (2, 120))
        result = discrete(x, z, seed=seed)
        assert result.ci95[0] <= 0 <= result.ci95[1]
        assert "too few" in result.warnings[0]


def test_a_copy_has_its_entropy() -> None:
    x = np.repeat(np.arange(4), [10, 20, 30, 40])
    share = np.array([0.1, 0.2, 0.3, 0.4])
    result = discrete(x, x, correction="none")
    assert result.nats == pytest.approx(-(share * np.log(share)).sum())
    assert result.nats == pytest.approx(result.ceiling)


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**20), n=st.integers(3, 200), values=st.integers(2, 12))
def test_plug_in_lies_between_zero_and_the_entropies_and_names_mean_nothing(seed: int, n: int, values: int) -> None:
    rng = np.random.default_rng(seed)
    x, z = rng.integers(0, values, (2, n))
    x[0] = x[1]  # never all different
    z[0] = z[1]
    result = discrete(x, z, correction="none")
    assert -1e-12 <= result.nats <= result.ceiling + 1e-12
    names = rng.permutation(1000)[:values]
    for correction in ("none", "miller_madow", "grassberger"):
        renamed = discrete(z, names[x], correction=correction).nats
        assert renamed == pytest.approx(discrete(x, z, correction=correction).nats, abs=1e-12)


def test_grassberger_entropy_of_few_samples() -> None:
    """30 samples of 50 equally likely values: the plug-in entropy lacks an eighth and more, Grassberger's far less."""
    rng = np.random.default_rng(0)
    counts = [np.bincount(rng.integers(0, 50, 30)) for _ in range(400)]
    counts = [each[each > 0] for each in counts]
    truth = np.log(50)
    assert np.mean([entropy(each, "none") for each in counts]) < truth - 0.5
    assert np.mean([entropy(each, "grassberger") for each in counts]) == pytest.approx(truth, abs=0.2)


def test_discrete_refuses_what_is_not() -> None:
    x = np.random.default_rng(0).normal(size=100)
    with pytest.raises(ValueError, match="x: no two rows are equal; expected repeated values"):
        discrete(x, np.zeros(100, dtype=int))
    with pytest.raises(ValueError, match="correction='jackknife' given; expected one of grassberger, miller_madow"):
        discrete([0, 0, 1], [1, 1, 0], correction="jackknife")


@pytest.mark.parametrize("strategy", ["adaptive", "fixed"])
@pytest.mark.parametrize("rho", [0.0, 0.5, 0.8])
def test_binned_gaussians(strategy: str, rho: float) -> None:
    rng = np.random.default_rng(2)
    x = rng.normal(size=4000)
    z = rho * x + np.sqrt(1 - rho**2) * rng.normal(size=4000)
    result = binning(x, z, strategy=strategy)
    truth = -0.5 * np.log(1 - rho**2)
    assert result.nats == pytest.approx(truth, abs=0.03)
    assert result.ci95[0] <= truth


def test_equal_mass_sees_ranks_alone() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(900, 2))
    z = x.sum(axis=1) + rng.normal(size=900)
    before = binning(x, z)
    assert binning(np.exp(x), z**3).nats == before.nats
    assert before.diagnostics["bins"] == 5  # 5^3 cells of about 900 / 125 samples


def test_fixed_bins_over_a_given_range() -> None:
    x = np.array([-9.0, 0.1, 0.9, 1.1, 1.9, 50.0] * 20)
    z = np.array([0, 0, 0, 1, 1, 1] * 20)
    result = binning(x, z, strategy="fixed", bins=2, x_range=(0.0, 2.0), correction="none")
    assert result.nats == pytest.approx(np.log(2))
    assert result.ceiling == pytest.approx(np.log(2))


def test_more_than_three_columns_are_refused_with_the_reason() -> None:
    x = np.random.default_rng(0).normal(size=(1000, 2))
    with pytest.raises(ValueError, match=r"binning of 2 \+ 2 columns: above 2 \+ 1 .* near ln n = 6.91 nats"):
        binning(x, x)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"strategy": "kmeans"}, "strategy='kmeans' given; expected one of adaptive, fixed"),
        ({"bins": 1}, "bins=1 given; expected at least 2"),
        ({"strategy": "fixed", "x_range": (1.0, 1.0)}, r"x_range=\(1.0, 1.0\) given"),
        ({"x_range": (0.0, 1.0)}, "x_range or z_range given with strategy='adaptive'"),
    ],
)
def test_wrong_options_are_named(options: dict, message: str) -> None:
    x = np.random.default_rng(0).normal(size=50)
    with pytest.raises(ValueError, match=message):
        binning(x, x, **options)
