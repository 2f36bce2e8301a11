"""Embeddings, labels and predictions made elsewhere: what goes in comes out, and what is wrong is named."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from infoplane.arrays.given_predictions import copy_predictions, given_predictions
from infoplane.arrays.importing import import_arrays
from infoplane.arrays.stored import copy_embeddings, store_no_arrays, stored_encoders
from infoplane.classifiers import evaluate_predictions
from infoplane.common import io

from made_arrays import ROWS, TEST, arrays, put, write_split, write_whole


def bring(path: Path, target: Path, **options: Any) -> dict[str, Any]:
    for name in ("arrays", "labels"):
        (target / name).mkdir(parents=True)
    settings = {"test_fraction": 0.4, "limit": None, "seed": 0, **options}
    return import_arrays(path, target / "arrays", target / "labels", **settings)


@pytest.mark.parametrize("write", [write_split, write_whole])
def test_what_goes_in_comes_out(tmp_path: Path, write: Callable[..., None]) -> None:
    made = arrays(3)
    write(tmp_path / "mine", made)
    report = bring(tmp_path / "mine", tmp_path)
    assert (report["source"], report["images"], report["classes"]) == ("arrays", ROWS, ["0", "1", "2"])
    assert sum(report["counts"]["test"].values()) == made["test"].sum()
    assert stored_encoders(tmp_path / "arrays") == ["sharp", "vague"]
    for split, rows in (("train", ~made["test"]), ("test", made["test"])):
        np.testing.assert_array_equal(np.load(tmp_path / "labels" / f"{split}.npy"), made["y"][rows])
    for name in ("sharp", "vague"):
        (tmp_path / name).mkdir()
        copy_embeddings(tmp_path / "arrays", name, tmp_path / name)
        stored = np.load(tmp_path / name / "test.npy")
        assert stored.dtype == np.float32
        np.testing.assert_array_equal(stored, made[name][made["test"]].astype(np.float32))
    for name in ("sharp", "vague"):
        (tmp_path / "given" / name).mkdir(parents=True)
        copy_predictions(tmp_path / "arrays", name, tmp_path / "given" / name)
    found = given_predictions(tmp_path / "given" / "sharp", [3])
    assert found is not None
    np.testing.assert_array_equal(found[3], made["3"][made["test"]].astype(np.float32))
    assert given_predictions(tmp_path / "given" / "vague", [3]) is None
    with pytest.raises(ValueError, match=r"classifier\.stops: no predictions of sharp at 30; those given are at 1, 3"):
        given_predictions(tmp_path / "given" / "sharp", [1, 30])
    with pytest.raises(ValueError, match=r"'blurred': no such arrays; data\.path has embeddings of sharp, vague"):
        copy_embeddings(tmp_path / "arrays", "blurred", tmp_path)


def test_images_store_no_arrays(tmp_path: Path) -> None:
    store_no_arrays(tmp_path)
    assert stored_encoders(tmp_path) == []
    (tmp_path / "given").mkdir()
    copy_predictions(tmp_path, "any", tmp_path / "given")
    assert given_predictions(tmp_path / "given", [1]) is None


def test_the_two_layouts_store_the_same_bytes(tmp_path: Path) -> None:
    for name, write in (("a", write_split), ("b", write_whole)):
        write(tmp_path / name / "mine", arrays())
        bring(tmp_path / name / "mine", tmp_path / name)
    files = sorted(file for file in (tmp_path / "a" / "arrays").rglob("*") if file.is_file())
    assert len(files) == 4 + 2 + 1
    for file in files:
        other = tmp_path / "b" / file.relative_to(tmp_path / "a")
        assert file.read_bytes() == other.read_bytes()


def test_a_split_is_drawn_where_none_is_given(tmp_path: Path) -> None:
    write_whole(tmp_path / "mine", arrays(4))
    (tmp_path / "mine" / "test_rows.npy").unlink()
    with pytest.raises(ValueError, match=r"predictions without test_rows\.npy"):
        bring(tmp_path / "mine", tmp_path / "first")
    shutil.rmtree(tmp_path / "mine" / "predictions")
    put(tmp_path / "mine" / "embeddings" / "number.npy", np.arange(ROWS, dtype=np.int32)[:, None])
    report = bring(tmp_path / "mine", tmp_path / "second", test_fraction=0.2)
    assert report["counts"]["test"] == {str(label): 10 for label in range(4)}
    rows = [np.load(tmp_path / "second" / "arrays" / "embeddings" / "number" / f"{s}.npy") for s in ("train", "test")]
    assert sorted(np.concatenate(rows)[:, 0]) == list(range(ROWS)), "each row once"
    labels = np.load(tmp_path / "mine" / "labels.npy")
    np.testing.assert_array_equal(labels[rows[1][:, 0].astype(int)], np.load(tmp_path / "second/labels/test.npy"))


@pytest.mark.parametrize("label", [10**12, 200, -1])
def test_a_label_that_cannot_be_a_class_is_refused_before_it_is_counted(tmp_path: Path, label: int) -> None:
    write_whole(tmp_path / "mine", arrays())
    (tmp_path / "mine" / "test_rows.npy").unlink()
    labels = np.load(tmp_path / "mine" / "labels.npy")
    labels[7] = label
    put(tmp_path / "mine" / "labels.npy", labels)
    with pytest.raises(ValueError, match=rf"labels\.npy: a label is {label}; expected class labels 0 to K-1"):
        bring(tmp_path / "mine", tmp_path)


def test_scores_of_given_predictions() -> None:
    """Against scikit-learn; one column is the log odds of class 1."""
    from sklearn.metrics import accuracy_score, log_loss

    rng = np.random.default_rng(0)
    y, scores = rng.integers(0, 4, 500), 3 * rng.standard_normal((500, 4))
    (found,) = evaluate_predictions({7: scores}, y)
    assert (found["epoch"], found["split"]) == (7, "test")
    posterior = np.exp(scores) / np.exp(scores).sum(1, keepdims=True)
    assert found["loss"] == pytest.approx(log_loss(y, posterior))
    assert found["accuracy"] == accuracy_score(y, posterior.argmax(1))
    binary = y % 2
    (one,) = evaluate_predictions({7: scores[:, :1]}, binary)
    (two,) = evaluate_predictions({7: np.hstack([np.ones((500, 1)), scores[:, :1] + 1])}, binary)
    assert one["loss"] == pytest.approx(two["loss"])
    assert one["loss"] == pytest.approx(log_loss(binary, 1 / (1 + np.exp(-scores[:, 0]))))


def _shorter(folder: Path) -> None:
    put(folder / "embeddings/sharp/test.npy", np.zeros((TEST - 1, 16)))


def _narrower(folder: Path) -> None:
    put(folder / "embeddings/sharp/test.npy", np.zeros((TEST, 15)))


def _nan(folder: Path) -> None:
    rows = np.load(folder / "embeddings/vague/train.npy")
    rows[17, 3] = np.nan
    put(folder / "embeddings/vague/train.npy", rows)


def _huge(folder: Path) -> None:
    put(folder / "embeddings/vague/test.npy", np.full((TEST, 16), 1e300))


def _images(folder: Path) -> None:
    put(folder / "embeddings/sharp/test.npy", np.zeros((TEST, 2, 2, 16)))


def _words(folder: Path) -> None:
    put(folder / "labels/test.npy", np.array(["cat"] * TEST))


def _gap(folder: Path) -> None:
    put(folder / "labels/test.npy", 2 * np.load(folder / "labels/test.npy"))


def _from_far(folder: Path) -> None:
    put(folder / "labels/test.npy", np.load(folder / "labels/test.npy") + 10**12)


def _negative(folder: Path) -> None:
    put(folder / "labels/test.npy", -np.load(folder / "labels/test.npy"))


def _columns(folder: Path) -> None:
    put(folder / "predictions/sharp/3.npy", np.zeros((TEST, 3)))


def _stop(folder: Path) -> None:
    put(folder / "predictions/sharp/last.npy", np.zeros((TEST, 2)))


def _orphan(folder: Path) -> None:
    put(folder / "predictions/other/3.npy", np.zeros((TEST, 2)))


def _pickle(folder: Path) -> None:
    np.save(folder / "embeddings/sharp/test.npy", np.array([{}]), allow_pickle=True)


def _missing(folder: Path) -> None:
    (folder / "embeddings/sharp/test.npy").unlink()


def _none(folder: Path) -> None:
    shutil.rmtree(folder / "embeddings")


def _names(folder: Path) -> None:
    (folder / "classes.txt").write_text("cat\n")


def _no_labels(folder: Path) -> None:
    shutil.rmtree(folder / "labels")


def _from_one(folder: Path) -> None:
    for split in ("train", "test"):
        put(folder / f"labels/{split}.npy", np.load(folder / f"labels/{split}.npy") + 1)


def _softmax(folder: Path) -> None:
    scores = np.exp(np.load(folder / "predictions/sharp/3.npy"))
    put(folder / "predictions/sharp/3.npy", (scores / scores.sum(axis=1, keepdims=True)).astype(np.float16))


def _sigmoid(folder: Path) -> None:
    put(folder / "predictions/sharp/1.npy", 1 / (1 + np.exp(-np.load(folder / "predictions/sharp/1.npy")[:, 0])))


WRONG = {
    _from_one: "labels 1 to 2 given; expected labels 0 to K-1: subtract 1",
    _softmax: "predictions/sharp/3.npy: probabilities given, each row sums to 1; expected logits, or ln p",
    _sigmoid: "predictions/sharp/1.npy: probabilities given, all between 0 and 1; expected logits, ln(p / (1 - p))",
    _shorter: f"embeddings/sharp/test.npy: shape ({TEST - 1}, 16); expected ({TEST}, 16), a row for each label",
    _narrower: f"embeddings/sharp/test.npy: shape ({TEST}, 15); expected ({TEST}, 16)",
    _nan: "embeddings/vague/train.npy: row 17 holds NaN",
    _huge: "embeddings/vague/test.npy: row 0 holds NaN, infinity or what float32 cannot hold",
    _images: f"embeddings/sharp/test.npy: shape ({TEST}, 2, 2, 16)",
    _words: "labels/test.npy: shape (80,), <U3; expected class labels 0 to K-1",
    _gap: "no row of class 2 in train",
    _from_far: "labels/test.npy: a label is 1000000000000; expected class labels 0 to K-1",
    _negative: "labels/test.npy: a label is -1",
    _columns: f"predictions/sharp/3.npy: shape ({TEST}, 3); expected logits of shape ({TEST}, 1) or ({TEST}, 2)",
    _stop: "predictions/sharp/last.npy: expected <stop>.npy",
    _orphan: "predictions/other: predictions without embeddings; expected those of sharp, vague",
    _pickle: "embeddings/sharp/test.npy: it holds pickled Python objects",
    _missing: "embeddings/sharp/test.npy: no such file",
    _none: "holds no embeddings; expected <encoder>/train.npy and test.npy",
    _names: "classes.txt: 1 names; expected 2 distinct ones",
    _no_labels: "holds no labels; expected labels.npy, or labels/train.npy and test.npy",
}


@pytest.mark.parametrize("spoil", WRONG, ids=lambda spoil: spoil.__name__)
def test_what_is_wrong_is_named(tmp_path: Path, spoil: Callable[[Path], None]) -> None:
    write_split(tmp_path / "mine", arrays())
    spoil(tmp_path / "mine")
    with pytest.raises(ValueError, match=r"expected|neither|pickled|no such file|NaN|label|without") as caught:
        bring(tmp_path / "mine", tmp_path)
    assert WRONG[spoil] in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_limit_is_refused(tmp_path: Path) -> None:
    write_split(tmp_path / "mine", arrays())
    with pytest.raises(ValueError, match=r"data\.limit: 100 given, but arrays are taken whole"):
        bring(tmp_path / "mine", tmp_path, limit=100)


def test_a_single_log_odds_column_becomes_a_matrix(tmp_path: Path) -> None:
    write_split(tmp_path / "mine", arrays())
    put(tmp_path / "mine/predictions/sharp/3.npy", np.linspace(-1, 1, TEST))
    bring(tmp_path / "mine", tmp_path)
    assert io.open_npy(tmp_path / "arrays/predictions/sharp/3.npy").shape == (TEST, 1)
