"""How far ``auto`` is from mutual information that is known, and whether its intervals hold the truth.

    python benchmarks/accuracy.py czyz                  the 40 tasks of Czyż et al. 2023, n = 10,000, rebuilt
    python benchmarks/accuracy.py mixed                 the same, each variable times a random matrix
    python benchmarks/accuracy.py monotone              the same, each column through a monotone function
    python benchmarks/accuracy.py own                   what that benchmark is blind for, several seeds
    python benchmarks/accuracy.py samples FOLDER        .npz files with x, z and mutual_information

Each writes ``benchmarks/accuracy_<suite>.csv`` row by row, takes up where an earlier run of the same command stopped
(delete the file to begin anew), and prints its summary. The truth is a formula or, for Gaussian mixtures, an integral
of known densities. ``--seeds`` sets the number of seeds, ``--only`` keeps the tasks whose name contains a text.
"""

from __future__ import annotations

import argparse
import csv
import math
import resource
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

import infoplane
from infoplane.distributions import (
    Asinh,
    Chain,
    Deformed,
    Discrete,
    Distribution,
    Gaussian,
    HalfCube,
    Independent,
    Mixture,
    NormalCdf,
    Spiral,
    Stacked,
    SwissRoll,
    TwoPeaks,
    UniformNoise,
    UniformSteps,
    Wiggly,
    ZeroInflatedPoisson,
    correlated_gaussian,
    dense_gaussian,
    dense_student,
    gaussian_with_information,
    identity_student,
    paired_gaussian,
    sparse_gaussian,
    symmetric_channel,
)
from infoplane.distributions.base import FloatArray
from infoplane.distributions.deformations import CZYZ_WIGGLY_X, CZYZ_WIGGLY_Z

HERE = Path(__file__).parent
FIELDS = [
    "task",
    "n",
    "seed",
    "truth",
    "nats",
    "low",
    "high",
    "error",
    "holds",
    "cpu_seconds",
    "base",
    "critic",
    "neighbours",
]


@dataclass(frozen=True)
class Task:
    """A distribution and how it is drawn."""

    name: str
    distribution: Distribution
    n: int = 10_000
    seeds: int = 1
    z_kind: str | None = None
    standardise: bool = True
    change: Callable[[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]] | None = None
    """Invertible maps of x and of z, which leave the information as it is."""

    def draw(self, seed: int) -> tuple[np.ndarray, np.ndarray]:
        """One sample; numbers with mean 0 and deviation 1 per column, as the published protocol has it."""
        x, z = self.distribution.sample(self.n, seed)
        if self.standardise:
            x, z = _standardised(x), z if z.ndim == 1 else _standardised(z)
        return (x, z) if self.change is None else self.change(x, z)


def _standardised(x: np.ndarray) -> np.ndarray:
    return (x - x.mean(axis=0)) / np.where(x.std(axis=0) > 0, x.std(axis=0), 1.0)


@dataclass(frozen=True)
class Mixing:
    """Every row times a fixed well-conditioned matrix."""

    columns: int
    seed: int

    def _matrix(self) -> FloatArray:
        u, _, v = np.linalg.svd(np.random.default_rng(self.seed).normal(size=(self.columns, self.columns)))
        return u @ np.diag(np.linspace(0.6, 1.6, self.columns)) @ v

    def forward(self, x: FloatArray) -> FloatArray:
        """x times the matrix."""
        return x @ self._matrix()

    def inverse(self, y: FloatArray) -> FloatArray:
        """y times its inverse."""
        return np.linalg.solve(self._matrix().T, y.T).T


