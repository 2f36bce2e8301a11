"""A Gaussian mixture fitted to points by k-means; its components share one diagonal covariance."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from threadpoolctl import threadpool_limits

from infoplane.common.aliases import Array

_ITERATIONS = 12
"""Of Lloyd's algorithm; a rough fit is enough, since the critic corrects it."""
_POINTS_PER_COMPONENT = 10


@dataclass(frozen=True)
class GaussianMixture:
    """Components N(centre, diag(variances)) with their shares."""

    centres: Array
    """Shape (components, d)."""
    shares: Array
    """Shape (components,), positive, of sum 1."""
    variances: Array
    """Variance of the points around their centres along each axis, shape (d,)."""


def fit_mixture(t: Array, components: int, random: np.random.Generator) -> GaussianMixture:
    """Fit a mixture of at most ``components`` components, and at most one for ten points, by k-means (Lloyd 1982).

    Args:
        t: points, shape (n, d), float32.
        components: the largest number of components.
        random: picks the points that the centres start from.
    """
    remaining = max(1, min(components, len(t) // _POINTS_PER_COMPONENT))
    centres = t[np.sort(random.choice(len(t), remaining, replace=False))]
    with threadpool_limits(1):
        for _ in range(_ITERATIONS):
            nearest = _nearest(t, centres)
            counts = np.bincount(nearest, minlength=remaining)
            order = np.argsort(nearest, kind="stable")
            kept = counts > 0
            starts = (np.cumsum(counts) - counts)[kept]
            centres = np.add.reduceat(t[order], starts, axis=0) / counts[kept, None].astype(np.float32)
            remaining = len(centres)
    counts = counts[kept]
    index = (np.cumsum(kept) - 1)[nearest]
    spread = np.sum(np.square(t - centres[index], dtype=np.float64), axis=0)
    return GaussianMixture(centres, counts / len(t), spread / max(len(t) - len(centres), 1))


def _nearest(t: Array, centres: Array) -> Array:
    distance = np.einsum("kd,kd->k", centres, centres) - 2.0 * (t @ centres.T)
    nearest: Array = np.argmin(distance, axis=1)
    return nearest
