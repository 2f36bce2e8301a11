"""A source of images: any classification data set of TensorFlow Datasets, read from its prepared files.

The files are indexed once (labels and positions), so that images load in
any order and memory does not grow with their number.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from infoplane.images.catalogue import prepared_builder
from infoplane.images.record_index import Position, positions
from infoplane.images.tfds_package import tensorflow_datasets

ALL = "all"


class TfdsSource:
    """One or several splits of a data set, in the order of its files, which is the same on every machine."""

    ignored = 0

    def __init__(self, name: str, split: str) -> None:
        """Find the data set, prepare it if it is not, and index it.

        Args:
            name: as TFDS calls it.
            split: its splits to take, joined by ``+``, or ``all``.

        Raises:
            ValueError: no such data set or split, no network, no image and label in its examples, or no labels in a
                split.
        """
        builder = prepared_builder(name)
        self.kind = f"tfds/{builder.info.full_name}"
        self._image, label = _image_and_label(name, builder.info.features)
        self.classes = tuple(builder.info.features[label].names)
        self._positions: list[Position] = []
        self._names: list[str] = []
        labels: list[int] = []
        for part in _splits(name, split, builder.info.splits):
            for number, position in enumerate(positions(_files(name, builder, part))):
                value = int(position.example().features.feature[label].int64_list.value[0])
                if not 0 <= value < len(self.classes):
                    raise ValueError(f"data.split: split {part} of {name} has no labels; expected splits with labels")
                labels.append(value)
                self._positions.append(position)
                self._names.append(f"{part}/{number:06d}")
        self.labels: npt.NDArray[np.int64] = np.array(labels, dtype=np.int64)

    def name(self, index: int) -> str:
        """``<split>/<number in the split>``."""
        return self._names[index]

    def load(self, index: int) -> bytes:
        """The bytes of one image file."""
        values: Any = self._positions[index].example().features.feature[self._image].bytes_list.value
        return bytes(values[0])


def _image_and_label(name: str, features: Any) -> tuple[str, str]:
    """The keys of the image and of the class label: the supervised pair's kinds, each of which occurs once."""
    kinds = tensorflow_datasets().features
    images = [key for key, feature in features.items() if type(feature) is kinds.Image]
    labels = [key for key, feature in features.items() if type(feature) is kinds.ClassLabel]
    images = [key for key in images if features[key].np_dtype in (np.uint8, np.uint16)]
    if "image" in images:
        images = ["image"]
    if "label" in labels:
        labels = ["label"]
    if len(images) != 1 or len(labels) != 1:
        found = ", ".join(f"{key} ({type(feature).__name__})" for key, feature in sorted(features.items()))
        raise ValueError(f"data.name: {name} has {found}; expected one image and one class label")
    return images[0], labels[0]


def _splits(name: str, requested: str, known: Any) -> Iterator[str]:
    names = sorted(known) if requested == ALL else [part.strip() for part in requested.split("+")]
    for part in dict.fromkeys(names):
        if part not in known:
            allowed = ", ".join(sorted(known))
            raise ValueError(f"data.split: {name} has no split {part!r}; expected {allowed}, joined by +, or {ALL}")
        yield part


def _files(name: str, builder: Any, split: str) -> list[Path]:
    file_format = builder.info.file_format
    if file_format is not None and file_format.value != "tfrecord":
        raise ValueError(f"data.name: {name} is prepared as {file_format.value}; expected tfrecord")
    return [Path(str(path)) for path in builder.info.splits[split].filepaths]
