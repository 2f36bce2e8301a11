"""Critics: the networks f(x, z) that the variational bounds train.

Each critic is written for one network; `infoplane.critics.training.Bank` runs many. A critic knows which pairs
of a batch it can score cheaply, and this decides what serves as the sample of the product of the marginals:

* :class:`Concatenation` scores f(x_i, z_i) and, for a few shifts s, f(x_i, z_{i-s}): derangements of the batch. The
  first layer is split, x Wx + z Wz, so that shuffling costs no product.
* :class:`Separable` is <phi(x), psi(z)> / sqrt(width): all pairs for one matrix product.
* :class:`ClassScores` has one output per class: all pairs (x_i, y_j) from one pass.

A critic may start from something known: with ``base_columns = r`` the last r columns of x and of z do not enter the
network; their scalar product, times a trained scale that begins at 1, is added to its output (with class labels, the
last K columns of x are added to the K outputs). The last layer starts at zero, so training begins at the base alone,
or at f = 0, whose bound is 0.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Literal, NamedTuple, Protocol

import numpy as np

from infoplane.common.aliases import Array
from infoplane.common.runtime import tensorflow
from infoplane.critics import bounds

CriticKind = Literal["concatenation", "separable"]
Precision = Literal["mixed", "float32"]


@dataclass(frozen=True)
class CriticOptions:
    """How a critic is built, trained, stopped and cross-fitted."""

    kind: CriticKind = "concatenation"
    """One network of x and z together, or <phi(x), psi(z)>, which scores all pairs of a batch at once."""
    hidden: tuple[int, ...] = (128, 128)
    """Widths of the hidden layers (of each of the two networks of a separable critic); () is a linear critic."""
    embedding: int = 32
    """Length of phi(x) and psi(z) in a separable critic."""
    batch_size: int = 256
    """Samples in a training step."""
    learning_rate: float = 1e-3
    """Of Adam."""
    weight_decay: float = 0.0
    """Decoupled weight decay (Loshchilov & Hutter 2019) on the kernels, per unit of learning rate."""
    max_steps: int = 2000
    """Training steps, at most."""
    evaluate_every: int = 50
    """Steps between two evaluations on the selection part."""
    patience: int = 10
    """Evaluations without a better selection value after which training stops."""
    folds: int = 4
    """Parts of the cross-fit: each sample is reported on once, by a critic that saw 1 - 1/folds of the others."""
    selection_share: float = 0.2
    """Share of a fold's remaining samples that chooses the checkpoint instead of fitting."""
    shifts: int = 1
    """Shuffled pairs per true pair in a training step of a concatenation critic."""
    evaluation_shifts: int = 16
    """Shuffled pairs per true pair when a concatenation critic reports."""
    ema_decay: float = 0.99
    """Decay of the moving average of mean e^f in the gradient of ``mine``."""
    precision: Precision = "mixed"
    """Of the training steps' products. mixed: where the processor is faster with bfloat16, large ones behind the first
    layer (which sees x and z) are rounded to it, as in mixed-precision training (Micikevicius et al. 2018). Scores of
    held-out samples are always computed in float32, so a bound stays one."""

    def __post_init__(self) -> None:
        if self.kind not in ("concatenation", "separable"):
            raise ValueError(f"kind: {self.kind!r} given; expected concatenation or separable")
        if self.precision not in ("mixed", "float32"):
            raise ValueError(f"precision: {self.precision!r} given; expected mixed or float32")
        if any(width < 1 for width in self.hidden):
            raise ValueError(f"hidden: {self.hidden} given; expected widths of at least 1")
        counts = ("embedding", "batch_size", "max_steps", "evaluate_every", "patience", "shifts", "evaluation_shifts")
        for name in counts:
            if getattr(self, name) < 1:
                raise ValueError(f"{name}: {getattr(self, name)} given; expected at least 1")
        if self.batch_size < 2 or self.folds < 2:
            raise ValueError(f"batch_size {self.batch_size} and folds {self.folds} given; expected at least 2")
        if not self.learning_rate > 0 or self.weight_decay < 0:
            raise ValueError(
                f"learning_rate {self.learning_rate}, weight_decay {self.weight_decay} given; expected > 0, >= 0"
            )
        if not (0 < self.selection_share < 1 and 0 <= self.ema_decay < 1):
            raise ValueError(
                f"selection_share {self.selection_share}, ema_decay {self.ema_decay} given; expected (0, 1), [0, 1)"
            )


