"""``calibrate``: which suites run, and how large they are."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field, field_validator

from infoplane.calibration.options import PUBLISHED, SUITE_NAMES, Settings, SuiteOptions
from infoplane.calibration.published import PublishedOptions
from infoplane.critics.networks import CriticOptions
from infoplane.estimators.registry import METHODS
from infoplane.params.critics import CriticSettings
from infoplane.params.section import FloatTuple, IntTuple, NameTuple, Options, Section


class PublishedSettings(Options):
    """Options of the original protocol, with which the methods are compared."""

    hidden: IntTuple
    steps: int = Field(ge=1)
    learning_rate: float = Field(gt=0)


class SuiteSettings(Options):
    """What one suite tries, and how often."""

    methods: NameTuple
    samples: IntTuple
    repeats: int = Field(ge=1)
    dimensions: IntTuple
    levels: FloatTuple

    @field_validator("methods")
    @classmethod
    def _known(cls, methods: tuple[str, ...]) -> tuple[str, ...]:
        allowed = (*METHODS, PUBLISHED)
        unknown = [name for name in methods if name not in allowed]
        if unknown or not methods:
            raise ValueError(f"expected one or more of {', '.join(allowed)}")
        return methods

    @field_validator("samples")
    @classmethod
    def _enough(cls, samples: tuple[int, ...]) -> tuple[int, ...]:
        if not samples or any(n < 100 for n in samples):
            raise ValueError("expected one or more sizes of at least 100")
        return samples

    @field_validator("dimensions")
    @classmethod
    def _positive(cls, dimensions: tuple[int, ...]) -> tuple[int, ...]:
        if any(dimension < 1 for dimension in dimensions):
            raise ValueError("expected dimensions of at least 1, or [] where the suite has none")
        return dimensions


class Calibrate(Section):
    """The suites and what they share (see params.yaml)."""

    key: ClassVar[str] = "calibrate"

    suites: NameTuple
    full: bool
    critic: CriticSettings
    published: PublishedSettings
    gaussians: SuiteSettings
    mixtures: SuiteSettings
    infinity: SuiteSettings
    tishby: SuiteSettings
    high: SuiteSettings
    discrete: SuiteSettings
    images: SuiteSettings
    independent: SuiteSettings
    determined: SuiteSettings
    consistency: SuiteSettings
    protocol: SuiteSettings
    samples: SuiteSettings

    @field_validator("suites")
    @classmethod
    def _suites(cls, suites: tuple[str, ...]) -> tuple[str, ...]:
        if any(name not in SUITE_NAMES for name in suites) or len(set(suites)) < len(suites):
            raise ValueError(f"expected none or some of {', '.join(SUITE_NAMES)}, each once")
        return suites

    def settings(self, suite: str, full: SuiteOptions, seed: int) -> Settings:
        """The settings of a run of one suite; ``full`` are its sizes if ``calibrate.full`` is true."""
        own: SuiteSettings = getattr(self, suite)
        return Settings(
            suite=full if self.full else SuiteOptions(**own.model_dump()),
            critic=CriticOptions(**self.critic.model_dump()),
            published=PublishedOptions(**self.published.model_dump()),
            seed=seed,
        )
