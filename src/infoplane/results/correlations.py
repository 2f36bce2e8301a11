"""Correlations across encoders between accuracy, loss and the three mutual informations.

A few encoders are few points, so every correlation is given with the number of encoders and, from five encoders on,
with Fisher's interval and the p-value of a permutation test.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np

from infoplane.common import extras, seeds
from infoplane.common.aliases import FloatArray
from infoplane.encoders.names import is_control
from infoplane.results.summary_quantities import NAMES, QUANTITIES

if TYPE_CHECKING:
    import pandas as pd


PER_ENCODER = tuple(headline.name for headline in QUANTITIES if not headline.depends_on_stop)
"""Quantities of the encoder alone: they do not depend on the classifier's stop."""

MIN_ENCODERS_FOR_INTERVAL = 5
MAX_ENCODERS_FOR_ALL_PERMUTATIONS = 8
RANDOM_PERMUTATIONS = 9999
_ROUNDING = 1e-12
"""Relative difference of two numbers that counts as rounding error."""


def correlations(table: pd.DataFrame) -> dict[Any, pd.DataFrame]:
    """Pearson's correlations over encoders of the quantities, for each stop of the classifier.

    Args:
        table: one row per encoder and stop, with the columns encoder, stop and those of
            ``results.summary_quantities.QUANTITIES`` (accuracy, loss, embedding_noise, prediction_label,
            embedding_label; informations in nats); others are ignored. A quantity that does not depend on the stop is
            averaged over the stops that give it. Untrained controls count like any other encoder here: leave them out
            of the table if they should not.

    Returns:
        For each stop, in ascending order, a table with the quantities as rows and as columns. A correlation
        is taken over the encoders that have both values. It is NaN where it is not defined: fewer than two such
        encoders, or a quantity that is the same for all of them (its diagonal entry included).

    Raises:
        ValueError: no rows, a missing column, an entry that is not a finite number, the same encoder twice at one
            stop, a row without encoder or stop.
    """
    with extras.explained():
        import pandas as pd
    matrices = {}
    for stop, values in _by_stop(table).items():
        columns = values.to_numpy(float)
        matrix = np.array([[_pearson(x, y) for y in columns.T] for x in columns.T])
        matrices[stop] = pd.DataFrame(matrix, index=list(NAMES), columns=list(NAMES))
    return matrices


def correlation_metrics(table: pd.DataFrame, seed: int) -> dict[str, dict[str, Any]]:
    """Correlations over the trained encoders, with intervals and p-values, for ``metrics/correlations.json``.

    Args:
        table: as for `correlations`; encoders whose name ends in ``-untrained`` are left out and listed.
        seed: root seed of the random permutations, which are drawn where there are more than 8 encoders; up to 8,
            all permutations are gone through.

    Returns:
        For each stop: ``encoders`` (their number), ``pearson``, ``low`` and ``high`` (Fisher's 95 % interval) and
        ``p`` (two-sided permutation test), each as {row: {column: number or None}}, ``reason`` (why numbers are
        None; None if none is off the diagonal), ``left_out`` (the controls). A quantity is not tested against
        itself: low, high and p are None on the diagonal.

    Raises:
        ValueError: as for `correlations`.
    """
    metrics = {}
    for stop, values in _by_stop(table).items():
        controls = [name for name in values.index if is_control(name)]
        metrics[str(stop)] = _metrics_at_stop(values.drop(index=controls), seed, str(stop)) | {"left_out": controls}
    return metrics


def _metrics_at_stop(values: pd.DataFrame, seed: int, stop: str) -> dict[str, Any]:
    empty = {row: dict.fromkeys(NAMES) for row in NAMES}
    tables: dict[str, dict[str, dict[str, Any]]] = {
        name: {row: dict(cells) for row, cells in empty.items()} for name in ("pearson", "low", "high", "p")
    }
    for row in NAMES:
        own = values[row].to_numpy(float)
        tables["pearson"][row][row] = _none_if_nan(_pearson(own, own))
    for row, column in combinations(NAMES, 2):
        x, y = _complete(values[row].to_numpy(float), values[column].to_numpy(float))
        r = _pearson(x, y)
        cell: dict[str, float | None] = {"pearson": _none_if_nan(r)}
        if len(x) >= MIN_ENCODERS_FOR_INTERVAL and not math.isnan(r):
            cell["low"], cell["high"] = fisher_interval(x, y)
            cell["p"] = permutation_p(x, y, seeds.generator(seed, "correlations", stop, row, column))
        for name, value in cell.items():
            tables[name][row][column] = tables[name][column][row] = value
    return {"encoders": len(values), **tables, "reason": _reason(values)}


def fisher_interval(x: FloatArray, y: FloatArray) -> tuple[float, float]:
    """The 95 % interval of Pearson's r of ``x`` and ``y``, (n,) each: tanh(artanh r ± 1.96 / sqrt(n - 3)).

    It assumes that the two quantities are jointly normal, and it is wide: r = 0.9 over six points gives 0.33 … 0.99.

    Source: Fisher 1921, "On the probable error of a coefficient of correlation deduced from a small sample".
    """
    from scipy import stats

    interval = stats.pearsonr(x, y).confidence_interval(0.95)
    return float(interval.low), float(interval.high)


