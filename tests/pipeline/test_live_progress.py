"""A stage under DVC shows how far it is while it runs, and leaves nothing of that in what git or DVC track."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path

import numpy as np
import pytest

from infoplane.common import io

from checkout import make_checkout

pytestmark = pytest.mark.slow

CELL = "EfficientNetLite0-untrained"


def test_training_is_seen_while_it_goes_on(tmp_path: Path) -> None:
    checkout = make_checkout(tmp_path / "checkout")
    checkout.set_keys({"encoders": f"[{CELL}]", "classifier.stops": "[1, 4000]"})
    checkout.commit("long training")
    rng = np.random.default_rng(0)
    for folder, rows in (("labels", None), (f"embeddings/{CELL}", 8)):
        (checkout.folder / "data" / folder).mkdir(parents=True)
        for split in ("train", "test"):
            made = np.arange(300) % 2 if rows is None else rng.standard_normal((300, rows)).astype(np.float32)
            np.save(checkout.folder / "data" / folder / f"{split}.npy", made)
    io.save_json(checkout.folder / "data" / "given_predictions" / CELL / "stops.json", [])
    checkout.repro("code")
    pipeline = (checkout.folder / "dvc.yaml").read_bytes()
    live = checkout.folder / "metrics" / "runlog" / "live" / f"train@{CELL}"
    (live / "plots").mkdir(parents=True)
    (live / "plots" / "of an earlier run.tsv").touch()
    file = live / "plots" / "metrics" / "epochs" / "test_accuracy.tsv"
    lengths: list[int] = []
    with (tmp_path / "output").open("w") as output:
        command = ["dvc", "repro", "--single-item", f"train@{CELL}"]
        process = subprocess.Popen(
            command, cwd=checkout.folder, env=checkout.environment, stdout=output, stderr=subprocess.STDOUT
        )
        while process.poll() is None:
            if file.exists():
                lengths.append(len(file.read_text().splitlines()))
            time.sleep(0.05)
    assert process.returncode == 0, (tmp_path / "output").read_text()
    assert len(set(lengths)) >= 3, "it grew while the stage ran"
    assert lengths == sorted(lengths)
    assert file.read_text().splitlines()[-1].startswith("4000\t")
    assert not list(live.rglob("*earlier*"))
    assert (checkout.folder / "dvc.yaml").read_bytes() == pipeline
    assert not list((checkout.folder / "metrics").rglob("dvc.yaml")), "DVCLive writes none of its own"
    changed = checkout.run("git", "status", "--porcelain", "--untracked-files=all").splitlines()
    assert {line[3:] for line in changed} == {"dvc.lock", f"metrics/training/{CELL}.json"}
    assert "runlog" not in (checkout.folder / "dvc.lock").read_text()
