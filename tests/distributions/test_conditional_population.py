"""The truths of the conditional tasks, by a second computation."""

from __future__ import annotations

import numpy as np
import pytest

import infoplane
from infoplane.distributions.population.conditional import CONDITIONAL_FAMILIES, ConditionalTask, conditional_task


def many(family: str, number: int, n: int) -> tuple[ConditionalTask, np.ndarray, np.ndarray, np.ndarray]:
    task = conditional_task(family, number)
    return task, *task.draw(np.random.default_rng([number, 3]), n)


@pytest.mark.parametrize("number", range(4))
def test_normals_by_regression_on_given(number: int) -> None:
    task, x, z, w = many("normals", number, 40_000)
    rest = [v - w @ np.linalg.lstsq(w, v, rcond=None)[0] for v in (x, z)]
    assert infoplane.estimate(*rest, "gaussian").nats == pytest.approx(task.conditional_information, abs=0.03)


@pytest.mark.parametrize("number", range(4))
def test_deformed_normals_by_the_ranks_of_their_columns(number: int) -> None:
    task, x, z, w = many("deformed_normals", number, 40_000)
    from infoplane.estimators.margins import normal_scores

    x, z, w = (normal_scores(v) for v in (x, z, w))
    rest = [v - w @ np.linalg.lstsq(w, v, rcond=None)[0] for v in (x, z)]
    assert infoplane.estimate(*rest, "gaussian").nats == pytest.approx(task.conditional_information, abs=0.05, rel=0.06)


@pytest.mark.parametrize("number", range(3))
@pytest.mark.parametrize(("family", "method"), [("exclusive_or", "discrete"), ("within_classes", "gaussian")])
def test_labels_class_by_class(family: str, method: str, number: int) -> None:
    task, x, z, w = many(family, number, 40_000)
    found = 0.0
    for label in np.unique(w):
        rows = w == label
        found += rows.mean() * infoplane.estimate(x[rows], z[rows], method).nats
    assert found == pytest.approx(task.conditional_information, abs=0.02)


def test_noise_beside_is_the_information_without_it() -> None:
    task, x, z, _ = many("noise_beside", 5, 40_000)
    assert infoplane.estimate(x, z, "gaussian").nats == pytest.approx(task.conditional_information, abs=0.02)


@pytest.mark.parametrize("number", range(3))
def test_in_chains_nothing_is_left_in_narrow_slices_of_w(number: int) -> None:
    """Within a slice W hardly moves: what X and Z share there is nearly nothing, however much they share overall."""
    task, x, z, w = many("chains", number, 40_000)
    assert task.conditional_information == 0.0
    order = np.argsort(w[:, 0])
    slices = [infoplane.estimate(x[rows], z[rows], "gaussian").nats for rows in np.array_split(order, 200)]
    assert np.mean(slices) == pytest.approx(0.0, abs=0.01)


def test_tasks_repeat_and_samples_follow_the_seed() -> None:
    for family in CONDITIONAL_FAMILIES:
        first, second = conditional_task(family, 7), conditional_task(family, 7)
        assert first.conditional_information == second.conditional_information
        for one, same, other in zip(first.sample(0), second.sample(0), first.sample(1), strict=True):
            assert len(one) == first.n
            np.testing.assert_array_equal(one, same)
            assert not np.array_equal(one, other)
    with pytest.raises(ValueError, match="family: 'none' given, expected one of normals"):
        conditional_task("none", 0)
