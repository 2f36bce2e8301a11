"""Canonical variates, shrunk: of the columns, or of their squares and products.

Directions come from one half of the fitting rows, correlations from the other (and the other way round), so that a
correlation counts only as far as rows that did not choose its direction show it. The ratio is that of a Gaussian with
these correlations.

Source: Hotelling 1936; Vinod 1976, "Canonical ridge and econometrics of joint production".
"""

from __future__ import annotations

import numpy as np

from infoplane.common.aliases import FloatArray, IntArray
from infoplane.estimators.auto import constants
from infoplane.estimators.auto.coordinates import normal_scores, own_scale
from infoplane.estimators.auto.ratios import Bilinear


def _whitener(u: FloatArray, ridge: float) -> FloatArray:
    """A matrix W with W' (C + ridge * mean variance) W = 1, C the covariance of ``u``."""
    covariance = u.T @ u / len(u)
    size = float(np.trace(covariance)) / len(covariance)
    values, vectors = np.linalg.eigh(covariance)
    result: FloatArray = vectors / np.sqrt(np.maximum(values, 0.0) + ridge * max(size, 1e-12))
    return result


def directions(u: FloatArray, v: FloatArray, count: int, ridge: float) -> tuple[FloatArray, FloatArray]:
    """The first ``count`` pairs of canonical directions, shapes (p, count), (q, count)."""
    left, right = _whitener(u, ridge), _whitener(v, ridge)
    a, _, b = np.linalg.svd(left.T @ (u.T @ v / len(u)) @ right, full_matrices=False)
    count = min(count, a.shape[1])
    return left @ a[:, :count], right @ b[:count].T


def variates(
    u: FloatArray, v: FloatArray, fit: IntArray, count: int, ranked: bool = True
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Canonical variates of all rows and their cross-validated correlations.

    Args:
        u, v: features, shapes (n, p), (n, q), centred.
        fit: row numbers that fit.
        count: largest number of pairs.
        ranked: whether variates are mapped to normal margins; else to unit deviation.

    Returns:
        Normal scores of the variates, shapes (n, r), and correlations, shape (r,), at least 0; pairs without
        cross-validated correlation are left out, but for the first.
    """
    halves = fit[::2], fit[1::2]
    best: tuple[float, float, FloatArray] | None = None
    for ridge in constants.RIDGES:
        rho = []
        for one, other in (halves, halves[::-1]):
            a, b = directions(u[one], v[one], count, ridge)
            left, right = u[other] @ a, v[other] @ b
            scale = np.sqrt((left**2).mean(axis=0) * (right**2).mean(axis=0))
            rho.append((left * right).mean(axis=0) / np.maximum(scale, 1e-12))
        mean = np.clip(np.mean(rho, axis=0), 0.0, 1.0 - 1e-9)
        value = float(-0.5 * np.log1p(-(mean**2)).sum())
        if best is None or value > best[0]:
            best = value, ridge, mean
    assert best is not None
    _, ridge, rho_cv = best
    a, b = directions(u[fit], v[fit], count, ridge)
    noise = 1.0 / np.sqrt(len(fit))
    kept = rho_cv > noise
    kept[0] = True
    finish = normal_scores if ranked else own_scale
    left, right = finish(u @ a[:, kept], fit), finish(v @ b[:, kept], fit)
    # correlations of all fitting rows' directions lie between the halves' and their own in-sample ones
    own = (left[fit] * right[fit]).mean(axis=0)
    half_in = np.maximum(own, rho_cv[kept])
    rho_final = np.clip(0.75 * rho_cv[kept] + 0.25 * half_in, 0.0, 1.0 - 1e-9)
    return left, right, rho_final


def gaussian_ratio(left: FloatArray, right: FloatArray, rho: FloatArray) -> Bilinear:
    """The ratio of pairs of standard normals with correlations ``rho``."""
    rest = 1.0 - rho**2
    square = 0.5 * rho**2 / rest
    constant = -0.5 * float(np.log(rest).sum())
    return Bilinear(constant - (left**2) @ square, -(right**2) @ square, left * (rho / rest), right)


def quadratic(u: FloatArray, most: int) -> FloatArray:
    """The columns, their squares and products (of the first columns, as many as ``most`` features allow)."""
    d = u.shape[1]
    used = d
    while used + used * (used + 1) // 2 > most and used > 1:
        used -= 1
    i, j = np.triu_indices(used)
    return np.hstack([u, u[:, i] * u[:, j]])


def centred_on(u: FloatArray, fit: IntArray) -> FloatArray:
    """Features minus their mean, over their deviation, on the fitting rows."""
    u = u - u[fit].mean(axis=0)
    deviation = u[fit].std(axis=0)
    u /= np.where(deviation > 1e-9, deviation, 1.0)
    return u
