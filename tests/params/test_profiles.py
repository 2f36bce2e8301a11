"""Profiles: what they write is valid, keeps its comments, and loses nobody's changes."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from infoplane import cli
from infoplane.params import profiles
from infoplane.params.check import check

TOP = Path(__file__).resolve().parents[2]
NAMES = profiles.names(TOP)


def git(folder: Path, *words: str) -> None:
    identity = ("-c", "user.name=a", "-c", "user.email=a@b.c")
    subprocess.run(["git", *identity, *words], cwd=folder, check=True, capture_output=True)


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with the profiles and a committed params.yaml, and the current folder."""
    (tmp_path / "profiles").mkdir()
    for path in (TOP / "profiles").iterdir():
        (tmp_path / "profiles" / path.name).write_bytes(path.read_bytes())
    (tmp_path / "params.yaml").write_bytes((TOP / "params.yaml").read_bytes())
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-qm", "first")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_quick_is_what_a_new_clone_has() -> None:
    assert NAMES == ["photos", "quick", "term_paper"]
    assert profiles.rendered("quick", TOP).encode() == (TOP / "params.yaml").read_bytes()


@pytest.mark.parametrize("name", NAMES)
def test_every_profile_is_valid_and_keeps_the_comments(name: str, checkout: Path) -> None:
    assert cli.main(["profile", name]) == 0
    check(checkout / "params.yaml")
    written = (checkout / "params.yaml").read_text(encoding="utf-8")
    before = (TOP / "params.yaml").read_text(encoding="utf-8")
    for line in before.splitlines():
        if line.lstrip().startswith("#"):
            assert line in written
    changed = YAML(typ="safe").load(checkout / "profiles" / f"{name}.yaml")
    found = YAML(typ="safe").load(written)
    for section, values in changed.items():
        for key, value in values.items() if isinstance(values, dict) else [(None, values)]:
            assert (found[section] if key is None else found[section][key]) == value


@pytest.mark.parametrize("name", NAMES)
def test_dvc_resolves_every_profile(name: str, checkout: Path) -> None:
    from dvc.repo import Repo

    (checkout / "dvc.yaml").write_bytes((TOP / "dvc.yaml").read_bytes())
    profiles.write(name, checkout)
    found = YAML(typ="safe").load(checkout / "params.yaml")
    with Repo.init(str(checkout), no_scm=True) as repo:
        cells = [stage.name for stage in repo.index.stages]
    for stage in ("embed", "train", "predict", "measure_noise", "measure_label", "measure_prediction"):
        assert [cell for cell in cells if cell.startswith(f"{stage}@")] == [f"{stage}@{e}" for e in found["encoders"]]
    assert {"download", "analyze"} < set(cells)


@pytest.mark.parametrize("name", ["photos", "holidays"])
def test_make_writes_a_profile_and_runs_it(name: str, checkout: Path) -> None:
    """`make reproduce PROFILE=photos`, as in the README, with something in the place of dvc that notes its call."""
    for folder in ("photos", "examples/networks", "stages"):
        (checkout / folder).mkdir(parents=True)
    for file in ("Makefile", "stages/__init__.py", "stages/side_by_side.py"):
        (checkout / file).write_bytes((TOP / file).read_bytes())
    (checkout / ".venv" / "bin").mkdir(parents=True)
    stand_in = checkout / ".venv" / "bin" / "dvc"
    stand_in.write_text('#!/bin/sh\necho "$@" > called\n', encoding="utf-8")
    stand_in.chmod(0o755)
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    command = ["make", "--assume-old=.venv/.installed", "reproduce", f"PROFILE={name}", "JOBS=1"]
    done = subprocess.run(
        command, cwd=checkout, env={**os.environ, "PATH": path}, capture_output=True, text=True, check=False
    )
    if name in NAMES:
        assert done.returncode == 0, done.stderr
        assert (checkout / "params.yaml").read_text(encoding="utf-8") == profiles.rendered(name, checkout)
        assert (checkout / "called").read_text(encoding="utf-8") == "repro\n"
    else:
        assert done.returncode != 0
        assert "expected one of photos, quick, term_paper" in done.stderr
        assert not (checkout / "called").exists()


