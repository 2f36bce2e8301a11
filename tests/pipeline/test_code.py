"""The stage ``code``: what a stage reaches is found, and what changes no result changes no digest."""

from __future__ import annotations

import ast
import json
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
from dvc.repo import Repo
from ruamel.yaml import YAML

from infoplane.estimators.registry import METHODS
from stages import closure, syntax
from stages.closure import WITHOUT_EFFECT, Repository

from checkout import SMALL, TOP, Checkout, make_checkout

CELL = "EfficientNetLite0-untrained"

MODULE = '''
"""What it is."""

import math


class Shape:
    """A shape."""

    sides: int = 4
    """How many."""

    @property
    def area(self, scale: float = 2.0) -> str:
        """Of a square."""
        return f"{math.pi * scale:>{10}.3f} {{square}} of {self.sides=} \\N{SUPERSCRIPT TWO} " "é🫨"
'''
DIGEST = "6c35db9ad5170d99c5137d913f9149ccf93dac4adafb5bdc58928145995bc684"
"""Of MODULE, the same on every Python."""


def digest(text: str) -> str:
    return syntax.digest(ast.parse(text))


def test_the_digest_is_the_same_on_every_python() -> None:
    assert digest(MODULE) == DIGEST


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"""What it is."""', '"""What it was."""'),
        ('"""What it is."""', ""),
        ('        """Of a square."""\n', ""),
        ('"""How many."""', '"""How many of them."""  # and a comment'),
        ("import math\n", "import math  # for pi\n\n\n"),
        ("(self, scale: float = 2.0)", "(\n        self,\n        scale: float = 2.0,\n    )"),
        ('"é🫨"', "'é🫨'"),
        ("    ", "  "),
        ("import math", 'import math\n__version__ = "2.0"'),
    ],
)
def test_comments_docstrings_and_layout_leave_the_digest(old: str, new: str) -> None:
    assert old in MODULE
    assert digest(MODULE.replace(old, new)) == DIGEST


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("= 4", "= 5"),
        ("= 4", "= 4.0"),
        ("= 4", "= True"),
        ("= 4", '= "4"'),
        ("2.0", "2.5"),
        (": int", ": float"),
        ("    @property\n", ""),
        ("math.pi", "math.tau"),
        (" of {", " or {"),
        ("{{square}}", "square"),
        ("{10}.3f", "{10}.4f"),
        ("self.sides=", "self.sides"),
        ("é", "e"),
        ("import math", "import math as m"),
        ("class Shape:", "class Shape(str):"),
    ],
)
def test_everything_else_changes_the_digest(old: str, new: str) -> None:
    assert old in MODULE
    assert digest(MODULE.replace(old, new)) != DIGEST


def repository(folder: Path, files: dict[str, str]) -> Repository:
    """A small repository: texts by path below ``src/infoplane``, or ``stages``; packages get an ``__init__``."""
    files = {"__init__.py": "", "stages/__init__.py": "", **files}
    for path, text in files.items():
        file = folder / path if path.startswith("stages/") else folder / "src" / "infoplane" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        if not (file.parent / "__init__.py").exists():
            (file.parent / "__init__.py").touch()
    return Repository(folder)


def reached(folder: Path, files: dict[str, str], script: str) -> set[str]:
    """The modules that a script reaches, but for itself and the topmost packages."""
    found = repository(folder, {**files, "stages/script.py": script}).closure("stages.script")
    return found - {"infoplane", "stages", "stages.script"}


LAZY = (
    "from typing import TYPE_CHECKING\n"
    "if TYPE_CHECKING:\n"
    "    from infoplane.shapes.square import Square\n"
    "    from infoplane.shapes.circle import Circle\n"
    "def __getattr__(name):\n    return {'Square': 'infoplane.shapes.square', 'Circle': 'infoplane.shapes.circle'}\n"
)
FILES = {
    "common/io.py": "",
    "common/seeds.py": "import numpy",
    "shapes/__init__.py": LAZY,
    "shapes/square.py": "from infoplane.common import seeds",
    "shapes/circle.py": "from ..common import io",
    "registry.py": 'METHODS = {"square": ("infoplane.shapes.square", "area")}',
    "chooser.py": "from infoplane import registry",
}
SQUARE = {"infoplane.shapes", "infoplane.shapes.square", "infoplane.common", "infoplane.common.seeds"}
CIRCLE = {"infoplane.shapes", "infoplane.shapes.circle", "infoplane.common", "infoplane.common.io"}


