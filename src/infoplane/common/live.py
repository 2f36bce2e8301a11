"""Progress of long computations while they run: epochs of a classifier, checkpoints of a critic.

By default nothing receives it. The stages of the pipeline pass it to DVCLive (``stages/watch.py``). It never changes
what is computed.
"""

from __future__ import annotations

import contextlib
import itertools
import threading
from collections.abc import Callable, Iterator, Mapping

Watcher = Callable[[str, int, Mapping[str, float]], None]
"""A function of the name of a series, its step and its values; called from one thread at a time."""

_watchers: list[Watcher] = []
_lock = threading.Lock()
_numbers = itertools.count(1)


def publish(series: str, step: int, values: Mapping[str, float]) -> None:
    """Pass the values of one step of a series to every watcher."""
    if _watchers:
        with _lock:
            for watcher in _watchers:
                watcher(series, step, values)


def unique_name(series: str) -> str:
    """The name of a series with a number that no other series of this process has."""
    return f"{series}-{next(_numbers)}"


@contextlib.contextmanager
def watching(watcher: Watcher) -> Iterator[None]:
    """Call ``watcher`` for all progress of this process while the context is open."""
    _watchers.append(watcher)
    try:
        yield
    finally:
        _watchers.remove(watcher)
