"""A folder for each network: with a copy of the file of the user's that an encoder is made from, and of no other."""

from __future__ import annotations

import argparse
from pathlib import Path

from infoplane.common import io
from infoplane.encoders.network_files import NetworkFile, copy_files
from infoplane.params.embed import Embed
from infoplane.params.encoders import load_every_encoder_options
from infoplane.params.plane import InformationPlane
from stages import common


def work(arguments: argparse.Namespace) -> None:
    given = {encoder: options.file() for encoder, options in load_every_encoder_options().items()}
    files = dict.fromkeys(InformationPlane.load().networks) | {
        encoder: None if file is None else NetworkFile(**file) for encoder, file in given.items()
    }
    with io.output_folder(arguments.out) as folder:
        copy_files(Path(Embed.load().path), files, folder)


if __name__ == "__main__":
    common.run("networks", work, common.options(__doc__, outputs=("out",)))
