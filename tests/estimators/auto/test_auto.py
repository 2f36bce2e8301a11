"""auto: known information of every kind of data it tells apart, none where there is none, and intervals of some use."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable

import numpy as np
import pytest

from infoplane.common.validation import Array
from infoplane.distributions import (
    Deformed,
    Independent,
    Mixture,
    Spiral,
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
from infoplane.results.estimate import Estimate

MIXING = np.random.default_rng(3).normal(size=(10, 10))


def interval(found: Estimate) -> tuple[float, float]:
    assert found.ci95 is not None
    assert found.ci95[0] <= found.nats <= found.ci95[1]
    return found.ci95


def assert_holds(found: Estimate, truth: float, widest: float) -> None:
    """The interval holds the truth and is narrow enough to say something."""
    low, high = interval(found)
    assert low <= truth <= high
    assert high - low < widest


PLAIN = correlated_gaussian(2, 0.7)


@pytest.fixture(scope="module")
def plain() -> Estimate:
    """What auto finds in 1,000 samples of correlated normals."""
    return auto(*PLAIN.sample(1_000, 1), seed=3)


def test_plain_data_are_told_well_and_without_a_warning(plain: Estimate) -> None:
    truth = PLAIN.mutual_information()
    assert plain.nats == pytest.approx(truth, abs=0.1)
    assert_holds(plain, truth, 0.8)
    assert plain.warnings == ()
    assert plain.kind == "estimate"


def test_low_end_is_the_bound_less_its_error(plain: Estimate) -> None:
    """Nothing is added to it."""
    told = plain.diagnostics
    assert interval(plain)[0] == pytest.approx(told["bound"] - 1.96 * told["bound_standard_error"], abs=1e-4)


def test_margins_hardly_matter(plain: Estimate) -> None:
    x, z = PLAIN.sample(1_000, 1)
    assert auto(np.exp(x), z**3 + z, seed=3).nats == pytest.approx(plain.nats, abs=0.06)


def test_same_seed_same_value_without_tensorflow() -> None:
    x, z = correlated_gaussian(2, 0.5).sample(300, 0)
    before = "tensorflow" in sys.modules
    assert auto(x, z, seed=5).nats == auto(x, z, seed=5).nats
    assert ("tensorflow" in sys.modules) == before


def test_dependence_between_sizes_alone() -> None:
    student = identity_student(3, 3, 2)
    x, z = student.sample(1_000, 0)
    found = auto(np.arcsinh(x), z, seed=0)
    assert found.nats == pytest.approx(student.mutual_information(), abs=0.1)
    assert max(found.diagnostics["weights"], key=lambda name: found.diagnostics["weights"][name]) == "student 2"


def test_spiral_is_unrolled() -> None:
    spiral = Deformed(correlated_gaussian(3, 0.8), Spiral(0.3, (0, 1)), Spiral(0.3, (1, 2)))
    found = auto(*spiral.sample(1_000, 0), seed=0)
    assert found.diagnostics["bound"] > 0.65 * spiral.mutual_information()
    assert_holds(found, spiral.mutual_information(), 3.5)


def test_a_product_of_two_of_ten_columns_is_found() -> None:
    rng, std = np.random.default_rng(0), 0.3
    x = rng.normal(size=(500, 10))
    z = x[:, :1] * x[:, 1:2] + std * rng.normal(size=(500, 1))
    assert auto(x, z, seed=0).diagnostics["bound"] > 0.7


def test_latents_in_many_columns_are_neither_lost_nor_invented() -> None:
    """Two latents on each side, each side through its own network into 40 columns."""
    rng, truth = np.random.default_rng(0), -math.log(1 - 0.64)
    x = rng.normal(size=(700, 2))
    z = 0.8 * x + 0.6 * rng.normal(size=(700, 2))
    columns = [np.tanh(side @ rng.normal(size=(2, 30))) @ rng.normal(size=(30, 40)) for side in (x, z)]
    found = auto(columns[0], columns[1], seed=0)
    assert found.nats == pytest.approx(truth, abs=0.3)
    assert interval(found)[0] > 0.6 * truth


def test_joint_mixture() -> None:
    """Clusters in 4 + 4 dimensions: neither elliptical nor near to it."""
    means = np.random.default_rng(4).normal(size=(4, 8)) * 2.0
    covariances = np.tile(np.eye(8), (4, 1, 1))
    both = Mixture(means, covariances, np.arange(4))
    sides = [Mixture(means[:, cut], covariances[:, cut, cut], np.arange(4)) for cut in (slice(4), slice(4, 8))]
    points, _ = both.sample(20_000, 1)
    apart = sides[0].density(points[:, :4]) * sides[1].density(points[:, 4:])
    truth = float(np.log(both.density(points) / apart).mean())
    found = auto(points[:600, :4], points[:600, 4:], seed=0)
    assert found.nats == pytest.approx(truth, abs=0.15)
    assert_holds(found, truth, 1.4)


def test_sharp_edges() -> None:
    noise = UniformNoise(0.05)
    found = auto(*noise.sample(600, 0), seed=0)
    assert found.nats == pytest.approx(noise.mutual_information(), abs=0.35)


@pytest.mark.parametrize("columns", [1, 10])
def test_independent_numbers_have_none(columns: int) -> None:
    pair = Independent(correlated_gaussian(columns, 0.5), identity_student(columns, columns, 2))
    for seed in range(2):
        found = auto(*pair.sample(400, seed), seed=seed)
        assert interval(found)[0] <= 0.02
        assert abs(found.nats) < 0.08


def test_independent_labels_have_none() -> None:
    rng = np.random.default_rng(0)
    found = auto(rng.normal(size=(400, 5)), rng.integers(0, 8, 400), seed=0, labels=True)
    assert interval(found)[0] <= 0.02
    assert abs(found.nats) < 0.15


def test_many_columns_with_heavy_tails_make_no_dependence() -> None:
    many = dense_student(50, 50, 2, 0.3)
    found = auto(*Independent(many, many).sample(400, 0), seed=0)
    assert interval(found)[0] <= 0.02
    assert found.nats < 0.4


def test_thinly_spread_dependence_is_not_claimed_and_not_denied() -> None:
    """No member shows it on rows it was not fitted on; the interval must reach far enough."""
    found = auto(*gaussian_with_information(50, 1.0).sample(600, 0), seed=0)
    low, high = interval(found)
    assert low < 1.0
    assert high >= 1.0


def test_gaussian_in_many_columns() -> None:
    truth = 2 * -0.5 * math.log(1 - 0.8**2)
    found = auto(*paired_gaussian(12, 12, 2, 0.8).sample(600, 0), seed=0)
    assert found.diagnostics["bound"] == pytest.approx(truth, abs=0.15)
    assert_holds(found, truth, 1.8)


def test_offsets_of_labelled_columns_make_nothing() -> None:
    rng = np.random.default_rng(0)
    found = auto(1e12 + rng.normal(size=(2_000, 1)), rng.integers(0, 2, 2_000), seed=0, labels=True)
    assert interval(found)[0] <= 0.01
    assert abs(found.nats) < 0.03


@pytest.mark.parametrize("classes", [3, 10])
def test_determined_labels_stay_below_their_entropy(classes: int) -> None:
    rng = np.random.default_rng(classes)
    y = rng.integers(0, classes, 400)
    found = auto(np.eye(classes)[y] + 0.01 * rng.normal(size=(400, classes)), y, seed=0, labels=True)
    low, high = interval(found)
    assert low <= math.log(classes)
    assert found.nats == pytest.approx(math.log(classes), abs=0.15)
    assert high < math.log(classes) + 0.1


def test_classes_in_clusters() -> None:
    """Four clusters of alternating class: one Gaussian per class cannot tell the corners apart."""
    corners = np.array([[-2.5, -2.5], [2.5, 2.5], [-2.5, 2.5], [2.5, -2.5], [0.0, 0.0]])
    clusters = Mixture(corners, np.tile(np.eye(2), (5, 1, 1)), np.array([0, 0, 0, 0, 1]))
    x, y = clusters.sample(1_000, 0)
    found = auto(x, y, seed=0, labels=True)
    assert found.nats == pytest.approx(clusters.mutual_information(), abs=0.06)
    assert_holds(found, clusters.mutual_information(), 0.15)


def test_weak_columns_do_not_hide_strong_ones() -> None:
    """200 columns of falling size, the classes' means apart in the largest few: as in an embedding."""
    rng = np.random.default_rng(0)
    size = 1.0 / np.arange(1, 201)
    y = np.arange(800) % 4
    x = 3.0 * np.pad(np.eye(4), ((0, 0), (0, 196)))[y] * size + size * rng.normal(size=(800, 200))
    found = auto(x, y, seed=0, labels=True)
    clear = auto(x[:, :4], y, seed=0, labels=True)
    assert found.diagnostics["bound"] > 0.4 * clear.nats


