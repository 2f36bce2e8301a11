"""Checks of the long table: broken inequalities, compression of layers, and errors against the exact values."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from statistics import fmean, stdev
from typing import Any

Row = Mapping[str, Any]

COLUMNS = (
    "seed", "epoch", "layer", "width", "accuracy", "loss", "estimator", "i_x", "i_x_se", "i_y", "i_y_se",
)  # fmt: skip
"""Columns of the long table: one row per seed, epoch, layer and estimator; informations and their errors in nats.

The rows in memory also have ``noise_std``, None where no noise is added."""

REFERENCES = {
    "critics": "exact", "binning_fixed": "exact", "binning_adaptive": "exact", "kde": "exact", "kde_lower": "exact",
    "mine_noiseless": "distinct",
}  # fmt: skip
"""The estimator whose values count as the truth for another one."""

_STANDARD_ERRORS = 3.0
"""A difference counts beyond so many standard errors."""
_ROUNDING = 1e-6
"""In nats; smaller differences count as rounding."""
_LOOSE_SHARE = 0.7
"""A lower bound below this share of the exact value is called loose."""


def _error(row: Row, axis: str) -> float:
    return row[f"{axis}_se"] or 0.0


def _exceeds(larger: Row, axis: str, limit: float, limit_error: float = 0.0) -> bool:
    """Whether a value lies above a limit by more than rounding and three standard errors."""
    value = larger[axis]
    return value is not None and value - limit > _ROUNDING + _STANDARD_ERRORS * math.hypot(
        _error(larger, axis), limit_error
    )


def _grouped(rows: Iterable[Row], *keys: str) -> dict[tuple[Any, ...], list[Row]]:
    groups: dict[tuple[Any, ...], list[Row]] = defaultdict(list)
    for row in rows:
        groups[tuple(row[key] for key in keys)].append(row)
    return groups


def violations(rows: Sequence[Row], entropy: float, n: int, inside: bool = False) -> dict[str, dict[str, int]]:
    """For each estimator the number of violated inequalities, beyond rounding and three standard errors.

    ``label_above_input``: I(T; Y) > I(X; T). ``above_entropy``: I(T; Y) > H(Y). ``above_ln_n``: I(X; T) > ln n.
    ``rises_with_noise``: more noise, more information (exact values at two noise levels). ``rises_with_depth``: of the
    noiseless I(T_k; Y) and, with noise inside the network, of a lower bound above the upper bound of a layer before.
    A bound is checked only on the side on which it is a bound.
    """
    counts: dict[str, dict[str, int]] = {}
    for (name,), own in _grouped(rows, "estimator").items():
        counts[name] = {
            "above_entropy": sum(_exceeds(row, "i_y", entropy) for row in own),
            "above_ln_n": sum(_exceeds(row, "i_x", math.log(n)) for row in own),
            "label_above_input": sum(
                row["i_x"] is not None and _exceeds(row, "i_y", row["i_x"], _error(row, "i_x")) for row in own
            ),
            "rises_with_depth": sum(_rises(own)) if name in ("distinct", "mine_noiseless") else 0,
            "rises_with_noise": 0,
        }
    for upper in [name for name in counts if name.startswith("upper")]:  # an upper bound may exceed anything
        counts[upper] = dict.fromkeys(counts[upper], 0)
    if "exact" in counts and "exact_relative" in counts:
        counts["exact"]["rises_with_noise"] = sum(_rises_with_noise(rows))
    if inside:
        counts["lower"]["rises_with_depth"] = sum(_bracket_crossings(rows))
    return counts


def _rises(rows: Sequence[Row]) -> Iterator[bool]:
    """Whether I(T_k; Y) rises from a layer to the next."""
    for group in _grouped(rows, "seed", "epoch").values():
        for before, after in pairwise(sorted(group, key=lambda row: row["layer"])):
            yield _exceeds(after, "i_y", before["i_y"], _error(before, "i_y"))


def _rises_with_noise(rows: Sequence[Row]) -> Iterator[bool]:
    both = [row for row in rows if row["estimator"] in ("exact", "exact_relative")]
    for group in _grouped(both, "seed", "epoch", "layer").values():
        if len(group) == 2 and all(row["noise_std"] is not None for row in group):
            finer, coarser = sorted(group, key=lambda row: row["noise_std"])
            for axis in ("i_x", "i_y"):
                yield _exceeds(coarser, axis, finer[axis], _error(finer, axis))


def _bracket_crossings(rows: Sequence[Row]) -> Iterator[bool]:
    """Whether a layer's lower bound lies above the upper bound of the layer before."""
    for group in _grouped(rows, "seed", "epoch").values():
        by_layer = {(row["estimator"], row["layer"]): row for row in group}
        for (name, layer), lower in by_layer.items():
            before = by_layer.get(("upper", layer - 1))
            if name == "lower" and before is not None:
                for axis in ("i_x", "i_y"):
                    yield _exceeds(lower, axis, before[axis], _error(before, axis))


