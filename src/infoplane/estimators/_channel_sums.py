"""Log-sums over the channel table at one noise level: for a sample, for a whole population, and of distances alone.

Each class adds up rows of the table (``add``); sums of other rows can be merged into it (``merge``).
"""

from __future__ import annotations

import math

import numpy as np

from infoplane.common.aliases import FloatArray
from infoplane.estimators._channel import Centres, own_class_blocks
from infoplane.estimators._channel_tables import LevelTables, Sums


class SampleSums:
    """Terms of the bounds on the population's MI for each sample, and each sample's influence as a centre.

    The bounds are means of terms f_i that share their centres, so the standard error comes from the influence of a
    sample: its own term minus its responsibility, as a centre, for all the other noisy samples (the Hájek projection;
    an infinitesimal jackknife).
    """

    def __init__(self, centres: Centres) -> None:
        n = centres.n
        self.centres = centres
        self.terms, self.responsibility = np.zeros((4, n)), np.zeros((4, n))
        """Of the lower and the upper bound, of the label's posterior, and of the lower bound within classes."""
        if centres.bounds is not None:
            counts = np.diff(centres.bounds)
            classes = len(counts)
            own_count = np.repeat(counts, counts)
            self.log_share = np.log(own_count / n)
            self.log_own_count = np.log(own_count)
            # Mixing in a little of the label's frequency among the others keeps ln q finite; any fixed q is a bound.
            self.prior_weight = classes / (n + classes)
            self.prior = own_count / (n - 1 + classes)

    def add(self, tables: LevelTables) -> None:
        """Add the tables' rows: means over all draws and signs of the noise."""
        rows, draws = tables.block.rows, 2 * len(tables.block.projections)
        for found in tables.other_ratios():
            log_others = np.log(found.total) + found.shift
            log_all = np.logaddexp(0.0, log_others)
            self.terms[0, rows] += (math.log(self.centres.n) - log_all) / draws
            self.terms[1, rows] += (math.log(self.centres.n - 1) - log_others) / draws
            for row, weights in enumerate((np.exp(found.shift - log_all), 1 / found.total)):
                self.responsibility[row] += (weights / draws).astype(found.table.dtype) @ found.table
            self.responsibility[0, rows] += np.exp(-log_all) / draws
            if self.centres.bounds is not None:
                self._add_labels(rows, found, draws)

    def _add_labels(self, rows: slice, found: Sums, draws: int) -> None:
        assert self.centres.bounds is not None
        q = (1 - self.prior_weight) * found.own / found.total + self.prior_weight * self.prior[rows]
        self.terms[2, rows] += (np.log(q) - self.log_share[rows]) / draws
        with np.errstate(divide="ignore"):
            log_own = np.logaddexp(0.0, np.log(found.own) + found.shift)
        self.terms[3, rows] += (self.log_own_count[rows] - log_own) / draws
        dtype = found.table.dtype
        gain = (1 - self.prior_weight) / (found.total * q)
        self.responsibility[2] += (gain * found.own / found.total / draws).astype(dtype) @ found.table
        gain, within = ((weights / draws).astype(dtype) for weights in (gain, np.exp(found.shift - log_own)))
        for local, columns in own_class_blocks(rows, self.centres.bounds):
            table = found.table[local, columns]
            self.responsibility[2, columns] -= gain[local] @ table
            self.responsibility[3, columns] += within[local] @ table
        self.responsibility[3, rows] += np.exp(-log_own) / draws

    def merge(self, other: SampleSums) -> None:
        """Add the sums of other rows."""
        self.terms += other.terms
        self.responsibility += other.responsibility

    def _in_callers_order(self, values: FloatArray) -> FloatArray:
        ordered = np.empty_like(values)
        ordered[:, self.centres.order] = values
        return ordered

    def influence(self) -> FloatArray:
        """Shape (2, n), the caller's order: row means are the lower and the upper bound on I(X; T + noise)."""
        return self._in_callers_order(self.terms[:2] + 1 - self.responsibility[:2])

    def label_influence(self) -> FloatArray:
        """Shape (2, n): lower bound on I(T + noise; Y), and the class-weighted mean of within-class lower bounds."""
        return self._in_callers_order(self.terms[2:] + np.array([[0.0], [1.0]]) - self.responsibility[2:])


