"""The classifier bound: I(X; Y) >= H(Y) - cross-entropy of any classifier on samples that it never saw."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from infoplane.common.aliases import Array
from infoplane.critics import bounds, crossfit
from infoplane.critics.networks import ClassScores, CriticOptions
from infoplane.critics.objectives import Objective
from infoplane.critics.training import Bank, Block
from infoplane.estimators.checked import checked
from infoplane.results.estimate import Estimate

_TEMPERATURES = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.1, 1.25, 1.5, 2.0)
_PSEUDO_COUNTS = (1.0, 3.0, 10.0, 30.0, 100.0, 300.0)


@dataclass(frozen=True)
class Outputs:
    """A classifier's outputs on n samples, shape (n, K), and their labels, shape (n,)."""

    scores: Array
    labels: Array


@dataclass(frozen=True)
class Calibration:
    """q = (1 - share) softmax(temperature * outputs) + share * prior: never zero, whatever class comes."""

    temperature: float
    share: float

    def log_likelihood(self, outputs: Outputs, prior: Array) -> Array:
        """log q of each sample's label, shape (n,), in nats."""
        scaled = self.temperature * outputs.scores
        scaled = scaled - scaled.max(axis=1, keepdims=True)
        own = scaled[np.arange(len(scaled)), outputs.labels]
        softmax = np.exp(own) / np.exp(scaled).sum(axis=1)
        result: Array = np.log((1.0 - self.share) * softmax + self.share * prior[outputs.labels])
        return result


def probe(
    x: npt.ArrayLike,
    labels: npt.ArrayLike,
    *,
    seed: int = 0,
    options: CriticOptions | None = None,
    groups: npt.ArrayLike | None = None,
) -> Estimate:
    """H(Y) - cross-entropy of a classifier on held-out samples: a lower bound on I(X; Y).

    Cross-fitted. On the selection part the classifier's temperature is set and its posterior is mixed with the fit
    part's class shares (add-one), so that a class unseen in fitting costs a finite amount. H(Y) is the plug-in
    entropy, which is too small in expectation: the bound stays one.

    Args:
        x: samples, shape (n, dx).
        labels: class labels, shape (n,), integers or booleans, any number of classes.
        seed: root of all random streams.
        options: the classifier and its training.
        groups: integers or strings, shape (n,): rows of one group stay in one part, and groups count as independent.

    Returns:
        The bound in nats, kind "lower_bound", ceiling H(Y); its interval has no upper end. The standard error includes
        that of the class shares in H(Y), whose influence is -ln p(y).

    Raises:
        ValueError: unpaired or unusable arrays, or too few samples.

    Source: Barber & Agakov 2003; McAllester & Stratos 2020, section 4.
    """
    options = options or CriticOptions()
    data = checked("probe", x, labels, seed, is_labels=True, groups=groups)
    if data.trivial:
        return data.nothing()
    classes = int(data.z.max()) + 1
    critic = ClassScores(data.x.shape[1], classes, options.hidden)
    bank = Bank(critic, Objective("cross_entropy"), _outputs, _mean_log_likelihood, options)
    parts = data.parts(options)
    frequency = np.log(np.bincount(data.z) / len(data.z))
    entropy = -frequency[data.z]

    def report(result: crossfit.Held[Outputs]) -> bounds.Bound:
        prior = (np.bincount(data.z[result.parts.fit], minlength=classes) + 1.0) / (len(result.parts.fit) + classes)
        calibration = calibrate(result.trained.selection, prior, len(result.parts.fit))
        gain = calibration.log_likelihood(result.summary, prior) + entropy[result.parts.report]
        return bounds.Bound(float(np.mean(gain)), gain - np.mean(gain))

    results = crossfit.run(bank, parts, data.scaled, report, seed)
    mean_entropy = float(np.mean(entropy))
    return data.from_folds(results, ceiling=mean_entropy, pointwise=True, **_as_information(results, mean_entropy))


def _as_information(results: Sequence[crossfit.FoldResult[Outputs]], entropy: float) -> dict[str, Any]:
    """The selection value and the learning curves as H(Y) - cross-entropy, comparable with the reported bound."""
    curves = []
    for result in results:
        curve = result.trained.curve
        values = {name: [value + entropy for value in curve[name]] for name in ("selection", "train")}
        curves.append(curve | values)
    return {"selection": entropy + float(np.mean([result.trained.value for result in results])), "curves": curves}


def calibrate(selection: Outputs, prior: Array, fitted: int) -> Calibration:
    """Temperature and share of the prior with the largest likelihood on the selection part.

    Args:
        selection: the classifier's outputs there.
        prior: class shares, positive, shape (K,).
        fitted: size of the fit part; the share is m / (fitted + m) for pseudo-counts m of at least 1.
    """
    candidates = [Calibration(t, m / (fitted + m)) for t in _TEMPERATURES for m in _PSEUDO_COUNTS]
    gains = [float(np.mean(candidate.log_likelihood(selection, prior))) for candidate in candidates]
    return candidates[int(np.argmax(gains))]


def _outputs(blocks: Iterable[Block]) -> Outputs:
    scores, labels = zip(*((block.raw[0], block.z) for block in blocks), strict=True)
    return Outputs(np.concatenate(scores).astype(np.float64), np.concatenate(labels))


def _mean_log_likelihood(outputs: Outputs) -> float:
    plain = Calibration(1.0, 0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        return float(np.mean(plain.log_likelihood(outputs, np.ones(outputs.scores.shape[1]))))
