"""Samples that belong together: groups stay in one part, identical rows count once."""

from __future__ import annotations

import math

import numpy as np
import pytest

import infoplane
from infoplane.critics import bounds, crossfit
from infoplane.critics.networks import CriticOptions
from infoplane.estimators.groups import copies, group_codes, joined
from infoplane.estimators.registry import METHODS

SMALL = {"hidden": (32,), "max_steps": 150, "evaluate_every": 25, "patience": 6, "folds": 2, "learning_rate": 1e-2}


def pairs(n: int, seed: int = 0, rho: float = 0.8, d: int = 2) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, d))
    return x, rho * x + math.sqrt(1 - rho**2) * rng.normal(size=(n, d))


def options(name: str) -> dict[str, object]:
    return SMALL if METHODS[name].trained and name != "auto" else {}


@pytest.mark.parametrize("by_class", [False, True])
def test_groups_stay_in_one_part_and_every_row_reports_once(by_class: bool) -> None:
    rng = np.random.default_rng(1)
    groups = rng.permutation(np.repeat(np.arange(60), rng.integers(1, 9, 60)))
    labels = groups % 3 if by_class else None
    parts = crossfit.split(len(groups), CriticOptions(), 0, labels, groups)
    assert np.sort(np.concatenate([part.report for part in parts])).tolist() == list(range(len(groups)))
    for part in parts:
        sets = [set(groups[rows]) for rows in (part.fit, part.select, part.report)]
        assert sum(len(one) for one in sets) == len(set.union(*sets)), "a group in two parts"
        assert len(part.fit) + len(part.select) + len(part.report) == len(groups)
        if by_class:
            counts = np.bincount(np.array(sorted(sets[2])) % 3, minlength=3)
            assert np.ptp(counts) <= 1


def test_groups_of_one_are_no_groups() -> None:
    options = CriticOptions()
    alone, grouped = (crossfit.split(100, options, 3, groups=codes) for codes in (None, np.arange(100)))
    for one, other in zip(alone, grouped, strict=True):
        assert np.array_equal(one.report, other.report)
        assert np.array_equal(one.fit, other.fit)


def test_a_standard_error_counts_groups() -> None:
    influence = np.random.default_rng(0).normal(size=200)
    influence -= influence.mean()
    single = bounds.Bound(0.0, influence)
    copied = bounds.Bound(0.0, np.repeat(influence, 10))
    assert copied.standard_error == pytest.approx(single.standard_error / math.sqrt(10), rel=0.01)
    known = bounds.Bound(0.0, np.repeat(influence, 10), np.repeat(np.arange(200), 10))
    assert known.standard_error == pytest.approx(single.standard_error)


@pytest.mark.parametrize("name", ["mine", "infonce", "probe", "ksg", "mixed_ksg", "ross", "gaussian"])
def test_each_row_ten_times_is_the_single_rows(name: str) -> None:
    x, z = pairs(500)
    if METHODS[name].takes == "labels":
        z = (x[:, 0] > 0).astype(int)
    single = infoplane.estimate(x, z, name, **options(name))
    tenfold = infoplane.estimate(np.tile(x, (10, 1)), np.concatenate([z] * 10), name, **options(name))
    assert (tenfold.nats, tenfold.ci95) == (single.nats, single.ci95)
    assert any("4500 of 5000 rows repeat others" in text for text in tenfold.warnings)
    assert not any("repeat others" in text for text in single.warnings)


def discrete_data() -> dict[str, tuple[np.ndarray, np.ndarray]]:
    rng = np.random.default_rng(2)
    few = rng.integers(0, 4, (3000, 1))
    many = rng.integers(0, 300, (3000, 1))
    codes = rng.normal(size=(20, 5))[rng.integers(0, 20, 3000)]
    zero_inflated = np.where(rng.random((3000, 1)) < 0.5, 0.0, rng.normal(size=(3000, 1)))
    bits = rng.integers(0, 2, (3000, 12))
    cut_off = np.sort(rng.normal(size=(3000, 1)), axis=0)
    cut_off = np.clip(cut_off, cut_off[14], cut_off[-15])
    mostly = np.maximum(rng.normal(size=(3000, 1)) + 2.2, 0.0)
    return {
        "few values": (few, np.where(rng.random((3000, 1)) < 0.6, few, rng.integers(0, 4, (3000, 1)))),
        "few values and a label": (few, few[:, 0] % 2),
        "many whole numbers and their function": (many, many**2),
        "rounded": (np.round(rng.normal(size=(3000, 1)), 1), np.round(rng.normal(size=(3000, 1)), 1)),
        "codes of a category": (codes, codes[:, :1] ** 2),
        "an atom": (zero_inflated, np.maximum(zero_inflated, 0.0)),
        "a rare atom and a label": (mostly, (mostly[:, 0] > 1.0).astype(int)),
        "a rare atom on both sides": (mostly, mostly**2),
        "cut off at both ends, and a label": (cut_off, (cut_off[:, 0] > 0.0).astype(int)),
        "cut off at both ends, on both sides": (cut_off, cut_off**3),
        "bits and a label": (bits, bits.sum(axis=1) % 2),
        "nothing repeats": pairs(3000),
    }


