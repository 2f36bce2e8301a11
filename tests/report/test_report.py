"""The report: self-contained, complete, legible, and the same bytes for the same run."""

from __future__ import annotations

import base64
import html
import re
import shutil
import subprocess
import xml.etree.ElementTree as ElementTree
from dataclasses import replace
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from infoplane.plots import encoder_pictures
from infoplane.plots.gallery import Gallery
from infoplane.plots.picture import Picture
from infoplane.report import page as report
from infoplane.report import run_facts, sections
from infoplane.results import correlations
from infoplane.results.findings import Evidence, findings
from infoplane.results.summary import (
    collect_warnings,
    noise_curve_table,
    quantity_table,
    summarise,
    summary_table,
    training_table,
)

from made_results import NAMES, STOPS, Made, made

FACTS = {"Images": "mnist: 5,000 images, 10 classes", "Seed": "0"}
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


@cache
def pictures(encoders: int) -> Gallery:
    run = made(NAMES[:encoders])
    summary = summarise(run.measured)
    material = encoder_pictures.Material(
        run.measured,
        correlations.correlation_metrics(summary_table(summary), seed=0),
        quantity_table(summary),
        noise_curve_table(run.measured),
        training_table(run.training),
        run.critics,
        0.25,
        800,
    )
    return Gallery(encoder_pictures.comparisons(material), encoder_pictures.learning_curves(material))


def page(run: Made, facts: dict[str, str] | None = None, shown: Gallery | None = None) -> str:
    summary = summarise(run.measured)
    correlated = correlations.correlation_metrics(summary_table(summary), seed=0)
    found = findings(Evidence(run.measured, correlated, 0.25, {}))
    facts = FACTS if facts is None else facts
    gallery = shown or Gallery()
    return report.render(run.measured, summary, found, gallery, run=report.RunFacts(facts), noise_std=0.25)


@cache
def whole(encoders: int = 1) -> str:
    return page(made(NAMES[:encoders]), shown=pictures(encoders))


class Elements(HTMLParser):
    """Every start tag of a page with its attributes, and whether all tags were closed in order."""

    VOID = frozenset({"meta", "img", "source", "link", "br"})

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def of(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.found if name == tag]


def test_the_page_is_well_formed_and_complete() -> None:
    text = whole()
    elements = Elements(text)
    assert text.startswith("<!DOCTYPE html>")
    assert elements.open == []
    assert len(elements.of("table")) == 1 + len(STOPS)
    assert len(elements.of("img")) == 3 + 1
    for fact in (*FACTS, *FACTS.values()):
        assert fact in text


def test_nothing_is_fetched_and_nothing_runs() -> None:
    elements = Elements(whole())
    assert not {"script", "link", "iframe", "object"} & {tag for tag, _ in elements.found}
    addresses = [a.get("src") or a.get("srcset") for a in elements.of("img") + elements.of("source")]
    assert addresses
    assert all(address is not None and address.startswith("data:image/svg+xml;base64,") for address in addresses)
    assert "url(" not in whole()
    assert "@import" not in whole()


def test_images_are_svg_and_have_texts_for_those_who_cannot_see_them() -> None:
    elements = Elements(whole())
    for image in elements.of("img"):
        source, alt = image["src"], image["alt"]
        assert source is not None
        assert alt is not None
        ElementTree.fromstring(base64.b64decode(source.split(",")[1]))
        assert len(alt) > 60
        assert re.search(r"\d", alt)


def test_warnings_come_before_everything_else() -> None:
    run = made(NAMES[:1])
    text = whole()
    (where,) = [m.start() for m in re.finditer(r'<section class="warnings"', text)]
    assert where < text.index("<main>")
    for warning in collect_warnings(summarise(run.measured)):
        assert html.escape(warning, quote=True).replace("&#x27;", "&#39;") in text


def test_a_run_without_warnings_says_so() -> None:
    run = made(NAMES[:1])
    noise = {NAMES[0]: {name: value for name, value in run.measured.noise[NAMES[0]].items() if name != "aa_mine"}}
    text = page(replace(run, measured=replace(run.measured, noise=noise)))
    assert "No warnings" in text
    assert 'class="warnings"' not in text


