"""The findings of a run in sentences, computed from its numbers and no stronger than their intervals allow."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import comb
from typing import Any

import numpy as np
import numpy.typing as npt

from infoplane.encoders.names import is_control, network_of
from infoplane.results import paired
from infoplane.results.correlations import significant_pairs
from infoplane.results.headlines import BY_NAME, EMBEDDING_LABEL, EMBEDDING_NOISE, NAMES, PREDICTION_LABEL, Headline
from infoplane.results.quantity import Quantity
from infoplane.results.summary import Measurements

_MOST_PAIRS = 3
"""Correlations that are named at each stop; of others, their number."""
_MINUS = re.compile(r"(?<![\w-])-(?=\d)")


@dataclass(frozen=True)
class Finding:
    """One result in words."""

    title: str
    text: str


@dataclass(frozen=True)
class Evidence:
    """The measurements that findings are computed from.

    Args:
        measured: the contents of the metrics files.
        correlations: the contents of ``metrics/correlations.json``.
        noise_std: standard deviation of the noise of the headline compactness.
        influences: for each encoder what each sample adds to its bracket, (2, n), for paired comparisons; may be
            empty, then brackets are compared as they stand.
    """

    measured: Measurements
    correlations: Mapping[str, Mapping[str, Any]]
    noise_std: float
    influences: Mapping[str, npt.NDArray[np.float64]]

    @property
    def trained(self) -> list[str]:
        """The trained encoders: those that are not controls."""
        return [name for name in self.measured.encoders if not is_control(name)]

    @property
    def entropy(self) -> float | None:
        """H(Y) in nats over all images."""
        ceiling: float | None = self.measured.label[self.measured.encoders[0]][EMBEDDING_LABEL.name]["ceiling"]
        return ceiling


def findings(evidence: Evidence) -> list[Finding]:
    """Every finding that can be made from the run, the main ones first."""
    builders: Sequence[Callable[[Evidence], Finding | None]] = (
        _compactness,
        _label_information,
        _controls,
        _prediction,
        _shuffled,
        _two_bounds,
        _aa_mine,
        _correlations,
    )
    found = [finding for build in builders if (finding := build(evidence)) is not None]
    return [Finding(finding.title, _MINUS.sub("−", finding.text)) for finding in found]


def interval_text(low: float | None, high: float | None) -> str:
    """An interval as text: "3.56 to 5.05", "at least 3.56", "below 5.05" or "unknown"."""
    if low is None or high is None:
        return (
            "unknown"
            if low is None and high is None
            else f"at least {low:.2f}"
            if high is None
            else f"below {high:.2f}"
        )
    return f"{low:.2f} to {high:.2f}"


def joined(names: Sequence[str]) -> str:
    """Names joined as in a sentence: "A", "A and B", "A, B and C"."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _bracket_text(quantity: Quantity) -> str:
    """The bracket of a quantity, or its interval where it has no bracket, as text in nats."""
    if quantity["lower"] is not None and quantity["upper"] is not None:
        return interval_text(quantity["lower"], quantity["upper"])
    return interval_text(quantity["low"], quantity["high"])


def _measured(evidence: Evidence, names: Sequence[str], headline: Headline, key: str = "") -> dict[str, Quantity]:
    """A quantity of each encoder that does not depend on the stop; ``key`` names another of the same metrics file."""
    content: Mapping[str, Mapping[str, Any]] = getattr(evidence.measured, headline.part)
    key = key or headline.name
    return {name: content[name][key] for name in names if content[name].get(key, {}).get("nats") is not None}


def _compactness(evidence: Evidence) -> Finding | None:
    values = _measured(evidence, evidence.trained, EMBEDDING_NOISE)
    if not values:
        return None
    least = min(values, key=lambda name: float(values[name]["nats"]))
    text = f"At noise {evidence.noise_std:g}, {least} keeps {_bracket_text(values[least])} nats about its input"
    others = [name for name in values if name != least]
    if not others:
        return Finding("How compact the encoder is", f"{text}. One encoder: there is nothing to compare it with.")
    open_pairs = [name for name in others if not _is_below(evidence, values, least, name)]
    how = "paired over the same images and noise" if _paired(evidence, values) else "compared as they stand"
    clear = [name for name in others if name not in open_pairs]
    if not open_pairs:
        verdict = f"less than {joined(others)}; the brackets resolve the difference, {how}."
    elif not clear:
        verdict = (
            f"the least by its lower bound; not resolved: the bracket of {joined(open_pairs)} overlaps its own ({how})."
        )
    else:
        verdict = (
            f"less than {joined(clear)} (resolved, {how}); against {joined(open_pairs)} the order is not resolved."
        )
    return Finding("The most compact encoder", f"{text}, {verdict}")