class Scores(NamedTuple):
    """Scores of a batch, as tensors: what an objective is computed from."""

    joint: Any
    """f of the true pairs, shape (b,)."""
    marginal: Any
    """f of pairs from the product of the marginals, shape (b, s), the first index that of x."""
    log_weight: Any
    """Log of their weights, which sum to 1; broadcasts to (b, s)."""
    contrasts: Any
    """K of InfoNCE: pairs per x, the true one included."""
    own_pairs: bool = False
    """Whether the true pairs are among ``marginal``, as they must be where values of z repeat (see ``bounds``)."""


class Critic(Protocol):
    """One network, without its weights."""

    @property
    def block_rows(self) -> int:
        """Samples that are scored against each other at once in an evaluation."""

    def initial(self, random: np.random.Generator) -> list[Array]:
        """Fresh weights."""

    def decays(self) -> list[bool]:
        """For each weight whether weight decay applies to it."""

    def inner_kernels(self) -> list[bool]:
        """For each weight whether it is the kernel of a layer behind the first."""

    def raw(self, weights: Sequence[Any], x: Any, z: Any, shifts: Any) -> tuple[Any, ...]:
        """The network's output on a block of samples, as tensors."""

    def scores(self, raw: tuple[Any, ...], z: Any) -> Scores:
        """A batch's scores from :meth:`raw`, as tensors."""

    def terms(self, raw: tuple[Array, ...], z: Array, shifts: Array, clip: float | None) -> bounds.PairTerms:
        """A block's terms from :meth:`raw`, as arrays."""


def _layers(random: np.random.Generator, widths: Sequence[int], last_zero: bool) -> list[Array]:
    """He-initialised kernels and zero biases of a fully connected network."""
    weights: list[Array] = []
    for index, (fan_in, fan_out) in enumerate(pairwise(widths)):
        scale = 0.0 if last_zero and index == len(widths) - 2 else math.sqrt(2.0 / max(fan_in, 1))
        kernel = scale * random.standard_normal((fan_in, fan_out))
        weights += [kernel.astype(np.float32), np.zeros(fan_out, np.float32)]
    return weights


def _forward(weights: Sequence[Any], inputs: Any) -> Any:
    """A fully connected network with ReLU between its layers; each product has the precision of its kernel."""
    tf = tensorflow()
    for index in range(0, len(weights), 2):
        if index:
            inputs = tf.nn.relu(inputs)
        kernel, bias = weights[index : index + 2]
        product = tf.matmul(tf.cast(inputs, kernel.dtype), kernel)
        inputs = tf.nn.bias_add(tf.cast(product, bias.dtype), bias)
    return inputs


def _shifted(rows: Any, shift: Any) -> Any:
    """``rows`` moved on by ``shift``, the last ones in front: a derangement for 0 < shift < number of rows."""
    return tensorflow().roll(rows, shift, axis=0)


def _split(rows: Any, base_columns: int) -> tuple[Any, Any]:
    if not base_columns:
        return rows, None
    width = rows.shape[1] - base_columns
    return rows[:, :width], rows[:, width:]


