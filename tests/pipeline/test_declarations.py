"""dvc.yaml declares each stage's code and exactly the keys that it reads, and each file once."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest
from ruamel.yaml import YAML

from infoplane.params.calibrate import Calibrate
from infoplane.params.classifier import Classifier
from infoplane.params.data import Data
from infoplane.params.embed import Embed
from infoplane.params.measure import Measure
from infoplane.params.plane import InformationPlane
from infoplane.params.section import Section
from stages.closure import Repository

from checkout import TOP, Checkout

PIPELINE: dict[str, Any] = YAML(typ="safe").load(TOP / "dvc.yaml")
STAGES: dict[str, Any] = PIPELINE["stages"]
CELLS = {"encoder": "EfficientNetLite0-untrained", "suite": "discrete", "network": "sphere-tanh", "": ""}
"""A cell of each matrix in the small run."""
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


def _outputs(stage: dict[str, Any]) -> list[str]:
    entries = [*stage.get("outs", []), *stage.get("metrics", []), *stage.get("plots", [])]
    return [next(iter(entry)) if isinstance(entry, dict) else entry for entry in entries]


def test_every_file_has_one_producer() -> None:
    produced = Counter(path for stage in STAGES.values() for path in _outputs(stage))
    assert max(produced.values()) == 1


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


@pytest.mark.slow
@pytest.mark.parametrize("stage", STAGES)
def test_declared_keys_are_the_keys_read(
    stage: str, small_run: Checkout, folder_run: Checkout, tfds_run: Checkout
) -> None:
    read: set[str] = set()
    cell = CELLS[next(iter(STAGES[stage].get("matrix", {"": ""})))]
    for checkout in (small_run, folder_run, tfds_run):
        logs = checkout.folder / "metrics" / "runlog"
        log = logs / (f"{stage}@{cell}.json" if "matrix" in STAGES[stage] else f"{stage}.json")
        if log.exists():
            read |= set(json.loads(log.read_text())["keys_read"])
    declared = [
        key.replace("${item.encoder}", cell).replace("${item.suite}", cell) for key in STAGES[stage].get("params", [])
    ]
    assert expanded(declared) == read
