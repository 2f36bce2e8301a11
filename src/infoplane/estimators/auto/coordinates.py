"""Coordinates of a variable: transforms that are fitted without the reporting rows and applied to all rows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import ndtri

from infoplane.common.aliases import FloatArray, IntArray
from infoplane.estimators.auto import constants


def centred(x: npt.NDArray[np.generic]) -> FloatArray:
    """Columns as float64 minus their median, all divided by the largest size: no offset or scale costs digits."""
    values = np.array(x, dtype=np.float64)
    values -= np.median(values, axis=0)
    largest = float(np.abs(values).max())
    values /= largest if largest > 0.0 else 1.0
    return values


def normal_scores(x: FloatArray, fit: IntArray) -> FloatArray:
    """Every column mapped to a standard normal margin by its empirical distribution on the fitting rows.

    Between the fitting rows' values the scores are interpolated, beyond them they stay at the ends; equal values get
    their mean rank.

    Args:
        x: samples, shape (n, d).
        fit: row numbers that tell the margins.

    Returns:
        Scores, shape (n, d), of mean 0 and deviation 1 on the fitting rows; columns constant there become 0.
    """
    result = np.empty(x.shape)
    n = len(fit)
    for column in range(x.shape[1]):
        values, counts = np.unique(x[fit, column], return_counts=True)
        middle = np.cumsum(counts) - 0.5 * counts
        result[:, column] = np.interp(x[:, column], values, ndtri(middle / n))
    mean, deviation = result[fit].mean(axis=0), result[fit].std(axis=0)
    result -= mean
    result /= np.where(deviation > 0.0, deviation, 1.0)
    return result


def own_scale(x: FloatArray, fit: IntArray) -> FloatArray:
    """Columns of mean 0 and deviation 1 on the fitting rows; beyond ``constants.FAR`` deviations they stay there.

    Where margins are normal already, their estimate costs precision: correlations near 1 are seen on this scale.
    """
    mean, deviation = x[fit].mean(axis=0), x[fit].std(axis=0)
    scaled = (x - mean) / np.where(deviation > 0.0, deviation, 1.0)
    result: FloatArray = np.clip(scaled, -constants.FAR, constants.FAR)
    return result


@dataclass(frozen=True)
class Coordinates:
    """What members see of one variable in one round of the cross-fit; all arrays have n rows."""

    scores: FloatArray
    """Normal scores of the columns, or of their principal components where the columns are many, shape (n, p)."""
    own: FloatArray
    """Columns, or principal components of columns as they came, of mean 0 and deviation 1, far values pulled in."""
    weights: FloatArray
    """Deviations of the principal components over that of the first, else ones, shape (p,)."""
    columns: int
    """Columns of the variable as given."""
    reduced: bool


def coordinates(x: FloatArray, fit: IntArray, seed: int) -> Coordinates:
    """Coordinates fitted on the rows ``fit``.

    Args:
        x: centred columns, shape (n, d).
        fit: row numbers that fit the transforms.
        seed: of the randomised decomposition.
    """
    varies = np.ptp(x[fit], axis=0) > 0.0
    if varies.any() and not varies.all():  # a rarely active column may be constant on these rows
        x = x[:, varies]
    scores = normal_scores(x, fit)
    most = int(min(constants.MOST_COMPONENTS, max(2, len(fit) // constants.ROWS_PER_COMPONENT)))
    if x.shape[1] <= most:
        return Coordinates(scores, own_scale(x, fit), np.ones(x.shape[1]), x.shape[1], False)
    from sklearn.utils.extmath import randomized_svd

    _, size, axes = randomized_svd(scores[fit], most, n_iter=3, random_state=seed % 2**32)
    components = scores @ axes.T
    # columns of an embedding: the weak are mostly noise, and hardly count on the scale that they came in
    _, _, raw = randomized_svd(x[fit] - x[fit].mean(axis=0), most, n_iter=3, random_state=seed % 2**32)
    own = own_scale(x @ raw.T, fit)
    return Coordinates(normal_scores(components, fit), own, size / size[0], x.shape[1], True)
