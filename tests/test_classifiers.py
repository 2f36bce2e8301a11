"""The dense classifier learns, stops where it should, and its saved weights give the same predictions."""

from __future__ import annotations

import numpy as np
import pytest

from infoplane.classifiers import Phase, logits, metrics_at, train, training_phases


def clusters(classes: int, n: int, seed: int, distance: float = 4.0) -> tuple[np.ndarray, np.ndarray]:
    """Unit-variance Gaussians in 8 dimensions around class means; rows and labels."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(classes, size=n)
    means = distance * np.eye(8)[:classes]
    return (means[labels] + rng.standard_normal((n, 8))).astype(np.float32), labels


def test_legs_multiply_the_rate_of_the_last_alone() -> None:
    assert training_phases([1, 30, 200], 1e-3, 800) == [Phase(1, 1, 1e-3), Phase(30, 29, 1e-3), Phase(200, 170, 0.8)]
    assert training_phases([30], 1e-3, 800) == [Phase(30, 30, 1e-3)]


@pytest.mark.parametrize("classes", [2, 4])
def test_training_learns_and_saved_weights_reproduce_its_scores(classes: int) -> None:
    x, labels = clusters(classes, 1500, seed=1)
    plan = training_phases([1, 25], 1e-2, 1)
    training = train(x[:1000], labels[:1000], x[1000:], labels[1000:], plan, classes=classes, batch_size=64, seed=0)
    assert len(training.curves) == 2 * 25
    scores = metrics_at([1, 25], training.curves)
    assert scores["25"]["test"]["accuracy"] > 0.97
    assert scores["25"]["train"]["loss"] < scores["1"]["train"]["loss"]

    values = logits(training.weights[25], x[1000:]).astype(np.float64)
    assert values.shape == (500, 1 if classes == 2 else classes)
    if classes == 2:
        values = np.hstack([np.zeros_like(values), values])
    log_posterior = values - np.logaddexp.reduce(values, axis=1, keepdims=True)
    loss = -log_posterior[np.arange(500), labels[1000:]].mean()
    assert scores["25"]["test"]["loss"] == pytest.approx(loss, rel=1e-4)
    assert scores["25"]["test"]["accuracy"] == pytest.approx((values.argmax(1) == labels[1000:]).mean())


def test_the_loss_approaches_the_bayes_classifier() -> None:
    """Two Gaussians with equal covariance: the sigmoid layer holds the true posterior."""
    x, labels = clusters(2, 20000, seed=2, distance=1.5)
    difference = 1.5 * (np.eye(8)[1] - np.eye(8)[0])
    true_logit = x @ difference
    bayes = np.logaddexp(0, np.where(labels == 1, -true_logit, true_logit))[10000:].mean()
    plan = training_phases([40], 3e-3, 1)
    training = train(x[:10000], labels[:10000], x[10000:], labels[10000:], plan, classes=2, batch_size=256, seed=0)
    assert metrics_at([40], training.curves)["40"]["test"]["loss"] == pytest.approx(bayes, abs=0.01)


def test_same_seed_same_weights_and_each_row_once_an_epoch() -> None:
    x, labels = clusters(3, 100, seed=3)
    weights = []
    for seed in (0, 0, 1):
        training = train(x, labels, x, labels, [Phase(2, 2, 1e-2)], classes=3, batch_size=64, seed=seed)
        weights.append(training.weights[2]["kernel"])
    assert np.array_equal(weights[0], weights[1])
    assert not np.allclose(weights[0], weights[2])


def test_a_diverged_loss_is_said() -> None:
    x, labels = clusters(2, 64, seed=4)
    with pytest.raises(ValueError, match="lower the learning rate"):
        train(x * 1e30, labels, x, labels, [Phase(5, 5, 1e30)], classes=2, batch_size=16, seed=0)


def test_stops_are_weights_of_one_course() -> None:
    """Stopping at 2 and going on to 4 gives the same as what is kept at 2 on the way."""
    x, labels = clusters(2, 100, seed=5)
    run = {"classes": 2, "batch_size": 32, "seed": 7}
    both = train(x, labels, x, labels, [Phase(2, 2, 1e-2), Phase(4, 2, 1e-2)], **run)
    first = train(x, labels, x, labels, [Phase(2, 2, 1e-2)], **run)
    assert np.array_equal(both.weights[2]["kernel"], first.weights[2]["kernel"])
    assert not np.array_equal(both.weights[4]["kernel"], first.weights[2]["kernel"])
    assert metrics_at([2], both.curves) == metrics_at([2], first.curves)
