"""TensorFlow, configured once per process so that two runs on one machine give the same numbers."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from infoplane.common import extras


def available_cores() -> int:
    """Processor cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else (os.cpu_count() or 1)


_CONCURRENT_TASKS = 4
"""Tasks that usually run at the same time, such as the folds of a cross-fit or batches of images."""


def threads_per_op() -> int:
    """Threads that TensorFlow uses for an operation: a quarter of the cores (at least 1), as several tasks run at once.

    Measured: two threads for a critic of 200 units take 1.5 times the processor time of one, without being faster; two
    batches of images in a thread each are faster than one after the other in two threads. It is one number for the
    whole library, because the last digits of a result depend on it.
    """
    return max(1, available_cores() // _CONCURRENT_TASKS)


def workers() -> int:
    """How many networks to train at the same time, so that all cores are used."""
    per_op = tensorflow().config.threading.get_intra_op_parallelism_threads() or available_cores()
    return max(1, available_cores() // per_op)


@cache
def bfloat16_is_faster() -> bool:
    """Whether products of bfloat16 matrices are faster on this machine than of float32 ones (about twice as fast).

    True on x86 processors that have instructions for them, unless oneDNN, the library that TensorFlow multiplies
    with, was switched off. False on a GPU, where TensorFlow
    by default rounds the factors of float32 products to 10 bits (TF32) anyway.
    """
    if os.environ.get("TF_ENABLE_ONEDNN_OPTS", "1") == "0" or tensorflow().config.list_logical_devices("GPU"):
        return False
    try:
        flags = Path("/proc/cpuinfo").read_text().split()
    except OSError:  # not Linux
        return False
    return not {"avx512_bf16", "amx_bf16"}.isdisjoint(flags)


@cache
def tensorflow() -> Any:
    """The ``tensorflow`` module: deterministic ops, fixed thread counts, GPU memory on demand, quiet log.

    Works on whatever device TensorFlow finds; nothing is pinned. Importing costs several CPU seconds, so call
    it where TensorFlow is used, not at module level.

    Raises:
        ModuleNotFoundError: it is not installed; the error names the command that installs it.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    with _quiet_startup():
        with extras.explained():
            import tensorflow as tf

        tf.config.experimental.enable_op_determinism()
        devices = tf.config.list_physical_devices("GPU")
    try:
        tf.config.threading.set_intra_op_parallelism_threads(threads_per_op())
        tf.config.threading.set_inter_op_parallelism_threads(available_cores())
        for device in devices:
            tf.config.experimental.set_memory_growth(device, True)
    except RuntimeError:  # TensorFlow was used before in this process: its settings cannot change
        pass
    return tf


_NO_GPU_LINE = "Could not find cuda drivers"
_STARTUP_LINES = (_NO_GPU_LINE, "All log messages before absl::InitializeLog", "oneDNN custom operations are on")


@contextmanager
def _quiet_startup() -> Iterator[None]:
    """Drop the lines that TensorFlow prints at every start; pass other lines to standard error afterwards.

    TensorFlow's log level does not affect them, and without a GPU they end with an error message.
    """
    try:
        stderr = os.dup(2)
    except OSError:  # there is none
        yield
        return
    sys.stderr.flush()
    with tempfile.TemporaryFile() as held:
        os.dup2(held.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(stderr, 2)
            os.close(stderr)
            held.seek(0)
            lines = held.read().decode(errors="replace").splitlines(keepends=True)
            dropped = _STARTUP_LINES + (
                ("failed call to cuInit",) if any(_NO_GPU_LINE in line for line in lines) else ()
            )
            sys.stderr.write("".join(line for line in lines if not any(part in line for part in dropped)))
