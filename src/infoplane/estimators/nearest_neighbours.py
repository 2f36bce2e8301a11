"""Estimators of mutual information from distances to nearest neighbours.

``ksg`` for numbers, ``mixed_ksg`` for numbers with repeated values, ``ross`` for numbers against class labels. Good in
few dimensions and for weak to moderate dependence; in many dimensions, or where the variables determine each other
nearly, all three fall short of the truth (the ball with k neighbours is too large to resolve the dependence), and the
trend with the sample size then shows in the interval and in a warning.

Distances are between columns of standard deviation 1 (``scale``), so the unit of a column plays no part.
"""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from infoplane.common import seeds, validation
from infoplane.common.aliases import FloatArray, IntArray
from infoplane.estimators import margins
from infoplane.estimators._trees import ColumnSearch, TreeSearch, euclidean_search
from infoplane.estimators.discrete import entropy, row_codes
from infoplane.estimators.subsampling import SamplingError, sampling_error
from infoplane.results.estimate import Estimate

_JOINT_LEAF_SIZE, _MARGINAL_LEAF_SIZE, _WIDE_LEAF_SIZE = 8, 25, 60
"""Points in a leaf of the trees; the last for 12 columns or more. The fastest of those timed on 10,000 samples of 5 + 5
columns and on 2,000 samples of 10 + 10."""
_WIDE_COLUMNS = 12
_FEW_COLUMNS, _MOST_ROWS = 6, 50_000
"""More samples are used only in few columns: in many, the time grows as the square of their number."""
_SMALLEST_SUBSAMPLE = 60
_SMALLEST_BIAS_EXPONENT = 0.1
"""The exponent of 20 dimensions; see `_bias_exponent`."""


def ksg(
    x: npt.ArrayLike, z: npt.ArrayLike, *, k: int = 3, scale: margins.Scale = "standard", seed: int = 0
) -> Estimate:
    """I(X; Z) by the first algorithm of Kraskov, Stögbauer and Grassberger, with a 95 % interval.

    In more than 6 columns 50,000 samples, drawn at random, are the most that are used.

    Repeated values (integers, rounding, ReLU zeros) are separated by noise of at most a tenth of the column's least
    gap, which leaves the mutual information as it is; without it neighbours at equal distances invent dependence.

    Args:
        x: samples, shape (n, dx) or (n,).
        z: samples, shape (n, dz) or (n,), paired with ``x`` row by row.
        k: neighbours; few for little bias, many for little variance.
        scale: what is done to each column first: "standard", "rank" (normal scores) or "none".
        seed: for the noise that breaks ties and the partitions behind the interval.

    Returns:
        The estimate in nats, of kind "estimate"; it may be slightly negative. ``ci95`` is None for fewer than 20
        samples.

    Raises:
        ValueError: bad arrays, ``k`` below 1 or not below the number of samples, an unknown ``scale``.

    Source: Kraskov, Stögbauer, Grassberger 2004, Phys. Rev. E 69, 066138, eq. (8). Interval: see ``subsampling``.
    """
    return _pair_estimate("ksg", x, z, k, scale, seed, atoms=False)


def mixed_ksg(
    x: npt.ArrayLike, z: npt.ArrayLike, *, k: int = 3, scale: margins.Scale = "standard", seed: int = 0
) -> Estimate:
    """I(X; Z) where each variable may be continuous, discrete or a mixture of both, with a 95 % interval.

    As ``ksg``, but a sample that coincides with at least ``k`` others counts those and all that share its x or z,
    which has less variance than breaking those ties.

    Args:
        x: samples, shape (n, dx) or (n,).
        z: samples, shape (n, dz) or (n,), paired with ``x`` row by row.
        k: neighbours.
        scale: what is done to each column first: "standard", "rank" (normal scores) or "none".
        seed: for the noise that breaks the remaining ties and the partitions behind the interval.

    Returns:
        The estimate in nats, of kind "estimate". ``ci95`` is None for fewer than 20 samples.

    Raises:
        ValueError: as ``ksg``.

    Source: Gao, Kannan, Oh, Viswanath 2017, "Estimating mutual information for discrete-continuous mixtures", NeurIPS,
    algorithm 1. Differs: neighbours at equal distances above zero are separated as in ``ksg`` (counting all of them
    makes independent integer vectors look dependent by half a nat, or gives minus half a nat for closed balls).
    """
    return _pair_estimate("mixed_ksg", x, z, k, scale, seed, atoms=True)


