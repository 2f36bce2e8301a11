"""The bracket in its plain form, which ``bracket.py`` measures against: a pass over the table for each step.

For every noise level, draw and sign: scale, add, exponentiate, and add up in float64. Tables in float64 where the
matrix products are; one thread but for BLAS's own.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from infoplane.common.aliases import Array, FloatArray
from infoplane.estimators._channel import Centres, TableBlock, centre, own_class_blocks, unit_noise


class PlainBlock(TableBlock):
    """Some rows of the table, and from them the whole table at any noise level."""

    def log_ratios(self, noise_std: float) -> Iterator[Array]:
        """log p(y_i | t_j) - log p(y_i | t_i) for every draw z and its mirror image -z, shape (rows, n)."""
        scaled = self.half_distances * self.half_distances.dtype.type(1 / noise_std**2)
        for projection in self.projections:
            shift = projection * projection.dtype.type(1 / noise_std)
            yield scaled + shift
            yield scaled - shift


def table_blocks(centres: Centres, draws: int, seed: int, block_rows: int) -> Iterator[PlainBlock]:
    """The table, block by block; ``draws`` noise draws per sample, each used with both signs."""
    points, squared = centres.points, centres.squared_norms
    for start in range(0, centres.n, block_rows):
        rows = slice(start, min(start + block_rows, centres.n))
        size = rows.stop - start
        own = points[rows]
        noise = [unit_noise(centres.order[rows], points.shape[1], seed, draw) for draw in range(draws)]
        products = np.concatenate([own, *(z.astype(points.dtype, copy=False) for z in noise)]) @ points.T
        half = products[:size]
        half -= 0.5 * squared[None, :]
        half -= 0.5 * squared[rows, None]
        np.minimum(half, 0, out=half)
        projections = [products[(draw + 1) * size : (draw + 2) * size] for draw in range(draws)]
        diagonal = (np.arange(size), np.arange(start, rows.stop))
        half[diagonal] = 0
        for projection in projections:
            projection -= projection[diagonal][:, None]
        excess = np.stack([np.einsum("ij,ij->i", z, z, dtype=np.float64) - points.shape[1] for z in noise])
        yield PlainBlock(rows, half, tuple(projections), excess)


def shifted_exponentials(log_ratios: Array) -> tuple[Array, FloatArray]:
    """exp(log_ratios - shift) in place, and the shift per row: 0 unless a row would vanish in this precision.

    No entry overflows: log_ratios_ij <= (z_i . u)^2 / 2 with u a unit vector independent of z_i.
    """
    shift = np.zeros(len(log_ratios))
    largest = log_ratios.max(axis=1)
    small = largest < -40
    if small.any():
        shift[small] = largest[small]
        log_ratios[small] -= largest[small, None]
    return np.exp(log_ratios, out=log_ratios), shift


class SampleSums:
    """Terms of the bounds on the population's MI for each sample, and each sample's influence as a centre.

    The bounds are means of terms f_i that share their centres, so the standard error comes from the influence of a
    sample: its own term minus its responsibility, as a centre, for all the other noisy samples (the Hájek projection;
    an infinitesimal jackknife).
    """

    def __init__(self, centres: Centres, noise_std: float) -> None:
        n = centres.n
        self.centres, self.noise_std, self.count = centres, noise_std, 0
        self.lower, self.upper = np.zeros(n), np.zeros(n)
        self.responsibility = np.zeros((n, 2))
        self.posterior, self.within = np.zeros(n), np.zeros(n)
        self.class_responsibility = np.zeros((n, 2))
        if centres.bounds is not None:
            counts = np.diff(centres.bounds)
            classes = len(counts)
            own_count = np.repeat(counts, counts)
            self.log_share = np.log(own_count / n)
            self.log_own_count = np.log(own_count)
            # Mixing in a little of the label's frequency among the others keeps ln q finite; any fixed q is a bound.
            self.prior_weight = classes / (n + classes)
            self.prior = own_count / (n - 1 + classes)

    def add(self, block: PlainBlock) -> None:
        """Add the rows of one block, over all draws and signs of the noise."""
        diagonal = block.diagonal()
        draws = 2 * len(block.projections)
        for table in block.log_ratios(self.noise_std):
            table[diagonal] = -np.inf
            others, shift = shifted_exponentials(table)
            sums = others.sum(axis=1, dtype=np.float64)
            log_others = np.log(sums) + shift
            log_all = np.logaddexp(0.0, log_others)
            self.lower[block.rows] += (math.log(self.centres.n) - log_all) / draws
            self.upper[block.rows] += (math.log(self.centres.n - 1) - log_others) / draws
            weights = np.stack([np.exp(shift - log_all), 1 / sums], axis=1) / draws
            self.responsibility += others.T @ weights.astype(others.dtype)
            self.responsibility[block.rows, 0] += np.exp(-log_all) / draws
            if self.centres.bounds is not None:
                self._add_labels(block.rows, others, shift, sums, draws)

    def _add_labels(self, rows: slice, others: Array, shift: FloatArray, sums: FloatArray, draws: int) -> None:
        assert self.centres.bounds is not None
        own = np.zeros(len(sums))
        blocks = list(own_class_blocks(rows, self.centres.bounds))
        for local, columns in blocks:
            own[local] = others[local, columns].sum(axis=1, dtype=np.float64)
        q = (1 - self.prior_weight) * own / sums + self.prior_weight * self.prior[rows]
        self.posterior[rows] += (np.log(q) - self.log_share[rows]) / draws
        with np.errstate(divide="ignore"):
            log_own = np.logaddexp(0.0, np.log(own) + shift)
        self.within[rows] += (self.log_own_count[rows] - log_own) / draws
        gain = (1 - self.prior_weight) / (sums * q)
        loss = (gain * own / sums / draws).astype(others.dtype)
        self.class_responsibility[:, 0] += others.T @ loss
        weights = (np.stack([-gain, np.exp(shift - log_own)], axis=1) / draws).astype(others.dtype)
        for local, columns in blocks:
            self.class_responsibility[columns] += others[local, columns].T @ weights[local]
        self.class_responsibility[rows, 1] += np.exp(-log_own) / draws

    def value(self) -> tuple[float, float]:
        """Both bounds on I(X; T + noise)."""
        lower, upper = (np.stack([self.lower, self.upper]) + 1 - self.responsibility.T).mean(axis=1)
        return float(lower), float(upper)


class PopulationSums:
    """Terms of the MI of a population of equally likely centres: exact up to Monte Carlo error, which is estimated.

    The mean over z and -z is one evaluation; |z|^2 - d, whose mean is known, serves as a control variate.
    """

    def __init__(self, centres: Centres, noise_std: float) -> None:
        self.centres, self.noise_std = centres, noise_std
        self.evaluations: list[FloatArray] = []
        self.excess: list[FloatArray] = []
        if centres.bounds is not None:
            counts = np.diff(centres.bounds)
            self.log_share = np.log(np.repeat(counts, counts) / centres.n)

    def add(self, block: PlainBlock) -> None:
        """Add the rows of one block."""
        per_sign = np.stack([self._evaluate(block.rows, table) for table in block.log_ratios(self.noise_std)])
        self.evaluations.append(per_sign.reshape(len(block.projections), 2, 2, -1).mean(axis=1))
        self.excess.append(block.excess)

    def _evaluate(self, rows: slice, table: Array) -> FloatArray:
        values = np.exp(table, out=table)
        sums = values.sum(axis=1, dtype=np.float64)
        terms = np.zeros((2, len(sums)))
        terms[0] = math.log(self.centres.n) - np.log(sums)
        if self.centres.bounds is not None:
            own = np.empty(len(sums))
            for local, columns in own_class_blocks(rows, self.centres.bounds):
                own[local] = values[local, columns].sum(axis=1, dtype=np.float64)
            terms[1] = np.log(own / sums) - self.log_share[rows]
        return terms

    def value(self) -> tuple[float, float]:
        """The value, twice."""
        nats = float(self.information()[0][0])
        return nats, nats

    def information(self) -> tuple[FloatArray, FloatArray]:
        """I(X; T + noise) and, with labels, I(T + noise; Y); and their Monte Carlo standard errors."""
        terms, control = np.concatenate(self.evaluations, axis=2), np.concatenate(self.excess, axis=1)
        centred = control - control.mean(axis=0)
        around = terms - terms.mean(axis=0)
        slope = np.einsum("dkn,dn->k", around, centred) / np.maximum((centred**2).sum(), 1e-300)
        terms = terms - slope[:, None] * control[:, None]
        variance = terms.var(axis=0, ddof=1).sum(axis=1) / len(terms)
        return terms.mean(axis=(0, 2)), np.sqrt(variance) / self.centres.n


class PairwiseSums:
    """Bounds by Kolchinsky and Tracey (2017): log-sums of the pairwise distances, in KL and Bhattacharyya form."""

    def __init__(self, centres: Centres, noise_std: float) -> None:
        self.centres, self.noise_std = centres, noise_std
        self.terms = np.zeros((2, 2))
        """Sums of ln mean_j: rows all samples and own class, columns KL and Bhattacharyya."""

    def add(self, block: PlainBlock) -> None:
        """Add the rows of one block."""
        bhattacharyya = block.half_distances * block.half_distances.dtype.type(0.25 / self.noise_std**2)
        np.exp(bhattacharyya, out=bhattacharyya)
        kl = np.square(bhattacharyya)
        np.square(kl, out=kl)
        for column, values in enumerate((kl, bhattacharyya)):
            self.terms[0, column] += np.log(values.mean(axis=1, dtype=np.float64)).sum()
            if self.centres.bounds is not None:
                for local, columns in own_class_blocks(block.rows, self.centres.bounds):
                    means = values[local, columns].mean(axis=1, dtype=np.float64)
                    self.terms[1, column] += np.log(means).sum()


def bounds(
    t: Array, noise_stds: Sequence[float], labels: Any = None, population: bool = False, seed: int = 0
) -> list[tuple[float, float]]:
    """The lower and the upper bound on I(X; T + noise) at each level; of a population twice the value."""
    n, d = t.shape
    # Centres of the library are in units of the smallest noise, at which 1 is therefore a level.
    smallest = min(noise_stds)
    centres = centre(t, smallest, labels)
    draws, kind = (2, PopulationSums) if population else (1, SampleSums)
    sums = [kind(centres, level / smallest) for level in noise_stds]
    distances = [PairwiseSums(centres, level / smallest) for level in noise_stds]
    for block in table_blocks(centres, draws, seed, min(n, max(256 if d >= 256 else 32, min(1024, 2**18 // n)))):
        for part in (*sums, *distances):
            part.add(block)
    return [part.value() for part in sums]
