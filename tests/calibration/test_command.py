"""``infoplane calibrate``: lists, numbers, files, errors."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from infoplane.calibration.suites import SUITES
from infoplane.cli import main

QUICK = ["--method", "mixed_ksg", "--samples", "300", "--repeats", "1"]


def test_without_a_suite_the_suites_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["calibrate"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == list(SUITES)


def test_json_holds_the_metrics_and_nothing_else(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["calibrate", "discrete", *QUICK, "--json"]) == 0
    metrics = json.loads(capsys.readouterr().out)
    assert metrics["methods"]["mixed_ksg"]["readings"] == len(metrics["tasks"])
    assert metrics["methods"]["mixed_ksg"]["rmse"] < 0.15


def test_the_folder_keeps_what_else_it_holds(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("keep me")
    assert main(["calibrate", "discrete", *QUICK, "--out", str(tmp_path)]) == 0
    assert {"mine.txt", "readings.csv", "index.html", "errors.svg"} <= {path.name for path in tmp_path.iterdir()}


def test_samples_of_ones_own(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    random = np.random.default_rng(0)
    x = random.normal(size=(1000, 2))
    np.save(tmp_path / "x.npy", x)
    np.save(tmp_path / "z.npy", x[:, 0] + random.normal(size=1000))
    files = [str(tmp_path / name) for name in ("x.npy", "z.npy")]
    assert main(["calibrate", "samples", *files, "--method", "gaussian", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)["data"]["methods"]["gaussian"]
    assert found["limit"] == pytest.approx(0.5 * np.log(2), abs=0.1)
    assert set(found["points"]) == {"250", "500", "1000"}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nope"], "suite 'nope' given; expected one of gaussians"),
        (["discrete", "--method", "kgs"], "methods: kgs given"),
        (["samples", "x.npy"], "z: missing"),
        (["samples", "x.npy", "z.npy"], "x.npy: no such file"),
        (["discrete", "--samples", "3"], "at least 8 pairs"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(
    arguments: list[str],
    words: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["calibrate", *arguments]) == 2
    errors = capsys.readouterr().err
    assert len(errors.splitlines()) == 1
    assert words in errors
