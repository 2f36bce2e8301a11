"""Opens image files that nobody has looked at: a few formats, and nothing that unpacks to far more than it is.

Pillow reads some forty formats and goes by the first bytes, whatever the name: an EPS called ``cat.jpg`` starts
Ghostscript. And a small file can claim any number of pixels, scans or parts.
"""

from __future__ import annotations

import contextlib
import io
import struct
import threading
from collections.abc import Iterator

from PIL import Image

FORMATS = ("BMP", "GIF", "JPEG", "PNG", "TIFF", "WEBP")
"""As Pillow calls them; ``JPEG`` includes the MPO files of cameras, several JPEG images in one."""
MOST_PIXELS = 89_478_485
"""Larger images are refused. Pillow warns from the same size on."""
LARGE = 2**24
"""Pixels above which an image is large: refused unless its file is large too, and decoded alone."""

_PIXELS_PER_BYTE = 100
"""Of a large image, at most. Photographs have below 20."""
_PIXELS_OF_ALL_SCANS = 1_000_000_000
"""Of a JPEG, scans times pixels: each scan of a progressive one may go over all pixels; usual are 10 scans."""
_START_OF_SCAN = b"\xff\xda"
_FEW_READS = 20_000
_BYTES_PER_READ = 250
"""On average, where there are many: each chunk, segment, tag or strip is a read and a step in Python."""

_TIFF = {b"II*\0": "<", b"MM\0*": ">"}
"""The order of bytes by the first four; BigTIFF, for files above 4 GB, is another format."""
_PLACES = (273, 279, 324, 325)
"""TIFF tags with a number for each strip or tile."""
_BYTES, _TEXT, _SIGNED_BYTES, _ANY = 1, 2, 6, 7
"""Types of TIFF tags that hold bytes, as colour profiles and previews do."""

_alone = threading.Lock()


class UndecodableImage(ValueError):
    """The bytes are not a usable image; the text gives the reason, the same in every run."""


class _CountedReads(io.BytesIO):
    """A file that may be read in so many pieces."""

    def __init__(self, encoded: bytes) -> None:
        super().__init__(encoded)
        self._left = _most_parts(encoded)

    def read(self, size: int | None = -1, /) -> bytes:
        self._left -= 1
        if self._left < 0:
            raise UndecodableImage("too many parts")
        return super().read(size)


@contextlib.contextmanager
def opened(encoded: bytes) -> Iterator[Image.Image]:
    """An image file with every pixel decoded: only that finds a truncated file.

    Large images are decoded and held one at a time, whatever the number of threads.

    Raises:
        UndecodableImage: empty, truncated, damaged, too large for its file or for this project, in too many parts, or
            of another format.
    """
    if not encoded:
        raise UndecodableImage("empty")
    _refuse_long_lists(encoded)
    try:
        image = Image.open(_CountedReads(encoded), formats=FORMATS)
    except UndecodableImage:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise UndecodableImage("too large") from error
    except MemoryError:
        raise
    except Exception as error:  # parsers of broken files fail with anything
        raise UndecodableImage("not an image") from error
    pixels = image.width * image.height
    _refuse_more_than_the_file_holds(encoded, image, pixels)
    with _alone if pixels > LARGE else contextlib.nullcontext():
        try:
            image.load()
        except (UndecodableImage, MemoryError):
            raise
        except Exception as error:
            raise UndecodableImage("truncated or damaged") from error
        yield image


def _refuse_more_than_the_file_holds(encoded: bytes, image: Image.Image, pixels: int) -> None:
    if pixels > MOST_PIXELS:
        raise UndecodableImage("too large")
    if pixels > max(LARGE, _PIXELS_PER_BYTE * len(encoded)):
        raise UndecodableImage("too large for its file")
    if image.format in ("JPEG", "MPO") and encoded.count(_START_OF_SCAN) * pixels > _PIXELS_OF_ALL_SCANS:
        raise UndecodableImage("too many scans")


def _refuse_long_lists(encoded: bytes) -> None:
    """Refuse a TIFF whose tags list more numbers than there can be parts: Pillow makes objects of all of them first."""
    if not encoded.startswith((b"II", b"MM")):
        return
    order = _TIFF.get(encoded[:4])
    if order is None:
        raise UndecodableImage("not an image")
    try:
        (first,) = struct.unpack_from(f"{order}L", encoded, 4)
        (tags,) = struct.unpack_from(f"{order}H", encoded, first)
        entries = [struct.unpack_from(f"{order}HHL", encoded, first + 2 + 12 * index) for index in range(tags)]
    except struct.error:
        raise UndecodableImage("truncated or damaged") from None
    for tag, kind, count in entries:
        numbers = tag in _PLACES or kind not in (_BYTES, _TEXT, _SIGNED_BYTES, _ANY)
        if numbers and count > _most_parts(encoded):
            raise UndecodableImage("too many parts")


def _most_parts(encoded: bytes) -> int:
    return _FEW_READS + len(encoded) // _BYTES_PER_READ
