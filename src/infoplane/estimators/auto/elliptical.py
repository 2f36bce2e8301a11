"""Student t copulas: dependence between the sizes of the variables beside their correlations.

Source: Demarta & McNeil 2005, "The t copula and related copulas".
"""

from __future__ import annotations

import numpy as np
from scipy.special import gammaln, ndtr, stdtrit

from infoplane.common.aliases import FloatArray, IntArray
from infoplane.estimators.auto.ratios import Student


def student_ratio(u: FloatArray, v: FloatArray, fit: IntArray, degrees: float) -> Student:
    """The ratio of a Student t copula fitted on the rows ``fit``.

    Args:
        u, v: normal scores, shapes (n, p), (n, q).
        fit: row numbers.
        degrees: of freedom.
    """
    x, z = (np.asarray(stdtrit(degrees, np.clip(ndtr(side), 1e-5, 1 - 1e-5)), np.float64) for side in (u, v))
    p, q = x.shape[1], z.shape[1]
    d = p + q
    both = np.hstack([x, z])[fit]
    scatter = np.eye(d)
    for _ in range(8):  # the EM of a multivariate t with mean 0
        distance = np.einsum("ij,ij->i", both @ np.linalg.inv(scatter), both)
        weight = (degrees + d) / (degrees + distance)
        scatter = (both * weight[:, None]).T @ both / len(both)
        scatter += (d / len(fit)) * 0.1 * np.diag(np.diag(scatter)) + 1e-6 * np.eye(d)  # columns may be constant here
    precision = np.linalg.inv(scatter)
    sx, sz = scatter[:p, :p], scatter[p:, p:]
    constant = -0.5 * (np.linalg.slogdet(scatter)[1] - np.linalg.slogdet(sx)[1] - np.linalg.slogdet(sz)[1])
    constant += (
        gammaln((degrees + d) / 2) + gammaln(degrees / 2) - gammaln((degrees + p) / 2) - gammaln((degrees + q) / 2)
    )
    own_x = np.einsum("ij,ij->i", x @ np.linalg.inv(sx), x)
    own_z = np.einsum("ij,ij->i", z @ np.linalg.inv(sz), z)
    return Student(
        a=constant + 0.5 * (degrees + p) * np.log1p(own_x / degrees),
        b=0.5 * (degrees + q) * np.log1p(own_z / degrees),
        p=np.einsum("ij,ij->i", x @ precision[:p, :p], x),
        q=np.einsum("ij,ij->i", z @ precision[p:, p:], z),
        left=2.0 * x @ precision[:p, p:],
        right=z,
        degrees=degrees,
        dimensions=d,
    )
