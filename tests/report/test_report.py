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
from infoplane.report import page as pages
from infoplane.report import run_facts, warning_list
from infoplane.report.calibration_section import calibration_section
from infoplane.report.plane_section import plane_section
from infoplane.results import correlations
from infoplane.results.findings import Evidence, findings
from infoplane.results.numbers import accuracy_text
from infoplane.results.summary import summarise, summary_table
from infoplane.results.warning_kinds import KINDS

from made_results import NAMES, NOT_CONVERGED, STOPS, Made, made, material

SENTENCE = "5,000 images (mnist) in 10 classes"
FACTS = {"Classes": "0, 1, 2", "Skipped files": "0"}
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


@cache
def pictures(encoders: int, overfit_factor: float | None = 800) -> Gallery:
    drawn = material(made(NAMES[:encoders]), overfit_factor)
    return Gallery(encoder_pictures.comparisons(drawn), encoder_pictures.learning_curves(drawn))


@pytest.mark.parametrize(("factor", "shaded"), [(800, True), (1, False), (None, False)])
def test_the_last_leg_is_named_where_it_trained_at_another_rate(factor: float | None, shaded: bool) -> None:
    (training,) = [picture for picture in pictures(1, factor).encoders if picture.stem == "training"]
    assert ("800 times the learning rate" in training.caption) == shaded


def page(run: Made, facts: dict[str, str] | None = None, gallery: Gallery | None = None) -> str:
    correlated = correlations.correlation_metrics(summary_table(summarise(run.measured)), seed=0)
    found = findings(Evidence(run.measured, correlated, 0.25, {}, 800))
    about = run_facts.RunFacts(SENTENCE, FACTS if facts is None else facts, overfit_factor=800)
    return pages.render(run.measured, found, gallery or Gallery(), run=about, noise_std=0.25)


@cache
def whole(encoders: int = 1) -> str:
    return page(made(NAMES[:encoders]), gallery=pictures(encoders))


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
    for fact in (SENTENCE, *FACTS, *FACTS.values()):
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


PARTS = ("symbols", "findings", "numbers", "figures", "warnings", "critics", "run")


def test_the_parts_stand_in_order_and_the_contents_lead_to_them() -> None:
    text = whole()
    places = [text.index(f'<section id="{part}"') for part in PARTS]
    assert places == sorted(places)
    assert text.index(SENTENCE) < places[0]
    links = [address.removeprefix("#") for a in Elements(text).of("a") if (address := a["href"] or "").startswith("#")]
    assert links == list(PARTS)


def test_files_beside_the_report_are_linked_by_relative_addresses() -> None:
    addresses = {a["href"] for a in Elements(whole()).of("a")}
    assert {"summary.json", "correlations.json", "tables/quantities.csv", "figures/noise.svg"} <= addresses
    assert not any(":" in str(address) or str(address).startswith("/") for address in addresses)


def test_warnings_are_named_in_words_by_kind_the_gravest_first() -> None:
    run = made(NAMES[:2])
    label = run.measured.label[NAMES[0]]
    above = label | {"mine": label["mine"] | {"nats": 2.5, "low": 2.4, "high": 2.6}}
    measured = replace(run.measured, label=run.measured.label | {NAMES[0]: above})
    entries = warning_list.measurement_entries(measured)
    found = warning_list.groups(entries)
    assert [group.kind for group in found] == [kind for kind in KINDS if kind in {group.kind for group in found}]
    assert found[0].kind.title == "A value lies above what is possible"
    assert found[0].about == f"I(E; Y) by MINE ({NAMES[0]})"
    (unconverged,) = [group for group in found if group.entries[0].text == NOT_CONVERGED]
    assert unconverged.about == f"I(X; Ê) by AA-MINE ({NAMES[0]} and {NAMES[1]})"
    text = html.unescape(page(replace(run, measured=measured)))
    warned = text[text.index('<section id="warnings"') : text.index('<section id="run"')]
    assert "aa_mine" not in warned
    assert all(entry.text in warned for entry in entries)


def test_a_note_is_no_warning() -> None:
    text = "t: 5 of 9 columns are constant and were dropped"
    entry = warning_list.Entry("I(X; Ê) by AA-MINE", NAMES[0], "", text)
    assert warning_list.groups([entry]) == []
    assert len(warning_list.groups([entry], notes=True)) == 1


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
    assert page(made(NAMES[:1]), gallery=pictures(1)) == whole()


