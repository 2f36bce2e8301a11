"""The plain formulation of MINE, as the paper reads and as one would write it: what ours is timed against.

An eager step on a Keras network that takes (x, z) side by side, evaluated on the pairs and again on the shuffled ones,
Keras' Adam, and the bias-corrected gradient of Belghazi et al. 2018, eq. (12), from one gradient call per term.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from infoplane.common.runtime import tensorflow

EMA_DECAY = 0.99


class PlainMine:
    """One critic and its optimiser."""

    def __init__(self, inputs: int, hidden: Sequence[int], seed: int, learning_rate: float = 1e-3) -> None:
        tensorflow()  # first, so that its settings hold
        import keras

        keras.utils.set_random_seed(seed)
        layers = [layer for width in hidden for layer in self._hidden(width)]
        self.network = keras.Sequential([keras.Input((inputs,)), *layers, keras.layers.Dense(1)])
        self.optimizer = keras.optimizers.Adam(learning_rate)
        self.average: Any = None

    def _hidden(self, width: int) -> list[Any]:
        from keras import layers

        return [layers.Dense(width, activation="relu")]

    def step(self, x: Any, z: Any, shuffled: Any) -> None:
        """One step on a batch: pairs (x, z), and (x, shuffled) from the product of the marginals."""
        tf = tensorflow()
        variables = self.network.trainable_variables
        self._check(variables)
        with tf.GradientTape(persistent=True) as tape:
            joint = tf.reduce_mean(self.network(tf.concat([x, z], axis=1)))
            marginal = tf.reduce_mean(tf.exp(self.network(tf.concat([x, shuffled], axis=1))))
        self._check((joint, marginal))
        from_joint = tape.gradient(joint, variables)
        from_marginal = tape.gradient(marginal, variables)
        if self.average is None:
            self.average = marginal
        self.average = EMA_DECAY * self.average + (1.0 - EMA_DECAY) * marginal
        gradients = [b / self.average - a for a, b in zip(from_joint, from_marginal, strict=True)]
        self.optimizer.apply_gradients(zip(gradients, variables, strict=True))

    def _check(self, tensors: Sequence[Any]) -> None:
        """Nothing here."""

    def value(self, x: Any, z: Any, random: np.random.Generator) -> float:
        """Donsker-Varadhan on other samples, in nats, their z shuffled once."""
        tf = tensorflow()
        joint = self.network(tf.concat([x, z], axis=1))
        order = random.permutation(len(x))
        marginal = self.network(tf.concat([x, tf.gather(z, order)], axis=1))
        log_mean = tf.reduce_logsumexp(marginal) - np.log(len(x))
        return float(tf.reduce_mean(joint) - log_mean)


class PublishedMine(PlainMine):
    """The same in the form of the published code: leaky ReLU as a layer of its own, every number checked each step."""

    def _hidden(self, width: int) -> list[Any]:
        from keras import layers

        return [layers.Dense(width), layers.LeakyReLU(negative_slope=0.2)]

    def _check(self, tensors: Sequence[Any]) -> None:
        """Raise where something is NaN or infinite."""
        for tensor in tensors:
            tensorflow().debugging.assert_all_finite(tensor, "not finite")
