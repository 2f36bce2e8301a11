"""What the term paper's programme costs: each part of the profile ``term_paper``, and the original's measurement.

    python benchmarks/cost.py                   writes benchmarks/cost.csv
    python benchmarks/cost.py images original   measures these groups anew and keeps the rest of the table

CPU seconds of each part for the 23,262 photographs of cats_vs_dogs (split 90/10) and six networks of 2,048 columns, and
the GFLOP of its matrix products. Networks and classifiers are timed on a few images and epochs, and scaled by their
number. Our estimators are timed for one network, on all rows (``own``) and on the test rows (``own, test rows``), which
is what the original had: like against like.

The original's measurement (``measure_big_nets.py`` of Reason239/information-theory-DL): critics of 2048-2048, 2048-2048
and 400-400 units that see all 2,326 test rows at each step, half of them as pairs, for 750, 500 and 400 steps; for each
of six networks at each of three stops. A step in the plain formulation (``plain_mine.py``) is timed and multiplied.

``error`` is the standard error that a method quotes, of ours on made embeddings (of the bracket its lower end), of the
original the median of what it published.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from plain_mine import PlainMine

from infoplane import classifiers
from infoplane.common import io
from infoplane.critics.networks import CriticOptions
from infoplane.encoders import registry as encoders
from infoplane.estimators.aa_mine import DEFAULTS, aa_mine
from infoplane.estimators.nearest_neighbours import ross
from infoplane.estimators.noisy_channel import brackets
from infoplane.estimators.probe import probe
from infoplane.estimators.variational import mine
from infoplane.params.measure import Measure
from infoplane.params.profiles import rendered
from infoplane.results.estimate import Estimate

TABLE = Path(__file__).with_suffix(".csv")
TOP = Path(__file__).resolve().parents[1]
IMAGES, TRAIN, TEST, COLUMNS = 23_262, 20_936, 2_326, 2_048
NETWORKS = ("ResNet50", "ResNet50V2", "ResNet101", "ResNet101V2", "InceptionV3", "Xception")
EPOCHS, RUNS = 200, 3
"""Epochs of a classifier; stops, at each of which the original measured all three quantities."""
COLUMNS_WRITTEN = ("group", "part", "rows", "gflop", "cpu_seconds", "error", "scaled_from")
COMPONENTS = 256
"""Of AA-MINE's mixture."""


class Original(NamedTuple):
    """A critic of the term paper."""

    inputs: int
    hidden: tuple[int, ...]
    steps: int
    error: float
    """Median of the eighteen standard deviations that it quotes."""


ORIGINAL = {
    "I(X; E + noise)": Original(2 * COLUMNS, (2048, 2048), 750, 0.166),
    "I(E; Y)": Original(COLUMNS + 1, (2048, 2048), 500, 0.0256),
    "I(P; Y)": Original(2, (400, 400), 400, 0.0287),
}


class Cost(NamedTuple):
    """Of one network."""

    seconds: float
    gflop: float
    error: float | None = None


def cpu(function: Callable[[], Any]) -> float:
    """CPU seconds of a call."""
    return timed(function)[0]


def timed(function: Callable[[], Any]) -> tuple[float, Any]:
    """CPU seconds of a call, and what it returns."""
    started = time.process_time()
    found = function()
    return time.process_time() - started, found


def embeddings(n: int) -> tuple[np.ndarray, np.ndarray]:
    """Unit rows in clusters, two classes: shape (n, 2048), (n,)."""
    rng = np.random.default_rng(0)
    cluster = rng.integers(60, size=n)
    rows = rng.standard_normal((60, COLUMNS))[cluster] + rng.standard_normal((n, COLUMNS))
    rows = np.maximum(rows, 0.0).astype(np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True), (cluster % 2).astype(np.int64)


def gflop_per_image(name: str) -> float:
    """Of a network's products at 224 px, two operations to a multiplication and addition."""
    import keras

    model = getattr(keras.applications, name)(include_top=False, weights=None, input_shape=(224, 224, 3))
    total = 0.0
    for layer in model.layers:
        for kernel in (weight for weight in layer.weights if "kernel" in weight.name):
            total += 2e-9 * float(np.prod(kernel.shape)) * float(np.prod(layer.output.shape[1:-1]))
    return total


