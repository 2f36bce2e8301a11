"""Distributions of the population against limits, formulas and integrals that their own truth does not use."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import integrate, stats
from scipy.special import i0e, i1e, stdtr

from infoplane.distributions import Gaussian, Mixture, UniformNoise
from infoplane.distributions.discrete import Discrete, channel_matrix
from infoplane.distributions.population.composed import mapped
from infoplane.distributions.population.copulas import Clayton, Copula, Frank, Gumbel, StudentPair
from infoplane.distributions.population.counts import GammaPoisson
from infoplane.distributions.population.curves import NoisyCurves
from infoplane.distributions.population.determined import SeparateClusters, entropy
from infoplane.distributions.population.digits import DigitPairs, RandomFeatures, digits, readings
from infoplane.distributions.population.factors import FactorModel
from infoplane.distributions.population.functions import FunctionPlusNoise
from infoplane.distributions.population.labels import Directions
from infoplane.distributions.population.mixtures import Classes, JointMixture, MeetingClusters
from infoplane.distributions.population.noise import SumPlusNoise
from infoplane.distributions.population.pairs import NormalPairs
from infoplane.distributions.population.partial import RareRows
from infoplane.distributions.population.scales import DependentScales

RNG = np.random.default_rng(0)


def on_a_grid(log_ratio_and_density: object, reach: float, steps: int) -> float:
    """The integral over a square of density times log ratio, on an even grid."""
    axis = np.linspace(-reach, reach, steps)
    x, z = (side.ravel()[:, None] for side in np.meshgrid(axis, axis, indexing="ij"))
    ratio, density = log_ratio_and_density(x, z)  # type: ignore[operator]
    return float((density * ratio).sum() * (axis[1] - axis[0]) ** 2)


@pytest.mark.parametrize(
    "copula",
    [Clayton(0.5), Clayton(3.0), Frank(0.5), Frank(8.0), Frank(28.0), Gumbel(1.2), Gumbel(2.5), StudentPair(0.6, 2.0)],
    ids=str,
)
def test_copulas_by_integration_over_the_square(copula: Copula) -> None:
    nodes, weights = np.polynomial.legendre.leggauss(160)
    # u = 3 s^2 - 2 s^3 has more nodes at both ends.
    s = 0.5 * (nodes + 1)
    for _ in range(2):
        s, weights = s**2 * (3 - 2 * s), weights * 6 * s * (1 - s)
    u, v = (side.ravel() for side in np.meshgrid(s, s, indexing="ij"))
    weight = 0.25 * np.outer(weights, weights).ravel()
    log_density = copula.log_density(u, v)
    assert weight @ np.exp(log_density) == pytest.approx(1, abs=2e-4)
    assert weight @ (np.exp(log_density) * log_density) == pytest.approx(copula.mutual_information(), abs=1e-3)


@pytest.mark.parametrize("copula", [Clayton(2.0), Frank(6.0), Gumbel(2.0), StudentPair(0.5, 3.0)], ids=str)
def test_copulas_are_sampled_as_they_say(copula: Copula) -> None:
    """Kendall's tau has a formula for each (Nelsen 2006, chapter 5)."""
    u, v = copula.sample(20_000, np.random.default_rng(1))
    for side in (u, v):
        assert stats.kstest(side, "uniform").pvalue > 1e-4
    debye = integrate.quad(lambda t: t / np.expm1(t), 0, 6.0)[0] / 6.0
    expected = {
        "Clayton": 2 / 4,
        "Frank": 1 - 4 / 6.0 * (1 - debye),
        "Gumbel": 1 - 1 / 2,
        "StudentPair": 2 / math.pi * math.asin(0.5),
    }
    assert stats.kendalltau(u, v).statistic == pytest.approx(expected[type(copula).__name__], abs=0.02)


def test_a_factor_model_by_determinants_of_the_whole_covariance() -> None:
    model = FactorModel(RNG.standard_normal((3, 7)), RNG.standard_normal((3, 40)))
    assert model.mutual_information() == pytest.approx(model.gaussian().mutual_information(), rel=1e-9)


def test_normal_pairs_are_a_gaussian() -> None:
    rhos = np.array([0.9, -0.3])
    covariance = np.eye(5)
    covariance[[0, 1], [2, 3]] = covariance[[2, 3], [0, 1]] = rhos
    expected = Gaussian(covariance, 2).mutual_information()
    assert NormalPairs(rhos, 2, 3).mutual_information() == pytest.approx(expected, rel=1e-12)


