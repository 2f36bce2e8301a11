"""Counts, zero inflation, ties and rounding."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.special import gammaincinv, gammaln, ndtr, xlogy

from infoplane.common.aliases import Array, FloatArray
from infoplane.distributions.base import stream
from infoplane.distributions.discrete import Discrete

_NODES = 300
_NOTHING = 1e-30


@dataclass(frozen=True)
class GammaPoisson:
    """X gamma, Z = 0 with probability ``zeros``, else Poisson with mean ``mean`` X / shape.

    Args:
        shape: of the gamma distribution of X, whose scale is 1.
        mean: of the counts without inflation.
        zeros: from 0 to below 1.
    """

    shape: float
    mean: float
    zeros: float = 0.0

    def sample(self, n: int, seed: int) -> tuple[FloatArray, FloatArray]:
        """n pairs: x (n, 1), z (n, 1) whole numbers as floats."""
        rng = stream(n, seed, "gamma_poisson")
        x = rng.gamma(self.shape, size=(n, 1))
        kept = rng.random((n, 1)) >= self.zeros
        return x, np.where(kept, rng.poisson(self.mean * x / self.shape), 0).astype(np.float64)

    def pointwise(self, x: Array, z: Array) -> FloatArray:
        """Pointwise information of each pair, shape (n,)."""
        ratio: FloatArray = self._log_conditional(x, z)[:, 0] - self._log_marginal(z)[:, 0]
        return ratio

    def mutual_information(self) -> float:
        """I(X; Z) in nats, by quadrature over x and a sum over z."""
        return self._information

    @cached_property
    def _information(self) -> float:
        nodes, weights = np.polynomial.legendre.leggauss(_NODES)
        # More nodes towards both ends of the distribution of x.
        share = 0.5 * (nodes + 1)
        level = share**2 * (3 - 2 * share)
        x = np.asarray(gammaincinv(self.shape, level), dtype=np.float64)[:, None]
        weight = 0.5 * weights * 6 * share * (1 - share)
        most = self.mean * float(x[-1, 0]) / self.shape
        counts = np.arange(math.ceil(most + 10 * math.sqrt(most) + 30), dtype=np.float64)
        conditional = self._log_conditional(x, counts)
        return float(weight @ (np.exp(conditional) * (conditional - self._log_marginal(counts))).sum(axis=1))

    def _log_conditional(self, x: FloatArray, z: FloatArray) -> FloatArray:
        rate = self.mean * x / self.shape
        return self._inflated(xlogy(z, rate) - rate - gammaln(z + 1), z)

    def _log_marginal(self, z: FloatArray) -> FloatArray:
        """Without inflation negative binomial."""
        a, share = self.shape, self.mean / (self.mean + self.shape)
        counts = gammaln(z + a) - gammaln(a) - gammaln(z + 1) + a * math.log1p(-share) + z * math.log(share)
        return self._inflated(counts, z)

    def _inflated(self, log_counts: FloatArray, z: FloatArray) -> FloatArray:
        kept = math.log1p(-self.zeros) + log_counts
        zero = math.log(self.zeros) if self.zeros else -math.inf
        return np.where(z == 0, np.logaddexp(zero, kept), kept)


@dataclass(frozen=True)
class RoundedNormals:
    """A standard normal pair with correlation rho, of which Z, and X too unless ``x_step`` is None, is rounded.

    Values are multiples of the step, those beyond ``most`` steps set to that: the answers of a questionnaire.

    Args:
        rho: the correlation, between -1 and 1.
        x_step: above 0, or None.
        z_step: above 0.
        most: steps from 0 to the last value on either side.
    """

    rho: float
    x_step: float | None
    z_step: float
    most: int

    def sample(self, n: int, seed: int) -> tuple[FloatArray, FloatArray]:
        """n pairs: x (n, 1), z (n, 1)."""
        rng = stream(n, seed, "rounded_normals")
        x, noise = rng.standard_normal((2, n, 1))
        z = self.rho * x + math.sqrt(1 - self.rho**2) * noise
        return self._rounded(x, self.x_step), self._rounded(z, self.z_step)

    def mutual_information(self) -> float:
        """I(X; Z) in nats: the probabilities of Z's cells given x by Gauss-Legendre quadrature over x."""
        return self._information

    @cached_property
    def _information(self) -> float:
        nodes, weights = np.polynomial.legendre.leggauss(64)
        ends = np.linspace(-9.0, 9.0, 73) if self.x_step is None else self._edges(self.x_step)
        ends = np.clip(ends, -9.0, 9.0)
        half = 0.5 * np.diff(ends)[:, None]
        x = ends[:-1, None] + half * (nodes + 1)
        weight = half * weights * np.exp(-0.5 * x**2) / math.sqrt(2 * math.pi)
        width = math.sqrt(1 - self.rho**2)
        cells = np.diff(ndtr((self._edges(self.z_step) - self.rho * x[:, :, None]) / width), axis=2)
        joint = weight[:, :, None] * cells
        table = joint.reshape(-1, joint.shape[2]) if self.x_step is None else joint.sum(axis=1)
        # Smaller cells carry nothing, and products of their margins may be too small for any float.
        table = np.where(table > _NOTHING, table, 0.0)
        return Discrete(table / table.sum()).mutual_information()

    def _edges(self, step: float) -> FloatArray:
        inner = step * (np.arange(-self.most, self.most) + 0.5)
        return np.concatenate([[-40.0], inner, [40.0]])

    def _rounded(self, values: FloatArray, step: float | None) -> FloatArray:
        if step is None:
            return values
        return step * np.clip(np.round(values / step), -self.most, self.most)


@dataclass(frozen=True, eq=False)
class CodedTable:
    """Symbols with a table of joint probabilities, written as rows of numbers.

    Args:
        table: p(i, j), shape (K, L).
        x_codes: a different row for each i, shape (K, dx).
        z_codes: likewise for j, shape (L, dz); None: z is the label j.
    """

    table: FloatArray
    x_codes: FloatArray
    z_codes: FloatArray | None

    def sample(self, n: int, seed: int) -> tuple[FloatArray, Array]:
        """n pairs: x (n, dx), z (n, dz) or labels (n,)."""
        i, j = Discrete(self.table).sample(n, seed)
        return self.x_codes[i], j if self.z_codes is None else self.z_codes[j]

    def mutual_information(self) -> float:
        """I(X; Z) in nats, from the table."""
        return Discrete(self.table).mutual_information()
