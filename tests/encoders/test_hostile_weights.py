"""Models and weights that would run code, open other files, or fill the memory: one line, and nothing has happened."""

from __future__ import annotations

import json
import shutil
import zipfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from infoplane.common.runtime import tensorflow
from infoplane.encoders import bounds
from infoplane.encoders.network_files import NetworkFile
from infoplane.encoders.registry import build

MANY = [bytes(2**24)] * 20


@pytest.fixture(scope="module")
def honest(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a small model, and its weights in both formats of Keras."""
    tensorflow()
    import keras
    from keras.src.legacy.saving import legacy_h5_format

    folder = tmp_path_factory.mktemp("honest")
    pixels = keras.Input((32, 32, 3))
    pooled = keras.layers.GlobalAveragePooling2D(name="pool")(keras.layers.Conv2D(6, 3, name="kernel")(pixels))
    model = keras.Model(pixels, keras.layers.Dense(4, name="hidden")(pooled))
    model.save(folder / "own.keras")
    network = build("MobileNet-untrained", 32, 5).model
    network.save_weights(folder / "new.weights.h5")
    with h5py.File(folder / "old.h5", "w") as file:
        legacy_h5_format.save_weights_to_hdf5_group(file, network)
    return folder


def altered(source: Path, target: Path, member: str, change: Callable[[bytes], Iterable[bytes]]) -> NetworkFile:
    """A copy of a model with one member of its archive changed."""
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            with new.open(name, "w", force_zip64=True) as file:
                for piece in change(old.read(name)) if name == member else [old.read(name)]:
                    file.write(piece)
    return NetworkFile(model=str(target), layer="hidden")


def complaint(name: str, file: NetworkFile) -> str:
    with pytest.raises(ValueError, match=rf"^encoder_options\.{name}\.") as caught:
        build(name, 32, 0, file)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 1000
    return str(caught.value)


def configured(change: Callable[[dict[str, Any]], object]) -> Callable[[bytes], Iterable[bytes]]:
    def apply(raw: bytes) -> list[bytes]:
        config = json.loads(raw)
        change(config)
        return [json.dumps(config).encode()]

    return apply


def layer(module: str, name: str, /, **options: Any) -> Callable[[bytes], Iterable[bytes]]:
    """The convolution replaced by what a module has under some name, called with these options."""
    entry = {"module": module, "class_name": name, "registered_name": None, "config": options}
    return configured(lambda config: config["config"]["layers"][1].update(entry))


def convolution(**options: Any) -> Callable[[bytes], Iterable[bytes]]:
    return configured(lambda config: config["config"]["layers"][1]["config"].update(options))


TOUCH = "touch executed"
CONFIGURATIONS: dict[str, Callable[[bytes], Iterable[bytes]]] = {
    "a call of os.system": layer("os", "system", command=TOUCH),
    "a process": layer("subprocess", "Popen", args=TOUCH.split()),
    "the model is a call": configured(lambda c: c.update(module="os", class_name="system", config={"command": TOUCH})),
    "code of Python": layer("keras.layers", "Lambda", name="a", function={"class_name": "__lambda__", "config": {}}),
    "switching safe mode off": layer("keras.config", "enable_unsafe_deserialization"),
    "a download": layer("keras.utils", "get_file", origin="http://localhost:9/x", fname="x"),
    "another model": layer("keras.models", "load_model", filepath="other.h5", safe_mode=False),
    "a saved graph": layer("keras.layers", "TFSMLayer", name="a", filepath="."),
    "a file of words": layer("keras.layers", "StringLookup", name="a", vocabulary="/etc/hostname"),
    "a function of another module": convolution(
        activation={"module": "os", "class_name": "function", "config": "system", "registered_name": "system"}
    ),
    "an initializer that is eval": convolution(kernel_initializer={"module": "builtins", "class_name": "eval"}),
    "a class of one's own": layer("mine", "Layer"),
    "a billion filters": convolution(filters=10**9),
    "nesting": lambda _: [b'{"a":' * 100_000],
    "a configuration of 320 MB": lambda raw: [*MANY, raw],
}


@pytest.mark.parametrize("name", CONFIGURATIONS)
def test_a_hostile_configuration_does_nothing(
    name: str, honest: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    file = altered(honest / "own.keras", tmp_path / "x.keras", "config.json", CONFIGURATIONS[name])
    assert "cannot be loaded safely" in complaint("mine", file)
    assert [path.name for path in tmp_path.iterdir()] == ["x.keras"]


def replaced(raw: Path, make: Callable[[h5py.File, str, tuple[int, ...]], object]) -> Path:
    """A file of weights whose first kernel is another thing."""
    with h5py.File(raw, "a") as file:
        kernels: list[str] = []
        file.visititems(lambda name, item: kernels.append(name) if len(getattr(item, "shape", ())) == 4 else None)
        shape = file[kernels[0]].shape
        del file[kernels[0]]
        make(file, kernels[0], shape)
    return raw


def _link(file: h5py.File, name: str, shape: tuple[int, ...]) -> None:
    other = Path(file.filename).with_name("other.h5")
    with h5py.File(other, "w") as target:
        target["x"] = np.zeros(shape, "f4")
    file[name] = h5py.ExternalLink(str(other), "x")


def _raw(file: h5py.File, name: str, shape: tuple[int, ...]) -> None:
    file.create_dataset(name, shape=shape, dtype="f4", external=[("/etc/passwd", 0, h5py.h5f.UNLIMITED)])


def _soft(file: h5py.File, name: str, shape: tuple[int, ...]) -> None:
    file[name] = h5py.SoftLink("/")


def _virtual(file: h5py.File, name: str, shape: tuple[int, ...]) -> None:
    file.create_virtual_dataset(name, h5py.VirtualLayout(shape=shape, dtype="f4"))


def _terabytes(file: h5py.File, name: str, shape: tuple[int, ...]) -> None:
    file.create_dataset(name, shape=(10**6, 10**6), dtype="f4", chunks=(1000, 1000))


def _three_gigabytes(file: h5py.File, name: str, shape: tuple[int, ...]) -> None:
    file.create_dataset(name, shape=(27_000, 27_000), dtype="f4", chunks=(1000, 1000))


def _texts(file: h5py.File, name: str, shape: tuple[int, ...]) -> None:
    file.create_dataset(name, shape=shape, dtype=h5py.string_dtype())


REPLACEMENTS = {_link: "Not allowed", _raw: "Not allowed", _soft: "Not allowed", _virtual: "Not allowed"}
REPLACEMENTS |= {_terabytes: "it unpacks to", _three_gigabytes: "it unpacks to", _texts: ""}


@pytest.mark.parametrize("make", REPLACEMENTS, ids=lambda make: make.__name__)
@pytest.mark.parametrize("kind", ["new.weights.h5", "old.h5"])
def test_weights_that_are_elsewhere_or_too_many_are_refused(
    kind: str, make: Callable[..., None], honest: Path, tmp_path: Path
) -> None:
    path = replaced(Path(shutil.copy(honest / kind, tmp_path)), make)
    text = complaint("MobileNet", NetworkFile(weights=str(path)))
    assert "does not fit MobileNet without its top" in text
    assert REPLACEMENTS[make] in text


@pytest.mark.parametrize("make", REPLACEMENTS, ids=lambda make: make.__name__)
def test_weights_inside_a_model_are_held_to_the_same(make: Callable[..., None], honest: Path, tmp_path: Path) -> None:
    def change(raw: bytes) -> list[bytes]:
        (tmp_path / "weights.h5").write_bytes(raw)
        return [replaced(tmp_path / "weights.h5", make).read_bytes()]

    text = complaint("mine", altered(honest / "own.keras", tmp_path / "x.keras", "model.weights.h5", change))
    assert "cannot be loaded safely" in text


def test_a_model_of_another_format_is_not_opened_as_one(honest: Path, tmp_path: Path) -> None:
    """Keras' older HDF5 models, whose safe mode is none, under the name of the new ones."""
    import keras

    keras.saving.load_model(honest / "own.keras").save(tmp_path / "old.h5")
    (tmp_path / "old.h5").rename(tmp_path / "old.keras")
    assert "cannot be loaded safely" in complaint(
        "mine", NetworkFile(model=str(tmp_path / "old.keras"), layer="hidden")
    )


def test_honest_files_are_within_the_bounds(honest: Path) -> None:
    bounds.check_model(honest / "own.keras")
    for name in ("new.weights.h5", "old.h5"):
        bounds.check_weights(honest / name)