@pytest.mark.parametrize(
    ("script", "found"),
    [
        ("def f():\n    import infoplane.common.io as io", {"infoplane.common", "infoplane.common.io"}),
        ("from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import infoplane.common.io", set()),
        ('"infoplane.common.io"', set()),
        ("from infoplane.shapes.square import area", SQUARE),
        ("from infoplane.shapes import Square", SQUARE),
        ("from infoplane.shapes import Circle", CIRCLE),
        ("from infoplane import shapes", SQUARE | CIRCLE),
        ("from infoplane.shapes import *", SQUARE | CIRCLE),
        ("from infoplane.chooser import choose", SQUARE | {"infoplane.chooser", "infoplane.registry"}),
        ("from importlib import import_module\nimport_module('infoplane.shapes.circle')", CIRCLE),
    ],
)
def test_what_is_reached(tmp_path: Path, script: str, found: set[str]) -> None:
    assert reached(tmp_path, FILES, script) == found


def test_a_new_name_of_a_lazy_package_leaves_its_digest_and_new_code_does_not(tmp_path: Path) -> None:
    lazy = (
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from infoplane.shapes.square import Square\n"
        "_PUBLIC = {'Square': 'infoplane.shapes.square'}\n__all__ = ['Square']\ndef __getattr__(name):\n    return 1\n"
    )
    longer = lazy.replace("import Square", "import Square, area").replace("['Square']", "['Square', 'area']")
    longer = longer.replace("{'Square'", "{'area': 'infoplane.shapes.square', 'Square'")
    digests = [
        repository(tmp_path / str(number), {"shapes/square.py": "", "shapes/__init__.py": text})
        .module("infoplane.shapes")
        .digest
        for number, text in enumerate([lazy, longer, lazy.replace("return 1", "return 2")])
    ]
    assert digests[0] == digests[1] != digests[2]


def test_onlookers_are_left_out_where_they_only_look_on(tmp_path: Path) -> None:
    files = {
        "params/check.py": "from infoplane.common import io",
        "common/io.py": "",
        "stages/common.py": "def run():\n    from infoplane.params import check\n    from stages import watch",
        "stages/watch.py": "",
    }
    assert reached(tmp_path / "a", files, "from stages import common") == {"stages.common", "infoplane.params"}
    other = "from stages import common\nfrom infoplane.params.check import check"
    assert reached(tmp_path / "b", files, other) >= {"infoplane.params.check", "infoplane.common.io"}


