"""Intervals from parts of the samples, for estimators that must not see a sample twice.

A bootstrap draws samples repeatedly; a duplicate is its own nearest neighbour at distance zero, which breaks every
estimator that is made of distances. Disjoint subsamples hold no sample twice, and the variance of a mean of local
terms falls as 1 / n, so the spread between subsamples of b samples tells the variance at n. Where the samples are too
few for that, a jackknife leaves out a tenth at a time.

Source: Holmes & Nemenman 2019, "Estimation of mutual information for real-valued data with error bars and controlled
bias", Phys. Rev. E 100, 022404, section III. Differs: one number of subsamples with several partitions instead of a
fit over many, and the trend with the sample size widens the interval where they only warn of it. Jackknife: Shao & Wu
1989, "A general theory for jackknife variance estimation", Ann. Statist. 17(3), delete-d with d a fraction of n.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Rows = npt.NDArray[np.intp]
ValueOf = Callable[[Rows], float]

_USUAL_SUBSAMPLE, _LARGEST_SUBSAMPLE = 200, 400
_FEWEST_SUBSAMPLES, _MOST_SUBSAMPLES = 4, 8
_PARTITIONED_ROWS = 4000
"""Small samples are cheap: repeat the partition until about so many rows have been looked at."""
_LEFT_OUT = 10
"""Groups of the jackknife."""
_FEWEST_SAMPLES = 2 * _LEFT_OUT
_NEGLIGIBLE = 0.005
"""Nats of bias not worth a warning."""


@dataclass(frozen=True)
class Spread:
    """What parts of the samples tell about an estimate at all n, in nats."""

    standard_error: float
    low: float
    high: float
    drift: float
    """Bias that the trend with the sample size still promises to go (its sign: where the value is headed)."""
    parts: int
    size: int
    """Samples in a part."""
    by: str

    def warnings(self) -> tuple[str, ...]:
        """A line if the trend with the sample size matters beside the standard error."""
        if abs(self.drift) <= max(2.0 * self.standard_error, _NEGLIGIBLE):
            return ()
        way = "rises" if self.drift > 0 else "falls"
        return (f"the value still {way} with the sample size, by some {abs(self.drift):.2g} nats to come",)

    def diagnostics(self) -> dict[str, float | int | str]:
        """The fields, for the diagnostics of an estimate."""
        return {
            "standard_error": self.standard_error,
            "drift": self.drift,
            "interval_by": self.by,
            "parts": self.parts,
            "part_size": self.size,
        }


def student_quantile(degrees: float, probability: float = 0.975) -> float:
    """The quantile of Student's t distribution with ``degrees`` of freedom (1.96 for very many)."""
    from scipy.special import stdtrit

    return float(stdtrit(degrees, probability))


def spread(
    value_of: ValueOf,
    n: int,
    value: float,
    generator: np.random.Generator,
    *,
    smallest: int,
    bias_exponent: float,
) -> Spread | None:
    """Standard error and 95 % interval of ``value`` from the values on parts of the samples.

    Args:
        value_of: the estimate on the rows with these indices, in nats.
        n: number of samples.
        value: the estimate on all of them, in nats.
        generator: source of the partitions.
        smallest: a subsample has no fewer rows, else the jackknife is used.
        bias_exponent: the bias falls as n to the power of minus this.

    Returns:
        The spread, or None for fewer than 20 samples.
    """
    count = min(_MOST_SUBSAMPLES, n // smallest, max(_FEWEST_SUBSAMPLES, n // _USUAL_SUBSAMPLE))
    if count >= 2:
        return _by_subsamples(value_of, n, value, generator, count, max(_LARGEST_SUBSAMPLE, smallest), bias_exponent)
    if n < _FEWEST_SAMPLES:
        return None
    return _by_jackknife(value_of, n, value, generator, bias_exponent)


def _by_subsamples(
    value_of: ValueOf, n: int, value: float, generator: np.random.Generator, count: int, largest: int, exponent: float
) -> Spread:
    size = min(n // count, largest)
    partitions = max(1, min(10, _PARTITIONED_ROWS // n))
    values = np.array([_disjoint(value_of, n, count, size, generator) for _ in range(partitions)])
    between = float(values.var(axis=1, ddof=1).mean())
    error = float(np.sqrt(between * size / n))
    drift = _drift(value - float(values.mean()), float(np.sqrt(between / count)), n / size, exponent)
    return _around(value, error, (count - 1) * min(partitions, 2), drift, count, size, "subsamples")


def _by_jackknife(value_of: ValueOf, n: int, value: float, generator: np.random.Generator, exponent: float) -> Spread:
    group = generator.permutation(n) % _LEFT_OUT
    without = np.array([value_of(np.flatnonzero(group != left_out)) for left_out in range(_LEFT_OUT)])
    error = float(np.sqrt((_LEFT_OUT - 1) * without.var()))
    halves = np.array([_disjoint(value_of, n, 2, n // 2, generator) for _ in range(2)])
    drift = _drift(value - float(halves.mean()), error, 2.0, exponent)
    return _around(value, error, _LEFT_OUT - 1, drift, _LEFT_OUT, n - n // _LEFT_OUT, "jackknife")


def _disjoint(value_of: ValueOf, n: int, count: int, size: int, generator: np.random.Generator) -> list[float]:
    order = generator.permutation(n)
    return [value_of(np.sort(order[part * size : (part + 1) * size])) for part in range(count)]


def _drift(trend: float, noise: float, ratio: float, exponent: float) -> float:
    """What is still to come after ``trend`` from n / ratio to n samples; nothing where the trend may be noise."""
    return trend / (ratio**exponent - 1.0) if abs(trend) > 2.0 * noise else 0.0


def _around(value: float, error: float, degrees: int, drift: float, parts: int, size: int, by: str) -> Spread:
    reach = student_quantile(degrees) * error
    low, high = value - reach + min(drift, 0.0), value + reach + max(drift, 0.0)
    return Spread(error, low, high, drift, parts, size, by)
