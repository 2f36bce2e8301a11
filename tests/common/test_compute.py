"""Pieces of work on a cluster: the same numbers as here, whatever happens to a worker, and one line when it fails."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from functools import partial
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pytest

from infoplane.common import compute, io
from infoplane.critics.networks import CriticOptions
from infoplane.estimators.aa_mine import DEFAULTS, aa_mine
from infoplane.estimators.probe import probe
from infoplane.estimators.variational import mine

SOURCE = Path(compute.__file__).parents[2]
OPTIONS = CriticOptions(hidden=(16,), max_steps=200, folds=3)


def square(item: int) -> int:
    return item * item


def test_without_a_scheduler_work_is_done_here_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(compute.SCHEDULER, raising=False)
    assert list(compute.map_in_order(square, [3, 1, 2])) == [9, 1, 4]
    assert compute.call(pow, 2, 5) == 32
    assert compute.run_all(partial(square, 2), partial(square, 3)) == [4, 9]


@pytest.mark.parametrize("address", ["missing.json", "tcp://127.0.0.1:9"])
def test_no_scheduler_there_is_one_line(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("distributed")
    monkeypatch.setenv(compute.SCHEDULER, address)
    monkeypatch.setattr(compute, "_CONNECT_SECONDS", 2)
    compute._client.cache_clear()
    with pytest.raises(ValueError, match=rf"INFOPLANE_SCHEDULER: .*{address}") as caught:
        compute.call(pow, 2, 5)
    assert "\n" not in str(caught.value)


def test_a_worker_with_other_code_refuses() -> None:
    with pytest.raises(ValueError, match="start the workers from this checkout"):
        compute._apply(square, 2, "infoplane 0, Python 2.7")
    assert compute._apply(square, 2, compute.code_identity()) == 4


def test_packages_of_an_extra_may_be_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Dask without TensorFlow: what is not installed is left out, on a worker too, so that both names are equal."""
    whole = compute.code_identity()
    assert "tensorflow" in whole
    monkeypatch.setitem(compute.PACKAGES, "tensorflow", "no-such-distribution")
    compute.code_identity.cache_clear()
    assert compute.code_identity() == whole.replace(f", tensorflow {version('tensorflow')}", "")
    compute.code_identity.cache_clear()


class Cluster:
    """A scheduler and two workers, each a process of its own."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "scheduler.json"
        self.folder = folder
        self.environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(SOURCE), str(Path(__file__).parent)])}
        self.environment.pop(compute.SCHEDULER, None)
        options = ("--scheduler-file", str(self.file))
        self.processes = [self._start("scheduler", "--no-dashboard", "--port", "0", *options)]
        self.workers = [
            self._start("worker", "--nthreads", "1", "--no-nanny", "--no-dashboard", *options) for _ in range(2)
        ]
        until = time.monotonic() + 60
        while not self.file.exists():
            assert time.monotonic() < until, "the scheduler did not start"
            time.sleep(0.1)

    def _start(self, *words: str) -> subprocess.Popen[bytes]:
        log = (self.folder / f"{words[0]}.log").open("ab")
        command = [sys.executable, "-m", "distributed.cli.dask_" + words[0], *words[1:]]
        return subprocess.Popen(command, env=self.environment, cwd=self.folder, stdout=log, stderr=log)

    def end(self) -> None:
        for process in (*self.workers, *self.processes):
            process.kill()
            process.wait()


@pytest.fixture
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    pytest.importorskip("distributed")
    started = Cluster(tmp_path_factory.mktemp("cluster"))
    yield started
    started.end()


SCRIPT = """
import json, sys, time
import numpy as np
import test_compute
if __name__ == "__main__":
    print(json.dumps(test_compute.measured()))
"""


def samples() -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(0)
    y = random.integers(0, 3, 900)
    return random.standard_normal((900, 5)) + y[:, None], y


def measured() -> list[list[float]]:
    """Values and ends of three quantities, to the last digit."""
    x, y = samples()
    found = compute.run_all(
        partial(mine, x, y, seed=1, options=OPTIONS),
        partial(probe, x, y, seed=1, options=OPTIONS),
        partial(aa_mine, x, 1.0, seed=1, options=DEFAULTS),
    )
    return [[one.nats, *one.ci95] for one in found]


def in_a_process(folder: Path, scheduler: str | None) -> subprocess.Popen[str]:
    """A fresh process, since TensorFlow's settings are a process's."""
    script = folder / "script.py"
    script.write_text(SCRIPT)
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(SOURCE), str(Path(__file__).parent)])}
    environment.pop(compute.SCHEDULER, None)
    if scheduler:
        environment[compute.SCHEDULER] = scheduler
    return subprocess.Popen([sys.executable, str(script)], env=environment, stdout=subprocess.PIPE, text=True)


@pytest.mark.slow
def test_a_cluster_gives_the_same_numbers_even_if_a_worker_is_killed(cluster: Cluster, tmp_path: Path) -> None:
    here = in_a_process(tmp_path, None).communicate(timeout=300)[0]
    there = in_a_process(tmp_path, str(cluster.file))
    until = time.monotonic() + 120
    log = cluster.folder / "worker.log"
    # Folds take seconds each, TensorFlow's import among them: a worker that has begun is in the middle of one.
    while "tensorflow" not in open_modules(cluster.workers[0].pid):
        assert time.monotonic() < until, log.read_text()
        assert there.poll() is None
        time.sleep(0.05)
    cluster.workers[0].send_signal(signal.SIGKILL)
    output = there.communicate(timeout=300)[0]
    assert there.returncode == 0
    assert cluster.workers[1].poll() is None
    assert json.loads(output) == json.loads(here)
    assert len(json.loads(here)) == 3


def open_modules(process: int) -> str:
    """The shared libraries that a process has loaded (Linux)."""
    file = Path(f"/proc/{process}/maps")
    if not file.exists():
        pytest.skip("it reads in /proc which libraries a process has loaded, and only Linux has that")
    return file.read_text()


@pytest.mark.slow
def test_embedding_shards_on_a_cluster_are_the_same_bytes(
    cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from infoplane.encoders import embedding
    from infoplane.encoders.registry import build
    from infoplane.images.mnist import MnistSource
    from infoplane.images.writing import write_dataset

    monkeypatch.setattr(embedding, "_SHARD_BATCHES", 2)
    recipe = embedding.EncoderSpec("EfficientNetLite0-untrained", build, ("EfficientNetLite0-untrained", 32, 0))
    write, labels = tmp_path / "images", tmp_path / "labels"
    write.mkdir()
    labels.mkdir()
    write_dataset(MnistSource(parity=False), write, labels, test_fraction=0.4, limit=100, max_bad_share=0, seed=0)
    monkeypatch.delenv(compute.SCHEDULER, raising=False)
    embedding.embed_split(recipe, write, "train", 8, tmp_path / "here.npy")
    monkeypatch.setenv(compute.SCHEDULER, str(cluster.file))
    compute._client.cache_clear()
    embedding.embed_split(recipe, write, "train", 8, tmp_path / "there.npy")
    compute._client().close()
    compute._client.cache_clear()
    assert len(io.open_npy(tmp_path / "here.npy")) > 32  # several shards
    assert (tmp_path / "here.npy").read_bytes() == (tmp_path / "there.npy").read_bytes()
