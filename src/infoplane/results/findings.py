"""The findings of a run in sentences, computed from its numbers and no stronger than their intervals allow.

A finding is left out where its numbers say nothing: values that are missing, or that read the same before and after.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import comb
from typing import Any

import numpy as np
import numpy.typing as npt

from infoplane.encoders.names import is_control, network_of
from infoplane.results import paired
from infoplane.results.correlations import MIN_ENCODERS_FOR_INTERVAL, significant_pairs
from infoplane.results.numbers import (
    accuracy_text,
    counted,
    interval_text,
    joined,
    number_text,
    percent_text,
    range_text,
    significant_text,
)
from infoplane.results.quantity import Quantity
from infoplane.results.summary import Measurements
from infoplane.results.summary_quantities import (
    BY_NAME,
    EMBEDDING_LABEL,
    EMBEDDING_NOISE,
    NAMES,
    PREDICTION_LABEL,
    SummaryQuantity,
)

_MOST_PAIRS = 3
"""Correlations that are named at each stop; of others, their number."""
_LEAST_NATS = 0.005
"""Less than this reads as 0.00."""


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
        overfit_factor: by how much the learning rate of the last leg of training is multiplied.
    """

    measured: Measurements
    correlations: Mapping[str, Mapping[str, Any]]
    noise_std: float
    influences: Mapping[str, npt.NDArray[np.float64]]
    overfit_factor: float = 1.0

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
        _last_leg,
        _shuffled,
        _two_bounds,
        _aa_mine,
        _correlations,
    )
    return [finding for build in builders if (finding := build(evidence)) is not None]


def _bracket_text(quantity: Quantity) -> str:
    """The bracket of a quantity, or its interval where it has no bracket, as text in nats."""
    if quantity["lower"] is not None and quantity["upper"] is not None:
        return interval_text(quantity["lower"], quantity["upper"])
    if quantity["low"] is None and quantity["high"] is None:
        return number_text(quantity["nats"])
    return interval_text(quantity["low"], quantity["high"])


def _measured(evidence: Evidence, names: Sequence[str], which: SummaryQuantity, key: str = "") -> dict[str, Quantity]:
    """A quantity of each encoder that does not depend on the stop; ``key`` names another of the same metrics file."""
    content: Mapping[str, Mapping[str, Any]] = getattr(evidence.measured, which.part)
    key = key or which.name
    return {name: content[name][key] for name in names if content[name].get(key, {}).get("nats") is not None}


def _compactness(evidence: Evidence) -> Finding | None:
    """Which encoder keeps least about its input, where the brackets show it."""
    values = _measured(evidence, evidence.trained, EMBEDDING_NOISE)
    if not values:
        return None
    least = min(values, key=lambda name: float(values[name]["nats"]))
    text = f"At noise {evidence.noise_std:g}, {least} keeps {_bracket_text(values[least])} nats about its input"
    others = [name for name in values if name != least]
    if not others:
        return Finding("How compact the encoder is", f"{text}.")
    above = [name for name in others if _is_below(evidence, values, least, name)]
    equal = [name for name in others if name not in above]
    if not above:
        kept = [f"{name} {_bracket_text(values[name])}" for name in values]
        text = f"At noise {evidence.noise_std:g} the nats kept about the input are: {joined(kept)}"
        return Finding("How compact the encoders are", f"{text}. No encoder is resolved as the most compact.")
    how = "paired over the same images and noise" if _paired(evidence, values) else "their intervals do not overlap"
    if not equal:
        return Finding("The most compact encoder", f"{text}, less than {joined(above)} (resolved, {how}).")
    text = f"{text}, less than {joined(above)} (resolved, {how}); against {joined(equal)} the order is not resolved."
    return Finding("How compact the encoders are", text)


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
    """What share of H(Y) is shown to be in each embedding; lower bounds, so no order of the encoders."""
    values = _measured(evidence, evidence.trained, EMBEDDING_LABEL)
    entropy = evidence.entropy
    if not values or not entropy:
        return None
    text = f"The label holds H(Y) = {number_text(entropy)} nats."
    some = [name for name in values if _is_above_zero(values[name])]
    if some:
        shares = [f"{name} {_with_share(values[name], entropy)}" for name in some]
        text += f" Shown to be in the embedding, at least: {joined(shares)}."
    none = [name for name in values if name not in some]
    if none:
        text += f" Of {joined(none)} no information about the label is shown."
    if some:
        more = ", so they give no order of the encoders" if len(values) > 1 else ""
        text += f" {'These are lower bounds' if len(some) > 1 else 'This is a lower bound'}{more}: what is not shown "
        text += "may still be there."
    above = [name for name in some if _is_above_ceiling(values[name])]
    if above:
        text += f" Of {joined(above)} the value lies above H(Y), which cannot be: see the warnings."
    return Finding("What the embeddings tell about the label", text)


