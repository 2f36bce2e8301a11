"""Try estimators on known answers: one suite of tasks, its metrics and its tables."""

from __future__ import annotations

import argparse
from functools import partial

from tqdm import tqdm

from infoplane.calibration import tables
from infoplane.calibration.suites import suite
from infoplane.common import io, seeds
from infoplane.params.calibrate import Calibrate
from infoplane.params.section import read_seed
from stages import common


def work(arguments: argparse.Namespace) -> None:
    chosen = suite(arguments.cell)
    seed = seeds.integer_seed(read_seed(), "calibrate", arguments.cell)
    settings = Calibrate.load().settings(arguments.cell, chosen.full, seed)
    outcome = chosen.run(settings, partial(tqdm, desc=arguments.cell, leave=False))
    tables.write_times(common.RUN_LOG / f"calibrate@{arguments.cell}.csv", outcome)
    with io.output_folder(arguments.out_tables) as folder:
        tables.write(folder, outcome)
    io.save_json(arguments.out_metrics, outcome.metrics)


if __name__ == "__main__":
    outputs = ("out-tables", "out-metrics")
    common.run("calibrate", work, common.options(__doc__, cell="suite", outputs=outputs))
