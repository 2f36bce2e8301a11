"""``auto`` for numbers: models of the log density ratio, a critic for what they miss, correlations, neighbours."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from infoplane.common import seeds
from infoplane.common.aliases import FloatArray, IntArray
from infoplane.critics import bounds
from infoplane.estimators import gaussian, margins
from infoplane.estimators.auto import elliptical, residual_critic
from infoplane.estimators.auto import thin as auto_thin
from infoplane.estimators.auto import unmixing as auto_unmixing
from infoplane.estimators.auto.neighbours import of_numbers
from infoplane.estimators.auto.ratio_members import (
    FOLDS,
    Evaluation,
    best_copula,
    canonical_models,
    clearly_better,
    evaluate,
    report_rounds,
    still_to_come,
)
from infoplane.estimators.auto.value import (
    Value,
    finished,
    log_norm,
    null_error,
    reduced,
    rows_to_use,
    wide,
    with_neighbours,
)
from infoplane.results.estimate import Estimate

_CRITIC_ROWS = 1000
"""Samples below which a critic learns more noise than dependence."""
_NEIGHBOUR_COLUMNS = 6
"""Columns of x and z together above which nearest neighbours are not asked."""
_NEIGHBOUR_ROWS = 100
_SIGNIFICANT = 3.0
"""Standard errors by which a critic's gain must lie above 0."""


def estimate_numbers(x: npt.NDArray[Any], z: npt.NDArray[Any], seed: int) -> Estimate:
    """I(X; Z) of numbers.

    Args:
        x: samples, shape (n, dx), no constant columns.
        z: samples, shape (n, dz), no constant columns.
        seed: root of every random stream.
    """
    n, widths, notes, told = len(x), (x.shape[1], z.shape[1]), list[str](), dict[str, Any]()
    rows = rows_to_use(n, seed, notes)
    x, tied_x = margins.break_ties(x[rows], seeds.generator(seed, "auto", "ties", "x"))
    z, tied_z = margins.break_ties(z[rows], seeds.generator(seed, "auto", "ties", "z"))
    told["rows_used"], told["tied_columns"] = len(x), tied_x + tied_z
    if (fully := _determined(x, z)) is not None:
        return _beyond_measure(fully, n, widths, seed, notes, told)
    fold = seeds.generator(seed, "auto", "folds").permutation(len(x)) % FOLDS
    order_x, order_z, copula = _coordinates(reduced(x), reduced(z), fold, seed, told)
    if wide(x) or wide(z):
        own = elliptical.ranks(reduced(x, "none")), elliptical.ranks(reduced(z, "none"))
        unscaled = best_copula(*own, fold)
        if told.setdefault("unscaled", clearly_better(unscaled, copula)):
            order_x, order_z, copula = *own, unscaled
    chosen = _chosen_model(copula, order_x, order_z, fold, told)
    error = math.hypot(chosen.held_out.standard_error, null_error(order_x.shape[1], order_z.shape[1], len(x)))
    correction, drift = max(0.0, chosen.corrected - chosen.held_out.nats), still_to_come(chosen, fold)
    value = Value(chosen.corrected, error, correction, drift)
    told["base"] = {
        "model": chosen.model.name,
        "held_out": chosen.held_out.nats,
        "corrected": chosen.corrected,
        "drift": drift,
    }
    columns = sum(widths)
    neighbours = columns <= _NEIGHBOUR_COLUMNS and len(x) >= _NEIGHBOUR_ROWS
    narrowed = [f"{name}'s {c.shape[1]} columns" for name, c in (("x", x), ("z", z)) if wide(c)]
    if narrowed:
        notes.append(f"too few samples for {' and '.join(narrowed)}: models and critic see principal components alone")
    if len(x) >= _CRITIC_ROWS and value.nats < math.log(len(x)):  # more, no held-out sample confirms
        value = _with_critic(value, chosen, order_x, order_z, fold, seed, told)
    if (narrowed or chosen.model.variates) and auto_thin.possible(x, z):
        value = auto_thin.with_thin_dependence(value, x, z, notes, told)
    if neighbours:
        value = with_neighbours(value, of_numbers(x, z, seed), told)
    return finished(value, n, widths, seed, notes, told)


def _determined(x: FloatArray, z: FloatArray) -> gaussian.Canonical | None:
    """Canonical correlations, of the columns or of their ranks, if some are 1 but for rounding."""
    for scale in ("standard", "rank"):
        pair = gaussian.canonical(margins.scaled(reduced(x), scale), margins.scaled(reduced(z), scale))
        if pair.determined and len(x) > pair.dx + pair.dz + 2:
            return pair
    return None


def _beyond_measure(
    pair: gaussian.Canonical, n: int, widths: tuple[int, int], seed: int, notes: list[str], told: dict[str, Any]
) -> Estimate:
    """What can be said where a part of z is a function of x: no more than that it is much."""
    notes.append(
        f"x and z share {pair.determined} linear combinations exactly (of the columns or of their ranks): for "
        "continuous variables the information is infinite; the value is the limit of floating-point numbers"
    )
    told["base"] = {"model": "Gaussian", "shared_combinations": pair.determined}
    return Estimate(
        nats=pair.plug_in - pair.bias,
        ci95=(min(pair.plug_in - pair.bias, math.log(told["rows_used"])), math.inf),
        kind="estimate",
        method="auto",
        n=n,
        dx=widths[0],
        dz=widths[1],
        seed=seed,
        warnings=tuple(notes),
        diagnostics=told,
    )


