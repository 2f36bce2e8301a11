"""The small network of the information plane, and its training by stochastic gradient descent.

It is so small (some 250 weights) that a plain NumPy step costs less than a call into TensorFlow: 200 epochs on 4,096
patterns take half a second. Noise may be added after each hidden layer, in training too (``noise_std`` > 0).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import numpy as np

from infoplane.common.aliases import Array, Float32Array
from infoplane.common.seeds import generator

Weights = list[Float32Array]
"""Kernel and bias of each layer in turn."""
Activation = Literal["tanh", "relu"]

ACTIVATIONS: tuple[Activation, ...] = ("tanh", "relu")


@dataclass(frozen=True)
class SmallNet:
    """A fully connected network with one sigmoid output, and how it is trained."""

    activation: Activation = "tanh"
    widths: tuple[int, ...] = (10, 7, 5, 4, 3, 1)
    epochs: int = 200
    learning_rate: float = 0.02
    momentum: float = 0.9
    batch_size: int = 256
    noise_std: float = 0.0
    """Standard deviation of Gaussian noise inside the network, after each hidden layer; 0 for none."""

    def __post_init__(self) -> None:
        if self.activation not in ACTIVATIONS:
            raise ValueError(f"activation: {self.activation!r} given; expected {' or '.join(ACTIVATIONS)}")
        if not self.widths or min(self.widths) < 1 or self.widths[-1] != 1:
            raise ValueError(f"widths: {self.widths} given; expected positive widths that end in one output")
        if self.epochs < 1 or self.batch_size < 1:
            raise ValueError(f"epochs {self.epochs}, batch_size {self.batch_size} given; expected at least 1")
        if not (self.learning_rate > 0 and 0 <= self.momentum < 1 and self.noise_std >= 0):
            raise ValueError(
                f"learning_rate {self.learning_rate}, momentum {self.momentum}, noise_std {self.noise_std} given; "
                "expected above 0, 0 to below 1, at least 0"
            )


@dataclass(frozen=True)
class Training:
    """A trained network: its weights, loss and accuracy at every epoch; epoch 0 is before training."""

    net: SmallNet
    weights: list[Weights]
    loss: list[float]
    """Cross-entropy over all patterns, in nats, without noise."""
    accuracy: list[float]

    def layers(self, x: Array, epoch: int) -> list[Array]:
        """Outputs of every layer at one epoch, each of shape (n, width), without noise."""
        return forward(self.net, self.weights[epoch], signed(x))[1:]


def signed(x: Array) -> Float32Array:
    """Binary inputs 0 and 1 as -1 and 1."""
    return 2 * x.astype(np.float32) - 1


def forward(
    net: SmallNet, weights: Weights, x: Float32Array, noise: Sequence[Float32Array] | None = None
) -> list[Float32Array]:
    """The inputs and every layer's output; ``noise`` (one array per hidden layer) is added to the hidden outputs."""
    outputs = [x]
    layers = len(weights) // 2
    for layer in range(layers):
        preactivation = outputs[-1] @ weights[2 * layer] + weights[2 * layer + 1]
        if layer == layers - 1:
            outputs.append(0.5 + 0.5 * np.tanh(0.5 * preactivation))
        else:
            hidden = np.tanh(preactivation) if net.activation == "tanh" else np.maximum(preactivation, 0)
            outputs.append(hidden if noise is None else hidden + noise[layer])
    return outputs


def initial_weights(net: SmallNet, inputs: int, random: np.random.Generator) -> Weights:
    """Glorot-normal kernels for tanh, He-normal ones for ReLU; zero biases."""
    weights: Weights = []
    for fan_in, fan_out in pairwise((inputs, *net.widths)):
        scale = math.sqrt(2 / (fan_in + fan_out)) if net.activation == "tanh" else math.sqrt(2 / fan_in)
        kernel = scale * random.standard_normal((fan_in, fan_out), dtype=np.float32)
        weights += [kernel.astype(np.float32), np.zeros(fan_out, dtype=np.float32)]
    return weights


def train(net: SmallNet, x: Array, y: Array, seed: int) -> Training:
    """Train on all patterns by SGD with momentum on the cross-entropy; the same seed gives the same weights.

    Args:
        net: the network and its training.
        x: binary inputs, shape (n, inputs).
        y: labels 0 and 1, shape (n,).
        seed: of weights, order of the patterns and noise.
    """
    inputs, targets = signed(x), y.astype(np.float32)
    random = generator(seed, "small net", net.activation)
    weights = initial_weights(net, x.shape[1], random)
    velocity = [np.zeros_like(weight) for weight in weights]
    history = Training(net, [], [], [])
    _record(history, weights, inputs, targets)
    for _ in range(net.epochs):
        order = random.permutation(len(inputs))
        for start in range(0, len(inputs), net.batch_size):
            rows = order[start : start + net.batch_size]
            gradients = _gradients(net, weights, inputs[rows], targets[rows], random)
            for weight, speed, gradient in zip(weights, velocity, gradients, strict=True):
                speed *= net.momentum
                speed -= net.learning_rate * gradient
                weight += speed
        _record(history, weights, inputs, targets)
    return history


def _gradients(
    net: SmallNet, weights: Weights, x: Float32Array, y: Float32Array, random: np.random.Generator
) -> list[Float32Array]:
    """Gradients of the mean cross-entropy, in the order of ``weights``."""
    noise = None
    if net.noise_std:
        widths = net.widths[:-1]
        noise = [net.noise_std * random.standard_normal((len(x), width), dtype=np.float32) for width in widths]
        noise = [part.astype(np.float32) for part in noise]
    outputs = forward(net, weights, x, noise)
    gradients: list[Float32Array] = []
    error = (outputs[-1] - y[:, None]) / np.float32(len(x))
    for layer in range(len(weights) // 2 - 1, -1, -1):
        gradients[:0] = [outputs[layer].T @ error, error.sum(axis=0)]
        if layer:
            hidden = outputs[layer] if noise is None else outputs[layer] - noise[layer - 1]
            slope = 1 - hidden * hidden if net.activation == "tanh" else (hidden > 0).astype(np.float32)
            error = (error @ weights[2 * layer].T) * slope
    return gradients


def _record(history: Training, weights: Weights, x: Float32Array, y: Float32Array) -> None:
    probability = np.clip(forward(history.net, weights, x)[-1][:, 0].astype(np.float64), 1e-7, 1 - 1e-7)
    history.weights.append([weight.copy() for weight in weights])
    history.loss.append(float(-np.where(y == 1, np.log(probability), np.log1p(-probability)).mean()))
    history.accuracy.append(float(((probability > 0.5) == (y == 1)).mean()))


def log_spaced(epochs: int, points: int) -> list[int]:
    """``points`` (at least 2) epochs from 0 to ``epochs``, spaced logarithmically as far as whole numbers allow.

    With ``points`` above ``epochs`` it is every epoch.
    """
    if points > epochs:
        return list(range(epochs + 1))
    chosen = {0, epochs}
    count = points
    while len(chosen) < points:
        grid = np.geomspace(1, epochs, count) if epochs > 1 else np.ones(1)
        chosen = {0, epochs, *(round(float(value)) for value in grid)}
        if len(chosen) > points:
            chosen -= set(sorted(chosen)[1 : 1 + len(chosen) - points])
        count += 1
    return sorted(chosen)
