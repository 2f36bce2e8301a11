"""The information plane: one line per epoch through a network's layers, a panel per estimator, the exact one first."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from infoplane.common.aliases import Z95
from infoplane.plane.verdicts import REFERENCES
from infoplane.plots import style

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.colors import Colormap, Normalize
    from matplotlib.figure import Figure

TITLES = {
    "exact": "Exact, fixed noise",
    "exact_relative": "Exact, noise in the layer's scale",
    "lower": "Lower bound",
    "upper": "Upper bound",
    "lower_relative": "Lower bound, noise in the layer's scale",
    "upper_relative": "Upper bound, noise in the layer's scale",
    "critics": "AA-MINE and MINE",
    "kde": "KDE (KL form)",
    "kde_lower": "KDE (Bhattacharyya form)",
    "binning_fixed": "Bins fixed on [-1, 1]",
    "binning_adaptive": "Adaptive bins",
    "mine_noiseless": "MINE without noise",
}
"""Every estimator that is drawn, in the order of its panels."""


def draw(network: str, table: pd.DataFrame, entropy: float, n: int, columns: int = 2) -> Figure:
    """I(T; Y) against I(X; T), a panel per estimator on equal axes: a line joins the layers of one epoch, input first.

    Args:
        network: its name, for the title.
        table: the long table, columns seed, epoch, layer, estimator, i_x, i_y (nats); means over seeds are drawn.
        entropy: H(Y) in nats.
        n: how many inputs there are.
        columns: columns of panels.
    """
    import matplotlib

    rows = table.dropna(subset=["i_x", "i_y"])
    means = rows.groupby(["estimator", "epoch", "layer"], as_index=False)[["i_x", "i_y"]].mean()
    names = [name for name in TITLES if name in set(means["estimator"])]
    with style.styled():
        figure, axes = style.panels(
            len(names), columns, 2.7, f"Information plane of {network}: each line is one epoch, its layers numbered"
        )
        colours, scale = matplotlib.colormaps["cividis"], _epoch_scale(means["epoch"])
        for panel, name in zip(axes, names, strict=True):
            _plane(panel, means[means["estimator"] == name], colours, scale)
            _limits(panel, means[means["estimator"] == name], math.log(n), entropy)
            panel.set_title(TITLES[name])
        bar = figure.colorbar(matplotlib.cm.ScalarMappable(scale, colours), ax=axes, shrink=0.6, aspect=40)
        bar.set_label("epoch (0: before training)")
        ticks = _epoch_ticks(sorted(set(means["epoch"])))
        bar.set_ticks([epoch + 1 for epoch in ticks], labels=[f"{epoch}" for epoch in ticks])
        bar.minorticks_off()
    return figure


def draw_training(network: str, table: pd.DataFrame, entropy: float, n: int, columns: int = 2) -> Figure:
    """I(X; T) of every layer against the epoch, a panel per estimator; bands are 1.96 standard errors over seeds.

    Arguments as for :func:`draw`.
    """
    from matplotlib.lines import Line2D

    wanted = ("exact", "exact_relative", "lower", "upper", "binning_fixed", "binning_adaptive")
    names = [name for name in wanted if name in set(table["estimator"])]
    layers = sorted(set(table["layer"]))
    with style.styled():
        figure, axes = style.panels(len(names), columns, 2.4, f"{network}: I(X; T) of each layer over training")
        for panel, name in zip(axes, names, strict=True):
            _course(panel, table[table["estimator"] == name], layers, math.log(n))
            panel.set_ylim(0.0, math.log(n))
            style.keep_within(panel, 0.0, math.log(n))
            panel.set_ylim(-0.03 * math.log(n), 1.14 * math.log(n))
            style.reference(panel, math.log(n), f"ln n = {math.log(n):.2f}")
            panel.set_title(TITLES[name])
        handles = [Line2D([], [], **_look(index), label=f"layer {layer}") for index, layer in enumerate(layers)]
        figure.legend(handles=handles, loc="outside lower left", ncols=3 * columns, handlelength=2.4)
    return figure


def draw_errors(network: str, table: pd.DataFrame, entropy: float, n: int, columns: int = 2) -> Figure:
    """What the other estimators add to or take from the exact values, of both informations.

    Arguments as for :func:`draw`; estimators without a known value are left out.
    """
    present = set(table["estimator"])
    names = [name for name in TITLES if name in present and REFERENCES.get(name) in present]
    with style.styled():
        figure, axes = style.panels(2, columns, 3.0, f"{network}: each estimator's error, its value less the exact one")
        for panel, axis, limit in zip(axes, ("i_x", "i_y"), (math.log(n), entropy), strict=True):
            gaps = [gap for index, name in enumerate(names) for gap in _errors(panel, table, name, axis, index)]
            panel.axhline(0, color=style.REFERENCE, linewidth=1.0)
            panel.set_xlim(0.0, limit)
            style.keep_within(panel, 0.0, limit, horizontal=True)
            panel.set_xlim(-0.03 * limit, 1.03 * limit)
            _clip(panel, gaps, limit)
            panel.set_title("I(X; T + noise)" if axis == "i_x" else "I(T + noise; Y)")
            name = "I(X; T)" if axis == "i_x" else "I(T; Y)"
            panel.set_xlabel(f"exact {name} (nats)")
            panel.set_ylabel(f"error of {name} (nats)")
        figure.legend(handles=_error_handles(names), loc="outside lower left", ncols=2 * columns, handletextpad=0.3)
    return figure


def _plane(axes: Axes, rows: pd.DataFrame, colours: Colormap, scale: Normalize) -> None:
    for epoch, line in rows.groupby("epoch"):
        path = line.sort_values("layer")
        colour = colours(scale(float(epoch) + 1))  # type: ignore[arg-type]
        axes.plot(path["i_x"], path["i_y"], color=colour, linewidth=0.9, marker="o", markersize=3.6, alpha=0.9)
    _number_layers(axes, rows[rows["epoch"] == rows["epoch"].max()])
    axes.set_xlabel("I(X; T) (nats)")
    axes.set_ylabel("I(T; Y) (nats)")


def _number_layers(axes: Axes, last: pd.DataFrame) -> None:
    """The layers' numbers below the points of the last epoch; layers whose points touch share a label."""
    path = last.sort_values("i_x")
    near = 0.06 * max(float(path["i_x"].max()), 1e-9)
    places: list[tuple[float, float, list[int]]] = []
    for x, y, layer in zip(path["i_x"], path["i_y"], path["layer"], strict=True):
        if places and x - places[-1][0] < near:
            places[-1] = (places[-1][0], min(y, places[-1][1]), [*places[-1][2], int(layer)])
        else:
            places.append((x, y, [int(layer)]))
    for x, y, layers in places:
        axes.annotate(
            ", ".join(map(str, sorted(layers))), (x, y), xytext=(0, -5), textcoords="offset points", ha="center",
            va="top", fontsize=7, annotation_clip=True,
        )  # fmt: skip


