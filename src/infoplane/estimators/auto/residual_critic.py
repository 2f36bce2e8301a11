"""A critic that starts from a known log density ratio and learns what is left of the true one.

Two networks, one per variable, whose scalar product is added to the ratio: all pairs of a batch cost one matrix
product, so every step has as many negatives as pairs, and a step that teaches nothing leaves the ratio as it was.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from infoplane.common.aliases import Array, FloatArray, IntArray
from infoplane.common.runtime import tensorflow
from infoplane.critics import bounds
from infoplane.critics.networks import CriticOptions, Scores, Separable
from infoplane.critics.objectives import Objective
from infoplane.critics.training import Bank, Block, Member, Trained
from infoplane.estimators.auto.elliptical import Ratio

OPTIONS = CriticOptions(
    kind="separable",
    hidden=(128, 128),
    embedding=16,
    batch_size=256,
    learning_rate=1e-3,
    max_steps=1200,
    evaluate_every=40,
    patience=4,
)
_LARGEST_BLOCK = 1000


@dataclass(frozen=True)
class Residual:
    """Separable network plus the ratio whose columns stand last in x and in z."""

    network: Separable
    columns: int
    """2 + r, as in :class:`infoplane.estimators.auto.elliptical.Ratio`."""
    degrees: float
    dimensions: int
    block_rows: int = _LARGEST_BLOCK

    def initial(self, random: np.random.Generator) -> list[Array]:
        """Fresh weights: the network's, whose output is 0."""
        return self.network.initial(random)

    def decays(self) -> list[bool]:
        """The network's."""
        return self.network.decays()

    def inner_kernels(self) -> list[bool]:
        """The network's."""
        return self.network.inner_kernels()

    def raw(self, weights: Sequence[Any], x: Any, z: Any, shifts: Any) -> tuple[Any, ...]:
        """f of all pairs, shape (b, b), the first index that of x."""
        tf = tensorflow()
        (learned,) = self.network.raw(weights, x[:, : -self.columns], z[:, : -self.columns], shifts)
        left, right = x[:, -self.columns :], z[:, -self.columns :]
        form = left[:, 1:2] + right[:, 1] + tf.matmul(left[:, 2:], right[:, 2:], transpose_b=True)
        if math.isinf(self.degrees):
            outer = -0.5 * form
        else:
            outer = -0.5 * (self.degrees + self.dimensions) * tf.math.log1p(tf.nn.relu(form) / self.degrees)
        return (left[:, :1] + right[:, 0] + outer + learned,)

    def scores(self, raw: tuple[Any, ...], z: Any) -> Scores:
        """The batch's scores: the diagonal against all that is off it."""
        return self.network.scores(raw, z)

    def terms(self, raw: tuple[Array, ...], z: Array, shifts: Array, clip: float | None) -> bounds.PairTerms:
        """The block's terms over all pairs off the diagonal."""
        return self.network.terms(raw, z, shifts, clip)


def bound_terms(matrix: Array) -> bounds.PairTerms:
    """The terms that Donsker-Varadhan and its shifted form need, from all f_ij: one exponential per pair.

    The terms of InfoNCE are left empty.
    """
    n = len(matrix)
    joint = np.diagonal(matrix).astype(np.float64)
    top = float(matrix.max())
    scaled = np.exp(matrix - np.asarray(top, dtype=matrix.dtype))
    np.fill_diagonal(scaled, 0.0)
    with np.errstate(divide="ignore"):
        row = top + np.log(scaled.sum(axis=1, dtype=np.float64) / (n - 1))
        column = top + np.log(scaled.sum(axis=0, dtype=np.float64) / (n - 1))
    if not (np.isfinite(row).any() and np.isfinite(column).any()):
        row, column = bounds.off_diagonal(matrix)
    nothing = np.empty(0)
    return bounds.PairTerms(joint, row, column, nothing, nothing, n)


@dataclass(frozen=True)
class Part:
    """One fold's rows and the ratio that was fitted without its selection and reporting rows."""

    ratio: Ratio
    x: FloatArray
    """What the network sees of x, shape (n, any)."""
    z: FloatArray
    fit: IntArray
    select: IntArray
    report: IntArray


@dataclass(frozen=True)
class Learned:
    """What one fold's critic says, and what the ratio alone said of the same rows."""

    report: bounds.PairTerms
    base_report: bounds.PairTerms
    fit: bounds.Bound
    base_fit: bounds.Bound
    level: float
    """log mean e^f of the selection part."""
    base_level: float
    steps: int
    chosen_step: int
    diverged: bool


def learn(parts: Sequence[Part], seeds: Sequence[np.random.SeedSequence], options: CriticOptions) -> list[Learned]:
    """Train one critic per part.

    Args:
        parts: the folds; all ratios of one shape and one number of degrees of freedom.
        seeds: one stream per fold.
        options: of the networks and their training.
    """
    first = parts[0]
    columns = first.ratio.left.shape[1]
    network = Separable(first.x.shape[1], first.z.shape[1], options.hidden, options.embedding)
    critic = Residual(network, columns, first.ratio.degrees, first.ratio.dimensions)
    bank = Bank(
        critic, Objective("mine", options.ema_decay), _summary, lambda t: bounds.donsker_varadhan(t).nats, options
    )
    streams = [seed.spawn(2) for seed in seeds]
    seen = [_rows_of(part) for part in parts]
    members = [
        Member(x, z, part.fit, (x[part.select], z[part.select]), stream[0])
        for part, (x, z), stream in zip(parts, seen, streams, strict=True)
    ]
    return [
        _told(bank, part, x, z, trained, stream[1])
        for part, (x, z), trained, stream in zip(parts, seen, bank.fit(members), streams, strict=True)
    ]


def _rows_of(part: Part) -> tuple[Array, Array]:
    """The critic's x rows and z rows: what the network sees, then the ratio's columns."""
    x = np.hstack([part.x, part.ratio.left]).astype(np.float32)
    z = np.hstack([part.z, part.ratio.right]).astype(np.float32)
    return x, z


def _told(
    bank: Bank[bounds.PairTerms],
    part: Part,
    x: Array,
    z: Array,
    trained: Trained[bounds.PairTerms],
    seed: np.random.SeedSequence,
) -> Learned:
    nothing_learned = [np.zeros_like(weight) for weight in trained.weights]

    def terms(weights: list[Array], rows: IntArray) -> bounds.PairTerms:
        return bank.summary(weights, x[rows], z[rows], seed)

    shown = part.fit[:: max(1, len(part.fit) // len(part.report))]
    return Learned(
        report=terms(trained.weights, part.report),
        base_report=terms(nothing_learned, part.report),
        fit=bounds.donsker_varadhan(terms(trained.weights, shown)),
        base_fit=bounds.donsker_varadhan(terms(nothing_learned, shown)),
        level=float(bounds.log_mean_exp(trained.selection.row)),
        base_level=float(bounds.log_mean_exp(terms(nothing_learned, part.select).row)),
        steps=trained.steps,
        chosen_step=trained.chosen_step,
        diverged=trained.diverged,
    )


def _summary(blocks: Iterable[Block]) -> bounds.PairTerms:
    return bounds.concatenated([bound_terms(block.raw[0]) for block in blocks])
