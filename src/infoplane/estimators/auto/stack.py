"""Members stacked: nonnegative weights that do best on the selection part, and what the stack holds out.

The bound is InfoNCE over all rows of a block, the true partner among them, in both directions: a lower bound in
expectation for any score, labels that are a function of x included, at most ln m (van den Oord et al. 2018; Poole et
al. 2019, eq. 12), and concave in the weights. A score needs no normalisation for it, which costs the bounds with a
global normaliser much of their value where few pairs carry it.

Source for stacking: Wolpert 1992, "Stacked generalization"; Breiman 1996, "Stacked regressions" (nonnegative weights).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize

from infoplane.common.aliases import Float32Array, FloatArray, IntArray
from infoplane.estimators.auto import constants
from infoplane.estimators.auto.ratios import Ratio


def info_nce(scores: npt.NDArray[np.floating]) -> tuple[float, npt.NDArray[np.floating]]:
    """InfoNCE of both directions over a square matrix of scores, and its gradient by the scores."""
    m = len(scores)
    tops = scores.max(axis=1, keepdims=True), scores.max(axis=0)
    rows, columns = np.exp(scores - tops[0]), np.exp(scores - tops[1])
    rows_sum, columns_sum = rows.sum(axis=1, keepdims=True), columns.sum(axis=0)
    joint = np.diagonal(scores)
    own = joint - 0.5 * (tops[0][:, 0] + tops[1] + np.log(rows_sum[:, 0]) + np.log(columns_sum))
    rows /= rows_sum
    rows += columns / columns_sum
    rows *= -0.5 / m
    rows[np.arange(m), np.arange(m)] += 1.0 / m
    return float(own.mean(dtype=np.float64)) + float(np.log(m)), rows


def stacked(matrices: Sequence[FloatArray], penalty: float) -> FloatArray:
    """Nonnegative weights that maximise InfoNCE of the weighted sum, less ``penalty`` times the weights' sum."""
    grids = np.stack([np.clip(m, -constants.MOST_SCORE, constants.MOST_SCORE) for m in matrices]).astype(np.float32)
    alone = np.array([info_nce(grid)[0] for grid in grids])
    flat = grids.reshape(len(grids), -1)

    def loss(w: FloatArray) -> tuple[float, FloatArray]:
        value, gradient = info_nce((w.astype(np.float32) @ flat).reshape(grids[0].shape))
        return -value + penalty * float(w.sum()), -(flat @ gradient.ravel()).astype(np.float64) + penalty

    start = np.zeros(len(grids))
    start[int(alone.argmax())] = 0.8
    start += 0.2 / len(grids)
    best = minimize(
        loss, start, jac=True, method="L-BFGS-B", bounds=[(0.0, None)] * len(grids), options={"maxiter": 40}
    )
    return np.asarray(best.x)


def combined(members: Sequence[Ratio], weights: FloatArray, rows_x: IntArray, rows_z: IntArray) -> Float32Array:
    """The weighted sum of the members' scores."""
    total = np.zeros((len(rows_x), len(rows_z)), np.float32)
    for member, weight in zip(members, weights, strict=True):
        if weight > 1e-4:
            scores = member.matrix(rows_x, rows_z).astype(np.float32)
            np.clip(scores, -constants.MOST_SCORE, constants.MOST_SCORE, out=scores)
            scores *= np.float32(weight)
            total += scores
    return total


@dataclass(frozen=True)
class Held:
    """What a stack says of reporting rows; arrays of shape (m,)."""

    terms: FloatArray
    """Terms whose mean is the bound."""
    influence: FloatArray


def held_out(members: Sequence[Ratio], weights: FloatArray, rows: IntArray) -> Held:
    """InfoNCE of reporting rows (one block), both directions."""
    scores = combined(members, weights, rows, rows)
    m = len(rows)
    joint = np.diagonal(scores).astype(np.float64)
    terms, received = np.zeros(m), np.zeros(m)
    for one in (scores, scores.T):
        top = one.max(axis=1, keepdims=True)
        shares = np.exp(one - top)
        total = shares.sum(axis=1, dtype=np.float64)
        terms += 0.5 * (joint - top[:, 0] - np.log(total / m))
        received += (1.0 / total).astype(np.float32) @ shares
    influence = terms - 0.5 * received
    return Held(terms, influence - influence.mean())
