"""Every suite runs, says what its tasks' truths are, and writes files that a browser can show."""

from __future__ import annotations

import math
import xml.etree.ElementTree as ET
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from infoplane.calibration import command, consistency, infinity, known, methods, protocol, tables
from infoplane.calibration.options import SUITE_NAMES, Settings, SuiteOptions
from infoplane.calibration.outcome import Outcome
from infoplane.calibration.published import PublishedOptions
from infoplane.calibration.questions import QUESTIONS
from infoplane.calibration.readings import Reading, run_methods
from infoplane.calibration.samples import samples
from infoplane.calibration.suites import SUITES, suite
from infoplane.common import io
from infoplane.critics.networks import CriticOptions
from infoplane.estimators.registry import METHODS
from infoplane.params.calibrate import Calibrate
from infoplane.plots import calibration_pictures
from infoplane.report import suite_page

from same_drawing import assert_same_drawing

COMMITTED = Path(__file__).resolve().parents[2] / "params.yaml"
TINY = PublishedOptions(hidden=(20,), steps=20)
TINY_CRITIC = CriticOptions(hidden=(16,), max_steps=20, evaluate_every=10, folds=2)


def settings(**sizes: object) -> Settings:
    return Settings(SuiteOptions(**sizes), TINY_CRITIC, TINY)  # type: ignore[arg-type]


def test_the_suites_are_those_that_the_parameters_know() -> None:
    assert tuple(SUITES) == tuple(QUESTIONS) == SUITE_NAMES


@pytest.mark.parametrize("name", SUITE_NAMES)
def test_the_committed_sizes_are_the_command_lines(name: str) -> None:
    committed = Calibrate.load(COMMITTED).settings(name, suite(name).full, seed=0)
    assert committed == Settings(suite(name).small)


def test_full_sizes_are_one_override_away(tmp_path: Path) -> None:
    file = tmp_path / "params.yaml"
    file.write_text(COMMITTED.read_text().replace("full: false", "full: true"))
    assert Calibrate.load(file).settings("high", suite("high").full, seed=0).suite == suite("high").full


@pytest.mark.parametrize(
    "name", ["gaussians", "mixtures", "tishby", "high", "discrete", "images", "independent", "determined"]
)
def test_names_of_tasks_are_distinct_and_truths_known(name: str) -> None:
    builder = getattr(known, {"tishby": "tishby_patterns"}.get(name, name))
    tasks = builder(SUITES[name].full)
    assert len({task.name for task in tasks}) == len(tasks)
    for task in tasks:
        assert task.truth is not None
        assert task.truth >= -1e-12
        x, z = task.distribution.sample(10, 0)
        assert len(x) == len(z) == 10


def test_truths_of_the_mine_papers_test() -> None:
    tasks = known.gaussians(SuiteOptions(("ksg",), (100,), 1, (4, 40), (0.9, 0.99)))
    truths = {task.name: task.truth for task in tasks}
    assert truths["gaussian 4d rho 0.99"] == pytest.approx(3.92, abs=0.005)
    assert truths["gaussian 40d rho 0.9"] == pytest.approx(16.6, abs=0.05)


def test_every_method_can_be_tried() -> None:
    """The modules behind the names are imported by the suites, so that a stage declares them."""
    found = methods.estimators(settings(methods=tuple(METHODS), samples=(100,), repeats=1))
    assert set(found) == set(METHODS)


def test_a_known_suite_recovers_what_an_exact_method_knows() -> None:
    own = settings(methods=("gaussian",), samples=(4000,), repeats=2, dimensions=(4, 20), levels=(0.0, 0.5, 0.9))
    measured = suite("gaussians").run(own, iter).metrics["methods"]["gaussian"]
    assert measured["rmse"] < 0.12
    assert abs(measured["bias"]) < 0.06
    assert measured["missing"] == 0


def test_protocol_compares_the_critic_with_itself_on_fresh_samples() -> None:
    own = Settings(
        SuiteOptions(("published", "gaussian"), (200,), 1, (10,), (0.0,)),
        published=PublishedOptions(hidden=(100, 100), steps=200),
    )
    outcome = protocol.protocol(own)
    task = outcome.metrics["tasks"]["numbers 10+10 0 nats"]["methods"]
    assert task["published"]["bias"] > 0.2
    assert task[protocol.FRESH]["bias"] < 0
    assert abs(task["gaussian"]["bias"]) < 0.3


