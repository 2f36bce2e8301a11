"""Differences between the I(X; E + noise) of two encoders, paired over the same samples and noise.

Encoders measured on the same images with the same seed share both images and noise, so much of the error of each
cancels in the difference. The input is the ``influence`` of each encoder's
:class:`infoplane.results.estimate.NoisyEstimate`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from infoplane.common.aliases import Z95, FloatArray


@dataclass(frozen=True)
class Difference:
    """I_first - I_second in nats."""

    first: str
    second: str
    lower: float
    """lower_first - upper_second: below the difference in expectation."""
    upper: float
    """upper_first - lower_second: above the difference in expectation."""
    lower_se: float
    upper_se: float

    @property
    def ci95(self) -> tuple[float, float]:
        """Both ends widened by their paired standard errors; one pair at a time, not corrected for many pairs."""
        return self.lower - Z95 * self.lower_se, self.upper + Z95 * self.upper_se


def difference(first: str, a: FloatArray, second: str, b: FloatArray) -> Difference:
    """The difference of two brackets from their influences, each of shape (2, n): rows lower and upper.

    Raises:
        ValueError: influences of different shape, so not of the same samples.
    """
    if a.shape != b.shape or a.ndim != 2 or len(a) != 2:
        raise ValueError(f"influence: {first} has shape {a.shape}, {second} {b.shape}; expected (2, n) for both")
    low, high = a[0] - b[1], a[1] - b[0]
    lower_se, upper_se = (float(row.std(ddof=1)) / math.sqrt(a.shape[1]) for row in (low, high))
    return Difference(first, second, float(low.mean()), float(high.mean()), lower_se, upper_se)
