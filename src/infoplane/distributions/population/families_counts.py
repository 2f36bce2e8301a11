"""Families of counts, rounded values and symbols."""

from __future__ import annotations

import math

import numpy as np

from infoplane.common.aliases import FloatArray
from infoplane.distributions.base import Distribution
from infoplane.distributions.deformations import Deformation
from infoplane.distributions.discrete import Discrete, channel_matrix, typewriter
from infoplane.distributions.population.composed import Padded, SideBySide, mapped
from infoplane.distributions.population.counts import CodedTable, GammaPoisson, RoundedNormals
from infoplane.distributions.population.draws import (
    columns,
    correlations,
    information,
    log_integer,
    log_uniform,
    shares,
    solve,
)
from infoplane.distributions.population.task import Drawn


def counts(rng: np.random.Generator) -> Drawn:
    """Poisson counts whose means are gamma variables, some with many zeros."""
    pairs = log_integer(rng, 1, 5)
    parts: list[Distribution] = []
    for _ in range(pairs):
        zeros = rng.uniform(0.1, 0.9) if rng.random() < 0.5 else 0.0
        parts.append(GammaPoisson(log_uniform(rng, 0.3, 5.0), log_uniform(rng, 0.2, 300.0), zeros))
    more = 0 if rng.random() < 0.6 else columns(rng, high=20)
    return Drawn(Padded(SideBySide(tuple(parts)), more), f"{pairs} counts, {more} columns more")


def rounded_normals(rng: np.random.Generator) -> Drawn:
    """Correlated normal columns rounded to few values and cut off at both ends, on one side or on both."""
    pairs = log_integer(rng, 1, 6)
    both = rng.random() < 0.6
    parts: list[Distribution] = []
    for rho in np.minimum(correlations(shares(rng, pairs, information(rng), most=2.5)), 0.995):
        steps = [log_uniform(rng, 0.1, 1.5) for _ in range(2)]
        most = log_integer(rng, 1, 20)
        parts.append(RoundedNormals(float(rho), steps[0] if both else None, steps[1], most))
    return Drawn(SideBySide(tuple(parts)), f"{pairs} pairs, rounded on {'both sides' if both else 'one side'}")


def discrete_tables(rng: np.random.Generator) -> Drawn:
    """Symbols with a random table of joint probabilities, written as numbers; Z a label in some."""
    parts: list[Distribution] = []
    labelled = rng.random() < 0.3
    pairs = 1 if labelled else log_integer(rng, 1, 4)
    for _ in range(pairs):
        k, m = log_integer(rng, 2, 20), log_integer(rng, 2, 20)
        table = _random_table(rng, k, m, information(rng, 1.5 * math.log(min(k, m))))
        parts.append(CodedTable(table, _numbers(rng, k), None if labelled else _numbers(rng, m)))
    if labelled:
        return Drawn(parts[0], f"a {k} x {m} table, z a label")
    return Drawn(SideBySide(tuple(parts)), f"{pairs} tables, symbols as numbers")


def coded_symbols(rng: np.random.Generator) -> Drawn:
    """Symbols through a noisy channel, written as one-hot rows or binary code words."""
    k = log_integer(rng, 2, 30)
    kind = ("symmetric", "typewriter", "erased")[rng.integers(3)] if k > 2 else "symmetric"
    if kind == "symmetric":
        table = channel_matrix(k, rng.uniform(0.0, (k - 1) / k)) / k
    elif kind == "typewriter":
        table = typewriter(k).joint
    else:
        share = rng.uniform(0.0, 0.95)
        table = np.concatenate([(1 - share) * np.eye(k), np.full((k, 1), share)], axis=1) / k
    codes = [_code_words(rng, size) for size in table.shape]
    noise_columns = 0 if rng.random() < 0.6 else columns(rng, high=20)
    coded = CodedTable(table, codes[0], codes[1])
    maps: list[list[Deformation]] = [[], []]
    base = mapped(Padded(coded, noise_columns), *maps)
    return Drawn(base, f"{k} symbols, {kind}, in {codes[0].shape[1]} and {codes[1].shape[1]} columns")


def _random_table(rng: np.random.Generator, k: int, m: int, nats: float) -> FloatArray:
    """p(i) at random, p(j | i) as exp(strength * normal), the strength solved for the information."""
    normal = rng.standard_normal((k, m))
    of_x, base = rng.dirichlet(np.full(k, 3.0))[:, None], rng.dirichlet(np.full(m, 3.0))

    def with_strength(strength: float) -> FloatArray:
        given = base * np.exp(strength * (normal - normal.max(axis=1, keepdims=True)))
        return np.asarray(of_x * given / given.sum(axis=1, keepdims=True))

    strength = solve(lambda s: Discrete(with_strength(s)).mutual_information(), nats, 1e-3, 30.0, steps=25)
    return with_strength(strength)


def _numbers(rng: np.random.Generator, k: int) -> FloatArray:
    """0 to k - 1 in order, or any distinct numbers; shape (k, 1)."""
    if rng.random() < 0.6:
        return np.arange(float(k))[:, None]
    return np.round(rng.permutation(np.cumsum(0.1 + rng.exponential(size=k))), 2)[:, None]


def _code_words(rng: np.random.Generator, k: int) -> FloatArray:
    """One-hot rows, or different binary words of little more than log2 k bits; shape (k, columns)."""
    if rng.random() < 0.5:
        return np.eye(k)
    bits = max(1, math.ceil(math.log2(k))) + int(rng.integers(0, 4))
    words = rng.choice(2**bits, size=k, replace=False)
    return (words[:, None] >> np.arange(bits) & 1).astype(np.float64)
