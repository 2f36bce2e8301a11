"""What a variational bound needs of a critic's scores, and the bounds themselves, on held-out samples.

Here n samples are scored against each other; f_ij = f(x_i, z_j). The means over i != j are U-statistics, exact for
separable critics and class labels, and over a few shifts for concatenation critics. Standard errors are those of the
Hájek projection (Hájek 1968; Hoeffding 1948): a pair (i, j) counts for both of its samples, as neither row sums nor
column sums alone are independent. Everything is float64 and in nats.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from infoplane.common.aliases import Array


@dataclass(frozen=True)
class PairTerms:
    """Terms of n samples, each array of shape (n,)."""

    joint: Array
    """f_ii."""
    row: Array
    """log of the mean over partners j of e^{f_ij}."""
    column: Array
    """log of the mean over partners j of e^{f_ji}."""
    contrast: Array
    """f_ii - log of the mean of e^{f_ij} over the K contrasts, i itself among them: the term of InfoNCE."""
    contrast_column: Array
    """Sum over anchors a of the share of e^{f_ai} in the K contrasts of a."""
    contrasts: int
    """K (the largest, where blocks differ by one)."""


@dataclass(frozen=True)
class Bound:
    """A bound's value on some samples and the influence of each sample on it (mean 0)."""

    nats: float
    influence: Array

    @property
    def standard_error(self) -> float:
        """Standard error of the value, the critic taken as given."""
        return float(np.sqrt(np.sum(self.influence**2) / (max(len(self.influence) - 1, 1) * len(self.influence))))


def log_mean_exp(values: Array, axis: int | None = None) -> Array:
    """log(mean(e^values)) without overflow; -inf entries count as zeros."""
    top = np.max(values, axis=axis, keepdims=True)
    top = np.where(np.isfinite(top), top, 0.0)
    with np.errstate(divide="ignore"):
        result: Array = np.log(np.mean(np.exp(values - top), axis=axis)) + np.squeeze(top, axis=axis)
    return result


def concatenated(parts: Sequence[PairTerms]) -> PairTerms:
    """The terms of several blocks of samples as one."""
    arrays = {
        name: np.concatenate([getattr(part, name) for part in parts])
        for name in ("joint", "row", "column", "contrast", "contrast_column")
    }
    return PairTerms(**arrays, contrasts=max(part.contrasts for part in parts))


def _clipped(scores: Array, clip: float | None, dtype: type = np.float64) -> Array:
    values: Array = np.asarray(scores, dtype=dtype)
    return values if clip is None else np.clip(values, -clip, clip)


def from_shifts(joint: Array, shifted: Array, shifts: Array, clip: float | None = None) -> PairTerms:
    """Terms from f_ii, shape (n,), and f_{i, i-s} for each shift s, shape (n, number of shifts)."""
    joint, marginal = np.asarray(joint, dtype=np.float64), _clipped(shifted, clip)
    by_column = np.stack([np.roll(marginal[:, k], -int(s)) for k, s in enumerate(shifts)], axis=1)
    contrasts = np.concatenate([joint[:, None], marginal], axis=1)
    normaliser = log_mean_exp(contrasts, axis=1)
    count = contrasts.shape[1]
    shares = np.exp(contrasts - normaliser[:, None]) / count
    column = shares[:, 0] + sum(np.roll(shares[:, 1 + k], -int(s)) for k, s in enumerate(shifts))
    return PairTerms(
        joint, log_mean_exp(marginal, 1), log_mean_exp(by_column, 1), joint - normaliser, np.asarray(column), count
    )


