"""Members of auto: each against a closed form, SciPy or scikit-learn."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import multivariate_normal, multivariate_t
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF, WhiteKernel

from infoplane.common.aliases import FloatArray, IntArray
from infoplane.estimators.auto import canonical, elliptical, kernels, label_members, members, mixtures, processes
from infoplane.estimators.auto.coordinates import centred, coordinates, normal_scores

N = 600
FIT = np.arange(400)
REST = np.arange(400, N)


def correlated(rho: float, d: int = 1, n: int = N, seed: int = 0) -> tuple[FloatArray, FloatArray]:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, d))
    return x, rho * x + math.sqrt(1 - rho**2) * rng.normal(size=(n, d))


def pairwise(density: object, x: FloatArray, z: FloatArray) -> FloatArray:
    """A joint log density of all pairs, shape (len(x), len(z))."""
    both = np.concatenate([np.repeat(x, len(z), axis=0), np.tile(z, (len(x), 1))], axis=1)
    result: FloatArray = density(both).reshape(len(x), len(z))  # type: ignore[operator]
    return result


def test_gaussian_ratio_is_that_of_correlated_normals() -> None:
    x, z = correlated(0.7)
    rows = REST[:20]
    found = canonical.gaussian_ratio(x, z, np.array([0.7])).matrix(rows, rows)
    joint = multivariate_normal(np.zeros(2), np.array([[1, 0.7], [0.7, 1]])).logpdf
    margin = multivariate_normal(0.0, 1.0).logpdf
    assert found == pytest.approx(
        pairwise(joint, x[rows], z[rows]) - margin(x[rows])[:, None] - margin(z[rows])[None, :]
    )


def test_canonical_variates_find_the_correlation_and_none_where_none_is() -> None:
    x, z = correlated(0.8, 3, 3_000)
    left, right, rho = canonical.variates(x, z, np.arange(2_000), 5)
    assert rho == pytest.approx([0.8] * 3, abs=0.04)
    assert np.corrcoef(left[2_000:, 0], right[2_000:, 0])[0, 1] == pytest.approx(0.8, abs=0.05)
    _, _, nothing = canonical.variates(x, z[::-1].copy(), np.arange(2_000), 5)
    assert nothing.max() < 0.1


def test_student_ratio_is_that_of_a_multivariate_t() -> None:
    rng = np.random.default_rng(1)
    shape = np.array([[1.0, 0.6], [0.6, 1.0]])
    both = multivariate_t(np.zeros(2), shape, df=3, seed=rng).rvs(20_000)
    fit = np.arange(20_000)
    u, v = normal_scores(both[:, :1], fit), normal_scores(both[:, 1:], fit)
    rows = np.arange(30)
    found = elliptical.student_ratio(u, v, fit, 3.0).matrix(rows, rows)
    joint = multivariate_t(np.zeros(2), shape, df=3).logpdf
    margin = multivariate_t(np.zeros(1), np.eye(1), df=3).logpdf
    x, z = both[rows, :1], both[rows, 1:]
    exact = pairwise(joint, x, z) - margin(x)[:, None] - margin(z)[None, :]
    assert np.abs(found - exact).max() < 0.15


@pytest.mark.parametrize("kind", ["full", "latent class"])
def test_mixture_ratio_is_joint_over_margins(kind: str) -> None:
    rng = np.random.default_rng(2)
    centre = rng.integers(0, 2, N)
    u, v = (3.0 * centre[:, None] + rng.normal(size=(N, 2)) for _ in range(2))
    make = mixtures.full if kind == "full" else mixtures.latent_class
    rows = REST[:15]
    found = make(u, v, FIT, 2, 0).matrix(rows, rows)
    shape = "full" if kind == "full" else "diag"
    model = mixtures.fitted(np.hstack([u, v])[FIT], 2, shape, mixtures.ridge(kind, 4, 2, 400), 0)

    def margin(part: slice, side: FloatArray) -> FloatArray:
        total = np.zeros(len(side))
        for weight, mean, covariance in zip(model.weights_, model.means_, model.covariances_, strict=True):
            block = covariance[part, part] if kind == "full" else np.diag(covariance[part])
            total += weight * multivariate_normal(mean[part], block).pdf(side)
        return np.log(total)

    exact = pairwise(model.score_samples, u[rows], v[rows])
    exact = exact - margin(slice(0, 2), u[rows])[:, None] - margin(slice(2, 4), v[rows])[None, :]
    assert found == pytest.approx(exact, abs=2e-3)


def test_kernel_ratio_is_joint_over_margins() -> None:
    u, v = correlated(0.6)
    rows, scale = REST[:10], 0.7
    found = kernels.kernel_ratio(u, v, FIT, scale).matrix(rows, rows)
    width = scale * (4.0 / (len(FIT) * 4.0)) ** (1.0 / 6.0)
    kx, kz = (np.exp(-0.5 * ((side[rows] - side[FIT].T) / width) ** 2) for side in (u, v))
    exact = np.log(kx @ kz.T / len(FIT) / kx.mean(axis=1)[:, None] / kz.mean(axis=1))
    assert found == pytest.approx(exact, abs=1e-3)


def test_process_predictions_left_one_out_and_beyond() -> None:
    """As scikit-learn's with the same length scales; on fitting rows as if the row had not been there."""
    rng = np.random.default_rng(3)
    x = rng.normal(size=(120, 3))
    y = np.sin(2 * x[:, :1]) + 0.2 * rng.normal(size=(120, 1))
    fit = np.arange(80)
    theta = processes.fitted(x[fit], y[fit], 30)
    found = processes.predicted(x, y, fit, iterations=30)
    kernel = np.exp(theta[3]) * RBF(np.exp(-0.5 * theta[:3])) + WhiteKernel(np.exp(theta[4]) + 1e-6)
    exact = GaussianProcessRegressor(kernel, optimizer=None).fit(x[fit], y[fit])
    assert found[80:] == pytest.approx(exact.predict(x[80:]).reshape(-1, 1), abs=1e-3)
    without = np.setdiff1d(fit, [7])
    left_out = GaussianProcessRegressor(kernel, optimizer=None).fit(x[without], y[without]).predict(x[[7]])
    assert found[7, 0] == pytest.approx(float(left_out[0]), abs=1e-3)


