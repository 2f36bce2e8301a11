"""Training objectives: their gradients and values against the formulas."""

from __future__ import annotations

import math

import numpy as np
import pytest

from infoplane.common.runtime import tensorflow
from infoplane.critics.networks import ClassScores, Scores
from infoplane.critics.objectives import Objective, next_log_average

ROWS = 5


def _scores(joint: np.ndarray, marginal: np.ndarray) -> Scores:
    tf = tensorflow()
    count = marginal.size
    return Scores(
        tf.constant(joint), tf.constant(marginal), tf.constant(-math.log(count), tf.float32), 1.0 + count / ROWS
    )


@pytest.fixture
def arrays() -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(0)
    return random.normal(size=ROWS).astype(np.float32), random.normal(size=(ROWS, 2)).astype(np.float32)


def _gradient(objective: Objective, arrays: tuple[np.ndarray, np.ndarray], log_average: float, step: int) -> np.ndarray:
    tf = tensorflow()
    marginal = tf.Variable(arrays[1])
    with tf.GradientTape() as tape:
        scores = _scores(*arrays)._replace(marginal=marginal)
        loss, _, _ = objective.loss(scores, tf.constant(log_average), tf.constant(float(step)))
    return tape.gradient(loss, marginal).numpy()


def test_the_first_gradient_of_mine_is_that_of_donsker_varadhan(arrays: tuple[np.ndarray, np.ndarray]) -> None:
    """The moving average begins at 0 and is corrected for it; uncorrected, this would be a hundred times as much."""
    softmax = np.exp(arrays[1]) / np.exp(arrays[1]).sum()
    assert _gradient(Objective("mine", 0.99), arrays, -math.inf, 1) == pytest.approx(softmax, rel=1e-4)


def test_later_gradients_of_mine_divide_by_the_moving_average(arrays: tuple[np.ndarray, np.ndarray]) -> None:
    decay, before = 0.9, 3.0  # before: moving average of the first step alone, uncorrected
    average = (decay * before + (1 - decay) * np.exp(arrays[1]).mean()) / (1 - decay**2)
    expected = np.exp(arrays[1]) / arrays[1].size / average
    assert _gradient(Objective("mine", decay), arrays, math.log(before), 2) == pytest.approx(expected, rel=1e-4)


def test_the_corrected_average_of_a_constant_is_the_constant_at_every_step() -> None:
    tf = tensorflow()
    decay, level, average = 0.99, 1.7, tf.constant(-math.inf)
    for step in range(1, 30):
        average = next_log_average(average, tf.constant(level), decay)
        assert float(average) - math.log(1 - decay**step) == pytest.approx(level, abs=1e-4)


def test_large_scores_do_not_overflow() -> None:
    arrays = np.full(ROWS, 200.0, np.float32), np.full((ROWS, 2), 300.0, np.float32)
    for name in ("mine", "infonce", "smile"):
        loss, value, _ = Objective(name).loss(_scores(*arrays), tensorflow().constant(-math.inf), 1.0)  # type: ignore[arg-type]
        assert np.isfinite(float(loss)), name
        assert np.isfinite(float(value)), name


def test_values_follow_their_formulas(arrays: tuple[np.ndarray, np.ndarray]) -> None:
    joint, marginal = arrays
    state = tensorflow().constant(-math.inf)
    values = {name: float(Objective(name).loss(_scores(joint, marginal), state, 1.0)[1]) for name in ("mine", "nwj")}
    assert values["mine"] == pytest.approx(joint.mean() - math.log(np.exp(marginal).mean()), abs=1e-5)
    assert values["nwj"] == pytest.approx(joint.mean() - np.exp(marginal - 1).mean(), abs=1e-5)
    contrasts = np.hstack([joint[:, None], marginal])
    infonce = float(Objective("infonce").loss(_scores(joint, marginal), state, 1.0)[1])
    assert infonce == pytest.approx(np.mean(joint - np.log(np.exp(contrasts).mean(axis=1))), abs=1e-5)


def test_infonce_of_class_scores_contrasts_with_every_sample_of_the_batch() -> None:
    """Own pairs are among the scores of all classes, and must not count twice."""
    tf = tensorflow()
    random = np.random.default_rng(3)
    labels = np.array([0, 0, 2, 0, 1], dtype=np.int32)
    outputs = random.normal(size=(5, 3)).astype(np.float32)
    scores = ClassScores(2, 3, ()).scores((tf.constant(outputs),), tf.constant(labels))
    value = float(Objective("infonce").loss(scores, tf.constant(-math.inf), 1.0)[1])
    pairs = outputs[:, labels]
    assert value == pytest.approx(np.mean(np.diagonal(pairs) - np.log(np.exp(pairs).mean(axis=1))), abs=1e-5)