@pytest.mark.parametrize("name", discrete_data())
def test_repeated_values_are_no_copies(name: str) -> None:
    assert copies(*discrete_data()[name]) is None


@pytest.mark.parametrize("times", ["twice", "drawn"])
@pytest.mark.parametrize("labels", [False, True])
def test_copies_are_found_in_any_order_and_number(labels: bool, times: str) -> None:
    rng = np.random.default_rng(3)
    x, z = pairs(400)
    z = (x[:, 0] > 0).astype(int) if labels else z
    rows = rng.permutation(np.repeat(np.arange(400), 2)) if times == "twice" else rng.integers(0, 400, 600)
    found = copies(x[rows], z[rows])
    assert found is not None
    assert len(found.first) == len(set(rows))
    assert np.array_equal(x[rows][found.first][found.code], x[rows])


def test_groups_that_share_a_row_are_one() -> None:
    groups, code = np.array([0, 0, 1, 2, 2, 3]), np.array([0, 1, 1, 2, 3, 4])
    assert joined(groups, code).tolist() == [0, 0, 1, 1, 2]


@pytest.mark.parametrize("name", ["mine", "ksg", "ross"])
def test_noisy_copies_leak_without_groups_and_not_with_them(name: str) -> None:
    """Independent variables; each row ten times with a little noise, which no comparison of rows finds."""
    rng = np.random.default_rng(4)
    base_x, base_z = rng.normal(size=(150, 5)), rng.normal(size=(150, 5))
    groups = np.repeat(np.arange(150), 10)
    x, z = base_x[groups] + 0.01 * rng.normal(size=(1500, 5)), base_z[groups] + 0.01 * rng.normal(size=(1500, 5))
    if METHODS[name].takes == "labels":
        z = (base_z[groups, 0] > 0).astype(int)
    wide = {"hidden": (128,), "max_steps": 600} if name == "mine" else {}
    leaking = infoplane.estimate(x, z, name, **options(name) | wide)
    named = infoplane.estimate(x, z, name, groups=groups, **options(name) | wide)
    assert leaking.ci95[0] > 0.2
    assert named.ci95[0] <= 0.02
    assert abs(named.nats) < 0.15


def test_groups_of_methods_without_parts_are_explained_and_keep_the_value() -> None:
    x, z = pairs(300, seed=5)
    names = np.array([f"video {number:03d}" for number in np.repeat(np.arange(300), 4)])
    rng = np.random.default_rng(6)
    many = infoplane.estimate(
        np.repeat(x, 4, 0) + 1e-3 * rng.normal(size=(1200, 2)), np.repeat(z, 4, 0), "gaussian", groups=names
    )
    single = infoplane.estimate(x, z, "gaussian")
    assert many.nats == pytest.approx(single.nats, abs=0.01)
    assert many.ci95 == pytest.approx(single.ci95, abs=0.02)
    assert "one row of each of the 300 groups was used at a time, the mean of 4 draws" in many.warnings[0]


@pytest.mark.parametrize(
    ("groups", "message"),
    [
        (np.ma.masked_equal(np.arange(6), 3), "groups: masked values given"),
        (np.arange(5), "groups has 5 rows and x has 6"),
        (np.zeros(6), "expected integers or strings"),
        (np.zeros((6, 2), int), "expected integers or strings of shape"),
        (np.zeros(6, int), "all rows are in one group"),
    ],
)
def test_unusable_groups_are_named(groups: np.ndarray, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        group_codes(groups, 6)
