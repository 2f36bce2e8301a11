"""Mutual information of Gaussian variables, from the canonical correlations of the samples.

Correct where the dependence is Gaussian: with ``margins="raw"`` the variables jointly so, with ``margins="rank"`` after
a monotone change of each column (a Gaussian copula). Elsewhere it is the value of the nearest such model and neither a
lower nor an upper bound; the interval covers the sampling error of that value, not the error of the model.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from infoplane.common import validation
from infoplane.common.aliases import Z95, FloatArray
from infoplane.estimators import margins as columns
from infoplane.results.estimate import Estimate

Margins = Literal["raw", "rank"]

_MACHINE_EPSILON = float(np.finfo(np.float64).eps)


def gaussian(x: npt.ArrayLike, z: npt.ArrayLike, *, margins: Margins = "raw", seed: int = 0) -> Estimate:
    """I(X; Z) = -1/2 sum ln(1 - rho_i^2) over the canonical correlations, unbiased for Gaussian variables.

    Linearly dependent columns are reduced to as many as are independent, which leaves the mutual information as it is.

    Args:
        x: samples, shape (n, dx) or (n,).
        z: samples, shape (n, dz) or (n,), paired with ``x`` row by row.
        margins: "raw", or "rank" to replace each column by its normal scores first.
        seed: noted in the result; nothing here is random.

    Returns:
        The estimate in nats, of kind "estimate"; ``pointwise`` has the bias correction spread evenly.
        ``diagnostics["plug_in"]`` is the value before that correction, ``diagnostics["canonical_correlations"]`` lists
        the sample's.

    Raises:
        ValueError: bad arrays, not more samples than columns, an unknown ``margins``.

    Source: value: Kay 1992, "Feature discovery under contextual supervision using mutual information", eq. (8). Bias:
    mean of a Wishart matrix's log-determinant (Anderson 2003, "An introduction to multivariate statistical analysis",
    section 7.5), exact for Gaussian variables; to first order it is dx dz / 2n. Interval: influence function, and the
    exact variance at independence (about dx dz / 2n^2), where the former vanishes.
    """
    started = time.perf_counter()
    if margins not in ("raw", "rank"):
        raise ValueError(f"margins={margins!r} given; expected one of raw, rank")
    xs, zs = validation.samples(x, "x"), validation.samples(z, "z")
    validation.require_same_length(xs, zs)
    n, dx, dz = len(xs), xs.shape[1], zs.shape[1]
    scale: columns.Scale = "standard" if margins == "raw" else "rank"
    pair = canonical(columns.scaled(xs, scale), columns.scaled(zs, scale))
    if n < pair.dx + pair.dz + 2:
        raise ValueError(f"{n} samples of {pair.dx} + {pair.dz} columns; expected at least {pair.dx + pair.dz + 2}")
    nats = pair.plug_in - pair.bias
    error = pair.standard_error()
    warnings: tuple[str, ...] = ()
    high = nats + Z95 * error
    if pair.determined:
        high = math.inf
        warnings = (
            f"x and z share {pair.determined} linear combinations exactly: the mutual information of continuous "
            "variables is infinite there, the value is the limit of floating-point numbers",
        )
    return Estimate(
        nats=nats,
        pointwise=nats + pair.influence,
        ci95=(nats - Z95 * error, high),
        kind="estimate",
        method="gaussian",
        n=n,
        dx=dx,
        dz=dz,
        seed=seed,
        seconds=time.perf_counter() - started,
        warnings=warnings,
        diagnostics={
            "margins": margins,
            "plug_in": pair.plug_in,
            "bias": pair.bias,
            "standard_error": error,
            "canonical_correlations": [float(rho) for rho in pair.correlations],
            "independent_columns": [pair.dx, pair.dz],
        },
    )


@dataclass(frozen=True)
class Canonical:
    """Canonical variates of two variables, each of mean square 1, and their correlations in falling order."""

    a: FloatArray
    """Variates of x, shape (n, r), r the number of correlations."""
    b: FloatArray
    """Variates of z, shape (n, r)."""
    correlations: FloatArray
    """Shape (r,)."""
    dx: int
    """Linearly independent columns of x."""
    dz: int
    """Linearly independent columns of z."""

    @property
    def remainder(self) -> FloatArray:
        """1 - rho^2, at least what floating-point numbers resolve."""
        rho = self.correlations
        result: FloatArray = np.maximum((1.0 - rho) * (1.0 + rho), 4.0 * _MACHINE_EPSILON)
        return result

    @property
    def determined(self) -> int:
        """Number of correlations that are 1 up to rounding."""
        return int(np.count_nonzero(self.remainder < 1e3 * _MACHINE_EPSILON))

    @property
    def plug_in(self) -> float:
        """-1/2 sum ln(1 - rho^2), in nats."""
        return -0.5 * float(np.log(self.remainder).sum())

    @property
    def bias(self) -> float:
        """Mean of the plug-in value minus the truth, in nats; exact for Gaussian variables."""
        return _log_determinant_bias(len(self.a), self.dx, self.dz)

    @property
    def influence(self) -> FloatArray:
        """Of each sample on the plug-in value: the model's ln p(x, z) / p(x) p(z) less that value, shape (n,)."""
        rho = self.correlations
        products = 2.0 * rho * self.a * self.b - rho**2 * (self.a**2 + self.b**2)
        result: FloatArray = 0.5 * (products / self.remainder).sum(axis=1)
        return result

    def standard_error(self) -> float:
        """Standard error of the plug-in value, in nats.

        The influence function's variance holds dx dz / n^2 of noise; taken off, what is left at independence is put
        in: the variance of -1/2 ln of a product of beta variables (Wilks's lambda).
        """
        from scipy.special import polygamma

        n = len(self.a)
        first = max(float(self.influence.var()) / n - self.dx * self.dz / n**2, 0.0)
        degrees = n - np.arange(1, self.dx + 1)
        independent = 0.25 * float((polygamma(1, (degrees - self.dz) / 2.0) - polygamma(1, degrees / 2.0)).sum())
        return math.sqrt(first + independent)


