"""Nearest neighbours as ``auto`` uses them: continued towards infinitely many samples, with two ends for how far.

The value falls short by what the neighbourhoods blur: in the interior of a smooth density as their radius squared, at
its edges as the radius, n to the power of -2/d and -1/d. The trend from n/2 to n samples, continued by the first power,
is what may be missing, continued by the second it is how far the interval reaches: no sample tells which holds, and
curvature may add where blur takes away, so half of the first is added and the other half is left to the interval.

Source: Gao, Oh & Viswanath 2018, "Demystifying fixed k-nearest neighbor information estimators", IEEE Trans. Inf.
Theory 64(8), for the rates.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from infoplane.common import seeds
from infoplane.common.aliases import FloatArray, IntArray
from infoplane.estimators import margins
from infoplane.estimators.nearest_neighbours import ksg, pair_value, ross, ross_value
from infoplane.results.estimate import Estimate

ValueOf = Callable[[npt.NDArray[np.intp]], float]

_FEW, _MANY = 3, 12
_BLURRED = 4.0
"""Standard deviations by which few neighbours must be ahead of many for these to say nothing."""
_OWN_NOISE = 1.4
"""Standard deviation of an estimate with k neighbours, given what all methods see of the samples, times the root of
n k, about."""
_SAMPLES_HALVED = 20_000
_LEAST_SMOOTH, _LEAST_EDGE = 0.5, 0.25
"""Least powers of n: what is continued further than these tell is noise."""


@dataclass(frozen=True)
class Nearest:
    """An estimate by nearest neighbours, in nats."""

    method: str
    k: int
    nats: float
    """Continued half as far as in the interior of a smooth density."""
    noise: float
    """Standard deviation that is its own, not shared by all methods on the same samples."""
    error: float
    """Standard error."""
    raw: float
    """The value as it is."""
    correction: float
    """What was added to ``raw``; at least 0."""
    reach: float
    """What the trend adds to ``nats`` if all of it comes from edges; at least 0."""


def of_numbers(x: FloatArray, z: FloatArray, seed: int) -> list[Nearest]:
    """With many neighbours, which vary less, and with a few, which are less biased: whichever is to be believed first.

    That is many, unless a few show clearly more (many blur) or clearly less (many mistake curvature for dependence).
    Where they show very much more, they come alone.

    Args:
        x, z: samples without ties, shapes (n, dx), (n, dz).
        seed: root of the random streams.
    """
    px, pz = margins.scaled(x, "rank"), margins.scaled(z, "rank")
    found = [
        _continued(
            ksg(x, z, k=k, scale="rank", seed=seed),
            lambda rows, k=k: pair_value(px[rows], pz[rows], k, None),  # type: ignore[misc]
            x.shape[1] + z.shape[1],
            k,
            seed,
        )
        for k in (_FEW, _MANY)
    ]
    few, many = found
    ahead = (few.nats - many.nats) / few.noise
    if ahead > _BLURRED:
        return [few]
    return [few, many] if abs(ahead) > 2.0 else [many, few]


def of_labels(x: FloatArray, labels: IntArray, seed: int) -> list[Nearest]:
    """A few neighbours within the class.

    Args:
        x: samples without ties, shape (n, d).
        labels: classes 0..K-1, shape (n,).
        seed: root of the random streams.
    """
    points = margins.scaled(x, "rank")
    plain = ross(x, labels, k=_FEW, scale="rank", seed=seed)
    return [_continued(plain, lambda rows: ross_value(points[rows], labels[rows], _FEW), x.shape[1], _FEW, seed)]


def _continued(plain: Estimate, value_of: ValueOf, columns: int, k: int, seed: int) -> Nearest:
    n = plain.n
    noise = _OWN_NOISE / math.sqrt(n * k)
    rng = seeds.generator(seed, "auto", "halves", k)
    halves = []
    for _ in range(int(np.clip(_SAMPLES_HALVED // n, 1, 8))):
        order = rng.permutation(n)
        halves.append([value_of(np.sort(half)) for half in (order[: n // 2], order[n // 2 :])])
    trend = plain.nats - float(np.mean(halves))
    trend = max(trend, 0.0) * float(np.clip(2.0 * trend / noise, 0.0, 1.0))  # not each ripple of the noise
    smooth = trend / (2.0 ** min(1.0, max(2.0 / columns, _LEAST_SMOOTH)) - 1.0)
    edge = trend / (2.0 ** max(1.0 / columns, _LEAST_EDGE) - 1.0)
    error = math.hypot(float(plain.diagnostics.get("standard_error", noise)), noise)
    half = 0.5 * smooth
    return Nearest(plain.method, k, plain.nats + half, noise, error, plain.nats, half, max(edge, smooth) - half)
