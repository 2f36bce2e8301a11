"""docs/architecture.md against the code: folders, the direction of imports, and what adding something touches."""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from importlib.util import resolve_name
from pathlib import Path

import pytest

TOP = Path(__file__).resolve().parents[1]
LIBRARY = TOP / "src" / "infoplane"
PAGE = (TOP / "docs" / "architecture.md").read_text(encoding="utf-8")
OUTSIDE = ("__init__", "__main__")
"""Modules at the top that are no folder of the page: the lazy public face imports everything."""


def rows(heading: str) -> list[list[str]]:
    """The cells of the table below a heading, without its head."""
    section = PAGE.split(f"## {heading}\n")[1].split("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines[2:]]


def layers() -> list[set[str]]:
    """The folders of the library from the top down; those of one row may import each other."""
    return [
        {name.removesuffix(".py").removesuffix("/") for name in re.findall(r"`([\w/.]+)`", row[0])}
        for row in rows("The folders of the library")
    ]


def imports(file: Path) -> set[str]:
    """The folders that a module imports from, in functions too; what only a type checker sees is left out."""
    package = ".".join(("infoplane", *file.relative_to(LIBRARY).parts[:-1]))
    found: set[str] = set()
    pending: list[ast.AST] = [ast.parse(file.read_text(encoding="utf-8"))]
    while pending:
        node = pending.pop()
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
            continue
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = resolve_name("." * node.level + (node.module or ""), package)
            names = [f"{base}.{alias.name}" for alias in node.names]
        found |= {name.split(".")[1] for name in names if name.startswith("infoplane.")}
        pending += ast.iter_child_nodes(node)
    return found


def test_the_page_names_every_folder_and_nothing_else() -> None:
    named = set().union(*layers())
    there = {path.stem for path in LIBRARY.iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()}
    assert named == there - set(OUTSIDE)


def test_imports_run_down_the_list() -> None:
    height = {folder: -depth for depth, folders in enumerate(layers()) for folder in folders}
    upward = [
        f"{file.relative_to(LIBRARY)} imports {target}"
        for file in sorted(LIBRARY.rglob("*.py"))
        if (own := file.relative_to(LIBRARY).parts[0].removesuffix(".py")) not in OUTSIDE
        for target in imports(file)
        if target in height and height[target] > height[own]
    ]
    assert upward == []


@dataclass(frozen=True)
class Addition:
    """One thing that is added: new files, and for each file that is changed what stands where, and the check."""

    row: str
    new: dict[str, str]
    changed: dict[str, tuple[str, ...]]
    """For each file what stands there and what takes its place, in turn."""
    check: str


_MADE_RUN = """
import sys, warnings
from pathlib import Path
import made_results, made_run
top = Path(sys.argv[1]) / "run"
import os
os.chdir(top)
text = Path("params.yaml").read_text()
for old, new in {
    "networks: [sphere-tanh, sphere-relu]": "networks: [sphere-tanh]",
    "suites: [gaussians, discrete, protocol]": "suites: [discrete]",
}.items():
    assert old in text
    text = text.replace(old, new)
Path("params.yaml").write_text(text)
run = made_results.made()
from infoplane.plots import encoder_pictures
encoder_pictures.learning_curves = lambda material: []  # not the point here, and slow to draw
"""
_DRAWN = """
made_run.write(top, run)
made_run.analyzed(top)
made_run.reported(top)
page = (top / "metrics" / "report.html").read_text()
"""

ADDITIONS = [
    Addition(
        "an estimator",
        {
            "src/infoplane/estimators/always_one.py": '''
"""A method that says one nat."""
from infoplane.results.estimate import Estimate


def always_one(x, z, *, seed=0):
    return Estimate(1.0, None, "estimate", "always_one", None, len(x), x.shape[1], z.shape[1], seed, 0.0)
'''
        },
        {
            "src/infoplane/estimators/registry.py": (
                "METHODS: dict[str, Method] = {\n",
                'METHODS: dict[str, Method] = {\n    "always_one": Method("says one nat", '
                '"infoplane.estimators.always_one", "always_one", "numbers", "estimate", _ALL_EXACT, '
                "interval=False),\n",
            )
        },
        """
import sys
import numpy as np
import infoplane
from infoplane import cli
from infoplane.calibration.methods import estimators
from infoplane.calibration.options import Settings, SuiteOptions
x = np.random.default_rng(0).standard_normal((50, 2))
assert infoplane.estimate(x, x, "always_one").nats == 1.0
assert "always_one" in infoplane.methods()
assert estimators(Settings(SuiteOptions(("always_one",), (50,), 1)))["always_one"](x, x, 0).nats == 1.0
cli.main(["methods"])
""",
    ),
    Addition(
        "an image source",
        {
            "src/infoplane/images/grey.py": '''
"""Grey squares of two classes."""
import numpy as np


class GreySource:
    kind, classes, ignored = "grey", ("dark", "light"), 0
    labels = np.arange(40) % 2

    def name(self, index):
        return f"grey-{index}"

    def load(self, index):
        return np.full((16, 16, 3), 50 + 100 * (index % 2), np.uint8)
'''
        },
        {
            "src/infoplane/images/sources.py": (
                "SOURCES: dict[str, Callable[[SourceOptions], Source]] = {",
                "def _grey(options: SourceOptions) -> Source:\n    from infoplane.images.grey import GreySource\n\n"
                "    return GreySource()\n\n\n"
                'SOURCES: dict[str, Callable[[SourceOptions], Source]] = {"grey": _grey, ',
            )
        },
        """
from pathlib import Path
from infoplane.images.sources import open_source
from infoplane.params.data import Data
text = Path("params.yaml").read_text().replace("source: mnist", "source: grey")
Path("params.yaml").write_text(text)
source = open_source(Data.load())
assert (source.kind, len(source.labels)) == ("grey", 40)
""",
    ),
    Addition(
        "a figure",
        {
            "src/infoplane/plots/blank.py": '''
"""An empty figure."""
from infoplane.plots import style


def draw(columns=2):
    with style.styled():
        figure, _ = style.panels(1, columns, 2.0, "Nothing yet")
    return figure
'''
        },
        {
            "src/infoplane/plots/encoder_pictures.py": (
                "COMPARISONS: tuple[Callable[[Material], Picture | None], ...] = (",
                "def _blank(material: Material) -> Picture:\n    from infoplane.plots import blank\n\n"
                '    return _picture("blank", "A blank figure", "Nothing to read.", "Nothing.", blank.draw)\n\n\n'
                "COMPARISONS: tuple[Callable[[Material], Picture | None], ...] = (_blank, ",
            )
        },
        f"""{_MADE_RUN}{_DRAWN}
assert (top / "metrics" / "figures" / "blank.svg").is_file()
assert "A blank figure" in page
""",
    ),
    Addition(
        "a summary quantity",
        {},
        {
            "stages/measure_noise.py": (
                "    io.save_json(arguments.out_metrics, metrics)",
                '    metrics["bits_noise"] = metrics["embedding_noise"]\n'
                "    io.save_json(arguments.out_metrics, metrics)",
            ),
            "src/infoplane/results/summary_quantities.py": (
                "\nQUANTITIES = (",
                '\nBITS = SummaryQuantity("bits_noise", "I(X; Ê) again", "I(X; Ê) once more", "nats", "noise")\n'
                "QUANTITIES = (BITS, ",
            ),
        },
        f"""
import made_results
before = made_results._noise
made_results._noise = lambda *given: (made := before(*given)) | {{"bits_noise": made["embedding_noise"]}}
{_MADE_RUN}
import pandas as pd
{_DRAWN}
from infoplane.common import io
summary = io.load_json(top / "metrics" / "summary.json")
entry = next(iter(summary.values()))["30"]
assert entry["bits_noise"] == entry["embedding_noise"] and "bits_noise_low" in entry
assert "bits_noise" in io.load_json(top / "metrics" / "correlations.json")["30"]["pearson"]["loss"]
table = pd.read_csv(top / "metrics" / "tables" / "quantities.csv")
assert "I(X; Ê) once more, nats" in set(table["axis"])
assert "I(X; Ê) once more" in page
""",
    ),
    Addition(
        "a stage",
        {
            "stages/count.py": '''
"""Count the labels."""
import argparse

from infoplane.common import io
from stages import common


def work(arguments: argparse.Namespace) -> None:
    io.save_json(arguments.out, {"rows": len(io.open_npy(arguments.labels / "test.npy"))})


if __name__ == "__main__":
    common.run("count", work, common.options(__doc__, inputs=("labels",), outputs=("out",)))
'''
        },
        {
            "dvc.yaml": (
                "\n  analyze:\n",
                "\n  count:\n    desc: The number of test images\n"
                "    cmd: python -m stages.count --labels data/labels --out metrics/count.json\n"
                "    deps:\n      - data/code/count.json\n      - data/labels\n    outs:\n      - metrics/count.json\n"
                "\n  analyze:\n",
                "      - data/code/download.json\n      - data/code/embed.json\n",
                "      - data/code/count.json\n      - data/code/download.json\n      - data/code/embed.json\n",
            )
        },
        """
import subprocess, sys
from infoplane.common import io
from pathlib import Path
subprocess.run([sys.executable, "-m", "stages.code", "--out", "data/code"], check=True)
written = io.load_json(Path("data/code/count.json"))
assert "stages/count.py" in str(written) and "common/io.py" in str(written), written
assert "plots" not in str(written)
import cells
found = {cell.name: cell for cell in cells.resolve(Path())}
made = {out for cell in found.values() for out in cell.outs}
assert set(found["count"].deps) <= made, found["count"]
""",
    ),
]


def test_the_table_of_additions_is_walked_row_by_row() -> None:
    assert [row[0] for row in rows("To add something")] == [addition.row for addition in ADDITIONS]


@pytest.mark.parametrize("addition", ADDITIONS, ids=lambda addition: addition.row.split()[-1])
def test_adding_touches_what_the_page_names_and_no_more(addition: Addition, tmp_path: Path) -> None:
    for name in ("src", "stages", "dvc.yaml", "params.yaml"):
        copy = shutil.copytree if (TOP / name).is_dir() else shutil.copy2
        copy(TOP / name, tmp_path / name)
    (tmp_path / "run").mkdir()
    shutil.copy2(TOP / "params.yaml", tmp_path / "run" / "params.yaml")
    (named,) = [row[1] for row in rows("To add something") if row[0] == addition.row]
    for name, text in addition.new.items():
        assert f"{Path(name).parent}/`" in named, f"{name}: the page does not say that a file is added there"
        (tmp_path / name).write_text(text.lstrip(), encoding="utf-8")
    for name, change in addition.changed.items():
        measures = name.startswith("stages/") and "the stage that measures it" in named
        assert f"`{name}`" in named or measures, f"{name}: the page does not say that it is changed"
        file = tmp_path / name
        text = file.read_text(encoding="utf-8")
        for old, new in zip(change[::2], change[1::2], strict=True):
            assert text.count(old) == 1, f"{name}: {old!r}"
            text = text.replace(old, new)
        file.write_text(text, encoding="utf-8")
    paths = os.pathsep.join(map(str, (tmp_path / "src", tmp_path, TOP / "tests", TOP / "tests" / "pipeline")))
    done = subprocess.run(
        [sys.executable, "-c", addition.check, str(tmp_path)],
        cwd=tmp_path, env=os.environ | {"PYTHONPATH": paths}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
