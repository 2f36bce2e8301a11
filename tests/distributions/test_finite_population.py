"""Populations of rows: information by counting."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from infoplane.distributions import tishby
from infoplane.distributions.finite_population import FinitePopulation


@pytest.mark.parametrize("name", ["sphere", "linear"])
def test_a_label_that_is_a_function_of_the_pattern_tells_its_entropy(name: str) -> None:
    x, y = tishby(name)
    share = float(y.mean())
    assert FinitePopulation(x, y).mutual_information() == pytest.approx(float(stats.entropy([share, 1 - share])))


def test_repeated_rows_by_their_table() -> None:
    x = np.array([[0, 0], [0, 0], [1, 0], [1, 0], [1, 0], [2, 2]])
    z = np.array([0, 1, 1, 1, 1, 0])
    table = np.array([[1, 1], [0, 3], [1, 0]]) / 6
    expected = stats.entropy(table.sum(axis=0)) + stats.entropy(table.sum(axis=1)) - stats.entropy(table.ravel())
    assert FinitePopulation(x, z).mutual_information() == pytest.approx(float(expected))


def test_samples_are_rows_of_the_population_equally_often() -> None:
    x, y = tishby("linear")
    drawn_x, drawn_y = FinitePopulation(x, y).sample(20_000, seed=0)
    code = drawn_x @ 2 ** np.arange(11, -1, -1)
    np.testing.assert_array_equal(drawn_y, y[code.astype(int)])
    assert drawn_y.dtype == np.int64
    counts = np.bincount(code.astype(int), minlength=4096)
    # 4.9 expected of each pattern
    assert counts.max() < 20
    assert (counts == 0).mean() == pytest.approx(np.exp(-20_000 / 4096), abs=0.005)


def test_unpaired_rows_are_refused() -> None:
    with pytest.raises(ValueError, match="x has 3 rows and z has 2"):
        FinitePopulation(np.zeros((3, 1)), np.zeros(2))