def canonical(x: FloatArray, z: FloatArray) -> Canonical:
    """Canonical correlation analysis by singular value decompositions; x and z centred, shapes (n, dx), (n, dz).

    Source: Björck & Golub 1973, "Numerical methods for computing angles between linear subspaces".
    """
    return canonical_of_orthonormal(_basis(x), _basis(z))


def canonical_of_orthonormal(u: FloatArray, v: FloatArray) -> Canonical:
    """Canonical correlations of variables with orthonormal columns, shapes (n, dx), (n, dz)."""
    left, correlations, right = np.linalg.svd(u.T @ v, full_matrices=False)
    scale = math.sqrt(len(u))
    a, b = (u @ left) * scale, (v @ right.T) * scale
    return Canonical(a, b, np.minimum(correlations, 1.0), u.shape[1], v.shape[1])


def _basis(x: FloatArray) -> FloatArray:
    """Orthonormal columns that span the columns of ``x``, shape (n, rank)."""
    u, singular, _ = np.linalg.svd(x, full_matrices=False)
    rank = int(np.count_nonzero(singular > singular[0] * max(x.shape) * _MACHINE_EPSILON)) if singular[0] > 0.0 else 0
    basis: FloatArray = u[:, :rank]
    return basis


def _log_determinant_bias(n: int, dx: int, dz: int) -> float:
    """Mean of the plug-in value minus the truth: 1/2 (g(dx) + g(dz) - g(dx + dz)), g(d) = sum_i psi((n - i) / 2)."""
    from scipy.special import psi

    if dx == 0 or dz == 0:
        return 0.0
    terms = psi((n - np.arange(1, dx + dz + 1)) / 2.0)
    return 0.5 * float(terms[:dx].sum() + terms[:dz].sum() - terms.sum())
