"""Random tasks whose conditional information I(X; Z | W) is known."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from infoplane.common import seeds
from infoplane.common.aliases import Array
from infoplane.distributions.population.draws import correlations, information, log_integer, log_uniform

_MOST_NATS = 1.5
_FEWEST_ROWS, _MOST_ROWS = 200, 2000

Triple = tuple[Array, Array, Array]
Sampler = Callable[[np.random.Generator, int], Triple]
"""n samples of X, Z and W, shapes (n, d), or (n,) for labels."""


@dataclass(frozen=True, eq=False)
class ConditionalTask:
    """Task ``number`` of a family: n triples, and I(X; Z | W)."""

    family: str
    number: int
    n: int
    conditional_information: float
    """In nats."""
    draw: Sampler

    def sample(self, seed: int) -> Triple:
        """n samples of x, z and w; numbers have shape (n, d), labels (n,)."""
        return self.draw(seeds.generator(seed, "conditional", self.family, self.number), self.n)


def conditional_task(family: str, number: int) -> ConditionalTask:
    """Task ``number`` of a family; the same on every call.

    Raises:
        ValueError: a family that does not exist.
    """
    if family not in CONDITIONAL_FAMILIES:
        raise ValueError(f"family: {family!r} given, expected one of {', '.join(CONDITIONAL_FAMILIES)}")
    random = seeds.generator(0, "conditional", family, number)
    n = round(log_uniform(random, _FEWEST_ROWS, _MOST_ROWS))
    truth, draw = CONDITIONAL_FAMILIES[family](random)
    return ConditionalTask(family, number, n, truth, draw)


def normals(random: np.random.Generator) -> tuple[float, Sampler]:
    """Jointly normal variables of 1 to 3 columns each (Anderson 2003, section 2.5)."""
    dx, dz, dw = (log_integer(random, 1, 4) for _ in range(3))
    d = dx + dz + dw
    factor = random.standard_normal((d, d)) + np.diag(np.full(d, log_uniform(random, 0.3, 3.0)))
    of_x, of_z, of_w = np.arange(dx), np.arange(dx, dx + dz), np.arange(dx + dz, d)

    def log_determinant(*parts: Array) -> float:
        rows = factor[np.concatenate(parts)]
        return float(np.linalg.slogdet(rows @ rows.T)[1])

    truth = 0.5 * (log_determinant(of_x, of_w) + log_determinant(of_z, of_w))
    truth -= 0.5 * (log_determinant(of_w) + log_determinant(of_x, of_z, of_w))

    def sample(rng: np.random.Generator, n: int) -> Triple:
        values = rng.standard_normal((n, d)) @ factor.T
        return values[:, of_x], values[:, of_z], values[:, of_w]

    return truth, sample


def deformed_normals(random: np.random.Generator) -> tuple[float, Sampler]:
    """The same with every column through exp, the third power or the sine hyperbolic, which change no information."""
    truth, draw = normals(random)
    maps = [(np.exp, lambda v: v**3, np.sinh)[random.integers(3)] for _ in range(3)]

    def sample(rng: np.random.Generator, n: int) -> Triple:
        x, z, w = draw(rng, n)
        return maps[0](x / x.std(axis=0)), maps[1](z / z.std(axis=0)), maps[2](w / w.std(axis=0))

    return truth, sample


def exclusive_or(random: np.random.Generator) -> tuple[float, Sampler]:
    """Labels: Z is the exclusive or of the coins X and W, flipped at times; without W, Z says nothing of X."""
    flipped = float(random.uniform(0.0, 0.4))
    truth = math.log(2.0) - _binary_entropy(flipped)

    def sample(rng: np.random.Generator, n: int) -> Triple:
        x, w = rng.integers(0, 2, (2, n))
        return x, x ^ w ^ (rng.random(n) < flipped), w

    return truth, sample


def within_classes(random: np.random.Generator) -> tuple[float, Sampler]:
    """Numbers whose correlation depends on the class W, which also moves both."""
    k = log_integer(random, 2, 6)
    shares = random.dirichlet(np.full(k, 3.0))
    rho = np.sign(random.standard_normal(k)) * np.sqrt(random.uniform(0.0, 0.95, k))
    centres = random.standard_normal((k, 2)) * log_uniform(random, 0.3, 3.0)
    truth = float(shares @ (-0.5 * np.log1p(-(rho**2))))

    def sample(rng: np.random.Generator, n: int) -> Triple:
        w = rng.choice(k, n, p=shares)
        a, b = rng.standard_normal((2, n))
        z = rho[w] * a + np.sqrt(1.0 - rho[w] ** 2) * b
        return (a + centres[w, 0])[:, None], (z + centres[w, 1])[:, None], w

    return truth, sample


def noise_beside(random: np.random.Generator) -> tuple[float, Sampler]:
    """W is noise of 1 to 3 columns; X and Z are correlated normals: I(X; Z | W) = I(X; Z)."""
    truth, columns = information(random, _MOST_NATS), log_integer(random, 1, 4)
    rho = float(correlations(np.array([truth]))[0])

    def sample(rng: np.random.Generator, n: int) -> Triple:
        x = rng.standard_normal((n, 1))
        z = rho * x + math.sqrt(1.0 - rho**2) * rng.standard_normal((n, 1))
        return x, z, rng.standard_normal((n, columns))

    return truth, sample


def chains(random: np.random.Generator) -> tuple[float, Sampler]:
    """X and Z are smooth functions of W with noise of their own: nothing is left once W is known."""
    frequencies, noise = random.uniform(0.3, 2.0, 2), [log_uniform(random, 0.2, 1.0) for _ in range(2)]
    phases = random.uniform(0.0, 2.0 * np.pi, 2)

    def sample(rng: np.random.Generator, n: int) -> Triple:
        w = rng.standard_normal((n, 1))
        x, z = (np.sin(frequencies[i] * w + phases[i]) + noise[i] * rng.standard_normal((n, 1)) for i in range(2))
        return x, z, w

    return 0.0, sample


def known_already(random: np.random.Generator) -> tuple[float, Sampler]:
    """W contains X, beside a column of noise in some tasks: nothing is left."""
    truth, more = information(random, _MOST_NATS), int(random.integers(2))
    rho = float(correlations(np.array([truth]))[0])

    def sample(rng: np.random.Generator, n: int) -> Triple:
        x = rng.standard_normal((n, 1))
        z = rho * x + math.sqrt(1.0 - rho**2) * rng.standard_normal((n, 1))
        return x, z, np.hstack([x, rng.standard_normal((n, more))])

    return 0.0, sample


def _binary_entropy(p: float) -> float:
    return -math.fsum(q * math.log(q) for q in (p, 1.0 - p) if q > 0.0)


CONDITIONAL_FAMILIES: dict[str, Callable[[np.random.Generator], tuple[float, Sampler]]] = {
    draw.__name__: draw
    for draw in (normals, deformed_normals, exclusive_or, within_classes, noise_beside, chains, known_already)
}
"""From a generator to a truth and a sampler, by name."""