@dataclass(frozen=True)
class Rectified:
    """Z = max(X + noise, 0), X normal: a point mass and a density; I by quadrature."""

    noise_std: float

    def sample(self, n: int, seed: int) -> tuple[FloatArray, FloatArray]:
        """n pairs: x (n, 1), z (n, 1)."""
        rng = np.random.default_rng([seed, 31])
        x = rng.normal(size=(n, 1))
        return x, np.maximum(x + self.noise_std * rng.normal(size=(n, 1)), 0.0)

    def mutual_information(self) -> float:
        """H of the point mass and the density of Z, minus the same given x, in nats."""
        from scipy.special import log_ndtr, ndtr

        x, weight = np.polynomial.hermite_e.hermegauss(200)
        weight = weight / weight.sum()
        s = self.noise_std
        total = math.sqrt(1 + s**2)
        z = np.linspace(1e-9, 8 * total, 200_001)
        density = np.exp(-0.5 * (z / total) ** 2) / (total * math.sqrt(2 * math.pi))
        whole = -np.trapezoid(density * np.log(density), z) + 0.5 * math.log(2)
        a = x / s
        above = 0.5 * math.log(2 * math.pi * s**2) * ndtr(a) + 0.5 * (
            ndtr(a) - a * np.exp(-0.5 * a**2) / math.sqrt(2 * math.pi)
        )
        return float(whole - weight @ (above - ndtr(-a) * log_ndtr(-a)))


@dataclass(frozen=True)
class GaussianClusters:
    """Numbers on both sides: (X, Z) jointly a mixture of Gaussians of one covariance; I by Monte Carlo."""

    joint: Mixture
    dx: int

    @staticmethod
    def of(dx: int, dz: int, clusters: int, spread: float, rho: float, seed: int) -> GaussianClusters:
        """Clusters with random means, x and z correlated by rho in one pair within each."""
        means = spread * np.random.default_rng(seed).normal(size=(clusters, dx + dz))
        covariance = paired_gaussian(dx, dz, 1, rho).covariance
        return GaussianClusters(Mixture(means, np.tile(covariance, (clusters, 1, 1)), np.arange(clusters)), dx)

    def sample(self, n: int, seed: int) -> tuple[FloatArray, FloatArray]:
        """n pairs: x (n, dx), z (n, dz)."""
        both, _ = self.joint.sample(n, seed)
        return both[:, : self.dx], both[:, self.dx :]

    def mutual_information(self) -> float:
        """E ln p(x, z) / p(x) p(z) over 400,000 draws, in nats (standard error about 0.002)."""
        both, _ = self.joint.sample(400_000, 987)
        x, z = self._side(slice(None, self.dx)), self._side(slice(self.dx, None))
        log_joint = self.joint.density(both)
        return float(
            np.mean(np.log(log_joint) - np.log(x.density(both[:, : self.dx])) - np.log(z.density(both[:, self.dx :])))
        )

    def _side(self, columns: slice) -> Mixture:
        return Mixture(self.joint.means[:, columns], self.joint.covariances[:, columns, columns], self.joint.labels)


def czyz() -> list[Task]:
    """The 40 tasks of Czyż, Grabowski, Vogt, Beerenwinkel & Marx 2023, "Beyond Normal", section 2 and appendix."""
    binormal, cdf, cube, asinh = correlated_gaussian(1, 0.75), NormalCdf(), HalfCube(), Asinh()
    sparse = {d: sparse_gaussian(d, d) for d in (2, 3, 5, 25)}
    spiral_x, spiral_z = Spiral(1 / 3, (0, 1)), Spiral(1 / 3, (1, 2))
    cauchy = identity_student(1, 1, 1)
    tasks: dict[str, Distribution] = {
        "1v1-normal-0.75": binormal,
        "normal_cdf-1v1-normal-0.75": Deformed(binormal, cdf, cdf),
        "1v1-additive-0.1": UniformNoise(0.1),
        "1v1-additive-0.75": UniformNoise(0.75),
        "1v1-bimodal-0.75": Deformed(binormal, TwoPeaks(0.3, 0.0, 5.0), TwoPeaks(0.5, -1.0, 3.0)),
        "wiggly-1v1-normal-0.75": Deformed(binormal, CZYZ_WIGGLY_X, CZYZ_WIGGLY_Z),
        "half_cube-1v1-normal-0.75": Deformed(binormal, cube, cube),
        "student-identity-1-1-1": cauchy,
        "asinh-student-identity-1-1-1": Deformed(cauchy, asinh, asinh),
        "swissroll_x-normal_cdf-1v1-normal-0.75": Deformed(binormal, Chain((cdf, SwissRoll())), cdf),
    }
    tasks |= {f"multinormal-dense-{d}-{d}-0.5": dense_gaussian(d, d) for d in (2, 3, 5, 25, 50)}
    tasks |= {f"multinormal-sparse-{d}-{d}-2-2.0": base for d, base in sparse.items()}
    tasks |= {
        f"student-identity-{d}-{d}-{df}": identity_student(d, d, df)
        for d, df in ((2, 1), (2, 2), (3, 2), (3, 3), (5, 2), (5, 3))
    }
    for d in (3, 5, 25):
        tasks[f"normal_cdf-multinormal-sparse-{d}-{d}-2-2.0"] = Deformed(sparse[d], cdf, cdf)
        tasks[f"half_cube-multinormal-sparse-{d}-{d}-2-2.0"] = Deformed(sparse[d], cube, cube)
        tasks[f"spiral-multinormal-sparse-{d}-{d}-2-2.0"] = Deformed(sparse[d], spiral_x, spiral_z)
        tasks[f"spiral-normal_cdf-multinormal-sparse-{d}-{d}-2-2.0"] = Deformed(
            sparse[d], Chain((cdf, spiral_x)), Chain((cdf, spiral_z))
        )
    tasks |= {
        f"asinh-student-identity-{d}-{d}-{df}": Deformed(identity_student(d, d, df), asinh, asinh)
        for d, df in ((2, 1), (3, 2), (5, 2))
    }
    return [Task(name, base) for name, base in tasks.items()]


