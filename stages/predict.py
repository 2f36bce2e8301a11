"""Write the logits of the test rows at every stop of one network's classifier."""

from __future__ import annotations

import argparse

from infoplane import classifiers
from infoplane.common import io
from infoplane.params.classifier import Classifier
from stages import common


def work(arguments: argparse.Namespace) -> None:
    x = io.open_npy(arguments.embeddings / "test.npy")
    with io.output_folder(arguments.out) as folder:
        for stop in Classifier.load().stops:
            weights = io.load_npz(arguments.weights / f"{stop}.npz")
            io.save_npy(folder / f"{stop}.npy", classifiers.logits(weights, x))


if __name__ == "__main__":
    options = common.options(__doc__, cell="encoder", inputs=("embeddings", "weights"), outputs=("out",))
    common.run("predict", work, options)
