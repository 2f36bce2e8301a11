"""What every family draws: sizes, information, and how the information is shared out."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from infoplane.common.aliases import FloatArray

FEWEST_ROWS, MOST_ROWS = 100, 20_000
MOST_COLUMNS = 500
MOST_NATS = 8.0
SHARE_INDEPENDENT = 0.1
"""Share of the tasks whose X and Z are independent."""

_COLUMN_RANGES = ((1, 10), (10, 60), (60, MOST_COLUMNS))
_COLUMN_SHARES = (0.75, 0.18, 0.07)


def log_uniform(rng: np.random.Generator, low: float, high: float) -> float:
    """A number between ``low`` and ``high`` whose logarithm is uniform."""
    return math.exp(rng.uniform(math.log(low), math.log(high)))


def log_integer(rng: np.random.Generator, low: int, high: int) -> int:
    """A whole number from ``low`` to ``high``, log-uniform."""
    return min(high, int(log_uniform(rng, low, high + 1)))


def rows(rng: np.random.Generator) -> int:
    """How many pairs a task has: 100 to 20,000, log-uniform."""
    return log_integer(rng, FEWEST_ROWS, MOST_ROWS)


def columns(rng: np.random.Generator, low: int = 1, high: int = MOST_COLUMNS) -> int:
    """How many columns one side has: 1 to 10 in three of four tasks, up to 500 in the others."""
    first, last = _COLUMN_RANGES[rng.choice(len(_COLUMN_RANGES), p=_COLUMN_SHARES)]
    return int(np.clip(log_integer(rng, first, last), low, high))


def information(rng: np.random.Generator, most: float = MOST_NATS) -> float:
    """An information between 0 and ``most`` nats; half of them lie below a quarter of ``most``."""
    return most * float(rng.random()) ** 2


def shares(rng: np.random.Generator, parts: int, total: float, most: float = math.inf) -> FloatArray:
    """``total`` shared out over ``parts``, from almost evenly to almost all in one; no part above ``most``."""
    evenness = log_uniform(rng, 0.3, 10.0)
    amounts = total * rng.dirichlet(np.full(parts, evenness))
    return np.minimum(amounts, most)


def correlations(nats: FloatArray) -> FloatArray:
    """The correlation of the normal pair with each information: sqrt(1 - exp(-2 I))."""
    return np.sqrt(-np.expm1(-2 * nats))


def solve(increasing: Callable[[float], float], target: float, low: float, high: float, steps: int = 40) -> float:
    """The positive argument in [low, high] at which ``increasing`` reaches ``target``; an end where it does not.

    Bisection of the logarithm.
    """
    low, high = math.log(low), math.log(high)
    for _ in range(steps):
        middle = 0.5 * (low + high)
        if increasing(math.exp(middle)) < target:
            low = middle
        else:
            high = middle
    return math.exp(0.5 * (low + high))


def orthogonal(rng: np.random.Generator, d: int) -> FloatArray:
    """A random orthogonal matrix, shape (d, d), from the uniform (Haar) distribution (Mezzadri 2007)."""
    q, r = np.linalg.qr(rng.standard_normal((d, d)))
    turned: FloatArray = q * np.sign(np.diag(r))
    return turned
