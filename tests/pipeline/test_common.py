"""Around every stage: one writer at a time, the right Python, errors in one line."""

from __future__ import annotations

import select
import subprocess
import sys
import venv
from pathlib import Path

import numpy as np
import pytest

from infoplane.common import io
from stages import common

from checkout import TOP

HOLD = """
import sys
from pathlib import Path
from stages import common
common.LOCKS = Path(sys.argv[1])
with common.only_writer("embed@x"):
    print("held", flush=True)
    sys.stdin.read()
    print("released", flush=True)
"""


def _hold(locks: Path) -> subprocess.Popen[str]:
    """A process that holds the lock until its standard input is closed."""
    pipe = subprocess.PIPE
    return subprocess.Popen(
        [sys.executable, "-c", HOLD, locks], cwd=TOP, stdin=pipe, stdout=pipe, stderr=pipe, text=True
    )


def test_a_second_writer_waits_for_the_first(tmp_path: Path) -> None:
    first = _hold(tmp_path)
    assert first.stdout is not None
    assert first.stdout.readline() == "held\n"
    second = _hold(tmp_path)
    assert second.stdout is not None
    assert second.stderr is not None
    assert f"waiting for process {first.pid}" in second.stderr.readline()
    assert select.select([second.stdout], [], [], 0.5)[0] == [], "it came in while the first still held the lock"
    assert first.communicate(timeout=60)[0] == "released\n"
    assert second.communicate(timeout=60)[0] == "held\nreleased\n"


def test_a_killed_writer_holds_nothing(tmp_path: Path) -> None:
    first = _hold(tmp_path)
    assert first.stdout is not None
    first.stdout.readline()
    first.kill()
    first.wait()
    output, errors = _hold(tmp_path).communicate(timeout=60)
    assert output == "held\nreleased\n"
    assert "waiting" not in errors


def test_a_python_without_the_dependencies_says_so(tmp_path: Path) -> None:
    venv.create(tmp_path / "bare", with_pip=False)
    python = tmp_path / "bare" / "bin" / "python"
    command = [str(python), "-m", "stages.predict"]
    done = subprocess.run(command, cwd=TOP, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
    assert "lacks infoplane's dependencies" in done.stderr


def test_a_bad_input_is_one_line_and_exit_code_2(tmp_path: Path) -> None:
    paths = ("--embeddings", "none", "--weights", "none", "--given", "none", "--out", str(tmp_path / "out"))
    arguments = ["--encoder", "X", *paths]
    command = [sys.executable, "-m", "stages.predict", *arguments]
    done = subprocess.run(command, cwd=TOP, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr == "predict@X: none/test.npy: no such file\n"
    assert list(tmp_path.iterdir()) == []


def test_other_versions_than_those_written_down_are_refused(tmp_path: Path) -> None:
    folder = tmp_path / "data" / "code"
    recorded = {"numpy": np.__version__, "tensorflow-of-another-world": None}
    io.save_json(folder / "train.json", {"packages": recorded})
    common.check_versions("train", folder)
    common.check_versions("code", folder)
    io.save_json(folder / "train.json", {"packages": recorded | {"numpy": "0.0.1"}})
    with pytest.raises(
        ValueError, match=r"numpy .* is installed, expected 0\.0\.1 as in data/code/train\.json"
    ) as caught:
        common.check_versions("train", folder)
    assert "\n" not in str(caught.value)


def test_stages_import_their_own_checkout(tmp_path: Path) -> None:
    """A copy of the tree must run the copy's library, whatever is installed."""
    for folder in ("stages", "src/infoplane"):
        (tmp_path / folder).mkdir(parents=True)
        for file in (TOP / folder).glob("*.py"):
            (tmp_path / folder / file.name).write_bytes(file.read_bytes())
    code = "import stages, infoplane; print(infoplane.__file__)"
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert Path(done.stdout.strip()).is_relative_to(tmp_path)


def test_locks_and_logs_lie_in_the_checkout() -> None:
    assert common.LOCKS.parent == TOP
    assert common.RUN_LOG.is_relative_to(TOP / "metrics")
