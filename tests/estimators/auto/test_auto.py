"""auto: known information of every kind of data it tells apart, and no information where there is none."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.special import k0

from infoplane.common.validation import Array
from infoplane.distributions import (
    Deformed,
    Independent,
    Mixture,
    Spiral,
    Stacked,
    UniformNoise,
    UniformSteps,
    correlated_gaussian,
    dense_student,
    gaussian_with_information,
    identity_student,
    paired_gaussian,
    symmetric_channel,
)
from infoplane.estimators.auto.route import auto
from infoplane.estimators.gaussian import gaussian
from infoplane.results.estimate import Estimate

BELOW_CRITIC = 990
"""Fewer rows than a critic is trained on: these tests need no TensorFlow."""
MIXING = np.random.default_rng(3).normal(size=(10, 10))


def holds(found: Estimate, truth: float) -> bool:
    assert found.ci95 is not None
    return found.ci95[0] <= truth <= found.ci95[1]


def assert_two_sided(found: Estimate, around: float | None = None) -> None:
    assert found.ci95 is not None
    assert found.ci95[0] < found.nats < found.ci95[1]
    assert around is None or holds(found, around)


def test_margins_do_not_matter() -> None:
    x, z = correlated_gaussian(2, 0.7).sample(BELOW_CRITIC, 1)
    plain, bent = auto(x, z, seed=3), auto(np.exp(x), z**3 + z, seed=3)
    assert bent.nats == pytest.approx(plain.nats, abs=1e-9)
    assert_two_sided(plain)
    assert plain.kind == "estimate"


def test_gaussian_in_many_dimensions_is_neither_invented_nor_lost() -> None:
    truth = 2 * -0.5 * math.log(1 - 0.8**2)
    values = [auto(*paired_gaussian(12, 12, 2, 0.8).sample(600, seed), seed=seed).nats for seed in range(2)]
    assert np.mean(values) == pytest.approx(truth, abs=0.08)


def test_dependence_between_sizes_alone() -> None:
    student = identity_student(3, 3, 2)
    x, z = student.sample(BELOW_CRITIC, 0)
    found = auto(np.arcsinh(x), z, seed=0)
    assert found.nats == pytest.approx(student.mutual_information(), abs=0.08)
    assert found.diagnostics["base"]["model"].startswith("Student t copula")
    assert gaussian(x, z, margins="rank").nats < 0.4 * student.mutual_information()


def test_spiral_is_unrolled() -> None:
    spiral = Deformed(correlated_gaussian(3, 0.8), Spiral(0.3, (0, 1)), Spiral(0.3, (1, 2)))
    x, z = spiral.sample(BELOW_CRITIC, 0)
    found = auto(x, z, seed=0)
    assert "canonical variates" in found.diagnostics["base"]["model"]
    assert gaussian(x, z, margins="rank").nats < 0.55 * spiral.mutual_information()
    assert 0.75 * spiral.mutual_information() < found.nats < 1.1 * spiral.mutual_information()


@pytest.mark.parametrize("n", [300, 600])
@pytest.mark.parametrize("columns", [1, 10])
def test_independent_numbers_have_none(n: int, columns: int) -> None:
    pair = Independent(correlated_gaussian(columns, 0.5), identity_student(columns, columns, 2))
    held = []
    for seed in range(3):
        found = auto(*pair.sample(n, seed), seed=seed)
        assert abs(found.nats) < 0.06
        held.append(holds(found, 0.0))
    assert sum(held) >= 2


def test_independent_labels_have_none() -> None:
    rng = np.random.default_rng(0)
    found = auto(rng.normal(size=(400, 5)), rng.integers(0, 8, 400), seed=0, labels=True)
    assert_two_sided(found, around=0.0)
    assert abs(found.nats) < 0.03


def test_labels_of_many_classes_stay_below_their_entropy() -> None:
    means = np.random.default_rng(1).normal(size=(40, 6)) * 1.5
    clusters = Mixture(means, np.tile(np.eye(6), (40, 1, 1)), np.arange(40))
    x, y = clusters.sample(2_000, 0)
    rows = np.arange(2_000) % 5 > 0  # 40 samples a class, few for a classifier, and no class without samples
    found = auto(x[rows][:499], y[rows][:499], seed=0, labels=True)
    assert found.ceiling is not None
    assert found.nats < found.ceiling
    assert found.nats == pytest.approx(clusters.mutual_information(), abs=0.25)
    assert_two_sided(found)


def test_few_values_are_counted() -> None:
    channel = symmetric_channel(6, 0.3)
    x, y = channel.sample(2_000, 0)
    found = auto(x.reshape(-1, 1).astype(float) * 2.5, y, seed=0, labels=True)
    assert found.diagnostics["route"].startswith("few values")
    assert found.nats == pytest.approx(channel.mutual_information(), abs=0.06)


def test_levels_on_either_side() -> None:
    steps = UniformSteps(5)
    x, z = steps.sample(480, 0)
    left, right = auto(x, z, seed=0), auto(z, x, seed=0)
    for found in (left, right):
        assert found.diagnostics["route"].startswith("classes")
        assert found.nats == pytest.approx(steps.mutual_information(), abs=0.12)


def test_rounded_numbers_keep_their_information_and_make_none() -> None:
    x, z = correlated_gaussian(2, 0.8).sample(900, 0)
    rounded = auto(np.round(x, 1), np.round(z, 1), seed=0)
    assert rounded.diagnostics["tied_columns"] == 4
    assert rounded.nats == pytest.approx(auto(x, z, seed=0).nats, abs=0.05)
    counts = np.random.default_rng(0).poisson(30.0, size=(900, 4))
    assert abs(auto(counts[:, :2], counts[:, 2:], seed=0).nats) < 0.03


def test_partly_discrete_columns() -> None:
    pair = Stacked((UniformSteps(4), correlated_gaussian(1, 0.6)))
    x, z = pair.sample(BELOW_CRITIC, 0)
    found = auto(x, z, seed=0)
    assert found.diagnostics["tied_columns"] == 1
    assert found.nats == pytest.approx(pair.mutual_information(), abs=0.2)


def test_sharp_edges_are_left_to_nearest_neighbours() -> None:
    noise = UniformNoise(0.05)
    found = auto(*noise.sample(600, 0), seed=0)
    assert found.diagnostics["neighbours"]["share"] == 1.0
    assert found.nats == pytest.approx(noise.mutual_information(), abs=0.12)


def test_many_nats_come_with_a_warning() -> None:
    rho = math.sqrt(1 - math.exp(-16 / 6))
    x, z = correlated_gaussian(6, rho).sample(BELOW_CRITIC, 0)
    found = auto(x, z, seed=0)
    assert found.nats == pytest.approx(8.0, abs=0.4)
    assert any("near ln n" in line for line in found.warnings)


@pytest.mark.parametrize("seed", [0, 1])
def test_a_model_holds_far_beyond_ln_n(seed: int) -> None:
    """Where no held-out pair carries the normaliser, its log is not taken for information."""
    strong = correlated_gaussian(20, 0.99)
    found = auto(*strong.sample(2_000, seed), seed=seed)
    assert found.nats == pytest.approx(strong.mutual_information(), abs=0.5)
    assert_two_sided(found)
    assert any("near ln n" in line for line in found.warnings)


@pytest.mark.parametrize("columns", [1, 10])
@pytest.mark.parametrize(
    "change", [np.array, np.cbrt, lambda x: -2.0 * x[:, :1], lambda x: x @ MIXING[: x.shape[1], :2]]
)
def test_shared_combinations_are_said_to_be_infinite(columns: int, change: Callable[[Array], Array]) -> None:
    x = np.random.default_rng(0).normal(size=(600, columns))
    found = auto(x, change(x), seed=0)
    assert found.ci95 is not None
    assert found.ci95[0] == pytest.approx(math.log(600))
    assert found.ci95[1] == math.inf
    assert math.isfinite(found.nats)
    assert any("infinite" in line for line in found.warnings)


@pytest.mark.parametrize("columns", [1, 2, 3])
def test_nearest_neighbours_do_not_replace_the_right_model(columns: int) -> None:
    """With curvature or blur continued too far they would claim a few hundredths more."""
    pair = correlated_gaussian(columns, 0.8)
    shares = []
    for seed in range(3):
        found = auto(*pair.sample(BELOW_CRITIC, seed), seed=seed)
        shares.append(found.diagnostics["neighbours"]["share"])
    assert np.mean(shares) < 0.4


def test_weak_columns_do_not_hide_strong_ones() -> None:
    """400 columns of falling size, the classes' means apart in the largest few: as in an embedding."""
    rng = np.random.default_rng(0)
    size = 1.0 / np.arange(1, 401)
    y = np.arange(2_000) % 4
    x = 3.0 * np.pad(np.eye(4), ((0, 0), (0, 396)))[y] * size + size * rng.normal(size=(2_000, 400))
    found = auto(x, y, seed=0, labels=True)
    clear = auto(x[:, :4], y, seed=0, labels=True)
    assert found.nats == pytest.approx(clear.nats, abs=0.06)


