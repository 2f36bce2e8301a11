"""TensorFlow, set up once per process so that two runs on one machine give the same numbers."""

from __future__ import annotations

import os
from functools import cache
from typing import Any


def available_cores() -> int:
    """Processor cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else (os.cpu_count() or 1)


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
        tf.config.threading.set_intra_op_parallelism_threads(available_cores())
        tf.config.threading.set_inter_op_parallelism_threads(1)
        for device in tf.config.list_physical_devices("GPU"):
            tf.config.experimental.set_memory_growth(device, True)
    except RuntimeError:  # somebody used TensorFlow before us in this process: their settings hold
        pass
    return tf
