"""Correlations of the quantities over encoders, one heat map per stop."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from infoplane.plots import style
from infoplane.results.summary_quantities import BY_NAME, NAMES

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_MAP = "RdBu_r"
_WHITE_TEXT_FROM = 0.65


def draw(correlations: Mapping[str, Mapping[str, Any]], columns: int = 2) -> Figure:
    """Heat maps of the contents of ``metrics/correlations.json``: r, and below it its 95 % interval if it has one."""
    import matplotlib
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import Normalize

    with style.styled():
        title = "Which quantities go together across encoders (Pearson's r, 95 % interval in brackets)"
        figure, axes = style.panels(len(correlations), columns, 3.1, title)
        colours = ScalarMappable(Normalize(-1, 1), matplotlib.colormaps[_MAP])
        for panel, (stop, content) in zip(axes, correlations.items(), strict=True):
            _panel(panel, content, colours)
            panel.set_title(f"After {_counted(int(stop), 'epoch')}, n = {_counted(content['encoders'], 'encoder')}")
        bar = figure.colorbar(colours, ax=axes, location="bottom", shrink=0.6, aspect=40, pad=0.02)
        bar.set_label("r (red: both rise together; blue: one falls)")
        bar.outline.set_visible(False)
    return figure


def _counted(number: int, name: str) -> str:
    return f"{number} {name}" if number == 1 else f"{number} {name}s"


def _panel(axes: Axes, content: Mapping[str, Any], colours: Any) -> None:
    """The lower triangle: each pair once."""
    rows, columns = NAMES[1:], NAMES[:-1]
    for i, row in enumerate(rows):
        for j, column in enumerate(columns[: i + 1]):
            _cell(axes, j, i, {name: content[name][row][column] for name in ("pearson", "low", "high")}, colours)
    axes.set_xticks(range(len(columns)), [BY_NAME[name].symbol for name in columns])
    axes.set_yticks(range(len(rows)), [BY_NAME[name].symbol for name in rows])
    axes.set_xlim(-0.5, len(columns) - 0.5)
    axes.set_ylim(len(rows) - 0.5, -0.5)
    axes.tick_params(length=0)
    axes.grid(False)
    axes.spines[:].set_visible(False)


def _cell(axes: Axes, x: int, y: int, value: Mapping[str, float | None], colours: Any) -> None:
    from matplotlib.patches import Rectangle

    r, low, high = value["pearson"], value["low"], value["high"]
    look: dict[str, Any] = {"facecolor": "white", "edgecolor": "#BBBBBB", "hatch": "////", "linewidth": 0.0}
    if r is not None:
        look = {"facecolor": colours.to_rgba(r), "edgecolor": "white", "linewidth": 1.0}
    axes.add_patch(Rectangle((x - 0.48, y - 0.48), 0.96, 0.96, **look))
    ink = "white" if r is not None and abs(r) > _WHITE_TEXT_FROM else "black"
    text = "–" if r is None else f"{r:.2f}".replace("-", "−")
    with_interval = low is not None and high is not None
    axes.text(x, y - (0.12 if with_interval else 0), text, ha="center", va="center", fontsize=9, color=ink)
    if with_interval:
        interval = f"[{low:.2f}, {high:.2f}]".replace("-", "−")
        axes.text(x, y + 0.22, interval, ha="center", va="center", fontsize=5.6, color=ink)
