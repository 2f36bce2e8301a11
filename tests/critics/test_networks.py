"""Critics: which pairs they score, where training begins, and what options they refuse."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from infoplane.common.runtime import tensorflow
from infoplane.critics.networks import ClassScores, Concatenation, Critic, CriticOptions, Separable

ROWS = 6


def _one_hot_base(critic: Concatenation | Separable, shifts: list[int]) -> tuple[np.ndarray, ...]:
    """Scores of a fresh critic whose base is 1 for a true pair and 0 for any other."""
    tf = tensorflow()
    random = np.random.default_rng(0)
    rows = np.hstack([random.normal(size=(ROWS, 2)), np.eye(ROWS)]).astype(np.float32)
    weights = [tf.constant(weight) for weight in critic.initial(random)]
    raw = critic.raw(weights, tf.constant(rows), tf.constant(rows), tf.constant(shifts))
    return tuple(part.numpy() for part in raw)


@pytest.mark.parametrize("shift", range(1, ROWS))
def test_shuffled_pairs_hold_no_true_pair(shift: int) -> None:
    critic = Concatenation(2 + ROWS, 2 + ROWS, (4,), 1, base_columns=ROWS)
    joint, marginal = _one_hot_base(critic, [shift])
    assert joint == pytest.approx(np.ones(ROWS))
    assert marginal == pytest.approx(np.zeros((ROWS, 1)))


def test_a_separable_critic_contrasts_all_pairs_off_the_diagonal() -> None:
    tf = tensorflow()
    critic = Separable(2 + ROWS, 2 + ROWS, (4,), 3, base_columns=ROWS)
    (matrix,) = _one_hot_base(critic, [1])
    assert matrix == pytest.approx(np.eye(ROWS))
    scores = critic.scores((tf.constant(matrix),), None)
    weights = np.exp((scores.marginal + scores.log_weight).numpy())
    assert weights == pytest.approx((1 - np.eye(ROWS)) / (ROWS * (ROWS - 1)))


def test_class_scores_weigh_each_class_by_its_share_own_pairs_included() -> None:
    tf = tensorflow()
    labels = np.array([0, 0, 2, 0, 1], dtype=np.int32)
    scores = ClassScores(2, 3, ()).scores((tf.zeros((5, 3)),), tf.constant(labels))
    weights = np.broadcast_to(np.exp(scores.log_weight.numpy()), (5, 3))
    assert weights.sum() == pytest.approx(1.0)
    assert weights[0] * 25 == pytest.approx([3, 1, 1])
    assert scores.own_pairs


def test_the_first_layer_split_is_the_plain_network_on_x_and_z_side_by_side() -> None:
    tf = tensorflow()
    random = np.random.default_rng(1)
    critic = Concatenation(3, 2, (5, 4), 1)
    from_z, from_x, bias, second, second_bias, last, last_bias = critic.initial(random)
    last = random.normal(size=last.shape).astype(np.float32)
    x, z = random.normal(size=(ROWS, 3)).astype(np.float32), random.normal(size=(ROWS, 2)).astype(np.float32)
    weights = [from_z, from_x, bias, second, second_bias, last, last_bias]
    joint, marginal = critic.raw([tf.constant(w) for w in weights], tf.constant(x), tf.constant(z), tf.constant([2]))

    def plain(z_rows: np.ndarray) -> np.ndarray:
        hidden = np.maximum(np.hstack([x, z_rows]) @ np.vstack([from_x, from_z]) + bias, 0)
        return (np.maximum(hidden @ second + second_bias, 0) @ last + last_bias)[:, 0]

    assert joint.numpy() == pytest.approx(plain(z), abs=1e-5)
    assert marginal.numpy()[:, 0] == pytest.approx(plain(np.roll(z, 2, axis=0)), abs=1e-5)


@pytest.mark.parametrize(
    ("critic", "shapes"),
    [
        (Concatenation(3, 2, (8, 7), 1), [(8, 7), (7, 1)]),
        (Concatenation(5, 4, (8,), 1, base_columns=2), [(8, 1)]),
        (Concatenation(3, 2, (), 1), []),
        (Separable(3, 2, (8, 7), 4), [(8, 7), (7, 4), (8, 7), (7, 5)]),
        (Separable(5, 4, (), 4, base_columns=2), []),
        (ClassScores(3, 6, (8, 7)), [(8, 7), (7, 6)]),
        (ClassScores(5, 6, (8,), base_columns=2), [(8, 6)]),
    ],
)
def test_inner_kernels_are_those_that_do_not_see_the_data(critic: Critic, shapes: list[tuple[int, int]]) -> None:
    weights = critic.initial(np.random.default_rng(0))
    inner = critic.inner_kernels()
    assert [weight.shape for weight, chosen in zip(weights, inner, strict=True) if chosen] == shapes
    assert all(decays for decays, chosen in zip(critic.decays(), inner, strict=True) if chosen)


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"kind": "transformer"}, "kind"),
        ({"precision": "float16"}, "precision"),
        ({"hidden": (8, 0)}, "hidden"),
        ({"batch_size": 1}, "batch_size"),
        ({"learning_rate": 0.0}, "learning_rate"),
        ({"patience": 0}, "patience"),
        ({"folds": 1}, "folds"),
        ({"selection_share": 1.0}, "selection_share"),
        ({"ema_decay": 1.0}, "ema_decay"),
    ],
)
def test_wrong_options_are_named(wrong: dict[str, object], named: str) -> None:
    with pytest.raises(ValueError, match=named):
        replace(CriticOptions(), **wrong)
