"""The report of a run: one HTML page with everything inside, for screens, phones and paper."""

from __future__ import annotations

import base64
from collections.abc import Sequence

from infoplane.encoders.names import is_control
from infoplane.plots.gallery import Gallery
from infoplane.report.run_facts import RunFacts
from infoplane.report.sections import Line, Section
from infoplane.report.templates import template
from infoplane.report.warning_list import groups, measurement_entries
from infoplane.results.findings import Finding
from infoplane.results.numbers import (
    MISSING,
    accuracy_text,
    counted,
    interval_text,
    number_text,
    percent_text,
    significant_text,
)
from infoplane.results.quantity import Quantity
from infoplane.results.summary import Measurements
from infoplane.results.summary_quantities import EMBEDDING_LABEL, EMBEDDING_NOISE, PREDICTION_LABEL

FILES = {
    "summary.json": "values with their ends, and warnings, by encoder and stop",
    "correlations.json": "correlations over the encoders",
    "findings.json": "the findings as text",
    "tables/quantities.csv": "the values as a table",
    "tables/noise_curve.csv": "brackets against the noise",
    "tables/training.csv": "accuracy and loss at every epoch",
}
"""What lies beside the report, and is linked from it."""


def render(
    measured: Measurements,
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
        findings: what the run shows, in words.
        gallery: the figures; those of the encoders are shown in order, those of their critics folded away.
        run: what was run (images, parameters, …).
        noise_std: standard deviation of the noise of the headline compactness.
        sections: companions of the run (calibration, information plane), folded at the end.
    """
    entries = [*measurement_entries(measured), *(entry for section in sections for entry in section.doubts)]
    page = template("report.html", data_uri=data_uri).render(
        warnings=groups(entries),
        notes=groups(entries, notes=True),
        findings=findings,
        run=run,
        files=FILES,
        sections=sections,
        noise_std=f"{noise_std:g}",
        encoder_rows=[encoder_row(measured, encoder) for encoder in measured.encoders],
        stop_tables=[
            (stop_caption(measured, stop, run.overfit_factor), [stop_row(measured, e, stop) for e in measured.encoders])
            for stop in measured.stops
        ],
        pictures=gallery.encoders,
        critics=gallery.critics,
    )
    return page.strip() + "\n"


def encoder_row(measured: Measurements, encoder: str) -> Line:
    """What was measured on one encoder, whatever the classifier."""
    noise, label = measured.noise[encoder], measured.label[encoder]
    headline = label[EMBEDDING_LABEL.name]
    cells = [
        (f"{EMBEDDING_NOISE.symbol}, bracket", _bracket(noise[EMBEDDING_NOISE.name])),
        ("AA-MINE, at least", _with_error(noise.get("aa_mine"))),
        (f"{EMBEDDING_LABEL.symbol}, at least", _with_error(headline)),
        ("share of H(Y)", _share(headline)),
        ("by MINE", _bound(label.get("mine"), headline)),
        ("by the classifier bound", _bound(label.get("probe"), headline)),
        ("control: labels shuffled", _with_error(label.get("shuffled"))),
    ]
    return Line(encoder, cells, is_control(encoder))


def stop_caption(measured: Measurements, stop: int, overfit_factor: float) -> str:
    """What a stop's table holds, and how the last leg of training differs."""
    text = f"Classifier stopped after {counted(stop, 'epoch')}, on test images. {PREDICTION_LABEL.symbol} in nats; "
    text += "in brackets the 95 % interval of the accuracy (Wilson)."
    was_trained = any("train" in measured.training[encoder][str(stop)] for encoder in measured.encoders)
    if len(measured.stops) > 1 and stop == measured.stops[-1] and overfit_factor != 1 and was_trained:
        first = measured.stops[-2] + 1
        text += f" Epochs {first} to {stop} ran at {overfit_factor:g} times the learning rate of those before, "
        text += "to overfit."
    return text


def stop_row(measured: Measurements, encoder: str, stop: int) -> Line:
    """What was measured on one encoder's classifier at one stop."""
    scores, values = measured.training[encoder][str(stop)], measured.prediction[encoder][str(stop)]
    headline = values[PREDICTION_LABEL.name]
    cells = [
        ("accuracy, test", accuracy_text(scores["test"]["accuracy"], headline["n"])),
        # Unknown where predictions on the test rows alone were brought from elsewhere.
        ("accuracy, train", percent_text(scores["train"]["accuracy"], 1) if "train" in scores else MISSING),
        ("loss, test", significant_text(scores["test"]["loss"], 3)),
        (f"{PREDICTION_LABEL.symbol}, at least", _with_error(headline)),
        ("by MINE", _bound(values.get("mine"), headline)),
        ("by the classifier bound", _bound(values.get("probe"), headline)),
        ("by nearest neighbours (estimate)", _with_error(values.get("nearest_neighbours"))),
    ]
    return Line(encoder, cells, is_control(encoder))


def _bracket(quantity: Quantity) -> str:
    if quantity["lower"] is None or quantity["upper"] is None:
        return _with_error(quantity)
    return interval_text(quantity["lower"], quantity["upper"])


def _bound(quantity: Quantity | None, headline: Quantity) -> str:
    """A lower bound; with a star where it is the one that "at least" reports."""
    text = _with_error(quantity)
    chosen = quantity is not None and quantity["nats"] is not None and quantity["nats"] == headline["nats"]
    return f"{text} *" if chosen else text


def _with_error(quantity: Quantity | None) -> str:
    """A value with half the width of its 95 % interval; of a bracket, that of its lower end."""
    if quantity is None or quantity["nats"] is None:
        return MISSING
    value = number_text(quantity["nats"])
    return value if quantity["low"] is None else f"{value} ± {number_text(quantity['nats'] - quantity['low'])}"


def _share(quantity: Quantity) -> str:
    if quantity["nats"] is None or not quantity["ceiling"]:
        return MISSING
    return percent_text(quantity["nats"] / quantity["ceiling"])


def data_uri(svg: str) -> str:
    """An SVG image as an address that holds the image itself."""
    return "data:image/svg+xml;base64," + base64.b64encode(svg.encode()).decode()
