"""A crash leaves no file that a later stage takes for a result; metrics files are canonical."""

from __future__ import annotations

import math
import os
import signal
import struct
import subprocess
import sys
import tracemalloc
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from io import BytesIO
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


FULL_DISK = """
import resource, sys
from pathlib import Path
import numpy as np
from infoplane.common import io

path, rows = Path(sys.argv[1]), np.zeros((10_000, 8), np.float32)
resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))

def folder():
    with io.output_folder(path) as new:
        io.save_npy(new / "whole.npy", rows[:10])
        io.save_npy(new / "cut.npy", rows)

writers = {
    "npy": lambda: io.save_npy(path, rows),
    "npz": lambda: io.save_npz(path, {"a": rows}),
    "rows": lambda: io.save_rows(path, [rows[:5000], rows[5000:]], 10_000),
    "text": lambda: io.save_text(path, "x" * 60_000),
    "json": lambda: io.save_json(path, [1.5] * 20_000),
    "table": lambda: io.save_table(path, [{"a": 1}] * 40_000, ["a"]),
    "folder": folder,
}
try:
    writers[sys.argv[2]]()
except OSError as error:
    print(error)
"""


@pytest.mark.parametrize("kind", ["npy", "npz", "rows", "text", "json", "table", "folder"])
def test_a_full_disk_leaves_the_old_output_and_nothing_else(kind: str, tmp_path: Path) -> None:
    out = tmp_path / "out"
    old = out / "old" if kind == "folder" else out
    old.parent.mkdir(exist_ok=True)
    old.write_text("as before")
    command = [sys.executable, "-c", FULL_DISK, str(out), kind]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert len(done.stdout.splitlines()) == 1, "one line says why"
    assert old.read_text() == "as before"
    assert os.listdir(tmp_path) == ["out"]
    assert kind != "folder" or os.listdir(out) == ["old"]


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


def npy(shape: str, descr: str = "'<f4'", body: bytes = bytes(64)) -> bytes:
    """A file whose header says anything."""
    header = f"{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}}}\n".encode()
    return b"\x93NUMPY\1\0" + struct.pack("<H", len(header)) + header + body


LYING = {
    "more rows than bytes": npy("(1000000000000, 8)"),
    "a product that overflows to 0": npy("(4294967296, 4294967296)"),
    "a negative side": npy("(-1, 8)"),
    "two negative sides": npy("(-2, -4)"),
    "no rows of very many columns": npy("(0, 9223372036854775807)"),
    "a side that no integer holds": npy("(99999999999999999999999, 1)"),
    "a side of a thousand as a fraction": npy("(1e3, 8)"),
    "a side that is a truth value": npy("(True, 8)"),
    "more axes than there can be": npy("(" + "1," * 2000 + ")"),
    "objects": npy("(1,)", "'|O'", b"\x80\x04N."),
    "objects in a record": npy("(1,)", "[('a', '|O')]", b"\x80\x04N."),
    "a text of 10^12 letters": npy("(1,)", "'<U999999999999'"),
    "an array in each element": npy("(1,)", "('<f4', (1000000000,))"),
    "a header of 4 GB": b"\x93NUMPY\2\0" + b"\xff" * 4 + bytes(64),
    "a call": npy("__import__('os').abort()"),
    "brackets without end": npy("[" * 9000),
    "minus of minus of": npy("-" * 9000 + "1"),
    "no text": npy("(1,)").replace(b"descr", b"\xff\xfe\xff\xfe\xff"),
}


@contextmanager
def memory_below(most: float) -> Iterator[None]:
    """Fail where Python and NumPy ask for more bytes at a time."""
    tracemalloc.start()
    try:
        yield
        assert tracemalloc.get_traced_memory()[1] < most
    finally:
        tracemalloc.stop()


@pytest.mark.filterwarnings("ignore:overflow:RuntimeWarning")
@pytest.mark.parametrize("name", LYING)
def test_npy_headers_that_lie_are_one_line_in_little_memory(name: str, tmp_path: Path) -> None:
    (tmp_path / "a.npy").write_bytes(LYING[name])
    # A buffer that is asked for and not filled takes no memory, but is counted here.
    most = math.inf if "4 GB" in name else 2**24
    words = r"a\.npy: .*; expected a \.npy array of numbers"
    with memory_below(most), pytest.raises(ValueError, match=words) as caught:
        io.open_npy(tmp_path / "a.npy")
    assert str(caught.value).isprintable()


def zipped(content: Iterable[bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """An archive of one member, ``a.npy``, out of pieces."""
    packed = BytesIO()
    with zipfile.ZipFile(packed, "w", method) as archive, archive.open("a.npy", "w", force_zip64=True) as member:
        for piece in content:
            member.write(piece)
    return packed.getvalue()


WHOLE = npy("(16,)", body=b"abcd" * 16)
BROKEN_ARCHIVES: dict[str, tuple[bytes, str]] = {
    "a bomb of 512 MB": (zipped([npy(f"({2**27},)", body=b""), *[bytes(2**24)] * 32]), "unpacks to 536"),
    "a header of 10^14 numbers": (zipped([npy("(100000000000000,)")]), ""),
    "a header of 10^10 numbers": (zipped([npy("(10000000000,)")]), ""),
    "objects": (zipped([LYING["objects"]]), "Object arrays"),
    "no array": (zipped([b"text"]), ""),
    "cut": (zipped([WHOLE])[:60], "not a zip"),
    "changed": (zipped([WHOLE], zipfile.ZIP_STORED).replace(b"abcdabcd", b"abceabcd", 1), "CRC"),
    "an unknown method": (zipped([WHOLE]).replace(b"\x08\0", b"\x63\0"), "compression method"),
    "an array alone": (WHOLE, "not a zip"),
    "empty": (b"", "not a zip"),
}


@pytest.mark.parametrize("name", BROKEN_ARCHIVES)
def test_archives_that_lie_or_are_broken_are_one_line(name: str, tmp_path: Path) -> None:
    content, words = BROKEN_ARCHIVES[name]
    (tmp_path / "a.npz").write_bytes(content)
    most = math.inf if "header" in name else 2**24
    words_before = r"a\.npz: not a readable \.npz archive of arrays"
    with memory_below(most), pytest.raises(ValueError, match=words_before) as caught:
        io.load_npz(tmp_path / "a.npz")
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("content", [b'{"a": 1', b"", b"\xff\xfe", b"[" * 100_000])
def test_json_that_was_cut_names_its_file(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "a.json").write_bytes(content)
    with pytest.raises(ValueError, match=r"a\.json: no JSON: "):
        io.load_json(tmp_path / "a.json")
    with pytest.raises(ValueError, match=r"b\.json: no such file"):
        io.load_json(tmp_path / "b.json")


def test_tables_have_the_given_columns(tmp_path: Path) -> None:
    io.save_table(tmp_path / "a.csv", [{"b": 1 / 3, "a": None}], ("a", "b"))
    assert (tmp_path / "a.csv").read_text() == "a,b\n,0.333333\n"