def _paired(evidence: Evidence, names: Mapping[str, Any]) -> bool:
    return all(name in evidence.influences for name in names)


def _is_below(evidence: Evidence, values: Mapping[str, Quantity], least: str, other: str) -> bool:
    """Whether the samples show that ``least`` has a smaller I(X; Ê) than ``other``."""
    if _paired(evidence, values):
        pair = paired.difference(other, evidence.influences[other], least, evidence.influences[least])
        return pair.ci95[0] > 0
    high, low = values[least]["high"], values[other]["low"]
    return high is not None and low is not None and bool(high < low)


def _label_information(evidence: Evidence) -> Finding | None:
    values = _measured(evidence, evidence.trained, EMBEDDING_LABEL)
    entropy = evidence.entropy
    if not values or not entropy:
        return None
    ranked = sorted(values, key=lambda name: -float(values[name]["nats"]))
    shares = [f"{name} {values[name]['nats']:.2f} ({values[name]['nats'] / entropy:.0%})" for name in ranked]
    text = f"The label holds H(Y) = {entropy:.2f} nats. Shown to be in the embedding, at least: {joined(shares)}."
    if len(ranked) > 1:
        text += " These are lower bounds: what is not shown may still be there."
    above = [name for name in ranked if _is_above_ceiling(values[name])]
    if above:
        text += f" Of {joined(above)} the value lies above H(Y), which cannot be: see the warnings."
    return Finding("What the embeddings tell about the label", text)


def _is_above_ceiling(quantity: Quantity) -> bool:
    low = quantity["nats"] if quantity["low"] is None else quantity["low"]
    return quantity["ceiling"] is not None and bool(low > quantity["ceiling"])


def _controls(evidence: Evidence) -> Finding | None:
    controls = [name for name in evidence.measured.encoders if is_control(name)]
    label = _measured(evidence, evidence.measured.encoders, EMBEDDING_LABEL)
    entropy = evidence.entropy
    sentences = []
    for control in (name for name in controls if name in label):
        share = f" ({label[control]['nats'] / entropy:.0%} of H(Y))" if entropy else ""
        text = f"{control}, with random weights, already shows {label[control]['nats']:.2f} nats about the label{share}"
        twin = network_of(control)
        if twin in label:
            text += f", where its trained twin shows {label[twin]['nats']:.2f}"
        compact = _measured(evidence, [control, twin], EMBEDDING_NOISE) if twin in label else {}
        if len(compact) == 2:
            kept = f"{_bracket_text(compact[control])} nats, its twin {_bracket_text(compact[twin])}"
            text += f"; about its input it keeps {kept}"
        sentences.append(f"{text}. A linear classifier on it has {_accuracy(evidence, control)}.")
    return Finding("What an untrained network holds", " ".join(sentences)) if sentences else None


def _accuracy(evidence: Evidence, encoder: str) -> str:
    """The best accuracy of an encoder's classifier over the stops, as text."""
    scores, stops = evidence.measured.training[encoder], evidence.measured.stops
    accuracy, stop = max((scores[str(stop)]["test"]["accuracy"], stop) for stop in stops)
    where = (
        "on test images" if len(stops) == 1 else f"on test images at the best of its {len(stops)} stops, epoch {stop}"
    )
    return f"{accuracy:.1%} accuracy {where}"


def _prediction(evidence: Evidence) -> Finding | None:
    """Loss and I(P; Y) before and after the last part of training, which overfits."""
    stops = evidence.measured.stops
    if len(stops) < 2 or not evidence.trained:
        return None
    stages = [str(stop) for stop in stops[-2:]]
    loss = [[evidence.measured.training[e][stop]["test"]["loss"] for stop in stages] for e in evidence.trained]
    shown = [
        [evidence.measured.prediction[e][stop][PREDICTION_LABEL.name]["nats"] for stop in stages]
        for e in evidence.trained
    ]
    if any(value is None for row in (*loss, *shown) for value in row):
        return None
    text = f"Between epochs {stages[0]} and {stages[1]}, on test images, a loss of {_range_text(loss, 0)} nats becomes "
    text += f"{_range_text(loss, 1)}; of I(P; Y), {_range_text(shown, 0)} nats are shown before, "
    text += f"{_range_text(shown, 1)} after."
    if all(after > 1.5 * before for before, after in loss) and all(after > 0.9 * before for before, after in shown):
        text += " The loss punishes confidence in wrong answers; what the predictions tell about the label is not lost."
    return Finding("What overfitting does to the predictions", text)


