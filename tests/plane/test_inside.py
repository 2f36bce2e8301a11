"""Noise inside the network: brackets against quadrature, the known first layer, and data processing over the layers."""

from __future__ import annotations

import dataclasses
import math
from itertools import pairwise

import numpy as np
import pytest
from scipy.stats import norm

from infoplane.distributions import tishby
from infoplane.estimators.noisy_channel import brackets
from infoplane.plane.inside import InsideBracket, inside_brackets
from infoplane.plane.network import SmallNet, train

AXES = (("lower", "upper"), ("label_lower", "label_upper"))


def holds(found: InsideBracket, low: str, high: str, truth: float, slack: float = 3.0) -> bool:
    lower = getattr(found, low) - slack * getattr(found, f"{low}_se")
    return lower <= truth <= getattr(found, high) + slack * getattr(found, f"{high}_se")


def quadrature(net: SmallNet, weights: list[np.ndarray], x: np.ndarray, y: np.ndarray) -> tuple[float, float]:
    """I(X; T_2) and I(T_2; Y) of a 1-1 network, integrating over the noise of the first layer and of the second."""
    s = net.noise_std
    first = np.tanh((2 * x - 1) @ weights[0] + weights[1])[:, 0]
    u = np.linspace(-2.5, 2.5, 2001)
    grid = np.linspace(-1.5, 2.5, 1501)
    centre = 1 / (1 + np.exp(-(u * weights[2][0, 0] + weights[3][0])))
    kernel = norm.pdf(grid[:, None], centre[None], s)
    given = np.stack([kernel @ (norm.pdf(u, mean, s) * (u[1] - u[0])) for mean in first])
    step = grid[1] - grid[0]

    def entropy(density: np.ndarray) -> float:
        return float(-np.sum(density * np.log(np.maximum(density, 1e-300))) * step)

    total = entropy(given.mean(axis=0))
    classes = sum((y == label).mean() * entropy(given[y == label].mean(axis=0)) for label in (0, 1))
    return total - np.mean([entropy(density) for density in given]), total - classes


def test_holds_the_quadrature_of_a_small_network() -> None:
    net = SmallNet(widths=(1, 1), noise_std=0.3)
    x = (np.arange(2048)[:, None] >> np.arange(3) & 1).astype(np.uint8)  # eight inputs, 256 times each
    y = (x.sum(axis=1) >= 2).astype(int)
    weights = [np.array([[0.9], [0.5], [0.2]]), np.array([0.1]), np.array([[4.0]]), np.array([-0.5])]
    weights = [weight.astype(np.float32) for weight in weights]
    truth, label_truth = quadrature(net, [w.astype(float) for w in weights], x[:8].astype(float), y[:8])
    assert truth > 0.2
    found = inside_brackets(net, weights, x, y, passes=400, seed=0)[1]
    assert holds(found, "lower", "upper", truth)
    assert holds(found, "label_lower", "label_upper", label_truth)
    assert found.upper - found.lower < 0.02
    assert found.label_upper - found.label_lower < 0.02


@pytest.fixture(scope="module")
def trained() -> tuple[SmallNet, list[np.ndarray], np.ndarray, np.ndarray]:
    x, y = tishby("sphere")
    net = SmallNet("tanh", epochs=20, noise_std=0.3)
    rows = np.random.default_rng(0).permutation(4096)[:512]
    return net, train(net, x, y, seed=0).weights[-1], x[rows], y[rows].astype(int)


def test_the_first_layer_is_the_known_channel(trained: tuple[SmallNet, list, np.ndarray, np.ndarray]) -> None:
    net, weights, x, y = trained
    first = inside_brackets(net, weights, x, y, passes=4)[0]
    t = np.tanh((2 * x.astype(np.float32) - 1) @ weights[0] + weights[1])
    exact = brackets(t, [net.noise_std], labels=y, population=True)[0]
    assert first.lower == pytest.approx(first.upper, abs=3e-3)
    assert first.lower == pytest.approx(exact.plug_in, abs=4 * math.hypot(first.lower_se, exact.lower_se))
    assert first.label_lower == pytest.approx(first.label_upper, abs=3e-3)
    assert exact.label_lower is not None
    assert first.label_lower == pytest.approx(exact.label_lower, abs=0.03)


def test_data_processing_over_the_layers(trained: tuple[SmallNet, list, np.ndarray, np.ndarray]) -> None:
    net, weights, x, y = trained
    found = inside_brackets(net, weights, x, y, passes=128)
    for before, after in pairwise(found):
        for low, high in AXES:
            assert getattr(after, low) <= getattr(before, high) + 3 * getattr(before, f"{high}_se")
    assert found[0].lower > found[-1].upper, "noise inside loses information at every layer here"
    for one in found:
        assert one.lower <= one.upper + 1e-6
        assert one.label_lower <= one.label_upper + 1e-6
        assert one.label_lower <= math.log(2)
        assert one.label_lower <= one.upper + 3 * one.upper_se


def test_the_bracket_narrows_with_passes(trained: tuple[SmallNet, list, np.ndarray, np.ndarray]) -> None:
    net, weights, x, y = trained
    few, many = (inside_brackets(net, weights, x, y, passes=passes)[2] for passes in (4, 32))
    assert many.upper - many.lower < 0.5 * (few.upper - few.lower)


def test_steep_networks_give_finite_bounds() -> None:
    x, y = tishby("sphere")
    net = SmallNet("relu", widths=(6, 4, 1), noise_std=0.2)
    random = np.random.default_rng(0)
    weights = [
        (40 * random.standard_normal(shape)).astype(np.float32) for shape in ((12, 6), (6,), (6, 4), (4,), (4, 1), (1,))
    ]
    for one in inside_brackets(net, weights, x[:256], y[:256].astype(int), passes=8):
        assert np.isfinite(dataclasses.astuple(one)).all()
        assert one.lower <= min(one.upper + 1e-3, math.log(256) + 3 * one.lower_se)


def test_without_noise_inside_it_is_refused() -> None:
    x, y = tishby("sphere")
    with pytest.raises(ValueError, match=r"noise_std 0.0 inside"):
        inside_brackets(SmallNet(), [], x, y.astype(int))
