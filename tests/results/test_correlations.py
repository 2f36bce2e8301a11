"""Correlations over encoders: the term paper's tables, what is undefined, intervals and permutation tests."""

from __future__ import annotations

import math
import re
import subprocess
import sys
from itertools import permutations
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from infoplane.results import correlations
from infoplane.results.summary_quantities import NAMES as QUANTITIES


def random_table(encoders: int, stops: tuple[int, ...] = (1, 30), seed: int = 0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    rows = [
        {"encoder": f"e{i}", "stop": stop} | {name: rng.normal() for name in QUANTITIES}
        for i in range(encoders)
        for stop in stops
    ]
    return pd.DataFrame(rows)


def published_tables(text: str) -> dict[int, np.ndarray[Any, Any]]:
    tables = {}
    for block in re.split(r"after (?=\d+ epoch)", text)[1:]:
        stop = int(block.split()[0])
        rows = re.findall(r"^\| \w+ \|((?: -?\d\.\d+ \|){5})$", block, flags=re.MULTILINE)
        tables[stop] = np.array([[float(cell) for cell in row.strip("| ").split("|")] for row in rows])
    return tables


def fisher(r: float, n: int) -> tuple[float, float]:
    half = 1.959964 / math.sqrt(n - 3)
    return math.tanh(math.atanh(r) - half), math.tanh(math.atanh(r) + half)


def test_the_term_papers_tables(shared: Path) -> None:
    published = published_tables((shared / "published/README.md").read_text(encoding="utf-8"))
    found = correlations.correlations(pd.read_csv(shared / "published/term_paper_results.csv"))
    assert list(found) == [1, 30, 200] == list(published)
    for stop, matrix in found.items():
        assert tuple(matrix.index) == tuple(matrix.columns) == QUANTITIES
        np.testing.assert_allclose(matrix.to_numpy(), published[stop], rtol=0, atol=0.6e-6)


def test_pearson_agrees_with_scipy_and_does_not_depend_on_the_order_of_rows() -> None:
    table = random_table(9, stops=(7,))
    matrix = correlations.correlations(table)[7]
    for row in QUANTITIES:
        for column in QUANTITIES:
            assert matrix.loc[row, column] == pytest.approx(stats.pearsonr(table[row], table[column]).statistic)
    shuffled = correlations.correlations(table.sample(frac=1.0, random_state=1))[7]
    np.testing.assert_allclose(shuffled.to_numpy(), matrix.to_numpy(), rtol=0, atol=1e-12)


def test_quantities_of_the_encoder_alone_are_averaged_over_the_stops_that_give_them() -> None:
    table = random_table(6)
    table.loc[table["encoder"] == "e0", "embedding_noise"] = [3.0, 5.0]
    table.loc[table["encoder"] == "e1", "embedding_label"] = [0.25, np.nan]
    averaged = table.copy()
    for name in correlations.PER_ENCODER:
        averaged[name] = table.groupby("encoder")[name].transform("mean")
    assert averaged.loc[0, "embedding_noise"] == 4.0
    assert averaged.loc[3, "embedding_label"] == 0.25
    for stop, rows in averaged.groupby("stop"):
        np.testing.assert_allclose(
            correlations.correlations(table)[stop].to_numpy(), rows[list(QUANTITIES)].corr().to_numpy(), atol=1e-12
        )


def test_a_constant_quantity_has_no_correlation_even_where_averaging_rounds() -> None:
    table = random_table(6, stops=(1, 30, 200))
    table["embedding_label"] = np.tile([0.1, 0.2, 0.3], 6)  # the mean of three such numbers is rounded
    table["loss"] = 0.0
    matrix = correlations.correlations(table)[30]
    assert matrix[["loss", "embedding_label"]].isna().all(axis=None)
    assert matrix.loc["accuracy", "accuracy"] == 1.0
    assert -1 < matrix.loc["accuracy", "embedding_noise"] < 1


@pytest.mark.parametrize("encoders", [1, 2])
def test_one_encoder_has_no_correlation_and_two_have_a_perfect_one(encoders: int) -> None:
    matrix = correlations.correlations(random_table(encoders))[1].to_numpy()
    assert np.isnan(matrix).all() if encoders == 1 else np.allclose(np.abs(matrix), 1.0, atol=1e-12)


def test_huge_values_do_not_overflow() -> None:
    table = random_table(6, stops=(1,))
    expected = correlations.correlations(table)[1]
    table["loss"] *= 1e300
    np.testing.assert_allclose(correlations.correlations(table)[1].to_numpy(), expected.to_numpy(), atol=1e-12)


def test_an_encoder_that_lacks_a_value_is_left_out_of_the_pairs_with_it() -> None:
    table = random_table(7, stops=(1,))
    table.loc[3, "prediction_label"] = None
    correlated = correlations.correlation_metrics(table, seed=0)["1"]
    without = correlations.correlations(table.drop(index=3))[1]
    assert correlated["pearson"]["accuracy"]["prediction_label"] == pytest.approx(
        without.loc["accuracy", "prediction_label"]
    )
    assert correlated["pearson"]["accuracy"]["loss"] != pytest.approx(without.loc["accuracy", "loss"])
    assert correlated["reason"] == "prediction_label is missing for e3"
    low, high = fisher(without.loc["accuracy", "prediction_label"], 6)
    assert correlated["low"]["accuracy"]["prediction_label"] == pytest.approx(low)
    assert correlated["high"]["prediction_label"]["accuracy"] == pytest.approx(high)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda t: t.drop(columns=["loss", "stop"]), "no column stop, loss"),
        (lambda t: pd.concat([t, t.iloc[[4]]]), "e2 occurs more than once at stop 1"),
        (lambda t: t.iloc[:0], "no rows"),
        (lambda t: t.assign(loss="high"), "column loss holds what is not a number"),
        (lambda t: t.assign(accuracy=np.inf), "column accuracy holds an infinite value"),
        (lambda t: t.assign(encoder=[None, *t["encoder"][1:]]), "a row without encoder or stop"),
        (lambda t: pd.concat([t, t[["loss"]]], axis=1), "column loss occurs twice"),
        (lambda t: t.to_dict(), "table: dict given; expected a pandas DataFrame"),
    ],
)
def test_a_table_that_cannot_be_used_is_refused_in_one_line(change: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message) as raised:
        correlations.correlations(change(random_table(3)))
    assert "\n" not in str(raised.value)


