"""The published protocol: what it invents, what it gets right, and that it is what it says."""

from __future__ import annotations

import math

import numpy as np
import pytest

from infoplane.calibration.published import PublishedOptions, published_estimate
from infoplane.distributions import LinearMap, correlated_gaussian

SMALL = PublishedOptions(hidden=(100, 100), steps=300)


def independent(n: int, d: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    return random.normal(size=(n, d)), random.normal(size=(n, d))


def test_it_invents_information_between_independent_variables_and_fresh_samples_show_it() -> None:
    found = published_estimate(*independent(300, 20, 0), options=SMALL, fresh=independent(300, 20, 1))
    assert found.nats > 1.0
    assert found.fresh_nats is not None
    assert found.fresh_nats < 0.0
    assert found.nats - 5 * found.spread > 0.5, "its quoted error does not cover the truth either"


@pytest.mark.slow
def test_it_finds_a_coin_in_features_that_know_nothing_of_it() -> None:
    random = np.random.default_rng(0)
    found = published_estimate(random.normal(size=(300, 100)), random.integers(2, size=300), options=SMALL)
    assert found.nats - 5 * found.spread > 0.1


@pytest.mark.slow
def test_with_many_samples_in_one_dimension_it_is_about_right() -> None:
    pair = correlated_gaussian(1, 0.8)
    found = published_estimate(*pair.sample(4000, 0), options=SMALL, fresh=pair.sample(4000, 1))
    assert found.nats == pytest.approx(pair.mutual_information(), abs=0.06)
    assert found.fresh_nats == pytest.approx(pair.mutual_information(), abs=0.06)


def test_on_infinite_information_its_aa_form_passes_ln_n() -> None:
    x, z = LinearMap(10).sample(500, 0)
    found = published_estimate(x, z, options=PublishedOptions(hidden=(100, 100), steps=400, subtract=True))
    assert found.curve[-50:].mean() > math.log(500)


def test_the_seed_decides() -> None:
    data = independent(64, 2, 0)
    options = PublishedOptions(hidden=(8,), steps=20)
    first, again, other = (published_estimate(*data, seed=seed, options=options) for seed in (1, 1, 2))
    assert first.nats == again.nats
    np.testing.assert_array_equal(first.curve, again.curve)
    assert first.nats != other.nats


def test_the_first_step_is_the_gradient_of_its_objective() -> None:
    """With a linear critic and one step of Adam, every weight moves by the learning rate against the gradient."""
    from infoplane.calibration import published

    x, z = (rows.astype(np.float32) for rows in correlated_gaussian(1, 0.9).sample(1000, 0))
    options = PublishedOptions(hidden=(), steps=1, learning_rate=0.01)
    random = np.random.default_rng(0)
    before = published._initial((2, 1), np.random.default_rng(0))
    (kernel, _), curve = published._fit(x, z, options, random)
    order = np.random.default_rng(0)
    published._initial((2, 1), order)
    rows = order.permutation(1000)
    first, second = rows[:500], rows[500:]
    joint, marginal = np.hstack([x[first], z[first]]), np.hstack([x[first], z[second]])
    weight = np.exp(marginal @ before[0][:, 0])
    gradient = joint.mean(axis=0) - (weight[:, None] * marginal).mean(axis=0) / weight.mean()
    np.testing.assert_allclose(kernel.numpy()[:, 0] - before[0][:, 0], 0.01 * np.sign(gradient), rtol=1e-3)
    assert curve[0] == pytest.approx((joint @ before[0]).mean() - math.log(weight.mean()), abs=1e-5)


def test_divergence_is_said() -> None:
    x, z = LinearMap(10).sample(200, 0)
    options = PublishedOptions(hidden=(50,), steps=200, learning_rate=100.0, subtract=True)
    found = published_estimate(1e3 * x, 1e3 * z, options=options)
    assert found.diverged
    assert np.isfinite(found.curve).all()
    assert len(found.curve) < 200


@pytest.mark.parametrize(
    ("x", "z", "options", "message"),
    [
        (np.zeros((3, 1)), np.zeros((3, 1)), SMALL, "3 pairs given"),
        (np.zeros((5, 1)), np.zeros((6, 1)), SMALL, "x has 5 rows and z has 6"),
        (np.zeros((5, 1)), np.zeros((5, 2)), PublishedOptions(subtract=True), "equal shapes"),
    ],
)
def test_unusable_samples_are_refused(x: np.ndarray, z: np.ndarray, options: PublishedOptions, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        published_estimate(x, z, options=options)
