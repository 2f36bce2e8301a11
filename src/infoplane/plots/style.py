"""What all figures share: colours, sizes, legends, and files whose bytes depend on the data alone."""

from __future__ import annotations

import io
import re
import textwrap
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from infoplane.encoders.names import is_control, network_of

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Okabe & Ito's colours, which people with any of the common colour blindnesses can tell apart; without the yellow,
# which is too pale on white.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#000000")
MARKERS = ("o", "s", "^", "D", "v", "P", "X")
REFERENCE = "#555555"
SHADE = "#ECECEC"
WIDTH_OF_COLUMN = 3.8
"""Width of a column of panels in inches; two fit a page, one fits a phone."""

_LONG_NUMBER = re.compile(r"(?<![\d.])([1-9]\d*\.\d\d)\d+")
"""Coordinates carry six decimals of a point; two are finer than a screen and make the file a third smaller."""

_FEW_DECADES = 1e4

_RC: Any = {
    "font.family": "DejaVu Sans",  # comes with Matplotlib: the same glyphs on every machine
    "font.size": 9.0,
    "axes.titlesize": 9.5,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.labelsize": 8.5,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#E3E3E3",
    "grid.linewidth": 0.6,
    "xtick.labelsize": 8.0,
    "ytick.labelsize": 8.0,
    "legend.fontsize": 8.0,
    "legend.frameon": False,
    "lines.linewidth": 1.5,
    "lines.markersize": 4.5,
    "figure.dpi": 100.0,
    "savefig.dpi": 200.0,
    "svg.fonttype": "path",
    "svg.hashsalt": "infoplane",
    "path.simplify": True,
}


@dataclass(frozen=True)
class EncoderStyle:
    """How one encoder is drawn in every figure."""

    colour: str
    marker: str
    dashed: bool

    @property
    def line(self) -> dict[str, Any]:
        """Keyword arguments of a line without marks."""
        return {"color": self.colour, "linestyle": (0, (4, 2)) if self.dashed else "-"}

    @property
    def marked(self) -> dict[str, Any]:
        """Keyword arguments of a line with marks; hollow for controls."""
        fill = "white" if self.dashed else self.colour
        return self.line | {"marker": self.marker, "markerfacecolor": fill, "markeredgecolor": self.colour}


