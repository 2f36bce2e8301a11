"""AA-MINE: I(X; T + noise) for T = t(X), by a critic that knows the architecture and the channel.

T is a function of X, so I(X; T + noise) = I(T; T + noise), and the critic may see T in the place of X: this is the
architecture-aware MINE of Elad et al. 2019, who give their critic the layers that the network itself computed. Ours is
also given what else is known about T^ = T + N(0, s^2 I): the log-likelihood log p(t^|t), up to terms in t^ alone, is

    <t, t^> / s^2 - |t|^2 / (2 s^2),

and the critic is this, plus -log p(t^) as if t were a mixture of Gaussians (whose centres are those of clusters of the
fit part), times a trained scale that begins at 1, plus <phi(t), psi(t^)> + g(t^) with trained networks phi, psi and g.
The optimal critic is of this form (the scale is 1, phi is zero, g is what -log p(t^) differs from the mixture's), and
because it is separable all pairs of a batch contrast, which many nats need.

Distances alone matter, so t is rotated to the principal axes of the fit part. Axes whose signal is negligible beside
the noise are left out; this can lower the information by no more than a stated amount, never raise it. Each axis
enters the networks weighted by its share of signal.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from threadpoolctl import threadpool_limits

from infoplane.common import validation
from infoplane.common.aliases import Array
from infoplane.common.runtime import tensorflow
from infoplane.common.seeds import generator
from infoplane.critics import crossfit
from infoplane.critics.networks import CriticOptions, Separable
from infoplane.critics.objectives import Objective
from infoplane.critics.temperature import HeldScores, capped_value, held_scores, tempered, untempered
from infoplane.critics.training import Bank
from infoplane.estimators.checked import Checked
from infoplane.estimators.clusters import fit_mixture
from infoplane.results.estimate import Estimate

DEFAULTS = CriticOptions(
    kind="separable", hidden=(128,), embedding=16, batch_size=256, max_steps=400, evaluate_every=25, patience=6, folds=3
)
_COMPONENTS = 256


@dataclass(frozen=True)
class Axes:
    """Principal axes of some samples, those with the most signal first."""

    mean: Array
    """Shape (d,)."""
    directions: Array
    """Orthonormal, shape (d, k)."""
    variances: Array
    """Of the samples along them, shape (k,)."""

    def coordinates(self, t: Array, kept: int) -> Array:
        """t along the first ``kept`` axes, float32, shape (n, kept)."""
        result: Array = ((t - self.mean) @ self.directions[:, :kept]).astype(np.float32)
        return result

    def gaussian_nats(self, noise_std: float) -> Array:
        """What Gaussian signals of these variances say through the noise, along each axis, in nats."""
        result: Array = 0.5 * np.log1p(self.variances / noise_std**2)
        return result


def principal_axes(t: Array) -> Axes:
    """The principal axes of t, shape (n, d)."""
    mean = t.mean(axis=0, dtype=np.float64).astype(np.float32)
    centred = t.astype(np.float32) - mean
    with threadpool_limits(1):  # more threads cost ten times the processor time here and finish no sooner
        variances, directions = np.linalg.eigh(centred.T @ centred / len(t))
    return Axes(mean, directions[:, ::-1], np.maximum(variances[::-1].astype(np.float64), 0.0))


def aa_mine(
    t: npt.ArrayLike,
    noise_std: float,
    *,
    seed: int = 0,
    options: CriticOptions = DEFAULTS,
    tolerance: float = 0.02,
) -> Estimate:
    """AA-MINE: a lower bound on I(X; T + noise) for T = t(X), from a critic that knows T and the channel.

    Cross-fitted like :func:`infoplane.estimators.variational.mine`, with fresh noise at every training step. Where
    ``diagnostics["converged"]`` is False the bound may be far below the truth: read it beside the bracket of
    :func:`infoplane.estimators.noisy_channel.estimate_noisy`, which trains nothing.

    Args:
        t: outputs of the network or layer, shape (n, d).
        noise_std: standard deviation of the noise in every coordinate.
        seed: root of all random streams.
        options: the critic and its training (``kind`` and the numbers of shifts have no meaning here).
        tolerance: nats that the axes left out may hold together.

    Returns:
        The bound in nats, kind "lower_bound".

    Raises:
        ValueError: an unusable array, ``noise_std`` not positive and finite, or too few samples.

    Source: Elad et al. 2019, section 4; the top of this module names what differs.
    """
    started = time.perf_counter()
    if not (np.isfinite(noise_std) and noise_std > 0):
        raise ValueError(f"noise_std: {noise_std} given; expected a positive, finite standard deviation")
    rows = validation.samples(t, "t")
    varying, notes = crossfit.varying_columns(rows, "t")
    data = Checked("aa_mine", varying, varying, False, (rows.shape[1], rows.shape[1]), seed, tuple(notes), started)
    if data.trivial:
        return data.nothing()
    folds = _Folds(data, float(noise_std), options, tolerance)
    results = crossfit.run(folds.bank(), folds.parts, folds.prepare, tempered, seed)
    return data.from_folds(
        results,
        dv=untempered(result.summary.terms() for result in results),
        axes=folds.kept,
        dropped_nats=folds.dropped_nats,
    )


class _Folds:
    """The folds' views of t: axes of the fit part, the same number of them in each so that they share one graph."""

    def __init__(self, data: Checked, noise_std: float, options: CriticOptions, tolerance: float) -> None:
        self._data, self._noise_std, self._options = data, noise_std, options
        self.parts = crossfit.split(len(data.x), options, data.seed)
        self._axes = [principal_axes(data.x[part.fit]) for part in self.parts]
        left_out = [_nats_from(axes.gaussian_nats(noise_std)) for axes in self._axes]
        self.kept = max(max(int(np.sum(left > min(tolerance, 0.5 * left[0]))) for left in left_out), 1)
        self.dropped_nats = max(float(np.append(left, 0.0)[self.kept]) for left in left_out)

    def bank(self) -> Bank[HeldScores]:
        """The trainer of the folds' critics."""
        inputs = self.kept + (self.kept + 2)
        critic = Separable(
            inputs, inputs, self._options.hidden, self._options.embedding, self.kept + 2, own_pairs=self._data.repeats
        )
        return Bank(
            critic,
            Objective("mine", self._options.ema_decay),
            held_scores(critic),
            capped_value,
            self._options,
            gather=self._gather,
        )

    def prepare(self, number: int, parts: crossfit.Parts) -> crossfit.Prepared:
        """Coordinates of t, the tables of the critic's rows, and one draw of noise to select and one to report."""
        t = self._axes[number].coordinates(self._data.x, self.kept)
        random = generator(self._data.seed, "noise", number)
        tables = mixture_tables(t[parts.fit], self._noise_std, random)

        def fixed(rows: Array) -> tuple[Array, Array]:
            noise = random.standard_normal((len(rows), self.kept), dtype=np.float32)
            x, z = mixture_rows(t[rows], t[rows] + np.float32(self._noise_std) * noise, tables, self._noise_std)
            return x.numpy(), z.numpy()

        return crossfit.Prepared(t, tables, fixed(parts.select), fixed(parts.report))

    def _gather(self, t: Any, tables: Any, index: Any, seed: Any) -> tuple[Any, Any]:
        tf = tensorflow()
        rows = tf.gather(t, index)
        noisy = rows + self._noise_std * tf.random.stateless_normal(tf.shape(rows), seed)
        return mixture_rows(rows, noisy, tables, self._noise_std)


