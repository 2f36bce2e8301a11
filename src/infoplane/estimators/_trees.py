"""Neighbour trees: scikit-learn's for many samples, SciPy's for few; both give the same distances and counts.

Scikit-learn counts neighbours four times faster, but importing it takes two CPU seconds (it loads pandas and
scipy.stats where they are installed), more than SciPy needs for a few thousand samples.
"""

from __future__ import annotations

import sys
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Norm = Literal["chebyshev", "euclidean"]

_MANY_SAMPLES = 5000
_BARELY_INSIDE = 1.0 - 1e-12
"""A radius times this leaves out the point that set it, whichever way the tree rounds squares and roots."""


class Tree:
    """A tree of points, shape (n, d), for one norm."""

    def __init__(self, points: Floats, norm: Norm, leaf_size: int) -> None:
        self._p = np.inf if norm == "chebyshev" else 2.0
        self._tree: Any
        self._learn = len(points) >= _MANY_SAMPLES or "sklearn.neighbors" in sys.modules
        if self._learn:
            from sklearn.neighbors import KDTree

            self._tree = KDTree(points, metric=norm, leaf_size=leaf_size)
        else:
            from scipy.spatial import cKDTree

            self._tree = cKDTree(points, leafsize=leaf_size)

    @property
    def order(self) -> Integers:
        """The points' numbers in the tree's order: queries in this order find its nodes in the processor's cache."""
        return np.asarray(self._tree.get_arrays()[1] if self._learn else self._tree.indices, dtype=np.int64)

    def distance(self, queries: Floats, k: int) -> Floats:
        """From each query, itself a point of the tree, to its ``k``-th nearest other point, shape (m,)."""
        if self._learn:
            return np.asarray(self._tree.query(queries, k=k + 1)[0][:, -1], dtype=np.float64)
        return np.asarray(self._tree.query(queries, k=[k + 1], p=self._p)[0][:, 0], dtype=np.float64)

    def inside(self, queries: Floats, radius: Floats) -> Integers:
        """How many points lie nearer to each query than its ``radius``, itself included (at 0: its equals)."""
        shrunk = radius * _BARELY_INSIDE
        if self._learn:
            return np.asarray(self._tree.query_radius(queries, shrunk, count_only=True), dtype=np.int64)
        counts = self._tree.query_ball_point(queries, shrunk, p=self._p, return_length=True)
        return np.asarray(counts, dtype=np.int64)
