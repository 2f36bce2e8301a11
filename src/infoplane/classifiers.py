"""Classifiers of one dense layer on frozen embeddings, trained with Adam; their weights are kept at chosen epochs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from infoplane.common import live, seeds
from infoplane.common.aliases import Array
from infoplane.common.runtime import tensorflow


@dataclass(frozen=True)
class Phase:
    """A part of the training at one learning rate, which ends at a stop."""

    stop: int
    """The epoch at which it ends."""
    epochs: int
    learning_rate: float


@dataclass(frozen=True)
class Training:
    """A trained layer: its weights at each stop, and its learning curves.

    ``weights[stop]`` holds ``kernel`` (d, k) and ``bias`` (k,), k = 1 for two classes; ``curves`` has a row for each
    epoch and split: epoch, split, loss (nats), accuracy.
    """

    weights: dict[int, dict[str, Array]]
    curves: list[dict[str, Any]]


def metrics_at(stops: Iterable[int], curves: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, dict[str, float]]]:
    """Loss and accuracy at each stop, for each split that the curves hold."""
    return {
        str(stop): {
            row["split"]: {"loss": row["loss"], "accuracy": row["accuracy"]} for row in curves if row["epoch"] == stop
        }
        for stop in stops
    }


def training_phases(stops: Sequence[int], learning_rate: float, overfit_factor: float) -> list[Phase]:
    """The phases of training between stops; of several, the last has ``overfit_factor`` times the learning rate."""
    starts = [0, *stops[:-1]]
    rates = [learning_rate] * len(stops)
    if len(stops) > 1:
        rates[-1] *= overfit_factor
    return [Phase(stop, stop - start, rate) for start, stop, rate in zip(starts, stops, rates, strict=True)]


def train(
    train_x: Array,
    train_labels: Array,
    test_x: Array,
    test_labels: Array,
    plan: Sequence[Phase],
    *,
    classes: int,
    batch_size: int,
    seed: int,
) -> Training:
    """Train a sigmoid (two classes) or softmax layer on the cross-entropy.

    Args:
        train_x: embeddings, (n, d) float32; ``test_x`` likewise, (m, d).
        train_labels: classes 0..K-1, (n,); ``test_labels`` likewise, (m,).
        plan: the phases of the training, in their order.
        classes: K, at least 2.
        batch_size: rows per step; the last step of an epoch takes what is left.
        seed: root of the initial weights and of the order of rows.

    Returns:
        Weights at the end of each phase and the loss (nats) and accuracy of both splits after every epoch.

    Raises:
        ValueError: the loss is no longer finite.
    """
    layer = _DenseClassifier(train_x.shape[1], classes, seed)
    data = {"train": layer.on_device(train_x, train_labels), "test": layer.on_device(test_x, test_labels)}
    order = seeds.generator(seed, "order")
    weights: dict[int, dict[str, Array]] = {}
    curves: list[dict[str, Any]] = []
    epoch = 0
    for phase in plan:
        layer.set_learning_rate(phase.learning_rate)
        for _ in range(phase.epochs):
            layer.epoch(*data["train"], order.permutation(len(train_x)), batch_size)
            epoch += 1
            values: dict[str, float] = {}
            for split, rows in data.items():
                loss, accuracy = layer.evaluate(*rows)
                if not np.isfinite(loss):
                    raise ValueError(
                        f"the classifier's {split} loss is {loss} after epoch {epoch}: lower the learning rate"
                    )
                curves.append({"epoch": epoch, "split": split, "loss": loss, "accuracy": accuracy})
                values |= {f"{split}_loss": loss, f"{split}_accuracy": accuracy}
            live.publish("epochs", epoch, values)
        weights[phase.stop] = layer.weights()
    return Training(weights, curves)


class _DenseClassifier:
    """The layer, its optimiser and the compiled functions over them."""

    def __init__(self, dimension: int, classes: int, seed: int) -> None:
        self.tf = tf = tensorflow()
        self.binary = classes == 2
        outputs = 1 if self.binary else classes
        initial = tf.keras.initializers.GlorotUniform(seeds.integer_seed(seed, "kernel"))
        self.kernel = tf.Variable(initial((dimension, outputs)))
        self.bias = tf.Variable(tf.zeros((outputs,)))
        self.optimizer = tf.keras.optimizers.Adam()
        self.optimizer.build([self.kernel, self.bias])
        self._run_epoch = tf.function(self._epoch, reduce_retracing=True)
        self._evaluate = tf.function(self._loss_and_accuracy, reduce_retracing=True)

    def on_device(self, x: Array, labels: Array) -> tuple[Any, Any]:
        return self.tf.constant(np.asarray(x, np.float32)), self.tf.constant(np.asarray(labels, np.int32))

    def set_learning_rate(self, rate: float) -> None:
        self.optimizer.learning_rate.assign(rate)

    def weights(self) -> dict[str, Array]:
        return {"kernel": self.kernel.numpy(), "bias": self.bias.numpy()}

    def epoch(self, x: Any, labels: Any, order: Array, batch_size: int) -> None:
        self._run_epoch(x, labels, self.tf.constant(order, self.tf.int32), self.tf.constant(batch_size))

    def evaluate(self, x: Any, labels: Any) -> tuple[float, float]:
        loss, accuracy = self._evaluate(x, labels)
        return float(loss), float(accuracy)

    def _epoch(self, x: Any, labels: Any, order: Any, batch_size: Any) -> None:
        tf = self.tf
        for start in tf.range(0, tf.size(order), batch_size):
            rows = order[start : start + batch_size]
            with tf.GradientTape() as tape:
                loss, _ = self._loss_and_accuracy(tf.gather(x, rows), tf.gather(labels, rows))
            variables = [self.kernel, self.bias]
            self.optimizer.apply(tape.gradient(loss, variables), variables)

    def _loss_and_accuracy(self, x: Any, labels: Any) -> tuple[Any, Any]:
        """Mean cross-entropy in nats, and accuracy."""
        tf = self.tf
        outputs = x @ self.kernel + self.bias
        if self.binary:
            losses = tf.nn.sigmoid_cross_entropy_with_logits(tf.cast(labels, tf.float32), outputs[:, 0])
            predicted = tf.cast(outputs[:, 0] > 0, tf.int32)
        else:
            losses = tf.nn.sparse_softmax_cross_entropy_with_logits(labels, outputs)
            predicted = tf.argmax(outputs, axis=1, output_type=tf.int32)
        return tf.reduce_mean(losses), tf.reduce_mean(tf.cast(predicted == labels, tf.float32))


def evaluate_predictions(predictions: Mapping[int, Array], labels: Array) -> list[dict[str, Any]]:
    """Loss and accuracy of predictions made elsewhere, on the test rows, as rows of `Training.curves`.

    Args:
        predictions: logits of the test rows at each stop, (n, K), or (n, 1) for two classes.
        labels: their classes 0..K-1, (n,).
    """
    curves = []
    for stop, outputs in predictions.items():
        loss, accuracy = _loss_and_accuracy(np.asarray(outputs, np.float64), np.asarray(labels))
        curves.append({"epoch": stop, "split": "test", "loss": loss, "accuracy": accuracy})
    return curves


def _loss_and_accuracy(outputs: Array, labels: Array) -> tuple[float, float]:
    """Mean cross-entropy in nats, and accuracy."""
    if outputs.shape[1] == 1:  # the log odds of class 1
        outputs = np.concatenate([np.zeros_like(outputs), outputs], axis=1)
    largest = outputs.max(axis=1)
    log_sums = largest + np.log(np.exp(outputs - largest[:, None]).sum(axis=1))
    loss = float(np.mean(log_sums - outputs[np.arange(len(labels)), labels]))
    return loss, float(np.mean(outputs.argmax(axis=1) == labels))


def logits(weights: dict[str, Array], x: Array) -> Array:
    """The layer's outputs before sigmoid or softmax, (n, k) float32, k = 1 for two classes."""
    outputs: Array = (np.asarray(x, np.float32) @ weights["kernel"] + weights["bias"]).astype(np.float32)
    return outputs
