"""Deformations are invertible, and leave the information of known distributions as it was."""

from __future__ import annotations

import numpy as np
import pytest

from infoplane.distributions import (
    Asinh,
    Chain,
    Deformed,
    HalfCube,
    NormalCdf,
    Spiral,
    SwissRoll,
    TwoPeaks,
    Wiggly,
    correlated_gaussian,
    sparse_gaussian,
    xor_mixture,
)
from infoplane.distributions.deformations import CZYZ_WIGGLY_X, CZYZ_WIGGLY_Z, Deformation

RHO = 0.75
TRUTH = -0.5 * np.log(1 - RHO**2)
ONE_COLUMN = {
    "cdf": NormalCdf(),
    "half-cube": HalfCube(),
    "asinh": Asinh(),
    "wiggly x": CZYZ_WIGGLY_X,
    "wiggly z": CZYZ_WIGGLY_Z,
    "two peaks": TwoPeaks(0.3, 0.0, 5.0),
}


@pytest.mark.parametrize("name", ONE_COLUMN)
def test_one_column_information_by_counting_and_inverses(name: str) -> None:
    """The deformed density on a grid, from finite differences of the forward map alone.

    Edges of the grid are images of even steps; the mass of a cell is that of its preimage, and the information of
    the table of cells converges from below to that of the densities.
    """
    deform = ONE_COLUMN[name]
    edges = np.linspace(-6, 6, 1201)[:, None]
    images = deform.forward(edges)[:, 0]
    assert (np.diff(images) > 0).all(), "increasing, therefore injective"
    np.testing.assert_allclose(deform.inverse(deform.forward(edges[200:-200])), edges[200:-200], atol=1e-6)

    # Densities in the deformed coordinates: p'(y) = p(x) dx/dy.
    middle = 0.5 * (edges[1:, 0] + edges[:-1, 0])
    stretch = np.diff(edges[:, 0]) / np.diff(images)
    marginal = np.exp(-0.5 * middle**2) / np.sqrt(2 * np.pi)
    x, z = np.meshgrid(middle, middle, indexing="ij")
    joint = np.exp(-(x**2 - 2 * RHO * x * z + z**2) / (2 * (1 - RHO**2))) / (2 * np.pi * np.sqrt(1 - RHO**2))
    joint = joint * stretch[:, None]
    ratio = np.log(joint) - np.log(marginal * stretch)[:, None] - np.log(marginal)[None, :]
    cells = np.diff(images)[:, None] * np.diff(edges[:, 0])[None, :]
    assert (joint * ratio * cells).sum() == pytest.approx(TRUTH, abs=1e-4)


def test_samples_deform_and_pointwise_information_follows() -> None:
    base = correlated_gaussian(1, RHO)
    deformed = Deformed(base, TwoPeaks(0.3, 0.0, 5.0), Chain((NormalCdf(), SwissRoll())))
    x, z = deformed.sample(2000, seed=0)
    base_x, base_z = base.sample(2000, seed=0)
    assert x.shape == (2000, 1)
    assert z.shape == (2000, 2)
    np.testing.assert_allclose(deformed.pointwise(x, z), base.pointwise(base_x, base_z), atol=1e-6)
    assert deformed.mutual_information() == pytest.approx(TRUTH)


def test_spiral_is_invertible_and_keeps_volumes_and_norms() -> None:
    spiral = Spiral(1 / 3, plane=(1, 2))
    x = np.random.default_rng(0).normal(size=(200, 4))
    turned = spiral.forward(x)
    np.testing.assert_allclose(spiral.inverse(turned), x, atol=1e-12)
    np.testing.assert_allclose(np.linalg.norm(turned, axis=1), np.linalg.norm(x, axis=1))
    assert np.abs(turned - x).max() > 1
    steps = 1e-6 * np.eye(4)
    columns = [(spiral.forward(x + step) - spiral.forward(x - step)) / 2e-6 for step in steps]
    np.testing.assert_allclose(np.linalg.det(np.stack(columns, axis=2)), 1.0, atol=1e-6)


def test_swiss_roll_is_a_curve_without_crossings() -> None:
    u = np.linspace(0, 1, 2001)[:, None]
    roll = SwissRoll().forward(u)
    np.testing.assert_allclose(SwissRoll().inverse(roll), u, atol=1e-12)
    # Points apart along the roll stay apart in the plane: there a step of 0.05 is 0.1 long, and turns lie 0.3 apart.
    far = np.abs(u - u.T) > 0.05
    distances = np.linalg.norm(roll[:, None] - roll[None], axis=2)
    assert distances[far].min() > 0.1


@pytest.mark.parametrize("one", [Spiral(0.5), Chain((HalfCube(), Spiral(0.2), Asinh()))], ids=["spiral", "chain"])
def test_pointwise_information_survives_deformations_of_rows(one: Deformation) -> None:
    base = sparse_gaussian(3, 3)
    deformed = Deformed(base, one, one)
    x, z = deformed.sample(500, seed=3)
    np.testing.assert_allclose(deformed.pointwise(x, z), base.pointwise(*base.sample(500, seed=3)), atol=1e-6)


def test_two_peaks_have_their_means_and_weights() -> None:
    y = TwoPeaks(0.3, 0.0, 10.0).forward(np.random.default_rng(0).normal(size=(50_000, 1)))
    assert (y < 5).mean() == pytest.approx(0.3, abs=0.01)
    assert y[y < 5].mean() == pytest.approx(0.0, abs=0.03)
    assert y[y > 5].std() == pytest.approx(1.0, abs=0.02)


def test_labels_stay_labels() -> None:
    _, z = Deformed(xor_mixture(1), Spiral(0.2)).sample(10, seed=0)
    assert z.shape == (10,)
    assert z.dtype == np.int64


def test_a_map_that_could_fold_is_refused() -> None:
    with pytest.raises(ValueError, match=r"expected below 1"):
        Wiggly(((0.6, 2.0, 0.0),))


def test_one_column_is_expected_on_the_roll() -> None:
    with pytest.raises(ValueError, match="one column of values in"):
        Deformed(correlated_gaussian(1, 0.5), SwissRoll()).sample(100, seed=0)
