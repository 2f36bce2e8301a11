"""What the sources offer, and what they say of folders that are none."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from infoplane.images.folder import FolderSource
from infoplane.images.mnist import MnistSource, read_table
from infoplane.images.opening import UndecodableImage
from infoplane.images.sources import open_source

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


@dataclass(frozen=True)
class Options:
    source: str
    path: str = "examples/shapes"
    parity: bool = False
    name: str = "cats_vs_dogs"
    split: str = "train"


def put(path: Path, value: int = 0) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (8, 8), (value, 0, 0)).save(path, "PNG")


def two_classes(folder: Path) -> Path:
    for name in ("cat/1.png", "cat/2.png", "dog/1.png", "dog/2.png"):
        put(folder / name)
    return folder


@pytest.fixture(scope="module")
def table() -> tuple[np.ndarray, np.ndarray]:
    return read_table()


def test_mnist_is_the_known_table(table: tuple[np.ndarray, np.ndarray]) -> None:
    digits, shown = table
    assert digits.shape == (5000, 28, 28)
    np.testing.assert_array_equal(np.bincount(shown), np.full(10, 500))
    digest = hashlib.sha256(digits.tobytes() + shown.astype("<i8").tobytes()).hexdigest()
    assert digest == "1f75c140503b3082c96134f5593303f3133e59989a92e21f060c644c655c3722"


def test_mnist_offers_digits_as_rgb(table: tuple[np.ndarray, np.ndarray]) -> None:
    digits, shown = table
    source = MnistSource()
    assert source.classes == tuple("0123456789")
    np.testing.assert_array_equal(source.labels, shown)
    for index in (0, 1234, 4999):
        loaded = source.load(index)
        assert loaded.dtype == np.uint8
        np.testing.assert_array_equal(loaded, np.stack([digits[index]] * 3, axis=2))
    assert len({source.name(index) for index in range(5000)}) == 5000


def test_parity_is_that_of_the_digit(table: tuple[np.ndarray, np.ndarray]) -> None:
    source = open_source(Options("mnist", parity=True))
    assert source.classes == ("even", "odd")
    np.testing.assert_array_equal(source.labels, table[1] % 2)
    np.testing.assert_array_equal(np.bincount(source.labels), [2500, 2500])


def test_unknown_source_names_the_known_ones() -> None:
    with pytest.raises(ValueError, match=r"data\.source: 'minst' given; expected one of mnist, folder, tfds"):
        open_source(Options("minst"))


def test_folder_lists_images_sorted_and_counts_the_rest(tmp_path: Path) -> None:
    for name in ("b/10.PNG", "b/9.png", "b/2.Jpeg", "a/x.webp", "a/y.GIF", "a/.hidden.png", ".cache/z.png"):
        put(tmp_path / name)
    put(tmp_path / "a" / "deeper" / "1.png")
    (tmp_path / "a" / "notes.txt").write_text("no image")
    (tmp_path / "labels.csv").write_text("no image")
    source = open_source(Options("folder", str(tmp_path)))
    assert source.classes == ("a", "b")
    assert [source.name(index) for index in range(5)] == ["a/x.webp", "a/y.GIF", "b/10.PNG", "b/2.Jpeg", "b/9.png"]
    assert source.labels.tolist() == [0, 0, 1, 1, 1]
    assert source.ignored == 3  # notes.txt, the deeper folder, labels.csv
    assert source.load(3) == (tmp_path / "b" / "2.Jpeg").read_bytes()


def test_links_within_the_path_are_followed_and_others_fail_by_name(tmp_path: Path) -> None:
    two_classes(tmp_path / "elsewhere")
    real = two_classes(tmp_path / "real")
    (tmp_path / "path").symlink_to(real)
    (real / "cow").symlink_to(real / "cat")
    dog = real / "dog"
    for name, target in (("3", dog / "1.png"), ("4", dog / "none.png"), ("5", dog / "5.png"), ("6", "/dev/zero")):
        (dog / f"{name}.png").symlink_to(target)
    (dog / "7.png").symlink_to(tmp_path / "elsewhere" / "cat" / "1.png")
    os.mkfifo(real / "pipe")
    (dog / "8.png").symlink_to(real / "pipe")
    source = FolderSource(tmp_path / "path")
    assert source.classes == ("cat", "cow", "dog")
    assert source.load(2) == (real / "cat" / "1.png").read_bytes()
    index = {source.name(number): number for number in range(len(source.labels))}
    assert source.load(index["dog/3.png"]) == (dog / "1.png").read_bytes()
    for name in ("4", "5"):
        with pytest.raises(OSError, match=rf"{name}\.png"):
            source.load(index[f"dog/{name}.png"])
    for name, reason in (("6", "leaves"), ("7", "leaves"), ("8", "no plain file")):
        with pytest.raises(UndecodableImage, match=reason):
            source.load(index[f"dog/{name}.png"])


@pytest.mark.parametrize(("target", "words"), [("cow", "circle"), ("none", "nowhere"), ("..", "leaves")])
def test_class_folders_that_are_links_elsewhere_are_one_line(tmp_path: Path, target: str, words: str) -> None:
    path = two_classes(tmp_path / "path")
    (path / "cow").symlink_to(target)
    with pytest.raises(ValueError, match=rf"^data\.path: .*cow.* is a link .*{words}") as caught:
        FolderSource(path)
    assert "\n" not in str(caught.value)


NAMES = (
    'it\'s "so"',
    "<script>alert(1)<",
    "{{ 7 * 7 }}{% raw %}",
    "; touch x $(touch y) `z`",
    "-rf",
    "=1+1",
    "%s%n",
    "né ü 猫",
)


def test_any_name_that_a_folder_can_have_is_kept(tmp_path: Path) -> None:
    for name in NAMES:
        for number in range(2):
            put(tmp_path / name / f"{name}{number}.png", number)
    source = FolderSource(tmp_path)
    assert source.classes == tuple(sorted(NAMES))
    assert {source.name(index) for index in range(16)} == {f"{n}/{n}{number}.png" for n in NAMES for number in range(2)}


def test_control_characters_reach_no_terminal(tmp_path: Path) -> None:
    name = "a\nb\x1b[2J\u202e.png"
    put(two_classes(tmp_path) / "cat" / name)
    source = FolderSource(tmp_path)
    assert [source.name(index) for index in range(3)] == ["cat/1.png", "cat/2.png", r"cat/a\nb\x1b[2J\u202e.png"]
    assert source.load(2) == (tmp_path / "cat" / name).read_bytes()
    put(tmp_path / "a\nb" / "1.png")
    with pytest.raises(ValueError, match=r"class folder 'a\\nb' has blanks at an end or control characters"):
        FolderSource(tmp_path)


def test_two_class_folders_of_one_name_are_refused(tmp_path: Path) -> None:
    """They would be counted as one: bytes that are no UTF-8 all become the same character."""
    for name in (b"caf\xe9", b"caf\xe8"):
        put(tmp_path / os.fsdecode(name) / "1.png")
    with pytest.raises(ValueError, match=r"two class folders are called 'caf\ufffd'"):
        FolderSource(tmp_path)


def test_pipe_named_like_an_image_is_never_opened(tmp_path: Path) -> None:
    os.mkfifo(two_classes(tmp_path) / "cat" / "3.png")
    source = FolderSource(tmp_path)
    assert len(source.labels) == 4
    assert source.ignored == 1


def test_enormous_file_is_not_read(tmp_path: Path) -> None:
    with (two_classes(tmp_path) / "cat" / "0.png").open("wb") as handle:
        handle.truncate(2**28 + 1)  # sparse: takes no space
    with pytest.raises(UndecodableImage, match="too large"):
        FolderSource(tmp_path).load(0)


def test_names_that_are_no_utf8_stay_printable(tmp_path: Path) -> None:
    two_classes(tmp_path)
    put(tmp_path / "cat" / os.fsdecode(b"caf\xe9.png"), 7)
    source = FolderSource(tmp_path)
    assert source.name(2) == "cat/caf\ufffd.png"
    assert source.load(2).startswith(b"\x89PNG")


def test_folders_that_are_none_say_so_in_one_line(tmp_path: Path) -> None:
    def complaint(path: Path) -> str:
        with pytest.raises(ValueError, match=r"^data\.path: ") as caught:
            FolderSource(path)
        text = str(caught.value)
        assert "\n" not in text
        assert str(path) in text
        return text

    assert "does not exist" in complaint(tmp_path / "missing")
    file = tmp_path / "file"
    file.write_text("")
    assert "is a file" in complaint(file)
    flat = tmp_path / "flat"
    put(flat / "1.png")
    assert "no class folders" in complaint(flat)
    lone = tmp_path / "lone"
    put(lone / "cat" / "1.png")
    assert "only one class folder (cat)" in complaint(lone)
    empty = two_classes(tmp_path / "empty")
    (empty / "cow").mkdir()
    assert "cow holds no image files" in complaint(empty)
    small = two_classes(tmp_path / "small")
    put(small / "cow" / "1.png")
    assert "cow holds 1 image file;" in complaint(small)
    nested = two_classes(tmp_path / "nested")
    put(nested / "train" / "cat" / "1.png")
    assert "1 folders inside it are not searched" in complaint(nested)
    blank = two_classes(tmp_path / "blank")
    put(blank / " cat" / "1.png")
    with pytest.raises(ValueError, match="' cat' has blanks"):
        FolderSource(blank)


def test_committed_example_is_what_its_script_draws(tmp_path: Path) -> None:
    import runpy

    runpy.run_path(str(EXAMPLES / "make_shapes.py"))["main"](tmp_path)
    drawn, committed = FolderSource(tmp_path), FolderSource(EXAMPLES / "shapes")
    assert committed.classes == ("circle", "square")
    assert np.bincount(committed.labels).tolist() == [12, 12]
    assert committed.ignored == 0
    for index in range(24):
        assert committed.name(index) == drawn.name(index)
        with Image.open(committed._folders[committed.labels[index]] / committed._files[index]) as image:
            other = Image.open(drawn._folders[drawn.labels[index]] / drawn._files[index])
            np.testing.assert_array_equal(np.asarray(image), np.asarray(other))
