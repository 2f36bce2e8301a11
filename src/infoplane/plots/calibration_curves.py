"""Figures of the suites that follow critics while they train: mixtures and infinite information."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from infoplane.calibration.outcome import CHOSEN, FITTED, PUBLISHED, Outcome
from infoplane.calibration.scores import group_by
from infoplane.plots import style
from infoplane.plots.calibration import legend, look, mark, wide_panel

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_COURSES = {FITTED: ("#E69F00", "-"), CHOSEN: ("#0072B2", "-"), PUBLISHED: ("#000000", ":")}


def mixture_scatter(outcome: Outcome) -> Figure:
    """Samples of every mixture of two dimensions, coloured by class, over contours of the density."""
    panels = list(dict.fromkeys(point["panel"] for point in outcome.scatter))
    with style.styled():
        title = "Gaussian mixtures: samples by class, and contours of the density"
        figure, axes = style.panels(len(panels), 3, 2.9, title)
        for panel, task in zip(axes, panels, strict=True):
            _scatter(panel, [point for point in outcome.scatter if point["panel"] == task])
            panel.set_title(f"{task}: {outcome.metrics['tasks'][task]['truth']:.4f} nats")
    return figure


def _scatter(axes: Axes, rows: Sequence[dict[str, Any]]) -> None:
    """Rows with a class are samples; those with a density are an even grid, row by row."""
    samples = [point for point in rows if point.get("class") is not None]
    for label in sorted({point["class"] for point in samples}):
        own = [(point["x1"], point["x2"]) for point in samples if point["class"] == label]
        colour = style.COLOURS[label % len(style.COLOURS)]
        axes.plot(*zip(*own, strict=True), ".", markersize=2.0, alpha=0.55, color=colour, label=f"class {label}")
    grid = [point for point in rows if point.get("density") is not None]
    x1, x2 = (sorted({point[name] for point in grid}) for name in ("x1", "x2"))
    density = np.array([point["density"] for point in grid]).reshape(len(x2), len(x1))
    axes.contour(x1, x2, density, levels=5, colors=style.REFERENCE, linewidths=0.6)
    axes.set_aspect("equal")
    axes.set_xlabel("x₁")
    axes.set_ylabel("x₂")


def mixture_curves(outcome: Outcome) -> Figure:
    """Learning curves on the XOR mixtures with the true information as a line."""
    tasks = list(dict.fromkeys(point["panel"] for point in outcome.curves))
    with style.styled():
        figure, axes = style.panels(len(tasks), 3, 2.5, "XOR mixtures: the critic's value while it is trained")
        for panel, task in zip(axes, tasks, strict=True):
            for line, (colour, dashes) in _COURSES.items():
                _plot(panel, _rows(outcome, task, line), color=colour, linestyle=dashes, label=line)
            truth = float(outcome.metrics["tasks"][task]["truth"])
            style.reference(panel, truth, f"truth {truth:.4f}")
            panel.set_title(task)
            panel.set_xlabel("step")
            panel.set_ylabel("nats")
        figure.legend(handles=axes[0].get_lines()[: len(_COURSES)], loc="outside lower left", ncols=3)
    return figure


def infinity(outcome: Outcome) -> Figure:
    """Above: the published critic's value grows with the steps. Below: at a known noise the information is finite."""
    panels = list(dict.fromkeys(point["panel"] for point in outcome.curves))
    growth = [name for name in panels if name.endswith("as published")]
    noisy = [name for name in panels if name not in growth]
    log_n = float(outcome.metrics["log_samples"])
    title = "Infinite information: the published critic grows with its steps; with known noise the value is finite"
    with style.styled():
        figure, axes = style.panels(len(growth) + len(noisy), 2, 2.6, title)
        for panel, name in zip(axes, growth, strict=False):
            _growth(panel, outcome, name, log_n)
        for panel, name in zip(axes[len(growth) :], noisy, strict=True):
            _noisy(panel, outcome, name, log_n)
    return figure


