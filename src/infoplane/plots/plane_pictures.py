"""The figures of an information plane, with the words that go with them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from infoplane.plots import information_plane, style
from infoplane.plots.picture import Picture

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class Material:
    """What the figures of one network are drawn from.

    Args:
        table: the long table, columns seed, epoch, layer, estimator, i_x, i_y (nats).
        verdicts: the metrics of :class:`infoplane.plane.measure.Plane`.
    """

    table: pd.DataFrame
    verdicts: Mapping[str, Any]


def pictures(network: str, material: Material) -> list[Picture]:
    """The plane, its course over training, and the estimators' errors where exact values are known."""
    exact = _exact(material.verdicts)
    drawn = [
        _picture(
            network,
            "plane",
            f"Information plane of {network}",
            "Each line is one epoch and joins the layers, input first (numbers: the layers at the last epoch); dark is "
            "early, yellow late. Right: the layer knows more about the input; up: more about the label. Dotted: H(Y) "
            "and ln n, which nothing may pass. The first panels are computed; what the others show beyond that is the "
            "estimator's.",
            f"I(T; Y) against I(X; T) by layer and epoch. {exact}",
            material,
            information_plane.draw,
        ),
        _picture(
            network,
            "training",
            f"I(X; T) of {network} over training",
            "A line per layer; bands are 95 % over seeds, as far as they lie between 0 and ln n. A line that ends "
            "below its maximum has compressed, in the sense of the panel's own noise or bins.",
            f"I(X; T) of each layer against the epoch. {exact}",
            material,
            information_plane.draw_training,
        ),
    ]
    if material.verdicts["errors"]:
        drawn.append(
            _picture(
                network,
                "errors",
                f"Errors of the estimators on {network}",
                "A mark for each seed, epoch and layer: the estimate less the exact value, against the exact value.",
                f"Errors of I(X; T) and I(T; Y) against their exact values. {exact}",
                material,
                information_plane.draw_errors,
            )
        )
    return drawn


def _picture(
    network: str,
    stem: str,
    title: str,
    caption: str,
    alt: str,
    material: Material,
    draw: Callable[[str, pd.DataFrame, float, int, int], Figure],
) -> Picture:
    def svg(columns: int) -> str:
        verdicts = material.verdicts
        return style.to_svg(draw(network, material.table, verdicts["label_entropy"], verdicts["n"], columns))

    return Picture(f"information_plane/{network}/{stem}", title, caption, alt, svg(2), svg(1))


def _exact(verdicts: Mapping[str, Any]) -> str:
    for key in ("exact", "lower"):
        if key in verdicts["compression"]:
            falls = [f"layer {layer} {fall['fall']:.2f}" for layer, fall in verdicts["compression"][key].items()]
            name = information_plane.TITLES[key].lower()
            return f"Fall of I(X; T) to the end, {name}, in nats: {', '.join(falls)}."
    return f"Accuracy {verdicts['accuracy']:.1%}."
