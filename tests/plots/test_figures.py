"""The figures: what they draw is the data, nothing is cut off, and the same data give the same bytes."""

from __future__ import annotations

import hashlib
import math
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest
from matplotlib.axis import Axis
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.text import Text

from infoplane.encoders.names import is_control
from infoplane.plots import correlation, critics, encoder_pictures, noise, quantities, style, training
from infoplane.results import correlations
from infoplane.results.summary import noise_curve_table, quantity_table, summarise, summary_table, training_table
from infoplane.results.summary_quantities import QUANTITIES

from made_results import NAMES, STOPS, Made, made, material

SYMBOLS = [quantity.symbol for quantity in QUANTITIES]

FIGURES: dict[str, Callable[[Made, int], Figure]] = {
    "training": lambda run, columns: training.draw(
        training_table(run.training), run.measured.encoders, run.measured.stops, 800, columns
    ),
    "quantities": lambda run, columns: quantities.draw(
        quantity_table(summarise(run.measured)), run.measured.encoders, run.measured.stops, run.entropy, columns
    ),
    "noise": lambda run, columns: noise.draw(noise_curve_table(run.measured), run.measured, 0.25, columns),
    "correlation": lambda run, columns: correlation.draw(
        correlations.correlation_metrics(summary_table(summarise(run.measured)), seed=0), columns
    ),
    "critics": lambda run, columns: critics.draw(run.critics[NAMES[0]], run.measured, NAMES[0], columns),
}


@cache
def drawn(name: str) -> str:
    return style.to_svg(FIGURES[name](made(), 2))


def cut_off(figure: Figure) -> list[str]:
    """The texts of a figure that do not lie within it."""
    with style.styled():
        canvas = FigureCanvasAgg(figure)
        canvas.draw()
        hidden = {label for axes in figure.axes for axis in (axes.xaxis, axes.yaxis) for label in _beyond(axis)}
        outside = []
        for text in figure.findobj(Text):
            if text.get_visible() and text.get_text().strip() and text not in hidden:
                box = text.get_window_extent(canvas.get_renderer())
                if box.x0 < -1 or box.y0 < -1 or box.x1 > figure.bbox.width + 1 or box.y1 > figure.bbox.height + 1:
                    outside.append(text.get_text())
    return outside


def _beyond(axis: Axis) -> list[Text]:
    """Labels of ticks beyond the axis' ends, which Matplotlib keeps but does not draw."""
    low, high = sorted(axis.get_view_interval())
    beyond = []
    for minor in (False, True):
        ticks = axis.get_minor_ticks() if minor else axis.get_major_ticks()
        beyond += [t for tick in ticks if not low <= tick.get_loc() <= high for t in (tick.label1, tick.label2)]
    return beyond


@pytest.mark.parametrize(
    ("encoders", "classes", "columns"),
    [(7, 10, 1), *(pytest.param(*case, marks=pytest.mark.slow) for case in ((7, 10, 2), (1, 2, 2)))],
)
@pytest.mark.parametrize("name", FIGURES)
def test_no_text_is_cut_off(name: str, encoders: int, classes: int, columns: int) -> None:
    assert cut_off(FIGURES[name](made(NAMES[:encoders], classes), columns)) == []


@pytest.mark.parametrize("name", FIGURES)
def test_the_same_data_give_the_same_bytes(name: str) -> None:
    first = drawn(name)
    assert style.to_svg(FIGURES[name](made(), 2)) == first
    assert "<dc:date>" not in first
    assert "Matplotlib v" not in first
    ElementTree.fromstring(first)


def test_bytes_do_not_depend_on_the_users_settings() -> None:
    import matplotlib

    plain = drawn("noise")
    with matplotlib.rc_context({"font.size": 20, "axes.grid": False, "svg.hashsalt": None, "lines.linewidth": 9}):
        assert style.to_svg(FIGURES["noise"](made(), 2)) == plain


@pytest.mark.slow
def test_bytes_do_not_depend_on_the_process() -> None:
    code = (
        "from test_figures import *;"
        "print(hashlib.sha256(style.to_svg(FIGURES['quantities'](made(), 2)).encode()).hexdigest())"
    )
    paths = f"import sys; sys.path[:0] = {sys.path!r};"
    theirs = subprocess.run([sys.executable, "-c", paths + code], capture_output=True, text=True, check=True).stdout
    assert theirs.strip() == hashlib.sha256(style.to_svg(FIGURES["quantities"](made(), 2)).encode()).hexdigest()


