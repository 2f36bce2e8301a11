"""I(X; T_k) and I(T_k; Y) in networks with noise inside, where the noise of earlier layers reaches later ones.

T_k = f_k(T_{k-1}) + noise, so X - T_1 - T_2 - ... is a Markov chain and the data-processing inequality holds over the
layers (Goldfeld et al. 2019, "Estimating information flow in deep neural networks"). Beyond the first layer p(t|x) is
a Gaussian mixture over the earlier noise. Samples t come from one pass of the network over all inputs; q are mixtures
whose centres come from further passes, q+ the same with the samples' own centres among them. In expectation

    E ln q(t) <= E ln p(t) <= E ln q+(t),

the first since q is independent of t, the second since, given all centres, t is as likely to come from any of them
(the entropy bound of semi-implicit variational inference, Molchanov et al. 2019). So for I(X; T) = E ln p(t|x) / p(t)

    lower = mean ln q(t|x) / q+(t),        upper = mean ln q+(t|x) / q(t),

and with the mixture of a class in place of that of an input, I(T; Y). Mixtures of one input cost little and get many
passes; those of a class or of all inputs have thousands of centres in every pass and need few. Every q has a small
share of one broad Gaussian in it, so that ln q stays finite where no centre is near.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from infoplane.common.aliases import Array, FloatArray, IntArray
from infoplane.common.seeds import generator
from infoplane.estimators._channel import own_class_blocks
from infoplane.plane.network import SmallNet, Weights, forward, signed

_BLOCK_ROWS = 64
_WHOLE_PASSES = 8
"""Passes, besides the samples' own, whose centres make up the mixtures of all inputs and of a class."""
_SINGLE_PRECISION_LOSS = 2e-3
"""Largest error of a log-density (nats) for which products in float32 are used."""
_BROAD_SHARE = 1e-3
"""Weight of the broad Gaussian in the mixtures; where centres are near it changes ln q by as many nats."""


@dataclass(frozen=True)
class InsideBracket:
    """Bounds on the two informations of one layer, in nats, and their Monte Carlo standard errors."""

    lower: float
    upper: float
    label_lower: float
    label_upper: float
    lower_se: float
    upper_se: float
    label_lower_se: float
    label_upper_se: float


def inside_brackets(
    net: SmallNet, weights: Weights, x: Array, y: Array, *, passes: int = 256, seed: int = 0
) -> list[InsideBracket]:
    """Brackets for every layer of a network with noise inside; the last layer gets noise for the measurement only.

    Args:
        net: the network; ``net.noise_std`` must be positive.
        weights: its weights.
        x: all inputs, equally likely, shape (n, inputs).
        y: labels, shape (n,), integers from 0.
        passes: passes of the network behind the mixture of one input; the bracket narrows with them.
        seed: of the noise, the same for every epoch that is measured with it.

    Raises:
        ValueError: no noise inside, or too few passes.
    """
    if not net.noise_std > 0 or passes < 2:
        raise ValueError(f"noise_std {net.noise_std} inside and {passes} passes given; expected noise and 2 passes")
    order = np.argsort(y, kind="stable")
    bounds = np.concatenate([[0], np.cumsum(np.bincount(y))]).astype(np.int64)
    runs = _passes(net, weights, signed(x[order]), seed)
    own = next(runs)
    layers = [_MixtureSums(centres, bounds, generator(seed, "own noise", k)) for k, centres in enumerate(own)]
    for number in range(passes):
        for layer, centres in zip(layers, next(runs), strict=True):
            layer.add(centres, whole=number < _WHOLE_PASSES)
    return [layer.bracket() for layer in layers]


def _passes(net: SmallNet, weights: Weights, inputs: Array, seed: int) -> Iterator[list[Array]]:
    """Passes of the network with fresh noise, without end: the centres of every layer in units of the noise.

    A layer's centres are its outputs before its own noise.
    """
    scale = np.float32(1 / net.noise_std)
    number = 0
    while True:
        random = generator(seed, "noise inside", number)
        noise = [random.standard_normal((len(inputs), width), dtype=np.float32) for width in net.widths[:-1]]
        outputs = forward(net, weights, inputs, [np.float32(net.noise_std) * part for part in noise])[1:]
        yield [output * scale - part for output, part in zip(outputs[:-1], noise, strict=True)] + [outputs[-1] * scale]
        number += 1


