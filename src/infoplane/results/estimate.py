"""The results that estimators return."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, fields
from html import escape
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

Kind = Literal["estimate", "lower_bound", "upper_bound", "exact"]


@dataclass(frozen=True)
class Estimate:
    """An estimate of one mutual information, with its interval and diagnostics. Everything in nats."""

    nats: float
    ci95: tuple[float, float] | None
    """95 % interval (low, high); high is infinity for a lower bound; None where there is no interval."""
    kind: Kind
    method: str
    ceiling: float | None = None
    """H(Y) for labels, ln K for InfoNCE with K contrasts, else None."""
    n: int = 0
    dx: int = 0
    dz: int = 0
    """``n`` samples of ``dx`` and ``dz`` columns."""
    seed: int = 0
    seconds: float = 0.0
    warnings: tuple[str, ...] = ()
    diagnostics: dict[str, Any] = field(default_factory=dict)
    label_entropy: float | None = None
    """H(Y) of class labels, the plug-in value; None for numbers."""
    pointwise: npt.NDArray[np.float64] | None = field(default=None, repr=False, compare=False)
    """An estimate of ln p(x, z) / p(x) p(z) for each sample, shape (n,), whose mean is ``nats``; None where the method
    has none, or where a part of the samples was left out."""

    @property
    def bits(self) -> float:
        """The value in bits, for display."""
        return self.nats / math.log(2.0)

    @property
    def quantity(self) -> str:
        """What was estimated: "I(X; Z)", or "I(X; Z | W)"."""
        return "I(X; Z | W)" if self.method.startswith("conditional ") else "I(X; Z)"

    @property
    def share_of_label_entropy(self) -> float | None:
        """I(X; Y) / H(Y), 1 where X determines the label; None for numbers and for a single class."""
        return self.nats / self.label_entropy if self.label_entropy else None

    @property
    def correlation(self) -> float:
        """The correlation of two normal variables with this information, sqrt(1 - exp(-2 I)); 0 for values below 0.

        Source: Linfoot 1957, "An informational measure of correlation".
        """
        return math.sqrt(-math.expm1(-2.0 * max(self.nats, 0.0)))

    def to_dict(self) -> dict[str, Any]:
        """The value, normalised too, its interval and what explains it, for JSON; an open interval ends at infinity."""
        return {
            "method": self.method,
            "nats": self.nats,
            "bits": self.bits,
            "ci95": None if self.ci95 is None else list(self.ci95),
            "kind": self.kind,
            "ceiling": self.ceiling,
            "correlation": self.correlation,
            "label_entropy": self.label_entropy,
            "share_of_label_entropy": self.share_of_label_entropy,
            "n": self.n,
            "dx": self.dx,
            "dz": self.dz,
            "seed": self.seed,
            "seconds": self.seconds,
            "warnings": list(self.warnings),
        }

    def __str__(self) -> str:
        """One sentence: the value, its interval, its kind, the samples; then the warnings."""
        sentence = f"{self._value()}: {self._kind()} by {self.method} from {self.n} samples."
        return " ".join([sentence, *(f"Warning: {text}." for text in self.warnings)])

    def _repr_html_(self) -> str:
        """A small table, for notebooks."""
        rows = [(self.quantity, self._value()), ("kind", f"{self._kind()} by {self.method}")]
        if self.ceiling is not None:
            rows.append(("ceiling", f"{self.ceiling:.3f} nats"))
        rows.append(("samples", f"{self.n}, of {self.dx} + {self.dz} columns"))
        rows += [("warning", text) for text in self.warnings]
        cells = "".join(f"<tr><th>{escape(name)}</th><td>{escape(text)}</td></tr>" for name, text in rows)
        return f"<table>{cells}</table>"

    def _value(self) -> str:
        if self.ci95 is None:
            return f"{self.nats:z.3f} nats"
        low, high = self.ci95
        interval = (
            f"at least {low:z.3f} with 95 % confidence"
            if math.isinf(high)
            else f"95 % interval {low:z.3f} to {high:z.3f}"
        )
        return f"{self.nats:z.3f} nats ({interval})"

    def _kind(self) -> str:
        return (
            "the exact value"
            if self.kind == "exact"
            else f"{'an' if self.kind == 'estimate' else 'a'} {self.kind}".replace("_", " ")
        )


@dataclass(frozen=True)
class NoisyEstimate:
    """Bounds on I(X; T + noise) from n samples of T, for Gaussian noise of known standard deviation. In nats.

    In expectation ``lower`` <= I <= ``upper`` for the population the samples were drawn from. When the samples *are*
    the population, ``lower``, ``upper`` and ``plug_in`` are one number, exact up to Monte Carlo error.
    """

    noise_std: float
    n: int
    d: int
    lower: float
    upper: float
    lower_se: float
    upper_se: float
    plug_in: float
    """MI of the empirical mixture (Goldfeld et al. 2019): exact for a population, else numerically ``lower``."""
    gaussian_upper: float | None
    """Maximum-entropy bound 1/2 ln det(I + cov(T)/s^2); None where the covariance is too large to decompose."""
    mixture_upper: float
    """Kolchinsky-Tracey, KL form: bounds ``plug_in`` from above (not the MI of a larger population)."""
    mixture_lower: float
    """Kolchinsky-Tracey, Bhattacharyya form: bounds ``plug_in`` from below."""
    population: bool = False
    seed: int = 0
    label_entropy: float | None = None
    label_lower: float | None = None
    label_upper: float | None = None
    label_lower_se: float | None = None
    label_upper_se: float | None = None
    label_kde_upper: float | None = None
    """I(T + noise; Y) as the difference of KL-form entropies (Saxe et al. 2018): an estimate, no bound."""
    label_kde_lower: float | None = None
    """The same with Bhattacharyya forms: an estimate, no bound."""
    aa_mine: Estimate | None = None
    warnings: tuple[str, ...] = ()
    influence: npt.NDArray[np.float64] | None = field(default=None, repr=False, compare=False)
    """The influence of each sample on ``lower`` (row 0) and ``upper`` (row 1), shape (2, n): the mean of a row is its
    bound, and its standard deviation over sqrt(n) the standard error. Used for paired comparisons."""

    def __str__(self) -> str:
        """One sentence: the bracket or the exact value, the noise, the samples; then the warnings."""
        ends = f"{self.lower:z.3f} to {self.upper:z.3f} nats, lower and upper bound"
        value = f"{self.lower:z.3f} nats, exact" if self.lower == self.upper else ends
        sentence = f"{value}, noise {self.noise_std:g}, from {self.n} samples of {self.d} columns."
        return " ".join([sentence, *(f"Warning: {text}." for text in self.warnings)])

    def to_dict(self) -> dict[str, Any]:
        """Every number for JSON: the labels' only with labels, the critic's only with a critic, no ``influence``."""
        values = {f.name: getattr(self, f.name) for f in fields(self) if f.name not in ("influence", "aa_mine")}
        if self.label_entropy is None:
            values = {name: value for name, value in values.items() if not name.startswith("label_")}
        if self.aa_mine is not None:
            values["aa_mine"] = self.aa_mine.nats
            values["aa_mine_ci95"] = None if self.aa_mine.ci95 is None else list(self.aa_mine.ci95)
        values["warnings"] = list(self.warnings)
        return values
