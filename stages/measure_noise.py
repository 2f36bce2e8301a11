"""Measure I(X; E + noise) of one network's unit-norm embeddings: the bracket over noise levels, and AA-MINE."""

from __future__ import annotations

import argparse
from dataclasses import replace
from functools import partial

import numpy as np

from infoplane.arrays.unit_norm import unit_rows
from infoplane.common import compute, io, seeds
from infoplane.estimators.aa_mine import DEFAULTS, aa_mine
from infoplane.estimators.noisy_channel import brackets
from infoplane.params.measure import Measure
from infoplane.params.section import read_seed
from infoplane.results.quantity import CURVE_COLUMNS, curve_rows, from_bracket, from_estimate, noise_headline
from stages import common


def work(arguments: argparse.Namespace) -> None:
    settings = Measure.load()
    seed = seeds.integer_seed(read_seed(), "measure_noise")  # one for all encoders: common noise, paired differences
    files = [arguments.embeddings / f"{split}.npy" for split in ("train", "test")]
    t = np.concatenate([unit_rows(io.open_npy(file), file) for file in files])
    levels = dict.fromkeys((settings.noise_std, *settings.noise_curve))
    options = replace(DEFAULTS, **settings.aa_mine.model_dump())
    found, critic = compute.run_all(
        partial(compute.call, brackets, t, list(levels), seed=seed),
        partial(aa_mine, t, settings.noise_std, seed=seed, options=options),
    )
    measured = dict(zip(levels, found, strict=True))
    bracket = measured[settings.noise_std]
    io.save_table(arguments.out_curves, curve_rows(critic, "aa_mine"), CURVE_COLUMNS)
    io.save_npz(arguments.out_terms, {"influence": bracket.influence})
    metrics = {
        "embedding_noise": noise_headline(bracket, critic),
        "aa_mine": from_estimate(critic),
        "noise_curve": {f"{level:g}": from_bracket(measured[level]) for level in sorted(settings.noise_curve)},
    }
    io.save_json(arguments.out_metrics, metrics)


if __name__ == "__main__":
    outputs = ("out-curves", "out-terms", "out-metrics")
    common.run("measure_noise", work, common.options(__doc__, cell="encoder", inputs=("embeddings",), outputs=outputs))