def ross(
    x: npt.ArrayLike, labels: npt.ArrayLike, *, k: int = 3, scale: margins.Scale = "standard", seed: int = 0
) -> Estimate:
    """I(X; Y) between numbers and class labels, with a 95 % interval.

    A class with one sample has no neighbour in its class: its sample is left out, as Ross does (and scikit-learn), and
    a warning says how many there were. A class with at most ``k`` samples uses all its neighbours.

    Args:
        x: samples, shape (n, d) or (n,), such as a classifier's logits.
        labels: class labels, integers, shape (n,).
        k: neighbours within the class.
        scale: what is done to each column first: "standard", "rank" (normal scores) or "none".
        seed: for the noise that breaks ties and the partitions behind the interval.

    Returns:
        The estimate in nats, of kind "estimate", with H(Y) as its ceiling. Nothing is clipped.

    Raises:
        ValueError: bad arrays, ``k`` below 1, no class with two samples, an unknown ``scale``.

    Source: Ross 2014, "Mutual information between discrete and continuous data sets", PLoS ONE 9(2) e87357, eq. (3).
    Differs: Euclidean balls in all columns of x.
    """
    started = time.perf_counter()
    values, codes = validation.samples(x, "x"), validation.labels(labels, "labels")
    validation.require_same_length(values, codes, "x", "labels")
    n, notes = len(codes), list[str]()
    used = _rows_used(n, values.shape[1], seeds.generator(seed, "ross", "rows"), notes)
    values, codes = values[used], validation.labels(codes[used], "labels")
    _check_k(k, len(codes))
    counts = np.bincount(codes)
    if counts.max() < 2:
        raise ValueError("labels: every class has a single sample; expected at least two in a class")
    points, tied = _prepared(values, scale, seeds.generator(seed, "ross", "ties"))
    pointwise = ross_terms(points, codes, k)
    value = float(pointwise.mean())
    error = sampling_error(
        lambda rows: ross_value(points[rows], codes[rows], k),
        len(codes),
        value,
        seeds.generator(seed, "ross", "subsamples"),
        smallest=max(_SMALLEST_SUBSAMPLE, 4 * (k + 1) * len(counts)),
        bias_exponent=_bias_exponent(points.shape[1]),
    )
    single = int(np.count_nonzero(counts == 1))
    ceiling = entropy(counts, "none")
    diagnostics: dict[str, float | int | str] = {"k": k, "tied_columns": tied, "rows_used": len(codes)}
    result = _estimate("ross", value, error, points.shape[1], 1, n, diagnostics)
    above = (result.ci95 or (value, value))[0] > ceiling
    return replace(
        result,
        ceiling=ceiling,
        pointwise=pointwise,
        seed=seed,
        seconds=time.perf_counter() - started,
        warnings=(
            *notes,
            *((f"{single} classes have a single sample, which has no neighbour: left out",) if single else ()),
            *((f"above its ceiling: the interval lies above H(Y) = {ceiling:.4g} nats",) if above else ()),
            *result.warnings,
        ),
    )