class PopulationSums:
    """Terms of the MI of a population of equally likely centres: exact up to Monte Carlo error, which is estimated.

    The mean over z and -z is one evaluation; |z|^2 - d, whose mean is known, serves as a control variate.
    """

    def __init__(self, centres: Centres) -> None:
        self.centres = centres
        self.sums: list[FloatArray] = []
        self.excess: list[FloatArray] = []
        """One array for each block of rows: sums over all centres and over those of the own class, shape
        (draws, signs, 2, rows), and the control variate, (draws, rows)."""
        if centres.bounds is not None:
            counts = np.diff(centres.bounds)
            self.log_share = np.log(np.repeat(counts, counts) / centres.n)

    def add(self, tables: LevelTables) -> None:
        """Add the tables' rows, which are the next ones."""
        found = np.array([(sums.total, sums.own) for sums in tables.all_ratios()])
        self.sums.append(found.reshape(len(tables.block.projections), 2, 2, -1))
        self.excess.append(tables.block.excess)

    def merge(self, other: PopulationSums) -> None:
        """Add the sums of the next rows."""
        self.sums += other.sums
        self.excess += other.excess

    def information(self) -> tuple[FloatArray, FloatArray]:
        """I(X; T + noise) and, with labels, I(T + noise; Y); and their Monte Carlo standard errors."""
        sums, control = np.concatenate(self.sums, axis=3), np.concatenate(self.excess, axis=1)
        terms = np.zeros((len(sums), 2, sums.shape[3]))
        terms[:, 0] = math.log(self.centres.n) - np.log(sums[:, :, 0]).mean(axis=1)
        if self.centres.bounds is not None:
            terms[:, 1] = np.log(sums[:, :, 1] / sums[:, :, 0]).mean(axis=1) - self.log_share
        centred = control - control.mean(axis=0)
        around = terms - terms.mean(axis=0)
        slope = np.einsum("dkn,dn->k", around, centred) / np.maximum((centred**2).sum(), 1e-300)
        terms = terms - slope[:, None] * control[:, None]
        variance = terms.var(axis=0, ddof=1).sum(axis=1) / len(terms)
        return terms.mean(axis=(0, 2)), np.sqrt(variance) / self.centres.n


class PairwiseSums:
    """Bounds by Kolchinsky and Tracey (2017): log-sums of the pairwise distances, in KL and Bhattacharyya form."""

    def __init__(self, centres: Centres) -> None:
        self.centres = centres
        self.means = np.zeros((2, 2, centres.n))
        """For each sample: of all samples and of its class, in KL and in Bhattacharyya form."""
        counts = np.array([centres.n]) if centres.bounds is None else np.diff(centres.bounds)
        self.own_count = np.repeat(counts, counts)

    def add(self, tables: LevelTables) -> None:
        """Add the tables' rows."""
        rows = tables.block.rows
        bhattacharyya, kl = ((found.total, found.own) for found in tables.distance_sums())
        for column, (total, own) in enumerate((kl, bhattacharyya)):
            self.means[0, column, rows] = total / self.centres.n
            self.means[1, column, rows] = own / self.own_count[rows]

    def merge(self, other: PairwiseSums) -> None:
        """Add the sums of other rows."""
        self.means += other.means

    def information(self) -> FloatArray:
        """I(X; T + noise): KL form (upper for the mixture), Bhattacharyya form (lower)."""
        result: FloatArray = -np.log(self.means[0]).mean(axis=1)
        return result

    def label_information(self) -> FloatArray:
        """I(T + noise; Y) as the differences of the entropies in the same form."""
        result: FloatArray = np.log(self.means[1] / self.means[0]).mean(axis=1)
        return result
