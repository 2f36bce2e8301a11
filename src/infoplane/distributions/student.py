"""X and Z with a joint Student t distribution: heavy tails, and information even if uncorrelated."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
from scipy.special import digamma, gammaln

from infoplane.common.aliases import Array, FloatArray
from infoplane.distributions.base import as_columns, as_positive_definite, require_both_sides, stream
from infoplane.distributions.gaussian import Gaussian


@dataclass(frozen=True, eq=False)
class Student:
    """(X, Z) = G / sqrt(W), G Gaussian with covariance ``dispersion``, W = chi-squared(dof) / dof.

    Args:
        dispersion: of (X, Z), shape (dx + dz, dx + dz), positive definite.
        dx: how many of its columns are X.
        degrees_of_freedom: above 0; at most 1: no mean, at most 2: no covariance.

    Raises:
        ValueError: a dispersion that is not positive definite, or degrees of freedom that are not above 0.

    Source: Arellano-Valle, Contreras-Reyes & Genton 2013; Czyż et al. 2023, appendix.
    """

    dispersion: FloatArray = field(repr=False)
    dx: int
    degrees_of_freedom: float

    def __post_init__(self) -> None:
        object.__setattr__(self, "dispersion", as_positive_definite(self.dispersion, "dispersion"))
        require_both_sides(self.dispersion, self.dx, "dispersion")
        if not self.degrees_of_freedom > 0:
            raise ValueError(f"degrees_of_freedom: {self.degrees_of_freedom} given; expected a number above 0")

    def sample(self, n: int, seed: int) -> tuple[FloatArray, FloatArray]:
        """n pairs: x (n, dx), z (n, dz)."""
        rng = stream(n, seed, "student")
        normal = rng.standard_normal((n, len(self.dispersion))) @ np.linalg.cholesky(self.dispersion).T
        scale = np.sqrt(rng.chisquare(self.degrees_of_freedom, size=(n, 1)) / self.degrees_of_freedom)
        both = normal / scale
        return both[:, : self.dx], both[:, self.dx :]

    def mutual_information(self) -> float:
        """I(X; Z) in nats: the Gaussian's, and what the shared scale adds."""
        dof, dz = self.degrees_of_freedom, len(self.dispersion) - self.dx
        shared = _entropy_part(dof) + _entropy_part(dof + self.dx + dz)
        shared -= _entropy_part(dof + self.dx) + _entropy_part(dof + dz)
        return Gaussian(self.dispersion, self.dx).mutual_information() + shared

    def pointwise(self, x: Array, z: Array) -> FloatArray:
        """Pointwise information of each pair, shape (n,)."""
        x, z = as_columns(x), as_columns(z)
        dof, dx = self.degrees_of_freedom, self.dx
        both = np.concatenate([x, z], axis=1)
        ratio: FloatArray = (
            log_density(both, self.dispersion, dof)
            - log_density(x, self.dispersion[:dx, :dx], dof)
            - log_density(z, self.dispersion[dx:, dx:], dof)
        )
        return ratio


def log_density(x: FloatArray, dispersion: FloatArray, dof: float) -> FloatArray:
    """ln of the density of a Student distribution around 0 at each row, shape (n,)."""
    d = len(dispersion)
    factor = np.linalg.cholesky(dispersion)
    squared = (np.linalg.solve(factor, x.T) ** 2).sum(axis=0)
    constant = gammaln((dof + d) / 2) - gammaln(dof / 2) - d / 2 * math.log(dof * math.pi)
    constant -= float(np.log(np.diag(factor)).sum())
    density: FloatArray = constant - (dof + d) / 2 * np.log1p(squared / dof)
    return density


def _entropy_part(x: float) -> float:
    return float(gammaln(x / 2) - x / 2 * digamma(x / 2))


def identity_student(dx: int, dz: int, degrees_of_freedom: float) -> Student:
    """A Student distribution without any correlation: all information comes from the shared scale."""
    return Student(np.eye(dx + dz), dx, degrees_of_freedom)


def dense_student(dx: int, dz: int, degrees_of_freedom: float, correlation: float = 0.5) -> Student:
    """A Student distribution whose dispersion has 1 on the diagonal and ``correlation`` everywhere else."""
    size = dx + dz
    return Student(np.full((size, size), correlation) + (1 - correlation) * np.eye(size), dx, degrees_of_freedom)