def _with_share(value: Quantity, entropy: float | None) -> str:
    share = f" ({percent_text(value['nats'] / entropy)})" if entropy else ""
    return f"{number_text(value['nats'])} nats{share}"


def _low(value: Quantity) -> float:
    """The low end of the 95 % interval; the value where there is none."""
    return float(value["nats"] if value["low"] is None else value["low"])


def _is_above_zero(value: Quantity) -> bool:
    """Whether some information is shown: the interval lies above 0, and the value does not read as 0.00."""
    return _low(value) > 0 and bool(value["nats"] >= _LEAST_NATS)


def _is_above_ceiling(value: Quantity) -> bool:
    return value["ceiling"] is not None and bool(_low(value) > value["ceiling"])


def _controls(evidence: Evidence) -> Finding | None:
    """What networks with random weights hold, beside their trained twins."""
    label = _measured(evidence, evidence.measured.encoders, EMBEDDING_LABEL)
    controls = [name for name in evidence.measured.encoders if is_control(name) and name in label]
    sentences = []
    for control in controls:
        twin = network_of(control)
        if _is_above_zero(label[control]):
            text = f"Of {control}, with random weights, {_with_share(label[control], evidence.entropy)} about the "
            text += "label are shown, at least"
        else:
            text = f"Of {control}, with random weights, no information about the label is shown"
        if twin in label and _is_above_zero(label[twin]):
            text += f"; of its trained twin {number_text(label[twin]['nats'])}"
        compact = _measured(evidence, [control, twin], EMBEDDING_NOISE) if twin in label else {}
        if len(compact) == 2:
            text += f". About its input it keeps {_bracket_text(compact[control])} nats, its twin "
            text += _bracket_text(compact[twin])
        sentences.append(f"{text}. A linear classifier on it has {_best_accuracy(evidence, control)}.")
    return Finding("What an untrained network holds", " ".join(sentences)) if sentences else None


def _best_accuracy(evidence: Evidence, encoder: str) -> str:
    """The best accuracy of an encoder's classifier over the stops, as text."""
    scores, stops = evidence.measured.training[encoder], evidence.measured.stops
    accuracy, stop = max((scores[str(stop)]["test"]["accuracy"], stop) for stop in stops)
    if len(stops) > 1:
        return f"a test accuracy of {percent_text(accuracy, 1)} at the best of its {len(stops)} stops, epoch {stop}"
    n = evidence.measured.prediction[encoder][str(stop)][PREDICTION_LABEL.name]["n"]
    return f"a test accuracy of {accuracy_text(accuracy, n)}"


def _last_leg(evidence: Evidence) -> Finding | None:
    """Loss and I(P; Y) at the last two stops; what overfitting does, where the loss shows that it is that."""
    measured, stops = evidence.measured, evidence.measured.stops
    if len(stops) < 2 or not evidence.trained:
        return None
    before, after = str(stops[-2]), str(stops[-1])
    scores = [measured.training[encoder] for encoder in evidence.trained]
    loss = [[score[stop]["test"]["loss"] for stop in (before, after)] for score in scores]
    known = [
        [measured.prediction[encoder][stop][PREDICTION_LABEL.name]["nats"] for stop in (before, after)]
        for encoder in evidence.trained
    ]
    if any(value is None for row in (*loss, *known) for value in row):
        return None
    losses = [range_text(column) for column in zip(*loss, strict=True)]
    bounds = [range_text(max(value, 0.0) for value in column) for column in zip(*known, strict=True)]
    if losses[0] == losses[1] and bounds[0] == bounds[1]:
        return None
    text = f"At epoch {before} the test loss is {losses[0]} nats, and of I(P; Y) at least {bounds[0]} nats are shown; "
    text += f"at epoch {after} the loss is {losses[1]}, and at least {bounds[1]} are shown."
    rises = all(later > 1.5 * earlier for earlier, later in loss)
    if rises and all(later > 0.9 * earlier > 0 for earlier, later in known):
        text += " The loss punishes confidence in wrong answers; what the predictions tell about the label stays."
    was_trained = all("train" in score[after] for score in scores)
    if was_trained and evidence.overfit_factor != 1:
        text += f" From epoch {stops[-2] + 1} on the learning rate is {evidence.overfit_factor:g} times that of before."
    title = "What overfitting does to the predictions" if rises else "What the last leg of training changes"
    return Finding(title, text)


