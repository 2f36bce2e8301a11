"""Variational bounds against known information."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from infoplane.critics import bounds
from infoplane.critics.crossfit import pair_terms
from infoplane.critics.networks import Concatenation, CriticOptions
from infoplane.critics.objectives import Objective
from infoplane.critics.training import Bank, Member
from infoplane.estimators.aa_mine import aa_mine
from infoplane.estimators.variational import infonce, mine, nwj, smile

QUICK = CriticOptions(hidden=(64,), learning_rate=3e-3, max_steps=300, evaluate_every=25, patience=4, folds=3)


def _gaussian(n: int, d: int, nats: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng([seed, n, d])
    rho = math.sqrt(-math.expm1(-2 * nats / d))
    x = random.normal(size=(n, d))
    return x, rho * x + math.sqrt(1 - rho**2) * random.normal(size=(n, d))


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("kind", ["concatenation", "separable"])
def test_mine_on_gaussians_lies_below_the_truth_and_near_it(kind: str, seed: int) -> None:
    x, z = _gaussian(3000, 2, 1.0, seed)
    result = mine(x, z, seed=seed, options=replace(QUICK, kind=kind))
    assert result.kind == "lower_bound"
    assert result.ci95 is not None
    assert result.ci95[0] <= 1.0
    assert result.nats > 0.8


@pytest.mark.parametrize("method", [nwj, infonce, smile])
def test_the_other_methods_on_a_gaussian(method) -> None:  # type: ignore[no-untyped-def]
    x, z = _gaussian(3000, 2, 1.0, 7)
    result = method(x, z, options=replace(QUICK, kind="separable"))
    assert result.nats == pytest.approx(0.95, abs=0.17)
    assert result.kind == ("estimate" if method is smile else "lower_bound")
    assert (result.ceiling is not None) == (method is infonce)


def test_infonce_ends_at_the_log_of_its_contrasts() -> None:
    x = np.random.default_rng(0).normal(size=(120, 3))
    result = infonce(x, x, options=replace(QUICK, kind="separable"))
    assert result.ceiling == pytest.approx(math.log(40))
    assert result.nats <= result.ceiling


@pytest.mark.parametrize("seed", range(3))
def test_independent_variables_have_no_information_beyond_the_interval(seed: int) -> None:
    x, z = _gaussian(1000, 10, 0.0, seed)
    result = mine(x, z, seed=seed, options=QUICK)
    assert result.ci95 is not None
    assert result.ci95[0] <= 0.0
    assert abs(result.nats) < 0.05


def test_fitting_and_reporting_on_the_same_samples_invents_nats() -> None:
    """The protocol that cross-fitting replaces, on the independent variables of the test above."""
    x, z = (rows.astype(np.float32) for rows in _gaussian(1000, 10, 0.0, 0))
    options = CriticOptions(hidden=(256,), learning_rate=3e-3, max_steps=2500, evaluate_every=500)
    critic = Concatenation(10, 10, options.hidden, options.shifts)
    bank = Bank(
        critic, Objective("mine"), pair_terms(critic), lambda terms: bounds.donsker_varadhan(terms).nats, options
    )
    trained = bank.fit([Member(x, z, np.arange(1000), (x, z), np.random.SeedSequence(0))])[0]
    assert trained.value > 1.5


def test_labels_tell_at_most_their_entropy() -> None:
    random = np.random.default_rng(0)
    labels = random.integers(3, size=900)
    x = 10 * np.eye(3)[labels] + random.normal(size=(900, 3))
    result = mine(x, labels, options=replace(QUICK, max_steps=600))
    assert result.ceiling == pytest.approx(math.log(3), abs=0.01)
    assert 0.9 * result.ceiling < result.nats <= result.ceiling


def test_heavy_tails_do_no_harm() -> None:
    """Student's t with 2 degrees of freedom: a shared factor makes the parts dependent, 1.0 nats and more."""
    random = np.random.default_rng(1)
    x, z = _gaussian(3000, 2, 1.0, 3)
    factor = np.sqrt(random.chisquare(2, size=(3000, 1)) / 2)
    result = mine(x / factor, z / factor, options=QUICK)
    assert 0.8 < result.nats < 1.45
    assert result.diagnostics["standard_error"] < 0.1


def test_order_of_the_samples_and_one_seed() -> None:
    x, z = _gaussian(1500, 2, 0.5, 4)
    order = np.random.default_rng(0).permutation(1500)
    first, again, permuted = (
        mine(x, z, options=QUICK),
        mine(x, z, options=QUICK),
        mine(x[order], z[order], options=QUICK),
    )
    assert first.nats == again.nats
    error = first.diagnostics["standard_error"] + permuted.diagnostics["standard_error"]
    assert abs(first.nats - permuted.nats) < 3 * error


def test_what_went_wrong_is_in_the_warnings() -> None:
    x, z = _gaussian(600, 2, 1.0, 5)
    diverged = mine(x, z, options=replace(QUICK, learning_rate=1e20))
    assert any(text.startswith("diverged: 3 of 3") for text in diverged.warnings)
    assert diverged.nats == pytest.approx(0.0, abs=1e-6)
    slow = mine(x, z, options=replace(QUICK, learning_rate=1e-3, max_steps=75))
    assert any(text.startswith("not converged") and "step budget" in text for text in slow.warnings)
    assert not slow.diagnostics["converged"]


def test_near_ln_n_a_value_says_so() -> None:
    """A critic that knows the channel gets as far as the samples allow, which is far below the truth."""
    t = np.random.default_rng(2).normal(size=(300, 5))
    result = aa_mine(t, 0.1)
    assert any(text.startswith("near ln n") for text in result.warnings)


def test_a_constant_variable_has_no_information() -> None:
    x = np.random.default_rng(0).normal(size=(100, 2))
    result = mine(x, np.ones((100, 1)))
    assert (result.nats, result.kind) == (0.0, "exact")


def test_diagnostics_hold_curves_folds_and_error() -> None:
    x, z = _gaussian(600, 2, 1.0, 6)
    result = mine(x, z, options=QUICK)
    curves = result.diagnostics["curves"]
    assert len(curves) == len(result.diagnostics["folds"]) == QUICK.folds
    assert curves[0]["step"][0] == QUICK.evaluate_every
    assert len(curves[0]["step"]) == len(curves[0]["selection"]) == len(curves[0]["train"])
    assert result.nats == pytest.approx(np.mean(result.diagnostics["folds"]), abs=0.01)
    assert result.ci95 is not None
    assert result.nats - result.ci95[0] == pytest.approx(1.96 * result.diagnostics["standard_error"], rel=1e-3)
    assert result.ci95[1] == math.inf
