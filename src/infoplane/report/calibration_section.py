"""The part of the report about the estimators on known answers: first the methods that this run reports by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from infoplane.calibration.outcome import Outcome
from infoplane.calibration.readings import Reading
from infoplane.calibration.scores import group_by, method_metrics, overall
from infoplane.plots.picture import Picture
from infoplane.report.sections import Line, Section, Table
from infoplane.report.warning_list import Entry
from infoplane.results.findings import Finding
from infoplane.results.numbers import (
    MISSING,
    counted,
    joined,
    number_text,
    percent_text,
    range_text,
    significant_text,
)
from infoplane.results.summary import Measurements
from infoplane.results.summary_quantities import EMBEDDING_LABEL, EMBEDDING_NOISE, PREDICTION_LABEL

_METHODS = {"mine": "mine", "probe": "probe", "nearest_neighbours": "ross", "aa_mine": "aa_mine"}
"""Keys of the metrics files, and the names of their methods in the suites."""
_WORDS = {"mine": "MINE", "probe": "the classifier bound", "ross": "nearest neighbours", "aa_mine": "AA-MINE"}
_LEAST_COVERAGE = 0.9


@dataclass(frozen=True)
class Reported:
    """What a run reports by one method."""

    method: str
    symbols: tuple[str, ...]
    sizes: tuple[int, ...]
    """Numbers of samples."""
    values: tuple[float, ...]
    """In nats."""
    ceiling: float | None

    @property
    def title(self) -> str:
        """The method in words, as a heading."""
        words = _WORDS[self.method]
        return words[:1].upper() + words[1:]


def reported_methods(measured: Measurements) -> list[Reported]:
    """The methods of a run's values, with their sample sizes and values."""
    found: dict[str, list[tuple[str, Mapping[str, Any]]]] = {}
    for encoder in measured.encoders:
        contents: list[tuple[str, Mapping[str, Any]]] = [
            (EMBEDDING_NOISE.symbol, measured.noise[encoder]),
            (EMBEDDING_LABEL.symbol, measured.label[encoder]),
            *((PREDICTION_LABEL.symbol, measured.prediction[encoder][str(stop)]) for stop in measured.stops),
        ]
        for symbol, content in contents:
            for key, method in _METHODS.items():
                if content.get(key, {}).get("nats") is not None:
                    found.setdefault(method, []).append((symbol, content[key]))
    return [
        Reported(
            method,
            tuple(dict.fromkeys(symbol for symbol, _ in own)),
            tuple(sorted({value["n"] for _, value in own}, reverse=True)),
            tuple(value["nats"] for _, value in own),
            max((value["ceiling"] for _, value in own if value["ceiling"] is not None), default=None),
        )
        for method, own in found.items()
    ]


def calibration_section(
    outcomes: Mapping[str, Outcome], pictures: Mapping[str, Sequence[Picture]], measured: Measurements
) -> Section | None:
    """How the estimators did on samples whose information is known; None where no suite was run.

    Args:
        outcomes: for each suite its numbers and readings.
        pictures: for each suite its figures, of which one is on the page.
        measured: the run, whose methods come first.
    """
    if not outcomes:
        return None
    reported = reported_methods(measured)
    readings = {
        values.method: [
            reading for outcome in outcomes.values() for reading in outcome.readings if reading.method == values.method
        ]
        for values in reported
    }
    tested = [values for values in reported if readings[values.method]]
    chosen = [_suite_picture(name, pictures[name]) for name in outcomes]
    scored = {name: scores for name, outcome in outcomes.items() if (scores := overall(outcome.metrics))}
    broken = {name: _broken_bounds(name, scores) for name, scores in scored.items()}
    own = {values.method for values in reported}
    return Section(
        "calibration",
        "Can the estimators be trusted?",
        _lead(reported, tested, list(outcomes)),
        findings=[_verdict(values, readings[values.method]) for values in tested],
        tables=[
            *(_by_tasks(values, outcomes) for values in tested),
            *(_all_methods(name, scores) for name, scores in scored.items()),
        ],
        pictures=[picture for picture in chosen if picture is not None],
        warnings=[entry for found in broken.values() for method, entry in found if method not in own],
        doubts=[entry for found in broken.values() for method, entry in found if method in own],
    )


def _lead(reported: Sequence[Reported], tested: Sequence[Reported], suites: Sequence[str]) -> str:
    text = f"The methods on samples whose information is known. Suites that ran: {joined(list(suites))}."
    untested = [_WORDS[values.method] for values in reported if values not in tested]
    if untested:
        text += f" None of them tries {joined(untested, 'or')}: nothing is known here of their errors."
    return text