def _growth(axes: Axes, outcome: Outcome, name: str, log_n: float) -> None:
    lines = list(dict.fromkeys(point["line"] for point in outcome.curves if point["panel"] == name))
    for index, line in enumerate(lines):
        _plot(axes, _rows(outcome, name, line), color=style.COLOURS[index], label=line)
    style.reference(axes, log_n, f"ln n = {log_n:.1f}")
    axes.set_title(name)
    axes.set_xlabel("step")
    axes.set_ylabel("value on its own batch (nats)")
    axes.legend(loc="upper left")


def _noisy(axes: Axes, outcome: Outcome, name: str, log_n: float) -> None:
    lower, upper = _rows(outcome, name, "bracket lower"), _rows(outcome, name, "bracket upper")
    levels = [point["at"] for point in lower]
    low, high = ([point["nats"] for point in rows] for rows in (lower, upper))
    axes.fill_between(levels, low, high, color=style.COLOURS[2], alpha=0.2, linewidth=0, label="bracket")
    _plot(axes, _rows(outcome, name, "truth"), color=style.REFERENCE, linewidth=2.0, label="truth")
    bounds = [point for point in _rows(outcome, name, "AA-MINE") if point["nats"] is not None and point["nats"] > 0]
    _plot(axes, bounds, color=style.COLOURS[1], marker="s", label="AA-MINE (where above 0)")
    style.reference(axes, log_n, f"ln n = {log_n:.1f}")
    axes.set_xscale("log", base=2)
    axes.set_xticks(levels, [f"{level:g}" for level in levels])
    style.plain_log_axis(axes)
    axes.set_title(name.replace("X + noise in", "I(X; X + noise),"))
    axes.set_xlabel("noise: standard deviation (X has 1)")
    axes.set_ylabel("nats")
    axes.legend(loc="upper right")


def _rows(outcome: Outcome, panel: str, line: str) -> list[dict[str, Any]]:
    return [point for point in outcome.curves if point["panel"] == panel and point["line"] == line]


def _plot(axes: Axes, rows: Sequence[dict[str, Any]], **shape: Any) -> None:
    axes.plot([point["at"] for point in rows], [point["nats"] for point in rows], **shape)


def infinity_estimates(outcome: Outcome) -> Figure:
    """What each method says of infinite information, and how often it warns."""
    tasks = list(group_by(outcome.readings, lambda reading: reading.task))
    methods = list(group_by(outcome.readings, lambda reading: reading.method))
    log_n = float(outcome.metrics["log_samples"])
    with style.styled():
        figure, axes = wide_panel(3.6, "Infinite information: what each method reports")
        axes.set_xscale("symlog", linthresh=10.0)
        axes.axvline(log_n, color=style.REFERENCE, linestyle=(0, (1, 1.5)))
        axes.annotate(f"ln n = {log_n:.1f}", (log_n, 1.0), xycoords=("data", "axes fraction"), fontsize=7.5)
        for row, task in enumerate(tasks):
            for index, method in enumerate(methods):
                place = row + (index - (len(methods) - 1) / 2) * 0.7 / len(methods)
                _reported(axes, outcome.metrics["tasks"][task][method], place, method)
        axes.margins(x=0.08)
        axes.set_yticks(range(len(tasks)), tasks)
        axes.set_ylim(len(tasks) - 0.5, -0.5)
        low, high = axes.get_xlim()
        ticks = [tick for tick in (-100.0, -10.0, 0.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0) if low <= tick <= high]
        axes.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
        axes.xaxis.minorticks_off()
        axes.set_xlabel("reported (nats), logarithmic above 10; a ring: with a warning")
        legend(figure, methods)
    return figure


def _reported(axes: Axes, reading: dict[str, Any], place: float, method: str) -> None:
    """One method's mean, ringed where it warned; in words where it has none."""
    if reading["mean"] is None:
        axes.annotate(
            f"{method}: no number", (0.99, place), xycoords=("axes fraction", "data"), ha="right", va="center",
            fontsize=7.5, color=look(method)["color"],
        )  # fmt: skip
        return
    axes.plot([reading["mean"]], [place], **mark(method))
    if reading["warned"]:
        ring = mark(method) | {"marker": "o", "markersize": 10, "markerfacecolor": "none"}
        axes.plot([reading["mean"]], [place], **ring)