def mixed() -> list[Task]:
    """The same tasks, x and z each times a random matrix with singular values from 0.6 to 1.6."""

    def mixing(number: int) -> Callable[[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]:
        return lambda x, z: (
            Mixing(x.shape[1], 2 * number).forward(x),
            Mixing(z.shape[1], 2 * number + 1).forward(z),
        )

    return [replace(task, change=mixing(number)) for number, task in enumerate(czyz())]


def monotone() -> list[Task]:
    """The same tasks, the columns of x stretched at both ends, those of z pressed together there."""

    def change(x: np.ndarray, z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return np.sign(x) * np.abs(x) ** 1.7 + 0.3 * np.tanh(3 * x), np.arctan(1.5 * z) + 0.05 * z

    return [replace(task, change=change) for task in czyz()]


def own() -> list[Task]:
    """Other parameters and dimensions, mixed columns, and what the 40 tasks are blind for."""
    return [*_deformed(), *_strong(), *_classes(), *_ties(), *_small(), *_thin(), *_independent()]


def _deformed() -> Iterator[Task]:
    cdf, cube = NormalCdf(), HalfCube()
    pair4, pair6, pair20 = (Gaussian(_two_pairs(d), d) for d in (4, 6, 20))
    yield Task("spiral 4+4, speed 0.3", Deformed(pair4, Spiral(0.3, (0, 3)), Spiral(-0.3, (0, 1))), seeds=3)
    yield Task("spiral 20+20, speed 0.3", Deformed(pair20, Spiral(0.3, (0, 19)), Spiral(-0.3, (0, 1))), seeds=2)
    yield Task(
        "spiral of uniforms 6+6, speed 0.25",
        Deformed(pair6, Chain((cdf, Spiral(0.25, (0, 5)))), Chain((cdf, Spiral(-0.25, (0, 1))))),
        seeds=2,
    )
    yield Task(
        "half cubes, mixed, 4+4", Deformed(pair4, Chain((cube, Mixing(4, 1))), Chain((cube, Mixing(4, 2)))), seeds=3
    )
    yield Task("uniforms, mixed, 6+6", Deformed(pair6, Chain((cdf, Mixing(6, 1))), Chain((cdf, Mixing(6, 2)))), seeds=2)
    yield Task("wiggly 6+6", Deformed(pair6, CZYZ_WIGGLY_X, Wiggly(((0.3, 2.0, 0.5),))), seeds=2)
    yield Task("dense Gaussian 40+40", dense_gaussian(40, 40, 0.4), seeds=2)
    yield Task("Student 4+4, 2.5 degrees", identity_student(4, 4, 2.5), seeds=3)
    yield Task(
        "Student 3+3, 1.5 degrees, correlated, mixed",
        Deformed(dense_student(3, 3, 1.5, 0.4), Mixing(3, 1), Mixing(3, 2)),
        seeds=2,
    )
    yield Task("asinh of Student 6+6, 2.5 degrees", Deformed(identity_student(6, 6, 2.5), Asinh(), Asinh()), seeds=2)
    yield Task(
        "asinh of Student 4+4, 2 degrees, mixed",
        Deformed(identity_student(4, 4, 2), Chain((Asinh(), Mixing(4, 1))), Chain((Asinh(), Mixing(4, 2)))),
        seeds=2,
    )
    yield Task("clusters 2+2", GaussianClusters.of(2, 2, 4, 2.0, 0.5, 5), seeds=3)
    yield Task("clusters 3+4", GaussianClusters.of(3, 4, 5, 1.5, 0.6, 6), seeds=3)
    yield Task("clusters 5+5", GaussianClusters.of(5, 5, 4, 1.0, 0.6, 7), seeds=2)
    yield Task("swiss roll 2+1", Deformed(correlated_gaussian(1, 0.8), Chain((cdf, SwissRoll()))), seeds=3)
    yield Task("additive noise 0.25 and 0.6, side by side", Stacked((UniformNoise(0.25), UniformNoise(0.6))), seeds=3)


def _two_pairs(d: int) -> FloatArray:
    covariance = np.eye(2 * d)
    for column, rho in enumerate((0.75, 0.85)):
        covariance[column, d + column] = covariance[d + column, column] = rho
    return covariance


def _strong() -> Iterator[Task]:
    yield Task("4 nats, Gaussian 5+5", correlated_gaussian(5, math.sqrt(1 - math.exp(-8 / 5))), seeds=2)
    yield Task("8 nats, Gaussian 10+10", correlated_gaussian(10, math.sqrt(1 - math.exp(-16 / 10))), seeds=2)
    cube = HalfCube()
    yield Task(
        "6 nats, half cubes, mixed, 4+4",
        Deformed(
            correlated_gaussian(4, math.sqrt(1 - math.exp(-3))),
            Chain((cube, Mixing(4, 1))),
            Chain((cube, Mixing(4, 2))),
        ),
        seeds=2,
    )
    yield Task("4.6 nats, additive noise 0.005", UniformNoise(0.005), seeds=3)
    yield Task(
        "4.2 nats, spiral 3+3, speed 0.3",
        Deformed(correlated_gaussian(3, 0.97), Spiral(0.3, (0, 1)), Spiral(0.3, (1, 2))),
        seeds=2,
    )


def _classes() -> Iterator[Task]:
    def clusters(classes: int, d: int, spread: float, per_class: int = 1) -> Mixture:
        means = spread * np.random.default_rng(classes).normal(size=(classes * per_class, d))
        return Mixture(means, np.tile(np.eye(d), (len(means), 1, 1)), np.arange(len(means)) % classes)

    yield Task("3 classes, 2 columns", clusters(3, 2, 1.5), 2_000, 3)
    yield Task("10 classes of 3 clusters, 6 columns", clusters(10, 6, 2.0, 3), 10_000, 2)
    yield Task("100 classes, 10 columns", clusters(100, 10, 1.0), 10_000, 2)
    yield Task("400 classes, 20 columns", clusters(400, 20, 1.0), 10_000, 1)
    yield Task("labels against labels, 30 values", symmetric_channel(30, 0.3), 2_000, 3, "labels", False)


def _ties() -> Iterator[Task]:
    levels = np.random.default_rng(3).dirichlet(np.ones(48)).reshape(6, 8)
    yield Task("table 6 x 8 as numbers", Discrete(levels), 2_000, 3, "numbers", False)
    yield Task("levels and a continuous variable", UniformSteps(5), 10_000, 3)
    yield Task("zero-inflated counts", ZeroInflatedPoisson(0.15), 10_000, 3, None, False)
    yield Task("rectified", Rectified(0.5), 10_000, 3)
    yield Task(
        "counts beside a Gaussian, 2+2", Stacked((ZeroInflatedPoisson(0.0), correlated_gaussian(1, 0.6))), 10_000, 3
    )
    yield Task("rectified beside Gaussians, 4+4", Stacked((Rectified(0.4), correlated_gaussian(3, 0.5))), 10_000, 2)


def _small() -> Iterator[Task]:
    yield Task("n = 300, Gaussian 3+3", correlated_gaussian(3, 0.5), 300, 5)
    yield Task("n = 300, Student 2+2, 2 degrees", identity_student(2, 2, 2), 300, 5)
    yield Task("n = 300, uniforms 10+10", Deformed(paired_gaussian(10, 10, 2, 0.8), NormalCdf(), NormalCdf()), 300, 5)
    yield Task(
        "n = 300, swiss roll 2+1", Deformed(correlated_gaussian(1, 0.8), Chain((NormalCdf(), SwissRoll()))), 300, 5
    )
    yield Task("n = 300, additive noise 0.3", UniformNoise(0.3), 300, 5)


def _thin() -> Iterator[Task]:
    """One nat spread over so many columns that no model shows it on samples it was not fitted on."""
    cdf, cube = NormalCdf(), HalfCube()
    for d, n in ((50, 1_000), (200, 5_000)):
        gaussian = gaussian_with_information(d, 1.0)
        cubes = Deformed(gaussian, Chain((cube, Mixing(d, 1))), Chain((cube, Mixing(d, 2))))
        uniforms = Deformed(gaussian, Chain((cdf, Mixing(d, 3))), Chain((cdf, Mixing(d, 4))))
        yield Task(f"thin Gaussian {d}+{d}", gaussian, n, 3)
        yield Task(f"thin half cubes, mixed, {d}+{d}", cubes, n, 2)
        yield Task(f"thin uniforms, mixed, {d}+{d}", uniforms, n, 2)
    yield Task("thin Gaussian 100+100", gaussian_with_information(100, 2.0), 500, 3)
    yield Task("thin Gaussian 5+200", paired_gaussian(5, 200, 5, 0.5), 1_000, 3)


def _independent() -> Iterator[Task]:
    heavy, normal = dense_student(5, 5, 1.5, 0.5), dense_gaussian(5, 5, 0.7)
    ten, one = correlated_gaussian(10, 0.5), correlated_gaussian(1, 0.5)
    yield Task("independent, heavy tails and Gaussian, 5+5", Independent(heavy, normal), 10_000, 3)
    yield Task("independent 10+10, n = 1,000", Independent(ten, ten), 1_000, 5)
    yield Task("independent 10+10, n = 300", Independent(ten, ten), 300, 5)
    yield Task("independent 1+1, n = 300", Independent(one, UniformNoise(0.2)), 300, 5)
    yield Task("independent labels, 20 classes, n = 1,000", Independent(ten, symmetric_channel(20, 0.1)), 1_000, 5)
    many = dense_student(50, 50, 2, 0.3)
    yield Task("independent, heavy tails, 50+50, n = 300", Independent(many, many), 300, 3)
    yield Task("independent counts", Independent(ZeroInflatedPoisson(0.2), UniformSteps(4)), 1_000, 5, "numbers", False)


def samples(folder: Path) -> Iterator[tuple[str, np.ndarray, np.ndarray, float]]:
    """Name, x, z and truth of every .npz in a folder."""
    for path in sorted(folder.glob("*.npz")):
        with np.load(path) as archive:
            yield path.stem, archive["x"], archive["z"], float(archive["mutual_information"])


def measured(name: str, x: np.ndarray, z: np.ndarray, truth: float, seed: int, z_kind: str | None) -> dict[str, object]:
    """One row of a table."""
    before = _cpu_seconds()
    result = infoplane.estimate(x, z, seed=seed, z_kind=z_kind)  # type: ignore[arg-type]
    assert result.ci95 is not None
    low, high = result.ci95
    told = result.diagnostics
    return {
        "task": name,
        "n": len(x),
        "seed": seed,
        "truth": f"{truth:.4f}",
        "nats": f"{result.nats:.4f}",
        "low": f"{low:.4f}",
        "high": f"{high:.4f}",
        "error": f"{result.nats - truth:+.4f}",
        "holds": int(low <= truth <= high),
        "cpu_seconds": f"{_cpu_seconds() - before:.1f}",
        "base": told.get("base", {}).get("model", told.get("route", "")),
        "critic": "used" if told.get("critic", {}).get("used") else "",
        "neighbours": f"{told['neighbours']['share']:.2f}" if "neighbours" in told else "",
    }


def _cpu_seconds() -> float:
    use = resource.getrusage(resource.RUSAGE_SELF)
    return use.ru_utime + use.ru_stime


def run(suite: str, rows: Iterator[Callable[[], dict[str, object]] | None], path: Path) -> None:
    """Append each row as soon as it is known."""
    new = not path.exists()
    with path.open("a", newline="") as handle:
        writer = csv.DictWriter(handle, FIELDS, lineterminator="\n")
        if new:
            writer.writeheader()
        for row in rows:
            if row is None:
                continue
            values = row()
            writer.writerow(values)
            handle.flush()
            print(", ".join(str(values[name]) for name in FIELDS), flush=True)
    summarise(path)


def done(path: Path) -> set[tuple[str, int]]:
    """Task and seed of the rows that a table has."""
    if not path.exists():
        return set()
    with path.open() as handle:
        return {(row["task"], int(row["seed"])) for row in csv.DictReader(handle)}


def pending(tasks: list[Task], only: str, seeds: int | None, path: Path) -> Iterator[Callable[[], dict[str, object]]]:
    """What is still to be measured."""
    have = done(path)
    for task in tasks:
        if only not in task.name:
            continue
        truth: float | None = None
        for seed in range(seeds or task.seeds):
            if (task.name, seed) in have:
                continue
            truth = task.distribution.mutual_information() if truth is None else truth
            x, z = task.draw(seed)
            yield lambda x=x, z=z, seed=seed, truth=truth, task=task: measured(
                task.name, x, z, truth, seed, task.z_kind
            )  # type: ignore[misc]


def summarise(path: Path) -> None:
    """Mean absolute error, tasks within a factor 1.5 and coverage, over a table."""
    with path.open() as handle:
        rows = list(csv.DictReader(handle))
    errors = np.array([float(row["error"]) for row in rows])
    truth, nats = (np.array([float(row[name]) for row in rows]) for name in ("truth", "nats"))
    near = (nats < 1.5 * truth) & (nats > truth / 1.5)
    holds = np.array([int(row["holds"]) for row in rows])
    print(
        f"{path.name}: {len(rows)} rows, mean absolute error {np.abs(errors).mean():.4f} nats, "
        f"mean {errors.mean():+.4f}"
    )
    known = truth > 0
    print(f"within a factor 1.5: {near[known].sum()} of {known.sum()}; intervals hold {holds.sum()} of {len(rows)}")
    for name in dict.fromkeys(row["task"] for row in rows):
        mine = np.array([row["task"] == name for row in rows])
        held = f"holds {holds[mine].sum()} of {mine.sum()}"
        print(f"  {name}: truth {truth[mine][0]:.3f}, mean {nats[mine].mean():.3f}, {held}")


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description="Accuracy of auto against known mutual information.")
    parser.add_argument("suite", choices=("czyz", "mixed", "monotone", "own", "samples"))
    parser.add_argument("folder", nargs="?", type=Path, help="of the .npz files, for samples")
    parser.add_argument("--seeds", type=int)
    parser.add_argument("--only", default="")
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    path = arguments.out or HERE / f"accuracy_{arguments.suite}.csv"
    if arguments.suite == "samples":
        if arguments.folder is None:
            parser.error("samples: expected a folder")
        have = done(path)
        rows: Iterator[Callable[[], dict[str, object]] | None] = (
            None if (name, 0) in have else lambda one=(name, x, z, truth): measured(*one, 0, "numbers")  # type: ignore[misc]
            for name, x, z, truth in samples(arguments.folder)
        )
    else:
        tasks = {"czyz": czyz, "mixed": mixed, "monotone": monotone, "own": own}[arguments.suite]()
        rows = iter(pending(tasks, arguments.only, arguments.seeds, path))
    run(arguments.suite, rows, path)


if __name__ == "__main__":
    main()
