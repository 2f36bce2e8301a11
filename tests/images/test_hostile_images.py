"""Files that are no images, or unpack to far more than they are: skipped by name, fast, in little memory."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hostile_images import HARMLESS, POSTSCRIPT, REFUSED, gif, jpeg, png, saved, tiff, zeros
from PIL import Image

from infoplane.images import decoding, opening
from infoplane.images.decoding import picture_of_file
from infoplane.images.folder import FolderSource
from infoplane.images.opening import UndecodableImage
from infoplane.images.reading import central_square
from infoplane.images.writing import write_dataset

SECONDS, MEBIBYTES = 2.0, 200.0
"""Of a processor, and of memory beyond what was held before, for a file."""

MEASURE = """
import json, sys, time, warnings
from pathlib import Path
from infoplane.common.runtime import tensorflow
from infoplane.images.decoding import picture_of_file
from infoplane.images.opening import UndecodableImage

def memory(line):
    return int(next(one for one in Path("/proc/self/status").open() if one.startswith(line)).split()[1]) / 1024

warnings.simplefilter("ignore")
tensorflow()
picture_of_file(Path(sys.argv[2]).read_bytes())
found = {}
for file in sorted(Path(sys.argv[1]).iterdir()):
    encoded = file.read_bytes()
    Path("/proc/self/clear_refs").write_text("5")  # sets the peak to what is held now
    before, start = memory("VmRSS"), time.process_time()
    try:
        outcome = "decoded " + " ".join(picture_of_file(encoded).changes)
    except UndecodableImage as reason:
        outcome = str(reason)
    found[file.name] = (outcome, time.process_time() - start, memory("VmHWM") - before)