class _MixtureSums:
    """Sums of p(t|centre) / p(t|own centre) for the samples of one layer and their mirror images, shape (2, n)."""

    def __init__(self, own: Array, bounds: IntArray, random: np.random.Generator) -> None:
        noise = random.standard_normal(own.shape, dtype=np.float32)
        self.bounds, self.middle = bounds, own.mean(axis=0)
        squares = float(np.square(own - self.middle).sum(axis=1).max())
        self.dtype = np.float32 if np.finfo(np.float32).eps * squares <= _SINGLE_PRECISION_LOSS else np.float64
        own = self._centred(own)
        self.samples = [own + noise, own - noise]
        self.reference = 0.5 * np.einsum("ij,ij->i", noise, noise)
        self.passes, self.whole_passes = 0, 0
        self.broad: FloatArray | None = None
        shape = (2, len(own))
        self.same, self.within, self.total = np.zeros(shape), np.zeros(shape), np.zeros(shape)
        self.own_within, self.own_total = np.zeros(shape), np.zeros(shape)
        self._add_whole(own, self.own_within, self.own_total)

    def _centred(self, centres: Array) -> Array:
        centred: Array = centres.astype(self.dtype) - self.middle
        return centred

    def _broad(self, centres: Array) -> FloatArray:
        """The Gaussian with the layer's mean and covariance, as a ratio to p(t|own centre) like all densities here."""
        covariance = np.atleast_2d(np.cov(centres.astype(np.float64), rowvar=False)) + np.eye(centres.shape[1])
        root = np.linalg.cholesky(covariance)
        scaled = np.stack([np.linalg.solve(root, samples.T.astype(np.float64)) for samples in self.samples])
        log_ratio = self.reference - 0.5 * (scaled**2).sum(axis=1) - np.log(np.diag(root)).sum()
        result: FloatArray = np.exp(log_ratio)
        return result

    def add(self, centres: Array, *, whole: bool) -> None:
        """Add a pass to the mixtures of single inputs and, if ``whole``, to those of the classes and of all inputs."""
        centres = self._centred(centres)
        self.passes += 1
        if self.broad is None:  # from a pass that is independent of the samples
            self.broad = self._broad(centres)
        for sums, samples in zip(self.same, self.samples, strict=True):
            gap = samples - centres
            sums += np.exp(self.reference - 0.5 * np.einsum("ij,ij->i", gap, gap))
        if whole:
            self.whole_passes += 1
            self._add_whole(centres, self.within, self.total)

    def _add_whole(self, centres: Array, within: FloatArray, total: FloatArray) -> None:
        squares = 0.5 * np.einsum("ij,ij->i", centres, centres)
        for sign, samples in enumerate(self.samples):
            offset = 0.5 * np.einsum("ij,ij->i", samples, samples) - self.reference
            for start in range(0, len(samples), _BLOCK_ROWS):
                rows = slice(start, min(start + _BLOCK_ROWS, len(samples)))
                table = samples[rows] @ centres.T
                table -= squares
                table -= offset[rows, None]
                ratios = np.exp(table, out=table)
                total[sign, rows] += ratios.sum(axis=1, dtype=np.float64)
                for local, columns in own_class_blocks(rows, self.bounds):
                    inside = slice(start + local.start, start + local.stop)
                    within[sign, inside] += ratios[local, columns].sum(axis=1, dtype=np.float64)

    def bracket(self) -> InsideBracket:
        """The bounds from all passes added so far."""
        assert self.broad is not None, "no pass was added"
        n, passes = self.total.shape[1], self.whole_passes
        counts = np.repeat(np.diff(self.bounds), np.diff(self.bounds))
        total, within, same = (
            (1 - _BROAD_SHARE) * density + _BROAD_SHARE * self.broad
            for density in (self.total / (passes * n), self.within / (passes * counts), self.same / self.passes)
        )
        total_with_own = (self.total + self.own_total) / ((passes + 1) * n)
        within_with_own = (self.within + self.own_within) / ((passes + 1) * counts)
        same_with_own = (self.same + 1) / (self.passes + 1)
        ratios = [same / total_with_own, same_with_own / total, within / total, within_with_own / total]
        terms = np.stack([np.log(ratio).mean(axis=0) for ratio in ratios])
        values, errors = terms.mean(axis=1), terms.std(axis=1, ddof=1) / math.sqrt(n)
        entropy = -float(np.log(counts / n).mean())
        if values[3] > entropy:
            values[3], errors[3] = entropy, 0.0
        return InsideBracket(*(float(number) for number in (*values, *errors)))
