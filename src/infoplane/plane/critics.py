"""Trained critics in the information plane, for the same quantities as the exact values.

AA-MINE estimates I(X; T + noise), MINE estimates I(T + noise; Y). Where the patterns are the whole population, a fresh
sample of (X, T + noise) is fresh noise on the patterns: training draws it anew at every step, and the parts that select
and report have draws of their own. MINE on the noiseless I(T; Y), which has no noise to draw, is cross-fitted over the
patterns.

All layers share one bank, padded with zeros to the widest, so that one graph serves them. A layer's critic starts from
its weights of the epoch measured before, if those are better on the selection part than new ones. MINE's mostly are,
AA-MINE's seldom: the layer's principal axes change, and a new critic starts at the channel's log-likelihood.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from infoplane.common.aliases import Array
from infoplane.common.runtime import tensorflow
from infoplane.common.seeds import generator, seed_sequence
from infoplane.critics import bounds, crossfit
from infoplane.critics.networks import ClassScores, Critic, CriticOptions, Separable
from infoplane.critics.objectives import Objective
from infoplane.critics.temperature import HeldScores, Tempering, capped_value, choose, held_scores, log_mean
from infoplane.critics.training import Bank, Block, Member, Trained
from infoplane.estimators.aa_mine import mixture_rows, mixture_tables, principal_axes

Layers = Sequence[Array]

_SELECTION_ROWS = 512
"""Patterns on which AA-MINE's checkpoints are compared: all pairs of them are scored at every evaluation."""


@dataclass(frozen=True)
class CriticValue:
    """A critic's lower bound in nats, its standard error and its warnings."""

    nats: float
    se: float
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class CriticRow:
    """The critics' bounds for one layer at one epoch."""

    noisy_input: CriticValue
    """AA-MINE on I(X; T + noise)."""
    noisy_label: CriticValue
    """MINE on I(T + noise; Y)."""
    label: CriticValue
    """MINE on I(T; Y)."""

    def warnings(self) -> list[str]:
        """All warnings, each with the name of its estimator."""
        values = {"AA-MINE": self.noisy_input, "MINE": self.noisy_label, "MINE without noise": self.label}
        return [f"{name}: {text}" for name, value in values.items() for text in value.warnings]


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
    banks: list[_WarmStartedBank] = [
        _NoisyInput(width, len(labels), noise_std, aa_options, seed),
        _NoisyLabel(width, labels, noise_std, mine_options, seed),
        _Label(width, labels, mine_options, seed),
    ]
    result = {}
    for epoch, outputs in layers.items():
        for layer, values in enumerate(zip(*(bank.measure(epoch, outputs) for bank in banks), strict=True)):
            result[epoch, layer] = CriticRow(*values)
    return result


class _WarmStartedBank(ABC):
    """A bank whose members (one or several for each layer) may start from their weights of the epoch before."""

    def __init__(self, bank: Bank[HeldScores], seed: int) -> None:
        self.bank, self.seed = bank, seed
        self.weights: dict[tuple[int, int], list[Array]] = {}

    def measure(self, epoch: int, outputs: Layers) -> list[CriticValue]:
        """One bound for each layer."""
        live = [layer for layer, t in enumerate(outputs) if np.ptp(t, axis=0).any()]
        tasks = {(layer, part): task for layer in live for part, task in enumerate(self.tasks(layer, outputs[layer]))}
        members = [self._member(task, key, epoch) for key, task in tasks.items()]
        found: dict[int, list[bounds.Bound]] = {layer: [] for layer in live}
        notes: dict[int, list[str]] = {layer: [] for layer in live}
        for (key, task), trained in zip(tasks.items(), self.bank.fit(members) if members else [], strict=True):
            self.weights[key] = trained.weights
            summary = self.bank.summary(trained.weights, *task.report, seed=seed_sequence(self.seed, "report", *key))
            tempering = choose(trained.selection)
            found[key[0]].append(bounds.shifted(summary.terms(tempering), log_mean(trained.selection, tempering)))
            notes[key[0]] += _warnings(trained)
        values = [CriticValue(0.0, 0.0)] * len(outputs)  # a constant layer has no information
        for layer in live:
            bound = crossfit.combine(found[layer])
            values[layer] = CriticValue(bound.nats, bound.standard_error, tuple(dict.fromkeys(notes[layer])))
        return values

    def _member(self, task: _Task, key: tuple[int, int], epoch: int) -> Member:
        """A network to train, from its weights of the epoch before if they beat new ones on the selection part."""
        stream = seed_sequence(self.seed, "critic", epoch, *key)
        warm = self.weights.get(key)
        if warm is not None:
            fresh = self.bank.critic.initial(generator(self.seed, "fresh", *key))
            start_seed = seed_sequence(self.seed, "start", *key)
            values = [self.bank.value(self.bank.summary(w, *task.select, seed=start_seed)) for w in (fresh, warm)]
            warm = warm if values[1] > values[0] else None
        return Member(task.x, task.z, task.fit, task.select, stream, warm)

    @abstractmethod
    def tasks(self, layer: int, t: Array) -> list[_Task]:
        """The data on which the critics of one layer are fitted, selected and reported."""

    def noise(self, layer: int, part: str, shape: tuple[int, ...]) -> Array:
        """Unit noise of a part, the same at all epochs."""
        return generator(self.seed, part, layer).standard_normal(shape, dtype=np.float32)


