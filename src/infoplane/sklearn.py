"""Score functions for scikit-learn's feature selection."""

from __future__ import annotations

from typing import Any, Literal

from infoplane.common.aliases import FloatArray
from infoplane.estimators.columns import rank


def mutual_info(
    X: Any,
    y: Any,
    *,
    method: str | None = None,
    z_kind: Literal["numbers", "labels"] | None = None,
    permutations: int = 199,
    n_jobs: int | None = None,
    random_state: Any = None,
) -> tuple[FloatArray, FloatArray]:
    """The information of each column about the target, for ``SelectKBest``, ``SelectFpr`` and their like.

    Args:
        X: numbers, shape (n, d).
        y: the target, shape (n,): integers, booleans or texts are classes, floats are numbers.
        method: as in :func:`infoplane.rank`.
        z_kind: "numbers" or "labels" where ``y`` is not what it looks like.
        permutations: the smallest possible p-value is 1 / (permutations + 1).
        n_jobs: processes; None: one, -1: one for each core.
        random_state: an integer, a ``RandomState``, or None for another result each time.

    Returns:
        The values in nats and the p-values, uncorrected, each of shape (d,). Values may be slightly negative.

    Raises:
        TypeError: a sparse matrix.
        ValueError: what scikit-learn refuses, or :func:`infoplane.rank`.
    """
    from sklearn.utils import check_random_state, check_X_y

    X, y = check_X_y(X, y)
    is_seed = isinstance(random_state, int)
    seed = random_state if is_seed else int(check_random_state(random_state).randint(2**31 - 1))
    found = rank(
        X, y, method, z_kind=z_kind, permutations=permutations, jobs=1 if n_jobs is None else n_jobs, seed=seed
    )
    return found.nats, found.p_values
