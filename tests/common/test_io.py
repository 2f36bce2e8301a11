"""A crash leaves no file that a later stage takes for a result; metrics files are canonical."""

from __future__ import annotations

import math
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from infoplane.common import io


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    io.save_json(path, {"x": 1})
    with pytest.raises(ValueError, match="null"):
        io.save_json(path, {"x": math.nan})

    def half_way() -> None:
        with io.atomic_path(path) as temporary:
            temporary.write_text("half")
            raise RuntimeError("half way")

    with pytest.raises(RuntimeError, match="half way"):
        half_way()
    assert io.load_json(path) == {"x": 1}
    assert [file.name for file in tmp_path.iterdir()] == ["a.json"]


def test_a_killed_writer_leaves_no_output(tmp_path: Path) -> None:
    code = (
        "import os, signal, sys\nfrom pathlib import Path\nfrom infoplane.common import io\n"
        "with io.output_folder(Path(sys.argv[1])) as folder:\n"
        "    (folder / 'part.npy').write_bytes(b'x')\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    out = tmp_path / "out"
    done = subprocess.run([sys.executable, "-c", code, str(out)], check=False)
    assert done.returncode == -signal.SIGKILL
    assert not out.exists()
    assert len(os.listdir(tmp_path)) == 1
    with io.output_folder(out) as folder:
        (folder / "whole.npy").write_bytes(b"y")
    assert os.listdir(tmp_path) == ["out"]
    assert os.listdir(out) == ["whole.npy"]


def test_an_output_folder_replaces_what_was_there(tmp_path: Path) -> None:
    for name in ("old", "new"):
        with io.output_folder(tmp_path / "out") as folder:
            (folder / name).touch()
    assert os.listdir(tmp_path / "out") == ["new"]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (math.pi, 3.14159),
        (1234567.0, 1234570.0),
        (-0.0, 0.0),
        (np.float32(0.1), 0.1),
        (np.int64(7), 7),
        (True, True),
        (None, None),
        ((1.0, "a"), [1.0, "a"]),
    ],
)
def test_rounded(value: object, expected: object) -> None:
    result = io.rounded(value)
    assert result == expected
    assert type(result) is type(expected)


@pytest.mark.parametrize("value", [math.nan, math.inf, np.float32("nan")])
def test_metrics_hold_no_nan(value: float, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="null and a reason"):
        io.save_json(tmp_path / "a.json", {"x": [value]})
    assert not any(tmp_path.iterdir())


def test_json_is_canonical(tmp_path: Path) -> None:
    io.save_json(tmp_path / "a.json", {"b": 1 / 3, "a": {"ß": None}})
    assert (tmp_path / "a.json").read_text(encoding="utf-8") == '{\n  "a": {\n    "ß": null\n  },\n  "b": 0.333333\n}\n'


def test_npz_bytes_are_stable_and_without_pickles(tmp_path: Path) -> None:
    arrays = {"kernel": np.arange(6.0).reshape(2, 3), "bias": np.zeros(3)}
    io.save_npz(tmp_path / "a.npz", arrays)
    io.save_npz(tmp_path / "b.npz", arrays)
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()
    loaded = io.load_npz(tmp_path / "a.npz")
    assert loaded.keys() == arrays.keys()
    assert np.array_equal(loaded["kernel"], arrays["kernel"])
    with pytest.raises(ValueError, match="pickle"):
        io.save_npy(tmp_path / "c.npy", np.array([{}], dtype=object))
    assert not (tmp_path / "c.npy").exists()


def test_open_npy_is_mapped_and_read_only(tmp_path: Path) -> None:
    io.save_npy(tmp_path / "a.npy", np.arange(4))
    array = io.open_npy(tmp_path / "a.npy")
    assert isinstance(array, np.memmap)
    assert not array.flags.writeable


def test_open_npy_says_what_is_wrong(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"none.npy: no such file"):
        io.open_npy(tmp_path / "none.npy")
    with pytest.raises(ValueError, match="a folder"):
        io.open_npy(tmp_path)
    (tmp_path / "text.npy").write_text("hello, this is text")
    with pytest.raises(ValueError, match=r"not a \.npy file"):
        io.open_npy(tmp_path / "text.npy")
    np.save(tmp_path / "pickled.npy", np.array([{}], dtype=object))
    with pytest.raises(ValueError, match="pickled Python objects"):
        io.open_npy(tmp_path / "pickled.npy")
    io.save_npy(tmp_path / "cut.npy", np.arange(1000))
    (tmp_path / "cut.npy").write_bytes((tmp_path / "cut.npy").read_bytes()[:500])
    with pytest.raises(ValueError, match=r"cut.npy: not a readable .npy file"):
        io.open_npy(tmp_path / "cut.npy")


def test_tables_have_the_given_columns(tmp_path: Path) -> None:
    io.save_table(tmp_path / "a.csv", [{"b": 1 / 3, "a": None}], ("a", "b"))
    assert (tmp_path / "a.csv").read_text() == "a,b\n,0.333333\n"
