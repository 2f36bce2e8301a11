"""Encoders from a saved Keras model of the user, up to a chosen layer.

Loaded in Keras' safe mode, which refuses code inside the file (``Lambda`` layers). Models nested in it, as transfer
learning leaves them, count as their layers, and by their own names as their outputs.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from infoplane.common.runtime import tensorflow
from infoplane.encoders import bounds, random_weights
from infoplane.encoders.encoder import Encoder
from infoplane.encoders.network_files import NetworkFile, one_line

_MEAN, _STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
_BGR_MEAN = (103.939, 116.779, 123.68)
_LUMA = (0.299, 0.587, 0.114)
_MOST_LAYERS_NAMED = 60

PREPROCESSING: dict[str, Callable[[Any], Any]] = {
    "none": lambda x: x,
    "unit": lambda x: x / 255.0,
    "symmetric": lambda x: x / 127.5 - 1.0,
    "torch": lambda x: (x / 255.0 - _MEAN) / _STD,
    "caffe": lambda x: x[..., ::-1] - _BGR_MEAN,
}
"""Functions of RGB pixels 0 to 255 by name: unchanged, to 0 .. 1, to -1 .. 1, as in torchvision, as in Caffe."""


def encoder(name: str, file: NetworkFile, image_size: int, random_seed: int | None = None) -> Encoder:
    """A saved model up to one of its layers, averaged over positions where these remain.

    Args:
        name: any.
        file: path, layer and preprocessing. The layer's output may be (b, d), (b, positions, d) or (b, h, w, d).
        image_size: side s of the images in pixels. The model takes (b, s, s, 3), or (b, s, s, 1), which gets luma.
        random_seed: None for the weights in the file, else the seed of random ones.

    Raises:
        ValueError: no model that can be loaded without running code of its own, no such layer, or shapes other than
            the above.
    """
    model = _load(name, file)
    channels = _check_input(name, file, model, image_size)
    try:
        flat = _flat(model, image_size, channels)
    except (ValueError, TypeError, AttributeError) as error:  # two nested layers of one name, several outputs
        raise ValueError(f"{file.key(name)}: {file.path.name}: {one_line(error)}") from error
    network = _up_to_layer(name, file, flat)
    preprocess = _on_grey(file.preprocessing) if channels == 1 else PREPROCESSING[file.preprocessing]
    if random_seed is not None:
        random_weights.initialise(network, preprocess, random_seed)
    return Encoder(name, network, preprocess)


def _load(name: str, file: NetworkFile) -> Any:
    tensorflow()
    import keras

    try:
        bounds.check_model(file.path)
        model = keras.saving.load_model(file.path, compile=False, safe_mode=True)
    except Exception as error:  # a damaged file, a Lambda layer, an unknown class
        raise ValueError(f"{file.key(name)}: {file.path.name} cannot be loaded safely: {one_line(error)}") from error
    if not isinstance(model, keras.Model) or len(getattr(model, "inputs", None) or ()) != 1:
        expected = "expected a functional or Sequential model with one input"
        raise ValueError(f"{file.key(name)}: {file.path.name} is another kind of model; {expected}")
    return model


def _check_input(name: str, file: NetworkFile, model: Any, image_size: int) -> int:
    """The number of channels of the model's input."""
    shape = tuple(model.inputs[0].shape)
    sizes = (None, image_size, image_size)
    fits = len(shape) == 4 and all(found in (None, size) for found, size in zip(shape, sizes, strict=False))
    if not fits or shape[3] not in (1, 3):
        square = len(shape) == 4 and shape[1] == shape[2] and shape[3] in (1, 3)
        hint = f"; set {file.key(name, 'image_size')} to {shape[1]}" if square else ""
        accepted = f"(batch, {image_size}, {image_size}, 3 or 1)"
        raise ValueError(f"{file.key(name)}: {file.path.name} takes {shape}; expected {accepted}{hint}")
    return int(shape[3])


def _flat(model: Any, image_size: int, channels: int) -> Any:
    """The same model for images of one size, with the layers of nested models in place of these."""
    import keras

    def call(layer: Any, *inputs: Any, **options: Any) -> Any:
        if not isinstance(layer, keras.Model):
            return layer(*inputs, **options)
        return keras.layers.Identity(name=layer.name)(layer.call(*inputs, **options))

    flat = keras.Model(model.inputs[0], model.outputs)
    while any(isinstance(layer, keras.Model) for layer in flat.layers):
        flat = keras.models.clone_model(flat, clone_function=lambda layer: layer, call_function=call)
    sized = keras.models.clone_model(flat, input_tensors=keras.Input((image_size, image_size, channels)))
    sized.set_weights(flat.get_weights())
    return sized


def _up_to_layer(name: str, file: NetworkFile, model: Any) -> Any:
    import keras

    names = [layer.name for layer in model.layers]
    if file.layer not in names:
        given = "missing" if file.layer is None else f"{file.layer!r} given"
        more = ", …" if len(names) > _MOST_LAYERS_NAMED else ""
        allowed = ", ".join(names[-_MOST_LAYERS_NAMED:])
        raise ValueError(f"{file.key(name, 'layer')}: {given}; expected a layer of {file.path.name}: {allowed}{more}")
    try:
        output = model.get_layer(file.layer).output
        shape = tuple(output.shape)
    except (AttributeError, ValueError) as error:
        raise ValueError(f"{file.key(name, 'layer')}: {file.layer} has not one output: {one_line(error)}") from error
    if len(shape) == 4:
        output = keras.layers.GlobalAveragePooling2D(data_format="channels_last")(output)
    elif len(shape) == 3:
        output = keras.layers.GlobalAveragePooling1D(data_format="channels_last")(output)
    if len(output.shape) != 2 or output.shape[-1] is None:
        expected = "expected (batch, d), (batch, positions, d) or (batch, height, width, d)"
        raise ValueError(f"{file.key(name, 'layer')}: {file.layer} gives {shape}; {expected}")
    return keras.Model(model.inputs[0], output)


def _on_grey(preprocessing: str) -> Callable[[Any], Any]:
    """Preprocessing for one channel: the luma of the pixels, then ``none``, ``unit`` or ``symmetric``."""

    def preprocess(pixels: Any) -> Any:
        grey = tensorflow().reduce_sum(pixels * _LUMA, axis=-1, keepdims=True)
        return PREPROCESSING[preprocessing](grey)

    return preprocess
