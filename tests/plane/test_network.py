"""The small network: what it learns, that it repeats itself, that its gradients are gradients."""

from __future__ import annotations

import numpy as np
import pytest

from infoplane.distributions import tishby
from infoplane.plane import network
from infoplane.plane.network import SmallNet, log_spaced, train


@pytest.mark.parametrize("activation", network.ACTIVATIONS)
def test_reaches_97_percent_on_the_sphere(activation: network.Activation) -> None:
    x, y = tishby("sphere")
    trained = train(SmallNet(activation), x, y, seed=0)
    assert trained.accuracy[-1] >= 0.97
    assert 0.4 < trained.accuracy[0] < 0.6
    assert trained.loss[-1] < 0.1 < trained.loss[0]
    assert len(trained.weights) == 201


def test_the_same_seed_gives_the_same_weights() -> None:
    x, y = tishby("linear")
    first, again, other = (train(SmallNet(epochs=2), x, y, seed) for seed in (1, 1, 2))
    for a, b, c in zip(first.weights[-1], again.weights[-1], other.weights[-1], strict=True):
        np.testing.assert_array_equal(a, b)
        assert not np.array_equal(a, c)


@pytest.mark.parametrize("activation", network.ACTIVATIONS)
@pytest.mark.parametrize("noise_std", [0.0, 0.3])
def test_gradients_are_those_of_the_cross_entropy(activation: network.Activation, noise_std: float) -> None:
    net = SmallNet(activation, widths=(4, 3, 1), noise_std=noise_std)
    random = np.random.default_rng(0)
    x, y = random.standard_normal((20, 5)).astype(np.float32), random.integers(2, size=20).astype(np.float32)
    weights = [weight + 0.1 for weight in network.initial_weights(net, 5, random)]
    found = network._gradients(net, weights, x, y, np.random.default_rng(3))
    noise = None
    if noise_std:
        draw = np.random.default_rng(3)
        noise = [np.float32(noise_std) * draw.standard_normal((20, width), dtype=np.float32) for width in (4, 3)]

    def loss(values: list[np.ndarray]) -> float:
        p = network.forward(net, [value.astype(np.float64) for value in values], x.astype(np.float64), noise)[-1][:, 0]
        return float(-np.where(y == 1, np.log(p), np.log1p(-p)).mean())

    for index, gradient in enumerate(found):
        for position in list(np.ndindex(gradient.shape))[:6]:
            shifted = [[weight.astype(np.float64) for weight in weights] for _ in range(2)]
            shifted[0][index][position] += 1e-5
            shifted[1][index][position] -= 1e-5
            slope = (loss(shifted[0]) - loss(shifted[1])) / 2e-5
            assert gradient[position] == pytest.approx(slope, abs=2e-5)


@pytest.mark.parametrize(("epochs", "points"), [(200, 12), (200, 2), (7, 5), (1, 2), (5, 5)])
def test_log_spaced_epochs(epochs: int, points: int) -> None:
    found = log_spaced(epochs, points)
    assert len(found) == points
    assert found == sorted(set(found))
    assert (found[0], found[-1]) == (0, epochs)
    gaps = np.diff(found)
    assert points < 4 or gaps[-1] == gaps.max()


def test_more_points_than_epochs_is_every_epoch() -> None:
    assert log_spaced(5, 6) == log_spaced(5, 100) == [0, 1, 2, 3, 4, 5]


@pytest.mark.parametrize(
    ("values", "words"),
    [({"activation": "gelu"}, "tanh or relu"), ({"widths": (3, 2)}, "one output"), ({"momentum": 1.0}, "momentum 1.0")],
)
def test_bad_networks_are_refused(values: dict[str, object], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        SmallNet(**values)  # type: ignore[arg-type]
