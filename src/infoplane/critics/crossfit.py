"""Cross-fitting: fit a critic on one part, choose its checkpoint on a second, report on a third, and change over."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import astuple, dataclass
from functools import partial
from typing import Any, Generic, TypeVar

import numpy as np

from infoplane.common import compute
from infoplane.common.aliases import Array
from infoplane.common.seeds import generator, seed_sequence
from infoplane.critics import bounds
from infoplane.critics.networks import Critic, CriticOptions
from infoplane.critics.training import Bank, Block, Member, Trained

Summary = TypeVar("Summary")

_MOST_SELECTING = 2_000
"""Rows of a selection part; more cost time at every evaluation, and serve better in fitting."""
_ROWS_PER_PART = 4
MANY_COLUMNS = 64
"""Columns above which they are no longer scaled to equal deviation, nor mapped one by one."""


@dataclass(frozen=True)
class Parts:
    """Row numbers of the three parts of one fold."""

    fit: Array
    select: Array
    report: Array


@dataclass(frozen=True)
class Prepared:
    """The samples as one fold's critic sees them."""

    x: Array
    z: Array
    """With ``x``, what training draws batches from, by the row numbers of the fit part."""
    select: tuple[Array, Array]
    """x rows and z rows of the selection part."""
    report: tuple[Array, Array]
    """x rows and z rows of the reporting part."""


@dataclass(frozen=True)
class Held(Generic[Summary]):
    """A fold's critic and what it says about the reporting part, which it never saw."""

    parts: Parts
    trained: Trained[Summary]
    summary: Summary
    """Summary of the reporting part's scores."""


@dataclass(frozen=True)
class FoldResult(Held[Summary]):
    """One fold, reported."""

    bound: bounds.Bound


def split(
    n: int, options: CriticOptions, seed: int, labels: Array | None = None, groups: Array | None = None
) -> list[Parts]:
    """Row numbers of the parts of each fold; every row reports once.

    Args:
        n: number of samples.
        options: number of folds and share of the selection part.
        seed: root of the stream of the parts.
        labels: shape (n,); each part then gets its share of every class.
        groups: integers, shape (n,); samples of one group stay in one part.

    Raises:
        ValueError: too few samples, or groups, for the parts.
    """
    if groups is None:
        return _split(n, options, seed, labels, "samples")
    _, first, code = np.unique(groups, return_index=True, return_inverse=True)
    by_group = _split(len(first), options, seed, None if labels is None else labels[first], "groups")
    return [Parts(*(_members(code, chosen, len(first)) for chosen in astuple(parts))) for parts in by_group]


def _members(code: Array, chosen: Array, groups: int) -> Array:
    """Numbers of the samples whose group is among ``chosen``, group by group in the order of ``chosen``."""
    rank = np.full(groups, -1)
    rank[chosen] = np.arange(len(chosen))
    rows = np.flatnonzero(rank[code] >= 0)
    return rows[np.argsort(rank[code[rows]], kind="stable")]