def test_what_is_handed_in_cannot_break_the_page() -> None:
    text = page(made(NAMES[:1]), facts={"<b>Images</b>": "<script>alert(1)</script> & more"})
    assert "<script>" not in text
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; more" in text


def test_the_same_run_gives_the_same_bytes() -> None:
    assert page(made(NAMES[:1]), shown=pictures(1)) == whole()


def test_numbers_stand_in_the_tables_with_their_errors() -> None:
    measured = made(NAMES).measured
    row = report.encoder_row(measured, "EfficientNetLite0-untrained")
    assert row.control
    cells = dict(row.cells)
    noise, label = (getattr(measured, part)[row.name] for part in ("noise", "label"))
    bracket, mine = noise["embedding_noise"], label["mine"]
    assert cells["I(X; Ê), bracket"] == f"{bracket['lower']:.2f} to {bracket['upper']:.2f}"
    assert cells["MINE"] == f"{mine['nats']:.2f} ± {mine['nats'] - mine['low']:.2f}"
    headline = label["embedding_label"]
    assert cells["share of H(Y)"] == f"{headline['nats'] / headline['ceiling']:.0%}"
    at_stop = dict(report.stop_row(measured, NAMES[0], 30).cells)
    assert at_stop["accuracy, test"] == f"{measured.training[NAMES[0]]['30']['test']['accuracy']:.1%}"


def test_missing_values_are_dashes() -> None:
    measured = made(NAMES[:1]).measured
    label = {NAMES[0]: {"embedding_label": measured.label[NAMES[0]]["embedding_label"] | {"nats": None}}}
    cells = dict(report.encoder_row(replace(measured, label=label), NAMES[0]).cells)
    assert {cells[name] for name in ("I(E; Y), at least", "share of H(Y)", "MINE", "labels shuffled")} == {"–"}


@pytest.mark.slow
@pytest.mark.skipif(CHROMIUM is None, reason="looks at the page in chromium, which is not installed")
@pytest.mark.parametrize("encoders", [1, 7])
@pytest.mark.parametrize("width", [390, 700, 1100])
def test_no_screen_has_to_scroll_sideways(width: int, encoders: int, tmp_path: Path) -> None:
    assert CHROMIUM is not None
    opened = whole(encoders).replace("<details>", "<details open>")
    assert ('id="correlations"' in opened) == (encoders > 1)
    framed = (
        f'<iframe id="f" style="border:0" width="{width}" height="800" srcdoc="{html.escape(opened)}"></iframe>'
        '<p id="out"></p><script>f.onload = () => { const page = f.contentDocument.documentElement;'
        "out.textContent = `measured ${page.scrollWidth} of ${page.clientWidth}`; }</script>"
    )
    (tmp_path / "framed.html").write_text(framed, encoding="utf-8")
    done = subprocess.run(
        [
            CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path}",
            "--window-size=1400,900", "--virtual-time-budget=10000", "--dump-dom", (tmp_path / "framed.html").as_uri(),
        ],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    measured = re.search(r'id="out">measured (\d+) of (\d+)', done.stdout)
    assert measured is not None
    assert int(measured[1]) <= int(measured[2]) <= width


def plane_metrics(fall: float, se: float) -> dict[str, Any]:
    return {
        "accuracy": 0.99,
        "label_entropy": 0.69,
        "compression": {"exact": {"1": {"fall": fall, "se": se}}},
        "violations": {"critics": 2, "exact": 0},
        "warnings": ["AA-MINE below 70 % of the exact value, a loose bound"],
    }


def test_compression_is_claimed_only_beyond_its_error() -> None:
    section = sections.plane_section({"a": plane_metrics(0.5, 0.1), "b": plane_metrics(0.5, 0.2)}, {})
    clear, unclear = (finding.text for finding in section.findings)
    assert "in layer 1, by up to 0.50 nats" in clear
    assert "in no layer" in unclear
    assert "critics 2" in clear
    assert section.warnings[0].startswith("information plane, a: AA-MINE below")