@pytest.mark.slow
def test_consistency_of_an_estimator_that_is_nearly_right() -> None:
    """Noisy digits are nearly Gaussian to second order: `gaussian` obeys all four tests and lies near the bracket."""
    outcome = consistency.consistency(settings(methods=("gaussian",), samples=(2000,), repeats=1, levels=(4.0, 7.0)))
    ratios = outcome.metrics["methods"]["gaussian"]["ratios"]
    assert abs(ratios["independence"]) < 0.1
    assert ratios["more rows"] > 1
    assert ratios["data processing"] == pytest.approx(1, abs=0.02)
    assert ratios["additivity"] == pytest.approx(2, abs=0.1)
    bracket = outcome.metrics["bracket"]["7"]
    assert bracket["upper"] - bracket["lower"] < 0.05
    assert outcome.metrics["methods"]["gaussian"]["nats"]["rows 7"] == pytest.approx(bracket["lower"], rel=0.1)


def test_ratios_without_information_below_the_line_are_null() -> None:
    values = {"rows 2": 0.0, "rows 4": -0.1, "independent": 0.0, "again": 0.0, "both": 0.0}
    assert set(consistency.ratios(values, [2, 4]).values()) == {None}


def test_infinity_keeps_the_finite_truth_within_the_bracket() -> None:
    found = infinity.channel(5, 1000, (1.0,), settings(methods=("ksg",), samples=(1000,), repeats=1))["1"]
    assert found["truth"] == pytest.approx(2.5 * math.log(2))
    assert found["bracket lower"] - 0.15 < found["truth"] < found["bracket upper"] + 0.15  # type: ignore[operator]


def test_samples_of_ones_own() -> None:
    random = np.random.default_rng(0)
    x = random.normal(size=(800, 1))
    z = x + random.normal(size=(800, 1))
    outcome = samples(settings(methods=("gaussian", "probe"), samples=(100,), repeats=1), data=(x, z))
    found = outcome.metrics["data"]
    assert found["truth"] is None
    assert found["methods"]["gaussian"]["limit"] == pytest.approx(0.5 * math.log(2), abs=0.08)
    assert "labels" in found["methods"]["probe"]["refused"]


SIZES: dict[str, dict[str, object]] = {
    "gaussians": {"dimensions": (2, 4), "levels": (0.0, 0.9)},
    "mixtures": {"levels": (1.0,)},
    "infinity": {"dimensions": (3,), "levels": (1.0, 0.5)},
    "high": {"dimensions": (2,), "levels": (1.0, 3.0)},
    "protocol": {"dimensions": (1,), "levels": (0.0,)},
    "consistency": {"levels": (3.0, 7.0)},
    "samples": {"dimensions": (1,), "levels": (1.0,)},
    "independent": {"dimensions": (1,)},
    "discrete": {},
}


SLOW = ("infinity", "mixtures", "independent", "high", "samples")
"""Suites whose files look like those of others."""


@pytest.mark.parametrize("name", [pytest.param(one, marks=pytest.mark.slow) if one in SLOW else one for one in SIZES])
def test_files_of_a_suite(name: str, tmp_path: Path) -> None:
    """What is drawn from the files is what is drawn from memory."""
    classical = {"mixtures": ("ross",), "discrete": ("mixed_ksg",)}.get(name, ("ksg", "gaussian"))
    chosen = (*classical, "published") if name == "protocol" else classical
    own = settings(**({"methods": chosen, "samples": (200,), "repeats": 1} | SIZES[name]))
    outcome = suite(name).run(own, iter)
    io.save_json(tmp_path / "metrics.json", outcome.metrics)
    tables.write(tmp_path, outcome)
    read_back = tables.read(tmp_path, name, io.load_json(tmp_path / "metrics.json"))
    suite_page.write(tmp_path, outcome)
    pictures, again = calibration_pictures.pictures(outcome), calibration_pictures.pictures(read_back)
    assert [picture.name for picture in again] == [picture.name for picture in pictures]
    for picture, other in zip(pictures, again, strict=True):
        assert (other.caption, other.alt) == (picture.caption, picture.alt)
        assert_same_drawing(other.wide, picture.wide)
    assert (tmp_path / "time.svg").exists() == bool(outcome.readings)
    figures = list(tmp_path.glob("*.svg"))
    assert len(figures) == len(pictures) + bool(outcome.readings)
    for figure in figures:
        assert ET.fromstring(figure.read_text(encoding="utf-8")).tag.endswith("svg")
    page = (tmp_path / "index.html").read_text(encoding="utf-8")
    assert page.count("<figure") == page.count("<svg") == len(figures)
    identifiers = [part.split('"')[0] for part in page.split(' id="')[1:]]
    assert len(set(identifiers)) == len(identifiers), "two figures on one page share an identifier"


