"""Work on a stream in several threads, results in the order of the stream."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from infoplane.runtime import available_cores

LOOKAHEAD = 8
"""Items in the making per thread: enough to keep threads busy over uneven items, few enough for large ones."""

Item = TypeVar("Item")
Result = TypeVar("Result")


def ordered_map(function: Callable[[Item], Result], items: Iterable[Item]) -> Iterator[Result]:
    """``map(function, items)``, computed ahead by one thread per core.

    Decoding and compressing images releases Python's lock, so threads do it in parallel. Items are taken from
    the iterable in the consumer's thread, ``LOOKAHEAD`` per thread ahead of the result that is handed out.
    """
    threads = available_cores()
    pending: deque[Future[Result]] = deque()
    with ThreadPoolExecutor(threads) as pool:
        try:
            for item in items:
                pending.append(pool.submit(function, item))
                if len(pending) >= threads * LOOKAHEAD:
                    yield pending.popleft().result()
            while pending:
                yield pending.popleft().result()
        finally:
            pool.shutdown(cancel_futures=True)