def test_few_values_are_counted() -> None:
    channel = symmetric_channel(6, 0.3)
    x, y = channel.sample(2_000, 0)
    found = auto(x.reshape(-1, 1).astype(float) * 2.5, y, seed=0, labels=True)
    assert found.diagnostics["route"].startswith("few values")
    assert found.nats == pytest.approx(channel.mutual_information(), abs=0.06)


def test_levels_on_either_side() -> None:
    steps = UniformSteps(5)
    x, z = steps.sample(480, 0)
    for found in (auto(x, z, seed=0), auto(z, x, seed=0)):
        assert found.diagnostics["route"].startswith("classes")
        assert found.nats == pytest.approx(steps.mutual_information(), abs=0.2)


def test_rounded_numbers_keep_their_information_and_make_none() -> None:
    x, z = correlated_gaussian(2, 0.8).sample(600, 0)
    rounded = auto(np.round(x, 1), np.round(z, 1), seed=0)
    assert rounded.nats == pytest.approx(auto(x, z, seed=0).nats, abs=0.1)
    counts = np.random.default_rng(0).poisson(30.0, size=(600, 4))
    assert abs(auto(counts[:, :2], counts[:, 2:], seed=0).nats) < 0.06


def test_beyond_what_samples_can_show_there_is_a_warning() -> None:
    strong = correlated_gaussian(20, 0.99)
    found = auto(*strong.sample(900, 0), seed=0)
    assert any("near its limit" in line for line in found.warnings)
    low, high = interval(found)
    assert low < math.log(900)
    assert high == pytest.approx(strong.mutual_information(), rel=0.05), "as if the data were normal, which they are"


