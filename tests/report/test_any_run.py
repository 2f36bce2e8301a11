"""Whatever the numbers of a run: no sentence and no cell that reads wrongly, and no difference that is not resolved."""

from __future__ import annotations

import html
import random
import re
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from infoplane.encoders.names import is_control
from infoplane.plots.gallery import Gallery
from infoplane.report import page
from infoplane.report.run_facts import RunFacts
from infoplane.results.correlations import correlation_metrics
from infoplane.results.findings import Evidence, findings
from infoplane.results.quantity import bracket, quantity
from infoplane.results.summary import Measurements, summarise, summary_table

from made_results import NAMES, made

NATS = (None, -1.0, -0.3, -0.004, -1e-9, -0.0, 0.0, 0.001, 0.0049, 0.3, 0.301, 1.0, 2.2, 2.3, 4.0)
LOSSES = (-0.0, 0.0, 1e-9, 0.004, 0.09, 0.3, 1.35, 18.0)
ERRORS = (0.0, 0.001, 0.01, 0.5)
ENTROPY = 2.302585


class Values:
    """Draws what the metrics files of a run may hold."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.nats = self.random.sample(NATS, self.random.randint(1, 4))
        """Few of the values, so that many are equal, or all are missing."""

    def bound(self) -> dict[str, Any]:
        """A lower bound on a label information, with an interval or without, or none."""
        nats, error = self.random.choice(self.nats), self.random.choice(ERRORS)
        if nats is None:
            return quantity(None, ceiling=ENTROPY, n=50)
        low = self.random.choice([nats - error, None])
        return quantity(nats, low=low, kind="lower_bound", ceiling=ENTROPY, n=50)

    def bracket(self) -> dict[str, Any]:
        nats, width = self.random.choice(self.nats), self.random.choice(ERRORS)
        if nats is None:
            return quantity(None, n=50)
        lower_se, upper_se = self.random.choices(ERRORS, k=2)
        return bracket(nats, lower_se, nats + width, upper_se, ceiling=None, n=50)

    def scores(self) -> dict[str, Any]:
        splits = self.random.choice([["test"], ["test", "train"]])
        return {
            split: {"loss": self.random.choice(LOSSES), "accuracy": self.random.choice([0.0, 0.5, 1.0])}
            for split in splits
        }


@st.composite
def runs(draw: st.DrawFn) -> Measurements:
    """One to six encoders, controls among them, at one to three stops, with any of the values that a run may have."""
    names = draw(st.lists(st.sampled_from(NAMES), min_size=1, max_size=6, unique=True))
    stops = draw(st.sampled_from([(1,), (1, 10), (1, 30, 200)]))
    values = Values(draw(st.integers(0, 2**32)))

    def bounds(*keys: str) -> dict[str, Any]:
        return {key: values.bound() for key in keys}

    return Measurements(
        names,
        stops,
        {name: {str(stop): values.scores() for stop in stops} for name in names},
        {name: {"embedding_noise": values.bracket()} | bounds("aa_mine") for name in names},
        {name: bounds("embedding_label", "mine", "probe", "shuffled") for name in names},
        {
            name: {str(stop): bounds("prediction_label", "mine", "probe", "nearest_neighbours") for stop in stops}
            for name in names
        },
    )


def evidence(measured: Measurements) -> Evidence:
    correlated = correlation_metrics(summary_table(summarise(measured)), seed=0)
    return Evidence(measured, correlated, 0.25, {}, 800)


def wrong(text: str) -> list[str]:
    """What must stand in no sentence and in no cell."""
    patterns = (
        r"[-−]0(?:\.0+)?(?![\d.])",  # minus zero
        r"\bnan\b|\bNaN\b|\binf\b|\bNone\b",
        r"(?<!\S)([\d.−]+) to \1(?![\d.])",  # equal ends
        r"to [\d.−]+ to ",
        r"(?<![\w−])-\d",  # a hyphen for a minus
        r"\s[.,;:](?:\s|$)|\(\)",
    )
    return [found[0] for pattern in patterns for found in re.finditer(pattern, text)]


MANY = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@MANY
@given(runs())
def test_no_text_of_the_page_reads_wrongly(measured: Measurements) -> None:
    found = findings(evidence(measured))
    about = RunFacts("A run", overfit_factor=800)
    text = page.render(measured, found, Gallery(), run=about, noise_std=0.25)
    shown = re.sub(r"<[^>]+>", "\n", text[text.index("<body>") :])
    lines = [html.unescape(line).strip().replace("\u00a0", " ") for line in shown.split("\n")]
    assert [(line, faults) for line in lines if (faults := wrong(line))] == []


@MANY
@given(runs())
def test_no_difference_is_claimed_that_is_not_resolved(measured: Measurements) -> None:
    found = {finding.title: finding.text for finding in findings(evidence(measured))}
    noise = {name: measured.noise[name]["embedding_noise"] for name in measured.encoders if not is_control(name)}
    known = {name: value for name, value in noise.items() if value["nats"] is not None}
    if known:
        least = min(known, key=lambda name: known[name]["nats"])
        below = [name for name in known if name != least and known[name]["low"] > known[least]["high"]]
        assert ("The most compact encoder" in found) == (0 < len(below) == len(known) - 1)
        first = next(iter(found.values()))
        assert ("less than" in first) == bool(below)
    bounds_text = found.get("Two bounds on the same information", "")
    if "shows more" in bounds_text:
        name = bounds_text.split("nats (")[1].split(",")[0]
        higher, lower = sorted((measured.label[name][key] for key in ("mine", "probe")), key=lambda one: -one["nats"])
        assert (higher["nats"] if higher["low"] is None else higher["low"]) > lower["nats"]
    if len(noise) < 5 and any(noise):
        assert "too few for correlations" in found["Correlations"]


def test_the_patterns_find_what_they_are_for() -> None:
    for text in ("shows −0.00 nats", "(−0 % of H(Y))", "0.56 to 0.56 nats", "4.11 to 4.25 to 5.34", "nan", "r = -0.5"):
        assert wrong(text), text
    assert not wrong("0.56 to 0.57 nats, −0.01, EfficientNetLite0-untrained, 0.00 ± 0.00, 1 to 10 times")


@pytest.mark.parametrize("names", [NAMES[:1], NAMES[3:4]])
def test_one_encoder_of_any_kind_makes_a_page(names: tuple[str, ...]) -> None:
    measured = made(names, stops=(5,)).measured
    text = page.render(measured, findings(evidence(measured)), Gallery(), run=RunFacts("A run"), noise_std=0.25)
    assert names[0] in text
    assert "last leg" not in text
