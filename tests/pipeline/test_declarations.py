"""dvc.yaml declares each stage's code and exactly the keys that it reads, and each file once."""

from __future__ import annotations

import re
import runpy
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from infoplane.common import io
from infoplane.images.catalogue import prepared_builder
from infoplane.params.calibrate import Calibrate
from infoplane.params.classifier import Classifier
from infoplane.params.data import Data
from infoplane.params.embed import Embed
from infoplane.params.measure import Measure
from infoplane.params.plane import InformationPlane
from infoplane.params.section import Section
from stages import common
from stages.closure import Repository

import made_arrays
import tiny_cats
from cells import CELLS, Cell, resolve
from checkout import SMALL, TOP, Checkout

PIPELINE: dict[str, Any] = YAML(typ="safe").load(TOP / "dvc.yaml")
STAGES: dict[str, Any] = PIPELINE["stages"]
CRITICS = ("measure.aa_mine", "measure.mine", "measure.probe", "information_plane.aa_mine", "information_plane.mine")
FEW_STEPS = {"information_plane.critic_points": "1", **{f"{critic}.max_steps": "10" for critic in CRITICS}}
"""Every critic is trained, for as long as reading its keys takes."""
SECTIONS: dict[str, type[Section]] = {
    section.key: section for section in (Data, Embed, Classifier, Measure, InformationPlane, Calibrate)
}


@pytest.mark.parametrize("stage", [name for name in STAGES if name != "code"])
def test_a_stage_depends_on_its_own_code(stage: str) -> None:
    assert STAGES[stage]["cmd"].split()[:3] == ["python", "-m", f"stages.{stage}"]
    code = [path for path in STAGES[stage]["deps"] if path.startswith(("data/code", "src", "stages"))]
    assert code == [f"data/code/{stage}.json"]


def test_every_stage_has_its_code_written() -> None:
    found = set(Repository(TOP).stages())
    assert found == set(STAGES)
    assert STAGES["code"]["outs"] == [f"data/code/{stage}.json" for stage in sorted(found - {"code"})]


def test_every_stage_says_what_it_is() -> None:
    assert all(stage["desc"] for stage in STAGES.values())
    assert len((TOP / "dvc.yaml").read_text(encoding="utf-8").splitlines()) < 300


def _within(path: str, folder: str) -> bool:
    return path == folder or path.startswith(f"{folder}/")


def test_every_file_has_one_producer() -> None:
    """Of all cells, with their names filled in; nor does one cell write into another's folder."""
    produced = [(out, cell.name) for cell in CELLS for out in cell.outs]
    assert len(produced) > len(CELLS)
    for number, (out, name) in enumerate(produced):
        assert [(one, owner) for one, owner in produced[:number] if _within(out, one) or _within(one, out)] == [], name


GIVEN = ("src", "stages", "examples", "constraints.txt")
"""The first part of paths that lie in git: code, versions, and the examples that data.path and embed.path name."""


@pytest.mark.parametrize("cell", CELLS, ids=lambda cell: cell.name)
def test_what_a_cell_reads_is_produced_by_another(cell: Cell) -> None:
    """Every dependency is the output of a cell, a file in one, or a folder of several; or it lies in git."""
    others = [out for one in CELLS if one != cell for out in one.outs]
    for dep in cell.deps:
        if dep.split("/")[0] in GIVEN:
            assert (TOP / dep).exists(), dep
        else:
            assert any(_within(dep, out) or _within(out, dep) for out in others), dep


@pytest.mark.parametrize("cell", CELLS, ids=lambda cell: cell.name)
def test_what_a_command_reads_is_declared(cell: Cell) -> None:
    read = [path for name, path in cell.options.items() if "/" in path and not name.startswith("out")]
    for path in read:
        assert any(_within(dep, path) or _within(path, dep) for dep in cell.deps), path


MEASURING = ("measure", "information_plane", "calibrate")


@pytest.mark.parametrize("stage", [name for name in STAGES if name.startswith(MEASURING)])
def test_measuring_stages_have_a_cached_output(stage: str) -> None:
    assert STAGES[stage]["outs"], "with every output in git, DVC would take the stage as done whoever wrote them"


def expanded(declared: list[str]) -> set[str]:
    """Declared keys, a whole section as all of its fields."""
    keys = set()
    for key in declared:
        fields = SECTIONS[key].model_fields if key in SECTIONS else {}
        keys |= {f"{key}.{field}" for field in fields} or {key}
    return keys


def run_in_this_process(folder: Path, stages: tuple[str, ...] = ()) -> dict[str, set[str]]:
    """Run the cells of a folder's params.yaml, or some stages' of them, as DVC would; the keys that each one read."""
    shutil.rmtree(folder / ".dvc", ignore_errors=True)
    read: dict[str, set[str]] = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setattr(common, "LOCKS", folder / ".stage-locks")
        patch.setattr(common, "RUN_LOG", folder / "metrics" / "runlog")
        for cell in in_order(resolve(folder)):
            if not stages or cell.stage in stages:
                patch.setattr(sys, "argv", cell.words)
                runpy.run_module(cell.words[0], run_name="__main__")
                log = io.load_json(folder / "metrics" / "runlog" / f"{cell.name}.json")
                read.setdefault(cell.name, set()).update(log["keys_read"])
    return read


def in_order(cells: tuple[Cell, ...]) -> list[Cell]:
    """Each after those whose outputs it reads."""
    left, done = list(cells), list[Cell]()
    while left:
        waiting = {out for cell in left for out in cell.outs}
        ready = [
            cell
            for cell in left
            if not any(_within(dep, out) or _within(out, dep) for dep in cell.deps for out in waiting - set(cell.outs))
        ]
        assert ready, [cell.name for cell in left]
        done += ready
        left = [cell for cell in left if cell not in ready]
    return done


@pytest.fixture(scope="module")
def keys_read(tmp_path_factory: pytest.TempPathFactory) -> dict[str, set[str]]:
    """The keys that each cell of the small pipeline read, on few images; `download` from every source."""
    folder = tmp_path_factory.mktemp("keys")
    for name in ("dvc.yaml", "params.yaml"):
        shutil.copy(TOP / name, folder)
    shutil.copytree(TOP / "examples", folder / "examples")
    checkout = Checkout(folder)
    checkout.set_keys(SMALL | FEW_STEPS)
    read = run_in_this_process(folder)
    made_arrays.write_split(folder / "mine", made_arrays.arrays())
    with pytest.MonkeyPatch.context() as patch:
        tiny_cats.bring(folder / "tfds", None, 12, patch)
        prepared_builder("cats_vs_dogs")
        for source in ({"source": "folder"}, {"source": "tfds"}, {"source": "arrays", "path": "mine"}):
            checkout.set_keys({"data.limit": "null"} | {f"data.{key}": value for key, value in source.items()})
            read["download"] |= run_in_this_process(folder, ("download",))["download"]
    return read


@pytest.mark.slow
@pytest.mark.xdist_group("declared keys")
@pytest.mark.parametrize("stage", STAGES)
def test_declared_keys_are_the_keys_read(stage: str, keys_read: dict[str, set[str]]) -> None:
    cells = [name for name in keys_read if name.split("@")[0] == stage]
    assert len(cells) == 1, "one cell of each matrix in the small run"
    item = cells[0].partition("@")[2]
    declared = [re.sub(r"\$\{item\.\w+\}", item, key) for key in STAGES[stage].get("params", [])]
    assert expanded(declared) == keys_read[cells[0]]
