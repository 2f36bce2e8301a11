"""An estimate as a function of the number of samples, extrapolated to infinitely many.

A value that changes when the samples are halved is not the information of the distribution. Disjoint subsets of n/4,
n/2 and all n samples show the change; where it is proportional to 1/n, a straight line in 1/n gives the limit.

Source: Abdelaleem, Martini & Nemenman 2025, "Accurate estimation of mutual information in high dimensional data",
arXiv 2506.00330; Strong, Koberle, de Ruyter van Steveninck & Bialek 1998 for the line. Differs: the slope's evidence
against a straight line is a test on the three sizes, not a window chosen by eye.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from infoplane.calibration.readings import Estimator
from infoplane.common import seeds
from infoplane.common.aliases import Z95, Array

PARTS = (4, 2, 1)
"""Numbers of subsets."""


@dataclass(frozen=True)
class SizePoint:
    """The estimates on disjoint subsets of one size."""

    n: int
    nats: tuple[float, ...]
    standard_error: float
    """Of their mean: from the intervals that the estimates carry, or from their spread where that is larger."""

    @property
    def mean(self) -> float:
        """Mean over the subsets in nats."""
        return math.fsum(self.nats) / len(self.nats)


@dataclass(frozen=True)
class Extrapolation:
    """A straight line through the estimates against 1/n."""

    points: tuple[SizePoint, ...]
    limit: float
    """The line at 1/n = 0, in nats."""
    limit_se: float
    slope: float
    """Nats per 1/n."""
    misfit: float
    """Distance of the points from the line in standard errors; above 3 the limit is not reliable."""

    def as_dict(self) -> dict[str, Any]:
        """For a metrics file."""
        return {
            "points": {str(point.n): {"mean": point.mean, "se": point.standard_error} for point in self.points},
            "limit": self.limit,
            "limit_se": self.limit_se,
            "slope": self.slope,
            "misfit": self.misfit,
        }


def extrapolate(
    x: Array, z: Array, estimator: Estimator, *, parts: Sequence[int] = PARTS, seed: int = 0
) -> Extrapolation:
    """Estimate on disjoint subsets of n/4, n/2 and n samples and extend the line in 1/n to infinitely many.

    Args:
        x: samples, shape (n, dx).
        z: samples, shape (n, dz) or (n,), paired with x.
        estimator: the method.
        parts: into how many subsets the samples are cut, at least two different numbers.
        seed: root of the streams.

    Raises:
        ValueError: fewer than two different sizes.
    """
    if len(set(parts)) < 2:
        raise ValueError(f"parts: {tuple(parts)} given; expected at least two different numbers")
    order = seeds.generator(seed, "sample sizes").permutation(len(x))
    points = [_point(x, z, estimator, order, count, seed) for count in parts]
    return fit_line(sorted(points, key=lambda point: point.n))


def _point(x: Array, z: Array, estimator: Estimator, order: Array, count: int, seed: int) -> SizePoint:
    size = len(order) // count
    values, errors = [], []
    for index in range(count):
        rows = np.sort(order[index * size : (index + 1) * size])
        estimate = estimator(x[rows], z[rows], seeds.integer_seed(seed, "subset", count, index))
        values.append(estimate.nats)
        if estimate.ci95 is not None and math.isfinite(estimate.ci95[1]):
            errors.append((estimate.ci95[1] - estimate.ci95[0]) / (2 * Z95))
        elif estimate.ci95 is not None and estimate.kind == "lower_bound":
            errors.append((estimate.nats - estimate.ci95[0]) / Z95)
    from_intervals = math.sqrt(sum(error**2 for error in errors)) / count
    from_spread = float(np.std(values, ddof=1)) / math.sqrt(count) if count > 1 else 0.0
    return SizePoint(size, tuple(values), max(from_intervals, from_spread))


def fit_line(points: Sequence[SizePoint]) -> Extrapolation:
    """Weighted least squares of the means against 1/n.

    The sizes reuse the same samples, so that their errors are positively correlated and ``limit_se``, which takes
    them as independent, is on the large side for the limit of a falling or rising line.
    """
    inverse = np.array([1.0 / point.n for point in points])
    mean = np.array([point.mean for point in points])
    error = np.array([point.standard_error for point in points])
    error = np.maximum(error, max(1e-6, 1e-3 * float(error.max())))
    design = np.stack([np.ones_like(inverse), inverse], axis=1) / error[:, None]
    covariance = np.linalg.inv(design.T @ design)
    limit, slope = covariance @ design.T @ (mean / error)
    residual = (mean - limit - slope * inverse) / error
    freedom = len(points) - 2
    misfit = math.sqrt(float((residual**2).sum()) / freedom) if freedom > 0 else 0.0
    return Extrapolation(tuple(points), float(limit), math.sqrt(float(covariance[0, 0])), float(slope), misfit)