@pytest.mark.parametrize(("d", "n"), [(50, 900), (120, 600)])
def test_dependence_thinly_spread_over_many_columns_is_seen(d: int, n: int) -> None:
    """No model shows it on samples it was not fitted on; 0 with a narrow interval would be wrong by all of it."""
    for seed in range(2):
        found = auto(*gaussian_with_information(d, 1.5).sample(n, seed), seed=seed)
        assert found.nats == pytest.approx(1.5, abs=0.4)
        assert_two_sided(found, 1.5)
        assert max(found.diagnostics["models"].values()) < 0.3
        assert any("thinly spread" in line for line in found.warnings)


@pytest.mark.parametrize(("d", "n"), [(50, 900), (60, 300)])
def test_many_columns_with_heavy_tails_make_no_dependence(d: int, n: int) -> None:
    many = dense_student(d, d, 2, 0.3)
    for seed in range(3):
        found = auto(*Independent(many, many).sample(n, seed), seed=seed)
        assert_two_sided(found, 0.0)
        assert found.nats < 0.1


def test_too_many_columns_are_said_to_be_looked_at_in_part() -> None:
    x = np.random.default_rng(0).normal(size=(300, 200))
    found = auto(x, x[:, :1] + x[:, 1:2] ** 2, seed=0)
    assert any("x's 200 columns" in line for line in found.warnings)


