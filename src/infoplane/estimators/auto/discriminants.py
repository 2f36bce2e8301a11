"""Posteriors of class labels that linear algebra or a convex problem fits: what ``auto`` begins at for labels.

Gaussian classes with one covariance or one each, and logistic regression on products of columns, which needs no
Gaussian classes: columns of two values (bits, switches) meet in products, not in means. Each is cross-fitted, and the
choice is by the held-out value.

Source: Hastie, Tibshirani & Friedman 2009, "The elements of statistical learning", sections 4.3 and 4.4.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from infoplane.common import seeds
from infoplane.common.aliases import FloatArray, IntArray

FOLDS = 5
_PRIOR_SHARE = 0.001
"""Share of the class frequencies mixed into every posterior, so that no sample costs without limit."""
_RIDGES = (3.0, 0.3)
"""Penalties on squared weights, in samples' worth, of the logistic regressions that are tried."""
_ROWS_PER_PRODUCT = 10.0
"""Samples per feature below which products of columns are not tried."""
_MOST_WEIGHTS = 5_000
_ITERATIONS = 150


@dataclass(frozen=True)
class Discriminant:
    """A family of class posteriors."""

    name: str
    log_posterior: Callable[[IntArray], FloatArray]
    """Fitting rows -> log q(k | x_i) of all samples, shape (n, K)."""


@dataclass(frozen=True)
class Evaluation:
    """A discriminant, cross-fitted."""

    model: Discriminant
    held_out: FloatArray
    """log q(y_i | x_i) of each sample by a model that did not see it, shape (n,)."""
    optimism: float
    """Mean on the fitting rows minus mean on the held-out ones."""


def balanced_folds(labels: IntArray, seed: int) -> IntArray:
    """The fold of each sample; every fold gets its share of every class."""
    order = seeds.generator(seed, "auto", "folds").permutation(len(labels))
    order = order[np.argsort(labels[order], kind="stable")]
    fold = np.empty(len(labels), dtype=np.int64)
    fold[order] = np.arange(len(labels)) % FOLDS
    return fold


def discriminants(x: FloatArray, labels: IntArray, frequency: FloatArray) -> Iterator[Discriminant]:
    """The families that the number of samples bears.

    Args:
        x: columns of about unit deviation, shape (n, d).
        labels: classes 0..K-1, shape (n,).
        frequency: share of each class, shape (K,).
    """
    prior = np.log(frequency)
    classes, d = len(frequency), x.shape[1]

    def gaussian(name: str, pooling: float) -> Discriminant:
        return Discriminant(name, lambda rows: _gaussian_classes(x, labels, rows, prior, pooling))

    yield Discriminant("class frequencies", lambda rows: np.tile(prior, (len(x), 1)))
    yield gaussian("Gaussian discriminant, one covariance", math.inf)
    yield gaussian("Gaussian discriminant, a covariance per class", d + 5.0)
    count = d + d * (d + 1) // 2
    if len(x) < _ROWS_PER_PRODUCT * count or count * classes > _MOST_WEIGHTS:
        return
    features = _products(x)
    for ridge in _RIDGES:
        yield Discriminant(
            f"logistic regression on products, ridge {ridge:g}",
            lambda rows, ridge=ridge: _logistic(features, labels, rows, prior, ridge),  # type: ignore[misc]
        )


def evaluate(model: Discriminant, labels: IntArray, fold: IntArray) -> Evaluation:
    """Fit without one fold at a time, and report on it."""
    own = np.arange(len(labels))
    held_out, optimism = np.empty(len(labels)), []
    for number in range(FOLDS):
        held = fold == number
        local = model.log_posterior(np.flatnonzero(~held))[own, labels]
        held_out[held] = local[held]
        optimism.append(local[~held].mean() - local[held].mean())
    return Evaluation(model, held_out, float(np.mean(optimism)))


def log_softmax(scores: FloatArray, prior: FloatArray) -> FloatArray:
    """log of the softmax with a small share of the class frequencies, shape (n, K)."""
    shifted = scores - scores.max(axis=1, keepdims=True)
    shifted -= np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    mixed: FloatArray = np.logaddexp(shifted + math.log1p(-_PRIOR_SHARE), prior + math.log(_PRIOR_SHARE))
    return mixed


def _gaussian_classes(x: FloatArray, labels: IntArray, rows: IntArray, prior: FloatArray, pooling: float) -> FloatArray:
    """log q(k | x_i), shape (n, K), of Gaussian classes fitted on ``rows``.

    ``pooling`` is the samples' worth of the pooled covariance in each class's; infinity: one covariance.
    """
    own, d, classes = x[rows], x.shape[1], len(prior)
    counts = np.bincount(labels[rows], minlength=classes)
    total = np.stack([np.bincount(labels[rows], own[:, j], minlength=classes) for j in range(d)], axis=1)
    mean = (total + own.mean(axis=0)) / (counts + 1.0)[:, None]
    centred = own - mean[labels[rows]]
    pooled = centred.T @ centred / max(len(rows) - classes, 1) + 1e-6 * np.eye(d)
    result = np.empty((len(x), classes))
    for k in range(classes):
        covariance = pooled
        if math.isfinite(pooling):
            part = centred[labels[rows] == k]
            covariance = (part.T @ part + pooling * pooled) / (counts[k] + pooling)
        root = np.linalg.cholesky(covariance)
        distance = np.linalg.solve(root, (x - mean[k]).T)
        result[:, k] = prior[k] - 0.5 * (distance**2).sum(axis=0) - float(np.log(np.diagonal(root)).sum())
    return log_softmax(result, prior)


def _products(x: FloatArray) -> FloatArray:
    """Columns and products of two, mean 0 and deviation 1; those that do not vary (the square of a bit) left out."""
    first, second = np.triu_indices(x.shape[1])
    features = np.hstack([x, x[:, first] * x[:, second]])
    features -= features.mean(axis=0)
    deviation = features.std(axis=0)
    varies = deviation > 1e-9
    result: FloatArray = features[:, varies] / deviation[varies]
    return result


def _logistic(features: FloatArray, labels: IntArray, rows: IntArray, prior: FloatArray, ridge: float) -> FloatArray:
    """log q(k | x_i), shape (n, K), of multinomial logistic regression fitted on ``rows``."""
    from scipy.optimize import minimize

    own, classes = features[rows], len(prior)
    target = np.zeros((len(rows), classes))
    target[np.arange(len(rows)), labels[rows]] = 1.0

    def loss(flat: FloatArray) -> tuple[float, FloatArray]:
        weight = flat.reshape(-1, classes)
        scores = own @ weight[1:] + weight[0] + prior
        scores -= scores.max(axis=1, keepdims=True)
        scores -= np.log(np.exp(scores).sum(axis=1, keepdims=True))
        miss = np.exp(scores) - target
        slope = np.vstack([miss.sum(axis=0), own.T @ miss + ridge * weight[1:]])
        value = -float((scores * target).sum()) + 0.5 * ridge * float((weight[1:] ** 2).sum())
        return value / len(rows), slope.ravel() / len(rows)

    start = np.zeros((own.shape[1] + 1) * classes)
    found = minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": _ITERATIONS})
    weight = found.x.reshape(-1, classes)
    return log_softmax(features @ weight[1:] + weight[0] + prior, prior)
