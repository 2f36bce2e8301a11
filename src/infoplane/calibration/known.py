"""The tasks of known mutual information of each suite."""

from __future__ import annotations

import numpy as np

from infoplane.calibration.options import SuiteOptions
from infoplane.calibration.tasks import Task
from infoplane.distributions.base import Distribution
from infoplane.distributions.deformations import HalfCube, Spiral
from infoplane.distributions.deformed import Deformed
from infoplane.distributions.determined import Determined
from infoplane.distributions.discrete import symmetric_channel, typewriter
from infoplane.distributions.finite_population import FinitePopulation
from infoplane.distributions.gaussian import correlated_gaussian, dense_gaussian, gaussian_with_information
from infoplane.distributions.images import ImageChannel
from infoplane.distributions.independent import Independent
from infoplane.distributions.mixed import UniformSteps, ZeroInflatedPoisson
from infoplane.distributions.mixture import Mixture, two_gaussians, xor_mixture
from infoplane.distributions.patterns import tishby
from infoplane.distributions.student import identity_student
from infoplane.distributions.uniform_noise import UniformNoise


def gaussians(options: SuiteOptions) -> list[Task]:
    """The test of Belghazi et al. 2018: X and Z of half the joint dimension, each pair of columns correlated by rho."""
    odd = [dimension for dimension in options.dimensions if dimension < 2 or dimension % 2]
    if odd:
        raise ValueError(f"dimensions: {odd} given; expected joint dimensions that are even and at least 2")
    return [
        Task(f"gaussian {joint}d rho {rho:g}", correlated_gaussian(joint // 2, rho), f"joint dimension {joint}", rho)
        for joint in options.dimensions
        for rho in options.levels
    ]


def mixtures(options: SuiteOptions) -> list[Task]:
    """XOR mixtures at several distances, and mixtures with unequal shares, several classes and overlapping shapes."""
    xor = [Task(f"xor {d:g}", xor_mixture(d), "XOR, by distance", d) for d in options.levels]
    others: list[tuple[str, Distribution]] = [
        ("two classes", two_gaussians(2.0)),
        ("rare class", two_gaussians(3.0, share=0.05)),
        ("three classes", three_classes()),
        ("xor in 10d", xor_mixture(1.5, dimension=10)),
    ]
    return xor + [Task(name, one, "other mixtures", float(i)) for i, (name, one) in enumerate(others)]


def three_classes() -> Mixture:
    """Unequal shares, elongated and rotated components; the second class has two."""
    return Mixture(
        means=np.array([[0.0, 0.0], [2.0, 1.0], [-2.0, 1.0], [0.0, 3.0]]),
        covariances=np.array(
            [
                [[1.0, 0.4], [0.4, 0.5]],
                [[0.5, 0.0], [0.0, 0.3]],
                [[0.8, -0.3], [-0.3, 0.6]],
                [[1.5, 0.0], [0.0, 0.4]],
            ]
        ),
        labels=np.array([0, 1, 1, 2]),
        weights=np.array([0.5, 0.15, 0.2, 0.15]),
    )


def tishby_patterns(options: SuiteOptions) -> list[Task]:
    """Both data sets of twelve bits and a label."""
    names = ("sphere", "linear")
    return [Task(name, FinitePopulation(*tishby(name)), "Tishby's data sets", float(i)) for i, name in enumerate(names)]


def high(options: SuiteOptions) -> list[Task]:
    """Gaussians, and Gaussians deformed by half-cubes, of growing mutual information."""
    tasks = []
    for dimension in options.dimensions:
        for nats in options.levels:
            base = gaussian_with_information(dimension, nats)
            deformed = Deformed(base, HalfCube(), HalfCube())
            tasks.append(
                Task(f"gaussian {dimension}+{dimension} {nats:g} nats", base, f"{dimension}+{dimension} Gaussian", nats)
            )
            tasks.append(
                Task(
                    f"half-cube {dimension}+{dimension} {nats:g} nats",
                    deformed,
                    f"{dimension}+{dimension} half-cube",
                    nats,
                )
            )
    return tasks


def discrete(options: SuiteOptions) -> list[Task]:
    """Channels between classes, and numbers with repeated values."""
    channels: list[tuple[str, Distribution]] = [
        ("binary channel", symmetric_channel(2, 0.1)),
        ("10-ary channel", symmetric_channel(10, 0.3)),
        ("typewriter of 12", typewriter(12)),
        ("independent labels", symmetric_channel(4, 0.75)),
    ]
    mixed: list[tuple[str, Distribution]] = [
        ("uniform steps", UniformSteps(5)),
        ("zero-inflated Poisson", ZeroInflatedPoisson(0.15)),
    ]
    return [Task(name, one, "two labels", float(i)) for i, (name, one) in enumerate(channels)] + [
        Task(name, one, "repeated values", float(i)) for i, (name, one) in enumerate(mixed)
    ]


def determined(options: SuiteOptions) -> list[Task]:
    """Labels that x determines, of K classes: one-hot columns and embeddings; equal, counted and unequal shares."""
    return [
        Task(f"{name} of {classes} classes", one, name, float(classes))
        for classes in options.dimensions
        for name, one in (
            ("one-hot", Determined(classes)),
            ("embedding", Determined(classes, columns="embedding")),
            ("counted", Determined(classes, shares="counted")),
            ("unequal", Determined(classes, shares="unequal")),
        )
    ]


def images(options: SuiteOptions) -> list[Task]:
    """Real digits whose classes are related by a symmetric channel: an image against a label, and against an image."""
    return [
        Task(f"digit and {kind} error {error:g}", ImageChannel(error, kind), f"digit and {kind}", error)
        for kind in ("label", "image")
        for error in options.levels
    ]


def independent(options: SuiteOptions) -> list[Task]:
    """Independent variables of many kinds."""
    tasks = []
    for dimension in options.dimensions:
        normal = correlated_gaussian(dimension, 0.9)
        tasks.append(Task(f"normal {dimension}+{dimension}", Independent(normal, normal), "normal", float(dimension)))
        heavy = identity_student(dimension, dimension, 1.0)
        tasks.append(
            Task(f"heavy tails {dimension}+{dimension}", Independent(heavy, heavy), "heavy tails", float(dimension))
        )
    dense, box = dense_gaussian(5, 5), UniformNoise(0.1)
    others: list[tuple[str, Distribution]] = [
        ("correlated columns", Independent(dense, dense)),
        ("box and spiral", Independent(Deformed(dense, Spiral(1 / 3)), box)),
        ("normal and labels", Independent(dense, xor_mixture(1.0))),
        ("digit and label", Independent(ImageChannel(0.0), ImageChannel(0.0, "label"))),
    ]
    return tasks + [Task(name, one, "others", float(i)) for i, (name, one) in enumerate(others)]
