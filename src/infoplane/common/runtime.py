"""TensorFlow, set up once per process so that two runs on one machine give the same numbers."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any


def available_cores() -> int:
    """Processor cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else (os.cpu_count() or 1)


_SIDE_BY_SIDE = 4
"""Things done at once, as a rule (the folds of a cross-fit, batches of images)."""


def threads_per_op() -> int:
    """Threads that TensorFlow gives each operation: few (one, on up to 7 cores), since several things run at once.

    Two threads that share the products of a critic of 200 units cost half as much processor time again as one, which
    waiting for each other eats up; two batches of images in a thread each are faster than one after another in two.
    One number for the whole library, because the last digits depend on it: a piece of work gives the same in whatever
    process it runs.
    """
    return max(1, available_cores() // _SIDE_BY_SIDE)


def workers() -> int:
    """How many networks are to be trained at once, so that all cores are busy."""
    per_op = tensorflow().config.threading.get_intra_op_parallelism_threads() or available_cores()
    return max(1, available_cores() // per_op)


@cache
def bfloat16_is_faster() -> bool:
    """Whether products of bfloat16 matrices take less time here than of float32 ones: about half.

    So it is on x86 processors that have them as instructions, unless oneDNN, the library that TensorFlow multiplies
    with, was switched off. Not on a GPU, where TensorFlow rounds float32 products to 10 bits (TF32) unasked.
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
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    with _without_chatter():
        import tensorflow as tf

        tf.config.experimental.enable_op_determinism()
        devices = tf.config.list_physical_devices("GPU")
    try:
        tf.config.threading.set_intra_op_parallelism_threads(threads_per_op())
        tf.config.threading.set_inter_op_parallelism_threads(available_cores())
        for device in devices:
            tf.config.experimental.set_memory_growth(device, True)
    except RuntimeError:  # somebody used TensorFlow before us in this process: their settings hold
        pass
    return tf


_NO_GPU = "Could not find cuda drivers"
_CHATTER = (_NO_GPU, "All log messages before absl::InitializeLog", "oneDNN custom operations are on")


@contextmanager
def _without_chatter() -> Iterator[None]:
    """Holds back the lines of TensorFlow's start that say nothing new; what else appears is passed on afterwards.

    Its log level does not reach them, and they end with an error where there is simply no GPU.
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
            chatter = _CHATTER + (("failed call to cuInit",) if any(_NO_GPU in line for line in lines) else ())
            sys.stderr.write("".join(line for line in lines if not any(part in line for part in chatter)))