def test_shortened_coordinates_stay_within_a_hundredth_of_a_point() -> None:
    text = 'd="M 12.345678 0.123456 L 0.015625 100.999999" version="1.1" scale(0.09 -0.09)'
    assert style._LONG_NUMBER.sub(r"\1", text) == text.replace("12.345678", "12.34").replace("100.999999", "100.99")


def test_an_untrained_control_is_dashed_and_hollow_in_its_networks_colour() -> None:
    styles = style.encoder_styles(NAMES)
    control, twin = styles["EfficientNetLite0-untrained"], styles["EfficientNetLite0"]
    assert control.colour == twin.colour
    assert control.dashed
    assert not twin.dashed
    assert control.marked["markerfacecolor"] == "white"
    assert twin.marked["markerfacecolor"] == twin.colour


def test_encoders_can_be_told_apart_and_keep_their_look_when_one_is_added() -> None:
    names = [f"network{i}" for i in range(30)]
    styles = style.encoder_styles(names)
    assert len({(drawn.colour, drawn.marker) for drawn in styles.values()}) == 30
    assert list(style.encoder_styles(names[:4]).values()) == list(styles.values())[:4]
    assert len({style.encoder_styles(NAMES)[name].colour for name in NAMES if not is_control(name)}) == 6


@pytest.mark.parametrize("deficiency", ["deuteranopia", "protanopia"])
def test_the_colours_differ_for_colour_blind_eyes(deficiency: str) -> None:
    """Simulated in linear RGB (Viénot, Brettel & Mollon 1999); distances in CIE L*a*b*."""
    matrix = {
        "deuteranopia": [[0.29275, 0.70725, 0.0], [0.29275, 0.70725, 0.0], [-0.02234, 0.02234, 1.0]],
        "protanopia": [[0.11238, 0.88762, 0.0], [0.11238, 0.88762, 0.0], [0.00401, -0.00401, 1.0]],
    }[deficiency]
    seen = [_lab(np.clip(np.array(matrix) @ _linear(colour), 0, 1)) for colour in style.COLOURS]
    distances = [np.linalg.norm(a - b) for i, a in enumerate(seen) for b in seen[:i]]
    assert min(distances) > 10  # a just noticeable difference is 2.3


def _linear(colour: str) -> np.ndarray[Any, Any]:
    values = np.array([int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)])
    return np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)


