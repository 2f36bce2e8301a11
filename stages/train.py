"""Train the one-layer classifier on the embeddings of one network, and keep it at every stop."""

from __future__ import annotations

import argparse

from infoplane import classifiers
from infoplane.arrays.scored import given_predictions
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
        classifiers.legs(settings.stops, settings.learning_rate, settings.overfit_factor),
        classes=int(y["train"].max()) + 1,
        batch_size=settings.batch_size,
        seed=seeds.integer_seed(read_seed(), "train", arguments.cell),
    )


def work(arguments: argparse.Namespace) -> None:
    settings = Classifier.load()
    training = given_predictions(arguments.embeddings, arguments.labels, settings.stops)
    if training is None:
        training = trained(arguments, settings)
    with io.output_folder(arguments.out_weights) as folder:
        for stop, weights in training.weights.items():
            io.save_npz(folder / f"{stop}.npz", weights)
    io.save_table(arguments.out_curves, training.curves, CURVE_COLUMNS)
    io.save_json(arguments.out_metrics, training.scores())


if __name__ == "__main__":
    outputs = ("out-weights", "out-curves", "out-metrics")
    common.run("train", work, common.options(__doc__, cell="encoder", inputs=("embeddings", "labels"), outputs=outputs))
