"""Distributions of X and Z whose mutual information is known. Modules are imported when a name is first used."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from infoplane.distributions.base import Distribution, WithPointwise, monte_carlo
    from infoplane.distributions.deformations import (
        Asinh,
        Chain,
        HalfCube,
        NormalCdf,
        Spiral,
        SwissRoll,
        TwoPeaks,
        Wiggly,
    )
    from infoplane.distributions.deformed import Deformed
    from infoplane.distributions.determined import Determined
    from infoplane.distributions.deterministic import LinearMap
    from infoplane.distributions.discrete import Discrete, symmetric_channel, typewriter
    from infoplane.distributions.gaussian import (
        Gaussian,
        correlated_gaussian,
        dense_gaussian,
        gaussian_with_information,
        paired_gaussian,
        sparse_gaussian,
    )
    from infoplane.distributions.images import ImageChannel
    from infoplane.distributions.independent import Independent, Stacked
    from infoplane.distributions.mixed import UniformSteps, ZeroInflatedPoisson
    from infoplane.distributions.mixture import Mixture, two_gaussians, xor_mixture
    from infoplane.distributions.patterns import tishby
    from infoplane.distributions.student import Student, dense_student, identity_student
    from infoplane.distributions.uniform_noise import UniformNoise

_MODULES = {
    "base": ("Distribution", "WithPointwise", "monte_carlo"),
    "deformations": ("Asinh", "Chain", "HalfCube", "NormalCdf", "Spiral", "SwissRoll", "TwoPeaks", "Wiggly"),
    "deformed": ("Deformed",),
    "determined": ("Determined",),
    "deterministic": ("LinearMap",),
    "discrete": ("Discrete", "symmetric_channel", "typewriter"),
    "gaussian": (
        "Gaussian",
        "correlated_gaussian",
        "dense_gaussian",
        "gaussian_with_information",
        "paired_gaussian",
        "sparse_gaussian",
    ),
    "images": ("ImageChannel",),
    "independent": ("Independent", "Stacked"),
    "mixed": ("UniformSteps", "ZeroInflatedPoisson"),
    "mixture": ("Mixture", "two_gaussians", "xor_mixture"),
    "patterns": ("tishby",),
    "student": ("Student", "dense_student", "identity_student"),
    "uniform_noise": ("UniformNoise",),
}
_PUBLIC = {name: f"infoplane.distributions.{module}" for module, names in _MODULES.items() for name in names}

__all__ = [
    "Asinh",
    "Chain",
    "Deformed",
    "Determined",
    "Discrete",
    "Distribution",
    "Gaussian",
    "HalfCube",
    "ImageChannel",
    "Independent",
    "LinearMap",
    "Mixture",
    "NormalCdf",
    "Spiral",
    "Stacked",
    "Student",
    "SwissRoll",
    "TwoPeaks",
    "UniformNoise",
    "UniformSteps",
    "Wiggly",
    "WithPointwise",
    "ZeroInflatedPoisson",
    "correlated_gaussian",
    "dense_gaussian",
    "dense_student",
    "gaussian_with_information",
    "identity_student",
    "monte_carlo",
    "paired_gaussian",
    "sparse_gaussian",
    "symmetric_channel",
    "tishby",
    "two_gaussians",
    "typewriter",
    "xor_mixture",
]


def __getattr__(name: str) -> Any:
    if name not in _PUBLIC:
        raise AttributeError(f"module 'infoplane.distributions' has no attribute {name!r}")
    return getattr(import_module(_PUBLIC[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
