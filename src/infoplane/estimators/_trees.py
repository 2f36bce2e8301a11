"""Neighbour searches: scikit-learn's trees for many samples, SciPy's for few, matrix products for many columns.

All give the same distances and counts. A tree of many columns visits every point, one pair at a time; a product of
matrices does so a hundred times faster (5,000 samples of 1,280 columns). Scikit-learn counts neighbours four times
faster than SciPy, but importing it takes two CPU seconds (it loads pandas and scipy.stats where they are installed),
more than SciPy needs for a few thousand samples.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any, Literal, Protocol

import numpy as np

from infoplane.common.aliases import FloatArray, IntArray

Norm = Literal["chebyshev", "euclidean"]

_MANY_SAMPLES = 5000
_BARELY_INSIDE = 1.0 - 1e-12
"""A radius times this leaves out the point that set it, whichever way the tree rounds squares and roots."""


_MANY_COLUMNS = 8
_QUERIES_AT_ONCE = 1024
_SAME = 1e-11
"""Squared distance, beside the largest squared norm, below which two points are one."""


class Search(Protocol):
    """Neighbours among points, shape (n, d), for one norm."""

    def distance(self, queries: FloatArray, k: int) -> FloatArray:
        """From each query, itself one of the points, to its ``k``-th nearest other point, shape (m,)."""

    def inside(self, queries: FloatArray, radius: FloatArray) -> IntArray:
        """How many points lie nearer to each query than its ``radius``, itself included (at 0: its equals)."""


def euclidean(points: FloatArray, leaf_size: int) -> Search:
    """The search that suits so many columns."""
    return Products(points) if points.shape[1] > _MANY_COLUMNS else Tree(points, "euclidean", leaf_size)


class Products:
    """All Euclidean distances from some queries at once, by a product of matrices."""

    def __init__(self, points: FloatArray) -> None:
        self._centre = points.mean(axis=0)
        self._points = points - self._centre
        self._squares = np.einsum("ij,ij->i", self._points, self._points)
        self._least = _SAME * float(self._squares.max())

    def _squared(self, queries: FloatArray) -> Iterator[tuple[slice, FloatArray]]:
        for start in range(0, len(queries), _QUERIES_AT_ONCE):
            block = slice(start, start + _QUERIES_AT_ONCE)
            part = queries[block] - self._centre
            found = np.einsum("ij,ij->i", part, part)[:, None] + self._squares - 2.0 * (part @ self._points.T)
            found[found < self._least] = 0.0
            yield block, found

    def distance(self, queries: FloatArray, k: int) -> FloatArray:
        """As :class:`Search`."""
        result = np.empty(len(queries))
        for block, squared in self._squared(queries):
            result[block] = np.sqrt(np.partition(squared, k, axis=1)[:, k])
        return result

    def inside(self, queries: FloatArray, radius: FloatArray) -> IntArray:
        """As :class:`Search`."""
        result = np.empty(len(queries), dtype=np.int64)
        for block, squared in self._squared(queries):
            reach = radius[block, None] ** 2
            result[block] = np.where(reach > 0.0, squared < reach - self._least, squared == 0.0).sum(axis=1)
        return result


class Tree:
    """A tree of points, shape (n, d), for one norm."""

    def __init__(self, points: FloatArray, norm: Norm, leaf_size: int) -> None:
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
    def order(self) -> IntArray:
        """The points' numbers in the tree's order: queries in this order find its nodes in the processor's cache."""
        return np.asarray(self._tree.get_arrays()[1] if self._learn else self._tree.indices, dtype=np.int64)

    def distance(self, queries: FloatArray, k: int) -> FloatArray:
        """From each query, itself a point of the tree, to its ``k``-th nearest other point, shape (m,)."""
        if self._learn:
            return np.asarray(self._tree.query(queries, k=k + 1)[0][:, -1], dtype=np.float64)
        return np.asarray(self._tree.query(queries, k=[k + 1], p=self._p)[0][:, 0], dtype=np.float64)

    def inside(self, queries: FloatArray, radius: FloatArray) -> IntArray:
        """How many points lie nearer to each query than its ``radius``, itself included (at 0: its equals)."""
        shrunk = radius * _BARELY_INSIDE
        if self._learn:
            return np.asarray(self._tree.query_radius(queries, shrunk, count_only=True), dtype=np.int64)
        counts = self._tree.query_ball_point(queries, shrunk, p=self._p, return_length=True)
        return np.asarray(counts, dtype=np.int64)
