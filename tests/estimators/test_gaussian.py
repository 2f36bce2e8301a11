"""The Gaussian estimator against the closed form, its bias, its interval and singular covariances."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from infoplane.estimators.gaussian import gaussian


def correlated(seed: int, n: int, d: int, rho: float) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, d))
    return x, rho * x + np.sqrt(1 - rho**2) * rng.normal(size=(n, d))


@pytest.mark.parametrize(("n", "d", "rho"), [(60, 1, 0.5), (60, 10, 0.3), (300, 3, 0.0), (300, 10, 0.6)])
def test_unbiased_with_honest_intervals(n: int, d: int, rho: float) -> None:
    truth = -d / 2 * np.log(1 - rho**2)
    results = [gaussian(*correlated(seed, n, d, rho)) for seed in range(100)]
    values = np.array([result.nats for result in results])
    assert abs(values.mean() - truth) < 3.5 * values.std() / 10
    plug_in = np.mean([result.diagnostics["plug_in"] for result in results])
    assert plug_in - truth > 0.8 * d * d / (2 * n)  # what the correction takes off
    told = np.sqrt(np.mean([result.diagnostics["standard_error"] ** 2 for result in results]))
    assert told == pytest.approx(values.std(), rel=0.3)
    assert sum(low <= truth <= high for low, high in (result.ci95 for result in results)) >= 88


def test_ranks_see_through_monotone_margins() -> None:
    x, z = correlated(0, 2000, 3, 0.6)
    truth = -1.5 * np.log(1 - 0.36)
    deformed = np.exp(2 * x), np.sinh(3 * z)
    low, high = gaussian(*deformed, margins="rank").ci95
    assert low < truth < high
    assert gaussian(*deformed, margins="rank").nats == pytest.approx(gaussian(x, z, margins="rank").nats, abs=1e-12)
    assert gaussian(*deformed).nats < 0.5 * truth


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 2**20), dx=st.integers(1, 4), dz=st.integers(1, 4))
def test_linear_maps_order_and_roles_do_not_matter(seed: int, dx: int, dz: int) -> None:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(80, dx))
    z = rng.normal(size=(80, dz)) + x[:, :1]
    before = gaussian(x, z)
    maps = [np.linalg.qr(rng.normal(size=(d, d)))[0] * rng.uniform(0.1, 10, d) for d in (dx, dz)]
    order = rng.permutation(80)
    after = gaussian(z[order] @ maps[1] + 5, x[order] @ maps[0] - 2)
    assert after.nats == pytest.approx(before.nats, abs=1e-9)
    assert after.ci95 == pytest.approx(before.ci95, abs=1e-9)


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 2**20), scale=st.sampled_from([1e-150, 1e-8, 1.0, 1e8, 1e150]))
def test_dependent_columns_add_nothing(seed: int, scale: float) -> None:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(60, 3))
    z = x[:, :2] + rng.normal(size=(60, 2))
    wide = np.hstack([x, x[:, :1], x @ rng.normal(size=(3, 2)), np.full((60, 1), 3.0)]) * scale
    result = gaussian(wide, z)
    assert result.diagnostics["independent_columns"] == [3, 2]
    assert result.nats == pytest.approx(gaussian(x, z).nats, abs=1e-7)


def test_a_variable_that_determines_the_other_is_finite_and_said() -> None:
    x, _ = correlated(0, 200, 3, 0.0)
    result = gaussian(x, 2 * x[:, :1] - 1)
    assert np.isfinite(result.nats)
    assert result.nats > 10
    assert "infinite" in result.warnings[0]


def test_too_few_samples_for_the_columns() -> None:
    rng = np.random.default_rng(0)
    with pytest.raises(ValueError, match=r"30 samples of 20 \+ 20 columns; expected at least 42"):
        gaussian(rng.normal(size=(30, 20)), rng.normal(size=(30, 20)))
    with pytest.raises(ValueError, match="margins='copula' given; expected one of raw, rank"):
        gaussian(rng.normal(size=30), rng.normal(size=30), margins="copula")
