"""Streaming embeddings to disk: every row once, in order, finite, or no file at all."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from infoplane.common import io
from infoplane.common.runtime import tensorflow, workers
from infoplane.encoders.embedding import embed
from infoplane.encoders.encoder import Encoder

SIZE = 8


@pytest.fixture(scope="module")
def encoder() -> Encoder:
    tensorflow()
    import keras

    pixels = keras.Input((SIZE, SIZE, 3))
    kernel = keras.initializers.RandomNormal(seed=0)
    x = keras.layers.Conv2D(5, 3, kernel_initializer=kernel)(pixels)
    x = keras.layers.BatchNormalization()(x)
    return Encoder("tiny", keras.Model(pixels, keras.layers.GlobalAveragePooling2D()(x)), lambda x: x / 255.0)


@pytest.fixture(scope="module")
def images() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (23, SIZE, SIZE, 3), dtype=np.uint8)


def in_batches(images: np.ndarray, *sizes: int) -> Iterator[np.ndarray]:
    return iter(np.split(images, np.cumsum(sizes)[:-1]))


@pytest.mark.parametrize("sizes", [(23,), (10, 10, 3), (4, 19), (1,) * 23, (10, 0, 13)])
def test_rows_are_the_images_embeddings_in_order(
    encoder: Encoder, images: np.ndarray, tmp_path: Path, sizes: tuple[int, ...]
) -> None:
    embed(encoder, in_batches(images, *sizes), 23, tmp_path / "e.npy")
    rows = io.open_npy(tmp_path / "e.npy")
    assert rows.dtype == np.float32
    assert rows.shape == (23, 5)
    np.testing.assert_allclose(rows, encoder.model(images / 255.0).numpy(), rtol=1e-4, atol=1e-6)
    assert [file.name for file in tmp_path.iterdir()] == ["e.npy"]


def test_the_same_images_give_the_same_bytes_and_one_graph(
    encoder: Encoder, images: np.ndarray, tmp_path: Path
) -> None:
    for name, sizes in (("a", (10, 10, 3)), ("b", (10, 13))):
        embed(encoder, in_batches(images, *sizes), 23, tmp_path / f"{name}.npy")
    assert (tmp_path / "a.npy").read_bytes() == (tmp_path / "b.npy").read_bytes()
    assert encoder._compiled.experimental_get_tracing_count() == 1


def test_rows_are_on_disk_before_later_images_are_asked_for(encoder: Encoder, tmp_path: Path) -> None:
    """So neither images nor rows pile up in memory, however many there are."""
    batch = np.zeros((500, SIZE, SIZE, 3), np.uint8)
    row_bytes, behind = 5 * 4, []

    def stream() -> Iterator[np.ndarray]:
        for count in range(200):
            written = max((file.stat().st_size for file in tmp_path.iterdir()), default=0)
            behind.append(count * len(batch) * row_bytes - written)
            yield batch

    embed(encoder, stream(), 200 * len(batch), tmp_path / "e.npy")
    assert len(behind) == 200
    assert max(behind) <= (workers() + 1) * len(batch) * row_bytes


@pytest.mark.parametrize(
    ("total", "problem"), [(22, "more than the 22"), (24, "23 rows; expected 24"), (0, "at least 1")]
)
def test_another_number_of_images_leaves_no_file(
    encoder: Encoder, images: np.ndarray, tmp_path: Path, total: int, problem: str
) -> None:
    with pytest.raises(ValueError, match=problem):
        embed(encoder, in_batches(images, 10, 13), total, tmp_path / "e.npy")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "wrong",
    [
        np.zeros((3, SIZE, SIZE, 3), np.float32),
        np.zeros((3, SIZE + 1, SIZE, 3), np.uint8),
        np.zeros((3, SIZE, SIZE, 1), np.uint8),
        np.zeros((SIZE, SIZE, 3), np.uint8),
    ],
)
def test_wrong_batches_are_refused(encoder: Encoder, tmp_path: Path, wrong: np.ndarray) -> None:
    with pytest.raises(ValueError, match=r"tiny: a batch of shape .* expected \(b, 8, 8, 3\), uint8"):
        embed(encoder, [wrong], 3, tmp_path / "e.npy")


def test_an_interrupted_stream_leaves_no_file(encoder: Encoder, images: np.ndarray, tmp_path: Path) -> None:
    def broken() -> Iterator[np.ndarray]:
        yield images[:10]
        raise ValueError("image 10 is gone")

    with pytest.raises(ValueError, match="image 10 is gone"):
        embed(encoder, broken(), 23, tmp_path / "e.npy")
    assert not list(tmp_path.iterdir())


def test_rows_that_are_not_finite_are_refused_by_number(images: np.ndarray, tmp_path: Path) -> None:
    tf = tensorflow()
    import keras

    pixels = keras.Input((SIZE, SIZE, 3))
    mean = keras.Model(pixels, keras.layers.GlobalAveragePooling2D()(pixels))
    broken = Encoder("broken", mean, tf.math.log)
    dark = np.maximum(images, 1)
    embed(broken, in_batches(dark, 10, 13), 23, tmp_path / "fine.npy")
    dark[14, 0, 0, 0] = 0
    with pytest.raises(ValueError, match="embedding of image 14 holds NaN or infinity"):
        embed(broken, in_batches(dark, 10, 13), 23, tmp_path / "e.npy")
    assert not (tmp_path / "e.npy").exists()


def test_the_bar_goes_to_standard_error(
    encoder: Encoder, images: np.ndarray, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    embed(encoder, in_batches(images, 23), 23, tmp_path / "e.npy")
    assert capsys.readouterr().out == ""


def test_a_network_too_large_for_constants_gives_the_same(
    encoder: Encoder, images: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("infoplane.encoders.encoder._LARGEST_CONSTANT_MODEL", 0)
    plain = Encoder("plain", encoder.model, lambda x: x / 255.0)
    np.testing.assert_allclose(plain(images), encoder(images), rtol=1e-5, atol=1e-6)
