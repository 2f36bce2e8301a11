"""Brackets or exact values of I(X; T + noise) and I(T + noise; Y), for T = t(X) and Gaussian noise of known size.

The channel p(y|x) = N(t(x), s^2 I) is known, so nothing is trained. From n samples

    lower = mean_i ln [ p(y_i|t_i) / (1/n)     sum_j      p(y_i|t_j) ]    InfoNCE with the true conditional
    upper = mean_i ln [ p(y_i|t_i) / (1/(n-1)) sum_{j!=i} p(y_i|t_j) ]    leave-one-out

bound the MI of the distribution that the samples came from, in expectation (Poole et al. 2019, "On variational
bounds of mutual information", eqs. 12 and 13). The first is also the Monte Carlo plug-in value of the MI of the
empirical mixture (Goldfeld et al. 2019, "Estimating information flow in deep neural networks"), so it is exact when
the n samples are the whole population. Noise comes in mirror pairs z, -z from one matrix product and one exponential.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from threadpoolctl import threadpool_limits

from infoplane.common import given, validation
from infoplane.common.aliases import Z95, FloatArray
from infoplane.common.runtime import available_cores
from infoplane.estimators._channel import Centres, centre, default_block_rows, piece_rows, table_blocks
from infoplane.estimators._channel_sums import PairwiseSums, PopulationSums, SampleSums
from infoplane.estimators._channel_tables import LevelTables
from infoplane.results.estimate import NoisyEstimate

_LARGEST_DECOMPOSED_COVARIANCE = 4096
"""Rows or columns, whichever are fewer, up to which the Gaussian bound is computed: the time grows as their cube."""
_SMALLEST, _LARGEST = 1e-35, 1e35
"""Of noise, and the largest value: fourth powers of their ratios stay within float64."""
_RUN_ROWS = 256
"""Rows whose sums one thread makes before they are merged."""
_TABLE_BYTES = 2**30
"""What the tables of all threads may take together."""
_WIDE_NATS, _WIDE_SHARE = 0.25, 0.1
"""A bracket gets a warning if it is wider than both: nats, and a share of its upper end."""


def brackets(
    t: Any,
    noise_stds: Sequence[float],
    *,
    labels: Any = None,
    population: bool = False,
    seed: int = 0,
    draws: int | None = None,
    block_rows: int | None = None,
    threads: int | None = None,
) -> list[NoisyEstimate]:
    """Bracket I(X; T + noise), and with labels I(T + noise; Y), at several noise levels from the same products.

    The same unit noise serves all levels, and row i gets the same noise whatever else is in the call. Time grows
    with n^2 (d + levels), memory with n d; tables are never held whole.

    Args:
        t: samples of T, shape (n, d), real numbers; may be memory-mapped.
        noise_stds: standard deviations of the noise, in the units of ``t``.
        labels: classes of the samples, shape (n,), integers or booleans.
        population: the rows are all values of X, equally likely (not a sample of them): the exact value.
        seed: of the noise.
        draws: noise draws per sample, each used with both signs; 1, or 2 (the least) for a population, unless given.
        block_rows: rows of the n x n tables that a thread holds at a time; chosen by size unless given.
        threads: how many compute, which changes no result; all available cores unless given.

    Returns:
        One result per noise level, in nats.

    Raises:
        ValueError: an array that is not samples or labels, unequal lengths, a noise level that is not a number from
            1e-12 to 1e12, values beyond 1e60, fewer than 3 samples.

    Source: see the module; with labels, lower is H(Y) + E ln q with q the leave-one-out posterior of the label
        (Barber & Agakov 2003), upper the smaller of H(Y) and I-upper minus the within-class lower bounds (chain
        rule over Y - X - T); Kolchinsky & Tracey 2017, "Estimating mixture entropy with pairwise distances".
    """
    points, codes = _validated(t, noise_stds, labels, population)
    draws = (2 if population else 1) if draws is None else draws
    if draws < (2 if population else 1):
        raise ValueError(f"draws: {draws} given; expected at least 1 (2 for a population)")
    centres = centre(points, min(noise_stds), codes)
    rows = default_block_rows(*points.shape) if block_rows is None else block_rows
    with threadpool_limits(1, "blas"):  # sums depend on BLAS's threads, and those over the rows use all cores
        levels = _table_sums(centres, noise_stds, population, draws, seed, rows, threads)
        spectrum = _covariance_spectrum(centres)
    notes = () if population else _duplicate_warning(points)
    entropy = None if codes is None else _entropy(codes)
    results = []
    for level in levels:
        result = _with_pairwise_bounds(
            _shared_fields(centres, level.noise_std, spectrum, population, seed), level.distances, entropy
        )
        estimate = (
            _population_estimate(result, level.sums)
            if isinstance(level.sums, PopulationSums)
            else _sample_estimate(result, level.sums)
        )
        results.append(replace(estimate, warnings=(*estimate.warnings, *notes)))
    return results


def estimate_noisy(
    t: Any,
    noise_std: float,
    labels: Any = None,
    population: bool = False,
    critic: bool = False,
    seed: int = 0,
) -> NoisyEstimate:
    """Bracket I(X; T + noise) for T = t(X) and Gaussian noise, and with labels I(T + noise; Y).

    Args:
        t: samples of T, shape (n, d), real numbers.
        noise_std: standard deviation of the noise, in the units of ``t``.
        labels: classes of the samples, shape (n,), integers or booleans.
        population: the rows are all values of X, equally likely: the result is exact up to Monte Carlo error.
        critic: also train an AA-MINE critic and say where it stands against the bracket.
        seed: of the noise and the critic.

    Returns:
        Bounds and their standard errors, in nats.

    Raises:
        ValueError: as :func:`brackets`.
    """
    result = brackets(t, [noise_std], labels=labels, population=population, seed=seed)[0]
    if not critic:
        return result
    from infoplane.estimators.aa_mine import aa_mine

    estimate = aa_mine(validation.samples(t, "t"), noise_std, seed=seed)
    note = critic_against_bracket(estimate.nats, estimate.ci95, result)
    own = (f"AA-MINE: {line}" for line in estimate.warnings)
    return replace(result, aa_mine=estimate, warnings=(*result.warnings, *note, *own))


def critic_against_bracket(nats: float, ci95: tuple[float, float] | None, bracket: NoisyEstimate) -> tuple[str, ...]:
    """A warning if a critic's interval lies above the bracket (an error) or below it (a loose bound), else nothing."""
    low, high = (nats, nats) if ci95 is None else ci95
    if low > bracket.upper + Z95 * bracket.upper_se:
        return (f"AA-MINE gives {nats:.3g} nats, above the upper bound {bracket.upper:.3g}: the critic is wrong",)
    if high < bracket.lower - Z95 * bracket.lower_se:
        return (f"AA-MINE gives {nats:.3g} nats, below the lower bound {bracket.lower:.3g}: a loose bound",)
    return ()


