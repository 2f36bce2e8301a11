"""Tishby's two data sets: published digests, counts, symmetries, and what a linear classifier can do with them."""

from __future__ import annotations

import hashlib
from itertools import permutations

import numpy as np
import pytest

from infoplane import distributions
from infoplane.distributions.patterns import adjacency, pair_counts

DIGESTS = {
    "sphere": "77732f16f85e91b49d3997196b56163b3bd362d8cf631468a8de3f986e88359f",
    "linear": "f36bf37eea766fcd6aad91f103366f118ec928d85185d49054a20e6fb3b1f8ce",
}


@pytest.mark.parametrize(("name", "ones"), [("sphere", 2118), ("linear", 2063)])
def test_labels_are_the_published_ones(name: str, ones: int) -> None:
    x, y = distributions.tishby(name)
    assert x.shape == (4096, 12)
    assert x.dtype == y.dtype == np.uint8
    assert int(y.sum()) == ones
    assert hashlib.sha256(y.tobytes()).hexdigest() == DIGESTS[name]


def test_row_i_is_i_in_binary() -> None:
    x, _ = distributions.tishby("sphere")
    assert "".join(map(str, x[1234])) == f"{1234:012b}"
    assert [int("".join(map(str, row)), 2) for row in x] == list(range(4096))


def symmetries() -> list[tuple[int, ...]]:
    """Every permutation of the vertices that keeps the graph: images of one triangle determine the rest."""
    graph, found = adjacency(), []
    for start in permutations(range(12), 3):
        image = list(start)
        while len(image) < 12:
            vertex = len(image)
            fits = [
                v
                for v in range(12)
                if v not in image and all(graph[v, image[u]] == graph[vertex, u] for u in range(vertex))
            ]
            if len(fits) != 1:
                break
            image.append(fits[0])
        permuted = graph[np.ix_(image, image)] if len(image) == 12 else None
        if permuted is not None and np.array_equal(permuted, graph):
            found.append(tuple(image))
    return found


def test_sphere_is_unchanged_under_all_symmetries_of_the_icosahedron() -> None:
    graph = adjacency()
    np.testing.assert_array_equal(graph, graph.T)
    assert set(graph.sum(axis=1)) == {5}
    assert set(np.round(np.linalg.eigvalsh(graph), 6)) == {-2.236068, -1.0, 2.236068, 5.0}
    x, y = distributions.tishby("sphere")
    _, linear = distributions.tishby("linear")
    found = symmetries()
    assert len(found) == 120
    powers = 1 << np.arange(11, -1, -1)
    changed = 0
    for image in found:
        rows = x[:, list(image)] @ powers
        np.testing.assert_array_equal(y[rows], y)
        changed += not np.array_equal(linear[rows], linear)
    assert changed == 119, "the linear label has no symmetry but the identity"


def test_sphere_depends_on_64_triples_alone() -> None:
    x, y = distributions.tishby("sphere")
    triples, codes = np.unique(pair_counts(x.astype(np.int64)), axis=0, return_inverse=True)
    assert len(triples) == 64
    ones = np.bincount(codes.ravel(), weights=y)
    assert set(ones / np.bincount(codes.ravel())) == {0.0, 1.0}


def best_linear_accuracy(name: str) -> float:
    from sklearn.linear_model import LogisticRegression

    x, y = distributions.tishby(name)
    return float(LogisticRegression(C=1e6, max_iter=5000).fit(x, y).score(x, y))


def test_a_linear_classifier_solves_the_second_and_not_the_first() -> None:
    assert best_linear_accuracy("linear") == 1.0
    assert best_linear_accuracy("sphere") < 0.95


def test_another_name_is_refused() -> None:
    with pytest.raises(ValueError, match="'cube' given; expected sphere or linear"):
        distributions.tishby("cube")
