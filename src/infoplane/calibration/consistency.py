"""Tests on real images that need no known truth: whether an estimator has properties of mutual information.

X is a real digit, Y its top rows through Gaussian noise. Independence: with another digit's rows the value is 0. More
rows never lower it. Data processing: repeating rows that Y already contains changes nothing. Additivity: two
independent pairs side by side have twice the information of one.

Source: Song & Ermon 2020, "Understanding the limitations of variational mutual information estimators", section 6.2.
Differs: their Y is the rows themselves, whose information with the image is infinite or bounded by the number of
images alone; with noise it is a few nats, and the bracket of the known channel is the reference.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from infoplane.calibration import methods
from infoplane.calibration.options import Settings
from infoplane.calibration.outcome import Outcome, point
from infoplane.calibration.readings import Estimator, estimator_seed
from infoplane.common import seeds
from infoplane.common.aliases import Float32Array
from infoplane.distributions.images import digits, pooled
from infoplane.estimators.noisy_channel import brackets

POOL = 4
SIDE = 7
NOISE_STD = 0.5
IDEALS = {"independence": 0.0, "more rows": 1.0, "data processing": 1.0, "additivity": 2.0}
"""The ratio that each test should give; for ``more rows`` the smallest allowed."""


@dataclass(frozen=True)
class Digits:
    """Two sets of n different digits, without and with noise on their pixels."""

    x: Float32Array
    """Shape (n, 196)."""
    noisy: Float32Array
    """x + noise, shape (n, 196)."""
    other_x: Float32Array
    other_noisy: Float32Array


def draw_digits(n: int, repeat: int, seed: int) -> Digits:
    """2 n different digits in random order, with noise.

    Raises:
        ValueError: more digits than there are.
    """
    pixels, _ = digits()
    if 2 * n > len(pixels):
        raise ValueError(f"samples: {n} given; expected at most {len(pixels) // 2}, for two sets of different digits")
    random = seeds.generator(seed, "consistency", n, repeat)
    x = pooled(pixels[random.permutation(len(pixels))[: 2 * n]], POOL)
    noisy = x + NOISE_STD * random.standard_normal(x.shape).astype(np.float32)
    return Digits(x[:n], noisy[:n], x[n:], noisy[n:])


def top_rows(rows: Float32Array, count: int) -> Float32Array:
    """The top ``count`` rows of pixels of each image."""
    return rows[:, : count * SIDE]


def consistency(settings: Settings, progress: Callable[[Iterable[Any]], Iterable[Any]] = iter) -> Outcome:
    """The four tests with every method; ``levels`` are the numbers of rows, out of 7, increasing."""
    suite = settings.suite
    counts = [int(level) for level in suite.levels]
    if len(counts) < 2 or any(b <= a for a, b in pairwise(counts)) or counts[0] < 1 or counts[-1] > SIDE:
        raise ValueError(f"levels: {suite.levels} given; expected two or more increasing numbers of rows, 1 to {SIDE}")
    n = max(suite.samples)
    found: dict[str, list[dict[str, float]]] = {}
    for repeat in progress(range(suite.repeats)):
        data = draw_digits(n, repeat, settings.seed)
        for name, estimator in methods.estimators(settings).items():
            seed = estimator_seed(name, repeat, settings.seed)
            found.setdefault(name, []).append(_values(data, counts, estimator, seed))
    reference = _reference(counts, n, settings.seed)
    metrics = {
        "ideals": IDEALS,
        "noise_std": NOISE_STD,
        "rows": SIDE,
        "bracket": {str(count): {"lower": low, "upper": high} for count, (low, high) in reference.items()},
        "methods": {name: _summary(repeats, counts) for name, repeats in found.items()},
    }
    return Outcome("consistency", metrics, curves=_curves(found, counts, reference))


def _values(data: Digits, counts: list[int], estimator: Estimator, seed: int) -> dict[str, float]:
    """Every estimate that the tests compare, in nats."""
    half = counts[len(counts) // 2 - 1]
    y = top_rows(data.noisy, counts[-1])
    values = {f"rows {count}": estimator(data.x, top_rows(data.noisy, count), seed).nats for count in counts}
    values["independent"] = estimator(data.x, top_rows(data.other_noisy, counts[-1]), seed).nats
    values["again"] = estimator(data.x, np.concatenate([y, top_rows(data.noisy, half)], axis=1), seed).nats
    both_x = np.concatenate([data.x, data.other_x], axis=1)
    both_y = np.concatenate([y, top_rows(data.other_noisy, counts[-1])], axis=1)
    values["both"] = estimator(both_x, both_y, seed).nats
    return values


def ratios(values: dict[str, float], counts: list[int]) -> dict[str, float | None]:
    """The tests' ratios; None where the denominator is not above 0."""
    whole = values[f"rows {counts[-1]}"]
    steps = [_ratio(values[f"rows {b}"], values[f"rows {a}"]) for a, b in pairwise(counts)]
    known = [step for step in steps if step is not None]
    return {
        "independence": _ratio(values["independent"], whole),
        "more rows": min(known) if len(known) == len(steps) else None,
        "data processing": _ratio(values["again"], whole),
        "additivity": _ratio(values["both"], whole),
    }


def _ratio(numerator: float, denominator: float) -> float | None:
    return numerator / denominator if denominator > 0 and math.isfinite(numerator) else None


def _summary(repeats: list[dict[str, float]], counts: list[int]) -> dict[str, Any]:
    """Mean ratios and values over the repeats; a ratio that one repeat lacks is null."""
    each = [ratios(values, counts) for values in repeats]
    means: dict[str, float | None] = {}
    for test in IDEALS:
        known = [one for one in (ratio[test] for ratio in each) if one is not None]
        means[test] = float(np.mean(known)) if len(known) == len(each) else None
    values = {key: float(np.mean([one[key] for one in repeats])) for key in repeats[0]}
    return {"ratios": means, "nats": values}


def _reference(counts: list[int], n: int, seed: int) -> dict[int, tuple[float, float]]:
    """Lower and upper bound of the known channel at each number of rows."""
    x = draw_digits(n, 0, seed).x
    found = {}
    for count in counts:
        (bracket,) = brackets(top_rows(x, count), [NOISE_STD], seed=seed)
        found[count] = (bracket.lower, bracket.upper)
    return found


def _curves(
    found: dict[str, list[dict[str, float]]], counts: list[int], reference: dict[int, tuple[float, float]]
) -> list[dict[str, Any]]:
    """Value against rows of each method, and the bracket; then the ratios."""
    curves = [point("rows", "bracket", float(count), low, low, high) for count, (low, high) in reference.items()]
    for name, repeats in found.items():
        for count in counts:
            values = [one[f"rows {count}"] for one in repeats]
            curves.append(point("rows", name, float(count), float(np.mean(values)), min(values), max(values)))
        for position, test in enumerate(IDEALS):
            known = [one for one in (ratios(values, counts)[test] for values in repeats) if one is not None]
            mean = float(np.mean(known)) if known else None
            low, high = (min(known), max(known)) if known else (None, None)
            curves.append(point(test, name, float(position), mean, low, high))
    return curves