def _lab(linear: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    to_xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
    ratio = to_xyz @ linear / np.array([0.9505, 1.0, 1.089])
    f = np.where(ratio > 0.008856, np.cbrt(ratio), 7.787 * ratio + 16 / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def test_quantities_are_drawn_at_their_values_with_their_ranges() -> None:
    run = made()
    table = quantity_table(summarise(run.measured))
    figure = FIGURES["quantities"](run, 2)
    panel = next(axes for axes in figure.axes if axes.get_title(loc="left").startswith("I(P; Y)"))
    own = table[table["quantity"] == "prediction_label"]
    for encoder, line in zip(run.measured.encoders, panel.lines, strict=False):
        np.testing.assert_allclose(line.get_ydata(), own.loc[own["encoder"] == encoder, "value"])
    spans = [c.get_segments() for c in panel.collections if isinstance(c, LineCollection)]
    ends = np.array([[segment[0][1], segment[1][1]] for group in spans for segment in group])
    expected = own.set_index(["encoder", "stop"]).loc[[(e, s) for e in run.measured.encoders for s in STOPS]]
    np.testing.assert_allclose(ends, expected[["low", "high"]])
    texts = [text.get_text() for text in panel.texts]
    assert f"H(Y) = {run.entropy:.2f}" in texts


def test_what_does_not_depend_on_the_stop_is_drawn_once_for_each_encoder() -> None:
    run = made()
    table = quantity_table(summarise(run.measured))
    figure = FIGURES["quantities"](run, 2)
    panel = next(axes for axes in figure.axes if axes.get_title(loc="left").startswith("I(X; Ê)"))
    values = [float(line.get_xdata()[0]) for line in panel.lines]
    expected = [run.measured.noise[encoder]["embedding_noise"]["nats"] for encoder in run.measured.encoders]
    np.testing.assert_allclose(values, expected)
    names = [label.get_text().replace("\n", "") for label in panel.get_yticklabels()]
    assert names == list(run.measured.encoders)
    assert len(table[table["quantity"] == "embedding_noise"]) == len(expected) * len(STOPS)


@pytest.mark.parametrize("name", FIGURES)
def test_every_axis_has_a_name(name: str) -> None:
    run = made(NAMES)
    for axes in FIGURES[name](run, 2).axes:
        rows = [label.get_text() for label in axes.get_yticklabels()]
        named = any(label.replace("\n", "") in (*NAMES, *SYMBOLS) for label in rows)
        assert axes.get_ylabel() or named or axes.get_label() == "<colorbar>"
        assert axes.get_xlabel() or name == "correlation"


def test_no_tick_is_beyond_what_a_quantity_can_be() -> None:
    run = made()
    for axes in FIGURES["quantities"](run, 2).axes:
        for axis in (axes.xaxis, axes.yaxis):
            most = {"accuracy": 1.0, "I(P; Y) (nats)": run.entropy, "I(E; Y) (nats)": run.entropy}
            low, high = axis.get_view_interval()
            ticks = [tick for tick in axis.get_majorticklocs() if low <= tick <= high]
            if axis.get_label_text() in most:
                assert 0 <= min(ticks) <= max(ticks) <= most[axis.get_label_text()]


def test_the_test_loss_has_an_axis_of_its_own() -> None:
    run = made(NAMES[:2])
    table = training_table(run.training)
    table.loc[(table["split"] == "train") & (table["epoch"] > 30), "loss"] *= 1e-9
    test, train = training.draw(table, run.measured.encoders, STOPS, 800).axes[2:4]
    least = table.loc[table["split"] == "test", "loss"].min()
    assert train.get_ylim()[0] < 1e-6 * least < test.get_ylim()[0]


def test_below_five_encoders_there_is_no_figure_of_correlations() -> None:
    for encoders, expected in ((2, False), (5, False), (6, True)):  # of which one is a control
        run = made(NAMES[:encoders])
        assert (encoder_pictures._correlation(material(run)) is not None) == expected


def test_two_equally_frequent_classes_have_ln_2() -> None:
    assert style.entropy_name(math.log(2)) == "H(Y) = ln 2 = 0.693"
    assert style.entropy_name(math.log(10)) == "H(Y) = 2.30"
    assert style.entropy_name(0.6) == "H(Y) = 0.60"


def test_a_missing_value_leaves_a_gap_and_the_rest_stands() -> None:
    run = made()
    table = quantity_table(summarise(run.measured))
    gone = (table["encoder"] == NAMES[0]) & (table["stop"] == 30)
    table.loc[gone, ["value", "low", "high"]] = np.nan
    figure = quantities.draw(table, run.measured.encoders, STOPS, run.entropy)
    line = figure.axes[0].lines[0]
    assert np.isnan(line.get_ydata()).tolist() == [False, True, False]
    assert cut_off(figure) == []


def test_the_noise_axis_ends_near_ln_n_and_says_what_leaves() -> None:
    run = made()
    curve = noise_curve_table(run.measured)
    axes = FIGURES["noise"](run, 2).axes[0]
    assert math.log(5000) < axes.get_ylim()[1] < 2 * math.log(5000)
    assert curve["upper"].max() > axes.get_ylim()[1]
    assert any(f"{curve['upper'].max():.3g} nats" in text.get_text() for text in axes.texts)
    assert any(text.get_text() == "ln n = 8.52" for text in axes.texts)


def test_the_overfitted_leg_is_shaded_where_there_is_one() -> None:
    run = made()
    table = training_table(run.training)
    for stops, factor, wanted in ((STOPS, 800, True), (STOPS, None, False), ((30,), 800, False)):
        axes = training.draw(table, run.measured.encoders, stops, factor).axes[0]
        shaded = [p.get_x() for p in axes.patches if isinstance(p, Rectangle)]
        assert shaded == ([30] if wanted else [])


def test_a_loss_of_zero_has_no_place_on_the_log_axis_and_leaves_the_rest_legible() -> None:
    run = made(NAMES[:2])
    table = training_table(run.training)
    table.loc[(table["split"] == "train") & (table["epoch"] > 30), "loss"] = 0.0
    axes = training.draw(table, run.measured.encoders, STOPS, 800).axes[3]
    positive = table.loc[(table["split"] == "train") & (table["loss"] > 0), "loss"]
    low, high = axes.get_ylim()
    assert positive.min() / 2 < low < positive.min()
    assert positive.max() < high < 2 * positive.max()


@pytest.mark.parametrize("stops", [(5,), (1, 2, 3, 50, 400)])
def test_any_number_of_stops(stops: tuple[int, ...]) -> None:
    run = made(NAMES[:2], classes=3, stops=stops)
    for name in ("training", "quantities"):
        assert cut_off(FIGURES[name](run, 2)) == []


def test_correlations_are_written_in_with_their_intervals() -> None:
    table = summary_table(summarise(made(NAMES).measured))
    correlated = correlations.correlation_metrics(table, seed=0)
    figure = correlation.draw(correlated)
    texts = [text.get_text() for text in figure.axes[0].texts]
    r = correlated["1"]["pearson"]["loss"]["accuracy"]
    low, high = (correlated["1"][end]["loss"]["accuracy"] for end in ("low", "high"))
    assert texts[:2] == [f"{r:.2f}".replace("-", "−"), f"[{low:.2f}, {high:.2f}]".replace("-", "−")]
    assert len(texts) == 20  # ten pairs, each once, each with its interval
    assert "n = 6 encoders" in figure.axes[0].get_title(loc="left")


def test_undefined_correlations_are_hatched_not_coloured() -> None:
    table = summary_table(summarise(made(NAMES[:1]).measured))
    axes = correlation.draw(correlations.correlation_metrics(table, seed=0)).axes[0]
    cells = [patch for patch in axes.patches if isinstance(patch, Rectangle)]
    assert len(cells) == 10
    assert {cell.get_hatch() for cell in cells} == {"////"}
    assert {text.get_text() for text in axes.texts} == {"–"}


def test_critics_are_held_against_ceiling_and_bracket() -> None:
    run = made()
    figure = FIGURES["critics"](run, 2)
    titles = [axes.get_title(loc="left") for axes in figure.axes]
    assert titles == [
        "I(X; Ê) by AA-MINE",
        "I(E; Y) by MINE",
        "Control: shuffled labels",
        *(f"I(P; Y) by MINE, stop {stop}" for stop in STOPS),
    ]
    aa_mine, mine, shuffled = figure.axes[:3]
    bracket = run.measured.noise[NAMES[0]]["embedding_noise"]
    bands = [p.get_bbox() for p in aa_mine.patches if isinstance(p, Rectangle)]
    assert [(band.y0, band.y1) for band in bands] == [(bracket["lower"], bracket["upper"])]
    assert any("ceiling H(Y) = 2.30" in text.get_text() for text in mine.texts)
    assert not shuffled.texts
    assert mine.get_ylim()[1] > run.entropy > shuffled.get_ylim()[1]


def test_no_curves_are_refused_in_one_line() -> None:
    run = made()
    empty = pd.DataFrame(columns=["quantity", "stop", "fold", "step", "train", "selection"])
    with pytest.raises(ValueError, match="learning curves of Net: no rows"):
        critics.draw(empty, run.measured, "Net")


def test_drawing_loads_no_tensorflow_and_importing_no_matplotlib() -> None:
    code = "import sys; import infoplane.plots.gallery, infoplane.report.page; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not {"tensorflow", "matplotlib", "pandas", "scipy.stats", "jinja2"} & set(loaded)


@pytest.mark.parametrize(("low", "high"), [(0.2, 20.0), (1e-8, 30.0), (1.0, 3.0)])
def test_a_logarithmic_axis_has_some_ticks_whatever_its_range(low: float, high: float) -> None:
    """The training loss of an overfitted classifier spans ten decades and more."""
    figure, (axes,) = style.panels(1, 1, 2.4, "loss")
    axes.plot([1, 2], [low, high])
    style.plain_log_axis(axes)
    style.to_svg(figure)
    within = [tick for tick in axes.get_yticks() if low <= tick <= high]
    assert 2 <= len(within) <= 8
