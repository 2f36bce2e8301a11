"""Figures of the information plane: the data, on equal axes, the exact panel first, the same bytes each time."""

from __future__ import annotations

import csv
import io
import json
import math
from typing import Any

import numpy as np
import pandas as pd
import pytest
import vl_convert
from matplotlib.collections import PolyCollection
from matplotlib.figure import Figure
from test_figures import cut_off

from infoplane.common.aliases import Z95
from infoplane.plane.verdicts import COLUMNS
from infoplane.plots import information_plane, offline, style

H, N = math.log(2), 4096
EPOCHS, LAYERS = (0, 3, 20, 200), (1, 2, 3)
ESTIMATORS = ("kde", "critics", "exact", "binning_fixed", "distinct", "mine_noiseless")


def table() -> pd.DataFrame:
    """Two seeds; exact I(X; T) is 8 - 2 layer, I(T; Y) grows with the epoch; critics are off the scale."""
    rows = []
    for seed in (0, 1):
        for index, epoch in enumerate(EPOCHS):
            for layer in LAYERS:
                for estimator in ESTIMATORS:
                    i_x = {"critics": -1300.0, "kde": 8.3 - 2 * layer}.get(estimator, 8.0 - 2 * layer + 0.1 * seed)
                    base = {"seed": seed, "epoch": epoch, "layer": layer, "width": 4, "accuracy": 0.9, "loss": 0.1}
                    information = {"i_x": None if estimator == "mine_noiseless" else i_x, "i_y": 0.2 * index}
                    rows.append(base | {"estimator": estimator, "i_x_se": 0.01, "i_y_se": 0.01} | information)
    return pd.DataFrame(rows, columns=list(COLUMNS))


def panels(figure: Figure) -> dict[str, object]:
    return {axes.get_title(loc="left"): axes for axes in figure.axes if axes.get_title(loc="left")}


def test_the_exact_panel_comes_first_and_all_have_equal_axes() -> None:
    found = panels(information_plane.draw("net", table(), H, N))
    titles = [information_plane.TITLES[name] for name in ("exact", "critics", "kde", "binning_fixed")]
    assert list(found) == titles
    assert len({(axes.get_xlim(), axes.get_ylim()) for axes in found.values()}) == 1  # type: ignore[attr-defined]


def test_each_line_is_one_epoch_through_the_layers() -> None:
    axes = panels(information_plane.draw("net", table(), H, N))["Exact, fixed noise"]
    lines = [line for line in axes.get_lines() if len(line.get_xdata()) == len(LAYERS)]  # type: ignore[attr-defined]
    assert len(lines) == len(EPOCHS)
    for index, line in enumerate(lines):
        np.testing.assert_allclose(line.get_xdata(), [6.05, 4.05, 2.05])
        np.testing.assert_allclose(line.get_ydata(), 0.2 * index)
    brightness = [np.mean(line.get_color()[:3]) for line in lines]
    assert brightness == sorted(brightness), "later epochs are lighter"


def test_the_layers_are_numbered_and_the_network_is_named() -> None:
    figure = information_plane.draw("sphere-tanh", table(), H, N)
    axes = panels(figure)["Exact, fixed noise"]
    last = {text.xy: text.get_text() for text in axes.texts if text.get_text().isdigit()}  # type: ignore[attr-defined]
    assert last == {(6.05, 0.6000000000000001): "1", (4.05, 0.6000000000000001): "2", (2.05, 0.6000000000000001): "3"}
    for draw in (information_plane.draw, information_plane.draw_training, information_plane.draw_errors):
        title = draw("sphere-tanh", table(), H, N).get_suptitle()
        assert "sphere-tanh" in title


def test_layers_whose_points_touch_share_a_label() -> None:
    close = table()
    close.loc[close["layer"] == 2, "i_x"] = close.loc[close["layer"] == 3, "i_x"].to_numpy()
    axes = panels(information_plane.draw("net", close, H, N))["Exact, fixed noise"]
    assert "2, 3" in [text.get_text() for text in axes.texts]  # type: ignore[attr-defined]


