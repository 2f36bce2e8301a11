"""The suite that compares the published protocol, fitted and reported on the same samples, with held-out samples."""

from __future__ import annotations

import dataclasses
import math
import time
from collections.abc import Callable, Iterable
from typing import Any

from infoplane.calibration import methods
from infoplane.calibration.options import PUBLISHED, Settings
from infoplane.calibration.outcome import Outcome
from infoplane.calibration.published import published_estimate
from infoplane.calibration.readings import Reading, estimator_seed, record, run_methods, sample
from infoplane.calibration.scores import suite_metrics
from infoplane.calibration.tasks import Task
from infoplane.distributions.discrete import symmetric_channel
from infoplane.distributions.gaussian import gaussian_with_information
from infoplane.distributions.independent import Independent

FRESH = "published, fresh samples"


def tasks(dimensions: tuple[int, ...], levels: tuple[float, ...]) -> list[Task]:
    """Gaussians of each mutual information, and features paired with an independent coin."""
    coin = symmetric_channel(2, 0.5)
    found = []
    for d in dimensions:
        for nats in levels:
            group = f"{d}+{d} numbers, truth {nats:g} nats"
            found.append(Task(f"numbers {d}+{d} {nats:g} nats", gaussian_with_information(d, nats), group))
        features = gaussian_with_information(d, 0.0)
        group = f"{d} number{'s' if d > 1 else ''} and a coin, truth 0"
        found.append(Task(f"coin and {d}", Independent(features, coin), group))
    return found


def protocol(settings: Settings, progress: Callable[[Iterable[Any]], Iterable[Any]] = iter) -> Outcome:
    """The published value, the same critic's value on fresh samples, and the suite's other methods.

    ``dimensions`` are those of X and of Z, ``levels`` the true informations in nats, ``samples`` the sizes.
    """
    suite = settings.suite
    all_tasks = tasks(suite.dimensions, suite.levels)
    others = {name: one for name, one in methods.estimators(settings).items() if name != PUBLISHED}
    readings = run_methods(
        all_tasks, others, samples=suite.samples, repeats=suite.repeats, seed=settings.seed, progress=progress
    )
    if PUBLISHED in suite.methods:
        cells = [(task, n, repeat) for task in all_tasks for n in suite.samples for repeat in range(suite.repeats)]
        own = [one for task, n, repeat in progress(cells) for one in _published(task, n, repeat, settings)]
        readings = own + readings
    return Outcome("protocol", suite_metrics(readings), readings)


def _published(task: Task, n: int, repeat: int, settings: Settings) -> list[Reading]:
    """One fitted critic, on the samples it was fitted on and on as many that it never saw."""
    x, z = sample(task, n, repeat, settings.seed)
    fresh = sample(task, n, repeat, settings.seed, "fresh")
    seed = estimator_seed(PUBLISHED, repeat, settings.seed)
    started = time.process_time()
    result = published_estimate(x, z, seed=seed, options=settings.published, fresh=fresh)
    seconds = time.process_time() - started
    same = methods.from_published(result, x, z, seed)
    elsewhere = math.nan if result.fresh_nats is None else result.fresh_nats
    other = dataclasses.replace(same, method=FRESH, nats=elsewhere, ci95=None)
    return [record(task, one.method, n, repeat, one, seconds) for one in (same, other)]
