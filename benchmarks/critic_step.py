"""CPU time per training step of one MINE critic: ours, as ``mine`` trains it, against the plain formulation.

    python benchmarks/critic_step.py         writes benchmarks/critic_step.csv

Plain (``plain_mine.py``): an eager step on a Keras network that takes (x, z) side by side, evaluated on the pairs and
on the shuffled ones, a gradient call for each. Published: the same with a layer for each leaky ReLU and every number
checked to be finite, as in the code that the term paper was written with. Ours: ``training.Bank``, what every trained
estimator here runs, with the critic and objective that ``mine`` gives it. All in one process, taking turns, in CPU
seconds; a ratio is the median over the turns. A turn of ours is a longer fit less a shorter one, so that beginning and
end of a fit do not count; the others are warmed up first.

Each shape is measured twice, each time in a fresh process: with the threads that this library gives TensorFlow
(``library``), and with TensorFlow's own choice (``tensorflow``), which a program that used TensorFlow first has made.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from plain_mine import PlainMine, PublishedMine

from infoplane.common import io
from infoplane.common.runtime import tensorflow
from infoplane.critics.networks import Concatenation, CriticOptions
from infoplane.critics.objectives import Objective
from infoplane.critics.temperature import capped_value, held_scores
from infoplane.critics.training import Bank, Member

TABLE = Path(__file__).with_suffix(".csv")
TURNS = 5
HELD_OUT = 64
"""Rows of the selection part: few, since evaluations are no steps."""


class Shape(NamedTuple):
    """A critic, its batch, and how many steps a turn takes."""

    dx: int
    dz: int
    hidden: tuple[int, ...]
    batch: int
    steps: int


SHAPES = (
    Shape(10, 10, (200, 200), 1024, 100),
    Shape(20, 20, (1000, 1000), 2500, 6),
    Shape(2048, 2048, (2048, 2048), 1163, 2),
)


class Ours:
    """A bank with one member."""

    def __init__(self, shape: Shape, x: np.ndarray, z: np.ndarray) -> None:
        critic = Concatenation(shape.dx, shape.dz, shape.hidden, 1)
        self._member = Member(x, z, np.arange(len(x)), (x[:HELD_OUT], z[:HELD_OUT]), np.random.SeedSequence(0))
        self._banks = []
        for steps in (shape.steps, 2 * shape.steps):
            options = CriticOptions(
                hidden=shape.hidden, batch_size=shape.batch, max_steps=steps, evaluate_every=shape.steps
            )
            self._banks.append(Bank(critic, Objective("mine"), held_scores(critic), capped_value, options))

    def seconds(self, bank: int) -> float:
        """CPU seconds of one fit, after the first call of which compiles."""
        started = time.process_time()
        self._banks[bank].fit([self._member])
        return time.process_time() - started


def plain_seconds(plain: PlainMine, shape: Shape, x: np.ndarray, z: np.ndarray, random: np.random.Generator) -> float:
    """CPU seconds of a turn of plain steps."""
    started = time.process_time()
    for _ in range(shape.steps):
        rows = random.integers(0, len(x), shape.batch)
        plain.step(x[rows], z[rows], z[random.permutation(rows)])
    return time.process_time() - started


def measure(shape: Shape) -> dict[str, Any]:
    """One row of the table."""
    random = np.random.default_rng(0)
    n = 4 * shape.batch
    x = random.normal(size=(n, shape.dx)).astype(np.float32)
    z = (0.5 * x + random.normal(size=(n, shape.dz))).astype(np.float32)
    ours = Ours(shape, x, z)
    others = [kind(shape.dx + shape.dz, shape.hidden, seed=0) for kind in (PlainMine, PublishedMine)]
    ours.seconds(0), ours.seconds(1), *(plain_seconds(other, shape, x, z, random) for other in others)
    turns = []
    for _ in range(TURNS):
        short, long = ours.seconds(0), ours.seconds(1)
        turn = [long - short, *(plain_seconds(other, shape, x, z, random) for other in others)]
        turns.append([seconds / shape.steps for seconds in turn])
    mine, plain, published = (np.array(column) for column in zip(*turns, strict=True))
    return {
        "input": shape.dx + shape.dz,
        "hidden": "-".join(map(str, shape.hidden)),
        "batch": shape.batch,
        "threads": tensorflow().config.threading.get_intra_op_parallelism_threads() or "default",
        "ours_cpu_ms": round(1e3 * statistics.median(mine), 2),
        "plain_cpu_ms": round(1e3 * statistics.median(plain), 2),
        "published_cpu_ms": round(1e3 * statistics.median(published), 2),
        "ratio": round(statistics.median(plain / mine), 3),
        "least_ratio": round(min(plain / mine), 3),
        "largest_ratio": round(max(plain / mine), 3),
        "published_ratio": round(statistics.median(published / mine), 3),
    }


def main() -> None:
    """Measure every shape, each in its own processes, and write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shape", type=int, help="measure one shape in this process and print it")
    parser.add_argument("--tensorflow-threads", action="store_true", help="leave the threads to TensorFlow")
    arguments = parser.parse_args()
    if arguments.shape is not None:
        if arguments.tensorflow_threads:
            import tensorflow as tf

            tf.constant(0.0) + 1.0  # from here on its settings hold
        print(json.dumps(measure(SHAPES[arguments.shape])))
        return
    rows = []
    for number in range(len(SHAPES)):
        for settings in ("library", "tensorflow"):
            command = [sys.executable, __file__, "--shape", str(number)]
            command += ["--tensorflow-threads"] if settings == "tensorflow" else []
            output = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
            rows.append({"settings": settings} | json.loads(output.splitlines()[-1]))
            print(rows[-1], flush=True)
    io.save_table(TABLE, rows, list(rows[0]))


if __name__ == "__main__":
    main()
