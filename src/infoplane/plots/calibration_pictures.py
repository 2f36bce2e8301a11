"""The figures of a calibration suite, with the words that go with them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from infoplane.calibration.outcome import Outcome
from infoplane.calibration.questions import QUESTIONS
from infoplane.calibration.scores import overall
from infoplane.plots import calibration, calibration_curves, calibration_suites, style
from infoplane.plots.picture import Picture

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


def pictures(outcome: Outcome) -> list[Picture]:
    """The suite's own figure first, then those that all suites with known truths share; none shows times."""
    drawn = []
    if outcome.suite in _OWN:
        draw, caption = _OWN[outcome.suite]
        drawn.append(_picture(outcome, outcome.suite, caption, draw(outcome)))
    if outcome.suite == "infinity":
        caption = "Mean over repeats; a ring marks that the method warned. Dotted: ln n. The truth is infinite."
        return [*drawn, _picture(outcome, "reported", caption, calibration_curves.infinity_estimates(outcome))]
    if outcome.suite == "mixtures":
        caption = "Dots: samples by class. Lines: contours of the density. Above each: the information in nats."
        drawn.append(_picture(outcome, "scatter", caption, calibration_curves.mixture_scatter(outcome)))
        caption = "The value on the part that chooses (blue) is what to hold against the truth (dotted)."
        drawn.append(_picture(outcome, "curves", caption, calibration_curves.mixture_curves(outcome)))
    return drawn + _shared(outcome) if outcome.readings else drawn


def _shared(outcome: Outcome) -> list[Picture]:
    readings, title = outcome.readings, _title(outcome)
    drawn = []
    if len({reading.truth for reading in readings}) > 1:
        drawn.append(_picture(outcome, "agreement", _AGREEMENT, calibration.agreement(readings, title)))
    if len({reading.task for reading in readings}) <= _MOST_ROWS:
        drawn.append(_picture(outcome, "intervals", _FOREST, calibration.forest(readings, title)))
    return [*drawn, _picture(outcome, "errors", _HEAT, calibration.heat(readings, title))]


def time_pictures(outcome: Outcome) -> list[Picture]:
    """Error against CPU time, of a suite whose readings carry times: the only figure that differs from run to run."""
    if all(reading.cpu_seconds is None for reading in outcome.readings):
        return []
    title = f"{_title(outcome)}: error against time"
    return [_picture(outcome, "time", _TIME, calibration.error_against_time(outcome.readings, title))]


def _title(outcome: Outcome) -> str:
    question = QUESTIONS[outcome.suite]
    return question[:1].upper() + question[1:]


def _picture(outcome: Outcome, stem: str, caption: str, figure: Figure) -> Picture:
    alt = f"{_ALT.get(stem, 'Estimates')} of the suite {outcome.suite} against the truth."
    scores = overall(outcome.metrics).items()
    errors = [f"{method} {score['rmse']:.2g}" for method, score in scores if score["rmse"] is not None]
    if errors:
        alt += f" Root mean square errors in nats: {', '.join(errors)}."
    name = f"calibration/{outcome.suite}/{stem}"
    return Picture(name, f"Suite {outcome.suite}", caption, alt, style.to_svg(figure))


_ALT = {
    "intervals": "Intervals of every estimate",
    "errors": "Mean errors on every task",
    "time": "Errors and CPU times",
    "scatter": "Samples",
    "curves": "Learning curves",
}
