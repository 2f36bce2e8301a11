"""Correlations together: right for Gaussian copulas, nothing where nothing is or where only sizes go together."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from infoplane.common.validation import Array
from infoplane.distributions import Distribution, gaussian_with_information, identity_student
from infoplane.estimators.auto import thin as auto_thin
from infoplane.estimators.auto.value import Value

NOTHING = Value(0.0, 0.01, 0.0)


def seen(task: Distribution, n: int, seed: int, value: Value = NOTHING) -> tuple[Value, dict[str, Any], list[str]]:
    told, notes = dict[str, Any](), list[str]()
    x, z = (np.asarray(part, np.float64) for part in task.sample(n, seed))
    return auto_thin.with_thin_dependence(value, x, z, notes, told), told["correlations"], notes


def test_correlations_replace_a_value_that_misses_them() -> None:
    found, told, notes = seen(gaussian_with_information(40, 1.0), 800, 0)
    assert told["share"] == 1.0
    assert found.nats == told["nats"] == pytest.approx(1.0, abs=0.2)
    assert len(notes) == 1


def test_a_larger_value_stays() -> None:
    larger = Value(2.0, 0.1, 0.2, 0.3)
    found, _, notes = seen(gaussian_with_information(40, 1.0), 800, 0, larger)
    assert found == larger
    assert notes == []


def test_nothing_is_made_of_independence_over_many_seeds() -> None:
    values = [seen(gaussian_with_information(40, 0.0), 400, seed)[1] for seed in range(20)]
    errors = np.array([told["nats"] / told["standard_error"] for told in values])
    assert abs(errors.mean()) < 0.7
    assert np.count_nonzero(abs(errors) > 2) <= 2


def test_sizes_that_go_together_are_not_taken_for_correlations() -> None:
    """Without a single correlation, columns whose scale is shared have more spurious ones than independent columns."""
    told = [seen(identity_student(50, 50, 3), 1_000, seed)[1] for seed in range(3)]
    assert np.mean([one["nats"] for one in told]) < 0.2
    plain = [one["nats"] + one["bias"] - _gaussian_bias(1_000, 50) for one in told]
    assert np.mean(plain) > 0.4


def _gaussian_bias(n: int, d: int) -> float:
    from infoplane.estimators.gaussian import canonical_of_orthonormal

    random: Array = np.random.default_rng(0).normal(size=(n, 2 * d))
    return canonical_of_orthonormal(np.linalg.qr(random[:, :d])[0], np.linalg.qr(random[:, d:])[0]).bias


def test_columns_that_repeat_others_count_once() -> None:
    x, z = gaussian_with_information(10, 1.0).sample(500, 0)
    once, twice = (
        auto_thin.with_thin_dependence(NOTHING, wide, z, [], {}).nats for wide in (x, np.hstack([x, x[:, :4]]))
    )
    assert twice == pytest.approx(once, abs=1e-6)
