"""Columns far from zero, very large or very small: the value is that of the plain columns."""

from __future__ import annotations

import numpy as np
import pytest

import infoplane
from infoplane.estimators import margins
from infoplane.estimators.offsets import without_offsets
from infoplane.estimators.registry import METHODS

SMALL = {"hidden": (16,), "max_steps": 60, "evaluate_every": 20, "folds": 2, "learning_rate": 1e-2}
OFFSETS = [0.0, 1e3, -1e6, 1e9, 1e12]
SCALES = [1e-30, 1.0, 1e30]


@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.int64, np.uint8])
def test_differences_are_exact(dtype: type) -> None:
    x = (200 + np.arange(50)).astype(dtype)[:, None]
    plain = without_offsets(x)
    assert plain.dtype == dtype
    assert plain[:, 0].tolist() == list(range(50))
    assert without_offsets(plain) is plain
    both = np.array([[-1.0, 1e12], [1.0, 1e12 + 2.0**-12], [3.0, 1e12 + 1.0]])
    assert without_offsets(both).tolist() == [[-1.0, 0.0], [1.0, 2.0**-12], [3.0, 1.0]]
    assert without_offsets(-both[:, 1:])[:, 0].tolist() == [0.0, -(2.0**-12), -1.0]


def test_columns_on_both_sides_of_zero_stay_as_they_are() -> None:
    x = np.random.default_rng(0).normal(size=(100, 3))
    assert without_offsets(x) is x


def samples(name: str) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(1)
    x = rng.normal(size=(400, 1))
    if METHODS[name].takes == "labels":
        return x, (x[:, 0] + 0.5 * rng.normal(size=400) > 0).astype(int)
    return x, x + rng.normal(size=(400, 1))


def value(name: str, x: np.ndarray, z: np.ndarray) -> float:
    trained = METHODS[name].trained and name != "auto"
    return infoplane.estimate(x, z, name, **(SMALL if trained else {})).nats


@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=pytest.mark.slow) if name == "auto" else name for name in METHODS if name != "discrete"],
)
def test_every_method_over_offsets_and_scales(name: str) -> None:
    x, z = samples(name)
    plain = value(name, x, z)
    trained = METHODS[name].trained
    cases = [(offset, 1.0) for offset in OFFSETS] + [(0.0, scale) for scale in SCALES]
    for offset, scale in cases[-4:] if trained else cases:
        moved = z if z.ndim == 1 else offset + scale * z
        assert value(name, offset + scale * x, moved) == pytest.approx(plain, abs=0.03), (offset, scale)


@pytest.mark.parametrize("method", ["ross", "mixed_ksg", "ksg"])
def test_independent_far_from_zero_is_still_nothing(method: str) -> None:
    """1e12 + N(0, 1) is resolved by steps of 1e-4: it told 0.275 nats about an independent label."""
    rng = np.random.default_rng(2)
    x = 1e12 + rng.normal(size=(20_000, 1))
    z = np.arange(20_000) % 2 if method != "ksg" else rng.normal(size=(20_000, 1))
    assert abs(infoplane.estimate(x, z, method).nats) < 0.02


def test_ties_far_from_zero_are_told_apart_by_their_own_gaps() -> None:
    x = 1e12 + np.random.default_rng(3).normal(size=(20_000, 1))
    values, tied = margins.break_ties(x, np.random.default_rng(4))
    assert tied == 1
    assert len(np.unique(values)) == len(values)
    assert np.abs(values - (x - x.min())).max() < 1e-4
