"""Draw every figure of the run from what the other stages wrote, and put them into the report."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import pandas as pd

from infoplane.calibration import tables
from infoplane.common import io
from infoplane.params.classifier import Classifier
from infoplane.params.encoders import load_encoders
from infoplane.params.measure import Measure
from infoplane.params.whole import load_shown, without_unused
from infoplane.plots import encoder_pictures, gallery, plane_pictures
from infoplane.report import suite_page
from infoplane.report.calibration_section import calibration_section
from infoplane.report.page import render
from infoplane.report.plane_section import plane_section
from infoplane.report.run_facts import RunFacts, facts, parameter_groups, sentence
from infoplane.results.findings import Finding
from infoplane.results.summary import Measurements
from stages import common, reading


def encoder_material(metrics: Path) -> encoder_pictures.Material:
    """What the encoders' figures are drawn from."""
    encoders, classifier = load_encoders(), Classifier.load()
    critics = [reading.curves(metrics, kind, encoders) for kind in reading.INFORMATION]
    quantities, noise_curve, training = (
        pd.read_csv(metrics / "tables" / f"{name}.csv", dtype={"encoder": str})
        for name in ("quantities", "noise_curve", "training")
    )
    measured = reading.measurements(metrics, encoders, classifier.stops)
    return encoder_pictures.Material(
        measured,
        io.load_json(metrics / "correlations.json"),
        quantities,
        noise_curve,
        training,
        {encoder: pd.concat([curves[encoder] for curves in critics], ignore_index=True) for encoder in encoders},
        Measure.load().noise_std,
        classifier.overfit_factor if _were_trained(measured) else None,
    )


def _were_trained(measured: Measurements) -> bool:
    """Whether a classifier was trained here; predictions made elsewhere have no scores on training rows."""
    return any("train" in scores for stops in measured.training.values() for scores in stops.values())


def plane_material(metrics: Path, network: str) -> plane_pictures.Material:
    """What one network's figures are drawn from."""
    planes = metrics / "information_plane"
    return plane_pictures.Material(
        pd.read_csv(planes / f"{network}.csv"), io.load_json(planes / "verdicts" / f"{network}.json")
    )


def work(arguments: argparse.Namespace) -> None:
    metrics, parameters = arguments.metrics, load_shown()
    networks, suites = parameters["information_plane"]["networks"], parameters["calibrate"]["suites"]
    planes = reading.contents(metrics / "information_plane", networks)
    scores = reading.contents(metrics / "calibration", suites)
    outcomes = {name: tables.read(metrics / "calibration" / name, name, scores[name]) for name in suites}
    encoders = encoder_material(metrics)
    pictures = gallery.draw_all(encoders, {network: plane_material(metrics, network) for network in networks}, outcomes)
    companions = [
        calibration_section(outcomes, pictures.suites, encoders.measured),
        plane_section(planes, pictures.planes),
    ]
    page = render(
        encoders.measured,
        [Finding(**finding) for finding in io.load_json(metrics / "findings.json")],
        pictures,
        run=run_facts(metrics, encoders, parameters),
        noise_std=encoders.noise_std,
        sections=[section for section in companions if section is not None],
    )
    with io.output_folder(arguments.out_figures) as folder:
        pictures.save(folder)
        for name, own in pictures.suites.items():
            io.save_text(folder / "calibration" / name / "index.html", suite_page.render(name, own))
    io.save_text(arguments.out_report, page)


def run_facts(metrics: Path, encoders: encoder_pictures.Material, parameters: dict[str, Any]) -> RunFacts:
    """What was run; no times and no machine, which would make the report another one each time."""
    images, measured = io.load_json(metrics / "images.json"), encoders.measured
    return RunFacts(
        sentence(images, measured.encoders, measured.stops),
        facts(images),
        parameter_groups(without_unused(parameters)),
        encoders.overfit_factor or 1.0,
    )


if __name__ == "__main__":
    common.run("report", work, common.options(__doc__, inputs=("metrics",), outputs=("out-figures", "out-report")))
