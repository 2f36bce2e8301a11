"""Do intervals hold the truth as often as they say? Six tasks below 3 nats, n = 2,000, 20 seeds.

    python benchmarks/coverage.py [--seeds 20] [--methods auto mine ...]

Writes ``benchmarks/coverage.csv``: for each task and method how many of its intervals hold the truth; a two-sided
estimate on both sides, a lower bound where its low end is not above the truth. The last row of each method is over all
tasks. Exit code 1 when ``auto`` is anywhere not two-sided, holds in fewer than 16 of 20 on a task or 92 % over all, or
a lower bound in fewer than 95 % over all.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tqdm import tqdm

from infoplane.calibration import known, methods
from infoplane.calibration.options import Settings, SuiteOptions
from infoplane.calibration.readings import Reading, run_methods
from infoplane.calibration.scores import group_by, mean_nats
from infoplane.calibration.tasks import Task
from infoplane.common import io

TABLE = Path(__file__).with_suffix(".csv")
SAMPLES = 2000
TASKS = (
    "gaussian 2d rho 0.9",
    "gaussian 20d rho 0.5",
    "xor 1.2",
    "three classes",
    "10-ary channel",
    "uniform steps",
)
COLUMNS = ("method", "task", "truth", "kind", "seeds", "held", "share", "mean", "mean_low", "mean_high")
LEAST_PER_TASK, LEAST_OF_ALL, LEAST_OF_BOUNDS = 0.8, 0.92, 0.95


def tasks() -> list[Task]:
    """The six, from the suites gaussians, mixtures and discrete."""
    sizes = SuiteOptions(("auto",), (SAMPLES,), 1)
    found = [
        *known.gaussians(SuiteOptions(("auto",), (SAMPLES,), 1, (2, 20), (0.5, 0.9))),
        *known.mixtures(SuiteOptions(("auto",), (SAMPLES,), 1, levels=(1.2,))),
        *known.discrete(sizes),
    ]
    chosen = {task.name: task for task in found}
    return [chosen[name] for name in TASKS]


def row(method: str, task: str, readings: Sequence[Reading]) -> dict[str, Any]:
    """How often one method's intervals hold the truth."""
    covered = [reading.covers for reading in readings]
    lows = [reading.low for reading in readings if reading.low is not None]
    highs = [reading.high for reading in readings if reading.high is not None]
    truths = {reading.truth for reading in readings}
    return {
        "method": method,
        "task": task,
        "truth": truths.pop() if len(truths) == 1 else None,
        "kind": "+".join(sorted({str(reading.kind) for reading in readings})),
        "seeds": len(readings),
        "held": sum(bool(one) for one in covered),
        "share": sum(bool(one) for one in covered) / len(covered),
        "mean": mean_nats(readings),
        "mean_low": sum(lows) / len(lows) if lows else None,
        "mean_high": sum(highs) / len(highs) if highs else None,
    }


def table(readings: Sequence[Reading]) -> list[dict[str, Any]]:
    """A row per method and task, and one over all tasks; methods that refuse a task have no row for it."""
    rows = []
    for method, own in group_by(readings, lambda reading: reading.method).items():
        answered = [reading for reading in own if reading.kind is not None]
        rows += [row(method, task, group) for task, group in group_by(answered, lambda reading: reading.task).items()]
        rows.append(row(method, "all", answered))
    return rows


def failures(rows: Sequence[dict[str, Any]]) -> list[str]:
    """What falls short of the promise, a line each."""
    found = []
    for one in rows:
        whole, bound = one["task"] == "all", one["kind"] == "lower_bound"
        least = LEAST_OF_BOUNDS if bound else LEAST_OF_ALL if whole else LEAST_PER_TASK
        if one["method"] == "auto" and one["kind"] != "estimate":
            found.append(f"auto on {one['task']}: kind {one['kind']}, not two-sided")
        if (one["method"] == "auto" or (bound and whole)) and one["share"] < least:
            found.append(f"{one['method']} on {one['task']}: {one['held']} of {one['seeds']} held")
    return found


def main() -> int:
    """Run, write the table, say what falls short."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--methods", nargs="+", default=["auto", "mine", "nwj", "infonce", "probe"])
    arguments = parser.parse_args()
    sizes = SuiteOptions(tuple(arguments.methods), (SAMPLES,), arguments.seeds)
    own = methods.estimators(Settings(sizes))
    readings = run_methods(tasks(), own, samples=SAMPLES, repeats=arguments.seeds, seed=0, progress=tqdm)
    rows = table(readings)
    io.save_table(TABLE, rows, COLUMNS)
    for one in rows:
        print(f"{one['method']:<8} {one['task']:<22} {one['held']:>3} of {one['seeds']:<4} {one['kind']}")
    problems = failures(rows)
    for line in problems:
        print(line, file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