def test_data_files_and_versions_of_those_that_use_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = {
        **FILES,
        "pages/page.html": "<p>",
        "pages/other.html": "<p>",
        "pages/page.py": "from importlib.resources import files\nfiles('infoplane.pages') / 'page.html'",
        "stages/report.py": "import infoplane.pages.page as page\nimport tqdm",
        "stages/shape.py": "from infoplane.shapes import Square\ndef f():\n    import sklearn.neighbors",
    }
    installed = {"numpy": "2.1", "scikit-learn": None}
    monkeypatch.setattr(closure, "installed_version", installed.__getitem__)
    report, shape = (repository(tmp_path, files).describe(stage) for stage in ("report", "shape"))
    assert set(report["files"]) == {"src/infoplane/pages/page.html"}
    assert report["packages"] == {}
    assert set(report["modules"]) == {
        *("src/infoplane/__init__.py", "src/infoplane/pages/__init__.py", "src/infoplane/pages/page.py"),
        *("stages/__init__.py", "stages/report.py"),
    }
    assert shape["files"] == {}
    assert shape["packages"] == installed
    (tmp_path / "src/infoplane/pages/page.html").write_text("<p>more", encoding="utf-8")
    assert Repository(tmp_path).describe("report")["files"] != report["files"]


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ("x = 1\ny = (", r"stages/script\.py:2: '\(' was never closed"),
        ("from infoplane.nowhere import x", r"infoplane\.nowhere: imported, but no module in "),
    ],
)
def test_what_cannot_be_read_is_said(tmp_path: Path, script: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        reached(tmp_path, {}, script)


# This repository.

HERE = Repository(TOP)
STAGES = [stage for stage in HERE.stages() if stage != "code"]


def test_onlookers_are_imported_and_reached_by_no_stage() -> None:
    assert all(imported in HERE.module(importing).imports for importing, imported in WITHOUT_EFFECT)
    everything = set().union(*(HERE.closure(f"stages.{stage}") for stage in STAGES))
    assert everything.isdisjoint(imported for _, imported in WITHOUT_EFFECT)


def test_stages_reach_what_they_use_and_no_more() -> None:
    embed, label, calibrate = (HERE.closure(f"stages.{stage}") for stage in ("embed", "measure_label", "calibrate"))
    assert not {name for name in embed if name.split(".")[1:2] in (["plots"], ["report"], ["estimators"], ["results"])}
    assert label >= {"infoplane.estimators.variational", "infoplane.critics.training"}
    assert label.isdisjoint({"infoplane.estimators.registry", "infoplane.estimators.nearest_neighbours"})
    assert not {name for name in label if name.startswith("infoplane.distributions")}
    assert calibrate >= {method.module for method in METHODS.values()}


def test_every_data_file_is_reached_or_is_for_dvc_alone() -> None:
    found = {path for stage in STAGES for path in HERE.describe(stage)["files"]}
    others = {path.relative_to(TOP).as_posix() for path in HERE.data_files()} - found
    assert {path for path in others if not path.startswith("src/infoplane/plots/templates/")} == set()
    assert "src/infoplane/report/report.html" in HERE.describe("report")["files"]


def test_lazy_packages_say_where_their_names_come_from() -> None:
    packages = sorted(path.parent for path in (TOP / "src" / "infoplane").rglob("__init__.py"))
    names = [".".join(path.relative_to(TOP / "src").parts) for path in packages]
    lazy = {name: HERE.lazy_names(name) for name in names if HERE.lazy_names(name)}
    assert "infoplane.distributions" in lazy
    for name, known in lazy.items():
        tree = syntax.parsed(HERE.file(name))
        offered = next(ast.literal_eval(node.value) for node in tree.body if _assigns_all(node))  # type: ignore[attr-defined]
        assert set(offered) == set(known), name


def _assigns_all(node: ast.stmt) -> bool:
    return isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__"


# Under DVC.


@pytest.fixture
def up_to_date(tmp_path: Path) -> Checkout:
    """A checkout in which `code` has run, and every other stage passes for up to date: its files hold its name."""
    checkout = make_checkout(tmp_path / "checkout")
    checkout.set_keys(SMALL)
    checkout.repro("code")
    for path in _paths(checkout):
        if not path.exists():
            file = path if path.suffix in (".csv", ".html", ".json", ".npy", ".npz") else path / "file"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(path.name, encoding="utf-8")
    checkout.run("dvc", "commit", "--force")
    checkout.run("dvc", "commit", "--force", "report")  # DVC put a .gitignore into a folder that it reads
    return checkout


def _paths(checkout: Checkout) -> list[Path]:
    """Everything that a stage reads or writes."""
    with Repo(checkout.folder) as repo:
        index = repo.index
        return sorted(
            Path(item.fs_path) for item in (*index.deps, *index.outs) if Path(item.fs_path).name != "params.yaml"
        )


def stale(checkout: Checkout) -> set[str]:
    """The stages that DVC would run again, once ``code`` has looked at the code."""
    checkout.repro("code")
    return set(json.loads(checkout.run("dvc", "status", "--json")))


def _locked(checkout: Checkout) -> dict[str, Any]:
    """What dvc.lock holds of every stage but ``code``."""
    stages: dict[str, Any] = YAML(typ="safe").load(checkout.folder / "dvc.lock")["stages"]
    return {name: stage for name, stage in stages.items() if name != "code"}


def edit(checkout: Checkout, module: str, old: str, new: str) -> None:
    file = checkout.folder / "src" / "infoplane" / module
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), encoding="utf-8")


