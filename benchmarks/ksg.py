"""CPU time and accuracy of ``ksg`` against the plain formulation that NPEET publishes.

    python benchmarks/ksg.py                 writes benchmarks/ksg.csv
    pip install --target FOLDER npeet-plus   and PYTHONPATH=FOLDER: times NPEET's own code too

The plain formulation: one tree of the pairs asked for the k-th neighbour, one tree of each variable asked for a count,
scikit-learn's defaults, no interval. ``ksg`` also standardises, looks for ties and measures an interval; "without
interval" is its value alone. CPU seconds, all in one process, each the median over repeats that take turns.
"""

from __future__ import annotations

import csv
import math
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from scipy.special import psi
from sklearn.neighbors import KDTree

from infoplane.estimators import nearest_neighbours
from infoplane.estimators.margins import standardised

K = 3
RHO = 0.6
CASES = ((10_000, 5, 5), (10_000, 1, 1), (10_000, 2, 2), (2_000, 10, 10), (100_000, 1, 1), (100_000, 2, 2))
REPEATS = 9


def plain(x: np.ndarray, z: np.ndarray) -> float:
    """Kraskov et al. 2004, eq. (8), as NPEET writes it (noise of 1e-10 against ties included)."""
    rng = np.random.default_rng(0)
    x, z = x + 1e-10 * rng.random(x.shape), z + 1e-10 * rng.random(z.shape)
    joint = np.hstack([x, z])
    distance = KDTree(joint, metric="chebyshev").query(joint, k=K + 1)[0][:, K]
    counts = [KDTree(part, metric="chebyshev").query_radius(part, distance - 1e-15, count_only=True) for part in (x, z)]
    return float(psi(K) + psi(len(x)) - np.mean([psi(count).mean() for count in counts]) * 2)


def contenders() -> dict[str, Callable[[np.ndarray, np.ndarray], float]]:
    """What is timed, by name."""
    found: dict[str, Callable[[np.ndarray, np.ndarray], float]] = {
        "ksg": lambda x, z: nearest_neighbours.ksg(x, z, k=K).nats,
        "without_interval": lambda x, z: nearest_neighbours.pair_value(standardised(x), standardised(z), K, None),
        "plain": plain,
    }
    try:
        from npeet_plus import mi
    except ImportError:
        return found
    return found | {"npeet": lambda x, z: float(mi(x, z, k=K, base=np.e))}


def measure(n: int, dx: int, dz: int) -> dict[str, float | int | str]:
    """One row of the table."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(n, dx))
    z = RHO * x[:, :dz] + np.sqrt(1 - RHO**2) * rng.normal(size=(n, dz))
    timed = contenders()
    seconds: dict[str, list[float]] = {name: [] for name in timed}
    values = {}
    for name, run in timed.items():  # the first call loads what it needs
        values[name] = run(x[:6000], z[:6000])
    for _ in range(REPEATS):
        for name, run in timed.items():
            started = time.process_time()
            values[name] = run(x, z)
            seconds[name].append(time.process_time() - started)
    row: dict[str, float | int | str] = {"n": n, "dx": dx, "dz": dz, "truth": round(-dz / 2 * math.log(1 - RHO**2), 4)}
    medians = {name: statistics.median(times) for name, times in seconds.items()}
    row |= {f"{name}_nats": round(values[name], 4) for name in ("ksg", "plain")}
    row |= {f"{name}_cpu_s": round(median, 4) for name, median in medians.items()}
    row |= {
        f"ksg_over_{name}": round(float(np.median(np.divide(seconds["ksg"], seconds[name]))), 3)
        for name in timed
        if name in ("plain", "npeet")
    }
    return row


def main() -> None:
    """Measure every case and write the table."""
    rows = []
    for case in CASES:
        rows.append(measure(*case))
        print(rows[-1], flush=True)
    with Path(__file__).with_suffix(".csv").open("w", newline="") as handle:
        writer = csv.DictWriter(handle, fieldnames=list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


if __name__ == "__main__":
    main()
