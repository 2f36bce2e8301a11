"""How large a suite is: one set of options for all of them."""

from __future__ import annotations

from dataclasses import dataclass

from infoplane.calibration.published import PublishedOptions
from infoplane.critics.networks import CriticOptions

PUBLISHED = "published"
"""The original protocol, as the name of a method."""
SUITE_NAMES = (
    "gaussians", "mixtures", "infinity", "tishby", "high", "discrete",
    "images", "independent", "consistency", "protocol", "samples",
)  # fmt: skip
SMALL_CRITIC = CriticOptions(hidden=(64, 64), batch_size=256, max_steps=600, patience=6, folds=2)
"""Enough for a thousand samples, and quick."""
SMALL_PUBLISHED = PublishedOptions(hidden=(200, 200))
"""The published protocol with half the width of its smallest critic."""


@dataclass(frozen=True)
class SuiteOptions:
    """What a suite tries, and how often."""

    methods: tuple[str, ...]
    """Names that ``infoplane.estimate`` takes; ``published`` is the original protocol."""
    samples: tuple[int, ...]
    """Pairs per sample; all sizes are tried."""
    repeats: int
    """Independent samples of each task and size."""
    dimensions: tuple[int, ...] = ()
    """The suite says what they are the dimensions of; () where it has none to vary."""
    levels: tuple[float, ...] = ()
    """What else the suite varies: correlation, distance, error, nats."""

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
