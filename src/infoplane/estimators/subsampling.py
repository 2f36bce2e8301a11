"""Intervals from parts of the samples, for estimators that cannot take a sample twice.

A bootstrap draws samples repeatedly; a duplicate is its own nearest neighbour at distance zero, which breaks every
estimator that is made of distances. Disjoint subsamples hold no sample twice, and the variance of a mean of local
terms falls as 1 / n, so the spread between subsamples of b samples gives the variance at n. Where the samples are too
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

RowIndices = npt.NDArray[np.intp]
EstimateOnRows = Callable[[RowIndices], float]

_USUAL_SUBSAMPLE_ROWS, _LARGEST_SUBSAMPLE_ROWS = 200, 400
_FEWEST_SUBSAMPLES, _MOST_SUBSAMPLES = 4, 8
"""Bounds on the size and the number of subsamples: enough of them for a variance, large enough for neighbours."""
_PARTITIONED_ROWS = 4000
"""Rows that all partitions together use, about: small samples are partitioned several times, which costs little."""
_JACKKNIFE_GROUPS = 10
"""Groups of the jackknife."""
_FEWEST_SAMPLES = 2 * _JACKKNIFE_GROUPS
"""Two samples in each group; below, no interval is given."""
_NEGLIGIBLE_DRIFT = 0.005
"""In nats: a drift below this gives no warning, being smaller than the digits that are shown."""


@dataclass(frozen=True)
class SamplingError:
    """Standard error, 95 % interval and remaining drift of an estimate on n samples, from parts of them. In nats."""

    standard_error: float
    low: float
    high: float
    drift: float
    """Change still expected beyond n samples if the trend with the sample size continues; 0 where none is seen."""
    parts: int
    size: int
    """Samples in a part."""
    method: str
    """How it was obtained: "subsamples" or "jackknife"."""

    def warnings(self) -> tuple[str, ...]:
        """One line if the drift is more than twice the standard error, else nothing."""
        if abs(self.drift) <= max(2.0 * self.standard_error, _NEGLIGIBLE_DRIFT):
            return ()
        way = "rises" if self.drift > 0 else "falls"
        return (f"the value still {way} with the sample size, by some {abs(self.drift):.2g} nats to come",)

    def diagnostics(self) -> dict[str, float | int | str]:
        """The fields, for the diagnostics of an estimate."""
        return {
            "standard_error": self.standard_error,
            "drift": self.drift,
            "interval_by": self.method,
            "parts": self.parts,
            "part_size": self.size,
        }


def student_quantile(degrees: float) -> float:
    """The 97.5 % quantile of Student's t distribution with ``degrees`` degrees of freedom (1.96 for very many)."""
    from scipy.special import stdtrit

    return float(stdtrit(degrees, 0.975))


def sampling_error(
    estimate_on: EstimateOnRows,
    n: int,
    value: float,
    generator: np.random.Generator,
    *,
    smallest: int,
    bias_exponent: float,
) -> SamplingError | None:
    """Standard error and 95 % interval of ``value`` from the values on parts of the samples.

    Args:
        estimate_on: the estimate on the rows with these indices, in nats.
        n: number of samples.
        value: the estimate on all of them, in nats.
        generator: source of the partitions.
        smallest: a subsample has no fewer rows, else the jackknife is used.
        bias_exponent: the bias falls as n to the power of minus this.

    Returns:
        The result, or None for fewer than 20 samples.
    """
    count = min(_MOST_SUBSAMPLES, n // smallest, max(_FEWEST_SUBSAMPLES, n // _USUAL_SUBSAMPLE_ROWS))
    if count >= 2:
        return _by_subsamples(
            estimate_on, n, value, generator, count, max(_LARGEST_SUBSAMPLE_ROWS, smallest), bias_exponent
        )
    if n < _FEWEST_SAMPLES:
        return None
    return _by_jackknife(estimate_on, n, value, generator, bias_exponent)


def _by_subsamples(
    estimate_on: EstimateOnRows,
    n: int,
    value: float,
    generator: np.random.Generator,
    count: int,
    largest: int,
    exponent: float,
) -> SamplingError:
    size = min(n // count, largest)
    partitions = max(1, min(10, _PARTITIONED_ROWS // n))
    values = np.array([_on_disjoint_parts(estimate_on, n, count, size, generator) for _ in range(partitions)])
    variance = float(values.var(axis=1, ddof=1).mean())
    error = float(np.sqrt(variance * size / n))
    drift = _drift(value - float(values.mean()), float(np.sqrt(variance / count)), n / size, exponent)
    return _with_interval(value, error, (count - 1) * min(partitions, 2), drift, count, size, "subsamples")


def _by_jackknife(
    estimate_on: EstimateOnRows, n: int, value: float, generator: np.random.Generator, exponent: float
) -> SamplingError:
    group = generator.permutation(n) % _JACKKNIFE_GROUPS
    without = np.array([estimate_on(np.flatnonzero(group != left_out)) for left_out in range(_JACKKNIFE_GROUPS)])
    error = float(np.sqrt((_JACKKNIFE_GROUPS - 1) * without.var()))
    halves = np.array([_on_disjoint_parts(estimate_on, n, 2, n // 2, generator) for _ in range(2)])
    drift = _drift(value - float(halves.mean()), error, 2.0, exponent)
    return _with_interval(
        value, error, _JACKKNIFE_GROUPS - 1, drift, _JACKKNIFE_GROUPS, n - n // _JACKKNIFE_GROUPS, "jackknife"
    )


def _on_disjoint_parts(
    estimate_on: EstimateOnRows, n: int, count: int, size: int, generator: np.random.Generator
) -> list[float]:
    order = generator.permutation(n)
    return [estimate_on(np.sort(order[part * size : (part + 1) * size])) for part in range(count)]


def _drift(trend: float, noise: float, ratio: float, exponent: float) -> float:
    """Change expected beyond n samples, given ``trend`` from n / ratio to n; 0 where the trend may be noise.

    Source: a bias that falls as n^-exponent; the trend counts above two of its standard errors.
    """
    return trend / (ratio**exponent - 1.0) if abs(trend) > 2.0 * noise else 0.0


def _with_interval(
    value: float, error: float, degrees: int, drift: float, parts: int, size: int, method: str
) -> SamplingError:
    half_width = student_quantile(degrees) * error
    low, high = value - half_width + min(drift, 0.0), value + half_width + max(drift, 0.0)
    return SamplingError(error, low, high, drift, parts, size, method)
