"""Families in which Z is a class label."""

from __future__ import annotations

import math

import numpy as np

from infoplane.common.aliases import FloatArray
from infoplane.distributions.deformations import Deformation
from infoplane.distributions.mixture import Mixture
from infoplane.distributions.population.composed import Padded, mapped
from infoplane.distributions.population.determined import (
    Divided,
    Parity,
    Partition,
    Radii,
    Sectors,
    SeparateClusters,
    Slices,
)
from infoplane.distributions.population.draws import columns, log_integer, log_uniform, orthogonal
from infoplane.distributions.population.families_embedded import random_embedding
from infoplane.distributions.population.labels import Directions, Shells
from infoplane.distributions.population.maps import Linear, Scaled, random_margins, random_mixing, random_scales
from infoplane.distributions.population.mixtures import Classes
from infoplane.distributions.population.task import Drawn


def labelled_clusters(rng: np.random.Generator) -> Drawn:
    """Classes behind Gaussian clusters, one or several to a class, among columns without meaning."""
    d = log_integer(rng, 1, 10)
    mixture = _random_mixture(rng, d)
    more = 0 if rng.random() < 0.5 else columns(rng, high=60)
    maps = [*([random_mixing(rng, d + more)] if rng.random() < 0.5 else []), *_any_scale(rng, d + more)]
    base = mapped(Padded(Classes(mixture), more), maps)
    return Drawn(base, f"{len(mixture.shares)} classes behind {len(mixture.means)} Gaussians in {d + more} columns")


def labelled_shells(rng: np.random.Generator) -> Drawn:
    """Classes behind rings and shells around one centre."""
    classes = log_integer(rng, 2, 8)
    shells = classes * log_integer(rng, 1, 3)
    spread = log_uniform(rng, 0.02, 0.4)
    gaps = rng.uniform(0.2, 1.0, size=shells) * log_uniform(rng, 0.2, 2.0)
    d = log_integer(rng, 2, 30)
    labels = rng.permutation(np.arange(shells) % classes)
    base = Shells(np.exp(np.cumsum(gaps) - gaps.sum()), spread, labels, rng.dirichlet(np.full(shells, 5.0)), d)
    return Drawn(mapped(base, _any_scale(rng, d)), f"{classes} classes behind {shells} shells in {d} columns")


def labelled_embeddings(rng: np.random.Generator) -> Drawn:
    """Classes behind clusters of latents, seen through a smooth network in many columns."""
    d, width = log_integer(rng, 1, 8), log_integer(rng, 10, 500)
    mixture = _random_mixture(rng, d)
    base = mapped(Classes(mixture), [_standardised(mixture.means, 1.0), *random_embedding(rng, d, width)])
    return Drawn(base, f"{len(mixture.shares)} classes behind {d} latents in {width} columns")


def labelled_directions(rng: np.random.Generator) -> Drawn:
    """Unit vectors around the direction of their class, as normalised embeddings are."""
    classes, d = log_integer(rng, 2, 30), log_integer(rng, 3, 500)
    plane = min(d, log_integer(rng, 2, 50))
    centres = rng.standard_normal((classes, plane)) @ orthogonal(rng, d)[:plane]
    centres /= np.linalg.norm(centres, axis=1, keepdims=True)
    # Distance between two classes' projections on what parts them, in standard deviations.
    apart = log_uniform(rng, 0.3, 8.0)
    base = Directions(centres, apart * math.sqrt(d / 2), rng.dirichlet(np.full(classes, 5.0)))
    return Drawn(base, f"{classes} directions in {d} columns, {apart:.2g} standard deviations apart")


def determined_labels(rng: np.random.Generator) -> Drawn:
    """Labels that X determines: slices across a direction, or clusters that do not touch; 2 to 100 classes."""
    classes = log_integer(rng, 2, 100)
    proportions = _proportions(rng, classes)
    if rng.random() < 0.5:
        d = columns(rng, high=50)
        direction = rng.standard_normal(d) * (rng.random(d) < 0.5)
        direction[0] += 0.1
        base = Divided(Slices(direction / np.linalg.norm(direction), proportions), d)
        maps: list[Deformation] = [random_margins(rng, d)] if rng.random() < 0.3 else []
        return Drawn(mapped(base, maps), f"{classes} slices in {d} columns")
    d = log_integer(rng, 2, 10)
    grid = math.ceil(classes ** (1 / d)) + 1
    cells = rng.choice(min(grid**d, 10**6), size=classes, replace=False)
    centres = np.stack(np.unravel_index(cells, (grid,) * d), axis=1).astype(np.float64)
    clusters = SeparateClusters(centres, rng.uniform(0.02, 0.49), proportions)
    if rng.random() < 0.5:
        width = log_integer(rng, 10, 300)
        maps = [_standardised(centres, 0.3), *random_embedding(rng, d, width)]
        return Drawn(mapped(clusters, maps), f"{classes} clusters apart, in {width} columns")
    return Drawn(mapped(clusters, [random_mixing(rng, d)]), f"{classes} clusters apart, in {d} columns")


def determined_regions(rng: np.random.Generator) -> Drawn:
    """Labels that X determines in ways no direction shows: shells, sectors, parities of signs."""
    kind = ("radii", "sectors", "parity")[rng.integers(3)]
    d = log_integer(rng, 2, 20)
    partition: Partition
    if kind == "radii":
        partition = Radii(_proportions(rng, log_integer(rng, 2, 20)), d)
    elif kind == "sectors":
        partition = Sectors(log_integer(rng, 2, 50), log_integer(rng, 1, 4))
    else:
        partition = Parity(log_integer(rng, 1, min(d, 4)))
    maps: list[Deformation] = [Linear(orthogonal(rng, d))] if rng.random() < 0.5 else []
    return Drawn(mapped(Divided(partition, d), maps), f"{kind}, {len(partition.shares())} classes in {d} columns")


def _random_mixture(rng: np.random.Generator, d: int) -> Mixture:
    """Two to 20 classes, one to three Gaussians each, from overlapping to well apart."""
    classes = log_integer(rng, 2, 20)
    components = classes * log_integer(rng, 1, 3)
    means = log_uniform(rng, 0.3, 6.0) * rng.standard_normal((components, d))
    covariances = np.empty((components, d, d))
    for k in range(components):
        turned = orthogonal(rng, d) * np.exp(0.5 * rng.uniform(-1.0, 0.7, size=d))
        covariances[k] = turned @ turned.T
    weights = rng.dirichlet(np.full(components, 5.0)) + 1e-4
    return Mixture(means, covariances, np.arange(components) % classes, weights)


def _proportions(rng: np.random.Generator, classes: int) -> FloatArray:
    """All alike in half of the tasks."""
    if rng.random() < 0.5:
        return np.full(classes, 1 / classes)
    proportions = rng.dirichlet(np.full(classes, 3.0)) + 0.05 / classes
    return np.asarray(proportions / proportions.sum())


def _standardised(centres: FloatArray, spread: float) -> Scaled:
    """Clusters around these centres, of a standard deviation, to about mean 0 and variance 1 in each column."""
    factors = 1 / np.sqrt(centres.var(axis=0) + spread**2)
    return Scaled(factors, -centres.mean(axis=0) * factors)


def _any_scale(rng: np.random.Generator, d: int) -> list[Deformation]:
    return [random_scales(rng, d)] if rng.random() < 0.3 else []