def _limits(axes: Axes, rows: pd.DataFrame, most: float, entropy: float) -> None:
    """The same axes in every panel; what lies outside is counted in the panel."""
    right, top = 1.05 * most, 1.2 * entropy
    left, bottom = -0.03 * most, -0.06 * entropy
    for horizontal, limit, ends in ((True, most, (left, right)), (False, entropy, (bottom, top))):
        set_limits = axes.set_xlim if horizontal else axes.set_ylim
        set_limits(0.0, limit)
        style.keep_within(axes, 0.0, limit, horizontal=horizontal)
        set_limits(*ends)
    style.reference(axes, entropy, style.entropy_name(entropy))
    axes.axvline(most, color=style.REFERENCE, linestyle=(0, (1, 1.5)), linewidth=1.2, zorder=1.5)
    axes.annotate(
        f"ln n = {most:.2f}", (most, 0.0), xytext=(-3, 4), textcoords="offset points", ha="right", va="bottom",
        rotation=90, fontsize=7.5, color=style.REFERENCE,
    )  # fmt: skip
    inside = rows["i_x"].between(left, right) & rows["i_y"].between(bottom, top)
    if not inside.all():
        _note(axes, f"{int((~inside).sum())} of {len(rows)} points outside", 0.03)


def _course(axes: Axes, rows: pd.DataFrame, layers: Sequence[int], most: float) -> None:
    """Each layer's mean with its band, of which only what is possible is drawn: from 0 to ln n."""
    for index, layer in enumerate(layers):
        course = rows[rows["layer"] == layer].groupby("epoch")["i_x"].agg(["mean", "std", "count"])
        error = (course["std"] / course["count"] ** 0.5).fillna(0.0) * Z95
        low, high = (course["mean"] - error).clip(0.0, most), (course["mean"] + error).clip(0.0, most)
        epochs = course.index.to_numpy() + 1
        axes.plot(epochs, course["mean"], **_look(index))
        axes.fill_between(epochs, low, high, color=_look(index)["color"], alpha=0.15, lw=0)
    axes.set_xscale("log")
    ticks = _epoch_ticks(sorted(set(rows["epoch"])))
    axes.set_xticks([epoch + 1 for epoch in ticks], [f"{epoch}" for epoch in ticks])
    axes.minorticks_off()
    axes.set_xlabel("epoch (log scale)")
    axes.set_ylabel("I(X; T) (nats)")


