"""What the members say of random tasks whose information is known: one line of JSON per task, appended.

    python calibration/simulate.py design 0 40 --out calibration/design.jsonl

Takes up where an earlier run stopped.
"""

from __future__ import annotations

import argparse
import json
import math
import time
from pathlib import Path
from typing import Any

from threadpoolctl import threadpool_limits

from infoplane.common import seeds
from infoplane.distributions import population
from infoplane.estimators.auto import constants
from infoplane.estimators.auto.measure import measure
from infoplane.estimators.auto.route import route

FEWEST, MOST = 120, constants.ROWS_THAT_COUNT
"""Rows of the tasks: more than the most change nothing, as every part is as large as it gets."""
FEW_IMAGES = ("digit_pairs", "digit_labels")
"""Families that have a bounded number of rows."""
PRIOR = 2.5


def rows_of(task: population.Task) -> int:
    """How many rows are drawn: log-uniform; of images as many as the task has at the most."""
    random = seeds.generator(task.number, "calibration", task.family, "rows")
    rows = int(math.exp(random.uniform(math.log(FEWEST), math.log(MOST))))
    return min(rows, task.n) if task.family in FEW_IMAGES else rows


def taken(task: population.Task) -> bool:
    """Whether the task serves: with probability exp(-I / PRIOR), as much information is rarer where people look."""
    return bool(
        seeds.generator(task.number, "calibration", task.family, "taken").random()
        < math.exp(-task.mutual_information / PRIOR)
    )


def line(family: str, number: int, seed: int, thin: bool, every: bool = False) -> dict[str, object] | None:
    """One task's row, or None where counting in a table is all that there is to do."""
    task = population.task(family, number)
    if not every and not taken(task):
        return None
    x, z = task.draw(rows_of(task) if thin else task.n, seed)
    way = route(x, z, z.ndim == 1)
    if way.kind == "table":
        return None
    x, z = way.x, way.z
    before = time.process_time()
    with threadpool_limits(1):
        found = measure(x, z, seed)
    cpu = time.process_time() - before
    low, high = task.mutual_information_range
    return {
        "family": family, "number": number, "seed": seed, "truth": task.mutual_information, "truth_low": low,
        "truth_high": high, "labels": int(z.ndim == 1), "cpu": round(cpu, 2), "description": task.description,
        "weights": found.weights, "seconds": found.seconds, "features": found.features,
    }  # fmt: skip


def rounded(value: Any) -> Any:
    """Numbers to six digits, which say all that a random task can."""
    if isinstance(value, dict):
        return {name: rounded(one) for name, one in value.items()}
    return float(f"{value:.6g}") if isinstance(value, float) else value


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("which", choices=("design", "held-out", "new-numbers"))
    parser.add_argument("first", type=int)
    parser.add_argument("last", type=int)
    parser.add_argument("--step", type=int, default=1)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--families", nargs="*")
    parser.add_argument("--whole", action="store_true", help="draw every task with its own number of rows")
    arguments = parser.parse_args()
    done = set()
    if arguments.out.exists():
        done = {(one["family"], one["number"]) for one in map(json.loads, arguments.out.read_text().splitlines())}
    families = arguments.families or (population.HELD_OUT if arguments.which == "held-out" else population.DESIGN)
    failed = 0
    offset = 0 if arguments.which == "design" else population.EVALUATION_NUMBERS.start
    for number in range(offset + arguments.first, offset + arguments.last, arguments.step):
        for family in families:
            if (family, number) in done:
                continue
            try:
                row = line(family, number, 0, not arguments.whole, arguments.which != "design")
            except Exception as error:
                print("FAILED", family, number, repr(error), flush=True)
                failed += 1
                continue
            if row is None:
                continue
            with arguments.out.open("a") as handle:
                handle.write(json.dumps(rounded(row)) + "\n")
            f = row["features"]
            print(
                f"{family} {number} n {f['n']:.0f} truth {row['truth']:.3f} bound {f['bound']:.3f} cpu {row['cpu']}",
                flush=True,
            )
    if failed:
        raise SystemExit(f"{failed} tasks failed and are missing, which biases what is learned; expected none")


if __name__ == "__main__":
    main()