def _verdict(reported: Reported, readings: Sequence[Reading]) -> Finding:
    """A method's errors on the tasks that are nearest to what this run reports by it: those with no larger truth."""
    sizes = joined([f"{n:,}" for n in reported.sizes])
    text = f"This run reports {joined(reported.symbols)} by it, on {sizes} samples, "
    text += f"{range_text(reported.values)} nats."
    most = reported.ceiling
    near = [
        reading for reading in readings if reading.truth is not None and (most is None or reading.truth <= most + 1e-9)
    ]
    near = [reading for reading in near if reading.error is not None]
    limit = f" with a truth up to H(Y) = {number_text(most)} nats" if most is not None else ""
    if not near:
        return Finding(reported.title, f"{text} No suite has tasks{limit} on which it gave a number.")
    scores = method_metrics(near)
    tasks = len({reading.task for reading in near})
    text += f" On {counted(tasks, 'task')}{limit} (n = {range_text({reading.n for reading in near}, _whole)}) it is "
    text += f"{_signed(scores['bias'])} on average, with a root mean square error of "
    text += f"{significant_text(scores['rmse'])} nats"
    covered = [reading.covers for reading in near if reading.covers is not None]
    held = "low ends lie below the truth" if scores["kind"] == "lower_bound" else "intervals hold"
    text += f"; {sum(covered)} of {len(covered)} {held}." if covered else "."
    if max(reading.n for reading in near) < min(reported.sizes):
        text += " All of these tasks have fewer samples than this run."
    return Finding(reported.title, text)


def _whole(value: float) -> str:
    return f"{value:,.0f}"


def _signed(bias: float) -> str:
    if abs(bias) < 0.005:
        return "right to 0.005 nats"
    return f"{significant_text(abs(bias))} nats too {'high' if bias > 0 else 'low'}"


def _by_tasks(reported: Reported, outcomes: Mapping[str, Outcome]) -> Table:
    rows = []
    for suite, outcome in outcomes.items():
        own = [reading for reading in outcome.readings if reading.method == reported.method]
        for group, readings in group_by(own, lambda reading: reading.group).items():
            rows.append(Line(f"{suite}: {group}", _group_cells(readings)))
    return Table(f"{reported.title} by groups of tasks. Truths and errors in nats.", rows, first="suite: tasks")


def _group_cells(readings: Sequence[Reading]) -> list[tuple[str, str]]:
    truths = [reading.truth for reading in readings if reading.truth is not None]
    scores = method_metrics(readings)
    return [
        ("samples", range_text({reading.n for reading in readings}, _whole)),
        ("truth", range_text(truths) if truths else "∞"),
        *_error_cells(scores),
    ]


def _error_cells(scores: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [
        ("bias", _error_text(scores["bias"])),
        ("RMSE", _error_text(scores["rmse"])),
        ("intervals that hold", percent_text(scores["coverage"])),
    ]


def _error_text(nats: float | None) -> str:
    """An error in nats: three decimals, and of large ones two digits."""
    return number_text(nats, 3) if nats is None or abs(nats) < 1 else significant_text(nats)


def _broken_bounds(suite: str, methods: Mapping[str, Mapping[str, Any]]) -> list[tuple[str, Entry]]:
    """Lower bounds whose low end lay above the truth more often than 95 % intervals may (one reading is no proof)."""
    return [
        (
            name,
            Entry(
                "calibration",
                f"suite {suite}",
                "",
                f"{name} is a lower bound, but {percent_text(1 - scores['coverage'])} of {scores['readings']} "
                "intervals lie above the truth",
            ),
        )
        for name, scores in methods.items()
        if scores["kind"] == "lower_bound"
        and scores["coverage"] is not None
        and (1 - scores["coverage"]) * scores["readings"] > 1
        and scores["coverage"] < _LEAST_COVERAGE
    ]


def _all_methods(suite: str, methods: Mapping[str, Mapping[str, Any]]) -> Table:
    rows = [
        Line(
            name,
            [
                *_error_cells(scores),
                ("kind", (scores["kind"] or MISSING).replace("_", " ")),
                ("warned", f"{scores['warned']} of {scores['readings']}"),
            ],
        )
        for name, scores in methods.items()
    ]
    return Table(f"Suite {suite}: every method over all its tasks. Bias and root mean square error in nats.", rows)


def _suite_picture(suite: str, pictures: Sequence[Picture]) -> Picture | None:
    """The suite's own figure, else the first of those that suites share."""
    drawn = {picture.stem: picture for picture in pictures}
    return next((drawn[stem] for stem in (suite, "agreement", "intervals", "errors") if stem in drawn), None)
