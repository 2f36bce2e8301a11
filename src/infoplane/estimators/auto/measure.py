"""One sample: members, networks, their stack, the bound it holds out, and the features for the calibration."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from infoplane.common import seeds
from infoplane.common.aliases import FloatArray, IntArray
from infoplane.estimators.auto import constants, evidence, networks, stack
from infoplane.estimators.auto.coordinates import centred, coordinates
from infoplane.estimators.auto.label_members import indicators, members_of_labels
from infoplane.estimators.auto.members import View, capped, members, network_inputs, starting_point, value
from infoplane.estimators.auto.ratios import Ratio
from infoplane.estimators.auto.rounds import Round, rounds
from infoplane.estimators.groups import random_rows

OPTIONS = networks.Options()


@dataclass(frozen=True)
class Found:
    """A held-out lower bound and other features of the sample."""

    bound: float
    """InfoNCE of the stack on reporting rows, in nats."""
    error: float
    """Its standard error, the stack taken as given."""
    terms: FloatArray
    """Of each reporting row, ln p(x, z) / p(x) p(z) by the stack: their mean is the bound, in nats."""
    rows: IntArray
    """Which rows reported, in the order of the terms."""
    features: dict[str, float]
    """Input of the calibration."""
    weights: dict[str, float]
    """Mean weight of each member in the stack."""
    held_out: dict[str, float]
    """InfoNCE of each member alone on reporting rows."""
    seconds: dict[str, float]
    """CPU seconds of each member."""


@dataclass
class Turn:
    """One round: all rows' coordinates, the members fitted, and where its rows stand."""

    view: View
    report: IntArray
    rows: IntArray
    """Row numbers, in the whole sample, of the reporting rows."""
    ratios: dict[str, Ratio]
    clock: dict[str, float]


def _turn(x: FloatArray, z: FloatArray | IntArray, part: Round, seed: int) -> Turn:
    rows = np.concatenate([part.fit, part.select, part.report])
    ends = np.cumsum([len(part.fit), len(part.select), len(part.report)])
    fit, select, report = np.arange(ends[0]), np.arange(ends[0], ends[1]), np.arange(ends[1], ends[2])
    labels = z.ndim == 1
    other = indicators(z[rows], int(z.max()) + 1) if labels else coordinates(z[rows], fit, seed)
    view = View(coordinates(x[rows], fit, seed), other, fit, select, seed)
    clock, ratios, before = {}, {}, time.process_time()
    for name, ratio in (members_of_labels if labels else members)(view):
        ratios[name] = ratio
        now = time.process_time()
        clock[name], before = now - before, now
    return Turn(view, report, part.report, ratios, clock)


