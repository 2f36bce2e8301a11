"""Families of joint shapes: mixtures, common scales, invertible networks, spirals and twists."""

from __future__ import annotations

import math

import numpy as np

from infoplane.common.aliases import FloatArray
from infoplane.distributions.deformations import Asinh, Deformation, Spiral, SwissRoll
from infoplane.distributions.population.composed import mapped
from infoplane.distributions.population.copulas import clayton, frank, student_pair
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
    Linear,
    Margins,
    Twist,
    random_mixing,
)
from infoplane.distributions.population.mixtures import JointMixture, MeetingClusters
from infoplane.distributions.population.networks import random_coupling, random_residual
from infoplane.distributions.population.pairs import CopulaPairs, NormalPairs
from infoplane.distributions.population.scales import DependentScales
from infoplane.distributions.population.task import Drawn
from infoplane.distributions.student import Student


def gaussian_mixtures(rng: np.random.Generator) -> Drawn:
    """Joint mixtures of two to ten Gaussians over X and Z, each with its own centre and covariance."""
    dx, dz, components = log_integer(rng, 1, 6), log_integer(rng, 1, 6), log_integer(rng, 2, 10)
    d = dx + dz
    means = log_uniform(rng, 0.5, 4.0) * rng.standard_normal((components, d))
    covariances = np.empty((components, d, d))
    for k in range(components):
        spread = np.exp(0.5 * rng.uniform(-1.5, 1.0, size=d))
        turned = orthogonal(rng, d) * spread
        covariances[k] = turned @ turned.T
    weights = rng.dirichlet(np.full(components, 3.0))
    mixture = JointMixture(means, covariances, weights, dx)
    return Drawn(mapped(mixture, *[_kept_or_bent(rng, size) for size in (dx, dz)]), f"{components} joint Gaussians")


def meeting_clusters(rng: np.random.Generator) -> Drawn:
    """Clusters on each side with Laplace, uniform or Student noise, whose numbers meet through a table."""
    dx, dz = log_integer(rng, 1, 30), log_integer(rng, 1, 30)
    k, m = log_integer(rng, 2, 20), log_integer(rng, 2, 20)
    table = np.exp(log_uniform(rng, 1.0, 10.0) * rng.standard_normal((k, m)))
    table *= rng.dirichlet(np.full(k, 3.0))[:, None] / table.sum(axis=1, keepdims=True)
    shape = ("laplace", "uniform", "student")[rng.integers(3)]
    distances = [log_uniform(rng, 1.0, 12.0) / math.sqrt(min(d, 4)) for d in (dx, dz)]
    x_centres, z_centres = distances[0] * rng.standard_normal((k, dx)), distances[1] * rng.standard_normal((m, dz))
    clusters = MeetingClusters(table, x_centres, z_centres, shape)
    return Drawn(clusters, f"{k} and {m} clusters with {shape} noise in {dx} and {dz} columns")


def student(rng: np.random.Generator) -> Drawn:
    """Multivariate Student X and Z, from no mean at all to nearly Gaussian, correlated or not."""
    dx, dz = columns(rng, high=60), columns(rng, high=60)
    pairs, dof = log_integer(rng, 1, min(dx, dz, 10)), log_uniform(rng, 0.8, 20.0)
    rhos = correlations(shares(rng, pairs, information(rng, 4.0))) * (0 if rng.random() < 0.25 else 1)
    dispersion = np.eye(dx + dz)
    first = np.arange(pairs)
    dispersion[first, dx + first] = dispersion[dx + first, first] = rhos
    maps = [[*([random_mixing(rng, d)] if rng.random() < 0.6 else []), *_shorter_tails(rng)] for d in (dx, dz)]
    return Drawn(mapped(Student(dispersion, dx, dof), *maps), f"Student, {dof:.2g} degrees of freedom, {pairs} pairs")


def scale_mixtures(rng: np.random.Generator) -> Drawn:
    """Uncorrelated columns whose sizes go together: stochastic volatility."""
    dx, dz = columns(rng, high=60), columns(rng, high=60)
    spread = log_uniform(rng, 0.3, 1.5)
    rho = math.sqrt(-math.expm1(-2 * rng.uniform(0.0, 3.0)))
    base = DependentScales(dx, dz, spread, rho)
    maps: list[list[Deformation]] = [[random_mixing(rng, d)] if rng.random() < 0.5 else [] for d in (dx, dz)]
    return Drawn(mapped(base, *maps), f"log scales with spread {spread:.2g} and correlation {rho:.3g}")


