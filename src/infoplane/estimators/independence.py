"""Tests of independence, and of independence given a third variable, by permutations.

The statistic is the greatest of three, each in units of its own spread over the permutations: canonical correlations of
normal scores, and the Hilbert-Schmidt independence criterion at two lengths, with the leading eigenfunctions of the
kernel for single columns and random features for several. It sees dependence of any form, and a permutation costs a few
products of matrices.

Source: Gretton et al. 2008, "A kernel statistical test of independence"; Zhang et al. 2018, "Large-scale kernel methods
for independence testing" (random features); Schrab et al. 2022, "Efficient aggregated kernel tests" (several lengths);
Zhang et al. 2011, "Kernel-based conditional independence test" (features of ``given`` projected out); Runge 2018,
"Conditional independence testing based on a nearest-neighbor estimator of conditional mutual information"
(permutations among neighbours); Phipson & Smyth 2010, "Permutation p-values should never be zero".
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

import numpy as np

from infoplane.common import given as people
from infoplane.common import seeds, validation
from infoplane.common.aliases import Array, FloatArray, IntArray
from infoplane.estimators.dependence_checks import autocorrelation
from infoplane.estimators.groups import codes_of_rows, copies_of_columns
from infoplane.estimators.margins import normal_scores
from infoplane.estimators.screening import features as column_features

Statistic = Callable[[Array, Array], float]

_FEATURES = 100
"""Features of each kind, at most."""
_ROWS_PER_FEATURE = 5
_NEAR = 0.25
"""The shorter wave, as a share of the median distance."""
_RIDGE = 1e-3
"""Share of the largest size below which a direction of features is left out."""
_SAME = 1e-6
"""Share of the largest distance below which samples count as equal."""
_ROUNDING = 1e-9
"""Statistics nearer than this count as equal."""
_MEDIAN_ROWS = 500
_NEIGHBOURS = 3
"""Samples of like ``given`` that a value may go to: with more, false alarms grew at 200 samples."""


@dataclass(frozen=True)
class IndependenceTest:
    """The result of a permutation test."""

    p_value: float
    """Share of permutations, the data's own order included, whose statistic is at least as large: at least
    1 / (permutations + 1)."""
    statistic: float
    """That of the data: the greatest of three in units of their spread ("hsic"), or the function's value."""
    null: FloatArray
    """The statistic of each permutation, shape (permutations,)."""
    n: int
    permuted: Literal["all samples", "samples with the same value of given", "neighbours in given"]
    warnings: tuple[str, ...] = ()
    """What the test does not allow for: identical rows, of which one was used, and rows that depend on each other."""

    def __str__(self) -> str:
        """One sentence; then the warnings."""
        reached = round(self.p_value * (len(self.null) + 1)) - 1
        sentence = (
            f"p = {self.p_value:.3g}: {reached} of {len(self.null)} permutations of {self.permuted} reach the "
            f"statistic {self.statistic:.4g}, from {self.n} samples."
        )
        return " ".join([sentence, *(f"Warning: {text}." for text in self.warnings)])