def test_process_finds_a_product_of_two_of_ten_columns() -> None:
    rng = np.random.default_rng(4)
    x = rng.normal(size=(N, 10))
    y = x[:, :1] * x[:, 1:2]
    guess = processes.predicted(x, y + 0.3 * rng.normal(size=y.shape), FIT)
    assert np.corrcoef(guess[REST, 0], y[REST, 0])[0, 1] > 0.9


def test_conditional_normal_is_the_ratio_of_its_model() -> None:
    """Where the mean is rho x and the variance 1 - rho^2 it is the ratio of correlated normals."""
    x, z = correlated(0.6, n=20_000)
    width = np.full_like(x, math.log(1 - 0.36))
    rows = np.arange(25)
    found = members.conditional_normal(0.6 * x, width, z, np.arange(20_000)).matrix(rows, rows)
    exact = canonical.gaussian_ratio(x, z, np.array([0.6])).matrix(rows, rows)
    assert np.abs(found - exact).max() < 0.25  # the margin is a mixture of a thousand
    assert np.abs(found - exact).mean() < 0.05


def test_uneven_noise_is_seen() -> None:
    rng = np.random.default_rng(5)
    x = rng.uniform(-1, 1, size=(N, 2))
    residual = np.exp(2.0 * x[:, :1]) * rng.normal(size=(N, 1))
    log = processes.predicted_log_variance(x, residual, FIT)
    assert np.corrcoef(log[REST, 0], 4.0 * x[REST, 0])[0, 1] > 0.9
    assert float(np.mean(log[REST, 0] - 4.0 * x[REST, 0])) == pytest.approx(0.0, abs=0.4)


def test_linear_discriminant_is_scikit_learns() -> None:
    rng = np.random.default_rng(6)
    codes = rng.integers(0, 3, 3_000)
    u = rng.normal(size=(3_000, 2)) + 1.5 * np.eye(3)[codes][:, :2]
    u -= u.mean(axis=0)
    fit = np.arange(3_000)
    member = label_members.indicators(codes, 3).scores
    prior = member.mean(axis=0)
    found = label_members.gaussian_classes(u, member, fit, prior, curved=False)
    exact = LinearDiscriminantAnalysis().fit(u, codes).predict_log_proba(u)
    assert np.exp(found) == pytest.approx(np.exp(exact), abs=0.01)


def test_offsets_cost_no_digits() -> None:
    x = np.random.default_rng(7).normal(size=(500, 1))
    near, far = (normal_scores(centred(one), np.arange(500)) for one in (x, x + 1e12))
    assert np.corrcoef(near[:, 0], far[:, 0])[0, 1] > 0.999999
    assert len(np.unique(far)) > 490


def test_coordinates_are_fitted_without_the_other_rows() -> None:
    x = np.random.default_rng(8).normal(size=(N, 200))
    changed = x.copy()
    changed[REST] *= 100.0
    one, other = coordinates(x, FIT, 0), coordinates(changed, FIT, 0)
    assert one.reduced
    assert one.scores.shape[1] == 50
    assert one.scores[FIT] == pytest.approx(other.scores[FIT])


def independent_view(seed: int, rows: IntArray) -> members.View:
    rng = np.random.default_rng(seed)
    x, z = rng.normal(size=(N, 3)), rng.normal(size=(N, 2))
    return members.View(coordinates(x, rows, 0), coordinates(z, rows, 0), rows, np.arange(300, 400), 0)


def test_members_of_independent_variables_show_nothing_on_other_rows() -> None:
    view = independent_view(0, np.arange(300))
    for name, ratio in members.members(view):
        assert members.value(ratio, REST) < 0.05, name
