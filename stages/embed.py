"""Embed every image with one network, or take its embeddings and predictions from arrays made elsewhere."""

from __future__ import annotations

import argparse

from infoplane.arrays.given_predictions import copy_predictions
from infoplane.arrays.stored import copy_embeddings, stored_encoders
from infoplane.common import io, seeds
from infoplane.encoders.embedding import EncoderSpec, embed_split
from infoplane.encoders.network_files import NetworkFile
from infoplane.encoders.registry import build
from infoplane.params.embed import Embed
from infoplane.params.encoders import load_encoder_options
from infoplane.params.section import read_seed
from stages import common


def work(arguments: argparse.Namespace) -> None:
    with io.output_folder(arguments.out_predictions) as folder:
        copy_predictions(arguments.arrays, arguments.cell, folder)
    if stored_encoders(arguments.arrays):
        with io.output_folder(arguments.out) as folder:
            copy_embeddings(arguments.arrays, arguments.cell, folder)
        return
    settings, options = Embed.load(), load_encoder_options(arguments.cell)
    size = options.image_size or settings.image_size
    seed = seeds.integer_seed(read_seed(), "embed", arguments.cell)
    given = options.file()
    file = None if given is None else NetworkFile(**given).copied(arguments.network)
    recipe = EncoderSpec(arguments.cell, build, (arguments.cell, size, seed, file))
    with io.output_folder(arguments.out) as folder:
        for split in ("train", "test"):
            embed_split(recipe, arguments.images, split, settings.batch_size, folder / f"{split}.npy")


if __name__ == "__main__":
    inputs, outputs = ("images", "arrays", "network"), ("out", "out-predictions")
    common.run("embed", work, common.options(__doc__, cell="encoder", inputs=inputs, outputs=outputs))
