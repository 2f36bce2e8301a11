"""Trained critics in the information plane, like against like with the exact values.

AA-MINE for I(X; T + noise) and MINE for I(T + noise; Y). Where the patterns are the whole population, a fresh sample
of (X, T + noise) is fresh noise on the patterns: training draws it anew at every step, and the parts that select and
report have draws of their own. MINE on the noiseless I(T; Y), which has no noise to draw, is cross-fitted over the
patterns.

All layers share one bank, padded with zeros to the widest, so that one graph serves them; a layer's critic starts from
its weights of the epoch measured before.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from infoplane import pairs
from infoplane.critics import ClassScores, Critic, CriticOptions, Separable
from infoplane.estimators import crossfit
from infoplane.estimators.aa_mine import axis_weights, critic_rows, principal_axes
from infoplane.estimators.crossfit import pair_terms
from infoplane.objectives import Objective
from infoplane.runtime import tensorflow
from infoplane.seeds import generator, seed_sequence
from infoplane.training import Bank, Block, Member, Trained

Array = npt.NDArray[Any]
Layers = Sequence[Array]

_SELECTION_ROWS = 1024
"""Patterns on which AA-MINE's checkpoints are compared: all pairs of them are scored at every look."""


@dataclass(frozen=True)
class CriticValue:
    """A critic's lower bound in nats, its standard error, and what is wrong with it."""

    nats: float
    se: float
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class CriticRow:
    """What the critics say about one layer at one epoch; None where the layer is constant."""

    noisy_input: CriticValue
    """AA-MINE on I(X; T + noise)."""
    noisy_label: CriticValue
    """MINE on I(T + noise; Y)."""
    label: CriticValue
    """MINE on I(T; Y)."""


def critic_rows_over_training(
    layers: Mapping[int, Layers],
    labels: npt.NDArray[np.int64],
    noise_std: float,
    *,
    aa_options: CriticOptions,
    mine_options: CriticOptions,
    seed: int,
) -> dict[tuple[int, int], CriticRow]:
    """Train critics at each epoch in turn.

    Args:
        layers: for each epoch, in increasing order, the outputs of every layer on all patterns, each (n, width).
        labels: classes 0..K-1, shape (n,).
        noise_std: of the Gaussian noise added to every layer.
        aa_options: of AA-MINE (``folds`` has no meaning here).
        mine_options: of MINE.
        seed: of everything random.

    Returns:
        For each (epoch, layer) the bounds in nats.
    """
    width = max(t.shape[1] for outputs in layers.values() for t in outputs)
    banks: list[_Warm] = [
        _NoisyInput(width, len(labels), noise_std, aa_options, seed),
        _NoisyLabel(width, labels, noise_std, mine_options, seed),
        _Label(width, labels, mine_options, seed),
    ]
    result = {}
    for epoch, outputs in layers.items():
        for layer, values in enumerate(zip(*(bank.measure(epoch, outputs) for bank in banks), strict=True)):
            result[epoch, layer] = CriticRow(*values)
    return result


class _Warm:
    """A bank whose members (one or several for each layer) start from their weights of the epoch before."""

    def __init__(self, bank: Bank[pairs.PairTerms], seed: int) -> None:
        self.bank, self.seed = bank, seed
        self.weights: dict[tuple[int, int], list[Array]] = {}

    def measure(self, epoch: int, outputs: Layers) -> list[CriticValue]:
        """One bound for each layer."""
        live = [layer for layer, t in enumerate(outputs) if np.ptp(t, axis=0).any()]
        tasks = {(layer, part): task for layer in live for part, task in enumerate(self.tasks(layer, outputs[layer]))}
        members = [
            Member(
                task.x,
                task.z,
                task.fit,
                task.select,
                seed_sequence(self.seed, "critic", epoch, *key),
                self.weights.get(key),
            )
            for key, task in tasks.items()
        ]
        bounds: dict[int, list[pairs.Bound]] = {layer: [] for layer in live}
        notes: dict[int, list[str]] = {layer: [] for layer in live}
        for (key, task), trained in zip(tasks.items(), self.bank.fit(members) if members else [], strict=True):
            self.weights[key] = trained.weights
            summary = self.bank.summary(trained.weights, *task.report, seed=seed_sequence(self.seed, "report", *key))
            bounds[key[0]].append(pairs.shifted(summary, float(pairs.log_mean_exp(trained.selection.row))))
            notes[key[0]] += _warnings(trained)
        values = [CriticValue(0.0, 0.0)] * len(outputs)  # what is constant says nothing
        for layer in live:
            bound = crossfit.combine(bounds[layer])
            values[layer] = CriticValue(bound.nats, bound.standard_error, tuple(dict.fromkeys(notes[layer])))
        return values

    def tasks(self, layer: int, t: Array) -> list[_Task]:
        """What the critics of one layer fit, select and report on."""
        raise NotImplementedError

    def noise(self, layer: int, part: str, shape: tuple[int, ...]) -> Array:
        """Unit noise of a part, the same at all epochs."""
        return generator(self.seed, part, layer).standard_normal(shape, dtype=np.float32)


@dataclass(frozen=True)
class _Task:
    x: Array
    z: Array
    fit: Array
    select: tuple[Array, Array]
    report: tuple[Array, Array]


def _warnings(trained: Trained[pairs.PairTerms]) -> tuple[str, ...]:
    notes = []
    if trained.diverged:
        notes.append("diverged: the critic became non-finite; an earlier checkpoint reports")
    if trained.unconverged:
        notes.append("not converged: the critic was still improving when the step budget ended")
    return tuple(notes)


