"""The information plane of a network: of a small one that is trained here, or of a given Keras network."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from threadpoolctl import threadpool_limits

from infoplane.common import extras, validation
from infoplane.common.aliases import Array, IntArray
from infoplane.common.runtime import available_cores
from infoplane.common.seeds import integer_seed
from infoplane.critics.networks import CriticOptions
from infoplane.plane import verdicts
from infoplane.plane.inside import inside_brackets
from infoplane.plane.network import SmallNet, Training, log_spaced, train
from infoplane.plane.values import Value, channel_values, counted_values

if TYPE_CHECKING:
    import pandas as pd

AA_MINE = CriticOptions(
    kind="separable", hidden=(128,), embedding=16, learning_rate=2e-3, max_steps=600, evaluate_every=50, patience=4
)
MINE = CriticOptions(
    hidden=(64,), learning_rate=3e-3, weight_decay=0.1, max_steps=800, evaluate_every=50, patience=4, folds=2
)


@dataclass(frozen=True)
class PlaneOptions:
    """Noise, epochs, binning and critics of the measurement."""

    noise_std: float = 0.2
    """Of the noise added to every layer, in a layer's own units; noise inside has the network's own."""
    relative_noise: float | None = 0.2
    """Further noise as a share of each layer's scale, as information at fixed noise grows with ReLU's weights."""
    points: int = 12
    """Epochs measured, log-spaced, the first before training; above the number of epochs: all of them."""
    critic_points: int = 0
    """Epochs of the first seed at which critics are trained too; 0 for none."""
    bins: int = 30
    """Of binned activations; the number of Shwartz-Ziv & Tishby 2017."""
    passes: int = 256
    """With noise inside: passes of the network behind the mixture of one input."""
    aa_mine: CriticOptions = AA_MINE
    mine: CriticOptions = MINE


@dataclass(frozen=True)
class Snapshot:
    """A network at one epoch: its layers' outputs, shape (n, width) each, its accuracy and loss (nats)."""

    epoch: int
    layers: list[Array]
    accuracy: float
    loss: float | None


@dataclass(frozen=True)
class Plane:
    """The measured values as a long table, and the metrics computed from it."""

    rows: list[dict[str, Any]]
    """One per seed, epoch, layer and estimator: ``verdicts.COLUMNS`` and ``noise_std``; nats."""
    metrics: dict[str, Any] = field(default_factory=dict)

    def table(self) -> list[dict[str, Any]]:
        """The rows with the columns of the long table alone."""
        return [{name: row[name] for name in verdicts.COLUMNS} for row in self.rows]

    def frame(self) -> pd.DataFrame:
        """The long table as a pandas frame."""
        with extras.explained():
            import pandas as pd
        return pd.DataFrame(self.table(), columns=list(verdicts.COLUMNS))


def information_plane(
    network: Any,
    x: npt.ArrayLike,
    y: npt.ArrayLike,
    *,
    weights: Mapping[int, Sequence[Array]] | None = None,
    layers: Sequence[str] | None = None,
    population: bool | None = None,
    seeds: int = 1,
    seed: int = 0,
    options: PlaneOptions | None = None,
) -> Plane:
    """I(X; T + noise) against I(T + noise; Y) for every layer T of a network.

    Args:
        network: a :class:`SmallNet`, trained here on binary patterns; or a built Keras model, measured as it is.
        x: inputs, shape (n, …); for a SmallNet 0 and 1, shape (n, inputs).
        y: classes, shape (n,), integers or booleans.
        weights: of a Keras model: for each epoch what ``model.get_weights()`` gave then; the model gets its present
            weights back. Without it the present weights are measured, as epoch 0.
        layers: of a Keras model: names of the layers; by default all that compute something.
        population: whether the rows are all inputs there are, equally likely, so that values are exact; by default
            True for a SmallNet, False for a Keras model, whose rows are a sample: then the plane holds brackets.
        seeds: of a SmallNet: how many networks are trained, from different initial weights.
        seed: root of all random numbers.
        options: noise, epochs, critics.

    Returns:
        The long table and its metrics.

    Raises:
        ValueError: arrays that do not fit each other or the network, or options out of range.

    Source: Shwartz-Ziv & Tishby 2017; Saxe et al. 2018; Goldfeld et al. 2019.
    """
    settings = options or PlaneOptions()
    labels = validation.labels(y, "y")
    inputs = np.asarray(x)
    validation.require_same_length(inputs, labels, "x", "y")
    if isinstance(network, SmallNet):
        return _small_net_plane(
            network, inputs, labels, seeds, seed, settings, True if population is None else population
        )
    snapshots, names = _keras_snapshots(network, inputs, labels, weights, layers)
    rows = _rows(snapshots, labels, settings, seed, 0, bool(population))
    return Plane(rows, _metrics(rows, labels, inside=False) | {"layer_names": names})


