"""The suite of infinite information: how values grow, and whether estimators warn that the samples limit them."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from infoplane.calibration import methods
from infoplane.calibration.options import Settings
from infoplane.calibration.outcome import Outcome, point
from infoplane.calibration.published import published_estimate
from infoplane.calibration.readings import run_methods
from infoplane.calibration.scores import group_by, mean_nats, method_metrics
from infoplane.calibration.tasks import Task
from infoplane.common import seeds
from infoplane.distributions.deterministic import LinearMap
from infoplane.distributions.gaussian import Gaussian
from infoplane.estimators.aa_mine import aa_mine
from infoplane.estimators.noisy_channel import brackets

_CURVE_POINTS = 200
ITSELF = "I(X; X)"


def tasks(dimensions: tuple[int, ...]) -> list[Task]:
    """I(X; X) and I(X; X M), M a random square matrix."""
    return [
        Task(f"{name} in {d}d", LinearMap(d, to), name, float(d))
        for d in dimensions
        for name, to in ((ITSELF, None), ("I(X; XM)", d))
    ]


def infinity(settings: Settings, progress: Callable[[Iterable[Any]], Iterable[Any]] = iter) -> Outcome:
    """Every method on deterministic maps, the published critic step by step, and AA-MINE at falling noise.

    ``dimensions`` are those of X; ``levels`` the noise standard deviations, relative to unit variance.
    """
    suite = settings.suite
    readings = run_methods(
        tasks(suite.dimensions),
        methods.estimators(settings),
        samples=suite.samples,
        repeats=suite.repeats,
        seed=settings.seed,
        progress=progress,
    )
    n = max(suite.samples)
    curves = [row for task in tasks(suite.dimensions) for row in published_growth(task, n, settings)]
    channels = {str(d): channel(d, n, suite.levels, settings) for d in suite.dimensions}
    for d, levels in channels.items():
        for level, measured in levels.items():
            for name, value in measured.items():
                curves.append(point(f"X + noise in {d}d", name, float(level), value))
    metrics = {
        "log_samples": math.log(n),
        "tasks": {
            task: {method: _summary(own) for method, own in group_by(group, lambda one: one.method).items()}
            for task, group in group_by(readings, lambda one: one.task).items()
        },
        "channel": channels,
    }
    return Outcome("infinity", metrics, readings, curves)


def _summary(own: list[Any]) -> dict[str, Any]:
    return {"mean": mean_nats(own), "missing": method_metrics(own)["missing"], "warned": method_metrics(own)["warned"]}


def published_growth(task: Task, n: int, settings: Settings) -> list[dict[str, Any]]:
    """Value of the published critic on its own batches against the step; of I(X; X) as its AA-MINE, on (x, z - x)."""
    x, z = task.distribution.sample(n, seeds.integer_seed(settings.seed, task.name, "growth"))
    options = dataclasses.replace(settings.published, subtract=task.group == ITSELF)
    curve = published_estimate(x, z, seed=settings.seed, options=options).curve
    steps = np.linspace(0, len(curve) - 1, min(len(curve), _CURVE_POINTS)).astype(int)
    return [point(f"{task.group} as published", task.name, float(step + 1), float(curve[step])) for step in steps]


Channel = dict[str, dict[str, float | None]]


def channel(dimension: int, n: int, levels: tuple[float, ...], settings: Settings) -> Channel:
    """I(X; X + noise) at each noise level: by AA-MINE (None where not finite), by the bracket, and exactly."""
    x, _ = LinearMap(dimension).sample(n, seeds.integer_seed(settings.seed, "channel", dimension))
    measured = brackets(x, list(levels), seed=settings.seed)
    return {
        f"{level:g}": {
            "truth": noisy_truth(dimension, level),
            "bracket lower": found.lower,
            "bracket upper": found.upper,
            "AA-MINE": _none_if_infinite(aa_mine(x, level, seed=settings.seed).nats),
        }
        for level, found in zip(levels, measured, strict=True)
    }


def _none_if_infinite(nats: float) -> float | None:
    return nats if math.isfinite(nats) else None


def noisy_truth(dimension: int, noise_std: float) -> float:
    """I(X; X + noise) in nats, X standard normal, the noise normal."""
    one = np.array([[1.0, 1.0], [1.0, 1.0 + noise_std**2]])
    return dimension * Gaussian(one, 1).mutual_information()
