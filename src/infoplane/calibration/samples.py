"""The suite of sample sizes: extrapolation of estimates for known distributions or the user's own arrays."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from infoplane.calibration import methods
from infoplane.calibration.options import Settings
from infoplane.calibration.outcome import Outcome, point
from infoplane.calibration.readings import estimator_seed, sample
from infoplane.calibration.sample_sizes import Extrapolation, extrapolate
from infoplane.calibration.tasks import Task
from infoplane.common.aliases import Z95, Array
from infoplane.distributions.deformations import HalfCube
from infoplane.distributions.deformed import Deformed
from infoplane.distributions.gaussian import gaussian_with_information
from infoplane.distributions.images import ImageChannel

DIGIT_ERROR = 0.4


def tasks(dimensions: tuple[int, ...], levels: tuple[float, ...]) -> list[Task]:
    """Half-cube Gaussians of each dimension and information, and real digits with noisy labels."""
    deformed = [
        Task(
            f"half-cube {d}+{d} {nats:g} nats",
            Deformed(gaussian_with_information(d, nats), HalfCube(), HalfCube()),
        )
        for d in dimensions
        for nats in levels
    ]
    return [*deformed, Task("digit and label", ImageChannel(DIGIT_ERROR, "label"))]


def samples(
    settings: Settings,
    progress: Callable[[Iterable[Any]], Iterable[Any]] = iter,
    data: tuple[Array, Array] | None = None,
) -> Outcome:
    """Every method on n/4, n/2 and n samples, n the largest of ``samples``, and the limit of a line in 1/n.

    Args:
        settings: ``dimensions`` and ``levels`` (nats) are those of the known tasks.
        progress: wraps the list of cells.
        data: the user's own x and z in place of the known tasks.
    """
    suite = settings.suite
    own = methods.estimators(settings)
    n = max(suite.samples)
    drawn: list[tuple[str, float | None, Array, Array]] = (
        [("data", None, *data)]
        if data is not None
        else [
            (task.name, task.truth, *sample(task, n, 0, settings.seed))
            for task in tasks(suite.dimensions, suite.levels)
        ]
    )
    metrics: dict[str, Any] = {}
    curves: list[dict[str, Any]] = []
    for (name, truth, x, z), method in progress([(one, method) for one in drawn for method in own]):
        results = metrics.setdefault(name, {"truth": truth, "methods": {}})["methods"]
        try:
            found = extrapolate(x, z, own[method], seed=estimator_seed(method, 0, settings.seed))
        except (ValueError, FloatingPointError) as error:
            results[method] = {"refused": str(error)}
            continue
        results[method] = found.as_dict()
        curves += _curve(name, method, found)
    for name, truth, *_ in drawn:
        if truth is not None:
            curves.append(point(name, "truth", 0.0, truth))
    return Outcome("samples", metrics, curves=curves)


def _curve(task: str, method: str, found: Extrapolation) -> list[dict[str, Any]]:
    """Points at 1/n, the limit at 0."""
    measured = [(1.0 / one.n, one.mean, one.standard_error) for one in found.points]
    return [
        point(task, method, at, mean, mean - Z95 * error, mean + Z95 * error)
        for at, mean, error in [(0.0, found.limit, found.limit_se), *measured]
    ]