def _errors(axes: Axes, table: pd.DataFrame, name: str, axis: str, index: int) -> list[float]:
    keys = ["seed", "epoch", "layer"]
    own = table[table["estimator"] == name].dropna(subset=[axis]).set_index(keys)[axis]
    known = table[table["estimator"] == REFERENCES[name]].set_index(keys)[axis]
    joined = own.to_frame("value").join(known.to_frame("truth"), how="inner")
    gaps = joined["value"] - joined["truth"]
    axes.plot(joined["truth"], gaps, **_mark(index))
    return [float(gap) for gap in gaps]


def _mark(index: int) -> dict[str, Any]:
    colour = style.COLOURS[index % len(style.COLOURS)]
    marker = style.MARKERS[index % len(style.MARKERS)]
    return {"color": colour, "marker": marker, "linestyle": "", "markersize": 3.6, "alpha": 0.65, "markeredgewidth": 0}


def _error_handles(names: Sequence[str]) -> list[Any]:
    from matplotlib.lines import Line2D

    return [
        Line2D([], [], **(_mark(index) | {"markersize": 6, "alpha": 1}), label=TITLES[name])
        for index, name in enumerate(names)
    ]


def _clip(axes: Axes, gaps: Sequence[float], limit: float) -> None:
    """No axis beyond what an error can be between 0 and the largest value; a note of what leaves it."""
    low, high = min([0.0, *gaps]), max([0.0, *gaps])
    margin = max(0.06 * min(high - low, limit), 0.02 * limit)
    axes.set_ylim(max(low, -1.1 * limit) - margin, min(high, 1.1 * limit) + margin)
    outside = sum(abs(gap) > 1.1 * limit for gap in gaps)
    if outside:
        _note(axes, f"{outside} outside", 0.03)


def _note(axes: Axes, text: str, height: float) -> None:
    axes.annotate(text, (0.98, height), xycoords="axes fraction", ha="right", fontsize=7.5, color=style.REFERENCE)


def _look(index: int) -> dict[str, Any]:
    return {
        "color": style.COLOURS[index % len(style.COLOURS)],
        "marker": style.MARKERS[index % len(style.MARKERS)],
        "markersize": 3.2,
        "linewidth": 1.2,
    }


def _epoch_scale(epochs: pd.Series[int]) -> Normalize:
    """Logarithmic in epoch + 1, so that epoch 0 has a place."""
    from matplotlib.colors import LogNorm

    return LogNorm(1, max(int(epochs.max()) + 1, 2))


def _epoch_ticks(epochs: Sequence[int]) -> list[int]:
    """Few of the epochs, far enough apart on a logarithmic axis to be read; the last is always there."""
    chosen = [epochs[-1]]
    for epoch in reversed(epochs[:-1]):
        if (chosen[-1] + 1) / (epoch + 1) >= 1.8:
            chosen.append(epoch)
    return chosen[::-1]