@dataclass(frozen=True)
class Concatenation:
    """A fully connected network on (x, z)."""

    dx: int
    dz: int
    hidden: tuple[int, ...]
    shifts: int
    base_columns: int = 0
    own_pairs: bool = False
    """Whether the bounds count the own pair among a sample's partners: where values of x or z repeat."""
    block_rows: int = 4096

    def initial(self, random: np.random.Generator) -> list[Array]:
        """Fresh weights: the base's scale if there is one, the first kernel's rows for z, kernels and biases."""
        inputs = self.dx + self.dz - 2 * self.base_columns
        scale = [np.ones((), np.float32)] if self.base_columns else []
        kernel, *rest = _layers(random, (inputs, *self.hidden, 1), last_zero=True)
        cut = self.dx - self.base_columns
        return [*scale, kernel[cut:].copy(), kernel[:cut].copy(), *rest]

    def decays(self) -> list[bool]:
        """Kernels decay; biases and the base's scale do not."""
        scale = [False] if self.base_columns else []
        return scale + [True] + [True, False] * (len(self.hidden) + 1)

    def inner_kernels(self) -> list[bool]:
        """Those of all layers but the first, which stands in two parts."""
        scale = [False] if self.base_columns else []
        return scale + [False] * 3 + [True, False] * len(self.hidden)

    def raw(self, weights: Sequence[Any], x: Any, z: Any, shifts: Any) -> tuple[Any, ...]:
        """f of the true pairs, shape (b,), and of the shifted ones, shape (b, number of shifts)."""
        tf = tensorflow()
        scale, layers = (weights[0], weights[1:]) if self.base_columns else (None, weights)
        x, left = _split(x, self.base_columns)
        z, right = _split(z, self.base_columns)
        count = shifts.shape[0]
        from_z = tf.matmul(z, layers[0])
        from_x = tf.nn.bias_add(tf.matmul(x, layers[1]), layers[2])
        partners = [from_z] + [_shifted(from_z, shifts[k]) for k in range(count)]
        # One pass per set of pairs, not one of all: what a layer leaves is half as large and stays in the cache.
        out = [self._rest(layers[3:], from_x + partner) for partner in partners]
        if scale is not None:
            bases = [right] + [_shifted(right, shifts[k]) for k in range(count)]
            out = [f + scale * tf.reduce_sum(left * base, axis=1) for f, base in zip(out, bases, strict=True)]
        return out[0], tf.stack(out[1:], axis=1)

    def _rest(self, layers: Sequence[Any], first: Any) -> Any:
        """f, shape (b,), from what the first layer gives."""
        tf = tensorflow()
        out = _forward(layers, tf.nn.relu(first)) if self.hidden else first
        return out[:, 0]

    def scores(self, raw: tuple[Any, ...], z: Any) -> Scores:
        """The batch's scores; its shifted pairs have equal weights."""
        tf = tensorflow()
        joint, marginal = raw
        count = marginal.shape[1]
        return Scores(
            joint, marginal, -tf.math.log(float(count) * tf.cast(tf.shape(joint)[0], tf.float32)), count + 1.0
        )

    def terms(self, raw: tuple[Array, ...], z: Array, shifts: Array, clip: float | None) -> bounds.PairTerms:
        """The block's terms over the shifted pairs."""
        return bounds.from_shifts(raw[0], raw[1], shifts, clip, self.own_pairs)


