"""Conditional mutual information I(X; Z | W), with an interval.

Three ways: the chain rule I(X; Z, W) - I(X; W) with any method of ``estimate``; nearest neighbours; and partial
correlations for Gaussian variables.
"""

from __future__ import annotations

import math
import re
import time
from dataclasses import replace
from typing import Any

import numpy as np

from infoplane.common import given as people
from infoplane.common import seeds, validation
from infoplane.common.aliases import Z95, Array, FloatArray, IntArray
from infoplane.estimators.dependence_checks import DEPENDENT, autocorrelation
from infoplane.estimators.dispatch import estimate
from infoplane.estimators.gaussian import gaussian
from infoplane.estimators.groups import copies_of_columns
from infoplane.estimators.margins import standardised
from infoplane.estimators.offsets import within_range, without_offsets
from infoplane.estimators.registry import METHODS
from infoplane.estimators.subsampling import sampling_error
from infoplane.results.estimate import Estimate

_NEIGHBOURS = 3
_SMALLEST_SUBSAMPLE = 50
_BOTH = 2.2414 / 1.96
"""Normal quantiles at 98.75 and 97.5 %: two intervals that hold together in 95 %."""
_ROUNDING = 1e-12
"""Distances that differ by less than this share are equal."""


def conditional(x: Any, z: Any, given: Any, method: str = "auto", seed: int = 0) -> Estimate:
    """Estimate the conditional mutual information I(X; Z | W) from samples of all three.

    Args:
        x: samples, shape (n, dx) or (n,): numbers, class labels, texts, categories, frames or tensors.
        z: samples, paired with ``x``.
        given: samples of W, paired too.
        method: "ksg": nearest neighbours, for few columns in all, numbers and repeated values mixed; "gaussian":
            partial correlations; "auto" or another method of ``estimate``: the chain rule I(X; Z, W) - I(X; W).
        seed: root of every random stream.

    Returns:
        The value in nats, not clipped at 0, of kind "estimate". By the chain rule the interval runs from the low end
        of the first information less the high end of the second to the reverse, less what pairing saves (the standard
        error of the mean difference of the pointwise values, instead of the sum of both), each half moved out by a
        factor of 1.14 (Bonferroni: from 95 to 97.5 % for normal errors), so that both hold together. Columns of x and z
        that W contains are left out; if none is left the value is exactly 0. ``diagnostics`` has both informations.

    Raises:
        ValueError: arrays that are not paired samples of finite real numbers, pandas objects with another index, an
            unknown method, one whose values are bounds or that does not take such variables, too few samples.

    Source: Mesner & Shalizi 2020, "Conditional mutual information estimation for mixed, discrete and continuous data",
    IEEE Trans. Inf. Theory 67(1), algorithm 1 ("ksg"; differs: columns are standardised, ties at any distance count as
    theirs at 0, and the value may be negative). Partial correlations: Anderson 2003, "An introduction to multivariate
    statistical analysis", section 2.5.
    """
    started = time.perf_counter()
    seed = validation.root_seed(seed)
    if method not in METHODS:
        raise ValueError(f"method {method!r} given; expected one of {', '.join(METHODS)}")
    if METHODS[method].kind != "estimate":
        raise ValueError(f"method={method!r} given: two bounds leave none; expected auto, ksg or gaussian")
    people.require_same_index(x=x, z=z, given=given)
    variables = {name: people.read(value, name) for name, value in (("x", x), ("z", z), ("given", given))}
    columns = {name: _numbers(variable, name) for name, variable in variables.items()}
    for name, values in columns.items():
        validation.require_same_length(columns["x"], values, "x", name)
    xs, zs, ws = columns.values()
    classes = [validation.are_classes(one.values) or one.is_categories for one in variables.values()]
    notes = list[str]()
    if (found := copies_of_columns(xs, np.hstack([zs, ws]), (classes[0], all(classes[1:])))) is not None:
        notes.append(found.note("x, z and given all equal"))
        xs, zs, ws = (one[found.first] for one in (xs, zs, ws))
        variables["x"] = replace(variables["x"], values=variables["x"].values[found.first])
    if (ordered := autocorrelation(xs, zs)) is not None:
        notes.append(ordered.warning(len(xs), "value and interval claim too much; expected rows far enough apart"))
    xs, zs = (_unknown(values, ws, known_whole) for values, known_whole in ((xs, classes[0]), (zs, classes[1])))
    if not xs.shape[1] or not zs.shape[1]:
        result = Estimate(0.0, (0.0, 0.0), "exact", method, warnings=("x or z is contained in given",))
    elif method == "ksg":
        result = _neighbours(xs, zs, ws, seed)
    elif method == "gaussian":
        result = _partial(xs, zs, ws, seed)
    else:
        result = _chain(variables["x"], xs, np.hstack([zs, ws]), ws, method, seed)
    return replace(
        result, method=f"conditional {method}", n=len(xs), dx=variables["x"].columns, dz=variables["z"].columns,
        seed=seed, seconds=time.perf_counter() - started, warnings=(*notes, *result.warnings),
    )  # fmt: skip


