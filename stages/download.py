"""Bring images from their source into one TFDS-format data set with train and test splits, or arrays made elsewhere."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from infoplane.arrays.bring import bring_arrays
from infoplane.common import io, seeds
from infoplane.images.sources import open_source
from infoplane.images.writing import write_dataset
from infoplane.params.data import Data
from infoplane.params.section import read_seed
from stages import common


def bring(data: Data, images: Path, labels: Path) -> dict[str, Any]:
    """Fill both folders; what came, for the metrics."""
    seed = seeds.integer_seed(read_seed(), "download")
    shared: dict[str, Any] = {"test_fraction": data.test_fraction, "limit": data.limit, "seed": seed}
    if data.source == "arrays":
        return bring_arrays(Path(data.path), images, labels, **shared)
    return write_dataset(open_source(data), images, labels, max_bad_share=data.max_bad_share, **shared)


def work(arguments: argparse.Namespace) -> None:
    with io.output_folder(arguments.out_images) as images, io.output_folder(arguments.out_labels) as labels:
        report = bring(Data.load(), images, labels)
    io.save_json(arguments.out_metrics, report)


if __name__ == "__main__":
    common.run("download", work, common.options(__doc__, outputs=("out-images", "out-labels", "out-metrics")))