def mixture_rows(t: Any, noisy: Any, tables: Any, noise_std: float) -> tuple[Any, Any]:
    """The critic's rows for coordinates t and t^, shapes (b, k), from :func:`mixture_tables`, as tensors."""
    tf = tensorflow()
    slopes, constants = tables[3:, :-1], tables[3:, -1]
    components = tf.matmul(noisy, slopes, transpose_b=True) + constants
    log_mixture = tf.reduce_logsumexp(components, axis=1, keepdims=True)
    return critic_rows(t, noisy, tables[:3, :-1], noise_std, log_mixture)


def mixture_tables(t: Array, noise_std: float, random: np.random.Generator) -> Array:
    """Axis weights, then for each component of the mixture its slope and constant, float32, shape (3 + K, k + 1).

    Component c of log p(t^) + |t^|^2 / (2 s^2) is the curvature's share, plus the slope times t^, plus the constant.
    """
    found = fit_mixture(t, _COMPONENTS, random)
    noise = noise_std**2
    weights = axis_weights(t.var(axis=0, dtype=np.float64), noise_std)
    weights[2] = 0.5 * found.variances / (noise * (found.variances + noise))
    slopes = found.centres / (found.variances + noise)
    constants = np.log(found.shares) - 0.5 * np.sum(slopes * found.centres, axis=1)
    table: Array = np.zeros((3 + len(slopes), t.shape[1] + 1), dtype=np.float32)
    table[:3, :-1], table[3:, :-1], table[3:, -1] = weights, slopes, constants
    return table


def _nats_from(nats: Array) -> Array:
    """What the axes from each one on hold together."""
    return np.cumsum(nats[::-1])[::-1]


def axis_weights(variances: Array, noise_std: float) -> Array:
    """For each axis the scale of t, that of t^, and the curvature of the Gaussian log p(t^), float32, shape (3, k)."""
    noise = noise_std**2
    share = variances / (variances + noise)
    common = np.sqrt(share * len(share) / np.sum(share))
    of_t = common / np.sqrt(np.maximum(variances, 1e-12 * variances[0]))
    return np.stack([of_t, common / np.sqrt(variances + noise), 0.5 * share / noise]).astype(np.float32)


def critic_rows(t: Any, noisy: Any, weights: Any, noise_std: float, log_mixture: Any = 0.0) -> tuple[Any, Any]:
    """The critic's x rows and z rows for coordinates t and t^, shapes (b, k), as tensors.

    First the network's inputs, t and t^ scaled axis by axis, then factors whose scalar product is the base:
    <t, t^> / s^2 - |t|^2 / (2 s^2), and -log p(t^) - |t^|^2 / (2 s^2) as if t were Gaussian with the curvatures in
    ``weights[2]``, or, with the log sum over the components' ``log_mixture``, shape (b, 1), a mixture of such.
    """
    tf = tensorflow()
    precision = 1.0 / noise_std**2
    squared = tf.reduce_sum(tf.square(t), axis=1, keepdims=True)
    marginal = -tf.reduce_sum(tf.square(noisy) * weights[2], axis=1, keepdims=True) - log_mixture
    ones = tf.ones_like(marginal)
    x = tf.concat([t * weights[0], t * precision, -0.5 * precision * squared, ones], axis=1)
    z = tf.concat([noisy * weights[1], noisy, ones, marginal], axis=1)
    return x, z