def _with_networks(turns: list[Turn], seed: int, options: networks.Options, labels: bool) -> None:
    jobs = []
    for number, turn in enumerate(turns):
        fit = turn.view.fit
        inputs = network_inputs(turn.view.x, fit), turn.view.z.scores if labels else network_inputs(turn.view.z, fit)
        base = starting_point(turn.ratios, turn.view.select)
        for start, decay in zip((base, None), constants.DECAYS, strict=True):
            stream = seeds.seed_sequence(seed, "auto", "network", number, int(start is None))
            jobs.append(networks.Job(*inputs, fit, turn.view.select, start, stream, decay))
    for k, (ratio, _, _) in enumerate(networks.train(jobs, options)):
        turns[k // 2].ratios[("network on a member", "network")[k % 2]] = ratio


def measure(
    x: npt.NDArray[Any],
    z: npt.NDArray[Any],
    seed: int = 0,
    groups: IntArray | None = None,
    options: networks.Options = OPTIONS,
    without: tuple[str, ...] = (),
) -> Found:
    """The bound and the evidence.

    Args:
        x: samples, shape (n, dx).
        z: samples, shape (n, dz), or class labels 0..K-1, shape (n,).
        seed: root of every random stream.
        groups: number of each row's group, or None.
        options: of the networks.
        without: members left out, for ablation.
    """
    n = len(x)
    x, z = centred(x), z if z.ndim == 1 else centred(z)
    parts = rounds(n, seed, groups)
    half = Round(parts[0].fit[::2], parts[0].select, parts[0].report)
    turns = [_turn(x, z, part, seed + number) for number, part in enumerate((*parts, half))]
    shared = set.intersection(*(set(turn.ratios) for turn in turns))  # a column may be constant in a turn
    for turn in turns:
        kept = {name: ratio for name, ratio in turn.ratios.items() if name in shared and not name.startswith(without)}
        turn.ratios = kept
    if "network" not in without:
        _with_networks(turns, seed, options, z.ndim == 1)
    reported = [_reported(turn) for turn in turns]
    main = reported[: len(parts)]
    terms, influence = (np.concatenate([getattr(one, name) for one in main]) for name in ("terms", "influence"))
    units = influence  # what is independent: rows, or groups of rows (Liang & Zeger 1986)
    if groups is not None:
        units = np.bincount(groups[np.concatenate([turn.rows for turn in turns[: len(parts)]])], influence)
        # Copies would look like dependence to nearest neighbours.
        rows = random_rows(groups, seeds.generator(seed, "auto", "one of each group"))
        x, z, n = x[rows], z[rows], len(rows)
    bound, error = float(terms.mean()), float(np.sqrt(np.sum(units**2))) / len(influence)
    features = _features(x, z, turns, reported, seed) | {"bound": bound, "error": error, "n": float(n)}
    names = list(turns[0].ratios)
    return Found(
        bound,
        error,
        terms,
        np.concatenate([turn.rows for turn in turns[: len(parts)]]),
        features,
        weights={name: round(float(np.mean([one.weights[k] for one in main])), 3) for k, name in enumerate(names)},
        held_out={name: features[f"held {name}"] for name in names},
        seconds={name: round(sum(t.clock.get(name, 0.0) for t in turns), 2) for name in names},
    )


@dataclass(frozen=True)
class Reported:
    """What the stack of one turn gives on reporting rows."""

    terms: FloatArray
    influence: FloatArray
    weights: FloatArray
    fit: float
    """InfoNCE on fitting rows."""
    report: float
    """InfoNCE on as many reporting rows."""


def _reported(turn: Turn) -> Reported:
    scored = capped(turn.view.select, constants.MOST_SELECT)
    ratios = list(turn.ratios.values())
    weights = stack.stacked([r.matrix(scored, scored) for r in ratios], constants.PENALTY / len(scored))
    blocks = np.array_split(turn.report, -(-len(turn.report) // constants.MOST_REPORT))
    held = [stack.held_out(ratios, weights, block) for block in blocks]
    fitted = capped(turn.view.fit, min(len(turn.report), 500))
    levels = [
        stack.info_nce(stack.combined(ratios, weights, rows, rows))[0]
        for rows in (fitted, capped(turn.report, len(fitted)))
    ]
    terms, influence = (np.concatenate([getattr(one, name) for one in held]) for name in ("terms", "influence"))
    return Reported(terms, influence, weights, levels[0], levels[1])


def _features(
    x: FloatArray, z: FloatArray | IntArray, turns: list[Turn], reported: list[Reported], seed: int
) -> dict[str, float]:
    main, full, half = turns[:-1], reported[:-1], reported[-1]
    out: dict[str, float] = {
        "fit": float(np.mean([one.fit for one in full])),
        "report": float(np.mean([one.report for one in full])),
        "half": float(half.terms.mean()),
        "whole": float(full[0].terms.mean()),
        "half_fit": half.fit,
        "weights": float(np.mean([one.weights.sum() for one in full])),
        "spread": float(np.std([one.terms.mean() for one in full])),
        "columns_x": float(x.shape[1]),
        "columns_z": 1.0 if z.ndim == 1 else float(z.shape[1]),
        "components_x": float(turns[0].view.x.scores.shape[1]),
        "components_z": float(turns[0].view.z.scores.shape[1]),
        "ln_m": math.log(np.mean([len(one.terms) for one in full])),
    }
    for name in turns[0].ratios:
        out[f"held {name}"] = float(np.mean([value(t.ratios[name], t.report) for t in main]))
        out[f"fit {name}"] = float(np.mean([value(t.ratios[name], t.view.fit) for t in main[:1]]))
        out[f"half {name}"] = value(turns[-1].ratios[name], turns[-1].report)
    rows = np.linspace(0, len(x) - 1, min(3000, len(x))).astype(np.int64)
    out["repeated_x"] = evidence.repeated(x[rows])
    out["repeated_z"] = 1.0 if z.ndim == 1 else evidence.repeated(z[rows])
    u = coordinates(x[rows], np.arange(len(rows)), seed).scores
    if z.ndim == 1:
        codes = z.astype(np.int64)
        return out | evidence.of_labels(u, codes[rows], codes, seed)
    return out | evidence.of_numbers(
        u, coordinates(z[rows].astype(np.float64), np.arange(len(rows)), seed).scores, seed
    )
