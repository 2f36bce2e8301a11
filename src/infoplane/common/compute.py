"""Runs the pieces of a measurement in this process or on a Dask cluster, with the same results.

The environment variable ``INFOPLANE_SCHEDULER`` names a running Dask scheduler. It is not a parameter of the pipeline,
since it must not change a result. A piece of work depends on its arguments alone (each derives its own random stream),
so a piece whose worker died is done again by another worker.
"""

from __future__ import annotations

import hashlib
import os
import platform
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import cache, partial
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, TypeVar

SCHEDULER = "INFOPLANE_SCHEDULER"
_CONNECT_SECONDS = 10
_PIECES_PER_WORKER = 3
"""Submitted at a time: enough to keep a worker busy, few enough for the results to fit in memory."""
PACKAGES = {
    "PIL": "pillow",
    "keras": "keras",
    "numpy": "numpy",
    "scipy": "scipy",
    "sklearn": "scikit-learn",
    "tensorflow": "tensorflow",
}
"""Packages whose version may change a result: the name in an import, and the name of the distribution."""

_worker = threading.local()

Item = TypeVar("Item")
Result = TypeVar("Result")


def is_distributed() -> bool:
    """Whether pieces of work go to a cluster; False inside a worker, which does its piece itself."""
    return bool(os.environ.get(SCHEDULER)) and not getattr(_worker, "busy", False)


def map_in_order(function: Callable[[Item], Result], items: Sequence[Item]) -> Iterator[Result]:
    """``map(function, items)`` on the cluster, one piece of work per item; without a cluster, here and one by one.

    Args:
        function: depends on its argument and on bound arguments alone; bound arguments are sent to a worker once.
        items: small descriptions of the pieces.

    Yields:
        The results in the order of the items, a few pieces ahead of the consumer.

    Raises:
        ValueError: the scheduler does not answer, has no workers, or they run other code or other packages; or what
            the function raises.
    """
    if not is_distributed():
        yield from map(function, items)
        return
    client = _client()
    # Submitted, not scattered: the scheduler can then provide it again when the worker that held it dies.
    shared = client.submit(_unchanged, function, pure=False)
    window = _PIECES_PER_WORKER * max(1, len(client.scheduler_info(n_workers=-1)["workers"]))
    pending: deque[Any] = deque()
    for item in items:
        pending.append(client.submit(_apply, shared, item, code_identity(), pure=False))
        if len(pending) >= window:
            yield _result(pending.popleft())
    while pending:
        yield _result(pending.popleft())


def call(function: Callable[..., Result], *arguments: Any, **options: Any) -> Result:
    """``function(*arguments, **options)`` as one piece of work; see :func:`map_in_order`."""
    return next(iter(map_in_order(partial(_call, function, arguments, options), [None])))


def run_all(*functions: Callable[[], Any]) -> list[Any]:
    """Call several functions and return their results in order.

    With a cluster they run at the same time, each in a thread that waits for its pieces; without one they run one after
    another, since each uses all cores.
    """
    if not is_distributed():
        return [function() for function in functions]
    with ThreadPoolExecutor(len(functions)) as pool:
        futures = [pool.submit(function) for function in functions]
        return [future.result() for future in futures]


@cache
def code_identity() -> str:
    """The versions that must be equal here and on a worker: of the library's code, Python and numerical packages."""
    top = Path(__file__).parents[1]
    digest = hashlib.sha256()
    for file in sorted(top.rglob("*.py")):
        digest.update(file.relative_to(top).as_posix().encode() + b"\0" + file.read_bytes() + b"\0")
    versions = []
    for name in PACKAGES.values():
        with suppress(PackageNotFoundError):  # of an extra: what needs it says so itself
            versions.append(f"{name} {version(name)}")
    return ", ".join([f"infoplane {digest.hexdigest()[:12]}", f"Python {platform.python_version()}", *versions])


def _apply(function: Callable[[Any], Result], item: Any, expected: str) -> Result:
    """Do one piece of work, on the worker."""
    if (found := code_identity()) != expected:
        raise ValueError(
            f"{SCHEDULER}: a worker on {platform.node()} runs {found}; expected {expected}, as here; "
            "start the workers from this checkout and environment"
        )
    _worker.busy = True
    try:
        return function(item)
    finally:
        _worker.busy = False


def _unchanged(value: Result) -> Result:
    return value


def _call(function: Callable[..., Result], arguments: tuple[Any, ...], options: dict[str, Any], _: None) -> Result:
    return function(*arguments, **options)


@cache
def _client() -> Any:
    """The connection of this process to the scheduler."""
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
