"""Every command of the README is run: here, by the tests of the pipeline, or by continuous integration."""

from __future__ import annotations

import re
import shlex
import shutil
from pathlib import Path

import numpy as np
import pytest

from infoplane.cli import main

TOP = Path(__file__).resolve().parents[1]
README = (TOP / "README.md").read_text(encoding="utf-8")
BY_CI = {
    "make reproduce",
    "make test",
    "python3 -m venv .venv",
    "source .venv/bin/activate",
    "python -m pip install --constraint constraints.txt --editable '.[dev]'",
    "dvc repro",
    "python -m pytest",
}
"""What `.ci/run` runs: itself, through the Makefile or, `dvc repro`, in the tests of the pipeline."""
BY_PROFILES = {"make reproduce PROFILE=photos"}
"""What tests/params/test_profiles.py runs."""


def blocks(language: str) -> list[str]:
    """The README's code blocks in one language."""
    return re.findall(rf"```{language}\n(.*?)```", README, flags=re.DOTALL)


def commands() -> list[str]:
    """Every command line of the README, without its comment."""
    lines = [line.split("  #")[0].strip() for block in blocks("sh") for line in block.splitlines()]
    return [line for line in lines if line]


def test_every_command_is_run_somewhere() -> None:
    here = {
        line
        for line in commands()
        if line.startswith(("infoplane ", "dvc exp ", "dvc queue ", "dvc metrics ", "dvc plots "))
    }
    assert set(commands()) - here == BY_CI | BY_PROFILES


def recipes() -> dict[str, list[str]]:
    """The Makefile's command lines by target."""
    found: dict[str, list[str]] = {}
    target = ""
    for line in (TOP / "Makefile").read_text(encoding="utf-8").splitlines():
        if (head := re.match(r"([\w$()/.-]+):(?!=)", line)) is not None:
            target = head[1]
        elif line.startswith("\t"):
            found.setdefault(target, []).append(line.strip())
    return found


def test_continuous_integration_runs_what_it_should() -> None:
    """Whole command lines: `make test` is not found inside `make test-slow`, and nothing is deselected."""
    script = (TOP / ".ci" / "run").read_text(encoding="utf-8").splitlines()
    run = [line.removeprefix("timed ") for line in script if line.startswith("timed ")]
    assert run == ["make test", "make lint", "make test-slow", "make reproduce"]
    made = recipes()
    assert made["reproduce"][-1].startswith("python -m stages.side_by_side ")
    quick, slow = (shlex.split(made[target][-1]) for target in ("test", "test-slow"))
    assert quick[:3] == slow[:3] == ["python", "-m", "pytest"]
    assert "--runslow" not in quick
    assert slow[slow.index("--runslow") + 1] == "only"
    assert not {"-k", "-m", "--deselect", "--ignore"} & {*quick[3:], *slow[3:]}
    assert any("--constraint constraints.txt" in line for line in made["$(VENV)/.installed"])


@pytest.fixture(scope="module")
def arrays(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files that the README's commands read, those of a checkout among them."""
    folder = tmp_path_factory.mktemp("arrays")
    shutil.copytree(TOP / "profiles", folder / "profiles")
    shutil.copy(TOP / "params.yaml", folder)
    rng = np.random.default_rng(0)
    x = rng.standard_normal((600, 3))
    np.save(folder / "x.npy", x)
    np.save(folder / "z.npy", x + rng.standard_normal((600, 3)))
    np.save(folder / "labels.npy", (x[:, 0] > 0).astype(np.int64))
    np.save(folder / "videos.npy", np.arange(600) // 4)
    rows = [f"{height},{weight},{'Ulm' if height > 0 else 'Bonn'}" for height, weight, _ in x]
    (folder / "people.csv").write_text("\n".join(["height,weight,town", *rows]), encoding="utf-8")
    return folder


@pytest.mark.parametrize("command", [line for line in commands() if line.startswith("infoplane ")])
def test_command_line(
    command: str, arrays: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """In this process; tests/test_cli.py starts the program itself."""
    monkeypatch.chdir(arrays)
    assert main(shlex.split(command)[1:]) == 0
    printed = capsys.readouterr()
    assert printed.out or "params.yaml: now that of profile" in printed.err


@pytest.mark.parametrize("code", blocks("python"))
def test_python(code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(tmp_path)
    exec(compile(code, "README.md", "exec"), {})
    printed = [float(number) for number in re.findall(r"-?\d+\.\d+", capsys.readouterr().out)]
    assert printed[0] == pytest.approx(1.5 * np.log(2), abs=0.1), "the README says what the truth is"


def test_links_and_pictures_exist() -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", README):
        if not target.startswith("http"):
            assert (TOP / target).exists(), target
