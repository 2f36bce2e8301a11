"""Tasks: named distributions with their place in a figure."""

from __future__ import annotations

import math
from dataclasses import dataclass

from infoplane.distributions.base import Distribution


@dataclass(frozen=True)
class Task:
    """One distribution on which estimators are compared."""

    name: str
    distribution: Distribution
    group: str = ""
    """Tasks of a group share a panel of the suite's own figure."""
    at: float = 0.0
    """Position on that panel's horizontal axis."""

    @property
    def truth(self) -> float | None:
        """I(X; Z) in nats; None where it is infinite."""
        nats = self.distribution.mutual_information()
        return None if math.isinf(nats) else nats
