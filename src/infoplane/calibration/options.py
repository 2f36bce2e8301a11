"""Options of the suites: methods, sizes and critics."""

from __future__ import annotations

from dataclasses import dataclass

from infoplane.calibration.published import PublishedOptions
from infoplane.calibration.questions import QUESTIONS
from infoplane.critics.networks import CriticOptions

PUBLISHED = "published"
"""The original protocol, as the name of a method."""
SUITE_NAMES = tuple(QUESTIONS)
SMALL_CRITIC = CriticOptions(hidden=(64, 64), batch_size=256, max_steps=600, patience=6, folds=2)
"""A critic that is fast to train and large enough for a thousand samples."""
SMALL_PUBLISHED = PublishedOptions(hidden=(200, 200))
"""The published protocol with half the width of its smallest critic."""


@dataclass(frozen=True)
class SuiteOptions:
    """The methods, sizes and repeats of a suite."""

    methods: tuple[str, ...]
    """Names that ``infoplane.estimate`` takes; ``published`` is the original protocol."""
    samples: tuple[int, ...]
    """Pairs per sample; all sizes are tried."""
    repeats: int
    """Independent samples of each task and size."""
    dimensions: tuple[int, ...] = ()
    """Dimensions of the variables, as the suite defines them; () where it does not vary them."""
    levels: tuple[float, ...] = ()
    """A further quantity that the suite varies: correlation, distance, error, noise or nats."""

    def __post_init__(self) -> None:
        if not self.methods or not self.samples or self.repeats < 1:
            raise ValueError(
                f"methods {self.methods}, samples {self.samples}, repeats {self.repeats} given; "
                "expected at least one of each"
            )
        if any(n < 8 for n in self.samples):
            raise ValueError(f"samples: {self.samples} given; expected at least 8 pairs")


@dataclass(frozen=True)
class Settings:
    """Everything that a run of a suite depends on, besides the code."""

    suite: SuiteOptions
    critic: CriticOptions = SMALL_CRITIC
    """Of mine, nwj, infonce, smile and probe; auto and the published protocol have their own."""
    published: PublishedOptions = SMALL_PUBLISHED
    seed: int = 0
