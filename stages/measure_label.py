"""Measure I(E; Y) of one network's embeddings by MINE and by the classifier bound, and MINE on shuffled labels."""

from __future__ import annotations

import argparse
from functools import partial

import numpy as np

from infoplane.common import compute, io, seeds
from infoplane.critics.networks import CriticOptions
from infoplane.estimators.probe import probe
from infoplane.estimators.variational import mine
from infoplane.params.measure import Measure
from infoplane.params.section import read_seed
from infoplane.results.quantity import CURVE_COLUMNS, curve_rows, from_estimate, label_headline
from stages import common


def work(arguments: argparse.Namespace) -> None:
    settings = Measure.load()
    root = read_seed()
    seed = seeds.integer_seed(root, "measure_label", arguments.cell)
    x = np.concatenate([io.open_npy(arguments.embeddings / f"{split}.npy") for split in ("train", "test")])
    y = np.concatenate([io.open_npy(arguments.labels / f"{split}.npy") for split in ("train", "test")])
    shuffled = seeds.generator(root, "measure_label", arguments.cell, "shuffled").permutation(y)
    critic = CriticOptions(**settings.mine.model_dump())
    found = compute.run_all(
        partial(mine, x, y, seed=seed, options=critic, labels=True),
        partial(probe, x, y, seed=seed, options=CriticOptions(**settings.probe.model_dump())),
        partial(mine, x, shuffled, seed=seed, options=critic, labels=True),
    )
    estimates = dict(zip(("mine", "probe", "shuffled"), found, strict=True))
    curves = [row for name, estimate in estimates.items() for row in curve_rows(estimate, name)]
    io.save_table(arguments.out_curves, curves, CURVE_COLUMNS)
    metrics = {name: from_estimate(estimate) for name, estimate in estimates.items()}
    metrics["embedding_label"] = label_headline([estimates["mine"], estimates["probe"]])
    io.save_json(arguments.out_metrics, metrics)


if __name__ == "__main__":
    options = common.options(
        __doc__, cell="encoder", inputs=("embeddings", "labels"), outputs=("out-curves", "out-metrics")
    )
    common.run("measure_label", work, options)
