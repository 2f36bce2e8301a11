"""A checkout of the working tree in a temporary folder, and ways to run the pipeline in it."""

from __future__ import annotations

import atexit
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from ruamel.yaml import YAML

from warm import write_client

TOP = Path(__file__).resolve().parents[2]

SMALL = {
    "data.limit": "240",
    "encoders": "[EfficientNetLite0-untrained]",
    "embed.image_size": "32",
    "classifier.stops": "[1, 3]",
    "measure.aa_mine.max_steps": "60",
    "measure.mine.max_steps": "60",
    "measure.probe.max_steps": "200",
    "information_plane.networks": "[sphere-tanh]",
    "information_plane.epochs": "3",
    "information_plane.points": "2",
    "information_plane.critic_points": "0",
    "information_plane.seeds": "1",
    "calibrate.suites": "[discrete]",
    "calibrate.discrete.methods": "[mixed_ksg, discrete]",
    "calibrate.discrete.samples": "[300]",
    "calibrate.discrete.repeats": "1",
}


def executed(output: str) -> list[str]:
    """The stages that DVC's output says were executed, in their order; but for ``code``, which every edit runs."""
    names = [line.split("'")[1] for line in output.splitlines() if line.startswith("Running stage '")]
    return [name for name in names if name != "code"]


@dataclass(frozen=True)
class Checkout:
    """A git and DVC checkout of this working tree.

    Attributes:
        warm: stages are run by the Python of ``warm.py``, which has the large packages imported already.
    """

    folder: Path
    warm: bool = True

    @property
    def environment(self) -> dict[str, str]:
        """The test's own Python first on PATH, as the Makefile does, or before it the one of ``warm.py``."""
        first = [str(warm_python())] if self.warm else []
        path = os.pathsep.join([*first, str(Path(sys.executable).parent), os.environ["PATH"]])
        return {**os.environ, "PATH": path, "DVC_NO_ANALYTICS": "1", "PYTHONDONTWRITEBYTECODE": "1"}

    def run(self, *command: str, fails: bool = False, start_again_after: float | None = None) -> str:
        """Run a command in the checkout; its whole output. Exit code 0 is asserted, or another with ``fails``.

        With ``start_again_after`` a command that reads only has so many seconds and is then started once more: pygit2
        can wait for itself when DVC reads a revision (its BlobIO clears the signal of the chunk that has just come).
        """
        process = subprocess.Popen(
            command, cwd=self.folder, env=self.environment, text=True, start_new_session=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
        try:
            output = "".join(process.communicate(timeout=start_again_after or 1500))
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
            assert start_again_after is not None, f"{command} has not ended"
            return self.run(*command, fails=fails)
        assert (process.returncode != 0) == fails, output
        return output

    def repro(self, *options: str) -> list[str]:
        """Run ``dvc repro``; the stages that were executed, in their order, as ``executed`` gives them."""
        return executed(self.run("dvc", "repro", *options))

    def set(self, **values: str) -> None:
        """Set dotted keys of params.yaml (written with __ for the dot)."""
        self.set_keys({key.replace("__", "."): value for key, value in values.items()})

    def set_keys(self, values: dict[str, str]) -> None:
        """Set dotted keys of params.yaml, comments kept."""
        yaml = YAML()
        file = self.folder / "params.yaml"
        data = yaml.load(file)
        for key, text in values.items():
            *path, last = key.split(".")
            node = data
            for part in path:
                node = node[part]
            node[last] = YAML(typ="safe").load(text)
        yaml.dump(data, file)

    def metrics(self) -> dict[str, bytes]:
        """The bytes of every metrics file (the run log is none)."""
        root = self.folder / "metrics"
        files = sorted(path for path in root.rglob("*.json") if "runlog" not in path.parts)
        return {str(path.relative_to(root)): path.read_bytes() for path in files}

    def logits(self, encoder: str, stop: int) -> np.ndarray:
        """The predictions that the pipeline wrote."""
        return np.array(np.load(self.folder / "data" / "predictions" / encoder / f"{stop}.npy"))

    def commit(self, message: str) -> None:
        """Commit everything that git does not ignore."""
        self.run("git", "add", "-A")
        self.run("git", "-c", "user.name=t", "-c", "user.email=t@example.org", "commit", "-qm", message)


def make_checkout(folder: Path) -> Checkout:
    """The working tree (tracked and new files, no results) as a fresh git repository in ``folder``."""
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"], cwd=TOP, capture_output=True, text=True, check=True
    ).stdout.splitlines()
    for name in listed:
        source = TOP / name
        if source.is_file() and not name.startswith("metrics/") and name != "dvc.lock":
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target)
    checkout = Checkout(folder)
    checkout.run("git", "init", "-q", "-b", "main")
    checkout.commit("the working tree")
    return checkout


@cache
def warm_python() -> Path:
    """The folder of a ``python`` whose server was started for this process and ends with it."""
    folder = Path(tempfile.mkdtemp(prefix="warm-"))
    atexit.register(shutil.rmtree, folder)
    address = folder / "socket"
    server = subprocess.Popen([sys.executable, Path(__file__).with_name("warm.py"), address], stdout=subprocess.DEVNULL)
    atexit.register(server.kill)
    while not address.exists():
        assert server.poll() is None, "the server of warm.py has ended"
        time.sleep(0.1)
    write_client(folder, address)
    return folder


def wait_for_queue(checkout: Checkout) -> None:
    """Until every queued experiment has run; each has to succeed."""
    for _ in range(150):
        status = checkout.run("dvc", "queue", "status")
        if "Queued" not in status and "Running" not in status:
            assert "Success" in status, status
            return
        time.sleep(4)  # asking takes DVC a second or two of the processor, which what is queued needs
    raise AssertionError(checkout.run("dvc", "queue", "status"))
