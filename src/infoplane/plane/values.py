"""The values of one layer at one epoch that need no critic: from the known channel, from binning and from counting."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from infoplane.common.aliases import Array
from infoplane.estimators.noisy_channel import brackets
from infoplane.plane.noiseless import adaptive_bins, count_information, fixed_bins
from infoplane.results.estimate import NoisyEstimate


@dataclass(frozen=True)
class Value:
    """I(X; T) and I(T; Y) of a layer by one estimator, in nats, with standard errors; None where there is none."""

    estimator: str
    i_x: float | None
    i_x_se: float | None
    i_y: float | None
    i_y_se: float | None
    noise_std: float | None = None
    """Of the noise that was added; None where none was."""


def layer_scale(t: Array) -> float:
    """Root of the units' mean variance, the layer's scale; 0 for a layer whose outputs do not vary."""
    return float(np.sqrt(t.astype(np.float64).var(axis=0).mean()))


def channel_values(
    t: Array,
    labels: npt.NDArray[np.int64],
    *,
    noise_std: float,
    relative_noise: float | None,
    population: bool,
    seed: int,
) -> list[Value]:
    """I(X; T + noise) and I(T + noise; Y): exact for a population, else as brackets; and the KDE estimates.

    Args:
        t: the layer's outputs, shape (n, d).
        labels: classes 0..K-1, shape (n,).
        noise_std: of the noise, in the layer's units.
        relative_noise: of further noise, as a share of the layer's scale; None for none.
        population: whether the rows are the whole population.
        seed: of the noise.

    Returns:
        ``exact`` (or ``lower`` and ``upper``), the same with ``_relative`` at the relative noise, and at ``noise_std``
        ``kde`` and ``kde_lower``: Kolchinsky & Tracey's entropies in KL and Bhattacharyya form, as in Saxe et al. 2018.
    """
    scale = layer_scale(t)
    relative = None if relative_noise is None or scale == 0 else relative_noise * scale
    levels = [noise_std] if relative is None else [noise_std, relative]
    # In one thread, since several layers are measured at the same time.
    results = brackets(t, levels, labels=labels, population=population, seed=seed, threads=1)
    values = _values(results[0], "")
    if relative_noise is not None:
        values += _zero_values(population) if relative is None else _values(results[1], "_relative")
    first = results[0]
    values.append(Value("kde", first.mixture_upper, None, first.label_kde_upper, None, noise_std))
    values.append(Value("kde_lower", first.mixture_lower, None, first.label_kde_lower, None, noise_std))
    return values


def _values(result: NoisyEstimate, suffix: str) -> list[Value]:
    lower = (result.lower, result.lower_se, result.label_lower, result.label_lower_se)
    if result.population:
        return [Value("exact" + suffix, *lower, result.noise_std)]
    upper = (result.upper, result.upper_se, result.label_upper, result.label_upper_se)
    return [Value(name + suffix, *bound, result.noise_std) for name, bound in (("lower", lower), ("upper", upper))]


def _zero_values(population: bool) -> list[Value]:
    """The values of a constant layer, which are 0 at any noise."""
    return [Value(f"{name}_relative", 0.0, 0.0, 0.0, 0.0) for name in (["exact"] if population else ["lower", "upper"])]


def counted_values(t: Array, labels: npt.NDArray[np.int64], bins: int) -> list[Value]:
    """``distinct`` (the noiseless truth when all patterns are there), ``binning_fixed`` and ``binning_adaptive``."""
    codes = {"distinct": t, "binning_fixed": fixed_bins(t, bins), "binning_adaptive": adaptive_bins(t, bins)}
    values = []
    for name, rows in codes.items():
        i_x, i_y = count_information(rows, labels)
        values.append(Value(name, i_x, None, i_y, None))
    return values
