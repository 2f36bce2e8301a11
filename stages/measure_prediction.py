"""Measure I(P; Y) between test logits and labels at every stop: MINE, the classifier bound, nearest neighbours."""

from __future__ import annotations

import argparse
from functools import partial
from typing import Any

from infoplane.common import compute, io, seeds
from infoplane.critics.networks import CriticOptions
from infoplane.estimators.nearest_neighbours import ross
from infoplane.estimators.probe import probe
from infoplane.estimators.variational import mine
from infoplane.params.classifier import Classifier
from infoplane.params.measure import Measure
from infoplane.params.section import read_seed
from infoplane.results.quantity import CURVE_COLUMNS, curve_rows, from_estimate, label_headline
from stages import common


def work(arguments: argparse.Namespace) -> None:
    settings = Measure.load()
    y = io.open_npy(arguments.labels / "test.npy")
    metrics: dict[str, Any] = {}
    curves: list[dict[str, Any]] = []
    for stop in Classifier.load().stops:
        p = io.open_npy(arguments.predictions / f"{stop}.npy")
        seed = seeds.integer_seed(read_seed(), "measure_prediction", arguments.cell, stop)
        *found, neighbours = compute.run_all(
            partial(mine, p, y, seed=seed, options=CriticOptions(**settings.mine.model_dump()), labels=True),
            partial(probe, p, y, seed=seed, options=CriticOptions(**settings.probe.model_dump())),
            partial(compute.call, ross, p, y, k=settings.neighbours, seed=seed),
        )
        bounds = dict(zip(("mine", "probe"), found, strict=True))
        metrics[str(stop)] = {name: from_estimate(bound) for name, bound in bounds.items()}
        metrics[str(stop)]["nearest_neighbours"] = from_estimate(neighbours)
        metrics[str(stop)]["prediction_label"] = label_headline(list(bounds.values()))
        curves += [row for name, bound in bounds.items() for row in curve_rows(bound, name, stop)]
    io.save_table(arguments.out_curves, curves, CURVE_COLUMNS)
    io.save_json(arguments.out_metrics, metrics)


if __name__ == "__main__":
    options = common.options(
        __doc__, cell="encoder", inputs=("predictions", "labels"), outputs=("out-curves", "out-metrics")
    )
    common.run("measure_prediction", work, options)
