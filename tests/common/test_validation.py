"""Checks of input, by themselves and through ``estimate``."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import infoplane
from infoplane.common import validation
from infoplane.estimators import margins
from infoplane.estimators.offsets import without_offsets

RNG = np.random.default_rng(0)
X = RNG.normal(size=(200, 2))
Z = X[:, :1] + RNG.normal(size=(200, 1))
Y = (X[:, 0] > 0).astype(int)


def with_bad(*places: tuple[int, int, float]) -> np.ndarray:
    broken = X.copy()
    for row, column, value in places:
        broken[row, column] = value
    return broken


@pytest.mark.parametrize(
    ("x", "z", "message"),
    [
        (X, Z[:50], "x has 200 rows and z has 50; expected as many, paired row by row"),
        (X, with_bad((7, 1, np.nan)), "z: 1 values are NaN or infinite, the first in row 7, column 1"),
        (with_bad((3, 0, np.inf), (9, 1, -np.inf)), Z, "x: 2 values are NaN or infinite, the first in row 3, column 0"),
        (
            np.full((200, 1), "2020-01-01", "M8[D]"),
            Z,
            "x: dtype datetime64[D] given; expected an array of real numbers",
        ),
        (np.full((200, 1), {}, object), Z, "x: dtype object given, of dict"),
        (X, Z.astype(complex), "z: dtype complex128 given"),
        (X[:0], Z[:0], "x: empty, shape (0, 2)"),
        (X[:, :0], Z, "x: empty, shape (200, 0)"),
        (X.reshape(100, 2, 2), Z, "x: shape (100, 2, 2) given; expected (n, d) or (n,)"),
        (3.0, Z, "x: shape () given"),
        (X[:1], Z[:1], "x and z have a single row; expected at least 2"),
    ],
)
def test_arrays_that_are_no_paired_samples(x: Any, z: Any, message: str) -> None:
    with pytest.raises(ValueError, match=r"\A" + re.escape(message)) as raised:
        infoplane.estimate(x, z, "ksg")
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("seed", [1.5, "1", None, True, -1, np.float64(2.0)])
def test_seeds_that_are_no_integers(seed: Any) -> None:
    with pytest.raises(ValueError, match="expected an integer of at least 0"):
        infoplane.estimate(X, Z, "ksg", seed)


def test_numpy_integers_are_seeds() -> None:
    assert infoplane.estimate(X, Z, "ksg", np.int64(4)).seed == 4


@pytest.mark.parametrize(
    ("call", "message"),
    [
        ({"method": "kgs"}, "method 'kgs' given; expected one of auto, mine, nwj, infonce, smile, probe, ksg, "),
        ({"method": "ksg", "z_kind": "words"}, "z_kind='words' given; expected one of None, 'numbers', 'labels'"),
        ({"method": "ksg", "neighbours": 3}, "ksg has no option neighbours; expected one of k, scale"),
        ({"method": "gaussian", "k": 3}, "gaussian has no option k; expected one of margins"),
        ({"method": "mine", "widths": 3}, "mine has no option widths; expected one of kind, hidden, "),
        ({"method": "ksg", "k": 2.5}, "ksg: k=2.5 given; expected an integer"),
        ({"method": "ksg", "scale": 3}, "ksg: scale=3 given; expected one of standard, rank, none"),
        (
            {"method": "binning", "x_range": (0, 1, 2)},
            "binning: x_range=(0, 1, 2) given; expected two numbers",
        ),
        ({"method": "mine", "hidden": 64}, "mine: hidden=64 given; expected integers, such as 64,64"),
        ({"method": "mine", "hidden": (0,)}, "hidden: (0,) given"),
        ({"method": "probe"}, "probe: z is numbers; expected class labels, a 1-D array of integers or booleans"),
        ({"method": "ksg", "z_kind": "labels"}, "ksg: z is class labels"),
    ],
)
def test_methods_and_options_that_do_not_exist(call: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=r"\A" + re.escape(message)):
        infoplane.estimate(X, Z, **call)


def test_options_may_be_numbers_of_numpy_and_lists() -> None:
    expected = infoplane.estimate(X, Z, "ksg", k=5).nats
    assert infoplane.estimate(X, Z, "ksg", k=np.int32(5)).nats == expected
    call = {"method": "binning", "strategy": "fixed", "bins": 4}
    expected = infoplane.estimate(X[:, 0], Z, **call, x_range=(-2.0, 2.0)).nats
    for limits in ([-2, 2], np.array([-2.0, 2.0])):
        assert infoplane.estimate(X[:, 0], Z, **call, x_range=limits).nats == expected


@pytest.mark.parametrize("method", ["auto", "mixed_ksg", "ross", "binning"])
def test_integers_of_which_no_two_are_equal_are_no_labels(method: str) -> None:
    with pytest.raises(ValueError, match=r"z: 200 integers, no two of them equal, .*z_kind='numbers'"):
        infoplane.estimate(X, np.arange(200), method)


@pytest.mark.parametrize("dtype", [np.int64, np.uint8, bool])
def test_a_flat_integer_or_boolean_z_is_labels(dtype: type) -> None:
    z = Y.astype(dtype)
    with pytest.raises(ValueError, match="gaussian: z is class labels"):
        infoplane.estimate(X, z, "gaussian")
    as_numbers = infoplane.estimate(X, z, "gaussian", z_kind="numbers")
    assert as_numbers.nats == infoplane.estimate(X, z.astype(float), "gaussian").nats
    assert infoplane.estimate(X, z, "mixed_ksg").ceiling == pytest.approx(np.log(2), abs=0.01)


def test_integers_in_two_dimensions_are_numbers() -> None:
    assert infoplane.estimate(X, Y[:, None], "gaussian").ceiling is None


def test_labels_may_have_any_names() -> None:
    named = np.array([-7, 10**12])[Y]
    assert infoplane.estimate(X, named, "ross").nats == infoplane.estimate(X, Y, "ross").nats


def test_constant_columns_are_dropped_and_said() -> None:
    wide = np.hstack([np.zeros((200, 3)), X, np.full((200, 2), 1e30)])
    result = infoplane.estimate(wide, Z, "ksg")
    assert result.nats == infoplane.estimate(X, Z, "ksg").nats
    assert result.warnings[0] == "x: 5 of 7 columns are constant and were dropped"
    assert (result.dx, result.dz) == (7, 1)


@pytest.mark.parametrize("method", ["auto", "mine", "ksg", "gaussian", "binning"])
@pytest.mark.parametrize(("x", "z", "named"), [(np.ones((200, 2)), Z, "x:"), (X, np.zeros(200), "z:")])
def test_a_constant_variable_has_no_information(method: str, x: np.ndarray, z: np.ndarray, named: str) -> None:
    result = infoplane.estimate(x, z, method)
    assert (result.nats, result.ci95, result.kind, result.method) == (0.0, (0.0, 0.0), "exact", method)
    assert result.warnings[0].startswith(named)


def test_a_single_class_has_no_information() -> None:
    result = infoplane.estimate(X, np.full(200, 3), "probe")
    assert (result.nats, result.kind, result.ceiling) == (0.0, "exact", 0.0)


def test_memory_mapped_float32_is_read_in_place(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", X.astype(np.float32))
    mapped = np.load(tmp_path / "x.npy", mmap_mode="r")
    assert isinstance(validation.samples(mapped, "x"), np.memmap)
    assert infoplane.estimate(mapped, Z, "ksg").nats == infoplane.estimate(X.astype(np.float32), Z, "ksg").nats


def test_not_finite_values_are_counted_over_all_blocks() -> None:
    long = np.zeros((200_000, 2), dtype=np.float32)
    long[150_000, 1] = np.nan
    long[199_999] = np.inf
    with pytest.raises(ValueError, match="x: 3 values are NaN or infinite, the first in row 150000, column 1"):
        validation.samples(long, "x")


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(-3, 3), min_size=1, max_size=30))
def test_columns_that_vary(values: list[int]) -> None:
    column = np.array(values)
    varies = validation.varying_columns(np.column_stack([column, np.full(len(values), 4)]))
    assert varies.tolist() == [len(set(values)) > 1, False]


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.floats(-1e9, 1e9, allow_subnormal=False) | st.integers(-4, 4).map(float), min_size=2, max_size=40),
    st.integers(0, 1000),
)
def test_noise_against_ties_stays_within_half_the_least_gap(values: list[float], seed: int) -> None:
    """Every value can still be told from the noisy one, so nothing is lost; and ties that floats resolve are gone."""
    column = without_offsets(np.array(values)[:, None])[:, 0]
    noisy = margins.break_ties(np.array(values)[:, None], np.random.default_rng(seed))[0][:, 0]
    distinct = np.unique(column)
    assert np.abs(noisy - column).max() <= 0.5 * (np.diff(distinct).min() if len(distinct) > 1 else 0.0)
    nearest = distinct[np.abs(noisy[:, None] - distinct[None]).argmin(axis=1)]
    np.testing.assert_array_equal(nearest, column)


def test_noise_against_ties_leaves_columns_without_ties_alone() -> None:
    noisy, tied = margins.break_ties(np.column_stack([X[:, 0], np.round(X[:, 1])]), np.random.default_rng(0))
    assert tied == 1
    np.testing.assert_array_equal(noisy[:, 0], X[:, 0])
    assert len(np.unique(noisy[:, 1])) == 200


def test_normal_scores_see_ranks_alone() -> None:
    scores = margins.normal_scores(X)
    np.testing.assert_array_equal(scores, margins.normal_scores(np.exp(3 * X)))
    assert scores.mean(axis=0) == pytest.approx(0, abs=1e-12)
    assert scores.std(axis=0) == pytest.approx(1, abs=0.02)
    tied = margins.normal_scores(np.array([[1], [1], [2], [2]]))
    assert tied[0] == tied[1] == -tied[2] == -tied[3]


@pytest.mark.parametrize("scale", [1e-200, 1e-30, 1.0, 1e30, 1e200])
def test_standardised_columns_of_any_size(scale: float) -> None:
    columns = margins.standardised(np.column_stack([X * scale, np.full(200, 0.1 * scale)]))
    np.testing.assert_allclose(columns[:, :2], (X - X.mean(axis=0)) / X.std(axis=0), rtol=1e-7)
    np.testing.assert_array_equal(columns[:, 2], 0.0)
