"""The part of the report about the small networks of the information plane."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from infoplane.common.aliases import Z95
from infoplane.plots.picture import Picture
from infoplane.report.sections import Line, Section, Table
from infoplane.report.warning_list import Entry
from infoplane.results.findings import Finding
from infoplane.results.numbers import counted, joined, number_text, percent_text

_ESTIMATORS = {
    "exact": "exact, fixed noise",
    "exact_relative": "exact, noise in the layer's scale",
    "lower": "lower bound",
    "upper": "upper bound",
    "binning_fixed": "bins fixed on [−1, 1]",
    "binning_adaptive": "adaptive bins",
    "critics": "AA-MINE and MINE",
    "kde": "KDE (KL form)",
    "kde_lower": "KDE (Bhattacharyya form)",
    "mine_noiseless": "MINE without noise",
}
_ERRORS_OF_A_FALL = 3.0
_LEAST_FALL = 0.01


def plane_section(
    metrics: Mapping[str, Mapping[str, Any]], pictures: Mapping[str, Sequence[Picture]]
) -> Section | None:
    """The information plane of the small networks; None where none was run.

    Args:
        metrics: for each network the contents of ``metrics/information_plane/<network>.json``.
        pictures: for each network its figures.
    """
    if not metrics:
        return None
    lead = (
        "A companion of this run, not about its data: small networks on all patterns of twelve bits, so that the "
        "information of each layer, through a known noise, is computed, not estimated, and the estimators can be held "
        f"against it. Networks: {joined(list(metrics))}."
    )
    return Section(
        "information-plane",
        "The information plane of small networks",
        lead,
        findings=[_compression(name, content) for name, content in metrics.items()],
        tables=[_falls(name, content) for name, content in metrics.items()],
        pictures=[picture for own in pictures.values() for picture in own if picture.stem in ("plane", "training")],
        warnings=[
            Entry("information plane", name, "", text)
            for name, content in metrics.items()
            for text in content["warnings"]
        ],
    )


def _is_clear(fall: Mapping[str, float]) -> bool:
    """Whether a fall is more than the error of a maximum over epochs allows for."""
    return fall["fall"] > _LEAST_FALL and fall["fall"] > _ERRORS_OF_A_FALL * (fall["se"] or 0.0)


def _compression(name: str, content: Mapping[str, Any]) -> Finding:
    sentences = [f"Accuracy {percent_text(content['accuracy'], 1)}."]
    for key in ("exact", "exact_relative", "lower"):
        if key in content["compression"]:
            falls = content["compression"][key]
            layers = [layer for layer, fall in falls.items() if _is_clear(fall)]
            where = f"layer{'' if len(layers) == 1 else 's'} {', '.join(layers)}" if layers else "no layer"
            most = max((falls[layer]["fall"] for layer in layers), default=0.0)
            size = f", by up to {number_text(most)} nats" if layers else ""
            sentences.append(f"With {_ESTIMATORS[key]}: I(X; T) falls beyond three standard errors in {where}{size}.")
    broken = {key: count for key, count in content["violations"].items() if count}
    if broken:
        times = joined([f"{_ESTIMATORS.get(key, key)} ({counted(count, 'time')})" for key, count in broken.items()])
        sentences.append(f"Inequalities that must hold are broken by {times}.")
    else:
        sentences.append("No estimator breaks an inequality that must hold.")
    return Finding(f"Does {name} compress?", " ".join(sentences))


def _falls(name: str, content: Mapping[str, Any]) -> Table:
    rows = [
        Line(
            label,
            [
                (f"layer {layer}", f"{number_text(fall['fall'])} ± {number_text(Z95 * (fall['se'] or 0.0))}")
                for layer, fall in falls.items()
            ],
        )
        for key, label in _ESTIMATORS.items()
        if (falls := content["compression"].get(key))
    ]
    caption = f"{name}: fall of I(X; T) from its maximum over training to the end, in nats, mean over seeds."
    return Table(caption, rows, first="estimator")
