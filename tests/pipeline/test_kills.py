"""kill -9 does no harm: two stages under DVC, and for the others, that they write as these two do."""

from __future__ import annotations

import ast
import contextlib
import os
import random
import re
import subprocess
import time
from dataclasses import replace
from pathlib import Path

import psutil
import pytest
from ruamel.yaml import YAML

from infoplane.common import io

from cells import CELLS, Cell
from checkout import TOP, Checkout

WRITERS = {f"io.{name}" for name in vars(io) if name.startswith("save_") or name == "output_folder"}
"""What writes under a temporary name and moves what is whole into place (tests/common/test_io.py)."""
MODULES = sorted((TOP / "stages").glob("*.py"))


def misused_outputs(source: str) -> list[str]:
    """Uses of an output's path other than as the first argument of a writer.

    All arguments together may go to functions of the same module, which are held to the same under the same name.
    """
    nodes = list(ast.walk(ast.parse(source)))
    calls = [node for node in nodes if isinstance(node, ast.Call) and node.args]
    own = {
        node.name
        for node in nodes
        if isinstance(node, ast.FunctionDef) and any(one.arg == "arguments" for one in node.args.args)
    }
    written = {id(call.args[0]) for call in calls if ast.unparse(call.func) in WRITERS}
    handed_on = {id(call.args[0]) for call in calls if ast.unparse(call.func) in own}
    single = {id(node.value) for node in nodes if isinstance(node, ast.Attribute)}
    misused = []
    for node in nodes:
        if isinstance(node, ast.Attribute) and re.fullmatch(r"arguments\.out\w*", ast.unparse(node)):
            misused += [] if id(node) in written else [node]
        if isinstance(node, ast.Name) and node.id == "arguments":
            misused += [] if id(node) in handed_on | single else [node]
    return [f"{ast.unparse(node)}, line {node.lineno}" for node in misused]


@pytest.mark.parametrize("module", [file for file in MODULES if "def work(" in file.read_text()], ids=lambda f: f.stem)
def test_stages_write_their_outputs_through_io_alone(module: Path) -> None:
    """Neither the stage nor what it calls learns the path of an output, but for `common.io`."""
    assert misused_outputs(module.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    "line",
    [
        "np.save(arguments.out, rows)",
        "arguments.out_metrics.write_text(text)",
        "with open(arguments.out_table, 'w') as file: pass",
        "write(folder, arguments.out)",
        "io.load_json(arguments.out)",
        "io.save_json(path, arguments.out)",
        "finish(arguments)",
        "path = arguments.out",
    ],
)
def test_other_ways_to_write_are_seen(line: str) -> None:
    assert misused_outputs(f"def work(arguments):\n    {line}") != []


@pytest.mark.parametrize("cell", CELLS, ids=lambda cell: cell.name)
def test_declared_outputs_are_the_options_that_a_stage_clears_of_leftovers(cell: Cell) -> None:
    """Or, of the stage `code`, the files of the one folder that it clears."""
    cleared = {value for name, value in cell.options.items() if name.startswith("out")}
    assert {str(Path(out).parent) if str(Path(out).parent) in cleared else out for out in cell.outs} == cleared


@pytest.mark.slow
@pytest.mark.parametrize("stage", ["train@vague", "measure_noise@vague"])
def test_kill_in_mid_stage_does_no_harm(stage: str, copied_arrays_run: Checkout) -> None:
    """kill -9 at two random moments, and right after the first temporary file; then the metrics are the same."""
    checkout = replace(copied_arrays_run, warm=False)  # a killed process is the stage itself
    before = checkout.metrics()
    seconds = _timed(checkout, stage)
    moments = random.Random(stage)
    killed = [_kill_stage(checkout, stage, after=moments.uniform(0.1, 0.9) * seconds) for _ in range(2)]
    killed.append(_kill_stage(checkout, stage, after=None))
    assert any(killed)
    # DVC would take what the killed runs left out from its cache; here the stage has to make it again.
    assert checkout.repro("--force", "--no-run-cache", "--single-item", stage) == [stage]
    assert checkout.repro() == []
    assert checkout.metrics() == before
    leftovers = [path for path in checkout.folder.rglob(".tmp-*") if ".dvc" not in path.parts]
    assert leftovers == []
    assert checkout.run("dvc", "status").strip() == "Data and pipelines are up to date."


def _stage_command(checkout: Checkout, stage: str) -> list[str]:
    lock = YAML(typ="safe").load(checkout.folder / "dvc.lock")
    return str(lock["stages"][stage]["cmd"]).split()


def _timed(checkout: Checkout, stage: str) -> float:
    start = time.monotonic()
    checkout.run(*_stage_command(checkout, stage))
    return time.monotonic() - start


def _kill_stage(checkout: Checkout, stage: str, after: float | None) -> bool:
    """Start the stage under DVC and kill DVC and all its children, after some seconds or at the first temporary file.

    DVC starts its stages in sessions of their own; killed alone, it would leave them running. Whether the stage was
    still running then: later DVC writes dvc.lock, and not so that a kill does no harm.
    """
    leftovers = _temporary_files(checkout.folder)
    process = psutil.Popen(
        ["dvc", "repro", "--single-item", "--force", "--no-run-cache", stage],
        cwd=checkout.folder,
        env=checkout.environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    while process.poll() is None and not _stage_processes(process):
        time.sleep(0.02)
    end = time.monotonic() + (after if after is not None else 600)
    while time.monotonic() < end and process.poll() is None:
        if after is None and _temporary_files(checkout.folder) - leftovers:
            break
        time.sleep(0.005)
    killed = False
    if process.poll() is None:
        process.suspend()
        killed = bool(_stage_processes(process))
        if killed:
            for child in process.children(recursive=True):
                child.kill()
            process.kill()
        else:
            process.resume()
    process.wait()
    return killed


def _stage_processes(process: psutil.Process) -> list[psutil.Process]:
    """The children of DVC that run the stage."""
    found = []
    with contextlib.suppress(psutil.NoSuchProcess):
        for child in process.children(recursive=True):
            with contextlib.suppress(psutil.NoSuchProcess, psutil.ZombieProcess):
                if any("stages." in word for word in child.cmdline()):
                    found.append(child)
    return found


def _temporary_files(folder: Path) -> set[Path]:
    """By ``os.walk``, which does not mind folders that go while it walks."""
    found = set[Path]()
    for top in ("data", "metrics"):
        for place, folders, files in os.walk(folder / top):
            found |= {Path(place, name) for name in (*folders, *files) if name.startswith(".tmp-")}
    return found
