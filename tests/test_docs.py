"""The documentation: its code runs, its links lead somewhere, the site builds and fetches nothing from elsewhere.

A comment ``<!-- network -->`` or ``<!-- long -->`` above a block: only its syntax is checked.
"""

from __future__ import annotations

import ast
import csv
import re
import shlex
import subprocess
import sys
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from infoplane.cli import main

TOP = Path(__file__).resolve().parents[1]
DOCS = TOP / "docs"
BLOCK = re.compile(r"(?:<!-- (network|long) -->\n)?^```(python|sh)\n(.*?)^```$", re.DOTALL | re.MULTILINE)


@dataclass(frozen=True)
class Block:
    """One block of code in a page."""

    page: str
    language: str
    code: str
    runs: bool


def _blocks() -> list[Block]:
    return [
        Block(str(page.relative_to(DOCS)), language, code, not mark)
        for page in sorted(DOCS.rglob("*.md"))
        for mark, language, code in BLOCK.findall(page.read_text(encoding="utf-8"))
    ]


BLOCKS = _blocks()


def _commands(block: Block) -> list[str]:
    lines = [line.split("  #")[0].strip() for line in block.code.splitlines()]
    return [line for line in lines if line]


def test_python_blocks_parse() -> None:
    blocks = [block for block in BLOCKS if block.language == "python"]
    assert len(blocks) >= 3
    for block in blocks:
        ast.parse(block.code, block.page)


def test_shell_blocks_parse() -> None:
    blocks = [block for block in BLOCKS if block.language == "sh"]
    assert len(blocks) >= 6
    for block in blocks:
        done = subprocess.run(["bash", "-n"], input=block.code, text=True, capture_output=True, check=False)
        assert done.returncode == 0, (block.page, done.stderr)


def test_what_is_said_to_run_is_run_by_a_test() -> None:
    """`infoplane` commands and Python here; `dvc` and `make` by the tests of the pipeline, on experiments.md."""
    for block in BLOCKS:
        if block.language == "sh" and block.runs and block.page != "experiments.md":
            assert all(line.startswith("infoplane ") for line in _commands(block)), (block.page, block.code)


def test_links_lead_somewhere() -> None:
    for page in DOCS.rglob("*.md"):
        for target in re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text(encoding="utf-8")):
            if not target.startswith(("http", "mailto")):
                assert (page.parent / target).exists(), (page, target)


def test_the_cost_tables_are_those_of_the_benchmark() -> None:
    def numbers(part: str, texts: list[str]) -> list[object]:
        return [part, *(float(text.replace(",", "")) if text else None for text in texts)]

    page = (DOCS / "cost.md").read_text(encoding="utf-8")
    lines = [
        [cell.strip() for cell in line.strip("|").split("|")] for line in page.splitlines() if line.startswith("|")
    ]
    shown = [numbers(cells[0], cells[1:4]) for cells in lines if cells[0] != "part" and "---" not in cells[0]]
    with (TOP / "benchmarks" / "cost.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert shown == [numbers(row["part"], [row["gflop"], row["cpu_seconds"], row["error"]]) for row in rows]


@pytest.mark.parametrize("block", [b for b in BLOCKS if b.language == "python" and b.runs], ids=lambda b: b.page)
def test_python_runs(
    block: Block, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    exec(compile(block.code, block.page, "exec"), {})
    assert capsys.readouterr().out


COMMANDS = [
    line for b in BLOCKS if b.language == "sh" and b.runs and b.page != "experiments.md" for line in _commands(b)
]


@pytest.mark.parametrize("command", COMMANDS)
def test_commands_run(command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    x = np.random.default_rng(0).standard_normal((500, 3))
    np.save(tmp_path / "x.npy", x)
    np.save(tmp_path / "z.npy", x + np.random.default_rng(1).standard_normal(x.shape))
    monkeypatch.chdir(tmp_path)
    assert main(shlex.split(command)[1:]) == 0


@pytest.mark.slow
@pytest.mark.skipif(find_spec("mkdocs") is None, reason="the docs extra is not installed")
def test_the_site_builds_strictly_and_needs_no_network(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(tmp_path / "site")]
    done = subprocess.run(command, cwd=TOP, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    pages = list((tmp_path / "site").rglob("*.html"))
    assert len(pages) >= len(list(DOCS.rglob("*.md")))
    for page in pages:
        text = page.read_text(encoding="utf-8")
        fetched = re.findall(r"<(?:script|img|iframe)[^>]*\ssrc=\"?(https?://[^\" >]+)", text)
        fetched += re.findall(r"<link[^>]*rel=\"?(?:stylesheet|preload)[^>]*href=\"?(https?://[^\" >]+)", text)
        assert fetched == [], page
