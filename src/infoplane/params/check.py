"""Validates the whole of ``params.yaml``, so that a typo in any section stops the first stage and not the last.

Stages call this before their work. It can refuse, but nothing it computes reaches a result; so it is no
dependency of theirs in ``dvc.yaml`` (see ``stages/common.py``).
"""

from __future__ import annotations

import sys
from pathlib import Path

from infoplane import encoders
from infoplane.params.calibrate import Calibrate
from infoplane.params.classifier import Classifier
from infoplane.params.data import Data
from infoplane.params.embed import Embed
from infoplane.params.encoders import load_encoder_options, load_encoders
from infoplane.params.measure import Measure
from infoplane.params.plane import InformationPlane
from infoplane.params.section import PARAMS_FILE, Section, read_seed, read_yaml

SECTIONS: tuple[type[Section], ...] = (Data, Embed, Classifier, Measure, Calibrate, InformationPlane)
_LARGEST_IMAGE = 2048
_OTHER_KEYS = ("seed", "encoders", "encoder_options")


def check(path: Path = PARAMS_FILE) -> None:
    """Validate every section.

    Raises:
        ValueError: a line for each key that is missing, unknown or has a value that is not allowed.
    """
    problems: list[str] = []

    def attempt(*checks: object) -> None:
        for one in checks:
            try:
                one()  # type: ignore[operator]
            except ValueError as error:
                problems.append(str(error))

    data = read_yaml(path)
    known = [*_OTHER_KEYS, *(section.key for section in SECTIONS)]
    problems += [f"{path}: {key}: no such section; allowed are {', '.join(known)}" for key in data if key not in known]
    attempt(lambda: read_seed(path), *(lambda section=section: section.load(path) for section in SECTIONS))
    attempt(lambda: _check_encoders(path))
    if problems:
        raise ValueError("\n".join(dict.fromkeys(problems)))


def _check_encoders(path: Path) -> None:
    names = load_encoders(path)
    for name in names:
        _check_encoder(path, name, _LARGEST_IMAGE)
    size = Embed.load(path).image_size
    for name in names:
        _check_encoder(path, name, load_encoder_options(name, path).image_size or size)


def _check_encoder(path: Path, name: str, image_size: int) -> None:
    try:
        encoders.check(name, image_size)
    except ValueError as error:
        raise ValueError(f"{path}: encoders: {error}") from None


def main() -> int:
    """Check ``params.yaml`` in the current folder; problems go to standard error."""
    try:
        check()
    except ValueError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