def test_a_profile_of_ones_own_brings_networks_of_ones_own(checkout: Path) -> None:
    start = "encoders: [mine]\nencoder_options:\n  mine: "
    (checkout / "profiles" / "own.yaml").write_text(start + "{model: mine.keras}\n", encoding="utf-8")
    with pytest.raises(ValueError, match=r"^profiles/own\.yaml: encoder_options\.mine: .* layer is missing"):
        profiles.write("own", checkout)
    own = "{model: mine.keras, layer: features}\n"
    (checkout / "profiles" / "own.yaml").write_text(start + own, encoding="utf-8")
    profiles.write("own", checkout)
    found = YAML(typ="safe").load(checkout / "params.yaml")
    assert found["encoders"] == ["mine"]
    assert found["encoder_options"]["mine"]["layer"] == "features"
    assert found["encoder_options"]["ResNet50"] == {}


def test_the_term_paper_is_the_term_paper(checkout: Path) -> None:
    profiles.write("term_paper", checkout)
    found = YAML(typ="safe").load(checkout / "params.yaml")
    assert found["encoders"] == ["ResNet50", "ResNet50V2", "ResNet101", "ResNet101V2", "InceptionV3", "Xception"]
    assert (found["data"]["source"], found["data"]["name"], found["data"]["test_fraction"]) == (
        "tfds", "cats_vs_dogs", 0.1,
    )  # fmt: skip
    assert found["classifier"]["stops"] == [1, 30, 200]
    assert found["measure"]["noise_std"] in found["measure"]["noise_curve"]


def test_profiles_follow_each_other(checkout: Path) -> None:
    for name in ("photos", "term_paper", "quick"):
        profiles.write(name, checkout)
        assert (checkout / "params.yaml").read_text(encoding="utf-8") == profiles.rendered(name, checkout)


def test_changes_of_ones_own_are_kept(checkout: Path, capsys: pytest.CaptureFixture[str]) -> None:
    own = (checkout / "params.yaml").read_text(encoding="utf-8").replace("seed: 0", "seed: 7")
    (checkout / "params.yaml").write_text(own, encoding="utf-8")
    assert cli.main(["profile", "photos"]) == 2
    told = capsys.readouterr().err.strip()
    assert told.startswith("infoplane: params.yaml: has changes that are not committed")
    assert "\n" not in told
    assert (checkout / "params.yaml").read_text(encoding="utf-8") == own
    git(checkout, "commit", "-qam", "mine")
    profiles.write("photos", checkout)
    (checkout / "params.yaml").write_text(own + "# more\n", encoding="utf-8")
    assert cli.main(["profile", "quick", "--force"]) == 0


def test_bad_profiles_are_one_line(checkout: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["profile", "slow"]) == 2
    assert "profile 'slow' given; expected one of photos, quick, term_paper" in capsys.readouterr().err
    (checkout / "profiles" / "wrong.yaml").write_text("data: {sauce: mnist}\n", encoding="utf-8")
    assert cli.main(["profile", "wrong"]) == 2
    assert "profiles/wrong.yaml: data: sauce: no such key" in capsys.readouterr().err
    (checkout / "profiles" / "wrong.yaml").write_text("data: {source: sauce}\n", encoding="utf-8")
    assert cli.main(["profile", "wrong"]) == 2
    assert "profiles/wrong.yaml: data.source: 'sauce' given" in capsys.readouterr().err
    for text in ("", "- data", "data: ["):
        (checkout / "profiles" / "wrong.yaml").write_text(text, encoding="utf-8")
        assert cli.main(["profile", "wrong"]) == 2
        told = capsys.readouterr().err.strip()
        assert "wrong.yaml: " in told
        assert "\n" not in told
    assert (checkout / "params.yaml").read_bytes() == (TOP / "params.yaml").read_bytes()
    assert cli.main(["profile", "photos"]) == 0, "others are not touched by it"


def test_elsewhere_there_are_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert cli.main(["profile"]) == 2
