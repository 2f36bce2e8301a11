"""Every kind of image file becomes plain 8-bit RGB, or is refused in words that are the same in every run."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from infoplane.common.runtime import tensorflow
from infoplane.images.decoding import picture_of_file, picture_of_pixels
from infoplane.images.opening import UndecodableImage

REASONS = {
    "empty",
    "not an image",
    "too large",
    "too many parts",
    "truncated or damaged",
    "32-bit values without a fixed range",
}


def saved(image: Image.Image, kind: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def pixels(encoded: bytes) -> np.ndarray:
    image = Image.open(io.BytesIO(encoded))
    assert image.mode == "RGB"
    return np.asarray(image)


def photo(height: int = 40, width: int = 30) -> Image.Image:
    """Smooth and without symmetry, so that JPEG keeps it and no turn leaves it alone."""
    y, x = np.mgrid[:height, :width]
    return Image.fromarray(np.stack([3 * y, 5 * x, 2 * y + 2 * x], axis=2).astype(np.uint8))


def converted(encoded: bytes, *changes: str) -> np.ndarray:
    picture = picture_of_file(encoded)
    assert picture.changes == changes
    assert picture.encoded != encoded
    return pixels(picture.encoded)


@pytest.mark.parametrize(("kind", "options"), [("PNG", {}), ("JPEG", {}), ("JPEG", {"progressive": True})])
def test_plain_files_pass_byte_for_byte(kind: str, options: dict[str, object]) -> None:
    encoded = saved(photo(), kind, **options)
    picture = picture_of_file(encoded)
    assert picture.encoded == encoded
    assert picture.changes == ()


@pytest.mark.parametrize("kind", ["BMP", "TIFF", "GIF", "WEBP"])
def test_other_formats_become_png_with_the_same_pixels(kind: str) -> None:
    image = photo().quantize(64).convert("RGB")  # few colours, so that GIF holds them exactly
    encoded = saved(image, kind, **({"lossless": True} if kind == "WEBP" else {}))
    picture = picture_of_file(encoded)
    assert picture.changes[-1] == kind
    assert picture.encoded.startswith(b"\x89PNG")
    np.testing.assert_array_equal(pixels(picture.encoded), np.asarray(image))


def test_grey_becomes_three_equal_channels() -> None:
    grey = np.arange(48, dtype=np.uint8).reshape(6, 8) * 5
    result = converted(saved(Image.fromarray(grey), "PNG"), "grey")
    np.testing.assert_array_equal(result, np.repeat(grey[:, :, None], 3, axis=2))
    bits = Image.fromarray(grey > 100)
    assert bits.mode == "1"
    np.testing.assert_array_equal(converted(saved(bits, "PNG"), "grey")[:, :, 1], 255 * (grey > 100))


def test_sixteen_bit_grey_is_scaled_not_clipped() -> None:
    grey = np.arange(256, dtype=np.uint16).reshape(16, 16) * 257
    result = converted(saved(Image.fromarray(grey), "PNG"), "16-bit", "grey")
    np.testing.assert_array_equal(result[:, :, 0], np.arange(256).reshape(16, 16))


def test_sixteen_bit_colour_keeps_the_high_bytes() -> None:
    high = np.asarray(photo())
    encoded = tensorflow().io.encode_png(high.astype(np.uint16) * 256 + 130).numpy()
    np.testing.assert_array_equal(converted(encoded, "16-bit"), high)


def test_transparency_lies_over_white() -> None:
    layer = np.zeros((1, 3, 4), dtype=np.uint8)
    layer[0, :, 0] = 200
    layer[0, :, 3] = (0, 128, 255)
    expected = np.array([[[255, 255, 255], [227, 127, 127], [200, 0, 0]]])
    np.testing.assert_array_equal(converted(saved(Image.fromarray(layer), "PNG"), "alpha"), expected)
    grey = Image.fromarray(layer[:, :, [0, 3]], "LA")
    np.testing.assert_array_equal(converted(saved(grey, "PNG"), "alpha")[0, :, 2], [255, 227, 200])


def test_one_transparent_colour_lies_over_white() -> None:
    image = Image.fromarray(np.array([[[10, 20, 30], [40, 50, 60]]], dtype=np.uint8))
    result = converted(saved(image, "PNG", transparency=(10, 20, 30)), "alpha")
    np.testing.assert_array_equal(result, [[[255, 255, 255], [40, 50, 60]]])


@pytest.mark.parametrize("kind", ["PNG", "GIF"])
def test_palettes_give_their_colours(kind: str) -> None:
    image = Image.fromarray(np.array([[0, 1], [2, 1]], dtype=np.uint8))
    image.putpalette([9, 8, 7, 100, 0, 0, 0, 0, 200])
    tags = ("palette",) if kind == "PNG" else ("palette", "GIF")
    colours = np.array([[[9, 8, 7], [100, 0, 0]], [[0, 0, 200], [100, 0, 0]]])
    np.testing.assert_array_equal(converted(saved(image, kind), *tags), colours)
    tags = ("alpha",) if kind == "PNG" else ("alpha", "GIF")
    colours[0, 0] = 255
    np.testing.assert_array_equal(converted(saved(image, kind, transparency=0), *tags), colours)


def test_cmyk_becomes_rgb() -> None:
    inks = Image.new("CMYK", (16, 16), (255, 0, 0, 0))
    result = converted(saved(inks, "JPEG", quality=100), "CMYK")
    assert np.abs(result.astype(int) - [0, 255, 255]).max() <= 3


# What a camera stores under each EXIF orientation, of an upright image: EXIF 2.3, table 6.
STORED = {
    1: lambda upright: upright,
    2: lambda upright: upright[:, ::-1],
    3: lambda upright: upright[::-1, ::-1],
    4: lambda upright: upright[::-1],
    5: lambda upright: upright.transpose(1, 0, 2),
    6: lambda upright: np.rot90(upright, 1),
    7: lambda upright: upright.transpose(1, 0, 2)[::-1, ::-1],
    8: lambda upright: np.rot90(upright, -1),
}


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "JPEG"])
@pytest.mark.parametrize("orientation", STORED)
def test_exif_orientation_is_applied(orientation: int, kind: str) -> None:
    upright = np.asarray(photo())
    exif = Image.Exif()
    exif[0x0112] = orientation
    stored = Image.fromarray(np.ascontiguousarray(STORED[orientation](upright)))
    encoded = saved(stored, kind, exif=exif, **({"quality": 100, "subsampling": 0} if kind == "JPEG" else {}))
    picture = picture_of_file(encoded)
    if orientation == 1 and kind != "TIFF":
        assert picture.encoded == encoded
    result = pixels(picture.encoded)
    assert result.shape == upright.shape
    assert np.abs(result.astype(int) - upright).max() <= (4 if kind == "JPEG" else 0)
    assert Image.open(io.BytesIO(picture.encoded)).getexif().get(0x0112, 1) == 1


@pytest.mark.filterwarnings("ignore::UserWarning:PIL")
def test_damaged_exif_is_passed_over() -> None:
    encoded = saved(photo(), "JPEG", exif=b"Exif\0\0MM\0*\0\0\0\x08\xff\xff\x01\x12\0\x03")
    assert picture_of_file(encoded).changes == ()


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
@pytest.mark.parametrize(("width", "height"), [(10_000, 9_000), (60_000, 60_000)])
def test_decompression_bombs_are_refused_unopened(width: int, height: int) -> None:
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    bomb = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(9))) + chunk(b"IEND", b"")
    with pytest.raises(UndecodableImage, match=r"^too large$"):
        picture_of_file(bomb)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "TIFF", "BMP"])
def test_truncation_is_found_wherever_it_is(kind: str) -> None:
    whole = saved(photo(60, 48), kind)  # rows of 144 bytes, which BMP need not pad
    trailer = 23 if kind == "PNG" else 0  # the end of a PNG: checksums and an empty chunk, no pixels
    for length in np.linspace(0, len(whole) - trailer - 1, 40).astype(int):
        if kind == "TIFF" and length >= 60 * 48 * 3 + 8:
            continue  # pixels come first, tags last: what is cut off may be a tag that nothing needs
        with pytest.raises(UndecodableImage) as caught:
            picture_of_file(whole[:length])
        assert str(caught.value) in REASONS


def test_png_that_lacks_its_end_alone_is_written_anew() -> None:
    whole = saved(photo(), "PNG")
    picture = picture_of_file(whole[:-12])
    assert picture.changes == ("repaired",)
    np.testing.assert_array_equal(pixels(picture.encoded), np.asarray(photo()))


@pytest.mark.parametrize("mode", ["I", "F"])
def test_values_without_a_range_are_refused(mode: str) -> None:
    with pytest.raises(UndecodableImage, match="without a fixed range"):
        picture_of_file(saved(Image.new(mode, (4, 4), 3), "TIFF"))


@pytest.mark.filterwarnings("ignore::UserWarning:PIL")
@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "WEBP", "TIFF", "BMP"])
def test_damaged_files_are_refused_or_decoded_never_more(kind: str) -> None:
    whole = saved(photo(), kind)
    random, reasons = np.random.default_rng(3), set()
    for _ in range(60):
        damaged = bytearray(whole)
        for place in random.integers(0, len(whole), 4):
            damaged[place] = random.integers(0, 256)
        try:
            picture = picture_of_file(bytes(damaged))
        except UndecodableImage as error:
            reasons.add(str(error))
        else:
            decoded = tensorflow().io.decode_image(picture.encoded, channels=3, expand_animations=False)
            assert decoded.shape == pixels(picture.encoded).shape
    assert {reason for reason in reasons if not reason.startswith("colours cannot")} <= REASONS


def test_the_known_bad_files(shared: Path) -> None:
    def outcome(name: str) -> str | tuple[str, ...]:
        try:
            return picture_of_file((shared / "bad_images" / name).read_bytes()).changes
        except UndecodableImage as error:
            return str(error)

    assert outcome("empty.jpg") == "empty"
    assert outcome("text.jpg") == "not an image"
    assert outcome("truncated.jpg") == "truncated or damaged"
    assert outcome("alpha.png") == ("alpha",)
    assert outcome("cmyk.jpg") == ("CMYK",)
    assert outcome("one_pixel.jpg") == ()


def test_pixels_become_png_without_loss() -> None:
    values = np.random.default_rng(0).integers(0, 256, (5, 7, 3)).astype(np.uint8)
    np.testing.assert_array_equal(pixels(picture_of_pixels(values).encoded), values)
