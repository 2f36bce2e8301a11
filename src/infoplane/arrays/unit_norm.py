"""Scaling of embeddings to unit norm, as all measurements use them."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from infoplane.common.aliases import Array


def unit_rows(embeddings: Array, source: Path) -> Array:
    """Rows scaled to Euclidean norm 1.

    Args:
        embeddings: shape (n, d).
        source: where they were read, for the error.

    Returns:
        Shape (n, d), float32.

    Raises:
        ValueError: a row of zeros, which has no direction.
    """
    rows = np.asarray(embeddings, np.float32)
    norms = np.linalg.norm(rows, axis=1, keepdims=True)
    zero = np.flatnonzero(norms[:, 0] == 0)
    if len(zero):
        first = f"the first in row {zero[0]}"
        raise ValueError(f"{source}: {len(zero)} embeddings are all zero, {first}; expected directions")
    unit: Array = rows / norms
    return unit
