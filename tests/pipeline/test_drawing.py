"""Measuring stages draw nothing; one stage draws all of it from their tables, the same bytes whatever the run took."""

from __future__ import annotations

import base64
import re
import shutil
from pathlib import Path

import pytest

from infoplane.common import io
from stages import runlog
from stages.closure import Repository

import made_run
from checkout import TOP, Checkout
from made_results import NAMES, made

MEASURING = sorted({*Repository(TOP).stages()} - {"code", "report"})
ENCODERS, STOPS = NAMES[:2], (1, 30)


@pytest.mark.parametrize("stage", MEASURING)
def test_only_the_report_draws(stage: str) -> None:
    """Else a colour would train networks anew."""
    for file in Repository(TOP).describe(stage)["modules"]:
        assert not file.startswith(("src/infoplane/plots/", "src/infoplane/report/")), file
        # nor does a title of a figure
        assert file != "src/infoplane/results/summary_quantities.py" or stage == "analyze"
        assert not re.search(r"^\s*(import|from) matplotlib", (TOP / file).read_text(encoding="utf-8"), re.M), file


def test_the_report_measures_nothing() -> None:
    """It redraws from tables: no estimator, critic or distribution is within its reach."""
    files = Repository(TOP).describe("report")["modules"]
    assert "src/infoplane/plots/gallery.py" in files
    measuring = tuple(f"src/infoplane/{part}/" for part in ("estimators", "critics", "distributions"))
    assert [file for file in files if file.startswith(measuring)] == []


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A made-up run with its analysis and its report."""
    top = tmp_path_factory.mktemp("run")
    shutil.copy2(TOP / "params.yaml", top)
    Checkout(top).set_keys(
        {
            "encoders": f"[{', '.join(ENCODERS)}]",
            "classifier.stops": str(list(STOPS)),
            "information_plane.networks": f"[{made_run.NETWORK}]",
            "calibrate.suites": f"[{made_run.SUITE}]",
        }
    )
    made_run.write(top, made(ENCODERS, stops=STOPS))
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(top)
        made_run.analyzed(top)
        made_run.reported(top)
    return top


def drawn(top: Path) -> dict[str, bytes]:
    """The outputs of the stage `report`."""
    figures = top / "metrics" / "figures"
    found = {str(path.relative_to(figures)): path.read_bytes() for path in figures.rglob("*") if path.is_file()}
    return found | {"report.html": (top / "metrics" / "report.html").read_bytes()}


def test_every_figure_has_one_place(run: Path) -> None:
    plane, suite = f"information_plane/{made_run.NETWORK}", f"calibration/{made_run.SUITE}"
    assert set(drawn(run)) == {
        "report.html",
        *(f"{name}.svg" for name in ("quantities", "noise", "training")),
        *(f"critics-{encoder}.svg" for encoder in ENCODERS),
        *(f"{plane}/{name}.svg" for name in ("plane", "training", "errors")),
        *(f"{suite}/{name}" for name in ("agreement.svg", "intervals.svg", "errors.svg", "index.html")),
    }


def test_the_report_shows_the_figures_in_the_files(run: Path) -> None:
    files = drawn(run)
    page = files["report.html"].decode()
    shown = [base64.b64decode(code) for code in re.findall(r'<img src="data:image/svg\+xml;base64,([^"]+)"', page)]
    assert len(shown) == 3 + 2 + len(ENCODERS) + 1
    assert set(shown) <= set(files.values())


def test_two_runs_with_different_times_give_the_same_report(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(run)
    before = drawn(run)
    log = run / "metrics" / "runlog"
    io.save_json(log / "embed@x.json", entry(1e6, "another machine"))
    for times in log.glob("*.csv"):
        times.write_text(times.read_text().replace("0.", "7."))
    made_run.reported(run)
    assert drawn(run) == before
    assert b"another machine" not in before["report.html"]


def test_without_networks_and_suites_the_report_has_no_such_parts(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(run, tmp_path, dirs_exist_ok=True)
    Checkout(tmp_path).set_keys({"information_plane.networks": "[]", "calibrate.suites": "[]"})
    monkeypatch.chdir(tmp_path)
    made_run.analyzed(tmp_path)
    made_run.reported(tmp_path)
    page = (tmp_path / "metrics" / "report.html").read_text(encoding="utf-8")
    assert made_run.NETWORK not in page
    assert "Can the estimators be trusted?" not in page
    assert not (tmp_path / "metrics" / "figures" / "calibration").exists()


def entry(seconds: float, machine: str) -> dict[str, object]:
    return {
        "wall_seconds": seconds,
        "cpu_seconds": 2 * seconds,
        "finished": f"2026-01-01T00:00:{int(seconds) % 60:02d}+0000",
        "machine": machine,
        "cores": 2,
        "python": "3.11",
        "versions": {"numpy": "2.0"},
    }


def test_the_run_log_as_a_table(run: Path) -> None:
    log = {"train@b": entry(20.5, "M"), "embed@a": entry(2.0, "M")}
    header, first, second, total = runlog.table(log)
    assert header.split() == ["stage", "wall", "s", "CPU", "s", "finished"]
    assert first.split()[:3] == ["embed@a", "2.0", "4.0"]
    assert second.split()[:3] == ["train@b", "20.5", "41.0"]
    assert total.split() == ["together", "22.5", "45.0"]
    assert runlog.machines(log) == ["machine: M, 2 cores", "versions: Python 3.11, numpy 2.0"]


def test_errors_are_drawn_against_the_times_of_the_run(run: Path) -> None:
    log = run / "metrics" / "runlog"
    assert list(runlog.draw_times(log, run / "metrics")) == [log / f"calibrate@{made_run.SUITE}.svg"]
    assert "<svg" in (log / f"calibrate@{made_run.SUITE}.svg").read_text(encoding="utf-8")
