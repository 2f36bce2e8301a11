"""What a variational bound needs of a critic's scores, and the bounds themselves, on held-out samples.

Here n samples are scored against each other; f_ij = f(x_i, z_j). Which pairs stand for the product of the marginals:

* All pairs i != j (a U-statistic), or a few shifts of them for concatenation critics, where the values of z are all
  different. The own pair would hold the bound below ln n.
* All pairs, the own one included (a V-statistic), for class labels and other repeated values. Parts that get their
  share of each class, and data that were collected so, have fixed class counts n_k; then a partner j != i is of the own
  class with probability (n_k - 1) / (n - 1), less than n_k / n, and the bound lies above the truth. With the own pair
  each mean is one under the part's own class shares q: for any critic and any fixed labels the expected bound is at
  most the information at the input distribution q (Donsker & Varadhan 1983), whose mean over parts is at most I(X; Y),
  since mutual information is concave in the input distribution (Cover & Thomas 2006, theorem 2.7.4). No sample's value
  exceeds the plug-in H(Y).

Standard errors are those of the Hájek projection (Hájek 1968; Hoeffding 1948): a pair (i, j) counts for both of its
samples, as neither row sums nor column sums alone are independent; with class labels this includes the error of the
class shares. Everything is float64 and in nats.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from infoplane.common.aliases import Z95, Array

_OF_PAIRS = 2.0
"""Curvature of -sum_kl q_k q_l e^f_kl at f = -ln q on equal classes, which is -sum_k q_k^2 / q_k there: the second
derivative is 2 / q_k. InfoNCE's and a classifier's values are entropies of q: 1 / q_k."""


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
    clusters: Array | None = None
    """Group of each sample, integers, shape (n,); None: every sample is a group of its own."""
    curvature: float = 1.0
    """Of the value as a function of the class shares q at its steepest, in units of 1 / q, the entropy's."""

    @property
    def _sums(self) -> Array:
        """The influences of each group together, which are independent."""
        if self.clusters is None:
            return self.influence
        codes = np.unique(self.clusters, return_inverse=True)[1]
        return np.bincount(codes, weights=self.influence)

    @property
    def standard_error(self) -> float:
        """Standard error of the value, the critic taken as given; groups, not samples, are independent.

        Source: Liang & Zeger 1986, for the sum within groups.
        """
        sums = self._sums
        return float(np.sqrt(np.sum(sums**2) * len(sums) / max(len(sums) - 1, 1)) / len(self.influence))

    def low(self, shares: bool) -> float:
        """Lower end of the value's 95 % interval.

        Args:
            shares: whether the shares of classes, or of other repeated values, vary from sample to sample. The bound is
                concave in them, and near its maximum the standard error, which is of first order, misses how far it
                falls: by ``curvature`` z^2 / 2n more where the shares move by z standard errors (a second-order Taylor
                expansion; sum_k (dq_k)^2 / q_k is chi-squared / n).
        """
        second_order = self.curvature * Z95**2 / (2 * len(self._sums)) if shares else 0.0
        return self.nats - Z95 * self.standard_error - second_order


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


def from_shifts(
    joint: Array, shifted: Array, shifts: Array, clip: float | None = None, own_pairs: bool = False
) -> PairTerms:
    """Terms from f_ii, shape (n,), and f_{i, i-s} for each shift s, shape (n, number of shifts).

    With ``own_pairs`` the own pair counts with its share 1 / n of all pairs.
    """
    joint, marginal = np.asarray(joint, dtype=np.float64), _clipped(shifted, clip)
    by_column = np.stack([np.roll(marginal[:, k], -int(s)) for k, s in enumerate(shifts)], axis=1)
    contrasts = np.concatenate([joint[:, None], marginal], axis=1)
    normaliser = log_mean_exp(contrasts, axis=1)
    count = contrasts.shape[1]
    shares = np.exp(contrasts - normaliser[:, None]) / count
    column = shares[:, 0] + sum(np.roll(shares[:, 1 + k], -int(s)) for k, s in enumerate(shifts))
    row, by_column = log_mean_exp(marginal, 1), log_mean_exp(by_column, 1)
    if own_pairs:
        own, others = _clipped(joint, clip) - np.log(len(joint)), np.log1p(-1.0 / len(joint))
        row, by_column = np.logaddexp(row + others, own), np.logaddexp(by_column + others, own)
    return PairTerms(joint, row, by_column, joint - normaliser, np.asarray(column), count)