def encoder_styles(encoders: Sequence[str]) -> dict[str, EncoderStyle]:
    """How each encoder is drawn: colours in order of the list; an untrained control has its network's own, dashed."""
    networks = list(dict.fromkeys(network_of(name) for name in encoders))
    position = {name: index for index, name in enumerate(networks)}
    result = {}
    for name in encoders:
        index = position[network_of(name)]
        # A second round of colours meets shifted marks, so that up to 49 networks differ.
        marker = MARKERS[(index + index // len(COLOURS)) % len(MARKERS)]
        result[name] = EncoderStyle(COLOURS[index % len(COLOURS)], marker, is_control(name))
    return result


@contextmanager
def styled() -> Iterator[None]:
    """Draw and save in the house style, whatever the user's own Matplotlib settings."""
    import matplotlib

    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(_RC)
        yield


def panels(count: int, columns: int, height: float, title: str) -> tuple[Figure, list[Axes]]:
    """A figure with ``count`` panels in at most ``columns`` columns, each ``height`` inches high, and a title."""
    from matplotlib.figure import Figure

    columns = max(1, min(columns, count))
    rows = -(-count // columns)
    width = WIDTH_OF_COLUMN * columns
    figure = Figure(figsize=(width, height * rows + 0.8), layout="constrained")
    axes = [figure.add_subplot(rows, columns, position + 1) for position in range(count)]
    wrapped = textwrap.fill(title, int(width * 11.5))
    figure.suptitle(wrapped, x=0.01, ha="left", fontsize=10.5, fontweight="bold")
    return figure, axes


def encoder_legend(figure: Figure, encoders: Sequence[str], *, marks: bool, extra: Sequence[Artist] = ()) -> None:
    """A legend of the encoders below the panels; ``extra`` are further handles that carry their own label."""
    from matplotlib.lines import Line2D

    handles: list[Artist] = [
        Line2D([], [], **(drawn.marked if marks else drawn.line), label=name)
        for name, drawn in encoder_styles(encoders).items()
    ]
    legend_below(figure, [*handles, *extra], handlelength=2.8)


def legend_below(figure: Figure, handles: Sequence[Artist], handlelength: float) -> None:
    """A legend below the panels, in as many columns as fit beside each other."""
    longest = max((len(str(handle.get_label())) for handle in handles), default=1)
    fitting = int(figure.get_figwidth() * 72 / (5.0 * longest + 42))
    columns = max(1, min(fitting, len(handles)))
    figure.legend(handles=handles, loc="outside lower left", ncols=columns, handlelength=handlelength)


def epoch_axis(axes: Axes, stops: Sequence[int], label: str) -> None:
    """A logarithmic axis of epochs whose ticks are the stops."""
    axes.set_xscale("log")
    axes.set_xticks(list(stops), [str(stop) for stop in stops])
    axes.minorticks_off()
    axes.set_xlabel(label)


def plain_log_axis(axes: Axes) -> None:
    """A logarithmic vertical axis whose ticks read 0.2, 1, 50 instead of powers of ten."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    class Ticks(LogLocator):
        """At 1, 2 and 5 of each decade; over many decades, at some powers of ten."""

        def tick_values(self, vmin: float, vmax: float) -> Any:
            wide = vmax > _FEW_DECADES * vmin > 0
            self.set_params(subs=(1.0,) if wide else (1.0, 2.0, 5.0), numticks=6 if wide else 15)
            return super().tick_values(vmin, vmax)

    axes.set_yscale("log")
    axes.yaxis.set_major_locator(Ticks())
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.yaxis.set_minor_formatter(NullFormatter())


def reference(axes: Axes, value: float, label: str, *, below: bool = False) -> None:
    """A dotted horizontal line with its name written at its right end."""
    axes.axhline(value, color=REFERENCE, linestyle=(0, (1, 1.5)), linewidth=1.2, zorder=1.5)
    axes.annotate(
        label,
        (1.0, value),
        xycoords=("axes fraction", "data"),
        xytext=(-2, -2 if below else 2),
        textcoords="offset points",
        ha="right",
        va="top" if below else "bottom",
        fontsize=7.5,
        color=REFERENCE,
        bbox={"facecolor": "white", "alpha": 0.75, "linewidth": 0, "pad": 0.5},
    )


def name_encoders(axes: Axes, encoders: Sequence[str]) -> None:
    """Encoders as the rows of a panel, the first on top, with their names on the axis."""
    size = max(4.5, min(8.0, 70.0 / len(encoders)))
    axes.set_yticks(range(len(encoders)), [_in_two_lines(name) for name in encoders], fontsize=size)
    axes.set_ylim(len(encoders) - 0.5, -0.5)


def _in_two_lines(name: str) -> str:
    """A long name with its "-untrained" below it."""
    return f"{network_of(name)}\n-untrained" if is_control(name) else name


def keep_within(axes: Axes, low: float, high: float | None = None, *, horizontal: bool = False) -> None:
    """Let an axis show nothing beyond what is possible: it ends, but for a margin for marks, at ``low`` and ``high``.

    Ticks beyond are left out, so that no number stands there that the quantity cannot have.
    """
    axis = axes.xaxis if horizontal else axes.yaxis
    limits, set_limits = (axes.get_xlim, axes.set_xlim) if horizontal else (axes.get_ylim, axes.set_ylim)
    bottom, top = limits()
    margin = 0.06 * ((top if high is None else min(top, high)) - max(bottom, low))
    bottom, top = max(bottom, low - margin), top if high is None else min(top, high + margin)
    set_limits(bottom, top)
    least, most = max(low, bottom), top if high is None else min(high, top)
    axis.set_ticks([tick for tick in axis.get_majorticklocs() if least - 1e-9 <= tick <= most + 1e-9])
    set_limits(bottom, top)


def entropy_name(nats: float) -> str:
    """H(Y) with its value; for two equally frequent classes also as ln 2."""
    return f"H(Y) = ln 2 = {nats:.3f}" if abs(nats - 0.693147) < 5e-4 else f"H(Y) = {nats:.2f}"


def to_svg(figure: Figure) -> str:
    """The figure as SVG text, the same bytes for the same data: no date, no version, fixed identifiers."""
    from matplotlib.backends.backend_svg import FigureCanvasSVG

    text = io.StringIO()
    with styled():
        # Laid out and drawn once each: savefig draws a figure twice, the first time to lay it out.
        if (layout := figure.get_layout_engine()) is not None:
            layout.execute(figure)
            figure.set_layout_engine("none")
        FigureCanvasSVG(figure).print_svg(text, metadata={"Date": None, "Creator": None})  # type: ignore[no-untyped-call]
    return _LONG_NUMBER.sub(r"\1", text.getvalue())
