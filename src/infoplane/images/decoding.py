"""Converts image files of any kind to plain ones: 8-bit RGB, upright, PNG or JPEG.

* Grey: three equal channels. 16-bit grey: scaled to 8 bits (255 / 65535); 16-bit colour: the high bytes.
* Transparency (alpha channel, or one colour of a PNG or GIF): laid over white. Dropping the channel would show the
  arbitrary colours below it.
* CMYK, palette and other colour models: Pillow's conversion. Colour profiles are not applied.
* The EXIF orientation is applied to the pixels. Of several frames the first counts.

A file that is plain already is kept byte for byte.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from infoplane.common.runtime import tensorflow

MOST_PIXELS = 89_478_485
"""Larger images are refused: a small file can unpack to gigabytes. Pillow warns from the same size on."""

_ORIENTATION = 0x0112
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_SIXTEEN_BIT_GREY = ("I;16", "I;16L", "I;16B", "I;16N")
_NO_FIXED_RANGE = ("I", "F")
_PNG_DEPTH = 24  # offset of the bit depth in a PNG file, whose first chunk is always the header


class UndecodableImage(ValueError):
    """The bytes are not a usable image; the text gives the reason, the same in every run."""


@dataclass(frozen=True)
class Picture:
    """One plain image."""

    encoded: bytes
    """A JPEG or PNG file, 8-bit RGB."""
    changes: tuple[str, ...] = ()
    """What had to be changed, e.g. ``("grey", "rotated")``; empty if the bytes are the original's."""


def picture_of_pixels(pixels: npt.NDArray[np.uint8]) -> Picture:
    """RGB pixels of shape (height, width, 3) as a PNG file."""
    return Picture(_png(Image.fromarray(pixels)))


def picture_of_file(encoded: bytes) -> Picture:
    """The bytes of an image file as a plain picture. Every pixel is decoded: only that finds a truncated file.

    Raises:
        UndecodableImage: empty, truncated, damaged, too large, or not an image.
    """
    image = _decode(encoded)
    try:
        plain, changes = _as_rgb(image, _is_sixteen_bit_png(encoded))
        plain, changes = _upright(plain, image, changes)
    except UndecodableImage:
        raise
    except (ValueError, OSError, SyntaxError) as error:
        raise UndecodableImage(f"colours cannot be converted from {image.mode}") from error
    if image.format not in ("JPEG", "MPO", "PNG"):
        changes = (*changes, str(image.format))
    if not changes:
        if _decodes_in_tensorflow(encoded):
            return Picture(encoded)
        changes = ("repaired",)
    return Picture(_png(plain), changes)


def _decode(encoded: bytes) -> Image.Image:
    """The image with all its pixels loaded."""
    if not encoded:
        raise UndecodableImage("empty")
    try:
        image = Image.open(io.BytesIO(encoded))
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise UndecodableImage("too large") from error
    except MemoryError:
        raise
    except Exception as error:  # parsers of broken files fail with anything
        raise UndecodableImage("not an image") from error
    if image.width * image.height > MOST_PIXELS:
        raise UndecodableImage("too large")
    try:
        image.load()
    except MemoryError:
        raise
    except Exception as error:
        raise UndecodableImage("truncated or damaged") from error
    return image


def _as_rgb(image: Image.Image, sixteen_bit_png: bool) -> tuple[Image.Image, tuple[str, ...]]:
    """The image in 8-bit RGB, and what was changed."""
    changes: tuple[str, ...] = ("16-bit",) if sixteen_bit_png or image.mode in _SIXTEEN_BIT_GREY else ()
    if image.mode in _NO_FIXED_RANGE:
        raise UndecodableImage("32-bit values without a fixed range")
    if image.mode in _SIXTEEN_BIT_GREY:
        values = np.asarray(image).astype(np.float32) * (255 / 65535)
        return Image.fromarray(np.rint(values).astype(np.uint8)).convert("RGB"), (*changes, "grey")
    if image.has_transparency_data:
        layer = image.convert("RGBA")
        page = Image.new("RGBA", layer.size, "white")
        return Image.alpha_composite(page, layer).convert("RGB"), (*changes, "alpha")
    if image.mode == "RGB":
        return image, changes
    names = {"1": "grey", "L": "grey", "P": "palette"}
    return image.convert("RGB"), (*changes, names.get(image.mode, image.mode))


def _upright(
    plain: Image.Image, original: Image.Image, changes: tuple[str, ...]
) -> tuple[Image.Image, tuple[str, ...]]:
    """Apply the original's EXIF orientation."""
    try:
        turn = _TURNS.get(original.getexif().get(_ORIENTATION, 1))
    except Exception:  # damaged EXIF says nothing about the pixels
        turn = None
    return (plain, changes) if turn is None else (plain.transpose(turn), (*changes, "rotated"))


def _is_sixteen_bit_png(encoded: bytes) -> bool:
    """Whether the header of a PNG file says 16 bits, which Pillow does not report for colour images."""
    return encoded.startswith(b"\x89PNG") and encoded[_PNG_DEPTH] == 16


def _decodes_in_tensorflow(encoded: bytes) -> bool:
    """Whether TensorFlow, which TFDS decodes with, can decode the file; it is stricter than Pillow."""
    tf: Any = tensorflow()
    try:
        shape = tf.io.decode_image(encoded, channels=3, expand_animations=False).shape
    except tf.errors.InvalidArgumentError:
        return False
    return bool(shape.rank == 3)


def _png(image: Image.Image) -> bytes:
    buffer = io.BytesIO()
    # Only pixels: an ICC profile or EXIF block of the original would no longer fit them.
    Image.fromarray(np.asarray(image)).save(buffer, "PNG")
    return buffer.getvalue()
