"""Distributions with classes (mixtures, channels, images): each truth against a second, independent computation."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import integrate, stats

from infoplane.distributions import (
    Discrete,
    ImageChannel,
    Mixture,
    monte_carlo,
    symmetric_channel,
    two_gaussians,
    typewriter,
    xor_mixture,
)
from infoplane.distributions.images import digits, pooled, shifted

UNEVEN = Mixture(
    means=np.array([[0.0, 0.0], [1.5, 1.0], [-2.0, 0.5], [0.0, 3.0]]),
    covariances=np.array(
        [[[1.0, 0.4], [0.4, 0.5]], [[0.3, 0.0], [0.0, 0.2]], [[0.8, -0.3], [-0.3, 0.6]], [[1.0, 0.0], [0.0, 1.0]]]
    ),
    labels=np.array([0, 1, 1, 2]),
    weights=np.array([3.0, 1.0, 2.0, 1.0]),
)


@pytest.mark.parametrize(("distance", "nats"), [(1, 0.17359), (1.2, 0.26605), (2, 0.57890)])
def test_xor_mixture(distance: float, nats: float) -> None:
    assert xor_mixture(distance).mutual_information() == pytest.approx(nats, abs=6e-6)


@pytest.mark.parametrize("share", [0.5, 0.1])
def test_one_dimensional_mixture_by_adaptive_quadrature(share: float) -> None:
    first, second = stats.norm(0, 1), stats.norm(2.5, 1)

    def conditional_entropy(x: float) -> float:
        joint = np.array([share * first.pdf(x), (1 - share) * second.pdf(x)])
        return float(joint.sum() * stats.entropy(joint))

    expected = float(stats.entropy([share, 1 - share])) - integrate.quad(conditional_entropy, -12, 15, limit=200)[0]
    assert two_gaussians(2.5, share).mutual_information() == pytest.approx(expected, abs=1e-7)


def test_two_dimensional_mixture_by_monte_carlo() -> None:
    mean, error = monte_carlo(UNEVEN, 300_000, seed=4)
    assert UNEVEN.standard_error() == 0
    assert UNEVEN.mutual_information() == pytest.approx(mean, abs=4 * error)


def test_more_dimensions_are_integrated_by_monte_carlo() -> None:
    """Columns of pure noise change nothing, so that the exact value is known in two dimensions."""
    mixture = xor_mixture(1.2, dimension=6)
    assert 0 < mixture.standard_error() < 1e-3
    assert mixture.mutual_information() == pytest.approx(0.26605, abs=4 * mixture.standard_error())


def test_mixture_density_integrates_to_one_and_classes_have_their_shares() -> None:
    axis = np.arange(-9, 10, 0.05)
    points = np.stack([grid.ravel() for grid in np.meshgrid(axis, axis)], axis=1)
    assert UNEVEN.density(points).sum() * 0.05**2 == pytest.approx(1, abs=1e-8)
    np.testing.assert_allclose(UNEVEN.shares, [3 / 7, 3 / 7, 1 / 7])
    _, classes = UNEVEN.sample(50_000, seed=0)
    np.testing.assert_allclose(np.bincount(classes) / 50_000, UNEVEN.shares, atol=0.01)


def test_mixture_samples_follow_the_density() -> None:
    x, classes = UNEVEN.sample(100_000, seed=1)
    second = x[classes == 1]
    np.testing.assert_allclose(second.mean(axis=0), (UNEVEN.means[1] + 2 * UNEVEN.means[2]) / 3, atol=0.03)
    np.testing.assert_allclose(np.cov(x[classes == 0].T), UNEVEN.covariances[0], atol=0.03)


def entropy(probabilities: np.ndarray) -> float:
    return float(stats.entropy(np.ravel(probabilities)))


@pytest.mark.parametrize(
    "discrete",
    [symmetric_channel(2, 0.1), symmetric_channel(10, 0.3), typewriter(6), Discrete(np.diag([0.5, 0.3, 0.2]))],
    ids=["binary", "ten", "typewriter", "noiseless"],
)
def test_discrete_by_entropies(discrete: Discrete) -> None:
    parts = entropy(discrete.joint.sum(axis=0)) + entropy(discrete.joint.sum(axis=1))
    assert discrete.mutual_information() == pytest.approx(parts - entropy(discrete.joint))
    mean, error = monte_carlo(discrete, 50_000, seed=0)
    assert mean == pytest.approx(discrete.mutual_information(), abs=4 * error + 1e-12)


def test_named_channels() -> None:
    k, e = 10, 0.3
    closed = math.log(k) + (1 - e) * math.log(1 - e) + e * math.log(e / (k - 1))
    assert symmetric_channel(k, e).mutual_information() == pytest.approx(closed)
    assert symmetric_channel(k, 0.9).mutual_information() == pytest.approx(0, abs=1e-12)
    assert typewriter(26).mutual_information() == pytest.approx(math.log(13))


def test_discrete_samples_have_the_table() -> None:
    discrete = Discrete(np.array([[0.1, 0.2, 0.0], [0.3, 0.15, 0.25]]))
    x, z = discrete.sample(100_000, seed=0)
    table = np.histogram2d(x, z, bins=[2, 3], range=[[-0.5, 1.5], [-0.5, 2.5]])[0] / 100_000
    np.testing.assert_allclose(table, discrete.joint, atol=0.006)


def class_of_images(pool: int, most: int) -> dict[bytes, set[int]]:
    """Every picture that can occur, with the classes it can come from."""
    pixels, shown = digits()
    found: dict[bytes, set[int]] = {}
    for down in range(2 * most + 1):
        for right in range(2 * most + 1):
            offsets = np.tile([down, right], (len(pixels), 1))
            for row, label in zip(pooled(shifted(pixels, offsets, most), pool), shown, strict=True):
                found.setdefault(row.tobytes(), set()).add(int(label))
    return found


def test_each_image_shows_its_class_and_the_classes_are_the_channel() -> None:
    """Every possible picture belongs to one class only: I(X; Z) = I(C; C'). And (C, C') is the channel."""
    known = class_of_images(pool=4, most=1)
    assert max(len(classes) for classes in known.values()) == 1
    x, z = ImageChannel(0.4, pool=4, shift=1).sample(4000, seed=2)
    first, second = ([next(iter(known[row.tobytes()])) for row in images] for images in (x, z))
    table = np.histogram2d(first, second, bins=10, range=[[-0.5, 9.5]] * 2)[0] / 4000
    # 4 standard deviations of a share of 0.06 among 4,000
    np.testing.assert_allclose(table, symmetric_channel(10, 0.4).joint, atol=0.015)
    plug_in = entropy(table.sum(axis=0)) + entropy(table.sum(axis=1)) - entropy(table)
    bias = 81 / (2 * 4000)  # Miller & Madow
    assert plug_in - bias == pytest.approx(ImageChannel(0.4).mutual_information(), abs=0.05)


def test_image_labels_are_the_second_class() -> None:
    images, labels = ImageChannel(0.2, z_kind="label").sample(500, seed=0)
    again, _ = ImageChannel(0.2, z_kind="image").sample(500, seed=0)
    np.testing.assert_array_equal(images, again)
    assert images.shape == (500, 196)
    assert labels.shape == (500,)
    assert labels.dtype == np.int64


def test_shifts_move_the_picture() -> None:
    picture = np.zeros((1, 28, 28), np.float32)
    picture[0, 10, 20] = 1
    moved = shifted(picture, np.array([[3, 0]]), 2)  # one down, two left
    assert np.argwhere(moved[0]).tolist() == [[11, 18]]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: ImageChannel(0.1, pool=3), "pool: 3 given"),
        (lambda: ImageChannel(1.1), "error: 1.1 given"),
        (lambda: Discrete(np.ones((2, 2))), "a table of probabilities"),
        (lambda: symmetric_channel(1, 0.1), "classes: 1 given"),
        (lambda: Mixture(np.zeros((2, 2)), np.eye(2), np.array([0, 1])), "means"),
        (lambda: Mixture(np.zeros((1, 2)), -np.eye(2)[None], np.array([0])), "positive definite"),
    ],
)
def test_wrong_parameters_of_classes_are_named(make: object, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make()  # type: ignore[operator]
