"""The wheel without its extras, in an environment of its own."""

from __future__ import annotations

import shutil
import subprocess
import sys
import venv
from pathlib import Path

import pytest

TOP = Path(__file__).resolve().parents[1]


@pytest.mark.slow
def test_the_core_alone_runs_the_library_part_of_the_readme(tmp_path: Path) -> None:
    source = tmp_path / "source"  # setuptools builds in the folder itself, and takes what it finds there
    shutil.copytree(TOP / "src", source / "src", ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(TOP / name, source)
    venv.create(tmp_path / "core", with_pip=False)  # the pip of the tests installs into it
    python = tmp_path / "core" / "bin" / "python"
    pip = [sys.executable, "-m", "pip", "--quiet", "--python", python]
    subprocess.run([*pip, "install", "--no-compile", "--constraint", TOP / "constraints.txt", source], check=True)
    done = subprocess.run(
        [python, "-I", TOP / "tests" / "core_examples.py", TOP / "README.md"],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "CPU time to the first value" in done.stdout
