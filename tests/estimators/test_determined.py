"""Where x determines the label the truth is H(Y), and no lower bound may lie above it."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest

from infoplane.common.aliases import Z95
from infoplane.critics import bounds, crossfit
from infoplane.critics.networks import CriticOptions
from infoplane.distributions import Determined
from infoplane.estimators.checked import label_entropy, label_entropy_limit
from infoplane.estimators.probe import probe
from infoplane.estimators.variational import infonce, mine, nwj, smile
from infoplane.results.quantity import label_headline

QUICK = CriticOptions(
    hidden=(32,), learning_rate=1e-2, batch_size=128, max_steps=150, evaluate_every=25, patience=6, folds=2
)
SEEDS = range(7_000, 7_020)


def ideal_bounds(labels: np.ndarray, shares: np.ndarray, seed: int, name: str) -> list[bounds.Bound]:
    """The folds' bounds from the best critic there is: -ln p(y) on the own class and nothing elsewhere."""
    scores = np.where(np.arange(len(shares)) == labels[:, None], -np.log(shares), -50.0)
    found = []
    for part in crossfit.split(len(labels), CriticOptions(), seed, labels):
        terms = bounds.from_labels(scores[part.report], labels[part.report])
        found.append(bounds.infonce(terms) if name == "infonce" else bounds.shifted(terms, 0.0))
    return found


@pytest.mark.parametrize("shares", ["equal", "counted", "unequal"])
@pytest.mark.parametrize("name", ["shifted", "infonce"])
def test_the_best_critic_does_not_pass_the_entropy(name: str, shares: str) -> None:
    """Low ends above H(Y) of the population in at most 5 % of the runs; for more, benchmarks/determined.csv."""
    runs = above = 0
    for classes in (2, 10, 100):
        task = Determined(classes, shares=shares)  # type: ignore[arg-type]
        for n in (100, 500):
            for seed in SEEDS:
                _, labels = task.sample(n, seed)
                bound = crossfit.combine(ideal_bounds(labels, task.probabilities, seed, name))
                assert bound.nats <= label_entropy(labels) + 1e-9
                runs += 1
                above += bound.low(shares=True) > task.mutual_information() + 1e-9
    assert above <= 0.05 * runs


@pytest.mark.parametrize("share", [0.5, 0.55, 2 / 3, 0.9])
def test_low_ends_hold_near_the_largest_entropy(share: float) -> None:
    """Two classes, n = 100: where the entropy is nearly flat the standard error alone says too little."""
    shares = np.array([share, 1 - share])
    entropy, above, first_order = -float(shares @ np.log(shares)), 0, 0
    for seed in range(400):
        labels = np.random.default_rng([11, seed]).choice(2, 100, p=shares)
        gain = -np.log(np.bincount(labels, minlength=2) / 100)[labels]
        bound = bounds.Bound(float(gain.mean()), gain - gain.mean())
        above += bound.low(shares=True) > entropy
        first_order += bound.low(shares=False) > entropy
    assert above <= 0.05 * 400
    assert first_order > 0.08 * 400 or share != 0.55


def test_without_own_pairs_the_bound_would_lie_above_the_entropy() -> None:
    """The fault that own pairs cure: parts with fixed class counts hold too few negatives of the own class."""
    _, labels = Determined(10, shares="counted").sample(500, 1)
    part = crossfit.split(500, CriticOptions(), 0, labels)[0].report
    scores = np.where(labels[part][:, None] == labels[part], math.log(10), -50.0)
    assert bounds.shifted(bounds.from_matrix(scores), 0.0).nats > math.log(10) + 0.05
    assert bounds.shifted(bounds.from_matrix(scores, own_pairs=True), 0.0).nats <= math.log(10)


@pytest.mark.parametrize("shares", ["equal", "unequal"])
def test_the_standard_error_holds_the_error_of_the_class_shares(shares: str) -> None:
    """Over fresh samples the bound varies with the class counts alone; the reported error says by how much."""
    task = Determined(5, shares=shares)  # type: ignore[arg-type]
    found = []
    for seed in range(200):
        _, labels = task.sample(200, seed)
        found.append(crossfit.combine(ideal_bounds(labels, task.probabilities, seed, "shifted")))
    spread, reported = np.std([bound.nats for bound in found]), np.mean([bound.standard_error for bound in found])
    if shares == "unequal":
        assert reported == pytest.approx(spread, rel=0.15)
    else:  # to first order nothing varies at equal shares; second-order spread is K / n
        assert max(reported, spread) < 0.02


@pytest.mark.parametrize("method", [mine, infonce, probe])
def test_trained_bounds_on_the_case_of_the_fault(method: Callable[..., object]) -> None:
    """Ten classes, 500 samples, counted: 2.358 [2.343, ...] was reported for ln 10 = 2.303."""
    result = method(*Determined(10, shares="counted").sample(500, 3), options=QUICK)
    assert 0.9 * math.log(10) < result.nats <= math.log(10)  # type: ignore[attr-defined]
    assert result.ci95[1] == math.inf  # type: ignore[attr-defined]


def test_numbers_with_repeated_values_count_own_pairs_too() -> None:
    """The same labels as columns of numbers: counted classes must not push the bound above H(Y)."""
    x, labels = Determined(20, shares="counted").sample(200, 5)
    z = np.eye(20)[labels]
    result = mine(x, z, options=QUICK)
    assert result.nats <= math.log(20)


def test_smile_above_its_ceiling_says_so() -> None:
    x, labels = Determined(3).sample(600, 2)
    result = smile(30 * x, labels, options=QUICK)
    assert result.ceiling is not None
    assert (result.nats > result.ceiling) == any("above its ceiling" in text for text in result.warnings)


def test_the_headline_of_a_label_lies_below_its_own_high() -> None:
    for shares in ("equal", "counted", "unequal"):
        task = Determined(10, shares=shares)  # type: ignore[arg-type]
        entry = label_headline([probe(*task.sample(300, 4), options=QUICK)])
        assert entry["nats"] <= entry["ceiling"] <= entry["high"]
        assert entry["high"] >= task.mutual_information() - 1e-9


def test_the_limit_of_the_entropy_holds_the_populations() -> None:
    """Plug-in H(Y) is too small; its limit is not, and of counted classes it is exact."""
    for classes in (3, 30):
        task = Determined(classes, shares="unequal")
        held, plug_in = 0, []
        for seed in range(200):
            labels = task.sample(300, seed)[1]
            upper, error = label_entropy_limit(np.unique(labels, return_inverse=True)[1])
            held += upper + Z95 * error >= task.mutual_information()
            plug_in.append(label_entropy(labels))
        assert held >= 190
        assert np.mean(plug_in) < task.mutual_information()
    assert label_entropy_limit(np.arange(300) % 10) == (pytest.approx(math.log(10)), pytest.approx(0.0, abs=1e-9))


@pytest.mark.slow
@pytest.mark.parametrize("method", [mine, nwj, infonce, probe])
def test_trained_bounds_over_classes_and_sizes(method: Callable[..., object]) -> None:
    """Twenty seeds of few and of many classes, in embeddings too; see benchmarks/determined.csv for more."""
    above = over = 0
    tasks = [Determined(2, "embedding"), Determined(50, "embedding", "counted")]
    for seed in SEEDS:
        task = tasks[seed % 2]
        x, labels = task.sample(200, seed)
        result = method(x, labels, seed=seed, options=QUICK)
        above += result.ci95[0] > task.mutual_information()  # type: ignore[attr-defined]
        over += result.nats > result.ceiling + 1e-9  # type: ignore[attr-defined]
    assert above <= 1
    assert over == 0
