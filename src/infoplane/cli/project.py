"""``infoplane calibrate`` and ``profile``."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from infoplane.cli.output import Command, declare_json, name_and_text, naming_files, print_json

if TYPE_CHECKING:
    from infoplane.calibration.outcome import Outcome


def _declare_calibrate(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("suite", nargs="?", help="a suite of tasks; without one, the suites are listed")
    parser.add_argument("x", nargs="?", help="suite `samples` only: your own samples of X, .npy, .npz:name or .csv")
    parser.add_argument("z", nargs="?", help="and of Z, paired with x")
    parser.add_argument("--method", action="append", metavar="NAME", help="try this method; may be given several times")
    parser.add_argument("--samples", type=int, metavar="N", help="pairs per sample")
    parser.add_argument("--repeats", type=int, metavar="R", help="fresh samples of each task")
    parser.add_argument("--full", action="store_true", help="sizes to build on, which take hours")
    parser.add_argument("--seed", type=int, default=0, help="the same seed gives the same values (default: 0)")
    parser.add_argument("--out", type=Path, metavar="FOLDER", help="write the tables and the figures here")
    declare_json(parser)


def _run_calibrate(arguments: argparse.Namespace) -> None:
    from infoplane.calibration import command
    from infoplane.common.files import open_samples

    if arguments.suite is None:
        listed = command.questions()
        if arguments.json:
            print_json(listed)
        else:
            print("\n".join(name_and_text(name, f" {question}") for name, question in listed.items()))
        return
    if (arguments.x is None) != (arguments.z is None):
        raise ValueError("z: missing; expected two files of samples, x.npy and z.npy")
    data = None if arguments.x is None else (open_samples(arguments.x), open_samples(arguments.z))
    chosen = command.Choice(
        arguments.suite, tuple(arguments.method or ()), arguments.samples, arguments.repeats, arguments.full,
        arguments.seed, data,
    )  # fmt: skip
    with naming_files({"x": arguments.x, "z": arguments.z}):
        outcome = command.run(chosen)
    if arguments.out is not None:
        _write_suite(arguments.out, outcome)
    if arguments.json:
        print_json(outcome.metrics)
    else:
        print(command.text(outcome))


def _write_suite(folder: Path, outcome: Outcome) -> None:
    from infoplane.calibration import tables
    from infoplane.report import suite_page

    folder.mkdir(parents=True, exist_ok=True)
    tables.write(folder, outcome)
    suite_page.write(folder, outcome)


def _declare_profile(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", nargs="?", help="a profile; without one, the profiles are listed")
    parser.add_argument("--force", action="store_true", help="lose changes of params.yaml that are not committed")


def _run_profile(arguments: argparse.Namespace) -> None:
    from infoplane.params import profiles

    if arguments.name is None:
        print("\n".join(profiles.names(Path())))
        return
    profiles.write(arguments.name, Path(), force=arguments.force)
    print(f"params.yaml: now that of profile {arguments.name}", file=sys.stderr)


COMMANDS = (
    Command("calibrate", "Try estimators on tasks whose information is known.", _declare_calibrate, _run_calibrate),
    Command("profile", "Write params.yaml from a named profile of this checkout.", _declare_profile, _run_profile),
)
