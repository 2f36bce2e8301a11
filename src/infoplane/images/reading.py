"""Reads the images of the data set on disk as arrays of one size."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from infoplane.images.opening import opened
from infoplane.images.ordered import ordered_map
from infoplane.images.tfds_package import tensorflow_datasets

_FILES_PER_READ = 16
"""With one at a time, TensorFlow's overhead would exceed the time to decode small images."""


def split_size(folder: Path, split: str) -> int:
    """How many images a split has.

    Raises:
        ValueError: no data set in the folder, or no such split.
    """
    return int(_builder(folder, split).info.splits[split].num_examples)


def batches(
    folder: Path, split: str, image_size: int, batch_size: int, rows: tuple[int, int] | None = None
) -> Iterator[npt.NDArray[np.uint8]]:
    """The images of a split in their stored order, which is that of the labels.

    The largest central square of each is resized with Pillow's bicubic filter, which widens when it shrinks an
    image (antialiasing). Read, decoded and resized as a stream by one thread per core.

    Args:
        folder: what ``writing.write_dataset`` filled.
        split: ``train`` or ``test``.
        image_size: side s of the result in pixels.
        batch_size: images per batch b; the last one may be smaller.
        rows: the first row and the one after the last; None: all.

    Yields:
        Shape (b, s, s, 3), uint8.

    Raises:
        ValueError: no data set in the folder, no such split, or a size below 1.
    """
    if image_size < 1 or batch_size < 1:
        raise ValueError(f"image_size {image_size} and batch_size {batch_size} given; expected at least 1")
    part = split if rows is None else f"{split}[{rows[0]}:{rows[1]}]"
    squares = ordered_map(partial(central_square, size=image_size), _encoded(_builder(folder, split), part))
    while batch := list(islice(squares, batch_size)):
        yield np.stack(batch)


def central_square(encoded: bytes, size: int) -> npt.NDArray[np.uint8]:
    """The largest central square of an image file, resized to shape (size, size, 3)."""
    with opened(encoded) as stored:
        image = stored if stored.mode == "RGB" else stored.convert("RGB")
        side = min(image.size)
        left, top = (image.width - side) // 2, (image.height - side) // 2
        box = (left, top, left + side, top + side)
        return np.asarray(image.resize((size, size), Image.Resampling.BICUBIC, box=box))


def _builder(folder: Path, split: str) -> Any:
    if not (folder / "dataset_info.json").is_file():
        raise ValueError(f"{folder}: no data set in TFDS format (dataset_info.json is missing)")
    builder = tensorflow_datasets().builder_from_directory(str(folder))
    if split not in builder.info.splits:
        raise ValueError(f"{folder}: no split {split!r}; expected one of {', '.join(sorted(builder.info.splits))}")
    return builder


def _encoded(builder: Any, split: str) -> Iterator[bytes]:
    """The image files of a split, or of a slice of it, not decoded."""
    tfds = tensorflow_datasets()
    stored = builder.as_dataset(
        split=split,
        shuffle_files=False,
        decoders={"image": tfds.decode.SkipDecoding()},
        # No cache and no prefetch: memory is not to grow with the data set, and the threads read ahead anyway.
        read_config=tfds.ReadConfig(try_autocache=False, skip_prefetch=True, interleave_cycle_length=1),
    )
    for several in stored.batch(_FILES_PER_READ).as_numpy_iterator():
        yield from several["image"]
