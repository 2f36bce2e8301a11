"""What ``auto`` can use for numbers: log density ratios, each fitted without the selection and reporting rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from infoplane.common.aliases import FloatArray, IntArray
from infoplane.estimators.auto import canonical, constants, elliptical, kernels, mixtures, processes, stack
from infoplane.estimators.auto.coordinates import Coordinates, normal_scores
from infoplane.estimators.auto.ratios import Bilinear, Ratio


@dataclass(frozen=True)
class View:
    """Two variables in one round of the cross-fit, and which rows fit and select."""

    x: Coordinates
    z: Coordinates
    fit: IntArray
    select: IntArray
    seed: int

    @property
    def columns(self) -> int:
        """Coordinates of both."""
        return int(self.x.scores.shape[1] + self.z.scores.shape[1])


def capped(rows: IntArray, most: int) -> IntArray:
    """At most so many of the rows, evenly spaced."""
    return rows if len(rows) <= most else rows[np.linspace(0, len(rows) - 1, most).astype(np.int64)]


def value(ratio: Ratio, rows: IntArray, most: int = 250) -> float:
    """InfoNCE of a ratio on (at most so many of) the rows."""
    rows = capped(rows, most)
    return stack.info_nce(ratio.matrix(rows, rows))[0]


def members(view: View) -> Iterator[tuple[str, Ratio]]:
    """Name and ratio of every member but the networks."""
    u, v, fit = view.x.scores, view.z.scores, view.fit
    p, q = u.shape[1], v.shape[1]
    few = capped(fit, 1500)
    lx, lz, rho = canonical.variates(u, v, fit, 40)
    yield "linear", canonical.gaussian_ratio(lx, lz, rho)
    ox, oz, own_rho = canonical.variates(view.x.own, view.z.own, fit, 40, ranked=False)
    yield "linear, own scale", canonical.gaussian_ratio(ox, oz, own_rho)
    wide = max(p, q) > 12
    sx, sz = (np.hstack([lx[:, :8], u[:, :4]]), np.hstack([lz[:, :8], v[:, :4]])) if wide else (u, v)
    most = max(10, min(100, len(fit) // 6))
    gx, gz, grho = canonical.variates(
        canonical.centred_on(canonical.quadratic(sx, most), fit),
        canonical.centred_on(canonical.quadratic(sz, most), fit), fit, 8,
    )  # fmt: skip
    yield "quadratic", canonical.gaussian_ratio(gx, gz, grho)
    tx, tz = (u, v) if p + q <= 24 else (lx[:, :8], lz[:, :8])
    for degrees in constants.DEGREES:
        yield f"student {degrees:g}", elliptical.student_ratio(tx, tz, few if len(fit) > 4000 else fit, degrees)
    both = np.hstack([lx[:, :2], gx[:, :2]]), np.hstack([lz[:, :2], gz[:, :2]])
    mx, mz = (u, v) if p + q <= 10 else both
    yield from _best(
        view,
        "mixture",
        lambda k: mixtures.full(mx, mz, few, k, view.seed),
        constants.FULL_COMPONENTS,
        6 * (mx.shape[1] + mz.shape[1]),
    )
    cx, cz = (u, v) if max(p, q) <= 5 else (lx[:, :10], lz[:, :10])

    def latent(k: int) -> Ratio:
        return mixtures.latent_class(cx, cz, few, k, view.seed)

    yield from _best(view, "latent class", latent, constants.LATENT_CLASSES, 12)
    if p + q <= constants.MOST_KERNEL_COLUMNS:
        for scale in constants.KERNEL_SCALES:
            yield f"kernel {scale:g}", kernels.kernel_ratio(u, v, capped(fit, 1000), scale)
    if p > 1:
        target = v if q <= 3 else lz[:, :3]
        yield from _process(view, "x", u, target)
    if q > 1:
        target = u if p <= 3 else lx[:, :3]
        yield from _process(view, "z", v, target)


def _best(
    view: View, name: str, make: Callable[[int], Ratio], counts: tuple[int, ...], rows: int
) -> Iterator[tuple[str, Ratio]]:
    """The member of the number of components that selects best; each component needs so many rows."""
    allowed = [k for k in counts if k * rows <= len(view.fit)] or [2]
    yield name, max((make(k) for k in allowed), key=lambda ratio: value(ratio, view.select))


def _process(view: View, name: str, one: FloatArray, target: FloatArray) -> Iterator[tuple[str, Ratio]]:
    """Members that see one variable through what it predicts of the other."""
    fit = view.fit
    guess = processes.predicted(one, target, fit)
    spread = processes.predicted_log_variance(one, target - guess, fit)
    uneven = conditional_normal(guess, spread, target, fit)
    guess = normal_scores(guess, fit)
    pair = (guess, target) if name == "x" else (target, guess)
    a, b, rho = canonical.variates(*pair, fit, 6)
    yield f"process {name}", canonical.gaussian_ratio(a, b, rho)
    yield f"process {name}, uneven", uneven if name == "x" else uneven.turned()
    joint: Ratio = (
        kernels.kernel_ratio(*pair, capped(fit, 1000), 0.5)
        if target.shape[1] == 1
        else mixtures.full(*pair, capped(fit, 1500), 4, view.seed)
    )
    yield f"process {name}, joint", joint


def conditional_normal(mean: FloatArray, log_variance: FloatArray, target: FloatArray, fit: IntArray) -> Bilinear:
    """The ratio if the target is normal given the other variable, its columns independent, each with its own width.

    Args:
        mean, log_variance: of the target given the other variable, shape (n, q).
        target: shape (n, q).
        fit: row numbers whose mixture is the target's margin.
    """
    precision = np.exp(-log_variance)
    left = np.hstack([-0.5 * precision, precision * mean])
    right = np.hstack([target**2, target])
    a = -0.5 * (precision * mean**2 + log_variance).sum(axis=1)
    some = capped(fit, 1000)
    scores = left[some] @ right.T
    scores += a[some][:, None]
    top = scores.max(axis=0)
    scores -= top
    margin = np.log(np.exp(scores, out=scores).mean(axis=0)) + top
    return Bilinear(a, -margin, left, right)


def starting_point(ratios: dict[str, Ratio], select: IntArray) -> Bilinear:
    """The bilinear member that selects best: what a network starts from."""
    return max((r for r in ratios.values() if isinstance(r, Bilinear)), key=lambda ratio: value(ratio, select))


def network_inputs(side: Coordinates, fit: IntArray) -> FloatArray:
    """What a network sees of a variable: coordinates, weak components small, and the log of their norm."""
    u = side.scores
    size = np.log((u**2).sum(axis=1) + 1e-3)
    mean, deviation = size[fit].mean(), max(float(size[fit].std()), 1e-9)
    return np.column_stack([u * side.weights, (size - mean) / deviation])