def coupling_networks(rng: np.random.Generator) -> Drawn:
    """Correlated normal columns through an invertible network of coupling layers on each side."""
    dx, dz = columns(rng, low=2, high=60), columns(rng, low=2, high=60)
    pairs = log_integer(rng, 1, min(dx, dz, 10))
    base = NormalPairs(correlations(shares(rng, pairs, information(rng))), dx, dz)
    bend, layers = log_uniform(rng, 0.3, 3.0), log_integer(rng, 1, 4)
    maps: list[list[Deformation]] = []
    for d in (dx, dz):
        one: list[Deformation] = []
        for _ in range(layers):
            one += [Linear(orthogonal(rng, d)), random_coupling(rng, d, bend)]
        maps.append(one)
    return Drawn(mapped(base, *maps), f"{pairs} pairs through {layers} coupling layers, bend {bend:.2g}")


def residual_networks(rng: np.random.Generator) -> Drawn:
    """Pairs of copulas through an invertible residual network on each side."""
    pairs = log_integer(rng, 1, 8)
    nats = shares(rng, pairs, information(rng), most=1.8)
    makers = (clayton, frank, lambda i: student_pair(i, 3.0))
    copulas = tuple(makers[rng.integers(3)](i) for i in nats)
    base = CopulaPairs(copulas, rng.random((pairs, 2)) < 0.5)
    layers = log_integer(rng, 1, 6)
    maps: list[list[Deformation]] = []
    for _ in range(2):
        one: list[Deformation] = []
        for _ in range(layers):
            one += [Linear(orthogonal(rng, pairs)), random_residual(rng, pairs)]
        maps.append(one)
    return Drawn(mapped(base, *maps), f"{pairs} pairs through {layers} residual layers")


def spirals(rng: np.random.Generator) -> Drawn:
    """Correlated normal columns, planes of them turned by an angle that grows with the squared norm of the row."""
    dx, dz = log_integer(rng, 2, 10), log_integer(rng, 2, 10)
    pairs = log_integer(rng, 1, min(dx, dz))
    base = NormalPairs(correlations(shares(rng, pairs, information(rng))), dx, dz)
    maps: list[list[Deformation]] = []
    for d in (dx, dz):
        one: list[Deformation] = [random_mixing(rng, d)] if rng.random() < 0.5 else []
        for _ in range(log_integer(rng, 1, 2)):
            i, j = (int(c) for c in rng.choice(d, size=2, replace=False))
            one.append(Spiral(log_uniform(rng, 0.1, 2.0) * 2 / d, (i, j)))
        maps.append(one)
    return Drawn(mapped(base, *maps), f"{pairs} pairs in {dx} and {dz} columns, spirals")


def twists(rng: np.random.Generator) -> Drawn:
    """Correlated normal columns, planes of them turned as a third column grows, or rolled up."""
    pairs = log_integer(rng, 1, 4)
    rolled = rng.random() < 0.4
    d = pairs if rolled else max(3, log_integer(rng, pairs, 8))
    base = NormalPairs(correlations(shares(rng, pairs, information(rng))), d, d)
    maps: list[list[Deformation]] = []
    for _ in range(2):
        one: list[Deformation] = []
        if rolled:
            one = [Rolls(d)]
        else:
            for _ in range(log_integer(rng, 1, 3)):
                i, j, k = (int(c) for c in rng.choice(d, size=3, replace=False))
                one.append(Twist(log_uniform(rng, 0.5, 4.0), (i, j), k))
        maps.append(one)
    return Drawn(mapped(base, *maps), f"{pairs} pairs, {'rolled up' if rolled else 'twisted'}")


class Rolls:
    """Each normal column rolled up in a plane of its own: (n, d) to (n, 2 d)."""

    def __init__(self, d: int) -> None:
        """Args: d, how many columns."""
        self._to_uniform = Margins(("uniform",) * d, np.zeros((d, 3)))

    def forward(self, x: FloatArray) -> FloatArray:
        """Two columns for each."""
        uniform = self._to_uniform.forward(x)
        return np.concatenate([SwissRoll().forward(uniform[:, j : j + 1]) for j in range(x.shape[1])], axis=1)

    def inverse(self, y: FloatArray) -> FloatArray:
        """The normal columns."""
        planes = [SwissRoll().inverse(y[:, j : j + 2]) for j in range(0, y.shape[1], 2)]
        return self._to_uniform.inverse(np.concatenate(planes, axis=1))


def _kept_or_bent(rng: np.random.Generator, d: int) -> list[Deformation]:
    """As it is, or through a gentle coupling layer."""
    if d < 2 or rng.random() < 0.7:
        return []
    return [random_coupling(rng, d, 0.5)]


def _shorter_tails(rng: np.random.Generator) -> list[Deformation]:
    """Tails as they are, or drawn in."""
    return [Asinh()] if rng.random() < 0.3 else []
