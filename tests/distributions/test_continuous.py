"""Continuous distributions: each truth against a second, independent computation."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import integrate, stats

from infoplane import distributions
from infoplane.distributions import (
    Gaussian,
    Independent,
    LinearMap,
    Stacked,
    Student,
    UniformNoise,
    UniformSteps,
    WithPointwise,
    ZeroInflatedPoisson,
    correlated_gaussian,
    dense_gaussian,
    dense_student,
    gaussian_with_information,
    identity_student,
    monte_carlo,
    paired_gaussian,
    sparse_gaussian,
)

RNG = np.random.default_rng(5)
FACTOR = RNG.normal(size=(5, 7))
GENERAL = FACTOR @ FACTOR.T


def canonical_information(covariance: np.ndarray, dx: int) -> float:
    """-1/2 sum ln(1 - r^2) over canonical correlations, which never looks at a determinant."""
    x, z, cross = covariance[:dx, :dx], covariance[dx:, dx:], covariance[:dx, dx:]
    white = np.linalg.solve(np.linalg.cholesky(x), cross)
    white = np.linalg.solve(np.linalg.cholesky(z), white.T)
    return float(-0.5 * np.log1p(-(np.linalg.svd(white, compute_uv=False) ** 2)).sum())


@pytest.mark.parametrize(
    "gaussian",
    [Gaussian(GENERAL, 2), correlated_gaussian(4, -0.7), sparse_gaussian(5, 3), dense_gaussian(25, 25, 0.5)],
    ids=["general", "correlated", "sparse", "dense"],
)
def test_gaussian_by_canonical_correlations(gaussian: Gaussian) -> None:
    expected = canonical_information(gaussian.covariance, gaussian.dx)
    assert gaussian.mutual_information() == pytest.approx(expected, rel=1e-10)


def test_gaussian_pointwise_is_the_ratio_of_densities() -> None:
    gaussian = Gaussian(GENERAL, 2)
    x, z = gaussian.sample(50, seed=1)
    joint = stats.multivariate_normal(np.zeros(5), GENERAL).logpdf(np.hstack([x, z]))
    parts = stats.multivariate_normal(np.zeros(2), GENERAL[:2, :2]).logpdf(x)
    parts = parts + stats.multivariate_normal(np.zeros(3), GENERAL[2:, 2:]).logpdf(z)
    np.testing.assert_allclose(gaussian.pointwise(x, z), joint - parts, rtol=1e-9)


def test_named_gaussians() -> None:
    assert correlated_gaussian(10, 0.9).mutual_information() == pytest.approx(-5 * math.log(1 - 0.81))
    assert paired_gaussian(3, 2, 0, 0.9).mutual_information() == pytest.approx(0, abs=1e-12)
    assert sparse_gaussian(25, 25).mutual_information() == pytest.approx(1.0216512)
    assert gaussian_with_information(7, 4.2).mutual_information() == pytest.approx(4.2)
    # Equal correlations: only the two sums are correlated.
    d, rho = 25, 0.5
    r = d * rho / (1 + (d - 1) * rho)
    assert dense_gaussian(d, d, rho).mutual_information() == pytest.approx(-0.5 * math.log(1 - r * r))


def test_gaussian_samples_have_the_covariance() -> None:
    x, z = Gaussian(GENERAL, 2).sample(200_000, seed=0)
    np.testing.assert_allclose(np.cov(np.hstack([x, z]).T), GENERAL, atol=0.2)


def test_student_of_one_plus_one_dimensions_by_quadrature() -> None:
    student = dense_student(1, 1, 3.0, correlation=0.6)
    joint = stats.multivariate_t(np.zeros(2), student.dispersion, df=3)
    marginal = stats.t(df=3)

    def integrand(u: np.ndarray, v: np.ndarray) -> np.ndarray:
        # x = tan u carries the whole line, tails and all, to a bounded interval.
        x, z = np.tan(u), np.tan(v)
        log_joint = joint.logpdf(np.stack([x, z], axis=-1))
        return np.exp(log_joint) * (log_joint - marginal.logpdf(x) - marginal.logpdf(z)) * (1 + x**2) * (1 + z**2)

    nodes, weights = np.polynomial.legendre.leggauss(400)
    u, v = np.meshgrid(nodes * math.pi / 2, nodes * math.pi / 2)
    value = (integrand(u, v) * np.outer(weights, weights)).sum() * (math.pi / 2) ** 2
    assert student.mutual_information() == pytest.approx(value, abs=2e-4)


@pytest.mark.parametrize("dof", [1, 2, 5])
def test_student_by_monte_carlo_with_scipy(dof: int) -> None:
    student = Student(GENERAL, 2, dof)
    x, z = student.sample(100_000, seed=3)
    terms = stats.multivariate_t(np.zeros(5), GENERAL, df=dof).logpdf(np.hstack([x, z]))
    terms = terms - stats.multivariate_t(np.zeros(2), GENERAL[:2, :2], df=dof).logpdf(x)
    terms = terms - stats.multivariate_t(np.zeros(3), GENERAL[2:, 2:], df=dof).logpdf(z)
    assert student.mutual_information() == pytest.approx(terms.mean(), abs=4 * terms.std() / math.sqrt(len(terms)))
    np.testing.assert_allclose(student.pointwise(x[:50], z[:50]), terms[:50], rtol=1e-8, atol=1e-10)


def test_students_known_values() -> None:
    assert identity_student(2, 2, 1).mutual_information() == pytest.approx(0.432, abs=5e-4)
    assert identity_student(3, 3, 2).mutual_information() == pytest.approx(0.291, abs=5e-4)
    nearly = dense_student(2, 2, 1e6).mutual_information()
    assert nearly == pytest.approx(dense_gaussian(2, 2).mutual_information(), abs=1e-5)


@pytest.mark.parametrize("half_width", [0.1, 0.4, 0.75, 2.0])
def test_uniform_noise_by_entropies(half_width: float) -> None:
    """h(Z) - h(N), the density of Z being the convolution of two boxes."""

    def surprise(z: float) -> float:
        p = max(0.0, min(1.0, z + half_width) - max(0.0, z - half_width)) / (2 * half_width)
        return -p * math.log(p) if p > 0 else 0.0

    corners = sorted({half_width, 1 - half_width, -half_width, 1 + half_width})
    entropy, _ = integrate.quad(surprise, corners[0], corners[-1], points=corners, epsabs=1e-10)
    truth = UniformNoise(half_width).mutual_information()
    assert truth == pytest.approx(entropy - math.log(2 * half_width), abs=1e-7)


def test_uniform_steps_by_entropies() -> None:
    levels = 5
    # Z has density 1/2m on the first and last unit interval, 1/m on the m - 1 between; Z given X is uniform on 2.
    entropy = 2 * (0.5 / levels) * math.log(2 * levels) + (levels - 1) / levels * math.log(levels)
    assert UniformSteps(levels).mutual_information() == pytest.approx(entropy - math.log(2))


@pytest.mark.parametrize("zeros", [0.0, 0.15, 0.6])
def test_zero_inflated_poisson_by_entropies(zeros: float) -> None:
    """H(Z) - E H(Z | X) by adaptive integration."""
    counts = np.arange(120)

    def conditional(x: float) -> np.ndarray:
        return zeros * (counts == 0) + (1 - zeros) * stats.poisson.pmf(counts, x)

    def conditional_entropy(x: float) -> float:
        return math.exp(-x) * float(stats.entropy(conditional(x)))

    marginal = zeros * (counts == 0) + (1 - zeros) * 0.5 ** (counts + 1)
    expected = float(stats.entropy(marginal)) - integrate.quad(conditional_entropy, 0, 40, limit=200)[0]
    assert ZeroInflatedPoisson(zeros).mutual_information() == pytest.approx(expected, abs=1e-6)


def test_zero_inflation_loses_more_than_its_share() -> None:
    """Where the formula of Gao et al. 2017 and the exact value part."""
    counts = np.arange(1, 200)
    series = 2 * math.log(2) - np.euler_gamma - float((np.log(counts) * 0.5**counts).sum())
    assert ZeroInflatedPoisson(0.0).mutual_information() == pytest.approx(series, abs=1e-7)
    assert ZeroInflatedPoisson(0.15).mutual_information() < 0.85 * series - 0.02


@pytest.mark.parametrize(
    "distribution",
    [
        dense_gaussian(3, 2),
        identity_student(2, 2, 2),
        UniformNoise(0.1),
        UniformNoise(0.75),
        UniformSteps(5),
        ZeroInflatedPoisson(0.15),
        Independent(dense_gaussian(2, 2), UniformNoise(0.1)),
    ],
    ids=lambda one: type(one).__name__,
)
def test_mean_pointwise_information_is_the_information(distribution: WithPointwise) -> None:
    mean, error = monte_carlo(distribution, 100_000, seed=2)
    assert mean == pytest.approx(distribution.mutual_information(), abs=4 * error + 1e-12)


def test_stacked_informations_add() -> None:
    one, other = correlated_gaussian(2, 0.5), sparse_gaussian(3, 4)
    stacked = Stacked((one, other))
    x, z = stacked.sample(400_000, seed=0)
    covariance = np.cov(np.hstack([x, z]).T)
    # Bias of the sample covariance's information is dx dz / 2n, far below the tolerance.
    assert stacked.mutual_information() == pytest.approx(canonical_information(covariance, 5), abs=0.01)
    assert stacked.mutual_information() == pytest.approx(one.mutual_information() + other.mutual_information())


def test_stacked_copies_of_one_distribution_are_drawn_apart() -> None:
    x, _ = Stacked((correlated_gaussian(1, 0.5),) * 2).sample(20_000, seed=0)
    assert abs(np.corrcoef(x.T)[0, 1]) < 0.03


def test_independent_halves_of_one_distribution_are_uncorrelated() -> None:
    pair = correlated_gaussian(1, 0.99)
    x, z = Independent(pair, pair).sample(20_000, seed=0)
    assert abs(np.corrcoef(x[:, 0], z[:, 0])[0, 1]) < 0.03


def test_a_linear_map_has_infinite_information() -> None:
    """Z is X M exactly, and the information of X with Z + noise grows without limit as the noise shrinks."""
    linear = LinearMap(10, 4)
    x, z = linear.sample(30, seed=1)
    np.testing.assert_allclose(z, x @ linear.matrix())
    assert math.isinf(linear.mutual_information())
    informations = []
    for noise_std in (1e-1, 1e-3, 1e-5):
        m = linear.matrix()
        covariance = np.block([[np.eye(10), m], [m.T, m.T @ m + noise_std**2 * np.eye(4)]])
        informations.append(canonical_information(covariance, 10))
    assert np.diff(informations).min() > 4 * math.log(100) - 0.2


@pytest.mark.parametrize(
    "distribution",
    [correlated_gaussian(2, 0.5), identity_student(2, 2, 2), UniformNoise(0.1), LinearMap(3), UniformSteps(3)],
    ids=lambda one: type(one).__name__,
)
def test_the_seed_decides(distribution: distributions.Distribution) -> None:
    x, z = distribution.sample(20, seed=7)
    again = distribution.sample(20, seed=7)
    np.testing.assert_array_equal(np.hstack([x, z]), np.hstack(again))
    assert not np.array_equal(x, distribution.sample(20, seed=8)[0])
    assert len(x) == len(z) == 20


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: correlated_gaussian(2, 1.0), "rho: 1.0 given"),
        (lambda: Gaussian(np.array([[1.0, 2.0], [2.0, 1.0]]), 1), "positive definite"),
        (lambda: Gaussian(np.eye(3), 3), "dx = 3 given; expected 1 to 2"),
        (lambda: Student(np.eye(2), 1, 0), "degrees_of_freedom: 0 given"),
        (lambda: UniformNoise(0.0), "half_width: 0.0 given"),
        (lambda: gaussian_with_information(2, -1), "nats: -1 given"),
        (lambda: correlated_gaussian(2, 0.5).sample(0, 0), "n: 0 given"),
        (lambda: correlated_gaussian(2, 0.5).sample(5, -1), "seed: -1 given"),
        (lambda: Stacked(()), "parts: none given"),
        (lambda: ZeroInflatedPoisson(1.0), "zeros: 1.0 given"),
    ],
)
def test_wrong_parameters_are_named(make: object, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make()  # type: ignore[operator]
