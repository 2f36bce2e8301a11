"""Many columns at once: values are those of ``estimate``, p-values are right, and the correction holds."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import infoplane
from infoplane.estimators import screening
from infoplane.estimators.screening import permutation_tests
from infoplane.results.estimate import Estimate


def columns(n: int, d: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((n, d))


def test_values_and_intervals_are_those_of_estimate() -> None:
    x = columns(400, 3, 0)
    y = x[:, 1] + columns(400, 1, 1)[:, 0]
    found = infoplane.rank(x, y, permutations=19)
    for place in range(3):
        alone = infoplane.estimate(x[:, [place]], y, "mixed_ksg", z_kind="numbers")
        assert found.nats[place] == alone.nats
        assert (found.low[place], found.high[place]) == alone.ci95
    assert found.order[0] == 1
    assert found.p_values[1] == 1 / 20


def test_processes_side_by_side_give_the_same() -> None:
    x = columns(100, 3, 0)
    first, second = (infoplane.rank(x, x[:, 0] > 0, permutations=9, jobs=jobs) for jobs in (1, 2))
    assert first.to_dict() == second.to_dict()


def test_mixed_columns_by_name_against_labels_and_numbers() -> None:
    random = np.random.default_rng(2)
    colour = random.choice(["red", "green", "blue"], 600)
    size = random.standard_normal(600)
    frame = pd.DataFrame({"size": size, "colour": pd.Categorical(colour), "count": random.integers(0, 4, 600)})
    labels = np.where((colour == "red") ^ (random.random(600) < 0.1), "yes", "no")
    ranking = infoplane.rank(frame, labels, permutations=99)
    assert ranking.to_dict()["column"][0] == "colour"
    assert ranking.methods == ("mixed_ksg", "discrete", "discrete")
    # P(yes) = 0.9 for red and 0.1 for others: I = H(share of yes) - H(0.1)
    share = 0.9 / 3 + 0.1 * 2 / 3
    binary = [-p * np.log(p) - (1 - p) * np.log(1 - p) for p in (share, 0.1)]
    assert ranking.nats[1] == pytest.approx(binary[0] - binary[1], abs=0.08)
    assert (ranking.p_corrected <= 0.05).tolist() == [False, True, False]
    numbers = infoplane.rank(frame, np.where(colour == "red", 2.0, 0.0) + size, permutations=99)
    assert (numbers.p_corrected <= 0.05).tolist() == [True, True, False]


def test_the_matrix_is_symmetric_and_finds_the_dependent_pair() -> None:
    x = columns(300, 4, 3)
    x[:, 2] = np.sin(2.0 * x[:, 0]) + 0.3 * x[:, 2]
    found = infoplane.matrix(pd.DataFrame(x, columns=list("abcd")), permutations=199)
    for table in (found.nats, found.low, found.high, found.p_values, found.p_corrected):
        np.testing.assert_array_equal(table, table.T)
        assert np.isnan(np.diag(table)).all()
    assert found.nats[0, 2] == infoplane.estimate(x[:, [0]], x[:, [2]], "mixed_ksg").nats
    assert found.p_corrected[0, 2] == 1 / 200
    assert np.sum(found.p_corrected <= 0.05) == 2
    table = found.to_dict()
    assert (table["first"][0], table["second"][0]) == ("a", "c")
    assert "1 dependent" in str(found)
    assert "between a and c" in str(found)


def test_many_columns_are_tested_as_few_are(monkeypatch: pytest.MonkeyPatch) -> None:
    """Blocks of columns and batches of permutations do not show."""
    x = columns(60, 7, 4)
    x[:, 5] += x[:, 0]
    whole = [permutation_tests(list(x.T), list(x.T), 39, 0, triangle=triangle) for triangle in (False, True)]
    monkeypatch.setattr(screening, "_COLUMNS_AT_ONCE", 2)
    monkeypatch.setattr(screening, "_PERMUTED_FEATURES", 48)
    for triangle, expected in enumerate(whole):
        found = permutation_tests(list(x.T), list(x.T), 39, 0, triangle=bool(triangle))
        np.testing.assert_array_equal(found.p_values, expected.p_values)
        np.testing.assert_array_equal(found.p_corrected, expected.p_corrected)
    upper = np.triu_indices(7, 1)
    np.testing.assert_array_equal(whole[0].p_values[upper], whole[1].p_values[upper])


KINDS = {
    "normal": lambda random, n: random.standard_normal(n),
    "ties": lambda random, n: random.integers(0, 3, n).astype(float),
    "heavy tails": lambda random, n: np.round(random.standard_cauchy(n)),
    "categories": lambda random, n: random.choice(["a", "b", "c"], n),
}


@pytest.mark.parametrize("kind", KINDS)
def test_false_alarms_of_one_column_and_of_the_family(kind: str) -> None:
    """Of 400 draws of 5 independent columns: single p-values are at most 0.05 in 5 %, the least corrected one too.

    Columns of one draw are tested against one target, so their alarms are nearly independent: the share over 2,000
    columns has a standard error of 0.5 %, that of the least corrected ones over 400 draws of 1.1 %.
    """
    draws, alarms, any_alarm = 400, 0, 0
    for draw in range(draws):
        random = np.random.default_rng([draw, 11])
        left = [KINDS[kind](random, 60) for _ in range(5)]
        tests = permutation_tests(left, [random.standard_normal(60)], 39, seed=draw)
        alarms += int(np.count_nonzero(tests.p_values <= 0.05))
        any_alarm += int(tests.p_corrected.min() <= 0.05)
    assert alarms / (5 * draws) < 0.05 + 4 * 0.005
    assert any_alarm / draws < 0.05 + 4 * 0.011


def test_indicators_of_two_classes_compare_means() -> None:
    """For two classes the linear criterion is the squared difference of the means of the scores."""
    x, y = np.random.default_rng(5).standard_normal(50), np.repeat(["a", "b"], 25)
    linear, indicators = screening.features(x)[0], screening.features(y)[0]
    criterion = float(np.square(linear.T @ indicators).sum()) / 50
    scores = linear[:, 0].astype(float)
    difference = scores[25:].mean() - scores[:25].mean()
    assert criterion == pytest.approx(50 * difference**2 / 4, rel=1e-4)


def test_a_constant_column_has_no_information_and_no_small_p() -> None:
    x = columns(50, 2, 6)
    x[:, 0] = 3.0
    found = infoplane.rank(x, x[:, 1] + 0.1 * columns(50, 1, 7)[:, 0], permutations=19)
    assert found.nats[0] == 0.0
    assert found.p_values[0] == 1.0
    assert any("constant" in text and text.startswith("0:") for text in found.warnings)


def test_without_permutations_there_are_no_p_values() -> None:
    x = columns(50, 3, 13)
    ranking, pairs = infoplane.rank(x, x[:, 0], permutations=0), infoplane.matrix(x, permutations=0)
    assert np.isnan([*ranking.p_values, *ranking.p_corrected, *pairs.p_corrected.ravel()]).all()
    assert "nan" not in str(ranking)
    assert "dependent" not in str(pairs)
    np.testing.assert_array_equal(ranking.nats, infoplane.rank(x, x[:, 0], permutations=9).nats)


def test_a_progress_bar_on_request(capsys: pytest.CaptureFixture[str]) -> None:
    x = columns(30, 3, 12)
    for progress in (False, True):
        infoplane.rank(x, x[:, 0], permutations=9, progress=progress)
        assert ("3/3" in capsys.readouterr().err) == progress


def test_the_example_draws_its_picture(tmp_path: Path) -> None:
    script = Path(__file__).parents[2] / "examples" / "columns.py"
    done = subprocess.run([sys.executable, script, tmp_path / "a.png"], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[1].split()[:2] == ["worst", "perimeter"]
    assert (tmp_path / "a.png").stat().st_size > 10_000


def test_the_table_prints_and_exports() -> None:
    x = columns(100, 25, 8)
    found = infoplane.rank(pd.DataFrame(x).rename(columns=str), x[:, 3] > 0, permutations=19)
    lines = str(found).splitlines()
    assert lines[0].split() == ["column", "nats", "95", "%", "interval", "p", "p", "corrected"]
    assert lines[1].split()[0] == "3"
    assert lines[21] == "and 5 more columns"
    assert found._repr_html_().count("<tr>") == 21
    frame = pd.DataFrame(json.loads(json.dumps(found.to_dict())))
    assert frame["nats"].is_monotonic_decreasing
    assert len(frame) == 25


@pytest.mark.parametrize(
    ("arguments", "options", "message"),
    [
        ((np.zeros((20, 2)), np.zeros(19)), {}, "x has 20 rows and y has 19"),
        ((np.zeros(20), np.zeros(20)), {}, r"x: shape \(20,\) given; expected \(n, d\)"),
        ((np.zeros((5, 2)), np.zeros(5)), {}, "x: 5 samples given; expected at least 10"),
        ((np.ones((20, 2)), np.zeros(20)), {"permutations": -1}, "permutations=-1 given"),
        ((np.ones((20, 2)), np.zeros(20)), {"z_kind": "classes"}, "z_kind='classes' given"),
        (({"a": [1.0] * 19 + [np.nan]}, np.zeros(20)), {}, "x: column a: 1 values are NaN or infinite"),
        ((pd.DataFrame(np.zeros((20, 2)), columns=["a", "a"]), np.zeros(20)), {}, "two columns are called a"),
        ((columns(20, 2, 0), columns(20, 1, 0)), {"method": "ksg", "k": 30}, "columns 0 and y: k=30"),
    ],
)
def test_errors_name_the_argument_or_the_column(arguments: tuple, options: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        infoplane.rank(*arguments, **options)


@pytest.mark.parametrize(
    ("method", "z"),
    [("ksg", "numbers"), ("mixed_ksg", "numbers"), ("gaussian", "numbers"), ("ross", "labels"), ("discrete", "labels")],
)
def test_pointwise_values_have_the_value_as_mean_and_follow_the_true_ones(method: str, z: str) -> None:
    """Against ln p(x, z) / p(x) p(z) of normal variables, or of x's sign as the label."""
    random = np.random.default_rng(9)
    x, noise = random.standard_normal((2, 2000))
    if z == "numbers":
        other, rho2 = x + noise, 0.5
        b = other / np.sqrt(2.0)
        truth = -0.5 * np.log(1 - rho2) - (rho2 * x**2 - 2 * np.sqrt(rho2) * x * b + rho2 * b**2) / (2 * (1 - rho2))
        found = infoplane.estimate(x, other, method, z_kind="numbers")
    else:
        label = x + noise > 0
        from scipy.stats import norm

        truth = np.log(2.0) + norm.logcdf(np.where(label, x, -x))
        found = infoplane.estimate(np.round(x * 2) if method == "discrete" else x, label, method)
    assert isinstance(found, Estimate)
    assert found.pointwise is not None
    assert found.pointwise.mean() == pytest.approx(found.nats, abs=1e-12)
    assert np.corrcoef(found.pointwise, truth)[0, 1] > 0.7


def test_pointwise_values_are_left_out_where_samples_were() -> None:
    x = columns(300, 1, 10)
    twice = np.concatenate([x, x[:150]])
    assert infoplane.estimate(twice, twice + 0.1 * np.sin(9 * twice) + 1.0, "ksg").pointwise is None
    groups = np.arange(300) // 3
    assert infoplane.estimate(x, columns(300, 1, 11), "ksg", groups=groups).pointwise is None


def test_normalised_values() -> None:
    label = np.arange(1000) % 2
    found = infoplane.estimate(label[:, None] + 0.0, label, "discrete")
    assert found.label_entropy == pytest.approx(np.log(2.0))
    assert found.share_of_label_entropy == pytest.approx(1.0, abs=0.01)
    for rho in (0.0, 0.3, 0.9):
        assert Estimate(-0.5 * np.log(1 - rho**2), None, "exact", "exact").correlation == pytest.approx(rho)
    assert Estimate(-0.1, None, "estimate", "ksg").correlation == 0.0
    assert infoplane.estimate(columns(50, 1, 0), columns(50, 1, 1), "ksg").share_of_label_entropy is None
