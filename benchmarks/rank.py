"""``rank`` and ``matrix`` beside scikit-learn's ``mutual_info_*``: CPU time per column or pair, and error.

    python benchmarks/rank.py [--paired 30] [--repeats 5]        writes benchmarks/rank.csv

5,000 samples of 100 columns, of which the i-th has a correlation of i / 101 with the target, by turns plain and through
a monotone function; the target as a number, and cut at its median as a class. Ours has intervals, and p-values of 0 or
199 permutations; both use one process. CPU seconds in one process, medians over repeats that take turns. ``matrix`` is
measured on ``--paired`` of the columns (30: 435 pairs), scikit-learn column by column.
"""

from __future__ import annotations

import argparse
import csv
import statistics
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
from scipy.integrate import quad
from scipy.stats import norm
from sklearn.feature_selection import mutual_info_classif, mutual_info_regression

import infoplane

N, COLUMNS = 5000, 100
MAPS = (lambda v: v, np.exp, lambda v: v**3)


def data() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Columns, target, and correlations."""
    rng = np.random.default_rng(2024)
    rho = np.arange(COLUMNS) / (COLUMNS + 1)
    y = rng.standard_normal(N)
    x = rho * y[:, None] + np.sqrt(1.0 - rho**2) * rng.standard_normal((N, COLUMNS))
    for i in range(COLUMNS):
        x[:, i] = MAPS[i % len(MAPS)](x[:, i])
    return x, y, rho


def information_of_sign(rho: float) -> float:
    """I(X; sign Y) of normal variables of correlation rho, by quadrature."""
    if rho == 0.0:
        return 0.0

    def entropy_at(v: float) -> float:
        p = norm.cdf(rho * v / np.sqrt(1.0 - rho**2))
        return -sum(q * np.log(q) for q in (p, 1.0 - p) if q > 0.0) * norm.pdf(v)

    return float(np.log(2.0) - quad(entropy_at, -9.0, 9.0, limit=200)[0])


def compare(
    task: str,
    ours: Callable[[], tuple[np.ndarray, np.ndarray, np.ndarray]],
    theirs: Callable[[], np.ndarray],
    truth: np.ndarray,
    repeats: int,
) -> dict[str, float | str]:
    """One row of the table."""
    seconds: dict[str, list[float]] = {"ours": [], "sklearn": []}
    for _ in range(repeats):
        started = time.process_time()
        values, low, high = ours()
        middle = time.process_time()
        other = theirs()
        seconds["ours"].append(middle - started)
        seconds["sklearn"].append(time.process_time() - middle)
    return {
        "task": task,
        "ms_per_value": round(1e3 * statistics.median(seconds["ours"]) / len(truth), 2),
        "sklearn_ms_per_value": round(1e3 * statistics.median(seconds["sklearn"]) / len(truth), 2),
        "ratio": round(float(np.median(np.divide(seconds["ours"], seconds["sklearn"]))), 3),
        "mean_error": round(float(np.abs(values - truth).mean()), 4),
        "sklearn_mean_error": round(float(np.abs(other - truth).mean()), 4),
        "coverage": round(float(np.mean((low <= truth) & (truth <= high))), 3),
    }


def main() -> None:
    """Measure and write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--paired", type=int, default=30, help="columns of `matrix`, at most 100 (default: 30)")
    parser.add_argument("--repeats", type=int, default=5, help="of each measurement (default: 5)")
    chosen = parser.parse_args()
    paired_columns, repeats = chosen.paired, chosen.repeats
    x, y, rho = data()
    few = x[:, :: COLUMNS // paired_columns][:, :paired_columns]
    few_rho = rho[:: COLUMNS // paired_columns][:paired_columns]
    upper = np.triu_indices(paired_columns, 1)

    def ranked(target: np.ndarray, permutations: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        found = infoplane.rank(x, target, permutations=permutations)
        return found.nats, found.low, found.high

    def paired(permutations: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        found = infoplane.matrix(few, permutations=permutations)
        return found.nats[upper], found.low[upper], found.high[upper]

    def paired_by_sklearn() -> np.ndarray:
        pairs = [mutual_info_regression(few[:, i + 1 :], few[:, i], random_state=0) for i in range(paired_columns - 1)]
        return np.concatenate(pairs)

    infoplane.rank(x[:200, :2], y[:200])  # loads what it needs
    products = few_rho[upper[0]] * few_rho[upper[1]]
    of_sign = np.array([information_of_sign(r) for r in rho])
    rows = [
        row
        for permutations in (0, 199)
        for row in (
            compare(
                f"rank, numbers, {permutations} permutations",
                partial(ranked, y, permutations),
                partial(mutual_info_regression, x, y, random_state=0),
                -0.5 * np.log(1 - rho**2),
                repeats,
            ),
            compare(
                f"rank, two classes, {permutations} permutations",
                partial(ranked, y > 0, permutations),
                partial(mutual_info_classif, x, y > 0, random_state=0),
                of_sign,
                repeats,
            ),
            compare(
                f"matrix, {permutations} permutations",
                partial(paired, permutations),
                paired_by_sklearn,
                -0.5 * np.log(1 - products**2),
                repeats,
            ),
        )
    ]
    with Path(__file__).with_suffix(".csv").open("w", newline="") as handle:
        writer = csv.DictWriter(handle, fieldnames=list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    for row in rows:
        print(row)


if __name__ == "__main__":
    main()