def embed_row(name: str) -> dict[str, Any]:
    """One network on all images."""
    network = encoders.build(f"{name}-untrained", 224, 0)
    images = np.random.default_rng(0).integers(0, 256, (16, 224, 224, 3), dtype=np.uint8)
    network(images)
    seconds = min(cpu(lambda: network(images)) for _ in range(3)) / len(images)
    cost = Cost(seconds * IMAGES, IMAGES * gflop_per_image(name))
    return row(name, IMAGES, cost, "16 images, by their number")


def train_row() -> dict[str, Any]:
    """The classifiers of all networks."""
    x, y = embeddings(4_000)

    def epochs(count: int) -> float:
        plan = classifiers.training_phases([count], 1e-4, 1.0)
        fitted, held = slice(3_600), slice(3_600, None)
        return cpu(
            lambda: classifiers.train(x[fitted], y[fitted], x[held], y[held], plan, classes=2, batch_size=256, seed=0)
        )

    epochs(2)
    seconds = (epochs(25) - epochs(5)) / 20 / 3_600 * TRAIN * EPOCHS
    cost = times(Cost(seconds, 6e-9 * COLUMNS * TRAIN * EPOCHS), len(NETWORKS))
    return row("classifiers", TRAIN, cost, "20 epochs of 3,600 rows, by epochs and rows")


def bracket_cost(t: np.ndarray, settings: Measure) -> Cost:
    """All noise levels."""
    levels = list(dict.fromkeys((settings.noise_std, *settings.noise_curve)))
    seconds, found = timed(lambda: brackets(t, levels))
    return Cost(seconds, 1e-9 * (4.0 * len(t) ** 2 * COLUMNS + 2.0 * len(t) * COLUMNS**2), found[0].lower_se)


def aa_mine_cost(t: np.ndarray, settings: Measure, max_steps: int | None = None) -> Cost:
    """The critics of all folds, and the axes and clusters that they are told."""
    options = replace(DEFAULTS, **settings.aa_mine.model_dump())
    seconds, found = timed(
        lambda: aa_mine(t, settings.noise_std, options=replace(options, max_steps=max_steps or options.max_steps))
    )
    axes, (hidden,) = float(found.diagnostics["axes"]), options.hidden
    two_networks = 2.0 * (axes * hidden + hidden * (options.embedding + 1))
    fit = len(t) * (1 - 1 / options.folds)
    told = 2.0 * fit * COLUMNS**2 + 9.0 * COLUMNS**3 + 2.0 * len(t) * COLUMNS * axes + 24.0 * fit * COMPONENTS * axes
    step = options.batch_size * (6.0 * two_networks + 2.0 * COMPONENTS * axes)
    return Cost(seconds, 1e-9 * (options.folds * told + sum(found.diagnostics["steps"]) * step), error(found))


def label_cost(x: np.ndarray, y: np.ndarray, settings: Measure) -> Cost:
    """MINE, the classifier bound and the shuffled control."""
    shuffled = np.random.default_rng(1).permutation(y)
    critic, bound = (CriticOptions(**one.model_dump()) for one in (settings.mine, settings.probe))
    parts = [
        (critic, timed(lambda: mine(x, y, options=critic, labels=True))),
        (bound, timed(lambda: probe(x, y, options=bound))),
        (critic, timed(lambda: mine(x, shuffled, options=critic, labels=True))),
    ]
    products = sum(
        6e-9 * options.batch_size * sum(found.diagnostics["steps"]) * x.shape[1] * options.hidden[0]
        for options, (_, found) in parts
    )
    return Cost(sum(seconds for _, (seconds, _) in parts), products, error(parts[0][1][1]))


def prediction_cost(settings: Measure) -> Cost:
    """Both bounds and nearest neighbours at one stop."""
    rng = np.random.default_rng(0)
    y = rng.integers(2, size=TEST)
    logit = (4.0 * y - 2.0 + rng.standard_normal(TEST)).astype(np.float32)[:, None]
    critic, bound = (CriticOptions(**one.model_dump()) for one in (settings.mine, settings.probe))
    parts = [
        (critic, timed(lambda: mine(logit, y, options=critic, labels=True))),
        (bound, timed(lambda: probe(logit, y, options=bound))),
    ]
    neighbours = cpu(lambda: ross(logit, y, k=settings.neighbours))
    products = sum(
        6e-9 * options.batch_size * sum(found.diagnostics["steps"]) * 3 * options.hidden[0]
        for options, (_, found) in parts
    )
    return Cost(sum(seconds for _, (seconds, _) in parts) + neighbours, products, error(parts[0][1][1]))


