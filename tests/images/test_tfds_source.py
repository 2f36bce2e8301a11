"""Data sets of TensorFlow Datasets by name: the real builders and readers, and one line where there is no network."""

from __future__ import annotations

import socket
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from infoplane.images import catalogue, tfds_source
from infoplane.images.catalogue import prepared_builder, unreachable_hosts
from infoplane.images.record_index import positions
from infoplane.images.tfds_package import tensorflow_datasets
from infoplane.images.tfds_source import TfdsSource
from infoplane.images.writing import write_dataset

import tiny_cats

IMAGES = 12


@pytest.fixture(scope="module")
def photographs() -> Path | None:
    folder = Path(__file__).resolve().parents[3] / "shared" / "cats_dogs"
    return folder if folder.is_dir() else None


@pytest.fixture(scope="module")
def cats(tmp_path_factory: pytest.TempPathFactory, photographs: Path | None) -> Iterator[TfdsSource]:
    """The real builder, run on the small archive."""
    with pytest.MonkeyPatch.context() as patch:
        tiny_cats.bring(tmp_path_factory.mktemp("tfds"), photographs, IMAGES, patch)
        yield TfdsSource("cats_vs_dogs", "train")


def write(source: TfdsSource, folder: Path) -> dict[str, object]:
    (folder / "images").mkdir(parents=True)
    (folder / "labels").mkdir()
    options = {"test_fraction": 0.25, "limit": None, "max_bad_share": 0.0, "seed": 0}
    return write_dataset(source, folder / "images", folder / "labels", **options)  # type: ignore[arg-type]


def test_the_real_builder_of_cats_vs_dogs(cats: TfdsSource, tmp_path: Path) -> None:
    assert cats.classes == ("cat", "dog")
    assert cats.kind.startswith("tfds/cats_vs_dogs/4.")
    assert Counter(cats.labels.tolist()) == {0: IMAGES, 1: IMAGES}, "broken files and Thumbs.db are no images"
    report = write(cats, tmp_path)
    assert report["counts"] == {"train": {"cat": 9, "dog": 9}, "test": {"cat": 3, "dog": 3}}
    assert report["skipped"] == 0
    stored = tensorflow_datasets().builder_from_directory(str(tmp_path / "images"))
    labels = [int(row["label"]) for row in stored.as_dataset(split="test", shuffle_files=False)]
    np.testing.assert_array_equal(labels, np.load(tmp_path / "labels" / "test.npy"))


def test_an_image_is_found_by_its_number(cats: TfdsSource) -> None:
    """The index gives what TFDS itself reads, image by image."""
    tfds = tensorflow_datasets()
    builder = prepared_builder("cats_vs_dogs")
    rows = builder.as_dataset(split="train", shuffle_files=False, decoders={"image": tfds.decode.SkipDecoding()})
    for index, row in enumerate(rows.as_numpy_iterator()):
        assert cats.load(index) == row["image"]
        assert cats.labels[index] == row["label"]
    assert index == 2 * IMAGES - 1
    assert len({cats.name(i) for i in range(len(cats.labels))}) == 2 * IMAGES


def test_a_prepared_data_set_needs_no_network(cats: TfdsSource, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object, **__: object) -> list[str]:
        raise AssertionError("asked the network")

    monkeypatch.setattr(catalogue, "unreachable_hosts", refused)
    again = TfdsSource("cats_vs_dogs", tfds_source.ALL)
    np.testing.assert_array_equal(again.labels, cats.labels)


def test_unknown_splits_say_which_there_are(cats: TfdsSource) -> None:
    with pytest.raises(ValueError, match=r"data\.split: cats_vs_dogs has no split 'test'; expected train") as caught:
        TfdsSource("cats_vs_dogs", "train+test")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("cats_vs_dog", ["data.name", "'cats_vs_dog'", "did you mean cats_vs_dogs"]),
        ("no such thing", ["data.name", "no such thing"]),
        ("cats_vs_dogs:0.0.9", ["data.name", "cats_vs_dogs:0.0.9", "0.0.9"]),
    ],
)
def test_unknown_names_are_one_line(name: str, words: list[str]) -> None:
    with pytest.raises(ValueError, match=r"^data\.name: ") as caught:
        prepared_builder(name)
    assert all(word in str(caught.value) for word in words), caught.value
    assert "\n" not in str(caught.value)


