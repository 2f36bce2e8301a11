"""CPU time until the error against known information stays below 5 %: ``estimate`` against plain MINE.

    python benchmarks/time_to_accuracy.py    writes benchmarks/time_to_accuracy.csv

Half-cube and spiral deformations of Gaussians and of labelled mixtures, 0.3 to 3 nats, 10,000 pairs, a seed of its own
for each. Ours: one call of ``infoplane.estimate`` with its defaults, compilation included. Plain (``plain_mine.py``): a
200-200 critic, batches of 512, columns standardised, looked at every 100 steps. It is given what it would not have:
10,000 further pairs to look at, which cost it nothing, and it has arrived once 10 looks on end, each the mean of five
shuffles, are within 5 %, whatever comes later; the time is that of the first of them. One that has not arrived when its
time is up counts as that time. The two share one process and its threads; importing TensorFlow counts for neither.
"""

from __future__ import annotations

import argparse
import statistics
import time
from pathlib import Path
from typing import Any

import numpy as np
from plain_mine import PlainMine

import infoplane
from infoplane.common import io
from infoplane.distributions import (
    Chain,
    Deformed,
    Distribution,
    HalfCube,
    Mixture,
    Spiral,
    gaussian_with_information,
    paired_gaussian,
)

TABLE = Path(__file__).with_suffix(".csv")
N, BATCH, HIDDEN = 10_000, 512, (200, 200)
EVERY, LOOKS, SHUFFLES = 100, 10, 5
TOLERANCE = 0.05
CAP = 60.0


def ring(classes: int, radius: float) -> Mixture:
    """Unit normal clouds on a circle, a class each."""
    angle = 2 * np.pi * np.arange(classes) / classes
    means = radius * np.column_stack([np.cos(angle), np.sin(angle)])
    return Mixture(means, np.repeat(np.eye(2)[None], classes, axis=0), np.arange(classes))


CUBED = HalfCube()
TURNED, TURNED_TOO = Spiral(1 / 3), Spiral(1 / 3, (1, 2))
TASKS: dict[str, Distribution] = {
    "half-cube gaussian 1 + 1": Deformed(gaussian_with_information(1, 0.3), CUBED, CUBED),
    "half-cube gaussian 3 + 3": Deformed(gaussian_with_information(3, 1.0), CUBED, CUBED),
    "half-cube gaussian 5 + 5": Deformed(gaussian_with_information(5, 2.0), CUBED, CUBED),
    "half-cube gaussian 10 + 10": Deformed(gaussian_with_information(10, 3.0), CUBED, CUBED),
    "spiral gaussian 3 + 3, weak": Deformed(paired_gaussian(3, 3, 2, 0.6), TURNED, TURNED_TOO),
    "spiral gaussian 3 + 3, strong": Deformed(paired_gaussian(3, 3, 2, 0.9), TURNED, TURNED_TOO),
    "spiral gaussian 5 + 5": Deformed(paired_gaussian(5, 5, 2, 0.8), TURNED, TURNED_TOO),
    "half-cube mixture of 4": Deformed(ring(4, 1.5), CUBED),
    "half-cube mixture of 8": Deformed(ring(8, 6.0), CUBED),
    "spiral mixture of 4": Deformed(ring(4, 1.5), TURNED),
    "half-cube spiral mixture of 3": Deformed(ring(3, 1.2), Chain((TURNED, CUBED))),
}


def ours(x: np.ndarray, z: np.ndarray) -> tuple[float, float]:
    """CPU seconds and value of one estimate."""
    started = time.process_time()
    nats = infoplane.estimate(x, z).nats
    return time.process_time() - started, nats


def plain(task: Distribution, truth: float, seed: int, cap: float) -> tuple[float, float, bool]:
    """CPU seconds until plain MINE arrived, its value then, or at the end of its time, and whether it arrived."""
    x, z = prepared(*task.sample(N, seed))
    held_x, held_z = prepared(*task.sample(N, seed + 1000))
    random = np.random.default_rng(seed)
    critic = PlainMine(x.shape[1] + z.shape[1], HIDDEN, seed)
    seconds, looks = 0.0, list[tuple[float, float]]()
    while seconds < cap:
        started = time.process_time()
        for _ in range(EVERY):
            rows = random.integers(0, N, BATCH)
            critic.step(x[rows], z[rows], z[random.permutation(rows)])
        seconds += time.process_time() - started
        looks.append((seconds, float(np.mean([critic.value(held_x, held_z, random) for _ in range(SHUFFLES)]))))
        last = looks[-LOOKS:]
        if len(last) == LOOKS and all(abs(nats - truth) < TOLERANCE * truth for _, nats in last):
            return *last[0], True
    return cap, looks[-1][1], False


def prepared(x: np.ndarray, z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Standardised columns; labels as one column per class."""
    z = np.eye(int(z.max()) + 1)[z] if z.ndim == 1 else z
    scaled = [(part - part.mean(axis=0)) / part.std(axis=0) for part in (x, z)]
    return scaled[0].astype(np.float32), scaled[1].astype(np.float32)


def measure(name: str, seed: int, cap: float) -> dict[str, Any]:
    """One row of the table."""
    task = TASKS[name]
    truth = task.mutual_information()
    x, z = task.sample(N, seed)
    our_seconds, our_nats = ours(x, z)
    seconds, nats, arrived = plain(task, truth, seed, cap)
    within = abs(our_nats - truth) < TOLERANCE * truth
    return {
        "task": name,
        "truth": truth,
        "ours_nats": our_nats,
        "ours_error": our_nats / truth - 1,
        "ours_cpu_s": round(our_seconds, 2),
        "plain_nats": nats,
        "plain_error": nats / truth - 1,
        "plain_cpu_s": round(seconds, 2),
        "plain_arrived": str(arrived),
        "times_sooner": round(seconds / our_seconds, 2) if within else 0.0,
    }


def main() -> None:
    """Measure every task and write the table; an estimate of ours that is not within 5 % counts as 0 times sooner."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=0, help="of the first task; the others follow")
    parser.add_argument("--cap", type=float, default=CAP, help="CPU seconds that plain MINE has for a task")
    arguments = parser.parse_args()
    ours(*TASKS["half-cube gaussian 1 + 1"].sample(2000, 99))  # loads TensorFlow
    rows = []
    for number, name in enumerate(TASKS):
        rows.append(measure(name, arguments.seed + number, arguments.cap))
        print(rows[-1], flush=True)
    print(f"median: {statistics.median(row['times_sooner'] for row in rows)} times sooner")
    io.save_table(TABLE, rows, list(rows[0]))


if __name__ == "__main__":
    main()
