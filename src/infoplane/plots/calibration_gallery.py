"""All figures of a suite, with the words that go with them, and one page that holds them."""

from __future__ import annotations

import html
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from infoplane.calibration import known
from infoplane.calibration.options import Settings
from infoplane.calibration.outcome import Outcome
from infoplane.plots import calibration, calibration_curves, calibration_suites, style

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_OWN: dict[str, tuple[Callable[[Outcome], Figure], str]] = {
    "gaussians": (
        calibration_suites.gaussians,
        "Marks: mean over repeats, bars from the smallest to the largest. Grey: the truth. Crosses: two values that "
        "the term paper quotes, from critics that saw fresh samples at every step. Published: the protocol that fits "
        "and reports on the same samples; above the grey line it reports information that is not there.",
    ),
    "high": (
        calibration_suites.high,
        "0 is right. Dotted: ln n. A lower bound falls off at the latest near ln n; a method that stays at 0 beyond it "
        "knows something about the distribution.",
    ),
    "protocol": (
        calibration_suites.protocol,
        "Grey: the truth. A critic that is fitted and reported on the same samples (filled black) reports information "
        "that is not there, the more the fewer the samples and the wider the variables; on fresh samples of the same "
        "distribution the same critic (hollow) is worth nothing or less.",
    ),
    "consistency": (
        calibration_suites.consistency,
        "Left: more rows of a noisy digit cannot tell less about it; the grey band is what the known channel brackets. "
        "Right: each test's ratio beside its ideal. A method may obey all tests and still be far below the band.",
    ),
    "samples": (
        calibration_suites.samples,
        "Means over disjoint subsets with 95 % intervals; hollow: the straight line continued to infinitely many "
        "samples. A value that still rises with n is not yet the information. The limit of a bound is a bound's.",
    ),
    "infinity": (
        calibration_curves.infinity,
        "Above: the published critic's value on its own batches passes ln n (dotted) and keeps growing; for I(X; X) "
        "as its AA-MINE, on (x, z - x). Below: with noise of known size the information is finite; where the band "
        "opens, these samples cannot tell more.",
    ),
}
_AGREEMENT = (
    "A mark per task: the mean over repeats against the truth, bars from the smallest to the largest. On the diagonal "
    "is right; a lower bound belongs on it or below."
)
_HEAT = (
    "Mean estimate minus truth in nats; beside each task its truth. Blue: too little. Red: too much, which of a lower "
    "bound is an error. Refused: the method does not take such data."
)
_TIME = (
    "Small marks: single tasks; large marks: all tasks of a method. Lower left is better. CPU time of one estimate on "
    "the machine that ran the suite, compilation included."
)
_FOREST = (
    "A mark per repeat with its 95 % interval, linear within 0.1 nats of the truth and logarithmic beyond. Of a lower "
    "bound only the left end of the interval makes a claim."
)
_MOST_ROWS = 12
"""Tasks up to which every single interval is drawn."""


@dataclass(frozen=True)
class Drawing:
    """One figure and how to read it."""

    name: str
    caption: str
    figure: Figure


def draw_all(outcome: Outcome, settings: Settings, question: str) -> list[Drawing]:
    """The suite's own figure first, then those that all suites with known truths share; none shows times."""
    drawings = []
    if outcome.suite in _OWN:
        draw, caption = _OWN[outcome.suite]
        drawings.append(Drawing(outcome.suite, caption, draw(outcome)))
    if outcome.suite == "infinity":
        caption = "Mean over repeats; a ring marks that the method warned. Dotted: ln n. The truth is infinite."
        drawings.append(Drawing("reported", caption, calibration_curves.infinity_estimates(outcome)))
        return drawings
    if outcome.suite == "mixtures":
        caption = "Dots: samples by class. Lines: contours of the density. Above each: the information in nats."
        scatter = calibration_curves.mixture_scatter(known.mixtures(settings.suite), settings.seed)
        drawings.append(Drawing("scatter", caption, scatter))
        caption = "The value on the part that chooses (blue) is what to hold against the truth (dotted)."
        drawings.append(Drawing("curves", caption, calibration_curves.mixture_curves(outcome)))
    return drawings + _shared(outcome, question) if outcome.readings else drawings


def _shared(outcome: Outcome, question: str) -> list[Drawing]:
    readings, title = outcome.readings, question[:1].upper() + question[1:]
    several = len({reading.truth for reading in readings}) > 1
    drawings = [Drawing("agreement", _AGREEMENT, calibration.agreement(readings, title))] if several else []
    if len({reading.task for reading in readings}) <= _MOST_ROWS:
        drawings.append(Drawing("intervals", _FOREST, calibration.forest(readings, title)))
    return [*drawings, Drawing("errors", _HEAT, calibration.heat(readings, title))]


def draw_time(outcome: Outcome, question: str) -> list[Drawing]:
    """Error against CPU time, of a suite with readings: the only figure that differs from run to run."""
    if not outcome.readings:
        return []
    title = f"{question[:1].upper()}{question[1:]}: error against time"
    return [Drawing("time", _TIME, calibration.error_against_time(outcome.readings, title))]


def page(suite: str, drawings: list[Drawing]) -> str:
    """One HTML page with all figures, for a browser; nothing is loaded from elsewhere."""
    parts = [
        f'<figure id="{html.escape(one.name)}">{_inline(style.to_svg(one.figure), one.name)}'
        f"<figcaption>{html.escape(one.caption)}</figcaption></figure>"
        for one in drawings
    ]
    head = (
        f'<meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Calibration: {suite}</title>'
        "<style>body{font-family:sans-serif;max-width:70rem;margin:1rem auto;padding:0 1rem}"
        "figure{margin:0 0 2.5rem}svg{max-width:100%;height:auto}figcaption{max-width:45rem}</style>"
    )
    return f"<!doctype html>\n<html lang=en><head>{head}</head>\n<body><h1>Calibration: {suite}</h1>\n" + (
        "\n".join(parts) + "\n</body></html>\n"
    )


def _inline(svg: str, name: str) -> str:
    """The ``svg`` element alone, its identifiers made the figure's own: two figures on a page must not share any."""
    body = svg[svg.index("<svg") :]
    return body.replace('id="', f'id="{name}-').replace("url(#", f"url(#{name}-").replace('href="#', f'href="#{name}-')
