"""Random weights for the untrained controls, which show what a network's architecture alone provides.

Kernels are He-normal (He et al. 2015), drawn from the seed; biases, and whatever else the network has, stay as it
starts with them. Batch normalisation would then be the identity, since no batch was seen: activations grow by orders of
magnitude through residual blocks, and all embeddings point the same way (ResNet50 on MNIST at 96 px: norms of 1e6,
mean cosine 0.999 between images). So its statistics are taken, layer after layer, from random images:

* Inner ones only scale, by one number per layer, to mean square 1, as in layer-sequential initialisation (Mishkin &
  Matas 2016). Centring them too, as a training step does, makes a deep random network chaotic (Yang et al. 2019):
  a linear probe on 150 MNIST digits then finds the class of 0.31 to 0.47 of others (ResNet50, ResNet50V2,
  EfficientNetLite0), without it 0.71 to 0.80.
* The last ones, from which the embedding is reached without a further kernel, centre and scale each channel. That
  takes out the direction that all images share (mean cosine 0.96, on photographs 0.86 to 0.94).

The random images have the spectrum 1/f of natural ones, so that the control depends on no data set. Networks without
batch normalisation (VGG, ConvNeXt) have He-normal kernels and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from infoplane.common import seeds
from infoplane.common.runtime import tensorflow

_IMAGE_COUNT = 32
_MEAN_PIXEL = 127.5
_CONTRAST = 60.0
_COLOUR_AMPLITUDE = 0.5
"""Amplitude of the part that differs between colour channels, relative to the part that they share."""
_KERNELS = ("kernel", "depthwise_kernel", "pointwise_kernel")


def initialise(model: Any, preprocess: Callable[[Any], Any], seed: int) -> None:
    """Give a Keras network random kernels and the batch statistics that fit them.

    Args:
        model: takes (b, s, s, 3) float32; changed in place.
        preprocess: maps pixels 0 to 255, float32, to what the network takes.
        seed: the same seed gives the same weights, whatever else was built before.
    """
    for index, layer in enumerate(_layers(model)):
        for variable in layer.weights:
            if variable.name in _KERNELS:
                variable.assign(_he_normal(layer, variable, seeds.generator(seed, "kernel", index, variable.name)))
    _set_batch_statistics(model, preprocess, random_images(_IMAGE_COUNT, model.input_shape[1], seed))


def random_images(count: int, size: int, seed: int) -> npt.NDArray[np.float32]:
    """Images with the spectrum 1/f of natural ones, shape (count, size, size, 3), pixels 0 to 255."""
    white = seeds.generator(seed, "images").standard_normal((count, 4, size, size), dtype=np.float32)
    white = white[:, :1] + _COLOUR_AMPLITUDE * white[:, 1:]
    frequency = np.hypot(np.fft.fftfreq(size)[:, None], np.fft.rfftfreq(size)[None])
    frequency[0, 0] = 1.0 / size
    pink = np.fft.irfft2(np.fft.rfft2(white) / frequency, s=(size, size))
    pink /= pink.std(axis=(1, 2, 3), keepdims=True)
    pixels = np.clip(_MEAN_PIXEL + _CONTRAST * pink, 0.0, 255.0)
    return np.ascontiguousarray(pixels.transpose(0, 2, 3, 1), np.float32)


def _layers(model: Any) -> Iterator[Any]:
    """The layers in order; nested models are replaced by their layers."""
    for layer in model.layers:
        if hasattr(layer, "layers"):
            yield from _layers(layer)
        else:
            yield layer


def _he_normal(layer: Any, variable: Any, rng: np.random.Generator) -> npt.NDArray[np.float32]:
    shape = tuple(variable.shape)
    depthwise = variable.name == "depthwise_kernel" or type(layer).__name__ == "DepthwiseConv2D"
    fan_in = int(np.prod(shape[:2] if depthwise else shape[:-1]))
    return rng.standard_normal(shape, dtype=np.float32) * np.float32(np.sqrt(2.0 / fan_in))


def _set_batch_statistics(model: Any, preprocess: Callable[[Any], Any], images: npt.NDArray[np.float32]) -> None:
    """Set the statistics of every batch normalisation from one pass of the images, layer after layer."""
    tf = tensorflow()
    import keras

    if not any(isinstance(layer, keras.layers.BatchNormalization) for layer in model.layers):
        return
    last = _last_normalisations(model)

    class StatisticsFromInput(keras.layers.BatchNormalization):  # type: ignore[misc]
        """Sets its statistics to those of its input, then applies them."""

        def call(self, inputs: Any, training: Any = None, mask: Any = None) -> Any:
            mean, variance = keras.ops.moments(inputs, axes=list(range(len(inputs.shape) - 1)))
            if self.name in last:
                self.moving_mean.assign(mean)
                self.moving_variance.assign(variance)
            else:
                mean_square = keras.ops.mean(variance + mean**2)
                self.moving_variance.assign(keras.ops.ones_like(variance) * mean_square)
            return super().call(inputs, training=False, mask=mask)

    def clone(layer: Any) -> Any:
        kind = StatisticsFromInput if isinstance(layer, keras.layers.BatchNormalization) else type(layer)
        return kind.from_config(layer.get_config())

    copy = keras.models.clone_model(model, clone_function=clone)
    copy.set_weights(model.get_weights())
    # As a graph, so that activations are freed during the pass.
    tf.function(lambda pixels: copy(preprocess(pixels), training=False), autograph=False)(tf.constant(images))
    model.set_weights(copy.get_weights())


def _last_normalisations(model: Any) -> set[str]:
    """Names of the batch normalisations from which some path leads to the network's output without a kernel."""
    import keras

    makers = {id(tensor): operation for operation in model.operations for tensor in _as_list(operation.output)}
    last: set[str] = set()
    seen: set[int] = set()
    waiting = list(model.outputs)
    while waiting:
        maker = makers[id(waiting.pop())]
        has_kernel = any(variable.name in _KERNELS for variable in getattr(maker, "weights", ()))
        if id(maker) in seen or has_kernel or isinstance(maker, keras.layers.InputLayer):
            continue
        seen.add(id(maker))
        if isinstance(maker, keras.layers.BatchNormalization):
            last.add(maker.name)
        waiting += _as_list(maker.input)
    return last


def _as_list(tensors: Any) -> list[Any]:
    return list(tensors) if isinstance(tensors, list | tuple) else [tensors]
