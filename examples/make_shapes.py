"""Draw the images of examples/shapes: ``python examples/make_shapes.py [folder]``.

Two classes, circle and square, 12 images each, 64 x 64 pixels, random place, size and colours from a fixed seed.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

SIDE, IMAGES = 64, 12


def draw(shape: str, random: np.random.Generator) -> Image.Image:
    """One circle or square, light on dark, anywhere in the image."""
    ground, paint = random.integers(0, 100, 3), random.integers(120, 256, 3)
    image = Image.new("RGB", (SIDE, SIDE), tuple(ground.tolist()))
    size = int(random.integers(16, 40))
    left, top = (int(random.integers(2, SIDE - size - 2)) for _ in range(2))
    pen = ImageDraw.Draw(image)
    outline = pen.ellipse if shape == "circle" else pen.rectangle
    outline((left, top, left + size, top + size), fill=tuple(paint.tolist()))
    return image


def main(folder: Path) -> None:
    """Write ``<folder>/<shape>/<number>.png``."""
    random = np.random.default_rng(0)
    for shape in ("circle", "square"):
        (folder / shape).mkdir(parents=True, exist_ok=True)
        for number in range(IMAGES):
            draw(shape, random).save(folder / shape / f"{number:02d}.png")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parent / "shapes")