def _validated(
    t: Any, noise_stds: Sequence[float], labels: Any, population: bool
) -> tuple[npt.NDArray[Any], npt.NDArray[np.int64] | None]:
    given.require_same_index(t=t, labels=labels)
    points = validation.samples(t, "t")
    if not noise_stds:
        raise ValueError("noise_stds: empty; expected at least one noise level")
    for noise_std in noise_stds:
        if not (math.isfinite(noise_std) and noise_std > 0):
            raise ValueError(f"noise_std: {noise_std} given; expected a positive number")
        if not _SMALLEST <= noise_std <= _LARGEST:
            raise ValueError(
                f"noise_std: {noise_std} given; expected {_SMALLEST:g} to {_LARGEST:g}, t in units to match"
            )
    if len(points) < (2 if population else 3):
        raise ValueError(f"t: {len(points)} rows given; expected at least 3 samples (2 of a population)")
    if (largest := max(float(points.max()), -float(points.min()))) > _LARGEST:
        raise ValueError(f"t: values up to {largest:.3g} given; expected at most {_LARGEST:g}")
    if labels is None:
        return points, None
    codes = validation.labels(labels, "labels")
    validation.require_same_length(points, codes, "t", "labels")
    return points, codes


class _Level(NamedTuple):
    noise_std: float
    sums: PopulationSums | SampleSums
    distances: PairwiseSums


