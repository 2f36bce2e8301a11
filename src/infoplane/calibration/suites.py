"""The suites by name: their questions, how they run, and their sizes."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from infoplane.calibration import known, methods
from infoplane.calibration.consistency import consistency
from infoplane.calibration.infinity import infinity
from infoplane.calibration.mixtures import mixtures
from infoplane.calibration.options import Settings, SuiteOptions
from infoplane.calibration.outcome import Outcome
from infoplane.calibration.protocol import protocol
from infoplane.calibration.readings import run_methods
from infoplane.calibration.samples import samples
from infoplane.calibration.scores import suite_metrics
from infoplane.calibration.tasks import Task

Progress = Callable[[Iterable[Any]], Iterable[Any]]
Run = Callable[[Settings, Progress], Outcome]

_AUTO_AND_NEURAL = ("auto", "mine", "infonce")
_RHOS = (-0.99, -0.9, -0.7, -0.5, -0.3, -0.1, 0.0, 0.1, 0.3, 0.5, 0.7, 0.9, 0.99)


@dataclass(frozen=True)
class Suite:
    """A question to the estimators (:mod:`infoplane.calibration.questions` has its text)."""

    run: Run
    small: SuiteOptions
    """Sizes for a quick run of about a minute."""
    full: SuiteOptions
    """Sizes for reliable results, which take hours."""


def _run_known(name: str, tasks: Callable[[SuiteOptions], list[Task]]) -> Run:
    """A suite of tasks whose information is known."""

    def run(settings: Settings, progress: Progress) -> Outcome:
        suite = settings.suite
        readings = run_methods(
            tasks(suite),
            methods.estimators(settings),
            samples=suite.samples,
            repeats=suite.repeats,
            seed=settings.seed,
            progress=progress,
        )
        return Outcome(name, suite_metrics(readings), readings)

    return run


SUITES: dict[str, Suite] = {
    "gaussians": Suite(
        _run_known("gaussians", known.gaussians),
        SuiteOptions(("auto", "mine", "ksg", "published"), (1000,), 1, (4, 40), (-0.9, -0.5, 0.0, 0.5, 0.9, 0.99)),
        SuiteOptions((*_AUTO_AND_NEURAL, "ksg", "gaussian", "published"), (5000,), 5, (2, 4, 20, 40), _RHOS),
    ),
    "mixtures": Suite(
        mixtures,
        SuiteOptions(("auto", "mine", "probe", "ross"), (1000,), 1, levels=(1.0, 1.2, 2.0)),
        SuiteOptions(
            ("auto", "mine", "probe", "ross", "published"), (5000,), 10, levels=(0.5, 1.0, 1.2, 1.5, 2.0, 3.0)
        ),
    ),
    "infinity": Suite(
        infinity,
        SuiteOptions(("auto", "mine", "infonce", "ksg", "published"), (1000,), 1, (10,), (1.0, 0.5, 0.25)),
        SuiteOptions((*_AUTO_AND_NEURAL, "ksg", "published"), (5000,), 3, (10, 100), (1.0, 0.5, 0.25, 0.125, 0.0625)),
    ),
    "tishby": Suite(
        _run_known("tishby", known.tishby_patterns),
        SuiteOptions(("auto", "mine", "probe", "ross", "discrete", "published"), (2000,), 1),
        SuiteOptions(("auto", "mine", "probe", "ross", "discrete", "published"), (4096,), 10),
    ),
    "high": Suite(
        _run_known("high", known.high),
        SuiteOptions(("auto", "mine", "infonce", "ksg"), (2000,), 1, (5,), (1.0, 2.0, 4.0, 6.0, 8.0, 10.0)),
        SuiteOptions(
            (*_AUTO_AND_NEURAL, "smile", "ksg", "gaussian"), (10000,), 5, (5, 20), tuple(float(i) for i in range(1, 11))
        ),
    ),
    "discrete": Suite(
        _run_known("discrete", known.discrete),
        SuiteOptions(("auto", "mine", "mixed_ksg", "discrete", "binning"), (1000,), 2),
        SuiteOptions(("auto", "mine", "mixed_ksg", "ksg", "discrete", "binning"), (5000,), 20),
    ),
    "images": Suite(
        _run_known("images", known.images),
        SuiteOptions(("auto", "mine", "probe", "ross", "ksg", "published"), (1000,), 1, levels=(0.0, 0.4, 0.9)),
        SuiteOptions(
            (*_AUTO_AND_NEURAL, "probe", "ross", "ksg", "published"), (5000,), 5, levels=(0.0, 0.2, 0.4, 0.6, 0.9)
        ),
    ),
    "independent": Suite(
        _run_known("independent", known.independent),
        SuiteOptions(("auto", "mine", "ksg", "published"), (1000,), 1, (1, 10)),
        SuiteOptions((*_AUTO_AND_NEURAL, "ksg", "gaussian", "published"), (1000,), 20, (1, 10, 50)),
    ),
    "determined": Suite(
        _run_known("determined", known.determined),
        SuiteOptions(("mine", "probe", "ross"), (200,), 1, (2, 10, 50)),
        SuiteOptions(
            ("auto", "mine", "nwj", "infonce", "probe", "ross"), (100, 500, 5000), 20, (2, 3, 5, 10, 20, 50, 100)
        ),
    ),
    "consistency": Suite(
        consistency,
        SuiteOptions(("auto", "mine", "infonce", "ksg"), (2500,), 1, levels=(2.0, 3.0, 5.0, 7.0)),
        SuiteOptions((*_AUTO_AND_NEURAL, "ksg", "gaussian"), (2500,), 5, levels=(2.0, 3.0, 4.0, 5.0, 7.0)),
    ),
    "protocol": Suite(
        protocol,
        SuiteOptions(("published", "mine", "auto"), (250, 1000), 1, (1, 10, 50), (0.0,)),
        SuiteOptions(("published", "mine", "auto"), (250, 500, 1000, 2000, 5000), 5, (1, 10, 50, 200), (0.0, 1.0)),
    ),
    "samples": Suite(
        samples,
        SuiteOptions(("auto", "mine", "ksg"), (2000,), 1, (2,), (1.0,)),
        SuiteOptions((*_AUTO_AND_NEURAL, "ksg"), (10000,), 1, (2, 10), (1.0, 3.0)),
    ),
}


def suite(name: str) -> Suite:
    """One suite.

    Raises:
        ValueError: no such suite.
    """
    if name not in SUITES:
        raise ValueError(f"suite {name!r} given; expected one of {', '.join(SUITES)}")
    return SUITES[name]
