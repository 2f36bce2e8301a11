"""Outputs of the layers of a Keras network."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from infoplane.common.aliases import Array
from infoplane.common.runtime import tensorflow

_BATCH_ROWS = 1024


def layer_names(model: Any) -> list[str]:
    """Every layer that computes something, in order: not inputs, dropout, flattening or noise layers."""
    skipped = ("InputLayer", "Dropout", "Flatten", "Reshape", "GaussianNoise", "GaussianDropout", "SpatialDropout2D")
    return [layer.name for layer in model.layers if type(layer).__name__ not in skipped]


def layer_outputs(model: Any, x: Array, names: Sequence[str]) -> list[Array]:
    """The layers' outputs on ``x`` without training-time behaviour, each flattened to (n, d), float32.

    Raises:
        ValueError: a name that the model does not have.
    """
    tensorflow()
    import keras

    known = [layer.name for layer in model.layers]
    missing = [name for name in names if name not in known]
    if missing:
        raise ValueError(f"layers: {', '.join(missing)} given; expected one or more of {', '.join(known)}")
    extractor = keras.Model(model.inputs, [model.get_layer(name).output for name in names])
    outputs = extractor.predict(x, batch_size=_BATCH_ROWS, verbose=0)
    outputs = outputs if isinstance(outputs, list) else [outputs]
    return [np.asarray(output, dtype=np.float32).reshape(len(x), -1) for output in outputs]


def accuracy_and_loss(prediction: Array, labels: npt.NDArray[np.int64]) -> tuple[float, float | None]:
    """Accuracy, and the cross-entropy in nats where the network's outputs are probabilities (else None).

    A single output is the probability of class 1 or its logit; several are those of the classes.

    Args:
        prediction: the network's outputs, shape (n, 1) or (n, K).
        labels: classes 0..K-1, shape (n,).
    """
    outputs = prediction.astype(np.float64)
    in_unit_interval = bool((outputs >= 0).all() and (outputs <= 1).all())
    if outputs.shape[1] == 1:
        accuracy = float(((outputs[:, 0] > (0.5 if in_unit_interval else 0.0)) == (labels == 1)).mean())
        own = np.where(labels == 1, outputs[:, 0], 1 - outputs[:, 0])
        return accuracy, float(-np.log(np.clip(own, 1e-7, 1)).mean()) if in_unit_interval else None
    accuracy = float((outputs.argmax(axis=1) == labels).mean())
    if not (in_unit_interval and np.allclose(outputs.sum(axis=1), 1, atol=1e-3)):
        return accuracy, None
    return accuracy, float(-np.log(np.clip(outputs[np.arange(len(labels)), labels], 1e-7, 1)).mean())
