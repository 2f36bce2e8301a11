"""Accuracy, loss and the three informations at every stop of the classifier."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from infoplane.plots import style
from infoplane.results.headlines import ACCURACY, HEADLINES, LOSS

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
    """The quantities against the stop, one line per encoder.

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
        title = "What each encoder reaches when its classifier is stopped early, in time and late"
        figure, axes = style.panels(
            len(HEADLINES), columns, 2.4, title if len(stops) > 1 else "What each encoder reaches"
        )
        for panel, headline in zip(axes, HEADLINES, strict=True):
            _panel(panel, table[table["quantity"] == headline.name], encoders, stops)
            note = "\n(the same at every stop)" if not headline.depends_on_stop else ""
            panel.set_title(f"{headline.title}{note}")
            panel.set_ylabel(ACCURACY.symbol if headline == ACCURACY else "nats")
            if headline == LOSS:
                style.plain_log_axis(panel)
                panel.set_ylabel("nats (log scale)")
            if entropy is not None and headline.is_about_label:
                style.reference(panel, entropy, style.entropy_name(entropy))
                panel.margins(y=0.12)
        style.encoder_legend(figure, encoders, marks=True, extra=[span])
    return figure


def _panel(axes: Axes, rows: pd.DataFrame, encoders: Sequence[str], stops: Sequence[int]) -> None:
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
