"""One task of the population: a distribution, a size, and the truth."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np

from infoplane.common import seeds
from infoplane.common.aliases import Array
from infoplane.distributions.base import Distribution

_MOST_COLUMNS_IN_DOUBLE = 50


@dataclass(frozen=True, eq=False)
class Drawn:
    """What a family draws: a distribution, what it is in one line, and the most rows that it can give."""

    distribution: Distribution
    description: str
    most_rows: int | None = None


@dataclass(frozen=True)
class Family:
    """A kind of data.

    Args:
        name: of the family.
        kind: the broad kind, of which there are design and held-out families.
        split: ``design`` or ``held-out``.
        reason: why it stands there.
        draw: takes a generator, returns a distribution with random parameters.
    """

    name: str
    kind: str
    split: Literal["design", "held-out"]
    reason: str
    draw: Callable[[np.random.Generator], Drawn]

    @property
    def summary(self) -> str:
        """What the data are: the first line of the function that draws them."""
        return (self.draw.__doc__ or "").strip().splitlines()[0]


@dataclass(frozen=True, eq=False)
class Task:
    """Task ``number`` of a family: n pairs of rows, and I(X; Z).

    Args:
        family: its name.
        number: which task; see :data:`DESIGN_NUMBERS` and :data:`EVALUATION_NUMBERS`.
        n: how many pairs :meth:`sample` gives.
        distribution: of the pairs.
        description: one line.
    """

    family: str
    number: int
    n: int
    distribution: Distribution
    description: str

    def sample(self, seed: int) -> tuple[Array, Array]:
        """n pairs: x (n, dx) and z (n, dz), float64, above 50 columns float32; z (n,) int64 where it is a label.

        Raises:
            ValueError: a negative seed.
        """
        return self.draw(self.n, seed)

    def draw(self, n: int, seed: int) -> tuple[Array, Array]:
        """Like :meth:`sample`, with another number of pairs.

        Raises:
            ValueError: a negative seed, n below 1, or more rows than a family of real images has.
        """
        if seed < 0:
            raise ValueError(f"seed: {seed} given, expected a whole number of at least 0")
        own = seeds.integer_seed(seed, "population", self.family, self.number)
        x, z = self.distribution.sample(n, own)
        return _as_numbers(x), z.astype(np.int64) if z.ndim == 1 else _as_numbers(z)

    @cached_property
    def _shapes(self) -> tuple[int, int, Literal["numbers", "labels"]]:
        x, z = self.distribution.sample(2, 0)
        return (1 if x.ndim == 1 else x.shape[1]), (1 if z.ndim == 1 else z.shape[1]), _kind(z)

    @property
    def dx(self) -> int:
        """Columns of X."""
        return self._shapes[0]

    @property
    def dz(self) -> int:
        """Columns of Z; 1 for labels."""
        return self._shapes[1]

    @property
    def z_kind(self) -> Literal["numbers", "labels"]:
        """What Z is."""
        return self._shapes[2]

    @cached_property
    def mutual_information(self) -> float:
        """I(X; Z) in nats; the middle of :attr:`mutual_information_range` where that is one."""
        return self.distribution.mutual_information()

    @cached_property
    def standard_error(self) -> float:
        """Standard error of :attr:`mutual_information` in nats; 0 where no Monte Carlo was needed."""
        error = getattr(self.distribution, "standard_error", None)
        return 0.0 if error is None else float(error())

    @cached_property
    def mutual_information_range(self) -> tuple[float, float]:
        """The lowest and highest value that I(X; Z) can have, in nats: equal but for pairs of real images."""
        ends = getattr(self.distribution, "mutual_information_range", None)
        if ends is not None:
            low, high = ends()
            return float(low), float(high)
        return self.mutual_information, self.mutual_information


def _kind(z: Array) -> Literal["numbers", "labels"]:
    return "labels" if z.ndim == 1 else "numbers"


def _as_numbers(columns: Array) -> Array:
    """Few columns as float64; many as float32, as embeddings are."""
    if columns.ndim == 1:
        columns = columns[:, None]
    return columns.astype(np.float32 if columns.shape[1] > _MOST_COLUMNS_IN_DOUBLE else np.float64)
