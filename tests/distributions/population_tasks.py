"""Taking tasks of the population apart, and computing their information a second time."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
from scipy.special import digamma, ndtr

from infoplane.common.aliases import Array, FloatArray
from infoplane.distributions import population
from infoplane.distributions.base import Distribution
from infoplane.distributions.deformed import Deformed
from infoplane.distributions.discrete import Discrete
from infoplane.distributions.independent import Independent, Stacked
from infoplane.distributions.population.composed import Padded
from infoplane.distributions.population.counts import CodedTable, RoundedNormals
from infoplane.distributions.population.determined import Divided, SeparateClusters
from infoplane.distributions.population.functions import FunctionPlusNoise
from infoplane.distributions.population.noise import SHAPES, SumPlusNoise


def dependent_tasks(family: str, numbers: range) -> list[population.Task]:
    """Those of the numbered tasks that are not independent."""
    tasks = [population.task(family, number) for number in numbers]
    return [task for task in tasks if not isinstance(task.distribution, Independent)]


def parts(distribution: Distribution) -> list[Distribution]:
    """What carries the information: below maps and further columns, and each of the parts that stand side by side."""
    if isinstance(distribution, Deformed | Padded):
        return parts(distribution.base)
    if isinstance(distribution, Stacked):
        return [inner for part in distribution.parts for inner in parts(part)]
    return [distribution]


def layers(distribution: Distribution) -> Iterator[Deformed]:
    """All maps of a distribution, the outermost first."""
    while isinstance(distribution, Deformed | Padded):
        if isinstance(distribution, Deformed):
            yield distribution
        distribution = distribution.base


def second_computation(part: Distribution, n: int, seed: int) -> tuple[float, float]:
    """I(X; Z) in nats of one part in another way than its own, and the standard error of that."""
    if isinstance(part, FunctionPlusNoise | SumPlusNoise):
        return _from_spacings(part, 25 * n, seed)
    if isinstance(part, RoundedNormals):
        return _from_normal_cells(part, n, seed)
    if isinstance(part, CodedTable):
        return _from_counts(part, 5 * n, seed)
    if isinstance(part, Divided | SeparateClusters):
        labels = part.sample(n, seed)[1]
        shares = np.bincount(labels) / n
        terms = -np.log(shares[labels])
        # Miller & Madow 1955
        return float(terms.mean()) + (np.count_nonzero(shares) - 1) / (2 * n), float(terms.std()) / math.sqrt(n)
    return _mean(part.pointwise(*part.sample(n, seed)))  # type: ignore[attr-defined]


def _mean(terms: FloatArray) -> tuple[float, float]:
    return float(terms.mean()), float(terms.std(ddof=1)) / math.sqrt(len(terms))


def _from_spacings(part: FunctionPlusNoise | SumPlusNoise, n: int, seed: int) -> tuple[float, float]:
    """h(Z) from the spacings of a sorted sample (Vasicek 1976), less the noise's entropy."""
    m = 20
    x, z = part.sample(n, seed)
    ordered = np.sort(z[:, 0])
    terms = np.log(ordered[m:] - ordered[:-m]) + math.log(n) - float(digamma(m))
    if isinstance(part, SumPlusNoise):
        noise = np.array([SHAPES[part.noise].entropy + math.log(part.width)])
    else:
        noise = 0.5 * math.log(2 * math.pi * math.e) + np.log(part.width * part.scale(x))
    # Each spacing overlaps with its neighbours; tails and edges are cut off and smoothed.
    error = math.hypot(float(terms.std()), float(noise.std())) / math.sqrt(n)
    return float(terms.mean() - noise.mean()), math.hypot(error, 0.001)


def _from_normal_cells(part: RoundedNormals, n: int, seed: int) -> tuple[float, float]:
    """Pointwise where X is not rounded; else from counts."""
    x, z = part.sample(n, seed)
    if part.x_step is not None:
        return _from_counts(part, n, seed)
    step = np.rint(z[:, 0] / part.z_step)
    low = np.where(step > -part.most, (step - 0.5) * part.z_step, -np.inf)
    high = np.where(step < part.most, (step + 0.5) * part.z_step, np.inf)
    width = math.sqrt(1 - part.rho**2)
    given = ndtr((high - part.rho * x[:, 0]) / width) - ndtr((low - part.rho * x[:, 0]) / width)
    return _mean(np.log(given) - np.log(ndtr(high) - ndtr(low)))


def _one_number(rows: Array) -> FloatArray:
    """A number for each row, the same for equal rows."""
    return rows if rows.ndim == 1 else rows @ np.random.default_rng(0).random(rows.shape[1])


def _from_counts(part: Distribution, n: int, seed: int) -> tuple[float, float]:
    """From the table of counts of a large sample, less what n counts add on average (Miller & Madow 1955)."""
    x, z = part.sample(n, seed)
    codes = [np.unique(_one_number(side), return_inverse=True)[1] for side in (x, z)]
    table = np.zeros((codes[0].max() + 1, codes[1].max() + 1))
    np.add.at(table, (codes[0], codes[1]), 1 / n)
    filled = [np.count_nonzero(table), np.count_nonzero(table.sum(axis=1)), np.count_nonzero(table.sum(axis=0))]
    excess = (filled[0] - filled[1] - filled[2] + 1) / (2 * n)
    counted = Discrete(table)
    return counted.mutual_information() - excess, _mean(counted.pointwise(codes[0], codes[1]))[1]