def _shuffled(evidence: Evidence) -> Finding | None:
    """Whether MINE finds information in shuffled labels."""
    values = _measured(evidence, evidence.measured.encoders, EMBEDDING_LABEL, "shuffled")
    if not values:
        return None
    wrong = [name for name, value in values.items() if value["low"] is not None and value["low"] > 0]
    if wrong:
        found = [f"{number_text(values[name]['nats'], 3)} nats for {name}" for name in wrong]
        text = f"With the labels shuffled, the information is 0; MINE reports {joined(found)}, more than its error "
        return Finding("The control fails", f"{text}allows.")
    text = "With the labels shuffled, the information is 0; MINE reports at most "
    text += f"{number_text(max(float(value['nats']) for value in values.values()), 3)} nats, within its error."
    return Finding("The control holds", text)


def _two_bounds(evidence: Evidence) -> Finding | None:
    """How far MINE and the classifier bound are apart, and which shows more where their intervals tell."""
    mine = _measured(evidence, evidence.trained, EMBEDDING_LABEL, "mine")
    probe = _measured(evidence, evidence.trained, EMBEDDING_LABEL, "probe")
    both = [name for name in mine if name in probe]
    if not both:
        return None
    gaps = {name: float(mine[name]["nats"]) - float(probe[name]["nats"]) for name in both}
    widest = max(gaps, key=lambda name: abs(gaps[name]))
    text = "MINE and the classifier bound are both lower bounds on I(E; Y). "
    if abs(gaps[widest]) < _LEAST_NATS:
        return Finding("Two bounds on the same information", f"{text}They agree to {_LEAST_NATS:g} nats.")
    text += f"They differ by at most {number_text(abs(gaps[widest]))} nats ({widest}"
    if abs(gaps[widest]) > sum(float(value["nats"]) - _low(value) for value in (mine[widest], probe[widest])):
        text += f", where {'MINE' if gaps[widest] > 0 else 'the classifier bound'} shows more"
    else:
        text += ", within their intervals"
    return Finding("Two bounds on the same information", f"{text}).")


def _aa_mine(evidence: Evidence) -> Finding | None:
    """How much of the bracket's lower end the critic reaches."""
    critic = _measured(evidence, evidence.measured.encoders, EMBEDDING_NOISE, "aa_mine")
    bracket = _measured(evidence, list(critic), EMBEDDING_NOISE)
    shares = [
        max(float(critic[name]["nats"]), 0.0) / value["lower"]
        for name, value in bracket.items()
        if value["lower"] is not None and value["lower"] >= _LEAST_NATS
    ]
    if not shares:
        return None
    text = "AA-MINE, which has to learn what the bracket computes, reaches "
    return Finding(
        "The trained critic against the bracket",
        f"{text}{range_text(shares, percent_text)} of the bracket's lower end.",
    )


def _correlations(evidence: Evidence) -> Finding | None:
    """The pairs of quantities whose correlation is resolved; below five encoders, that there are too few."""
    if not evidence.correlations:
        return None
    n = max(content["encoders"] for content in evidence.correlations.values())
    if n < MIN_ENCODERS_FOR_INTERVAL:
        text = f"{counted(n, 'trained encoder')}: too few for correlations, which need {MIN_ENCODERS_FOR_INTERVAL}."
        return Finding("Correlations", text)
    left_out = sorted({name for content in evidence.correlations.values() for name in content["left_out"]})
    text = f"Over {n} trained encoders" + (f" (left out: {joined(left_out)})" if left_out else "")
    pairs = {stop: _strongest(content) for stop, content in evidence.correlations.items()}
    if not any(pairs.values()):
        return Finding("Correlations", f"{text}, no pair of quantities has a correlation whose interval excludes 0.")
    found = "; ".join(f"after {stop}: {joined(texts) if texts else 'none'}" for stop, texts in pairs.items())
    text += f", the pairs whose interval excludes 0, by epochs: {found}."
    return Finding(
        "Correlations", f"{text} Of the {comb(len(NAMES), 2)} pairs at each stop, one in twenty would do so by chance."
    )


def _strongest(content: Mapping[str, Any]) -> list[str]:
    pairs = significant_pairs(content)
    texts = [
        f"{BY_NAME[row].symbol} and {BY_NAME[column].symbol} (r = {number_text(content['pearson'][row][column])}, 95 % "
        f"{range_text(content[end][row][column] for end in ('low', 'high'))}, "
        f"p = {significant_text(content['p'][row][column])})"
        for row, column in pairs[:_MOST_PAIRS]
    ]
    if len(pairs) > _MOST_PAIRS:
        texts.append(f"{len(pairs) - _MOST_PAIRS} more")
    return texts
