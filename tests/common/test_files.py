"""Samples in files: what each kind gives, and one line for what cannot be read."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import infoplane
from infoplane.cli import main
from infoplane.common.files import open_samples

FRAME = pd.DataFrame({"height": [1.5, 2.0, -3.25], "count": [1, 2, 3], "town": ["Ulm", "Köln", "Kiel, Nord"]})


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    FRAME.to_csv("frame.csv", index=False)
    FRAME.to_parquet("frame.parquet")
    np.savez("two.npz", a=np.arange(3), b=np.eye(3))
    np.savez("one.npz", a=np.arange(3))
    return tmp_path


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_tables(suffix: str, folder: Path) -> None:
    whole = open_samples(f"frame.{suffix}")
    assert list(whole) == ["height", "count", "town"]
    for name in FRAME:
        column = np.asarray(open_samples(f"frame.{suffix}:{name}"))
        assert column.tolist() == FRAME[name].tolist()
        assert (column.dtype.kind in "iu") == (name == "count")
    assert list(open_samples(f"frame.{suffix}:town,height")) == ["town", "height"]


def test_archives(folder: Path) -> None:
    np.testing.assert_array_equal(open_samples("one.npz"), np.arange(3))
    np.testing.assert_array_equal(open_samples("two.npz:b"), np.eye(3))


@pytest.mark.parametrize("separator", [";", "\t"])
def test_other_separators(separator: str, folder: Path) -> None:
    FRAME.to_csv("other.csv", index=False, sep=separator)
    found = open_samples("other.csv")
    assert {name: column.tolist() for name, column in found.items()} == FRAME.to_dict("list")
    Path("one.csv").write_text("town\nKiel; Nord\nUlm\n")
    assert open_samples("one.csv").tolist() == ["Kiel; Nord", "Ulm"]


def test_a_colon_in_a_folder_is_no_column(folder: Path) -> None:
    (folder / "a:b").mkdir()
    np.save("a:b/x.npy", np.arange(4))
    np.testing.assert_array_equal(open_samples("a:b/x.npy"), np.arange(4))
    FRAME.to_csv("a:b/frame.csv", index=False)
    assert len(open_samples("a:b/frame.csv")) == 3


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("two.npz", "two.npz: 2 arrays; expected two.npz:name, the name one of a, b"),
        ("two.npz:c", "two.npz: no array 'c'; expected .* one of a, b"),
        ("none.csv", "none.csv: no such file"),
        ("frame.csv:heigth", "frame.csv: no single column 'heigth'; expected some of height, count, town"),
        ("frame.parquet:heigth", "frame.parquet: no single column 'heigth'"),
        ("gap.csv", "gap.csv: column b has no value in line 3"),
        ("na.csv", "na.csv: column b has 'NA' in line 3; expected a value in every line"),
        ("short.csv", "short.csv: line 3 has 1 cells; expected 2"),
        ("comma.csv", "comma.csv: column a has '1,5' in line 2, numbers with a comma; expected a decimal point"),
        ("empty.csv", "empty.csv: .* expected a .csv in UTF-8"),
        ("twice.csv", "twice.csv: no single column 'a'"),
        ("text.npz", "text.npz: not a readable .npz"),
        ("text.parquet", "text.parquet: not a readable .parquet"),
        ("bytes.csv", "bytes.csv: .* expected a .csv in UTF-8"),
    ],
)
def test_what_cannot_be_read_is_one_line(text: str, line: str, folder: Path) -> None:
    Path("gap.csv").write_text("a,b\n1,2\n3,\n")
    Path("na.csv").write_text("a,b\n1,2\n3,NA\n")
    Path("short.csv").write_text("a,b\n1,2\n3\n")
    Path("comma.csv").write_text("a;b\n1,5;2\n-0,25;3\n2;3\n")
    Path("empty.csv").write_text("")
    Path("twice.csv").write_text("a,a\n1,2\n")
    Path("text.npz").write_text("no archive")
    Path("text.parquet").write_text("no table")
    Path("bytes.csv").write_bytes(b"a,b\n\xff\xfe,2\n")
    with pytest.raises(ValueError, match=line) as caught:
        open_samples(text)
    assert "\n" not in str(caught.value)


def test_the_command_line_takes_columns_by_name(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rng = np.random.default_rng(0)
    height = rng.standard_normal(500).round(4)
    town = np.where(height + rng.standard_normal(500) > 0, "Ulm", "Bonn")
    pd.DataFrame({"height": height, "town": town, "weight": 2 * height}).to_csv("people.csv", index=False)
    assert main(["estimate", "people.csv:height", "people.csv:town", "--method", "ross", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["nats"] == infoplane.estimate(height, town, "ross").nats
    assert main(["estimate", "people.csv:height", "people.csv:town", "--method", "ksg"]) == 2
    assert capsys.readouterr().err.startswith("infoplane: ksg: people.csv:town is texts or categories")
    assert main(["estimate", "people.csv:height,weight", "people.csv:town", "--method", "mixed_ksg", "--bits"]) == 0
    first = capsys.readouterr().out.splitlines()[0]
    value = infoplane.estimate(np.column_stack([height, 2 * height]), town, "mixed_ksg")
    assert f"{value.bits:.3f} bits ({value.nats:.3f} nats)" in first
    assert value.ci95 is not None
    assert f"{value.ci95[0] / np.log(2):.3f} to {value.ci95[1] / np.log(2):.3f}" in first
