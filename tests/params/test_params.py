"""params.yaml is validated whole; a wrong key or value names itself and what is allowed."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from infoplane.params import section
from infoplane.params.check import SECTIONS, check, check_files
from infoplane.params.classifier import Classifier
from infoplane.params.encoders import load_encoder_options, load_encoders
from infoplane.params.section import read_seed, read_yaml

COMMITTED = Path(__file__).resolve().parents[2] / "params.yaml"


def changed(tmp_path: Path, key: str, text: str | None) -> Path:
    """A copy of the committed file with one dotted key set to YAML text, or removed."""
    yaml = YAML()
    data = yaml.load(COMMITTED)
    *path, last = key.split(".")
    node = data
    for part in path:
        node = node[part]
    if text is None:
        del node[last]
    else:
        node[last] = YAML(typ="safe").load(text)
    file = tmp_path / "params.yaml"
    yaml.dump(data, file)
    return file


def test_the_committed_file_is_valid() -> None:
    check(COMMITTED)


@pytest.mark.parametrize(
    ("key", "text", "words"),
    [
        ("classifier.stops", "[30, 1]", ["classifier.stops", "increasing"]),
        ("classifier.stops", "[]", ["classifier.stops", "one or more"]),
        ("classifier.epochs", "3", ["classifier.epochs", "no such key", "stops"]),
        ("classifier.learning_rat", "1.0", ["classifier.learning_rat", "did you mean learning_rate"]),
        ("classifier.learning_rate", "fast", ["classifier.learning_rate", "'fast'", "number"]),
        ("classifier.learning_rate", "-1", ["classifier.learning_rate", "greater than 0"]),
        ("classifier.learning_rate", ".nan", ["classifier.learning_rate", "finite"]),
        ("data.source", "imagenet", ["data.source", "mnist, folder, tfds, arrays"]),
        ("data.test_fraction", "1.0", ["data.test_fraction", "less than 1"]),
        ("data.limit", "0", ["data.limit", "greater than 0"]),
        ("data.limit", None, ["data.limit", "missing"]),
        ("data.parity", "'yes'", ["data.parity", "boolean"]),
        ("embed.image_size", "96.5", ["embed.image_size", "integer"]),
        ("encoders", "[ResNet5]", ["encoders", "ResNet5"]),
        ("encoders", "[Xception, Xception]", ["encoders", "more than once"]),
        ("encoders", "[]", ["encoders", "one or more"]),
        ("encoder_options.EfficientNetLite0", None, ["encoder_options.EfficientNetLite0", "missing"]),
        ("encoder_options.EfficientNetLite0", "{size: 3}", ["encoder_options.EfficientNetLite0.size", "image_size"]),
        (
            "encoder_options.EfficientNetLite0",
            "{weights: /a.pth}",
            ["encoder_options.EfficientNetLite0.weights", "/a.pth"],
        ),
        (
            "encoder_options.EfficientNetLite0",
            "{weights: ../a.pth}",
            ["EfficientNetLite0.weights", "file in embed.path"],
        ),
        (
            "encoder_options.EfficientNetLite0",
            "{model: a.h5, layer: x}",
            ["encoder_options.EfficientNetLite0.model", "'a.h5'", ".keras"],
        ),
        ("encoder_options.EfficientNetLite0", "{model: a.keras}", ["encoder_options.EfficientNetLite0", "layer"]),
        ("encoder_options.EfficientNetLite0", "{layer: x}", ["encoder_options.EfficientNetLite0", "with model only"]),
        ("measure.noise_std", "0", ["measure.noise_std", "greater than 0"]),
        ("measure.noise_curve", "[0.5, -1.0]", ["measure.noise_curve", "-1.0"]),
        ("measure.mine.max_steps", "0", ["measure.mine.max_steps", "0"]),
        ("measurement", "{}", ["measurement", "no such section", "measure"]),
        ("calibrate.suites", "[gausians]", ["calibrate.suites", "gaussians"]),
        ("calibrate.gaussians.methods", "[kgs]", ["calibrate.gaussians.methods", "ksg", "published"]),
        ("calibrate.protocol.samples", "[50]", ["calibrate.protocol.samples", "100"]),
        ("calibrate.high.repeats", None, ["calibrate.high.repeats", "missing"]),
        ("seed", "-1", ["seed", "-1"]),
        ("seed", "true", ["seed", "True"]),
    ],
)
def test_a_wrong_key_or_value_names_itself(tmp_path: Path, key: str, text: str | None, words: list[str]) -> None:
    file = changed(tmp_path, key, text)
    with pytest.raises(ValueError, match=r"params\.yaml") as caught:
        check(file)
    message = str(caught.value)
    assert len(message.splitlines()) == 1, message
    for word in words:
        assert word in message


def test_the_companions_of_a_run_can_be_left_out(tmp_path: Path) -> None:
    for key in ("information_plane.networks", "calibrate.suites"):
        check(changed(tmp_path, key, "[]"))


def test_every_problem_gets_a_line(tmp_path: Path) -> None:
    file = changed(tmp_path, "classifier.learning_rate", "-1")
    file.write_text(file.read_text().replace("batch_size: 256", "batch_size: 0", 1))
    with pytest.raises(ValueError, match=r"params\.yaml") as caught:
        check(file)
    assert len(str(caught.value).splitlines()) == 2


def test_numbers_without_a_point_are_numbers(tmp_path: Path) -> None:
    """YAML 1.1 reads 1e-05 as a string, and DVC itself writes such numbers."""
    file = tmp_path / "params.yaml"
    file.write_text(COMMITTED.read_text().replace("learning_rate: 1e-3", "learning_rate: 1e-05", 1))
    assert Classifier.load(file).learning_rate == 1e-5


def _comments(text: str) -> dict[str, str]:
    """The comment above or behind each key of a YAML file, by dotted path; "" where there is none."""
    found: dict[str, str] = {}
    path: list[str] = []
    above: list[str] = []
    for line in text.splitlines():
        if (comment := re.match(r" *#(.*)", line)) is not None:
            above.append(comment[1].strip())
            continue
        if (entry := re.match(r"( *)([\w-]+):(?:.*?\s#(.*))?", line)) is not None:
            path = [*path[: len(entry[1]) // 2], entry[2]]
            found[".".join(path)] = " ".join([*above, (entry[3] or "").strip()]).strip()
        above = []
    return found


def _unexplained(text: str) -> list[str]:
    """Keys without a comment, in whose group no comment says where the same keys have theirs."""
    comments = _comments(text)
    groups: dict[str, list[str]] = {}
    for key in comments:
        groups.setdefault(key.rpartition(".")[0], []).append(key.rpartition(".")[2])
    left = []
    for group, keys in groups.items():
        bare = [key for key in keys if not comments[f"{group}.{key}".lstrip(".")]]
        if not group:  # the name of a section says enough
            bare = [key for key in bare if key not in groups]
        elif (elsewhere := re.search(r"[Kk]eys as in ([\w.]*\w)", comments[group])) is not None:
            same = elsewhere[1]
            bare = [key for key in bare if not comments.get(f"{same}.{key}")]
        left += [f"{group}.{key}".lstrip(".") for key in bare]
    return left


def test_every_key_has_a_comment() -> None:
    """Nested ones too; networks are explained together, above the section of their options."""
    text = COMMITTED.read_text()
    assert len(_comments(text)) > 120
    assert [key for key in _unexplained(text) if not key.startswith("encoder_options.")] == []


@pytest.mark.parametrize(
    ("comment", "key"),
    [
        (r" +# parts of the cross-fit.*", "measure.aa_mine.folds"),
        (r"Keys as in measure.aa_mine.", "measure.mine.patience"),
        (r" +# fresh samples of each task", "calibrate.high.repeats"),
        (r"# Epochs of training, on all 4,096.*", "information_plane.epochs"),
        (r"# Root of all random streams.*", "seed"),
    ],
)
def test_a_missing_comment_is_seen(comment: str, key: str) -> None:
    less, times = re.subn(rf"(?m){comment}$", "", COMMITTED.read_text())
    assert times >= 1
    assert key in _unexplained(less)


def test_reading_a_field_is_recorded() -> None:
    section.read_keys.clear()
    classifier = Classifier.load(COMMITTED)
    assert section.read_keys == set()
    assert classifier.stops == (1, 30, 200)
    read_seed(COMMITTED)
    load_encoders(COMMITTED)
    load_encoder_options("Xception", COMMITTED)
    assert section.read_keys == {"classifier.stops", "seed", "encoders", "encoder_options.Xception"}


def test_models_and_file_have_the_same_sections() -> None:
    data = read_yaml(COMMITTED)
    assert set(data) == {"seed", "encoders", "encoder_options", *(model.key for model in SECTIONS)}


def test_arrays_have_names_of_ones_own(tmp_path: Path) -> None:
    file = changed(tmp_path, "data.source", "arrays")
    text = file.read_text().replace("- EfficientNetLite0\n", "- my-network\n", 1)
    file.write_text(text)
    with pytest.raises(ValueError, match=r"encoder_options\.my-network: missing"):
        check(file)
    file.write_text(text.replace("encoder_options:\n", "encoder_options:\n  my-network: {}\n"))
    check(file)
    file.write_text(text.replace("my-network", "my/network"))
    with pytest.raises(ValueError, match="letters, digits"):
        check(file)


def test_files_and_folders_are_looked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before a run; a stage that does not need them goes on without."""
    monkeypatch.chdir(tmp_path)
    file = changed(tmp_path, "encoder_options.EfficientNetLite0", "{weights: a.pth}")
    check(file)
    with pytest.raises(ValueError, match=r"data\.path: examples/shapes: no such folder") as caught:
        check_files(file)
    assert "embed.path: examples/networks: no such folder" in str(caught.value)
    for name in ("shapes", "networks"):
        (tmp_path / "examples" / name).mkdir(parents=True)
    with pytest.raises(ValueError, match=r"encoder_options\.EfficientNetLite0\.weights: a\.pth: no such file in embed"):
        check_files(file)
    (tmp_path / "examples" / "networks" / "a.pth").touch()
    check_files(file)
    file.write_text(file.read_text().replace("path: examples/networks", "path: .."))
    with pytest.raises(ValueError, match=r"embed\.path: \.\.: this checkout lies in it"):
        check_files(file)


