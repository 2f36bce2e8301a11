"""Which measurements of a tumour tell whether it is benign, and which tell the same? Draws docs/images/columns.png.

python examples/columns.py [FILE]
"""

from __future__ import annotations

import sys
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_breast_cancer

import infoplane

FILE = Path(__file__).parents[1] / "docs" / "images" / "columns.png"
SHOWN = 12


def main(file: Path = FILE) -> None:
    """Rank the 30 columns, compare the first ones in pairs, and draw both."""
    data = load_breast_cancer(as_frame=True)
    ranking = infoplane.rank(data.data, data.target)
    print(ranking)
    first = ranking.order[:SHOWN]
    pairs = infoplane.matrix(data.data.iloc[:, first])
    print(pairs)

    figure, (left, right) = plt.subplots(1, 2, figsize=(10.0, 4.2), layout="constrained")
    place = np.arange(SHOWN)
    left.barh(place, ranking.nats[first], color="#9ecae1")
    left.hlines(place, ranking.low[first], ranking.high[first], color="black", linewidth=1.2)
    left.set_yticks(place, [ranking.names[i] for i in first])
    left.invert_yaxis()
    left.set(xlabel="I(column; diagnosis), nats, with 95 % interval", xlim=(0.0, 0.7))
    entropy = infoplane.estimate(data.data.iloc[:, [0]], data.target, "ross").label_entropy
    left.axvline(entropy, color="gray", linestyle="--")
    left.text(entropy, SHOWN - 0.2, "H(diagnosis) ", ha="right", va="bottom", color="gray")

    shown = right.imshow(np.sqrt(-np.expm1(-2.0 * np.maximum(pairs.nats, 0.0))), cmap="viridis", vmin=0.0, vmax=1.0)
    right.set_xticks(place, pairs.names, rotation=60, ha="right", fontsize=8)
    right.set_yticks(place, pairs.names, fontsize=8)
    right.set_title("I(column; column) as a correlation", fontsize=10)
    figure.colorbar(shown, ax=right, shrink=0.9)
    figure.savefig(file, dpi=110)


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
