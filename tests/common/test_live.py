"""Live progress: what DVCLive writes while work goes on, and that it changes and stops nothing."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from infoplane.classifiers import train, training_phases
from infoplane.common import live
from infoplane.estimators.variational import mine
from stages.watch import LiveWatcher


def arrays(n: int = 120) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    y = np.arange(n) % 2
    return (rng.standard_normal((n, 4)) + y[:, None]).astype(np.float32), y


def trained() -> object:
    x, y = arrays()
    return train(
        x[:80], y[:80], x[80:], y[80:], training_phases([1, 3], 0.01, 2.0), classes=2, batch_size=20, seed=0
    ).curves


def columns(file: Path) -> dict[str, list[str]]:
    rows = list(csv.DictReader(file.open(), delimiter="\t"))
    return {name: [row[name] for row in rows] for name in rows[0]}


def test_every_epoch_is_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    alone = trained()
    with live.watching(LiveWatcher(tmp_path / "live", seconds_before=0.0)):
        assert trained() == alone
    written = tmp_path / "live" / "plots" / "metrics" / "epochs"
    assert columns(written / "test_loss.tsv")["step"] == ["1", "2", "3"]
    assert {file.stem for file in written.iterdir()} == {
        "train_loss", "test_loss", "train_accuracy", "test_accuracy",
    }  # fmt: skip
    assert not list(tmp_path.rglob("dvc.yaml"))
    live.publish("epochs", 4, {"test_loss": 0.0})
    assert len(columns(written / "test_loss.tsv")["step"]) == 3, "nobody watches any more"


def test_every_look_at_a_critic_is_seen() -> None:
    seen: list[tuple[str, int]] = []
    x, y = arrays(200)
    with live.watching(lambda series, step, values: seen.append((series, step))):
        found = mine(x, y, labels=True)
    curves = found.diagnostics["curves"]
    assert len(seen) == sum(len(curve["step"]) for curve in curves)
    assert len({series for series, _ in seen}) == len(curves), "critics that train at once are told apart"


def test_short_work_is_not_watched(tmp_path: Path) -> None:
    with live.watching(LiveWatcher(tmp_path / "live", seconds_before=60.0)):
        live.publish("epochs", 1, {"loss": 1.0})
    assert not (tmp_path / "live").exists()


def test_a_watcher_that_fails_stops_nothing(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "live").write_text("in the way")
    with live.watching(LiveWatcher(tmp_path / "live", seconds_before=0.0)):
        for step in (1, 2):
            live.publish("epochs", step, {"loss": 1.0})
    assert [record.message.startswith("no live progress") for record in caplog.records] == [True]
