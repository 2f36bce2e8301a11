"""What rounding a training step's large products to bfloat16 does to the values: nothing that seeds do not do more of.

    python benchmarks/mixed_precision.py     writes benchmarks/mixed_precision.csv

``mine`` and ``infonce`` with 200-200 critics and batches of 1,024, n = 6,000, once with ``precision="float32"`` and
once with ``"mixed"``, on information that is known: 0 to 8 nats, dense and narrow. Three seeds, each with samples of
its own, the same for both. Where the processor has no bfloat16 products the two are one and the same.
"""

from __future__ import annotations

import argparse
import math
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

import infoplane
from infoplane.common import io
from infoplane.common.runtime import bfloat16_is_faster
from infoplane.critics.networks import CriticOptions, Precision
from infoplane.distributions import (
    Deformed,
    Distribution,
    HalfCube,
    Spiral,
    UniformNoise,
    correlated_gaussian,
    gaussian_with_information,
    identity_student,
)

TABLE = Path(__file__).with_suffix(".csv")
N, SEEDS = 6_000, 3
CUBE, SPIRAL = HalfCube(), Spiral(1 / 3)
TASKS: dict[str, Distribution] = {
    "independent, Gaussian 10+10": correlated_gaussian(10, 0.0),
    "Gaussian 20+20": gaussian_with_information(20, 2.0),
    "Student 5+5, 2 degrees": identity_student(5, 5, 2),
    "half-cube Gaussian 5+5": Deformed(gaussian_with_information(5, 1.5), CUBE, CUBE),
    "spiral Gaussian 3+3": Deformed(gaussian_with_information(3, 2.0), SPIRAL, SPIRAL),
    "additive noise 0.005": UniformNoise(0.005),
    "Gaussian 5+5, 4 nats": gaussian_with_information(5, 4.0),
    "Gaussian 10+10, 8 nats": gaussian_with_information(10, 8.0),
}


def options(method: str, precision: Precision) -> CriticOptions:
    """Critics large enough that products are rounded."""
    return CriticOptions(
        kind="separable" if method == "infonce" else "concatenation",
        hidden=(200, 200),
        batch_size=1024,
        max_steps=800,
        patience=6,
        folds=2,
        precision=precision,
    )


def timed(estimate: Callable[[], Any]) -> tuple[Any, float]:
    """What it returns, and CPU seconds."""
    started = time.process_time()
    return estimate(), time.process_time() - started


def measure(name: str, method: str, seed: int) -> dict[str, Any]:
    """One row of the table."""
    x, z = TASKS[name].sample(N, 100 * seed + len(name))
    row: dict[str, Any] = {"task": name, "method": method, "seed": seed, "truth": TASKS[name].mutual_information()}
    precisions: tuple[Precision, ...] = ("float32", "mixed")
    for precision in precisions:
        chosen = options(method, precision)
        result, seconds = timed(lambda chosen=chosen: infoplane.estimate(x, z, method, seed=seed, options=chosen))
        row |= {
            f"{precision}_nats": result.nats,
            f"{precision}_low": result.ci95[0] if result.ci95 else None,
            f"{precision}_cpu_s": round(seconds, 2),
        }
    return row


def main() -> None:
    """Measure every task and write the table."""
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    if not bfloat16_is_faster():
        print("no bfloat16 products here: both columns are float32")
    rows = []
    for method in ("mine", "infonce"):
        for name in TASKS:
            for seed in range(SEEDS):
                rows.append(measure(name, method, seed))
                print(rows[-1], flush=True)
    io.save_table(TABLE, rows, list(rows[0]))
    change = np.array([row["mixed_nats"] - row["float32_nats"] for row in rows])
    print(f"mixed less float32: mean {change.mean():+.4f} nats, mean absolute {abs(change).mean():.4f}")
    above = {p: sum(row[f"{p}_low"] > row["truth"] + math.ulp(1.0) for row in rows) for p in ("float32", "mixed")}
    print(f"low ends above the truth: {above}, of {len(rows)}")


if __name__ == "__main__":
    main()