def from_matrix(scores: Array, clip: float | None = None) -> PairTerms:
    """Terms from all f_ij, shape (n, n); one exponential per pair, in the precision of the scores."""
    joint = np.diagonal(scores).astype(np.float64)
    matrix = _clipped(scores, clip, np.result_type(scores, np.float32).type)
    n = len(matrix)
    top = matrix.max(axis=1)
    scaled = np.exp(matrix - top[:, None])
    total = scaled.sum(axis=1, dtype=np.float64)
    shares = np.asarray((1.0 / total).astype(matrix.dtype) @ scaled, dtype=np.float64)
    np.fill_diagonal(scaled, 0.0)
    top = top.astype(np.float64)
    height = np.exp(top - top.max())
    with np.errstate(divide="ignore"):
        row = top + np.log(scaled.sum(axis=1, dtype=np.float64) / (n - 1))
        column = top.max() + np.log((height @ scaled) / (n - 1))
    if not (np.isfinite(row).all() and np.isfinite(column).all()):
        row, column = off_diagonal(matrix)
    contrast = joint - top - np.log(total / n)
    return PairTerms(joint, row, column, contrast, shares, n)


def off_diagonal(scores: Array) -> tuple[Array, Array]:
    """log mean e^f_ij over j != i, and over i != j, shapes (n,), (n,), where e^f_ij is nothing beside e^f_ii."""
    others = scores.astype(np.float64)
    np.fill_diagonal(others, -np.inf)
    n = len(others)
    scale = np.log(n / (n - 1))
    return log_mean_exp(others, 1) + scale, log_mean_exp(others, 0) + scale


def from_labels(scores: Array, labels: Array, clip: float | None = None) -> PairTerms:
    """Terms from f(x_i, k) for every class k, shape (n, K), and the samples' labels, shape (n,)."""
    outputs = _clipped(scores, clip)
    n, classes = outputs.shape
    index = np.arange(n)
    joint = np.asarray(scores, dtype=np.float64)[index, labels]
    counts = np.bincount(labels, minlength=classes).astype(np.float64)
    others = np.repeat(counts[None, :], n, axis=0)
    others[index, labels] -= 1.0
    top = outputs.max(axis=1)
    scaled = np.exp(outputs - top[:, None])
    with np.errstate(divide="ignore"):
        row = top + np.log(np.sum(others * scaled, axis=1) / (n - 1))
        normaliser = top + np.log(scaled @ counts / n)
    shares = np.exp(outputs - normaliser[:, None]).sum(axis=0) / n
    column = _column_by_class(outputs, labels)
    return PairTerms(joint, row, column, joint - normaliser, shares[labels], n)


def _column_by_class(outputs: Array, labels: Array) -> Array:
    """log of the mean over j != i of e^{f(x_j, y_i)}."""
    n = len(outputs)
    top = outputs.max(axis=0)
    scaled = np.exp(outputs - top)
    own = scaled[np.arange(n), labels]
    with np.errstate(divide="ignore"):
        result: Array = top[labels] + np.log(np.maximum(scaled.sum(axis=0)[labels] - own, 0.0) / (n - 1))
    return result


def donsker_varadhan(terms: PairTerms) -> Bound:
    """mean f - log mean e^f. On held-out samples it is biased upwards by minus the log of a sample mean.

    Source: Donsker & Varadhan 1983; Belghazi et al. 2018, eq. (10). With clipped scores: SMILE, Song & Ermon 2020.
    """
    level = float(log_mean_exp(terms.row))
    influence = terms.joint - np.exp(terms.row - level) - np.exp(terms.column - level)
    return Bound(float(np.mean(terms.joint)) - level, influence - np.mean(influence))


def shifted(terms: PairTerms, level: float) -> Bound:
    """mean f - c + 1 - e^-c mean e^f with c = ``level`` chosen elsewhere: a lower bound in expectation for any c.

    Source: Nguyen, Wainwright & Jordan 2010 for the critic f - c + 1. It touches Donsker-Varadhan at c = log mean e^f.
    """
    row, column = np.exp(terms.row - level), np.exp(terms.column - level)
    influence = terms.joint - row - column
    return Bound(float(np.mean(terms.joint)) - level + 1.0 - float(np.mean(row)), influence - np.mean(influence))


def infonce(terms: PairTerms) -> Bound:
    """mean f_ii - log mean over K contrasts, the true pair among them: a lower bound, at most ln K.

    Source: van den Oord et al. 2018; Poole et al. 2019, eq. (12).
    """
    influence = terms.contrast - terms.contrast_column
    return Bound(float(np.mean(terms.contrast)), influence - np.mean(influence))
