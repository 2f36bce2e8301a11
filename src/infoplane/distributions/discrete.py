"""Discrete X and Z with finitely many values, given by a table of probabilities."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from infoplane.common.aliases import Array, FloatArray, IntArray
from infoplane.distributions.base import stream


@dataclass(frozen=True, eq=False)
class Discrete:
    """X and Z take the values 0..K-1 and 0..L-1.

    Args:
        joint: p(x, z), shape (K, L), entries of at least 0 that sum to 1.

    Raises:
        ValueError: not such a table.
    """

    joint: FloatArray

    def __post_init__(self) -> None:
        table = np.array(self.joint, dtype=np.float64)
        if table.ndim != 2 or table.size == 0 or not (table >= 0).all() or abs(table.sum() - 1) > 1e-9:
            raise ValueError(f"joint: shape {table.shape}, sum {table.sum():.6g}; expected a table of probabilities")
        object.__setattr__(self, "joint", table)

    def sample(self, n: int, seed: int) -> tuple[IntArray, IntArray]:
        """n pairs of labels: x (n,), z (n,), int64."""
        rng = stream(n, seed, "discrete")
        cells = rng.choice(self.joint.size, size=n, p=self.joint.ravel() / self.joint.sum())
        x, z = np.divmod(cells, self.joint.shape[1])
        return x.astype(np.int64), z.astype(np.int64)

    def mutual_information(self) -> float:
        """I(X; Z) in nats."""
        return float((self.joint * np.where(self.joint > 0, self._log_ratio(), 0.0)).sum())

    def pointwise(self, x: Array, z: Array) -> FloatArray:
        """Pointwise information of each pair, shape (n,); minus infinity for impossible ones."""
        ratio: FloatArray = self._log_ratio()[x, z]
        return ratio

    def _log_ratio(self) -> FloatArray:
        independent = self.joint.sum(axis=1, keepdims=True) * self.joint.sum(axis=0, keepdims=True)
        possible = self.joint > 0
        ratio = np.full(self.joint.shape, -np.inf)
        ratio[possible] = np.log(self.joint[possible] / independent[possible])
        return ratio


def channel_matrix(classes: int, error: float) -> FloatArray:
    """p(z | x) of a symmetric channel: the class itself with probability 1 - error, else each other class alike.

    Returns:
        Shape (classes, classes), row x.

    Raises:
        ValueError: fewer than two classes, or an error outside [0, 1].
    """
    if classes < 2:
        raise ValueError(f"classes: {classes} given; expected at least 2")
    if not 0 <= error <= 1:
        raise ValueError(f"error: {error} given; expected a probability")
    matrix = np.full((classes, classes), error / (classes - 1))
    np.fill_diagonal(matrix, 1 - error)
    return matrix


def symmetric_channel(classes: int, error: float) -> Discrete:
    """A uniform class sent through a symmetric channel, I = ln K + (1 - e) ln(1 - e) + e ln(e / (K - 1))."""
    return Discrete(channel_matrix(classes, error) / classes)


def typewriter(classes: int) -> Discrete:
    """The noisy typewriter: a uniform class stays or becomes the next one, each with probability 1/2; I = ln(K / 2).

    The formula holds for K above 2. Source: Cover & Thomas 2006, section 7.1.3.
    """
    return Discrete((np.eye(classes) + np.roll(np.eye(classes), 1, axis=1)) / (2 * classes))