def error(estimate: Estimate) -> float | None:
    """Its standard error."""
    value = estimate.diagnostics.get("standard_error")
    return None if value is None else float(value)


def own_rows(settings: Measure, n: int) -> list[dict[str, Any]]:
    """Our estimators on n rows."""
    x, y = embeddings(n)
    aa_mine_cost(x[:500], settings, max_steps=25)  # warm
    count = len(NETWORKS)
    parts = (
        ("I(X; E + noise), brackets at five levels", bracket_cost(x, settings), n, count),
        ("I(X; E + noise), AA-MINE", aa_mine_cost(x, settings), n, count),
        ("I(E; Y), two bounds and control", label_cost(x, y, settings), n, count),
        ("I(P; Y), all at three stops", prediction_cost(settings), TEST, count * RUNS),
    )
    return [row(name, rows, times(cost, often), f"one, by {often}") for name, cost, rows, often in parts]


def original_rows() -> list[dict[str, Any]]:
    """The three critics of the original, at its sizes."""
    rows, half, total = [], TEST // 2, RUNS * len(NETWORKS)
    for quantity, critic in ORIGINAL.items():
        x, z = np.random.default_rng(0).standard_normal((2, half, critic.inputs)).astype(np.float32)
        plain = PlainMine(critic.inputs, critic.hidden, seed=0)
        left = max(1, critic.inputs // 2)
        batch = x[:, :left], x[:, left:], z[:, left:]
        plain.step(*batch)
        one = min(cpu(lambda: plain.step(*batch)) for _ in range(3))  # noqa: B023
        widths = (critic.inputs, *critic.hidden, 1)
        weights = sum(a * b for a, b in pairwise(widths))
        cost = times(Cost(one, 12e-9 * half * weights, critic.error), critic.steps * total)
        rows.append(row(quantity, TEST, cost, f"3 steps, by {critic.steps} steps and {total} runs"))
    return rows


def times(cost: Cost, count: int) -> Cost:
    """As often."""
    return Cost(cost.seconds * count, cost.gflop * count, cost.error)


def row(part: str, rows: int, cost: Cost, scaled_from: str) -> dict[str, Any]:
    """One line of the table."""
    numbers = {"gflop": cost.gflop, "cpu_seconds": cost.seconds, "error": cost.error}
    short = {name: None if value is None else float(f"{value:.3g}") for name, value in numbers.items()}
    found = {"part": part, "rows": rows, **short, "scaled_from": scaled_from}
    print(found, flush=True)
    return found


def image_rows() -> list[dict[str, Any]]:
    """Networks and classifiers."""
    return [*(embed_row(name) for name in NETWORKS), train_row()]


def main() -> None:
    """Measure the groups named, and write the table with their sums."""
    from ruamel.yaml import YAML

    settings = Measure(**YAML(typ="safe").load(rendered("term_paper", TOP))["measure"])
    groups: dict[str, Callable[[], list[dict[str, Any]]]] = {
        "images": image_rows,
        "own": lambda: own_rows(settings, IMAGES),
        "own, test rows": lambda: own_rows(settings, TEST),
        "original": original_rows,
    }
    before = pd.read_csv(TABLE).astype(object).where(lambda x: x.notna(), None) if TABLE.exists() else pd.DataFrame()
    rows: list[dict[str, Any]] = []
    for group, measure in groups.items():
        kept = [one for one in before.to_dict("records") if one["group"] == group and one["part"] != "together"]
        if not kept or group in (sys.argv[1:] or groups):
            kept = [{"group": group, **one} for one in measure()]
        together = {name: float(f"{sum(one[name] for one in kept):.3g}") for name in ("gflop", "cpu_seconds")}
        largest = max(int(one["rows"]) for one in kept)
        rows += [*kept, {"group": group, "part": "together", "rows": largest, **together}]
    io.save_table(TABLE, rows, COLUMNS_WRITTEN)


if __name__ == "__main__":
    main()
