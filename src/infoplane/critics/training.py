"""One loop that trains a bank of critics: one compiled step, many steps per call, data on the device.

A member of the bank is one network with its own samples, parts and stream of random numbers (a fold, a seed, a layer,
a stop). How the members run is the device's matter: stacked into batched products on a GPU, one whole network after
another on a CPU, where stacked activations leave the cache. Either way they share one compiled function, because
weights and samples are its arguments.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from typing import Any, Generic, TypeVar

import numpy as np

from infoplane.common import live
from infoplane.common.aliases import Array
from infoplane.common.runtime import bfloat16_is_faster, tensorflow, workers
from infoplane.critics.networks import Critic, CriticOptions
from infoplane.critics.objectives import Objective

Gather = Callable[[Any, Any, Any, Any], tuple[Any, Any]]
"""(x, z, indices of a batch, seed of shape (2,)) -> the critic's x rows and z rows, as tensors."""

Summary = TypeVar("Summary")

_STILL_IMPROVING = 0.02
"""Relative rise between the last two stretches of evaluations above which a critic out of steps is unconverged."""
_XLA_FROM = 10**10
"""Weights times batch from which XLA compiles a step on a CPU: of 4,096 inputs, 2048-2048 units and 1,163 pairs it
saves a tenth, of 40, 1000-1000 and 2,500 (a quarter of this) nothing, and its compilation takes a CPU second."""
_BFLOAT16_FROM = 2**25
"""Multiplications of one product (batch x inputs x outputs of a layer) from which bfloat16 saves more than it takes to
round what goes in."""


@dataclass(frozen=True)
class Member:
    """One network to train: its samples, which of them fit and which select, and its seed."""

    x: Array
    """float32, shape (n, dx)."""
    z: Array
    """float32, shape (n, dz), or int32 labels, shape (n,), or whatever else ``gather`` makes rows from."""
    fit: Array
    """Row numbers that training draws from."""
    select: tuple[Array, Array]
    """The critic's x rows and z rows that choose the checkpoint."""
    seed: np.random.SeedSequence
    initial: Sequence[Array] | None = None
    """Weights to start from (a warm start), instead of fresh ones."""


@dataclass(frozen=True)
class Block:
    """Held-out samples scored together: the critic's output, its z and the shifts of its shuffled pairs."""

    raw: tuple[Array, ...]
    z: Array
    shifts: Array


@dataclass
class Trained(Generic[Summary]):
    """The chosen weights of one member and how training went."""

    weights: list[Array]
    selection: Summary
    """The summary of the selection part at the chosen checkpoint."""
    value: float
    """Its selection value there, in nats."""
    chosen_step: int
    steps: int
    diverged: bool
    unconverged: bool
    curve: dict[str, list[float]] = field(default_factory=dict)
    """``step``, ``selection`` and ``train``: the learning curve, in nats."""


def gather_rows(x: Any, z: Any, index: Any, seed: Any) -> tuple[Any, Any]:
    """The rows themselves."""
    tf = tensorflow()
    return tf.gather(x, index), tf.gather(z, index)


