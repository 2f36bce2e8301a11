"""Independent components: coordinates of one variable in which its columns are as independent as a rotation makes them.

A copula is blind to margins but not to mixtures of columns. A linear map undone leaves mutual information as it is, and
as each variable is unmixed by itself, whatever the other says, nothing can be invented by it.

Source: Hyvärinen 1999, "Fast and robust fixed-point algorithms for independent component analysis", IEEE Trans. Neural
Networks 10(3), symmetric form with the hyperbolic tangent.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from infoplane.common.aliases import FloatArray

_ROUNDS = 60
_CLOSE = 1e-4
MOST_COLUMNS = 30
_ROWS_PER_COLUMN = 50


def possible(x: npt.NDArray[np.generic]) -> bool:
    """Whether there is something to unmix and the samples bear it."""
    return bool(2 <= x.shape[1] <= min(MOST_COLUMNS, len(x) // _ROWS_PER_COLUMN))


def unmixed(x: FloatArray, random: np.random.Generator) -> FloatArray:
    """Independent components of x, shape (n, d) as x; whitened columns where no rotation is better than another.

    Args:
        x: samples, shape (n, d), no constant columns.
        random: starts the search.
    """
    centred = (x - x.mean(axis=0)) / x.std(axis=0)
    variance, axes = np.linalg.eigh(centred.T @ centred / len(x))
    white = centred @ (axes / np.sqrt(np.maximum(variance, 1e-9 * variance[-1])))
    rotation = _orthogonal(random.normal(size=(x.shape[1], x.shape[1])))
    for _ in range(_ROUNDS):
        bent = np.tanh(white @ rotation.T)
        ahead = _orthogonal(bent.T @ white / len(x) - (1.0 - bent**2).mean(axis=0)[:, None] * rotation)
        moved = float(np.abs(np.abs((ahead * rotation).sum(axis=1)) - 1.0).max())
        rotation = ahead
        if moved < _CLOSE:
            break
    result: FloatArray = white @ rotation.T
    return result


def _orthogonal(matrix: FloatArray) -> FloatArray:
    u, _, vt = np.linalg.svd(matrix)
    result: FloatArray = u @ vt
    return result
