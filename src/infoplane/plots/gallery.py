"""Every figure of a run, drawn from what its stages wrote: the one way for a figure into files and report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path

from infoplane.calibration.outcome import Outcome
from infoplane.common import io
from infoplane.plots import calibration_pictures, encoder_pictures, plane_pictures
from infoplane.plots.picture import Picture


@dataclass(frozen=True)
class Gallery:
    """The figures of a run by what they show."""

    encoders: Sequence[Picture] = ()
    """Comparisons of the encoders."""
    critics: Sequence[Picture] = ()
    """Learning curves, one picture per encoder."""
    planes: Mapping[str, Sequence[Picture]] = field(default_factory=dict)
    """Information planes, by network."""
    suites: Mapping[str, Sequence[Picture]] = field(default_factory=dict)
    """Calibration, by suite."""

    def save(self, folder: Path) -> None:
        """Write the wide form of every figure into a folder, as ``<name>.svg``."""
        grouped = (self.encoders, self.critics, *self.planes.values(), *self.suites.values())
        for picture in chain.from_iterable(grouped):
            io.save_text(folder / f"{picture.name}.svg", picture.wide)


def draw_all(
    encoders: encoder_pictures.Material,
    planes: Mapping[str, plane_pictures.Material],
    suites: Mapping[str, Outcome],
) -> Gallery:
    """Draw every figure of the encoders, of the networks' information planes and of the calibration suites."""
    return Gallery(
        encoder_pictures.comparisons(encoders),
        encoder_pictures.learning_curves(encoders),
        {network: plane_pictures.pictures(network, material) for network, material in planes.items()},
        {name: calibration_pictures.pictures(outcome) for name, outcome in suites.items()},
    )
