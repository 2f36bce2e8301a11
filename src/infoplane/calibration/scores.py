"""Bias, error and coverage of methods, from their readings."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from infoplane.calibration.readings import Reading

MethodMetrics = dict[str, Any]


def method_metrics(readings: Sequence[Reading]) -> MethodMetrics:
    """Bias, RMSE and coverage of some readings of one method.

    Returns:
        ``bias`` and ``rmse`` in nats over the readings with a number and a finite truth, ``coverage``: share of the
        intervals that contain the truth (for a bound, on its own side), each null where there is none;
        ``kind`` of the estimates (several: joined by +), ``readings``, and how many are ``missing`` (no number) or
        came with a warning (``warned``).
    """
    errors = np.array([reading.error for reading in readings if reading.error is not None])
    covered = [reading.covers for reading in readings if reading.covers is not None]
    return {
        "bias": float(errors.mean()) if len(errors) else None,
        "rmse": float(np.sqrt((errors**2).mean())) if len(errors) else None,
        "coverage": float(np.mean(covered)) if covered else None,
        "kind": "+".join(sorted({reading.kind for reading in readings if reading.kind is not None})) or None,
        "readings": len(readings),
        "missing": sum(reading.nats is None for reading in readings),
        "warned": sum(bool(reading.warnings) for reading in readings),
    }


def group_by(readings: Iterable[Reading], key: Callable[[Reading], str]) -> dict[str, list[Reading]]:
    """Readings in groups, in order of first appearance."""
    groups: dict[str, list[Reading]] = {}
    for reading in readings:
        groups.setdefault(key(reading), []).append(reading)
    return groups


def suite_metrics(readings: Sequence[Reading]) -> dict[str, Any]:
    """The contents of a suite's metrics file: every method over all tasks, and on each task.

    Returns:
        ``{"methods": {method: metrics}, "tasks": {task: {"truth": nats or null, "methods": {method: metrics}}}}``, the
        metrics of a task with the ``mean`` estimate.
    """
    tasks = {}
    for name, group in group_by(readings, lambda reading: reading.task).items():
        methods = group_by(group, lambda reading: reading.method)
        tasks[name] = {
            "truth": group[0].truth,
            "methods": {method: method_metrics(own) | {"mean": mean_nats(own)} for method, own in methods.items()},
        }
    overall = group_by(readings, lambda reading: reading.method)
    return {"methods": {method: method_metrics(own) for method, own in overall.items()}, "tasks": tasks}


def mean_nats(readings: Iterable[Reading]) -> float | None:
    """Mean estimate in nats; None without any."""
    known = [reading.nats for reading in readings if reading.nats is not None]
    return math.fsum(known) / len(known) if known else None


def overall(metrics: Mapping[str, Any]) -> dict[str, MethodMetrics]:
    """The metrics of each method over all tasks, from a suite's metrics; empty for suites without them."""
    methods = metrics.get("methods", {})
    return dict(sorted(methods.items())) if all("rmse" in one for one in methods.values()) else {}
