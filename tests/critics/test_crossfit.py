"""Parts, scaling and tempering: what may shape a critic, and what it may not see."""

from __future__ import annotations

import numpy as np
import pytest

from infoplane.critics import crossfit
from infoplane.critics.networks import CriticOptions
from infoplane.estimators.clusters import fit_mixture
from infoplane.estimators.normal_margins import normal_margins


@pytest.mark.parametrize(("n", "folds", "share"), [(100, 4, 0.2), (101, 3, 0.25), (1000, 5, 0.5), (53, 2, 0.3)])
def test_parts_are_disjoint_and_every_row_reports_once(n: int, folds: int, share: float) -> None:
    parts = crossfit.split(n, CriticOptions(folds=folds, selection_share=share), seed=3)
    assert np.sort(np.concatenate([part.report for part in parts])).tolist() == list(range(n))
    for part in parts:
        assert np.sort(np.concatenate([part.fit, part.select, part.report])).tolist() == list(range(n))
        assert len(part.select) == pytest.approx(share * (n - len(part.report)), abs=1)


def test_of_many_samples_most_fit() -> None:
    labels = np.arange(60_000) % 3
    for part in crossfit.split(60_000, CriticOptions(), seed=0, labels=labels):
        assert len(part.select) == pytest.approx(2_000, abs=3)
        assert len(part.fit) == pytest.approx(43_000, abs=3)
        assert np.ptp(np.bincount(labels[part.select])) <= 1


def test_every_part_has_its_share_of_each_class() -> None:
    labels = np.repeat(np.arange(5), 40)
    for part in crossfit.split(200, CriticOptions(), seed=0, labels=labels):
        for rows in (part.fit, part.select, part.report):
            counts = np.bincount(labels[rows], minlength=5)
            assert counts.max() - counts.min() <= 1


def test_too_few_samples_name_how_many_are_expected() -> None:
    with pytest.raises(ValueError, match=r"20 samples given .* expected at least (\d+)") as caught:
        crossfit.split(20, CriticOptions(), seed=0)
    crossfit.split(int(str(caught.value).rsplit(" ", 1)[1]), CriticOptions(), seed=0)


def test_constant_columns_are_dropped_with_a_note() -> None:
    x = np.array([[1.0, 2.0, 3.0], [1.0, 5.0, 3.0], [1.0, 2.0, 3.0]])
    kept, notes = crossfit.varying_columns(x, "x")
    assert kept.tolist() == [[2.0], [5.0], [2.0]]
    assert notes == ["x: 2 of 3 columns are constant and were dropped"]


def test_scaling_knows_the_fit_rows_alone() -> None:
    random = np.random.default_rng(0)
    x, fit = random.normal(3.0, 7.0, size=(500, 4)), np.arange(200)
    other = x.copy()
    other[200:] *= 1000
    for scaled in (crossfit.scaled_for_critic, normal_margins):
        assert scaled(x, fit)[:200] == pytest.approx(scaled(other, fit)[:200])
        assert scaled(x, fit)[:200].mean(axis=0) == pytest.approx(np.zeros(4), abs=1e-5)
        assert scaled(x, fit)[:200].std(axis=0) == pytest.approx(np.ones(4), rel=1e-4)
        assert np.abs(scaled(other, fit)).max() <= np.abs(scaled(other, fit)[:200]).max() + 1e-6


def test_a_column_that_is_constant_where_it_is_fitted_says_nothing() -> None:
    x = np.concatenate([np.zeros((50, 1)), np.ones((50, 1))])
    for scaled in (crossfit.scaled_for_critic, normal_margins):
        assert not scaled(x, np.arange(50)).any()


def test_weak_columns_of_many_stay_weak_and_the_mean_square_is_one() -> None:
    random = np.random.default_rng(1)
    deviations = np.geomspace(0.01, 10, 100)
    scaled = crossfit.scaled_for_critic(random.normal(size=(2000, 100)) * deviations, np.arange(2000))
    assert np.mean(scaled**2) == pytest.approx(1.0, rel=1e-3)
    assert scaled.std(axis=0)[-1] / scaled.std(axis=0)[0] == pytest.approx(np.sqrt(1000), rel=0.1)


@pytest.mark.parametrize("n", [300, 30_000])
def test_normal_margins_do_not_depend_on_monotone_maps(n: int) -> None:
    x = np.random.default_rng(2).normal(size=(n, 1))
    fit = np.arange(n)
    plain, bent = normal_margins(x, fit), normal_margins(np.sign(x) * np.abs(x) ** 5, fit)
    assert np.all(np.diff(plain[np.argsort(x[:, 0]), 0]) >= 0)
    assert np.quantile(np.abs(plain - bent), 0.99) < 0.02


def test_tied_values_share_one_normal_score() -> None:
    x = np.array([0.0, 0.0, 0.0, 0.0, 1.0, 2.0])[:, None]
    scores = normal_margins(x, np.arange(6))[:, 0]
    assert len(np.unique(scores)) == 3
    assert scores.std() == pytest.approx(1.0, rel=1e-5)


def test_clusters_are_found_with_their_shares_and_spread() -> None:
    random = np.random.default_rng(4)
    labels = random.choice(3, size=3000, p=[0.5, 0.3, 0.2])
    t = (10 * np.eye(3)[labels] + 0.5 * random.normal(size=(3000, 3))).astype(np.float32)
    found = fit_mixture(t, 12, np.random.default_rng(9))
    distance = np.linalg.norm(found.centres[:, None] - 10 * np.eye(3)[None], axis=2)
    assert distance.min(axis=1).max() < 1.5  # no centre between the groups
    shares = np.bincount(distance.argmin(axis=1), weights=found.shares, minlength=3)
    assert shares == pytest.approx([0.5, 0.3, 0.2], abs=0.03)
    between = found.shares @ np.square(found.centres - t.mean(axis=0))
    assert between + found.variances == pytest.approx(t.var(axis=0), rel=0.01)


def test_one_component_is_the_sample_s_mean_and_variance() -> None:
    t = np.random.default_rng(5).normal(2.0, 3.0, size=(40, 2)).astype(np.float32)
    found = fit_mixture(t, 1, np.random.default_rng(0))
    assert found.centres[0] == pytest.approx(t.mean(axis=0), abs=1e-4)
    assert found.variances == pytest.approx(t.var(axis=0, ddof=1), rel=1e-4)
