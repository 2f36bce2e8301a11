"""Estimators of mutual information, one module per family; ``estimate`` chooses among them by name.

Importing this package loads none of them, so that whoever imports a single module depends on that module alone.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from infoplane.estimators.dispatch import estimate, methods

__all__ = ["estimate", "methods"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'infoplane.estimators' has no attribute {name!r}")
    return getattr(import_module("infoplane.estimators.dispatch"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