class Bank(Generic[Summary]):
    """Trains critics of one shape on one objective.

    Args:
        critic: the network.
        objective: what its training maximises.
        summary: what is kept of the scores of held-out samples, which pass by once, block by block.
        value: the selection value of a summary, in nats; larger is better.
        options: step sizes, stopping, batch.
        gather: makes a batch's rows (by default, takes them as they are).
        width: members that run at once; None: all on a GPU, one on a CPU.
    """

    def __init__(
        self,
        critic: Critic,
        objective: Objective,
        summary: Callable[[Iterable[Block]], Summary],
        value: Callable[[Summary], float],
        options: CriticOptions,
        *,
        gather: Gather = gather_rows,
        width: int | None = None,
    ) -> None:
        self._arguments = (critic, objective, summary, value, options, gather, width)
        tf = tensorflow()
        self._gpu = bool(tf.config.list_logical_devices("GPU"))
        self.critic, self.objective, self.options = critic, objective, options
        self.value, self._summary, self._gather = value, summary, gather
        self._bfloat16 = options.precision == "mixed" and bfloat16_is_faster()
        self._width = width if width is not None else (1_000 if self._gpu else 1)
        self._compiled = {xla: tf.function(self._run, autograph=False, jit_compile=xla) for xla in (False, True)}
        self._raw = tf.function(critic.raw, autograph=False, reduce_retracing=True)
        self._spare: SimpleQueue[_Variables] = SimpleQueue()

    def __reduce__(self) -> tuple[Any, ...]:
        """What goes to another process: how it was made, not what TensorFlow compiled of it."""
        return _bank, self._arguments

    def fit(self, members: Sequence[Member]) -> list[Trained[Summary]]:
        """Train every member; the result does not depend on which others are in the list."""
        groups = [members[start : start + self._width] for start in range(0, len(members), self._width)]
        with ThreadPoolExecutor(workers()) as pool:
            return [trained for group in pool.map(self._train, groups) for trained in group]

    def _train(self, members: Sequence[Member]) -> list[Trained[Summary]]:
        try:
            variables = self._spare.get_nowait()
        except Empty:
            variables = _Variables()
        trained = _Run(self, members, variables).finish()
        self._spare.put(variables)
        return trained

    def summary(self, weights: Sequence[Array], x: Array, z: Array, seed: np.random.SeedSequence) -> Summary:
        """Score samples that the critic was not fitted on, block by block."""
        random = np.random.default_rng(seed)
        count = -(-len(x) // self.critic.block_rows)
        blocks = np.array_split(np.arange(len(x)), count)
        return self._summary(self._block(weights, x[rows], z[rows], random) for rows in blocks)

    def _block(self, weights: Sequence[Array], x: Array, z: Array, random: np.random.Generator) -> Block:
        tf = tensorflow()
        number = min(self.options.evaluation_shifts, len(x) - 1)
        shifts = (1 + random.choice(len(x) - 1, size=number, replace=False)).astype(np.int32)
        raw = self._raw([tf.constant(w) for w in weights], tf.constant(x), tf.constant(z), tf.constant(shifts))
        return Block(tuple(part.numpy() for part in raw), z, shifts)

    def run(self, variables: _Variables, batch: int, *arguments: Any) -> tuple[Any, Any]:
        """As many steps as there are batches, of ``batch`` pairs each; see :meth:`_run`."""
        size = batch * sum(int(np.prod(weight.shape)) for weight in variables.weights)
        # On a CPU, XLA has no fast bfloat16 product, and compiling pays for very large critics alone.
        xla = self._gpu or (size >= _XLA_FROM and not any(self._rounded(variables.weights, batch)))
        return self._compiled[xla](variables.weights, variables.moments, *arguments)  # type: ignore[no-any-return]

    def _run(
        self, weights: Any, moments: Any, x: Any, z: Any, batches: Any, shifts: Any, seeds: Any, first_step: Any,
        log_average: Any,
    ) -> tuple[Any, Any]:  # fmt: skip
        """Steps inside one loop on the device.

        Args:
            weights, moments: the variables that the steps change.
            x, z: samples, one member's or stacked.
            batches: row numbers, (steps, batch) or (steps, members, batch).
            shifts: (steps, shifts), each below the batch size.
            seeds: (steps, 2) or (steps, members, 2), for what ``gather`` draws.
            first_step: number of steps done before.
            log_average: the objective's state.

        Returns:
            Mean objective over the steps, and the objective's state, per member.
        """
        tf = tensorflow()
        steps = tf.shape(batches)[0]

        def body(index: Any, total: Any, log_average: Any) -> tuple[Any, Any, Any]:
            step = tf.cast(first_step + index + 1, tf.float32)
            with tf.GradientTape() as tape:
                loss, value, log_average = self._losses(
                    weights, x, z, batches[index], shifts[index], seeds[index], log_average, step
                )
                loss = tf.reduce_sum(loss)
            self._update(weights, moments, tape.gradient(loss, weights), step)
            return index + 1, total + value, log_average

        state = (tf.constant(0), tf.zeros_like(log_average), log_average)
        _, total, log_average = tf.while_loop(lambda index, *_: index < steps, body, state, parallel_iterations=1)
        return total / tf.cast(steps, tf.float32), log_average

    def _losses(
        self, weights: Any, x: Any, z: Any, batch: Any, shifts: Any, seed: Any, log_average: Any, step: Any
    ) -> tuple[Any, Any, Any]:
        """Loss, objective and state of each member on one batch."""
        tf = tensorflow()

        def one(arguments: tuple[Any, ...]) -> tuple[Any, Any, Any]:
            weights, x, z, batch, seed, log_average = arguments
            rounded = self._rounded(weights, batch.shape[0])
            weights = [tf.cast(w, tf.bfloat16) if round_it else w for w, round_it in zip(weights, rounded, strict=True)]
            x_rows, z_rows = self._gather(x, z, batch, seed)
            raw = self.critic.raw(weights, x_rows, z_rows, shifts)
            return self.objective.loss(self.critic.scores(raw, z_rows), log_average, step)

        arguments = ([tf.convert_to_tensor(weight) for weight in weights], x, z, batch, seed, log_average)
        if batch.shape.rank == 1:
            return one(arguments)
        return tf.vectorized_map(one, arguments)  # type: ignore[no-any-return]

    def _rounded(self, weights: Sequence[Any], batch: int) -> list[bool]:
        """For each weight whether its products in a step are computed in bfloat16."""
        return [
            self._bfloat16 and inner and batch * math.prod(weight.shape) >= _BFLOAT16_FROM
            for weight, inner in zip(weights, self.critic.inner_kernels(), strict=True)
        ]

    def _update(self, weights: Any, moments: Any, gradients: Sequence[Any], step: Any) -> None:
        """One step of Adam (Kingma & Ba 2015) with decoupled weight decay."""
        tf = tensorflow()
        rate = self.options.learning_rate
        for variable, (first, second), gradient, decays in zip(
            weights, moments, gradients, self.critic.decays(), strict=True
        ):
            if decays and self.options.weight_decay:
                variable.assign(variable * (1.0 - rate * self.options.weight_decay))
            tf.raw_ops.ResourceApplyAdam(
                var=variable.handle, m=first.handle, v=second.handle,
                beta1_power=tf.pow(0.9, step), beta2_power=tf.pow(0.999, step),
                lr=rate, beta1=0.9, beta2=0.999, epsilon=1e-8, grad=gradient,
            )  # fmt: skip


def _bank(*arguments: Any) -> Bank[Any]:
    *first, gather, width = arguments
    return Bank(*first, gather=gather, width=width)


class _Variables:
    """Weights and Adam's moments on the device, for one member or for several stacked."""

    def __init__(self) -> None:
        self.weights: list[Any] = []
        self.moments: list[tuple[Any, Any]] = []

    def set(self, initial: Sequence[Sequence[Array]]) -> None:
        """Set fresh weights, one list per member, and moments of zero."""
        tf = tensorflow()
        stacked = [np.stack(group) if len(initial) > 1 else group[0] for group in zip(*initial, strict=True)]
        if [v.shape for v in self.weights] != [w.shape for w in stacked]:
            self.weights = [tf.Variable(w) for w in stacked]
            self.moments = [(tf.Variable(tf.zeros_like(w)), tf.Variable(tf.zeros_like(w))) for w in stacked]
            return
        for variable, moments, weight in zip(self.weights, self.moments, stacked, strict=True):
            variable.assign(weight)
            for moment in moments:
                moment.assign(tf.zeros_like(moment))

    def of(self, member: int, members: int) -> list[Array]:
        """A copy of one member's current weights."""
        return [v.numpy()[member].copy() if members > 1 else v.numpy().copy() for v in self.weights]


class _Run(Generic[Summary]):
    """Members that train together: batches, evaluations on the selection part, checkpoints, stopping."""

    def __init__(self, bank: Bank[Summary], members: Sequence[Member], variables: _Variables) -> None:
        tf = tensorflow()
        self.bank, self.members, self.variables, self.options = bank, members, variables, bank.options
        self.batch = min(self.options.batch_size, *(len(member.fit) for member in members))
        streams = [_children(member.seed, 4) for member in members]
        self.randoms = [np.random.default_rng(stream[1]) for stream in streams]
        self.evaluation_seeds = [stream[2] for stream in streams]
        self.shift_random = np.random.default_rng(streams[0][3])
        fresh = (bank.critic.initial(np.random.default_rng(stream[0])) for stream in streams)
        variables.set([member.initial or weights for member, weights in zip(members, fresh, strict=True)])
        stack = (lambda arrays: np.stack(arrays)) if len(members) > 1 else (lambda arrays: arrays[0])
        self.x = tf.constant(stack([member.x for member in members]))
        self.z = tf.constant(stack([member.z for member in members]))
        self.log_average = tf.fill([len(members)] if len(members) > 1 else [], -math.inf)
        self.orders: list[Array] = [np.empty(0, np.int64) for _ in members]
        self.best: list[Trained[Summary]] = [self._evaluated(index, 0, None) for index in range(len(members))]
        self.stopped = [False] * len(members)
        self.names = [live.unique_name("critic") for _ in members]

    def finish(self) -> list[Trained[Summary]]:
        """Train until every member has stopped or the step budget ends."""
        step = 0
        while step < self.options.max_steps and not all(self.stopped):
            steps = min(self.options.evaluate_every, self.options.max_steps - step)
            train = self._advance(step, steps)
            step += steps
            for index, value in enumerate(train):
                if not self.stopped[index]:
                    self._judge(index, step, float(value))
        for trained, stopped in zip(self.best, self.stopped, strict=True):
            trained.unconverged = not stopped and _still_improving(trained.curve["selection"])
        return self.best

    def _advance(self, step: int, steps: int) -> Array:
        tf = tensorflow()
        batches = np.stack([self._batches(index, steps) for index in range(len(self.members))], axis=1)
        seeds = np.stack([r.integers(0, 2**31 - 1, (steps, 2), dtype=np.int32) for r in self.randoms], axis=1)
        if len(self.members) == 1:
            batches, seeds = batches[:, 0], seeds[:, 0]
        shifts = self.shift_random.integers(1, self.batch, (steps, self.options.shifts), dtype=np.int32)
        values, self.log_average = self.bank.run(
            self.variables, self.batch, self.x, self.z, tf.constant(batches), tf.constant(shifts),
            tf.constant(seeds), tf.constant(step), self.log_average,
        )  # fmt: skip
        return np.atleast_1d(values.numpy())

    def _batches(self, index: int, steps: int) -> Array:
        """Row numbers of the next batches: every row once before any comes again."""
        wanted, order, fit = steps * self.batch, self.orders[index], self.members[index].fit
        whole = len(fit) // self.batch * self.batch
        while len(order) < wanted:
            order = np.concatenate([order, self.randoms[index].permutation(fit)[:whole]])
        self.orders[index] = order[wanted:]
        return order[:wanted].reshape(steps, self.batch).astype(np.int32)

    def _evaluated(self, index: int, step: int, before: Trained[Summary] | None) -> Trained[Summary]:
        weights = self.variables.of(index, len(self.members))
        summary = self.bank.summary(weights, *self.members[index].select, seed=self.evaluation_seeds[index])
        curve = before.curve if before else {"step": [], "selection": [], "train": []}
        return Trained(weights, summary, self.bank.value(summary), step, step, False, False, curve)

    def _judge(self, index: int, step: int, train: float) -> None:
        """Keep a better checkpoint, stop what no longer improves, and what has diverged at its safe checkpoint."""
        best = self.best[index]
        found = self._evaluated(index, step, best)
        best.steps = step
        if not (math.isfinite(train) and math.isfinite(found.value)):
            best.diverged, self.stopped[index] = True, True
            return
        live.publish(self.names[index], step, {"selection": found.value, "train": train})
        for name, number in zip(("step", "selection", "train"), (step, found.value, train), strict=True):
            best.curve[name].append(number)
        if found.value > best.value:
            self.best[index] = found
        elif step - best.chosen_step >= self.options.patience * self.options.evaluate_every:
            self.stopped[index] = True


def _children(seed: np.random.SeedSequence, count: int) -> list[np.random.SeedSequence]:
    """What ``seed.spawn(count)`` returns the first time, every time."""
    entropy, key, size = seed.entropy, seed.spawn_key, seed.pool_size
    return [np.random.SeedSequence(entropy, spawn_key=(*key, index), pool_size=size) for index in range(count)]


def _still_improving(selection: Sequence[float]) -> bool:
    """Whether the curve's last stretch is higher than the one before by more than a small share."""
    stretch = min(len(selection) // 2, 5)
    if stretch == 0:
        return True
    last, before = float(np.mean(selection[-stretch:])), float(np.mean(selection[-2 * stretch : -stretch]))
    return last - before > max(_STILL_IMPROVING * abs(last), 0.01)
