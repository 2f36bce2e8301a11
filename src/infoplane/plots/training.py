"""Accuracy and loss of the classifiers at every epoch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from infoplane.plots import style

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_NAMES = {"accuracy": "Accuracy", "loss": "Loss (cross-entropy)"}
_SPLITS = {"test": "test images", "train": "training images"}


def draw(
    table: pd.DataFrame,
    encoders: Sequence[str],
    stops: Sequence[int],
    overfit_factor: float | None = None,
    columns: int = 2,
) -> Figure:
    """Training curves: accuracy and loss, on test and training images, one line per encoder.

    Args:
        table: columns encoder, epoch, split ("train" or "test"), loss (nats), accuracy.
        encoders: which to draw, in order.
        stops: epochs at which the classifier was kept.
        overfit_factor: by how much the learning rate of the last leg was multiplied; its epochs are shaded.
        columns: columns of panels.
    """
    from matplotlib.patches import Patch

    overfit = len(stops) > 1 and overfit_factor is not None and overfit_factor != 1
    shade = (
        [Patch(color=style.SHADE, label=f"last leg: learning rate × {overfit_factor:g}, to overfit")] if overfit else []
    )
    with style.styled():
        title = "How the classifiers learn: accuracy and loss at every epoch"
        figure, axes = style.panels(4, columns, 2.4, title)
        order = [(name, split) for name in _NAMES for split in _SPLITS]
        for panel, (name, split) in zip(axes, order, strict=True):
            _panel(panel, table[table["split"] == split], name, encoders)
            style.epoch_axis(panel, stops, "epoch (log scale; lines and ticks: classifier kept)")
            _mark_stops(panel, stops, overfit)
            panel.set_title(f"{_NAMES[name]}, {_SPLITS[split]}")
            panel.set_ylabel("accuracy" if name == "accuracy" else "loss (nats, log scale)")
        # Of the losses each has an axis of its own: that on training images falls by many decades.
        axes[1].sharey(axes[0])
        axes[0].autoscale_view()
        style.keep_within(axes[0], 0.0, 1.0)
        style.encoder_legend(figure, encoders, marks=False, extra=shade)
    return figure


def _panel(axes: Axes, rows: pd.DataFrame, name: str, encoders: Sequence[str]) -> None:
    for encoder, drawn in style.encoder_styles(encoders).items():
        own = rows[rows["encoder"] == encoder].sort_values("epoch")
        axes.plot(own["epoch"], own[name], **(drawn.marked if len(own) == 1 else drawn.line), linewidth=1.3)
    if name == "loss":
        style.plain_log_axis(axes)


def _mark_stops(axes: Axes, stops: Sequence[int], overfit: bool) -> None:
    for stop in stops:
        axes.axvline(stop, color=style.REFERENCE, linewidth=0.8, linestyle=":", zorder=1)
    if overfit:
        axes.axvspan(stops[-2], stops[-1], color=style.SHADE, zorder=0, linewidth=0)
