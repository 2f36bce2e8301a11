"""Nearest neighbours against known values, with ties, classes and small samples."""

from __future__ import annotations

import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.special import psi
from scipy.stats import norm

from infoplane.estimators import _trees, nearest_neighbours
from infoplane.estimators._trees import Norm, ProductSearch, TreeSearch
from infoplane.estimators.nearest_neighbours import ksg, mixed_ksg, ross


def correlated(seed: int, n: int, d: int, rho: float) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, d))
    return x, rho * x + np.sqrt(1 - rho**2) * rng.normal(size=(n, d))


def gaussian_information(d: int, rho: float) -> float:
    return -d / 2 * np.log(1 - rho**2)


def rounded_information(rho: float, step: float) -> float:
    """I of two standard normals of correlation rho, both rounded to multiples of ``step``."""
    levels = np.arange(-np.ceil(6 / step), np.ceil(6 / step) + 1)
    spread = np.sqrt(1 - rho**2)
    x = np.linspace(-7, 7, 20001)
    cell = np.searchsorted(levels, np.round(x / step)).clip(0, len(levels) - 1)
    edges = np.append(levels - 0.5, levels[-1] + 0.5) * step
    rows = np.diff(norm.cdf((edges[None] - rho * x[:, None]) / spread), axis=1)
    joint = np.zeros((len(levels), len(levels)))
    np.add.at(joint, cell, norm.pdf(x)[:, None] * rows)
    joint /= joint.sum()
    expected = joint.sum(axis=1, keepdims=True) * joint.sum(axis=0, keepdims=True)
    seen = joint > 0
    return float((joint[seen] * np.log(joint[seen] / expected[seen])).sum())


def brute_force_ksg(x: np.ndarray, z: np.ndarray, k: int) -> float:
    """Kraskov et al. 2004, eq. (8), sample by sample."""
    x, z = (x - x.mean(0)) / x.std(0), (z - z.mean(0)) / z.std(0)
    total = 0.0
    for i in range(len(x)):
        to_x, to_z = np.abs(x - x[i]).max(axis=1), np.abs(z - z[i]).max(axis=1)
        both = np.maximum(to_x, to_z)
        both[i] = np.inf
        distance = np.sort(both)[k - 1]
        total += psi(np.count_nonzero(to_x < distance)) + psi(np.count_nonzero(to_z < distance))
    return float(psi(k) + psi(len(x)) - total / len(x))


@pytest.mark.parametrize(("dx", "dz", "k"), [(1, 1, 3), (2, 1, 1), (3, 4, 5)])
def test_ksg_is_the_published_formula(dx: int, dz: int, k: int) -> None:
    rng = np.random.default_rng(dx)
    x = rng.normal(size=(150, dx))
    z = rng.normal(size=(150, dz)) + x[:, :1]
    assert ksg(x, z, k=k).nats == pytest.approx(brute_force_ksg(x, z, k), abs=1e-12)


@pytest.mark.parametrize(("d", "rho"), [(1, 0.0), (1, 0.6), (1, 0.95), (2, 0.5)])
def test_intervals_hold_the_truth_of_correlated_gaussians(d: int, rho: float) -> None:
    truth = gaussian_information(d, rho)
    results = [ksg(*correlated(seed, 600, d, rho), seed=seed) for seed in range(12)]
    assert np.mean([result.nats for result in results]) == pytest.approx(truth, abs=0.03 + 0.02 * truth)
    assert sum(low <= truth <= high for low, high in (result.ci95 for result in results)) >= 10


def test_standard_error_is_the_spread_between_samples() -> None:
    results = [ksg(*correlated(seed, 400, 1, 0.7), seed=seed) for seed in range(30)]
    spread = np.std([result.nats for result in results], ddof=1)
    told = np.sqrt(np.mean([result.diagnostics["standard_error"] ** 2 for result in results]))
    assert told == pytest.approx(spread, rel=0.35)  # the standard deviation of 30 values is known to 13 %


