"""Nonlinear canonical correlations: a few coordinates of each variable that carry the dependence.

A library of simple functions of each variable is fitted by linear algebra alone: the canonical variates of the two
libraries are the directions in which x and z tell most of each other. Whatever the coordinates, their mutual
information is at most that of x and z (data processing), so coordinates fitted on one part of the samples and used on
another can only lose, never invent.

Libraries: ``linear``; ``radial``, every whitened column times cosines of the norm, a linear map that turns with the
norm; ``quadratic``, that and products of columns.

Source: Hotelling 1936, "Relations between two sets of variates"; Lancaster 1958, "The structure of bivariate
distributions", for the expansion in canonical functions that this truncates.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from infoplane.common.aliases import FloatArray, IntArray

Library = Literal["linear", "radial", "quadratic"]

_WAVES = {"linear": 1, "radial": 10, "quadratic": 4}
_NORM_RANGE = (0.002, 0.998)
"""Quantiles of the norm between which the cosines run through their half periods."""
_RIDGE = {"linear": 1e-4, "radial": 0.01, "quadratic": 0.03}
"""Ridge on features of deviation 1."""
_SIGNAL = 2.0
"""A canonical correlation above so many times the median one is taken for signal when features are weighted."""
_LEAST_WEIGHT = 1e-3
_MANY = 150
"""Features above which a second solution weights them by what they gave to the first."""
MOST_FEATURES = 800


def feature_count(columns: int, library: Library) -> int:
    """How many features a variable with so many columns has."""
    products = columns * (columns + 1) // 2 if library == "quadratic" else 0
    return _WAVES[library] * columns + products


@dataclass(frozen=True)
class Features:
    """A library's functions of one variable, mean 0 and deviation 1."""

    values: npt.NDArray[np.float32]
    """Shape (n, p)."""
    column: IntArray
    """Which column (or product of columns) each feature is made of, shape (p,)."""
    wave: IntArray
    """Which cosine, shape (p,)."""


def features(x: FloatArray, library: Library) -> Features:
    """The library's functions of x, of shape (n, d), whose columns should have about unit deviation."""
    white = whitened(x)
    d, waves = white.shape[1], _WAVES[library]
    norm = np.sqrt((white**2).sum(axis=1))
    low, high = np.quantile(norm, _NORM_RANGE)
    position = np.clip((norm - low) / max(high - low, 1e-12), 0.0, 1.0)
    parts = [np.cos(np.pi * wave * position)[:, None] * white for wave in range(waves)]
    column, number = [np.tile(np.arange(d), waves)], [np.repeat(np.arange(waves), d)]
    if library == "quadratic":
        first, second = np.triu_indices(d)
        parts.append(white[:, first] * white[:, second])
        column.append(d + np.arange(len(first)))
        number.append(np.full(len(first), waves))
    values = np.hstack(parts)
    values -= values.mean(axis=0)
    deviation = values.std(axis=0)
    values /= np.where(deviation > 1e-9, deviation, 1.0)
    return Features(values.astype(np.float32), np.concatenate(column), np.concatenate(number))


def whitened(x: FloatArray) -> FloatArray:
    """x with mean 0 and unit covariance, as close to x as that allows; directions without variance stay small."""
    centred = x - x.mean(axis=0)
    variance, axes = np.linalg.eigh(centred.T @ centred / len(x))
    scale = 1.0 / np.sqrt(np.maximum(variance, 1e-6 * max(float(variance[-1]), 1e-300)))
    result: FloatArray = centred @ (axes * scale) @ axes.T
    return result


class Variates:
    """Canonical variates of two libraries, fitted on any set of folds from their stored products.

    Args:
        left, right: features of x and of z.
        fold: the fold of each sample, 0..K-1, shape (n,).
        library: sets the ridge.
        wanted: how many pairs of variates.
    """

    def __init__(self, left: Features, right: Features, fold: IntArray, library: Library, wanted: int) -> None:
        self._left, self._right, self._library, self._wanted = left, right, library, wanted
        both = np.hstack([left.values, right.values])
        self._size = np.bincount(fold)
        self._products = []
        for number in range(len(self._size)):
            part = both[fold == number]
            self._products.append((part.T @ part).astype(np.float64))

    def without(self, *left_out: int) -> tuple[FloatArray, FloatArray]:
        """Variates of all samples, (n, wanted) each, fitted without the folds ``left_out``."""
        kept = [number for number in range(len(self._size)) if number not in left_out]
        gram = np.sum([self._products[number] for number in kept], axis=0) / float(self._size[kept].sum())
        p, ridge = len(self._left.column), _RIDGE[self._library]
        weight_x, weight_z = np.ones(p), np.ones(len(self._right.column))
        map_x, map_z, correlations = _canonical(gram, p, ridge, weight_x, weight_z, self._wanted)
        if max(p, len(weight_z)) > _MANY:
            strong = correlations[: self._wanted] > _SIGNAL * np.median(correlations)
            signal = max(int(strong.sum()), 1)
            weight_x = _weights(map_x[:, :signal], self._left)
            weight_z = _weights(map_z[:, :signal], self._right)
            map_x, map_z, _ = _canonical(gram, p, ridge, weight_x, weight_z, self._wanted)
        return self._left.values @ map_x, self._right.values @ map_z


def _canonical(
    gram: FloatArray, p: int, ridge: float, weight_x: FloatArray, weight_z: FloatArray, wanted: int
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Maps to the first canonical variates, and all canonical correlations, with a ridge on weighted features."""
    from scipy.linalg import solve_triangular

    weight = np.concatenate([weight_x, weight_z])
    scaled = gram * np.outer(weight, weight)
    root_x = np.linalg.cholesky(scaled[:p, :p] + ridge * np.eye(p))
    root_z = np.linalg.cholesky(scaled[p:, p:] + ridge * np.eye(len(weight_z)))
    half = solve_triangular(root_x, scaled[:p, p:], lower=True)
    u, correlations, vt = np.linalg.svd(solve_triangular(root_z, half.T, lower=True).T, full_matrices=False)
    map_x = solve_triangular(root_x.T, u[:, :wanted]) * weight_x[:, None]
    map_z = solve_triangular(root_z.T, vt[:wanted].T) * weight_z[:, None]
    return map_x, map_z, correlations


def _weights(coefficients: FloatArray, library: Features) -> FloatArray:
    """Weight of each feature: large where its column and its cosine carried the variates, so noise is shrunk more."""
    energy = (coefficients**2).mean(axis=1)

    def mean_over(group: IntArray) -> FloatArray:
        size = np.maximum(np.bincount(group), 1)
        result: FloatArray = (np.bincount(group, energy) / size)[group]
        return result

    share = mean_over(library.column) * mean_over(library.wave)
    result: FloatArray = np.maximum(np.sqrt(share / share.max()), _LEAST_WEIGHT)
    return result
