"""The originally published protocol of MINE, fitted and reported on the same samples. Only for comparison.

The one implementation of the term paper's protocol ("Examining neural networks with modern methods of mutual
information estimation", 2020), kept as it was in everything that decides its numbers: every step uses all samples,
shuffled and cut in two, the first half's pairs as the joint, its x with the second half's z as the marginals; leaky
ReLU of slope 0.2; Adam; the gradient of log mean e^f divided by a moving average that starts at its first value; and
the reported value is the mean Donsker-Varadhan value over ten reshuffles of the samples that the critic was fitted on,
its spread over them the reported error. A large critic overfits the samples, and the value grows with
the number of steps.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache, partial
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from infoplane.common import validation
from infoplane.common.aliases import Array
from infoplane.common.runtime import tensorflow
from infoplane.common.seeds import generator

_LEAKY_SLOPE = 0.2
"""Of the leaky ReLU, as published."""
_DENOMINATOR_OFFSET = 1e-8
"""Added to the moving average, as published."""
_STEPS_PER_CALL = 50
_FEWEST_SAMPLES = 4


@dataclass(frozen=True)
class PublishedOptions:
    """The protocol's settings; by default those of I(P; Y), the smallest of the three critics of the term paper."""

    hidden: tuple[int, ...] = (400, 400)
    """The term paper: 400-400 for I(P; Y), 2048-2048 (the width of the embeddings) for the other two."""
    steps: int = 400
    """The term paper: 400, 500 for I(E; Y), 750 for I(X; E + noise)."""
    learning_rate: float = 5e-4
    ema_alpha: float = 0.05
    """Weight of the newest batch in the moving average."""
    reshuffles: int = 10
    subtract: bool = False
    """Give the critic (x, z - x), as its AA-MINE does."""


@dataclass(frozen=True)
class PublishedResult:
    """The protocol's value, and the value of the same critic on samples that it never saw. In nats."""

    nats: float
    """Mean over reshuffles of the samples it was fitted on; NaN when the critic diverged."""
    spread: float
    """Standard deviation over these reshuffles, which the protocol quotes as the error."""
    fresh_nats: float | None
    """Mean over reshuffles of fresh samples, where some were given."""
    curve: npt.NDArray[np.float64] = field(repr=False)
    """The value on each step's batch, shape (steps,), shorter when the critic diverged."""

    @property
    def diverged(self) -> bool:
        """Whether the critic became non-finite."""
        return not math.isfinite(self.nats)


def published_estimate(
    x: npt.ArrayLike,
    z: npt.ArrayLike,
    *,
    seed: int = 0,
    options: PublishedOptions | None = None,
    fresh: tuple[npt.ArrayLike, npt.ArrayLike] | None = None,
) -> PublishedResult:
    """Run the protocol.

    Args:
        x: samples, shape (n, dx).
        z: samples, shape (n, dz), or labels, shape (n,), which enter as one column of numbers.
        seed: root of the random streams.
        options: the protocol's settings.
        fresh: further pairs, on which the fitted critic is also evaluated.

    Raises:
        ValueError: unusable or unpaired arrays, fewer than 4 pairs.
    """
    chosen = options or PublishedOptions()
    rows = _rows(x, z, chosen.subtract)
    random = generator(seed, "published")
    weights, curve = _fit(*rows, chosen, random)
    values = _reshuffled(weights, *rows, chosen, random)
    other = None
    if fresh is not None:
        other = float(np.mean(_reshuffled(weights, *_rows(*fresh, chosen.subtract), chosen, random)))
    return PublishedResult(float(np.mean(values)), float(np.std(values)), other, curve)


def _rows(x: npt.ArrayLike, z: npt.ArrayLike, subtract: bool) -> tuple[Array, Array]:
    columns_x, columns_z = validation.samples(x, "x"), validation.samples(z, "z")
    validation.require_same_length(columns_x, columns_z)
    if len(columns_x) < _FEWEST_SAMPLES:
        raise ValueError(f"{len(columns_x)} pairs given; expected at least {_FEWEST_SAMPLES}")
    if subtract and columns_x.shape != columns_z.shape:
        raise ValueError(f"subtract: x {columns_x.shape} and z {columns_z.shape} given; expected equal shapes")
    return columns_x.astype(np.float32), columns_z.astype(np.float32)


def _fit(
    x: Array, z: Array, options: PublishedOptions, random: np.random.Generator
) -> tuple[list[Any], npt.NDArray[np.float64]]:
    """Train one critic; its weights, and the value on each step's batch up to the first that is not finite."""
    tf = tensorflow()
    weights = [tf.constant(w) for w in _initial((x.shape[1] + z.shape[1], *options.hidden, 1), random)]
    state = (weights, [tf.zeros_like(w) for w in weights], [tf.zeros_like(w) for w in weights], tf.constant(0.0))
    values: list[Array] = []
    settings = tf.constant([options.learning_rate, options.ema_alpha], tf.float32)
    x_rows, z_rows, run = tf.constant(x), tf.constant(z), _compiled(options.subtract)
    for start in range(0, options.steps, _STEPS_PER_CALL):
        count = min(_STEPS_PER_CALL, options.steps - start)
        orders = np.stack([random.permutation(len(x)) for _ in range(count)]).astype(np.int32)
        *state, value = run(x_rows, z_rows, tf.constant(orders), tf.constant(start), settings, *state)
        values.append(value.numpy().astype(np.float64))
        if not np.isfinite(values[-1]).all():
            break
    curve = np.concatenate(values)
    finite = np.isfinite(curve)
    final: list[Any] = state[0]
    return final, curve if finite.all() else curve[: int(np.argmin(finite))]


