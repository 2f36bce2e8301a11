"""The bracket of I(X; E + noise) against the standard deviation of the noise."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from infoplane.plots import style
from infoplane.results.summary import Measurements
from infoplane.results.summary_quantities import EMBEDDING_NOISE

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_HEADROOM = 1.6
"""How far the axis reaches above ln n. Upper bounds grow without limit as the noise vanishes; the rest must be seen."""


def draw(table: pd.DataFrame, measured: Measurements, noise_std: float, columns: int = 2) -> Figure:
    """The bracket [lower bound, upper bound] of I(X; Ê): against the noise, and encoder by encoder at one noise.

    Args:
        table: columns encoder, noise_std, lower, upper (nats; NaN where there is none), n (samples).
        measured: which encoders to draw, in order, and their headline brackets.
        noise_std: the noise of the headline brackets.
        columns: columns of panels.
    """
    with style.styled():
        title = "How much an encoder tells about its input when noise hides the finer differences"
        figure, axes = style.panels(2, columns, 3.0, title)
        _curve(axes[0], table, measured.encoders, noise_std)
        _headline(axes[1], measured, noise_std)
        style.encoder_legend(figure, measured.encoders, marks=True)
    return figure


def _curve(axes: Axes, table: pd.DataFrame, encoders: Sequence[str], noise_std: float) -> None:
    for encoder, drawn in style.encoder_styles(encoders).items():
        own = table[table["encoder"] == encoder].sort_values("noise_std")
        if not drawn.dashed:
            axes.fill_between(own["noise_std"], own["lower"], own["upper"], color=drawn.colour, alpha=0.12, lw=0)
        axes.plot(own["noise_std"], own["lower"], **drawn.marked, linewidth=1.4)
        axes.plot(own["noise_std"], own["upper"], **drawn.line, linewidth=0.9)
    _noise_axis(axes, sorted(set(table["noise_std"])), noise_std)
    _height(axes, table)
    axes.set_title("Lower (marks) to upper bound")


def _headline(axes: Axes, measured: Measurements, noise_std: float) -> None:
    """One bracket per row: where two rows share no nats, the order of the encoders is resolved."""
    for row, (encoder, drawn) in enumerate(style.encoder_styles(measured.encoders).items()):
        value = measured.noise[encoder][EMBEDDING_NOISE.name]
        if value["nats"] is None:
            continue
        low, high = (value["nats"] if value[end] is None else value[end] for end in ("low", "high"))
        axes.plot([low, high], [row, row], color=drawn.colour, marker="|", markersize=8)
        axes.plot([value["nats"]], [row], **drawn.marked)
    style.name_encoders(axes, measured.encoders)
    axes.set_title(f"Brackets at noise {noise_std:g} (95 %)")
    axes.set_xlabel("I(X; Ê) (nats)")
    style.keep_within(axes, 0.0, horizontal=True)


def _noise_axis(axes: Axes, values: Sequence[float], noise_std: float) -> None:
    axes.set_xscale("log", base=2)
    axes.set_xticks(list(values), [f"{value:g}" for value in values])
    axes.minorticks_off()
    axes.set_xlabel("standard deviation of the noise\n(embeddings have norm 1)")
    axes.set_ylabel("I(X; Ê) (nats)")
    axes.axvline(noise_std, color=style.REFERENCE, linewidth=0.9, linestyle="--", zorder=1)


def _height(axes: Axes, table: pd.DataFrame) -> None:
    """The line ln n, and an axis that ends not far above it, with a note of what leaves."""
    logs = sorted({math.log(n) for n in table["n"] if n > 0})
    for position, value in enumerate(logs):
        style.reference(axes, value, f"ln n = {value:.2f}", below=position > 0)
    top = _HEADROOM * max([*logs, table["lower"].max()])
    highest = table["upper"].max()
    axes.set_ylim(min(0.0, table["lower"].min()), min(top, max(highest * 1.08, max(logs, default=0.0) * 1.1)))
    if highest > top:
        axes.annotate(
            f"upper bounds reach {highest:.3g} nats",
            (1.0, 1.0),
            xycoords="axes fraction",
            xytext=(-2, -2),
            textcoords="offset points",
            ha="right",
            va="top",
            fontsize=7.5,
            color=style.REFERENCE,
            bbox={"facecolor": "white", "alpha": 0.75, "linewidth": 0, "pad": 0.5},
        )
