"""A folder of arrays made elsewhere, checked and copied into the pipeline: ``data.source: arrays``.

Split already (``labels/`` is a folder)::

    labels/train.npy  labels/test.npy            classes 0 .. K-1, (n,), integers
    embeddings/<encoder>/train.npy, test.npy     (n, d), numbers
    predictions/<encoder>/<stop>.npy             logits of the test rows, (n_test, K), or (n_test,) for two classes

or not (``labels.npy`` is a file)::

    labels.npy                                   (n,)
    test_rows.npy                                (n,), booleans; without it, data.test_fraction of each class at random
    embeddings/<encoder>.npy                     (n, d)
    predictions/<encoder>/<stop>.npy             of all n rows; needs test_rows.npy: only those rows count

Predictions are optional, for each encoder. ``classes.txt``, if there is one, names the classes, one per line.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from infoplane.arrays.stored import EMBEDDINGS, LIST, PREDICTIONS
from infoplane.common import io
from infoplane.common.aliases import Array, Float32Array
from infoplane.common.seeds import generator
from infoplane.images.splits import SPLITS, StratifiedSplitter

_BLOCK_ROWS = 4096
_OF_PROBABILITIES = 0.01
"""How far a row of probabilities may be from a sum of 1: float16 rounds a thousand classes so much."""


@dataclass(frozen=True)
class _Source:
    """The labels of both splits, and their rows in arrays that are not split (None where the arrays are split)."""

    folder: Path
    labels: dict[str, Array]
    rows: dict[str, Array] | None
    drawn: bool
    """Whether the split was drawn at random here, not given in the folder."""

    @property
    def classes(self) -> int:
        return int(self.labels["train"].max()) + 1


def import_arrays(
    path: Path, folder: Path, labels_folder: Path, *, test_fraction: float, limit: int | None, seed: int
) -> dict[str, Any]:
    """Check a folder of arrays and copy it, as float32, into the pipeline.

    Args:
        path: laid out as above.
        folder: existing and empty; gets embeddings and predictions, laid out as in ``arrays.stored``.
        labels_folder: existing; gets ``train.npy`` and ``test.npy``, (n,), int64.
        test_fraction: share of each class in ``test`` if the folder does not say which rows are.
        limit: must be None.
        seed: of that split.

    Returns:
        Counts, for ``metrics/images.json``.

    Raises:
        ValueError: anything missing, unpaired, of a wrong shape or kind, or not finite; the line names the file.
    """
    if limit is not None:
        raise ValueError(f"data.limit: {limit} given, but arrays are taken whole; expected null")
    given = _labels(path, test_fraction, seed)
    names = _class_names(path, given)
    encoders = _encoders(path, given)
    for encoder in encoders:
        _copy_embeddings(given, encoder, folder / EMBEDDINGS / encoder)
        _copy_predictions(given, encoder, folder / PREDICTIONS / encoder)
    for split, values in given.labels.items():
        io.save_npy(labels_folder / f"{split}.npy", values)
    io.save_json(folder / LIST, {"encoders": encoders})
    counts = {split: dict(zip(names, np.bincount(y).tolist(), strict=True)) for split, y in given.labels.items()}
    nothing: dict[str, Any] = {"converted": {}, "ignored": 0, "skipped": 0, "skipped_names": [], "skipped_reasons": {}}
    total = sum(len(values) for values in given.labels.values())
    return {"source": "arrays", "classes": names, "images": total, "counts": counts, **nothing}


def _labels(path: Path, test_fraction: float, seed: int) -> _Source:
    if not path.is_dir():
        raise ValueError(f"data.path: {path}: no such folder")
    if (path / "labels").is_dir():
        given = _Source(path, {s: _integers(path / "labels" / f"{s}.npy") for s in SPLITS}, None, False)
    elif (path / "labels.npy").is_file():
        labels = _integers(path / "labels.npy")
        drawn = not (path / "test_rows.npy").is_file()
        test = (
            _random_test_rows(labels, test_fraction, seed) if drawn else _booleans(path / "test_rows.npy", len(labels))
        )
        rows = {"train": np.flatnonzero(~test), "test": np.flatnonzero(test)}
        given = _Source(path, {split: labels[own] for split, own in rows.items()}, rows, drawn)
    else:
        raise ValueError(f"data.path: {path} holds no labels; expected labels.npy, or labels/train.npy and test.npy")
    _refuse_missing_classes(given)
    return given


def _refuse_missing_classes(given: _Source) -> None:
    largest = max((int(values.max()) for values in given.labels.values() if len(values)), default=-1)
    for split, values in given.labels.items():
        missing = np.setdiff1d(np.arange(max(largest + 1, 2)), values)
        if len(missing) and all(0 not in values for values in given.labels.values()) and len(missing) == 1:
            raise ValueError(
                f"data.path: {given.folder}: labels 1 to {largest} given; expected labels 0 to K-1: subtract 1"
            )
        if len(missing):
            raise ValueError(
                f"data.path: {given.folder}: no row of class {missing[0]} in {split}; expected labels 0 to K-1, "
                "each in train and test, K at least 2"
            )


def _integers(file: Path) -> npt.NDArray[np.int64]:
    labels = io.open_npy(file)
    if labels.ndim != 1 or labels.dtype.kind not in "iub":
        raise ValueError(f"{file}: shape {labels.shape}, {labels.dtype}; expected class labels 0 to K-1 of shape (n,)")
    for extreme in (int(labels.min()), int(labels.max())) if labels.size else ():
        if not 0 <= extreme < len(labels):  # there is a row of each class
            raise ValueError(f"{file}: a label is {extreme}; expected class labels 0 to K-1, each at least once")
    return np.asarray(labels, np.int64)


def _booleans(file: Path, count: int) -> npt.NDArray[np.bool_]:
    rows = io.open_npy(file)
    if rows.dtype != np.bool_ or rows.shape != (count,):
        raise ValueError(f"{file}: shape {rows.shape}, {rows.dtype}; expected booleans of shape ({count},)")
    return np.asarray(rows)


def _random_test_rows(labels: npt.NDArray[np.int64], test_fraction: float, seed: int) -> npt.NDArray[np.bool_]:
    """Test rows of a stratified random split, as for images, shape (n,)."""
    splitter = StratifiedSplitter(np.bincount(labels), test_fraction, None)
    test = np.zeros(len(labels), np.bool_)
    for row in generator(seed, "images").permutation(len(labels)):
        test[row] = splitter.assign(int(labels[row])) == "test"
    return test


def _class_names(path: Path, given: _Source) -> list[str]:
    if not (path / "classes.txt").is_file():
        return [str(number) for number in range(given.classes)]
    names = (path / "classes.txt").read_text(encoding="utf-8").split("\n")
    names = [name.strip() for name in names if name.strip()]
    if len(set(names)) != len(names) or len(names) != given.classes:
        raise ValueError(
            f"{path / 'classes.txt'}: {len(names)} names; expected {given.classes} distinct ones, one per line"
        )
    return names


def _encoders(path: Path, given: _Source) -> list[str]:
    folder = path / EMBEDDINGS
    entries = sorted(folder.iterdir()) if folder.is_dir() else []
    if given.rows is None:
        names = [entry.name for entry in entries if entry.is_dir()]
    else:
        names = [entry.stem for entry in entries if entry.suffix == ".npy"]
    if not names:
        layout = "<encoder>/train.npy and test.npy" if given.rows is None else "<encoder>.npy"
        raise ValueError(f"data.path: {folder} holds no embeddings; expected {layout}, one or more encoders")
    for extra in sorted((path / PREDICTIONS).iterdir()) if (path / PREDICTIONS).is_dir() else []:
        if extra.name not in names:
            raise ValueError(f"{extra}: predictions without embeddings; expected those of {', '.join(names)}")
    return names


def _copy_embeddings(given: _Source, encoder: str, folder: Path) -> None:
    folder.mkdir(parents=True)
    width = None
    for split in SPLITS:
        file = given.folder / EMBEDDINGS / (f"{encoder}/{split}.npy" if given.rows is None else f"{encoder}.npy")
        array = _numbers(file)
        rows = given.rows[split] if given.rows is not None else np.arange(len(array))
        expected = len(given.labels[split]) if given.rows is None else sum(map(len, given.labels.values()))
        if array.ndim != 2 or len(array) != expected or array.shape[1] < 1 or width not in (None, array.shape[1]):
            columns = "d" if width is None else width
            raise ValueError(f"{file}: shape {array.shape}; expected ({expected}, {columns}), a row for each label")
        width = array.shape[1]
        _write(folder / f"{split}.npy", file, array, rows)


def _copy_predictions(given: _Source, encoder: str, folder: Path) -> None:
    source = given.folder / PREDICTIONS / encoder
    if not source.is_dir():
        return
    if given.drawn:
        raise ValueError(
            f"{source}: predictions without test_rows.npy; expected that file beside labels.npy, since only rows "
            "that the classifier never saw count"
        )
    folder.mkdir(parents=True)
    expected = sum(map(len, given.labels.values())) if given.rows is not None else len(given.labels["test"])
    for file in sorted(source.iterdir()):
        if file.suffix != ".npy" or not file.stem.isdecimal() or str(int(file.stem)) != file.stem or file.stem == "0":
            raise ValueError(f"{file}: expected <stop>.npy, the stop a number of epochs as in classifier.stops")
        array = _numbers(file)
        columns = array[:, None] if array.ndim == 1 else array
        allowed = (1, 2) if given.classes == 2 else (given.classes,)
        if columns.ndim != 2 or len(columns) != expected or columns.shape[1] not in allowed:
            shapes = " or ".join(f"({expected}, {width})" for width in allowed)
            raise ValueError(f"{file}: shape {array.shape}; expected logits of shape {shapes}")
        rows = given.rows["test"] if given.rows is not None else np.arange(len(array))
        _refuse_probabilities(file, columns[rows])
        _write(folder / file.name, file, columns, rows)


def _refuse_probabilities(file: Path, rows: Array) -> None:
    """Outputs of a sigmoid or softmax: taken as logits they would be predictions that know next to nothing."""
    if not len(rows) or not ((rows >= 0) & (rows <= 1)).all():
        return
    if rows.shape[1] == 1 and len(np.unique(rows)) > 1:
        raise ValueError(f"{file}: probabilities given, all between 0 and 1; expected logits, ln(p / (1 - p))")
    if rows.shape[1] > 1 and (np.abs(rows.sum(axis=1, dtype=np.float64) - 1.0) < _OF_PROBABILITIES).all():
        raise ValueError(f"{file}: probabilities given, each row sums to 1; expected logits, or ln p with p above 0")


def _numbers(file: Path) -> Array:
    array = io.open_npy(file)
    if array.dtype.kind not in "fiu":
        raise ValueError(f"{file}: {array.dtype}; expected numbers")
    return array


def _write(path: Path, source: Path, array: Array, rows: Array) -> None:
    """Write some rows of an array as float32, a block at a time."""
    blocks = (_finite(source, array, rows[start : start + _BLOCK_ROWS]) for start in range(0, len(rows), _BLOCK_ROWS))
    io.save_rows(path, blocks, len(rows))


def _finite(source: Path, array: Array, rows: Array) -> Float32Array:
    with np.errstate(over="ignore"):
        block: Float32Array = np.asarray(array[rows], np.float32)
    wrong = np.flatnonzero(~np.isfinite(block).all(axis=1))
    if len(wrong):
        raise ValueError(f"{source}: row {rows[wrong[0]]} holds NaN, infinity or what float32 cannot hold")
    return block
