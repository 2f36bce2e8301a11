"""Checked input of a cross-fitted estimator, and the estimate made from its folds."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from infoplane.common import validation
from infoplane.common.aliases import Z95, Array
from infoplane.critics import crossfit
from infoplane.critics.networks import CriticOptions
from infoplane.estimators.groups import codes_of_rows, group_codes
from infoplane.estimators.normal_margins import normal_margins
from infoplane.estimators.offsets import within_range, without_offsets
from infoplane.results.estimate import Estimate, Kind

_REPEATED = 0.5
"""Distinct rows, as a share of all, below which a variable of numbers has values that repeat."""
_NEAR_LOG_N = 0.8
"""Share of ln n above which a distribution-free bound says that it cannot resolve more (McAllester & Stratos 2020)."""


@dataclass(frozen=True)
class Checked:
    """Samples that passed the checks, without constant columns."""

    method: str
    x: Array
    z: Array
    """Samples, shape (n, dz), or labels 0..K-1, shape (n,)."""
    is_labels: bool
    widths: tuple[int, int]
    seed: int
    notes: tuple[str, ...]
    started: float
    groups: Array | None = None
    """Group of each sample, integers, shape (n,); None: every sample is a group of its own."""

    @property
    def trivial(self) -> bool:
        """Whether one of the variables is constant, so that there is nothing to know."""
        return self.x.shape[1] == 0 or (bool(self.z.max() == 0) if self.is_labels else self.z.shape[1] == 0)

    @property
    def repeats(self) -> bool:
        """Whether values of x or z repeat, so that the bounds must count own pairs (see ``critics.bounds``)."""
        if self.is_labels:
            return True
        return any(codes_of_rows(rows).max() + 1 < _REPEATED * len(rows) for rows in (self.x, self.z))

    def parts(self, options: CriticOptions) -> list[crossfit.Parts]:
        """The parts of each fold: groups stay together, and classes get their share of each part."""
        return crossfit.split(len(self.x), options, self.seed, self.z if self.is_labels else None, self.groups)

    def scaled(self, number: int, parts: crossfit.Parts) -> crossfit.Prepared:
        """x and z as a fold's critic sees them: mean 0 and deviation 1 on its fit part; labels as they are."""
        return self._prepared(parts, crossfit.scaled_for_critic)

    def normalised(self, number: int, parts: crossfit.Parts) -> crossfit.Prepared:
        """x and z with normal margins on the fold's fit part, or standardised where columns are many; labels as are."""
        return self._prepared(parts, _normalised)

    def _prepared(self, parts: crossfit.Parts, scaled: Callable[[Array, Array], Array]) -> crossfit.Prepared:
        x = scaled(self.x, parts.fit)
        z = self.z.astype(np.int32) if self.is_labels else scaled(self.z, parts.fit)
        return crossfit.Prepared(x, z, (x[parts.select], z[parts.select]), (x[parts.report], z[parts.report]))

    def nothing(self) -> Estimate:
        """The estimate where a variable is constant."""
        return self._estimate(0.0, (0.0, 0.0), "exact", 0.0, ["a constant variable: its information is 0"], {})

    def from_folds(
        self,
        results: Sequence[crossfit.FoldResult[Any]],
        *,
        kind: Kind = "lower_bound",
        ceiling: float | None = None,
        notes: Sequence[str] = (),
        pointwise: bool = False,
        **diagnostics: Any,
    ) -> Estimate:
        """The mean over the folds, its interval, and the warnings that it deserves.

        The interval of a lower bound has no upper end: how far the truth lies above is not seen. ``pointwise`` says
        whether a sample's influence on its fold's bound is its pointwise information less that bound.
        """
        reported = np.concatenate([result.parts.report for result in results])
        bound = crossfit.combine(
            [result.bound for result in results], None if self.groups is None else self.groups[reported]
        )
        high = math.inf if kind == "lower_bound" else bound.nats + Z95 * bound.standard_error
        interval = (bound.low(self.repeats), high)
        warnings = [*notes, *crossfit.warnings_of(results)]
        if ceiling is not None and bound.nats > ceiling:
            warnings.append(f"above its ceiling: {bound.nats:.4g} nats, and the ceiling is {ceiling:.4g} nats")
        rows = min(len(result.parts.report) for result in results)
        explained = crossfit.diagnostics_of(results, bound) | diagnostics
        if self.is_labels:
            explained["entropy_upper"], explained["entropy_se"] = label_entropy_limit(self.z)
        largest = max(bound.nats, explained["selection"])
        if ceiling is None and largest > _NEAR_LOG_N * math.log(rows):
            warnings.append(f"near ln n: {largest:.3g} nats, and ln {rows} = {math.log(rows):.3g} for a reporting part")
        result = self._estimate(bound.nats, interval, kind, ceiling, warnings, explained)
        if not pointwise:
            return result
        values = np.empty(len(reported))
        values[reported] = np.concatenate([found.bound.nats + found.bound.influence for found in results])
        return replace(result, pointwise=values)

    def _estimate(
        self,
        nats: float,
        ci95: tuple[float, float],
        kind: Kind,
        ceiling: float | None,
        warnings: Sequence[str],
        diagnostics: dict[str, Any],
    ) -> Estimate:
        return Estimate(
            nats=nats,
            ci95=ci95,
            kind=kind,
            method=self.method,
            ceiling=ceiling,
            n=len(self.x),
            dx=self.widths[0],
            dz=self.widths[1],
            seed=self.seed,
            seconds=time.perf_counter() - self.started,
            warnings=(*self.notes, *warnings),
            diagnostics=diagnostics,
        )


