"""Random access to the examples in TFRecord files, by an index of their positions.

A record: its length (uint64, little-endian), a checksum of that (4 bytes), the data, a checksum of the data (4 bytes).
Source: ``tensorflow/core/lib/io/record_writer.h``.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from infoplane.common.runtime import tensorflow

_LENGTH = struct.Struct("<Q")
_CHECKSUM = 4


@dataclass(frozen=True)
class Position:
    """The position of one record's data in a file."""

    file: Path
    offset: int
    length: int

    def example(self) -> Any:
        """The ``tf.train.Example`` there.

        Raises:
            OSError: the file cannot be read.
        """
        with self.file.open("rb") as handle:
            handle.seek(self.offset)
            return tensorflow().train.Example.FromString(handle.read(self.length))


def positions(files: Sequence[Path]) -> Iterator[Position]:
    """Every record of the files, in their order.

    Raises:
        ValueError: a file that ends within a record.
    """
    for file in files:
        size = file.stat().st_size
        with file.open("rb") as handle:
            offset = 0
            while offset < size:
                head = handle.read(_LENGTH.size)
                length = _LENGTH.unpack(head)[0] if len(head) == _LENGTH.size else size
                start = offset + _LENGTH.size + _CHECKSUM
                offset = start + length + _CHECKSUM
                if offset > size:
                    raise ValueError(f"{file}: ends within a record: damaged, delete it and prepare the data again")
                handle.seek(offset)
                yield Position(file, start, length)