def suite_metrics(kind: str, coverage: float) -> dict[str, Any]:
    score = {"bias": 1.5, "rmse": 2.0, "kind": kind, "coverage": coverage, "readings": 20, "warned": 3, "missing": 0}
    return {"methods": {"mine": score, "auto": score | {"rmse": 0.1, "bias": 0.0, "coverage": 1.0}}, "tasks": {}}


def test_a_bound_that_does_not_hold_in_the_calibration_is_a_warning() -> None:
    broken = sections.calibration_section({"s": suite_metrics("lower_bound", 0.5)}, {"s": []})
    assert "50% of 20 intervals lie above the truth" in broken.warnings[0]
    assert "Closest to the truth: auto" in broken.findings[0].text
    assert "Reporting too much, beyond their own intervals: mine" in broken.findings[0].text
    assert not sections.calibration_section({"s": suite_metrics("lower_bound", 1.0)}, {"s": []}).warnings
    assert not sections.calibration_section({"s": suite_metrics("estimate", 0.5)}, {"s": []}).warnings


def test_sections_and_the_run_stand_on_the_page() -> None:
    run = made(NAMES[:1])
    summary = summarise(run.measured)
    svg = "<svg xmlns='http://www.w3.org/2000/svg'/>"
    drawn = {"s": [Picture(f"calibration/s/{name}", "Suite s", "", "", svg) for name in ("intervals", "agreement")]}
    shown = [
        sections.plane_section({"sphere-tanh": plane_metrics(0.5, 0.1)}, {}),
        sections.calibration_section({"s": suite_metrics("lower_bound", 0.5)}, drawn),
    ]
    facts = report.RunFacts(
        FACTS, run_facts.parameter_groups({"seed": 7, "measure": {"aa_mine": {"hidden": [256]}, "x": None}})
    )
    text = report.render(run.measured, summary, [], Gallery(), run=facts, noise_std=0.25, sections=shown)
    assert Elements(text).open == []
    top = text[: text.index("<main>")]
    assert "lie above the truth" in top
    assert "information plane, sphere-tanh" in top
    for part in ("<dt>aa_mine.hidden</dt><dd>256</dd>", 'id="calibration-s-agreement"'):
        assert part in text


def test_warnings_that_differ_in_numbers_alone_are_one_and_the_gravest_come_first() -> None:
    rising = "nearest_neighbours: rises by some {} nats"
    texts = [f"A (stop {stop}): {rising.format(rise)}" for stop, rise in ((1, "0.31"), (30, "0.11"))]
    doubts, notes = report.sorted_warnings(
        [
            *texts,
            "B: mine: 1.2 nats lies above its ceiling of 1 nats",
            "C: aa_mine: t: 5 of 9 columns are constant and were dropped",
        ]
    )
    assert doubts == [
        "B: mine: 1.2 nats lies above its ceiling of 1 nats",
        "A (stop 1), A (stop 30): nearest_neighbours: rises by some 0.11 to 0.31 nats",
    ]
    assert len(notes) == 1


@pytest.mark.slow
@pytest.mark.skipif(CHROMIUM is None, reason="looks at the page in chromium, which is not installed")
def test_the_console_stays_silent(tmp_path: Path) -> None:
    """A browser logs every fault of a page and every address that it fails to fetch."""
    assert CHROMIUM is not None
    (tmp_path / "page.html").write_text(whole(4), encoding="utf-8")

    def log(name: str) -> list[str]:
        done = subprocess.run(
            [CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--enable-logging=stderr",
             f"--user-data-dir={tmp_path / 'profile'}", "--dump-dom", (tmp_path / name).as_uri()],
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        return [line for line in done.stderr.splitlines() if "CONSOLE" in line]

    assert log("page.html") == []
    (tmp_path / "broken.html").write_text("<script>none.such</script>", encoding="utf-8")
    assert log("broken.html"), "this test would see a fault"
