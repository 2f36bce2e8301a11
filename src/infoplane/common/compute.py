"""Pieces of a measurement, worked on here or handed to a Dask cluster: the same numbers either way.

Nothing here depends on what is measured. ``INFOPLANE_SCHEDULER`` in the environment names a running Dask scheduler;
it is no parameter of the pipeline, since it must not change a result. Pieces are functions of their arguments alone
(each derives its own random stream), so a piece whose worker died is simply done again by another.
"""

from __future__ import annotations

import hashlib
import os
import platform
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache, partial
from importlib.metadata import version
from pathlib import Path
from typing import Any, TypeVar

SCHEDULER = "INFOPLANE_SCHEDULER"
_CONNECT_SECONDS = 10
_AHEAD = 3
"""Pieces under way for each worker: enough to keep it busy, few enough for results to fit in memory."""
_PACKAGES = ("numpy", "scipy", "tensorflow", "keras", "pillow")
"""Whose versions may change the last digits."""

_worker = threading.local()

Item = TypeVar("Item")
Result = TypeVar("Result")


def distributed() -> bool:
    """Whether pieces of work go to a cluster; a worker does its piece itself."""
    return bool(os.environ.get(SCHEDULER)) and not getattr(_worker, "busy", False)


def ordered(function: Callable[[Item], Result], items: Sequence[Item]) -> Iterator[Result]:
    """``map(function, items)``, each item a piece of work for the cluster; without one, done here one by one.

    Args:
        function: depends on its argument and on what is bound to it alone; what is bound is sent to a worker once.
        items: small descriptions of the pieces.

    Yields:
        The results in the order of the items, a few pieces ahead of the consumer.

    Raises:
        ValueError: the scheduler does not answer, has no workers, or they run other code or other packages; or what
            the function raises.
    """
    if not distributed():
        yield from map(function, items)
        return
    client = _client()
    # Not scattered: what a dead worker held must come again from the scheduler.
    shared = client.submit(_itself, function, pure=False)
    window = _AHEAD * max(1, len(client.scheduler_info(n_workers=-1)["workers"]))
    pending: deque[Any] = deque()
    for item in items:
        pending.append(client.submit(_apply, shared, item, identity(), pure=False))
        if len(pending) >= window:
            yield _result(pending.popleft())
    while pending:
        yield _result(pending.popleft())


def call(function: Callable[..., Result], *arguments: Any, **options: Any) -> Result:
    """``function(*arguments, **options)`` as one piece of work; see :func:`ordered`."""
    return next(iter(ordered(partial(_call, function, arguments, options), [None])))


def together(*functions: Callable[[], Any]) -> list[Any]:
    """The results of several functions, in order.

    With a cluster all of them run at once, each in a thread here that waits for the pieces it hands out; without
    one they run one after another, since each keeps all cores busy by itself.
    """
    if not distributed():
        return [function() for function in functions]
    with ThreadPoolExecutor(len(functions)) as pool:
        waiting = [pool.submit(function) for function in functions]
        return [one.result() for one in waiting]


@cache
def identity() -> str:
    """What must agree between here and a worker: the library's code, Python, and the packages that compute."""
    top = Path(__file__).parents[1]
    digest = hashlib.sha256()
    for file in sorted(top.rglob("*.py")):
        digest.update(file.relative_to(top).as_posix().encode() + b"\0" + file.read_bytes() + b"\0")
    versions = [f"{name} {version(name)}" for name in _PACKAGES]
    return ", ".join([f"infoplane {digest.hexdigest()[:12]}", f"Python {platform.python_version()}", *versions])


def _apply(function: Callable[[Any], Result], item: Any, wanted: str) -> Result:
    """On the worker."""
    if (found := identity()) != wanted:
        raise ValueError(
            f"{SCHEDULER}: a worker on {platform.node()} runs {found}; this process runs {wanted}; "
            "start the workers from this checkout and environment"
        )
    _worker.busy = True
    try:
        return function(item)
    finally:
        _worker.busy = False


def _itself(value: Result) -> Result:
    return value


def _call(function: Callable[..., Result], arguments: tuple[Any, ...], options: dict[str, Any], _: None) -> Result:
    return function(*arguments, **options)


@cache
def _client() -> Any:
    """The connection of this process."""
    address = os.environ[SCHEDULER]
    try:
        from distributed import Client
    except ImportError as error:
        raise ValueError(f"{SCHEDULER}: set, but Dask is missing; pip install 'infoplane[distributed]'") from error
    where = {"scheduler_file": address} if address.endswith(".json") else {"address": address}
    if "scheduler_file" in where and not Path(address).is_file():
        raise ValueError(f"{SCHEDULER}: {address}: no such file; it is written by `dask scheduler --scheduler-file`")
    try:
        client: Any = Client(**where, timeout=_CONNECT_SECONDS, set_as_default=False)  # type: ignore[no-untyped-call]
        client.wait_for_workers(1, timeout=_CONNECT_SECONDS)
    except (OSError, TimeoutError, ValueError) as error:
        raise ValueError(
            f"{SCHEDULER}: no scheduler with workers at {address} within {_CONNECT_SECONDS} s; expected "
            "an address such as tcp://host:8786, or the scheduler file of a cluster"
        ) from error
    return client


def _result(future: Any) -> Any:
    from distributed import KilledWorker

    try:
        return future.result()
    except KilledWorker as error:
        raise ValueError(f"{SCHEDULER}: several workers died over the same piece of work ({error})") from error
