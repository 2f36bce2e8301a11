"""Families of latents of few dimensions in many columns, and of real images."""

from __future__ import annotations

import numpy as np

from infoplane.distributions.deformations import Deformation
from infoplane.distributions.discrete import channel_matrix
from infoplane.distributions.population.composed import Padded, mapped
from infoplane.distributions.population.copulas import clayton, frank
from infoplane.distributions.population.curves import NoisyCurves
from infoplane.distributions.population.digits import MOST_ROWS, DigitPairs, RandomFeatures
from infoplane.distributions.population.draws import (
    columns,
    correlations,
    information,
    log_integer,
    log_uniform,
    orthogonal,
    shares,
)
from infoplane.distributions.population.maps import (
    Bent,
    Bumps,
    Linear,
    Scaled,
    random_margins,
)
from infoplane.distributions.population.networks import random_coupling, random_residual
from infoplane.distributions.population.pairs import CopulaPairs, NormalPairs
from infoplane.distributions.population.task import Drawn

_FEWEST, _MOST = 10, 500


def embedded_latents(rng: np.random.Generator) -> Drawn:
    """Correlated normal latents, each side through its own smooth network into many columns, without noise."""
    dims = [log_integer(rng, 1, 8) for _ in range(2)]
    pairs = log_integer(rng, 1, min(dims))
    base = NormalPairs(correlations(shares(rng, pairs, information(rng))), *dims)
    widths = [log_integer(rng, _FEWEST, _MOST) for _ in range(2)]
    maps = [random_embedding(rng, d, width) for d, width in zip(dims, widths, strict=True)]
    return Drawn(mapped(base, *maps), f"latents {dims[0]} + {dims[1]} in {widths[0]} + {widths[1]} columns")


def rendered_bumps(rng: np.random.Generator) -> Drawn:
    """Images of a bump whose position and width depend on those of a bump in the other image."""
    d = log_integer(rng, 1, 3)
    nats = shares(rng, d, information(rng), most=1.8)
    base = CopulaPairs(tuple((clayton, frank)[rng.integers(2)](i) for i in nats), rng.random((d, 2)) < 0.5)
    sides = [log_integer(rng, 5, 22) for _ in range(2)]
    maps: list[list[Deformation]] = [[Bumps(side, d, rng.uniform(0.12, 0.35))] for side in sides]
    if rng.random() < 0.3:
        maps[1] = [random_margins(rng, d)]
        return Drawn(mapped(base, *maps), f"{d} latents as {sides[0]}² pixels, and as they are")
    return Drawn(mapped(base, *maps), f"{d} latents as {sides[0]}² and {sides[1]}² pixels")


def thick_embeddings(rng: np.random.Generator) -> Drawn:
    """Correlated normal latents on a curved sheet in many columns, with a little noise across the sheet."""
    dims = [log_integer(rng, 1, 6) for _ in range(2)]
    pairs = log_integer(rng, 1, min(dims))
    base = NormalPairs(correlations(shares(rng, pairs, information(rng))), *dims)
    widths = [log_integer(rng, _FEWEST, 200) for _ in range(2)]
    noise = log_uniform(rng, 0.003, 0.3)
    thick = Padded(base, widths[0] - dims[0], widths[1] - dims[1], noise)
    bend = log_uniform(rng, 0.3, 3.0)
    maps: list[list[Deformation]] = [
        [Linear(orthogonal(rng, width)), random_coupling(rng, width, bend), random_residual(rng, width)]
        for width in widths
    ]
    description = f"latents {dims[0]} + {dims[1]} in {widths[0]} + {widths[1]} columns, noise {noise:.2g} across"
    return Drawn(mapped(thick, *maps), description)


def noisy_curves(rng: np.random.Generator) -> Drawn:
    """Points on two closed curves in many columns, with noise in all of them; the angles go together."""
    amplitudes = [tuple(1 / rng.uniform(1, 2, size=log_integer(rng, 1, 4)).cumprod()) for _ in range(2)]
    noises = [log_uniform(rng, 0.05, 0.6) for _ in range(2)]
    base = NoisyCurves(amplitudes[0], amplitudes[1], noises[0], noises[1], log_uniform(rng, 0.3, 1000.0))
    widths = [max(2 * len(own), columns(rng, low=2)) for own in amplitudes]
    maps: list[list[Deformation]] = []
    for own, width, noise in zip(amplitudes, widths, noises, strict=True):
        more = width - 2 * len(own)
        # The further columns come with variance 1; they get the noise that the curve's columns have.
        scales = Scaled(np.concatenate([np.ones(2 * len(own)), np.full(more, noise)]), np.zeros(width))
        maps.append([scales, Linear(orthogonal(rng, width))])
    padded = Padded(base, *(width - 2 * len(own) for own, width in zip(amplitudes, widths, strict=True)))
    description = f"closed curves in {widths[0]} + {widths[1]} columns, noise {noises[0]:.2g} and {noises[1]:.2g}"
    return Drawn(mapped(padded, *maps), description)


def digit_pairs(rng: np.random.Generator) -> Drawn:
    """Random features of different real digits whose classes are the same, or meet through a noisy channel."""
    error = 0.0 if rng.random() < 0.4 else rng.uniform(0.0, 0.6)
    features = [RandomFeatures(int(rng.integers(2**31)), log_integer(rng, 20, 500)) for _ in range(2)]
    pairs = DigitPairs(channel_matrix(10, error) / 10, features[0], features[1])
    description = f"digits in {features[0].columns} + {features[1].columns} columns, class changed in {error:.0%}"
    return Drawn(pairs, description, most_rows=MOST_ROWS)


def digit_labels(rng: np.random.Generator) -> Drawn:
    """Random features of real digits, and a label: their class or a group of classes, sometimes changed."""
    groups = int(rng.integers(2, 11))
    error = 0.0 if rng.random() < 0.4 else rng.uniform(0.0, 0.6)
    group = rng.permutation(np.arange(10) % groups)
    table = channel_matrix(groups, error)[group] / 10
    features = RandomFeatures(int(rng.integers(2**31)), log_integer(rng, 20, 500))
    description = f"digits in {features.columns} columns, {groups} groups of classes, changed in {error:.0%}"
    return Drawn(DigitPairs(table, features, None), description, most_rows=MOST_ROWS)


def random_embedding(rng: np.random.Generator, d: int, width: int) -> list[Deformation]:
    """A smooth injective map of d columns, each of about unit size, into ``width``.

    One or two hidden layers, then a linear one. Each linear layer has independent rows, and what bends the hidden
    units is invertible, so that nothing is lost.
    """
    steepness = log_uniform(rng, 0.5, 3.0)
    maps: list[Deformation] = []
    size = d
    for _ in range(log_integer(rng, 1, 2)):
        hidden = int(rng.integers(max(size, min(2 * d + 1, width)), width + 1))
        # The inputs have about unit size, hidden units about half of that.
        weights = rng.standard_normal((size, hidden)) * steepness / np.sqrt(size)
        maps += [Linear(weights), Scaled(np.ones(hidden), rng.uniform(-1, 1, size=hidden)), Bent()]
        size = hidden
    return [*maps, Linear(rng.standard_normal((size, width)) / np.sqrt(size))]
