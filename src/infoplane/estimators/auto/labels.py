"""``auto`` for class labels: Gaussian discriminants, a classifier for what they miss, nearest neighbours."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from infoplane.common import seeds
from infoplane.common.aliases import FloatArray, IntArray
from infoplane.critics.networks import ClassScores, CriticOptions
from infoplane.critics.objectives import Objective
from infoplane.critics.training import Bank, Block, Member
from infoplane.estimators import margins
from infoplane.estimators.auto.discriminants import (
    FOLDS,
    Evaluation,
    balanced_folds,
    discriminants,
    evaluate,
    log_softmax,
)
from infoplane.estimators.auto.neighbours import of_labels
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

_CRITIC_ROWS = 500
_NEIGHBOUR_COLUMNS = 4
_SIGNIFICANT = 3.0
_OPTIONS = CriticOptions(hidden=(64, 64), batch_size=256, max_steps=1500, evaluate_every=50, patience=4)


def estimate_labels(x: npt.NDArray[Any], labels: IntArray, seed: int) -> Estimate:
    """I(X; Y) of numbers and class labels.

    Args:
        x: samples, shape (n, d), no constant columns.
        labels: classes 0..K-1, at least two, shape (n,).
        seed: root of every random stream.
    """
    n, d, told, notes = len(x), x.shape[1], dict[str, Any](), list[str]()
    rows = rows_to_use(n, seed, notes)
    labels = np.unique(labels[rows], return_inverse=True)[1].astype(np.int64)
    # Neighbours need columns without ties; elsewhere equal values stay equal (a bit is not to be hidden by noise).
    views = [reduced(x[rows])] + ([reduced(x[rows], "none")] if wide(x[rows]) else [])
    normals = [margins.standardised(margins.normal_scores(view)) for view in views]
    x, told["tied_columns"] = margins.break_ties(x[rows], seeds.generator(seed, "auto", "ties", "x"))
    told["rows_used"], told["classes"] = len(x), int(labels.max()) + 1
    frequency = np.bincount(labels) / len(labels)
    entropy = float(-(frequency * np.log(frequency)).sum())
    _warn_of_few(labels, notes)
    fold = balanced_folds(labels, seed)
    chosen, normal = max(
        (
            (evaluate(model, labels, fold), normal)
            for normal in normals
            for model in discriminants(normal, labels, frequency)
        ),
        key=lambda found: float(found[0].held_out.mean()),
    )
    local = chosen.held_out - np.log(frequency)[labels]
    # The plug-in H(Y) is too small by (K - 1) / 2n (Miller 1955); where x tells nothing, the cross-entropy, measured
    # with the same frequencies, is too small by as much.
    known = float(np.clip(local.mean() / entropy, 0.0, 1.0))
    base = float(local.mean()) + known * (len(frequency) - 1) / (2.0 * len(labels))
    correction = max(0.5 * chosen.optimism, 0.0)
    error = math.hypot(float(local.std()) / math.sqrt(len(local)), null_error(d, len(frequency) - 1, len(x)))
    value = Value(base + correction, error, correction)
    told["base"] = {"model": chosen.model.name, "held_out": base, "corrected": value.nats}
    if len(x) >= _CRITIC_ROWS:
        inputs = np.column_stack([normal, log_norm(normal)])
        value = _with_classifier(value, chosen, inputs, labels, frequency, fold, seed, told)
    if d <= _NEIGHBOUR_COLUMNS and min(np.bincount(labels)) > 4:
        value = with_neighbours(value, of_labels(x, labels, seed), told)
    if value.nats > entropy:
        notes.append(f"above its ceiling: {value.nats:.4g} nats, and H(Y) = {entropy:.4g}; the data allow H(Y)")
    return finished(value, n, (d, 1), seed, notes, told, ceiling=entropy)


def _warn_of_few(labels: IntArray, notes: list[str]) -> None:
    counts = np.bincount(labels)
    few = int((counts < 2 * FOLDS).sum())
    if few:
        notes.append(f"{few} of {len(counts)} classes have fewer than {2 * FOLDS} samples; what they tell is guesswork")


@dataclass(frozen=True)
class _Outputs:
    """log q(y_i | x_i), shape (n,)."""

    own: FloatArray


def _with_classifier(
    value: Value,
    chosen: Evaluation,
    inputs: FloatArray,
    labels: IntArray,
    frequency: FloatArray,
    fold: IntArray,
    seed: int,
    told: dict[str, Any],
) -> Value:
    """The value with what a classifier, begun at the discriminant, finds beyond it, if that is more than noise."""
    classes = len(frequency)
    network = ClassScores(inputs.shape[1] + classes, classes, _OPTIONS.hidden, base_columns=classes)
    prior = np.log(frequency)

    def summary(blocks: Iterable[Block]) -> _Outputs:
        return _Outputs(np.concatenate([_own(block.raw[0], block.z, prior) for block in blocks]))

    bank = Bank(network, Objective("cross_entropy"), summary, lambda outputs: float(outputs.own.mean()), _OPTIONS)
    members, parts, bases = [], [], []
    y = labels.astype(np.int32)
    for number in range(FOLDS):
        select = (number + 1) % FOLDS
        half = seeds.generator(seed, "auto", "select", number).permutation(np.flatnonzero(fold == select))
        selection = np.sort(half[: len(half) // 2])
        report = np.flatnonzero(fold == number)
        kept = np.ones(len(labels), dtype=bool)
        kept[selection] = kept[report] = False
        fit = np.flatnonzero(kept)
        base = chosen.model.log_posterior(fit)
        x = np.hstack([inputs, base]).astype(np.float32)
        stream = seeds.seed_sequence(seed, "auto", "classifier", number)
        members.append(Member(x, y, fit, (x[selection], y[selection]), stream))
        parts.append((fit, report))
        bases.append(base[np.arange(len(y)), labels])
    gain, on_fit = np.empty(len(labels)), []
    local = np.empty(len(labels))
    trained = bank.fit(members)
    for one, member, (fit, report), base in zip(trained, members, parts, bases, strict=True):
        stream = seeds.seed_sequence(seed, "auto", "classifier report")
        local[report] = bank.summary(one.weights, member.x[report], y[report], stream).own
        gain[report] = local[report] - base[report]
        on_fit.append(float((bank.summary(one.weights, member.x[fit], y[fit], stream).own - base[fit]).mean()))
    mean, error = float(gain.mean()), float(gain.std() / math.sqrt(len(gain)))
    used = mean > _SIGNIFICANT * error and not any(one.diverged for one in trained)
    told["critic"] = {
        "gain_held_out": mean,
        "gain_standard_error": error,
        "gain_on_fitting_rows": float(np.mean(on_fit)),
        "chosen_steps": [one.chosen_step for one in trained],
        "steps": [one.steps for one in trained],
        "used": used,
    }
    gap = max(float(np.mean(on_fit)) - mean, 0.0)
    if not used:
        return replace(value, upside=max(float(np.mean(on_fit)), 0.0))
    extra = min(0.5 * gap, mean)
    spread = float((local - prior[labels]).std() / math.sqrt(len(labels)))
    return Value(value.nats + mean + extra, spread, value.correction + extra, gap - extra)


def _own(outputs: npt.NDArray[Any], labels: npt.NDArray[Any], prior: FloatArray) -> FloatArray:
    """log q of each sample's label."""
    result: FloatArray = log_softmax(outputs.astype(np.float64), prior)[np.arange(len(outputs)), labels]
    return result
