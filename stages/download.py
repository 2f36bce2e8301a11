"""Store the images of a source as one TFDS-format data set with train and test splits, or arrays made elsewhere."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from infoplane.arrays.importing import import_arrays
from infoplane.arrays.stored import store_no_arrays
from infoplane.common import io, seeds
from infoplane.images.sources import open_source
from infoplane.images.writing import write_dataset
from infoplane.params.data import Data
from infoplane.params.section import read_seed
from stages import common


def download(data: Data, images: Path, arrays: Path, labels: Path) -> dict[str, Any]:
    """Fill the three folders; what was found, for the metrics."""
    seed = seeds.integer_seed(read_seed(), "download")
    shared: dict[str, Any] = {"test_fraction": data.test_fraction, "limit": data.limit, "seed": seed}
    if data.source == "arrays":
        return import_arrays(Path(data.path), arrays, labels, **shared)
    store_no_arrays(arrays)
    return write_dataset(open_source(data), images, labels, max_bad_share=data.max_bad_share, **shared)


def work(arguments: argparse.Namespace) -> None:
    with (
        io.output_folder(arguments.out_images) as images,
        io.output_folder(arguments.out_arrays) as arrays,
        io.output_folder(arguments.out_labels) as labels,
    ):
        report = download(Data.load(), images, arrays, labels)
    io.save_json(arguments.out_metrics, report)


if __name__ == "__main__":
    outputs = ("out-images", "out-arrays", "out-labels", "out-metrics")
    common.run("download", work, common.options(__doc__, outputs=outputs))
