"""Copulas of two uniform variables with a known information: Clayton, Frank, Gumbel, Student.

The information of an Archimedean copula follows from Kendall's distribution, that of C(U, V) (Genest & Rivest 1993),
because c(u, v) = -phi''(C) phi'(u) phi'(v) / phi'(C)^3 with the generator phi (Genest & MacKay 1986).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from typing import Protocol

import numpy as np
from scipy.special import exp1, stdtr, stdtrit

from infoplane.common.aliases import FloatArray
from infoplane.distributions.population.draws import solve
from infoplane.distributions.student import Student


class Copula(Protocol):
    """A distribution of two uniform variables."""

    def sample(self, n: int, rng: np.random.Generator) -> tuple[FloatArray, FloatArray]:
        """n pairs of uniform values, each of shape (n,)."""
        ...

    def mutual_information(self) -> float:
        """In nats."""
        ...

    def log_density(self, u: FloatArray, v: FloatArray) -> FloatArray:
        """ln c(u, v), shape (n,)."""
        ...


@dataclass(frozen=True)
class Clayton:
    """C(u, v) = (u^-t + v^-t - 1)^(-1/t), t > 0: dependence where both are low."""

    theta: float

    def sample(self, n: int, rng: np.random.Generator) -> tuple[FloatArray, FloatArray]:
        """By a gamma frailty (Marshall & Olkin 1988), in logarithms: it may be smaller than any float."""
        shape = 1 / self.theta
        frailty = np.log(rng.gamma(1 + shape, size=n)) + np.log(rng.random(n)) / shape
        waiting = np.log(rng.exponential(size=(2, n)))
        u, v = np.exp(-np.logaddexp(0.0, waiting - frailty) / self.theta)
        return u, v

    def mutual_information(self) -> float:
        """ln(1 + t) + 2 (1 + t) - (2 + 1/t) ((1 + t) - 1/(1 + t)), from Kendall's distribution."""
        t = self.theta
        return math.log1p(t) + 2 * (1 + t) - (2 + 1 / t) * ((1 + t) - 1 / (1 + t))

    def log_density(self, u: FloatArray, v: FloatArray) -> FloatArray:
        """ln c(u, v)."""
        t, log_u, log_v = self.theta, np.log(u), np.log(v)
        total = np.log(np.exp(-t * log_u) + np.exp(-t * log_v) - 1)
        density: FloatArray = math.log1p(t) - (1 + t) * (log_u + log_v) - (2 + 1 / t) * total
        return density


@dataclass(frozen=True)
class Frank:
    """C(u, v) = -1/t ln(1 + (e^-tu - 1)(e^-tv - 1)/(e^-t - 1)), 0 < t <= 30: no dependence in the tails."""

    theta: float

    def sample(self, n: int, rng: np.random.Generator) -> tuple[FloatArray, FloatArray]:
        """By a logarithmic-series frailty (Marshall & Olkin 1988)."""
        share = -math.expm1(-self.theta)
        frailty = rng.logseries(share, size=n)
        u, v = -np.log1p(-share * np.exp(-rng.exponential(size=(2, n)) / frailty)) / self.theta
        return u, v

    def mutual_information(self) -> float:
        """By quadrature over Kendall's distribution, whose density is phi(c) e^(t c)."""
        t = self.theta
        nodes, weights = _legendre()
        # s = r^4 / 2 and its mirror image: the logarithm at 0 and the steep end at 1 are both resolved.
        r = 0.5 * (nodes + 1)
        end = 0.5 * r**4
        s, weight = np.concatenate([end, 1 - end]), np.tile(weights * r**3, 2)
        # phi(s), near s = 1 from the distance to 1.
        below = -np.log(np.expm1(-t * end) / math.expm1(-t))
        above = -np.log1p(math.exp(-t) * np.expm1(t * end) / math.expm1(-t))
        generator = np.concatenate([below, above])
        slope = np.log(np.expm1(t * s))
        joint = weight @ (generator * np.exp(t * s) * (t * s + slope))
        return float(joint - 2 * weight @ slope + math.log(t))

    def log_density(self, u: FloatArray, v: FloatArray) -> FloatArray:
        """ln c(u, v)."""
        t = self.theta
        below = -math.expm1(-t) - np.expm1(-t * u) * np.expm1(-t * v)
        density: FloatArray = math.log(t * -math.expm1(-t)) - t * (u + v) - 2 * np.log(below)
        return density


