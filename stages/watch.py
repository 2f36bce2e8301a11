"""Live progress of a stage through DVCLive: ``metrics/runlog/live/<stage>``, which is neither metric nor dependency."""

from __future__ import annotations

import contextlib
import logging
import shutil
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from infoplane.common import live

SECONDS_BEFORE = 5.0
"""Stages that end sooner need no watching, and DVCLive takes a second to import."""


class LiveWatcher:
    """Writes what the library reports as DVCLive's plots; a failure to do so ends the watching, not the stage."""

    def __init__(self, folder: Path, seconds_before: float = SECONDS_BEFORE) -> None:
        self._folder, self._begin = folder, time.monotonic() + seconds_before
        self._live: Any = None
        self._failed = False

    def __call__(self, series: str, step: int, values: Mapping[str, float]) -> None:
        """Append the values of a series, and rewrite the summary of the latest ones."""
        if self._failed or time.monotonic() < self._begin:
            return
        try:
            if self._live is None:
                self._live = _opened(self._folder)
            self._live.step = step
            for name, value in values.items():
                self._live.log_metric(f"{series}/{name}", float(value))
            self._live.make_summary()
        except Exception as error:
            self._failed = True
            logging.getLogger(__name__).warning("no live progress: %s", error)


def _opened(folder: Path) -> Any:
    logging.getLogger("dvclive").setLevel(logging.ERROR)
    from dvclive import Live

    return Live(str(folder), report=None, save_dvc_exp=False, dvcyaml=None, monitor_system=False)


@contextlib.contextmanager
def watched(folder: Path) -> Iterator[None]:
    """Write the live progress of the work inside to a folder, which an earlier run may have left."""
    shutil.rmtree(folder, ignore_errors=True)
    with live.watching(LiveWatcher(folder)):
        yield