def test_same_seed_same_value() -> None:
    x, z = correlated_gaussian(2, 0.5).sample(400, 0)
    assert auto(x, z, seed=5).nats == auto(x, z, seed=5).nats


def test_a_critic_finds_what_the_models_miss() -> None:
    """Clusters in 4 + 4 dimensions: neither elliptical nor near to it."""
    means = np.random.default_rng(4).normal(size=(4, 8)) * 2.0
    covariances = np.tile(np.eye(8), (4, 1, 1))
    both = Mixture(means, covariances, np.arange(4))
    sides = [Mixture(means[:, cut], covariances[:, cut, cut], np.arange(4)) for cut in (slice(4), slice(4, 8))]
    points, _ = both.sample(20_000, 1)
    apart = sides[0].density(points[:, :4]) * sides[1].density(points[:, 4:])
    truth = float(np.log(both.density(points) / apart).mean())
    found = auto(points[:2_000, :4], points[:2_000, 4:], seed=0)
    assert found.diagnostics["critic"]["used"]
    assert found.diagnostics["base"]["corrected"] < 0.9 * truth
    assert found.nats == pytest.approx(truth, abs=0.12 * truth)
    assert_two_sided(found)


def test_a_product_is_found_without_a_critic() -> None:
    """Z is the product of two columns of X plus noise: no linear map of X tells anything of Z's mean."""
    rng, std = np.random.default_rng(0), 0.5
    x = rng.normal(size=(BELOW_CRITIC, 5))
    z = x[:, :1] * x[:, 1:2] + std * rng.normal(size=(BELOW_CRITIC, 1))
    truth = _entropy_of_product_with_noise(std) - 0.5 * math.log(2 * math.pi * math.e * std**2)
    found = auto(x, z, seed=0)
    assert "quadratic" in found.diagnostics["base"]["model"]
    assert 0.6 * truth < found.nats < 1.1 * truth


def test_a_classifier_finds_what_discriminants_miss() -> None:
    """Four clusters of alternating class: one Gaussian per class cannot tell the corners apart."""
    corners = np.array([[-2.5, -2.5], [2.5, 2.5], [-2.5, 2.5], [2.5, -2.5], [0.0, 0.0]])
    clusters = Mixture(corners, np.tile(np.eye(2), (5, 1, 1)), np.array([0, 0, 0, 0, 1]))
    x, y = clusters.sample(2_000, 0)
    found = auto(x, y, seed=0, labels=True)
    assert found.nats == pytest.approx(clusters.mutual_information(), abs=0.05)


def _entropy_of_product_with_noise(std: float) -> float:
    """Entropy in nats of the product of two standard normals (density K0(|t|) / pi) plus normal noise."""
    t, weight = np.polynomial.legendre.leggauss(4_000)
    t = 6.0 * (t + 1.0)  # 0 .. 12; t = v^3 would do for the logarithm at 0, which so many nodes resolve as well
    weight = 6.0 * weight * 2.0 * k0(t) / math.pi
    weight /= weight.sum()

    def density(z: float) -> float:
        both = np.exp(-0.5 * ((z - t) / std) ** 2) + np.exp(-0.5 * ((z + t) / std) ** 2)
        return float(weight @ both) / (2 * std * math.sqrt(2 * math.pi))

    return 2.0 * quad(lambda z: -density(z) * math.log(density(z) + 1e-300), 0.0, 13.0, limit=200)[0]
