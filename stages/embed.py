"""Embed every image with one network."""

from __future__ import annotations

import argparse

from infoplane import io, seeds
from infoplane.encoders import build
from infoplane.encoders.embedding import embed
from infoplane.images.reading import batches, split_size
from infoplane.params.embed import Embed
from infoplane.params.encoders import load_encoder_options
from infoplane.params.section import read_seed
from stages import common


def work(arguments: argparse.Namespace) -> None:
    settings = Embed.load()
    size = load_encoder_options(arguments.cell).image_size or settings.image_size
    encoder = build(arguments.cell, size, seeds.integer_seed(read_seed(), "embed", arguments.cell))
    with io.output_folder(arguments.out) as folder:
        for split in ("train", "test"):
            rows = batches(arguments.images, split, size, settings.batch_size)
            embed(encoder, rows, split_size(arguments.images, split), folder / f"{split}.npy")


if __name__ == "__main__":
    common.run("embed", work, common.options(__doc__, cell="encoder", inputs=("images",), outputs=("out",)))
