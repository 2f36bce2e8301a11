"""Samples that belong together: groups that the caller names, and identical rows that the data show.

Frames of a video, crops of an image and copied rows are not independent. A critic that is fitted on one of them knows
the others, and a standard error that counts each of them is too small. Cross-fitted methods keep a group in one part
and count groups; every other method sees one sample of each group at a time (:func:`one_of_each`).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from infoplane.common import seeds
from infoplane.common.aliases import Array, IntArray
from infoplane.results.estimate import Estimate

_FEWEST_DISTINCT = 100
_MOST_COPIES = 20.0
"""Mean copies of a row, and distinct rows, outside of which repeated rows count as values of discrete variables."""
_TOGETHER = 0.95
"""Share of the pairs equal in one variable that must be equal in the other too."""
_UNIQUE = 0.9
_LATTICE = 10.0
"""A column has a lattice if its least gap exceeds its range / (10 D) for D values; continuous ones have range / D^2."""
_DRAWS = 8


@dataclass(frozen=True)
class Copies:
    """Identical rows (x and z both equal) of continuous data."""

    first: IntArray
    """Number of the first row of each distinct one, increasing."""
    code: IntArray
    """Which distinct row each row is, shape (n,)."""

    def note(self, equal: str = "x and z both equal") -> str:
        """What was found, in one line."""
        n, distinct = len(self.code), len(self.first)
        return f"{n - distinct} of {n} rows repeat others ({equal}): the {distinct} distinct rows were used"


def group_codes(groups: npt.ArrayLike, n: int) -> IntArray:
    """``groups`` as integers from 0, shape (n,).

    Raises:
        ValueError: another shape, other types than integers or strings, masked values, or a single group.
    """
    if np.ma.is_masked(groups):
        raise ValueError("groups: masked values given; expected a group for every row")
    values = np.asarray(groups)
    if values.ndim == 2 and values.shape[1] == 1:
        values = values[:, 0]
    if values.dtype == object and all(isinstance(value, str) for value in values.flat):  # a column of pandas
        values = values.astype(str)
    if values.ndim != 1 or values.dtype.kind not in "biuUS":
        raise ValueError(
            f"groups: shape {values.shape}, dtype {values.dtype} given; expected integers or strings of shape (n,)"
        )
    if len(values) != n:
        raise ValueError(f"groups has {len(values)} rows and x has {n}: expected one group for each row")
    names, codes = np.unique(values, return_inverse=True)
    if len(names) < 2:
        raise ValueError("groups: all rows are in one group; expected at least two")
    result: IntArray = codes.astype(np.int64)
    return result


def copies(x: Array, z: Array) -> Copies | None:
    """The distinct rows where rows of continuous data repeat; None where none do, or where data are discrete.

    Repeated rows are copies, not values that occur again, where x, and z unless it is class labels, has a continuous
    column (its values differ nearly all between distinct rows and lie on no lattice), where rows that are equal in one
    variable are equal in the other too, and where as many rows repeat as one of them does at most. Discrete variables
    meet none of these by chance.

    Args:
        x: samples, shape (n, dx).
        z: samples, shape (n, dz), or class labels, shape (n,).
    """
    n, labels = len(x), z.ndim == 1
    in_x = codes_of_rows(x)
    pairs_x = _equal_pairs(in_x)
    if pairs_x == 0:
        return None
    in_z = z.astype(np.int64) if labels else codes_of_rows(z)
    joint = np.unique(in_x * (int(in_z.max()) + 1) + in_z, return_inverse=True)[1]
    pairs, pairs_z = _equal_pairs(joint), _equal_pairs(in_z)
    _, first, code, counts = np.unique(joint, return_index=True, return_inverse=True, return_counts=True)
    if np.count_nonzero(counts > 1) < counts.max():  # few values that occur often: zeros of a ReLU, ends of a scale
        return None
    if pairs < _TOGETHER * pairs_x or (not labels and pairs < _TOGETHER * pairs_z):
        return None
    if len(first) < _FEWEST_DISTINCT or n > _MOST_COPIES * len(first):
        return None
    if not _continuous(x[first]) or not (labels or _continuous(z[first])):
        return None
    order = np.argsort(first)
    rank = np.empty_like(order)
    rank[order] = np.arange(len(order))
    return Copies(first[order].astype(np.int64), rank[code].astype(np.int64))


def copies_of_columns(x: Array, others: Array, categories: tuple[bool, bool]) -> Copies | None:
    """:func:`copies` where both are columns, shape (n, d); those that hold ``categories`` alone count as labels."""
    if categories[0]:
        x, others, categories = others, x, (categories[1], True)
    return copies(x, codes_of_rows(others) if categories[1] else others)


def codes_of_rows(x: Array) -> IntArray:
    """An integer for each row, equal for equal rows; columns are read until all rows differ. Shape (n,)."""
    codes: IntArray = np.zeros(len(x), dtype=np.int64)
    for column in range(x.shape[1]):
        values = np.unique(x[:, column], return_inverse=True)[1].ravel().astype(np.int64)
        codes = np.unique(codes * (int(values.max()) + 1) + values, return_inverse=True)[1].astype(np.int64)
        if codes.max() + 1 == len(x):
            break
    return codes


def _equal_pairs(codes: IntArray) -> float:
    counts = np.bincount(codes).astype(np.float64)
    return float(counts @ (counts - 1.0)) / 2.0


def _continuous(x: Array) -> bool:
    """Whether a column's values nearly all differ and lie on no lattice."""
    for column in x.T:
        values = np.unique(column).astype(np.float64)
        if len(values) < _UNIQUE * len(column):
            continue
        if np.diff(values).min() < (values[-1] - values[0]) / (_LATTICE * len(values)):
            return True
    return False


