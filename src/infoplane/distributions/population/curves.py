"""Two closed curves in space, traced by angles that go together, seen through noise in all columns."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from infoplane.common.aliases import Array, FloatArray
from infoplane.distributions.base import stream
from infoplane.distributions.population.truth import MeanOfPointwise


@dataclass(frozen=True)
class NoisyCurves(MeanOfPointwise):
    """x = curve(a) + noise, z = curve(b) + noise; a uniform on the circle, b = a + a von Mises variable.

    A curve has the columns amplitude_h cos(h a), amplitude_h sin(h a), h = 1, 2, ...

    Args:
        x_amplitudes: of the harmonics, above 0.
        z_amplitudes: likewise.
        x_noise: standard deviation of the noise in each column.
        z_noise: likewise.
        concentration: of the von Mises variable, 0 for independent angles.
    """

    x_amplitudes: tuple[float, ...]
    z_amplitudes: tuple[float, ...]
    x_noise: float
    z_noise: float
    concentration: float

    def sample(self, n: int, seed: int) -> tuple[FloatArray, FloatArray]:
        """n pairs: x (n, 2 harmonics), z likewise."""
        rng = stream(n, seed, "noisy_curves")
        a = rng.uniform(0, 2 * math.pi, size=n)
        b = a + rng.vonmises(0.0, self.concentration, size=n)
        x, z = _curve(a, self.x_amplitudes), _curve(b, self.z_amplitudes)
        return (
            x + self.x_noise * rng.standard_normal(x.shape),
            z + self.z_noise * rng.standard_normal(z.shape),
        )

    def pointwise(self, x: Array, z: Array) -> FloatArray:
        """Pointwise information of each pair, shape (n,), by quadrature over both angles."""
        given_a = _likelihood(x, self.x_amplitudes, self.x_noise, self._angles)
        given_b = _likelihood(z, self.z_amplitudes, self.z_noise, self._angles)
        # Smooth on the circle: b's likelihood averaged over b given a is a product of Fourier series.
        kernel = np.exp(self.concentration * (np.cos(self._angles) - 1))
        spectrum = np.fft.rfft(given_b, axis=1) * np.fft.rfft(kernel / kernel.sum())
        through = np.fft.irfft(spectrum, len(self._angles), axis=1)
        ratio: FloatArray = np.log((given_a * through).mean(axis=1) / given_a.mean(axis=1) / given_b.mean(axis=1))
        return ratio

    @cached_property
    def _angles(self) -> FloatArray:
        """An even grid that resolves the likelihoods and the von Mises density."""
        speeds = [
            math.sqrt(sum((h * amplitude) ** 2 for h, amplitude in enumerate(amplitudes, 1))) / noise
            for amplitudes, noise in ((self.x_amplitudes, self.x_noise), (self.z_amplitudes, self.z_noise))
        ]
        finest = max(*speeds, math.sqrt(self.concentration), 4.0)
        size = 1 << math.ceil(math.log2(2 * math.pi * 2 * finest))
        return 2 * math.pi * np.arange(size) / size


def _curve(angles: FloatArray, amplitudes: tuple[float, ...]) -> FloatArray:
    harmonics = np.arange(1, len(amplitudes) + 1)
    turned = angles[:, None] * harmonics
    return np.concatenate([amplitudes * np.cos(turned), amplitudes * np.sin(turned)], axis=1)


def _likelihood(columns: Array, amplitudes: tuple[float, ...], noise: float, angles: FloatArray) -> FloatArray:
    """p(row | angle) up to a factor of each row, shape (n, angles); all points of a curve have the same norm."""
    logs = columns @ _curve(angles, amplitudes).T / noise**2
    likelihood: FloatArray = np.exp(logs - logs.max(axis=1, keepdims=True))
    return likelihood
