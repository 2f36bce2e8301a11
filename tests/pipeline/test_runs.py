"""The pipeline as its users drive it: nothing runs twice, changes recompute what they touch, kills do no harm."""

from __future__ import annotations

import os
import random
import re
import shlex
import shutil
import subprocess
import time
from pathlib import Path

import numpy as np
import psutil
import pytest
from PIL import Image
from ruamel.yaml import YAML

import made_arrays
from checkout import SMALL, Checkout, executed, make_checkout

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


def test_two_clones_give_the_same_bytes(small_run: Checkout, tmp_path: Path) -> None:
    other = make_checkout(tmp_path / "other")
    other.set_keys(SMALL)
    assert set(other.repro()) == set(STAGES)
    assert other.metrics() == small_run.metrics()


def test_noise_std_runs_measure_noise_and_what_follows_it_alone(copied_run: Checkout) -> None:
    output = copied_run.run("dvc", "exp", "run", "-S", "measure.noise_std=0.3")
    assert set(executed(output)) == {f"measure_noise@{CELL}", "analyze", "report"}


def test_a_new_encoder_embeds_just_that_one(copied_run: Checkout) -> None:
    copied_run.set(encoders=f"[{CELL}, EfficientNetLite1-untrained]")
    ran = copied_run.repro()
    assert [name for name in ran if name.startswith(("download", "embed"))] == ["embed@EfficientNetLite1-untrained"]
    assert not [name for name in ran if name.endswith(CELL)]


def test_a_typo_stops_the_first_stage_before_anything_runs(copied_run: Checkout) -> None:
    before = copied_run.metrics()
    copied_run.set(seed="1", measure__noise_std="-0.5")
    output = copied_run.run("dvc", "repro", fails=True)
    assert "code: params.yaml: measure.noise_std: -0.5 given" in output
    assert "Traceback" not in output
    assert copied_run.metrics().items() <= before.items()


def test_a_queued_experiment_runs_the_queued_code(copied_run: Checkout) -> None:
    """Code edited after queueing must not reach the queued run (an editable installation would let it)."""
    library = copied_run.folder / "src" / "infoplane" / "classifiers.py"
    committed = library.read_text()
    start = "scores: Array = ("
    assert start in committed
    original = copied_run.logits(CELL, 1)
    library.write_text(committed.replace(start, "scores: Array = 2 * ("))
    copied_run.run("dvc", "exp", "run", "--queue", "--name", "doubled")
    library.write_text(committed.replace(start, "scores: Array = 1000 * ("))
    copied_run.run("dvc", "queue", "start")
    _wait_for_queue(copied_run)
    library.write_text(committed)
    copied_run.run("dvc", "exp", "apply", "doubled")
    assert np.allclose(copied_run.logits(CELL, 1), 2 * original, rtol=1e-5)


def _wait_for_queue(checkout: Checkout) -> None:
    for _ in range(120):
        status = checkout.run("dvc", "queue", "status")
        if "Queued" not in status and "Running" not in status:
            assert "Success" in status, status
            return
        time.sleep(5)
    raise AssertionError(checkout.run("dvc", "queue", "status"))


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


@pytest.mark.parametrize("stage", STAGES)
def test_kill_in_mid_stage_does_no_harm(stage: str, small_run: Checkout, tmp_path: Path) -> None:
    """kill -9 at three random moments, and right after the first temporary file; then the metrics are the same."""
    shutil.copytree(small_run.folder, tmp_path / "copy", symlinks=True)
    checkout = Checkout(tmp_path / "copy")
    seconds = _timed(checkout, stage)
    moments = random.Random(stage)
    for _ in range(3):
        _kill_stage(checkout, stage, after=moments.uniform(0.1, 1.0) * seconds)
    _kill_stage(checkout, stage, after=None)
    # DVC would take what the killed runs left out from its cache; here the stage has to make it again.
    assert checkout.repro("--force", "--no-run-cache", "--single-item", stage) == [stage]
    assert checkout.repro() == []
    assert checkout.metrics() == small_run.metrics()
    leftovers = [path for path in checkout.folder.rglob(".tmp-*") if ".dvc" not in path.parts]
    assert leftovers == []
    assert checkout.run("dvc", "status").split() == ["code:", "always", "changed"]


def _stage_command(checkout: Checkout, stage: str) -> list[str]:
    lock = YAML(typ="safe").load(checkout.folder / "dvc.lock")
    return str(lock["stages"][stage]["cmd"]).split()