def independence_test(
    x: Any,
    z: Any,
    given: Any = None,
    permutations: int = 199,
    statistic: Literal["hsic"] | Statistic = "hsic",
    seed: int = 0,
) -> IndependenceTest:
    """Test whether X and Z are independent, or independent given W.

    Samples have to be independent of each other: of identical rows of continuous data one is used, and rows that
    depend on the rows before in both variables have a warning. Then, without ``given``, the test is exact: under
    independence p is at most a with probability at most a, whatever the distributions. With ``given`` it is exact where
    W has few values (samples are permuted within each), and approximate for numbers (values of x are exchanged among
    neighbours in W): false alarms grow where x is nearly a function of W.

    Args:
        x: samples, shape (n, dx) or (n,): numbers, class labels, texts, categories, frames or tensors.
        z: samples, paired with ``x``.
        given: samples of W, paired too, or None.
        permutations: how many; the smallest possible p-value is 1 / (permutations + 1).
        statistic: "hsic", or a function of x and z, arrays of shape (n, d), that grows with dependence. With ``given``
            it has to be one whose value under conditional independence does not rest on W alone.
        seed: of the permutations and of the random features.

    Raises:
        ValueError: arrays that are not paired samples, pandas objects with another index, fewer than 10 samples,
            ``permutations`` below 1, an unknown statistic.
    """
    seed = validation.root_seed(seed)
    if isinstance(permutations, bool) or not isinstance(permutations, int | np.integer) or permutations < 1:
        raise ValueError(f"permutations={permutations!r} given; expected an integer of at least 1")
    people.require_same_index(x=x, z=z, given=given)
    variables = {
        name: _read(value, name) for name, value in (("x", x), ("z", z), ("given", given)) if value is not None
    }
    columns = {name: validation.numbers(people.as_numbers(one), name) for name, one in variables.items()}
    for name in columns:
        validation.require_same_length(columns["x"], columns[name], "x", name)
    columns, warnings = _without_copies(columns, [one.is_categories for one in variables.values()])
    n = len(columns["x"])
    if n < 10:
        raise ValueError(f"x: {n} samples given; expected at least 10")
    w = columns.get("given")
    measure: Callable[[IntArray], FloatArray]
    if callable(statistic):
        measure = partial(_called, statistic, columns["x"], columns["z"])
    elif statistic == "hsic":
        measure = _Hsic(columns["x"], columns["z"], w, seed)
    else:
        raise ValueError(f"statistic={statistic!r} given; expected 'hsic' or a function of x and z")
    random = seeds.generator(seed, "independence", "permutations")
    permuted, draw = _permutations(w, n)
    found = np.array([measure(np.arange(n)), *(measure(draw(random)) for _ in range(permutations))])
    if not np.isfinite(found).all():
        raise ValueError("statistic: not finite for some permutation; expected a finite number for each")
    # The data's own order counts among the permutations, so that every one is treated alike.
    spread = found.std(axis=0)
    combined = ((found - found.mean(axis=0)) / np.where(spread > 0.0, spread, 1.0)).max(axis=1)
    observed, null = (found[0, 0], found[1:, 0]) if callable(statistic) else (combined[0], combined[1:])
    reached = int(np.count_nonzero(combined[1:] >= combined[0] - _ROUNDING))
    return IndependenceTest((1 + reached) / (1 + permutations), float(observed), null, n, permuted, warnings)


def _read(value: Any, name: str) -> people.Variable:
    """A variable; class labels as categories."""
    variable = people.read(value, name)
    if validation.are_classes(variable.values):
        return people.Variable(validation.labels(variable.values, name), categories=("",))
    return variable


def _without_copies(columns: dict[str, Array], categories: list[bool]) -> tuple[dict[str, Array], tuple[str, ...]]:
    """One of each of the identical rows of continuous data, and warnings of these and of rows in the order of time."""
    x, *others = columns.values()
    warnings = []
    if (found := copies_of_columns(x, np.hstack(others), (categories[0], all(categories[1:])))) is not None:
        warnings.append(found.note(f"{', '.join(columns)} all equal"))
        columns = {name: values[found.first] for name, values in columns.items()}
    if (ordered := autocorrelation(columns["x"], columns["z"])) is not None:
        warnings.append(ordered.warning(len(columns["x"]), "the p-value is too small; expected rows far enough apart"))
    return columns, tuple(warnings)


def _called(statistic: Statistic, x: Array, z: Array, rows: IntArray) -> FloatArray:
    found = np.asarray(statistic(x[rows], z), np.float64)
    if found.size != 1:
        raise ValueError(f"statistic: an array of shape {found.shape} returned; expected a number")
    return found.reshape(1)


