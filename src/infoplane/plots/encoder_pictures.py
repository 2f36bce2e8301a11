"""The figures of the encoders, each in a wide and a narrow form, with the words that go with them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from infoplane.plots import correlation, critics, noise, quantities, style, training
from infoplane.plots.picture import Picture
from infoplane.results.correlations import MIN_ENCODERS_FOR_INTERVAL
from infoplane.results.numbers import number_text, range_text
from infoplane.results.summary import Measurements
from infoplane.results.summary_quantities import ACCURACY, EMBEDDING_LABEL, EMBEDDING_NOISE, INFORMATIONS, QUANTITIES

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class Material:
    """What the figures of the encoders are drawn from.

    Args:
        measured: the contents of the metrics files.
        correlations: the contents of ``metrics/correlations.json``.
        quantities: columns encoder, stop, quantity, value, low, high.
        noise_curve: columns encoder, noise_std, lower, upper (nats), n.
        training: columns encoder, epoch, split, loss (nats), accuracy.
        critics: for each encoder its critics' learning curves: columns quantity, stop, fold, step, train, selection.
        noise_std: standard deviation of the noise of the headline compactness.
        overfit_factor: by how much the learning rate of the last leg was multiplied; None where nothing was trained.
    """

    measured: Measurements
    correlations: Mapping[str, Mapping[str, Any]]
    quantities: pd.DataFrame
    noise_curve: pd.DataFrame
    training: pd.DataFrame
    critics: Mapping[str, pd.DataFrame]
    noise_std: float
    overfit_factor: float | None


def comparisons(material: Material) -> list[Picture]:
    """The figures that compare the encoders."""
    drawn = [draw(material) for draw in COMPARISONS]
    return [picture for picture in drawn if picture is not None]


def learning_curves(material: Material) -> list[Picture]:
    """For each encoder the learning curves of its critics."""
    return [_critics(material, encoder) for encoder in material.measured.encoders]


def _picture(name: str, title: str, caption: str, alt: str, draw: Callable[[int], Figure]) -> Picture:
    return Picture(name, title, caption, alt, style.to_svg(draw(2)), style.to_svg(draw(1)))


def _quantities(material: Material) -> Picture:
    measured = material.measured
    table = material.quantities
    entropy = measured.label[measured.encoders[0]][EMBEDDING_LABEL.name]["ceiling"]
    last = table[table["stop"] == measured.stops[-1]]
    parts = [f"{headline.title} {_extremes(last[last['quantity'] == headline.name])}" for headline in QUANTITIES]
    return _picture(
        "quantities",
        "The quantities",
        "Marks: what was measured; for an information, the nats that have been shown (a lower bound). The thin line "
        "through a mark spans what is not excluded: the bracket with its 95 % limits. Dotted: H(Y), the most that "
        "anything can tell about the label. Hollow marks, dashed lines: untrained controls.",
        f"A chart of each against the classifier's stop. At the last stop, smallest and largest: {'; '.join(parts)}.",
        lambda columns: quantities.draw(table, measured.encoders, measured.stops, entropy, columns),
    )


def _extremes(rows: pd.DataFrame) -> str:
    known = rows.dropna(subset=["value"]).sort_values("value")
    if known.empty:
        return "not measured"
    least, most = known.iloc[0], known.iloc[-1]
    if len(known) == 1:
        return f"{least['value']:.3g} ({least['encoder']})"
    return f"{least['value']:.3g} ({least['encoder']}) and {most['value']:.3g} ({most['encoder']})"


def _noise(material: Material) -> Picture:
    table = material.noise_curve
    headline = {e: material.measured.noise[e][EMBEDDING_NOISE.name] for e in material.measured.encoders}
    rows = [
        f"{encoder} {range_text((value['lower'], value['upper']))}"
        for encoder, value in headline.items()
        if value["lower"] is not None and value["upper"] is not None
    ]
    return _picture(
        "noise",
        "Compactness against the noise",
        "Curves: how many nats an embedding keeps about its input when Gaussian noise is added, between a lower and an "
        "upper bound. With little noise every image stands alone, and n samples cannot tell more than ln n (dotted): "
        "the band opens. Where it is closed, the value is known. Ranges: the bracket at one noise (the dashed vertical "
        "line of the curves); encoders whose ranges do not overlap can be told apart. Smaller is more compact.",
        f"Bracket of I(X; Ê) against the noise, and at noise {material.noise_std:g} in nats: {', '.join(rows)}.",
        lambda columns: noise.draw(table, material.measured, material.noise_std, columns),
    )


def _training(material: Material) -> Picture:
    measured = material.measured
    table = material.training
    last = table[(table["split"] == "test") & (table["epoch"] == measured.stops[-1])]
    shaded = ""
    if len(measured.stops) > 1 and material.overfit_factor not in (None, 1):
        shaded = f" Shaded: the last leg, at {material.overfit_factor:g} times the learning rate, to overfit."
    return _picture(
        "training",
        "Training of the classifiers",
        "One dense layer on the frozen embeddings, at every epoch, on images that it never saw (test) and on those "
        f"that it learns from (training). Dotted lines: the epochs at which it was kept.{shaded}",
        "Accuracy and loss against the epoch. Test accuracy at the end, smallest and largest: "
        f"{_extremes(last.rename(columns={'accuracy': 'value'}))}.",
        lambda columns: training.draw(table, measured.encoders, measured.stops, material.overfit_factor, columns),
    )


def _correlation(material: Material) -> Picture | None:
    if all(content["encoders"] < MIN_ENCODERS_FOR_INTERVAL for content in material.correlations.values()):
        return None  # of two encoders r is 1 or -1 whatever they are, and of four it says next to nothing
    counts = {content["encoders"] for content in material.correlations.values()}
    cells = [
        f"at stop {stop} accuracy and {other.symbol} {number_text(content['pearson'][ACCURACY.name][other.name])}"
        for stop, content in material.correlations.items()
        for other in INFORMATIONS
    ]
    return _picture(
        "correlations",
        "Which quantities go together",
        f"Pearson's r over {range_text(counts, str)} trained encoders (untrained controls are left out), in brackets "
        "its 95 % interval (Fisher). An interval that includes 0 leaves the sign open. Hatched: not defined.",
        f"Heat maps of correlations over encoders: {'; '.join(cells)}.",
        lambda columns: correlation.draw(material.correlations, columns),
    )


def _critics(material: Material, encoder: str) -> Picture:
    curves = material.critics[encoder]
    ends = [
        f"{critics.title(name, stop)} {number_text(rows['selection'].iloc[-1])}"
        for name, stop, rows in critics.panels(curves)
    ]
    return _picture(
        f"critics-{encoder}",
        f"Critics of {encoder}",
        "A critic has converged when the curve on the part that chooses when to stop is flat or past its peak. The gap "
        "to the part it is fitted on is over-fitting, which the reported value (diamond, with 95 % interval), from "
        "rows that neither saw, does not share.",
        f"Learning curves of the critics; values on the choosing part at the end, in nats: {', '.join(ends)}.",
        lambda columns: critics.draw(curves, material.measured, encoder, columns),
    )


COMPARISONS: tuple[Callable[[Material], Picture | None], ...] = (_quantities, _noise, _training, _correlation)
"""The figures that compare the encoders, in their order on the page; None where there is nothing to show."""
