"""A critic's scores rescaled and capped: f -> min(a f, k), with a and k chosen on the selection part.

A critic that has seen few samples is too sure of itself: its scores are too large by a factor, and a handful of
shuffled pairs with enormous e^f decides mean e^f. Both are cured by one number each, without training anything. The
tempered critic is a critic like any other, so what it reports on the third part is still a lower bound in expectation.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from infoplane.critics import bounds, crossfit
from infoplane.critics.networks import Critic
from infoplane.critics.training import Block

_SCALES = (0.1, 0.25, 0.4, 0.55, 0.7, 0.8, 0.9, 1.0, 1.1, 1.25)
_CAPS = (0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0)
"""Largest scores above log mean e^f. The last is e^10 times the mean: more, no sample here could confirm."""
_FEW_CAPS = (1.5, 4.0, 10.0)


@dataclass(frozen=True)
class Tempering:
    """f -> min(scale f, cap)."""

    scale: float = 1.0
    cap: float = math.inf


@dataclass(frozen=True)
class HeldScores:
    """A critic's scores of held-out samples, block by block."""

    critic: Critic
    blocks: Sequence[Block]

    def terms(self, tempering: Tempering | None = None) -> bounds.PairTerms:
        """The terms of the tempered scores."""
        temper = tempering or Tempering()
        plain = temper == Tempering()
        return bounds.concatenated(
            [
                self.critic.terms(
                    block.raw if plain else tuple(np.minimum(temper.scale * part, temper.cap) for part in block.raw),
                    block.z,
                    block.shifts,
                    None,
                )
                for block in self.blocks
            ]
        )


def held_scores(critic: Critic) -> Callable[[Iterable[Block]], HeldScores]:
    """The summary of a bank whose scores may be tempered: it holds them all."""
    return lambda blocks: HeldScores(critic, list(blocks))


def choose(selection: HeldScores) -> Tempering:
    """The scale and the cap with the best Donsker-Varadhan value less one standard error on the selection part.

    The standard error is taken off because a mean of e^f that hangs on few pairs is not to be had elsewhere.
    """
    margin, scale = _CAPS[-1], 1.0
    for _ in range(2):
        scale = max(_SCALES, key=lambda candidate: _worth(selection, _capped(selection, candidate, margin)))
        margin = max(_CAPS, key=lambda candidate: _worth(selection, _capped(selection, scale, candidate)))
    return _capped(selection, scale, margin)


def capped_value(selection: HeldScores) -> float:
    """Donsker-Varadhan value, in nats, under the best of a few caps: what checkpoints are compared by."""
    found = [bounds.donsker_varadhan(selection.terms(_capped(selection, 1.0, margin))) for margin in _FEW_CAPS]
    return max(found, key=lambda bound: bound.nats - bound.standard_error).nats


def log_mean(selection: HeldScores, tempering: Tempering) -> float:
    """log mean e^f of the tempered scores."""
    return float(bounds.log_mean_exp(selection.terms(tempering).row))


def tempered(held: crossfit.Held[HeldScores]) -> bounds.Bound:
    """A fold's lower bound: scale, cap and constant from the selection part, the rest from the reporting part."""
    tempering = choose(held.trained.selection)
    return bounds.shifted(held.summary.terms(tempering), log_mean(held.trained.selection, tempering))


def untempered(folds: Iterable[bounds.PairTerms]) -> float:
    """The Donsker-Varadhan value of the folds' scores as they are, biased upwards: a diagnostic."""
    return crossfit.combine([bounds.donsker_varadhan(terms) for terms in folds]).nats


def _capped(selection: HeldScores, scale: float, margin: float) -> Tempering:
    """The cap ``margin`` nats above log mean e^f of the scaled scores."""
    return Tempering(scale, log_mean(selection, Tempering(scale)) + margin)


def _worth(selection: HeldScores, tempering: Tempering) -> float:
    bound = bounds.donsker_varadhan(selection.terms(tempering))
    return bound.nats - bound.standard_error