class _Hsic:
    """||U' V||^2 / n for each kind of features U of x and V of z.

    With ``given``, V is of z and w, less what features of w say of it.
    """

    def __init__(self, x: Array, z: Array, w: Array | None, seed: int) -> None:
        most = max(4, min(_FEATURES, len(x) // _ROWS_PER_FEATURE))
        streams = {name: seeds.generator(seed, "independence", name) for name in ("x", "z", "given")}
        of_x = column_features(x[:, 0]) if x.shape[1] == 1 else features(x, most, streams["x"])
        if w is None and z.shape[1] == 1:
            of_z = column_features(z[:, 0])
        else:
            of_z = features(z if w is None else np.hstack([z, w]), most, streams["z"])
        if w is not None:
            left, size, _ = np.linalg.svd(np.hstack(features(w, most, streams["given"])), full_matrices=False)
            basis = left[:, size > _RIDGE * size[0]]
            of_z = [one - basis @ (basis.T @ one) for one in of_z]
        self.pairs = list(zip(of_x, of_z, strict=True))

    def __call__(self, rows: IntArray) -> FloatArray:
        return np.array([np.sum((u[rows].T @ v) ** 2) / len(u) for u, v in self.pairs])


def features(x: Array, most: int, random: np.random.Generator) -> list[FloatArray]:
    """Centred features of one variable by its normal scores.

    Args:
        x: shape (n, d).
        most: the most columns of each kind.
        random: draws them.

    Returns:
        The scores themselves, uncorrelated and of unit variance (for more columns than ``most``, random combinations of
        them); waves whose length is the median distance; and waves of a quarter of that length (Rahimi & Recht 2007).
        Shapes (n, at most ``most``).
    """
    scores = normal_scores(x)
    scores = scores[:, (scores != scores[:1]).any(axis=0)]
    n, d = scores.shape
    if d == 0:
        return [np.zeros((n, 1))] * 3
    distinct = np.unique(scores, axis=0)  # sorted, so that the order of the samples does not count
    some = distinct[np.linspace(0, len(distinct) - 1, min(len(distinct), _MEDIAN_ROWS)).astype(np.int64)]
    squares = np.einsum("ij,ij->i", some, some)
    distances = np.sqrt(np.maximum(squares[:, None] + squares - 2.0 * some @ some.T, 0.0))
    length = float(np.median(distances[distances > _SAME * distances.max()]))
    linear = scores if d <= most else scores @ random.standard_normal((d, most))
    waves = [
        np.cos(scores @ (random.standard_normal((d, most)) / one) + random.uniform(0.0, 2.0 * np.pi, most))
        for one in (length, _NEAR * length)
    ]
    linear, wide, near = (one - one.mean(axis=0) for one in (linear, *waves))
    size, directions = np.linalg.eigh(linear.T @ linear / n)
    kept = size > _RIDGE * size[-1]
    return [linear @ (directions[:, kept] / np.sqrt(size[kept])), wide, near]


def _permutations(w: Array | None, n: int) -> tuple[Any, Callable[[np.random.Generator], IntArray]]:
    """What is permuted, and a function that draws a permutation."""
    if w is None:
        return "all samples", lambda random: random.permutation(n)
    codes = codes_of_rows(w)
    if codes.max() + 1 <= n / 2:
        return "samples with the same value of given", partial(_within, codes)
    from scipy.spatial import cKDTree

    alone = np.flatnonzero(np.bincount(codes)[codes] <= _NEIGHBOURS)
    scores = normal_scores(w)[alone]
    nearest = np.asarray(cKDTree(scores).query(scores, k=min(_NEIGHBOURS + 1, len(alone)))[1], np.int64)

    def draw(random: np.random.Generator) -> IntArray:
        rows = _within(codes, random)  # values that repeat often keep their samples
        rows[alone] = alone[_among(nearest, random)]
        return rows

    return "neighbours in given", draw


def _within(codes: IntArray, random: np.random.Generator) -> IntArray:
    order = np.lexsort((random.random(len(codes)), codes))
    rows = np.empty(len(codes), np.int64)
    rows[np.argsort(codes, kind="stable")] = order
    return rows


def _among(nearest: IntArray, random: np.random.Generator) -> IntArray:
    """Each sample gets a value of one of its neighbours, each value as far as possible once (Runge 2018, alg. 1)."""
    lists = random.permuted(nearest, axis=1).tolist()
    rows, used = np.empty(len(nearest), np.int64), set[int]()
    for i in random.permutation(len(nearest)).tolist():
        rows[i] = next((j for j in lists[i] if j not in used), lists[i][-1])
        used.add(int(rows[i]))
    return rows
