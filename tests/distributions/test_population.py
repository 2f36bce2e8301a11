"""The population of tasks: what it promises about sizes, seeds, truths and the split."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pytest

import infoplane
from infoplane.distributions import population
from infoplane.distributions.independent import Independent
from infoplane.distributions.population.digits import DigitPairs

from population_tasks import dependent_tasks, layers, parts, second_computation

CHEAP = ("gaussian_margins", "spirals", "determined_regions", "coded_symbols")
"""Families that draw a task in a millisecond."""
WITHOUT_IMAGES = tuple(name for name in population.FAMILIES if name not in ("digit_pairs", "digit_labels"))
NUMBERS = range(3)


@cache
def gaussian_tasks() -> list[population.Task]:
    """Many tasks of one family, for what holds of all on average."""
    return [population.task("gaussian_margins", number) for number in range(150)]


@pytest.mark.parametrize("family", population.FAMILIES)
def test_tasks_are_what_they_say(family: str) -> None:
    for number in NUMBERS:
        task = population.task(family, number)
        assert (task.family, task.number) == (family, number)
        x, z = task.draw(min(task.n, 300), seed=0)
        assert x.shape == (len(x), task.dx)
        assert z.shape == ((len(z),) if task.z_kind == "labels" else (len(z), task.dz))
        assert 1 <= task.dx <= 500
        assert 1 <= task.dz <= 500
        assert z.dtype == np.int64 if task.z_kind == "labels" else z.dtype in (np.float32, np.float64)
        assert np.isfinite(x).all()
        assert np.isfinite(z).all()
        assert 100 <= task.n <= 20_000
        assert task.description
        assert "\n" not in task.description


@pytest.mark.parametrize("family", population.FAMILIES)
def test_a_task_and_a_sample_are_fixed_by_their_numbers(family: str) -> None:
    first, again, other = (population.task(family, number) for number in (1, 1, 2))
    assert (first.n, first.description) == (again.n, again.description)
    for one, two in zip(first.draw(100, 3), again.draw(100, 3), strict=True):
        np.testing.assert_array_equal(one, two)
    assert not np.array_equal(first.draw(100, 3)[0], first.draw(100, 4)[0])
    assert not np.array_equal(first.draw(100, 3)[0], other.draw(100, 3)[0])


@pytest.mark.parametrize("family", WITHOUT_IMAGES)
def test_truths_are_finite_known_well_and_reproducible(family: str) -> None:
    for number in range(2):
        task = population.task(family, number)
        truth = task.mutual_information
        # Quadrature of an information near 0 may round below it.
        assert -1e-6 - 3 * task.standard_error <= truth <= 8.1
        assert task.standard_error <= max(0.005, 0.01 * truth)
        assert task.mutual_information_range == (truth, truth)
    assert population.task(family, 1).mutual_information == truth


def test_a_sample_has_the_rows_of_the_task() -> None:
    task = population.task("gaussian_margins", 0)
    assert len(task.sample(0)[0]) == task.n


def test_sizes_are_log_uniform_from_100_to_20_000() -> None:
    n = np.array([population.task(family, number).n for family in CHEAP[1:] for number in range(150)])
    quartiles = np.quantile(np.log(n), [0.25, 0.5, 0.75])
    low, high = np.log(100), np.log(20_001)
    np.testing.assert_allclose(quartiles, low + (high - low) * np.array([0.25, 0.5, 0.75]), atol=0.3)
    assert n.min() < 115
    assert n.max() > 17_000


def test_a_tenth_of_the_tasks_is_independent() -> None:
    tasks = [population.task(family, number) for family in CHEAP[1:] for number in range(150)] + gaussian_tasks()
    independent = [isinstance(task.distribution, Independent) for task in tasks]
    assert np.mean(independent) == pytest.approx(0.1, abs=0.035)
    assert all(task.mutual_information == 0 for task, alone in zip(tasks, independent, strict=True) if alone)


def test_columns_are_mostly_few_and_sometimes_hundreds() -> None:
    columns = np.array([task.dx for task in gaussian_tasks()])
    assert np.mean(columns <= 10) == pytest.approx(0.75, abs=0.1)
    assert columns.max() > 200


def test_information_reaches_from_almost_nothing_to_many_nats() -> None:
    truths = np.array([task.mutual_information for task in gaussian_tasks()])
    assert np.mean(truths < 0.5) > 0.2
    assert truths.max() > 7


def test_every_kind_has_design_and_held_out_families() -> None:
    assert not set(population.DESIGN) & set(population.HELD_OUT)
    assert {*population.DESIGN, *population.HELD_OUT} == set(population.FAMILIES)
    kinds = {family.kind for family in population.FAMILIES.values()}
    assert {population.FAMILIES[name].kind for name in population.DESIGN} == kinds
    assert {population.FAMILIES[name].kind for name in population.HELD_OUT} == kinds
    assert 0.5 <= len(population.DESIGN) / len(population.FAMILIES) <= 0.65
    assert all(family.reason and family.summary for family in population.FAMILIES.values())
    assert not set(population.DESIGN_NUMBERS) & set(population.EVALUATION_NUMBERS)


def test_the_page_lists_every_family_as_the_code_does() -> None:
    page = (Path(__file__).resolve().parents[2] / "docs" / "population.md").read_text(encoding="utf-8")
    listed = [line for line in page.splitlines() if line.startswith("| `")]
    assert listed == [
        f"| `{family.name}` | {family.kind} | {family.split} | {family.summary.rstrip('.')} | {family.reason} |"
        for family in population.FAMILIES.values()
    ]


def test_wrong_names_and_numbers_are_refused() -> None:
    with pytest.raises(ValueError, match="family: 'guess' given, expected one of gaussian_margins"):
        population.task("guess", 0)
    with pytest.raises(ValueError, match="number: -1 given"):
        population.task("spirals", -1)
    with pytest.raises(ValueError, match="seed: -1 given"):
        population.task("spirals", 0).sample(-1)


@pytest.mark.parametrize("family", population.FAMILIES)
def test_maps_can_be_undone_and_so_lose_nothing(family: str) -> None:
    """I(f(X); g(Z)) = I(X; Z) for injective f and g (Cover & Thomas 2006, section 2.8)."""
    for task in dependent_tasks(family, range(5)):
        for layer in layers(task.distribution):
            for side, mapping in zip(layer.base.sample(20, 1), (layer.x_map, layer.z_map), strict=True):
                if mapping is not None and side.ndim == 2 and side.shape[1] <= 60:
                    np.testing.assert_allclose(mapping.inverse(mapping.forward(side)), side, rtol=1e-7, atol=1e-7)


@pytest.mark.parametrize("family", WITHOUT_IMAGES)
def test_the_truth_agrees_with_a_second_computation(family: str) -> None:
    """The density ratio's mean where the truth is a formula or an integral; spacings or counts elsewhere."""
    for task in dependent_tasks(family, range(50, 52)):
        _compare(task, 8_000)


