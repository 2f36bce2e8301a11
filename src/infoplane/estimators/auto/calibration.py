"""What a held-out bound lacks, learned on random tasks of known information: quantile regression by random trees.

The tasks are those of the design families of :mod:`infoplane.distributions.population`; ``calibration/`` simulates
them, grows the trees and writes ``calibration.npz``. A new sample falls into one leaf of every tree; the tasks that
share its leaves, each counted as often as it does, are the distribution of what its bound lacks.

Source: Meinshausen 2006, "Quantile regression forests"; Geurts, Ernst & Wehenkel 2006, "Extremely randomized trees".
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from infoplane.common.aliases import Z95, FloatArray
from infoplane.estimators.auto import constants
from infoplane.estimators.auto.signs import shortfall_unit, signs

_FILE = Path(__file__).with_name("calibration.npz")


@dataclass(frozen=True)
class Judgement:
    """The calibration's judgement of one sample, in nats."""

    low: float
    """Lower confidence limit of the held-out bound: nothing learned."""
    value: float
    high: float
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Trees:
    """Grown trees, all in one set of arrays."""

    feature: npt.NDArray[np.int16]
    """Sign that a node asks, -1 in a leaf, shape (nodes,)."""
    threshold: npt.NDArray[np.float32]
    left: npt.NDArray[np.int32]
    """Node to go to where the sign is at most the threshold."""
    right: npt.NDArray[np.int32]
    roots: npt.NDArray[np.int32]
    """Shape (trees,)."""
    leaves: npt.NDArray[np.int32]
    """Leaf of each task in each tree, shape (tasks, trees)."""
    shortfall: npt.NDArray[np.float32]
    """What each task's bound lacked, in units of its own scale, shape (tasks,)."""
    levels: npt.NDArray[np.float64]
    """Quantile of the value, quantile of the high end, factor of the high end."""
    rows: npt.NDArray[np.float64]
    """Fewest and most rows of the tasks."""
    columns: npt.NDArray[np.float64]
    """Most columns of the tasks."""

    def leaf(self, point: FloatArray) -> npt.NDArray[np.int32]:
        """The leaf of each tree that holds the signs."""
        node = self.roots.copy()
        single = point.astype(np.float32)
        while (inner := self.feature[node] >= 0).any():
            here = node[inner]
            below = single[self.feature[here]] <= self.threshold[here]
            node[inner] = np.where(below, self.left[here], self.right[here])
        return node

    def weights(self, point: FloatArray) -> FloatArray:
        """How much each task counts for a sample with these signs, sum 1, shape (tasks,)."""
        same = self.leaves == self.leaf(point)
        share: FloatArray = (same / np.maximum(same.sum(axis=0), 1)).sum(axis=1)
        result: FloatArray = share / share.sum()
        return result


def quantiles(values: FloatArray, weights: FloatArray, levels: FloatArray) -> FloatArray:
    """Weighted quantiles: the least value up to which the weights add up to the level."""
    order = np.argsort(values)
    total = np.cumsum(weights[order])
    place = np.searchsorted(total, levels * total[-1] - 1e-12)
    result: FloatArray = values[order][np.minimum(place, len(values) - 1)]
    return result


@cache
def trees(kind: str) -> Trees:
    """The stored trees for "numbers" or "classes"."""
    with np.load(_FILE, allow_pickle=False) as stored:
        arrays: dict[str, Any] = {name: stored[f"{kind}_{name}"] for name in Trees.__dataclass_fields__}
    return Trees(**arrays)


def judge(features: Mapping[str, float], labels: bool) -> Judgement:
    """Value and high end for what :func:`infoplane.estimators.auto.measure.measure` found.

    Args:
        features: of the sample.
        labels: whether z is classes.
    """
    grown = trees("classes" if labels else "numbers")
    weights = grown.weights(signs(features, labels))
    middle, upper, factor = grown.levels
    value, high = quantiles(grown.shortfall.astype(np.float64), weights, np.array([middle, upper]))
    unit, bound = shortfall_unit(features), features["bound"]
    low, most = bound - Z95 * features["error"], math.inf
    if labels:  # I(X; Y) <= H(Y), which is known up to its own error
        most = min(features["entropy_limit"] + Z95 * features["entropy_error"], math.log(features["classes"]))
        most = max(most, low)
    notes = []
    columns = max(features["columns_x"], features["columns_z"])
    if features["n"] < grown.rows[0] or columns > grown.columns[0]:
        notes.append(
            f"outside of what was tried: value and high end were learned on at least {grown.rows[0]:.0f} samples and "
            f"at most {grown.columns[0]:.0f} columns; {features['n']:.0f} samples and {columns:.0f} columns given"
        )
    nats = min(max(bound + unit * float(value), low), most)
    end = max(min(bound + unit * float(high) * float(factor), most), nats)
    if not labels and near_limit(features):  # a bound at its limit looks the same for any information above
        notes.append(
            f"near its limit: the bound of {bound:.3g} nats can be at most {features['ln_m']:.3g} with so few samples; "
            "the rest of the value is experience with simpler data"
        )
        if features["gauss_ok"]:
            end = max(end, features["gauss"] + Z95 * features["gauss_se"])
    return Judgement(low, nats, end, tuple(notes))


def near_limit(features: Mapping[str, float]) -> bool:
    """Whether the bound is within ``constants.NEAR_LIMIT`` of ln m, the most that m reporting rows can show."""
    return features["bound"] > features["ln_m"] - constants.NEAR_LIMIT
