"""Rows that depend on each other, and relations without noise: found where they are, and only there."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest

import infoplane
from infoplane.estimators.dependence_checks import autocorrelation, noiseless_relation

Rng = np.random.Generator


def walk(rng: Rng, n: int, d: int = 1) -> np.ndarray:
    return rng.normal(size=(n, d)).cumsum(axis=0)


def test_two_random_walks_warn_and_say_how_strongly() -> None:
    for seed in range(20):
        rng = np.random.default_rng(seed)
        found = autocorrelation(walk(rng, 2000), walk(rng, 2000))
        assert found is not None
        assert found.x > 0.95
        assert 2000 / found.rows_per_independent < 60
    rng = np.random.default_rng(0)
    warnings = infoplane.estimate(walk(rng, 2000), walk(rng, 2000), "ksg").warnings
    assert any("rows depend on the rows before (autocorrelation at lag 1: 1.00 in x, 1.00 in z)" in w for w in warnings)


def test_bartletts_number_for_first_order_series() -> None:
    """rho(k) = 0.8^k in both: 1 + 2 sum 0.64^k = 4.56 rows for one independent row."""
    rng, n = np.random.default_rng(1), 20_000
    series = np.zeros((n, 2))
    for row in range(1, n):
        series[row] = 0.8 * series[row - 1] + rng.normal(size=2)
    found = autocorrelation(series[:, :1], series[:, 1:])
    assert found is not None
    assert found.rows_per_independent == pytest.approx(1 + 2 * 0.64 / 0.36, rel=0.15)


def in_order(rng: Rng, n: int) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    x, noise = rng.normal(size=(n, 1)), rng.normal(size=(n, 1))
    order = np.argsort(x[:, 0])
    labels = np.sort(rng.integers(0, 3, n))
    return {
        "independent rows": (x, noise),
        "dependent variables": (x, x + noise),
        "heavy tails": (rng.standard_cauchy((n, 3)), rng.standard_cauchy((n, 3))),
        "one variable a walk": (walk(rng, n, 20), noise),
        "sorted by x": (x[order], noise),
        "sorted by x, dependent": (x[order], (x + noise)[order]),
        "sorted by class": (labels[:, None] + noise, labels),
        "labels": (x, rng.integers(0, 10, n)),
    }


@pytest.mark.parametrize("n", [100, 1000])
def test_no_false_alarms_over_two_hundred_draws(n: int) -> None:
    for seed in range(200):
        for name, (x, z) in in_order(np.random.default_rng(seed), n).items():
            assert autocorrelation(x, z) is None, (name, seed)


FUNCTIONS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "linear": lambda x: 3 * x - 1,
    "square": np.square,
    "cube": lambda x: x**3,
    "sine": lambda x: np.sin(3 * x),
    "absolute": np.abs,
    "ReLU": lambda x: np.maximum(x, 0),
    "tanh": np.tanh,
}


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions_are_infinite_monotone_or_not(name: str, dtype: type) -> None:
    for n in (200, 2000):
        x = np.random.default_rng(n).normal(size=(n, 2)).astype(dtype)
        z = np.hstack([np.random.default_rng(1).normal(size=(n, 1)), FUNCTIONS[name](x[:, 1:])]).astype(dtype)
        assert "z (column 1) is a function of x (column 1)" in str(noiseless_relation(x, z))
        if name == "square":  # of which x is no function of z
            assert "z (column 0) is a function of x (column 0)" in str(noiseless_relation(x[:, :1], x[:, :1] ** 2))
            assert "x (column 0) is a function of z (column 0)" in str(noiseless_relation(x[:, :1] ** 2, x[:, :1]))


def finite(rng: Rng, n: int) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    x, noise = rng.normal(size=(n, 1)), rng.normal(size=(n, 1))
    close = 0.999 * x + math.sqrt(1 - 0.999**2) * noise
    return {
        "rho 0.999": (x, close),
        "rho 0.999, float32": (x.astype(np.float32), close.astype(np.float32)),
        "sine and a little noise": (x, np.sin(3 * x) + 0.001 * noise),
        "ReLU of noise and signal": (x, np.maximum(x + 0.1 * noise, 0)),
        "independent": (x, noise),
        "rounded": (np.round(x, 2), np.round(close, 2)),
        "counts": (rng.poisson(3, (n, 1)), rng.poisson(3, (n, 1))),
        "offset": (1e6 + x, 1e6 + close),
    }


@pytest.mark.parametrize("n", [100, 1000])
def test_much_information_is_not_called_infinite(n: int) -> None:
    for seed in range(50):
        for name, (x, z) in finite(np.random.default_rng(seed), n).items():
            assert noiseless_relation(x, z) is None, (name, seed)


@pytest.mark.parametrize("method", ["ksg", "gaussian"])
def test_an_infinite_value_has_no_upper_end(method: str) -> None:
    x = np.random.default_rng(2).normal(size=1000)
    result = infoplane.estimate(x, x**2, method)
    assert result.ci95[1] == math.inf
    assert any("infinite" in text for text in result.warnings)


@pytest.mark.parametrize("method", ["ksg", "gaussian", "mixed_ksg"])
def test_plain_data_have_no_warning(method: str) -> None:
    rng = np.random.default_rng(3)
    x = rng.normal(size=(2000, 2))
    assert infoplane.estimate(x, 0.5 * x + rng.normal(size=(2000, 2)), method).warnings == ()
