"""Numbers at the edge of what floating point holds: the value of the plain columns, and no word of NumPy's."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import infoplane
from infoplane.estimators.offsets import within_range
from infoplane.estimators.registry import METHODS

RNG = np.random.default_rng(1)
N = 300
X = RNG.standard_normal((N, 1)).clip(-3, 3)
Z = X + RNG.standard_normal((N, 1))
Y = (X[:, 0] + RNG.standard_normal(N) > 0).astype(np.int64)
CASES: dict[str, np.ndarray] = {
    "huge": X * 5e307,
    "the largest": X / np.abs(X).max() * np.finfo(np.float64).max,
    "huge offset": 1e307 * (1.5 + 0.1 * X),
    "squares overflow": X * 1e200,
    "squares vanish": X * 1e-200,
    "denormal": X * 1e-310,
    "float32, huge": (X * 1e38).astype(np.float32),
    "float32, denormal": (X * 1e-40).astype(np.float32),
    "float16, up to its end": (X * 2e4).astype(np.float16),
    "integers beyond 2^53": np.rint(X * 2**40).astype(np.int64) + 2**60,
    "integers over all of int64": np.rint(X * 2**61).astype(np.int64),
    "unsigned integers beyond 2^63": (np.rint(X * 2**40).astype(np.int64) + 2**50).astype(np.uint64) + np.uint64(2**63),
    "offset": 1e12 + X,
    "negative offset": X - 1e12,
}
CORE = ("ksg", "mixed_ksg", "ross", "gaussian", "binning", "auto")
SMALL = {"hidden": (16,), "max_steps": 60, "evaluate_every": 20, "folds": 2, "learning_rate": 1e-2}


def of_method(name: str) -> Callable[[np.ndarray], float]:
    z = Y if METHODS[name].takes == "labels" else Z
    return lambda x: infoplane.estimate(x, z, name, **(SMALL if METHODS[name].trained and name != "auto" else {})).nats


def of_discrete(x: np.ndarray) -> float:
    """Each of 8 values at the edge stands for those near it."""
    few = x[np.argsort(x[:, 0])[(np.argsort(np.argsort(X[:, 0])) * 8 // N) * (N // 8)]]
    return infoplane.estimate(few, np.round(Z), "discrete").nats


WAYS: dict[str, Callable[[Any], float]] = {name: of_method(name) for name in CORE} | {
    "discrete": of_discrete,
    "conditional ksg": lambda x: infoplane.conditional(x, Z, x[::-1], "ksg").nats,
    "conditional gaussian": lambda x: infoplane.conditional(x, Z, x[::-1], "gaussian").nats,
    "test": lambda x: infoplane.independence_test(x, Z[::-1], permutations=19).statistic,
    "test given": lambda x: infoplane.independence_test(x, Z, x[::-1], permutations=19).statistic,
}


@pytest.mark.parametrize("way", [pytest.param(one, marks=[pytest.mark.slow] * (one == "auto")) for one in WAYS])
@pytest.mark.parametrize("case", CASES)
def test_values_at_the_edge_are_those_of_plain_columns(case: str, way: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = WAYS[way](CASES[case])
    assert found == pytest.approx(WAYS[way](X), abs=0.04 if way == "auto" else 0.02)


@pytest.mark.parametrize(("way", "case"), [("auto", "huge"), ("mine", "squares overflow")])
def test_methods_that_train_at_the_edge(way: str, case: str) -> None:
    assert of_method(way)(CASES[case]) == pytest.approx(of_method(way)(X), abs=0.04)


@pytest.mark.parametrize("way", [name for name in CORE if name not in ("auto", "binning")])
def test_columns_of_sizes_far_apart(way: str) -> None:
    apart = np.hstack([X * 1e12, Z * 0 + X**2 * 1e-12, X**3 * 1e-300])
    plain = np.hstack([X, X**2, X**3])
    assert of_method(way)(apart) == pytest.approx(of_method(way)(plain), abs=1e-6)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_one_value_far_away_makes_no_relation_without_noise(dtype: type) -> None:
    """Beside 1e30 all others are equal in float64; they still are no function of z."""
    far = X.astype(dtype)
    far[7] = 1e30
    found = infoplane.estimate(far, Z, "mixed_ksg", scale="rank")
    assert found.warnings == ()
    assert found.nats == pytest.approx(infoplane.estimate(X, Z, "mixed_ksg", scale="rank").nats, abs=0.05)


def test_what_a_float_cannot_hold_is_one_line() -> None:
    with np.errstate(over="ignore"):
        half = (X * 1e6).astype(np.float16)
    with pytest.raises(ValueError, match=r"x: \d+ values are NaN or infinite"):
        infoplane.estimate(half, Z, "ksg")


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.longdouble])
def test_powers_of_two_keep_every_digit(dtype: type) -> None:
    large = np.ldexp(X.astype(dtype), np.finfo(dtype).maxexp - 3)
    scaled = within_range(np.hstack([large, X.astype(dtype)]))
    assert scaled.dtype == dtype
    assert 0.5 <= float(np.abs(scaled[:, 0]).max()) < 1.0
    ratio = scaled[:, 0] / X[:, 0].astype(dtype)
    assert len(np.unique(ratio)) == 1
    assert np.log2(float(ratio[0])) % 1.0 == 0.0
    np.testing.assert_array_equal(scaled[:, 1], X[:, 0].astype(dtype))
    assert within_range(scaled) is scaled
