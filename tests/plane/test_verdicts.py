"""Verdicts on made-up tables whose answers are known."""

from __future__ import annotations

import math
from typing import Any

import pytest

from infoplane.plane import verdicts


def row(estimator: str, i_x: float | None, i_y: float | None, **values: Any) -> dict[str, Any]:
    made = {"seed": 0, "epoch": 0, "layer": 1, "width": 3, "accuracy": 0.5, "loss": 0.7, "noise_std": 0.2}
    return made | {"estimator": estimator, "i_x": i_x, "i_x_se": 0.01, "i_y": i_y, "i_y_se": 0.01} | values


LN2 = math.log(2)


def test_each_violation_is_counted_under_its_name() -> None:
    rows = [
        row("critics", 9.0, 0.5),
        row("critics", 3.0, 0.8),
        row("critics", 0.2, 0.5),
        row("critics", 3.0, LN2 + 0.02),
        row("upper", 20.0, 0.9),
    ]
    found = verdicts.violations(rows, LN2, 4096)
    assert found["critics"] == {
        "above_entropy": 1, "above_ln_n": 1, "label_above_input": 1, "rises_with_depth": 0, "rises_with_noise": 0,
    }  # fmt: skip
    assert set(found["upper"].values()) == {0}, "an upper bound may be large"


def test_noiseless_label_information_must_not_rise_with_depth() -> None:
    rows = [row("distinct", None, value, layer=layer) for layer, value in ((1, 0.6), (2, 0.5), (3, 0.65))]
    assert verdicts.violations(rows, LN2, 4096)["distinct"]["rises_with_depth"] == 1
    assert (
        verdicts.violations([row("exact", 3.0, v, layer=k) for k, v in ((1, 0.2), (2, 0.6))], LN2, 4096)["exact"][
            "rises_with_depth"
        ]
        == 0
    ), "with noise added only to measure no order over layers holds"


def test_more_noise_must_not_tell_more() -> None:
    finer = row("exact", 3.0, 0.5, noise_std=0.1)
    coarser = row("exact_relative", 3.2, 0.4, noise_std=0.5)
    assert verdicts.violations([finer, coarser], LN2, 4096)["exact"]["rises_with_noise"] == 1
    assert verdicts.violations([finer | {"noise_std": 0.9}, coarser], LN2, 4096)["exact"]["rises_with_noise"] == 1
    assert verdicts.violations([finer, coarser | {"i_x": 2.9}], LN2, 4096)["exact"]["rises_with_noise"] == 0


def test_inside_a_lower_bound_above_the_layer_before_is_a_violation() -> None:
    rows = [row("upper", 2.0, 0.5, layer=1), row("lower", 2.5, 0.4, layer=2)]
    assert verdicts.violations(rows, LN2, 4096, inside=True)["lower"]["rises_with_depth"] == 1


def test_compression_is_the_fall_after_the_maximum_over_its_error() -> None:
    rows = [
        row("exact", value, 0.5, seed=seed, epoch=epoch, i_x_se=0.03)
        for seed, series in enumerate(([1.0, 3.0, 2.0], [1.0, 3.4, 2.0]))
        for epoch, value in zip((0, 10, 200), series, strict=True)
    ]
    found = verdicts.compression(rows)["exact"]["1"]
    assert found["fall"] == pytest.approx(1.2)
    assert found["peak_epoch"] == 10
    spread = math.sqrt(((1.0 - 1.2) ** 2 + (1.4 - 1.2) ** 2) / 1)
    assert found["se"] == pytest.approx(math.sqrt((2 * 0.03**2 + spread**2) / 2))
    rising = [row("exact", value, 0.5, epoch=epoch) for epoch, value in ((0, 1.0), (5, 2.0))]
    assert verdicts.compression(rising)["exact"]["1"]["fall"] == 0


def test_errors_are_against_the_value_that_is_known() -> None:
    rows = [
        row("exact", 3.0, 0.5),
        row("critics", 2.0, 0.6),
        row("distinct", 8.0, 0.69),
        row("mine_noiseless", None, 0.6),
    ]
    found = verdicts.errors(rows)
    assert found["critics"] == pytest.approx(
        {"i_x_bias": -1.0, "i_x_mean_absolute": 1.0, "i_y_bias": 0.1, "i_y_mean_absolute": 0.1}
    )
    assert found["mine_noiseless"] == pytest.approx({"i_y_bias": -0.09, "i_y_mean_absolute": 0.09})
    assert set(found) == {"critics", "mine_noiseless"}


def test_critics_are_held_against_the_exact_values() -> None:
    exact = [row("exact", 3.0, 0.5, layer=layer) for layer in (1, 2, 3)]
    critics = [row("critics", 2.9, 0.2, layer=1), row("critics", 1.0, 0.49, layer=2), row("critics", 3.4, 0.5, layer=3)]
    found = verdicts.against_exact([*exact, *critics])
    assert found == [
        "MINE below 70 % of the exact value, a loose bound (epoch/layer 0/1: 0.2 for 0.5)",
        "AA-MINE below 70 % of the exact value, a loose bound (epoch/layer 0/2: 1 for 3)",
        "AA-MINE above the exact value, an error (epoch/layer 0/3: 3.4 for 3)",
    ]
    assert verdicts.against_exact([*exact, row("critics", 2.9, 0.45)]) == []