@dataclass(frozen=True)
class Separable:
    """<phi(x), psi(z)> / sqrt(width) with two fully connected networks, plus a term of z alone."""

    dx: int
    dz: int
    hidden: tuple[int, ...]
    embedding: int
    base_columns: int = 0
    own_pairs: bool = False
    """Whether the bounds count the own pair among a sample's partners: where values of x or z repeat."""
    block_rows: int = 2048

    def initial(self, random: np.random.Generator) -> list[Array]:
        """Fresh weights: the base's scale if there is a base, then phi (last layer zero), then psi."""
        scale = [np.ones((), np.float32)] if self.base_columns else []
        left, right = self.dx - self.base_columns, self.dz - self.base_columns
        phi = _layers(random, (left, *self.hidden, self.embedding), last_zero=True)
        psi = _layers(random, (right, *self.hidden, self.embedding + 1), last_zero=False)
        psi[-2][:, -1] = 0.0
        return scale + phi + psi

    def decays(self) -> list[bool]:
        """Kernels decay; biases and the base's scale do not."""
        scale = [False] if self.base_columns else []
        return scale + [True, False] * (2 * len(self.hidden) + 2)

    def inner_kernels(self) -> list[bool]:
        """Those of all layers but the first of each network."""
        scale = [False] if self.base_columns else []
        return scale + ([False] * 2 + [True, False] * len(self.hidden)) * 2

    def raw(self, weights: Sequence[Any], x: Any, z: Any, shifts: Any) -> tuple[Any, ...]:
        """f of all pairs, shape (b, b), the first index that of x."""
        tf = tensorflow()
        scale, layers = (weights[0], weights[1:]) if self.base_columns else (None, weights)
        x, left = _split(x, self.base_columns)
        z, right = _split(z, self.base_columns)
        half = len(layers) // 2
        phi, psi = _forward(layers[:half], x), _forward(layers[half:], z)
        out = tf.matmul(phi / math.sqrt(self.embedding), psi[:, :-1], transpose_b=True) + psi[:, -1]
        if scale is not None:
            out += scale * tf.matmul(left, right, transpose_b=True)
        return (out,)

    def scores(self, raw: tuple[Any, ...], z: Any) -> Scores:
        """The batch's scores: the diagonal against all that is off it."""
        tf = tensorflow()
        matrix = raw[0]
        joint = tf.linalg.diag_part(matrix)
        rows = tf.cast(tf.shape(matrix)[0], tf.float32)
        off_diagonal = tf.linalg.set_diag(matrix, tf.fill(tf.shape(joint), -math.inf))
        return Scores(joint, off_diagonal, -tf.math.log(rows * (rows - 1.0)), rows)

    def terms(self, raw: tuple[Array, ...], z: Array, shifts: Array, clip: float | None) -> bounds.PairTerms:
        """The block's terms over all pairs off the diagonal, or over all pairs."""
        return bounds.from_matrix(raw[0], clip, self.own_pairs)


@dataclass(frozen=True)
class ClassScores:
    """A fully connected network on x with one output per class: f(x, y) is output y."""

    dx: int
    classes: int
    hidden: tuple[int, ...]
    base_columns: int = 0
    block_rows: int = 8192

    def initial(self, random: np.random.Generator) -> list[Array]:
        """Fresh weights: the base's scale if there is a base, then kernel and bias of each layer."""
        scale = [np.ones((), np.float32)] if self.base_columns else []
        return scale + _layers(random, (self.dx - self.base_columns, *self.hidden, self.classes), last_zero=True)

    def decays(self) -> list[bool]:
        """Kernels decay; biases and the base's scale do not."""
        scale = [False] if self.base_columns else []
        return scale + [True, False] * (len(self.hidden) + 1)

    def inner_kernels(self) -> list[bool]:
        """Those of all layers but the first."""
        scale = [False] if self.base_columns else []
        return scale + [False] * 2 + [True, False] * len(self.hidden)

    def raw(self, weights: Sequence[Any], x: Any, z: Any, shifts: Any) -> tuple[Any, ...]:
        """f(x_i, k) for every class k, shape (b, K)."""
        scale, layers = (weights[0], weights[1:]) if self.base_columns else (None, weights)
        x, base = _split(x, self.base_columns)
        out = _forward(layers, x)
        return (out if scale is None else out + scale * base,)

    def scores(self, raw: tuple[Any, ...], z: Any) -> Scores:
        """The batch's scores: all pairs (x_i, y_j), own ones included, by their classes."""
        tf = tensorflow()
        own = tf.one_hot(z, self.classes)
        rows = tf.cast(tf.shape(own)[0], tf.float32)
        log_weight = tf.math.log(tf.reduce_sum(own, axis=0)) - 2.0 * tf.math.log(rows)
        return Scores(tf.reduce_sum(own * raw[0], axis=1), raw[0], log_weight, rows, own_pairs=True)

    def terms(self, raw: tuple[Array, ...], z: Array, shifts: Array, clip: float | None) -> bounds.PairTerms:
        """The block's terms over all pairs (x_i, y_j)."""
        return bounds.from_labels(raw[0], z, clip)
