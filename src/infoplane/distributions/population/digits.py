"""Embeddings of real digits that meet in a class: the truth lies between a probe's bound and what the classes share."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property, lru_cache

import numpy as np
import numpy.typing as npt
from scipy.special import log_softmax

from infoplane.common import seeds
from infoplane.common.aliases import Array, FloatArray, IntArray
from infoplane.distributions.base import stream
from infoplane.distributions.discrete import Discrete
from infoplane.distributions.images import CLASSES, digits

MOST_ROWS = 2000
"""More pairs would need images twice: there are 5,000 images, 500 of each class."""

_FILTERS, _PATCH, _STRIDE = 24, 7, 4
_PROBE_FEATURES, _RIDGE = 500, 30.0


@dataclass(frozen=True)
class RandomFeatures:
    """A network with random weights: filters of 7 x 7 pixels, rectified, then a random projection.

    Args:
        seed: of the weights.
        columns: of the output.
    """

    seed: int
    columns: int

    def __call__(self, images: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """Features of images (n, 28, 28), shape (n, columns)."""
        rng = seeds.generator(self.seed, "random_features")
        windows = np.lib.stride_tricks.sliding_window_view(images, (_PATCH, _PATCH), axis=(1, 2))
        patches = windows[:, ::_STRIDE, ::_STRIDE].reshape(-1, _PATCH * _PATCH)
        filters = rng.standard_normal((_PATCH * _PATCH, _FILTERS)).astype(np.float32) / _PATCH
        shifts = rng.uniform(-0.5, 0.2, size=_FILTERS).astype(np.float32)
        hidden = np.maximum(patches @ filters + shifts, 0).reshape(len(images), -1)
        outer = rng.standard_normal((hidden.shape[1], self.columns)).astype(np.float32)
        features: npt.NDArray[np.float32] = np.tanh(hidden @ outer / np.float32(np.sqrt(hidden.shape[1])))
        return features


@dataclass(frozen=True, eq=False)
class DigitPairs:
    """x shows a digit of class i; z another image of class j, or the group j of i; (i, j) from a table.

    Given the classes, x and z are independent, and an image may leave its class in doubt: I(X; Z) is at most I(i; j)
    (data processing), and at least what a variational bound makes of a classifier's readings of both. No image is
    used twice in a sample, but for the few classes that run out of images.

    Args:
        table: p(i, j), shape (10, 10), or (10, groups) for labels.
        x_features: of X.
        z_features: of Z; None: z is the label j.
    """

    table: FloatArray = field(repr=False)
    x_features: RandomFeatures
    z_features: RandomFeatures | None

    def sample(self, n: int, seed: int) -> tuple[Array, Array]:
        """n pairs: x (n, columns), z likewise or (n,) labels.

        Raises:
            ValueError: more than 2,000 pairs.
        """
        if n > MOST_ROWS:
            raise ValueError(f"n: {n} given, at most {MOST_ROWS} pairs can be made of 5,000 images")
        rng = stream(n, seed, "digit_pairs")
        cells = rng.choice(self.table.size, size=n, p=self.table.ravel() / self.table.sum())
        i, j = np.divmod(cells, self.table.shape[1])
        images, shown = digits()
        piles = [rng.permutation(np.flatnonzero(shown == c)) for c in range(CLASSES)]
        x = self.x_features(images[_taken(i, piles, from_end=False)])
        return x, j if self.z_features is None else self.z_features(images[_taken(j, piles, from_end=True)])

    def mutual_information(self) -> float:
        """The middle of the range, in nats."""
        return 0.5 * sum(self._range)

    def mutual_information_range(self) -> tuple[float, float]:
        """The lowest and the highest value that I(X; Z) can have, in nats."""
        return self._range

    @cached_property
    def _range(self) -> tuple[float, float]:
        high = Discrete(self.table / self.table.sum()).mutual_information()
        shown = digits()[1]
        ratio = self.table / np.outer(self.table.sum(axis=1), self.table.sum(axis=0)) * self.table.sum()
        right, classes = np.eye(self.table.shape[1]), np.arange(self.table.shape[1])
        if self.z_features is not None:
            right, classes = readings(self.z_features), shown
        low = _donsker_varadhan(readings(self.x_features) @ ratio, right, self.table, shown, classes)
        return max(0.0, min(high, low)), high


def _donsker_varadhan(
    left: FloatArray, right: FloatArray, table: FloatArray, x_classes: IntArray, z_classes: IntArray
) -> float:
    """E ln r - ln E' r for the density ratio r = left . right of all pairs of images, a lower bound on I(X; Z).

    E is over pairs whose classes go by the table, E' over independent ones (Donsker & Varadhan 1983).

    Args:
        left: shape (images, k), of X.
        right: shape (images, k), of Z.
        table: p(i, j), shape (K, L).
        x_classes: shape (images,).
        z_classes: likewise, of Z.
    """
    x_sizes, z_sizes = np.bincount(x_classes), np.bincount(z_classes)
    of_x = (table.sum(axis=1) / x_sizes)[x_classes]
    of_z = (table.sum(axis=0) / z_sizes)[z_classes]
    joint = 0.0
    for i in range(len(x_sizes)):
        logs = np.log((left[x_classes == i] @ right.T).astype(np.float32)).sum(axis=0, dtype=np.float64)
        joint += float((table[i] / (x_sizes[i] * z_sizes))[z_classes] @ logs)
    return joint - float(np.log((of_x @ left) @ (of_z @ right)))


def _taken(classes: IntArray, piles: list[IntArray], from_end: bool) -> IntArray:
    """An image of each class, from one end of its pile."""
    chosen = np.empty(len(classes), dtype=np.int64)
    for c, pile in enumerate(piles):
        rows = np.flatnonzero(classes == c)
        ordered = pile[::-1] if from_end else pile
        chosen[rows] = ordered[np.arange(len(rows)) % len(pile)]
    return chosen


@lru_cache(maxsize=4)
def readings(features: RandomFeatures) -> FloatArray:
    """Probabilities of the classes of all 5,000 images by a probe on these features, shape (5000, 10).

    The probe is a ridge regression on rectified random features; each image is left out in turn, which needs no
    further fit (Allen 1974). Its outputs become probabilities by the softmax of the best temperature.
    """
    images, shown = digits()
    rows = features(images)
    rows = (rows - rows.mean(axis=0)) / rows.std(axis=0)
    rng = seeds.generator(0, "digits", "probe")
    inner = rng.standard_normal((rows.shape[1], _PROBE_FEATURES), dtype=np.float32) / np.float32(rows.shape[1] ** 0.5)
    hidden = np.maximum(rows @ inner + rng.uniform(-1, 1, _PROBE_FEATURES).astype(np.float32), 0)
    design = np.concatenate([hidden, rows, np.ones((len(rows), 1), dtype=np.float32)], axis=1)
    gram = (design.T @ design).astype(np.float64) + _RIDGE * np.eye(design.shape[1])
    solved = design @ np.linalg.inv(gram).astype(np.float32)
    leverage = (design * solved).sum(axis=1, keepdims=True)
    targets = np.eye(CLASSES, dtype=np.float32)[shown]
    fitted = solved @ (design.T @ targets)
    outputs = ((fitted - leverage * targets) / (1 - leverage)).astype(np.float64)
    steepness = np.geomspace(1.0, 30.0, 20)
    logs = [log_softmax(factor * outputs, axis=1) for factor in steepness]
    best: FloatArray = max(logs, key=lambda one: float(one[np.arange(len(shown)), shown].mean()))
    return np.exp(best)
