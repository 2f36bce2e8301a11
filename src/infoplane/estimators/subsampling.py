"""Intervals from disjoint subsamples, for estimators that must not see a sample twice.

A bootstrap draws samples repeatedly; a duplicate is its own nearest neighbour at distance zero, which breaks every
estimator that is made of distances. Disjoint subsamples hold no sample twice, and the variance of a mean of local
terms falls as 1 / n, so the spread between subsamples of b samples tells the variance at n.

Source: Holmes & Nemenman 2019, "Estimation of mutual information for real-valued data with error bars and controlled
bias", Phys. Rev. E 100, 022404, section III. Differs: one number of subsamples with several partitions instead of a
fit over many, and the trend with the sample size widens the interval where they only warn of it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

_LARGEST_SUBSAMPLE = 500
_MOST_SUBSAMPLES = 10
_PARTITIONED_ROWS = 4000
"""Small samples are cheap: repeat the partition until about so many rows have been looked at."""

_NEGLIGIBLE = 0.005
"""Nats of bias not worth a warning."""


@dataclass(frozen=True)
class Spread:
    """What subsamples tell about an estimate at all n samples, in nats."""

    standard_error: float
    low: float
    high: float
    drift: float
    """Bias that the trend from the subsamples to all n still promises to go (its sign: where the value is headed)."""
    subsamples: int
    size: int
    partitions: int

    def warnings(self) -> tuple[str, ...]:
        """A line if the trend with the sample size matters beside the standard error."""
        if abs(self.drift) <= max(2.0 * self.standard_error, _NEGLIGIBLE):
            return ()
        way = "rises" if self.drift > 0 else "falls"
        return (f"the value still {way} with the sample size, by some {abs(self.drift):.2g} nats to come",)

    def diagnostics(self) -> dict[str, float | int]:
        """The fields, for the diagnostics of an estimate."""
        return {
            "standard_error": self.standard_error,
            "drift": self.drift,
            "subsamples": self.subsamples,
            "subsample_size": self.size,
            "partitions": self.partitions,
        }


def student_quantile(degrees: float, probability: float = 0.975) -> float:
    """The quantile of Student's t distribution with ``degrees`` of freedom (1.96 for very many)."""
    from scipy.special import stdtrit

    return float(stdtrit(degrees, probability))


def subsample_spread(
    value_of: Callable[[npt.NDArray[np.intp]], float],
    n: int,
    value: float,
    generator: np.random.Generator,
    *,
    smallest: int,
    bias_exponent: float,
) -> Spread | None:
    """Standard error and 95 % interval of ``value`` from the values on disjoint subsamples.

    Args:
        value_of: the estimate on the rows with these indices, in nats.
        n: number of samples.
        value: the estimate on all of them, in nats.
        generator: source of the partitions.
        smallest: a subsample has no fewer rows.
        bias_exponent: the bias falls as n to the power of minus this.

    Returns:
        The spread, or None if the samples do not make two subsamples of ``smallest`` rows.
    """
    count = min(_MOST_SUBSAMPLES, n // smallest)
    if count < 2:
        return None
    size = min(n // count, max(_LARGEST_SUBSAMPLE, smallest))
    partitions = max(1, min(10, _PARTITIONED_ROWS // n))
    values = np.empty((partitions, count))
    for partition in range(partitions):
        order = generator.permutation(n)
        for part in range(count):
            values[partition, part] = value_of(np.sort(order[part * size : (part + 1) * size]))
    between = float(values.var(axis=1, ddof=1).mean())
    error = float(np.sqrt(between * size / n))
    trend = value - float(values.mean())
    # The subsamples' mean has an error of its own; below it a trend is nothing seen.
    seen = abs(trend) > 2.0 * np.sqrt(between / count)
    drift = trend / ((n / size) ** bias_exponent - 1.0) if seen else 0.0
    reach = student_quantile((count - 1) * min(partitions, 2)) * error
    return Spread(
        standard_error=error,
        low=value - reach + min(drift, 0.0),
        high=value + reach + max(drift, 0.0),
        drift=drift,
        subsamples=count,
        size=size,
        partitions=partitions,
    )
