"""Summarise all measurements, correlate them across encoders, and say in words what they show."""

from __future__ import annotations

import argparse
import dataclasses

from infoplane.common import io, seeds
from infoplane.params.classifier import Classifier
from infoplane.params.encoders import load_encoders
from infoplane.params.measure import Measure
from infoplane.params.section import read_seed
from infoplane.results.correlations import correlation_metrics
from infoplane.results.findings import Evidence, findings
from infoplane.results.summary import noise_curve_table, quantity_table, summarise, summary_table, training_table
from stages import common, reading


def work(arguments: argparse.Namespace) -> None:
    encoders = load_encoders()
    classifier = Classifier.load()
    measured = reading.measurements(arguments.metrics, encoders, classifier.stops)
    summary = summarise(measured)
    correlations = correlation_metrics(summary_table(summary), seeds.integer_seed(read_seed(), "analyze"))
    # What each image adds to the bracket of each encoder: paired differences between encoders come from these.
    influences = {encoder: io.load_npz(arguments.terms / f"{encoder}.npz")["influence"] for encoder in encoders}
    evidence = Evidence(measured, correlations, Measure.load().noise_std, influences, classifier.overfit_factor)
    tables = {
        "training": training_table(reading.curves(arguments.metrics, "training", encoders)),
        "noise_curve": noise_curve_table(measured),
        "quantities": quantity_table(summary),
    }
    with io.output_folder(arguments.out_tables) as folder:
        for name, table in tables.items():
            io.save_text(folder / f"{name}.csv", table.to_csv(index=False))
    io.save_json(arguments.out_findings, [dataclasses.asdict(finding) for finding in findings(evidence)])
    io.save_json(arguments.out_correlations, correlations)
    io.save_json(arguments.out_summary, summary)


if __name__ == "__main__":
    outputs = ("out-summary", "out-correlations", "out-tables", "out-findings")
    common.run("analyze", work, common.options(__doc__, inputs=("metrics", "terms"), outputs=outputs))
