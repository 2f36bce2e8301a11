"""Untrained controls: reproducible, of their own seed, and of embeddings that differ between images."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from infoplane.encoders import efficientnet_lite, random_weights
from infoplane.encoders.efficientnet_lite import preprocess
from infoplane.encoders.encoder import Encoder
from infoplane.encoders.registry import APPLICATIONS, build, smallest_size

SIZE = 48


def untrained(seed: int) -> Any:
    model = efficientnet_lite.network("EfficientNetLite0", SIZE)
    random_weights.initialise(model, preprocess, seed)
    return model


@pytest.fixture(scope="module")
def lite() -> Any:
    return untrained(1)


def test_the_seed_alone_decides_the_weights(lite: Any) -> None:
    first, again, other = lite.get_weights(), untrained(1).get_weights(), untrained(2).get_weights()
    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))
    kernels = [(a, b) for a, b in zip(first, other, strict=True) if a.ndim == 4]
    assert len(kernels) == 49
    assert all(not np.array_equal(a, b) for a, b in kernels)


def test_kernels_are_he_normal(lite: Any) -> None:
    fans = {"conv_head": 320, "blocks.10.depthwise_conv": 25, "blocks.12.expand_conv": 192, "conv_stem": 27}
    for name, fan_in in fans.items():
        kernel = lite.get_layer(name).weights[0].numpy()
        spread = kernel.std() / np.sqrt(2 / fan_in)
        assert abs(spread - 1) < 4 / np.sqrt(2 * kernel.size), name
        assert abs(kernel.mean()) < 4 * np.sqrt(2 / fan_in / kernel.size), name


def test_normalisation_fits_images_like_those_it_was_set_with(lite: Any) -> None:
    import keras

    norms = [layer for layer in lite.layers if isinstance(layer, keras.layers.BatchNormalization)]
    probe = keras.Model(lite.input, [layer.output for layer in norms])
    images = random_weights.random_images(32, SIZE, seed=99)
    *inner, last = (output.numpy() for output in probe(preprocess(images), training=False))
    squares = np.array([np.mean(output.astype(float) ** 2) for output in inner])
    assert np.all((squares > 0.5) & (squares < 2)), "activations neither grow nor vanish over 48 layers"
    assert np.median(np.abs(last.mean(axis=(0, 1, 2)))) < 0.2
    assert 0.8 < np.median(last.std(axis=(0, 1, 2))) < 1.2


def mean_cosine(rows: np.ndarray) -> float:
    unit = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    n = len(unit)
    return float((np.square(unit.sum(axis=0)).sum() - n) / (n * (n - 1)))


def test_embeddings_of_different_images_point_different_ways(lite: Any) -> None:
    images = random_weights.random_images(64, SIZE, seed=5).astype(np.uint8)
    assert mean_cosine(Encoder("lite", lite, preprocess)(images)) < 0.9
    plain = efficientnet_lite.network("EfficientNetLite0", SIZE)
    for bare, settled in zip(plain.layers, lite.layers, strict=True):
        if "conv" in bare.name:
            bare.set_weights(settled.get_weights())
    assert mean_cosine(Encoder("plain", plain, preprocess)(images)) > 0.95, "what the statistics prevent"


def test_random_images_have_the_spectrum_of_natural_ones() -> None:
    images = random_weights.random_images(64, 64, seed=0)
    assert images.shape == (64, 64, 64, 3)
    assert images.min() >= 0
    assert images.max() <= 255
    power = np.abs(np.fft.fft2(images.mean(axis=-1))).mean(axis=0) ** 2
    frequency = np.arange(2, 20)
    slope = np.polyfit(np.log(frequency), np.log(power[0, frequency]), 1)[0]
    assert slope == pytest.approx(-2, abs=0.4)


SIX = ("ResNet50", "ResNet50V2", "ResNet101", "ResNet101V2", "InceptionV3", "Xception")
"""The networks of the term paper."""
SMALL = {"resnet": "ResNet50", "resnet_v2": "ResNet50V2", "nasnet": "NASNetMobile", "convnext": "ConvNeXtTiny"}
ONE_OF_EACH = {family: SMALL.get(family, name) for name, family in reversed(APPLICATIONS.items())}


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted({*SIX, *ONE_OF_EACH.values()}))
def test_untrained_networks_embed_images_of_their_smallest_size(name: str) -> None:
    """The six of the term paper and one of each further family."""
    import keras

    size = smallest_size(name)
    images = random_weights.random_images(12, size, seed=5).astype(np.uint8)
    encoder = build(f"{name}-untrained", size, 3)
    rows = encoder(images)
    assert encoder.name == f"{name}-untrained"
    assert rows.shape == (12, 2048 if name in SIX else encoder.dimension)
    assert np.isfinite(rows).all()
    assert np.abs(rows[0] - rows[1]).max() > 0, "different images, different embeddings"
    if name in SIX:
        assert mean_cosine(rows) < 0.98
        assert np.linalg.norm(rows, axis=1).max() < 1e4
    with pytest.raises(ValueError, match=f"{name}-untrained: image_size {size - 1} given; .* at least {size}"):
        build(f"{name}-untrained", size - 1, 0)
    with pytest.raises(ValueError, match="at least"):  # Keras would refuse it too
        getattr(keras.applications, name)(weights=None, include_top=False, input_shape=(size - 1, size - 1, 3))


@pytest.mark.slow
def test_the_seed_decides_a_network_of_keras_too() -> None:
    """Built again in the same process, where Keras counts its layers' names on."""
    images = random_weights.random_images(4, 48, seed=5).astype(np.uint8)
    first, again, other = (build("MobileNet-untrained", 48, seed)(images) for seed in (3, 3, 4))
    np.testing.assert_array_equal(first, again)
    assert not np.allclose(first, other, rtol=0.1)