def from_matrix(scores: Array, clip: float | None = None, own_pairs: bool = False) -> PairTerms:
    """Terms from all f_ij, shape (n, n); one exponential per pair, in the precision of the scores.

    With ``own_pairs`` the means over partners include the own one.
    """
    joint = np.diagonal(scores).astype(np.float64)
    matrix = _clipped(scores, clip, np.result_type(scores, np.float32).type)
    n = len(matrix)
    top = matrix.max(axis=1)
    scaled = np.exp(matrix - top[:, None])
    total = scaled.sum(axis=1, dtype=np.float64)
    shares = np.asarray((1.0 / total).astype(matrix.dtype) @ scaled, dtype=np.float64)
    if not own_pairs:
        np.fill_diagonal(scaled, 0.0)
    partners = n if own_pairs else n - 1
    top = top.astype(np.float64)
    scale = np.exp(top - top.max())
    with np.errstate(divide="ignore"):
        row = top + np.log(scaled.sum(axis=1, dtype=np.float64) / partners)
        column = top.max() + np.log((scale @ scaled) / partners)
    if not (np.isfinite(row).all() and np.isfinite(column).all()):
        row, column = (
            (log_mean_exp(matrix.astype(np.float64), 1), log_mean_exp(matrix.astype(np.float64), 0))
            if own_pairs
            else off_diagonal(matrix)
        )
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
    """Terms from f(x_i, k) for every class k, shape (n, K), and the samples' labels, shape (n,); own pairs included."""
    outputs = _clipped(scores, clip)
    n, classes = outputs.shape
    joint = np.asarray(scores, dtype=np.float64)[np.arange(n), labels]
    counts = np.bincount(labels, minlength=classes).astype(np.float64)
    top = outputs.max(axis=1)
    with np.errstate(divide="ignore"):
        row = top + np.log(np.exp(outputs - top[:, None]) @ counts / n)
    column = log_mean_exp(outputs, 0)[labels]
    own = np.exp(outputs[:, np.unique(labels)] - row[:, None]).sum(axis=0) / n
    shares = np.zeros(classes)
    shares[np.unique(labels)] = own
    return PairTerms(joint, row, column, joint - row, shares[labels], n)


def donsker_varadhan(terms: PairTerms) -> Bound:
    """mean f - log mean e^f. On held-out samples it is biased upwards by minus the log of a sample mean.

    Source: Donsker & Varadhan 1983; Belghazi et al. 2018, eq. (10). With clipped scores: SMILE, Song & Ermon 2020.
    """
    log_mean = float(log_mean_exp(terms.row))
    influence = terms.joint - np.exp(terms.row - log_mean) - np.exp(terms.column - log_mean)
    return Bound(float(np.mean(terms.joint)) - log_mean, influence - np.mean(influence), curvature=_OF_PAIRS)


def shifted(terms: PairTerms, constant: float) -> Bound:
    """mean f - c + 1 - e^-c mean e^f with c = ``constant`` chosen elsewhere: a lower bound in expectation for any c.

    Source: Nguyen, Wainwright & Jordan 2010 for the critic f - c + 1. It touches Donsker-Varadhan at c = log mean e^f.
    """
    row, column = np.exp(terms.row - constant), np.exp(terms.column - constant)
    influence = terms.joint - row - column
    value = float(np.mean(terms.joint)) - constant + 1.0 - float(np.mean(row))
    return Bound(value, influence - np.mean(influence), curvature=_OF_PAIRS)


def infonce(terms: PairTerms) -> Bound:
    """mean f_ii - log mean over K contrasts, the true pair among them: a lower bound, at most ln K.

    Source: van den Oord et al. 2018; Poole et al. 2019, eq. (12).
    """
    influence = terms.contrast - terms.contrast_column
    return Bound(float(np.mean(terms.contrast)), influence - np.mean(influence))
