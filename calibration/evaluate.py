"""What ``auto`` says of simulated tasks, by family: error, coverage, interval score, low ends that are too high.

    python calibration/evaluate.py calibration/held_out.jsonl --out benchmarks/population_held_out.csv

Reads what ``calibration/simulate.py`` wrote; value and interval are those that ``infoplane.estimate`` gives where
nothing is infinite, copied or constant.
"""

from __future__ import annotations

import argparse
import csv
import json
from pathlib import Path

import numpy as np

from infoplane.estimators.auto.calibration import judge

FIELDS = [
    "family", "number", "n", "dx", "dz", "truth", "nats", "low", "high", "bound", "score", "holds", "low_above",
    "cpu_seconds",
]  # fmt: skip


def row(line: dict) -> dict[str, object]:  # type: ignore[type-arg]
    """One line of the table."""
    f, low_truth, high_truth = line["features"], line["truth_low"], line["truth_high"]
    judged = judge(f, bool(line["labels"]))
    outside = max(judged.low - high_truth, 0.0) + max(low_truth - judged.high, 0.0)  # real images: the truth is a range
    return {
        "family": line["family"], "number": line["number"], "n": int(f["n"]), "dx": int(f["columns_x"]),
        "dz": int(f["columns_z"]), "truth": line["truth"], "nats": judged.value, "low": judged.low, "high": judged.high,
        "bound": f["bound"], "score": judged.high - judged.low + 40.0 * outside, "holds": int(outside == 0.0),
        "low_above": int(judged.low > high_truth),
        "cpu_seconds": line["cpu"],
    }  # fmt: skip


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("tasks", type=Path, nargs="+")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--most", type=float, default=np.inf, help="leave out tasks of more nats")
    arguments = parser.parse_args()
    lines = [json.loads(one) for path in arguments.tasks for one in path.read_text().splitlines()]
    if len({(one["family"], one["number"]) for one in lines}) < len(lines):
        raise SystemExit("a task stands in the files more than once; expected each once")
    rows = sorted((row(one) for one in lines), key=lambda one: (one["family"], one["number"]))
    with arguments.out.open("w", newline="") as handle:
        writer = csv.DictWriter(handle, FIELDS, lineterminator="\n")
        writer.writeheader()
        writer.writerows({k: f"{v:.4f}" if isinstance(v, float) else v for k, v in one.items()} for one in rows)
    table = {name: np.array([one[name] for one in rows]) for name in FIELDS}
    some = table["truth"] <= arguments.most
    print(f"{'family':24s} tasks  error  median  coverage  score  width  low above  CPU s")
    for family in (*np.unique(table["family"][some]), ""):
        mine = some & ((table["family"] == family) if family else True)
        one = {name: values[mine] for name, values in table.items()}
        error = np.abs(one["nats"] - one["truth"])
        print(
            f"{family or 'all':24s} {len(error):5d}  {error.mean():.3f}  {np.median(error):.3f}   "
            f"{one['holds'].mean():.2f}      {one['score'].mean():5.2f}  {(one['high'] - one['low']).mean():.2f}   "
            f"{one['low_above'].mean():.2f}       {np.median(one['cpu_seconds']):.1f}"
        )


if __name__ == "__main__":
    main()
