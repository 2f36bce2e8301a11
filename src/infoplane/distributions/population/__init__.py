"""A population of random tasks whose mutual information is known.

Each family draws task after task: sizes, columns, parameters and the information itself are random, a tenth of the
tasks are independent, and the truth comes with each. What is learned or tuned on some families and numbers is judged
on others: :data:`DESIGN` and :data:`HELD_OUT` split the families, :data:`DESIGN_NUMBERS` and
:data:`EVALUATION_NUMBERS` the numbers of their tasks. Rows are independent; time-ordered data are out of scope.

    >>> from infoplane.distributions import population
    >>> task = population.task("archimedean_pairs", 17)
    >>> x, z = task.sample(seed=0)
"""

from __future__ import annotations

from infoplane.common import seeds
from infoplane.distributions.independent import Independent
from infoplane.distributions.population.draws import SHARE_INDEPENDENT, rows
from infoplane.distributions.population.registry import DESIGN, FAMILIES, HELD_OUT
from infoplane.distributions.population.task import Family, Task

DESIGN_NUMBERS = range(10_000)
"""Numbers of the tasks on which an estimator may be built, tuned and learned (of design families)."""
EVALUATION_NUMBERS = range(10_000, 20_000)
"""Numbers of the tasks that judge it, of either kind of family."""

__all__ = [
    "DESIGN",
    "DESIGN_NUMBERS",
    "EVALUATION_NUMBERS",
    "FAMILIES",
    "HELD_OUT",
    "Family",
    "Task",
    "task",
]


def task(family: str, number: int) -> Task:
    """Task ``number`` of a family; the same on every call.

    Raises:
        ValueError: a family that does not exist, or a negative number.
    """
    if family not in FAMILIES:
        raise ValueError(f"family: {family!r} given, expected one of {', '.join(FAMILIES)}")
    if number < 0:
        raise ValueError(f"number: {number} given, expected a whole number of at least 0")
    rng = seeds.generator(0, "population", family, number)
    n, independent = rows(rng), rng.random() < SHARE_INDEPENDENT
    drawn = FAMILIES[family].draw(rng)
    n = min(n, drawn.most_rows or n)
    if independent:
        distribution = Independent(drawn.distribution, drawn.distribution)
        return Task(family, number, n, distribution, f"independent; each side like: {drawn.description}")
    return Task(family, number, n, drawn.distribution, drawn.description)