@pytest.mark.slow
def test_a_change_makes_stale_what_uses_it(up_to_date: Checkout, tmp_path: Path) -> None:
    committed = _locked(up_to_date)
    assert up_to_date.run("dvc", "status").strip() == "Data and pipelines are up to date."
    for module in ("critics/training.py", "common/io.py"):
        edit(up_to_date, module, '"""', '"""In other words. ')
        edit(up_to_date, module, "\nimport ", "\n# A remark.\nimport ")
    assert up_to_date.repro() == []
    assert _locked(up_to_date) == committed
    neighbours = {f"measure_prediction@{CELL}", "calibrate@discrete"}
    edit(up_to_date, "estimators/nearest_neighbours.py", "def ross(", "ADDED = 1\n\n\ndef ross(")
    assert stale(up_to_date) == neighbours
    edit(up_to_date, "estimators/nearest_neighbours.py", "ADDED = 1\n\n\n", "")
    assert stale(up_to_date) == set()
    edit(up_to_date, "estimators/binning.py", "\nimport ", "\nADDED = 1\nimport ")
    assert stale(up_to_date) == {"calibrate@discrete"}, "reached through the registry alone"
    edit(up_to_date, "estimators/binning.py", "\nADDED = 1", "")
    edit(up_to_date, "report/report.html", "<body", "<!-- --><body")
    assert stale(up_to_date) == {"report"}
    edit(up_to_date, "report/report.html", "<!-- --><body", "<body")
    other = tmp_path / "another" / "scikit_learn-0.0.1.dist-info"
    other.mkdir(parents=True)
    (other / "METADATA").write_text("Metadata-Version: 2.1\nName: scikit-learn\nVersion: 0.0.1\n", encoding="utf-8")
    path = f"PYTHONPATH={other.parent}"
    cell = f"measure_prediction@{CELL}"
    refused = up_to_date.run("env", path, "dvc", "repro", "--force", "--single-item", cell, fails=True)
    assert f"{cell}: scikit-learn 0.0.1 is installed, expected {version('scikit-learn')} as in data/code/" in refused
    assert "Traceback" not in refused
    up_to_date.run("env", path, "dvc", "repro", "--force", "--single-item", "code")
    assert set(json.loads(up_to_date.run("dvc", "status", "--json"))) >= neighbours, "what is installed was taken up"


@pytest.mark.slow
def test_a_queued_experiment_digests_its_own_code(tmp_path: Path) -> None:
    """Neither the code that is committed nor what the workspace holds when the experiment runs."""
    checkout = make_checkout(tmp_path / "checkout")
    checkout.repro("code")
    checkout.commit("the code")
    edit(checkout, "classifiers.py", "outputs: Array = (", "outputs: Array = 2 * (")
    queued = syntax.digest(syntax.parsed(checkout.folder / "src" / "infoplane" / "classifiers.py"))
    checkout.run("dvc", "exp", "run", "--queue", "--name", "doubled", "code")
    edit(checkout, "classifiers.py", "outputs: Array = 2 * (", "outputs: Array = 1000 * (")
    checkout.run("dvc", "exp", "run", "--run-all")
    checkout.run("dvc", "exp", "branch", "doubled", "kept")
    checkout.run("git", "checkout", "-q", "--force", "kept")
    checkout.run("dvc", "checkout", "data/code/predict.json")
    written = json.loads((checkout.folder / "data" / "code" / "predict.json").read_text(encoding="utf-8"))
    assert written["modules"]["src/infoplane/classifiers.py"] == queued


@pytest.mark.slow
def test_what_a_stage_loads_was_found(tmp_path: Path) -> None:
    """Against Python's own list of what was imported while a stage ran that goes through the registry."""
    checkout = make_checkout(tmp_path / "checkout")
    checkout.set_keys(SMALL)
    outputs = ["--out-tables", "tables", "--out-metrics", "metrics.json"]
    command = ["python", "-X", "importtime", "-m", "stages.calibrate", "--suite", "discrete", *outputs]
    lines = checkout.run(*command).splitlines()
    loaded = {line.split("|")[-1].strip() for line in lines if line.startswith("import time:")}
    own = {name for name in loaded if name.split(".")[0] in ("infoplane", "stages")}
    assert own >= {"infoplane.estimators.discrete", "infoplane.params.check", "stages.common"}
    without_effect = set().union(*(HERE.closure(imported) for _, imported in WITHOUT_EFFECT))
    assert own <= HERE.closure("stages.calibrate") | without_effect