def _pair_estimate(
    method: str, x: npt.ArrayLike, z: npt.ArrayLike, k: int, scale: margins.Scale, seed: int, *, atoms: bool
) -> Estimate:
    started = time.perf_counter()
    xs, zs = validation.samples(x, "x"), validation.samples(z, "z")
    validation.require_same_length(xs, zs)
    n, notes = len(xs), list[str]()
    used = _rows_used(n, xs.shape[1] + zs.shape[1], seeds.generator(seed, method, "rows"), notes)
    xs, zs = xs[used], zs[used]
    _check_k(k, len(xs))
    px, tied_x = _prepared(xs, scale, seeds.generator(seed, method, "ties", "x"))
    pz, tied_z = _prepared(zs, scale, seeds.generator(seed, method, "ties", "z"))
    repeated = atoms and tied_x == xs.shape[1] and tied_z == zs.shape[1]
    codes = (row_codes(xs), row_codes(zs)) if repeated else None

    def estimate_on(rows: npt.NDArray[np.intp]) -> float:
        return pair_value(px[rows], pz[rows], k, None if codes is None else (codes[0][rows], codes[1][rows]))

    pointwise = pair_terms(px, pz, k, codes)
    value = float(pointwise.mean())
    error = sampling_error(
        estimate_on,
        len(px),
        value,
        seeds.generator(seed, method, "subsamples"),
        smallest=max(_SMALLEST_SUBSAMPLE, 4 * (k + 1)),
        bias_exponent=_bias_exponent(px.shape[1] + pz.shape[1]),
    )
    diagnostics: dict[str, float | int | str] = {"k": k, "tied_columns": tied_x + tied_z, "rows_used": len(px)}
    result = _estimate(method, value, error, px.shape[1], pz.shape[1], n, diagnostics)
    return replace(
        result,
        pointwise=pointwise,
        seed=seed,
        seconds=time.perf_counter() - started,
        warnings=(*notes, *result.warnings),
    )


def _rows_used(n: int, columns: int, generator: np.random.Generator, notes: list[str]) -> IntArray | slice:
    """Indices of the rows that are used: all, or a random part of too many rows in many columns, with a note."""
    if columns <= _FEW_COLUMNS or n <= _MOST_ROWS:
        return slice(None)
    notes.append(f"{_MOST_ROWS} of {n} samples, drawn at random, were used: the time grows as their square here")
    return np.sort(generator.choice(n, _MOST_ROWS, replace=False))


def pair_value(x: FloatArray, z: FloatArray, k: int, codes: tuple[IntArray, IntArray] | None) -> float:
    """The mean of :func:`pair_terms`."""
    return float(pair_terms(x, z, k, codes).mean())


def pair_terms(x: FloatArray, z: FloatArray, k: int, codes: tuple[IntArray, IntArray] | None) -> FloatArray:
    """psi(k) + psi(n) - psi(n_x) - psi(n_z) of each sample, n_x and n_z counting itself, in nats, shape (n,).

    Args:
        x, z: scaled samples, shapes (n, dx), (n, dz).
        k: neighbours.
        codes: numbers of the distinct rows of x and of z where coinciding samples are counted, else None.
    """
    from scipy.special import psi

    n = len(x)
    joint = np.hstack([x, z])
    tree = TreeSearch(joint, "chebyshev", _JOINT_LEAF_SIZE if joint.shape[1] < _WIDE_COLUMNS else _WIDE_LEAF_SIZE)
    order = tree.order
    joint = np.ascontiguousarray(joint[order])
    distance = tree.kth_distance(joint, k)
    neighbours = np.full(n, k)
    zero = distance == 0.0
    if zero.any():  # ties that no noise could break: constant columns
        neighbours[zero] = tree.count_within(joint[zero], distance[zero])
    in_x = _count_within(joint[:, : x.shape[1]], distance)
    in_z = _count_within(joint[:, x.shape[1] :], distance)
    if codes is not None:
        same_x, same_z = codes[0][order], codes[1][order]
        _, same_both = np.unique(same_x * (same_z.max() + 1) + same_z, return_inverse=True)
        coincident = np.bincount(same_both)[same_both]
        atom = coincident > k
        neighbours = np.where(atom, coincident, neighbours)
        in_x = np.where(atom, np.bincount(same_x)[same_x], in_x)
        in_z = np.where(atom, np.bincount(same_z)[same_z], in_z)
    terms = np.empty(n)  # summed in the samples' order, so that the tree's does not show in the last digits
    terms[order] = psi(neighbours) - psi(in_x) - psi(in_z)
    return psi(n) + terms


