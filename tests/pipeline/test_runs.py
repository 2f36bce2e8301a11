"""The pipeline as its users drive it: nothing runs twice, changes recompute what they touch, clones share."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ruamel.yaml import YAML

from checkout import SMALL, Checkout, executed, make_checkout, wait_for_queue

pytestmark = pytest.mark.slow

MAKE = "make --assume-old=.venv/.installed"
"""With the test's own environment in the place of the one that make would install."""
CELL = "EfficientNetLite0-untrained"
CELLS = [f"{stage}@{CELL}" for stage in ("embed", "train", "predict", "measure_noise", "measure_label")]
STAGES = [
    "download",
    "networks",
    *CELLS,
    f"measure_prediction@{CELL}",
    "analyze",
    "information_plane@sphere-tanh",
    "calibrate@discrete",
    "report",
]


def test_nothing_changed_runs_nothing(small_run: Checkout) -> None:
    assert small_run.repro() == []


def test_a_typo_stops_the_first_stage_before_anything_runs(copied_run: Checkout) -> None:
    before = copied_run.metrics()
    copied_run.set(seed="1", measure__noise_std="-0.5")
    output = copied_run.run("dvc", "repro", fails=True)
    assert "download: params.yaml: measure.noise_std: -0.5 given" in output
    assert "Traceback" not in output
    assert copied_run.metrics().items() <= before.items()


def test_a_queued_experiment_runs_the_queued_code(copied_run: Checkout) -> None:
    """Code edited after queueing must not reach the queued run (an editable installation would let it)."""
    library = copied_run.folder / "src" / "infoplane" / "classifiers.py"
    committed = library.read_text()
    start = "outputs: Array = ("
    assert start in committed
    original = copied_run.logits(CELL, 1)
    library.write_text(committed.replace(start, "outputs: Array = 2 * ("))
    copied_run.run("dvc", "exp", "run", "--queue", "--name", "doubled")
    library.write_text(committed.replace(start, "outputs: Array = 1000 * ("))
    copied_run.run("dvc", "queue", "start")
    wait_for_queue(copied_run)
    library.write_text(committed)
    copied_run.run("dvc", "exp", "apply", "doubled")
    assert np.allclose(copied_run.logits(CELL, 1), 2 * original, rtol=1e-5)


def test_a_folder_serves_as_remote(copied_run: Checkout, tmp_path: Path) -> None:
    """push, pull in another clone, and an older result back by git checkout and dvc checkout."""
    copied_run.run("dvc", "remote", "add", "-d", "store", str(tmp_path / "remote"))
    copied_run.commit("a remote")
    copied_run.run("dvc", "push")
    copied_run.run("git", "clone", "-q", str(copied_run.folder), str(tmp_path / "clone"))
    clone = Checkout(tmp_path / "clone")
    clone.run("dvc", "pull")
    assert clone.repro() == []
    old = clone.logits(CELL, 1)
    assert np.array_equal(old, copied_run.logits(CELL, 1))
    clone.set(classifier__learning_rate="0.01")
    clone.repro(f"predict@{CELL}")
    clone.commit("another learning rate")
    assert not np.array_equal(clone.logits(CELL, 1), old)
    clone.run("git", "checkout", "-q", "HEAD~1")
    clone.run("dvc", "checkout")
    assert np.array_equal(clone.logits(CELL, 1), old)


