"""The report of a run: one HTML page with everything inside, for screens, phones and paper."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from infoplane.analysis import is_control
from infoplane.findings import Finding, span
from infoplane.plots.gallery import Picture
from infoplane.quantity import Quantity
from infoplane.summary import Measurements, collect_warnings

_MISSING = "–"


@dataclass(frozen=True)
class Row:
    """One row of a table: its name, its cells as (column, text), and whether it is an untrained control."""

    name: str
    cells: Sequence[tuple[str, str]]
    control: bool


def render(
    measured: Measurements,
    summary: Mapping[str, Mapping[str, Mapping[str, Any]]],
    findings: Sequence[Finding],
    pictures: Sequence[Picture],
    *,
    facts: Mapping[str, str],
    noise_std: float,
    warnings: Sequence[str] = (),
) -> str:
    """The report as HTML text: no scripts, nothing from the network, no time or host but what ``facts`` hold.

    Args:
        measured: the contents of the metrics files.
        summary: the contents of ``metrics/summary.json``; its warnings come first on the page.
        findings: what the run shows, in words.
        pictures: the figures, in order; those whose name begins with ``critics-`` are folded away at the end.
        facts: what was run, as label and text, in order (images, parameters, …).
        noise_std: standard deviation of the noise of the headline compactness.
        warnings: further ones, of stages whose metrics are not in the summary.
    """
    from jinja2 import Environment, StrictUndefined

    text = (files("infoplane.plots") / "templates" / "report.html").read_text(encoding="utf-8")
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters["data_uri"] = data_uri
    folded = [picture for picture in pictures if picture.name.startswith("critics-")]
    page = environment.from_string(text).render(
        warnings=[*warnings, *collect_warnings(summary)],
        findings=findings,
        facts=facts,
        noise_std=f"{noise_std:g}",
        encoder_rows=[encoder_row(measured, encoder) for encoder in measured.encoders],
        stop_tables=[(stop, [stop_row(measured, e, stop) for e in measured.encoders]) for stop in measured.stops],
        pictures=[picture for picture in pictures if picture not in folded],
        folded=folded,
    )
    return page.strip() + "\n"


def encoder_row(measured: Measurements, encoder: str) -> Row:
    """What was measured on one encoder, whatever the classifier."""
    noise, label = measured.noise[encoder], measured.label[encoder]
    headline = label["embedding_label"]
    cells = [
        ("I(X; Ê), bracket", _bracket(noise["embedding_noise"])),
        ("AA-MINE", _with_error(noise.get("aa_mine"))),
        ("I(E; Y), at least", _with_error(headline)),
        ("share of H(Y)", _share(headline)),
        ("MINE", _with_error(label.get("mine"))),
        ("classifier bound", _with_error(label.get("probe"))),
        ("labels shuffled", _with_error(label.get("shuffled"))),
    ]
    return Row(encoder, cells, is_control(encoder))


def stop_row(measured: Measurements, encoder: str, stop: int) -> Row:
    """What was measured on one encoder's classifier at one stop."""
    scores, values = measured.training[encoder][str(stop)], measured.prediction[encoder][str(stop)]
    cells = [
        ("accuracy, test", f"{scores['test']['accuracy']:.1%}"),
        ("accuracy, train", f"{scores['train']['accuracy']:.1%}"),
        ("loss, test", f"{scores['test']['loss']:#.3g}"),
        ("I(P; Y), at least", _with_error(values["prediction_label"])),
        ("MINE", _with_error(values.get("mine"))),
        ("classifier bound", _with_error(values.get("probe"))),
        ("nearest neighbours", _with_error(values.get("nearest_neighbours"))),
    ]
    return Row(encoder, cells, is_control(encoder))


def _bracket(quantity: Quantity) -> str:
    if quantity["lower"] is None or quantity["upper"] is None:
        return _with_error(quantity)
    return span(quantity["lower"], quantity["upper"])


def _with_error(quantity: Quantity | None) -> str:
    """A value with half the width of its 95 % interval; of a bracket, that of its lower end."""
    if quantity is None or quantity["nats"] is None:
        return _MISSING
    value = f"{quantity['nats']:z.2f}".replace("-", "−")
    if quantity["low"] is None:
        return value
    return f"{value} ± {quantity['nats'] - quantity['low']:.2f}"


def _share(quantity: Quantity) -> str:
    if quantity["nats"] is None or not quantity["ceiling"]:
        return _MISSING
    return f"{quantity['nats'] / quantity['ceiling']:z.0%}".replace("-", "−")


def data_uri(svg: str) -> str:
    """An SVG image as an address that holds the image itself."""
    return "data:image/svg+xml;base64," + base64.b64encode(svg.encode()).decode()
