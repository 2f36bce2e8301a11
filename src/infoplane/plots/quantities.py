"""Accuracy, loss and the three informations: at every stop of the classifier, or once for each encoder."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from infoplane.plots import style
from infoplane.results.summary_quantities import ACCURACY, LOSS, QUANTITIES, SummaryQuantity

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_SPREAD = 0.5
"""Share of the distance between two stops over which the encoders' marks are spread, so that they do not overlap."""


def draw(
    table: pd.DataFrame,
    encoders: Sequence[str],
    stops: Sequence[int],
    entropy: float | None = None,
    columns: int = 2,
) -> Figure:
    """The quantities: against the stop, one line per encoder; those that do not depend on it, one row per encoder.

    Args:
        table: columns encoder, stop, quantity, value, low, high (informations in nats; low and high NaN where none).
        encoders: which to draw, in order.
        stops: the stops, ascending; shown at equal distances.
        entropy: H(Y) in nats, the most that an information about the label can be; drawn as a reference.
        columns: columns of panels.
    """
    from matplotlib.lines import Line2D

    span = Line2D([], [], color=style.REFERENCE, marker="|", markersize=11, linestyle="", label="not excluded (95 %)")
    with style.styled():
        figure, axes = style.panels(len(QUANTITIES), columns, 2.4, "What each encoder and its classifier reach")
        for panel, quantity in zip(axes, QUANTITIES, strict=True):
            rows = table[table["quantity"] == quantity.name]
            most = entropy if quantity.is_about_label else 1.0 if quantity == ACCURACY else None
            panel.set_title(quantity.title)
            if quantity.depends_on_stop:
                _against_stops(panel, rows, encoders, stops, quantity, most)
            else:
                _by_encoder(panel, rows, encoders, quantity, most)
        style.encoder_legend(figure, encoders, marks=True, extra=[span])
    return figure


def _against_stops(
    axes: Axes,
    rows: pd.DataFrame,
    encoders: Sequence[str],
    stops: Sequence[int],
    quantity: SummaryQuantity,
    most: float | None,
) -> None:
    step = _SPREAD / max(len(encoders), 2)
    for index, (encoder, drawn) in enumerate(style.encoder_styles(encoders).items()):
        own = rows[rows["encoder"] == encoder].set_index("stop").reindex(list(stops))
        shift = (index - (len(encoders) - 1) / 2) * step
        x = [position + shift for position in range(len(stops))]
        axes.vlines(x, own["low"], own["high"], color=drawn.colour, linewidth=1.1, alpha=0.55)
        axes.plot(x, own["value"], **drawn.marked, linewidth=1.1)
    axes.set_xticks(range(len(stops)), [str(stop) for stop in stops])
    axes.set_xlim(-0.6, len(stops) - 0.4)
    axes.set_xlabel("classifier stopped after … epochs")
    if quantity == LOSS:
        style.plain_log_axis(axes)
        axes.set_ylabel("loss (nats, log scale)")
        return
    axes.set_ylabel(quantity.symbol if quantity == ACCURACY else f"{quantity.symbol} (nats)")
    _possible(axes, rows, most)
    if most is not None and quantity.is_about_label:
        bottom, top = axes.get_ylim()
        axes.set_ylim(bottom, top + 0.08 * (top - bottom))  # room for the name
        style.reference(axes, most, style.entropy_name(most))


def _by_encoder(
    axes: Axes, rows: pd.DataFrame, encoders: Sequence[str], quantity: SummaryQuantity, most: float | None
) -> None:
    """One row per encoder; the stops repeat these values, and the first that has one gives it."""
    values = rows.dropna(subset=["value"]).groupby("encoder", sort=False)[["value", "low", "high"]].first()
    for row, (encoder, drawn) in enumerate(style.encoder_styles(encoders).items()):
        if encoder in values.index:
            own = values.loc[encoder]
            axes.hlines([row], [own["low"]], [own["high"]], color=drawn.colour, linewidth=1.1, alpha=0.55)
            axes.plot([own["value"]], [row], **drawn.marked)
    style.name_encoders(axes, encoders)
    axes.set_xlabel(f"{quantity.symbol} (nats)")
    _possible(axes, rows, most, horizontal=True)
    if most is not None and quantity.is_about_label:
        axes.axvline(most, color=style.REFERENCE, linestyle=(0, (1, 1.5)), linewidth=1.2, zorder=1.5)
        axes.annotate(
            style.entropy_name(most), (most, 1.0), xycoords=("data", "axes fraction"), xytext=(-3, -2),
            textcoords="offset points", ha="right", va="top", fontsize=7.5, color=style.REFERENCE,
        )  # fmt: skip


def _possible(axes: Axes, rows: pd.DataFrame, most: float | None, *, horizontal: bool = False) -> None:
    """An axis from 0 to the most that is possible, as far as the values reach; what lies beyond is seen."""
    seen = rows[["value", "low", "high"]].to_numpy(float).ravel()
    seen = seen[seen == seen]
    low, high = min([0.0, *seen]), None if most is None else max([most, *seen])
    style.keep_within(axes, low, high, horizontal=horizontal)
