"""Train a small network on all patterns of twelve bits and follow its layers through the information plane."""

from __future__ import annotations

import argparse

from infoplane.common import io, seeds
from infoplane.distributions.patterns import tishby
from infoplane.params.plane import NETWORKS, InformationPlane
from infoplane.params.section import read_seed
from infoplane.plane.headlines import headlines
from infoplane.plane.measure import information_plane
from infoplane.plane.verdicts import COLUMNS
from stages import common


def work(arguments: argparse.Namespace) -> None:
    if arguments.cell not in NETWORKS:
        raise ValueError(f"network {arguments.cell!r} given; expected one of {', '.join(NETWORKS)}")
    settings = InformationPlane.load()
    plane = information_plane(
        settings.small_net(arguments.cell),
        *tishby(NETWORKS[arguments.cell][0]),
        seeds=settings.seeds,
        seed=seeds.integer_seed(read_seed(), "information_plane"),
        options=settings.options(),
    )
    io.save_table(arguments.out_table, plane.table(), COLUMNS)
    io.save_json(arguments.out_verdicts, plane.metrics)
    io.save_json(arguments.out_metrics, headlines(plane))


if __name__ == "__main__":
    outputs = ("out-table", "out-verdicts", "out-metrics")
    common.run("information_plane", work, common.options(__doc__, cell="network", outputs=outputs))
