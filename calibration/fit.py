"""Grow the trees that say what a held-out bound lacks, judge them on families left out, and store them.

    python calibration/fit.py calibration/design.jsonl --out src/infoplane/estimators/auto/calibration.npz

The levels of value and high end and the factor of the high end are those with the least mean interval score (Gneiting &
Raftery 2007) on families left out one at a time; the figures of that choice are printed, and are figures of design
families, on which everything was chosen.
"""

from __future__ import annotations

import argparse
import itertools
import json
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.ensemble import ExtraTreesRegressor

from infoplane.common.aliases import Z95, FloatArray
from infoplane.estimators.auto.calibration import Trees, quantiles
from infoplane.estimators.auto.signs import shortfall_unit, signs

TREES, LEAF, SHARE = 100, 6, 0.4
MIDDLES, UPPERS, FACTORS = (0.5,), (0.85, 0.9, 0.93, 0.95, 0.97), (1.0,)
NATS = 0.05
"""Shortfalls are compared on the scale asinh(shortfall / NATS): differences below it do not split a node."""


@dataclass(frozen=True)
class Tasks:
    """Simulated tasks as arrays, the first axis the task."""

    points: FloatArray
    unit: FloatArray
    bound: FloatArray
    error: FloatArray
    truth: FloatArray
    family: Any
    rows: FloatArray
    columns: FloatArray

    @property
    def low(self) -> FloatArray:
        """Low ends of the intervals."""
        return self.bound - Z95 * self.error

    @property
    def shortfall(self) -> FloatArray:
        """What the bound lacks, in units."""
        return (self.truth - self.bound) / self.unit


def read(paths: list[Path], labels: bool) -> Tasks:
    """The tasks of numbers or of classes."""
    lines = [json.loads(one) for path in paths for one in path.read_text().splitlines()]
    if len({(one["family"], one["number"]) for one in lines}) < len(lines):
        raise SystemExit("a task stands in the files more than once; expected each once")
    lines = [one for one in lines if bool(one["labels"]) == labels]
    found = [one["features"] for one in lines]
    return Tasks(
        np.array([signs(f, labels) for f in found]),
        np.array([shortfall_unit(f) for f in found]),
        np.array([f["bound"] for f in found]),
        np.array([f["error"] for f in found]),
        np.array([one["truth"] for one in lines]),
        np.array([one["family"] for one in lines]),
        np.array([f["n"] for f in found]),
        np.array([max(f["columns_x"], f["columns_z"]) for f in found]),
    )


def grown(tasks: Tasks, chosen: Any, levels: tuple[float, float, float]) -> Trees:
    """Trees grown on the chosen tasks."""
    target = np.arcsinh(tasks.shortfall[chosen] * tasks.unit[chosen] / NATS)
    points = tasks.points[chosen].astype(np.float32)
    forest = ExtraTreesRegressor(TREES, min_samples_leaf=LEAF, max_features=SHARE, random_state=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        forest.fit(points, target)
    parts, start, roots = [], 0, []
    for one in forest.estimators_:
        tree = one.tree_
        inner = tree.children_left >= 0
        parts.append(
            (np.where(inner, tree.feature, -1), np.where(inner, tree.threshold, 0.0),
             np.where(inner, tree.children_left + start, -1), np.where(inner, tree.children_right + start, -1))
        )  # fmt: skip
        roots.append(start)
        start += tree.node_count
    feature, threshold, left, right = (np.concatenate(one) for one in zip(*parts, strict=True))
    return Trees(
        feature.astype(np.int16), threshold.astype(np.float32), left.astype(np.int32), right.astype(np.int32),
        np.array(roots, np.int32), (forest.apply(points) + np.array(roots)).astype(np.int32),
        tasks.shortfall[chosen].astype(np.float32), np.array(levels),
        np.array([tasks.rows[chosen].min(), tasks.rows[chosen].max()]), np.array([tasks.columns[chosen].max()]),
    )  # fmt: skip


def left_out(tasks: Tasks) -> FloatArray:
    """Quantiles of the shortfall in nats from trees that did not see the task's family, shape (tasks, levels)."""
    levels = np.array([*MIDDLES, *UPPERS])
    result = np.empty((len(tasks.truth), len(levels)))
    for family in np.unique(tasks.family):
        out = tasks.family == family
        trees = grown(tasks, ~out, (0.5, 0.9, 1.0))
        for row in np.flatnonzero(out):
            weights = trees.weights(tasks.points[row])
            result[row] = quantiles(trees.shortfall.astype(np.float64), weights, levels) * tasks.unit[row]
    return result


def interval_score(low: FloatArray, high: FloatArray, truth: FloatArray) -> FloatArray:
    """Width plus 40 times what the truth lies outside (alpha 0.05)."""
    score: FloatArray = high - low + 40.0 * (np.maximum(low - truth, 0.0) + np.maximum(truth - high, 0.0))
    return score


def chosen_levels(tasks: Tasks, found: FloatArray) -> tuple[float, float, float]:
    """Levels and factor of least interval score, and their figures, printed."""
    best: tuple[float, tuple[float, float, float]] | None = None
    for (upper, factor), middle in itertools.product(
        itertools.product(range(len(UPPERS)), FACTORS), range(len(MIDDLES))
    ):
        value = np.maximum(tasks.bound + found[:, middle], tasks.low)
        high = np.maximum(tasks.bound + factor * found[:, len(MIDDLES) + upper], value)
        score = interval_score(tasks.low, high, tasks.truth)
        if best is None or score.mean() < best[0]:
            best = float(score.mean()), (MIDDLES[middle], UPPERS[upper], factor)
            shown = value, high, score
    assert best is not None
    value, high, score = shown
    holds = (tasks.low <= tasks.truth) & (tasks.truth <= high)
    print(f"{'family left out':28s} tasks  error  bound's error  coverage  score")
    for family in (*np.unique(tasks.family), ""):
        mine = tasks.family == family if family else np.ones(len(holds), bool)
        print(
            f"{family or 'all':28s} {mine.sum():5d}  {np.abs(value - tasks.truth)[mine].mean():.3f}  "
            f"{np.abs(tasks.bound - tasks.truth)[mine].mean():.3f}          {holds[mine].mean():.2f}      "
            f"{score[mine].mean():.2f}"
        )
    print("low end above the truth:", np.mean(tasks.low > tasks.truth), "levels:", best[1])
    return best[1]


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("tasks", type=Path, nargs="+")
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    arrays: dict[str, Any] = {}
    for labels, kind in ((False, "numbers"), (True, "classes")):
        tasks = read(arguments.tasks, labels)
        trees = grown(tasks, np.ones(len(tasks.truth), bool), chosen_levels(tasks, left_out(tasks)))
        arrays |= {f"{kind}_{name}": getattr(trees, name) for name in Trees.__dataclass_fields__}
    np.savez_compressed(arguments.out, **arrays)


if __name__ == "__main__":
    main()