def _numbers(variable: people.Variable, name: str) -> Array:
    """Numbers of shape (n, d), without offsets; categories as a column of 0 and 1 for each."""
    return without_offsets(within_range(validation.numbers(people.as_numbers(variable), name)))


def _unknown(values: Array, w: Array, whole: bool) -> Array:
    """Columns that are no column of w, whose knowledge adds nothing; of categories all or none."""
    known = {np.ascontiguousarray(column, np.float64).tobytes() for column in w.T}
    kept = np.array([np.ascontiguousarray(column, np.float64).tobytes() not in known for column in values.T])
    return values if whole and kept.any() else values[:, kept]


def _chain(x: people.Variable, numbers: Array, z_and_w: Array, w: Array, method: str, seed: int) -> Estimate:
    """I(X; Z, W) - I(X; W); class labels x stay labels, else x is ``numbers``."""
    labels = validation.are_classes(x.values)
    if not labels and not METHODS[method].takes_numbers:
        raise ValueError(
            f"method={method!r} given: it takes class labels as x, and x is numbers; expected auto, ksg or gaussian"
        )
    target = x.values if labels else numbers
    joint = _information("z and given", z_and_w, target, method, seed, labels)
    base = _information("given", w, target, method, seed, labels)
    if joint.ci95 is None or base.ci95 is None:
        raise ValueError(f"x: {len(w)} samples given: too few for an interval by {method}")
    if math.isinf(base.ci95[1]):
        raise ValueError(
            "given: columns of it and of x determine each other, and the chain rule has infinity less infinity; "
            "expected method='ksg', or those columns left out"
        )
    nats, saved, pointwise = joint.nats - base.nats, 0.0, None
    if joint.pointwise is not None and base.pointwise is not None:
        saved, pointwise = _saved_by_pairing(joint.pointwise, base.pointwise), joint.pointwise - base.pointwise
    below = joint.nats - joint.ci95[0] + base.ci95[1] - base.nats
    above = joint.ci95[1] - joint.nats + base.nats - base.ci95[0]
    return Estimate(
        nats=nats,
        ci95=(nats - _BOTH * max(below - saved, 0.0), nats + _BOTH * max(above - saved, 0.0)),
        pointwise=pointwise,
        kind="estimate",
        method=method,
        ceiling=joint.ceiling,
        warnings=tuple(dict.fromkeys((*joint.warnings, *base.warnings))),
        diagnostics={"joint": joint.nats, "given alone": base.nats},
    )


def _saved_by_pairing(joint: FloatArray, base: FloatArray) -> float:
    """By how much a half-width of the difference is below the sum of both, the samples and parts being the same.

    1.96 times what the standard errors of both means of pointwise values, shape (n,), exceed that of the mean
    difference.
    """
    apart = joint.std() + base.std() - (joint - base).std()
    return Z95 * float(apart) / math.sqrt(len(joint))


def _information(name: str, values: Array, x: Array, method: str, seed: int, labels: bool) -> Estimate:
    """I(values; X), its errors and warnings with ``name`` and x in place of the x and z of ``estimate``."""

    def named(text: str) -> str:
        return re.sub(r"\b[xz]\b", lambda found: {"x": name, "z": "x"}[found[0]], text)

    try:
        found = estimate(values, x, method, seed, z_kind="labels" if labels else "numbers")
    except ValueError as error:
        raise ValueError(named(str(error))) from error
    # Rows that depend on each other are looked for once, for the whole.
    kept = [named(text) for text in found.warnings if not text.startswith(DEPENDENT)]
    return replace(found, warnings=tuple(kept))


