"""The figure that belongs to one suite alone."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from infoplane.calibration.outcome import Outcome
from infoplane.calibration.readings import Reading
from infoplane.calibration.scores import group_by
from infoplane.plots import style
from infoplane.plots.calibration import keep_in_view, legend, look, mark, methods_of, spread

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_TERM_PAPER = {"joint dimension 4": (0.99, 3.70), "joint dimension 40": (0.9, 13.0)}
"""Two values that the term paper quotes (truths 3.92 and 16.6), from critics that saw fresh samples at every step."""


_LEAST_HEIGHT = 0.1
"""Nats about 0 that a panel always shows, so that noise does not fill it."""


def against(
    readings: Sequence[Reading],
    title: str,
    horizontal: str,
    at: Callable[[Reading], float],
    columns: int = 2,
    error: bool = False,
    bounded: bool = True,
) -> tuple[Figure, list[Axes], list[str]]:
    """A panel per group: every method's mean against ``at``, bars from its smallest to its largest value.

    Values far outside the range of the truths are named instead of drawn, if ``bounded``.

    Args:
        readings: what to draw.
        title: of the figure.
        horizontal: name of the horizontal axis.
        at: a reading's place on it.
        columns: columns of panels.
        error: draw estimate minus truth instead of the estimate.
        bounded: keep the axis near the truths.

    Returns:
        The figure, its panels and the names of the groups.
    """
    groups, methods = group_by(readings, lambda reading: reading.group), methods_of(readings)
    figure, axes = style.panels(len(groups), columns, 2.6, title)
    for panel, (name, group) in zip(axes, groups.items(), strict=True):
        for method in methods:
            own = [reading for reading in group if reading.method == method]
            _line(panel, method, group_by(own, lambda reading: f"{at(reading)!r}"), at, error)
        panel.set_title(name)
        panel.set_xlabel(horizontal)
        panel.set_ylabel("estimate - truth (nats)" if error else "nats")
        if bounded:
            _near_truths(panel, group, error)
    return figure, axes, list(groups)


def _near_truths(axes: Axes, group: Sequence[Reading], error: bool) -> None:
    truths = [reading.truth for reading in group if reading.truth is not None]
    most, spare = max(truths), 0.5 * max(max(truths), 0.2)
    known = [(reading.method, reading.error if error else reading.nats) for reading in group]
    values = [(name, value) for name, value in known if value is not None]
    low, high = (-most - 0.2 * spare, spare) if error else (min(truths) - 0.2 * spare, most + spare)
    keep_in_view(axes, low, high, values)


def _line(
    axes: Axes, method: str, places: dict[str, list[Reading]], at: Callable[[Reading], float], error: bool
) -> None:
    points = []
    for own in places.values():
        values = spread(own)
        if values is not None:
            shift = (own[0].truth or 0.0) if error else 0.0
            points.append((at(own[0]), *(value - shift for value in values)))
    if not points:
        return
    x, mean, least, most = (list(column) for column in zip(*sorted(points), strict=True))
    bars = [[m - low for m, low in zip(mean, least, strict=True)], [h - m for m, h in zip(mean, most, strict=True)]]
    axes.errorbar(x, mean, bars, linewidth=1.1, elinewidth=0.9, **look(method))


def gaussians(outcome: Outcome) -> Figure:
    """Estimates against rho for every joint dimension, the truth as a line, two quoted values as crosses."""
    from matplotlib.lines import Line2D

    readings = outcome.readings
    with style.styled():
        figure, axes, groups = against(
            readings, "Correlated Gaussians: the test of the MINE paper", "rho", lambda reading: reading.at
        )
        for panel, group in zip(axes, groups, strict=True):
            own = [reading for reading in readings if reading.group == group]
            truth = sorted({(reading.at, reading.truth) for reading in own if reading.truth is not None})
            panel.plot([at for at, _ in truth], [nats for _, nats in truth], color=style.REFERENCE, linewidth=2.2)
            if group in _TERM_PAPER:
                panel.plot(*([value] for value in _TERM_PAPER[group]), color="black", marker="x", markersize=7)
        extra = [Line2D([], [], color=style.REFERENCE, linewidth=2.2, label="truth")]
        if set(groups) & set(_TERM_PAPER):
            extra.append(Line2D([], [], color="black", marker="x", linestyle="", label="quoted by the term paper"))
        legend(figure, methods_of(readings), extra)
    return figure


def high(outcome: Outcome) -> Figure:
    """Bias against the true information, with ln n."""
    readings = outcome.readings
    logs = sorted({math.log(reading.n) for reading in readings})
    with style.styled():
        figure, axes, _ = against(
            readings,
            "Many nats: what is lost, and where ln n lies",
            "truth (nats)",
            lambda reading: reading.at,
            error=True,
        )
        for panel in axes:
            panel.axhline(0.0, color=style.REFERENCE, linewidth=0.9)
            for value in logs:
                panel.axvline(value, color=style.REFERENCE, linestyle=(0, (1, 1.5)), linewidth=1.2)
                panel.annotate(
                    f"ln n = {value:.1f}", (value, 0.0), xycoords=("data", "axes fraction"), xytext=(-3, 3),
                    textcoords="offset points", ha="right", fontsize=7.5, color=style.REFERENCE,
                )  # fmt: skip
        legend(figure, methods_of(readings))
    return figure


def protocol(outcome: Outcome) -> Figure:
    """Values against the number of samples, the truth as a line."""
    readings = outcome.readings
    sizes = sorted({reading.n for reading in readings})
    title = "Fitted and reported on the same samples (published), against samples the critic never saw"
    with style.styled():
        figure, axes, groups = against(readings, title, "samples n", lambda reading: float(reading.n), bounded=False)
        for panel, group in zip(axes, groups, strict=True):
            truth = next(reading.truth for reading in readings if reading.group == group)
            panel.axhline(truth or 0.0, color=style.REFERENCE, linewidth=2.0, zorder=1)
            if "coin" in group:
                style.reference(panel, math.log(2), "ln 2, the most that a coin allows")
            low, high = panel.get_ylim()
            panel.set_ylim(min(low, -_LEAST_HEIGHT), max(high, _LEAST_HEIGHT))
            panel.set_xscale("log")
            panel.set_xticks(sizes, [str(n) for n in sizes])
            panel.minorticks_off()
        legend(figure, methods_of(readings))
    return figure


def consistency(outcome: Outcome) -> Figure:
    """Values against the number of rows beside the bracket, and the tests' ratios beside their ideals."""
    curves = outcome.curves
    methods = [line for line in _lines(curves, "rows") if line != "bracket"]
    noise_std = outcome.metrics["noise_std"]
    title = f"Real digits, top rows with noise {noise_std:g}: does a method obey what holds of every information?"
    with style.styled():
        figure, axes = style.panels(2, 2, 3.0, title)
        bracket = _series(curves, "rows", "bracket")
        at, low, high = ([point[name] for point in bracket] for name in ("at", "low", "high"))
        axes[0].fill_between(
            at, low, high, color=style.REFERENCE, alpha=0.5, linewidth=2.5, label="bracket",
        )  # fmt: skip
        for method in methods:
            own = _series(curves, "rows", method)
            axes[0].plot(
                [point["at"] for point in own], [point["nats"] for point in own], linewidth=1.1, **look(method)
            )
        axes[0].set_xlabel(f"rows of the image, of {outcome.metrics['rows']}")
        axes[0].set_ylabel("nats")
        axes[0].set_title("More rows never lower it (grey: bracket)")
        _ratios(axes[1], curves, methods, outcome.metrics["ideals"])
        legend(figure, methods)
    return figure


