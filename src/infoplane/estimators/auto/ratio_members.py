"""Simple models of the log density ratio, each cross-fitted, and the choice between them by held-out value."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from infoplane.common.aliases import FloatArray, IntArray
from infoplane.critics import bounds
from infoplane.estimators.auto import canonical_features, elliptical
from infoplane.estimators.auto.residual_critic import bound_terms

FOLDS = 10
"""Folds of the samples; a model is reported on two at a time."""
_BLOCK = 1000
"""Samples scored against each other at once."""
_VARIATES = {"linear": (1, 2, 4, 8, 16), "radial": (1, 2, 3, 4), "quadratic": (1, 2, 3, 4)}
_FEWEST_PER_FEATURE = 6.0
"""Samples per feature of one variable below which a library is not tried."""
_PAIRS_FEW, _PAIRS_ENOUGH = 10.0, 100.0
"""Samples (of equal weight) that must carry a mean of e^f below 1 for it to count at all, and in full."""
_LEAST_LOG = -500.0
"""log mean e^f below which no pair carries anything."""
_CLEARLY = 2.0
"""Standard errors of the difference by which a model must beat a simpler one."""


@dataclass(frozen=True)
class Model:
    """A family of log density ratios that can be fitted without any of the folds."""

    name: str
    fitted: Callable[[tuple[int, ...]], elliptical.Ratio]
    """Folds left out -> the ratio fitted on the others."""
    variates: int = 0
    """Pairs of canonical variates used; 0: all columns."""


@dataclass(frozen=True)
class Evaluation:
    """A model's held-out value and its value on the rows that fitted it, in nats."""

    model: Model
    held_out: bounds.Bound
    """Donsker-Varadhan on rows that did not fit the model, with each sample's influence; a negative log mean of e^f
    counts only as far as pairs enough carry it."""
    optimism: float
    """Mean f on the fitting rows minus mean f on the held-out ones."""
    noise: float
    """What the normaliser's log took off that may be nothing but noise."""

    @property
    def corrected(self) -> float:
        """The value half way between held-out and fitting rows.

        To first order in the number of parameters p, fitting rows show p / 2n too much and held-out rows p / 2n too
        little (Akaike 1974). The normaliser's log is left out where it is nothing but noise: at many nats the mean of
        e^f is carried by a few pairs.
        """
        return self.held_out.nats + 0.5 * self.optimism + self.noise


def report_rounds() -> list[tuple[int, int]]:
    """The pairs of folds that a model is reported on, every fold once."""
    return [(number, number + 1) for number in range(0, FOLDS, 2)]