def _table_sums(
    centres: Centres,
    noise_stds: Sequence[float],
    population: bool,
    draws: int,
    seed: int,
    block_rows: int,
    threads: int | None,
) -> list[_Level]:
    """The sums over the whole table: runs of rows in threads, merged in the order of the rows."""

    def empty() -> list[_Level]:
        kind = PopulationSums if population else SampleSums
        return [_Level(noise_std, kind(centres), PairwiseSums(centres)) for noise_std in noise_stds]

    def sums(start: int) -> list[_Level]:
        levels = empty()
        space = np.empty((3, piece_rows(centres.n), centres.n), centres.table_dtype)
        run = slice(start, min(start + run_rows, centres.n))
        for block in table_blocks(centres, run, min(block_rows, run_rows), draws, seed):
            for piece in block.pieces():
                reach = [max(float(table.max()), -float(table.min())) for table in piece.projections]
                for level in levels:
                    tables = LevelTables(piece, reach, centres, level.noise_std, space)
                    level.distances.add(tables)
                    level.sums.add(tables)
        return levels

    run_rows = min(centres.n, _RUN_ROWS)
    held = (draws + 1) * block_rows * centres.n * centres.points.itemsize
    total = empty()
    with ThreadPoolExecutor(max(1, min(threads or available_cores(), _TABLE_BYTES // held))) as pool:
        for found in pool.map(sums, range(0, centres.n, run_rows)):
            for level, part in zip(total, found, strict=True):
                level.distances.merge(part.distances)
                level.sums.merge(part.sums)  # type: ignore[arg-type]  # both are of the same kind
    return total


def _entropy(codes: npt.NDArray[np.int64]) -> float:
    shares = np.bincount(codes) / len(codes)
    return float(-(shares * np.log(shares)).sum())


def _covariance_spectrum(centres: Centres) -> FloatArray | None:
    """Eigenvalues of the covariance (mean of squares), in units of the smallest noise, from T'T or the smaller TT'."""
    points = centres.points
    if min(points.shape) > _LARGEST_DECOMPOSED_COVARIANCE:
        return None
    product = points @ points.T if len(points) < points.shape[1] else points.T @ points
    values: FloatArray = np.linalg.eigvalsh(product.astype(np.float64)) / len(points)
    return np.maximum(values, 0.0)


def _gaussian_upper(spectrum: FloatArray | None, noise_std: float, n: int, population: bool) -> float | None:
    """1/2 ln det(I + C/s^2); for a sample with its first-order bias (tr A)^2 + tr A^2 over 4n, A = C (C + s^2)^-1.

    The spectrum of C and s are in the same units.
    """
    if spectrum is None:
        return None
    value = 0.5 * float(np.log1p(spectrum / noise_std**2).sum())
    if population:
        return value
    share = spectrum / (spectrum + noise_std**2)
    return value + float(share.sum() ** 2 + (share**2).sum()) / (4 * n)


def _duplicate_warning(points: npt.NDArray[Any]) -> tuple[str, ...]:
    seen = {hashlib.blake2b((row + row.dtype.type(0)).tobytes(), digest_size=16).digest() for row in points}
    repeated = len(points) - len(seen)
    if not repeated:
        return ()
    return (
        f"{repeated} of {len(points)} rows repeat an earlier one: right if T is discrete; if samples were copied, "
        "remove the copies, else the upper bound is too low",
    )


def _shared_fields(
    centres: Centres, noise_std: float, spectrum: FloatArray | None, population: bool, seed: int
) -> dict[str, Any]:
    n, d = centres.points.shape
    return {
        "noise_std": float(noise_std),
        "n": n,
        "d": d,
        "population": population,
        "seed": seed,
        "gaussian_upper": _gaussian_upper(spectrum, noise_std / centres.smallest_noise, n, population),
    }


def _with_pairwise_bounds(common: dict[str, Any], distances: PairwiseSums, entropy: float | None) -> dict[str, Any]:
    upper, lower = (float(value) for value in distances.information())
    values = {**common, "mixture_upper": upper, "mixture_lower": lower}
    if entropy is not None:
        label_upper, label_lower = (float(value) for value in distances.label_information())
        values |= {"label_entropy": entropy, "label_kde_upper": label_upper, "label_kde_lower": label_lower}
    return values


def _population_estimate(common: dict[str, Any], sums: PopulationSums) -> NoisyEstimate:
    found, errors = sums.information()
    (nats, label_nats), (error, label_error) = (tuple(map(float, pair)) for pair in (found, errors))
    values: dict[str, Any] = {"lower": nats, "upper": nats, "plug_in": nats, "lower_se": error, "upper_se": error}
    if sums.centres.bounds is not None:
        values |= {"label_lower": label_nats, "label_upper": label_nats}
        values |= {"label_lower_se": label_error, "label_upper_se": label_error}
    return NoisyEstimate(**common, **values)


def _sample_estimate(common: dict[str, Any], sums: SampleSums) -> NoisyEstimate:
    influence = sums.influence()
    lower, upper = (float(value) for value in influence.mean(axis=1))
    lower_se, upper_se = (float(value) for value in _standard_errors(influence))
    values: dict[str, Any] = {"lower": lower, "lower_se": lower_se, "upper": upper, "upper_se": upper_se}
    if sums.centres.bounds is not None:
        values |= _label_bounds(sums, influence[1], common["label_entropy"])
    wide = _wide_warning(lower, upper, common["n"])
    return NoisyEstimate(**common, **values, plug_in=lower, influence=influence, warnings=wide)


def _standard_errors(influence: FloatArray) -> FloatArray:
    result: FloatArray = influence.std(axis=1, ddof=1) / math.sqrt(influence.shape[1])
    return result


def _label_bounds(sums: SampleSums, upper: FloatArray, entropy: float) -> dict[str, Any]:
    lower, within = sums.label_influence()
    chain = upper - within
    lower_se, chain_se, entropy_se = _standard_errors(np.stack([lower, chain, -sums.log_share]))
    bounded = float(chain.mean()) < entropy
    return {
        "label_lower": float(lower.mean()),
        "label_lower_se": float(lower_se),
        "label_upper": float(chain.mean()) if bounded else entropy,
        "label_upper_se": float(chain_se if bounded else entropy_se),
    }


def _wide_warning(lower: float, upper: float, n: int) -> tuple[str, ...]:
    if upper - lower <= max(_WIDE_NATS, _WIDE_SHARE * upper):
        return ()
    return (
        f"wide bracket, {lower:.2f} to {upper:.2f} nats (ln n = {math.log(n):.2f}): n = {n} is too small for this "
        "noise; more samples or a larger noise_std narrow it",
    )
