"""Arrays as somebody might bring them from elsewhere."""

from __future__ import annotations

from pathlib import Path

import numpy as np

ROWS, TEST = 200, 80


def arrays(classes: int = 2, seed: int = 0) -> dict[str, np.ndarray]:
    """Labels, which rows are test rows, embeddings of two networks, and one network's logits at two stops."""
    rng = np.random.default_rng(seed)
    y = rng.permutation(np.arange(ROWS) % classes)
    test = np.zeros(ROWS, bool)
    for label in range(classes):
        own = np.flatnonzero(y == label)
        test[own[: TEST // classes]] = True
    means = 2.0 * np.eye(16)[:classes]
    sharp = means[y] + 0.3 * rng.standard_normal((ROWS, 16))
    vague = 0.3 * means[y] + rng.standard_normal((ROWS, 16))
    logits = 4.0 * np.eye(classes)[y] + rng.standard_normal((ROWS, classes))
    return {"y": y, "test": test, "sharp": sharp, "vague": vague, "1": 0.2 * logits, "3": logits}


def write_split(folder: Path, made: dict[str, np.ndarray]) -> None:
    """The layout with train and test apart."""
    put(folder / "labels" / "train.npy", made["y"][~made["test"]])
    put(folder / "labels" / "test.npy", made["y"][made["test"]])
    for name in ("sharp", "vague"):
        put(folder / "embeddings" / name / "train.npy", made[name][~made["test"]])
        put(folder / "embeddings" / name / "test.npy", made[name][made["test"]])
    for stop in ("1", "3"):
        put(folder / "predictions" / "sharp" / f"{stop}.npy", made[stop][made["test"]])


def write_whole(folder: Path, made: dict[str, np.ndarray], named: str = "sharp") -> None:
    """The layout with one array each, the network with predictions under the given name."""
    put(folder / "labels.npy", made["y"])
    put(folder / "test_rows.npy", made["test"])
    for name, own in ((named, "sharp"), ("vague", "vague")):
        put(folder / "embeddings" / f"{name}.npy", made[own])
    for stop in ("1", "3"):
        put(folder / "predictions" / named / f"{stop}.npy", made[stop])


def put(path: Path, array: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    np.save(path, array)
