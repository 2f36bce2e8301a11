"""Families of functions plus noise, and of sums and products with noise of other shapes."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from infoplane.common.aliases import FloatArray
from infoplane.distributions.deformations import Deformation
from infoplane.distributions.population.composed import Padded, SideBySide, mapped
from infoplane.distributions.population.draws import MOST_NATS, columns, information, log_integer, log_uniform
from infoplane.distributions.population.functions import Function, Shuffled, one, with_information
from infoplane.distributions.population.maps import random_margins, random_scales
from infoplane.distributions.population.noise import NOISES, SHAPES, sum_with_information
from infoplane.distributions.population.task import Drawn

_FunctionDraw = Callable[[np.random.Generator], tuple[Function, int, str]]

_TERMS: dict[str, Callable[[FloatArray, float], FloatArray]] = {
    "linear": lambda x, a: x,
    "square": lambda x, a: x**2,
    "absolute": lambda x, a: np.abs(x - a + 0.5),
    "sine": lambda x, a: np.sin((1 + 3 * a) * x),
    "step": lambda x, a: np.tanh(5 * (x - a)),
    "cube": lambda x, a: x**3 / 3,
    "bump": lambda x, a: np.exp(-2 * (x - a) ** 2),
}
_INTERACTIONS: dict[str, Callable[[FloatArray, float], FloatArray]] = {
    "product": lambda x, a: np.prod(x, axis=1),
    "wave of the sum": lambda x, a: np.sin((1 + 2 * a) * x.sum(axis=1)),
    "wave of the product": lambda x, a: np.sin((1 + 2 * a) * np.prod(x, axis=1)),
    "largest": lambda x, a: x.max(axis=1),
    "norm": lambda x, a: np.sqrt((x**2).sum(axis=1)),
    "signs": lambda x, a: np.prod(np.tanh((2 + 4 * a) * x), axis=1),
    "ratio": lambda x, a: x[:, 0] / (0.5 + (x[:, 1:] ** 2).sum(axis=1)),
}


def additive_functions(rng: np.random.Generator) -> Drawn:
    """A sum of smooth functions of a few of many columns, plus normal noise."""
    return _function_task(rng, _additive, varying=False)


def heteroscedastic_functions(rng: np.random.Generator) -> Drawn:
    """A sum of smooth functions of a few columns, plus noise whose width depends on them too."""
    return _function_task(rng, _additive, varying=True)


def interactions(rng: np.random.Generator) -> Drawn:
    """Products, waves, maxima, norms, ratios of two to four of many columns, plus noise of even or uneven width."""
    return _function_task(rng, _interaction, varying=bool(rng.random() < 0.3))


def additive_noise(rng: np.random.Generator) -> Drawn:
    """Pairs z = x + noise, both of random shapes: uniform, normal, Laplace, exponential, triangular, two heaps."""
    pairs = log_integer(rng, 1, 5)
    total, parts = information(rng, min(MOST_NATS, 3.0 * pairs)), []
    for share in rng.dirichlet(np.full(pairs, 3.0)):
        shape = tuple(SHAPES)[rng.integers(len(SHAPES))]
        noise = NOISES[rng.integers(len(NOISES))]
        parts.append(sum_with_information((shape,), (1.0,), noise, min(3.0, total * share)))
    shown = ", ".join(f"{part.shapes[0]} with {part.noise} noise" for part in parts)
    scales: list[list[Deformation]] = [[random_scales(rng, pairs)] if rng.random() < 0.3 else [] for _ in range(2)]
    return Drawn(mapped(SideBySide(tuple(parts)), *scales), shown)


def uniform_sums(rng: np.random.Generator) -> Drawn:
    """The sum or the product of several uniform columns and a hidden one."""
    k = log_integer(rng, 2, 6)
    product = rng.random() < 0.5
    more = 0 if rng.random() < 0.5 else columns(rng, high=50)
    if product:
        # The logarithm of a uniform variable is an exponential one, turned round.
        base = sum_with_information(("exponential",) * k, (1.0,) * k, "exponential", information(rng, 3.0))
        x_maps: list[Deformation] = [_Fallen()]
        scale = 1 / math.sqrt(k)
        z_maps: list[Deformation] = [_Fallen(scale if rng.random() < 0.5 else 1.0)]
    else:
        factors = tuple(float(f) for f in np.exp(rng.uniform(-1, 0, size=k)))
        base = sum_with_information(("uniform",) * k, factors, "uniform", information(rng, 3.0))
        x_maps, z_maps = [], []
    order = Shuffled(rng.permutation(k + more))
    padded = Padded(mapped(base, x_maps, z_maps), more)
    return Drawn(mapped(padded, [order]), f"{'product' if product else 'sum'} of {k} uniform columns of {k + more}")


class _Fallen:
    """Each value to exp(-power value)."""

    def __init__(self, power: float = 1.0) -> None:
        self._power = power

    def forward(self, x: FloatArray) -> FloatArray:
        """Values in (0, 1) for positive ones."""
        return np.exp(-self._power * x)

    def inverse(self, y: FloatArray) -> FloatArray:
        """-ln(value) / power."""
        return -np.log(y) / self._power


def _function_task(rng: np.random.Generator, draw: _FunctionDraw, varying: bool) -> Drawn:
    """One to three outputs, each a function of columns of its own, among further columns."""
    outputs = 1 if rng.random() < 0.7 else log_integer(rng, 2, 3)
    total, parts, shown = information(rng, 5.0), [], []
    for share in rng.dirichlet(np.full(outputs, 3.0)):
        function, arguments, name = draw(rng)
        scale = _uneven(rng, arguments) if varying else one
        parts.append(with_information(function, arguments, total * share, scale, bool(rng.random() < 0.3)))
        shown.append(name)
    used = sum(part.arguments for part in parts)
    more = 0 if rng.random() < 0.3 else columns(rng, high=200)
    padded = Padded(SideBySide(tuple(parts)), more)
    x_maps: list[Deformation] = [Shuffled(rng.permutation(used + more))]
    if rng.random() < 0.3:
        x_maps.append(random_margins(rng, used + more))
    z_maps: list[Deformation] = [random_scales(rng, outputs)] if rng.random() < 0.3 else []
    return Drawn(mapped(padded, x_maps, z_maps), f"{'; '.join(shown)}; {used} of {used + more} columns")


def _additive(rng: np.random.Generator) -> tuple[Function, int, str]:
    """A weighted sum of terms of one to five columns, each term of about the same variance."""
    count = log_integer(rng, 1, 5)
    names = [tuple(_TERMS)[i] for i in rng.integers(len(_TERMS), size=count)]
    weights, parameters = np.exp(rng.uniform(-1, 0, size=count)), rng.random(count)

    terms_of = list(enumerate(zip(names, weights, parameters, strict=True)))

    def function(x: FloatArray) -> FloatArray:
        terms = [w * _TERMS[name](x[:, j], a) for j, (name, w, a) in terms_of]
        return np.asarray(sum(terms))

    return function, count, " + ".join(names)


def _interaction(rng: np.random.Generator) -> tuple[Function, int, str]:
    count, a = int(rng.integers(2, 5)), float(rng.random())
    name = tuple(_INTERACTIONS)[rng.integers(len(_INTERACTIONS))]
    return (lambda x: _INTERACTIONS[name](x, a)), count, f"{name} of {count}"


def _uneven(rng: np.random.Generator, arguments: int) -> Function:
    """A width of the noise between 1 and up to 5, which depends on one column."""
    column, most, slope = int(rng.integers(arguments)), rng.uniform(1.5, 5.0), log_uniform(rng, 0.5, 3.0)
    centred = rng.random() < 0.5

    def scale(x: FloatArray) -> FloatArray:
        level = np.exp(-slope * x[:, column] ** 2) if centred else 1 / (1 + np.exp(-slope * x[:, column]))
        return np.asarray(most**level)

    return scale
