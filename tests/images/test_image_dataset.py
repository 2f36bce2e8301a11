"""From a source to the data set on disk and back: what is stored, in which order, and that it streams."""

from __future__ import annotations

import hashlib
import io
import json
import shutil
import socket
import subprocess
import sys
import weakref
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from infoplane.common.runtime import available_cores, tensorflow
from infoplane.images import reading, records
from infoplane.images.folder import FolderSource
from infoplane.images.mnist import MnistSource
from infoplane.images.ordered import LOOKAHEAD, ordered_map
from infoplane.images.reading import batches, central_square, split_size
from infoplane.images.tfds_package import tensorflow_datasets
from infoplane.images.writing import write_dataset

SHAPES = Path(__file__).resolve().parents[2] / "examples" / "shapes"


class Coded:
    """Images that tell label and index by their colour; of side 16 at most, not square."""

    kind = "coded"
    ignored = 0

    def __init__(self, counts: list[int], bad: tuple[int, ...] = ()) -> None:
        self.classes = tuple(f"class{label}" for label in range(len(counts)))
        self.labels = np.repeat(np.arange(len(counts)), counts)
        self.bad = bad
        self.loaded: list[int] = []

    def name(self, index: int) -> str:
        return f"{self.classes[self.labels[index]]}/{index:05d}"

    def load(self, index: int) -> Any:
        self.loaded.append(index)
        if index in self.bad:
            return b"no image"
        return np.full((16, 12, 3), (self.labels[index], index // 256, index % 256), dtype=np.uint8)


def write(source: Any, folder: Path, **options: Any) -> dict[str, Any]:
    for name in ("images", "labels"):
        (folder / name).mkdir(parents=True)
    settings: dict[str, Any] = {"test_fraction": 0.4, "limit": None, "max_bad_share": 0.05, "seed": 0} | options
    return write_dataset(source, folder / "images", folder / "labels", **settings)


def labels(folder: Path, split: str) -> np.ndarray:
    return np.load(folder / "labels" / f"{split}.npy")


def codes(folder: Path, split: str) -> np.ndarray:
    """What the colours of a split's images tell: (label, index) for each."""
    first = np.concatenate([batch[:, 0, 0] for batch in batches(folder / "images", split, 4, 7)]).astype(int)
    return np.stack([first[:, 0], 256 * first[:, 1] + first[:, 2]], axis=1)


def test_order_labels_and_splits_agree(tmp_path: Path) -> None:
    source = Coded([40, 25, 10])
    report = write(source, tmp_path)
    seen = []
    for split in ("train", "test"):
        told = codes(tmp_path, split)
        stored = labels(tmp_path, split)
        assert stored.dtype == np.int64
        assert split_size(tmp_path / "images", split) == len(stored)
        np.testing.assert_array_equal(told[:, 0], stored)
        np.testing.assert_array_equal(source.labels[told[:, 1]], stored)
        assert report["counts"][split] == dict(zip(source.classes, np.bincount(stored).tolist(), strict=True))
        assert (np.diff(told[:, 1]) < 0).any()  # not in the source's order
        seen += told[:, 1].tolist()
    assert sorted(seen) == list(range(75))
    assert np.bincount(labels(tmp_path, "test")).tolist() == [16, 10, 4]
    assert report["images"] == 75
    assert report["classes"] == ["class0", "class1", "class2"]


def test_tfds_reads_the_same_images_labels_and_names(tmp_path: Path) -> None:
    """With its own decoder, and without our code."""
    source = Coded([12, 8])
    write(source, tmp_path)
    builder = tensorflow_datasets().builder_from_directory(str(tmp_path / "images"))
    assert builder.info.features["label"].names == ["class0", "class1"]
    for split in ("train", "test"):
        examples = list(builder.as_dataset(split=split).as_numpy_iterator())
        assert [example["label"] for example in examples] == labels(tmp_path, split).tolist()
        for example in examples:
            index = int(example["image/filename"].decode().split("/")[1])
            np.testing.assert_array_equal(example["image"], source.load(index))
        pairs = builder.as_dataset(split=split, as_supervised=True).as_numpy_iterator()
        np.testing.assert_array_equal(next(pairs)[0], examples[0]["image"])


def test_mnist_comes_back_pixel_by_pixel(tmp_path: Path) -> None:
    source = MnistSource()
    report = write(source, tmp_path, limit=400)
    assert report["counts"]["train"] == {str(digit): 24 for digit in range(10)}
    assert report["counts"]["test"] == {str(digit): 16 for digit in range(10)}
    originals = {(int(label), source.load(index).tobytes()) for index, label in enumerate(source.labels)}
    for split in ("train", "test"):
        stored = np.concatenate(list(batches(tmp_path / "images", split, 28, 100)))
        back = {(int(label), image.tobytes()) for label, image in zip(labels(tmp_path, split), stored, strict=True)}
        assert len(back) == len(stored)
        assert back <= originals


def test_seed_alone_decides_the_split_and_limits_nest(tmp_path: Path) -> None:
    def drawn(name: str, **options: Any) -> set[int]:
        write(Coded([60, 30]), tmp_path / name, **options)
        return {int(index) for split in ("train", "test") for index in codes(tmp_path / name, split)[:, 1]}

    small, large, other = drawn("a", limit=20), drawn("b", limit=45), drawn("c", limit=20, seed=1)
    assert len(small) == len(other) == 20
    assert small < large
    assert small != other
    write(Coded([60, 30]), tmp_path / "d", limit=20)
    np.testing.assert_array_equal(codes(tmp_path / "a", "test"), codes(tmp_path / "d", "test"))
    assert np.bincount(labels(tmp_path / "b", "train")).tolist() == [18, 9]


def test_bad_files_are_replaced_within_a_limit_and_named(tmp_path: Path) -> None:
    source = Coded([60, 30], bad=(3, 4, 5, 60, 61))
    report = write(source, tmp_path, max_bad_share=0.2)
    assert report["skipped"] == 5
    assert report["skipped_names"] == ["class0/00003", "class0/00004", "class0/00005", "class1/00060", "class1/00061"]
    assert report["skipped_reasons"] == {"not an image": 5}
    assert report["counts"]["test"] == {"class0": 23, "class1": 11}  # of 57 and 28
    limited = write(Coded([60, 30], bad=tuple(range(20))), tmp_path / "limited", limit=30, max_bad_share=0.9)
    assert limited["images"] == 30  # the remaining 40 of the first class fill its share
    assert limited["counts"]["train"] == {"class0": 12, "class1": 6}


def test_outcome_does_not_depend_on_the_number_of_threads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    reports = []
    for threads in (1, 7):
        monkeypatch.setattr("infoplane.images.ordered.available_cores", lambda threads=threads: threads)
        source = Coded([60, 30], bad=tuple(range(0, 90, 4)))
        reports.append(write(source, tmp_path / str(threads), limit=40, max_bad_share=0.5))
    assert reports[0] == reports[1]
    assert files(tmp_path / "1") == files(tmp_path / "7")


def test_too_many_bad_files_stop_with_one_line(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="cannot be decoded") as caught:
        write(Coded([50, 50], bad=(1, 2, 60, 70, 80, 90)), tmp_path)
    line = str(caught.value)
    assert line.startswith("data: 6 of 100 image files cannot be decoded, 6.0%, and data.max_bad_share allows 5.0%")
    assert "class0/00001 (not an image)" in line
    assert "\n" not in line
    assert not (tmp_path / "images" / "dataset_info.json").exists()
    assert not list((tmp_path / "labels").iterdir())
    report = write(Coded([50, 50], bad=(1, 2, 60, 70, 80)), tmp_path / "just")
    assert report["skipped"] == 5  # 5 of 100 is no more than 5 %


FULL_DISK = """
import resource, sys
from pathlib import Path
import numpy as np
from infoplane.images.writing import write_dataset

class Noise:
    kind, classes, ignored = "noise", ("a", "b"), 0
    labels = np.arange(40) % 2
    def name(self, index): return str(index)
    def load(self, index): return np.random.default_rng(index).integers(0, 256, (96, 96, 3)).astype(np.uint8)

images, labels = (Path(sys.argv[1]) / name for name in ("images", "labels"))
images.mkdir(), labels.mkdir()
resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))
try:
    write_dataset(Noise(), images, labels, test_fraction=0.4, limit=None, max_bad_share=0, seed=0)
except OSError as error:
    print(error)
"""


def test_a_full_disk_leaves_no_data_set(tmp_path: Path) -> None:
    """What was written so far is no data set, for want of its metadata, and has no labels."""
    done = subprocess.run([sys.executable, "-c", FULL_DISK, str(tmp_path)], capture_output=True, text=True, check=True)
    assert "File too large" in done.stdout
    assert len(done.stdout.splitlines()) == 1
    assert {path.suffix for path in tmp_path.rglob("*") if path.is_file()} == {".unfinished"}
    with pytest.raises(ValueError, match="no data set in TFDS format"):
        split_size(tmp_path / "images", "train")


def test_class_whose_files_are_bad_is_named(tmp_path: Path) -> None:
    with pytest.raises(
        ValueError, match=r"^data: class 'class1' has 1 usable images \(of 3 files\); expected at least"
    ):
        write(Coded([50, 3], bad=(50, 52)), tmp_path)


def test_real_bad_files_among_photographs(tmp_path: Path, shared: Path) -> None:
    photos = tmp_path / "photos"
    for kind in ("cat", "dog"):
        (photos / kind).mkdir(parents=True)
        for number in range(6):
            shutil.copy(shared / "cats_dogs" / kind / f"{number:04d}.jpg", photos / kind)
    for file in (shared / "bad_images").iterdir():
        shutil.copy(file, photos / "dog")
    report = write(FolderSource(photos), tmp_path / "out", max_bad_share=0.2)
    assert report["skipped_names"] == ["dog/empty.jpg", "dog/text.jpg", "dog/truncated.jpg"]
    assert report["skipped_reasons"] == {"empty": 1, "not an image": 1, "truncated or damaged": 1}
    assert report["converted"] == {"alpha": 1, "CMYK": 1}
    assert report["ignored"] == 1  # its README.md
    assert report["images"] == 15
    assert str(tmp_path) not in json.dumps(report)
    builder = tensorflow_datasets().builder_from_directory(str(tmp_path / "out" / "images"))
    for split in ("train", "test"):
        for example in builder.as_dataset(split=split).as_numpy_iterator():
            with Image.open(photos / example["image/filename"].decode()) as original:
                assert example["image"].shape == (original.height, original.width, 3)
        for square in np.concatenate(list(batches(tmp_path / "out" / "images", split, 32, 4))):
            assert square.shape == (32, 32, 3)


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_two_writes_give_the_same_bytes_without_paths(tmp_path: Path) -> None:
    for name in ("one", "another"):
        write(FolderSource(SHAPES), tmp_path / name)
    stored = files(tmp_path / "one")
    assert stored == files(tmp_path / "another")
    assert set(stored) == {
        "images/dataset_info.json",
        "images/features.json",
        "images/images-test.tfrecord-00000-of-00001",
        "images/images-train.tfrecord-00000-of-00001",
        "images/label.labels.txt",
        "labels/test.npy",
        "labels/train.npy",
    }
    for name, content in stored.items():
        assert str(tmp_path).encode() not in content, name


def test_records_are_the_same_in_every_process(tmp_path: Path) -> None:
    """Against the digest that another process had: the images pass as they are, so nothing else goes in."""
    write(FolderSource(SHAPES), tmp_path)
    stored = files(tmp_path / "images")
    digests = {
        split: hashlib.sha256(stored[f"images-{split}.tfrecord-00000-of-00001"]).hexdigest()[:16]
        for split in ("train", "test")
    }
    assert digests == {"train": "334b882121b88c03", "test": "4c19b55dd29a547f"}


def test_split_may_lie_in_several_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(records, "SHARD_BYTES", 2000)
    write(Coded([60, 30]), tmp_path)
    names = [path.name for path in sorted((tmp_path / "images").glob("*tfrecord*"))]
    assert len(names) > 4
    assert f"images-train.tfrecord-00000-of-{sum('train' in name for name in names):05d}" in names
    for split in ("train", "test"):
        np.testing.assert_array_equal(codes(tmp_path, split)[:, 0], labels(tmp_path, split))


def test_central_square_is_cut_out_and_resized() -> None:
    wide = np.zeros((20, 61, 3), dtype=np.uint8)
    wide[:, 20:40] = np.random.default_rng(0).integers(0, 256, (20, 20, 3))
    encoded = io.BytesIO()
    Image.fromarray(wide).save(encoded, "PNG")
    np.testing.assert_array_equal(central_square(encoded.getvalue(), 20), wide[:, 20:40])
    stripes = np.zeros((256, 256, 3), dtype=np.uint8)
    stripes[:, ::2] = 255  # finer than the result can show: without antialiasing, 32 pixels see one colour only
    encoded = io.BytesIO()
    Image.fromarray(stripes.transpose(1, 0, 2)).save(encoded, "PNG")
    small = central_square(encoded.getvalue(), 32)
    assert np.abs(small.astype(int) - 127).max() <= 8


def test_resizing_agrees_with_tensorflow() -> None:
    """Two implementations of the same filter (Keys 1981, a = -1/2, widened when shrinking)."""
    # Away from black and white, where Pillow clips what the filter overshoots after each axis, TensorFlow at the end.
    image = np.random.default_rng(1).integers(80, 176, (90, 90, 3)).astype(np.uint8)
    encoded = io.BytesIO()
    Image.fromarray(image).save(encoded, "PNG")
    for size in (32, 128):
        ours = central_square(encoded.getvalue(), size).astype(float)
        theirs = tensorflow().image.resize(image, (size, size), "bicubic", antialias=True).numpy()
        assert np.abs(ours - theirs).max() <= 2


def test_batches_have_the_asked_size_but_for_the_last(tmp_path: Path) -> None:
    write(Coded([30, 20]), tmp_path)
    shapes = [batch.shape for batch in batches(tmp_path / "images", "train", 10, 8)]
    assert shapes == [(8, 10, 10, 3)] * 3 + [(6, 10, 10, 3)]


def test_reading_says_what_is_missing(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"no data set in TFDS format"):
        split_size(tmp_path, "train")
    write(Coded([5, 5]), tmp_path / "set")
    with pytest.raises(ValueError, match=r"no split 'validation'; expected one of test, train"):
        next(batches(tmp_path / "set" / "images", "validation", 8, 8))
    with pytest.raises(ValueError, match=r"image_size 0"):
        next(batches(tmp_path / "set" / "images", "train", 0, 8))


def test_ordered_map_keeps_the_order_and_stays_near() -> None:
    taken = []
    results = ordered_map(lambda item: item * item, (taken.append(item) or item for item in range(1000)))
    assert [next(results) for _ in range(5)] == [0, 1, 4, 9, 16]
    assert len(taken) <= 5 + LOOKAHEAD * available_cores()
    assert list(results) == [item * item for item in range(5, 1000)]


def test_ordered_map_hands_on_an_error() -> None:
    results = ordered_map(lambda item: 1 // item, [1, 0, 1])
    assert next(results) == 1
    with pytest.raises(ZeroDivisionError):
        next(results)


def test_writing_holds_few_images_at_a_time(tmp_path: Path) -> None:
    alive, most = 0, 0

    class Watched(Coded):
        def load(self, index: int) -> Any:
            nonlocal alive, most

            def gone() -> None:
                nonlocal alive
                alive -= 1

            image = super().load(index)
            weakref.finalize(image, gone)
            alive += 1
            most = max(most, alive)
            return image

    write(Watched([300, 300]), tmp_path)
    assert most <= LOOKAHEAD * available_cores() + 1


def test_reading_decodes_no_further_than_it_must(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(Coded([300, 300]), tmp_path)
    decoded = []
    original = central_square
    monkeypatch.setattr(reading, "central_square", lambda *a, **k: decoded.append(1) or original(*a, **k))
    stream = batches(tmp_path / "images", "train", 8, 32)
    next(stream)
    assert 32 <= len(decoded) <= 32 + LOOKAHEAD * available_cores()


def test_nothing_asks_the_network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise AssertionError("the network was asked")

    for name in ("create_connection", "getaddrinfo"):
        monkeypatch.setattr(socket, name, refuse)
    monkeypatch.setattr(socket.socket, "connect", refuse)
    write(FolderSource(SHAPES), tmp_path)
    assert len(codes(tmp_path, "train")) == 14


def test_importing_is_light_and_reading_knows_no_sources() -> None:
    code = (
        "import sys, infoplane.images.reading\n"
        "assert not [m for m in sys.modules if m in ('infoplane.images.sources', 'infoplane.images.writing')]\n"
        "import infoplane.images.writing, infoplane.images.sources\n"
        "heavy = ('tensorflow', 'tensorflow_datasets', 'pandas', 'mlxtend', 'infoplane.images.folder')\n"
        "assert not [m for m in heavy if m in sys.modules]\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


# What a run of its own does, for the two tests below: write and read n images that do not compress.
RUN = """
import resource, sys
from pathlib import Path
import numpy as np
from infoplane.images.reading import batches
from infoplane.images.writing import write_dataset

class Noise:
    kind, classes, ignored = "noise", ("a", "b"), 0
    labels = np.arange(int(sys.argv[2])) % 2
    def name(self, index): return str(index)
    def load(self, index): return np.random.default_rng(index).integers(0, 256, (256, 256, 3)).astype(np.uint8)

folder = Path(sys.argv[1])
for name in ("images", "labels"):
    (folder / name).mkdir(parents=True)
write_dataset(Noise(), folder / "images", folder / "labels", test_fraction=0.4, limit=None, max_bad_share=0, seed=0)
for split in ("train", "test"):
    for batch in batches(folder / "images", split, 96, 64):
        pass
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def run_alone(folder: Path, images: int) -> int:
    """Peak memory in KiB of a process that writes and reads ``images`` images of 192 KiB each."""
    done = subprocess.run(
        [sys.executable, "-c", RUN, str(folder), str(images)], check=True, capture_output=True, text=True
    )
    return int(done.stdout.split()[-1])


@pytest.mark.slow
def test_memory_does_not_grow_with_the_number_of_images(tmp_path: Path) -> None:
    few, many = run_alone(tmp_path / "few", 200), run_alone(tmp_path / "many", 1400)
    assert (many - few) / 1024 < 60  # of the 225 MiB that came on top


@pytest.mark.slow
def test_two_processes_give_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one", "another"):
        run_alone(tmp_path / name, 20)
    assert files(tmp_path / "one") == files(tmp_path / "another")
