"""``auto`` for class labels: Gaussian discriminants, a classifier for what they miss, nearest neighbours."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from infoplane import margins, seeds
from infoplane.critics import ClassScores, CriticOptions
from infoplane.estimators import elliptical
from infoplane.estimators.auto_value import Value, finished, log_norm, null_error, reduced, rows_to_use, with_neighbours
from infoplane.estimators.nearest_neighbours import ross
from infoplane.objectives import Objective
from infoplane.result import Estimate
from infoplane.training import Bank, Block, Member

Floats = npt.NDArray[np.float64]
Rows = npt.NDArray[np.int64]

_FOLDS = 5
_CRITIC_ROWS = 500
_NEIGHBOUR_COLUMNS = 4
_SIGNIFICANT = 3.0
_OPTIONS = CriticOptions(hidden=(64, 64), batch_size=256, max_steps=1500, evaluate_every=50, patience=4)
_PRIOR_SHARE = 0.001
"""Share of the class frequencies mixed into every posterior, so that no sample costs without limit."""


@dataclass(frozen=True)
class _Discriminant:
    """A family of class posteriors, cross-fitted."""

    name: str
    log_posterior: Callable[[Rows], Floats]
    """Fitting rows -> log q(k | x_i) of all samples, shape (n, K)."""


@dataclass(frozen=True)
class _Evaluation:
    model: _Discriminant
    held_out: Floats
    """log q(y_i | x_i) of each sample by a model that did not see it, shape (n,)."""
    optimism: float
    """Mean on the fitting rows minus mean on the held-out ones."""


def estimate_labels(x: npt.NDArray[Any], labels: Rows, seed: int) -> Estimate:
    """I(X; Y) of numbers and class labels.

    Args:
        x: samples, shape (n, d), no constant columns.
        labels: classes 0..K-1, at least two, shape (n,).
        seed: root of every random stream.
    """
    n, d, told, notes = len(x), x.shape[1], dict[str, Any](), list[str]()
    rows = rows_to_use(n, seed, notes)
    labels = np.unique(labels[rows], return_inverse=True)[1].astype(np.int64)
    x, told["tied_columns"] = margins.untied(x[rows], seeds.generator(seed, "auto", "ties", "x"))
    told["rows_used"], told["classes"] = len(x), int(labels.max()) + 1
    frequency = np.bincount(labels) / len(labels)
    entropy = float(-(frequency * np.log(frequency)).sum())
    _warn_of_few(labels, notes)
    order = elliptical.ranks(reduced(x))
    normal = elliptical.margins_of(order, math.inf)
    fold = _balanced_folds(labels, seed)
    chosen = max(
        (_evaluate(model, labels, fold) for model in _discriminants(normal, labels, frequency)),
        key=lambda evaluation: float(evaluation.held_out.mean()),
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
        value = with_neighbours(value, ross(x, labels, scale="rank", seed=seed), told)
    if value.nats > entropy:
        notes.append(f"above its ceiling: {value.nats:.4g} nats, and H(Y) = {entropy:.4g}; the data allow H(Y)")
    return finished(value, n, (d, 1), seed, notes, told, ceiling=entropy)


def _warn_of_few(labels: Rows, notes: list[str]) -> None:
    counts = np.bincount(labels)
    few = int((counts < 2 * _FOLDS).sum())
    if few:
        notes.append(
            f"{few} of {len(counts)} classes have fewer than {2 * _FOLDS} samples; what they tell is guesswork"
        )


def _balanced_folds(labels: Rows, seed: int) -> Rows:
    """Every fold gets its share of every class."""
    order = seeds.generator(seed, "auto", "folds").permutation(len(labels))
    order = order[np.argsort(labels[order], kind="stable")]
    fold = np.empty(len(labels), dtype=np.int64)
    fold[order] = np.arange(len(labels)) % _FOLDS
    return fold


def _discriminants(x: Floats, labels: Rows, frequency: Floats) -> list[_Discriminant]:
    prior = np.log(frequency)

    def model(name: str, pooling: float) -> _Discriminant:
        return _Discriminant(name, lambda rows: _log_posterior(x, labels, rows, prior, pooling))

    return [
        model("class frequencies", math.nan),
        model("Gaussian discriminant, one covariance", math.inf),
        model("Gaussian discriminant, a covariance per class", x.shape[1] + 5.0),
    ]


def _log_posterior(x: Floats, labels: Rows, rows: Rows, prior: Floats, pooling: float) -> Floats:
    """log q(k | x_i), shape (n, K), of Gaussian classes fitted on ``rows``.

    Args:
        x: shape (n, d).
        labels: classes, shape (n,).
        rows: fitting rows.
        prior: log frequencies of the classes.
        pooling: samples' worth of the pooled covariance in each class's; infinity: one covariance; NaN: no use of x.
    """
    if math.isnan(pooling):
        return np.tile(prior, (len(x), 1))
    own, d, classes = x[rows], x.shape[1], len(prior)
    counts = np.bincount(labels[rows], minlength=classes)
    total = np.stack([np.bincount(labels[rows], own[:, j], minlength=classes) for j in range(d)], axis=1)
    overall = own.mean(axis=0)
    mean = (total + overall) / (counts + 1.0)[:, None]
    centred = own - mean[labels[rows]]
    pooled = centred.T @ centred / max(len(rows) - classes, 1) + 1e-6 * np.eye(d)
    result = np.empty((len(x), classes))
    for k in range(classes):
        covariance = pooled
        if math.isfinite(pooling):
            part = centred[labels[rows] == k]
            covariance = (part.T @ part + pooling * pooled) / (counts[k] + pooling)
        root = np.linalg.cholesky(covariance)
        distance = np.linalg.solve(root, (x - mean[k]).T)
        result[:, k] = prior[k] - 0.5 * (distance**2).sum(axis=0) - float(np.log(np.diagonal(root)).sum())
    top = result.max(axis=1, keepdims=True)
    result -= top + np.log(np.exp(result - top).sum(axis=1, keepdims=True))
    mixed: Floats = np.logaddexp(result + math.log1p(-_PRIOR_SHARE), prior + math.log(_PRIOR_SHARE))
    return mixed


def _evaluate(model: _Discriminant, labels: Rows, fold: Rows) -> _Evaluation:
    own = np.arange(len(labels))
    held_out, optimism = np.empty(len(labels)), []
    for number in range(_FOLDS):
        held = fold == number
        local = model.log_posterior(np.flatnonzero(~held))[own, labels]
        held_out[held] = local[held]
        optimism.append(local[~held].mean() - local[held].mean())
    return _Evaluation(model, held_out, float(np.mean(optimism)))


@dataclass(frozen=True)
class _Outputs:
    """log q(y_i | x_i), shape (n,)."""

    own: Floats


def _with_classifier(
    value: Value,
    chosen: _Evaluation,
    inputs: Floats,
    labels: Rows,
    frequency: Floats,
    fold: Rows,
    seed: int,
    told: dict[str, Any],
) -> Value:
    """The value with what a classifier, begun at the discriminant, finds beyond it, if that is more than noise."""
    classes = len(frequency)
    network = ClassScores(inputs.shape[1] + classes, classes, _OPTIONS.hidden, base_columns=classes)
    prior = np.log(frequency)

    def summary(blocks: Sequence[Block]) -> _Outputs:
        return _Outputs(np.concatenate([_mixed(block.raw[0], block.z, prior) for block in blocks]))

    bank = Bank(network, Objective("cross_entropy"), summary, lambda outputs: float(outputs.own.mean()), _OPTIONS)
    members, parts, bases = [], [], []
    y = labels.astype(np.int32)
    for number in range(_FOLDS):
        select = (number + 1) % _FOLDS
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
    if not used:
        return value
    extra = min(max(0.5 * (float(np.mean(on_fit)) - mean), 0.0), mean)
    spread = float((local - prior[labels]).std() / math.sqrt(len(labels)))
    return Value(value.nats + mean + extra, spread, value.correction + extra)


def _mixed(outputs: npt.NDArray[Any], labels: npt.NDArray[Any], prior: Floats) -> Floats:
    """log of the softmax with a small share of the class frequencies, at each sample's label."""
    scores = outputs.astype(np.float64)
    scores -= scores.max(axis=1, keepdims=True)
    own = scores[np.arange(len(scores)), labels] - np.log(np.exp(scores).sum(axis=1))
    result: Floats = np.logaddexp(own + math.log1p(-_PRIOR_SHARE), prior[labels] + math.log(_PRIOR_SHARE))
    return result
