"""Files of a data set in the format of TensorFlow Datasets, written as a stream.

TFDS's own ``SequentialWriter`` serialises the same examples to different bytes in different processes (protobuf
maps have no order of their own). Here the order is fixed, so equal images give equal files, and a stage that
reads them is not run again without need.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any

from infoplane.common.runtime import tensorflow
from infoplane.images.tfds_package import tensorflow_datasets

NAME, VERSION = "images", "1.0.0"
SHARD_BYTES = 128 * 2**20
"""Size after which a new file begins."""


@contextlib.contextmanager
def _as_os_error() -> Iterator[None]:
    """TensorFlow's own errors, such as that of a full disk, as what they are."""
    try:
        yield
    except tensorflow().errors.OpError as error:
        raise OSError(error.message) from error


class _SplitFiles:
    """The TFRecord files of one split."""

    def __init__(self, folder: Path, split: str) -> None:
        tfds = tensorflow_datasets()
        self._split = split
        self._template = tfds.core.ShardedFileTemplate(
            dataset_name=NAME, data_dir=folder, split=split, filetype_suffix="tfrecord"
        )
        self._folder = folder
        self._lengths: list[int] = []
        self._bytes = self._bytes_before_shard = 0
        self._writer: Any = None

    def _unfinished(self, shard: int) -> Path:
        return self._folder / f"{self._split}-{shard}.unfinished"

    def add(self, record: bytes) -> None:
        with _as_os_error():
            if self._writer is None:
                self._writer = tensorflow().io.TFRecordWriter(str(self._unfinished(len(self._lengths))))
                self._lengths.append(0)
                self._bytes_before_shard = self._bytes
            self._writer.write(record)
        self._lengths[-1] += 1
        self._bytes += len(record)
        if self._bytes - self._bytes_before_shard >= SHARD_BYTES:
            self.close()

    def close(self) -> None:
        if self._writer is not None:
            writer, self._writer = self._writer, None
            with _as_os_error():
                writer.close()

    def finish(self) -> Any:
        """Rename the files to their final names, which contain their number, and return their metadata."""
        self.close()
        for shard in range(len(self._lengths)):
            final = self._template.sharded_filepath(shard_index=shard, num_shards=len(self._lengths))
            self._unfinished(shard).rename(str(final))
        return tensorflow_datasets().core.SplitInfo(
            name=self._split, shard_lengths=self._lengths, num_bytes=self._bytes, filename_template=self._template
        )


class RecordWriter:
    """Writes examples (image, label, file name) to the splits of one data set; a context manager.

    The metadata is written on leaving without an error, so that a folder without it is no data set.
    """

    def __init__(self, folder: Path, classes: tuple[str, ...], splits: tuple[str, ...]) -> None:
        """Start with no examples.

        Args:
            folder: an existing, empty folder.
            classes: class names in the order of the labels.
            splits: names of the splits, each of which must get an example.
        """
        self._folder, self._classes = folder, classes
        self._files = {split: _SplitFiles(folder, split) for split in splits}

    def __enter__(self) -> RecordWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            self._write_metadata()
        else:
            for files in self._files.values():
                with contextlib.suppress(OSError):  # the first error says more
                    files.close()

    def add(self, split: str, encoded: bytes, label: int, filename: str) -> None:
        """Append one example: a JPEG or PNG file, its label, and its name."""
        train = tensorflow().train
        example = train.Example(
            features=train.Features(
                feature={
                    "image": train.Feature(bytes_list=train.BytesList(value=[encoded])),
                    "image/filename": train.Feature(bytes_list=train.BytesList(value=[filename.encode()])),
                    "label": train.Feature(int64_list=train.Int64List(value=[label])),
                }
            )
        )
        self._files[split].add(example.SerializeToString(deterministic=True))

    def _write_metadata(self) -> None:
        """``dataset_info.json``, ``features.json`` and the class names, as TFDS writes them; no times, no paths."""
        tfds = tensorflow_datasets()
        features = tfds.features.FeaturesDict(
            {
                "image": tfds.features.Image(shape=(None, None, 3)),
                "image/filename": tfds.features.Text(),
                "label": tfds.features.ClassLabel(names=list(self._classes)),
            }
        )
        identity = tfds.core.dataset_info.DatasetIdentity(
            name=NAME, version=tfds.core.Version(VERSION), data_dir=str(self._folder), module_name=__name__
        )
        info = tfds.core.DatasetInfo(
            builder=identity, features=features, supervised_keys=("image", "label"), disable_shuffling=True
        )
        info.set_file_format("tfrecord")
        info.set_splits(tfds.core.splits.SplitDict([files.finish() for files in self._files.values()]))
        info.write_to_directory(self._folder)
