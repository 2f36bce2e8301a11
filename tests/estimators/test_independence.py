"""Tests of independence: false alarms no more than they say, and dependence that a correlation does not see."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import infoplane

Draw = Callable[[np.random.Generator], tuple[Any, ...]]
N = 200


def share_of_alarms(draw: Draw, draws: int, permutations: int = 39) -> float:
    """Share of samples with p at most 0.05."""
    alarms = 0
    for seed in range(draws):
        x, z, *given = draw(np.random.default_rng([9, seed]))
        found = infoplane.independence_test(x, z, *given, permutations=permutations, seed=seed)
        alarms += found.p_value <= 0.05
    return alarms / draws


INDEPENDENT: dict[str, Draw] = {
    "normal": lambda r: (r.standard_normal((N, 2)), r.standard_normal(N)),
    "ties and heavy tails": lambda r: (np.round(r.standard_cauchy(N)), r.poisson(1.0, N) * 0.5),
    "rare events": lambda r: ((r.random(1000) < 0.002) * 1.0, r.standard_normal(1000)),
    "labels": lambda r: (r.standard_normal(N), r.integers(0, 3, N)),
}


def chain(r: np.random.Generator) -> tuple[Any, ...]:
    w, a, b = r.standard_normal((3, N))
    return w + 0.5 * a, np.sin(2 * w) + 0.5 * b, w


def shared_town(r: np.random.Generator) -> tuple[Any, ...]:
    town = r.integers(0, 3, N)
    return town + r.standard_normal(N), town + r.standard_normal(N), np.array(["a", "b", "c"])[town]


def heavy_chain(r: np.random.Generator) -> tuple[Any, ...]:
    w, a, b = r.standard_cauchy((3, N))
    return w + a, w + b, w


@pytest.mark.slow
@pytest.mark.parametrize("name", INDEPENDENT)
def test_false_alarms_are_no_more_than_five_in_a_hundred(name: str) -> None:
    """0.05 + three standard errors of 400 draws."""
    assert share_of_alarms(INDEPENDENT[name], 400) <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / 400)


def rectified_chain(r: np.random.Generator) -> tuple[Any, ...]:
    """Nearly half of w is exactly 0."""
    w = np.maximum(r.standard_normal(N) + 0.1, 0.0)
    return w + r.standard_normal(N), w + r.standard_normal(N), w


@pytest.mark.slow
@pytest.mark.parametrize("draw", [chain, shared_town, heavy_chain, rectified_chain])
def test_false_alarms_given_a_third_variable(draw: Draw) -> None:
    """A correlation, or the test without ``given``, sees dependence in nearly all of them."""
    assert share_of_alarms(draw, 200) <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / 200)
    assert share_of_alarms(lambda r: draw(r)[:2], 20) > 0.5


def ring(r: np.random.Generator) -> tuple[Any, ...]:
    angle = r.uniform(0, 2 * np.pi, N)
    return np.cos(angle) + 0.1 * r.standard_normal(N), np.sin(angle) + 0.1 * r.standard_normal(N)


def wave(r: np.random.Generator) -> tuple[Any, ...]:
    x = r.standard_normal(N)
    return x, np.sin(3 * x) + 0.5 * r.standard_normal(N)


def spread(r: np.random.Generator) -> tuple[Any, ...]:
    y = r.integers(0, 2, N)
    return r.standard_normal(N) * (1 + y), y


def line(r: np.random.Generator) -> tuple[Any, ...]:
    x = r.standard_normal(N)
    return x, 0.3 * x + r.standard_normal(N)


@pytest.mark.parametrize("draw", [ring, wave, spread])
def test_dependence_that_a_correlation_does_not_see(draw: Draw) -> None:
    assert share_of_alarms(draw, 20) >= 0.9
    seen = [stats.pearsonr(*draw(np.random.default_rng([9, seed]))).pvalue <= 0.05 for seed in range(20)]
    assert np.mean(seen) <= 0.4


def test_weak_linear_dependence_is_seen_about_as_often_as_by_a_correlation() -> None:
    assert share_of_alarms(line, 20) >= 0.8


def test_a_rare_event_off_the_grid_is_no_evidence() -> None:
    x = np.zeros(2000)
    x[[3, 1001]] = 1.0
    found = infoplane.independence_test(x, np.random.default_rng(0).standard_normal(2000), permutations=39)
    assert np.isfinite(found.statistic)
    assert found.p_value > 0.05
    assert infoplane.independence_test(np.arange(2000.0), np.arange(2000.0), given=x, permutations=39).p_value == 0.025


def test_exclusive_or_given_the_third() -> None:
    x, z = np.random.default_rng(0).integers(0, 2, (2, 300))
    assert infoplane.independence_test(x, z).p_value > 0.05
    found = infoplane.independence_test(x, z, given=x ^ z)
    assert found.p_value == 1 / 200
    assert found.permuted == "samples with the same value of given"


def test_permutations_within_values_stay_within() -> None:
    from infoplane.estimators.independence import _within

    codes = np.random.default_rng(0).integers(0, 4, 100)
    rows = _within(codes, np.random.default_rng(1))
    assert sorted(rows) == list(range(100))
    np.testing.assert_array_equal(codes[rows], codes)
    assert (rows != np.arange(100)).mean() > 0.5


def test_containers_seeds_and_a_function_as_statistic() -> None:
    rng = np.random.default_rng(0)
    x = rng.standard_normal(200)
    z = np.where(x + rng.standard_normal(200) > 0, "high", "low")
    found = infoplane.independence_test(pd.Series(x), z, permutations=99, seed=3)
    again = infoplane.independence_test(x.tolist(), z.astype(object), permutations=99, seed=3)
    assert found.p_value == again.p_value == 0.01
    np.testing.assert_array_equal(found.null, again.null)
    assert "p = 0.01: 0 of 99 permutations of all samples" in str(found)

    def correlation(one: Any, other: Any) -> float:
        return abs(float(np.corrcoef(one[:, 0], other[:, 0])[0, 1]))

    by_function = infoplane.independence_test(x, 2 * x + rng.standard_normal(200), statistic=correlation)
    assert by_function.p_value == 1 / 200
    assert by_function.statistic == pytest.approx(0.9, abs=0.1)
    assert by_function.null.max() < 0.5


def test_copied_rows_count_once() -> None:
    """Four copies of 50 independent pairs would be evidence of dependence."""
    rng = np.random.default_rng(20)
    x, z, w = rng.standard_normal((3, 120))
    y = rng.integers(0, 2, 120)
    rows = np.tile(np.arange(120), 4)
    for columns in ((x, z), (x, y), (y, x), (x, z, w), (x, y, y), (y, x, w)):
        once = infoplane.independence_test(*columns, permutations=np.int64(39))
        again = infoplane.independence_test(*(one[rows] for one in columns), permutations=39)
        assert (again.p_value, again.n) == (once.p_value, 120)
        assert again.warnings[0].startswith("360 of 480 rows repeat others (x, z")
        assert once.warnings == ()
        assert "Warning: 360 of 480 rows" in str(again)


def test_rows_in_the_order_of_time_have_a_warning() -> None:
    x, z = np.random.default_rng(21).standard_normal((2, 400)).cumsum(axis=1)
    (warning,) = infoplane.independence_test(x, z, permutations=39).warnings
    assert warning.startswith("rows depend on the rows before")
    assert warning.endswith("the p-value is too small; expected rows far enough apart")
    assert infoplane.independence_test(np.diff(x), np.diff(z), permutations=39).warnings == ()


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        ({"statistic": lambda x, z: float("nan")}, "statistic: not finite for some permutation"),
        ({"statistic": lambda x, z: x[:, 0]}, r"statistic: an array of shape \(20,\) returned"),
        ({"permutations": 0}, "permutations=0 given"),
        ({"statistic": "best"}, "statistic='best' given; expected 'hsic' or a function"),
        ({"z": np.zeros(19)}, "x has 20 rows and z has 19"),
        ({"given": np.zeros(3)}, "x has 20 rows and given has 3"),
        ({"x": np.full(20, np.inf)}, "x: 20 values are NaN or infinite"),
        ({"x": np.zeros(3), "z": np.zeros(3)}, "x: 3 samples given; expected at least 10"),
    ],
)
def test_bad_input_is_one_line(arguments: dict[str, Any], line: str) -> None:
    with pytest.raises(ValueError, match=line):
        infoplane.independence_test(**({"x": np.arange(20.0), "z": np.arange(20.0)} | arguments))
