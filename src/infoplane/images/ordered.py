"""Maps a function over a stream in several threads; the results keep the order of the stream."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from infoplane.common.runtime import available_cores

LOOKAHEAD = 8
"""Items in progress per thread: enough to keep threads busy with uneven items, few enough to fit in memory."""

Item = TypeVar("Item")
Result = TypeVar("Result")


def ordered_map(
    function: Callable[[Item], Result], items: Iterable[Item], threads: int | None = None, ahead: int = LOOKAHEAD
) -> Iterator[Result]:
    """``map(function, items)``, computed ahead by several threads.

    Decoding and compressing images releases Python's lock, so threads do it in parallel. Items are taken from
    the iterable in the consumer's thread, ``ahead`` per thread before the result that is returned.

    Args:
        function: what is done to each item.
        items: a stream.
        threads: one per core unless given.
        ahead: items in progress per thread.
    """
    threads = threads or available_cores()
    pending: deque[Future[Result]] = deque()
    with ThreadPoolExecutor(threads) as pool:
        try:
            for item in items:
                pending.append(pool.submit(function, item))
                if len(pending) >= threads * ahead:
                    yield pending.popleft().result()
            while pending:
                yield pending.popleft().result()
        finally:
            pool.shutdown(cancel_futures=True)