@pytest.mark.slow
@pytest.mark.parametrize("family", WITHOUT_IMAGES)
def test_many_truths_agree_with_a_second_computation(family: str) -> None:
    for task in dependent_tasks(family, range(100, 112)):
        _compare(task, 40_000)


def _compare(task: population.Task, n: int) -> None:
    computed = [second_computation(part, n, 7 + i) for i, part in enumerate(parts(task.distribution))]
    error = float(np.linalg.norm([*(one for _, one in computed), task.standard_error]))
    total = sum(value for value, _ in computed)
    assert total == pytest.approx(task.mutual_information, abs=4.5 * error + 1e-6), task.description


@pytest.mark.slow
@pytest.mark.parametrize("family", WITHOUT_IMAGES)
def test_neighbours_find_the_truth_where_columns_are_few(family: str) -> None:
    """End to end, maps included: nearest neighbours read tasks of 1 + 1 columns, with 4,000 rows, to within 0.12."""
    read = 0
    for task in dependent_tasks(family, range(200, 320)):
        if task.dx > 1 or task.dz > 1 or task.mutual_information > 2.5 or read == 6:
            continue
        x, z = task.draw(4_000, seed=2)
        tied = len(np.unique(x)) < len(x) or (task.z_kind == "numbers" and len(np.unique(z)) < len(z))
        method = "ross" if task.z_kind == "labels" else "mixed_ksg" if tied else "ksg"
        if not tied:
            x = _ranks(x)
            z = z if task.z_kind == "labels" else _ranks(z)
        read += 1
        assert infoplane.estimate(x, z, method=method).nats == pytest.approx(task.mutual_information, abs=0.12)


def _ranks(column: np.ndarray) -> np.ndarray:
    return column[:, 0].argsort().argsort()[:, None] / len(column)


def test_images_come_with_a_range() -> None:
    task = dependent_tasks("digit_labels", range(5))[0]
    low, high = task.mutual_information_range
    assert 0.3 * high < low < high <= np.log(10)
    assert task.mutual_information == (low + high) / 2
    assert population.task("digit_labels", task.number).mutual_information_range == (low, high)


def test_a_sample_shows_no_image_twice() -> None:
    task = dependent_tasks("digit_pairs", range(5))[0]
    assert isinstance(task.distribution, DigitPairs)
    x, z = task.draw(1000, seed=0)
    assert len(np.unique(x, axis=0)) == 1000
    assert len(np.unique(z, axis=0)) == 1000
    with pytest.raises(ValueError, match="at most 2000 pairs"):
        task.draw(2001, seed=0)
