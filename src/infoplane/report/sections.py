"""Parts of the report that do not belong to one encoder: the information plane, the calibration."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from infoplane.calibration.scores import overall
from infoplane.common.aliases import Z95
from infoplane.plots.picture import Picture
from infoplane.results.findings import Finding

MISSING = "–"
"""Where a value is not known."""
_FALLS = {
    "exact": "exact, fixed noise",
    "exact_relative": "exact, noise in the layer's scale",
    "lower": "lower bound",
    "upper": "upper bound",
    "binning_fixed": "bins fixed on [−1, 1]",
    "binning_adaptive": "adaptive bins",
    "critics": "AA-MINE",
    "kde": "KDE (KL form)",
}
_ERRORS_OF_A_FALL = 3.0


@dataclass(frozen=True)
class Line:
    """One row of a table: its name, and its cells as (column, text)."""

    name: str
    cells: Sequence[tuple[str, str]]
    control: bool = False


@dataclass(frozen=True)
class Table:
    """A table with its caption and the heading of its first column."""

    caption: str
    rows: Sequence[Line]
    first: str = "method"


@dataclass(frozen=True)
class Section:
    """One part of the report: what it says, its tables, its figures and the figures that are folded away."""

    title: str
    lead: str
    findings: Sequence[Finding] = ()
    tables: Sequence[Table] = ()
    pictures: Sequence[Picture] = ()
    folded: Sequence[Picture] = ()
    warnings: Sequence[str] = field(default=())


def plane_section(metrics: Mapping[str, Mapping[str, Any]], pictures: Mapping[str, Sequence[Picture]]) -> Section:
    """The information plane of the small networks.

    Args:
        metrics: for each network the contents of ``metrics/information_plane/<network>.json``.
        pictures: for each network its figures; the plane is shown, its course over training folded away.
    """
    lead = (
        "Small networks on all patterns of twelve bits, so that the information of each layer, through a known noise, "
        "is computed, not estimated; the estimators of the debate stand beside it. Does a layer learn, then forget?"
    )
    return Section(
        "The information plane",
        lead,
        findings=[_compression(name, content) for name, content in metrics.items()],
        tables=[_falls(name, content) for name, content in metrics.items()],
        pictures=[picture for own in pictures.values() for picture in own if picture.stem == "plane"],
        folded=[picture for own in pictures.values() for picture in own if picture.stem == "training"],
        warnings=[f"information plane, {name}: {text}" for name, one in metrics.items() for text in one["warnings"]],
    )


def _shown(fall: Mapping[str, float]) -> bool:
    """Whether a fall is more than the error of a maximum over epochs allows for."""
    return fall["fall"] > 0.01 and fall["fall"] > _ERRORS_OF_A_FALL * (fall["se"] or 0.0)


def _compression(name: str, content: Mapping[str, Any]) -> Finding:
    sentences = [f"Accuracy {content['accuracy']:.1%}."]
    for key in ("exact", "exact_relative", "lower"):
        if key in content["compression"]:
            falls = content["compression"][key]
            layers = [layer for layer, fall in falls.items() if _shown(fall)]
            what = f"layer{'' if len(layers) == 1 else 's'} {', '.join(layers)}" if layers else "no layer"
            most = max((falls[layer]["fall"] for layer in layers), default=0.0)
            size = f", by up to {most:.2f} nats" if layers else ""
            sentences.append(f"With {_FALLS[key]}: I(X; T) falls beyond three standard errors in {what}{size}.")
    broken = {key: count for key, count in content["violations"].items() if count}
    if broken:
        joined = ", ".join(f"{key.replace('_', ' ')} {count}" for key, count in broken.items())
        sentences.append(f"Inequalities that must hold are broken by: {joined}.")
    else:
        sentences.append("No estimator breaks an inequality that must hold.")
    return Finding(f"Does {name} compress?", " ".join(sentences))


def _falls(name: str, content: Mapping[str, Any]) -> Table:
    rows = [
        Line(
            _FALLS.get(key, key),
            [
                (f"layer {layer}", f"{fall['fall']:.2f} ± {Z95 * (fall['se'] or 0.0):.2f}")
                for layer, fall in one.items()
            ],
        )
        for key in _FALLS
        if (one := content["compression"].get(key))
    ]
    caption = f"{name}: fall of I(X; T) from its maximum over training to the end, in nats, mean over seeds."
    return Table(caption, rows, first="estimator")


def calibration_section(metrics: Mapping[str, Mapping[str, Any]], pictures: Mapping[str, Sequence[Picture]]) -> Section:
    """How the estimators did on samples whose information is known.

    Args:
        metrics: for each suite the contents of ``metrics/calibration/<suite>.json``.
        pictures: for each suite its figures, of which one is shown.
    """
    scored = {name: methods for name, content in metrics.items() if (methods := overall(content))}
    shown = [_suite_picture(name, pictures[name]) for name in metrics]
    return Section(
        "Can the estimators be trusted?",
        "The same estimators on samples whose information is known (or, where it is not, on tests that any measure of "
        "information must pass).",
        findings=[_verdict(name, methods) for name, methods in scored.items()],
        tables=[_scores(name, methods) for name, methods in scored.items()],
        pictures=[picture for picture in shown if picture is not None],
        warnings=[text for name, methods in scored.items() for text in _broken_bounds(name, methods)],
    )


def _verdict(suite: str, methods: Mapping[str, Mapping[str, Any]]) -> Finding:
    known = {name: one for name, one in methods.items() if one["rmse"] is not None}
    if not known:
        return Finding(f"Suite {suite}", "No method gave a number where the truth is finite.")
    best, worst = (choose(known, key=lambda name: known[name]["rmse"]) for choose in (min, max))
    text = f"Closest to the truth: {best}, root mean square error {known[best]['rmse']:.2g} nats"
    text += f"; farthest: {worst}, {known[worst]['rmse']:.2g}." if worst != best else "."
    inventing = [name for name, one in known.items() if one["bias"] > 0.1 and (one["coverage"] or 0.0) < 0.9]
    if inventing:
        joined = ", ".join(f"{name} ({known[name]['bias']:.2g} on average)" for name in inventing)
        text += f" Reporting too much, beyond their own intervals: {joined}."
    return Finding(f"Suite {suite}", text.replace("(-", "(−"))


def _broken_bounds(suite: str, methods: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Lower bounds whose low end lay above the truth more often than 95 % intervals may (one reading is no proof)."""
    return [
        f"calibration, {suite}: {name} is a lower bound, but {1 - one['coverage']:.0%} of {one['readings']} intervals "
        "lie above the truth"
        for name, one in methods.items()
        if one["kind"] == "lower_bound" and one["coverage"] is not None and (1 - one["coverage"]) * one["readings"] > 1
        and one["coverage"] < 0.9
    ]  # fmt: skip


def _scores(suite: str, methods: Mapping[str, Mapping[str, Any]]) -> Table:
    rows = [
        Line(
            name,
            [
                ("bias", _number(one["bias"])),
                ("RMSE", _number(one["rmse"])),
                ("intervals that hold", MISSING if one["coverage"] is None else f"{one['coverage']:.0%}"),
                ("kind", (one["kind"] or MISSING).replace("_", " ")),
                ("warned", f"{one['warned']} of {one['readings']}"),
            ],
        )
        for name, one in methods.items()
    ]
    return Table(f"Suite {suite}, over all its tasks. Bias and root mean square error in nats.", rows)


def _number(value: float | None) -> str:
    return MISSING if value is None else f"{value:.2g}".replace("-", "−")


def _suite_picture(suite: str, pictures: Sequence[Picture]) -> Picture | None:
    """The suite's own figure, else the first of those that suites share."""
    drawn = {picture.stem: picture for picture in pictures}
    return next((drawn[stem] for stem in (suite, "agreement", "intervals", "errors") if stem in drawn), None)