def _ratios(axes: Axes, curves: Sequence[dict[str, Any]], methods: Sequence[str], ideals: Mapping[str, float]) -> None:
    for row, test in enumerate(_TESTS):
        axes.plot([row - 0.4, row + 0.4], [ideals[test], ideals[test]], color=style.REFERENCE, linewidth=2.0)
        for index, method in enumerate(methods):
            place = row + (index - (len(methods) - 1) / 2) * 0.7 / len(methods)
            for point in _series(curves, test, method):
                if point["nats"] is not None:
                    axes.plot([place], [point["nats"]], **mark(method))
    axes.set_xticks(range(len(_TESTS)), list(_TESTS.values()))
    axes.set_ylabel("ratio")
    axes.set_title("Ratios and their ideals (lines)")


_TESTS = {
    "independence": "independence\n(0)",
    "more rows": "more rows\n(at least 1)",
    "data processing": "processing\n(1)",
    "additivity": "additivity\n(2)",
}


def _lines(curves: Sequence[dict[str, Any]], panel: str) -> list[str]:
    """The lines of a panel in order of first appearance."""
    return list(dict.fromkeys(point["line"] for point in curves if point["panel"] == panel))


def _series(curves: Sequence[dict[str, Any]], panel: str, line: str) -> list[dict[str, Any]]:
    return [point for point in curves if point["panel"] == panel and point["line"] == line]


def samples(outcome: Outcome) -> Figure:
    """Values against 1/n with their straight line to infinitely many samples."""
    curves = outcome.curves
    tasks = list(dict.fromkeys(point["panel"] for point in curves))
    methods = sorted({point["line"] for point in curves} - {"truth"})
    with style.styled():
        figure, axes = style.panels(
            len(tasks), 2, 2.6, "Value against the number of samples, and the line to its limit"
        )
        for panel, task in zip(axes, tasks, strict=True):
            sizes = sorted({point["at"] for point in curves if point["panel"] == task and point["at"] > 0})
            for index, method in enumerate(methods):
                found = outcome.metrics[task]["methods"][method]
                if "limit" in found:
                    beside = (index - (len(methods) - 1) / 2) * 0.012 * max(sizes)
                    _to_limit(panel, _series(curves, task, method), method, found, beside)
            truth = outcome.metrics[task]["truth"]
            if truth is not None:
                style.reference(panel, truth, f"truth {truth:.2f}")
            _around([point["nats"] for point in curves if point["panel"] == task], panel)
            panel.set_xticks([0.0, *sizes], ["∞", *(f"{round(1 / at)}" for at in sizes)])
            panel.set_xlabel("samples n (axis in 1/n)")
            panel.set_ylabel("nats")
            panel.set_title(task)
        legend(figure, methods)
    return figure


def _around(values: Sequence[float], axes: Axes) -> None:
    """A vertical axis around the values; intervals may leave it, since a method may know nothing of its error."""
    spare = 0.3 * max(max(values) - min(values), 0.1)
    axes.set_ylim(min(values) - spare, max(values) + spare)


def _to_limit(axes: Axes, own: Sequence[dict[str, Any]], method: str, found: dict[str, Any], beside: float) -> None:
    """The points of one method, a little beside each other's, and its line."""
    colour = look(method)["color"]
    ends = [0.0, max(point["at"] for point in own)]
    axes.plot(ends, [found["limit"] + found["slope"] * at for at in ends], color=colour, linewidth=0.9, linestyle="--")
    for point in own:
        bar = [[point["nats"] - point["low"]], [point["high"] - point["nats"]]]
        shape = mark(method) | ({"markerfacecolor": "white"} if point["at"] == 0 else {})
        axes.errorbar(point["at"] + beside, point["nats"], bar, elinewidth=0.9, **shape)