def _range_text(pairs: Sequence[Sequence[float]], position: int) -> str:
    """The smallest and the largest value of one column, as text."""
    column = [pair[position] for pair in pairs]
    low, high = f"{min(column):.2f}", f"{max(column):.2f}"
    return low if low == high else f"{low} … {high}"


def _shuffled(evidence: Evidence) -> Finding | None:
    values = _measured(evidence, evidence.measured.encoders, EMBEDDING_LABEL, "shuffled")
    if not values:
        return None
    found = [float(value["nats"]) for value in values.values()]
    wrong = [name for name, value in values.items() if value["low"] is not None and value["low"] > 0]
    text = f"With the labels shuffled, MINE reports at most {max(found):.3f} nats, where the truth is 0"
    if wrong:
        return Finding("The control fails", f"{text}: more than its error allows for {joined(wrong)}.")
    return Finding("The control holds", f"{text}: nothing is invented beyond the error.")


def _two_bounds(evidence: Evidence) -> Finding | None:
    mine = _measured(evidence, evidence.trained, EMBEDDING_LABEL, "mine")
    probe = _measured(evidence, evidence.trained, EMBEDDING_LABEL, "probe")
    both = [name for name in mine if name in probe]
    if not both:
        return None
    gaps = {name: float(mine[name]["nats"]) - float(probe[name]["nats"]) for name in both}
    widest = max(gaps, key=lambda name: abs(gaps[name]))
    better = "MINE" if gaps[widest] > 0 else "the classifier bound"
    text = (
        f"MINE and the classifier bound are both lower bounds on I(E; Y). They differ by at most "
        f"{abs(gaps[widest]):.2f} nats ({widest}, where {better} shows more)."
    )
    return Finding("Two ways to the same number", text)


def _aa_mine(evidence: Evidence) -> Finding | None:
    critic = _measured(evidence, evidence.measured.encoders, EMBEDDING_NOISE, "aa_mine")
    bracket = _measured(evidence, list(critic), EMBEDDING_NOISE)
    shares = {
        name: float(critic[name]["nats"]) / value["lower"]
        for name, value in bracket.items()
        if value["lower"] is not None and value["lower"] > 0
    }
    if not shares:
        return None
    low, high = min(shares.values()), max(shares.values())
    reach = f"{low:.0%}" if f"{low:.0%}" == f"{high:.0%}" else f"{low:.0%} to {high:.0%}"
    text = f"AA-MINE, which has to learn what the bracket computes, reaches {reach} of the bracket's lower end."
    return Finding("The trained critic against the bracket", text)


def _correlations(evidence: Evidence) -> Finding | None:
    if not evidence.correlations:
        return None
    n = max(content["encoders"] for content in evidence.correlations.values())
    if n < 2:
        return Finding("Correlations", "Not defined: they need at least two trained encoders.")
    left_out = sorted({name for content in evidence.correlations.values() for name in content["left_out"]})
    text = f"Over {n} trained encoders"
    text += f" (left out: {joined(left_out)})" if left_out else ""
    if all(value is None for content in evidence.correlations.values() for value in _cells(content["low"])):
        return Finding("Correlations", f"{text}, too few for an interval: the values below say next to nothing.")
    sentences = [f"after {stop}: {_strongest(content)}" for stop, content in evidence.correlations.items()]
    text += f", the pairs whose interval excludes 0, by epochs: {'; '.join(sentences)}."
    return Finding(
        "Correlations", f"{text} Of the {comb(len(NAMES), 2)} pairs at each stop, one in twenty would do so by chance."
    )


def _strongest(content: Mapping[str, Any]) -> str:
    pairs = significant_pairs(content)
    texts = [
        f"{BY_NAME[row].symbol} and {BY_NAME[column].symbol} (r = {content['pearson'][row][column]:.2f}, 95 % "
        f"{interval_text(content['low'][row][column], content['high'][row][column])}, "
        f"p = {content['p'][row][column]:.2g})"
        for row, column in pairs[:_MOST_PAIRS]
    ]
    if len(pairs) > _MOST_PAIRS:
        texts.append(f"{len(pairs) - _MOST_PAIRS} more")
    return joined(texts) if texts else "none"


def _cells(table: Mapping[str, Mapping[str, float | None]]) -> list[float | None]:
    return [value for row in table.values() for value in row.values()]
