"""What others measure without noise: binned activations, and distinct outputs counted.

The n patterns are taken as equally likely and as all there are, so every figure is an entropy of counts; none has an
error bar. A layer is a function of the input: I(X; bin(T)) = H(bin(T)).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from infoplane.common.aliases import Array
from infoplane.estimators.discrete import ContingencyTable, entropy, row_codes

Codes = npt.NDArray[np.int64]

FIXED_RANGE = (-1.0, 1.0)


def fixed_bins(t: Array, bins: int) -> Codes:
    """Each unit in ``bins`` equal bins over [-1, 1], shape (n, d); what lies outside goes to the outermost bin.

    Made for tanh. Under ReLU everything above 1 is one bin, so growing weights look like compression.

    Source: Shwartz-Ziv & Tishby 2017 (30 bins).
    """
    low, high = FIXED_RANGE
    position = np.floor((t.astype(np.float64) - low) / (high - low) * bins)
    codes: Codes = np.clip(position, 0, bins - 1).astype(np.int64)
    return codes


def adaptive_bins(t: Array, bins: int) -> Codes:
    """Each unit in bins whose edges hold equally many of the layer's distinct activations, shape (n, d).

    Source: Chelombiev, Houghton & O'Donnell 2019, "Adaptive estimators show information compression in deep neural
        networks" (entropy-based adaptive binning).
    """
    values = np.unique(t)
    edges = values[(np.arange(1, bins) * len(values)) // bins] if len(values) > bins else values[1:]
    codes: Codes = np.searchsorted(edges, t, side="right").astype(np.int64)
    return codes


def counted(values: Array, labels: Codes) -> tuple[float, float]:
    """H(V) and I(V; Y) in nats of rows ``values`` (n, d), equal rows being one value, and labels (n,)."""
    codes = row_codes(values)
    table = ContingencyTable.from_codes(codes, labels)
    return entropy(table.x, "none"), table.information("none")