def _count_within(points: FloatArray, radius: FloatArray) -> IntArray:
    """How many points lie nearer to each point than ``radius`` in the maximum norm, itself included, shape (n,)."""
    if points.shape[1] == 1:
        return ColumnSearch(points).count_within(points, radius)
    points = np.ascontiguousarray(points)
    return TreeSearch(points, "chebyshev", _MARGINAL_LEAF_SIZE).count_within(points, radius)


def ross_value(points: FloatArray, codes: IntArray, k: int) -> float:
    """The mean of :func:`ross_terms`; 0 where no class has two samples."""
    terms = ross_terms(points, codes, k)
    return float(terms.mean()) if len(terms) else 0.0


def ross_terms(points: FloatArray, codes: IntArray, k: int) -> FloatArray:
    """psi(k_i) + psi(n) - psi(n_class) - psi(m_i), m_i counting itself, for samples of classes of two or more, in nats.

    Args:
        points: scaled samples, shape (n, d).
        codes: classes 0..K-1, shape (n,).
        k: neighbours within the class.
    """
    from scipy.special import psi

    counts = np.bincount(codes)
    points, codes = points[counts[codes] > 1], codes[counts[codes] > 1]
    if len(codes) == 0:
        return np.empty(0)
    radius, used = np.empty(len(codes)), np.empty(len(codes), dtype=np.int64)
    for label in np.flatnonzero(counts > 1):
        rows = np.flatnonzero(codes == label)
        tree = euclidean_search(points[rows], _MARGINAL_LEAF_SIZE)
        neighbours = min(k, len(rows) - 1)
        radius[rows], used[rows] = tree.kth_distance(points[rows], neighbours), neighbours
        zero = rows[radius[rows] == 0.0]
        if len(zero):  # ties that no noise could break: constant columns
            used[zero] = tree.count_within(points[zero], radius[zero])
    within = euclidean_search(points, _MARGINAL_LEAF_SIZE).count_within(points, radius)
    return psi(len(codes)) + (psi(used) - psi(counts[codes]) - psi(within))


def _prepared(
    x: npt.NDArray[np.generic], scale: margins.Scale, generator: np.random.Generator
) -> tuple[FloatArray, int]:
    """Untied and scaled columns, and how many had ties."""
    values, tied = margins.break_ties(x, generator)
    return margins.scaled(values, scale), tied


def _bias_exponent(dimensions: int) -> float:
    """The exponent e for which the bias is taken to fall as n^-e: 2 / d, from 0.1 to 1.

    The bias of a smooth density's local average falls as the squared radius of the ball, which is n^(-2 / d).

    Samples of many columns lie near a surface of few dimensions; with their number of columns as d, a small trend would
    be extended far too much (in 1,280 columns a thousandfold), hence the lower limit.
    """
    return min(1.0, max(2.0 / dimensions, _SMALLEST_BIAS_EXPONENT))


def _check_k(k: int, n: int) -> None:
    if not 1 <= k < n:
        raise ValueError(f"k={k} given for {n} samples; expected 1 to {n - 1}")


def _estimate(
    method: str,
    value: float,
    error: SamplingError | None,
    dx: int,
    dz: int,
    n: int,
    diagnostics: dict[str, float | int | str],
) -> Estimate:
    return Estimate(
        nats=value,
        ci95=None if error is None else (error.low, error.high),
        kind="estimate",
        method=method,
        n=n,
        dx=dx,
        dz=dz,
        warnings=("too few samples for an interval",) if error is None else error.warnings(),
        diagnostics=diagnostics if error is None else diagnostics | error.diagnostics(),
    )