def _padded(t: Array, width: int) -> Array:
    return np.pad(t.astype(np.float32), ((0, 0), (0, width - t.shape[1])))


class _NoisyInput(_Warm):
    """AA-MINE: x is T along its principal axes; z holds the axes' weights and the noise of each column."""

    def __init__(self, width: int, patterns: int, noise_std: float, options: CriticOptions, seed: int) -> None:
        critic = Separable(2 * width + 2, 2 * width + 2, options.hidden, options.embedding, width + 2)
        objective = Objective("mine", options.ema_decay)
        bank = Bank(critic, objective, _population_terms(critic, patterns), _selection, options, gather=self._gather)
        super().__init__(bank, seed)
        self.width, self.noise_std = width, noise_std
        self.directions: dict[int, Array] = {}

    def tasks(self, layer: int, t: Array) -> list[_Task]:
        axes = principal_axes(t)
        kept = int(np.sum(axes.variances > 1e-9 * axes.variances[0]))
        weights = axis_weights(axes.variances[:kept], self.noise_std)
        noise = np.full((1, kept), self.noise_std, dtype=np.float32)
        x, z = _padded(axes.coordinates(t, kept), self.width), _padded(np.concatenate([weights, noise]), self.width)

        def rows(part: str) -> tuple[Array, Array]:
            left, right = critic_rows(x, x + z[3] * self.noise(layer, part, x.shape), z, self.noise_std)
            return left.numpy(), right.numpy()

        left, right = rows("select")
        few = generator(self.seed, "few", layer).permutation(len(x))[:_SELECTION_ROWS]
        return [_Task(x, z, np.arange(len(x)), (left[few], right[few]), rows("report"))]

    def _gather(self, x: Any, z: Any, index: Any, seed: Any) -> tuple[Any, Any]:
        tf = tensorflow()
        t = tf.gather(x, index)
        return critic_rows(t, t + z[3] * tf.random.stateless_normal(tf.shape(t), seed), z, self.noise_std)


class _NoisyLabel(_Warm):
    """MINE: x is T + noise, each column divided by its deviation, followed by the columns' noise; z is the label."""

    def __init__(
        self, width: int, labels: npt.NDArray[np.int64], noise_std: float, options: CriticOptions, seed: int
    ) -> None:
        critic = ClassScores(width, int(labels.max()) + 1, options.hidden)
        patterns = len(labels)
        objective = Objective("mine", options.ema_decay)
        bank = Bank(critic, objective, _population_terms(critic, patterns), _selection, options, gather=self._gather)
        super().__init__(bank, seed)
        self.width, self.noise_std, self.labels = width, noise_std, labels.astype(np.int32)

    def tasks(self, layer: int, t: Array) -> list[_Task]:
        deviation = np.sqrt(t.var(axis=0, dtype=np.float64) + self.noise_std**2)
        scaled = _padded((t - t.mean(axis=0, dtype=np.float64)) / deviation, self.width)
        noise = _padded(np.broadcast_to(self.noise_std / deviation, t.shape), self.width)

        def rows(part: str) -> tuple[Array, Array]:
            return scaled + noise * self.noise(layer, part, scaled.shape), self.labels

        x = np.concatenate([scaled, noise], axis=1)
        return [_Task(x, self.labels, np.arange(len(x)), rows("select"), rows("report"))]

    def _gather(self, x: Any, z: Any, index: Any, seed: Any) -> tuple[Any, Any]:
        tf = tensorflow()
        rows = tf.gather(x, index)
        t, noise = rows[:, : self.width], rows[:, self.width :]
        return t + noise * tf.random.stateless_normal(tf.shape(t), seed), tf.gather(z, index)


class _Label(_Warm):
    """MINE on T itself, cross-fitted over the patterns."""

    def __init__(self, width: int, labels: npt.NDArray[np.int64], options: CriticOptions, seed: int) -> None:
        critic = ClassScores(width, int(labels.max()) + 1, options.hidden)
        super().__init__(
            Bank(critic, Objective("mine", options.ema_decay), pair_terms(critic), _selection, options), seed
        )
        self.width, self.labels = width, labels.astype(np.int32)
        self.parts = crossfit.split(len(labels), options, seed, labels)

    def tasks(self, layer: int, t: Array) -> list[_Task]:
        tasks = []
        for part in self.parts:
            x = _padded(crossfit.standardised(t, part.fit), self.width)
            select, report = ((x[rows], self.labels[rows]) for rows in (part.select, part.report))
            tasks.append(_Task(x, self.labels, part.fit, select, report))
        return tasks


def _population_terms(critic: Critic, n: int) -> Callable[[Sequence[Block]], pairs.PairTerms]:
    """Terms whose means over partners include the own one, as they must where the patterns are all there are.

    The product of the marginals then has the true pairs in it, with probability 1 / n. Means over the other partners
    alone, right for a sample of something larger, would let the bound pass ln n.
    """
    plain = pair_terms(critic)

    def terms(blocks: Sequence[Block]) -> pairs.PairTerms:
        found = plain(blocks)
        own, others = found.joint - math.log(n), math.log1p(-1 / n)
        row, column = np.logaddexp(found.row + others, own), np.logaddexp(found.column + others, own)
        return replace(found, row=row, column=column)

    return terms


def _selection(terms: pairs.PairTerms) -> float:
    return pairs.donsker_varadhan(terms).nats
