"""What every stage does around its work: parameters, one writer at a time, honest errors, a run log."""

from __future__ import annotations

import argparse
import contextlib
import fcntl
import gc
import os
import platform
import sys
import time
from collections.abc import Callable, Iterator
from importlib import metadata
from pathlib import Path

from infoplane.common import io
from infoplane.common.compute import PACKAGES
from infoplane.params.section import read_keys

TOP = Path(__file__).resolve().parents[1]
LOCKS = TOP / ".stage-locks"
RUN_LOG = TOP / "metrics" / "runlog"
LOGGED = ("infoplane", *PACKAGES.values(), "pandas", "tensorflow-datasets", "dvc")
"""Packages whose versions the run log holds."""


def run(stage: str, work: Callable[[argparse.Namespace], None], parser: argparse.ArgumentParser) -> None:
    """Run ``work`` with the parsed command line as the only writer of the outputs; what is wrong ends it in a line.

    That is a ValueError, or an OSError such as that of a full disk.

    Options whose names begin with ``out`` are outputs: leftovers of a killed run, beside them and in the run log, are
    removed first.
    """
    arguments = parser.parse_args()
    outputs = [value for name, value in vars(arguments).items() if name.startswith("out")]
    cell = getattr(arguments, "cell", None)
    name = f"{stage}@{cell}" if cell else stage
    try:
        check_parameters()
        check_versions(stage)
        with only_writer(name):
            for output in (*outputs, RUN_LOG / f"{name}.*"):
                io.remove_leftovers(output)
            started, cpu = time.time(), time.process_time()
            with live_progress(name):
                work(arguments)
            log_run(name, time.time() - started, time.process_time() - cpu)
    except (ValueError, OSError) as error:
        for line in str(error).splitlines():
            print(f"{name}: {line}", file=sys.stderr)
        sys.exit(2)
    finally:
        gc.freeze()  # Python's last collection would walk all that TensorFlow's import made, for two seconds


def check_parameters() -> None:
    """Validate all of ``params.yaml``, other stages' sections too: a typo stops the first stage, not the last.

    The check can only refuse, so no result depends on it: stages.closure leaves it out.
    """
    from infoplane.params import check

    check.check()
    read_keys.clear()


def check_versions(stage: str, folder: Path = TOP / "data" / "code") -> None:
    """Refuse to run with other versions of the numerical packages than those that the stage ``code`` wrote down.

    DVC sees constraints.txt but not what is installed: a result would pass for one of the versions in the file.

    Raises:
        ValueError: a package has another version, or is not installed.
    """
    file = folder / f"{stage}.json"
    if not file.exists():  # the stage `code` itself, or a stage that was started without DVC
        return
    for package, expected in io.load_json(file)["packages"].items():
        installed = installed_version(package)
        if installed != expected:
            raise ValueError(
                f"{package} {installed} is installed, expected {expected} as in {file.relative_to(folder.parents[1])}; "
                "to take up what is installed, run `dvc repro --force --single-item code`"
            )


def installed_version(package: str) -> str | None:
    """The version of an installed package, None where it is not installed."""
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def live_progress(name: str) -> contextlib.AbstractContextManager[None]:
    """Live progress into the run log; left out for the same reason, since it sees results but makes none."""
    from stages import watch

    return watch.watched(RUN_LOG / "live" / name)


@contextlib.contextmanager
def only_writer(name: str) -> Iterator[None]:
    """Hold the lock of this stage and cell in this checkout.

    DVC, when killed, leaves its child running; the next run waits here until that child has ended instead of
    writing the same files beside it. The system frees the lock of a process that dies.
    """
    LOCKS.mkdir(exist_ok=True)
    with (LOCKS / name).open("a+") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            handle.seek(0)
            print(f"{name}: waiting for process {handle.read().strip()}, which still runs this stage", file=sys.stderr)
            fcntl.flock(handle, fcntl.LOCK_EX)
        handle.seek(0)
        handle.truncate()
        handle.write(f"{os.getpid()}\n")
        handle.flush()
        yield


def log_run(name: str, wall: float, cpu: float) -> None:
    """Write what the run took and where to the run log, which is neither a metric nor a dependency."""
    entry = {
        "stage": name,
        "finished": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
        "wall_seconds": wall,
        "cpu_seconds": cpu,
        "cores": os.cpu_count(),
        "machine": platform.platform(),
        "python": platform.python_version(),
        "versions": versions(),
        "keys_read": sorted(read_keys),
    }
    io.save_json(RUN_LOG / f"{name}.json", entry)


def versions() -> dict[str, str]:
    """Versions of the numerical packages, by name; those not installed are left out."""
    found = {package: installed_version(package) for package in LOGGED}
    return {package: version for package, version in found.items() if version is not None}


def options(
    description: str | None, *, outputs: tuple[str, ...], inputs: tuple[str, ...] = (), cell: str | None = None
) -> argparse.ArgumentParser:
    """A parser with a path option for each input and output, and the option that names the cell, if there is one."""
    parser = argparse.ArgumentParser(description=description)
    if cell is not None:
        parser.add_argument(f"--{cell}", dest="cell", required=True, metavar="NAME")
    for name in (*inputs, *outputs):
        parser.add_argument(f"--{name}", type=Path, required=True, metavar="PATH")
    return parser
