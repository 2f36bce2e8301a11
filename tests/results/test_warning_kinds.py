"""The list of warning kinds knows the texts that the library writes, and sorts what is impossible to the top."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from infoplane.common.io import load_json
from infoplane.critics import crossfit
from infoplane.estimators import dependence_checks, groups, nearest_neighbours, noisy_channel, subsampling
from infoplane.plane import verdicts
from infoplane.results import summary
from infoplane.results.quantity import bracket, quantity
from infoplane.results.warning_kinds import KINDS, OTHER, kind_of

from made_results import NOT_CONVERGED, made

METRICS = Path(__file__).parents[2] / "metrics"


def training(**faults: bool) -> Any:
    """The critics of three folds, two of them with faults."""
    fine = {"diverged": False, "unconverged": False}
    return [SimpleNamespace(trained=SimpleNamespace(**fine | own)) for own in ({}, faults, faults)]


def compared(name: str, low: float, high: float, **changes: Any) -> list[str]:
    """What the comparison of one quantity with a bracket of 1 to 2 nats says."""
    value = quantity((low + high) / 2, low=low, high=high, n=10) | changes
    return summary._warnings_from_comparison(name, value, bracket(1.0, 0.01, 2.0, 0.01, ceiling=None, n=10))


def plane_row(estimator: str, i_x: float) -> dict[str, Any]:
    place = {"seed": 0, "epoch": 1, "layer": 1, "i_x_se": 0.0, "i_y_se": 0.0}
    return place | {"estimator": estimator, "i_x": i_x, "i_y": 0.5}


def single_classes() -> str:
    x = np.random.default_rng(0).normal(size=(40, 1))
    return nearest_neighbours.ross(x, [*([0] * 20), *([1] * 19), 2]).warnings[0]


def repeated_rows() -> tuple[str, ...]:
    points = np.random.default_rng(0).normal(size=(50, 2))
    return noisy_channel.brackets(np.concatenate([points, points]), [1.0])[0].warnings


WRITTEN = {
    "A value lies above what is possible": lambda: compared("mine", 1.5, 1.6, ceiling=1.0)[0],
    "A lower bound lies above the truth or above an upper bound": lambda: compared("aa_mine", 3.0, 3.1)[0],
    "Information is reported about shuffled labels": lambda: compared("shuffled", 0.1, 0.2)[0],
    "A critic diverged while it was trained": lambda: crossfit.warnings_of(training(diverged=True))[0],
    "No value was obtained": lambda: compared("mine", 1.0, 1.0, nats=None)[0],
    "Rows depend on each other": lambda: dependence_checks.Autocorrelation(0.9, 0.9, 19.0).warning(100),
    "Rows repeat others": lambda: repeated_rows()[0],
    "A critic was still improving when its training ended": lambda: crossfit.warnings_of(training(unconverged=True))[0],
    "The bracket is wide": lambda: noisy_channel._wide_warning(1.0, 9.0, 100)[0],
    "The value changes with the number of samples": lambda: subsampling.SamplingError(
        0.01, 0.0, 1.0, 0.5, 4, 50, "jackknife"
    ).warnings()[0],
    "A lower bound is far below what is known": lambda: compared("aa_mine", 0.1, 0.2)[0],
    "Too few samples": single_classes,
    "Constant columns were left out": lambda: crossfit.varying_columns(np.ones((5, 2)), "x")[1][0],
}  # fmt: skip


@pytest.mark.parametrize("title", WRITTEN)
def test_a_text_that_the_library_writes_is_of_its_kind(title: str) -> None:
    assert kind_of(WRITTEN[title]()).title == title


def test_the_information_plane_and_copies_too() -> None:
    rows = [plane_row("exact", 1.0), plane_row("critics", 2.0)]
    (above,) = verdicts.against_exact(rows)
    (loose,) = verdicts.against_exact([plane_row("exact", 1.0), plane_row("critics", 0.1)])
    assert kind_of(above).title == "A lower bound lies above the truth or above an upper bound"
    assert kind_of(loose).title == "A lower bound is far below what is known"
    note = groups.Copies(np.arange(3), np.array([0, 1, 2, 0])).note()
    assert kind_of(note).title == "Rows repeat others"


def test_the_made_up_runs_warn_in_the_librarys_words() -> None:
    assert crossfit.warnings_of(training(unconverged=True)) == [NOT_CONVERGED]
    texts = {warning.text for warning in summary.measurement_warnings(made().measured)}
    assert NOT_CONVERGED in texts
    assert OTHER not in {kind_of(text) for text in texts}


def test_every_warning_in_the_committed_metrics_is_of_a_kind() -> None:
    entries = [entry for stops in load_json(METRICS / "summary.json").values() for entry in stops.values()]
    planes = [load_json(file) for file in sorted((METRICS / "information_plane").glob("*.json"))]
    found = {text for content in (*entries, *planes) for text in content["warnings"]}
    assert found
    assert [text for text in found if kind_of(text) is OTHER] == []


def test_what_is_impossible_comes_first_and_notes_last() -> None:
    assert kind_of("above its ceiling: 2 nats, and the ceiling is 1 nats") is KINDS[0]
    assert [kind.is_note for kind in KINDS] == sorted(kind.is_note for kind in KINDS)
    assert kind_of("something new") is OTHER
