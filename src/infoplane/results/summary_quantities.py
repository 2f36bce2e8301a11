"""The quantities of the summary: for each its key in the files, where it is measured, and its title.

A new quantity is one entry of ``QUANTITIES``, and the stage that measures it writes it under the entry's ``name``, as
text, so that a changed title measures nothing again. Summary, tables, correlations and figures take the list from here;
the report's first tables show a choice of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Part = Literal["training", "noise", "label", "prediction"]


@dataclass(frozen=True)
class SummaryQuantity:
    """One quantity of ``metrics/summary.json``."""

    name: str
    """Its key in the metrics files and in the summary."""
    symbol: str
    """Its short name in sentences and tables."""
    title: str
    """Its long name in figures."""
    unit: Literal["share", "nats"]
    part: Part
    """The measurement that holds it: an attribute of ``results.summary.Measurements``."""

    @property
    def is_information(self) -> bool:
        """Whether it is a mutual information, with an interval, rather than a score of the classifier."""
        return self.part != "training"

    @property
    def depends_on_stop(self) -> bool:
        """Whether it depends on when the classifier was stopped."""
        return self.part in ("training", "prediction")

    @property
    def is_about_label(self) -> bool:
        """Whether it is information about the label, which H(Y) bounds."""
        return self.part in ("label", "prediction")

    @property
    def axis(self) -> str:
        """Title and unit."""
        return self.title if self.unit == "share" else f"{self.title}, nats"


ACCURACY = SummaryQuantity("accuracy", "accuracy", "Accuracy (test)", "share", "training")
LOSS = SummaryQuantity("loss", "loss", "Loss (cross-entropy, test)", "nats", "training")
EMBEDDING_LABEL = SummaryQuantity("embedding_label", "I(E; Y)", "I(E; Y), label information", "nats", "label")
PREDICTION_LABEL = SummaryQuantity(
    "prediction_label", "I(P; Y)", "I(P; Y), prediction information", "nats", "prediction"
)
EMBEDDING_NOISE = SummaryQuantity("embedding_noise", "I(X; Ê)", "I(X; Ê), compactness", "nats", "noise")

QUANTITIES = (ACCURACY, LOSS, EMBEDDING_NOISE, PREDICTION_LABEL, EMBEDDING_LABEL)
"""In the order in which tables and figures show them, that of the term paper's tables."""

NAMES = tuple(headline.name for headline in QUANTITIES)
INFORMATIONS = tuple(headline for headline in QUANTITIES if headline.is_information)
BY_NAME = {headline.name: headline for headline in QUANTITIES}

_METHODS = {
    "aa_mine": "AA-MINE",
    "mine": "MINE",
    "probe": "the classifier bound",
    "nearest_neighbours": "nearest neighbours",
}


def measured_name(part: Part, key: str) -> str:
    """What a key of a metrics file stands for, in words: ``("prediction", "mine")`` is "I(P; Y) by MINE"."""
    symbol = next(quantity.symbol for quantity in QUANTITIES if quantity.part == part)
    if key in BY_NAME:
        return BY_NAME[key].symbol
    if key == "noise_curve":
        return f"{symbol} at other noise"
    if key == "shuffled":
        return "the control with shuffled labels"
    return f"{symbol} by {_METHODS.get(key, key)}"