@dataclass(frozen=True)
class _Task:
    """The arrays of one critic, the rows it is fitted on, and its pairs for selection and report."""

    x: Array
    z: Array
    fit: Array
    select: tuple[Array, Array]
    report: tuple[Array, Array]


def _warnings(trained: Trained[HeldScores]) -> tuple[str, ...]:
    notes = []
    if trained.diverged:
        notes.append("diverged: the critic became non-finite; an earlier checkpoint reports")
    if trained.unconverged:
        notes.append("not converged: the critic was still improving when the step budget ended")
    return tuple(notes)


def _padded(t: Array, width: int) -> Array:
    return np.pad(t.astype(np.float32), ((0, 0), (0, width - t.shape[1])))


@dataclass(frozen=True)
class _PopulationScores(HeldScores):
    """Scores whose means over partners include a pattern's own one, for patterns that are the whole population.

    The product of the marginals then contains the true pairs with probability 1 / n. Means over the other partners
    alone, correct for a sample of a larger population, would allow values above ln n.
    """

    patterns: int = 0

    def terms(self, tempering: Tempering | None = None) -> bounds.PairTerms:
        """The terms of the tempered scores."""
        found = super().terms(tempering)
        own, others = found.joint - math.log(self.patterns), math.log1p(-1 / self.patterns)
        return replace(
            found, row=np.logaddexp(found.row + others, own), column=np.logaddexp(found.column + others, own)
        )


def _population_scores(critic: Critic, patterns: int) -> Callable[[Iterable[Block]], HeldScores]:
    return lambda blocks: _PopulationScores(critic, list(blocks), patterns)


class _NoisyInput(_WarmStartedBank):
    """AA-MINE: x is T along its principal axes; z holds the axes' weights and the noise of each column."""

    def __init__(self, width: int, patterns: int, noise_std: float, options: CriticOptions, seed: int) -> None:
        critic = Separable(2 * width + 2, 2 * width + 2, options.hidden, options.embedding, width + 2)
        objective = Objective("mine", options.ema_decay)
        bank = Bank(critic, objective, _population_scores(critic, patterns), capped_value, options, gather=self._gather)
        super().__init__(bank, seed)
        self.width, self.noise_std = width, noise_std
        self.directions: dict[int, Array] = {}

    def tasks(self, layer: int, t: Array) -> list[_Task]:
        axes = principal_axes(t)
        kept = int(np.sum(axes.variances > 1e-9 * axes.variances[0]))
        coordinates = axes.coordinates(t, kept)
        tables = mixture_tables(coordinates, self.noise_std, generator(self.seed, "mixture", layer))
        # The offsets stay in the last column; noise in the new columns changes nothing.
        z = np.insert(tables, [kept] * (self.width - kept), 0, axis=1)
        x = _padded(coordinates, self.width)

        def rows(part: str, chosen: Array) -> tuple[Array, Array]:
            noisy = x + np.float32(self.noise_std) * self.noise(layer, part, x.shape)
            left, right = mixture_rows(x[chosen], noisy[chosen], z, self.noise_std)
            return left.numpy(), right.numpy()

        all_rows = np.arange(len(x))
        few = generator(self.seed, "few", layer).permutation(len(x))[:_SELECTION_ROWS]
        return [_Task(x, z, all_rows, rows("select", few), rows("report", all_rows))]

    def _gather(self, x: Any, z: Any, index: Any, seed: Any) -> tuple[Any, Any]:
        tf = tensorflow()
        t = tf.gather(x, index)
        noisy = t + self.noise_std * tf.random.stateless_normal(tf.shape(t), seed)
        return mixture_rows(t, noisy, z, self.noise_std)


class _NoisyLabel(_WarmStartedBank):
    """MINE: x is T + noise, each column divided by its deviation, followed by the columns' noise; z is the label."""

    def __init__(
        self, width: int, labels: npt.NDArray[np.int64], noise_std: float, options: CriticOptions, seed: int
    ) -> None:
        critic = ClassScores(width, int(labels.max()) + 1, options.hidden)
        objective = Objective("mine", options.ema_decay)
        bank = Bank(critic, objective, held_scores(critic), capped_value, options, gather=self._gather)
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


class _Label(_WarmStartedBank):
    """MINE on T itself, cross-fitted over the patterns."""

    def __init__(self, width: int, labels: npt.NDArray[np.int64], options: CriticOptions, seed: int) -> None:
        critic = ClassScores(width, int(labels.max()) + 1, options.hidden)
        super().__init__(
            Bank(critic, Objective("mine", options.ema_decay), held_scores(critic), capped_value, options), seed
        )
        self.width, self.labels = width, labels.astype(np.int32)
        self.parts = crossfit.split(len(labels), options, seed, labels)

    def tasks(self, layer: int, t: Array) -> list[_Task]:
        tasks = []
        for part in self.parts:
            x = _padded(crossfit.scaled_for_critic(t, part.fit), self.width)
            select, report = ((x[rows], self.labels[rows]) for rows in (part.select, part.report))
            tasks.append(_Task(x, self.labels, part.fit, select, report))
        return tasks
