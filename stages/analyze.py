"""Summarise all measurements, correlate them across encoders, draw them, and write the report."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from infoplane.common import io, seeds
from infoplane.params.classifier import Classifier
from infoplane.params.encoders import load_encoders
from infoplane.params.measure import Measure
from infoplane.params.section import read_seed
from infoplane.params.whole import load_shown, of_this_run
from infoplane.plots import gallery
from infoplane.report.page import RunFacts, render
from infoplane.report.run_facts import machine_facts, parameter_groups, times_table
from infoplane.report.sections import Section, calibration_section, plane_section
from infoplane.results.correlations import correlation_report
from infoplane.results.findings import Evidence, findings
from infoplane.results.summary import (
    Measurements,
    noise_curve_table,
    quantity_table,
    summarise,
    summary_table,
    training_table,
)
from stages import common

INFORMATION = ("noise", "label", "prediction")


def read_metrics(metrics: Path, encoders: tuple[str, ...], stops: tuple[int, ...]) -> Measurements:
    """The metrics of the encoders in the parameters; files of encoders that were taken out are left alone."""

    def contents(folder: str) -> dict[str, Any]:
        return {encoder: io.load_json(metrics / folder / f"{encoder}.json") for encoder in encoders}

    return Measurements(
        encoders, stops, contents("training"), *(contents(f"information/{kind}") for kind in INFORMATION)
    )


def read_curves(metrics: Path, kind: str, encoders: tuple[str, ...]) -> dict[str, pd.DataFrame]:
    """The curves of one kind for each encoder."""
    return {encoder: pd.read_csv(metrics / "curves" / kind / f"{encoder}.csv") for encoder in encoders}


def read_influences(terms: Path, encoders: tuple[str, ...]) -> dict[str, np.ndarray]:
    """What each image adds to the bracket of each encoder: paired differences between encoders come from these."""
    return {encoder: io.load_npz(terms / f"{encoder}.npz")["influence"] for encoder in encoders}


def facts(images: dict[str, Any], material: gallery.Material) -> dict[str, str]:
    """What was run, for the report."""
    counts = {split: sum(classes.values()) for split, classes in images["counts"].items()}
    return {
        "Images": f"{images['images']} from {images['source']}, {len(images['classes'])} classes",
        "Split": f"{counts['train']} for training, {counts['test']} for testing",
        "Skipped files": str(images["skipped"]),
        "Encoders": ", ".join(material.measured.encoders),
        "Classifier kept after": ", ".join(map(str, material.measured.stops)) + " epochs",
    }


def companion_sections(metrics: Path, shown: dict[str, Any]) -> list[Section]:
    """Information plane and calibration, of the networks and suites in the parameters."""
    planes, suites = metrics / "information_plane", metrics / "calibration"
    networks, names = shown["information_plane"]["networks"], shown["calibrate"]["suites"]
    tables = {network: pd.read_csv(planes / f"{network}.csv") for network in networks}
    figures = {suite: read_figures(suites / suite, (suite, "agreement", "intervals", "errors")) for suite in names}
    return [
        plane_section({network: io.load_json(planes / f"{network}.json") for network in networks}, tables),
        calibration_section({suite: io.load_json(suites / f"{suite}.json") for suite in names}, figures),
    ]


def read_figures(folder: Path, names: tuple[str, ...]) -> dict[str, str]:
    """Those of the named figures that a suite drew, as SVG text."""
    files = {name: folder / f"{name}.svg" for name in names}
    return {name: file.read_text(encoding="utf-8") for name, file in files.items() if file.exists()}


def read_log(shown: dict[str, Any]) -> dict[str, Any]:
    """The run log of the cells of this run, as far as they ran in this checkout: of cached results there is none."""
    encoders = shown["encoders"]
    cells = {
        "download": None, "networks": None, "embed": encoders, "train": encoders, "predict": encoders,
        "measure_noise": encoders, "measure_label": encoders, "measure_prediction": encoders,
        "information_plane": shown["information_plane"]["networks"], "calibrate": shown["calibrate"]["suites"],
    }  # fmt: skip
    names = [f"{stage}@{cell}" if cell else stage for stage, own in cells.items() for cell in own or [None]]
    files = {name: common.RUN_LOG / f"{name}.json" for name in names}
    return {name: io.load_json(file) for name, file in files.items() if file.exists()}


def run_facts(images: dict[str, Any], material: gallery.Material, shown: dict[str, Any]) -> RunFacts:
    """What was run, for the report."""
    log = read_log(shown)
    return RunFacts(
        facts(images, material) | machine_facts(log), parameter_groups(of_this_run(shown)), times_table(log)
    )


def work(arguments: argparse.Namespace) -> None:
    encoders, classifier, noise_std = load_encoders(), Classifier.load(), Measure.load().noise_std
    shown = load_shown()
    measured = read_metrics(arguments.metrics, encoders, classifier.stops)
    summary = summarise(measured)
    correlations = correlation_report(summary_table(summary), seeds.integer_seed(read_seed(), "analyze"))
    training = read_curves(arguments.metrics, "training", encoders)
    critics = [read_curves(arguments.metrics, kind, encoders) for kind in INFORMATION]
    material = gallery.Material(
        measured,
        summary,
        correlations,
        training,
        {encoder: pd.concat([tables[encoder] for tables in critics], ignore_index=True) for encoder in encoders},
        noise_std,
        classifier.overfit_factor,
    )
    pictures = gallery.draw_all(material)
    evidence = Evidence(measured, correlations, noise_std, read_influences(arguments.terms, encoders))
    images = io.load_json(arguments.metrics / "images.json")
    page = render(
        measured,
        summary,
        findings(evidence),
        pictures,
        run=run_facts(images, material, shown),
        noise_std=noise_std,
        sections=companion_sections(arguments.metrics, shown),
    )
    with io.output_folder(arguments.out_tables) as folder:
        io.save_text(folder / "training.csv", training_table(training).to_csv(index=False))
        io.save_text(folder / "noise_curve.csv", noise_curve_table(measured).to_csv(index=False))
        io.save_text(folder / "quantities.csv", quantity_table(summary).to_csv(index=False))
    with io.output_folder(arguments.out_figures) as folder:
        for picture in pictures:
            io.save_text(folder / f"{picture.name}.svg", picture.wide)
    io.save_text(arguments.out_report, page)
    io.save_json(arguments.out_correlations, correlations)
    io.save_json(arguments.out_summary, summary)


if __name__ == "__main__":
    outputs = ("out-summary", "out-correlations", "out-tables", "out-figures", "out-report")
    common.run("analyze", work, common.options(__doc__, inputs=("metrics", "terms"), outputs=outputs))
