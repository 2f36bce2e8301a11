"""Results of a run that never was: what the stages would write, made from a few formulas, to test what reads them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from infoplane.plots import encoder_pictures
from infoplane.results.correlations import correlation_metrics
from infoplane.results.quantity import bracket, quantity
from infoplane.results.summary import (
    Measurements,
    noise_curve_table,
    quantity_table,
    summarise,
    summary_table,
    training_table,
)

NAMES = (
    "EfficientNetLite0",
    "EfficientNetLite1",
    "EfficientNetLite2",
    "EfficientNetLite0-untrained",
    "ResNet50",
    "InceptionV3",
    "Xception",
)
STOPS = (1, 30, 200)
NOT_CONVERGED = "not converged: 2 of 3 critics were still improving when the step budget ended"
"""As `critics.crossfit` words it, which a test holds it against."""
NOISES = (0.0625, 0.125, 0.25, 0.5, 1.0)


@dataclass(frozen=True)
class Made:
    """Metrics and learning curves of a made-up run."""

    measured: Measurements
    training: dict[str, pd.DataFrame]
    critics: dict[str, pd.DataFrame]
    entropy: float


def made(encoders: tuple[str, ...] = NAMES[:4], classes: int = 10, stops: tuple[int, ...] = STOPS) -> Made:
    """A run with these encoders; those named ``-untrained`` know less about the label."""
    rng = np.random.default_rng(len(encoders) + 100 * classes)
    entropy = math.log(classes)
    skills = {name: (0.55 if name.endswith("-untrained") else 0.9) - 0.02 * i for i, name in enumerate(encoders)}
    training = {name: _course(skill, entropy, stops, rng) for name, skill in skills.items()}
    label = {name: _label(skill * entropy, entropy, rng) for name, skill in skills.items()}
    prediction = {
        name: {
            str(stop): _prediction(skill * entropy * share, entropy, rng)
            for stop, share in zip(stops, np.linspace(0.8, 0.97, len(stops)), strict=True)
        }
        for name, skill in skills.items()
    }
    noise = {name: _noise(0.9 + 0.05 * i - 0.4 * name.endswith("-untrained")) for i, name in enumerate(encoders)}
    scores = {name: _scores(course, stops) for name, course in training.items()}
    measured = Measurements(encoders, stops, scores, noise, label, prediction)
    critics = {name: _critic_curves(measured, name, rng) for name in encoders}
    return Made(measured, training, critics, entropy)


def _course(skill: float, entropy: float, stops: tuple[int, ...], rng: np.random.Generator) -> pd.DataFrame:
    rows = []
    for epoch in range(1, stops[-1] + 1):
        over = len(stops) > 1 and epoch > stops[-2]
        for split, gap in (("train", 0.03), ("test", 0.0)):
            accuracy = min(1.0, skill + gap - 0.4 * math.exp(-epoch / 4) - 0.02 * over * rng.random())
            loss = entropy * (1.02 - skill - gap + 0.7 * math.exp(-epoch / 6))
            loss += over * (1 + rng.random()) * (0.2 if split == "train" else 6.0) * (1.3 - skill)
            rows.append({"epoch": epoch, "split": split, "loss": loss, "accuracy": accuracy})
    return pd.DataFrame(rows)


def _scores(course: pd.DataFrame, stops: tuple[int, ...]) -> dict[str, Any]:
    at = course.set_index(["epoch", "split"])
    return {
        str(stop): {
            split: {name: float(at.loc[(stop, split), name]) for name in ("loss", "accuracy")}
            for split in ("train", "test")
        }
        for stop in stops
    }


def _bound(nats: float, error: float, ceiling: float | None, n: int, warnings: tuple[str, ...] = ()) -> dict[str, Any]:
    ends = {"low": nats - 1.96 * error, "high": nats + 1.96 * error}
    bound = {"kind": "lower_bound", "lower": nats, "lower_se": error}
    return quantity(nats, **ends, **bound, ceiling=ceiling, n=n, warnings=warnings)


def _label(nats: float, entropy: float, rng: np.random.Generator) -> dict[str, Any]:
    probe, mine = nats + 0.01 * rng.standard_normal(), 0.93 * nats
    return {
        "embedding_label": bracket(probe, 0.012, entropy, 0.0, ceiling=entropy, n=5000),
        "mine": _bound(mine, 0.015, entropy, 5000),
        "probe": _bound(probe, 0.012, entropy, 5000),
        "shuffled": _bound(0.004 * rng.standard_normal(), 0.005, entropy, 5000),
    }


def _prediction(nats: float, entropy: float, rng: np.random.Generator) -> dict[str, Any]:
    label = _label(nats, entropy, rng)
    neighbours = quantity(nats * 0.98, low=nats * 0.95, high=nats * 1.01, kind="estimate", ceiling=entropy, n=2000)
    return {
        "prediction_label": label["embedding_label"],
        "mine": label["mine"],
        "probe": label["probe"],
        "nearest_neighbours": neighbours,
    }


def _noise(scale: float, n: int = 5000) -> dict[str, Any]:
    curve = {}
    for noise_std in NOISES:
        full = scale * 0.32 / noise_std**2
        lower, upper = math.log(n) * (1 - math.exp(-full / math.log(n))), full * (1 + 0.02 * full)
        curve[f"{noise_std:g}"] = bracket(lower, 0.02, upper, 0.03, ceiling=None, n=n)
    headline = curve["0.25"]
    return {
        "embedding_noise": headline,
        "aa_mine": _bound(0.7 * headline["lower"], 0.05, None, n, (NOT_CONVERGED,)),
        "noise_curve": curve,
    }


def _critic_curves(measured: Measurements, encoder: str, rng: np.random.Generator) -> pd.DataFrame:
    ends: list[tuple[str, int | None, float]] = [
        ("aa_mine", None, measured.noise[encoder]["aa_mine"]["nats"]),
        ("mine", None, measured.label[encoder]["mine"]["nats"]),
        ("shuffled", None, 0.0),
        *(("mine", stop, measured.prediction[encoder][str(stop)]["mine"]["nats"]) for stop in measured.stops),
    ]
    rows = []
    for name, stop, end in ends:
        for fold in range(3):
            for step in range(0, 1001, 50):
                grown = end * (1 - math.exp(-step / 200)) + 0.02 * rng.standard_normal()
                fitted = grown + 0.0002 * step
                rows.append(
                    {"quantity": name, "stop": stop, "fold": fold, "step": step, "train": fitted, "selection": grown}
                )
    return pd.DataFrame(rows)


def material(run: Made, overfit_factor: float | None = 800) -> encoder_pictures.Material:
    """What the stage `report` reads, in memory."""
    summary = summarise(run.measured)
    return encoder_pictures.Material(
        run.measured,
        correlation_metrics(summary_table(summary), seed=0),
        quantity_table(summary),
        noise_curve_table(run.measured),
        training_table(run.training),
        run.critics,
        0.25,
        overfit_factor,
    )
