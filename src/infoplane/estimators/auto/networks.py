"""Separable networks f(x, z) = base + <g(x), h(z)>, several at a time, in NumPy.

The objective is InfoNCE in both directions over all pairs of a batch (van den Oord et al. 2018; Radford et al. 2021):
its optimum is the log density ratio up to a constant, and its gradient is steadier than that of Donsker-Varadhan.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from infoplane.common.aliases import Float32Array, FloatArray, IntArray
from infoplane.estimators.auto.ratios import Bilinear

_MOST_SELECTING = 300


@dataclass(frozen=True)
class Options:
    """Of the networks and their training; chosen on seven samples of design kinds (see :mod:`.constants`)."""

    hidden: int = 64
    """Units of each of the two hidden layers."""
    embedding: int = 16
    """Outputs, whose scalar product is the score."""
    batch: int = 128
    rate: float = 3e-3
    """Learning rate."""
    steps: int = 500
    """At most."""
    every: int = 25
    """Steps between evaluations on the selection rows."""
    patience: int = 5
    """Evaluations without a better value after which training stops."""


@dataclass(frozen=True)
class Job:
    """One network: what it sees, its rows, and the factors of the ratio it starts from."""

    x: FloatArray
    z: FloatArray
    fit: IntArray
    select: IntArray
    base: Bilinear | None
    seed: np.random.SeedSequence
    decay: float = 1.0


def initial(d: int, options: Options, random: np.random.Generator) -> list[Float32Array]:
    """Weights and biases of three layers, the weights at the even places."""
    h, e = options.hidden, options.embedding
    return [
        (random.normal(size=(d, h)) / np.sqrt(d)).astype(np.float32),
        (random.normal(size=(1, h)) * 0.3).astype(np.float32),
        (random.normal(size=(h, h)) / np.sqrt(h)).astype(np.float32),
        np.zeros((1, h), np.float32),
        (random.normal(size=(h, e)) * (0.3 / np.sqrt(h))).astype(np.float32),
        np.zeros((1, e), np.float32),
    ]


def forward(w: Sequence[Float32Array], x: Float32Array) -> tuple[Float32Array, Float32Array, Float32Array]:
    """Both hidden layers and the output, for inputs (..., b, d)."""
    one = np.tanh(x @ w[0] + w[1])
    two = np.tanh(one @ w[2] + w[3])
    return one, two, two @ w[4] + w[5]


def _turned(a: Float32Array) -> Float32Array:
    return np.swapaxes(a, -1, -2)


def backward(
    w: Sequence[Float32Array], x: Float32Array, one: Float32Array, two: Float32Array, upstream: Float32Array
) -> list[Float32Array]:
    """Gradients by the weights, from that by the output."""
    inner = (upstream @ _turned(w[4])) * (1.0 - two * two)
    outer = (inner @ _turned(w[2])) * (1.0 - one * one)
    pairs = ((x, outer), (one, inner), (two, upstream))
    return [g for left, right in pairs for g in (_turned(left) @ right, right.sum(axis=-2, keepdims=True))]


def contrast(scores: Float32Array) -> tuple[FloatArray, Float32Array]:
    """InfoNCE of both directions, mean over the batch, for scores (B, b, b), and its gradient."""
    b = scores.shape[-1]
    index = np.arange(b)
    top_row, top_column = scores.max(axis=-1, keepdims=True), scores.max(axis=-2, keepdims=True)
    rows, columns = np.exp(scores - top_row), np.exp(scores - top_column)
    rows_sum, columns_sum = rows.sum(axis=-1, keepdims=True), columns.sum(axis=-2, keepdims=True)
    levels = top_row[..., 0] + np.log(rows_sum[..., 0]) + top_column[:, 0] + np.log(columns_sum[:, 0])
    value = (scores[:, index, index] - 0.5 * levels).mean(axis=-1, dtype=np.float64) + np.log(b)
    rows /= rows_sum
    columns /= columns_sum
    rows += columns
    rows *= -0.5 / b
    rows[:, index, index] += 1.0 / b
    return value, rows


class _Adam:
    """Adam with decoupled weight decay (Kingma & Ba 2015; Loshchilov & Hutter 2019), ascending."""

    def __init__(self, weights: list[Float32Array], rate: float, decay: Float32Array) -> None:
        self.weights, self.rate, self.decay = weights, rate, decay
        self.moments = [(np.zeros_like(p), np.zeros_like(p)) for p in weights]

    def step(self, gradients: Sequence[Float32Array], number: int) -> None:
        rate = np.float32(self.rate * min(1.0, number / 20))
        for place, (p, up, (m, v)) in enumerate(zip(self.weights, gradients, self.moments, strict=True)):
            m += 0.1 * (up - m)
            v += 0.01 * (up * up - v)
            move = m / (1.0 - 0.9**number) / (np.sqrt(v / (1.0 - 0.99**number)) + 1e-8)
            if place % 2 == 0:  # biases do not decay
                move -= self.decay * p
            p += rate * move


class _Data:
    """The jobs' rows in single precision, all inputs as wide as the widest."""

    def __init__(self, jobs: Sequence[Job]) -> None:
        self.x, self.z = (_as_wide([getattr(job, side) for job in jobs]) for side in ("x", "z"))
        self.bases = [None if j.base is None else tuple(f.astype(np.float32) for f in j.base.factors()) for j in jobs]

    def batch(self, rows: Sequence[IntArray]) -> tuple[Float32Array, Float32Array, Float32Array]:
        """Inputs (B, b, d) of x and z, and the scores (B, b, b) that the networks add to."""
        x, z = (np.stack([values[r] for values, r in zip(side, rows, strict=True)]) for side in (self.x, self.z))
        base = np.zeros((len(rows), len(rows[0]), len(rows[0])), np.float32)
        for k, (pair, r) in enumerate(zip(self.bases, rows, strict=True)):
            if pair is not None:
                base[k] = pair[0][r] @ pair[1][r].T
        return x, z, base


