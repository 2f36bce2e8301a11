"""Sources of labelled images, by the name in ``data.source``.

A source lists its candidates cheaply (labels and names, no pixels) and loads one of them when asked, so that a
split can be drawn before anything is decoded and memory does not grow with the number of images. Only the
``download`` stage knows sources; every later stage reads the data set that ``writing`` makes of them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import numpy as np
import numpy.typing as npt

from infoplane.common.aliases import IntArray

Pixels = npt.NDArray[np.uint8]


class Source(Protocol):
    """Labelled images with random access."""

    @property
    def kind(self) -> str:
        """Its name in the metrics: that in ``data.source``, with more detail where needed."""

    @property
    def classes(self) -> tuple[str, ...]:
        """Class names; label k means ``classes[k]``."""

    @property
    def labels(self) -> IntArray:
        """The label of every candidate, shape (n,), in the source's fixed order."""

    @property
    def ignored(self) -> int:
        """Number of files that were found and are not candidates."""

    def name(self, index: int) -> str:
        """The name of a candidate: unique, and the same on every machine."""

    def load(self, index: int) -> bytes | Pixels:
        """One candidate: the bytes of an image file, not yet checked, or RGB pixels of shape (height, width, 3).

        Called from several threads at once.

        Raises:
            OSError: the file cannot be read.
            UndecodableImage: not a usable image, as can be seen without decoding it.
        """


class SourceOptions(Protocol):
    """The part of the ``data`` parameters that chooses and sets up a source."""

    @property
    def source(self) -> str:
        """One of ``SOURCES``."""

    @property
    def path(self) -> str:
        """The folder of a ``folder`` source."""

    @property
    def name(self) -> str:
        """The data set of a ``tfds`` source."""

    @property
    def split(self) -> str:
        """Its splits, joined by ``+``, or ``all``."""

    @property
    def parity(self) -> bool:
        """Whether ``mnist`` has the two classes even and odd, not ten."""


def _mnist(options: SourceOptions) -> Source:
    from infoplane.images.mnist import MnistSource

    return MnistSource(parity=options.parity)


def _folder(options: SourceOptions) -> Source:
    from infoplane.images.folder import FolderSource

    return FolderSource(options.path)


def _tfds(options: SourceOptions) -> Source:
    from infoplane.images.tfds_source import TfdsSource

    return TfdsSource(options.name, options.split)


SOURCES: dict[str, Callable[[SourceOptions], Source]] = {"mnist": _mnist, "folder": _folder, "tfds": _tfds}
"""What ``data.source`` may name, besides ``arrays``; each is imported when it is opened."""


def open_source(options: SourceOptions) -> Source:
    """The source that the parameters name.

    Raises:
        ValueError: no such source, or one that holds nothing usable (one line says what is wrong).
    """
    if options.source not in SOURCES:
        raise ValueError(f"data.source: {options.source!r} given; expected one of {', '.join(SOURCES)}")
    return SOURCES[options.source](options)
