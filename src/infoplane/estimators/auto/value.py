"""What the parts of ``auto`` share: a value with its error, nearest neighbours beside it, and the result."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from infoplane.common import seeds
from infoplane.common.aliases import Z95, FloatArray, IntArray
from infoplane.estimators import margins
from infoplane.estimators.auto.neighbours import Nearest
from infoplane.results.estimate import Estimate

MOST_ROWS = 50_000
"""Samples used; more would narrow an interval that is narrow already."""
_MOST_COLUMNS = 100
"""Columns of a variable above which its principal components take their place."""
_ROWS_PER_COLUMN = 20
_NEAR_LOG_N = 0.8
LITTLE, MUCH = 1.5, 3.0
"""Standard deviations of its own noise by which another estimate must be ahead to count at all, and alone."""


@dataclass(frozen=True)
class Value:
    """A value in nats and what is known about its error."""

    nats: float
    error: float
    """Standard error from the spread of the samples."""
    correction: float
    """What was added to a held-out lower bound; part of it may be too much, or more may be missing."""
    upside: float = 0.0
    """What else may be missing, by the signs of a shortfall that the samples give."""


def rows_to_use(n: int, seed: int, notes: list[str]) -> IntArray:
    """All row numbers, or a random part of very many, with a note."""
    if n <= MOST_ROWS:
        return np.arange(n)
    notes.append(f"{MOST_ROWS} of {n} samples, drawn at random, were used")
    return np.sort(seeds.generator(seed, "auto", "rows").choice(n, MOST_ROWS, replace=False))


def wide(x: FloatArray) -> bool:
    """Whether x has more columns than its samples bear."""
    return bool(x.shape[1] > _most_columns(x))


def reduced(x: FloatArray, scale: margins.Scale = "rank") -> FloatArray:
    """x, or where it is wide the first principal components of its columns, scaled.

    Rank-normal columns count the same; on their own scale ("none") weak ones hardly count, which suits the columns of
    an embedding, where the weak are mostly noise.
    """
    if not wide(x):
        return x
    columns = margins.scaled(x, scale)
    columns = columns - columns.mean(axis=0)
    _, axes = np.linalg.eigh(columns.T @ columns)
    result: FloatArray = columns @ axes[:, -_most_columns(x) :]
    return result


def _most_columns(x: FloatArray) -> int:
    return min(_MOST_COLUMNS, max(2, len(x) // _ROWS_PER_COLUMN))


def null_error(dx: int, dz: int, n: int) -> float:
    """Standard deviation of a fitted value at independence, where the samples' spread shows none.

    There 2n times the value is chi-squared with dx dz degrees of freedom (Wilks 1938).
    """
    return math.sqrt(dx * dz / 2.0) / n


def log_norm(x: FloatArray) -> FloatArray:
    """Standardised log of the norm of each row, shape (n,)."""
    size = np.log((x**2).sum(axis=1) + 1e-3)
    result: FloatArray = (size - size.mean()) / max(float(size.std()), 1e-12)
    return result


def with_neighbours(value: Value, found: Sequence[Nearest], told: dict[str, Any]) -> Value:
    """The value, or nearest neighbours where all of them, as they are, show clearly more.

    Held-out values and nearest neighbours both fall short of the truth rather than beyond it, so the larger counts;
    between "no more than noise" and "clearly more" the two are mixed, so that no sample decides alone. The interval
    reaches up to what the neighbours show, if that is more, and as far as their trend with the sample size may lead.

    Args:
        value: without neighbours.
        found: estimates by nearest neighbours, the one to be used first.
        told: gets what was decided.
    """
    nearest = found[0]
    ahead_by = min((one.raw - value.nats) / one.noise for one in found)
    share = float(np.clip((ahead_by - LITTLE) / (MUCH - LITTLE), 0.0, 1.0))
    told["neighbours"] = {
        "method": nearest.method,
        "k": nearest.k,
        "nats": nearest.nats,
        "raw": nearest.raw,
        "ahead_by": ahead_by,
        "reach": nearest.reach,
        "share": share,
    }
    if nearest.nats <= value.nats:
        return value
    nats = (1.0 - share) * value.nats + share * nearest.nats
    ahead = nearest.nats - nats + nearest.reach
    return Value(
        nats,
        (1.0 - share) * value.error + share * nearest.error,
        (1.0 - share) * value.correction + share * nearest.correction,
        max((1.0 - share) * value.upside, ahead),
    )


def finished(
    value: Value,
    n: int,
    widths: tuple[int, int],
    seed: int,
    notes: list[str],
    told: dict[str, Any],
    ceiling: float | None = None,
) -> Estimate:
    """The result, with a two-sided interval that leaves room for what the correction may have got wrong."""
    half = Z95 * math.hypot(value.error, 0.5 * value.correction)
    told["standard_error"], told["correction"], told["upside"] = value.error, value.correction, value.upside
    rows = told["rows_used"]
    if ceiling is None and value.nats > _NEAR_LOG_N * math.log(rows):
        notes.append(f"near ln n: {value.nats:.3g} nats, ln {rows} = {math.log(rows):.3g}; only a model reaches so far")
    return Estimate(
        nats=value.nats,
        ci95=(value.nats - half, value.nats + half + value.correction + value.upside),
        kind="estimate",
        method="auto",
        ceiling=ceiling,
        n=n,
        dx=widths[0],
        dz=widths[1],
        seed=seed,
        warnings=tuple(notes),
        diagnostics=told,
    )