def _small_net_plane(
    net: SmallNet, x: Array, labels: IntArray, seeds: int, seed: int, options: PlaneOptions, population: bool
) -> Plane:
    if x.ndim != 2 or not np.isin(x, (0, 1)).all() or labels.max() > 1:
        raise ValueError(f"x: shape {x.shape}, {labels.max() + 1} classes; expected 0 and 1 of shape (n, d), 2 classes")
    if seeds < 1:
        raise ValueError(f"seeds: {seeds} given; expected at least 1")
    rows: list[dict[str, Any]] = []
    trained = [train(net, x, labels, integer_seed(seed, "network", number)) for number in range(seeds)]
    for number, training in enumerate(trained):
        if net.noise_std:
            rows += _inside_rows(training, x, labels, options, seed, number)
            continue
        snapshots = [_snapshot(training, x, epoch) for epoch in log_spaced(net.epochs, options.points)]
        rows += _rows(snapshots, labels, options, seed, number, population)
    warnings: list[str] = []
    if options.critic_points and not net.noise_std:
        found, warnings = _critic_table(trained[0], x, labels, options, seed)
        rows += found
        warnings += verdicts.against_exact(rows)
    accuracies = [training.accuracy[-1] for training in trained]
    summary = {"accuracy": float(np.mean(accuracies)), "accuracy_lowest": min(accuracies), "warnings": warnings}
    return Plane(rows, _metrics(rows, labels, inside=net.noise_std > 0) | summary)


def _snapshot(training: Training, x: Array, epoch: int) -> Snapshot:
    return Snapshot(epoch, training.layers(x, epoch), training.accuracy[epoch], training.loss[epoch])


def _keras_snapshots(
    model: Any,
    x: Array,
    labels: IntArray,
    weights: Mapping[int, Sequence[Array]] | None,
    names: Sequence[str] | None,
) -> tuple[list[Snapshot], list[str]]:
    from infoplane.plane.keras_layers import accuracy_and_loss, layer_names, layer_outputs

    if not hasattr(model, "get_weights") or not getattr(model, "layers", None):
        raise ValueError(f"network: {type(model).__name__} given; expected a SmallNet or a built Keras model")
    chosen = list(names) if names is not None else layer_names(model)
    present, snapshots = model.get_weights(), []
    try:
        for epoch, values in sorted((weights or {0: present}).items()):
            model.set_weights(list(values))
            *outputs, final = layer_outputs(model, x, [*chosen, model.layers[-1].name])
            snapshots.append(Snapshot(epoch, outputs, *accuracy_and_loss(final, labels)))
    finally:
        model.set_weights(present)
    return snapshots, chosen


def _rows(
    snapshots: Sequence[Snapshot], labels: IntArray, options: PlaneOptions, seed: int, number: int, population: bool
) -> list[dict[str, Any]]:
    """All values that need no critic, for every snapshot and layer; several layers run at the same time."""
    noise_seed = integer_seed(seed, "noise")  # one for all epochs, layers and networks: common draws

    def measure(cell: tuple[Snapshot, int]) -> list[dict[str, Any]]:
        snapshot, layer = cell
        t = snapshot.layers[layer]
        values = channel_values(
            t,
            labels,
            noise_std=options.noise_std,
            relative_noise=options.relative_noise,
            population=population,
            seed=noise_seed,
        )
        values += counted_values(t, labels, options.bins)
        return [_row(number, snapshot, layer, value) for value in values]

    cells = [(snapshot, layer) for snapshot in snapshots for layer in range(len(snapshot.layers))]
    with threadpool_limits(1, "blas"), ThreadPoolExecutor(available_cores()) as pool:
        return [row for rows in pool.map(measure, cells) for row in rows]


