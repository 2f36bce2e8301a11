"""What the term paper's programme costs: each part of the profile ``term_paper``, and the original's measurement.

    python benchmarks/cost.py         writes benchmarks/cost.csv

CPU seconds of each part, measured on few images or few steps, and scaled to the 23,262 photographs of cats_vs_dogs
(split 90/10) and six networks of 2,048 columns. What grows with the number of images is scaled by it, the bracket by
its square; where a part has a share that does not grow (training a critic), two sizes tell the shares apart. The
original's critics saw all 2,326 test rows at each step, half of them as pairs: their steps are measured in the plain
formulation (``plain_mine.py``) and multiplied by the steps that it took, for six networks and three runs each.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from plain_mine import PlainMine

from infoplane import classifiers, encoders, io
from infoplane.critics import CriticOptions
from infoplane.estimators.aa_mine import DEFAULTS, aa_mine
from infoplane.estimators.nearest_neighbours import ross
from infoplane.estimators.noisy_channel import brackets
from infoplane.estimators.probe import probe
from infoplane.estimators.variational import mine
from infoplane.params.measure import Measure
from infoplane.profiles import rendered

TABLE = Path(__file__).with_suffix(".csv")
TOP = Path(__file__).resolve().parents[1]
IMAGES, TRAIN, TEST, COLUMNS = 23_262, 20_936, 2_326, 2_048
NETWORKS = ("ResNet50", "ResNet50V2", "ResNet101", "ResNet101V2", "InceptionV3", "Xception")
EPOCHS, RUNS = 200, 3
"""Epochs of a classifier; stops, at each of which the original measured all three quantities."""
SIZES = (3_000, 6_000)
ORIGINAL = {
    "I(X; E + noise)": (2 * COLUMNS, (2048, 2048), 750),
    "I(E; Y)": (COLUMNS + 1, (2048, 2048), 500),
    "I(P; Y)": (2, (400, 400), 400),
}
"""Inputs, hidden layers and steps of the term paper's critics."""


def cpu(function: Callable[[], Any]) -> float:
    """CPU seconds of a call."""
    started = time.process_time()
    function()
    return time.process_time() - started


def embeddings(n: int) -> tuple[np.ndarray, np.ndarray]:
    """Unit rows in clusters, two classes: shape (n, 2048), (n,)."""
    rng = np.random.default_rng(0)
    cluster = rng.integers(60, size=n)
    rows = rng.standard_normal((60, COLUMNS))[cluster] + rng.standard_normal((n, COLUMNS))
    rows = np.maximum(rows, 0.0).astype(np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True), (cluster % 2).astype(np.int64)


def flop_per_image(name: str) -> float:
    """Floating-point operations of a network's products at 224 px, two to a multiplication and addition."""
    import keras

    model = getattr(keras.applications, name)(include_top=False, weights=None, input_shape=(224, 224, 3))
    total = 0.0
    for layer in model.layers:
        kernels = [weight for weight in layer.weights if "kernel" in weight.name]
        if not kernels:
            continue
        positions = np.prod(layer.output.shape[1:-1])
        for kernel in kernels:
            total += 2.0 * float(np.prod(kernel.shape)) * float(positions)
    return total


def embed_row(name: str) -> dict[str, Any]:
    """One network on all images."""
    network = encoders.build(f"{name}-untrained", 224, 0)
    images = np.random.default_rng(0).integers(0, 256, (16, 224, 224, 3), dtype=np.uint8)
    network(images)
    seconds = min(cpu(lambda: network(images)) for _ in range(3)) / len(images)
    return row(f"embed, {name}", seconds * IMAGES, IMAGES * flop_per_image(name), "16 images, by their number")


def train_row() -> dict[str, Any]:
    """The classifiers of all networks."""
    x, y = embeddings(4_000)

    def epochs(count: int) -> float:
        plan = classifiers.legs([count], 1e-4, 1.0)
        fitted, held = slice(3_600), slice(3_600, None)
        return cpu(
            lambda: classifiers.train(x[fitted], y[fitted], x[held], y[held], plan, classes=2, batch_size=256, seed=0)
        )

    epochs(2)
    seconds = (epochs(25) - epochs(5)) / 20 / 3_600 * TRAIN * EPOCHS * len(NETWORKS)
    flop = 6.0 * COLUMNS * TRAIN * EPOCHS * len(NETWORKS)
    return row("train, six networks", seconds, flop, "20 epochs of 3,600 rows, by epochs and rows")