def test_a_wrong_option_of_a_network_of_ones_own_is_named(tmp_path: Path) -> None:
    """And not taken for a network that nobody knows."""
    file = changed(tmp_path, "encoders", "[mine]")
    entry = "encoder_options:\n  mine: {model: a.keras, layr: x}\n"
    file.write_text(file.read_text().replace("encoder_options:\n", entry, 1))
    with pytest.raises(ValueError, match=r"encoder_options\.mine\.layr: no such key \(did you mean layer"):
        check(file)


HOSTILE_NAMES = (
    "a; touch x", "$(touch x)", "`x`", "a|b", "a>b", "*", "~", "${seed}", "a'b", 'a"b', "a\\b", "a/b", "..",
    "../a", ".", "...", "-rf", "--out", " a", "a ", "a b", "a\nb", "a\0b", "EfficientNetLite0\n", "a@b", "é", "",
    "a" * 101,
)  # fmt: skip


@pytest.mark.parametrize("source", ["mnist", "arrays"])
@pytest.mark.parametrize("name", HOSTILE_NAMES)
def test_names_that_a_shell_or_a_path_could_misread_are_refused(tmp_path: Path, name: str, source: str) -> None:
    """In all lists of names; with a saved model, too, whose name is the user's choice."""
    entry = json.dumps(name)
    text = COMMITTED.read_text().replace("source: mnist", f"source: {source}")
    for options in ("{}", "{model: a.keras, layer: x}"):
        named = text.replace("  - EfficientNetLite0\n", f"  - {entry}\n", 1)
        refusal(tmp_path, named.replace("encoder_options:\n", f"encoder_options:\n  {entry}: {options}\n", 1))
    for old in ("networks: [sphere-tanh, sphere-relu]", "suites: [gaussians, discrete, protocol]"):
        assert old in text
        refusal(tmp_path, text.replace(old, f"{old.split(':')[0]}: [{entry}]"))


