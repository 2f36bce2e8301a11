"""Error and coverage of ``conditional`` on random tasks of known I(X; Z | W): seven families, n = 200 to 2,000.

    python benchmarks/conditional.py [--tasks 12]

Writes ``benchmarks/conditional.csv``. Tasks have numbers from 10,000 on, which nothing was chosen on.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import pandas as pd
from tqdm import tqdm

import infoplane
from infoplane.distributions.population import EVALUATION_NUMBERS
from infoplane.distributions.population.conditional import CONDITIONAL_FAMILIES, conditional_task

METHODS = ("ksg", "gaussian", "auto")


def reading(family: str, number: int, method: str) -> dict[str, object]:
    """One value beside its truth."""
    task = conditional_task(family, number)
    found = infoplane.conditional(*task.sample(0), method=method)
    low, high = found.ci95 or (float("nan"), float("nan"))
    truth = task.conditional_information
    return {
        "family": family,
        "method": method,
        "error": abs(found.nats - truth),
        "held": low <= truth + 1e-12 and truth - 1e-12 <= high,
        "width": high - low,
    }


def main() -> None:
    """Measure every family and method and write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tasks", type=int, default=12, help="of each family (default: 12)")
    count = parser.parse_args().tasks
    cells = [
        (family, number, method)
        for family in CONDITIONAL_FAMILIES
        for number in EVALUATION_NUMBERS[:count]
        for method in METHODS
        # its interval holds the sampling error alone, so it is tried where all is normal
        if method != "gaussian" or family in ("normals", "noise_beside")
    ]
    rows = pd.DataFrame([reading(*cell) for cell in tqdm(cells)])
    table = rows.groupby(["method", "family"], sort=False).agg(
        tasks=("error", "size"), mean_error=("error", "mean"), median_error=("error", "median"),
        coverage=("held", "mean"), mean_width=("width", "mean"),
    )  # fmt: skip
    print(table.round(3).to_string())
    table.round(3).to_csv(Path(__file__).with_suffix(".csv"), lineterminator="\n")


if __name__ == "__main__":
    main()
