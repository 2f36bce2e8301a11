"""Bounds on held-out scores, against sums written out in full."""

from __future__ import annotations

import math

import numpy as np
import pytest

from infoplane.critics import bounds

N, CLASSES = 7, 3


@pytest.fixture
def matrix() -> np.ndarray:
    return np.random.default_rng(1).normal(size=(N, N))


def _off_diagonal(matrix: np.ndarray, i: int, along_rows: bool) -> float:
    others = [j for j in range(len(matrix)) if j != i]
    return math.log(np.mean([np.exp(matrix[i, j] if along_rows else matrix[j, i]) for j in others]))


def test_matrix_terms_are_means_off_the_diagonal(matrix: np.ndarray) -> None:
    terms = bounds.from_matrix(matrix)
    assert terms.joint == pytest.approx(np.diagonal(matrix))
    assert terms.row == pytest.approx([_off_diagonal(matrix, i, True) for i in range(N)])
    assert terms.column == pytest.approx([_off_diagonal(matrix, i, False) for i in range(N)])
    assert terms.contrast == pytest.approx([matrix[i, i] - math.log(np.mean(np.exp(matrix[i]))) for i in range(N)])
    assert terms.contrast_column.sum() == pytest.approx(N)


def test_label_terms_equal_those_of_the_matrix_that_they_stand_for() -> None:
    random = np.random.default_rng(2)
    outputs, labels = random.normal(size=(N, CLASSES)), np.array([0, 1, 2, 0, 0, 1, 2])
    by_class, by_pair = bounds.from_labels(outputs, labels), bounds.from_matrix(outputs[:, labels], own_pairs=True)
    for name in ("joint", "row", "column", "contrast", "contrast_column"):
        assert getattr(by_class, name) == pytest.approx(getattr(by_pair, name)), name


def test_all_shifts_together_are_all_pairs(matrix: np.ndarray) -> None:
    shifts = np.arange(1, N)
    shifted = np.stack([[matrix[i, (i - s) % N] for i in range(N)] for s in shifts], axis=1)
    by_shift, by_pair = bounds.from_shifts(np.diagonal(matrix), shifted, shifts), bounds.from_matrix(matrix)
    for name in ("joint", "row", "column", "contrast", "contrast_column"):
        assert getattr(by_shift, name) == pytest.approx(getattr(by_pair, name)), name


def test_own_pairs_complete_the_means(matrix: np.ndarray) -> None:
    """All shifts and the own pair are all pairs, whose means are plain row and column means."""
    shifts = np.arange(1, N)
    moved = np.stack([[matrix[i, (i - s) % N] for i in range(N)] for s in shifts], axis=1)
    for terms in (
        bounds.from_matrix(matrix, own_pairs=True),
        bounds.from_shifts(np.diagonal(matrix), moved, shifts, own_pairs=True),
    ):
        assert terms.row == pytest.approx(np.log(np.exp(matrix).mean(axis=1)))
        assert terms.column == pytest.approx(np.log(np.exp(matrix).mean(axis=0)))


def test_the_shifted_bound_touches_donsker_varadhan_at_its_own_level(matrix: np.ndarray) -> None:
    terms = bounds.from_matrix(matrix)
    level = float(bounds.log_mean_exp(terms.row))
    donsker_varadhan = bounds.donsker_varadhan(terms).nats
    assert bounds.shifted(terms, level).nats == pytest.approx(donsker_varadhan)
    assert bounds.shifted(terms, level + 0.3).nats < donsker_varadhan
    assert bounds.shifted(terms, level - 0.3).nats < donsker_varadhan


def test_infonce_stays_below_ln_k_whatever_the_scores() -> None:
    scores = np.full((N, N), -50.0)
    np.fill_diagonal(scores, 50.0)
    terms = bounds.from_matrix(scores)
    assert bounds.infonce(terms).nats == pytest.approx(math.log(N))
    assert terms.contrasts == N


@pytest.mark.parametrize("name", ["donsker_varadhan", "shifted", "infonce"])
def test_standard_errors_match_the_spread_over_fresh_samples(name: str) -> None:
    """f = log p(z|x) / p(z) of a correlated Gaussian pair; the critic is fixed, the samples are fresh."""
    rho, n, repeats = 0.8, 120, 300
    random = np.random.default_rng(3)
    values, errors = [], []
    for _ in range(repeats):
        x = random.normal(size=n)
        z = rho * x + math.sqrt(1 - rho**2) * random.normal(size=n)
        quadratic = rho * x[:, None] * z[None, :] - 0.5 * rho**2 * (x[:, None] ** 2 + z[None, :] ** 2)
        terms = bounds.from_matrix(quadratic / (1 - rho**2) - 0.5 * math.log(1 - rho**2))
        bound = bounds.shifted(terms, 0.0) if name == "shifted" else getattr(bounds, name)(terms)
        values.append(bound.nats)
        errors.append(bound.standard_error)
    assert np.mean(errors) == pytest.approx(np.std(values), rel=0.15)


def test_clipping_bounds_the_shuffled_scores_alone(matrix: np.ndarray) -> None:
    clipped = bounds.from_matrix(100 * matrix, clip=5.0)
    assert clipped.joint == pytest.approx(100 * np.diagonal(matrix))
    assert clipped.row.max() <= 5.0 + 1e-9
    assert clipped.column.min() >= -5.0 - 1e-9


def test_true_pairs_may_dwarf_all_others() -> None:
    """e^f of the shuffled pairs underflows beside e^f of the true ones; their log means are finite all the same."""
    matrix = np.array([[900.0, -900.0, -901.0], [-902.0, 900.0, -900.5], [-900.0, -903.0, 900.0]])
    terms = bounds.from_matrix(matrix)
    others = matrix + np.diag(np.full(3, -np.inf))
    assert np.allclose(terms.row, bounds.log_mean_exp(others, 1) + math.log(3 / 2))
    assert np.allclose(terms.column, bounds.log_mean_exp(others, 0) + math.log(3 / 2))
    assert bounds.donsker_varadhan(terms).nats > 1799.0


def test_blocks_join_in_order(matrix: np.ndarray) -> None:
    whole = bounds.concatenated([bounds.from_matrix(matrix), bounds.from_matrix(2 * matrix[:4, :4])])
    assert whole.joint == pytest.approx(np.concatenate([np.diagonal(matrix), 2 * np.diagonal(matrix)[:4]]))
    assert whole.contrasts == N