def test_a_value_that_falls_short_says_so_and_its_interval_reaches_the_truth() -> None:
    result = ksg(*correlated(0, 2000, 5, 0.6))
    truth = gaussian_information(5, 0.6)
    assert result.nats < 0.8 * truth
    assert result.ci95[0] < truth < result.ci95[1]
    assert "rises with the sample size" in result.warnings[0]


@pytest.mark.parametrize("estimator", [ksg, mixed_ksg])
@pytest.mark.parametrize("d", [1, 3, 5])
def test_independent_integers_have_no_information(estimator, d: int) -> None:
    values = []
    for seed in range(4):
        rng = np.random.default_rng(seed)
        values.append(estimator(rng.poisson(2, (600, d)), rng.poisson(2, (600, d)), seed=seed).nats)
    assert abs(np.mean(values)) < 0.045  # the mean of four has a standard deviation of 0.012


@pytest.mark.parametrize("estimator", [ksg, mixed_ksg])
@pytest.mark.parametrize("step", [0.1, 0.5, 1.0, 2.0])
def test_rounded_values(estimator, step: float) -> None:
    truth = rounded_information(0.8, step)
    values = []
    for seed in range(4):
        x, z = correlated(seed, 1500, 1, 0.8)
        values.append(estimator(np.round(x / step), np.round(z / step), seed=seed).nats)
    assert np.mean(values) == pytest.approx(truth, abs=0.035)


@pytest.mark.parametrize("estimator", [ksg, mixed_ksg])
def test_rounding_errors_in_the_values_change_nothing(estimator) -> None:
    x, z = correlated(0, 800, 1, 0.8)
    clean = np.round(x / 0.5), np.round(z / 0.5)
    dirty = clean[0] * 0.1 + 0.3 - 0.3, clean[1] * 0.1 + 0.7 - 0.7  # 0.1 has no exact binary form
    assert len(np.unique(dirty[0])) >= len(np.unique(clean[0]))
    assert estimator(*dirty).nats == pytest.approx(estimator(*clean).nats, abs=0.03)


@pytest.mark.parametrize("estimator", [ksg, mixed_ksg])
def test_discrete_with_continuous(estimator) -> None:
    """X uniform on 0..4, Z uniform on [X, X + 2] (Gao et al. 2017): I = ln 5 - (4 / 5) ln 2."""
    rng = np.random.default_rng(1)
    x = rng.integers(0, 5, 2000)
    result = estimator(x, x + 2 * rng.random(2000))
    assert result.nats == pytest.approx(np.log(5) - 0.8 * np.log(2), abs=0.03)


@pytest.mark.parametrize("estimator", [ksg, mixed_ksg])
def test_rectified_gaussian(estimator) -> None:
    """max(X, 0) against Z: the zeros are one point of half the mass."""
    rho = 0.8
    spread = np.sqrt(1 - rho**2)

    def at_zero(z: float) -> float:
        density = 2 * norm.pdf(z) * norm.cdf(-rho * z / spread)  # of Z given X < 0
        return -density * np.log(density) if density > 0 else 0.0

    entropy = 0.5 * np.log(2 * np.pi * np.e)
    truth = entropy - 0.5 * (entropy + np.log(spread)) - 0.5 * quad(at_zero, -9, 9)[0]
    x, z = correlated(3, 2000, 1, rho)
    assert estimator(np.maximum(x, 0), z).nats == pytest.approx(truth, abs=0.04)


def test_mixed_ksg_counts_coincident_samples_like_a_table() -> None:
    """Two fair coins that agree with probability 0.9."""
    rng = np.random.default_rng(0)
    x = rng.integers(0, 2, 3000)
    z = np.where(rng.random(3000) < 0.9, x, 1 - x)
    truth = np.log(2) + 0.9 * np.log(0.9) + 0.1 * np.log(0.1)
    assert mixed_ksg(x, z).nats == pytest.approx(truth, abs=0.025)


