"""What an estimator returns."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any, Literal

Kind = Literal["estimate", "lower_bound", "upper_bound", "exact"]


@dataclass(frozen=True)
class Estimate:
    """One mutual information, with what is known about its error. Everything in nats."""

    nats: float
    ci95: tuple[float, float] | None
    kind: Kind
    method: str
    ceiling: float | None = None
    """H(Y) for labels, ln K for InfoNCE with K contrasts, else None."""
    n: int = 0
    dx: int = 0
    dz: int = 0
    seed: int = 0
    seconds: float = 0.0
    warnings: tuple[str, ...] = ()
    diagnostics: dict[str, Any] = field(default_factory=dict)

    @property
    def bits(self) -> float:
        """The value in bits, for display."""
        return self.nats / math.log(2.0)