def test_readings_are_read_back_as_they_were(tmp_path: Path) -> None:
    """Infinite ends of intervals, unknown truths and refusals included; times apart."""
    base = {"task": "a, b", "group": "g", "at": 0.5, "method": "mine", "n": 100, "repeat": 0, "cpu_seconds": 1.5}
    readings = [
        Reading(**base, truth=1.0, nats=0.75, low=0.5, high=math.inf, kind="lower_bound", warnings=""),
        Reading(**base | {"repeat": 1}, truth=1.0, nats=1.5, low=-math.inf, high=2.0, kind="upper_bound", warnings="w"),
        Reading(**base | {"repeat": 2}, truth=None, nats=3.0, low=2.0, high=4.0, kind="estimate", warnings="a; b"),
        Reading(**base | {"repeat": 3}, truth=1.0, nats=None, low=None, high=None, kind=None, warnings='refused: "x"'),
    ]
    outcome = Outcome("discrete", {}, readings)
    tables.write(tmp_path, outcome)
    read_back = tables.read(tmp_path, "discrete", {})
    assert read_back.readings == [replace(reading, cpu_seconds=None) for reading in readings]
    assert [reading.covers for reading in read_back.readings] == [True, True, False, None]
    tables.write_times(tmp_path / "times.csv", outcome)
    assert tables.with_times(read_back, tmp_path / "times.csv") == outcome
    assert calibration_pictures.time_pictures(read_back) == []


def test_tables_do_not_depend_on_the_run(tmp_path: Path) -> None:
    """Else a forced run of one suite would make the report stale."""
    own = settings(methods=("mixed_ksg",), samples=(200,), repeats=1)
    contents = []
    for name in ("first", "again"):
        folder = tmp_path / name
        folder.mkdir()
        tables.write(folder, suite("discrete").run(own, iter))
        contents.append({file.name: file.read_bytes() for file in folder.iterdir()})
    assert contents[0] == contents[1]
    assert set(contents[0]) == {"readings.csv"}


def test_metrics_do_not_depend_on_the_run() -> None:
    own = settings(methods=("mixed_ksg",), samples=(200,), repeats=1)
    first, again = (suite("discrete").run(own, iter).metrics for _ in range(2))
    assert first == again
    other = suite("discrete").run(replace(own, seed=1), iter).metrics
    assert other != first


def test_methods_are_tried_in_any_order_with_the_same_result() -> None:
    task = known.discrete(SUITES["discrete"].small)[0]
    own = methods.estimators(settings(methods=("mixed_ksg", "discrete"), samples=(100,), repeats=1))
    alone = run_methods([task], {"discrete": own["discrete"]}, samples=300, repeats=1, seed=3)
    together = run_methods([task], own, samples=300, repeats=1, seed=3)
    assert alone[0].nats == together[1].nats


@pytest.mark.parametrize(
    ("choice", "message"),
    [
        (command.Choice("gausians"), "suite 'gausians' given; expected one of gaussians"),
        (command.Choice("high", methods=("kgs",)), "methods: kgs given; expected one or more of auto"),
        (command.Choice("high", repeats=0), "repeats 0 given"),
        (command.Choice("high", data=(np.zeros((9, 1)), np.zeros(9))), "expected the suite `samples`"),
        (command.Choice("consistency", samples=4000), "at most 2500"),
    ],
)
def test_wrong_choices_are_named(choice: command.Choice, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        command.run(choice)


def test_the_text_is_a_table() -> None:
    outcome = command.run(command.Choice("discrete", methods=("discrete",), samples=200, repeats=1))
    head, line = command.text(outcome).splitlines()
    assert head.split() == ["method", "bias", "RMSE", "coverage", "missing", "kind"]
    assert line.startswith("discrete ")
    assert line.endswith("estimate")
