"""Information of layers without noise, as in earlier work: from binned activations and from distinct outputs.

The n patterns count as the whole population and as equally likely, so every value is an entropy of counts without an
error. A layer is a function of the input: I(X; bin(T)) = H(bin(T)).
"""

from __future__ import annotations

import numpy as np

from infoplane.common.aliases import Array, IntArray
from infoplane.estimators.discrete import ContingencyTable, entropy, row_codes

FIXED_RANGE = (-1.0, 1.0)


def fixed_bins(t: Array, bins: int) -> IntArray:
    """Each unit in ``bins`` equal bins over [-1, 1], shape (n, d); values outside go to the outermost bin.

    Made for tanh. Under ReLU all values above 1 share a bin, so growing weights lower the information.

    Source: Shwartz-Ziv & Tishby 2017 (30 bins).
    """
    low, high = FIXED_RANGE
    position = np.floor((t.astype(np.float64) - low) / (high - low) * bins)
    codes: IntArray = np.clip(position, 0, bins - 1).astype(np.int64)
    return codes


def adaptive_bins(t: Array, bins: int) -> IntArray:
    """Each unit in bins whose edges hold equally many of the layer's distinct activations, shape (n, d).

    Source: Chelombiev, Houghton & O'Donnell 2019, "Adaptive estimators show information compression in deep neural
        networks" (entropy-based adaptive binning).
    """
    values = np.unique(t)
    edges = values[(np.arange(1, bins) * len(values)) // bins] if len(values) > bins else values[1:]
    codes: IntArray = np.searchsorted(edges, t, side="right").astype(np.int64)
    return codes


def count_information(values: Array, labels: IntArray) -> tuple[float, float]:
    """H(V) and I(V; Y) in nats of rows ``values`` (n, d), equal rows being one value, and labels (n,)."""
    codes = row_codes(values)
    table = ContingencyTable.from_codes(codes, labels)
    return entropy(table.x, "none"), table.information("none")