def compression(rows: Sequence[Row]) -> dict[str, dict[str, dict[str, float | None]]]:
    """For each estimator and layer the fall of I(X; T) from its maximum to the last epoch, in nats.

    ``fall`` is the mean over seeds; ``se`` joins the Monte Carlo errors of both ends with the spread over seeds;
    ``ratio`` is fall / se (None without any error); ``peak_epoch`` the seeds' mean. The maximum of noisy values lies
    above that of the true ones: a ratio below 3 shows nothing.
    """
    result: dict[str, dict[str, dict[str, float | None]]] = defaultdict(dict)
    for (name, layer), own in sorted(_grouped(rows, "estimator", "layer").items()):
        series = [sorted(group, key=lambda row: row["epoch"]) for group in _grouped(own, "seed").values()]
        if any(row["i_x"] is None for row in own) or any(len(group) < 2 for group in series):
            continue
        peaks = [max(group, key=lambda row: row["i_x"]) for group in series]
        ends = [group[-1] for group in series]
        falls = [peak["i_x"] - end["i_x"] for peak, end in zip(peaks, ends, strict=True)]
        noise = [math.hypot(_error(peak, "i_x"), _error(end, "i_x")) for peak, end in zip(peaks, ends, strict=True)]
        spread = stdev(falls) if len(falls) > 1 else 0.0
        error = math.sqrt((fmean([value**2 for value in noise]) + spread**2) / len(falls))
        result[name][str(layer)] = {
            "fall": fmean(falls),
            "se": error,
            "ratio": fmean(falls) / error if error > 0 else None,
            "peak_epoch": fmean([peak["epoch"] for peak in peaks]),
        }
    return dict(result)


def errors(rows: Sequence[Row]) -> dict[str, dict[str, float | None]]:
    """For each estimator its mean error (bias) and mean absolute error against the exact value, in nats."""
    known = {(row["estimator"], row["seed"], row["epoch"], row["layer"]): row for row in rows}
    found: dict[str, dict[str, float | None]] = {}
    for (name,), own in _grouped(rows, "estimator").items():
        entry: dict[str, float | None] = {}
        for axis in ("i_x", "i_y"):
            gaps = []
            for row in own:
                truth = known.get((REFERENCES.get(name, ""), row["seed"], row["epoch"], row["layer"]))
                if truth is not None and row[axis] is not None:
                    gaps.append(row[axis] - truth[axis])
            if gaps:
                entry |= {f"{axis}_bias": fmean(gaps), f"{axis}_mean_absolute": fmean([abs(gap) for gap in gaps])}
        if entry:
            found[name] = entry
    return found


def against_exact(rows: Sequence[Row]) -> list[str]:
    """Where a critic lies above the exact value, which is an error, or below 70 % of it, a loose bound."""
    exact = {(row["seed"], row["epoch"], row["layer"]): row for row in rows if row["estimator"] == "exact"}
    places: dict[str, list[str]] = defaultdict(list)
    for row in rows:
        truth = exact.get((row["seed"], row["epoch"], row["layer"]))
        if row["estimator"] != "critics" or truth is None:
            continue
        for axis, name in (("i_x", "AA-MINE"), ("i_y", "MINE")):
            where = f"{row['epoch']}/{row['layer']}: {row[axis]:.2g} for {truth[axis]:.2g}"
            if _exceeds(row, axis, truth[axis], _error(truth, axis)):
                places[f"{name} above the exact value, an error"].append(where)
            elif _exceeds(truth, axis, row[axis], _error(row, axis)) and row[axis] < _LOOSE_SHARE * truth[axis]:
                places[f"{name} below 70 % of the exact value, a loose bound"].append(where)
    return [f"{text} (epoch/layer {', '.join(where)})" for text, where in places.items()]


def last_epoch(rows: Sequence[Row]) -> dict[str, dict[str, dict[str, float | None]]]:
    """Both informations at the last epoch for each estimator and layer: mean and standard deviation over seeds."""
    final = max(row["epoch"] for row in rows)
    result: dict[str, dict[str, dict[str, float | None]]] = defaultdict(dict)
    for (name, layer), own in sorted(
        _grouped((row for row in rows if row["epoch"] == final), "estimator", "layer").items()
    ):
        entry: dict[str, float | None] = {}
        for axis in ("i_x", "i_y"):
            values = [row[axis] for row in own if row[axis] is not None]
            entry[axis] = fmean(values) if values else None
            entry[f"{axis}_sd"] = stdev(values) if len(values) > 1 else None
        result[name][str(layer)] = entry
    return dict(result)
