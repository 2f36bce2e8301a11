"""Regression by a Gaussian process with one length scale per column, which finds the few columns that matter.

Source: Rasmussen & Williams 2006, "Gaussian Processes for Machine Learning", sections 5.1 (ARD, marginal likelihood)
and 5.4.2 (predictions left one out, in closed form).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.linalg import cho_solve
from scipy.linalg.lapack import dpotrf
from scipy.optimize import minimize

from infoplane.common.aliases import FloatArray, IntArray


def fitted(x: FloatArray, y: FloatArray, iterations: int) -> FloatArray:
    """Log inverse squared length scales, log signal and log noise variance at the largest marginal likelihood."""
    n, d = x.shape
    squares = np.stack([(x[:, [j]] - x[:, j]) ** 2 for j in range(d)]).reshape(d, -1).astype(np.float32)
    middle = np.log(1.0 / d)
    outputs = y.shape[1]

    def loss(theta: FloatArray) -> tuple[float, FloatArray]:
        weight, signal, noise = np.exp(theta[:d]), np.exp(float(theta[d])), np.exp(theta[d + 1])
        kernel = signal * np.exp(np.maximum(-0.5 * (weight.astype(np.float32) @ squares), -40.0)).astype(
            np.float64
        ).reshape(n, n)
        lower, failed = dpotrf(kernel + (noise + 1e-6) * np.eye(n), lower=1)
        if failed:
            return 1e10, np.zeros_like(theta)
        inverse = cho_solve((lower, True), np.eye(n))
        alpha = inverse @ y
        value = 0.5 * float((y * alpha).sum()) + outputs * float(np.log(np.diag(lower)).sum())
        slope = 0.5 * (outputs * inverse - alpha @ alpha.T)
        product = slope * kernel
        gradient = np.empty_like(theta)
        gradient[:d] = -0.5 * weight * (squares @ product.ravel().astype(np.float32))
        gradient[d] = product.sum()
        gradient[d + 1] = float(np.trace(slope)) * noise
        away = theta[:d] - middle
        return value + 0.125 * float((away**2).sum()), gradient + np.r_[0.25 * away, 0.0, 0.0]

    start = np.r_[np.full(d, middle), 0.0, np.log(0.3)]
    bounds = [(-12.0, 5.0)] * d + [(-4.0, 3.0), (-8.0, 1.0)]
    result = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds, options={"maxiter": iterations})
    return np.asarray(result.x)


def predicted(
    x: FloatArray, target: FloatArray, fit: IntArray, tune: int = 250, centres: int = 800, iterations: int = 20
) -> FloatArray:
    """E[target | x] of all rows, shape (n, q); of the rows that fit it, left one out.

    Args:
        x: coordinates of about unit deviation, shape (n, d).
        target: shape (n, q), about mean 0 and unit deviation.
        fit: row numbers that fit.
        tune, centres: rows that tell the length scales, and rows that carry the prediction.
    """
    few = fit[np.linspace(0, len(fit) - 1, min(tune, len(fit))).astype(np.int64)]
    rows = fit[np.linspace(0, len(fit) - 1, min(centres, len(fit))).astype(np.int64)]
    theta = fitted(x[few], target[few], iterations)
    d = x.shape[1]
    scaled = x * np.exp(0.5 * theta[:d])
    own = _kernel(scaled[rows], scaled[rows], float(theta[d])).astype(np.float64)
    factor, _ = dpotrf(own + (np.exp(theta[d + 1]) + 1e-6) * np.eye(len(rows)), lower=1)
    inverse = cho_solve((factor, True), np.eye(len(rows)))
    alpha = inverse @ target[rows]
    result = np.asarray(_kernel(scaled, scaled[rows], float(theta[d])) @ alpha.astype(np.float32), np.float64)
    result[rows] = target[rows] - alpha / np.diag(inverse)[:, None]
    return result


def predicted_log_variance(x: FloatArray, residual: FloatArray, fit: IntArray) -> FloatArray:
    """Log variance of the residual given x, shape (n, q), at least that of a hundredth of its deviation."""
    square = np.log(residual**2 + 1e-4 * (residual[fit] ** 2).mean(axis=0) + 1e-12)
    mean, deviation = square[fit].mean(axis=0), square[fit].std(axis=0)
    scaled = (square - mean) / np.maximum(deviation, 1e-9)
    log = predicted(x, scaled, fit, tune=200, centres=600, iterations=15) * deviation + mean
    # the mean log of squares lies below the log of their mean: one factor per column sets it right
    return np.asarray(log + np.log((residual[fit] ** 2 / np.exp(log[fit])).mean(axis=0)))


def _kernel(one: FloatArray, other: FloatArray, log_signal: float) -> npt.NDArray[np.float32]:
    """Gaussian kernel of unit length scale, single precision."""
    one, other = one.astype(np.float32), other.astype(np.float32)
    squares = one @ other.T
    squares -= 0.5 * np.einsum("ij,ij->i", one, one)[:, None]
    squares -= 0.5 * np.einsum("ij,ij->i", other, other)
    np.clip(squares + np.float32(log_signal), -60.0, log_signal, out=squares)
    return np.exp(squares, out=squares)
