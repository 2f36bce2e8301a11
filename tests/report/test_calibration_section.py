"""What the calibration says of a run: the methods that it reports by, on the tasks in its range of values."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from infoplane.calibration.outcome import Outcome
from infoplane.calibration.readings import Reading
from infoplane.calibration.scores import suite_metrics
from infoplane.plots.picture import Picture
from infoplane.report.calibration_section import calibration_section, reported_methods
from infoplane.report.sections import Section

from made_results import NAMES, made

MEASURED = made(NAMES[:2]).measured


def reading(method: str, truth: float, nats: float, **changes: Any) -> Reading:
    """One estimate, whose interval ends 0.1 nats below it."""
    task = f"task of {truth:g}"
    plain = Reading(task, "group", 0.0, method, 1000, 0, truth, nats, nats - 0.1, None, "lower_bound", "")
    return replace(plain, **changes)


def section(*readings: Reading, pictures: tuple[Picture, ...] = ()) -> Section:
    outcome = Outcome("s", suite_metrics(readings), list(readings))
    found = calibration_section({"s": outcome}, {"s": pictures}, MEASURED)
    assert found is not None
    return found


def test_the_methods_of_a_run_are_found_with_their_symbols_and_sizes() -> None:
    found = {one.method: one for one in reported_methods(MEASURED)}
    assert set(found) == {"mine", "probe", "ross", "aa_mine"}
    assert found["mine"].symbols == ("I(E; Y)", "I(P; Y)")
    assert found["aa_mine"].ceiling is None
    assert found["ross"].sizes == (2000,)
    assert len(found["mine"].values) == len(NAMES[:2]) * (1 + len(MEASURED.stops))


def test_errors_are_those_on_tasks_in_the_range_of_the_run() -> None:
    far = reading("mine", 39.0, 5.0)
    near = [reading("mine", truth, truth - 0.2) for truth in (0.5, 2.0)]
    (finding,) = section(*near, far, reading("published", 0.0, 14.0)).findings
    assert finding.title == "MINE"
    assert "On 2 tasks with a truth up to H(Y) = 2.30 nats (n = 1,000)" in finding.text
    assert "it is 0.20 nats too low on average, with a root mean square error of 0.20 nats" in finding.text
    assert "2 of 2 low ends lie below the truth" in finding.text
    assert "fewer samples than this run" in finding.text


def test_methods_that_no_suite_tries_are_named() -> None:
    lead = section(reading("mine", 1.0, 0.9)).lead
    assert "None of them tries AA-MINE, the classifier bound or nearest neighbours" in lead


def test_a_method_without_tasks_in_the_range_is_said_to_have_none() -> None:
    (finding,) = section(reading("mine", 39.0, 5.0)).findings
    assert finding.text.endswith("No suite has tasks with a truth up to H(Y) = 2.30 nats on which it gave a number.")


def test_a_bound_that_does_not_hold_is_a_warning_of_the_run_if_the_run_reports_by_it() -> None:
    broken = [reading("mine", truth, truth + 1.0) for truth in (0.1, 0.2, 0.3, 0.4)]
    (doubt,) = section(*broken).doubts
    assert doubt.text == "mine is a lower bound, but 100\u00a0% of 4 intervals lie above the truth"
    others = section(*(replace(one, method="nwj") for one in broken))
    assert others.doubts == []
    assert [entry.owner for entry in others.warnings] == ["suite s"]
    assert not section(*(reading("mine", truth, truth) for truth in (0.1, 0.2))).doubts
    assert not section(*(replace(one, kind="estimate") for one in broken)).doubts


def test_the_suites_own_figure_is_shown() -> None:
    drawn = tuple(Picture(f"calibration/s/{name}", "Suite s", "", "", "<svg/>") for name in ("intervals", "agreement"))
    assert [picture.stem for picture in section(reading("mine", 1.0, 0.9), pictures=drawn).pictures] == ["agreement"]