@pytest.mark.parametrize("norm", ["chebyshev", "euclidean"])
def test_both_trees_give_the_same_distances_and_counts(norm: Norm, monkeypatch: pytest.MonkeyPatch) -> None:
    points = np.random.default_rng(0).normal(size=(400, 3))
    found = []
    for many in (1, 10**9):
        monkeypatch.setattr(_trees, "_MANY_SAMPLES", many)
        if many > 1:
            monkeypatch.delitem(sys.modules, "sklearn.neighbors")
        tree = TreeSearch(points, norm, 10)
        radius = tree.kth_distance(points, 4)
        found.append((type(tree._tree).__name__, radius, tree.count_within(points, radius)))
    (first, *_), (second, *_) = found
    assert (first, second) == ("KDTree", "cKDTree")
    np.testing.assert_allclose(found[0][1], found[1][1], rtol=1e-15)
    np.testing.assert_array_equal(found[0][2], found[1][2])
    np.testing.assert_array_equal(found[0][2], 4)  # itself and three others nearer than the fourth


@pytest.mark.parametrize("columns", [2, 40])
def test_products_give_the_same_distances_and_counts_as_trees(columns: int) -> None:
    points = np.random.default_rng(1).normal(size=(400, columns)) + 100.0
    points[7] = points[3]
    tree, products = TreeSearch(points, "euclidean", 10), ProductSearch(points)
    radius = tree.kth_distance(points, 4)
    np.testing.assert_allclose(products.kth_distance(points, 4), radius, rtol=1e-9)
    np.testing.assert_array_equal(
        products.count_within(points, products.kth_distance(points, 4)), tree.count_within(points, radius)
    )
    np.testing.assert_array_equal(
        products.count_within(points, np.zeros(400)), tree.count_within(points, np.zeros(400))
    )
    assert products.kth_distance(points, 1)[3] == 0.0


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 2**20),
    n=st.integers(10, 60),
    dx=st.integers(1, 3),
    values=st.integers(1, 8),
    k=st.integers(1, 5),
)
def test_no_data_exceed_the_most_that_k_neighbours_show(seed: int, n: int, dx: int, values: int, k: int) -> None:
    """psi(n) - psi(k): with ties, copies and constant columns too."""
    rng = np.random.default_rng(seed)
    x = rng.integers(0, values, (n, dx)).astype(float)
    z = np.where(rng.random((n, 1)) < 0.5, x[:, :1], rng.normal(size=(n, 1)))
    for estimator in (ksg, mixed_ksg):
        nats = estimator(x, z, k=k).nats
        assert np.isfinite(nats)
        assert nats <= psi(n) - psi(k) + 1e-9


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 2**20), dx=st.integers(1, 3), dz=st.integers(1, 3), scale=st.floats(1e-6, 1e6))
def test_order_roles_and_units_do_not_matter(seed: int, dx: int, dz: int, scale: float) -> None:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(60, dx))
    z = rng.normal(size=(60, dz)) + x[:, :1]
    nats = ksg(x, z).nats
    order = rng.permutation(60)
    assert ksg(x[order], z[order]).nats == pytest.approx(nats, abs=1e-9)
    assert ksg(z, x).nats == pytest.approx(nats, abs=1e-9)
    assert ksg(scale * x + 3, -z / scale).nats == pytest.approx(nats, abs=1e-6)


def test_ranks_undo_monotone_deformations() -> None:
    x, z = correlated(0, 800, 1, 0.8)
    assert ksg(np.exp(2 * x), z**3, scale="rank").nats == ksg(x, z, scale="rank").nats
    assert abs(ksg(np.exp(5 * x), z**9, scale="standard").nats - gaussian_information(1, 0.8)) > 0.05