def _initial(widths: Sequence[int], random: np.random.Generator) -> list[Array]:
    """Glorot's uniform kernels and zero biases, the default of the layers that the original used."""
    weights: list[Array] = []
    for fan_in, fan_out in pairwise(widths):
        limit = math.sqrt(6.0 / (fan_in + fan_out))
        weights += [random.uniform(-limit, limit, (fan_in, fan_out)), np.zeros(fan_out)]
    return [w.astype(np.float32) for w in weights]


def _scores(weights: Sequence[Any], x: Any, z: Any, order: Any, subtract: bool) -> tuple[Any, Any]:
    """f of the first half's pairs, and of its x with the second half's z: two tensors of shape (n // 2,)."""
    tf = tensorflow()
    half = tf.shape(order)[0] // 2
    first, second = order[:half], order[half : 2 * half]
    anchor = tf.gather(x, first)

    def network(partner: Any) -> Any:
        rows = tf.concat([anchor, partner - anchor if subtract else partner], axis=1)
        for index in range(0, len(weights), 2):
            rows = tf.nn.bias_add(tf.matmul(rows, weights[index]), weights[index + 1])
            if index + 2 < len(weights):
                rows = tf.nn.leaky_relu(rows, _LEAKY_SLOPE)
        return rows[:, 0]

    return network(tf.gather(z, first)), network(tf.gather(z, second))


@cache
def _compiled(subtract: bool) -> Any:
    """The compiled loop over steps, made once per process."""
    return tensorflow().function(partial(_steps, subtract), autograph=False, reduce_retracing=True)


def _steps(
    subtract: bool, x: Any, z: Any, orders: Any, first: Any, settings: Any, weights: Any, m: Any, v: Any, average: Any
) -> tuple[Any, ...]:
    """As many steps of Adam as there are orders; the new state, and the value on each batch."""
    tf = tensorflow()
    count = tf.shape(orders)[0]
    rate, alpha = settings[0], settings[1]

    def body(index: Any, weights: Any, m: Any, v: Any, average: Any, values: Any) -> tuple[Any, ...]:
        with tf.GradientTape() as tape:
            tape.watch(weights)
            joint, marginal = _scores(weights, x, z, orders[index], subtract)
            mean_exp = tf.reduce_mean(tf.exp(marginal))
            now = tf.stop_gradient(mean_exp)
            new_average = tf.where(first + index == 0, now, alpha * now + (1.0 - alpha) * average) + _DENOMINATOR_OFFSET
            loss = mean_exp / new_average - tf.reduce_mean(joint)
        gradients = tape.gradient(loss, weights)
        step = tf.cast(first + index + 1, tf.float32)
        m = [0.9 * a + 0.1 * g for a, g in zip(m, gradients, strict=True)]
        v = [0.999 * a + 0.001 * g * g for a, g in zip(v, gradients, strict=True)]
        size = rate * tf.sqrt(1.0 - tf.pow(0.999, step)) / (1.0 - tf.pow(0.9, step))
        weights = [w - size * a / (tf.sqrt(b) + 1e-7) for w, a, b in zip(weights, m, v, strict=True)]
        value = tf.reduce_mean(joint) - tf.math.log(now)
        return index + 1, weights, m, v, new_average, values.write(index, value)

    values = tf.TensorArray(tf.float32, size=count)
    state = (tf.constant(0), weights, m, v, average, values)
    _, weights, m, v, average, values = tf.while_loop(
        lambda index, *_: index < count, body, state, parallel_iterations=1
    )
    return weights, m, v, average, values.stack()


def _reshuffled(
    weights: Sequence[Any], x: Array, z: Array, options: PublishedOptions, random: np.random.Generator
) -> npt.NDArray[np.float64]:
    """Donsker-Varadhan values of reshuffled samples, shape (reshuffles,); NaN where the critic is not finite."""
    tf = tensorflow()
    x_rows, z_rows = tf.constant(x), tf.constant(z)
    values = []
    for _ in range(options.reshuffles):
        order = tf.constant(random.permutation(len(x)).astype(np.int32))
        joint, marginal = _scores(weights, x_rows, z_rows, order, options.subtract)
        log_mean_exp = tf.reduce_logsumexp(marginal) - math.log(len(x) // 2)
        values.append(float(tf.reduce_mean(joint) - log_mean_exp))
    return np.asarray(values)