def _split(n: int, options: CriticOptions, seed: int, labels: Array | None, unit: str) -> list[Parts]:
    """The parts of n samples or groups, with their share of every class where ``labels`` has one for each."""
    rest = n - n // options.folds
    if min(n // options.folds, int(rest * options.selection_share)) < _ROWS_PER_PART:
        least = int(np.ceil(_ROWS_PER_PART / options.selection_share * 1.5)) + options.folds * _ROWS_PER_PART
        raise ValueError(
            f"{n} {unit} given to fit, select and report in {options.folds} folds; expected at least {least}"
        )
    random = generator(seed, "parts")
    order = random.permutation(n)
    if labels is not None:
        order = order[np.argsort(labels[order], kind="stable")]
    fold = np.empty(n, dtype=np.int64)
    fold[order] = np.arange(n) % options.folds
    result = []
    for number in range(options.folds):
        others = order[fold[order] != number]
        share = min(options.selection_share, _MOST_SELECTING / len(others))
        rank = (np.arange(len(others)) + random.random()) * share
        chosen = np.floor(rank) != np.floor(rank + share)
        # Scored block by block, so in random order: in data sorted by class a block would hold one class alone.
        select, report = random.permutation(others[chosen]), random.permutation(order[fold[order] == number])
        result.append(Parts(np.sort(others[~chosen]), select, report))
    return result


def varying_columns(x: Array, name: str) -> tuple[Array, list[str]]:
    """The columns of x that vary, as float32 or wider input unchanged, and a note when some do not."""
    varies = np.any(x != x[:1], axis=0)
    if varies.all():
        return x, []
    return x[:, varies], [f"{name}: {int(np.sum(~varies))} of {len(varies)} columns are constant and were dropped"]


def scaled_for_critic(x: Array, fit: Array) -> Array:
    """x as a critic takes it: of few columns each with mean 0 and deviation 1 on the rows ``fit``, constant ones 0.

    Of many columns, each is divided by the root of its deviation only (and all by one number, so that the mean square
    is 1): the weak columns of an embedding are mostly noise, which a critic would learn by heart if they were as large
    as the others (1,280 columns, 3,000 digits: the held-out ``mine`` rises from 1.82 to 1.87 nats, ``probe`` from 2.01
    to 2.03).

    Values are held within the range of the rows ``fit``: a critic is not to be trusted where it saw nothing, and one
    sample far outside (rarely active units have them) would dominate mean e^f.
    """
    rows = x[fit].astype(np.float64)
    mean, deviation = rows.mean(axis=0), rows.std(axis=0)
    varies = deviation > 1e-12 * np.abs(mean)
    scale = np.divide(1.0, deviation, out=np.zeros_like(deviation), where=varies)
    if len(scale) > MANY_COLUMNS:
        scale = np.sqrt(scale)
        scale /= np.sqrt(max(np.mean((deviation * scale) ** 2), np.finfo(np.float64).tiny))
    result: Array = ((np.clip(x, rows.min(axis=0), rows.max(axis=0)) - mean) * scale).astype(np.float32)
    return result


def run(
    bank: Bank[Summary],
    parts: Sequence[Parts],
    prepare: Callable[[int, Parts], Prepared],
    report: Callable[[Held[Summary]], bounds.Bound],
    seed: int,
) -> list[FoldResult[Summary]]:
    """Train one critic per fold and report each on its third part.

    Args:
        bank: what trains the critics.
        parts: the folds.
        prepare: the samples as a fold sees them, from its number and parts; nothing but its fit part shapes them.
        report: a fold's bound from its critic and the reporting part.
        seed: root of the folds' streams.
    """
    numbers = list(range(len(parts)))
    if not compute.is_distributed():
        return _folds(bank, parts, prepare, report, seed, numbers)
    one = partial(_folds, bank, parts, prepare, report, seed)
    return [result for results in compute.map_in_order(one, [[number] for number in numbers]) for result in results]


def _folds(
    bank: Bank[Summary],
    parts: Sequence[Parts],
    prepare: Callable[[int, Parts], Prepared],
    report: Callable[[Held[Summary]], bounds.Bound],
    seed: int,
    numbers: Sequence[int],
) -> list[FoldResult[Summary]]:
    """The results of some of the folds, which do not depend on what others there are."""
    prepared = [prepare(number, parts[number]) for number in numbers]
    members = [
        Member(rows.x, rows.z, parts[number].fit, rows.select, seed_sequence(seed, "fold", number))
        for number, rows in zip(numbers, prepared, strict=True)
    ]
    results = []
    for number, rows, trained in zip(numbers, prepared, bank.fit(members), strict=True):
        summary = bank.summary(trained.weights, *rows.report, seed=seed_sequence(seed, "report", number))
        bound = report(Held(parts[number], trained, summary))
        results.append(FoldResult(parts[number], trained, summary, bound))
    return results


def pair_terms(critic: Critic, clip: float | None = None) -> Callable[[Iterable[Block]], bounds.PairTerms]:
    """The summary that the bounds on pairs need; shuffled pairs' scores are clipped to [-clip, clip] (SMILE)."""

    def summary(blocks: Iterable[Block]) -> bounds.PairTerms:
        return bounds.concatenated([critic.terms(block.raw, block.z, block.shifts, clip) for block in blocks])

    return summary


def combine(found: Sequence[bounds.Bound], clusters: Array | None = None) -> bounds.Bound:
    """The mean over all samples, each fold's critic being taken as given.

    Args:
        found: the folds' bounds.
        clusters: group of each sample, in the order of the folds' influences, shape (n,); None: no groups.
    """
    sizes = np.array([len(bound.influence) for bound in found])
    nats = float(np.average([bound.nats for bound in found], weights=sizes))
    influence = np.concatenate([bound.influence for bound in found])
    return bounds.Bound(nats, influence, clusters, max(bound.curvature for bound in found))


def warnings_of(results: Sequence[FoldResult[Any]]) -> list[str]:
    """What went wrong in training, one line per kind."""
    total = len(results)
    diverged = sum(result.trained.diverged for result in results)
    unconverged = sum(result.trained.unconverged for result in results)
    lines = []
    if diverged:
        lines.append(f"diverged: {diverged} of {total} critics became non-finite; an earlier checkpoint reports")
    if unconverged:
        lines.append(f"not converged: {unconverged} of {total} critics were still improving when the step budget ended")
    return lines


def diagnostics_of(results: Sequence[FoldResult[Any]], bound: bounds.Bound) -> dict[str, Any]:
    """Learning curves, spread over folds and what else explains the number."""
    return {
        "curves": [result.trained.curve for result in results],
        "folds": [result.bound.nats for result in results],
        "steps": [result.trained.steps for result in results],
        "chosen_steps": [result.trained.chosen_step for result in results],
        "converged": not any(result.trained.diverged or result.trained.unconverged for result in results),
        "standard_error": bound.standard_error,
        "selection": float(np.mean([result.trained.value for result in results])),
    }
