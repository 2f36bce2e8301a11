"""Families of pairs of columns: Gaussian, other copulas, thinly spread, rare and local dependence."""

from __future__ import annotations

import math

import numpy as np

from infoplane.distributions.deformations import Deformation
from infoplane.distributions.population.composed import Padded, SideBySide, mapped
from infoplane.distributions.population.copulas import clayton, frank, gumbel, student_pair
from infoplane.distributions.population.draws import (
    columns,
    correlations,
    information,
    log_integer,
    log_uniform,
    shares,
    solve,
)
from infoplane.distributions.population.factors import FactorModel, WeakBits
from infoplane.distributions.population.maps import random_margins, random_mixing, random_scales
from infoplane.distributions.population.pairs import CopulaPairs, NormalPairs
from infoplane.distributions.population.partial import LocalDependence, RareRows
from infoplane.distributions.population.task import Drawn

_THIN = 30
"""The fewest columns over which dependence counts as thinly spread."""


def gaussian_margins(rng: np.random.Generator) -> Drawn:
    """Gaussian X and Z with random canonical correlations, mixed, under random monotone margins."""
    dx, dz = columns(rng), columns(rng)
    pairs = log_integer(rng, 1, min(dx, dz, 20))
    rhos = correlations(shares(rng, pairs, information(rng)))
    maps = [_mixed_margins(rng, d) for d in (dx, dz)]
    return Drawn(mapped(NormalPairs(rhos, dx, dz), *maps), f"{pairs} canonical correlations in {dx} and {dz} columns")


def factor_models(rng: np.random.Generator) -> Drawn:
    """Columns that share a few hidden normal factors, some under monotone margins."""
    dx, dz, factors = columns(rng, low=2), columns(rng, low=2), log_integer(rng, 1, 6)
    loadings = [rng.standard_normal((factors, d)) * (rng.random((factors, d)) < rng.uniform(0.3, 1)) for d in (dx, dz)]
    loadings = [loading + 0.1 * rng.standard_normal(loading.shape) for loading in loadings]

    def with_strength(strength: float) -> FactorModel:
        return FactorModel(strength * loadings[0], strength * loadings[1])

    strength = solve(lambda s: with_strength(s).mutual_information(), information(rng), 1e-3, 1e3)
    maps: list[list[Deformation]] = [[], []]
    if rng.random() < 0.5:
        maps = [[random_margins(rng, d)] for d in (dx, dz)]
    model = mapped(with_strength(strength), *maps)
    return Drawn(model, f"{factors} factors shared by {dx} and {dz} columns{', under margins' if maps[0] else ''}")


def archimedean_pairs(rng: np.random.Generator) -> Drawn:
    """Independent pairs of Clayton and Frank copulas, random margins, mixed by rotations or not."""
    pairs = log_integer(rng, 1, 8)
    names = [("Clayton", "Frank")[i] for i in rng.integers(2, size=pairs)]
    nats = shares(rng, pairs, information(rng), most=1.8)
    copulas = [clayton(i) if name == "Clayton" else frank(i) for name, i in zip(names, nats, strict=True)]
    return _copula_task(rng, CopulaPairs(tuple(copulas), rng.random((pairs, 2)) < 0.5), ", ".join(names))


def tail_pairs(rng: np.random.Generator) -> Drawn:
    """Independent pairs of Gumbel and Student copulas, which meet in the tails, mixed by rotations or not."""
    pairs = log_integer(rng, 1, 8)
    names = [("Gumbel", "Student")[i] for i in rng.integers(2, size=pairs)]
    nats = shares(rng, pairs, information(rng), most=2.5)
    copulas = [
        gumbel(i) if name == "Gumbel" else student_pair(i, log_uniform(rng, 1.0, 8.0))
        for name, i in zip(names, nats, strict=True)
    ]
    return _copula_task(rng, CopulaPairs(tuple(copulas), rng.random((pairs, 2)) < 0.5), ", ".join(names))