def joined(groups: IntArray, code: IntArray) -> IntArray:
    """Groups of the distinct rows: groups that share an identical row are one.

    Args:
        groups: of all rows, shape (n,).
        code: which distinct row each row is, shape (n,).
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    rows, count = int(code.max()) + 1, int(groups.max()) + 1
    edges = coo_array((np.ones(len(code)), (code, rows + groups)), shape=(rows + count, rows + count))
    component = connected_components(edges, directed=False)[1][:rows]
    result: IntArray = np.unique(component, return_inverse=True)[1].astype(np.int64)
    return result


def random_rows(groups: IntArray, random: np.random.Generator) -> IntArray:
    """The number of one random row of each group, increasing."""
    order = random.permutation(len(groups))
    rows: IntArray = np.sort(order[np.unique(groups[order], return_index=True)[1]])
    return rows


def one_of_each(
    method: Callable[[Array, Array], Estimate], x: Array, z: Array, groups: IntArray, seed: int
) -> Estimate:
    """A method without parts on one random row of each group: the mean of up to 8 draws, and of their intervals.

    One row of each group is a sample of independent rows, so the interval of a single draw holds; that of their mean is
    no wider. The value is the information between the variables of a random row of a random group.

    Args:
        method: from x and z to the estimate.
        x: samples, shape (n, dx).
        z: samples, shape (n, dz), or class labels, shape (n,).
        groups: integers from 0, shape (n,).
        seed: root of the draws.
    """
    count, draws = int(groups.max()) + 1, min(_DRAWS, int(np.bincount(groups).max()))
    found = []
    for number in range(draws):
        rows = random_rows(groups, seeds.generator(seed, "one of each group", number))
        found.append(method(x[rows], z[rows]))
    first = found[0]
    ends = [one.ci95 for one in found if one.ci95 is not None]
    interval = None
    if len(ends) == draws:
        interval = (math.fsum(low for low, _ in ends) / draws, math.fsum(high for _, high in ends) / draws)
    note = f"groups: one row of each of the {count} groups was used at a time, the mean of {draws} draws"
    return replace(
        first,
        pointwise=None,
        nats=math.fsum(one.nats for one in found) / draws,
        ci95=interval,
        warnings=(note, *first.warnings),
        diagnostics=first.diagnostics | {"draws": [one.nats for one in found]},
    )
