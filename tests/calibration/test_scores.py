"""Readings and scores: signs, sides of bounds, refusals."""

from __future__ import annotations

import math

import numpy as np
import pytest

from infoplane.calibration.readings import COLUMNS, Reading, record, rows, run_methods
from infoplane.calibration.scores import method_metrics, suite_metrics
from infoplane.calibration.tasks import Task
from infoplane.distributions import LinearMap, correlated_gaussian
from infoplane.results.estimate import Estimate, Kind

PAIR = Task("pair", correlated_gaussian(1, 0.8))
TRUTH = -0.5 * math.log(1 - 0.64)


def reading(nats: float, low: float | None, high: float | None, kind: Kind, task: Task = PAIR) -> Reading:
    interval = None if low is None or high is None else (low, high)
    return record(task, "m", 100, 0, Estimate(nats, interval, kind, "m"), cpu_seconds=1.0)


@pytest.mark.parametrize(
    ("low", "high", "kind", "covers"),
    [
        (TRUTH - 0.1, TRUTH + 0.1, "estimate", True),
        (TRUTH + 0.1, TRUTH + 0.2, "estimate", False),
        (TRUTH - 0.2, TRUTH - 0.1, "estimate", False),
        (TRUTH - 0.2, TRUTH - 0.1, "lower_bound", True),
        (TRUTH + 0.1, TRUTH + 0.2, "lower_bound", False),
        (TRUTH + 0.1, TRUTH + 0.2, "upper_bound", True),
        (TRUTH - 0.2, TRUTH - 0.1, "upper_bound", False),
        (TRUTH, TRUTH, "exact", True),
        (None, None, "estimate", None),
    ],
)
def test_a_bound_is_held_to_its_own_side(
    low: float | None, high: float | None, kind: Kind, covers: bool | None
) -> None:
    assert reading(TRUTH, low, high, kind).covers is covers


def test_bias_and_rmse_are_those_of_the_errors() -> None:
    errors = np.array([0.1, -0.3, 0.2])
    measured = method_metrics([reading(TRUTH + e, None, None, "estimate") for e in errors])
    assert measured["bias"] == pytest.approx(errors.mean())
    assert measured["rmse"] == pytest.approx(math.sqrt((errors**2).mean()))
    assert measured["coverage"] is None


def test_infinite_truth_has_no_error_but_a_bound_below_it_holds() -> None:
    endless = Task("endless", LinearMap(2))
    one = reading(5.0, 4.0, 6.0, "lower_bound", endless)
    assert endless.truth is None
    assert one.error is None
    assert one.covers is True
    assert reading(5.0, 4.0, 6.0, "estimate", endless).covers is False
    assert method_metrics([one])["bias"] is None


def test_a_value_that_is_no_number_is_missing() -> None:
    one = reading(math.nan, math.nan, math.nan, "estimate")
    assert one.nats is None
    assert one.covers is None
    assert method_metrics([one])["missing"] == 1


def test_refusals_and_divergence_are_counted_and_explained() -> None:
    def refuse(x: object, z: object, seed: int) -> Estimate:
        raise ValueError("labels are not numbers")

    def diverge(x: object, z: object, seed: int) -> Estimate:
        raise FloatingPointError("the value is nan")

    found = run_methods([PAIR], {"a": refuse, "b": diverge}, samples=50, repeats=2, seed=0)
    assert [one.nats for one in found] == [None] * 4
    assert {one.warnings for one in found} == {"refused: labels are not numbers", "refused: the value is nan"}
    assert suite_metrics(found)["methods"]["a"]["missing"] == 2


def test_methods_see_the_same_samples_and_repeats_differ() -> None:
    seen: dict[str, list[float]] = {"a": [], "b": []}

    def watch(name: str) -> object:
        def estimator(x: np.ndarray, z: np.ndarray, seed: int) -> Estimate:
            seen[name].append(float(x[0, 0]))
            return Estimate(0.0, None, "estimate", name)

        return estimator

    run_methods([PAIR], {"a": watch("a"), "b": watch("b")}, samples=[20, 30], repeats=3, seed=1)  # type: ignore[dict-item]
    assert seen["a"] == seen["b"]
    assert len(set(seen["a"])) == 6


def test_the_table_holds_no_times() -> None:
    assert "cpu_seconds" not in COLUMNS
    assert set(rows([reading(1.0, 0.5, 1.5, "estimate")])[0]) == set(COLUMNS)
