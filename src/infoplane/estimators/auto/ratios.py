"""Log density ratios of all rows of a sample: f(x_i, z_j) for any two lists of rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from infoplane.common.aliases import FloatArray, IntArray


class Ratio(Protocol):
    """A fitted log density ratio."""

    def matrix(self, rows_x: IntArray, rows_z: IntArray) -> FloatArray:
        """f(x_i, z_j), shape (len(rows_x), len(rows_z)), in nats."""
        ...


@dataclass(frozen=True)
class Bilinear:
    """f(x_i, z_j) = a_i + b_j + <left_i, right_j>."""

    a: FloatArray
    b: FloatArray
    left: FloatArray
    right: FloatArray

    def matrix(self, rows_x: IntArray, rows_z: IntArray) -> FloatArray:
        """f(x_i, z_j)."""
        result: FloatArray = self.left[rows_x] @ self.right[rows_z].T
        result += self.a[rows_x][:, None]
        result += self.b[rows_z]
        return result

    def turned(self) -> Bilinear:
        """The same ratio with x and z exchanged."""
        return Bilinear(self.b, self.a, self.right, self.left)

    def factors(self) -> tuple[FloatArray, FloatArray]:
        """Left and right factors whose product is f, shapes (n, r + 2)."""
        one = np.ones((len(self.a), 1))
        return np.hstack([self.left, self.a[:, None], one]), np.hstack([self.right, one, self.b[:, None]])


@dataclass(frozen=True)
class Product:
    """f = log(left_i . right_j), both nonnegative and scaled so that the product is a density ratio."""

    left: FloatArray
    right: FloatArray
    floor: float = 1e-12

    def matrix(self, rows_x: IntArray, rows_z: IntArray) -> FloatArray:
        """f(x_i, z_j)."""
        product = self.left[rows_x] @ self.right[rows_z].T
        product += self.floor
        return np.asarray(np.log(product, out=product), np.float64)


@dataclass(frozen=True)
class Student:
    """The ratio of a Student t distribution: a_i + b_j - (nu + d) / 2 log(1 + (p_i + q_j + <left_i, right_j>) / nu)."""

    a: FloatArray
    b: FloatArray
    p: FloatArray
    q: FloatArray
    left: FloatArray
    right: FloatArray
    degrees: float
    dimensions: int

    def matrix(self, rows_x: IntArray, rows_z: IntArray) -> FloatArray:
        """f(x_i, z_j)."""
        form = self.left[rows_x] @ self.right[rows_z].T
        form += self.p[rows_x][:, None]
        form += self.q[rows_z]
        result: FloatArray = np.log1p(np.maximum(form, 0.0) / self.degrees)
        result *= -0.5 * (self.degrees + self.dimensions)
        result += self.a[rows_x][:, None]
        result += self.b[rows_z]
        return result
