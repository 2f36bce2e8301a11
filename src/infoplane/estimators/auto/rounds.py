"""Who fits, who selects and who reports: parts of the rows that take turns, groups of rows undivided."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from infoplane.common import seeds
from infoplane.common.aliases import IntArray
from infoplane.estimators.auto import constants


@dataclass(frozen=True)
class Round:
    """Row numbers of one turn."""

    fit: IntArray
    select: IntArray
    report: IntArray


def rounds(n: int, seed: int, groups: IntArray | None = None) -> list[Round]:
    """Every row reports once (but for very many), in a round whose other parts know nothing of its group.

    Args:
        n: number of rows.
        seed: of the division.
        groups: number of each row's group, shape (n,), or None if every row is its own.
    """
    random = seeds.generator(seed, "auto", "folds")
    names, member = np.unique(np.arange(n) if groups is None else groups, return_inverse=True)
    shares = constants.SELECTING_OF_FEW if len(names) <= constants.FEW_ROWS else constants.SELECTING_OF_MANY
    part = (random.permutation(len(names)) % (constants.ROUNDS * shares))[member]
    result = []
    for number in range(constants.ROUNDS):
        report = part // shares == number
        select = ~report & (part % shares == number)
        result.append(
            Round(
                _some(~report & ~select, constants.MOST_FIT, random),
                _some(select, constants.MOST_SELECT, random),
                _some(report, constants.MOST_REPORT, random),
            )
        )
    return result


def _some(mask: npt.NDArray[np.bool_], most: int, random: np.random.Generator) -> IntArray:
    rows = np.flatnonzero(mask)
    return rows if len(rows) <= most else np.sort(random.choice(rows, most, replace=False))