def evaluate(model: Model, fold: IntArray) -> Evaluation:
    """Fit without two folds at a time, and report on them."""
    terms, order, optimism = [], [], []
    for left_out in report_rounds():
        ratio = model.fitted(left_out)
        held = np.isin(fold, left_out)
        rows = np.flatnonzero(held)
        for block in np.array_split(rows, -(-len(rows) // _BLOCK)):
            terms.append(bound_terms(ratio.matrix(block)))
            order.append(block)
        optimism.append(float(ratio.paired(np.flatnonzero(~held)).mean() - ratio.paired(rows).mean()))
    bound, noise = _normalised(bounds.concatenated(terms))
    influence = np.empty(len(fold))
    influence[np.concatenate(order)] = bound.influence
    return Evaluation(model, bounds.Bound(bound.nats, influence), float(np.mean(optimism)), noise)


def _normalised(terms: bounds.PairTerms) -> tuple[bounds.Bound, float]:
    """The held-out value, and how much of the normaliser's log in it is noise.

    A fitted ratio is normalised but for what the model misses, so log mean e^f would be near 0 if there were pairs
    enough. With many nats there are not: those that carry the mean are missing, its log is far below 0, and the
    Donsker-Varadhan value as far above the truth. Above 0 it says that the model is too sure of itself, and counts.
    """
    log_mean = float(bounds.log_mean_exp(terms.row))
    if log_mean < _LEAST_LOG:
        return bounds.Bound(float(terms.joint.mean()), terms.joint - terms.joint.mean()), 0.0
    row, column = np.exp(terms.row - log_mean), np.exp(terms.column - log_mean)
    shares = row + column
    carried_by = min(float(side.sum() ** 2 / (side**2).sum()) for side in (row, column))
    error = 2.0 * float(shares.std() / math.sqrt(len(shares)))
    keep = max(0.0, 1.0 - (error / log_mean) ** 2) if log_mean else 0.0
    taken = 1.0
    if log_mean < 0.0:
        trust = (carried_by - _PAIRS_FEW) / (_PAIRS_ENOUGH - _PAIRS_FEW)
        keep = taken = keep * min(1.0, max(0.0, trust))
    influence = terms.joint - taken * shares
    bound = bounds.Bound(float(terms.joint.mean()) - taken * log_mean, influence - influence.mean())
    return bound, (taken - keep) * log_mean


def still_to_come(chosen: Evaluation, fold: IntArray) -> float:
    """What the trend with the number of fitting rows promises beyond the corrected value, in nats.

    The first-order correction suits models of few parameters; a library of many functions learns slower. Fitted on
    half of the rows and reported on the same held-out ones, it tells how fast; about the root of n is assumed.
    """
    if not chosen.model.variates:
        return 0.0
    differences, optimism = [], []
    for left_out in report_rounds():
        others = tuple(number for number in range(FOLDS) if number not in left_out)
        ratio = chosen.model.fitted(left_out + others[: len(others) // 2])
        whole = chosen.model.fitted(left_out)
        held = np.flatnonzero(np.isin(fold, left_out))
        kept = np.flatnonzero(np.isin(fold, others[len(others) // 2 :]))
        differences.append(whole.paired(held) - ratio.paired(held))
        optimism.append(float(ratio.paired(kept).mean() - ratio.paired(held).mean()))
    difference = np.concatenate(differences)
    trend = float(difference.mean()) - 0.5 * (float(np.mean(optimism)) - chosen.optimism)
    noise = 2.0 * float(difference.std()) / math.sqrt(len(difference))
    return max(trend - noise, 0.0) / (math.sqrt(2.0) - 1.0)


def clearly_better(one: Evaluation, other: Evaluation) -> bool:
    """Whether ``one`` has the larger held-out value by more than noise, compared sample by sample."""
    difference = one.held_out.influence - other.held_out.influence
    error = float(difference.std() / math.sqrt(len(difference)))
    return one.held_out.nats - other.held_out.nats > _CLEARLY * error


def best_copula(order_x: IntArray, order_z: IntArray, fold: IntArray) -> Evaluation:
    """The elliptical copula with the degrees of freedom of largest held-out value; Gaussian unless clearly another."""

    def model(degrees: float) -> Model:
        x, z = elliptical.margins_of(order_x, degrees), elliptical.margins_of(order_z, degrees)
        name = "Gaussian copula" if math.isinf(degrees) else f"Student t copula, {degrees:g} degrees of freedom"
        return Model(name, lambda left_out: elliptical.fit(x, z, _kept(fold, left_out), degrees))

    gaussian = best = evaluate(model(elliptical.DEGREES[0]), fold)
    for degrees in elliptical.DEGREES[1:]:  # the value rises to one top
        candidate = evaluate(model(degrees), fold)
        if candidate.held_out.nats <= best.held_out.nats:
            break
        best = candidate
    return best if best is gaussian or clearly_better(best, gaussian) else gaussian


def canonical_models(x: FloatArray, z: FloatArray, fold: IntArray) -> Iterator[list[Model]]:
    """For each library that the number of samples bears, its models, few variates first.

    Args:
        x, z: columns of about unit deviation.
        fold: each sample's fold.
    """
    most = min(canonical_features.MOST_FEATURES, len(fold) / _FEWEST_PER_FEATURE)
    for library, counts in _VARIATES.items():
        name: canonical_features.Library = library  # type: ignore[assignment]
        sizes = [canonical_features.feature_count(columns.shape[1], name) for columns in (x, z)]
        counts = tuple(count for count in counts if count <= min(sizes))
        if library == "linear":
            counts = tuple(count for count in counts if count < min(sizes))
        if max(sizes) > most or not counts:
            continue
        yield _library_models(x, z, fold, name, counts)


def _library_models(
    x: FloatArray, z: FloatArray, fold: IntArray, library: canonical_features.Library, counts: Sequence[int]
) -> list[Model]:
    variates = canonical_features.Variates(
        canonical_features.features(x, library), canonical_features.features(z, library), fold, library, max(counts)
    )
    margins: dict[tuple[int, ...], tuple[FloatArray, FloatArray]] = {}

    def normal(left_out: tuple[int, ...]) -> tuple[FloatArray, FloatArray]:
        if left_out not in margins:
            u, v = variates.without(*left_out)
            margins[left_out] = (
                elliptical.margins_of(elliptical.ranks(u), math.inf),
                elliptical.margins_of(elliptical.ranks(v), math.inf),
            )
        return margins[left_out]

    def fitted(left_out: tuple[int, ...], count: int) -> elliptical.Ratio:
        u, v = normal(left_out)
        return elliptical.fit(u[:, :count], v[:, :count], _kept(fold, left_out), math.inf)

    def model(count: int) -> Model:
        name = f"Gaussian copula of {count} {library} canonical variates"
        return Model(name, lambda left_out: fitted(left_out, count), count)

    return [model(count) for count in counts]


def _kept(fold: IntArray, left_out: tuple[int, ...]) -> IntArray:
    return np.flatnonzero(~np.isin(fold, left_out))
