"""What ``auto`` can use for class labels: log posterior over prior, log q(y | x) / p(y), of several classifiers."""

from __future__ import annotations

import warnings
from collections.abc import Iterator

import numpy as np
from scipy.spatial.distance import cdist
from scipy.special import log_softmax

from infoplane.common.aliases import FloatArray, IntArray
from infoplane.estimators.auto import canonical, processes
from infoplane.estimators.auto.coordinates import Coordinates
from infoplane.estimators.auto.members import View, capped
from infoplane.estimators.auto.ratios import Bilinear, Ratio


def indicators(codes: IntArray, classes: int) -> Coordinates:
    """Class labels 0..K-1 as one column per class, shape (n, K)."""
    columns = np.zeros((len(codes), classes))
    columns[np.arange(len(codes)), codes] = 1.0
    return Coordinates(columns, columns, np.ones(columns.shape[1]), columns.shape[1], False)


def _ratio(view: View, log_posterior: FloatArray, log_prior: FloatArray) -> Bilinear:
    n = len(log_posterior)
    return Bilinear(np.zeros(n), np.zeros(n), np.clip(log_posterior - log_prior, -12.0, 12.0), view.z.scores)


def gaussian_classes(u: FloatArray, member: FloatArray, fit: IntArray, prior: FloatArray, curved: bool) -> FloatArray:
    """Log posterior of Gaussian classes with one covariance (or each its own, shrunk to it), shape (n, K).

    Source: Friedman 1989, "Regularized discriminant analysis".
    """
    d = u.shape[1]
    own = member[fit]
    counts = own.sum(axis=0)
    means = (own.T @ u[fit]) / (counts[:, None] + 1.0)  # one pseudo-row at 0, the mean of all
    within = u[fit] - own @ means
    pooled = within.T @ within / max(len(fit) - 1, 1)
    share = d / (d + len(fit))
    pooled = (1 - share) * pooled + share * np.diag(np.diag(pooled)) + 1e-6 * np.eye(d)
    result = np.empty((len(u), len(counts)))
    for k in range(len(counts)):
        covariance = pooled
        if curved:
            rows = within[own[:, k] > 0]
            share = counts[k] / (counts[k] + d + 2.0)
            covariance = share * (rows.T @ rows / max(len(rows), 1)) + (1 - share) * pooled
        values, vectors = np.linalg.eigh(covariance)
        values = np.maximum(values, 1e-8)
        away = (u - means[k]) @ vectors
        result[:, k] = -0.5 * ((away**2 / values).sum(axis=1) + np.log(values).sum()) + np.log(prior[k])
    return np.asarray(log_softmax(result, axis=1))


def members_of_labels(view: View) -> Iterator[tuple[str, Ratio]]:
    """Name and ratio of every member but the networks; ``view.z`` has one column per class."""
    u, member, fit = view.x.scores, view.z.scores, view.fit
    classes = member.shape[1]
    prior = (member[fit].sum(axis=0) + 0.5) / (len(fit) + 0.5 * classes)
    log_prior = np.log(prior)
    weighted = u * view.x.weights

    def made(log_posterior: FloatArray) -> Ratio:
        return _ratio(view, log_posterior, log_prior)

    linear = gaussian_classes(u, member, fit, prior, False)
    yield "discriminant", made(linear)
    if view.x.reduced:
        yield "discriminant, own scale", made(gaussian_classes(view.x.own, member, fit, prior, False))
    yield "curved discriminant", made(gaussian_classes(u[:, :30], member, fit, prior, True))
    few = capped(fit, 3000)
    yield "logistic regression", made(_logistic(weighted, member, few, prior))
    if u.shape[1] > 1:
        small = u[:, :20]
        features = canonical.centred_on(canonical.quadratic(small, max(10, min(100, len(fit) // 6))), fit)
        yield "logistic regression of squares and products", made(_logistic(features, member, few, prior))
    yield "trees", made(_trees(u, member, few, prior, view.seed))
    if u.shape[1] <= 6:
        for scale in (0.3, 0.8):
            yield f"kernel {scale:g}", made(_kernel(u, member, capped(fit, 1500), prior, scale))
    if classes <= 12 and u.shape[1] > 1:
        guess = processes.predicted(u, (member - prior) / np.sqrt(prior), capped(fit, 800))
        rows = capped(fit, 800)
        guess = canonical.centred_on(guess[:, : max(1, classes - 1)], rows)
        yield "process", made(gaussian_classes(guess, member, rows, prior, True))


def _logistic(u: FloatArray, member: FloatArray, fit: IntArray, prior: FloatArray) -> FloatArray:
    from sklearn.linear_model import LogisticRegression

    codes = member[fit].argmax(axis=1)
    present = np.unique(codes)
    result = np.tile(np.log(prior) - 3.0, (len(u), 1))
    if len(present) < 2:
        return np.tile(np.log(prior), (len(u), 1))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = LogisticRegression(C=0.3, max_iter=60, tol=1e-3).fit(u[fit], codes)
    result[:, present] = model.predict_log_proba(u)
    return np.asarray(log_softmax(result, axis=1))


def _trees(u: FloatArray, member: FloatArray, fit: IntArray, prior: FloatArray, seed: int) -> FloatArray:
    from sklearn.ensemble import ExtraTreesClassifier

    codes = member[fit].argmax(axis=1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of many classes, one line for each tree
        model = ExtraTreesClassifier(50, min_samples_leaf=2, random_state=seed % 2**32).fit(u[fit], codes)
    shares = np.zeros((len(u), len(prior)))
    shares[:, model.classes_] = model.predict_proba(u)
    return np.asarray(np.log(0.95 * shares + 0.05 * prior))


def _kernel(u: FloatArray, member: FloatArray, centres: IntArray, prior: FloatArray, scale: float) -> FloatArray:
    width = scale * (4.0 / (len(centres) * (u.shape[1] + 2.0))) ** (1.0 / (u.shape[1] + 4.0))
    near = np.exp(np.maximum(-0.5 * cdist(u, u[centres], "sqeuclidean") / width**2, -60.0))
    shares = near @ member[centres] + prior * 0.5
    return np.asarray(np.log(shares / shares.sum(axis=1, keepdims=True)))
