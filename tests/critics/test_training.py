"""The bank: same seed, same bytes; a member does not depend on its company; what goes wrong is said."""

from __future__ import annotations

import weakref
from collections.abc import Iterable
from dataclasses import replace

import numpy as np
import pytest

from infoplane.critics import bounds, training
from infoplane.critics.crossfit import pair_terms
from infoplane.critics.networks import Concatenation, CriticOptions, Separable
from infoplane.critics.objectives import Objective
from infoplane.critics.training import Bank, Block, Member

OPTIONS = CriticOptions(hidden=(16,), batch_size=64, learning_rate=1e-2, max_steps=60, evaluate_every=20)


def _bank(options: CriticOptions = OPTIONS, width: int | None = None) -> Bank[bounds.PairTerms]:
    critic = Concatenation(2, 2, options.hidden, options.shifts)
    objective = Objective("mine", options.ema_decay)
    return Bank(critic, objective, pair_terms(critic), lambda t: bounds.donsker_varadhan(t).nats, options, width=width)


def _member(seed: int, noise: float = 0.5) -> Member:
    random = np.random.default_rng(5)
    x = random.normal(size=(400, 2)).astype(np.float32)
    z = (x + noise * random.normal(size=x.shape)).astype(np.float32)
    return Member(x, z, np.arange(300), (x[300:], z[300:]), np.random.SeedSequence(seed))


def test_the_same_seed_gives_the_same_bytes_and_another_seed_does_not() -> None:
    first, second, other = (_bank().fit([_member(seed)])[0] for seed in (1, 1, 2))
    assert all(a.tobytes() == b.tobytes() for a, b in zip(first.weights, second.weights, strict=True))
    assert first.curve == second.curve
    assert first.value != other.value


def test_a_member_does_not_depend_on_its_company() -> None:
    alone = _bank().fit([_member(1)])[0]
    among = _bank().fit([_member(3), _member(1), _member(2)])[1]
    assert alone.curve == among.curve
    assert all(a.tobytes() == b.tobytes() for a, b in zip(alone.weights, among.weights, strict=True))


def test_stacked_members_learn_what_they_learn_one_by_one() -> None:
    """What a GPU does; the shifts are drawn once per stack, so the first member alone has the very same steps."""
    members = [_member(1), _member(2), _member(3)]
    stacked, single = _bank(width=3).fit(members), _bank(width=1).fit(members)
    assert stacked[0].curve["selection"] == pytest.approx(single[0].curve["selection"], abs=1e-3)
    for a, b in zip(stacked, single, strict=True):
        assert a.value == pytest.approx(b.value, abs=0.15)


def test_steps_compiled_by_xla_are_the_same_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    plain = _bank().fit([_member(1)])[0]
    monkeypatch.setattr(training, "_XLA_FROM", 1)
    compiled = _bank()
    assert compiled.fit([_member(1)])[0].curve["selection"] == pytest.approx(plain.curve["selection"], abs=1e-3)


def test_rounded_products_learn_the_same_and_scores_are_never_rounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training, "_BFLOAT16_FROM", 1)
    monkeypatch.setattr(training, "bfloat16_is_faster", lambda: True)
    exact, rounded = (
        _bank(replace(OPTIONS, hidden=(16, 16), precision=precision)) for precision in ("float32", "mixed")
    )
    member = _member(1)
    weights = [bank.fit([member])[0].weights for bank in (exact, rounded)]
    values = [exact.value(exact.summary(w, *member.select, seed=np.random.SeedSequence(0))) for w in weights]
    assert values[0] != values[1] == pytest.approx(values[0], abs=0.05)
    scores = [bank.summary(weights[1], *member.select, seed=np.random.SeedSequence(0)) for bank in (exact, rounded)]
    assert scores[0].joint.tobytes() == scores[1].joint.tobytes()


