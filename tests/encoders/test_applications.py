"""keras.applications: their preprocessing, and honest ends where the weights are out of reach."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from urllib.error import URLError

import numpy as np
import pytest

from infoplane.encoders import applications
from infoplane.encoders.registry import APPLICATIONS, build

MEAN, STD = np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225])
FORMULAS = {
    "caffe": lambda x: x[..., ::-1] - [103.939, 116.779, 123.68],
    "tf": lambda x: x / 127.5 - 1,
    "torch": lambda x: (x / 255 - MEAN) / STD,
    "none": lambda x: x,
}
MODES = {
    "caffe": ("resnet", "vgg16", "vgg19"),
    "tf": ("resnet_v2", "inception_v3", "xception", "inception_resnet_v2", "mobilenet", "mobilenet_v2", "nasnet"),
    "torch": ("densenet",),
    "none": ("convnext", "efficientnet", "efficientnet_v2", "mobilenet_v3"),  # part of the network itself
}


def test_every_module_has_a_known_preprocessing() -> None:
    assert set(APPLICATIONS.values()) == {module for modules in MODES.values() for module in modules}


@pytest.mark.parametrize(("mode", "module"), [(mode, module) for mode in MODES for module in MODES[mode]])
def test_preprocessing_is_what_the_network_was_trained_on(mode: str, module: str) -> None:
    from infoplane.common.runtime import tensorflow

    pixels = np.random.default_rng(0).integers(0, 256, (2, 4, 4, 3)).astype(np.float32)
    found = import_module(f"keras.applications.{module}").preprocess_input(tensorflow().constant(pixels))
    np.testing.assert_allclose(np.asarray(found), FORMULAS[mode](pixels), atol=1e-4)


@pytest.mark.parametrize(("name", "mode", "size"), [("VGG16", "caffe", 32), ("MobileNet", "tf", 40)])
def test_an_encoder_is_preprocessing_then_network(name: str, mode: str, size: int) -> None:
    encoder = build(f"{name}-untrained", size, 0)
    images = np.random.default_rng(0).integers(0, 256, (3, size, size, 3), dtype=np.uint8)
    wanted = encoder.model(FORMULAS[mode](images.astype(np.float32)), training=False).numpy()
    np.testing.assert_allclose(encoder(images), wanted, rtol=1e-3, atol=1e-4 * np.abs(wanted).max())


@pytest.fixture
def keras_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    from infoplane.common.runtime import tensorflow

    tensorflow()
    monkeypatch.setattr("keras.src.backend.config._KERAS_DIR", str(tmp_path))
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    return tmp_path


@pytest.mark.parametrize(
    ("name", "file", "image_size"),
    [
        ("MobileNet", "mobilenet_1_0_224_tf_no_top.h5", 64),
        pytest.param("ResNet50", "resnet50_weights_tf_dim_ordering_tf_kernels_notop.h5", 64, marks=pytest.mark.slow),
        pytest.param("NASNetMobile", "nasnet_mobile_no_top.h5", 224, marks=pytest.mark.slow),
    ],
)
def test_offline_is_one_line_that_says_how_to_go_on(
    keras_home: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    name: str,
    file: str,
    image_size: int,
) -> None:
    def no_network(address: str, *_: object) -> None:
        raise URLError(socket.gaierror(-2, "Name or service not known"))

    monkeypatch.setattr("keras.src.utils.file_utils.urlretrieve", no_network)
    with pytest.raises(ValueError, match=f"^{name}: no ImageNet weights: ") as caught:
        build(name, image_size, 0)
    message = str(caught.value)
    assert "\n" not in message
    assert "https://storage.googleapis.com/" in message
    assert "Name or service not known" in message
    assert f"Keras looks in {keras_home / 'models' / file} first" in message
    assert f"{name}-untrained" in message
    assert not list((keras_home / "models").iterdir())
    assert capsys.readouterr().out == ""


@pytest.fixture
def silent_server() -> Iterator[int]:
    """A port where connections are accepted and nothing is ever answered."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def test_a_server_that_never_answers_stalls_nothing(
    keras_home: Path, silent_server: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("keras.src.applications.mobilenet.BASE_WEIGHT_PATH", f"http://127.0.0.1:{silent_server}/")
    monkeypatch.setattr(applications, "_ANSWER_SECONDS", 0.2)
    for proxy in ("http_proxy", "HTTP_PROXY"):
        monkeypatch.delenv(proxy, raising=False)
    started = time.monotonic()
    with pytest.raises(ValueError, match=r"MobileNet: no ImageNet weights: .*timed out"):
        build("MobileNet", 64, 0)
    assert time.monotonic() - started < 60
    assert socket.getdefaulttimeout() is None


CACHED = """
import sys
from pathlib import Path
import h5py, numpy as np
from infoplane.encoders.registry import build
from keras.src.legacy.saving import legacy_h5_format
made = build("MobileNet-untrained", 64, 5)
folder = Path(sys.argv[1], "models")
folder.mkdir()
with h5py.File(folder / "mobilenet_1_0_224_tf_no_top.h5", "w") as file:
    legacy_h5_format.save_weights_to_hdf5_group(file, made.model)
images = np.random.default_rng(0).integers(0, 256, (2, 64, 64, 3), dtype=np.uint8)
np.testing.assert_array_equal(build("MobileNet", 64, 0)(images), made(images))
"""


@pytest.mark.slow
def test_weights_put_into_keras_folder_by_hand_are_used(tmp_path: Path) -> None:
    environment = {**os.environ, "KERAS_HOME": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", CACHED, str(tmp_path)], env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