def classes(seed: int, n: int, count: int, d: int, distance: float) -> tuple[np.ndarray, np.ndarray, float]:
    """Unit Gaussians around class means, and I(X; Y) with the true posterior on 50,000 other samples."""
    means = np.random.default_rng(7).normal(size=(count, d)) * distance
    rng = np.random.default_rng(seed)

    def draw(size: int) -> tuple[np.ndarray, np.ndarray]:
        y = rng.integers(0, count, size)
        return means[y] + rng.normal(size=(size, d)), y

    x, y = draw(50_000)
    logits = -0.5 * ((x[:, None] - means[None]) ** 2).sum(axis=-1)
    own = logits[np.arange(len(y)), y]
    truth = np.log(count) + float((own - np.logaddexp.reduce(logits, axis=1)).mean())
    return *draw(n), truth


@pytest.mark.parametrize(
    ("n", "count", "d", "distance"), [(1500, 2, 1, 1.0), (1500, 4, 3, 1.0), (2000, 10, 10, 1.0), (2000, 10, 10, 0.0)]
)
def test_ross_against_the_true_posterior(n: int, count: int, d: int, distance: float) -> None:
    x, y, truth = classes(0, n, count, d, distance)
    result = ross(x, y)
    assert result.ci95[0] - 0.01 <= truth <= result.ci95[1] + 0.01
    assert result.nats == pytest.approx(truth, abs=0.12)
    assert result.ceiling == pytest.approx(np.log(count), abs=0.01)


def test_ross_is_scikit_learns_formula_in_one_dimension() -> None:
    from sklearn.feature_selection import mutual_info_classif

    x, y, _ = classes(1, 500, 5, 1, 1.0)
    expected = mutual_info_classif(x, y, n_neighbors=4, random_state=0)[0]
    assert ross(x, y, k=4).nats == pytest.approx(expected, abs=1e-9)


def test_ross_leaves_out_classes_with_a_single_sample() -> None:
    x, y, _ = classes(1, 400, 3, 2, 1.0)
    lonely = np.concatenate([y, [17, 23]])
    result = ross(np.concatenate([x, x[:2] + 0.5]), lonely)
    assert "2 classes have a single sample" in result.warnings[0]
    assert result.nats == pytest.approx(ross(x, y).nats, abs=0.02)


def test_ross_has_an_interval_for_many_small_classes() -> None:
    x, y, _ = classes(2, 240, 60, 3, 0.0)
    result = ross(x, y)
    assert result.diagnostics["interval_by"] == "jackknife"
    assert result.ci95[0] < 0 < result.ci95[1]


def test_very_many_samples_in_many_columns_are_thinned_and_the_result_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nearest_neighbours, "_MOST_ROWS", 400)
    random = np.random.default_rng(0)
    x, y = random.normal(size=(600, 4)), random.integers(0, 3, size=600)
    for thinned in (ksg(x, x + random.normal(size=(600, 4))), ross(np.hstack([x, x**2]), y)):
        assert thinned.n == 600
        assert thinned.diagnostics["rows_used"] == 400
        assert any("400 of 600 samples" in warning for warning in thinned.warnings)
    assert ksg(x[:, :3], x[:, 1:]).diagnostics["rows_used"] == 600


@pytest.mark.parametrize("k", [0, -1, 50])
def test_neighbours_must_exist(k: int) -> None:
    x, z = correlated(0, 50, 1, 0.0)
    with pytest.raises(ValueError, match=f"k={k} given for 50 samples; expected 1 to 49"):
        ksg(x, z, k=k)


def test_wrong_options_and_classes_are_named() -> None:
    x, z = correlated(0, 50, 1, 0.0)
    with pytest.raises(ValueError, match="scale='log' given; expected one of standard, rank, none"):
        ksg(x, z, scale="log")
    with pytest.raises(ValueError, match="every class has a single sample"):
        ross(x, np.arange(50))
    assert ksg(x[:10], z[:10]).ci95 is None
