"""Validates the whole of ``params.yaml``, so that an error in any section stops the first stage and not the last.

Every stage calls this first. It only raises errors and does not change a result, so it is not a dependency of the
stages in ``dvc.yaml`` (see ``stages/common.py``).
"""

from __future__ import annotations

import sys
from pathlib import Path

from infoplane.encoders import registry as encoders
from infoplane.encoders.network_files import NetworkFile
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
        ValueError: a line for each key that is missing, unknown or has a wrong value.
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
    problems += [
        f"{path}: {key}: no such section; expected one of {', '.join(known)}" for key in data if key not in known
    ]
    attempt(lambda: read_seed(path), *(lambda section=section: section.load(path) for section in SECTIONS))
    attempt(lambda: _check_encoders(path))
    if problems:
        raise ValueError("\n".join(dict.fromkeys(problems)))


def _check_encoders(path: Path) -> None:
    names = load_encoders(path)
    if Data.load(path).source == "arrays":
        for name in names:
            _check_name(path, name)
            load_encoder_options(name, path)
        return
    for name in names:
        _check_encoder(path, name, _LARGEST_IMAGE)
    size = Embed.load(path).image_size
    for name in names:
        _check_encoder(path, name, load_encoder_options(name, path).image_size or size)


def _check_name(path: Path, name: str) -> None:
    try:
        encoders.check_name(name)
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from None


def _check_encoder(path: Path, name: str, image_size: int) -> None:
    given = name in (read_yaml(path).get("encoder_options") or {})
    file = network_file(name, path) if given else None
    try:
        encoders.check(name, image_size, file)
    except ValueError as error:
        where = "" if str(error).startswith(("encoder_options.", "encoders:")) else "encoders: "
        raise ValueError(f"{path}: {where}{error}") from None
    if not given:  # after the other checks: an unknown name is a likelier mistake than a missing entry
        load_encoder_options(name, path)


def network_file(name: str, path: Path = PARAMS_FILE) -> NetworkFile | None:
    """The file that one encoder is made from, None without one."""
    options = load_encoder_options(name, path).file()
    return None if options is None else NetworkFile(**options)  # type: ignore[arg-type]


def check_files(path: Path = PARAMS_FILE) -> None:
    """Check that the folders which DVC watches, and every file that an encoder is made from, exist.

    Raises:
        ValueError: a line for each that is missing.
    """
    folders = {"data.path": Data.load(path).path, "embed.path": Embed.load(path).path}
    problems = [
        f"{path}: {key}: {value}: {why}" for key, value in folders.items() if (why := _input_problem(Path(value)))
    ]
    if problems:
        raise ValueError("\n".join(problems))
    for name in load_encoders(path):
        try:
            if (file := network_file(name, path)) is not None:
                file.original(name, Path(folders["embed.path"]))
        except ValueError as error:
            problems.append(f"{path}: {error}")
    if problems:
        raise ValueError("\n".join(problems))


def _input_problem(folder: Path) -> str | None:
    """Why DVC cannot watch a folder; None if it can."""
    if not folder.is_dir():
        return "no such folder; expected one that exists"
    if Path.cwd().is_relative_to(folder.resolve()):
        return "this checkout lies in it, results and all; expected a folder of its own"
    return None


def main() -> int:
    """Check ``params.yaml`` in the current folder and the files it names; problems go to standard error."""
    try:
        check()
        check_files()
    except ValueError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