def refusal(folder: Path, text: str | bytes) -> str:
    """The one line that a file is refused with."""
    file = folder / "params.yaml"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(ValueError, match=re.escape(str(file))) as caught:
        check(file)
    assert str(caught.value).isprintable()
    return str(caught.value)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("seed: 0", "seed: 0\nseed: 1", 'duplicate key "seed"'),
        ("  parity: false", "  parity: false\n  parity: true", 'duplicate key "parity"'),
        ("  parity: false", "\tparity: false", r"'\t'"),
        ("seed: 0", "seed: !!python/object/apply:os.system [exit]", "could not determine a constructor"),
        ("seed: 0", f"seed: {'9' * 5000}", "limit"),
        ("seed: 0", f"seed: {'[' * 3000}", "recursion"),
        ("seed: 0", "seed: 0\0", "special characters"),
        ("seed: 0", "seed: 0\n---\nseed: 1", "a single document"),
        ("path: examples/shapes", r'path: "a\nb"', r"data.path: 'a\nb' given; expected text without control"),
        ("path: examples/networks", r'path: "a\0b"', r"embed.path: 'a\x00b' given"),
        ("EfficientNetLite0: {}", r'EfficientNetLite0: {weights: "\e[2J.pth"}', r"weights: '\x1b[2J.pth' given"),
    ],
)
def test_a_file_that_is_misformed_is_one_line(tmp_path: Path, old: str, new: str, words: str) -> None:
    text = COMMITTED.read_text()
    assert old in text
    assert words in refusal(tmp_path, text.replace(old, new, 1))


