"""Brackets for a known channel against closed forms, quadrature, brute force and fresh samples."""

from __future__ import annotations

import math
import tracemalloc
from itertools import pairwise

import numpy as np
import pytest
from scipy.special import logsumexp
from scipy.stats import norm

from infoplane.estimators import _channel
from infoplane.estimators.noisy_channel import brackets, critic_against_bracket, estimate_noisy
from infoplane.results.estimate import NoisyEstimate


def gaussian(n: int, d: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((n, d))


def mixture_information(values: np.ndarray, shares: np.ndarray, noise_std: float) -> float:
    """I(T; T + noise) of a discrete T on the line, by quadrature of the mixture's entropy."""
    grid = np.linspace(values.min() - 12 * noise_std, values.max() + 12 * noise_std, 400_001)
    density = norm.pdf(grid[:, None], values, noise_std) @ shares
    terms = np.where(density > 0, -density * np.log(np.maximum(density, 1e-300)), 0.0)
    entropy = terms.sum() * (grid[1] - grid[0])
    return float(entropy) - 0.5 * math.log(2 * math.pi * math.e * noise_std**2)


def brute_force(t: np.ndarray, noise: np.ndarray, s: float, labels: np.ndarray) -> dict[str, float]:
    """The bounds in float64, straight from their definitions, for one noise draw and its mirror image."""
    n, classes = len(t), int(labels.max()) + 1
    found: dict[str, list[float]] = {name: [] for name in ("lower", "upper", "label_lower", "chain")}
    for z in (noise, -noise):
        table = -(((t + s * z)[:, None, :] - t[None]) ** 2).sum(-1) / (2 * s**2)
        own, others = np.diag(table).copy(), table.copy()
        np.fill_diagonal(others, -np.inf)
        same = labels[:, None] == labels[None]
        lower = own - logsumexp(table, axis=1) + math.log(n)
        upper = own - logsumexp(others, axis=1) + math.log(n - 1)
        counts = np.bincount(labels)[labels]
        within = own - logsumexp(np.where(same, table, -np.inf), axis=1) + np.log(counts)
        posterior = np.exp(logsumexp(np.where(same, others, -np.inf), axis=1) - logsumexp(others, axis=1))
        mixed = classes / (n + classes)
        q = (1 - mixed) * posterior + mixed * counts / (n - 1 + classes)
        found["lower"].append(lower.mean())
        found["upper"].append(upper.mean())
        found["label_lower"].append((np.log(q) - np.log(counts / n)).mean())
        found["chain"].append((upper - within).mean())
    return {name: float(np.mean(values)) for name, values in found.items()}


@pytest.mark.parametrize(("d", "s"), [(2, 0.5), (5, 0.5), (10, 1.0), (64, 4.0)])
def test_bracket_holds_the_closed_form_of_a_gaussian(d: int, s: float) -> None:
    truth = d / 2 * math.log1p(1 / s**2)
    result = brackets(gaussian(3000, d), [s])[0]
    assert result.lower - 3 * result.lower_se <= truth <= result.upper + 3 * result.upper_se
    assert result.upper - result.lower < 0.15
    assert abs(result.lower - truth) < 4 * result.lower_se + (result.upper - result.lower)
    assert result.gaussian_upper == pytest.approx(truth, rel=0.02)
    assert result.mixture_lower <= result.plug_in <= result.mixture_upper
    assert not result.warnings


def test_bracket_is_wide_and_says_so_where_n_is_too_small() -> None:
    truth = 5 * math.log1p(4.0)
    result = brackets(gaussian(3000, 10), [0.5])[0]
    assert result.lower < truth - 0.5
    assert result.upper > truth + 0.5
    assert result.lower < math.log(3000)
    assert any("too small" in text and "3000" in text for text in result.warnings)
    assert result.mixture_upper < truth, "the KL form bounds the mixture of the samples, not the population"


@pytest.mark.parametrize("s", [0.3, 0.7, 2.0])
def test_two_points_as_population_and_as_sample(s: float) -> None:
    shares = np.array([0.3, 0.7])
    truth = mixture_information(np.array([0.0, 1.0]), shares, s)
    population = np.repeat([0.0, 1.0], [300, 700])
    exact = estimate_noisy(population, s, labels=population.astype(int), population=True)
    assert exact.plug_in == exact.lower == exact.upper == pytest.approx(truth, abs=4 * exact.lower_se + 1e-4)
    assert exact.lower_se < 0.02
    assert exact.label_lower == pytest.approx(exact.plug_in, abs=1e-6), "T determines Y and Y determines T"
    sample = (np.random.default_rng(1).random(2000) < 0.7).astype(float)
    bracket = estimate_noisy(sample, s)
    assert bracket.lower - 3 * bracket.lower_se < truth < bracket.upper + 3 * bracket.upper_se


def test_uniform_by_quadrature() -> None:
    s = 0.2
    grid = np.linspace(-12 * s, 1 + 12 * s, 200_001)
    density = norm.cdf(grid / s) - norm.cdf((grid - 1) / s)
    entropy = -np.sum(density * np.log(np.maximum(density, 1e-300))) * (grid[1] - grid[0])
    truth = entropy - 0.5 * math.log(2 * math.pi * math.e * s**2)
    result = brackets(np.random.default_rng(0).random(2000), [s])[0]
    assert result.lower - 3 * result.lower_se < truth < result.upper + 3 * result.upper_se
    assert result.upper - result.lower < 0.01


def test_clusters_in_fifty_dimensions_by_monte_carlo() -> None:
    random = np.random.default_rng(0)
    centres, spread, s = 0.6 * random.standard_normal((10, 50)), 0.1, 1.0
    which = random.integers(10, size=4000)
    t = centres[which] + spread * random.standard_normal((4000, 50))
    # T + noise given its cluster is Gaussian: I = [h(mixture of Gaussians) - h(noise)], the first by Monte Carlo.
    total = math.sqrt(spread**2 + s**2)
    draws = centres[random.integers(10, size=40_000)] + total * random.standard_normal((40_000, 50))
    squared = ((draws[:, None, :] - centres[None]) ** 2).sum(-1)
    log_density = logsumexp(-squared / (2 * total**2), axis=1) - math.log(10) - 25 * math.log(2 * math.pi * total**2)
    truth = -log_density.mean() - 25 * math.log(2 * math.pi * math.e * s**2)
    error = log_density.std() / math.sqrt(len(draws))
    result = brackets(t, [s], labels=which)[0]
    assert result.lower - 3 * math.hypot(result.lower_se, error) < truth
    assert truth < result.upper + 3 * math.hypot(result.upper_se, error)
    assert result.upper - result.lower < 0.02
    assert result.label_lower is not None
    assert result.label_upper is not None
    assert result.label_lower < result.label_upper < math.log(10)


@pytest.mark.parametrize("block_rows", [7, 64])
def test_equals_brute_force_whatever_the_blocks(block_rows: int) -> None:
    random = np.random.default_rng(3)
    t, labels = 5 + random.standard_normal((150, 4)), random.integers(3, size=150)
    noise = _channel.unit_noise(np.arange(150), 4, 11, 0).astype(np.float64)
    for s, result in zip(
        [0.3, 1.0], brackets(t, [0.3, 1.0], labels=labels, seed=11, block_rows=block_rows), strict=True
    ):
        expected = brute_force(t, noise, s, labels)
        assert result.lower == pytest.approx(expected["lower"], abs=1e-5)
        assert result.upper == pytest.approx(expected["upper"], abs=1e-5)
        assert result.label_lower == pytest.approx(expected["label_lower"], abs=1e-5)
        assert result.label_upper == pytest.approx(min(expected["chain"], result.label_entropy), abs=1e-5)


@pytest.mark.parametrize("population", [False, True])
def test_one_thread_and_two_give_the_same_bytes(population: bool) -> None:
    t, labels = gaussian(1100, 3).astype(np.float32), np.arange(1100) % 3
    one, two = (brackets(t, [0.1, 0.7], labels=labels, population=population, threads=threads) for threads in (1, 2))
    for a, b in zip(one, two, strict=True):
        assert a.to_dict() == b.to_dict()
        if not population:
            assert a.influence is not None
            assert b.influence is not None
            assert a.influence.tobytes() == b.influence.tobytes()


@pytest.mark.parametrize("scale", [1e-25, 1.0, 1e25])
@pytest.mark.filterwarnings("error::RuntimeWarning")
def test_any_size_of_noise_gives_what_the_definitions_say(scale: float) -> None:
    """From noise at which e^h is 0 in every precision to noise that hides all; and whatever the units of ``t``."""
    random = np.random.default_rng(4)
    t, labels = random.standard_normal((120, 3)), random.integers(3, size=120)
    noise = _channel.unit_noise(np.arange(120), 3, 5, 0).astype(np.float64)
    for s in 10.0 ** np.arange(-6, 7):
        (result,) = brackets(scale * t, [scale * s], labels=labels, seed=5)
        expected = brute_force(t, noise, s, labels)
        for name in ("lower", "upper", "label_lower"):
            assert getattr(result, name) == pytest.approx(expected[name], rel=3e-6, abs=3e-6), (name, s)
        assert result.label_upper == pytest.approx(min(expected["chain"], result.label_entropy), rel=3e-6, abs=3e-6)
        (exact,) = brackets(scale * t, [scale * s], labels=labels, population=True, seed=5)
        assert -1e-5 <= exact.plug_in <= math.log(120) + 1e-5


def test_levels_together_are_levels_alone() -> None:
    t, levels = gaussian(300, 4), [1e-3, 0.05, 0.3, 1.0, 40.0, 1e4]
    for s, together in zip(levels, brackets(t, levels, labels=np.arange(300) % 4), strict=True):
        (alone,) = brackets(t, [s], labels=np.arange(300) % 4)
        for name in (
            "lower",
            "upper",
            "label_lower",
            "label_upper",
            "mixture_upper",
            "mixture_lower",
            "gaussian_upper",
        ):
            assert getattr(together, name) == pytest.approx(getattr(alone, name), rel=5e-6, abs=5e-6)


def test_labels_do_not_change_the_bracket() -> None:
    t = gaussian(300, 3)
    plain, labelled = (brackets(t, [0.5], labels=labels)[0] for labels in (None, np.arange(300) % 4))
    assert labelled.lower == pytest.approx(plain.lower, abs=1e-6)
    assert labelled.upper == pytest.approx(plain.upper, abs=1e-6)
    assert plain.influence is not None
    assert labelled.influence is not None
    np.testing.assert_allclose(labelled.influence, plain.influence, atol=1e-4)


def test_float32_products_agree_with_float64(monkeypatch: pytest.MonkeyPatch) -> None:
    random = np.random.default_rng(0)
    t = random.standard_normal((8, 600))[random.integers(8, size=800)] + 0.7 * random.standard_normal((800, 600))
    t /= np.linalg.norm(t, axis=1, keepdims=True)
    levels = [0.0625, 0.25, 1.0]
    single = brackets(t, levels)
    monkeypatch.setattr(_channel, "_SINGLE_PRECISION_LOSS", 0.0)
    for a, b in zip(single, brackets(t, levels), strict=True):
        assert a.lower == pytest.approx(b.lower, abs=1e-5)
        assert a.upper == pytest.approx(b.upper, rel=1e-6)


def test_distant_clusters_switch_to_float64() -> None:
    t = gaussian(400, 20)
    far = t.copy()
    far[:200] += 1e4
    assert _channel.centre(far, 0.5, None).points.dtype == np.float64
    assert _channel.centre(t + 1e6, 0.5, None).points.dtype == np.float32, "a common offset costs nothing"
    result = brackets(far, [4.0])[0]
    halves = [brackets(part, [4.0])[0].lower for part in (t[:200], t[200:])]
    assert result.lower == pytest.approx(np.mean(halves) + math.log(2), abs=0.05)


def test_translation_rotation_and_common_scale_leave_the_value() -> None:
    t = gaussian(1500, 6)
    rotation = np.linalg.qr(gaussian(6, 6, 9))[0]
    plain, moved = brackets(t, [0.5])[0], brackets((t @ rotation) * 10 + 300, [5.0])[0]
    assert moved.upper == pytest.approx(plain.upper, abs=4 * plain.upper_se)
    assert moved.mixture_upper == pytest.approx(plain.mixture_upper, abs=1e-3)


def test_falls_as_the_noise_grows_and_data_processing() -> None:
    t = gaussian(800, 4)
    y = (t[:, 0] > 0).astype(int)
    results = brackets(t, [0.25, 0.5, 1.0, 2.0, 4.0], labels=y, population=True)
    for finer, coarser in pairwise(results):
        assert finer.plug_in > coarser.plug_in
        assert finer.label_lower > coarser.label_lower  # type: ignore[operator]
    for result in results:
        assert result.label_lower <= min(result.plug_in, math.log(2) + 1e-9)  # type: ignore[operator]
        assert result.plug_in <= min(math.log(800), result.gaussian_upper) + 3 * result.lower_se  # type: ignore[type-var]
        assert result.mixture_lower <= result.plug_in + 3 * result.lower_se
        assert result.plug_in <= result.mixture_upper


def test_population_equals_brute_force_monte_carlo() -> None:
    t, s = gaussian(40, 2), 0.6
    y = np.arange(40) % 2
    random = np.random.default_rng(5)
    values, labels = [], []
    for _ in range(400):
        table = -(((t + s * random.standard_normal(t.shape))[:, None, :] - t[None]) ** 2).sum(-1) / (2 * s**2)
        own = logsumexp(np.where(y[:, None] == y[None], table, -np.inf), axis=1)
        noise = -((table - logsumexp(table, axis=1, keepdims=True)).diagonal()).mean()
        values.append(math.log(40) - noise)
        labels.append(math.log(2) + (own - logsumexp(table, axis=1)).mean())
    result = brackets(t, [s], labels=y, population=True, draws=200)[0]
    assert result.plug_in == pytest.approx(np.mean(values), abs=4 * np.std(values) / 20 + 4 * result.lower_se)
    assert result.label_lower == pytest.approx(np.mean(labels), abs=4 * np.std(labels) / 20 + 0.01)


def spread_and_error(results: list[NoisyEstimate], name: str) -> tuple[float, float]:
    values = np.array([getattr(result, name) for result in results])
    errors = np.array([getattr(result, f"{name}_se") for result in results])
    return float(values.std(ddof=1)), float(np.sqrt((errors**2).mean()))


def test_population_standard_error_is_the_spread_over_noise() -> None:
    t = gaussian(200, 3)
    results = [brackets(t, [0.7], labels=(t[:, 0] > 0), population=True, seed=seed)[0] for seed in range(100)]
    for name in ("lower", "label_lower"):
        spread, error = spread_and_error(results, name)
        assert 0.75 < error / spread < 1.35


@pytest.mark.parametrize(("d", "s"), [(2, 0.5), (5, 0.5), (64, 4.0)])
def test_standard_errors_are_the_spread_over_fresh_samples(d: int, s: float) -> None:
    results = []
    for seed in range(80):
        t = gaussian(300, d, seed)
        results.append(brackets(t, [s], labels=(t[:, 0] > 0), seed=seed)[0])
    for name in ("lower", "upper", "label_lower"):
        spread, error = spread_and_error(results, name)
        assert 0.75 < error / spread < 1.6


def test_bounds_hold_in_expectation_with_few_samples() -> None:
    truth = 1.5 * math.log1p(1 / 0.25)
    results = [brackets(gaussian(40, 3, seed), [0.5], seed=seed)[0] for seed in range(150)]
    for name, sign in (("lower", 1), ("upper", -1)):
        values = np.array([getattr(result, name) for result in results])
        assert sign * (truth - values.mean()) > 5 * values.std() / math.sqrt(len(values))


def test_pure_noise_labels_carry_nothing() -> None:
    t = gaussian(1000, 10)
    labels = np.random.default_rng(7).integers(2, size=1000)
    result = brackets(t, [0.5], labels=labels)[0]
    assert result.label_lower is not None
    assert result.label_lower < 3 * result.label_lower_se  # type: ignore[operator]


def test_same_row_gets_the_same_noise_in_every_width_and_order() -> None:
    rows = np.array([3, 0, 7])
    narrow, wide = _channel.unit_noise(rows, 4, 1, 0), _channel.unit_noise(np.arange(8), 9, 1, 0)
    np.testing.assert_array_equal(narrow, wide[rows, :4])
    assert not np.array_equal(narrow, _channel.unit_noise(rows, 4, 1, 1))
    many = _channel.unit_noise(np.arange(4000), 12, 2, 0)
    assert abs(many.mean()) < 4 / math.sqrt(many.size)
    assert np.abs(np.corrcoef(many.T) - np.eye(12)).max() < 0.07
    assert np.abs(np.corrcoef(many[:12])[np.triu_indices(12, 1)]).mean() < 0.4


def test_repeated_rows_are_counted_and_named() -> None:
    t = gaussian(100, 3)
    repeated = np.concatenate([t, t[:20]])
    plain, result = brackets(t, [0.2])[0], brackets(repeated, [0.2])[0]
    assert any("20 of 120 rows" in text for text in result.warnings)
    assert not any("repeat" in text for text in plain.warnings)
    assert not any("repeat" in text for text in brackets(repeated, [0.2], population=True)[0].warnings)


def test_constant_samples_have_no_information() -> None:
    result = estimate_noisy(np.ones((50, 3)), 0.1, labels=np.arange(50) % 2)
    assert result.lower == pytest.approx(0.0, abs=1e-6)
    assert result.upper == pytest.approx(0.0, abs=1e-6)
    assert result.label_lower == pytest.approx(0.0, abs=0.05)


def test_tiny_noise_and_a_class_with_one_member_stay_finite() -> None:
    labels = np.zeros(60, dtype=int)
    labels[5] = 1
    result = estimate_noisy(gaussian(60, 2), 1e-3, labels=labels)
    assert result.lower == pytest.approx(math.log(60), abs=1e-3)
    numbers = [value for value in result.to_dict().values() if isinstance(value, float)]
    assert all(math.isfinite(value) for value in numbers)
    assert result.upper > 20


def test_memory_stays_below_that_of_one_table() -> None:
    t = gaussian(6000, 20).astype(np.float32)
    brackets(t[:50], [1.0])
    tracemalloc.start()
    brackets(t, [0.5], labels=np.arange(6000) % 5, block_rows=64)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 6000 * 6000 * 4 / 6


@pytest.mark.slow
def test_critic_comes_with_the_bracket_and_below_its_upper_end() -> None:
    random = np.random.default_rng(0)
    t = random.standard_normal((10, 20))[random.integers(10, size=1200)] + 0.3 * random.standard_normal((1200, 20))
    result = estimate_noisy(t, 1.0, critic=True)
    assert result.aa_mine is not None
    assert result.aa_mine.ci95 is not None
    assert 0.7 * result.lower < result.aa_mine.nats
    assert result.aa_mine.ci95[0] < result.upper + 2 * result.upper_se
    assert result.to_dict()["aa_mine"] == result.aa_mine.nats


@pytest.mark.filterwarnings("error")
def test_a_critic_at_hardly_any_noise_says_that_it_cannot_know() -> None:
    """e^f of the shuffled pairs is nothing beside that of the true ones: no held-out sample tells how little."""
    found = estimate_noisy(gaussian(300, 5), 0.01, critic=True)
    assert found.aa_mine is not None
    assert math.isfinite(found.aa_mine.nats)
    assert any(line.startswith("AA-MINE: near ln n") for line in found.warnings)


def test_critic_is_placed_against_the_bracket() -> None:
    bracket = brackets(gaussian(500, 2), [0.5])[0]
    middle = (bracket.lower + bracket.upper) / 2
    assert critic_against_bracket(middle, (middle - 0.1, middle + 0.1), bracket) == ()
    assert "loose" in critic_against_bracket(0.4, (0.3, 0.5), bracket)[0]
    assert "above the upper bound" in critic_against_bracket(3.0, (2.9, 3.1), bracket)[0]


@pytest.mark.parametrize(("size", "noise_std"), [(1e-35, 1e-35), (1e34, 1e34), (1e34, 1e-35), (-1e34, 1e12)])
def test_sizes_at_the_edge(size: float, noise_std: float) -> None:
    """In units of the noise nothing changes; far above it every row is its own value, ln n nats."""
    t = gaussian(300, 2)
    found = estimate_noisy(t * size, noise_std)
    plain = estimate_noisy(t, 1.0 if abs(size) == noise_std else 1e-6)
    assert found.lower == pytest.approx(plain.lower, abs=1e-4)
    assert found.plug_in == pytest.approx(plain.plug_in, abs=1e-4)


@pytest.mark.parametrize(
    ("t", "keywords", "words"),
    [
        (np.ones((5, 2)), {"noise_std": 0.0}, "noise_std: 0.0 given; expected a positive number"),
        (np.ones((5, 2)), {"noise_std": math.nan}, "noise_std: nan"),
        (
            np.eye(5) * 1e50,
            {"noise_std": 1e70},
            r"noise_std: 1e\+70 given; expected 1e-35 to 1e\+35, t in units to match",
        ),
        (np.eye(5) * 1e307, {"noise_std": 1.0}, r"t: values up to 1e\+307 given; expected at most 1e\+35"),
        (np.ones((2, 2)), {"noise_std": 1.0}, "2 rows given; expected at least 3"),
        (np.array([[1.0], [np.nan], [2.0]]), {"noise_std": 1.0}, "NaN or infinite"),
        (np.ones((5, 2)), {"noise_std": 1.0, "labels": np.zeros(4, int)}, "t has 5 rows and labels has 4"),
        (np.array(["a", "b", "c"]), {"noise_std": 1.0}, "categories given"),
    ],
)
def test_bad_input_is_one_clear_line(t: np.ndarray, keywords: dict[str, object], words: str) -> None:
    with pytest.raises(ValueError, match=words) as raised:
        estimate_noisy(t, **keywords)  # type: ignore[arg-type]
    assert "\n" not in str(raised.value)
