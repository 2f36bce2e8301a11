"""Log density ratios of elliptical distributions: Gaussian and Student t copulas.

Margins carry no information about dependence, so each column is first mapped by its ranks to the margin of the model.
What is left is the model's copula: with a Student t of few degrees of freedom it also holds the dependence between
the *sizes* of the variables, which canonical correlations do not see. The degrees of freedom are chosen by the
held-out value; infinity is the Gaussian copula.

The ratio splits into a part of x, a part of z and a function of a scalar product, so all pairs cost one matrix
product.

Source: Demarta & McNeil 2005, "The t copula and related copulas"; Arellano-Valle, Contreras-Reyes, Genton 2013,
"Shannon entropy and mutual information for multivariate skew-elliptical distributions", for what the ratio means.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from infoplane.common.aliases import FloatArray, IntArray

DEGREES = (math.inf, 12.0, 6.0, 4.0, 3.0, 2.5, 2.0, 1.5, 1.0)
"""Degrees of freedom, in the order in which they are tried."""

_SCATTER_ITERATIONS = 8
_RIDGE = 1e-9
"""Added to every scatter matrix's diagonal (columns have deviation about 1), for columns that repeat each other."""


@dataclass(frozen=True)
class Ratio:
    """f(x_i, z_j) = ``left``_i0 + ``right``_j0 + g(``left``_i1 + ``right``_j1 + <``left``_i2.., ``right``_j2..>).

    g(q) = -q / 2 for the Gaussian, else -(degrees + dimensions) / 2 * log(1 + q / degrees).
    """

    left: FloatArray
    """Shape (n, 2 + r)."""
    right: FloatArray
    """Shape (n, 2 + r)."""
    degrees: float
    dimensions: int

    def _outer(self, form: FloatArray) -> FloatArray:
        if math.isinf(self.degrees):
            return -0.5 * form
        result: FloatArray = -0.5 * (self.degrees + self.dimensions) * np.log1p(np.maximum(form, 0.0) / self.degrees)
        return result

    def paired(self, rows: IntArray | slice) -> FloatArray:
        """f(x_i, z_i) of the rows."""
        left, right = self.left[rows], self.right[rows]
        form = left[:, 1] + right[:, 1] + np.einsum("ij,ij->i", left[:, 2:], right[:, 2:])
        return left[:, 0] + right[:, 0] + self._outer(form)

    def matrix(self, rows: IntArray) -> FloatArray:
        """f(x_i, z_j) for all pairs of the rows."""
        left, right = self.left[rows], self.right[rows]
        form = left[:, 1:2] + right[:, 1] + left[:, 2:] @ right[:, 2:].T
        return left[:, :1] + right[:, 0] + self._outer(form)


def margins_of(order: IntArray, degrees: float) -> FloatArray:
    """Columns with Student t (or standard normal) margins and the given order.

    Args:
        order: rank of each value in its column, 0..n-1, shape (n, d).
        degrees: of freedom; infinity for the normal.
    """
    from scipy.special import ndtri, stdtrit

    u = (np.arange(len(order)) + 0.5) / len(order)
    values = np.asarray(ndtri(u) if math.isinf(degrees) else stdtrit(degrees, u), np.float64)
    scores: FloatArray = values[order]
    return scores


def ranks(x: FloatArray) -> IntArray:
    """Rank of each value in its column, 0..n-1, of columns without ties, shape (n, d)."""
    return np.argsort(np.argsort(x, axis=0, kind="stable"), axis=0, kind="stable")


def fit(x: FloatArray, z: FloatArray, rows: IntArray, degrees: float) -> Ratio:
    """The ratio whose scatter matrix is fitted on ``rows``, for all samples.

    Args:
        x: coordinates, shape (n, dx), margins as of the model.
        z: coordinates, shape (n, dz).
        rows: row numbers that fit the scatter matrix.
        degrees: of freedom; infinity for the Gaussian.
    """
    dx, dz = x.shape[1], z.shape[1]
    scatter = _scatter(np.hstack([x[rows], z[rows]]), degrees)
    precision = np.linalg.inv(scatter)
    own_x, own_z = np.linalg.inv(scatter[:dx, :dx]), np.linalg.inv(scatter[dx:, dx:])
    logdet, logdet_x, logdet_z = (
        float(np.linalg.slogdet(block)[1]) for block in (scatter, scatter[:dx, :dx], scatter[dx:, dx:])
    )
    size_x, size_z = _form(x, own_x), _form(z, own_z)
    cross = 2.0 * precision[:dx, dx:]
    through_z = dz <= dx
    left = x @ cross if through_z else x
    right = z if through_z else z @ cross.T
    if math.isinf(degrees):
        alone_x, alone_z = 0.5 * size_x + 0.5 * (logdet_x + logdet_z - logdet), 0.5 * size_z
    else:
        alone_x = _log_density(0.0, degrees, dx + dz, logdet) - _log_density(size_x, degrees, dx, logdet_x)
        alone_z = -_log_density(size_z, degrees, dz, logdet_z)
    return Ratio(
        np.column_stack([alone_x, _form(x, precision[:dx, :dx]), left]),
        np.column_stack([alone_z, _form(z, precision[dx:, dx:]), right]),
        degrees,
        dx + dz,
    )


def _scatter(samples: FloatArray, degrees: float) -> FloatArray:
    """Scatter matrix about 0 by maximum likelihood (for the t: Kent, Tyler & Vardi 1994), shape (d, d)."""
    n, d = samples.shape
    ridge = _RIDGE * np.eye(d)
    scatter: FloatArray = samples.T @ samples / n + ridge
    if math.isinf(degrees):
        return scatter
    scatter = scatter / np.trace(scatter) * d
    for _ in range(_SCATTER_ITERATIONS):
        weight = (degrees + d) / (degrees + _form(samples, np.linalg.inv(scatter)))
        scatter = (samples * weight[:, None]).T @ samples / n + ridge
    return scatter


def _form(samples: FloatArray, matrix: npt.NDArray[Any]) -> FloatArray:
    result: FloatArray = np.einsum("ij,ij->i", samples @ matrix, samples)
    return result


def _log_density(form: FloatArray | float, degrees: float, d: int, logdet: float) -> FloatArray:
    """log of the multivariate t density, without the power of pi, which cancels in the ratio."""
    constant = math.lgamma((degrees + d) / 2) - math.lgamma(degrees / 2) - d / 2 * math.log(degrees) - logdet / 2
    result: FloatArray = constant - (degrees + d) / 2 * np.log1p(np.asarray(form) / degrees)
    return result
