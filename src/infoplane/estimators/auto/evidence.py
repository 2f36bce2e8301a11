"""What a sample says to the calibration beside the held-out bound: simple quantities, each known to be biased."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
from scipy.spatial import cKDTree

from infoplane.common.aliases import FloatArray
from infoplane.estimators import gaussian, margins
from infoplane.estimators.checked import label_entropy, label_entropy_limit
from infoplane.estimators.nearest_neighbours import pair_value, ross_value


def intrinsic_dimension(u: FloatArray, k: int = 10) -> float:
    """Maximum-likelihood intrinsic dimension (Levina & Bickel 2004), rows that coincide left out."""
    u = np.unique(u[np.linspace(0, len(u) - 1, min(1000, len(u))).astype(np.int64)], axis=0)
    if len(u) < 3 * k:
        return float(u.shape[1])
    distance = np.asarray(cKDTree(u).query(u, k + 1)[0])[:, 1:]
    inverse = np.log(distance[:, -1:] / np.maximum(distance[:, :-1], 1e-12)).mean(axis=1)
    return float(1.0 / max(inverse.mean(), 1e-3))


def repeated(x: npt.NDArray[np.generic]) -> float:
    """Mean share of values that another row has too, over (at most 20) columns."""
    shares = []
    for column in x.T[:20]:
        _, counts = np.unique(column, return_counts=True)
        shares.append(counts[counts > 1].sum() / len(column))
    return float(np.mean(shares))


def of_numbers(u: FloatArray, v: FloatArray, seed: int) -> dict[str, float]:
    """Gaussian plug-in, nearest neighbours, intrinsic dimensions, tails.

    Args:
        u, v: coordinates fitted on all rows (at most 3,000), shapes (n, p), (n, q).
    """
    n = len(u)
    features: dict[str, float] = {"gauss": 0.0, "gauss_se": 1.0, "gauss_ok": 0.0}
    if n > 1.25 * (u.shape[1] + v.shape[1]) + 10:
        pair = gaussian.canonical(u, v)
        features = {"gauss": pair.plug_in - pair.bias, "gauss_se": pair.standard_error(), "gauss_ok": 1.0}
    random = np.random.default_rng([seed, 3])
    a, b = u, v
    if u.shape[1] + v.shape[1] > 8:
        from infoplane.estimators.auto.canonical import directions

        left, right = directions(u, v, 3, 0.05)
        a, b = u @ left, v @ right
    rows = random.permutation(n)[:2000]
    a = margins.standardised(margins.break_ties(a[rows], random)[0])
    b = margins.standardised(margins.break_ties(b[rows], random)[0])
    for k in (3, 12):
        features[f"ksg{k}"] = pair_value(a, b, min(k, len(rows) - 2), None)
    half = len(rows) // 2
    features["ksg_half"] = pair_value(a[:half], b[:half], 3, None)
    features["dim_x"], features["dim_z"] = intrinsic_dimension(u), intrinsic_dimension(v)
    size = [np.log((side**2).mean(axis=1) + 1e-3) for side in (u, v)]
    features["size_x"], features["size_z"] = (
        float(one.std() * math.sqrt(side.shape[1])) for one, side in zip(size, (u, v), strict=True)
    )
    features["size_correlation"] = float(np.corrcoef(size[0], size[1])[0, 1])
    return features


def of_labels(u: FloatArray, codes: npt.NDArray[np.int64], every: npt.NDArray[np.int64], seed: int) -> dict[str, float]:
    """Entropy, nearest neighbours, intrinsic dimension.

    Args:
        u: coordinates fitted on all rows (at most 3,000), shape (n, p).
        codes: their classes, shape (n,).
        every: the classes of all rows.
    """
    counts = np.bincount(every)
    share = counts[counts > 0] / len(every)
    limit, error = label_entropy_limit(every)
    features = {
        "classes": float(len(share)),
        "entropy": label_entropy(every),
        "entropy_limit": limit,
        "entropy_error": error,
        "few": float((share * len(every) < 10).mean()),
    }
    random = np.random.default_rng([seed, 3])
    a = u
    if u.shape[1] > 8:
        from infoplane.estimators.auto.canonical import directions

        member = np.eye(int(codes.max()) + 1)[codes]
        left, _ = directions(u, member - member.mean(axis=0), min(4, len(share) - 1), 0.1)
        a = u @ left
    rows = random.permutation(len(u))[:2000]
    a = margins.standardised(margins.break_ties(a[rows], random)[0])
    for k in (3, 12):
        features[f"ross{k}"] = ross_value(a, codes[rows], k)
    features["dim_x"] = intrinsic_dimension(u)
    size = np.log((u**2).mean(axis=1) + 1e-3)
    features["size_x"] = float(size.std() * math.sqrt(u.shape[1]))
    return features
