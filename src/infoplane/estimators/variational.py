"""Variational bounds on mutual information with a trained critic: MINE, NWJ, InfoNCE, SMILE.

Every number is cross-fitted: a critic is fitted on one part of the samples, chosen on a second and reports on a third.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy.typing as npt

from infoplane.critics import bounds, crossfit
from infoplane.critics.networks import ClassScores, Concatenation, Critic, CriticOptions, Separable
from infoplane.critics.objectives import Objective, ObjectiveName
from infoplane.critics.temperature import capped_value, held_scores, tempered, untempered
from infoplane.critics.training import Bank
from infoplane.estimators.checked import Checked, checked, label_entropy
from infoplane.results.estimate import Estimate

_SMILE_CLIP = 5.0


def mine(
    x: npt.ArrayLike,
    z: npt.ArrayLike,
    *,
    seed: int = 0,
    options: CriticOptions | None = None,
    labels: bool | None = None,
    groups: npt.ArrayLike | None = None,
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
        groups: integers or strings, shape (n,): rows of one group stay in one part, and groups count as independent.

    Returns:
        The bound in nats, kind "lower_bound"; its interval has no upper end.

    Raises:
        ValueError: unpaired or unusable arrays, or too few samples.

    Source: Belghazi et al. 2018, eqs. (10) and (12).
    """
    return _estimate("mine", x, z, seed, options or CriticOptions(), labels, groups)


def nwj(
    x: npt.ArrayLike,
    z: npt.ArrayLike,
    *,
    seed: int = 0,
    options: CriticOptions | None = None,
    labels: bool | None = None,
    groups: npt.ArrayLike | None = None,
) -> Estimate:
    """NWJ: a lower bound on I(X; Z) from a critic trained on mean f - e^-1 mean e^f.

    The critic's constant is set on the selection part; arguments and result as for :func:`mine`.

    Source: Nguyen, Wainwright & Jordan 2010; Poole et al. 2019, eq. (4).
    """
    return _estimate("nwj", x, z, seed, options or CriticOptions(), labels, groups)


def infonce(
    x: npt.ArrayLike,
    z: npt.ArrayLike,
    *,
    seed: int = 0,
    options: CriticOptions | None = None,
    labels: bool | None = None,
    groups: npt.ArrayLike | None = None,
) -> Estimate:
    """InfoNCE: a lower bound on I(X; Z), at most ln K for K contrasts (the true pair is one of them).

    Arguments as for :func:`mine`; by default the critic is separable, so that all pairs of a block contrast.

    Source: van den Oord et al. 2018; Poole et al. 2019, eq. (12).
    """
    return _estimate("infonce", x, z, seed, options or CriticOptions(kind="separable"), labels, groups)


def smile(
    x: npt.ArrayLike,
    z: npt.ArrayLike,
    *,
    seed: int = 0,
    options: CriticOptions | None = None,
    labels: bool | None = None,
    groups: npt.ArrayLike | None = None,
) -> Estimate:
    """SMILE: Donsker-Varadhan with the shuffled pairs' scores clipped to [-5, 5]. Not a bound: kind "estimate".

    Arguments as for :func:`mine`.

    Source: Song & Ermon 2020, eq. (18); the critic is trained on the Jensen-Shannon objective, as there.
    """
    return _estimate("smile", x, z, seed, options or CriticOptions(), labels, groups)


_UNTEMPERED: dict[str, Callable[[bounds.PairTerms], bounds.Bound]] = {
    "infonce": bounds.infonce,
    "smile": bounds.donsker_varadhan,
}
"""What reports the scores as they are. It needs their terms alone, so that scores of all pairs are never all held."""


def _estimate(
    method: ObjectiveName,
    x: npt.ArrayLike,
    z: npt.ArrayLike,
    seed: int,
    options: CriticOptions,
    labels: bool | None,
    groups: npt.ArrayLike | None,
) -> Estimate:
    """Check, cross-fit, report."""
    data = checked(method, x, z, seed, labels, groups)
    if data.trivial:
        return data.nothing()
    critic, objective = critic_for(data, options), Objective(method, options.ema_decay)
    parts = data.parts(options)
    prepare = data.scaled if data.is_labels else data.normalised
    ceiling = label_entropy(data.z) if data.is_labels else None
    if method not in _UNTEMPERED:
        tempering = Bank(critic, objective, held_scores(critic), capped_value, options)
        found = crossfit.run(tempering, parts, prepare, tempered, seed)
        dv = untempered(result.summary.terms() for result in found)
        return data.from_folds(found, kind="lower_bound", ceiling=ceiling, dv=dv)
    bound = _UNTEMPERED[method]
    summary = crossfit.pair_terms(critic, _SMILE_CLIP if method == "smile" else None)
    bank = Bank(critic, objective, summary, lambda terms: bound(terms).nats, options)
    results = crossfit.run(bank, parts, prepare, lambda held: bound(held.summary), seed)
    if method == "infonce":
        contrasts = math.log(min(result.summary.contrasts for result in results))
        ceiling = contrasts if ceiling is None else min(ceiling, contrasts)
    return data.from_folds(
        results,
        kind="estimate" if method == "smile" else "lower_bound",
        ceiling=ceiling,
        dv=untempered(result.summary for result in results),
    )


def critic_for(data: Checked, options: CriticOptions) -> Critic:
    """The network that suits the samples: one output per class for labels, else what the options say."""
    dx, dz = data.x.shape[1], 1 if data.is_labels else data.z.shape[1]
    if data.is_labels:
        return ClassScores(dx, int(data.z.max()) + 1, options.hidden)
    if options.kind == "separable":
        return Separable(dx, dz, options.hidden, options.embedding, own_pairs=data.repeats)
    return Concatenation(dx, dz, options.hidden, options.shifts, own_pairs=data.repeats)
