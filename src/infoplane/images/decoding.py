"""Converts image files of any kind to plain ones: 8-bit RGB, upright, PNG or JPEG.

* Grey: three equal channels. 16-bit grey: scaled to 8 bits (255 / 65535); 16-bit colour: the high bytes.
* Transparency (alpha channel, or one colour of a PNG or GIF): laid over white. Dropping the channel would show the
  arbitrary colours below it.
* CMYK, palette and other colour models: Pillow's conversion. Colour profiles are not applied.
* The EXIF orientation is applied to the pixels. Of several frames the first counts.

A file that is plain already is kept byte for byte.

What a file claims is bounded before it is believed: ``opening`` has its format, size and number of parts. The bounds
count pixels and parts, never seconds, so that every run skips the same files.
"""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from infoplane.common.runtime import tensorflow
from infoplane.images.opening import UndecodableImage, opened

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
_BLOCK = 2**20
_PNG_DEPTH = 24  # offset of the bit depth in a PNG file, whose first chunk is always the header


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
    with opened(encoded) as image:
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
            if _ends_with_its_pixels(encoded, image) and _decodes_in_tensorflow(encoded):
                return Picture(encoded)
            changes = ("repaired",)
        return Picture(_png(plain), changes)


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


def _ends_with_its_pixels(encoded: bytes, image: Image.Image) -> bool:
    """Whether the compressed data of an 8-bit RGB PNG end where its pixels do; True for other files.

    Pillow stops at the last row, TensorFlow unpacks what follows: a gigabyte from a megabyte of file.
    """
    if image.format != "PNG":
        return True
    left = image.height * (3 * image.width + 8)  # a filter byte for each row; of an interlaced one up to 7 more
    unpacker = zlib.decompressobj()
    try:
        for packed in _png_data(encoded):
            data = packed
            while data and left >= 0:
                left -= len(unpacker.decompress(data, _BLOCK))
                data = unpacker.unconsumed_tail
    except zlib.error:
        return False
    return left >= 0


def _png_data(encoded: bytes) -> Iterator[bytes]:
    """The contents of the ``IDAT`` chunks of a PNG file."""
    position = 8
    while position + 8 <= len(encoded):
        length, kind = struct.unpack_from(">I4s", encoded, position)
        if kind == b"IDAT":
            yield encoded[position + 8 : position + 8 + length]
        position += length + 12


def _png(image: Image.Image) -> bytes:
    buffer = io.BytesIO()
    image.info.clear()  # an ICC profile or EXIF block of the original would no longer fit its pixels
    image.save(buffer, "PNG")
    return buffer.getvalue()
