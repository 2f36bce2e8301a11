"""Mutual information of two discrete variables, from the table of how often their values occur together."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from infoplane.common import seeds, validation
from infoplane.common.aliases import Z95, FloatArray, IntArray
from infoplane.results.estimate import Estimate

Correction = Literal["grassberger", "miller_madow", "none"]
CORRECTIONS: tuple[Correction, ...] = ("grassberger", "miller_madow", "none")

_FEW_PER_CELL = 2.0
"""Samples per occupied cell below which a warning says that they are too few."""
_SHUFFLES = 20
"""Of z, to see the bias and the noise at independence."""


def discrete(x: npt.ArrayLike, z: npt.ArrayLike, *, correction: Correction = "grassberger", seed: int = 0) -> Estimate:
    """I(X; Z) of discrete variables from a contingency table, with a 95 % interval; equal rows are one value.

    Args:
        x: samples, shape (n, dx) or (n,), such as class labels.
        z: samples, shape (n, dz) or (n,), paired with ``x`` row by row.
        correction: of each entropy's bias: "grassberger", the least biased in sparse tables, "miller_madow", or "none"
            for the plug-in value.
        seed: for the shuffles that show the value of independent variables.

    Returns:
        The estimate in nats, of kind "estimate", with the smaller of H(X) and H(Z) as its ceiling; ``pointwise`` has
        the bias correction spread evenly.

    Raises:
        ValueError: bad arrays, an unknown ``correction``, or a variable whose rows all differ (its value would be the
            other's entropy, whatever the dependence).

    Source: Grassberger 2003, "Entropy estimates from insufficient samplings", eq. (30); Miller 1955, "Note on the bias
    of information estimates". Interval: see ``table_estimate``.
    """
    started = time.perf_counter()
    xs, zs = validation.samples(x, "x"), validation.samples(z, "z")
    validation.require_same_length(xs, zs)
    codes = row_codes(xs), row_codes(zs)
    for name, code in zip(("x", "z"), codes, strict=True):
        if len(code) > 1 and code.max() + 1 == len(code):
            raise ValueError(f"{name}: no two rows are equal; expected repeated values, or numbers by ksg or auto")
    return table_estimate("discrete", *codes, correction, xs.shape[1], zs.shape[1], seed, started)


def row_codes(x: npt.NDArray[np.generic]) -> IntArray:
    """One integer per row from 0, equal for equal rows, shape (n,)."""
    codes: IntArray = np.unique(x, axis=0, return_inverse=True)[1].ravel().astype(np.int64)
    return codes


def table_estimate(
    method: str, x: IntArray, z: IntArray, correction: Correction, dx: int, dz: int, seed: int, started: float
) -> Estimate:
    """The estimate for codes ``x`` and ``z`` of shape (n,), in nats.

    The interval's low side also reaches as far down as the bias that is left: the mean value after shuffling z.
    """
    if correction not in CORRECTIONS:
        raise ValueError(f"correction={correction!r} given; expected one of {', '.join(CORRECTIONS)}")
    n = len(x)
    table = ContingencyTable.from_codes(x, z)
    nats = table.information(correction)
    generator = seeds.generator(seed, "discrete", "shuffles")
    shuffled = np.array(
        [ContingencyTable.from_codes(x, generator.permutation(z)).information(correction) for _ in range(_SHUFFLES)]
    )
    left_bias = max(0.0, float(shuffled.mean()))
    error = table.standard_error(float(shuffled.var(ddof=1)))
    sparse = n < _FEW_PER_CELL * len(table.cells)
    return Estimate(
        nats=nats,
        pointwise=table.pointwise + (nats - table.information("none")),
        ci95=(nats - Z95 * error - left_bias, nats + Z95 * error),
        kind="estimate",
        method=method,
        ceiling=min(entropy(table.x, "none"), entropy(table.z, "none")),
        n=n,
        dx=dx,
        dz=dz,
        seed=seed,
        seconds=time.perf_counter() - started,
        warnings=(f"{n} samples in {len(table.cells)} cells: too few for the bias correction",) if sparse else (),
        diagnostics={
            "plug_in": table.information("none"),
            "correction": correction,
            "shuffled": float(shuffled.mean()),
            "standard_error": error,
            "values": [len(table.x), len(table.z)],
            "occupied_cells": len(table.cells),
        },
    )


@dataclass(frozen=True)
class ContingencyTable:
    """Counts of the values of two discrete variables, alone and together; zeros are left out."""

    x: IntArray
    """Counts of the values of X, shape (K_x,)."""
    z: IntArray
    """Counts of the values of Z, shape (K_z,)."""
    cells: IntArray
    """Counts of the pairs of values that occur, shape (occupied cells,)."""
    pointwise: FloatArray
    """ln p(x, z) / p(x) p(z) of each sample in nats, shape (n,)."""

    @classmethod
    def from_codes(cls, x: IntArray, z: IntArray) -> ContingencyTable:
        """The table of two variables given as codes 0, 1, ..., each of shape (n,)."""
        in_x, in_z = np.bincount(x), np.bincount(z)
        _, cell, cells = np.unique(x * len(in_z) + z, return_inverse=True, return_counts=True)
        expected = in_x[x].astype(np.float64) * in_z[z] / len(x)
        return cls(in_x[in_x > 0], in_z[in_z > 0], cells, np.log(cells[cell.ravel()] / expected))

    def information(self, correction: Correction) -> float:
        """H(X) + H(Z) - H(X, Z) in nats."""
        return entropy(self.x, correction) + entropy(self.z, correction) - entropy(self.cells, correction)

    def standard_error(self, independent: float) -> float:
        """Standard error in nats; ``independent`` is the variance of the values after shuffling.

        At independence 2n I is chi-squared with m = (K_x - 1) (K_z - 1) degrees of freedom: the variance is m / 2n^2,
        more with corrections that add noise, while the variance of the pointwise information shows m / n^2.
        """
        n = len(self.pointwise)
        freedom = (len(self.x) - 1) * (len(self.z) - 1)
        first = max(float(self.pointwise.var()) / n - freedom / n**2, 0.0)
        return math.sqrt(first + max(independent, freedom / (2.0 * n**2)))


def entropy(counts: IntArray, correction: Correction) -> float:
    """Entropy in nats of a variable whose values occurred ``counts`` times, all positive, shape (K,)."""
    from scipy.special import psi

    n = int(counts.sum())
    if correction == "grassberger":
        alternating = np.where(counts % 2 == 0, 0.5, -0.5) * (psi((counts + 1) / 2.0) - psi(counts / 2.0))
        return float(np.log(n) - (counts * (psi(counts) + alternating)).sum() / n)
    plug_in = float(np.log(n) - (counts * np.log(counts)).sum() / n)
    return plug_in + ((len(counts) - 1) / (2.0 * n) if correction == "miller_madow" else 0.0)
