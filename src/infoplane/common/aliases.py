"""Array types and the constant of a 95 % interval, for the whole library."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
FloatArray = npt.NDArray[np.float64]
Float32Array = npt.NDArray[np.float32]
IntArray = npt.NDArray[np.int64]

Z95 = 1.959963984540054
"""Half the width of a two-sided 95 % interval in standard errors: the 0.975 quantile of the normal distribution."""
