"""The entries of the metrics files say what the estimates say, and choose between bounds without a winner's curse."""

from __future__ import annotations

import math

import numpy as np
import pytest

from infoplane.results.estimate import Estimate, NoisyEstimate
from infoplane.results.quantity import (
    CURVE_COLUMNS,
    curve_rows,
    from_bracket,
    from_estimate,
    label_headline,
    noise_headline,
)

FIELDS = {"nats", "low", "high", "kind", "lower", "upper", "lower_se", "upper_se", "ceiling", "n", "warnings"}
CURVE = {"step": [50, 100], "train": [0.1, 0.3], "selection": [0.1, 0.2]}


def bound(nats: float, selection: float, error: float = 0.01, warnings: tuple[str, ...] = ()) -> Estimate:
    told = {"selection": selection, "standard_error": error, "curves": [CURVE, CURVE]}
    interval = (nats - 1.96 * error, nats + 1.96 * error)
    return Estimate(nats, interval, "lower_bound", "mine", math.log(2), 100, warnings=warnings, diagnostics=told)


def channel(lower: float, upper: float, n: int = 1000) -> NoisyEstimate:
    rest = {"gaussian_upper": None, "mixture_upper": upper, "mixture_lower": lower, "plug_in": lower}
    return NoisyEstimate(noise_std=0.25, n=n, d=4, lower=lower, upper=upper, lower_se=0.02, upper_se=0.03, **rest)


def test_every_entry_has_the_same_fields() -> None:
    entries = [
        from_estimate(bound(0.5, 0.5)),
        from_bracket(channel(2.0, 2.1)),
        label_headline([bound(0.5, 0.5)]),
        noise_headline(channel(2.0, 2.1), bound(1.0, 1.0)),
    ]
    assert all(set(entry) == FIELDS for entry in entries)


def test_an_interval_without_end_has_no_high() -> None:
    entry = from_estimate(Estimate(17.0, (6.9, math.inf), "estimate", "auto"))
    assert (entry["low"], entry["high"]) == (6.9, None)


def test_a_bracket_spans_both_bounds_and_their_errors() -> None:
    entry = from_bracket(channel(2.0, 2.1))
    assert entry["low"] == pytest.approx(2.0 - 1.96 * 0.02, abs=1e-3)
    assert entry["high"] == pytest.approx(2.1 + 1.96 * 0.03, abs=1e-3)
    assert entry["nats"] == entry["lower"] == 2.0
    assert entry["ceiling"] is None, "ln n is no ceiling of a known channel's bounds"


def test_label_headline_chooses_by_the_selection_part_and_not_by_the_reported_value() -> None:
    lucky, better = bound(0.60, selection=0.50), bound(0.55, selection=0.58)
    entry = label_headline([lucky, better])
    assert entry["nats"] == 0.55
    assert entry["upper"] == entry["ceiling"] == entry["high"] == pytest.approx(math.log(2))


def test_choosing_by_the_selection_part_is_unbiased_where_choosing_by_the_report_is_not() -> None:
    """Ten equally good bounds: the largest reported value is above the truth, the chosen one is not."""
    rng = np.random.default_rng(0)
    chosen, largest = [], []
    for _ in range(400):
        bounds = [bound(0.3 + 0.05 * a, 0.3 + 0.05 * b) for a, b in rng.standard_normal((10, 2))]
        chosen.append(label_headline(bounds)["nats"])
        largest.append(max(one.nats for one in bounds))
    assert np.mean(chosen) == pytest.approx(0.3, abs=0.01)
    assert np.mean(largest) > 0.35


@pytest.mark.parametrize(
    ("critic", "expected"),
    [
        (bound(2.2, selection=2.3), 2.2),
        (bound(2.2, selection=1.9), 2.0),
        (bound(2.2, selection=2.3, warnings=("not converged: …",)), 2.0),
    ],
)
def test_a_critic_takes_the_lower_end_only_where_its_selection_value_is_better(
    critic: Estimate, expected: float
) -> None:
    entry = noise_headline(channel(2.0, 2.4), critic)
    assert entry["lower"] == entry["nats"] == expected
    assert entry["upper"] == 2.4


def test_a_constant_variable_needs_no_critic() -> None:
    nothing = Estimate(0.0, (0.0, 0.0), "exact", "mine", 0.0, 100)
    assert label_headline([nothing])["nats"] == 0.0
    assert curve_rows(nothing, "mine") == []
    assert noise_headline(channel(0.0, 0.0), nothing)["nats"] == 0.0


def test_curves_become_one_row_a_look() -> None:
    rows = curve_rows(bound(0.5, 0.5), "mine", stop=30)
    assert len(rows) == 4
    assert set(rows[0]) == set(CURVE_COLUMNS)
    assert [row["fold"] for row in rows] == [0, 0, 1, 1]
    assert rows[1] == {"quantity": "mine", "stop": 30, "fold": 0, "step": 100, "train": 0.3, "selection": 0.2}