def test_a_joint_mixture_of_one_is_a_gaussian_and_of_two_an_integral() -> None:
    one = np.array([[[1.0, 0.8], [0.8, 1.0]]])
    single = JointMixture(np.zeros((1, 2)), one, np.ones(1), 1)
    assert single.mutual_information() == pytest.approx(-0.5 * math.log(1 - 0.64), abs=0.015)
    two = JointMixture(np.array([[0.0, 0.0], [2.0, -1.0]]), np.stack([one[0], np.eye(2)]), np.array([0.4, 0.6]), 1)

    def terms(x: np.ndarray, z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        both = np.concatenate([x, z], axis=1)
        joint = 0.4 * stats.multivariate_normal(np.zeros(2), one[0]).pdf(both)
        joint += 0.6 * stats.multivariate_normal(np.array([2.0, -1.0])).pdf(both)
        of_x = 0.4 * stats.norm.pdf(x[:, 0]) + 0.6 * stats.norm.pdf(x[:, 0] - 2)
        of_z = 0.4 * stats.norm.pdf(z[:, 0]) + 0.6 * stats.norm.pdf(z[:, 0] + 1)
        return np.log(joint / (of_x * of_z)), joint

    assert two.mutual_information() == pytest.approx(on_a_grid(terms, 9.0, 400), abs=4 * two.standard_error() + 1e-4)


@pytest.mark.parametrize("shape", ["laplace", "uniform", "student"])
def test_clusters_far_apart_meet_as_their_numbers_do(shape: str) -> None:
    table = RNG.dirichlet(np.full(12, 0.5)).reshape(3, 4)
    clusters = MeetingClusters(table, 1e4 * RNG.random((3, 2)), 1e4 * RNG.random((4, 5)), shape)
    expected = Discrete(table).mutual_information()
    assert clusters.mutual_information() == pytest.approx(expected, abs=4 * clusters.standard_error())


@pytest.mark.parametrize("shape", ["laplace", "student"])
def test_clusters_that_overlap_by_integration(shape: str) -> None:
    table = np.array([[0.4, 0.1], [0.1, 0.4]])
    centres = np.array([[0.0], [3.0]])
    clusters = MeetingClusters(table, centres, centres, shape)
    density = stats.laplace.pdf if shape == "laplace" else stats.t(3).pdf

    def terms(x: np.ndarray, z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        of_x, of_z = density(x - centres[:, 0]), density(z - centres[:, 0])
        joint = ((of_x @ table) * of_z).sum(axis=1)
        return np.log(joint / (of_x.mean(axis=1) * of_z.mean(axis=1))), joint

    expected = on_a_grid(terms, 30.0, 700)
    assert clusters.mutual_information() == pytest.approx(expected, abs=4 * clusters.standard_error() + 5e-4)


def test_with_many_columns_scales_are_known_exactly() -> None:
    scales = DependentScales(300, 300, 0.5, 0.7)
    limit = -0.5 * math.log(1 - 0.49)
    assert limit - 0.03 < scales.mutual_information() < limit + 4 * scales.standard_error()


def test_dependent_scales_of_single_columns_by_integration() -> None:
    """Signs say nothing; the logarithms of |x| and |z| on a grid, Gauss-Hermite sums over the scales."""
    spread, rho = 0.8, 0.9
    nodes, weights = np.polynomial.hermite_e.hermegauss(60)
    weights = weights / weights.sum()
    logs = np.linspace(-14.0, 6.0, 500)

    def density(scale_logs: np.ndarray) -> np.ndarray:
        away = logs - scale_logs[..., None]
        return np.sqrt(2 / np.pi) * np.exp(away - 0.5 * np.exp(2 * away))

    of_x = density(spread * nodes)
    of_z = density(spread * (rho * nodes[:, None] + math.sqrt(1 - rho**2) * nodes))
    joint = np.einsum("a,ax,b,abz->xz", weights, of_x, weights, of_z, optimize=True)
    cell = (logs[1] - logs[0]) ** 2
    x, z = joint.sum(axis=1, keepdims=True), joint.sum(axis=0)
    expected = float((joint * np.log(joint / (x * z * cell) + 1e-300)).sum() * cell)
    scales = DependentScales(1, 1, spread, rho)
    assert scales.mutual_information() == pytest.approx(expected, abs=4 * scales.standard_error() + 5e-4)


def test_rare_rows_of_one_pair_by_integration() -> None:
    rare = RareRows(0.2, np.array([0.9]))

    def terms(x: np.ndarray, z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        alone = stats.norm.pdf(x[:, 0]) * stats.norm.pdf(z[:, 0])
        both = np.concatenate([x, z], axis=1)
        joint = 0.8 * alone + 0.2 * stats.multivariate_normal(np.zeros(2), [[1, 0.9], [0.9, 1]]).pdf(both)
        return np.log(joint / alone), joint

    assert rare.mutual_information() == pytest.approx(on_a_grid(terms, 8.0, 400), abs=4 * rare.standard_error() + 1e-4)


def test_curves_without_noise_tell_their_angles() -> None:
    """I(a; a + von Mises) = ln 2 pi - h = k I1(k)/I0(k) - ln I0(k); noise only takes from it."""
    k = 8.0
    angles = k * i1e(k) / i0e(k) - (math.log(i0e(k)) + k)
    clear = NoisyCurves((1.0, 0.5), (1.0,), 0.02, 0.02, k)
    noisy = NoisyCurves((1.0, 0.5), (1.0,), 0.3, 0.3, k)
    assert clear.mutual_information() == pytest.approx(angles, abs=4 * clear.standard_error() + 5e-3)
    assert noisy.mutual_information() < angles - 0.1


def test_a_curve_seen_by_its_angle_alone_by_integration() -> None:
    """With one harmonic, no noise on z and z = the angle of x, given x the angle is von Mises: |x| / noise^2."""
    noise = 0.5
    curves = NoisyCurves((1.0,), (1.0,), noise, 0.02, 2500.0)

    def term(radius: float) -> float:
        k = radius / noise**2
        rice = radius / noise**2 * math.exp(-((radius - 1) ** 2) / (2 * noise**2)) * i0e(k)
        return rice * (k * i1e(k) / i0e(k) - (math.log(i0e(k)) + k))

    expected = integrate.quad(term, 0, 6)[0]
    assert curves.mutual_information() == pytest.approx(expected, abs=4 * curves.standard_error() + 3e-3)


def test_sums_with_uniform_noise_have_the_published_formula() -> None:
    for half_width in (0.1, 0.4, 2.0):
        one = SumPlusNoise(("uniform",), (1.0,), "uniform", 2 * half_width)
        assert one.mutual_information() == pytest.approx(UniformNoise(half_width).mutual_information(), abs=1e-4)


def test_sums_of_normal_and_of_exponential_variables_have_formulas() -> None:
    normal = SumPlusNoise(("normal", "normal"), (1.0, 0.5), "normal", 0.5)
    assert normal.mutual_information() == pytest.approx(0.5 * math.log(1.5 / 0.25), abs=1e-4)
    # Two exponentials sum to a gamma variable with shape 2: h = 2 + psi-terms, by SciPy.
    exponential = SumPlusNoise(("exponential",), (1.0,), "exponential", 1.0)
    assert exponential.mutual_information() == pytest.approx(float(stats.gamma(2).entropy()) - 1, abs=1e-3)


def test_functions_against_gaussian_formulas_and_an_integral() -> None:
    linear = FunctionPlusNoise(lambda x: x @ np.array([3.0, 4.0]), 2, 0.5)
    assert linear.mutual_information() == pytest.approx(0.5 * math.log(1 + 25 / 0.25), abs=1e-3)
    square = FunctionPlusNoise(lambda x: x[:, 0] ** 2, 1, 0.3, lambda x: 1 + (x[:, 0] > 0.5))
    x, z = np.linspace(-9, 9, 3001), np.linspace(-4, 40, 3001)
    width = 0.3 * (1 + (x > 0.5))
    weight = stats.norm.pdf(x) * (x[1] - x[0])
    density = np.concatenate([stats.norm.pdf(part[:, None], x**2, width) @ weight for part in np.array_split(z, 10)])
    positive = density > 0
    marginal = -float((density[positive] * np.log(density[positive])).sum() * (z[1] - z[0]))
    noise = 0.5 * math.log(2 * math.pi * math.e) + float(weight @ np.log(width))
    assert square.mutual_information() == pytest.approx(marginal - noise, abs=2e-3)


def test_counts_with_and_without_zeros_by_the_table() -> None:
    """With small means the information is that of a table: x in narrow cells, z up to where nothing is left."""
    for zeros in (0.0, 0.6):
        one = GammaPoisson(1.5, 2.0, zeros)
        edges = stats.gamma(1.5).ppf(np.linspace(0, 1, 4001))
        x = stats.gamma(1.5).ppf((np.arange(4000) + 0.5) / 4000)
        assert edges[0] == 0
        table = (1 - zeros) * stats.poisson(2.0 * x[:, None] / 1.5).pmf(np.arange(80))
        table[:, 0] += zeros
        assert one.mutual_information() == pytest.approx(Discrete(table / table.sum()).mutual_information(), abs=1e-3)


def test_classes_in_a_plane_by_integration() -> None:
    mixture = Mixture(RNG.standard_normal((4, 2)) * 2, np.stack([np.eye(2)] * 4), np.array([0, 1, 1, 2]))
    classes = Classes(mixture)
    assert classes.mutual_information() == pytest.approx(mixture.mutual_information(), abs=4 * classes.standard_error())


@pytest.mark.parametrize("dimension", [3, 60])
def test_two_opposite_directions_by_integration(dimension: int) -> None:
    """The cosine t has the density (1 - t^2)^((d - 3)/2) e^(k t)."""
    k = 0.8 * math.sqrt(dimension)
    centre = np.zeros((1, dimension))
    centre[0, 1] = 1.0
    one = Directions(np.concatenate([centre, -centre]), k, np.array([0.3, 0.7]))

    def weight(t: float) -> float:
        return (1 - t**2) ** ((dimension - 3) / 2) * math.exp(k * (t - 1))

    def term(t: float) -> float:
        # Of class 0 at t; of class 1 its cosine to class 0 is -t.
        mine = -math.log(0.3 + 0.7 * math.exp(-2 * k * t))
        other = -math.log(0.7 + 0.3 * math.exp(-2 * k * t))
        return weight(t) * (0.3 * mine + 0.7 * other)

    expected = integrate.quad(term, -1, 1)[0] / integrate.quad(weight, -1, 1)[0]
    assert one.mutual_information() == pytest.approx(expected, abs=4 * one.standard_error())


def test_separate_clusters_show_their_class() -> None:
    centres = np.array([[0.0, 0.0], [1.0, 0.0], [1.0, 1.0]])
    clusters = SeparateClusters(centres, 0.49, np.array([0.2, 0.3, 0.5]))
    x, z = clusters.sample(2000, 0)
    nearest = ((x[:, None] - centres) ** 2).sum(axis=2).argmin(axis=1)
    np.testing.assert_array_equal(nearest, z)
    assert clusters.mutual_information() == pytest.approx(float(stats.entropy([0.2, 0.3, 0.5])))
    assert entropy(np.array([0.5, 0.5, 0.0])) == pytest.approx(math.log(2))


def test_student_pairs_have_uniform_margins_of_the_student_law() -> None:
    u, _ = StudentPair(0.0, 1.0).sample(4000, np.random.default_rng(2))
    assert float(stdtr(1.0, 0.0)) == 0.5
    assert np.mean(u < 0.25) == pytest.approx(0.25, abs=0.03)


def test_a_map_keeps_the_standard_error_of_what_it_maps() -> None:
    rare = RareRows(0.2, np.array([0.9]))
    assert mapped(rare).standard_error() == rare.standard_error() > 0


def test_more_columns_read_more_digits_right_and_the_range_holds_what_the_classes_share() -> None:
    few, many = (readings(RandomFeatures(3, columns)) for columns in (20, 200))
    np.testing.assert_allclose(few.sum(axis=1), 1)
    right = [(read.argmax(axis=1) == digits()[1]).mean() for read in (few, many)]
    assert right[0] < right[1] < 1
    assert right[1] > 0.88
    pairs = DigitPairs(channel_matrix(10, 0.9) / 10, RandomFeatures(3, 20), RandomFeatures(4, 20))
    assert pairs.mutual_information_range() == pytest.approx((0.0, 0.0), abs=1e-9)
