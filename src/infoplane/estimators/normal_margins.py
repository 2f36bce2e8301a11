"""Columns carried to a normal margin by a monotone map that the fit part defines.

Mutual information does not change under maps of each variable alone, and a lower bound may look at its samples through
any map that its reporting part did not shape. Heavy tails are what this takes away: raw, a sample of Student's t with
two degrees of freedom costs a critic thousands of nats.
"""

from __future__ import annotations

import numpy as np

from infoplane.common.aliases import Array

_KNOTS = 1025


def normal_margins(x: Array, fit: Array) -> Array:
    """Each column of x, shape (n, d), mapped so that the rows ``fit`` have a standard normal margin; float32.

    The map is linear between the fit part's own values (between normal quantiles of them, if there are more than a
    thousand), tied values get their mean rank, and what lies outside is held at the ends.
    """
    result = np.empty(x.shape, dtype=np.float32)
    for column in range(x.shape[1]):
        values, scores = _map(np.asarray(x[:, column])[fit])
        result[:, column] = np.interp(x[:, column], values, scores)
    return result


def _map(values: Array) -> tuple[Array, Array]:
    """Knots of one column: values in increasing order, and their normal scores, of deviation 1."""
    from scipy.special import ndtr, ndtri

    knots, counts = np.unique(values.astype(np.float64), return_counts=True)
    ranks = np.cumsum(counts) - 0.5 * counts
    scores = ndtri(ranks / len(values))
    if len(knots) == 1:
        return knots, np.zeros(1)
    deviation = np.sqrt(np.average(scores**2, weights=counts) - np.average(scores, weights=counts) ** 2)
    if len(knots) > _KNOTS:
        wanted = ndtr(np.linspace(scores[0], scores[-1], _KNOTS)) * len(values)
        chosen = np.unique(np.clip(np.searchsorted(ranks, wanted), 0, len(knots) - 1))
        chosen = np.unique(np.concatenate([[0], chosen, [len(knots) - 1]]))
        knots, scores = knots[chosen], scores[chosen]
    return knots, scores / deviation
