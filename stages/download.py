"""Bring images from their source into one TFDS-format data set with train and test splits."""

from __future__ import annotations

import argparse

from infoplane import io, seeds
from infoplane.images.sources import open_source
from infoplane.images.writing import write_dataset
from infoplane.params.data import Data
from infoplane.params.section import read_seed
from stages import common


def work(arguments: argparse.Namespace) -> None:
    data = Data.load()
    source = open_source(data)
    with io.output_folder(arguments.out_images) as images, io.output_folder(arguments.out_labels) as labels:
        report = write_dataset(
            source,
            images,
            labels,
            test_fraction=data.test_fraction,
            limit=data.limit,
            max_bad_share=data.max_bad_share,
            seed=seeds.integer_seed(read_seed(), "download"),
        )
    io.save_json(arguments.out_metrics, report)


if __name__ == "__main__":
    common.run("download", work, common.options(__doc__, outputs=("out-images", "out-labels", "out-metrics")))
