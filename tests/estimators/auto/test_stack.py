"""Rounds, networks, stack and calibration of auto."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from infoplane.common.aliases import FloatArray, IntArray
from infoplane.estimators.auto import calibration, canonical, networks, stack
from infoplane.estimators.auto.rounds import rounds


def correlated(rho: float, n: int, seed: int = 0) -> tuple[FloatArray, FloatArray]:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, 1))
    return x, rho * x + math.sqrt(1 - rho**2) * rng.normal(size=(n, 1))


@pytest.mark.parametrize("n", [40, 500, 5_000])
def test_parts_are_apart_and_every_row_reports_once(n: int) -> None:
    parts = rounds(n, 0)
    for part in parts:
        assert not set(part.fit) & set(part.select)
        assert not set(part.report) & (set(part.fit) | set(part.select))
        assert min(len(part.fit), len(part.select), len(part.report)) > 0
    reported = np.concatenate([part.report for part in parts])
    assert len(np.unique(reported)) == len(reported) == min(n, 3_000)


def test_groups_stay_in_one_part() -> None:
    groups = np.repeat(np.arange(100), 5)
    for part in rounds(500, 0, groups):
        names = [set(groups[rows]) for rows in (part.fit, part.select, part.report)]
        assert not names[0] & names[1]
        assert not names[2] & (names[0] | names[1])


def test_info_nce_has_the_right_gradient() -> None:
    scores = np.random.default_rng(0).normal(size=(6, 6))
    value, gradient = stack.info_nce(scores)
    for i, j in ((0, 0), (2, 3), (5, 1)):
        moved = scores.copy()
        moved[i, j] += 1e-5
        assert (stack.info_nce(moved)[0] - value) / 1e-5 == pytest.approx(gradient[i, j], abs=1e-5)


def test_network_objective_has_the_right_gradient() -> None:
    scores = np.random.default_rng(0).normal(size=(1, 5, 5)).astype(np.float32)
    value, gradient = networks.contrast(scores.copy())
    assert value[0] == pytest.approx(stack.info_nce(scores[0])[0], abs=1e-5)
    assert gradient[0] == pytest.approx(stack.info_nce(scores[0].astype(np.float64))[1], abs=1e-5)


def test_network_backward_is_the_derivative_of_forward() -> None:
    rng = np.random.default_rng(1)
    weights = [w[None] for w in networks.initial(2, networks.Options(hidden=4, embedding=3), rng)]
    x = rng.normal(size=(1, 7, 2)).astype(np.float32)
    one, two, out = networks.forward(weights, x)
    upstream = rng.normal(size=out.shape).astype(np.float32)
    gradients = networks.backward(weights, x, one, two, upstream)
    for number, gradient in enumerate(gradients):
        moved = [w.astype(np.float64) for w in weights]
        place = (0,) * moved[number].ndim
        moved[number][place] += 1e-6
        start = networks.forward([w.astype(np.float64) for w in weights], x.astype(np.float64))[2]
        change = ((networks.forward(moved, x.astype(np.float64))[2] - start) * upstream).sum() / 1e-6
        assert gradient[place] == pytest.approx(change, rel=1e-3, abs=1e-4)


def test_networks_learn_what_is_there_the_same_on_every_run() -> None:
    x, z = correlated(0.9, 900)
    rows = np.split(np.arange(900), [400, 600])
    job = networks.Job(x, z, rows[0], rows[1], None, np.random.SeedSequence(0))
    (ratio, _, _), (again, _, _) = (networks.train([job], networks.Options(steps=200))[0] for _ in range(2))
    held = stack.info_nce(ratio.matrix(rows[2], rows[2]))[0]
    assert held == pytest.approx(-0.5 * math.log(1 - 0.81), abs=0.12)
    assert np.array_equal(ratio.left, again.left)


def test_stack_takes_the_right_member_at_its_own_temperature() -> None:
    x, z = correlated(0.8, 400)
    right = canonical.gaussian_ratio(x, z, np.array([0.8])).matrix(np.arange(400), np.arange(400))
    noise = np.random.default_rng(0).normal(size=(400, 400))
    weights = stack.stacked([noise, right], 0.0)
    assert weights == pytest.approx([0.0, 1.0], abs=0.15)
    assert stack.stacked([noise, 2.0 * right], 0.0)[1] == pytest.approx(0.5, abs=0.1)


class _Labels:
    """log 1 / p(y) where x is the label itself."""

    def __init__(self, codes: IntArray) -> None:
        self.codes, self.prior = codes, np.bincount(codes) / len(codes)

    def matrix(self, rows_x: IntArray, rows_z: IntArray) -> FloatArray:
        same = self.codes[rows_x][:, None] == self.codes[rows_z]
        return np.where(same, -np.log(self.prior[self.codes[rows_z]]), -30.0)


@pytest.mark.parametrize("classes", [2, 10, 50])
def test_bound_of_determined_labels_stays_below_their_entropy(classes: int) -> None:
    """In the mean, and its low end nearly always: same-class pairs are partners as often as by chance."""
    rng = np.random.default_rng(classes)
    values, above = [], 0
    for _ in range(100):
        codes = np.r_[np.arange(classes), rng.integers(0, classes, 100)]
        held = stack.held_out([_Labels(codes)], np.ones(1), np.arange(classes, classes + 100))
        values.append(held.terms.mean())
        error = math.sqrt(float((held.influence**2).sum())) / 100
        above += held.terms.mean() - 1.96 * error > math.log(classes)
    assert np.mean(values) <= math.log(classes)
    assert above <= 5


def test_error_of_the_bound_is_its_spread() -> None:
    values, errors = [], []
    for seed in range(60):
        x, z = correlated(0.7, 300, seed)
        held = stack.held_out([canonical.gaussian_ratio(x, z, np.array([0.7]))], np.ones(1), np.arange(300))
        values.append(held.terms.mean())
        errors.append(math.sqrt(float((held.influence**2).sum())) / 300)
    assert np.mean(errors) == pytest.approx(np.std(values), rel=0.25)


def test_weighted_quantiles() -> None:
    values = np.array([3.0, 1.0, 2.0, 10.0])
    found = calibration.quantiles(values, np.array([0.25, 0.25, 0.25, 0.25]), np.array([0.25, 0.5, 0.9]))
    assert found.tolist() == [1.0, 2.0, 10.0]


@pytest.mark.parametrize("kind", ["numbers", "classes"])
def test_stored_trees_are_plain_arrays(kind: str) -> None:
    trees = calibration.trees(kind)
    path = Path(calibration.__file__).with_name("calibration.npz")
    assert path.stat().st_size < 600_000
    weights = trees.weights(np.zeros(int(trees.feature.max()) + 40))
    assert weights.sum() == pytest.approx(1.0)
    assert weights.min() >= 0.0
    assert len(weights) == len(trees.shortfall) > 30