def permutation_p(x: FloatArray, y: FloatArray, rng: np.random.Generator) -> float:
    """The two-sided p-value of Pearson's r under all orders of ``y``, (n,), against ``x``, (n,).

    Up to 8 points all n! orders are gone through, and p is the share with |r| at least as large as observed. Beyond,
    9,999 random orders are drawn and the observed one is counted in, so that p is never 0 (Phipson & Smyth 2010).
    """
    from scipy import stats

    x, y = _centred(x), _centred(y)
    exact = len(y) <= MAX_ENCODERS_FOR_ALL_PERMUTATIONS
    resamples = math.factorial(len(y)) if exact else RANDOM_PERMUTATIONS
    return float(
        stats.permutation_test(
            (y,),
            # Over the orders of y, |r| is this up to a constant factor.
            lambda ordered, axis: np.abs(ordered @ x),
            permutation_type="pairings",
            vectorized=True,
            n_resamples=resamples,
            alternative="greater",
            rng=rng,
        ).pvalue
    )


def _complete(x: FloatArray, y: FloatArray) -> tuple[FloatArray, FloatArray]:
    both = ~(np.isnan(x) | np.isnan(y))
    return x[both], y[both]


def _pearson(x: FloatArray, y: FloatArray) -> float:
    """Pearson's r over the points that have both values; NaN where it is not defined."""
    from scipy import stats

    x, y = _complete(x, y)
    if len(x) < 2 or _constant(x) or _constant(y):
        return math.nan
    return float(stats.pearsonr(x, y).statistic)


def _constant(x: FloatArray) -> bool:
    """Whether values differ by no more than rounding, as averages of the same numbers do."""
    return bool(np.ptp(x) <= _ROUNDING * np.max(np.abs(x)))


def _centred(x: FloatArray) -> FloatArray:
    """Values minus their mean, scaled to at most 1, for products that do not overflow."""
    centred: FloatArray = x - x.mean()
    scaled: FloatArray = centred / np.max(np.abs(centred))
    return scaled


def _none_if_nan(value: float) -> float | None:
    return None if math.isnan(value) else value


def _by_stop(table: pd.DataFrame) -> dict[Any, pd.DataFrame]:
    """The quantities at each stop: encoders as rows, in order of appearance; missing values as NaN."""
    checked = _checked(table)
    whole = checked.groupby("encoder", sort=False)[list(PER_ENCODER)].mean()
    stops = {}
    for stop, rows in checked.groupby("stop", sort=True):
        values = rows.set_index("encoder")[list(NAMES)].copy()
        values[list(PER_ENCODER)] = whole.loc[values.index]
        number = isinstance(stop, int | float | np.number)
        stops[int(stop) if number and float(stop) == int(stop) else stop] = values  # type: ignore[arg-type]
    return stops


def _checked(table: pd.DataFrame) -> pd.DataFrame:
    with extras.explained():
        import pandas as pd
    if not isinstance(table, pd.DataFrame):
        raise ValueError(f"table: {type(table).__name__} given; expected a pandas DataFrame")
    missing = [name for name in ("encoder", "stop", *NAMES) if name not in table.columns]
    if missing:
        given = ", ".join(map(str, table.columns))
        raise ValueError(f"table: no column {', '.join(missing)}; expected it beside {given}")
    if table.columns.duplicated().any():
        twice = table.columns[table.columns.duplicated()][0]
        raise ValueError(f"table: column {twice} occurs twice; expected each once")
    if table.empty:
        raise ValueError("table: no rows; expected one for each encoder and stop")
    if table[["encoder", "stop"]].isna().to_numpy().any():
        raise ValueError("table: a row without encoder or stop; expected both in every row")
    checked = table[["encoder", "stop"]].reset_index(drop=True)
    for name in NAMES:
        checked[name] = _numbers(table[name].reset_index(drop=True))
    again = checked[checked.duplicated(["encoder", "stop"])]
    if len(again):
        name, stop = again["encoder"].iloc[0], again["stop"].iloc[0]
        raise ValueError(f"table: {name} occurs more than once at stop {stop}; expected one row for each stop")
    return checked


def _numbers(column: pd.Series[Any]) -> pd.Series[Any]:
    import pandas as pd

    try:
        values = pd.to_numeric(column).astype(float)
    except (ValueError, TypeError):
        raise ValueError(f"table: column {column.name} holds what is not a number; expected numbers") from None
    if np.isinf(values.to_numpy()).any():
        raise ValueError(f"table: column {column.name} holds an infinite value; expected finite numbers")
    return values


def _reason(values: pd.DataFrame) -> str | None:
    """Why some numbers at a stop are None; None if none is."""
    n = len(values)
    if n < 2:
        found = "1 trained encoder" if n else "no trained encoder"
        return f"{found}: a correlation needs 2, an interval and a p-value need {MIN_ENCODERS_FOR_INTERVAL}"
    reasons = []
    if n < MIN_ENCODERS_FOR_INTERVAL:
        reasons.append(f"{n} trained encoders: an interval and a p-value need {MIN_ENCODERS_FOR_INTERVAL}")
    if n == 2:
        reasons.append("with two points r is 1 or -1 whatever they are")
    for name in NAMES:
        column = values[name]
        given = column.dropna().to_numpy(float)
        if len(given) < n:
            reasons.append(f"{name} is missing for {', '.join(column.index[column.isna()])}")
        if len(given) >= 2 and _constant(given):
            reasons.append(f"{name} is the same for every encoder")
    return "; ".join(reasons) or None


def significant_pairs(at_stop: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The pairs of quantities at one stop whose 95 % interval excludes 0, the largest |r| first.

    Args:
        at_stop: an entry of :func:`correlation_metrics`.
    """
    pairs = [
        (row, column)
        for row, column in combinations(NAMES, 2)
        if at_stop["low"][row][column] is not None
        and (at_stop["low"][row][column] > 0 or at_stop["high"][row][column] < 0)
    ]
    return sorted(pairs, key=lambda pair: -abs(at_stop["pearson"][pair[0]][pair[1]]))
