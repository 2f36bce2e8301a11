"""TensorFlow, set up once per process so that two runs on one machine give the same numbers."""

from __future__ import annotations

import os
from functools import cache
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
def tensorflow() -> Any:
    """The ``tensorflow`` module: deterministic ops, fixed thread counts, GPU memory on demand, quiet log.

    Works on whatever device TensorFlow finds; nothing is pinned. Importing costs several CPU seconds, so call
    it where TensorFlow is used, not at module level.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")
    import tensorflow as tf

    tf.config.experimental.enable_op_determinism()
    try:
        tf.config.threading.set_intra_op_parallelism_threads(threads_per_op())
        tf.config.threading.set_inter_op_parallelism_threads(available_cores())
        for device in tf.config.list_physical_devices("GPU"):
            tf.config.experimental.set_memory_growth(device, True)
    except RuntimeError:  # somebody used TensorFlow before us in this process: their settings hold
        pass
    return tf