def test_texts_of_other_encodings(tmp_path: Path) -> None:
    """Windows' line ends and marks at the start change nothing; other encodings are named."""
    text = COMMITTED.read_text()
    for encoded in (text.replace("\n", "\r\n").encode(), text.encode("utf-8-sig"), text.encode("utf-16")):
        (tmp_path / "params.yaml").write_bytes(encoded)
        assert read_yaml(tmp_path / "params.yaml") == read_yaml(COMMITTED)
    assert "not valid YAML" in refusal(tmp_path, text.replace("# Root", "# Ré").encode("latin-1"))


def test_dvc_gives_no_hostile_name_to_a_shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A single stage of each matrix, all else in place: the dependency or the key that bears the name is missing."""
    from dvc.exceptions import ReproductionError
    from dvc.repo import Repo

    monkeypatch.chdir(tmp_path)
    name = "x; touch executed #"
    lists = {"encoders", "information_plane.networks", "calibrate.suites"}
    text = COMMITTED.read_text()
    for old in ("  - EfficientNetLite0\n", "[sphere-tanh, sphere-relu]", "[gaussians, discrete, protocol]"):
        text = text.replace(old, f'  - "{name}"\n' if old.startswith(" ") else f'["{name}"]', 1)
    (tmp_path / "params.yaml").write_text(
        text.replace("encoder_options:\n", f'encoder_options:\n  "{name}": {{}}\n', 1)
    )
    stages = YAML(typ="safe").load(COMMITTED.with_name("dvc.yaml"))["stages"]
    (tmp_path / "dvc.yaml").write_text(COMMITTED.with_name("dvc.yaml").read_text())
    (tmp_path / ".dvc").mkdir()
    (tmp_path / ".dvc" / "config").write_text("[core]\n    no_scm = true\n")
    matrices = {stage: next(iter(entry["matrix"].values())) for stage, entry in stages.items() if "matrix" in entry}
    assert {values[2:-1] for values in matrices.values()} == lists
    for entry in stages.values():
        for path in entry["deps"]:
            if "$" not in path:
                folder = Path(path).parent if Path(path).suffix else Path(path)
                (tmp_path / folder).mkdir(parents=True, exist_ok=True)
                if folder != Path(path):
                    (tmp_path / path).touch()
    with Repo(str(tmp_path)) as repo:
        for stage in matrices:
            with pytest.raises(ReproductionError) as caught:
                repo.reproduce(f"{stage}@{name}", single_item=True)
            assert name in f"{caught.value} {caught.value.__cause__}"
    assert not list(tmp_path.rglob("executed*"))


def test_no_file_and_no_yaml(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no such file"):
        read_yaml(tmp_path / "params.yaml")
    (tmp_path / "params.yaml").write_text("a: [1")
    with pytest.raises(ValueError, match="not valid YAML"):
        read_yaml(tmp_path / "params.yaml")
