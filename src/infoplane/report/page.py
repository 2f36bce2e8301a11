"""The report of a run: one HTML page with everything inside, for screens, phones and paper."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from infoplane.encoders.names import is_control
from infoplane.plots.gallery import Gallery
from infoplane.report.sections import MISSING, Line, Section
from infoplane.report.templates import template
from infoplane.results.findings import Finding, interval_text
from infoplane.results.headlines import EMBEDDING_LABEL, EMBEDDING_NOISE, PREDICTION_LABEL
from infoplane.results.quantity import Quantity
from infoplane.results.summary import Measurements, collect_warnings

_NUMBER = re.compile(r"(?<![\w.])\d+(?:\.\d+)?")
_NOTES = ("columns are constant and were dropped", "noise_curve: warnings at")
"""Of warnings that say how something was done, not that a value is doubtful."""


@dataclass(frozen=True)
class RunFacts:
    """What was run, beyond its results.

    Args:
        facts: label and text, in order.
        parameters: {section: [(dotted key, value)]}.
    """

    facts: Mapping[str, str]
    parameters: Mapping[str, Sequence[tuple[str, str]]] = field(default_factory=dict)


def render(
    measured: Measurements,
    summary: Mapping[str, Mapping[str, Mapping[str, Any]]],
    findings: Sequence[Finding],
    gallery: Gallery,
    *,
    run: RunFacts,
    noise_std: float,
    sections: Sequence[Section] = (),
) -> str:
    """The report as HTML text: no scripts, nothing from the network, no time, no host.

    Args:
        measured: the contents of the metrics files.
        summary: the contents of ``metrics/summary.json``; its warnings come first on the page.
        findings: what the run shows, in words.
        gallery: the figures; those of the encoders are shown in order, those of their critics folded away at the end.
        run: what was run (images, parameters, …).
        noise_std: standard deviation of the noise of the headline compactness.
        sections: further parts (information plane, calibration); their warnings join the others at the top.
    """
    warnings, notes = sorted_warnings(
        [*collect_warnings(summary), *(text for section in sections for text in section.warnings)]
    )
    page = template("report.html", data_uri=data_uri).render(
        warnings=warnings,
        notes=notes,
        findings=findings,
        run=run,
        sections=sections,
        noise_std=f"{noise_std:g}",
        encoder_rows=[encoder_row(measured, encoder) for encoder in measured.encoders],
        stop_tables=[(stop, [stop_row(measured, e, stop) for e in measured.encoders]) for stop in measured.stops],
        pictures=gallery.encoders,
        folded=gallery.critics,
    )
    return page.strip() + "\n"


def sorted_warnings(texts: Sequence[str]) -> tuple[list[str], list[str]]:
    """Warnings that put a value in doubt, the gravest (above a ceiling, above a bracket) first; and mere notes."""
    notes = [text for text in texts if any(mark in text for mark in _NOTES)]
    doubts = [text for text in texts if text not in notes]
    return sorted(merged(doubts), key=_gravity), notes


def merged(texts: Sequence[str]) -> list[str]:
    """Warnings of the form "place: text" that differ in place and numbers alone, as one, each number as a range."""
    groups: dict[str, list[tuple[str, str]]] = {}
    for text in texts:
        place, _, rest = text.partition(": ")
        groups.setdefault(_NUMBER.sub("#", rest), []).append((place, rest))
    return [
        f"{', '.join(place for place, _ in group)}: {_ranged([rest for _, rest in group])}" for group in groups.values()
    ]


def _ranged(texts: Sequence[str]) -> str:
    """Texts that differ in their numbers alone as one text, with the least and the greatest of each number."""
    columns = zip(*(_NUMBER.findall(text) for text in texts), strict=True)
    ranges = iter([sorted(set(column), key=float) for column in columns])

    def put(match: re.Match[str]) -> str:
        found = next(ranges)
        return found[0] if len(found) == 1 else f"{found[0]} to {found[-1]}"

    return _NUMBER.sub(put, texts[0])


def _gravity(text: str) -> int:
    marks = (
        "above its ceiling",
        "an error",
        "above the truth",
        "shuffled labels",
        "converge",
        "wide",
    )
    return next((rank for rank, mark in enumerate(marks) if mark in text), len(marks))


def encoder_row(measured: Measurements, encoder: str) -> Line:
    """What was measured on one encoder, whatever the classifier."""
    noise, label = measured.noise[encoder], measured.label[encoder]
    headline = label[EMBEDDING_LABEL.name]
    cells = [
        (f"{EMBEDDING_NOISE.symbol}, bracket", _bracket(noise[EMBEDDING_NOISE.name])),
        ("AA-MINE", _with_error(noise.get("aa_mine"))),
        (f"{EMBEDDING_LABEL.symbol}, at least", _with_error(headline)),
        ("share of H(Y)", _share(headline)),
        ("MINE", _with_error(label.get("mine"))),
        ("classifier bound", _with_error(label.get("probe"))),
        ("labels shuffled", _with_error(label.get("shuffled"))),
    ]
    return Line(encoder, cells, is_control(encoder))


def stop_row(measured: Measurements, encoder: str, stop: int) -> Line:
    """What was measured on one encoder's classifier at one stop."""
    scores, values = measured.training[encoder][str(stop)], measured.prediction[encoder][str(stop)]
    cells = [
        ("accuracy, test", f"{scores['test']['accuracy']:.1%}"),
        # Unknown where predictions on the test rows alone were brought from elsewhere.
        ("accuracy, train", f"{scores['train']['accuracy']:.1%}" if "train" in scores else "–"),
        ("loss, test", f"{scores['test']['loss']:#.3g}"),
        (f"{PREDICTION_LABEL.symbol}, at least", _with_error(values[PREDICTION_LABEL.name])),
        ("MINE", _with_error(values.get("mine"))),
        ("classifier bound", _with_error(values.get("probe"))),
        ("nearest neighbours", _with_error(values.get("nearest_neighbours"))),
    ]
    return Line(encoder, cells, is_control(encoder))


def _bracket(quantity: Quantity) -> str:
    if quantity["lower"] is None or quantity["upper"] is None:
        return _with_error(quantity)
    return interval_text(quantity["lower"], quantity["upper"])


def _with_error(quantity: Quantity | None) -> str:
    """A value with half the width of its 95 % interval; of a bracket, that of its lower end."""
    if quantity is None or quantity["nats"] is None:
        return MISSING
    value = f"{quantity['nats']:z.2f}".replace("-", "−")
    if quantity["low"] is None:
        return value
    return f"{value} ± {quantity['nats'] - quantity['low']:.2f}"


def _share(quantity: Quantity) -> str:
    if quantity["nats"] is None or not quantity["ceiling"]:
        return MISSING
    return f"{quantity['nats'] / quantity['ceiling']:z.0%}".replace("-", "−")


def data_uri(svg: str) -> str:
    """An SVG image as an address that holds the image itself."""
    return "data:image/svg+xml;base64," + base64.b64encode(svg.encode()).decode()
