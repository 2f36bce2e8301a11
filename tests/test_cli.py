"""The command line: fields of the JSON, readable text, one line and exit code 2 for bad input."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import infoplane
from infoplane.cli import main
from infoplane.cli.information import estimate_text
from infoplane.estimators import options
from infoplane.estimators.registry import METHODS

ESTIMATE_FIELDS = [
    "method", "nats", "bits", "ci95", "kind", "ceiling", "correlation", "label_entropy", "share_of_label_entropy", "n",
    "dx", "dz", "seed", "seconds", "warnings",
]  # fmt: skip
NOISY_FIELDS = ["noise_std", "n", "d", "lower", "upper", "lower_se", "upper_se", "plug_in", "gaussian_upper"]
LABEL_FIELDS = ["label_lower", "label_upper", "label_lower_se", "label_upper_se"]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Holds x.npy, z.npy, y.npy and a few files that are wrong; also the working directory."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(400, 2))
    np.save(tmp_path / "x.npy", x)
    np.save(tmp_path / "z.npy", (x[:, :1] + rng.normal(size=(400, 1))).astype(np.float32))
    np.save(tmp_path / "y.npy", (x[:, 0] > 0).astype(np.int64))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def output(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main(arguments) == 0
    printed = capsys.readouterr()
    assert printed.err == ""
    return printed.out


def complaint(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """The one line on standard error of a run with exit code 2."""
    try:
        code = main(arguments)
    except SystemExit as stop:
        code = stop.code
    printed = capsys.readouterr()
    assert code == 2
    assert printed.out == ""
    assert printed.err.count("\n") == 1
    assert "Traceback" not in printed.err
    return printed.err.strip()


def test_json_of_estimate(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    fields = json.loads(output(capsys, "estimate", "x.npy", "z.npy", "--method", "ksg", "--seed", "3", "--json"))
    assert list(fields) == ESTIMATE_FIELDS
    expected = infoplane.estimate(np.load("x.npy"), np.load("z.npy"), "ksg", 3)
    assert fields["nats"] == expected.nats
    assert tuple(fields["ci95"]) == expected.ci95
    assert fields["bits"] == pytest.approx(fields["nats"] / np.log(2))
    assert (fields["method"], fields["kind"], fields["ceiling"]) == ("ksg", "estimate", None)
    assert (fields["n"], fields["dx"], fields["dz"], fields["seed"]) == (400, 2, 1, 3)
    assert fields["warnings"] == []


def test_text_of_estimate(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    np.save("wide.npy", np.hstack([np.load("x.npy"), np.ones((400, 3))]))
    text = output(capsys, "estimate", "wide.npy", "y.npy", "--method", "mixed_ksg")
    value = infoplane.estimate(np.load("x.npy"), np.load("y.npy"), "mixed_ksg")
    lines = text.splitlines()
    assert f"{value.nats:.3f} nats ({value.bits:.3f} bits)" in lines[0]
    assert f"95 % interval {value.ci95[0]:.3f} to {value.ci95[1]:.3f}" in lines[0]
    assert "estimate, by mixed_ksg" in lines[1]
    assert "0.69" in next(line for line in lines if line.startswith("ceiling"))
    assert "3 of 5 columns are constant" in next(line for line in lines if line.startswith("warning"))
    assert all(len(line) < 120 for line in lines)


def test_numbers_overrides_labels(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "y.npy is class labels" in complaint(capsys, "estimate", "x.npy", "y.npy", "--method", "gaussian")
    fields = json.loads(output(capsys, "estimate", "x.npy", "y.npy", "--method", "gaussian", "--numbers", "--json"))
    assert fields["nats"] > 0.3


def test_estimate_given_a_third_variable(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ("estimate", "x.npy", "z.npy", "--given", "y.npy", "--method", "ksg")
    expected = infoplane.conditional(*(np.load(f"{name}.npy") for name in "xzy"), method="ksg")
    assert json.loads(output(capsys, *arguments, "--json"))["nats"] == expected.nats
    assert output(capsys, *arguments).startswith(f"I(X; Z | W) {expected.nats:.3f} nats")
    assert "--option: given with --given" in complaint(capsys, *arguments, "--option", "k=5")
    np.save("short.npy", np.zeros(9))
    assert "short.npy" in complaint(capsys, "estimate", "x.npy", "z.npy", "--given", "short.npy")


def test_tests_of_independence(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    x, z = np.load("x.npy"), np.load("z.npy")
    fields = json.loads(output(capsys, "test", "x.npy", "z.npy", "--permutations", "99", "--json"))
    assert fields["p_value"] == infoplane.independence_test(x, z, permutations=99).p_value == 0.01
    given = json.loads(output(capsys, "test", "z.npy", "y.npy", "--given", "x.npy", "--json"))
    assert given["permuted"] == "neighbours in given"
    assert "permutations of all samples" in output(capsys, "test", "x.npy", "z.npy", "--permutations", "9")
    assert "permutations=0" in complaint(capsys, "test", "x.npy", "z.npy", "--permutations", "0")


def test_columns_in_order_and_in_pairs(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("table.csv").write_text("a,b\n" + "\n".join(f"{i % 7},{(i % 7) ** 2 + i % 2}" for i in range(60)))
    fields = json.loads(output(capsys, "rank", "x.npy", "y.npy", "--permutations", "19", "--json"))
    assert fields["column"] == ["0", "1"]
    assert fields["nats"] == infoplane.rank(np.load("x.npy"), np.load("y.npy"), permutations=19).nats.tolist()
    assert output(capsys, "rank", "x.npy", "y.npy", "--method", "ross").splitlines()[1].split()[0] == "0"
    pairs = json.loads(output(capsys, "matrix", "table.csv", "--permutations", "19", "--json"))
    assert (pairs["first"], pairs["second"]) == (["a"], ["b"])
    assert "1 pair of 2 columns" in output(capsys, "matrix", "table.csv", "--permutations", "19")
    assert "table.csv" in complaint(capsys, "rank", "x.npy", "table.csv")


def test_json_of_estimate_noisy(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ("estimate-noisy", "x.npy", "--noise-std", "0.5", "--json")
    assert sorted(json.loads(output(capsys, *arguments))) == sorted([*NOISY_FIELDS, "warnings"])
    fields = json.loads(output(capsys, *arguments, "--labels", "y.npy"))
    assert sorted(fields) == sorted([*NOISY_FIELDS, *LABEL_FIELDS, "warnings"])
    assert fields["lower"] < fields["upper"]
    assert (fields["n"], fields["d"], fields["noise_std"]) == (400, 2, 0.5)
    exact = json.loads(output(capsys, *arguments, "--population"))
    assert exact["lower"] == exact["upper"] == exact["plug_in"]


def test_text_of_estimate_noisy(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = output(capsys, "estimate-noisy", "x.npy", "--noise-std", "0.5", "--labels", "y.npy")
    assert "lower and upper bound" in text.splitlines()[0]
    assert "I(T+e; Y)" in text
    assert "exact" in output(capsys, "estimate-noisy", "x.npy", "--noise-std", "0.5", "--population")


def test_methods_lists_what_estimate_takes(capsys: pytest.CaptureFixture[str]) -> None:
    listed = json.loads(output(capsys, "methods", "--json"))
    assert listed == infoplane.methods()
    text = output(capsys, "methods")
    assert [line.split()[0] for line in text.splitlines()] == list(listed)
    assert all(len(line) <= 120 for line in text.splitlines())


@pytest.mark.parametrize("name", METHODS)
def test_every_option_has_a_meaning_and_can_be_set_to_its_default(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    listed = json.loads(output(capsys, "methods", name, "--json"))
    text = output(capsys, "methods", name)
    assert listed["purpose"] == infoplane.methods()[name]
    assert all(len(line) <= 120 for line in text.splitlines())
    for option, entry in listed["options"].items():
        assert f"  {option}=" in text
        assert len(entry["meaning"]) > 5
        default = ",".join(map(str, entry["default"])) if isinstance(entry["default"], list) else entry["default"]
        found = options.read(name, [f"{option}={default}"])[option]
        assert (list(found) if isinstance(found, tuple) else found) == entry["default"]


def test_options_reach_the_method(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    x, z = np.load("x.npy"), np.load("z.npy")
    run = ("estimate", "x.npy", "z.npy", "--json", "--method")
    fields = json.loads(output(capsys, *run, "ksg", "--option", "k=7", "--option", "scale=rank"))
    assert fields["nats"] == infoplane.estimate(x, z, "ksg", k=7, scale="rank").nats
    np.save("one.npy", x[:, 0])
    run = ("estimate", "one.npy", "z.npy", "--json", "--method", "binning", "--option", "strategy=fixed")
    fields = json.loads(output(capsys, *run, "--option", "x_range=-2,2.5", "--option", "bins=6"))
    expected = infoplane.estimate(x[:, 0], z, "binning", strategy="fixed", x_range=(-2, 2.5), bins=6)
    assert fields["nats"] == expected.nats
    assert options.read("mine", ["hidden=64", "learning_rate=1", "max_steps=500"]) == {
        "hidden": (64,), "learning_rate": 1, "max_steps": 500,
    }  # fmt: skip


def test_help_and_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert output(capsys).startswith("usage: infoplane")
    with pytest.raises(SystemExit) as stop:
        main(["--version"])
    assert stop.value.code == 0
    assert capsys.readouterr().out == f"infoplane {infoplane.__version__}\n"


def test_a_value_just_below_zero_has_no_sign() -> None:
    text = estimate_text(infoplane.Estimate(-1e-5, (-4e-4, 1e-3), "estimate", "ksg"))
    assert text.splitlines()[0] == "I(X; Z)    0.000 nats (0.000 bits)   95 % interval 0.000 to 0.001"


def write_bad_files() -> None:
    x = np.load("x.npy")
    broken = x.copy()
    broken[5, 1], broken[9, 0] = np.nan, np.inf
    np.save("nan.npy", broken)
    np.save("objects.npy", np.array([{}, 1], dtype=object), allow_pickle=True)
    np.save("dates.npy", np.array(["2020-01-01"], "M8[D]"))
    np.save("complex.npy", x.astype(complex))
    np.save("cube.npy", x.reshape(400, 1, 2))
    np.save("short.npy", x[:10])
    np.save("none.npy", x[:0])
    np.savez("archive.npz", first=x, second=x)
    Path("renamed.npy").write_bytes(Path("archive.npz").read_bytes())
    Path("text.npy").write_text("1 2 3")
    Path("zero.npy").write_bytes(b"")
    Path("cut.npy").write_bytes(Path("x.npy").read_bytes()[:1000])
    Path("folder.npy").mkdir()


@pytest.mark.parametrize(
    ("file", "message"),
    [
        ("nan.npy", "nan.npy: 2 values are NaN or infinite, the first in row 5, column 1"),
        ("objects.npy", "objects.npy: it holds pickled Python objects"),
        ("dates.npy", "dates.npy: dtype datetime64[D] given; expected an array of real numbers"),
        ("complex.npy", "complex.npy: dtype complex128 given"),
        ("cube.npy", "cube.npy: shape (400, 1, 2) given"),
        ("short.npy", "x.npy has 400 rows and short.npy has 10; expected as many, paired"),
        ("none.npy", "none.npy: empty, shape (0, 2)"),
        ("archive.npz", "archive.npz: 2 arrays; expected archive.npz:name, the name one of first, second"),
        ("renamed.npy", "renamed.npy: an .npz archive"),
        ("text.npy", "text.npy: not a .npy file"),
        ("zero.npy", "zero.npy: not a .npy file"),
        ("cut.npy", "cut.npy: not a readable .npy file"),
        ("missing.npy", "missing.npy: no such file"),
        ("folder.npy", "folder.npy: a folder; expected a .npy file"),
    ],
)
def test_bad_files(folder: Path, capsys: pytest.CaptureFixture[str], file: str, message: str) -> None:
    write_bad_files()
    assert complaint(capsys, "estimate", "x.npy", file, "--method", "ksg").startswith(f"infoplane: {message}")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("estimate x.npy z.npy --method kgs", "method 'kgs' given; expected one of auto, mine, "),
        ("estimate x.npy z.npy --method probe", "probe: z.npy is numbers; expected class labels, a 1-D array"),
        ("estimate x.npy z.npy --seed 1.5", "argument --seed: invalid int value: '1.5'"),
        ("estimate x.npy z.npy --seed -1", "seed=-1 given; expected an integer of at least 0"),
        ("estimate x.npy", "the following arguments are required: z"),
        ("estimate-noisy x.npy", "the following arguments are required: --noise-std"),
        ("estimate-noisy x.npy --noise-std -1", "noise_std: -1.0 given; expected a positive number"),
        ("estimate-noisy x.npy --noise-std nan", "noise_std: nan given; expected a positive number"),
        (
            "estimate-noisy x.npy --noise-std 1 --labels x.npy",
            "x.npy: shape (400, 2), dtype float64 given; expected",
        ),
        ("guess x.npy", "invalid choice: 'guess'"),
        ("methods kgs", "method 'kgs' given; expected one of auto, mine, "),
        ("estimate x.npy z.npy --method ksg --option k", "--option k: expected NAME=VALUE"),
        ("estimate x.npy z.npy --method ksg --option k=many", "--option k=many: expected an integer"),
        ("estimate x.npy z.npy --method ksg --option k=True", "--option k=True: expected an integer"),
        (
            "estimate x.npy z.npy --method ksg --option scale=3",
            "--option scale=3: expected one of standard, rank, none",
        ),
        ("estimate x.npy z.npy --method ksg --option bins=3", "ksg has no option bins; expected one of k, scale"),
        ("estimate x.npy z.npy --method auto --option k=3", "auto has no option k; expected none"),
        ("estimate x.npy z.npy --method mine --option hidden=a", "--option hidden=a: expected integers, such as 64,64"),
        ("estimate x.npy z.npy --method binning --option x_range=1", "expected two numbers, such as 0,1 or None"),
    ],
)
def test_bad_arguments(folder: Path, capsys: pytest.CaptureFixture[str], arguments: str, message: str) -> None:
    assert message in complaint(capsys, *arguments.split())


def test_binning_says_why_it_refuses(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "near ln n" in complaint(capsys, "estimate", "x.npy", "x.npy", "--method", "binning")


def test_a_constant_variable(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    np.save("ones.npy", np.ones((400, 3)))
    fields = json.loads(output(capsys, "estimate", "x.npy", "ones.npy", "--json"))
    assert (fields["nats"], fields["ci95"], fields["kind"]) == (0.0, [0.0, 0.0], "exact")


def test_json_never_holds_nan(capsys: pytest.CaptureFixture[str]) -> None:
    from infoplane.cli.output import print_json

    print_json({"a": float("nan"), "b": [float("inf"), 1.5], "c": None})
    assert json.loads(capsys.readouterr().out) == {"a": None, "b": [None, 1.5], "c": None}


def test_as_a_program_of_its_own(folder: Path) -> None:
    """Standard output holds the JSON object and nothing else; errors keep to standard error."""
    command = [str(Path(sys.executable).parent / "infoplane"), "estimate", "x.npy"]
    done = subprocess.run([*command, "z.npy", "--method", "gaussian", "--json"], capture_output=True, text=True)
    assert done.returncode == 0
    assert json.loads(done.stdout)["method"] == "gaussian"
    assert done.stderr == ""
    wrong = subprocess.run([*command, "missing.npy"], capture_output=True, text=True)
    assert (wrong.returncode, wrong.stdout, wrong.stderr) == (2, "", "infoplane: missing.npy: no such file\n")


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("z.npy").chmod(0)
    assert "z.npy" in complaint(capsys, "estimate", "x.npy", "z.npy")


def test_groups_from_a_file(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    np.save("videos.npy", np.array([f"video {row // 2}" for row in range(400)]))
    fields = json.loads(
        output(capsys, "estimate", "x.npy", "z.npy", "--method", "gaussian", "--groups", "videos.npy", "--json")
    )
    assert "one row of each of the 200 groups" in fields["warnings"][0]
    np.save("short.npy", np.arange(7))
    message = complaint(capsys, "estimate", "x.npy", "z.npy", "--method", "gaussian", "--groups", "short.npy")
    assert message == "infoplane: short.npy has 7 rows and x.npy has 400: expected one group for each row"


def test_an_interval_without_upper_end(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    np.save("square.npy", np.load("x.npy")[:, 0] ** 2)
    np.save("column.npy", np.load("x.npy")[:, 0])
    text = output(capsys, "estimate", "column.npy", "square.npy", "--method", "ksg")
    low = infoplane.estimate(np.load("column.npy"), np.load("square.npy"), "ksg").ci95[0]
    assert f"at least {low:.3f} (95 %)" in text.splitlines()[0]
    fields = json.loads(output(capsys, "estimate", "column.npy", "square.npy", "--method", "ksg", "--json"))
    assert fields["ci95"] == [low, None]
