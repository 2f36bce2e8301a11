"""The suite of Gaussian mixtures with class labels: estimates, and learning curves against the truth."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from infoplane.calibration import known, methods
from infoplane.calibration.options import Settings
from infoplane.calibration.outcome import CHOSEN, FITTED, PUBLISHED, Outcome, point
from infoplane.calibration.published import published_estimate
from infoplane.calibration.readings import run_methods, sample
from infoplane.calibration.scores import suite_metrics
from infoplane.calibration.tasks import Task
from infoplane.distributions.mixture import Mixture
from infoplane.estimators.variational import mine

_SAMPLES_SHOWN = 1500
_GRID = 80
"""Points of the grid of densities along each axis."""


def mixtures(settings: Settings, progress: Callable[[Iterable[Any]], Iterable[Any]] = iter) -> Outcome:
    """Every method on every mixture, and the learning curves on the XOR mixtures; ``levels`` are their distances."""
    suite = settings.suite
    tasks = known.mixtures(suite)
    readings = run_methods(
        tasks,
        methods.estimators(settings),
        samples=suite.samples,
        repeats=suite.repeats,
        seed=settings.seed,
        progress=progress,
    )
    curves = [row for task in tasks[: len(suite.levels)] for row in learning_curves(task, settings)]
    scatter = [row for task in tasks for row in points(task, settings.seed)]
    return Outcome("mixtures", suite_metrics(readings), readings, curves, scatter)


def points(task: Task, seed: int) -> list[dict[str, Any]]:
    """Samples of a mixture in two dimensions by class, then its density on an even grid over them; else nothing."""
    mixture = task.distribution
    if not isinstance(mixture, Mixture) or mixture.means.shape[1] != 2:
        return []
    x, classes = mixture.sample(_SAMPLES_SHOWN, seed)
    axes = (np.linspace(low, high, _GRID) for low, high in zip(x.min(axis=0), x.max(axis=0), strict=True))
    grid = np.stack([one.ravel() for one in np.meshgrid(*axes)], axis=1)
    samples = [
        {"panel": task.name, "x1": one[0], "x2": one[1], "class": label} for one, label in zip(x, classes, strict=True)
    ]
    return samples + [
        {"panel": task.name, "x1": one[0], "x2": one[1], "density": density}
        for one, density in zip(grid, mixture.density(grid), strict=True)
    ]


def learning_curves(task: Task, settings: Settings) -> list[dict[str, Any]]:
    """Value against the step: of mine's first fold, on both of its parts, and of the published critic."""
    x, z = sample(task, max(settings.suite.samples), 0, settings.seed)
    ours = mine(x, z, seed=settings.seed, options=settings.critic).diagnostics["curves"][0]
    rows = [
        point(task.name, line, step, nats)
        for line, part in ((FITTED, "train"), (CHOSEN, "selection"))
        for step, nats in zip(ours["step"], ours[part], strict=True)
    ]
    curve = published_estimate(x, z, seed=settings.seed, options=settings.published).curve
    every = max(1, len(curve) // 100)
    return rows + [point(task.name, PUBLISHED, step + 1, float(curve[step])) for step in range(0, len(curve), every)]
