"""Runs estimators on tasks; the result is one reading per task, size, repeat and method."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from infoplane.common import seeds
from infoplane.common.aliases import Array
from infoplane.results.estimate import Estimate, Kind

if TYPE_CHECKING:
    from infoplane.calibration.tasks import Task

Estimator = Callable[[Array, Array, int], Estimate]
"""A function of x, z and a seed."""


@dataclass(frozen=True)
class Reading:
    """The estimate of one method on one sample of one task, with the truth. In nats."""

    task: str
    group: str
    at: float
    method: str
    n: int
    repeat: int
    truth: float | None
    """None where it is infinite."""
    nats: float | None
    """None where the method gave no finite number or refused the data."""
    low: float | None
    high: float | None
    """None where there is no interval, or no upper end of it, as of a lower bound."""
    kind: Kind | None
    warnings: str
    cpu_seconds: float | None = None
    """None where the times of the run are not at hand."""

    @property
    def error(self) -> float | None:
        """Estimate minus truth."""
        return None if self.nats is None or self.truth is None else self.nats - self.truth

    @property
    def covers(self) -> bool | None:
        """Whether the interval contains the truth; for a bound, on its own side only. None without an interval."""
        if self.low is None or self.kind is None:
            return None
        truth = math.inf if self.truth is None else self.truth
        high = math.inf if self.high is None else self.high
        above_low, below_high = self.low <= truth + _ROUNDING, truth <= high + _ROUNDING
        return {"lower_bound": above_low, "upper_bound": below_high}.get(self.kind, above_low and below_high)


_ROUNDING = 1e-9


def run_methods(
    tasks: Sequence[Task],
    methods: Mapping[str, Estimator],
    *,
    samples: int | Sequence[int],
    repeats: int,
    seed: int,
    progress: Callable[[Iterable[Any]], Iterable[Any]] = iter,
) -> list[Reading]:
    """Run every method on the same samples of every task.

    Args:
        tasks: the distributions.
        methods: by name.
        samples: how many pairs; several numbers are all tried.
        repeats: independent samples of each task and size.
        seed: root of the streams of samples and estimators.
        progress: wraps the list of cells, for a progress bar.
    """
    sizes = [samples] if isinstance(samples, int) else list(samples)
    readings = []
    for task, n, repeat in progress([(task, n, repeat) for task in tasks for n in sizes for repeat in range(repeats)]):
        x, z = sample(task, n, repeat, seed)
        for name, estimator in methods.items():
            readings.append(_reading(task, name, estimator, x, z, repeat, seed))
    return readings


def sample(task: Task, n: int, repeat: int, seed: int, *names: str) -> tuple[Array, Array]:
    """The n pairs that every method sees in one repeat of a task; further names give further, independent pairs."""
    return task.distribution.sample(n, seeds.integer_seed(seed, task.name, n, repeat, *names))


def estimator_seed(name: str, repeat: int, seed: int) -> int:
    """The seed that a method gets in one repeat."""
    return seeds.integer_seed(seed, "estimator", name, repeat)


def _reading(task: Task, name: str, estimator: Estimator, x: Array, z: Array, repeat: int, seed: int) -> Reading:
    """Run one method; where it refuses the data or gives no finite number, the reading has the reason instead."""
    started = time.process_time()
    result: Estimate | None = None
    reason = ""
    try:
        result = estimator(x, z, estimator_seed(name, repeat, seed))
    except (ValueError, FloatingPointError) as error:
        reason = f"refused: {error}"
    return record(task, name, len(x), repeat, result, time.process_time() - started, reason)


def record(
    task: Task, method: str, n: int, repeat: int, result: Estimate | None, cpu_seconds: float, reason: str = ""
) -> Reading:
    """A reading from an estimate; without a number where it is None or not finite."""
    finite = result is not None and math.isfinite(result.nats)
    interval = result.ci95 if result is not None and finite else None
    return Reading(
        task=task.name,
        group=task.group,
        at=task.at,
        method=method,
        n=n,
        repeat=repeat,
        truth=task.truth,
        nats=result.nats if result is not None and finite else None,
        low=None if interval is None else interval[0],
        high=None if interval is None else interval[1],
        kind=None if result is None else result.kind,
        warnings=reason if result is None else "; ".join(result.warnings),
        cpu_seconds=cpu_seconds,
    )


COLUMNS = ("task", "group", "at", "method", "n", "repeat", "truth", "nats", "low", "high", "kind", "warnings")
"""Columns of the table of readings; times differ from run to run and go elsewhere."""
TIME_COLUMNS = ("task", "method", "n", "repeat", "cpu_seconds")


def rows(readings: Iterable[Reading], columns: Sequence[str] = COLUMNS) -> list[dict[str, Any]]:
    """Readings as table rows; an infinite end of an interval is left empty."""
    return [{name: _cell(asdict(reading)[name]) for name in columns} for reading in readings]


def _cell(value: Any) -> Any:
    return None if isinstance(value, float) and math.isinf(value) else value
