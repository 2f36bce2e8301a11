"""Conditional information against truths in closed form."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

import infoplane
from infoplane.estimators.conditional import neighbour_value


def partial(n: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, float]:
    """x = w + e, z = w + e + noise: given w, e against e + noise."""
    w, e, noise = np.random.default_rng(seed).standard_normal((3, n))
    return w + e, w + e + noise, w, 0.5 * np.log(2)


@pytest.mark.parametrize(
    ("method", "allowed", "seed"),
    [("auto", 0.06, 1), ("ksg", 0.06, 1), ("ksg", 0.06, 2), ("gaussian", 0.04, 1), ("gaussian", 0.04, 2)],
)
def test_partial_correlation(method: str, allowed: float, seed: int) -> None:
    x, z, w, truth = partial(3000, seed)
    found = infoplane.conditional(x, z, w, method)
    assert found.nats == pytest.approx(truth, abs=allowed)
    assert found.ci95 is not None
    assert found.ci95[0] <= truth <= found.ci95[1]
    assert (found.n, found.dx, found.dz, found.method) == (3000, 1, 1, f"conditional {method}")


@pytest.mark.parametrize("method", ["auto", "ksg"])
def test_exclusive_or(method: str) -> None:
    """I(x; z) = 0 and I(x; z | w) = ln 2."""
    x, z = np.random.default_rng(0).integers(0, 2, (2, 1000))
    assert infoplane.conditional(x, z, x ^ z, method).nats == pytest.approx(np.log(2), abs=0.01)
    assert infoplane.estimate(x, z).nats == pytest.approx(0.0, abs=0.01)


@pytest.mark.parametrize(("method", "allowed"), [("auto", 0.05), ("ksg", 0.05), ("gaussian", 0.01)])
def test_a_chain_leaves_nothing(method: str, allowed: float) -> None:
    w, e, noise = np.random.default_rng(3).standard_normal((3, 2000))
    found = infoplane.conditional(w + e, w + noise, w, method)
    assert found.nats == pytest.approx(0.0, abs=allowed)
    assert found.ci95 is not None
    assert found.ci95[0] <= 0.02


@pytest.mark.parametrize("method", ["auto", "ksg", "gaussian"])
def test_nothing_is_left_where_given_contains_x(method: str) -> None:
    x, z, w, _ = partial(1000, 4)
    labels = (x > 0).astype(int)
    for known, given in ((x, x), (x, np.column_stack([w, x])), (labels, labels), (labels, np.where(x > 0, "a", "b"))):
        for pair in ((known, z), (z, known)):
            found = infoplane.conditional(*pair, given, method)
            assert (found.nats, found.ci95, found.kind) == (0.0, (0.0, 0.0), "exact")


@pytest.mark.parametrize("method", ["auto", "ksg", "gaussian"])
def test_columns_that_given_contains_are_left_out(method: str) -> None:
    """One column of x is w, and the other holds all that z knows: what is left is about that one."""
    one, other, noise = np.random.default_rng(5).standard_normal((3, 600))
    z = other + 0.5 * noise
    found = infoplane.conditional(np.column_stack([one, other]), z, one, method)
    assert found.nats == infoplane.conditional(other, z, one, method).nats == pytest.approx(0.5 * np.log(5), abs=0.1)
    assert found.dx == 2


def test_the_chain_rule_refuses_infinity_less_infinity() -> None:
    """One column of x is a function of w, and the other holds all that z knows: by no means 0."""
    one, other, noise = np.random.default_rng(5).standard_normal((3, 600))
    x = np.column_stack([np.exp(one), other])
    with pytest.raises(ValueError, match="given: columns of it and of x determine each other"):
        infoplane.conditional(x, other + 0.5 * noise, given=one)


@pytest.mark.parametrize(("method", "rho"), [("gaussian", 0.9), ("mixed_ksg", 0.6), ("auto", 0.6)])
def test_pointwise_values_and_what_pairing_saves(method: str, rho: float) -> None:
    """Given a strong w, x is known nearly as well with z as without: the errors of both informations are alike."""
    w, e, noise = np.random.default_rng(6).standard_normal((3, 800))
    x, z = 3.0 * w + e, rho * e + np.sqrt(1.0 - rho**2) * noise
    found = infoplane.conditional(x, z, w, method)
    truth = -0.5 * np.log(1.0 - rho**2)
    assert found.ci95 is not None
    assert found.ci95[0] <= truth <= found.ci95[1]
    if method == "gaussian":
        assert found.pointwise is None
        return
    assert found.pointwise is not None
    assert found.pointwise.mean() == pytest.approx(found.nats, abs=1e-9)
    joint = infoplane.estimate(np.column_stack([z, w]), x[:, None], method)
    base = infoplane.estimate(w[:, None], x[:, None], method)
    assert joint.ci95 is not None
    assert base.ci95 is not None
    crosswise = joint.ci95[1] - joint.ci95[0] + base.ci95[1] - base.ci95[0]
    assert found.ci95[1] - found.ci95[0] < 1.1 * crosswise


@pytest.mark.parametrize("columns", [2, 100])
def test_intervals_of_partial_correlations_count_the_columns_of_given(columns: int) -> None:
    truth, held = 0.5 * np.log(2), 0
    for seed in range(60):
        rng = np.random.default_rng([11, seed])
        w, e = rng.standard_normal((200, columns)), rng.standard_normal(200)
        found = infoplane.conditional(w[:, 0] + e, w[:, 1] + e + rng.standard_normal(200), w, "gaussian")
        assert found.ci95 is not None
        held += found.ci95[0] <= truth <= found.ci95[1]
    assert held >= 60 * 0.95 - 3 * np.sqrt(60 * 0.95 * 0.05)


@pytest.mark.parametrize("values", [2, 3])
def test_independent_integers_hold_nothing(values: int) -> None:
    """Some 15 samples or more for each combination."""
    for seed in range(3):
        a, b, c = np.random.default_rng([12, seed]).integers(0, values, (3, 400))
        assert infoplane.conditional(a, b, given=c % 3, method="ksg").nats == pytest.approx(0.0, abs=0.08)


@pytest.mark.parametrize(("method", "allowed"), [("ksg", 0.1), ("gaussian", 0.04)])
def test_noise_as_given_changes_nothing(method: str, allowed: float) -> None:
    x, z, _, _ = partial(3000, 5)
    noise = np.random.default_rng(6).standard_normal((3000, 2))
    assert infoplane.conditional(x, z, noise, method).nats == pytest.approx(0.5 * np.log(3), abs=allowed)


@pytest.mark.parametrize("method", ["auto", "ksg"])
def test_a_town_that_shifts_both(method: str) -> None:
    """x and z depend on each other through the town alone, given as texts."""
    rng = np.random.default_rng(7)
    town = rng.integers(0, 3, 2000)
    x, z = 3 * town + rng.standard_normal(2000), 3 * town + rng.standard_normal(2000)
    names = pd.Series(np.array(["Ulm", "Bonn", "Kiel"])[town])
    assert infoplane.estimate(x, z, "ksg").nats > 0.6
    assert infoplane.conditional(x, z, names, method).nats == pytest.approx(0.0, abs=0.05)


def test_neighbours_without_given_are_the_estimator_of_kraskov() -> None:
    """With one value of w, psi(n_w) = psi(n): the same neighbours and counts as ksg."""
    rng = np.random.default_rng(8)
    x = rng.standard_normal((500, 1))
    z = x + rng.standard_normal((500, 1))
    found = neighbour_value(x, z, np.zeros((500, 1)), 3)
    assert found == pytest.approx(infoplane.estimate(x, z, "ksg", scale="none").nats, abs=1e-9)


@pytest.mark.parametrize("method", ["ksg", "gaussian", "mixed_ksg"])
def test_copied_rows_count_once(method: str) -> None:
    x, z, w, _ = partial(400, 9)
    once = infoplane.conditional(x, z, w, method)
    rows = np.random.default_rng(10).permutation(np.repeat(np.arange(400), 3))
    order = np.argsort(np.unique(rows, return_index=True)[1])  # rows in the order of their first copies
    again = infoplane.conditional(x[rows], z[rows], w[rows], method)
    assert again.n == once.n == 400
    assert again.nats == pytest.approx(infoplane.conditional(x[order], z[order], w[order], method).nats, abs=1e-9)
    assert again.warnings[0].startswith("800 of 1200 rows repeat others (x, z and given all equal): the 400 distinct")
    assert not any("repeat" in text for text in once.warnings)


@pytest.mark.parametrize("method", ["ksg", "gaussian", "mixed_ksg"])
def test_rows_in_the_order_of_time_are_named_once(method: str) -> None:
    x, z, w = np.random.default_rng(11).standard_normal((3, 600)).cumsum(axis=1)
    found = infoplane.conditional(x, z, w, method)
    assert sum(text.startswith("rows depend on the rows before") for text in found.warnings) == 1
    assert "groups" not in " ".join(found.warnings)


def test_warnings_of_the_chain_rule_name_its_variables() -> None:
    x, z, w, _ = partial(300, 12)
    found = infoplane.conditional(x, np.column_stack([z, np.zeros(300)]), w, "mixed_ksg")
    assert found.warnings[0].startswith("z and given: 1 of 3 columns are constant")
    assert (found.dx, found.dz) == (1, 2)


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        ({"given": np.zeros(9)}, "x has 10 rows and given has 9"),
        ({"method": "infonce"}, "method='infonce' given: two bounds leave none; expected auto, ksg or gaussian"),
        ({"method": "ross"}, "method='ross' given: it takes class labels as x, and x is numbers; expected auto, ksg"),
        ({"method": "discrete"}, "z and given: no two rows are equal; expected repeated values"),
        ({"method": "magic"}, "method 'magic' given; expected one of auto"),
        ({"seed": -1}, "seed=-1 given"),
        ({"given": np.full(10, np.nan)}, "given: 10 values are NaN"),
    ],
)
def test_bad_input_is_one_line(arguments: dict[str, Any], line: str) -> None:
    call: dict[str, Any] = {"x": np.arange(10.0), "z": np.arange(10.0), "given": np.arange(10.0) ** 2}
    with pytest.raises(ValueError, match=line) as caught:
        infoplane.conditional(**(call | arguments))
    assert "\n" not in str(caught.value)
