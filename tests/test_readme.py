"""Every command of the README is run: here, by the tests of the pipeline, or by continuous integration."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

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
"""What `.ci/run` runs, itself or through the Makefile."""
BY_PROFILES = {"make reproduce PROFILE=photos"}
"""What tests/test_profiles.py runs."""


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


def test_continuous_integration_runs_what_it_should() -> None:
    script = (TOP / ".ci" / "run").read_text(encoding="utf-8")
    makefile = (TOP / "Makefile").read_text(encoding="utf-8")
    for command in ("make reproduce", "make test", "make test-slow", "make lint"):
        assert command in script
    for command in ("dvc repro", "python -m pytest", "--constraint constraints.txt"):
        assert command in makefile


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
    return folder


@pytest.mark.parametrize("command", [line for line in commands() if line.startswith("infoplane ")])
def test_command_line(command: str, arrays: Path) -> None:
    words = shlex.split(command)
    done = subprocess.run(
        [str(Path(sys.executable).parent / words[0]), *words[1:]],
        cwd=arrays,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout or "params.yaml: now that of profile" in done.stderr


@pytest.mark.parametrize("code", blocks("python"))
def test_python(code: str, tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    printed = [float(number) for number in re.findall(r"-?\d+\.\d+", done.stdout)]
    assert printed[0] == pytest.approx(1.5 * np.log(2), abs=0.1), "the README says what the truth is"


def test_links_and_pictures_exist() -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", README):
        if not target.startswith("http"):
            assert (TOP / target).exists(), target