def test_small_products_are_not_rounded(monkeypatch: pytest.MonkeyPatch) -> None:
    exact = _bank(replace(OPTIONS, hidden=(16, 16), precision="float32")).fit([_member(1)])[0]
    monkeypatch.setattr(training, "bfloat16_is_faster", lambda: True)
    assert _bank(replace(OPTIONS, hidden=(16, 16))).fit([_member(1)])[0].curve == exact.curve


def test_held_out_scores_pass_by_block_by_block() -> None:
    """All pairs of a million samples fit in no memory: a summary that keeps numbers leaves no block behind."""
    critic = Separable(2, 2, (8,), 4, block_rows=50)
    seen: list[weakref.ref[Block]] = []
    alive = []

    def rows(blocks: Iterable[Block]) -> int:
        total = 0
        for block in blocks:
            seen.append(weakref.ref(block))
            alive.append(sum(before() is not None for before in seen))
            total += len(block.z)
        return total

    bank = Bank(critic, Objective("infonce"), rows, float, OPTIONS)
    member = _member(1)
    weights = critic.initial(np.random.default_rng(0))
    assert bank.summary(weights, member.x, member.z, np.random.SeedSequence(0)) == 400
    assert len(seen) == 8
    assert max(alive) <= 2  # this one, and the one before until its name is bound anew


def _true_log_ratio(x: np.ndarray, z: np.ndarray, noise: float = 0.5) -> np.ndarray:
    """ln p(z|x) / p(z) of each pair of a member, in nats: what the best critic would say."""
    variance = 1 + noise**2
    return np.asarray(
        np.log(variance / noise**2) + ((z**2) / (2 * variance) - (z - x) ** 2 / (2 * noise**2)).sum(axis=1)
    )


def test_training_finds_the_dependence_and_no_more() -> None:
    """Held out, no critic gains on the true density ratio but by chance."""
    member = _member(1)
    trained = _bank(replace(OPTIONS, max_steps=300)).fit([member])[0]
    best = _true_log_ratio(*member.select).mean()
    assert best == pytest.approx(2 * 0.5 * np.log(5), abs=0.3)
    assert best - 0.3 < trained.value < best + 0.1


def test_what_is_learned_by_heart_does_not_select() -> None:
    """Of independent variables, a large critic learns the fitted rows by heart; the selection part shows nothing."""
    options = replace(OPTIONS, hidden=(64, 64), max_steps=400)
    member = _member(1)
    z = np.random.default_rng(6).normal(size=member.z.shape).astype(np.float32)
    trained = _bank(options).fit([replace(member, z=z, select=(member.x[300:], z[300:]))])[0]
    assert max(trained.curve["train"]) > 0.1
    assert 0 <= trained.value < 0.05


def test_divergence_is_said_and_the_safe_checkpoint_kept() -> None:
    trained = _bank(replace(OPTIONS, learning_rate=1e20)).fit([_member(1)])[0]
    assert trained.diverged
    assert all(np.isfinite(weight).all() for weight in trained.weights)
    assert np.isfinite(trained.value)


def test_a_budget_that_ends_too_early_is_said() -> None:
    trained = _bank(replace(OPTIONS, learning_rate=1e-3, max_steps=200)).fit([_member(1)])[0]
    assert trained.unconverged
    assert trained.steps == 200


def test_a_plateau_stops_training_and_is_no_failure() -> None:
    options = replace(OPTIONS, max_steps=20_000, patience=3)
    trained = _bank(options).fit([_member(1, noise=1e6)])[0]
    assert trained.steps < 20_000
    assert not trained.unconverged
    assert trained.steps - trained.chosen_step == 3 * options.evaluate_every


def test_training_sees_fit_rows_alone() -> None:
    """Poison in the other rows changes nothing."""
    member = _member(1)
    poisoned = member.x.copy()
    poisoned[300:] = np.nan
    clean, dirty = _bank().fit([member])[0], _bank().fit([replace(member, x=poisoned)])[0]
    assert clean.curve == dirty.curve
