"""The information plane as a whole: inequalities on the exact values, brute force, one's own Keras networks."""

from __future__ import annotations

import math
import subprocess
import sys
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from scipy.special import logsumexp

import infoplane
from infoplane.distributions import tishby
from infoplane.plane.measure import Plane, PlaneOptions, information_plane
from infoplane.plane.network import SmallNet, train
from infoplane.plane.verdicts import COLUMNS

H = 0.692562941253758
"""Entropy of 2,118 ones in 4,096."""


def population(rows: int = 512) -> tuple[np.ndarray, np.ndarray]:
    """Some of the sphere's patterns, taken as all there are."""
    x, y = tishby("sphere")
    few = np.random.default_rng(0).permutation(4096)[:rows]
    return x[few], y[few]


@pytest.fixture(scope="module", params=["tanh", "relu"])
def plane(request: pytest.FixtureRequest) -> Plane:
    net = SmallNet(request.param, epochs=30)
    return information_plane(net, *population(), seeds=2, options=PlaneOptions(points=4))


def values(plane: Plane, estimator: str) -> list[dict[str, Any]]:
    return [row for row in plane.rows if row["estimator"] == estimator]


def test_inequalities_hold_on_the_exact_values(plane: Plane) -> None:
    entropy = plane.metrics["label_entropy"]
    for name in ("exact", "exact_relative"):
        assert len(values(plane, name)) == 2 * 4 * 6
        for row in values(plane, name):
            slack = 3 * math.hypot(row["i_x_se"], row["i_y_se"]) + 1e-6
            assert row["i_y"] <= row["i_x"] + slack
            assert row["i_y"] <= entropy + 3 * row["i_y_se"] + 1e-6
            assert -3 * row["i_x_se"] - 1e-6 <= row["i_x"] <= math.log(512) + 1e-6
    assert all(count == 0 for counts in plane.metrics["violations"].values() for count in counts.values())


def test_more_noise_tells_less(plane: Plane) -> None:
    for one, other in zip(values(plane, "exact"), values(plane, "exact_relative"), strict=True):
        if other["noise_std"] is None:  # a constant layer has no scale
            assert one["i_x"] == pytest.approx(0, abs=1e-6)
            continue
        finer, coarser = sorted((one, other), key=lambda row: row["noise_std"])
        for axis in ("i_x", "i_y"):
            assert coarser[axis] <= finer[axis] + 3 * math.hypot(finer[f"{axis}_se"], coarser[f"{axis}_se"]) + 1e-6


def test_noiseless_label_information_does_not_rise_with_depth(plane: Plane) -> None:
    rows = sorted(values(plane, "distinct"), key=lambda row: (row["seed"], row["epoch"], row["layer"]))
    for before, after in pairwise(rows):
        if after["layer"] > 1:
            assert after["i_y"] <= before["i_y"] + 1e-9
            assert after["i_x"] <= before["i_x"] + 1e-9


def test_exact_values_lie_between_the_kolchinsky_tracey_figures(plane: Plane) -> None:
    for exact, upper, lower in zip(*(values(plane, name) for name in ("exact", "kde", "kde_lower")), strict=True):
        assert lower["i_x"] <= exact["i_x"] + 3 * exact["i_x_se"] + 1e-6
        assert exact["i_x"] <= upper["i_x"] + 3 * exact["i_x_se"] + 1e-6


def test_exact_is_brute_force_on_a_small_population() -> None:
    x, y = population(64)
    net = SmallNet("tanh", widths=(3, 1), epochs=3)
    options = PlaneOptions(points=2, noise_std=0.3)
    trained = train(net, x, y.astype(int), infoplane.plane.measure.integer_seed(5, "network", 0))
    t = trained.layers(x, 3)[0].astype(float)
    random, found = np.random.default_rng(1), []
    for _ in range(600):
        noisy = t + 0.3 * random.standard_normal(t.shape)
        table = -((noisy[:, None] - t[None]) ** 2).sum(-1) / (2 * 0.09)
        same = logsumexp(np.where(y[:, None] == y[None], table, -np.inf), axis=1) - np.log(
            (y[:, None] == y[None]).sum(1)
        )
        total = logsumexp(table, axis=1) - math.log(64)
        found.append(((np.diag(table) - total).mean(), (same - total).mean()))
    expected, error = np.mean(found, axis=0), np.std(found, axis=0) / math.sqrt(600)
    plane = information_plane(net, x, y, seed=5, options=options)
    row = next(row for row in values(plane, "exact") if row["epoch"] == 3 and row["layer"] == 1)
    assert row["i_x"] == pytest.approx(expected[0], abs=4 * math.hypot(row["i_x_se"], error[0]))
    assert row["i_y"] == pytest.approx(expected[1], abs=4 * math.hypot(row["i_y_se"], error[1]))


def test_the_table_has_the_columns_of_the_schema_and_repeats_itself(plane: Plane) -> None:
    assert list(plane.frame().columns) == list(COLUMNS)
    first, again = (
        information_plane(SmallNet(epochs=4), *population(128), options=PlaneOptions(points=2)).table()
        for _ in range(2)
    )
    assert first == again


