"""The methods that a suite can run, by name."""

from __future__ import annotations

import dataclasses

from infoplane.calibration.options import PUBLISHED, Settings
from infoplane.calibration.published import PublishedResult, published_estimate
from infoplane.calibration.readings import Estimator
from infoplane.common.aliases import Z95, Array
from infoplane.critics.networks import CriticOptions
from infoplane.estimators.dispatch import estimate
from infoplane.estimators.registry import METHODS
from infoplane.results.estimate import Estimate


def names() -> tuple[str, ...]:
    """Every method that a suite can run."""
    return (*METHODS, PUBLISHED)


def estimators(settings: Settings) -> dict[str, Estimator]:
    """The suite's methods, ready to call.

    Raises:
        ValueError: an unknown method.
    """
    unknown = [name for name in settings.suite.methods if name not in names()]
    if unknown:
        raise ValueError(f"methods: {', '.join(unknown)} given; expected one or more of {', '.join(names())}")
    return {name: _estimator(name, settings) for name in settings.suite.methods}


def _estimator(name: str, settings: Settings) -> Estimator:
    if name == PUBLISHED:
        options = settings.published
        return lambda x, z, seed: from_published(published_estimate(x, z, seed=seed, options=options), x, z, seed)
    method = METHODS[name]
    if not method.trained or name == "auto":
        return lambda x, z, seed: estimate(x, z, name, seed)
    return lambda x, z, seed: estimate(x, z, name, seed, options=_critic(name, settings.critic))


def _critic(name: str, critic: CriticOptions) -> CriticOptions:
    return dataclasses.replace(critic, kind="separable") if name == "infonce" else critic


def from_published(result: PublishedResult, x: Array, z: Array, seed: int) -> Estimate:
    """The published protocol's value as an estimate; its interval is 1.96 times its quoted error either way."""
    half = Z95 * result.spread
    columns = [1 if rows.ndim == 1 else rows.shape[1] for rows in (x, z)]
    return Estimate(
        nats=result.nats,
        ci95=(result.nats - half, result.nats + half),
        kind="estimate",
        method=PUBLISHED,
        n=len(x),
        dx=columns[0],
        dz=columns[1],
        seed=seed,
        warnings=("the critic diverged",) if result.diverged else (),
    )