def test_the_experiments_of_the_documentation(copied_run: Checkout) -> None:
    """Every command of docs/experiments.md that is not marked, in its order, on the small run."""
    text = (copied_run.folder / "docs" / "experiments.md").read_text(encoding="utf-8")
    blocks = re.findall(r"(?<!-->\n)^```sh\n(.*?)^```$", text, flags=re.DOTALL | re.MULTILINE)
    lines = [line for block in blocks for line in block.splitlines()]
    assert len(lines) >= 12
    before = copied_run.metrics()
    outputs: dict[str, str] = {}
    for line in lines:
        if line.startswith("dvc exp run -S"):
            copied_run.run("git", "checkout", "-q", ".")
        waits = 120 if line == "make experiments" else None
        outputs[line] = copied_run.run(*shlex.split(line.replace("make ", f"{MAKE} ")), start_again_after=waits)
        if "queue start" in line:
            wait_for_queue(copied_run)
            _nothing_but_noise_ran(copied_run)
        if line == "dvc exp run -S measure.noise_std=0.3":
            assert set(executed(outputs[line])) == {f"measure_noise@{CELL}", "analyze", "report"}
        if line == "make experiments":
            # Wide enough that nothing is cut off where the output is a table for a terminal.
            shown = copied_run.run("env", "COLUMNS=300", *MAKE.split(), "experiments", "STOP=3", start_again_after=120)
            marked = copied_run.run(*MAKE.split(), "experiments", "STOP=3", "MD=1", start_again_after=120)
            for table in (shown, marked):
                header = next(row for row in table.splitlines() if "Experiment" in row)
                columns = [column for column in re.split(r"\s*\|\s*|\s{2,}", header) if column]
                assert columns == [
                    "Experiment",
                    f"{CELL}.3.embedding_noise",
                    "measure.noise_std",
                    "measure.aa_mine.max_steps",
                ]
    assert "embedding_noise" in outputs["dvc metrics diff low high"]
    applied = YAML(typ="safe").load(copied_run.folder / "params.yaml")
    assert applied["measure"]["noise_std"] == 0.5
    assert copied_run.metrics() != before
    assert copied_run.repro() == [], "make reproduce left everything up to date"


def _nothing_but_noise_ran(checkout: Checkout) -> None:
    """No queued experiment embedded, trained or measured anything else again."""
    names = [line.split()[0] for line in checkout.run("dvc", "queue", "status").splitlines() if "Success" in line]
    assert len(names) == 4
    for name in names:
        log = checkout.run("dvc", "queue", "logs", name)
        assert set(executed(log)) == {f"measure_noise@{CELL}", "analyze", "report"}, log


def locked(checkout: Checkout) -> dict[str, Any]:
    """What dvc.lock holds; the order of its entries is the one in which stages first ended."""
    held: dict[str, Any] = YAML(typ="safe").load(checkout.folder / "dvc.lock")
    return held


def side_by_side(checkout: Checkout, fails: bool = False) -> tuple[list[str], str]:
    """The cells that ``make reproduce`` ran to their end, and its output."""
    output = checkout.run(*MAKE.split(), "reproduce", "JOBS=2", fails=fails)
    return re.findall(r"^(\S+): done", output, flags=re.MULTILINE), output


def test_another_clone_side_by_side_gives_the_same_bytes(small_run: Checkout, tmp_path: Path) -> None:
    """Every stage once, and what `dvc repro` gives in one clone, `make reproduce` gives in another."""
    other = make_checkout(tmp_path / "other")
    other.set_keys(SMALL)
    ran, _ = side_by_side(other)
    assert sorted(ran) == sorted(["code", *STAGES])
    assert other.metrics() == small_run.metrics()
    assert locked(other) == locked(small_run)
    assert other.repro() == []


def test_cells_side_by_side_do_not_fall_with_one(copied_run: Checkout) -> None:
    """The one that fails is named, what does not read from it is kept, and what has not changed is not run."""
    assert side_by_side(copied_run)[0] == []
    stage = copied_run.folder / "stages" / "measure_noise.py"
    whole = stage.read_text()
    stage.write_text(whole.replace("-> None:\n", "-> None:\n    raise ValueError('no noise left')\n", 1))
    copied_run.set(calibrate__discrete__repeats="2")
    ran, output = side_by_side(copied_run, fails=True)
    assert ran == ["code", "calibrate@discrete"]
    assert f"measure_noise@{CELL}: no noise left" in output
    assert f"failed: measure_noise@{CELL}; left out, as they read from these: analyze, report" in output
    stage.write_text(whole)
    ran, output = side_by_side(copied_run)
    assert ran == ["code", f"measure_noise@{CELL}", "report"]
    assert "analyze: unchanged" in output, "the noise was measured as before"
