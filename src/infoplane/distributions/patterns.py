"""The data sets of Tishby and colleagues: all patterns of 12 binary inputs with a binary label.

Two different data sets go by this name. The paper's label (``sphere``) does not change under the 120 symmetries of
the icosahedron and no linear classifier computes it; the other (``linear``) is a weighted sum with a threshold,
which one linear unit computes.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

BinaryArray = npt.NDArray[np.uint8]

_INPUTS = 12
_NEIGHBOURS = (
    (1, 3, 5, 10, 11), (0, 2, 3, 4, 11), (1, 3, 4, 8, 9), (0, 1, 2, 8, 10), (1, 2, 6, 9, 11), (0, 6, 7, 10, 11),
    (4, 5, 7, 9, 11), (5, 6, 8, 9, 10), (2, 3, 7, 9, 10), (2, 4, 6, 7, 8), (0, 3, 5, 7, 8), (0, 1, 4, 5, 6),
)  # fmt: skip
"""Neighbours of each vertex of the icosahedron, in the numbering that gives the published order of the rows."""
_WEIGHTS = (18, 26, 26, 30, 20, 39, 19, 11, 13, 16, 33, 9)


def tishby(name: str) -> tuple[BinaryArray, BinaryArray]:
    """All 4,096 patterns of 12 binary inputs, row i being i in binary (most significant bit first), and their labels.

    Args:
        name: ``sphere``: the inputs are the vertices of an icosahedron; with n of them on, a pairs of neighbours on
            and c antipodal pairs on, the label is [8a - 4c + 30n - 3n^2 >= 120]; 2,118 ones. ``linear``: the label is
            [w . x >= 130] with w = (18, 26, 26, 30, 20, 39, 19, 11, 13, 16, 33, 9); 2,063 ones.

    Returns:
        x of shape (4096, 12) and y of shape (4096,), uint8. As the whole population of X: I(X; Y) = H(Y).

    Raises:
        ValueError: another name.

    Source: Shwartz-Ziv & Tishby 2017, "Opening the black box of deep neural networks via information", section 3.1
        (``sphere``, there a spherical-harmonic power spectrum with a threshold).
    """
    labels = {"sphere": _sphere, "linear": _linear}
    if name not in labels:
        raise ValueError(f"name: {name!r} given; expected {' or '.join(labels)}")
    numbers = np.arange(2**_INPUTS)
    x = (numbers[:, None] >> np.arange(_INPUTS - 1, -1, -1) & 1).astype(np.uint8)
    return x, labels[name](x.astype(np.int64)).astype(np.uint8)


def adjacency() -> npt.NDArray[np.int64]:
    """The adjacency matrix of the icosahedron, shape (12, 12), 1 between neighbouring vertices."""
    graph = np.zeros((_INPUTS, _INPUTS), dtype=np.int64)
    for vertex, neighbours in enumerate(_NEIGHBOURS):
        graph[vertex, list(neighbours)] = 1
    return graph


def pair_counts(x: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Numbers of inputs that are 1, of neighbouring and of antipodal pairs of them, for each pattern; shape (n, 3)."""
    near = adjacency()
    walks = np.eye(_INPUTS, dtype=np.int64) + near + near @ near
    antipodal = (walks == 0).astype(np.int64)  # at distance 3, the graph's largest
    pairs = [np.einsum("ri,ij,rj->r", x, graph, x) // 2 for graph in (near, antipodal)]
    return np.stack([x.sum(axis=1), *pairs], axis=1)


def _sphere(x: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    on, near, antipodal = pair_counts(x).T
    label: npt.NDArray[np.bool_] = 8 * near - 4 * antipodal + 30 * on - 3 * on**2 >= 120
    return label


def _linear(x: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    label: npt.NDArray[np.bool_] = x @ np.array(_WEIGHTS) >= 130
    return label
