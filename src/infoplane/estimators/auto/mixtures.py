"""Gaussian mixtures of the joint: f = log p(x, z) - log p(x) - log p(z), every density from one mixture.

With full covariances for few coordinates; for more, with covariances that are block-diagonal given the component
(x and z independent given a latent class), where the ratio is a product of responsibilities.

Source: Dempster, Laird & Rubin 1977; fitted by scikit-learn's EM.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import logsumexp

from infoplane.common.aliases import FloatArray, IntArray
from infoplane.estimators.auto.ratios import Product

_MOST = 60.0
"""Scores beyond this, either way, are not told apart: single precision holds e^60."""


@dataclass(frozen=True)
class Mixture:
    """f = log sum_k exp(a_ik + b_jk + <left_ik, right_j>)."""

    a: FloatArray
    """Shape (n, K)."""
    b: FloatArray
    left: FloatArray
    """Shape (K, n, q)."""
    right: FloatArray

    def matrix(self, rows_x: IntArray, rows_z: IntArray) -> FloatArray:
        """f(x_i, z_j)."""
        total = np.zeros((len(rows_x), len(rows_z)), np.float32)
        right = self.right[rows_z].T.astype(np.float32)
        for k in range(self.a.shape[1]):
            term = self.left[k][rows_x].astype(np.float32) @ right
            term += self.a[rows_x, k][:, None].astype(np.float32)
            term += self.b[rows_z, k].astype(np.float32)
            np.clip(term, -_MOST, _MOST, out=term)
            total += np.exp(term, out=term)
        result: FloatArray = np.log(total, out=total).astype(np.float64)
        return result


def ridge(kind: str, columns: int, count: int, rows: int) -> float:
    """Added to each variance: more where a component has fewer rows for its columns."""
    return 1e-3 + 0.05 * count * columns / rows if kind == "full" else 1e-2


def fitted(both: FloatArray, count: int, kind: str, ridge: float, seed: int) -> Any:
    from sklearn.mixture import GaussianMixture

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return GaussianMixture(
            count, covariance_type=kind, reg_covar=ridge, max_iter=30, tol=3e-3, random_state=seed % 2**32,
            init_params="k-means++" if len(both) > 50_000 else "kmeans",
        ).fit(both)  # fmt: skip


def full(u: FloatArray, v: FloatArray, fit: IntArray, count: int, seed: int) -> Mixture:
    """Full covariances. u, v: coordinates of about unit deviation, shapes (n, p), (n, q)."""
    both = np.hstack([u, v])
    model = fitted(both[fit], count, "full", ridge("full", both.shape[1], count, len(fit)), seed)
    p, q = u.shape[1], v.shape[1]
    n = len(u)
    a, b, left = np.empty((n, count)), np.empty((n, count)), np.empty((count, n, q))
    log_x, log_z = np.empty((n, count)), np.empty((n, count))
    for k in range(count):
        mean, covariance = model.means_[k], model.covariances_[k]
        precision = np.linalg.inv(covariance)
        dx, dz = u - mean[:p], v
        offset = mean[p:]
        cross = dx @ precision[:p, p:]
        constant = np.log(model.weights_[k]) - 0.5 * np.linalg.slogdet(covariance)[1]
        left[k] = -cross
        a[:, k] = constant - 0.5 * np.einsum("ij,ij->i", dx @ precision[:p, :p], dx) + cross @ offset
        away = dz - offset
        b[:, k] = -0.5 * np.einsum("ij,ij->i", away @ precision[p:, p:], away)
        for log, side, part in ((log_x, dx, slice(0, p)), (log_z, away, slice(p, p + q))):
            block = covariance[part, part]
            log[:, k] = (
                np.log(model.weights_[k])
                - 0.5 * np.linalg.slogdet(block)[1]
                - 0.5 * np.einsum("ij,ij->i", side @ np.linalg.inv(block), side)
            )
    a -= logsumexp(log_x, axis=1)[:, None]
    b -= logsumexp(log_z, axis=1)[:, None]
    return Mixture(a, b, left, v)


def latent_class(u: FloatArray, v: FloatArray, fit: IntArray, count: int, seed: int) -> Product:
    """x and z independent given the class; diagonal covariances."""
    both = np.hstack([u, v])
    model = fitted(both[fit], count, "diag", ridge("latent class", both.shape[1], count, len(fit)), seed)
    p = u.shape[1]
    parts = []
    for side, part in ((u, slice(0, p)), (v, slice(p, None))):
        mean, variance = model.means_[:, part], model.covariances_[:, part]
        log = (
            np.log(model.weights_)
            - 0.5 * np.log(variance).sum(axis=1)
            - 0.5 * ((side**2) @ (1 / variance).T - 2 * side @ (mean / variance).T + (mean**2 / variance).sum(axis=1))
        )
        parts.append(np.exp(log - logsumexp(log, axis=1)[:, None]))
    return Product(parts[0] / model.weights_, parts[1])
