"""What the name of an encoder says: which network it is, and whether its weights are random."""

from __future__ import annotations

UNTRAINED = "-untrained"
"""Ends the name of an encoder whose weights are random."""


def is_control(encoder: str) -> bool:
    """Whether an encoder is an untrained control (random weights)."""
    return encoder.endswith(UNTRAINED)


def network_of(encoder: str) -> str:
    """The network of an encoder: its name without ``-untrained``."""
    return encoder.removesuffix(UNTRAINED)
