"""Dependence spread so thinly over many columns that no model fitted on some samples shows it on others.

One nat between 50 and 50 columns is 50 correlations of 0.2. Of 1,000 samples, the 2,500 covariances predict other
samples worse than independence does, so that held-out values are 0 and a two-sided interval around them would be wrong.
The sum over the canonical correlations is seen all the same: its bias is known, and its spread is small.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from infoplane.common.aliases import FloatArray
from infoplane.estimators import gaussian, margins
from infoplane.estimators.auto.value import LITTLE, MUCH, Value

_ROWS_PER_COLUMN = 2
_LEAST_EIGENVALUE = 1e-10
"""Share of the largest below which a direction counts as none."""
_WORTH_A_LINE = 0.5
"""Share of the correlations in the value above which it is said; chance alone brings it there once in a hundred."""
_DOUBT = 0.05
"""Share of the bias that may be wrong, since it is exact for Gaussian copulas alone. In trials it was up to this much
too small (Student, 200 + 200 columns); what the copula itself misses, up to 0.15 of 1 nat there, is not in it."""


def possible(x: FloatArray, z: FloatArray) -> bool:
    """Whether there are samples enough for all columns together."""
    return bool(len(x) >= _ROWS_PER_COLUMN * (x.shape[1] + z.shape[1]))


def with_thin_dependence(value: Value, x: FloatArray, z: FloatArray, notes: list[str], told: dict[str, Any]) -> Value:
    """The value, or the Gaussian copula's where all canonical correlations together clearly show more.

    Between "no more than noise" and "clearly more" the two are mixed; the interval reaches up to the larger one.

    Source: :func:`infoplane.estimators.gaussian.gaussian`. Its bias, some dx dz / 2n, grows by the factor
    n sum_i h_i k_i / (dx dz), h and k the leverages of a sample in x and in z, where large x come with large z.

    Args:
        value: what held-out samples show.
        x: samples, shape (n, dx), all columns, without ties.
        z: samples, shape (n, dz).
        notes: gets a line where more is shown.
        told: gets what was decided.
    """
    u, v = _basis(margins.scaled(x, "rank")), _basis(margins.scaled(z, "rank"))
    pair = gaussian.canonical_of_orthonormal(u, v)
    together = len(u) * float((u**2).sum(axis=1) @ (v**2).sum(axis=1)) / (pair.dx * pair.dz)
    bias = pair.bias * max(1.0, together)
    nats, error = pair.plug_in - bias, pair.standard_error()
    ahead_by = (nats - max(value.nats, 0.0)) / error
    share = float(np.clip((ahead_by - LITTLE) / (MUCH - LITTLE), 0.0, 1.0))
    told["correlations"] = {"nats": nats, "standard_error": error, "bias": bias, "share": share}
    if nats <= value.nats:
        return value
    if share > _WORTH_A_LINE:
        notes.append(
            f"thinly spread: no model shows more than {value.nats:.3g} nats on samples it was not fitted on, but all "
            f"canonical correlations of the ranks together {nats:.3g}, if their dependence is Gaussian"
        )
    mixed = (1.0 - share) * value.nats + share * nats
    return Value(
        mixed,
        (1.0 - share) * value.error + share * error,
        (1.0 - share) * value.correction + share * _DOUBT * bias,
        max((1.0 - share) * value.upside, nats - mixed + LITTLE * error),
    )


def _basis(x: FloatArray) -> FloatArray:
    """Orthonormal columns that span those of x, by way of the small matrix of their products."""
    x = x - x.mean(axis=0)
    values, axes = np.linalg.eigh(x.T @ x)
    kept = values > _LEAST_EIGENVALUE * values[-1]
    result: FloatArray = x @ (axes[:, kept] / np.sqrt(values[kept]))
    return result
