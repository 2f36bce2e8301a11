"""CPU time and wall time of the bracket, and of exact values of a population, against the plain form of both.

    python benchmarks/bracket.py             writes benchmarks/bracket.csv

Plain (``plain_bracket.py``): a pass over the table for each step. Both run in one process and take turns; ours in one
thread and in two, plain in one. A ratio is the median over the turns, of plain over ours and of one thread over two;
the last shows something where a second core is free. ``largest_difference`` is between the values, in nats.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from plain_bracket import bounds
from threadpoolctl import threadpool_limits

from infoplane.common import io
from infoplane.distributions.patterns import tishby
from infoplane.estimators.noisy_channel import brackets
from infoplane.plane.network import SmallNet, train
from infoplane.plane.values import layer_scale

TABLE = Path(__file__).with_suffix(".csv")
TURNS = 3
NOISE = 0.2


class Case(NamedTuple):
    """Samples, noise levels and labels; ``population`` if the rows are all there are."""

    name: str
    t: np.ndarray
    levels: tuple[float, ...]
    labels: np.ndarray | None = None
    population: bool = False


def cases() -> list[Case]:
    """Layers of the networks of the information plane, after their last epoch, and made samples."""
    x, y = tishby("sphere")
    labels = np.asarray(y).astype(np.int64)
    found = []
    for activation, chosen in (("tanh", (0, 2, 5)), ("relu", (0, 3, 5))):
        net = SmallNet(activation)  # type: ignore[arg-type]
        layers = train(net, x, y, 1).layers(x, net.epochs)
        for layer in chosen:
            t = layers[layer]
            levels = (NOISE, NOISE * layer_scale(t))
            found.append(Case(f"{activation} network, layer {layer + 1}", t, levels, labels, population=True))
    random = np.random.default_rng(0)
    for n, d, levels in ((2_000, 64, (4.0,)), (5_000, 32, (0.5, 1.0, 2.0, 4.0, 8.0)), (5_000, 512, (8.0,))):
        found.append(Case("Gaussian samples", random.standard_normal((n, d)).astype(np.float32), levels))
    return found


def seconds(run: Callable[[], Any]) -> tuple[float, float]:
    """CPU and wall seconds."""
    cpu, wall = time.process_time(), time.perf_counter()
    run()
    return time.process_time() - cpu, time.perf_counter() - wall


def middle(numbers: np.ndarray) -> float:
    """The median, for the table."""
    return round(float(np.median(numbers)), 3)


def measure(case: Case) -> dict[str, Any]:
    """One row of the table."""
    keywords = {"labels": case.labels, "population": case.population}
    plain = partial(bounds, case.t, case.levels, **keywords)
    ours = {threads: partial(brackets, case.t, case.levels, threads=threads, **keywords) for threads in (1, 2)}
    values = np.array([(found.lower, found.upper) for found in ours[1]()])
    difference = float(np.abs(values - np.array(plain())).max())
    turns: dict[str, list[tuple[float, float]]] = {name: [] for name in ("plain", "1", "2")}
    for _ in range(TURNS):
        with threadpool_limits(1):
            turns["plain"].append(seconds(plain))
        turns["1"].append(seconds(ours[1]))
        turns["2"].append(seconds(ours[2]))
    times = {name: np.array(found) for name, found in turns.items()}
    return {
        "case": case.name,
        "n": len(case.t),
        "columns": case.t.shape[1],
        "levels": len(case.levels),
        "plain_cpu_s": middle(times["plain"][:, 0]),
        "ours_cpu_s": middle(times["1"][:, 0]),
        "cpu_ratio": middle(times["plain"][:, 0] / times["1"][:, 0]),
        "wall_ratio": middle(times["plain"][:, 1] / times["1"][:, 1]),
        "wall_one_thread_over_two": middle(times["1"][:, 1] / times["2"][:, 1]),
        "largest_difference": float(f"{difference:.1e}"),
    }


def main() -> None:
    """Measure every case and write the table."""
    rows = []
    for case in cases():
        rows.append(measure(case))
        print(rows[-1], flush=True)
    io.save_table(TABLE, rows, list(rows[0]))


if __name__ == "__main__":
    main()
