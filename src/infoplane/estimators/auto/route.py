"""``auto``: mutual information of whatever samples, by what held-out rows show and random tasks have taught.

* Two variables with few values each: the table of counts.
* Else members (copulas, canonical variates, mixtures, kernels, Gaussian processes, discriminants, small networks) are
  fitted on a part of the rows and stacked on a second part; a third part reports a lower bound. Parts take turns.
* The interval's low end is a confidence limit of that bound: nothing is added to it. The value and the high end are
  experience: quantiles of what the bound lacked on random tasks of known information that looked alike
  (:mod:`infoplane.estimators.auto.calibration`).
* Variables that share a combination exactly have infinite information, and a warning says so.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from threadpoolctl import threadpool_limits

from infoplane.common.aliases import IntArray
from infoplane.estimators.auto import calibration, constants
from infoplane.estimators.auto.determined import determined
from infoplane.estimators.auto.measure import Found, measure
from infoplane.estimators.discrete import row_codes, table_estimate
from infoplane.estimators.groups import one_of_each
from infoplane.results.estimate import Estimate


def auto(
    x: npt.NDArray[np.generic],
    z: npt.NDArray[np.generic],
    *,
    seed: int = 0,
    labels: bool = False,
    groups: IntArray | None = None,
) -> Estimate:
    """Estimate I(X; Z), with a 95 % interval.

    Args:
        x: samples, shape (n, dx), finite numbers.
        z: samples, shape (n, dz), or class labels, shape (n,), if ``labels``.
        seed: root of every random stream.
        labels: whether z is class labels.
        groups: number of each row's group, shape (n,): rows of one group stay in one part.

    Returns:
        The value in nats, kind "estimate". ``diagnostics["bound"]`` is the held-out lower bound and
        ``diagnostics["weights"]`` what each member counts. With labels the ceiling is H(Y). ``pointwise`` are the
        bound's terms, with what is added to the bound spread evenly.
    """
    started = time.perf_counter()
    result = _routed(np.asarray(x), np.asarray(z), seed, labels or z.ndim == 1, groups, started)
    return replace(result, method="auto", seed=seed, seconds=time.perf_counter() - started)


@dataclass(frozen=True)
class Route:
    """How a sample is taken."""

    kind: Literal["table", "classes", "numbers"]
    x: npt.NDArray[Any]
    """Numbers, or the codes of a table."""
    z: npt.NDArray[Any]
    """Numbers, classes 0..K-1, or the codes of a table."""
    reason: str


def route(x: npt.NDArray[np.generic], z: npt.NDArray[np.generic], labels: bool) -> Route:
    """What kind of data x, shape (n, dx), and z, shape (n, dz), or class labels, shape (n,), are."""
    codes_x, codes_z = few_values(x), few_values(z[:, None] if labels else z)
    if codes_x is not None and codes_z is not None:
        cells = len(np.unique(codes_x * (codes_z.max() + 1) + codes_z))
        if len(x) >= constants.ROWS_PER_CELL * cells:
            return Route("table", codes_x, codes_z, "few values: table of counts")
    if labels:
        return Route("classes", x, row_codes(z[:, None]), "classes: z is class labels")
    if codes_z is not None and _classes(codes_z):
        return Route("classes", x, codes_z, "classes: z has few values")
    if codes_x is not None and _classes(codes_x):
        return Route("classes", z, codes_x, "classes: x has few values")
    return Route("numbers", x, z, "numbers")


def few_values(x: npt.NDArray[np.generic]) -> IntArray | None:
    """One integer per distinct row, or None where rows hardly repeat."""
    for column in range(min(x.shape[1], 8)):  # cheap refusal before whole rows are sorted
        if len(np.unique(x[:, column])) > len(x) / 2:
            return None
    codes = row_codes(x)
    return codes if codes.max() + 1 <= len(x) / 2 else None


def _classes(codes: IntArray) -> bool:
    values = int(codes.max()) + 1
    return values <= min(constants.MOST_VALUES, len(codes) / constants.ROWS_PER_VALUE)


def _routed(
    x: npt.NDArray[np.generic],
    z: npt.NDArray[np.generic],
    seed: int,
    labels: bool,
    groups: IntArray | None,
    started: float,
) -> Estimate:
    widths = x.shape[1], 1 if labels else z.shape[1]
    way = route(x, z, labels)
    if way.kind == "table":

        def counted(one: npt.NDArray[Any], other: npt.NDArray[Any]) -> Estimate:
            return table_estimate("auto", one, other, "grassberger", *widths, seed, started)

        table = counted(way.x, way.z) if groups is None else one_of_each(counted, way.x, way.z, groups, seed)
        return replace(table, diagnostics=table.diagnostics | {"route": way.reason})
    units, unit = (len(x), "samples") if groups is None else (len(np.unique(groups)), "groups")
    if units < constants.FEWEST_ROWS:
        raise ValueError(f"auto: {units} {unit} given; expected at least {constants.FEWEST_ROWS}")
    import sklearn.mixture  # noqa: F401  # the limit reaches the thread pools that are loaded by then

    # On matrices this small, waiting threads cost several times the work; and sums have one order on every machine.
    with threadpool_limits(1):
        if way.kind == "numbers" and (relation := determined(x, z, seed)):
            return _infinite(relation, len(x), widths)
        found = measure(way.x, way.z, seed, groups)
        return _finished(found, way, len(x), widths)


def _infinite(relation: str, n: int, widths: tuple[int, int]) -> Estimate:
    """The estimate where a part of z is a function of x: ln n, with an interval open upwards."""
    note = (
        f"{relation}: for continuous variables the information is infinite; the value is ln n, the most that so many "
        "samples can show"
    )
    diagnostics = {"route": "numbers", "relation": relation}
    return Estimate(
        nats=math.log(n), ci95=(math.log(n), math.inf), kind="estimate", method="auto", n=n, dx=widths[0], dz=widths[1],
        warnings=(note,), diagnostics=diagnostics,
    )  # fmt: skip


def _finished(found: Found, way: Route, n: int, widths: tuple[int, int]) -> Estimate:
    labels = way.kind == "classes"
    judged = calibration.judge(found.features, labels)
    ceiling = found.features["entropy"] if labels else None
    notes = list(judged.notes)
    used = len(found.rows)
    pointwise = None
    if used == n:
        pointwise = np.empty(n)
        pointwise[found.rows] = found.terms + (judged.value - found.bound)
    if n > constants.MANY_ROWS:
        notes.append(f"{used} of {n} samples, drawn at random, report; more would narrow an interval that is narrow")
    if ceiling is not None and judged.value > ceiling:
        notes.append(f"above its ceiling: {judged.value:.4g} nats, and H(Y) = {ceiling:.4g}; the data allow H(Y)")
    diagnostics = {
        "route": way.reason, "bound": found.bound, "bound_standard_error": found.error, "weights": found.weights,
        "held_out": found.held_out, "rows_reporting": used,
    }  # fmt: skip
    return Estimate(
        nats=judged.value, ci95=(judged.low, judged.high), kind="estimate", method="auto", ceiling=ceiling, n=n,
        dx=widths[0], dz=widths[1], warnings=tuple(notes), diagnostics=diagnostics, pointwise=pointwise,
    )  # fmt: skip
