"""Variational bounds on mutual information with a trained critic: MINE, NWJ, InfoNCE, SMILE.

Every number is cross-fitted: a critic is fitted on one part of the samples, chosen on a second and reports on a third.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from infoplane import pairs, validation
from infoplane.critics import ClassScores, Concatenation, Critic, CriticOptions, Separable
from infoplane.estimators import crossfit
from infoplane.objectives import Objective, ObjectiveName
from infoplane.result import Estimate, Kind
from infoplane.training import Bank, Trained
from infoplane.validation import Array

_SMILE_CLIP = 5.0
_NEAR_LOG_N = 0.8


def mine(
    x: npt.ArrayLike,
    z: npt.ArrayLike,
    *,
    seed: int = 0,
    options: CriticOptions | None = None,
    labels: bool | None = None,
) -> Estimate:
    """MINE: a lower bound on I(X; Z) from a critic trained on the Donsker-Varadhan form.

    Reported is mean f - c + 1 - e^-c mean e^f on held-out samples, with c from the selection part: a lower bound in
    expectation. The held-out Donsker-Varadhan value, biased upwards, is in ``diagnostics["dv"]``.

    Args:
        x: samples, shape (n, dx).
        z: samples, shape (n, dz), or class labels, shape (n,).
        seed: root of all random streams.
        options: the critic and its training.
        labels: whether z is class labels; None: if it is a 1-D array of integers or booleans.

    Returns:
        The bound in nats, kind "lower_bound".

    Raises:
        ValueError: unpaired or unusable arrays, or too few samples.

    Source: Belghazi et al. 2018, eqs. (10) and (12).
    """
    return _estimate("mine", x, z, seed, options, labels, _at_level)


def nwj(
    x: npt.ArrayLike,
    z: npt.ArrayLike,
    *,
    seed: int = 0,
    options: CriticOptions | None = None,
    labels: bool | None = None,
) -> Estimate:
    """NWJ: a lower bound on I(X; Z) from a critic trained on mean f - e^-1 mean e^f.

    The critic's constant is set on the selection part; arguments and result as for :func:`mine`.

    Source: Nguyen, Wainwright & Jordan 2010; Poole et al. 2019, eq. (4).
    """
    return _estimate("nwj", x, z, seed, options, labels, _at_level)


def infonce(
    x: npt.ArrayLike,
    z: npt.ArrayLike,
    *,
    seed: int = 0,
    options: CriticOptions | None = None,
    labels: bool | None = None,
) -> Estimate:
    """InfoNCE: a lower bound on I(X; Z), at most ln K for K contrasts (the true pair is one of them).

    Arguments as for :func:`mine`; by default the critic is separable, so that all pairs of a block contrast.

    Source: van den Oord et al. 2018; Poole et al. 2019, eq. (12).
    """
    chosen = options if options is not None else CriticOptions(kind="separable")
    return _estimate("infonce", x, z, seed, chosen, labels, lambda terms, trained: pairs.infonce(terms))


def smile(
    x: npt.ArrayLike,
    z: npt.ArrayLike,
    *,
    seed: int = 0,
    options: CriticOptions | None = None,
    labels: bool | None = None,
) -> Estimate:
    """SMILE: Donsker-Varadhan with the shuffled pairs' scores clipped to [-5, 5]. Not a bound: kind "estimate".

    Arguments as for :func:`mine`.

    Source: Song & Ermon 2020, eq. (18); the critic is trained on the Jensen-Shannon objective, as there.
    """
    return _estimate("smile", x, z, seed, options, labels, lambda terms, trained: pairs.donsker_varadhan(terms))


def _at_level(terms: pairs.PairTerms, trained: Trained) -> pairs.Bound:
    return pairs.shifted(terms, float(pairs.log_mean_exp(trained.selection.row)))


_SELECTION: dict[str, Callable[[pairs.PairTerms], pairs.Bound]] = {
    "mine": pairs.donsker_varadhan,
    "nwj": pairs.donsker_varadhan,
    "smile": pairs.donsker_varadhan,
    "infonce": pairs.infonce,
}


def _estimate(
    method: ObjectiveName,
    x: npt.ArrayLike,
    z: npt.ArrayLike,
    seed: int,
    options: CriticOptions | None,
    labels: bool | None,
    report: Callable[[pairs.PairTerms, Trained], pairs.Bound],
) -> Estimate:
    """Check, cross-fit, report."""
    started = time.perf_counter()
    options = options or CriticOptions()
    is_labels = validation.is_labels(z) if labels is None else labels
    x_rows = validation.samples(x, "x")
    z_rows = validation.labels(z, "z") if is_labels else validation.samples(z, "z")
    validation.same_length(x_rows, z_rows)
    x_rows, notes = crossfit.varying_columns(x_rows, "x")
    if not is_labels:
        z_rows, z_notes = crossfit.varying_columns(z_rows, "z")
        notes += z_notes
    facts = _Facts(method, len(x_rows), np.shape(x), np.shape(z), seed, started)
    if x_rows.shape[1] == 0 or (z_rows.max() == z_rows.min() if is_labels else z_rows.shape[1] == 0):
        return facts.estimate(0.0, (0.0, 0.0), "exact", 0.0, [*notes, "a constant variable has no information"], {})
    parts = crossfit.split(len(x_rows), options, seed, z_rows if is_labels else None)
    bank = _bank(method, x_rows, z_rows, options, is_labels)

    def samples(part: crossfit.Parts) -> tuple[Array, Array]:
        codes = z_rows.astype(np.int32) if is_labels else crossfit.standardised(z_rows, part.fit)
        return crossfit.standardised(x_rows, part.fit), codes

    results = crossfit.run(bank, parts, samples, report, seed)
    bound = crossfit.combine([result.bound for result in results])
    ceiling = _ceiling(method, z_rows if is_labels else None, results)
    return facts.from_bound(bound, results, ceiling, notes)


class _Facts:
    """What an estimate says about its input."""

    def __init__(
        self, method: str, n: int, x_shape: tuple[int, ...], z_shape: tuple[int, ...], seed: int, started: float
    ) -> None:
        self.method, self.n, self.seed, self.started = method, n, seed, started
        self.dx = x_shape[1] if len(x_shape) > 1 else 1
        self.dz = z_shape[1] if len(z_shape) > 1 else 1

    def estimate(
        self, nats: float, ci95: tuple[float, float], kind: Kind, ceiling: float | None, warnings: list[str],
        diagnostics: dict[str, Any],
    ) -> Estimate:  # fmt: skip
        return Estimate(
            nats, ci95, kind, self.method, ceiling, self.n, self.dx, self.dz, self.seed,
            time.perf_counter() - self.started, tuple(warnings), diagnostics,
        )  # fmt: skip

    def from_bound(
        self, bound: pairs.Bound, results: list[crossfit.FoldResult], ceiling: float | None, notes: list[str]
    ) -> Estimate:
        error = 1.96 * bound.standard_error
        low, high = bound.nats - error, bound.nats + error
        warnings = notes + crossfit.warnings_of(results)
        if ceiling is not None and low > ceiling:
            warnings.append(f"above its ceiling: the interval begins at {low:.3g}, the ceiling is {ceiling:.3g} nats")
        rows = min(len(result.parts.report) for result in results)
        if ceiling is None and bound.nats > _NEAR_LOG_N * math.log(rows):
            warnings.append(
                f"near ln n: {bound.nats:.3g} nats from {rows} reporting samples (ln = {math.log(rows):.3g})"
            )
        kind: Kind = "estimate" if self.method == "smile" else "lower_bound"
        diagnostics = crossfit.diagnostics_of(results, bound)
        return self.estimate(bound.nats, (low, high), kind, ceiling, warnings, diagnostics)


def _bank(method: ObjectiveName, x: Array, z: Array, options: CriticOptions, is_labels: bool) -> Bank:
    critic: Critic
    if is_labels:
        critic = ClassScores(x.shape[1], int(z.max()) + 1, options.hidden)
    elif options.kind == "separable":
        critic = Separable(x.shape[1], z.shape[1], options.hidden, options.embedding)
    else:
        critic = Concatenation(x.shape[1], z.shape[1], options.hidden, options.shifts)
    selection = _SELECTION[method]
    clip = _SMILE_CLIP if method == "smile" else None
    return Bank(critic, Objective(method, options.ema_decay), lambda terms: selection(terms).nats, options, clip=clip)


def label_entropy(labels: Array) -> float:
    """Plug-in H(Y) in nats of labels 0..K-1, shape (n,)."""
    shares = np.bincount(labels) / len(labels)
    shares = shares[shares > 0]
    return float(-np.sum(shares * np.log(shares)))


def _ceiling(method: str, labels: Array | None, results: list[crossfit.FoldResult]) -> float | None:
    ceilings = [] if labels is None else [label_entropy(labels)]
    if method == "infonce":
        ceilings.append(math.log(min(result.terms.contrasts for result in results)))
    return min(ceilings) if ceilings else None
