"""Write the logits of the test rows at every stop of one network's classifier."""

from __future__ import annotations

import argparse

from infoplane import classifiers
from infoplane.arrays.given_predictions import given_predictions
from infoplane.common import io
from infoplane.params.classifier import Classifier
from stages import common


def work(arguments: argparse.Namespace) -> None:
    x, stops = io.open_npy(arguments.embeddings / "test.npy"), Classifier.load().stops
    given = given_predictions(arguments.given, stops)
    with io.output_folder(arguments.out) as folder:
        for stop in stops:
            if given is not None:
                predictions = given[stop]
            else:
                predictions = classifiers.logits(io.load_npz(arguments.weights / f"{stop}.npz"), x)
            io.save_npy(folder / f"{stop}.npy", predictions)


if __name__ == "__main__":
    options = common.options(__doc__, cell="encoder", inputs=("embeddings", "weights", "given"), outputs=("out",))
    common.run("predict", work, options)