def rare_dependence(rng: np.random.Generator) -> Drawn:
    """Pairs of columns that go together in a small share of the rows and are independent in the others."""
    pairs, share = log_integer(rng, 1, 5), log_uniform(rng, 0.03, 0.6)
    rhos = correlations(0.3 + rng.uniform(0.0, 4.0) * rng.random(pairs)) * np.where(rng.random(pairs) < 0.5, -1, 1)
    base = RareRows(share, rhos)
    more = [_few_more(rng) for _ in range(2)]
    maps = [_mixed_margins(rng, pairs + count) for count in more]
    description = f"{pairs} pairs that go together in {share:.1%} of the rows, {more[0]} and {more[1]} columns more"
    return Drawn(mapped(Padded(base, *more), *maps), description)


def local_dependence(rng: np.random.Generator) -> Drawn:
    """Pairs that go together only while X lies in an interval, and are independent outside."""
    pairs = log_integer(rng, 1, 3)
    parts = []
    for _ in range(pairs):
        width = rng.uniform(0.05, 0.6)
        low = rng.uniform(0.0, 1 - width)
        rho = math.sqrt(-math.expm1(-2 * information(rng, 4.0)))
        parts.append(LocalDependence(low, low + width, rho * (-1 if rng.random() < 0.5 else 1)))
    more = [_few_more(rng) for _ in range(2)]
    maps: list[list[Deformation]] = [[random_margins(rng, pairs + count)] for count in more]
    shown = ", ".join(f"{part.low:.2f} to {part.high:.2f}" for part in parts)
    return Drawn(mapped(Padded(SideBySide(tuple(parts)), *more), *maps), f"dependent while the rank of x is {shown}")


def thin_correlations(rng: np.random.Generator) -> Drawn:
    """Dependence spread thinly over many columns: dozens to hundreds of weak canonical correlations."""
    dx = log_integer(rng, _THIN, 500)
    dz = dx if rng.random() < 0.5 else log_integer(rng, _THIN, 500)
    pairs = min(dx, dz)
    rhos = correlations(information(rng) * rng.dirichlet(np.full(pairs, 3.0)))
    maps: list[list[Deformation]] = [[], []]
    if rng.random() < 0.5:
        maps = [[random_mixing(rng, d)] for d in (dx, dz)]
    base = mapped(NormalPairs(rhos, dx, dz), *maps)
    return Drawn(base, f"{pairs} weak correlations in {dx} and {dz} columns{', mixed' if maps[0] else ''}")


def weak_bits(rng: np.random.Generator) -> Drawn:
    """Many fair bits, each of which Z repeats with many errors."""
    pairs = log_integer(rng, _THIN, 300)
    unevenness = rng.dirichlet(np.full(pairs, 3.0)) * pairs

    def with_strength(strength: float) -> WeakBits:
        return WeakBits(0.5 * np.exp(-strength * unevenness))

    strength = solve(lambda s: with_strength(s).mutual_information(), information(rng), 1e-5, 10.0)
    return Drawn(with_strength(strength), f"{pairs} bits repeated with errors")


def _copula_task(rng: np.random.Generator, base: CopulaPairs, names: str) -> Drawn:
    d = len(base.copulas)
    maps: list[list[Deformation]] = []
    rotated = rng.random() < 0.5
    for _ in range(2):
        margins: list[Deformation] = [random_margins(rng, d)] if rng.random() < 0.5 else []
        maps.append([*margins, *([random_mixing(rng, d)] if rotated else [])])
    return Drawn(mapped(base, *maps), f"{d} pairs ({names}){', mixed' if rotated else ''}")


def _mixed_margins(rng: np.random.Generator, d: int) -> list[Deformation]:
    """A mixture of the columns, or none, with normal margins or others, at any scale."""
    maps: list[Deformation] = []
    if rng.random() < 0.7:
        maps.append(random_mixing(rng, d))
    if rng.random() < 0.6:
        maps.append(random_margins(rng, d))
    if rng.random() < 0.3:
        maps.append(random_scales(rng, d))
    return maps


def _few_more(rng: np.random.Generator) -> int:
    """Further columns without meaning: none in half of the tasks."""
    return 0 if rng.random() < 0.5 else columns(rng, high=50)
