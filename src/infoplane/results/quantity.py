"""One measured quantity in the form of the metrics files, made from estimates and brackets."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from infoplane.common.aliases import Z95
from infoplane.results.estimate import Estimate, NoisyEstimate

Quantity = dict[str, Any]


def quantity(
    nats: float | None,
    *,
    low: float | None = None,
    high: float | None = None,
    kind: str | None = None,
    lower: float | None = None,
    upper: float | None = None,
    lower_se: float | None = None,
    upper_se: float | None = None,
    ceiling: float | None = None,
    n: int,
    warnings: Sequence[str] = (),
) -> Quantity:
    """The entry of a metrics file: every field, None where the quantity has none."""
    return {
        "nats": nats,
        "low": low,
        "high": high,
        "kind": kind,
        "lower": lower,
        "upper": upper,
        "lower_se": lower_se,
        "upper_se": upper_se,
        "ceiling": ceiling,
        "n": n,
        "warnings": list(warnings),
    }


def from_estimate(estimate: Estimate) -> Quantity:
    """An estimate as a quantity; a lower bound also fills ``lower`` and ``lower_se``. An infinite end is None."""
    low, high = (None if end is None or math.isinf(end) else end for end in estimate.ci95 or (None, None))
    bound = estimate.nats if estimate.kind == "lower_bound" else None
    return quantity(
        estimate.nats,
        low=low,
        high=high,
        kind=estimate.kind,
        lower=bound,
        lower_se=None if bound is None else estimate.diagnostics.get("standard_error"),
        ceiling=estimate.ceiling,
        n=estimate.n,
        warnings=estimate.warnings,
    )


def bracket(
    lower: float,
    lower_se: float,
    upper: float,
    upper_se: float,
    *,
    ceiling: float | None,
    n: int,
    warnings: Sequence[str] = (),
) -> Quantity:
    """A quantity known to lie between two bounds; ``nats`` is the lower bound."""
    return quantity(
        lower,
        low=lower - Z95 * lower_se,
        high=upper + Z95 * upper_se,
        kind="lower_bound",
        lower=lower,
        upper=upper,
        lower_se=lower_se,
        upper_se=upper_se,
        ceiling=ceiling,
        n=n,
        warnings=warnings,
    )


def from_bracket(measured: NoisyEstimate) -> Quantity:
    """The bracket of a known channel; ln n is no ceiling of it, so there is none."""
    return bracket(
        measured.lower,
        measured.lower_se,
        measured.upper,
        measured.upper_se,
        ceiling=None,
        n=measured.n,
        warnings=measured.warnings,
    )


def noise_headline(measured: NoisyEstimate, critic: Estimate) -> Quantity:
    """The bracket of I(X; T + noise); its lower end is the critic's value where that is the better lower bound.

    Which is better is decided by the critic's value on its selection part, which is not reported.
    """
    entry = from_bracket(measured)
    if _selection_value(critic) > measured.lower and not critic.warnings:
        error = critic.diagnostics.get("standard_error", 0.0)
        entry |= {
            "nats": critic.nats,
            "lower": critic.nats,
            "lower_se": error,
            "low": critic.nats - Z95 * error,
        }
    return entry


def _selection_value(bound: Estimate) -> float:
    """The bound's value on its selection part; for a constant variable, which has no critic, its value."""
    return float(bound.diagnostics.get("selection", bound.nats))


def label_headline(bounds: Sequence[Estimate]) -> Quantity:
    """The bracket [largest lower bound, H(Y)] of a label information; H(Y) of the population, with its error.

    Which bound is the largest is decided by their values on the selection part, never by the values that are
    reported: choosing the larger of two reported values would be biased upwards.
    """
    best = max(bounds, key=_selection_value)
    entropy = best.ceiling
    assert entropy is not None, "a bound on a label information knows H(Y)"
    entry = bracket(
        best.nats,
        best.diagnostics.get("standard_error", 0.0),
        best.diagnostics.get("entropy_upper", entropy),
        best.diagnostics.get("entropy_se", 0.0),
        ceiling=entropy,
        n=best.n,
        warnings=best.warnings,
    )
    return entry if best.ci95 is None else entry | {"low": best.ci95[0]}


def curve_rows(estimate: Estimate, quantity_name: str, stop: int | None = None) -> list[dict[str, Any]]:
    """The learning curves of an estimate's critics as table rows."""
    rows = []
    for fold, curve in enumerate(estimate.diagnostics.get("curves", [])):
        points = zip(curve["step"], curve["train"], curve["selection"], strict=True)
        fixed = {"quantity": quantity_name, "stop": stop, "fold": fold}
        rows += [fixed | {"step": step, "train": train, "selection": chosen} for step, train, chosen in points]
    return rows


CURVE_COLUMNS = ("quantity", "stop", "fold", "step", "train", "selection")
