"""Input of the calibration: differences between the values of parts, members and simple estimates, in nats."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from infoplane.common.aliases import FloatArray
from infoplane.estimators.auto import constants

_NOTHING = -1.0
"""A member that was not tried counts as one nat below the bound."""
_MOST = 6.0


def shortfall_unit(f: Mapping[str, float]) -> float:
    """The scale in nats in which a shortfall is learned: optimism, half of the trend with rows, part of the error.

    Of five such sums the one with the least interval score on design families left out.
    """
    optimism, trend = max(f["fit"] - f["report"], 0.0), max(f["whole"] - f["half"], 0.0)
    return 0.005 + 0.3 * f["error"] + optimism + 0.5 * trend


def signs(f: Mapping[str, float], labels: bool) -> FloatArray:
    """The vector of signs, shape (number of signs,).

    Args:
        f: features of :class:`infoplane.estimators.auto.measure.Found`.
        labels: whether z is classes.
    """
    bound, one = f["bound"], shortfall_unit(f)
    rows = min(f["n"], constants.ROWS_THAT_COUNT)
    held = {name[5:]: value for name, value in f.items() if name.startswith("held ")}
    fit = {name[4:]: value for name, value in f.items() if name.startswith("fit ")}
    half = {name[5:]: value for name, value in f.items() if name.startswith("half ")}

    def beyond(value: float | None) -> float:
        return _NOTHING if value is None else float(np.clip(value - bound, -_MOST, _MOST))

    def best(prefix: str) -> float | None:
        return max((value for name, value in held.items() if name.startswith(prefix)), default=None)

    shared = [
        bound, math.log(f["error"] + 0.003), math.log(one), math.log(rows), f["ln_m"] - bound,
        (f["fit"] - f["report"]) / one, (f["whole"] - f["half"]) / one, (f["half_fit"] - f["half"]) / one, f["weights"],
        f["spread"] / one, bound / one, beyond(held.get("network")), beyond(held.get("network on a member")),
        fit["network"] - held["network"], held["network"] - half["network"], math.log(f["columns_x"]),
        math.log(f["components_x"]), f["repeated_x"], f["dim_x"], f["size_x"],
    ]  # fmt: skip
    if labels:
        own = [
            f["entropy"] - bound, f["entropy"], math.log(f["classes"]), f["few"], beyond(f["ross3"]),
            beyond(f["ross12"]), f["ross3"] - f["ross12"], beyond(held.get("discriminant")),
            beyond(held.get("curved discriminant")), beyond(best("logistic")), beyond(best("trees")),
            beyond(best("kernel")), beyond(best("process")), math.log(rows / f["classes"]),
            bound / max(f["entropy"], 1e-6),
        ]  # fmt: skip
    else:
        own = [
            beyond(held.get("linear")), beyond(best("quadratic")), beyond(best("student")), beyond(best("mixture")),
            beyond(best("latent")), beyond(best("kernel")), beyond(best("process")), fit["linear"] - held["linear"],
            fit["mixture"] - held["mixture"], held["linear"] - half["linear"],
            beyond(f["gauss"] if f["gauss_ok"] else None), f["gauss"] - held["linear"], f["gauss_se"],
            beyond(f["ksg3"]), beyond(f["ksg12"]), f["ksg3"] - f["ksg12"], f["ksg3"] - f["ksg_half"],
            math.log(f["columns_z"]), math.log(f["components_z"]), f["repeated_z"], f["dim_z"], f["size_z"],
            f["size_correlation"], min(f["columns_x"], f["columns_z"]), min(f["dim_x"], f["dim_z"]),
        ]  # fmt: skip
    result: FloatArray = np.clip(np.nan_to_num(np.array(shared + own)), -50.0, 50.0)
    return result