@pytest.mark.parametrize("draw", [information_plane.draw, information_plane.draw_training])
def test_no_number_on_an_axis_is_one_that_the_information_cannot_have(draw: Any) -> None:
    for axes in panels(draw("net", table(), H, N)).values():
        limits = {"I(X; T) (nats)": math.log(N), "I(T; Y) (nats)": H}
        for axis in (axes.xaxis, axes.yaxis):  # type: ignore[attr-defined]
            if axis.get_label_text() in limits:
                low, high = axis.get_view_interval()
                ticks = [tick for tick in axis.get_majorticklocs() if low <= tick <= high]
                assert len(ticks) >= 3
                assert min(ticks) >= 0
                assert max(ticks) <= limits[axis.get_label_text()]


def test_a_band_ends_where_the_information_does() -> None:
    spread = table()
    spread.loc[(spread["seed"] == 0) & (spread["layer"] == 3), "i_x"] = 0.0
    axes = panels(information_plane.draw_training("net", spread, H, N))["Exact, fixed noise"]
    bands = [band for band in axes.collections if isinstance(band, PolyCollection)]  # type: ignore[attr-defined]
    heights = np.concatenate([path.vertices[:, 1] for band in bands for path in band.get_paths()])
    assert heights.min() == 0.0
    assert heights.max() <= math.log(N)


def test_points_off_the_scale_are_counted_in_the_panel() -> None:
    axes = panels(information_plane.draw("net", table(), H, N))["AA-MINE and MINE"]
    assert "12 of 12 points outside" in [text.get_text() for text in axes.texts]  # type: ignore[attr-defined]


def test_errors_are_drawn_where_a_truth_is_known() -> None:
    figure = information_plane.draw_errors("net", table(), H, N)
    left = panels(figure)["I(X; T + noise)"]
    gaps = {round(float(gap), 6) for line in left.get_lines()[:-1] for gap in line.get_ydata()}  # type: ignore[attr-defined]
    assert {0.3, 0.2} <= gaps, "kde less exact, for both seeds"
    assert "24 outside" in [text.get_text() for text in left.texts]  # type: ignore[attr-defined]
    assert left.get_ylim()[0] > -20  # type: ignore[attr-defined]


def test_the_course_of_a_layer_has_a_band_over_seeds() -> None:
    axes = panels(information_plane.draw_training("net", table(), H, N))["Exact, fixed noise"]
    bands = [band for band in axes.collections if isinstance(band, PolyCollection)]  # type: ignore[attr-defined]
    assert len(bands) == len(LAYERS)
    heights = np.ptp(bands[0].get_paths()[0].vertices[:, 1])
    assert heights == pytest.approx(2 * Z95 * np.std([0.0, 0.1], ddof=1) / math.sqrt(2))


@pytest.mark.parametrize(
    "draw", [information_plane.draw, information_plane.draw_training, information_plane.draw_errors]
)
@pytest.mark.parametrize("columns", [1, 2])
def test_nothing_is_cut_off_and_the_bytes_repeat(draw: object, columns: int) -> None:
    figures = [draw("net", table(), H, N, columns) for _ in range(2)]  # type: ignore[operator]
    assert style.to_svg(figures[0]) == style.to_svg(figures[1])
    assert cut_off(figures[0]) == []


def test_the_template_of_dvc_plots_draws_the_long_table() -> None:
    template = (offline.PAGE.parent / "information_plane.json").read_text(encoding="utf-8")
    rows = [
        row | {"rev": "workspace", "filename": "metrics/information_plane/sphere-tanh.csv"}
        for row in csv.DictReader(io.StringIO(table().to_csv(index=False)))
    ]
    filled = template.replace('"<DVC_METRIC_DATA>"', json.dumps(rows)).replace("<DVC_METRIC_TITLE>", "Plane")
    svg = vl_convert.vegalite_to_svg(filled)
    for words in ("sphere-tanh · workspace", "binning_fixed", "I(T; Y) (nats)"):
        assert words in svg
    assert "distinct" not in svg