@pytest.mark.parametrize("columns", [1, 10])
@pytest.mark.parametrize(
    "change", [np.array, np.cbrt, lambda x: -2.0 * x[:, :1], lambda x: x @ MIXING[: x.shape[1], :2]]
)
def test_functions_are_said_to_be_infinite(columns: int, change: Callable[[Array], Array]) -> None:
    x = np.random.default_rng(0).normal(size=(600, columns))
    found = auto(x, change(x), seed=0)
    assert interval(found) == (pytest.approx(math.log(600)), math.inf)
    assert math.isfinite(found.nats)
    assert any("infinite" in line for line in found.warnings)


def test_groups_of_copies_show_what_single_rows_show() -> None:
    """Each row ten times with a little noise: without groups the copies stand in every part."""
    x, z = correlated_gaussian(1, 0.7).sample(100, 0)
    rng = np.random.default_rng(0)
    copies = [np.repeat(side, 10, axis=0) + 1e-3 * rng.normal(size=(1_000, 1)) for side in (x, z)]
    groups = np.repeat(np.arange(100), 10)
    truth = correlated_gaussian(1, 0.7).mutual_information()
    assert auto(copies[0], copies[1], seed=0).diagnostics["bound"] > 2 * truth
    found = auto(copies[0], copies[1], seed=0, groups=groups)
    single = auto(x, z, seed=0)
    assert found.diagnostics["bound"] < 1.5 * truth
    errors = [one.diagnostics["bound_standard_error"] for one in (found, single)]
    assert errors[0] == pytest.approx(errors[1], rel=0.5), "ten copies are not ten samples"
    assert interval(found)[0] <= truth <= interval(found)[1]


def test_a_table_of_copies_is_a_table_of_single_rows() -> None:
    x, z = symmetric_channel(3, 0.3).sample(200, 0)
    copies = [np.repeat(side, 10)[:, None].astype(float) for side in (x, z)]
    single = auto(x[:, None].astype(float), z[:, None].astype(float), seed=0)
    found = auto(*copies, seed=0, groups=np.repeat(np.arange(200), 10))
    assert found.nats == pytest.approx(single.nats, abs=1e-9)
    assert interval(found) == pytest.approx(interval(single), abs=0.02)


def test_few_groups_are_refused() -> None:
    x, z = correlated_gaussian(1, 0.7).sample(200, 0)
    with pytest.raises(ValueError, match="auto: 3 groups given; expected at least 30"):
        auto(x, z, groups=np.arange(200) % 3)


@pytest.mark.parametrize("side", [0, 1])
def test_a_column_that_varies_in_one_row_alone(side: int) -> None:
    """A rare flag: constant wherever that row does not fit."""
    for columns in (1, 2):
        pair = [*correlated_gaussian(columns, 0.7).sample(60, 0)]
        pair[side] = np.column_stack([pair[side], np.arange(60) == 7])
        found = auto(pair[0], pair[1], seed=0)
        assert interval(found)[0] <= correlated_gaussian(columns, 0.7).mutual_information()


def test_a_shared_coin_is_not_infinite() -> None:
    rng = np.random.default_rng(0)
    coin = rng.integers(0, 2, (500, 1)).astype(float)
    found = auto(np.hstack([rng.normal(size=(500, 3)), coin]), np.hstack([rng.normal(size=(500, 2)), coin]), seed=0)
    assert interval(found)[0] <= math.log(2)
    assert found.nats == pytest.approx(math.log(2), abs=0.15)
    assert interval(found)[1] < 2.0


def test_too_few_samples_are_refused() -> None:
    with pytest.raises(ValueError, match="20 samples given; expected at least 30"):
        auto(np.random.default_rng(0).normal(size=(20, 1)), np.random.default_rng(1).normal(size=(20, 1)))