def _partial(x: Array, z: Array, w: Array, seed: int) -> Estimate:
    """The Gaussian value of what a linear regression on w leaves of x and z."""
    design = np.column_stack([np.ones(len(w)), standardised(w)])
    left = np.linalg.svd(design, full_matrices=False)
    basis = left[0][:, left[1] > left[1][0] * 1e-10]
    if len(x) < basis.shape[1] + x.shape[1] + z.shape[1] + 2:
        raise ValueError(f"x: {len(x)} samples given; expected more than there are columns in x, z and given together")
    # Coordinates in the complement of what w spans: independent samples, as many as there are degrees of freedom.
    from scipy.linalg.lapack import dgeqrf, dormqr

    reflectors, factors, _, _ = dgeqrf(basis)
    rest = []
    for values in (x, z):
        scaled = standardised(values)
        turned = dormqr("L", "T", reflectors, factors, scaled, 64 * max(1, scaled.shape[1]))[0][basis.shape[1] :]
        rest.append(turned[:, turned.std(axis=0) > 1e-9])
    if not rest[0].shape[1] or not rest[1].shape[1]:
        return Estimate(0.0, (0.0, 0.0), "exact", "gaussian", warnings=("x or z is a linear function of given",))
    return replace(gaussian(rest[0], rest[1], seed=seed), pointwise=None)  # its rows are no samples


def _neighbours(x: Array, z: Array, w: Array, seed: int) -> Estimate:
    xs, zs, ws = (standardised(values) for values in (x, z, w))
    if len(x) <= 2 * _NEIGHBOURS:
        raise ValueError(f"x: {len(x)} samples given; expected more than {2 * _NEIGHBOURS}")
    pointwise = neighbour_terms(xs, zs, ws, _NEIGHBOURS)
    value = math.fsum(pointwise) / len(pointwise)
    error = sampling_error(
        lambda rows: neighbour_value(xs[rows], zs[rows], ws[rows], _NEIGHBOURS),
        len(x),
        value,
        seeds.generator(seed, "conditional", "subsamples"),
        smallest=_SMALLEST_SUBSAMPLE,
        bias_exponent=1.0 / max(2, xs.shape[1] + zs.shape[1] + ws.shape[1]),
    )
    return Estimate(
        nats=value,
        pointwise=pointwise,
        ci95=None if error is None else (error.low, error.high),
        kind="estimate",
        method="ksg",
        warnings=() if error is None else error.warnings(),
        diagnostics={"k": _NEIGHBOURS} | ({} if error is None else error.diagnostics()),
    )


def neighbour_value(x: FloatArray, z: FloatArray, w: FloatArray, k: int) -> float:
    """The mean of :func:`neighbour_terms`."""
    return math.fsum(neighbour_terms(x, z, w, k)) / len(x)


def neighbour_terms(x: FloatArray, z: FloatArray, w: FloatArray, k: int) -> FloatArray:
    """psi(k) - psi(n_xw) - psi(n_zw) + psi(n_w) of each sample, counting itself; Mesner & Shalizi 2020, algorithm 1.

    Args:
        x, z, w: samples, shapes (n, dx), (n, dz), (n, dw).
        k: neighbours; where more than k lie at one distance, as repeated values do, all of them.
    """
    from scipy.spatial import cKDTree
    from scipy.special import psi

    joint = np.hstack([x, z, w])
    distance = np.asarray(cKDTree(joint).query(joint, k=[k + 1], p=np.inf)[0])[:, 0]
    within = _counted(joint, distance * (1.0 + _ROUNDING))
    tied = within > k + 1  # more than k neighbours at this distance or nearer: all of them count, in every space
    reach = distance * np.where(tied, 1.0 + _ROUNDING, 1.0 - _ROUNDING)
    terms = psi(np.where(tied, within, k)) + psi(_counted(w, reach))
    terms -= psi(_counted(np.hstack([x, w]), reach)) + psi(_counted(np.hstack([z, w]), reach))
    return np.asarray(terms, np.float64)


def _counted(points: FloatArray, reach: FloatArray) -> IntArray:
    """How many points lie within each reach, the point itself included."""
    from scipy.spatial import cKDTree

    counts: IntArray = cKDTree(points).query_ball_point(points, reach, p=np.inf, return_length=True)
    return counts
