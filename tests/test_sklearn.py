"""The score function keeps scikit-learn's conventions."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.sparse import csr_array
from sklearn.datasets import load_iris
from sklearn.feature_selection import SelectFwe, SelectKBest
from sklearn.model_selection import cross_val_score
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline

from infoplane.sklearn import mutual_info

X, Y = load_iris(return_X_y=True)
NOISY = np.hstack([X, np.random.default_rng(0).standard_normal((len(X), 6))])


def few(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return mutual_info(x, y, permutations=99, random_state=0)


def test_it_selects_in_a_pipeline() -> None:
    chosen = SelectKBest(few, k=2).fit(NOISY, Y)
    assert chosen.get_support().nonzero()[0].tolist() == [2, 3]  # the petals
    assert chosen.pvalues_.shape == (10,)
    accuracy = cross_val_score(make_pipeline(SelectKBest(few, k=2), KNeighborsClassifier()), NOISY, Y, cv=3)
    assert accuracy.mean() > 0.9
    kept = SelectFwe(lambda x, y: mutual_info(x, y, permutations=499, random_state=0), alpha=0.05).fit(NOISY, Y)
    assert kept.get_support().tolist() == [True] * 4 + [False] * 6


def test_integers_texts_and_booleans_are_classes_and_floats_are_numbers() -> None:
    texts = np.array(["setosa", "versicolor", "virginica"])[Y]
    by_code, by_text = (mutual_info(X, target, permutations=9, random_state=0)[0] for target in (Y, texts))
    np.testing.assert_array_equal(by_code, by_text)
    np.testing.assert_array_equal(by_code, mutual_info(X, texts.astype(object), permutations=9, random_state=0)[0])
    by_number = mutual_info(X, Y + 0.5, permutations=9, random_state=0)[0]
    assert not np.array_equal(by_code, by_number)


def test_random_states() -> None:
    first, second = (mutual_info(X, Y, permutations=9, random_state=3) for _ in range(2))
    np.testing.assert_array_equal(first, second)
    state = np.random.RandomState(1)
    values = [mutual_info(X, Y, permutations=9, random_state=state)[0] for _ in range(2)]
    assert not np.array_equal(*values)
    assert mutual_info(X, Y, permutations=9)[0].shape == (4,)


def test_n_jobs_changes_nothing() -> None:
    one, two = (mutual_info(X, Y, permutations=9, random_state=0, n_jobs=jobs) for jobs in (None, 2))
    np.testing.assert_array_equal(one, two)


@pytest.mark.parametrize(
    ("x", "error", "message"),
    [
        (csr_array(X), TypeError, "[Ss]parse"),
        (X[:, 0], ValueError, "Expected 2D array"),
        (np.where(X > 7, np.nan, X), ValueError, "NaN"),
        (X[:100], ValueError, "inconsistent numbers of samples"),
    ],
)
def test_what_scikit_learn_refuses(x: object, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        mutual_info(x, Y)
