"""Embed every image with one network."""

from __future__ import annotations

import argparse

from infoplane import io, seeds
from infoplane.encoders import build
from infoplane.encoders.embedding import Recipe, embed_split
from infoplane.params.embed import Embed
from infoplane.params.encoders import load_encoder_options
from infoplane.params.section import read_seed
from stages import common


def work(arguments: argparse.Namespace) -> None:
    settings = Embed.load()
    size = load_encoder_options(arguments.cell).image_size or settings.image_size
    seed = seeds.integer_seed(read_seed(), "embed", arguments.cell)
    recipe = Recipe(arguments.cell, build, (arguments.cell, size, seed))
    with io.output_folder(arguments.out) as folder:
        for split in ("train", "test"):
            embed_split(recipe, arguments.images, split, settings.batch_size, folder / f"{split}.npy")


if __name__ == "__main__":
    common.run("embed", work, common.options(__doc__, cell="encoder", inputs=("images",), outputs=("out",)))