print(json.dumps(found))
"""


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[str, float, float]]:
    """Of each hostile file what comes of it, processor seconds and peak of memory, in a process of their own."""
    if not os.access("/proc/self/clear_refs", os.W_OK):
        pytest.skip("it measures the peak of memory, which only Linux can reset (/proc/self/clear_refs)")
    folder = tmp_path_factory.mktemp("hostile")
    good = folder / "good.png"
    good.write_bytes(png(16))
    (folder / "files").mkdir()
    for name, make in (HARMLESS | {name: make for name, (make, _) in REFUSED.items()}).items():
        (folder / "files" / name).write_bytes(make())
    command = [sys.executable, "-c", MEASURE, str(folder / "files"), str(good)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    found: dict[str, tuple[str, float, float]] = json.loads(done.stdout.splitlines()[-1])
    print(f"largest memory: {max(peak for _, _, peak in found.values()):.0f} MiB over {len(found)} files")
    return found


@pytest.mark.parametrize("name", REFUSED)
def test_a_hostile_file_is_refused_fast_and_in_little_memory(
    name: str, measured: dict[str, tuple[str, float, float]]
) -> None:
    outcome, seconds, peak = measured[name]
    assert outcome == REFUSED[name][1]
    assert seconds < SECONDS
    assert peak < MEBIBYTES


@pytest.mark.parametrize("name", HARMLESS)
def test_what_is_not_needed_is_not_unpacked(name: str, measured: dict[str, tuple[str, float, float]]) -> None:
    outcome, seconds, peak = measured[name]
    assert outcome.startswith("decoded")
    assert seconds < SECONDS
    assert peak < MEBIBYTES


@pytest.mark.filterwarnings("ignore::DeprecationWarning:PIL")
def test_every_format_but_the_documented_ones_is_refused() -> None:
    Image.init()
    image, tried = Image.new("RGB", (32, 32), "red"), 0
    for kind in sorted(Image.SAVE):
        try:
            encoded = saved(image, kind)
        except (OSError, ValueError, KeyError):  # palettes or grey alone, or nothing that is installed
            continue
        if kind in opening.FORMATS or kind == "MPO":
            continue
        tried += 1
        with pytest.raises(UndecodableImage, match=r"^not an image$"):
            picture_of_file(encoded)
        with pytest.raises(UndecodableImage, match=r"^not an image$"):
            central_square(encoded, 32)
    assert tried >= 10


def test_postscript_starts_no_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    started = tmp_path / "started"
    (tmp_path / "gs").write_text(f"#!/bin/sh\n[ $1 = --version ] || touch {started}\n")
    (tmp_path / "gs").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    monkeypatch.setattr("PIL.EpsImagePlugin.gs_binary", None)
    with pytest.raises(OSError, match=r"."):
        Image.open(io.BytesIO(POSTSCRIPT)).load()
    assert started.exists(), "Pillow itself starts it"
    started.unlink()
    for read in (picture_of_file, lambda encoded: central_square(encoded, 32)):
        with pytest.raises(UndecodableImage):
            read(POSTSCRIPT)
    assert not started.exists()


def test_a_camera_s_file_of_two_images_is_its_first() -> None:
    first, second = Image.new("RGB", (16, 16), "red"), Image.new("RGB", (16, 16), "blue")
    encoded = saved(first, "MPO", save_all=True, append_images=[second])
    pixels = np.asarray(Image.open(io.BytesIO(picture_of_file(encoded).encoded)))
    assert pixels[8, 8].argmax() == 0


def test_what_follows_the_pixels_of_a_png_is_never_given_to_tensorflow(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: bytes) -> bool:
        raise AssertionError("TensorFlow would unpack all of it")

    monkeypatch.setattr(decoding, "_decodes_in_tensorflow", refuse)
    picture = picture_of_file(png(16, packed=zeros(100, bytes(16 * 49))))
    assert picture.changes == ("repaired",)
    with pytest.raises(AssertionError):
        picture_of_file(png(16))


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_honest_files_of_many_pixels_and_parts_pass(kind: str) -> None:
    """Noise of 17 million pixels; a progressive file; 3,000 strips."""
    pixels = np.random.default_rng(0).integers(0, 256, (4100, 4100, 3), dtype=np.uint8)
    encoded = saved(
        Image.fromarray(pixels), kind, **({"compress_level": 0} if kind == "PNG" else {"progressive": True})
    )
    assert picture_of_file(encoded).encoded == encoded
    strips = Image.fromarray(pixels[:3000, :8])
    assert picture_of_file(saved(strips, "TIFF", tiffinfo={278: 1})).changes == ("TIFF",)


def test_large_images_are_held_one_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opening, "LARGE", 100)
    held, most = 0, 0
    guard = threading.Lock()

    def hold(encoded: bytes) -> None:
        nonlocal held, most
        with opening.opened(encoded):
            with guard:
                held += 1
                most = max(most, held)
            threading.Event().wait(0.02)
            with guard:
                held -= 1

    encoded = saved(Image.fromarray(np.random.default_rng(0).integers(0, 256, (40, 40), dtype=np.uint8)), "PNG")
    threads = [threading.Thread(target=hold, args=(encoded,)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == 1


def test_hostile_files_in_a_folder_are_skipped_by_name(tmp_path: Path) -> None:
    bad = {"eps.jpg": POSTSCRIPT, "claim.jpg": jpeg(claimed=8400), "frame.gif": gif(16, frame=65535)}
    bad |= {"tags.tiff": tiff(bytes(192), t258=(2**31, 8)), "a\nb\x1b[2J.png": b"no image"}
    for name in ("cat", "dog"):
        (tmp_path / "images" / name).mkdir(parents=True)
        for number in range(4):
            (tmp_path / "images" / name / f"{number}.png").write_bytes(png(16 + number))
    for name, encoded in bad.items():
        (tmp_path / "images" / "dog" / name).write_bytes(encoded)
    report = _written(tmp_path, max_bad_share=0.5)
    assert report["skipped_names"] == [
        r"dog/a\nb\x1b[2J.png", "dog/claim.jpg", "dog/eps.jpg", "dog/frame.gif", "dog/tags.tiff",
    ]  # fmt: skip
    assert report["images"] == 8
    with pytest.raises(ValueError, match=r"5 of 13 image files cannot be decoded.*a\\nb\\x1b\[2J\.png") as caught:
        _written(tmp_path, max_bad_share=0.1)
    assert str(caught.value).isprintable()


def _written(folder: Path, max_bad_share: float) -> dict[str, Any]:
    out = folder / f"out{max_bad_share}"
    for name in ("images", "labels"):
        (out / name).mkdir(parents=True)
    source = FolderSource(folder / "images")
    options: dict[str, Any] = {"test_fraction": 0.4, "limit": None, "seed": 0, "max_bad_share": max_bad_share}
    return write_dataset(source, out / "images", out / "labels", **options)