@dataclass(frozen=True)
class Gumbel:
    """C(u, v) = exp(-((-ln u)^t + (-ln v)^t)^(1/t)), t > 1: dependence where both are high."""

    theta: float

    def sample(self, n: int, rng: np.random.Generator) -> tuple[FloatArray, FloatArray]:
        """By a positive stable frailty (Chambers, Mallows & Stuck 1976)."""
        a = 1 / self.theta
        angle, waiting = math.pi * rng.random(n), rng.exponential(size=n)
        log_frailty = np.log(np.sin(a * angle)) - np.log(np.sin(angle)) / a
        log_frailty += (1 / a - 1) * np.log(np.sin((1 - a) * angle) / waiting)
        u, v = np.exp(-np.exp(a * (np.log(rng.exponential(size=(2, n))) - log_frailty)))
        return u, v

    def mutual_information(self) -> float:
        """ln a + (1 + e^a E1(a))/t + gamma - 1 with a = t - 1, from Kendall's distribution."""
        a = self.theta - 1
        tail = math.exp(a) * float(exp1(a))
        return math.log(a) + (1 + tail) / self.theta + float(np.euler_gamma) - 1

    def log_density(self, u: FloatArray, v: FloatArray) -> FloatArray:
        """ln c(u, v)."""
        t, lu, lv = self.theta, np.log(-np.log(u)), np.log(-np.log(v))
        total = np.logaddexp(t * lu, t * lv)
        root = np.exp(total / t)
        density: FloatArray = -root + (t - 1) * (lu + lv) - np.log(u) - np.log(v)
        return density + (1 / t - 2) * total + np.log(t - 1 + root)


@dataclass(frozen=True)
class StudentPair:
    """The copula of a bivariate Student distribution: both tails at once, even without correlation."""

    rho: float
    degrees_of_freedom: float

    def sample(self, n: int, rng: np.random.Generator) -> tuple[FloatArray, FloatArray]:
        """Through the distribution function of Student's t."""
        normal = rng.standard_normal((2, n))
        normal[1] = self.rho * normal[0] + math.sqrt(1 - self.rho**2) * normal[1]
        dof = self.degrees_of_freedom
        u, v = stdtr(dof, normal / np.sqrt(rng.chisquare(dof, size=n) / dof))
        return u, v

    def mutual_information(self) -> float:
        """That of the Student distribution."""
        return self._student().mutual_information()

    def log_density(self, u: FloatArray, v: FloatArray) -> FloatArray:
        """ln c(u, v)."""
        x, z = (stdtrit(self.degrees_of_freedom, w)[:, None] for w in (u, v))
        return self._student().pointwise(x, z)

    def _student(self) -> Student:
        return Student(np.array([[1.0, self.rho], [self.rho, 1.0]]), 1, self.degrees_of_freedom)


@cache
def _legendre() -> tuple[FloatArray, FloatArray]:
    nodes, weights = np.polynomial.legendre.leggauss(120)
    return nodes, weights


def clayton(nats: float) -> Clayton:
    """The Clayton copula of an information, at most 2.5 nats."""
    return Clayton(solve(lambda t: Clayton(t).mutual_information(), nats, 0.01, 40.0))


def frank(nats: float) -> Frank:
    """The Frank copula of an information, at most 1.5 nats: beyond t = 30 its sampling runs out of digits."""
    return Frank(solve(lambda t: Frank(t).mutual_information(), nats, 0.05, 30.0))


def gumbel(nats: float) -> Gumbel:
    """The Gumbel copula of an information, at most 3 nats."""
    return Gumbel(1 + solve(lambda a: Gumbel(1 + a).mutual_information(), nats, 1e-3, 40.0))


def student_pair(nats: float, degrees_of_freedom: float) -> StudentPair:
    """The Student copula of an information; without correlation where its tails alone have more."""

    def at(odds: float) -> float:
        return StudentPair(math.sqrt(odds / (1 + odds)), degrees_of_freedom).mutual_information()

    odds = solve(at, nats, 1e-9, 1e4)
    return StudentPair(math.sqrt(odds / (1 + odds)), degrees_of_freedom)