def test_another_archive_than_expected_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """TFDS's own checksum, not patched: what lies in the manual folder is not the real archive."""
    monkeypatch.setattr(tensorflow_datasets().core.constants, "DATA_DIR", str(tmp_path))
    manual = tmp_path / "downloads" / "manual"
    manual.mkdir(parents=True)
    tiny_cats.write_archive(manual / "kagglecatsanddogs_5340.zip", None, 2)
    with pytest.raises(ValueError, match=r"data\.name: cats_vs_dogs cannot be prepared: NonMatchingChecksum") as caught:
        prepared_builder("cats_vs_dogs")
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "cats_vs_dogs" / "4.0.1" / "dataset_info.json").exists()


def test_without_a_network_one_line_within_seconds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that takes the connection and never answers: the slowest way of not being there."""
    tensorflow_datasets()
    monkeypatch.setattr(tensorflow_datasets().core.constants, "DATA_DIR", str(tmp_path))
    for proxy in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.delenv(proxy, raising=False)
    with socket.create_server(("127.0.0.1", 0)) as server:
        lookup = socket.getaddrinfo
        address = server.getsockname()

        def every_host_is_the_silent_one(host: str, port: int, *rest: object, **named: object) -> object:
            return lookup(address[0], address[1], *rest, **named)  # type: ignore[arg-type]

        monkeypatch.setattr(socket, "getaddrinfo", every_host_is_the_silent_one)
        started = time.monotonic()
        with pytest.raises(ValueError, match=r"no answer from download\.microsoft\.com") as caught:
            prepared_builder("cats_vs_dogs")
    assert time.monotonic() - started < 10
    message = str(caught.value)
    assert "\n" not in message
    assert f"put kagglecatsanddogs_5340.zip into {tmp_path}/downloads/manual" in message


def test_a_server_that_refuses_the_question_is_there() -> None:
    import http.server
    import threading

    class Refusing(http.server.BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            self.send_error(405)

        def log_message(self, *_: object) -> None:
            pass

    with http.server.HTTPServer(("127.0.0.1", 0), Refusing) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        with socket.create_server(("127.0.0.1", 0)) as closed:
            port = closed.getsockname()[1]
        urls = [f"http://127.0.0.1:{server.server_port}/a.zip", f"http://localhost:{port}/b.zip"]
        assert unreachable_hosts(urls, seconds=2) == ["localhost"]
        server.shutdown()


def made_builder(tmp_path: Path, features: object, rows: list[dict[str, object]]) -> None:
    """A data set of any features, written by TFDS."""
    tfds = tensorflow_datasets()
    tfds.dataset_builders.store_as_tfds_dataset(
        name="made", version="1.0.0", data_dir=tmp_path, features=features, disable_shuffling=True,
        split_datasets={"train": list(enumerate(rows))},
    )  # fmt: skip


@pytest.mark.parametrize("case", ["no labels in the split", "no label at all", "two images"])
def test_data_sets_that_are_no_image_classification(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, case: str) -> None:
    kinds = tensorflow_datasets().features
    image, label = kinds.Image(shape=(None, None, 3)), kinds.ClassLabel(names=["a", "b"])
    pixels = np.zeros((4, 4, 3), np.uint8)
    features, row, words = {
        "no labels in the split": (
            {"image": image, "label": label}, {"image": pixels, "label": -1}, "data.split: split train of made has no"
        ),
        "no label at all": ({"image": image}, {"image": pixels}, "data.name: made has image (Image); expected one"),
        "two images": (
            {"left": image, "right": image, "label": label},
            {"left": pixels, "right": pixels, "label": 0},
            "label (ClassLabel), left (Image), right (Image)",
        ),
    }[case]  # fmt: skip
    made_builder(tmp_path, kinds.FeaturesDict(features), [row])
    found = tensorflow_datasets().builder_from_directory(str(tmp_path / "made" / "1.0.0"))
    monkeypatch.setattr(tfds_source, "prepared_builder", lambda name: found)
    with pytest.raises(ValueError, match="data") as caught:
        TfdsSource("made", "train")
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_cut_file_is_named(tmp_path: Path) -> None:
    from infoplane.common.runtime import tensorflow

    file = tmp_path / "a.tfrecord"
    with tensorflow().io.TFRecordWriter(str(file)) as writer:
        writer.write(b"one")
        writer.write(b"three")
    assert [position.length for position in positions([file])] == [3, 5]
    file.write_bytes(file.read_bytes()[:-3])
    with pytest.raises(ValueError, match=r"a\.tfrecord: ends within a record"):
        list(positions([file]))