def test_numbers_stand_in_the_tables_with_their_errors() -> None:
    measured = made(NAMES).measured
    row = pages.encoder_row(measured, "EfficientNetLite0-untrained")
    assert row.control
    cells = dict(row.cells)
    noise, label = (getattr(measured, part)[row.name] for part in ("noise", "label"))
    bracket, mine = noise["embedding_noise"], label["mine"]
    assert cells["I(X; Ê), bracket"] == f"{bracket['lower']:.2f} to {bracket['upper']:.2f}"
    error = mine["nats"] - mine["low"]
    assert cells["by MINE"] == f"{mine['nats']:.2f} ± {error:.2f}", "no star: the classifier bound is larger"
    assert cells["by the classifier bound"].endswith(" *")
    headline = label["embedding_label"]
    assert cells["share of H(Y)"] == f"{100 * headline['nats'] / headline['ceiling']:.0f}\u00a0%"
    at_stop = dict(pages.stop_row(measured, NAMES[0], 30).cells)
    accuracy = measured.training[NAMES[0]]["30"]["test"]["accuracy"]
    assert at_stop["accuracy, test"] == accuracy_text(accuracy, 5000)


def test_the_last_table_says_how_its_classifier_was_trained() -> None:
    measured = made(NAMES[:2]).measured
    captions = [pages.stop_caption(measured, stop, 800) for stop in STOPS]
    assert ["800 times" in caption for caption in captions] == [False, False, True]
    assert "Epochs 31 to 200 ran at 800 times the learning rate" in captions[-1]
    elsewhere = {
        name: {stop: {"test": scores["test"]} for stop, scores in stops.items()}
        for name, stops in measured.training.items()
    }
    assert "800" not in pages.stop_caption(replace(measured, training=elsewhere), 200, 800)


def test_missing_values_are_dashes() -> None:
    measured = made(NAMES[:1]).measured
    label = {NAMES[0]: {"embedding_label": measured.label[NAMES[0]]["embedding_label"] | {"nats": None}}}
    cells = dict(pages.encoder_row(replace(measured, label=label), NAMES[0]).cells)
    assert {cells[name] for name in ("I(E; Y), at least", "share of H(Y)", "by MINE", "control: labels shuffled")} == {
        "–"
    }


@pytest.mark.slow
@pytest.mark.skipif(CHROMIUM is None, reason="looks at the page in chromium, which is not installed")
@pytest.mark.parametrize("encoders", [1, 7])
@pytest.mark.parametrize("width", [390, 700, 1100])
def test_no_screen_has_to_scroll_sideways(width: int, encoders: int, tmp_path: Path) -> None:
    assert CHROMIUM is not None
    opened = whole(encoders).replace("<details", "<details open")
    assert ('id="correlations"' in opened) == (encoders > 4)
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
        "warnings": ["AA-MINE below 70 % of the exact value, a loose bound (epoch/layer 0/1: 0.1 for 0.5)"],
    }


def test_compression_is_claimed_only_beyond_its_error() -> None:
    section = plane_section({"a": plane_metrics(0.5, 0.1), "b": plane_metrics(0.5, 0.2)}, {})
    assert section is not None
    clear, unclear = (finding.text for finding in section.findings)
    assert "in layer 1, by up to 0.50 nats" in clear
    assert "in no layer" in unclear
    assert "AA-MINE and MINE (2 times)" in clear
    assert [entry.owner for entry in section.warnings] == ["a", "b"]
    assert section.doubts == (), "no warning about the numbers of the run"


def test_companions_come_last_and_are_folded() -> None:
    run = made(NAMES[:1])
    section = plane_section({"sphere-tanh": plane_metrics(0.5, 0.1)}, {})
    assert section is not None
    parameters = run_facts.parameter_groups({"seed": 7, "measure": {"aa_mine": {"hidden": [256]}, "x": None}})
    about = run_facts.RunFacts(SENTENCE, FACTS, parameters)
    text = pages.render(run.measured, [], Gallery(), run=about, noise_std=0.25, sections=[section])
    assert Elements(text).open == []
    companion = text[text.index('<section id="information-plane"') : text.index('<section id="run"')]
    assert companion.index("<details>") < companion.index("Does sphere-tanh compress?")
    assert "sphere-tanh" not in text[: text.index('<section id="information-plane"')]
    assert "<dt>aa_mine.hidden</dt><dd>256</dd>" in text


def test_without_networks_and_suites_there_are_no_such_parts() -> None:
    assert plane_section({}, {}) is None
    assert calibration_section({}, {}, made(NAMES[:1]).measured) is None


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


@pytest.mark.slow
@pytest.mark.skipif(CHROMIUM is None, reason="prints the page with chromium, which is not installed")
def test_what_is_folded_on_the_screen_is_open_in_print(tmp_path: Path) -> None:
    assert CHROMIUM is not None

    def printed(text: str) -> int:
        (tmp_path / "page.html").write_text(text, encoding="utf-8")
        subprocess.run(
            [CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path / 'profile'}",
             f"--print-to-pdf={tmp_path / 'page.pdf'}", (tmp_path / "page.html").as_uri()],
            capture_output=True, check=True,
        )  # fmt: skip
        return len(re.findall(rb"/Type /Page\b", (tmp_path / "page.pdf").read_bytes()))

    folded = page(made(NAMES[:1]), gallery=Gallery((), pictures(1).critics * 3))
    opened = printed(folded.replace("<details", "<details open"))
    assert printed(folded) == opened
    assert printed(folded.replace("details::details-content", "details::no-such-part")) < opened
