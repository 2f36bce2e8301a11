"""Independent random streams, each derived from the root seed and a name.

A stage, a cell of its matrix and a repeat each get a stream of their own, so that adding an encoder or
re-ordering a list never changes the numbers of another cell.
"""

from __future__ import annotations

from zlib import crc32

import numpy as np


def seed_sequence(root: int, *names: str | int) -> np.random.SeedSequence:
    """The seed sequence of the stream called ``names`` below the root seed."""
    words = [name if isinstance(name, int) else crc32(name.encode()) for name in names]
    return np.random.SeedSequence([root, *words])


def generator(root: int, *names: str | int) -> np.random.Generator:
    """A NumPy generator for the stream called ``names`` below the root seed."""
    return np.random.default_rng(seed_sequence(root, *names))


def integer_seed(root: int, *names: str | int) -> int:
    """A seed in [0, 2**31) for libraries that take one integer (TensorFlow, scikit-learn)."""
    return int(seed_sequence(root, *names).generate_state(1)[0] >> 1)
