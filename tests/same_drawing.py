"""When two drawings are the same."""

from __future__ import annotations

import re

import numpy as np

_NUMBER = re.compile(r"(?<![\w#])-?\d+\.?\d*(?:e-?\d+)?")
_IDENTIFIER = re.compile(r"\b[a-z][0-9a-f]{10}\b")
"""Matplotlib names paths by digests of their coordinates."""


def assert_same_drawing(one: str, other: str) -> None:
    """Two SVG texts alike but for hundredths of a point, since tables hold 6 significant digits."""
    plain = [_IDENTIFIER.sub("identifier", text) for text in (one, other)]
    assert _NUMBER.sub("", plain[0]) == _NUMBER.sub("", plain[1])
    np.testing.assert_allclose(*([float(found) for found in _NUMBER.findall(text)] for text in plain), atol=0.03)
