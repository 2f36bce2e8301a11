"""Around every stage: one writer at a time, the right Python, errors in one line."""

from __future__ import annotations

import os
import re
import runpy
import select
import shutil
import subprocess
import sys
import venv
from io import StringIO
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


FILES = {"e/train.npy": (60, 5), "e/test.npy": (60, 5), **{f"p/{stop}.npy": (60, 2) for stop in (1, 30, 200)}}
READERS = {
    "train": "--embeddings e --given g --labels l --out-weights out/w --out-curves out/c.csv --out-metrics out/m.json",
    "measure_noise": "--embeddings e --out-curves out/c.csv --out-terms out/t.npz --out-metrics out/m.json",
    "measure_label": "--embeddings e --labels l --out-curves out/c.csv --out-metrics out/m.json",
    "measure_prediction": "--predictions p --labels l --out-curves out/c.csv --out-metrics out/m.json",
}


@pytest.mark.parametrize("fault", ["cut", "nan", "missing"])
@pytest.mark.parametrize("stage", READERS)
def test_a_spoilt_array_between_stages_is_noticed(
    stage: str, fault: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Cut, with NaN, or gone: no stage that reads it goes on, whether or not DVC looked at its digest before."""
    for name, shape in FILES.items():
        array = np.random.default_rng(0).standard_normal(shape).astype(np.float32)
        array[3, 1] = np.nan if fault == "nan" else 0.0
        io.save_npy(tmp_path / name, array)
        if fault == "cut":
            (tmp_path / name).write_bytes((tmp_path / name).read_bytes()[:-100])
        if fault == "missing":
            (tmp_path / name).unlink()
    for split in ("train", "test"):
        io.save_npy(tmp_path / "l" / f"{split}.npy", np.arange(60) % 2)
    io.save_json(tmp_path / "g" / "stops.json", [])
    monkeypatch.setattr(sys, "argv", [stage, "--encoder", "ResNet50", *READERS[stage].split()])
    monkeypatch.setattr(common, "LOCKS", tmp_path / "locks")
    monkeypatch.setattr(common, "RUN_LOG", tmp_path / "runlog")
    monkeypatch.setattr(common, "check_versions", lambda _: None)
    shutil.copy(TOP / "params.yaml", tmp_path)
    monkeypatch.chdir(tmp_path)
    errors = StringIO()
    monkeypatch.setattr(sys, "stderr", errors)
    with pytest.raises(SystemExit) as ended:
        runpy.run_module(f"stages.{stage}", run_name="__main__")
    assert ended.value.code == 2
    (line,) = errors.getvalue().splitlines()
    assert line.startswith(f"{stage}@ResNet50: ")
    assert re.search({"cut": r"\.npy: not a readable", "nan": "nan|NaN", "missing": "no such file"}[fault], line)
    assert not [path for path in (tmp_path / "out").rglob("*") if path.is_file()]


def test_outputs_that_cannot_be_written_are_one_line(tmp_path: Path) -> None:
    (tmp_path / "data").touch()
    command = [sys.executable, "-m", "stages.code", "--out", str(tmp_path / "data" / "code")]
    done = subprocess.run(command, cwd=TOP, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert re.fullmatch(r"code: \[Errno \d+\] [\w ]+: '.*data.*'\n", done.stderr)


def test_any_folder_without_a_home_and_for_oneself_alone(tmp_path: Path) -> None:
    """A path with blanks, quotes, a template and other scripts; no HOME, or one that cannot be written; umask 077."""
    folder = tmp_path / 'it\'s a "folder" $(x) ${y} {{ z }} ü 猫'
    for name in ("stages", "src", "params.yaml", "constraints.txt", "dvc.yaml"):
        copy = shutil.copytree if (TOP / name).is_dir() else shutil.copy2
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        copy(TOP / name, folder / name)
    bare = {"PATH": os.environ["PATH"]}
    command = [sys.executable, "-m", "stages.code", "--out", "data/code"]
    subprocess.run(command, cwd=folder, env=bare, check=True, umask=0o077)
    assert len(list((folder / "data" / "code").iterdir())) == 12
    code = "from infoplane.encoders.registry import build; print(build('MobileNet-untrained', 32, 0).dimension)"
    environment = bare | {"HOME": "/proc/none", "PYTHONPATH": "src"}
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=True, umask=0o077)
    assert done.stdout == "1024\n"


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