def _timed(checkout: Checkout, stage: str) -> float:
    start = time.monotonic()
    checkout.run(*_stage_command(checkout, stage))
    return time.monotonic() - start


def _kill_stage(checkout: Checkout, stage: str, after: float | None) -> None:
    """Start the stage under DVC and kill DVC and all its children, after some seconds or at the first temporary file.

    DVC starts its stages in sessions of their own; killed alone, it would leave them running.
    """
    leftovers = _temporary_files(checkout.folder)
    process = psutil.Popen(
        ["dvc", "repro", "--single-item", "--force", "--no-run-cache", stage],
        cwd=checkout.folder,
        env=checkout.environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    end = time.monotonic() + (after if after is not None else 120)
    while time.monotonic() < end and process.poll() is None:
        if after is None and _temporary_files(checkout.folder) - leftovers:
            break
        time.sleep(0.005)
    if process.poll() is None:
        process.suspend()
        for child in process.children(recursive=True):
            child.kill()
        process.kill()
    process.wait()


def _temporary_files(folder: Path) -> set[Path]:
    """By ``os.walk``, which does not mind folders that go while it walks."""
    found = set[Path]()
    for top in ("data", "metrics"):
        for place, folders, files in os.walk(folder / top):
            found |= {Path(place, name) for name in (*folders, *files) if name.startswith(".tmp-")}
    return found


def test_the_experiments_of_the_readme(copied_run: Checkout, tmp_path: Path) -> None:
    """Every `dvc` command of the README, in its order, on the small run."""
    import keras

    photos = tmp_path / "photos"
    for label, name in enumerate(("dark", "light")):
        (photos / name).mkdir(parents=True)
        for number in range(60):
            pixels = np.random.default_rng([label, number]).integers(128, size=(40, 40, 3)) + 127 * label
            Image.fromarray(pixels.astype(np.uint8)).save(photos / name / f"{number}.png")
    made_arrays.write_whole(tmp_path / "arrays", made_arrays.arrays(), named="vit")
    (tmp_path / "networks").mkdir()
    pixels = keras.Input((32, 32, 3))
    features = keras.layers.Conv2D(8, 3, activation="relu", name="features")(pixels)
    keras.Model(pixels, features).save(tmp_path / "networks" / "mine.keras")
    text = (copied_run.folder / "README.md").read_text(encoding="utf-8")
    lines = [line.split("  #")[0].strip() for line in text.splitlines() if line.startswith("dvc ")]
    lines = [line for line in lines if line != "dvc repro"]
    assert len(lines) >= 8
    copied_run.set(data__limit="null")
    for line in lines:
        own = line.replace("/home/me/", f"{tmp_path}/").replace("image_size=224", "image_size=32")
        copied_run.run(*shlex.split(own))
        if "queue start" in line:
            _wait_for_queue(copied_run)
    shown = copied_run.run("dvc", "exp", "show", "--json")
    assert shown.count('"measure"') >= 4, "the sweep left its experiments"


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
        outputs[line] = copied_run.run(*shlex.split(line.replace("make ", f"{MAKE} ")))
        if "queue start" in line:
            _wait_for_queue(copied_run)
            _nothing_but_noise_ran(copied_run)
        if line == "make experiments":
            # Wide enough that nothing is cut off where the output is a table for a terminal.
            shown = copied_run.run("env", "COLUMNS=300", *MAKE.split(), "experiments", "STOP=3")
            marked = copied_run.run(*MAKE.split(), "experiments", "STOP=3", "MD=1")
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
    assert copied_run.repro() == [], "make parallel left everything up to date"


def _nothing_but_noise_ran(checkout: Checkout) -> None:
    """No queued experiment embedded, trained or measured anything else again."""
    names = [line.split()[0] for line in checkout.run("dvc", "queue", "status").splitlines() if "Success" in line]
    assert len(names) == 4
    for name in names:
        log = checkout.run("dvc", "queue", "logs", name)
        assert set(executed(log)) == {f"measure_noise@{CELL}", "analyze", "report"}, log


def test_parallel_cells_give_the_same_bytes(small_run: Checkout, tmp_path: Path) -> None:
    checkout = make_checkout(tmp_path / "parallel")
    checkout.set_keys(SMALL)
    checkout.run(*MAKE.split(), "parallel", "JOBS=2")
    assert checkout.metrics() == small_run.metrics()
    assert checkout.repro() == []
