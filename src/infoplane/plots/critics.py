"""How the critics of one encoder learned: did they converge, and where do they stand to ceiling and bracket?"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from infoplane.plots import style
from infoplane.results.quantity import Quantity
from infoplane.results.summary import Measurements
from infoplane.results.summary_quantities import EMBEDDING_LABEL, EMBEDDING_NOISE, PREDICTION_LABEL, measured_name

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_TRAIN, _SELECTION, _REPORTED = "#56B4E9", "#D55E00", "#000000"


def draw(curves: pd.DataFrame, measured: Measurements, encoder: str, columns: int = 2) -> Figure:
    """Learning curves of all critics of one encoder, one panel per quantity and stop.

    Args:
        curves: columns quantity, stop (NaN where the quantity has none), fold, step, train, selection: the critics'
            values in nats on the part that they are fitted on and on the part that chooses when to stop.
        measured: where the reported values, ceilings and brackets are.
        encoder: whose critics.
        columns: columns of panels.

    Raises:
        ValueError: no curves.
    """
    if curves.empty:
        raise ValueError(f"learning curves of {encoder}: no rows")
    groups = panels(curves)
    with style.styled():
        question = f"Did the critics of {encoder} converge? Their values while they are fitted"
        figure, axes = style.panels(len(groups), columns, 2.3, question)
        for panel, (name, stop, rows) in zip(axes, groups, strict=True):
            value, headline = _find(measured, encoder, name, stop)
            _panel(panel, rows)
            _context(panel, value, None if name == "shuffled" else headline)
            panel.set_title(title(name, stop))
        _legend(figure)
    return figure


def _find(measured: Measurements, encoder: str, name: str, stop: int | None) -> tuple[Quantity, Quantity]:
    """A quantity and the headline of its metrics file, whose bracket it is held against."""
    if stop is not None:
        content, headline = measured.prediction[encoder][str(stop)], PREDICTION_LABEL
    elif name in measured.noise[encoder]:
        content, headline = measured.noise[encoder], EMBEDDING_NOISE
    else:
        content, headline = measured.label[encoder], EMBEDDING_LABEL
    return content[name], content[headline.name]


def panels(curves: pd.DataFrame) -> list[tuple[str, int | None, pd.DataFrame]]:
    """The curves of each quantity and stop, in order of appearance."""
    groups: list[Any] = list(curves.groupby(["quantity", "stop"], sort=False, dropna=False))
    return [(str(name), None if math.isnan(stop) else int(stop), rows) for (name, stop), rows in groups]


def title(name: str, stop: int | None) -> str:
    """What a panel shows, in words."""
    if stop is not None:
        return f"{measured_name('prediction', name)}, stop {stop}"
    text = measured_name("noise" if name == "aa_mine" else "label", name)
    return text.replace("the control with", "Control:")


def _panel(axes: Axes, rows: pd.DataFrame) -> None:
    for _, fold in rows.groupby("fold", sort=True):
        fold = fold.sort_values("step")
        axes.plot(fold["step"], fold["train"], color=_TRAIN, linewidth=0.9)
        axes.plot(fold["step"], fold["selection"], color=_SELECTION, linewidth=1.3)
    axes.set_xlabel("training step")
    axes.set_ylabel("value (nats)")
    axes.axhline(0.0, color=style.REFERENCE, linewidth=0.6)


def _context(axes: Axes, value: Quantity, headline: Quantity | None) -> None:
    """The reported value at the right edge; where a headline is given, its ceiling as a line or bracket as a band."""
    low, high = axes.get_ylim()
    drawn: list[float] = [low, high]
    if headline is not None and value["ceiling"] is not None:
        style.reference(axes, value["ceiling"], f"ceiling {style.entropy_name(value['ceiling'])}")
        drawn.append(value["ceiling"])
    elif headline is not None and headline["lower"] is not None and headline["upper"] is not None:
        axes.axhspan(headline["lower"], headline["upper"], color="#009E73", alpha=0.2, linewidth=0)
        drawn += [headline["lower"], min(headline["upper"], 2 * headline["lower"])]
    if value["nats"] is not None:
        ends = [[value["nats"] - _or(value["low"], value["nats"])], [_or(value["high"], value["nats"]) - value["nats"]]]
        axes.errorbar(
            1.0, value["nats"], ends, transform=axes.get_yaxis_transform(), color=_REPORTED, marker="D", clip_on=False
        )
        drawn.append(value["nats"])
    margin = 0.06 * (max(drawn) - min(drawn))
    axes.set_ylim(min(drawn) - margin, max(drawn) + 2.5 * margin)
    axes.set_yticks([tick for tick in axes.get_yticks() if min(drawn) <= tick <= max(drawn)])


def _or(value: float | None, other: float) -> float:
    return other if value is None else value


def _legend(figure: Figure) -> None:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    handles: Sequence[Any] = [
        Line2D([], [], color=_TRAIN, label="fitted on (one line per fold)"),
        Line2D([], [], color=_SELECTION, label="chosen on (one line per fold)"),
        Line2D([], [], color=_REPORTED, marker="D", linestyle="", label="reported, on rows neither saw"),
        Patch(color="#009E73", alpha=0.2, label="bracket"),
    ]
    figure.legend(handles=handles, loc="outside lower left", ncols=2 if figure.get_figwidth() > 5 else 1)