def _coordinates(
    x: FloatArray, z: FloatArray, fold: IntArray, seed: int, told: dict[str, Any]
) -> tuple[IntArray, IntArray, Evaluation]:
    """Ranks of x and of z, and their best copula: of the columns, or of independent components if clearly better."""
    order_x, order_z = elliptical.ranks(x), elliptical.ranks(z)
    plain = best_copula(order_x, order_z, fold)
    told["unmixed"] = False
    if auto_unmixing.possible(x) or auto_unmixing.possible(z):
        random = seeds.generator(seed, "auto", "unmixing")
        apart_x, apart_z = (
            elliptical.ranks(auto_unmixing.unmixed(columns, random)) if auto_unmixing.possible(columns) else order
            for columns, order in ((x, order_x), (z, order_z))
        )
        apart = best_copula(apart_x, apart_z, fold)
        if clearly_better(apart, plain):
            told["unmixed"] = True
            return apart_x, apart_z, apart
    return order_x, order_z, plain


def _chosen_model(
    chosen: Evaluation, order_x: IntArray, order_z: IntArray, fold: IntArray, told: dict[str, Any]
) -> Evaluation:
    """The model of largest held-out value; one with canonical variates must be clearly better than the copula."""
    told["models"] = {chosen.model.name: chosen.held_out.nats}
    x, z = elliptical.margins_of(order_x, math.inf), elliptical.margins_of(order_z, math.inf)
    if max(order_x.shape[1], order_z.shape[1]) < 2:
        return chosen  # nearest neighbours and the critic see a single pair of columns better
    for models in canonical_models(x, z, fold):
        best: Evaluation | None = None
        for model in models:
            candidate = evaluate(model, fold)
            told["models"][model.name] = candidate.held_out.nats
            if best is not None and candidate.held_out.nats < best.held_out.nats:
                break
            best = candidate
        if best is not None and clearly_better(best, chosen):
            chosen = best
    return chosen


def _with_critic(
    value: Value,
    chosen: Evaluation,
    order_x: IntArray,
    order_z: IntArray,
    fold: IntArray,
    seed: int,
    told: dict[str, Any],
) -> Value:
    """The value with what a critic finds beyond the model, if that is more than noise."""
    seen_x, seen_z = _inputs(order_x), _inputs(order_z)
    parts, streams = [], []
    for number, report in enumerate(report_rounds()):
        select = (report[1] + 1) % FOLDS
        ratio = chosen.model.fitted((*report, select))
        x, z = seen_x, seen_z
        if chosen.model.variates:
            x, z = np.hstack([x, ratio.left[:, 2:]]), np.hstack([z, ratio.right[:, 2:]])
        held = np.isin(fold, (*report, select))
        parts.append(
            residual_critic.Part(
                ratio,
                x,
                z,
                np.flatnonzero(~held),
                np.flatnonzero(fold == select),
                np.flatnonzero(np.isin(fold, report)),
            )
        )
        streams.append(seeds.seed_sequence(seed, "auto", "critic", number))
    learned = residual_critic.learn(parts, streams, residual_critic.OPTIONS)
    gains, differences, on_fit = [], [], []
    for one in learned:
        after, before = bounds.shifted(one.report, one.level), bounds.shifted(one.base_report, one.base_level)
        gains.append(after.nats - before.nats)
        differences.append(after.influence - before.influence)
        on_fit.append(one.fit.nats - one.base_fit.nats)
    gain, error = float(np.mean(gains)), bounds.Bound(0.0, np.concatenate(differences)).standard_error
    fit_gain = float(np.mean(on_fit))
    used = gain > _SIGNIFICANT * error and not any(one.diverged for one in learned)
    told["critic"] = {
        "gain_held_out": gain,
        "gain_standard_error": error,
        "gain_on_fitting_rows": fit_gain,
        "gain_per_fold": gains,
        "chosen_steps": [one.chosen_step for one in learned],
        "steps": [one.steps for one in learned],
        "used": used,
    }
    gap = max(fit_gain - gain, 0.0)
    if not used:
        return replace(value, upside=max(value.upside, fit_gain))
    extra = min(0.5 * gap, gain)
    found = [bounds.shifted(one.report, one.level) for one in learned]
    spread = bounds.Bound(0.0, np.concatenate([bound.influence for bound in found])).standard_error
    return Value(value.nats + gain + extra, spread, value.correction + extra, max(value.upside, gap - extra))


def _inputs(order: IntArray) -> FloatArray:
    """What the critic sees of a variable: rank-normal columns and their log norm."""
    normal = elliptical.margins_of(order, math.inf)
    return np.column_stack([normal, log_norm(normal)])
