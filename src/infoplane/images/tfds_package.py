"""TensorFlow Datasets, imported where it is needed: after TensorFlow is set up, without progress bars or network."""

from __future__ import annotations

from functools import cache
from typing import Any

from infoplane.common.runtime import tensorflow


@cache
def tensorflow_datasets() -> Any:
    """The ``tensorflow_datasets`` module.

    What is used of it here (features, metadata, a builder made from a folder) reads and writes local files only.
    """
    tensorflow()
    import tensorflow_datasets as tfds

    tfds.disable_progress_bar()
    return tfds