def _inside_rows(
    training: Training, x: Array, labels: IntArray, options: PlaneOptions, seed: int, number: int
) -> list[dict[str, Any]]:
    """The brackets of a network with noise inside, at every chosen epoch."""
    noise_seed = integer_seed(seed, "noise")

    def measure(epoch: int) -> list[dict[str, Any]]:
        snapshot = _snapshot(training, x, epoch)
        found = inside_brackets(
            training.net, training.weights[epoch], x, labels, passes=options.passes, seed=noise_seed
        )
        rows = []
        for layer, one in enumerate(found):
            lower = Value("lower", one.lower, one.lower_se, one.label_lower, one.label_lower_se, training.net.noise_std)
            upper = Value("upper", one.upper, one.upper_se, one.label_upper, one.label_upper_se, training.net.noise_std)
            rows += [_row(number, snapshot, layer, value) for value in (lower, upper)]
        return rows

    epochs = log_spaced(training.net.epochs, options.points)
    with threadpool_limits(1, "blas"), ThreadPoolExecutor(available_cores()) as pool:
        return [row for rows in pool.map(measure, epochs) for row in rows]


def _critic_table(
    training: Training, x: Array, labels: IntArray, options: PlaneOptions, seed: int
) -> tuple[list[dict[str, Any]], list[str]]:
    """The critics' rows of the first seed, at few of the measured epochs, and their warnings."""
    from infoplane.plane.critics import critic_rows_over_training

    measured = log_spaced(training.net.epochs, options.points)
    chosen = [measured[i] for i in log_spaced_indices(len(measured), options.critic_points)]
    snapshots = {epoch: _snapshot(training, x, epoch) for epoch in chosen}
    found = critic_rows_over_training(
        {epoch: snapshot.layers for epoch, snapshot in snapshots.items()},
        labels,
        options.noise_std,
        aa_options=options.aa_mine,
        mine_options=options.mine,
        seed=integer_seed(seed, "critics"),
    )
    rows, places = [], defaultdict(list)
    for (epoch, layer), critics in found.items():
        for text in critics.warnings():
            places[text].append(f"{epoch}/{layer + 1}")
        left, right, noiseless = critics.noisy_input, critics.noisy_label, critics.label
        both = Value("critics", left.nats, left.se, right.nats, right.se, options.noise_std)
        alone = Value("mine_noiseless", None, None, noiseless.nats, noiseless.se)
        rows += [_row(0, snapshots[epoch], layer, value) for value in (both, alone)]
    total = len(found)
    return rows, [f"{text} ({len(where)} of {total}: epoch/layer {', '.join(where)})" for text, where in places.items()]


def log_spaced_indices(count: int, points: int) -> Iterator[int]:
    """``points`` of ``count`` positions, evenly spread, first and last among them."""
    yield from sorted({round(float(i)) for i in np.linspace(0, count - 1, min(points, count))})


def _row(number: int, snapshot: Snapshot, layer: int, value: Value) -> dict[str, Any]:
    return {
        "seed": number,
        "epoch": snapshot.epoch,
        "layer": layer + 1,
        "width": snapshot.layers[layer].shape[1],
        "accuracy": snapshot.accuracy,
        "loss": snapshot.loss,
        "estimator": value.estimator,
        "i_x": value.i_x,
        "i_x_se": value.i_x_se,
        "i_y": value.i_y,
        "i_y_se": value.i_y_se,
        "noise_std": value.noise_std,
    }


def _metrics(rows: Sequence[dict[str, Any]], labels: IntArray, *, inside: bool) -> dict[str, Any]:
    shares = np.bincount(labels) / len(labels)
    entropy = float(-(shares * np.log(shares)).sum())
    return {
        "n": len(labels),
        "ln_n": math.log(len(labels)),
        "label_entropy": entropy,
        "last_epoch": verdicts.last_epoch(rows),
        "compression": verdicts.compression(rows),
        "violations": verdicts.violations(rows, entropy, len(labels), inside),
        "errors": verdicts.errors(rows),
    }
