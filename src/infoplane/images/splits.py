"""Stratified division into train and test, decided one image at a time.

The candidates come in random order and some turn out unreadable, so how many images a class really has is known
only at the end. The rule here needs no such knowledge: after any number k of images of a class, the test split
holds round(k * test_fraction) of them, and at least one, and at most k - 1.
"""

from __future__ import annotations

import math
from typing import Literal

import numpy as np
import numpy.typing as npt

Split = Literal["train", "test"]
SPLITS: tuple[Split, ...] = ("train", "test")


def images_for_test(images: int, test_fraction: float) -> int:
    """Number of test images among the first ``images`` images of a class; it grows by 0 or 1 per image."""
    if images < 2:
        return 0
    return min(max(math.floor(images * test_fraction + 0.5), 1), images - 1)


def quotas(counts: npt.NDArray[np.int64], limit: int | None) -> npt.NDArray[np.int64]:
    """How many images of each class a stratified subset takes.

    Args:
        counts: images of each class, shape (classes,), each at least 2.
        limit: size of the subset; None, or more than there are, means all.

    Returns:
        Counts, shape (classes,), that sum to the limit: proportional to ``counts`` by largest remainders, and at
        least 2 each.

    Raises:
        ValueError: fewer than 2 images per class.
    """
    total = int(counts.sum())
    if limit is None or limit >= total:
        return counts.copy()
    if limit < 2 * len(counts):
        raise ValueError(f"data.limit: {limit} given; expected at least {2 * len(counts)} for {len(counts)} classes")
    ideal = counts * (limit / total)
    taken: npt.NDArray[np.int64] = np.maximum(np.floor(ideal).astype(np.int64), 2)
    while (missing := limit - int(taken.sum())) != 0:
        step = 1 if missing > 0 else -1
        possible = taken < counts if step > 0 else taken > 2
        need = np.where(possible, step * (ideal - taken), -np.inf)
        taken[int(np.argmax(need))] += step
    return taken


class StratifiedSplitter:
    """Assigns images to train or test one at a time, in the order in which they come."""

    def __init__(self, counts: npt.NDArray[np.int64], test_fraction: float, limit: int | None) -> None:
        """Start with no images.

        Args:
            counts: candidates of each class, shape (classes,).
            test_fraction: share of the test split, between 0 and 1 (exclusive).
            limit: size of a stratified subset, None for all.

        Raises:
            ValueError: a fraction or a limit out of range.
        """
        if not 0 < test_fraction < 1:
            raise ValueError(f"data.test_fraction: {test_fraction} given; expected a number between 0 and 1")
        self._fraction = test_fraction
        self._quotas = quotas(counts, limit)
        self.assigned = np.zeros(len(counts), dtype=np.int64)

    @property
    def total(self) -> int:
        """Number of images that are taken if all of them can be read."""
        return int(self._quotas.sum())

    def needs(self, label: int) -> bool:
        """Whether more images of the class are taken."""
        return bool(self.assigned[label] < self._quotas[label])

    def assign(self, label: int) -> Split:
        """Assign the next image of a class to a split."""
        before = int(self.assigned[label])
        self.assigned[label] += 1
        return (
            "test" if images_for_test(before + 1, self._fraction) > images_for_test(before, self._fraction) else "train"
        )
