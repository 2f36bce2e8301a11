"""Mutual information in neural networks: brackets, exact values and honest neural estimates, in nats.

``import infoplane`` is light: TensorFlow, pandas, Matplotlib and scipy.stats load where they are used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from infoplane import distributions
    from infoplane.estimators.columns import matrix, rank
    from infoplane.estimators.conditional import conditional
    from infoplane.estimators.dispatch import estimate, methods
    from infoplane.estimators.independence import independence_test
    from infoplane.estimators.noisy_channel import estimate_noisy
    from infoplane.plane.measure import information_plane
    from infoplane.results import correlations as analysis
    from infoplane.results.estimate import Estimate

__version__ = "0.1.0"

_PUBLIC = {
    "Estimate": ("infoplane.results.estimate", "Estimate"),
    "analysis": ("infoplane.results.correlations", None),
    "conditional": ("infoplane.estimators.conditional", "conditional"),
    "distributions": ("infoplane.distributions", None),
    "estimate": ("infoplane.estimators.dispatch", "estimate"),
    "estimate_noisy": ("infoplane.estimators.noisy_channel", "estimate_noisy"),
    "independence_test": ("infoplane.estimators.independence", "independence_test"),
    "information_plane": ("infoplane.plane.measure", "information_plane"),
    "matrix": ("infoplane.estimators.columns", "matrix"),
    "methods": ("infoplane.estimators.dispatch", "methods"),
    "rank": ("infoplane.estimators.columns", "rank"),
}

__all__ = [
    "Estimate", "analysis", "conditional", "distributions", "estimate", "estimate_noisy", "independence_test",
    "information_plane", "matrix", "methods", "rank",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    try:
        module, attribute = _PUBLIC[name]
    except KeyError:
        raise AttributeError(f"module 'infoplane' has no attribute {name!r}") from None
    loaded = import_module(module)
    return loaded if attribute is None else getattr(loaded, attribute)


def __dir__() -> list[str]:
    return sorted(__all__)
