"""Runs a suite from the command line: sizes from its options, progress on standard error, a table as text."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from functools import partial
from typing import Any

from infoplane.calibration.options import Settings, SuiteOptions
from infoplane.calibration.outcome import Outcome
from infoplane.calibration.questions import QUESTIONS
from infoplane.calibration.samples import samples
from infoplane.calibration.suites import suite
from infoplane.common import validation
from infoplane.common.aliases import Array


@dataclass(frozen=True)
class Choice:
    """The arguments of the command line; with None and () the suite's own sizes are used."""

    suite: str
    methods: tuple[str, ...] = ()
    samples: int | None = None
    repeats: int | None = None
    full: bool = False
    seed: int = 0
    data: tuple[Array, Array] | None = None
    """The user's own x and z, for the suite ``samples``."""


def questions() -> dict[str, str]:
    """The question of each suite, by its name."""
    return dict(QUESTIONS)


def run(choice: Choice) -> Outcome:
    """Run a suite.

    Raises:
        ValueError: no such suite or method, sizes out of range, data for another suite than ``samples``.
    """
    from tqdm import tqdm

    chosen = suite(choice.suite)
    settings = Settings(
        _sizes(choice, chosen.full if choice.full else chosen.small), seed=validation.root_seed(choice.seed)
    )
    progress = partial(tqdm, desc=choice.suite, leave=False)
    data = None if choice.data is None else _user_data(choice)
    return chosen.run(settings, progress) if data is None else samples(settings, progress, data)


def _sizes(choice: Choice, base: SuiteOptions) -> SuiteOptions:
    given: dict[str, Any] = {
        "methods": choice.methods or None,
        "samples": None if choice.samples is None else (choice.samples,),
        "repeats": choice.repeats,
    }
    return dataclasses.replace(base, **{name: value for name, value in given.items() if value is not None})


def _user_data(choice: Choice) -> tuple[Array, Array]:
    if choice.suite != "samples":
        raise ValueError(f"suite {choice.suite} given with samples of your own; expected the suite `samples`")
    assert choice.data is not None
    x, z = choice.data
    validation.require_same_length(validation.samples(x, "x"), validation.samples(z, "z"))
    return x, z


def text(outcome: Outcome) -> str:
    """A table of the methods: bias, RMSE, coverage; of suites without these, all their metrics."""
    if "methods" not in outcome.metrics or outcome.suite == "consistency":
        return "\n".join(_indented_lines(outcome.metrics))
    lines = [f"{'method':<26}{'bias':>9}{'RMSE':>9}{'coverage':>10}{'missing':>9}  kind"]
    for name, score in outcome.metrics["methods"].items():
        numbers = f"{_number(score['bias']):>9}{_number(score['rmse']):>9}{_share(score['coverage']):>10}"
        lines.append(f"{name:<26}{numbers}{score['missing']:>9}  {(score['kind'] or '-').replace('_', ' ')}")
    return "\n".join(lines)


def _indented_lines(values: dict[str, Any], indent: str = "") -> list[str]:
    lines = []
    for key, value in values.items():
        if isinstance(value, dict):
            lines += [f"{indent}{key}", *_indented_lines(value, indent + "  ")]
        else:
            lines.append(f"{indent}{key}: {value if isinstance(value, str) else _number(value)}")
    return lines


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.4g}"


def _share(value: float | None) -> str:
    return "-" if value is None else f"{100 * value:.0f} %"
