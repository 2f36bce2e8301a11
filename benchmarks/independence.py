"""Power of ``independence_test`` beside a plain correlation test, and false alarms.

    python benchmarks/independence.py [--draws 200]

Writes ``benchmarks/independence.csv``: the share of draws with p <= 0.05. Kinds of dependence and seeds are others than
those on which the features were chosen.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.stats import pearsonr
from tqdm import tqdm

import infoplane

Draw = Callable[[np.random.Generator, int], tuple[np.ndarray, np.ndarray]]


def _of(function: Callable[[np.ndarray, np.ndarray], np.ndarray]) -> Draw:
    def draw(rng: np.random.Generator, n: int) -> tuple[np.ndarray, np.ndarray]:
        x, noise = rng.standard_normal((2, n))
        return x, function(x, noise)

    return draw


def _circle(rng: np.random.Generator, n: int) -> tuple[np.ndarray, np.ndarray]:
    angle = rng.uniform(0.0, 2.0 * np.pi, n)
    noise = 0.3 * rng.standard_normal((2, n))
    return np.cos(angle) + noise[0], np.sin(angle) + noise[1]


def _clusters(rng: np.random.Generator, n: int) -> tuple[np.ndarray, np.ndarray]:
    centre = rng.choice([-1.0, 1.0], (2, n))
    centre[1] = np.where(rng.random(n) < 0.3, centre[0], centre[1])
    return tuple(centre + 0.3 * rng.standard_normal((2, n)))  # type: ignore[return-value]


KINDS: dict[str, Draw] = {
    "z = 0.25 x + noise": _of(lambda x, e: 0.25 * x + e),
    "z = abs(x) + noise": _of(lambda x, e: np.abs(x) + e),
    "z = cos 4x + noise": _of(lambda x, e: np.cos(4.0 * x) + e),
    "a step: z = (x > 1) + noise": _of(lambda x, e: (x > 1.0) + e),
    "noise that grows with abs(x)": _of(lambda x, e: e * (0.5 + np.abs(x))),
    "a noisy circle": _circle,
    "clusters at four corners": _clusters,
    "independent": _of(lambda x, e: e),
    "independent, Student with 2 degrees": lambda rng, n: tuple(rng.standard_t(2.0, (2, n))),  # type: ignore[return-value]
    "independent, counts": lambda rng, n: tuple(rng.poisson(1.0, (2, n)).astype(float)),  # type: ignore[return-value]
}


def main() -> None:
    """Draw, test and write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--draws", type=int, default=200)
    draws = parser.parse_args().draws
    rows = []
    for n in (100, 300):
        for name, draw in tqdm(KINDS.items()):
            p_values = []
            for number in range(draws):
                x, z = draw(np.random.default_rng([n, number, 5]), n)
                p_values.append(
                    {
                        "independence_test": infoplane.independence_test(x, z, seed=number).p_value,
                        "pearson": pearsonr(x, z)[1],
                    }
                )
            rows.append({"n": n, "kind": name, "draws": draws} | (pd.DataFrame(p_values) <= 0.05).mean().to_dict())
    table = pd.DataFrame(rows).round(3)
    print(table.to_string())
    table.to_csv(Path(__file__).with_suffix(".csv"), index=False, lineterminator="\n")


if __name__ == "__main__":
    main()
