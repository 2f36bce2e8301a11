"""Data whose mutual information is known. Everything loads where it is used."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from infoplane.distributions.patterns import tishby

_PUBLIC = {"tishby": "infoplane.distributions.patterns"}

__all__ = ["tishby"]


def __getattr__(name: str) -> Any:
    if name not in _PUBLIC:
        raise AttributeError(f"module 'infoplane.distributions' has no attribute {name!r}")
    return getattr(import_module(_PUBLIC[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
