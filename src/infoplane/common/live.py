"""Progress of long work as it happens, for whoever watches: epochs of a classifier, looks at a critic.

Nobody watches by default. The stages of the pipeline let DVCLive watch (``stages/watch.py``); what is reported never
changes what is computed.
"""

from __future__ import annotations

import contextlib
import itertools
import threading
from collections.abc import Callable, Iterator, Mapping

Watcher = Callable[[str, int, Mapping[str, float]], None]
"""Gets a series' name, its step and its values, from one thread at a time."""

_watchers: list[Watcher] = []
_lock = threading.Lock()
_numbers = itertools.count(1)


def report(series: str, step: int, values: Mapping[str, float]) -> None:
    """Tell every watcher."""
    if _watchers:
        with _lock:
            for watcher in _watchers:
                watcher(series, step, values)


def numbered(series: str) -> str:
    """The series' name with a number that no other of this process has."""
    return f"{series}-{next(_numbers)}"


@contextlib.contextmanager
def watched(watcher: Watcher) -> Iterator[None]:
    """Let a watcher see what this process reports."""
    _watchers.append(watcher)
    try:
        yield
    finally:
        _watchers.remove(watcher)
