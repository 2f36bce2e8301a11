"""Kernel densities of few coordinates: f = log sum_k K(x, x_k) K(z, z_k) - log sums of each, widths from neighbours."""

from __future__ import annotations

import numpy as np
from scipy.spatial.distance import cdist

from infoplane.common.aliases import FloatArray, IntArray
from infoplane.estimators.auto.ratios import Product


def kernel_ratio(u: FloatArray, v: FloatArray, fit: IntArray, scale: float) -> Product:
    """The ratio of kernel densities with centres on the fitting rows.

    Args:
        u, v: normal scores, shapes (n, p), (n, q), p + q small.
        fit: row numbers.
        scale: of the widths: 1 is Silverman's rule for p + q dimensions.
    """
    width = scale * (4.0 / (len(fit) * (u.shape[1] + v.shape[1] + 2.0))) ** (1.0 / (u.shape[1] + v.shape[1] + 4.0))
    sides = []
    for side in (u, v):
        exponent = (-0.5 / width**2 * cdist(side, side[fit], "sqeuclidean")).astype(np.float32)
        kernel = np.exp(np.maximum(exponent, -60.0, out=exponent), out=exponent)
        kernel /= kernel.sum(axis=1, keepdims=True)
        sides.append(kernel)
    return Product(sides[0] * len(fit), sides[1])