def noise_rows(settings: Measure) -> list[dict[str, Any]]:
    """The brackets over all noise levels, and AA-MINE."""
    levels = list(dict.fromkeys((settings.noise_std, *settings.noise_curve)))
    options = replace(DEFAULTS, **settings.aa_mine.model_dump())
    samples = [embeddings(n)[0] for n in SIZES]
    for_pairs = cpu(lambda: brackets(samples[1], levels)) * (IMAGES / SIZES[1]) ** 2
    aa_mine(samples[0], settings.noise_std, options=replace(options, max_steps=25))
    everything = embeddings(IMAGES)[0]
    critic = cpu(lambda: aa_mine(everything, settings.noise_std, options=options))
    count = len(NETWORKS)
    return [
        row(
            "I(X; E + noise), brackets at all levels, six networks",
            count * for_pairs,
            count * 4.0 * IMAGES**2 * COLUMNS,
            f"{SIZES[1]} rows, by their square",
        ),
        row("I(X; E + noise), AA-MINE, six networks", count * critic, None, "one network, as is"),
    ]


def label_row(settings: Measure) -> dict[str, Any]:
    """MINE, the classifier bound and the shuffled control of all networks."""
    seconds = []
    for n in SIZES:
        x, y = embeddings(n)
        shuffled = np.random.default_rng(1).permutation(y)
        critic, bound = (CriticOptions(**one.model_dump()) for one in (settings.mine, settings.probe))
        seconds.append(
            cpu(lambda x=x, y=y, critic=critic: mine(x, y, options=critic, labels=True))  # type: ignore[misc]
            + cpu(lambda x=x, y=y, bound=bound: probe(x, y, options=bound))  # type: ignore[misc]
            + cpu(lambda x=x, y=shuffled, critic=critic: mine(x, y, options=critic, labels=True))  # type: ignore[misc]
        )
    total = len(NETWORKS) * scaled(seconds, IMAGES)
    return row("I(E; Y), two bounds and control, six networks", total, None, f"{SIZES[0]} and {SIZES[1]} rows, a line")


def prediction_row(settings: Measure) -> dict[str, Any]:
    """Both bounds and nearest neighbours at three stops of all networks."""
    rng = np.random.default_rng(0)
    y = rng.integers(2, size=TEST)
    logit = (4.0 * y - 2.0 + rng.standard_normal(TEST)).astype(np.float32)[:, None]
    critic, bound = (CriticOptions(**one.model_dump()) for one in (settings.mine, settings.probe))
    seconds = (
        cpu(lambda: mine(logit, y, options=critic, labels=True))
        + cpu(lambda: probe(logit, y, options=bound))
        + cpu(lambda: ross(logit, y, k=settings.neighbours))
    )
    return row("I(P; Y), all at three stops, six networks", seconds * RUNS * len(NETWORKS), None, f"{TEST} rows, as is")


def original_rows() -> list[dict[str, Any]]:
    """The three critics of the original, at its sizes."""
    rows = []
    half = TEST // 2
    for quantity, (inputs, hidden, steps) in ORIGINAL.items():
        rng = np.random.default_rng(0)
        x, z = rng.standard_normal((2, half, inputs)).astype(np.float32)
        plain = PlainMine(inputs, hidden, seed=0)
        left = max(1, inputs // 2)
        plain.step(x[:, :left], x[:, left:], z[:, left:])
        one = min(cpu(lambda: plain.step(x[:, :left], x[:, left:], z[:, left:])) for _ in range(3))  # noqa: B023
        weights = sum(a * b for a, b in zip((inputs, *hidden), (*hidden, 1), strict=True))
        total = steps * RUNS * len(NETWORKS)
        rows.append(
            row(f"original: {quantity}, six networks, three runs", one * total, 2 * 6.0 * half * weights * total,
                f"3 steps of 2 x {half} rows, by {total} steps")
        )  # fmt: skip
    return rows


def scaled(seconds: list[float], n: int) -> float:
    """The line through two sizes, at n."""
    slope = max(seconds[1] - seconds[0], 0.0) / (SIZES[1] - SIZES[0])
    return seconds[1] + slope * (n - SIZES[1])


def row(part: str, seconds: float, flop: float | None, scaled_from: str) -> dict[str, Any]:
    """One line of the table."""
    gflop = None if flop is None else float(f"{flop / 1e9:.3g}")
    found = {"part": part, "gflop": gflop, "cpu_seconds": float(f"{seconds:.3g}"), "scaled_from": scaled_from}
    print(found, flush=True)
    return found


def main() -> None:
    """Measure all parts and write the table with its sums."""
    from ruamel.yaml import YAML

    settings = Measure(**YAML(typ="safe").load(rendered("term_paper", TOP))["measure"])
    measured = [*noise_rows(settings), label_row(settings), prediction_row(settings)]
    original = original_rows()
    images = [*(embed_row(name) for name in NETWORKS), train_row()]
    sums = {
        "embedding and training": sum(one["cpu_seconds"] for one in images),
        "measurement": sum(one["cpu_seconds"] for one in measured),
        "original's measurement": sum(one["cpu_seconds"] for one in original),
    }
    rows = [*images, *measured, *original, *(row(f"all: {name}", value, None, "") for name, value in sums.items())]
    io.save_table(TABLE, rows, list(rows[0]))
    ratio = sums["original's measurement"] / sums["measurement"]
    print(f"measurement: {ratio:.0f} times cheaper")


if __name__ == "__main__":
    main()