def test_noise_inside_gives_brackets_that_process_data() -> None:
    plane = information_plane(
        SmallNet("tanh", epochs=20, noise_std=0.3), *population(), options=PlaneOptions(points=3, passes=32)
    )
    assert {row["estimator"] for row in plane.rows} == {"lower", "upper"}
    assert plane.metrics["violations"]["lower"]["rises_with_depth"] == 0
    assert len(plane.rows) == 3 * 6 * 2


def keras_twin(net: SmallNet, weights: list[np.ndarray]) -> Any:
    import keras

    layers = [keras.layers.Dense(width, activation=net.activation) for width in net.widths[:-1]]
    model = keras.Sequential([keras.Input((12,)), keras.layers.Dropout(0.1), *layers, keras.layers.Dense(1, "sigmoid")])
    model.set_weights(weights)
    return model


def test_a_keras_network_gives_what_the_small_net_gives() -> None:
    x, y = population()
    net = SmallNet("tanh", epochs=6)
    trained = train(net, x, y.astype(int), seed=1)
    model = keras_twin(net, trained.weights[0])
    plane = information_plane(
        model, 2.0 * x - 1, y, weights={0: trained.weights[0], 6: trained.weights[6]}, population=True
    )
    assert plane.metrics["layer_names"] == [layer.name for layer in model.layers[1:]]
    assert {row["epoch"] for row in plane.rows} == {0, 6}
    for kept, before in zip(model.get_weights(), trained.weights[0], strict=True):
        np.testing.assert_array_equal(kept, before)
    from infoplane.common.seeds import integer_seed
    from infoplane.plane.values import channel_values

    for row in values(plane, "exact"):
        assert row["accuracy"] == pytest.approx(trained.accuracy[row["epoch"]])
        assert row["loss"] == pytest.approx(trained.loss[row["epoch"]], rel=1e-4)
        t = trained.layers(x, row["epoch"])[row["layer"] - 1]
        own = channel_values(
            t, y.astype(int), noise_std=0.2, relative_noise=None, population=True, seed=integer_seed(0, "noise")
        )[0]
        assert row["i_x"] == pytest.approx(own.i_x, abs=1e-3)


def test_a_sample_through_a_keras_network_gives_brackets() -> None:
    x, y = population(300)
    net = SmallNet("relu", epochs=1)
    model = keras_twin(net, train(net, x, y.astype(int), seed=1).weights[1])
    plane = information_plane(model, 2.0 * x - 1, y, layers=[model.layers[1].name])
    for low, high in (("lower", "upper"), ("lower_relative", "upper_relative")):
        (lower,), (upper,) = values(plane, low), values(plane, high)
        assert lower["i_x"] < upper["i_x"]
        assert lower["i_y"] <= upper["i_y"]


@pytest.mark.parametrize(
    ("network", "keywords", "words"),
    [
        (SmallNet(), {"x": np.full((8, 2), 0.5)}, "expected 0 and 1"),
        (SmallNet(), {"y": np.arange(8)}, "8 classes"),
        (SmallNet(), {"y": np.zeros(7, int)}, "x has 8 rows and y has 7"),
        (SmallNet(), {"seeds": 0}, "seeds: 0 given"),
        (object(), {}, "object given; expected a SmallNet or a built Keras model"),
    ],
)
def test_bad_input_is_refused_in_a_line(network: Any, keywords: dict[str, Any], words: str) -> None:
    given = {"x": np.eye(8, dtype=int), "y": np.arange(8) % 2} | keywords
    with pytest.raises(ValueError, match=words):
        information_plane(network, **given)


def test_the_small_net_needs_no_tensorflow() -> None:
    code = (
        "import sys, infoplane; from infoplane.distributions import tishby; "
        "from infoplane.plane.network import SmallNet; x, y = tishby('linear'); "
        "infoplane.information_plane(SmallNet(widths=(2, 1), epochs=1), x[:50], y[:50]); "
        "assert 'tensorflow' not in sys.modules and 'pandas' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.slow
def test_critics_stay_below_the_exact_values() -> None:
    x, y = tishby("sphere")
    plane = information_plane(SmallNet("tanh", epochs=30), x, y, options=PlaneOptions(points=3, critic_points=2))
    exact = {(row["epoch"], row["layer"]): row for row in values(plane, "exact")}
    critics = values(plane, "critics")
    assert {row["epoch"] for row in critics} == {0, 30}
    for row in critics:
        truth = exact[row["epoch"], row["layer"]]
        assert row["i_x"] <= truth["i_x"] + 3 * math.hypot(row["i_x_se"], truth["i_x_se"])
        assert row["i_y"] <= truth["i_y"] + 3 * math.hypot(row["i_y_se"], truth["i_y_se"])
        if row["epoch"] == 30 and 0.3 < truth["i_x"] < 4:
            assert row["i_x"] > 0.8 * truth["i_x"]
    for row in values(plane, "mine_noiseless"):
        assert row["i_x"] is None
        assert row["i_y"] <= H + 3 * row["i_y_se"]
