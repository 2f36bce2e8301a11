"""Neighbour searches: sorted values for one column, trees for a few (scikit-learn's for many samples, SciPy's for few),
matrix products for many.

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
_SHRUNK_RADIUS = 1.0 - 1e-12
"""Factor on a radius that excludes the point at exactly this distance, however squares and roots are rounded."""
_SHRUNK_IN_ONE = 1.0 - 1e-9
"""The same for sums of a value and its radius."""

_MANY_COLUMNS = 8
"""In more columns products are faster than trees (see the module)."""
_QUERIES_AT_ONCE = 1024
_EQUAL_POINTS = 1e-11
"""Two points are equal if their squared distance is below this share of the largest squared norm (rounding)."""


class NeighbourSearch(Protocol):
    """Searches for neighbours among points, shape (n, d), by one norm."""

    def kth_distance(self, queries: FloatArray, k: int) -> FloatArray:
        """From each query, itself one of the points, to its ``k``-th nearest other point, shape (m,)."""

    def count_within(self, queries: FloatArray, radius: FloatArray) -> IntArray:
        """How many points lie nearer to each query than its ``radius``, itself included, shape (m,).

        At radius 0 the points equal to the query are counted.
        """


def euclidean_search(points: FloatArray, leaf_size: int) -> NeighbourSearch:
    """A search by Euclidean distance: sorted values for one column, products for more than 8, else a tree."""
    if points.shape[1] == 1:
        return ColumnSearch(points)
    return ProductSearch(points) if points.shape[1] > _MANY_COLUMNS else TreeSearch(points, "euclidean", leaf_size)


class ColumnSearch:
    """Neighbours among the values of one column, which are sorted once."""

    def __init__(self, points: FloatArray) -> None:
        self._sorted = np.sort(points[:, 0])

    def kth_distance(self, queries: FloatArray, k: int) -> FloatArray:
        """See :class:`NeighbourSearch`."""
        values, n = queries[:, 0], len(self._sorted)
        place = np.searchsorted(self._sorted, values)
        # The value itself and its k nearest others are among the k values below its place and the k + 1 from it on.
        near = place[:, None] + np.arange(-k, k + 1)
        distance = np.abs(self._sorted[np.clip(near, 0, n - 1)] - values[:, None])
        distance[(near < 0) | (near >= n)] = np.inf
        result: FloatArray = np.partition(distance, k, axis=1)[:, k]
        return result

    def count_within(self, queries: FloatArray, radius: FloatArray) -> IntArray:
        """See :class:`NeighbourSearch`."""
        values = queries[:, 0]
        # Sums round where differences do not: a radius a hair smaller keeps the point that set it outside.
        shrunk = np.maximum(radius * _SHRUNK_IN_ONE - 4.0 * np.spacing(np.abs(values)), 0.0)
        above = np.searchsorted(self._sorted, values + shrunk, side="right")
        below = np.searchsorted(self._sorted, values - shrunk, side="left")
        return (above - below).astype(np.int64)


class ProductSearch:
    """Neighbours by all Euclidean distances from a block of queries, computed as a product of matrices."""

    def __init__(self, points: FloatArray) -> None:
        self._centre = points.mean(axis=0)
        self._points = points - self._centre
        self._squares = np.einsum("ij,ij->i", self._points, self._points)
        self._least = _EQUAL_POINTS * float(self._squares.max())

    def _squared(self, queries: FloatArray) -> Iterator[tuple[slice, FloatArray]]:
        for start in range(0, len(queries), _QUERIES_AT_ONCE):
            block = slice(start, start + _QUERIES_AT_ONCE)
            part = queries[block] - self._centre
            found = np.einsum("ij,ij->i", part, part)[:, None] + self._squares - 2.0 * (part @ self._points.T)
            found[found < self._least] = 0.0
            yield block, found

    def kth_distance(self, queries: FloatArray, k: int) -> FloatArray:
        """See :class:`NeighbourSearch`."""
        result = np.empty(len(queries))
        for block, squared in self._squared(queries):
            result[block] = np.sqrt(np.partition(squared, k, axis=1)[:, k])
        return result

    def count_within(self, queries: FloatArray, radius: FloatArray) -> IntArray:
        """See :class:`NeighbourSearch`."""
        result = np.empty(len(queries), dtype=np.int64)
        for block, squared in self._squared(queries):
            reach = radius[block, None] ** 2
            result[block] = np.where(reach > 0.0, squared < reach - self._least, squared == 0.0).sum(axis=1)
        return result


class TreeSearch:
    """Neighbours by a k-d tree of points, shape (n, d), for one norm."""

    def __init__(self, points: FloatArray, norm: Norm, leaf_size: int) -> None:
        self._p = np.inf if norm == "chebyshev" else 2.0
        self._tree: Any
        self._is_sklearn = len(points) >= _MANY_SAMPLES or "sklearn.neighbors" in sys.modules
        if self._is_sklearn:
            from sklearn.neighbors import KDTree

            self._tree = KDTree(points, metric=norm, leaf_size=leaf_size)
        else:
            from scipy.spatial import cKDTree

            self._tree = cKDTree(points, leafsize=leaf_size)

    @property
    def order(self) -> IntArray:
        """Indices of the points in the tree's order, shape (n,); queries in this order are faster (processor cache)."""
        return np.asarray(self._tree.get_arrays()[1] if self._is_sklearn else self._tree.indices, dtype=np.int64)

    def kth_distance(self, queries: FloatArray, k: int) -> FloatArray:
        """From each query, itself a point of the tree, to its ``k``-th nearest other point, shape (m,)."""
        if self._is_sklearn:
            return np.asarray(self._tree.query(queries, k=k + 1)[0][:, -1], dtype=np.float64)
        return np.asarray(self._tree.query(queries, k=[k + 1], p=self._p)[0][:, 0], dtype=np.float64)

    def count_within(self, queries: FloatArray, radius: FloatArray) -> IntArray:
        """How many points lie nearer to each query than its ``radius``, itself included, shape (m,).

        At radius 0 the points equal to the query are counted.
        """
        shrunk = radius * _SHRUNK_RADIUS
        if self._is_sklearn:
            return np.asarray(self._tree.query_radius(queries, shrunk, count_only=True), dtype=np.int64)
        counts = self._tree.query_ball_point(queries, shrunk, p=self._p, return_length=True)
        return np.asarray(counts, dtype=np.int64)