def test_fishers_interval_holds_its_level_for_normal_quantities() -> None:
    rng = np.random.default_rng(0)
    truth, n, repeats = 0.6, 6, 1000
    x, noise = rng.normal(size=(2, repeats, n))
    y = truth * x + math.sqrt(1 - truth**2) * noise
    hits = 0
    for a, b in zip(x, y, strict=True):
        low, high = correlations.fisher_interval(a, b)
        hits += low <= truth <= high
    assert hits / repeats == pytest.approx(0.95, abs=0.028)  # four standard errors of the share


@pytest.mark.parametrize("n", [5, 6, 30])
def test_fishers_interval_is_that_of_the_formula(n: int) -> None:
    x, y = np.random.default_rng(2).normal(size=(2, n))
    assert correlations.fisher_interval(x, y) == pytest.approx(fisher(np.corrcoef(x, y)[0, 1], n), abs=1e-6)
    assert correlations.fisher_interval(x, -3.0 * x) == pytest.approx((-1.0, -1.0), abs=1e-12)


def test_few_encoders_go_through_all_orders() -> None:
    x, y = np.array([1.0, 2.0, 3.0, 5.0, 4.0]), np.array([2.0, 1.0, 3.0, 4.0, 6.0])
    observed = abs(np.corrcoef(x, y)[0, 1])
    share = np.mean([abs(np.corrcoef(x, order)[0, 1]) >= observed - 1e-9 for order in permutations(y)])
    assert correlations.permutation_p(x, y, np.random.default_rng(0)) == pytest.approx(share)
    assert correlations.permutation_p(y, y, np.random.default_rng(0)) == 1 / 120  # no other order is as good
    assert correlations.permutation_p(x, x, np.random.default_rng(0)) == 2 / 120  # but for 1 … 5, backwards is


def test_many_encoders_draw_orders_and_p_is_never_zero() -> None:
    x = np.arange(12.0)
    assert correlations.permutation_p(x, x, np.random.default_rng(0)) == pytest.approx(1e-4)
    y = np.random.default_rng(3).normal(size=12)
    normal_theory = stats.pearsonr(x, y).pvalue
    assert correlations.permutation_p(x, y, np.random.default_rng(1)) == pytest.approx(normal_theory, abs=0.03)


def test_the_report_gives_intervals_from_five_encoders_on() -> None:
    few = correlations.correlation_metrics(random_table(4), seed=0)["30"]
    enough = correlations.correlation_metrics(random_table(5), seed=0)["30"]
    assert few["encoders"] == 4
    assert "4 trained encoders" in few["reason"]
    assert few["pearson"]["loss"]["accuracy"] is not None
    assert enough["reason"] is None
    for row in QUANTITIES:
        for column in QUANTITIES:
            assert few["low"][row][column] is few["high"][row][column] is few["p"][row][column] is None
            assert (enough["low"][row][column] is None) == (row == column)
            if row != column:
                low, r, high = (enough[name][row][column] for name in ("low", "pearson", "high"))
                assert low < r < high
                assert 0 < enough["p"][row][column] <= 1


def test_untrained_controls_are_left_out_of_the_report_and_named() -> None:
    table = random_table(6)
    with_control = pd.concat([table, random_table(1, seed=9).assign(encoder="e0-untrained")])
    correlated = correlations.correlation_metrics(with_control, seed=0)
    plain = correlations.correlation_metrics(table, seed=0)
    assert [content.pop("left_out") for content in correlated.values()] == [["e0-untrained"]] * 2
    assert [content.pop("left_out") for content in plain.values()] == [[]] * 2
    assert correlated == plain


@pytest.mark.parametrize("encoders", [0, 1])
def test_a_report_on_one_encoder_or_none_is_null_with_the_reason(encoders: int) -> None:
    table = pd.concat([random_table(encoders), random_table(1).assign(encoder="x-untrained")])
    content = correlations.correlation_metrics(table, seed=0)["1"]
    assert content["encoders"] == encoders
    assert "trained encoder" in content["reason"]
    assert all(value is None for row in content["pearson"].values() for value in row.values())


def test_pairs_worth_naming_are_those_whose_interval_excludes_zero() -> None:
    table = random_table(8, stops=(1,))
    table["loss"] = 2.0 - 3.0 * table["accuracy"] + 0.01 * table["embedding_noise"]
    content = correlations.correlation_metrics(table, seed=0)["1"]
    assert correlations.significant_pairs(content)[0] == ("accuracy", "loss")
    for row, column in correlations.significant_pairs(content):
        assert content["low"][row][column] > 0 or content["high"][row][column] < 0


def test_importing_the_analysis_loads_nothing_heavy() -> None:
    code = "import sys, infoplane.results.correlations, infoplane.results.summary; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not {"pandas", "matplotlib", "tensorflow", "scipy.stats"} & set(loaded)