def _as_wide(sides: Sequence[FloatArray]) -> list[Float32Array]:
    width = max(side.shape[1] for side in sides)
    return [np.pad(side, ((0, 0), (0, width - side.shape[1]))).astype(np.float32) for side in sides]


class _Batches:
    """Rows of each job in random order, all of them before any comes again."""

    def __init__(self, jobs: Sequence[Job], randoms: Sequence[np.random.Generator], size: int) -> None:
        self.jobs, self.randoms, self.size = jobs, randoms, size
        self.queues = [np.empty(0, np.int64) for _ in jobs]

    def next(self) -> list[IntArray]:
        for k, job in enumerate(self.jobs):
            if len(self.queues[k]) < self.size:
                self.queues[k] = self.randoms[k].permutation(job.fit)
        rows = [queue[: self.size] for queue in self.queues]
        self.queues = [queue[self.size :] for queue in self.queues]
        return rows


def train(jobs: Sequence[Job], options: Options) -> list[tuple[Bilinear, float, int]]:
    """Train one network per job, all at once.

    Returns:
        Per job the ratio (of all rows), its InfoNCE on the selection rows, and the step it was taken from.
    """
    randoms = [np.random.default_rng(job.seed) for job in jobs]
    data = _Data(jobs)
    weights = [_stacked(side[0].shape[1], options, randoms) for side in (data.x, data.z)]
    chosen = [random.permutation(job.select)[:_MOST_SELECTING] for job, random in zip(jobs, randoms, strict=True)]
    size = min(len(rows) for rows in chosen)
    shown = data.batch([rows[:size] for rows in chosen])
    decay = np.array([job.decay for job in jobs], np.float32)[:, None, None]
    adam = [_Adam(side, options.rate, decay) for side in weights]
    batches = _Batches(jobs, randoms, min(options.batch, min(len(job.fit) for job in jobs)))
    best, best_step = np.full(len(jobs), -np.inf), np.zeros(len(jobs), np.int64)
    kept = [[p.copy() for p in side] for side in weights]
    for number in range(options.steps + 1):
        if number % options.every == 0:
            g, h = forward(weights[0], shown[0])[2], forward(weights[1], shown[1])[2]
            value, _ = contrast(shown[2] + g @ _turned(h))
            for k in np.flatnonzero(value > best + 1e-4):
                best[k], best_step[k] = value[k], number
                for side, store in zip(weights, kept, strict=True):
                    for p, saved in zip(side, store, strict=True):
                        saved[k] = p[k]
            if number - int(best_step.max()) >= options.patience * options.every:
                break
        _ascend(weights, adam, data.batch(batches.next()), number + 1)
    return [(_ratio(job, data, kept, k), float(best[k]), int(best_step[k])) for k, job in enumerate(jobs)]


def _stacked(d: int, options: Options, randoms: Sequence[np.random.Generator]) -> list[Float32Array]:
    drawn = [initial(d, options, random) for random in randoms]
    return [np.stack(one) for one in zip(*drawn, strict=True)]


def _ascend(
    weights: list[list[Float32Array]],
    adam: Sequence[_Adam],
    batch: tuple[Float32Array, Float32Array, Float32Array],
    number: int,
) -> None:
    x, z, scores = batch
    one_x, two_x, g = forward(weights[0], x)
    one_z, two_z, h = forward(weights[1], z)
    scores += g @ _turned(h)
    _, gradient = contrast(scores)
    gradients = (
        backward(weights[0], x, one_x, two_x, gradient @ h),
        backward(weights[1], z, one_z, two_z, _turned(gradient) @ g),
    )
    for one, found in zip(adam, gradients, strict=True):
        one.step(found, number)


def _ratio(job: Job, data: _Data, kept: list[list[Float32Array]], k: int) -> Bilinear:
    """The k-th network of all rows, added to what it started from."""
    g, h = (
        forward([p[k] for p in side], values[k])[2].astype(np.float64)
        for side, values in zip(kept, (data.x, data.z), strict=True)
    )
    if job.base is None:
        return Bilinear(np.zeros(len(g)), np.zeros(len(h)), g, h)
    return Bilinear(job.base.a, job.base.b, np.hstack([g, job.base.left]), np.hstack([h, job.base.right]))