def _normalised(x: Array, fit: Array) -> Array:
    many = x.shape[1] > crossfit.MANY_COLUMNS
    return crossfit.scaled_for_critic(x, fit) if many else normal_margins(x, fit)


def checked(
    method: str,
    x: npt.ArrayLike,
    z: npt.ArrayLike,
    seed: int,
    is_labels: bool | None = None,
    groups: npt.ArrayLike | None = None,
) -> Checked:
    """The samples, checked and without constant columns and offsets.

    Args:
        method: name of the estimator.
        x: samples, shape (n, dx) or (n,).
        z: samples, shape (n, dz), or class labels, shape (n,).
        seed: root of the estimator's streams.
        is_labels: whether z is class labels; None: if it is a 1-D array of integers or booleans.
        groups: integers or strings, shape (n,): rows that belong together.

    Raises:
        ValueError: unpaired or unusable arrays.
    """
    started = time.perf_counter()
    is_labels = validation.is_labels(z) if is_labels is None else is_labels
    x_rows = validation.samples(x, "x")
    z_rows = validation.labels(z, "z") if is_labels else validation.samples(z, "z")
    validation.require_same_length(x_rows, z_rows)
    widths = (x_rows.shape[1], 1 if is_labels else z_rows.shape[1])
    x_rows, notes = crossfit.varying_columns(x_rows, "x")
    if not is_labels:
        z_rows, z_notes = crossfit.varying_columns(z_rows, "z")
        notes += z_notes
        z_rows = without_offsets(within_range(z_rows))
    codes = None if groups is None else group_codes(groups, len(x_rows))
    x_rows = without_offsets(within_range(x_rows))
    return Checked(method, x_rows, z_rows, is_labels, widths, seed, tuple(notes), started, codes)


def label_entropy(labels: Array) -> float:
    """Plug-in H(Y) in nats of labels 0..K-1, shape (n,)."""
    shares = np.bincount(labels) / len(labels)
    shares = shares[shares > 0]
    return float(-np.sum(shares * np.log(shares)))


def label_entropy_limit(labels: Array) -> tuple[float, float]:
    """H(Y) of the population that labels 0..K-1, shape (n,), come from, and its standard error, in nats.

    The plug-in value without its bias, at most ln K.

    Source: Miller 1955, "Note on the bias of information estimates": the plug-in value lacks (K - 1) / 2n. Error: the
    delta method, -ln p(y) being each sample's influence.
    """
    counts = np.bincount(labels)
    counts = counts[counts > 0]
    n = int(counts.sum())
    shares = counts / n
    entropy = label_entropy(labels)
    variance = max(float(shares @ np.log(shares) ** 2) - entropy**2, 0.0)
    return min(entropy + (len(counts) - 1) / (2 * n), math.log(len(counts))), math.sqrt(variance / n)
