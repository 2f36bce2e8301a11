"""Train the one-layer classifier on the embeddings of one network, and keep it at every stop.

Where predictions came with the embeddings, these are scored and no classifier is trained.
"""

from __future__ import annotations

import argparse

from infoplane import classifiers
from infoplane.arrays.given_predictions import given_predictions
from infoplane.common import io, seeds
from infoplane.params.classifier import Classifier
from infoplane.params.section import read_seed
from stages import common

CURVE_COLUMNS = ("epoch", "split", "loss", "accuracy")


def trained(arguments: argparse.Namespace, settings: Classifier) -> classifiers.Training:
    x = {split: io.open_npy(arguments.embeddings / f"{split}.npy") for split in ("train", "test")}
    y = {split: io.open_npy(arguments.labels / f"{split}.npy") for split in ("train", "test")}
    return classifiers.train(
        x["train"],
        y["train"],
        x["test"],
        y["test"],
        classifiers.training_phases(settings.stops, settings.learning_rate, settings.overfit_factor),
        classes=int(y["train"].max()) + 1,
        batch_size=settings.batch_size,
        seed=seeds.integer_seed(read_seed(), "train", arguments.cell),
    )


def work(arguments: argparse.Namespace) -> None:
    settings = Classifier.load()
    given = given_predictions(arguments.given, settings.stops)
    if given is None:
        training = trained(arguments, settings)
        weights, curves = training.weights, training.curves
    else:
        weights, curves = {}, classifiers.evaluate_predictions(given, io.open_npy(arguments.labels / "test.npy"))
    with io.output_folder(arguments.out_weights) as folder:
        for stop, arrays in weights.items():
            io.save_npz(folder / f"{stop}.npz", arrays)
        io.save_json(folder / "stops.json", list(weights))  # DVC keeps no empty folder
    io.save_table(arguments.out_curves, curves, CURVE_COLUMNS)
    io.save_json(arguments.out_metrics, classifiers.metrics_at(settings.stops, curves))


if __name__ == "__main__":
    outputs = ("out-weights", "out-curves", "out-metrics")
    inputs = ("embeddings", "given", "labels")
    common.run("train", work, common.options(__doc__, cell="encoder", inputs=inputs, outputs=outputs))
