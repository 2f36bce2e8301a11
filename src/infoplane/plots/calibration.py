"""Estimators beside the truth: agreement, error by task, error against time."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from infoplane.calibration.readings import Reading
from infoplane.calibration.scores import group_by, mean_nats, method_metrics
from infoplane.plots import style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_ORDER = (
    "auto", "mine", "infonce", "ksg", "gaussian", "probe", "published",
    "nwj", "smile", "mixed_ksg", "ross", "discrete", "binning", "published, fresh samples",
)  # fmt: skip
"""A method has the same colour and mark in all figures."""
_NAMES = {
    "published": "published: reported on what it was fitted on",
    "published, fresh samples": "the published critic on fresh samples",
}
_MOST_NAMED = 2
"""Values outside a panel that are named."""
_LEAST_ERROR = 1e-3
"""RMSE in nats below which errors are drawn alike."""
_SATURATED = 1.0
"""Mean error in nats at which the heat map's colours end."""


def look(method: str) -> dict[str, Any]:
    """Colour and mark of a method; the published critic on fresh samples is hollow and dashed."""
    index = _ORDER.index(method) if method in _ORDER else len(_ORDER)
    colour = style.COLOURS[index % len(style.COLOURS)]
    marker = style.MARKERS[(index + index // len(style.COLOURS)) % len(style.MARKERS)]
    fresh = method.endswith("fresh samples")
    return {
        "color": colour,
        "marker": marker,
        "linestyle": "--" if fresh else "-",
        "markerfacecolor": "white" if fresh else colour,
        "markeredgecolor": colour,
    }


def mark(method: str) -> dict[str, Any]:
    """The mark of a method without a line."""
    return look(method) | {"linestyle": ""}


def legend(figure: Figure, methods: Sequence[str], extra: Sequence[Any] = ()) -> None:
    """The methods, below the panels; further handles carry their own label."""
    from matplotlib.lines import Line2D

    handles = [Line2D([], [], linewidth=1.2, label=_NAMES.get(name, name), **look(name)) for name in methods]
    style.legend_below(figure, [*handles, *extra], handlelength=2.2)


def methods_of(readings: Sequence[Reading]) -> list[str]:
    """The methods that occur, in their common order."""
    known = list(group_by(readings, lambda reading: reading.method))
    return sorted(known, key=lambda name: _ORDER.index(name) if name in _ORDER else len(_ORDER))


def spread(readings: Sequence[Reading]) -> tuple[float, float, float] | None:
    """Mean, smallest and largest estimate of some readings; None without any."""
    known = [reading.nats for reading in readings if reading.nats is not None]
    mean = mean_nats(readings)
    return None if mean is None else (mean, min(known), max(known))


def wide_panel(height: float, title: str) -> tuple[Figure, Axes]:
    """A figure of one panel, wider than a column."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(1.6 * style.WIDTH_OF_COLUMN, height), layout="constrained")
    figure.suptitle(textwrap.fill(title, 70), x=0.01, ha="left", fontsize=10.5, fontweight="bold")
    return figure, figure.add_subplot()


def keep_in_view(axes: Axes, low: float, high: float, values: Sequence[tuple[str, float]]) -> None:
    """Narrow the vertical axis to [low, high] where the data reach further, and say in words what lies outside."""
    bottom, top = axes.get_ylim()
    axes.set_ylim(max(bottom, low), min(top, high))
    outside = sorted({(name, round(value)) for name, value in values if not low <= value <= high})
    if outside:
        named = ", ".join(f"{name} {value}" for name, value in outside[:_MOST_NAMED])
        more = f" and {len(outside) - _MOST_NAMED} more" if len(outside) > _MOST_NAMED else ""
        axes.annotate(
            f"not shown: {named}{more}", (0.02, 0.98), xycoords="axes fraction", va="top", fontsize=7,
            color=style.REFERENCE,
        )  # fmt: skip


def agreement(readings: Sequence[Reading], title: str, columns: int = 3) -> Figure:
    """Estimates against the truth, a panel per method: mean over repeats, bars from the smallest to the largest."""
    methods = methods_of(readings)
    known = [reading for reading in readings if reading.truth is not None]
    truths = [float(reading.truth) for reading in known if reading.truth is not None]
    with style.styled():
        figure, axes = style.panels(len(methods), columns, 2.6, title)
        for panel, method in zip(axes, methods, strict=True):
            own = [reading for reading in known if reading.method == method]
            _diagonal(panel, own, truths, method)
            panel.set_title(_with_kind(method, own))
    return figure


def _diagonal(axes: Axes, own: Sequence[Reading], truths: Sequence[float], method: str) -> None:
    margin = 0.05 * max(max(truths) - min(truths), 0.1)
    low, high = min(truths) - margin, max(truths) + margin
    axes.plot([low, high], [low, high], color=style.REFERENCE, linewidth=0.9, zorder=1)
    for group in group_by(own, lambda reading: reading.task).values():
        seen = spread(group)
        if seen is None or group[0].truth is None:
            continue
        mean, least, most = seen
        bar = [[mean - least], [most - mean]]
        axes.errorbar(group[0].truth, mean, bar, linewidth=1.0, **look(method))
    _note_missing(axes, own)
    estimates = [(method, reading.nats) for reading in own if reading.nats is not None]
    keep_in_view(axes, low - 0.1 * (high - low), high + 0.5 * (high - low), estimates)
    axes.set_xlim(low, high)
    axes.set_xlabel("truth (nats)")
    axes.set_ylabel("estimate (nats)")


def _note_missing(axes: Axes, own: Sequence[Reading]) -> None:
    missing = sum(reading.nats is None for reading in own)
    if missing:
        axes.annotate(
            f"{missing} of {len(own)} refused", (0.98, 0.97), xycoords="axes fraction", ha="right", va="top",
            fontsize=7.5, color=style.REFERENCE,
        )  # fmt: skip


def _with_kind(method: str, own: Sequence[Reading]) -> str:
    kinds = {reading.kind for reading in own if reading.kind in ("lower_bound", "upper_bound")}
    return f"{method} ({' and '.join(sorted(str(kind).replace('_', ' ') for kind in kinds))})" if kinds else method


def heat(readings: Sequence[Reading], title: str) -> Figure:
    """Mean error of every method on every task, written and coloured; hatched where a method refused."""
    from matplotlib.figure import Figure

    methods = methods_of(readings)
    tasks = list(group_by(readings, lambda reading: reading.task))
    cells = group_by(readings, lambda reading: f"{reading.task}\n{reading.method}")
    with style.styled():
        figure = Figure(figsize=(2.7 + 0.85 * len(methods), 1.6 + 0.235 * len(tasks)), layout="constrained")
        axes = figure.add_subplot()
        grid = np.full((len(tasks), len(methods)), np.nan)
        for row, task in enumerate(tasks):
            for column, method in enumerate(methods):
                bias = method_metrics(cells.get(f"{task}\n{method}", []))["bias"]
                grid[row, column] = np.nan if bias is None else bias
                _cell(axes, row, column, bias)
        image = axes.imshow(grid, cmap="RdBu_r", vmin=-_SATURATED, vmax=_SATURATED, aspect="auto")
        axes.set_facecolor("#F4F4F4")
        axes.grid(visible=False)
        axes.set_xticks(range(len(methods)), methods, rotation=30, ha="left", rotation_mode="anchor")
        axes.xaxis.tick_top()
        axes.set_yticks(range(len(tasks)), [_with_truth(task, cells, methods) for task in tasks])
        bar = figure.colorbar(image, ax=axes, extend="both", shrink=0.6, aspect=14, pad=0.02)
        bar.set_label("estimate - truth (nats)")
        figure.suptitle(title, x=0.01, ha="left", fontsize=10.5, fontweight="bold")
    return figure


def _cell(axes: Axes, row: int, column: int, bias: float | None) -> None:
    if bias is None:
        axes.text(column, row, "refused", ha="center", va="center", fontsize=7, color=style.REFERENCE)
        return
    text = f"{bias:+.0f}" if abs(bias) >= 9.995 else "0.00" if abs(bias) < 0.005 else f"{bias:+.2f}"
    dark = abs(bias) > 0.6 * _SATURATED
    axes.text(column, row, text, ha="center", va="center", fontsize=7.5, color="white" if dark else "black")


def _with_truth(task: str, cells: dict[str, list[Reading]], methods: Sequence[str]) -> str:
    truth = next(reading.truth for method in methods for reading in cells.get(f"{task}\n{method}", []))
    return f"{task}  ({'∞' if truth is None else f'{truth:.2f}'})"


def error_against_time(readings: Sequence[Reading], title: str) -> Figure:
    """RMSE against median CPU time per estimate: a small mark per task, a large one over all tasks."""
    methods = methods_of(readings)
    timed = [reading for reading in readings if reading.cpu_seconds is not None]
    with style.styled():
        figure, axes = wide_panel(4.2, title)
        for method in methods:
            own = [reading for reading in timed if reading.method == method and reading.error is not None]
            for group in group_by(own, lambda reading: reading.task).values():
                axes.plot(*_time_and_error(group), alpha=0.35, markersize=3, **mark(method))
            if own:
                axes.plot(*_time_and_error(own), markersize=9, **mark(method))
        axes.set_xscale("log")
        axes.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
        style.plain_log_axis(axes)
        axes.set_xlabel("CPU seconds per estimate (median)")
        axes.set_ylabel("RMSE (nats)")
        legend(figure, methods)
    return figure


def _time_and_error(readings: Sequence[Reading]) -> tuple[list[float], list[float]]:
    rmse = method_metrics(readings)["rmse"]
    seconds = [reading.cpu_seconds for reading in readings if reading.cpu_seconds is not None]
    return [float(np.median(seconds))], [max(float(rmse), _LEAST_ERROR)]


def forest(readings: Sequence[Reading], title: str) -> Figure:
    """Estimate minus truth of every repeat, task by task: what is claimed where the truth is a line."""
    methods = methods_of(readings)
    tasks = list(group_by(readings, lambda reading: reading.task))
    with style.styled():
        figure, axes = wide_panel(1.8 + 0.16 * len(tasks) * len(methods), title)
        axes.axvline(0.0, color=style.REFERENCE, linewidth=0.9)
        for row, task in enumerate(tasks):
            for index, method in enumerate(methods):
                place = row + (index - (len(methods) - 1) / 2) * 0.8 / len(methods)
                _repeats(
                    axes, [reading for reading in readings if reading.task == task and reading.method == method], place
                )
        axes.set_yticks(range(len(tasks)), tasks)
        axes.set_ylim(len(tasks) - 0.5, -0.5)
        axes.set_xlabel("estimate - truth (nats), with 95 % interval")
        _signed_log_axis(axes)
        legend(figure, methods)
    return figure


def _signed_log_axis(axes: Axes) -> None:
    """Linear from -0.1 to 0.1, logarithmic beyond, with ticks that say so."""
    axes.set_xscale("symlog", linthresh=0.1)
    low, high = axes.get_xlim()
    ticks = [sign * size for sign in (-1, 1) for size in (0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)] + [0.0]
    ticks = sorted(tick for tick in ticks if low <= tick <= high)
    axes.set_xticks(ticks, [f"{tick:g}" for tick in ticks], rotation=45)
    axes.xaxis.minorticks_off()
    axes.set_xlim(low, high)


def _repeats(axes: Axes, own: Sequence[Reading], place: float) -> None:
    for reading in own:
        if reading.error is None or reading.truth is None:
            continue
        shape = look(reading.method)
        if reading.low is not None and reading.nats is not None:
            high = reading.nats if reading.high is None or math.isinf(reading.high) else reading.high  # of bounds: inf
            ends = [reading.low - reading.truth, high - reading.truth]
            axes.plot(ends, [place, place], color=shape["color"], linewidth=0.8, alpha=0.6)
        axes.plot([reading.error], [place], markersize=3.5, **mark(reading.method))
