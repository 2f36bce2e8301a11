"""Small files that claim, or unpack to, far more than they are, and files of other kinds under an image's name."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable

from PIL import Image

MILLION = 10**6


def saved(image: Image.Image, kind: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def chunk(kind: bytes, data: bytes) -> bytes:
    """Of a PNG file."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def zeros(mebibytes: int, before: bytes = b"") -> bytes:
    """A zlib stream of some bytes and that many zeros, without its checksum: no reader of a bomb should get there."""
    packer = zlib.compressobj(9)
    first = packer.compress(before) + packer.flush(zlib.Z_FULL_FLUSH)
    return first + (packer.compress(bytes(2**20)) + packer.flush(zlib.Z_FULL_FLUSH)) * mebibytes


def png(side: int, extra: bytes = b"", *, depth: int = 8, colour: int = 2, packed: bytes | None = None) -> bytes:
    """A black square, with chunks before its pixels."""
    bits = depth * {0: 1, 2: 3, 6: 4}[colour]
    data = zlib.compress(bytes(side * (1 + side * bits // 8))) if packed is None else packed
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, depth, colour, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + extra + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def tags(count: int, size: int, first: int = 1000) -> bytes:
    """A TIFF directory whose tags all hold the same bytes, as EXIF blocks have it too."""
    entries = b"".join(struct.pack("<HHLL", first + index, 1, size, 8) for index in range(count))
    body = struct.pack("<H", count) + entries + bytes(4)
    return b"II*\0" + struct.pack("<L", 8) + body + bytes(max(0, size + 8 - len(body)))


def tiff(pixels: bytes, **changes: tuple[int, int]) -> bytes:
    """8 x 8 pixels in RGB; changes: count and value of a tag, ``t273=(1, 8)``, all with values of 4 bytes."""
    values = {256: (1, 8), 257: (1, 8), 258: (1, 8), 259: (1, 1), 262: (1, 2), 273: (1, 8), 277: (1, 3), 278: (1, 8)}
    values |= {279: (1, len(pixels))} | {int(tag[1:]): value for tag, value in changes.items()}
    if 324 in values:
        values = {tag: value for tag, value in values.items() if tag not in (273, 278, 279)}
    entries = b"".join(struct.pack("<HHLL", tag, 4, *values[tag]) for tag in sorted(values))
    directory = struct.pack("<H", len(values)) + entries + bytes(4)
    return b"II*\0" + struct.pack("<L", 8 + len(pixels)) + pixels + directory


def jpeg(segments: bytes = b"", side: int = 16, claimed: int | None = None, scans: int = 0) -> bytes:
    """A black square with segments before its pixels, a claimed side, and its last scan again and again."""
    plain = saved(Image.new("RGB", (side, side)), "JPEG", progressive=bool(scans))
    if claimed is not None:
        plain = plain.replace(struct.pack(">HH", side, side), struct.pack(">HH", claimed, claimed), 1)
    end, last = plain.rindex(b"\xff\xd9"), plain.rindex(b"\xff\xda")
    return plain[:2] + segments + plain[2:end] + plain[last:end] * scans + plain[end:]


def gif(width: int, blocks: bytes = b"", frames: int = 1, frame: int = 4) -> bytes:
    head = b"GIF89a" + struct.pack("<HHBBB", width, width, 0x80, 0, 0) + bytes(6)
    image = b"," + struct.pack("<HHHHB", 0, 0, frame, frame, 0) + b"\2\2\x84\x51\0"
    return head + blocks + image * frames + b";"


def bmp(side: int, colours: int = 0) -> bytes:
    size = struct.pack("<LllHHLLllLL", 40, side, side, 1, 24 if not colours else 8, 0, 0, 0, 0, colours, 0)
    return b"BM" + struct.pack("<LLL", 200, 0, 54) + size + bytes(100)


def webp(side: int) -> bytes:
    return (
        b"RIFF"
        + struct.pack("<L", 40)
        + b"WEBPVP8L"
        + struct.pack("<LBL", 20, 0x2F, side - 1 | (side - 1) << 14)
        + bytes(15)
    )


POSTSCRIPT = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 50 50\n%%EndComments\nshowpage\n"
LARGE, NO, PARTS, CUT = "too large", "not an image", "too many parts", "truncated or damaged"
FOR_ITS_FILE = "too large for its file"

REFUSED: dict[str, tuple[Callable[[], bytes], str]] = {
    "an EPS": (lambda: POSTSCRIPT, NO),
    "an SVG": (lambda: b"<svg xmlns='http://www.w3.org/2000/svg'><image href='file:///etc/passwd'/></svg>", NO),
    "an ICO around a PNG": (lambda: b"\0\0\1\0\1\0" + bytes(8) + struct.pack("<LL", 9**6, 22) + png(64), NO),
    "a PPM without pixels": (lambda: b"P6 9000 9000 255\n", NO),
    "a PNG of 2.5 thousand million bits": (lambda: png(50_000, depth=1, colour=0, packed=zeros(300)), LARGE),
    "a PNG of 18 million pixels": (lambda: png(4200), FOR_ITS_FILE),
    "a PNG of 70 million bits": (lambda: png(8400, depth=1, colour=0), FOR_ITS_FILE),
    "zTXt of a gigabyte": (lambda: png(16, chunk(b"zTXt", b"a\0\0" + zeros(1024))), NO),
    "iTXt of a gigabyte": (lambda: png(16, chunk(b"iTXt", b"a\0\1\0\0\0" + zeros(1024))), NO),
    "iCCP of a gigabyte": (lambda: png(16, chunk(b"iCCP", b"a\0\0" + zeros(1024))), NO),
    "a thousand zTXt": (lambda: png(16, chunk(b"zTXt", b"a\0\0" + zlib.compress(bytes(2**20))) * 1000), NO),
    "a million tEXt": (lambda: png(16, chunk(b"tEXt", b"a\0") * MILLION), PARTS),
    "a million comments of a GIF": (lambda: gif(16, b"!\xfe\1a\0" * MILLION), PARTS),
    "one long comment of a GIF": (lambda: gif(16, b"!\xfe" + (b"\xff" + b"a" * 255) * 40_000 + b"\0"), PARTS),
    "a GIF of 65535 x 65535": (lambda: gif(65535), LARGE),
    "a GIF whose frame is larger": (lambda: gif(16, frame=65535), LARGE),
    "a TIFF of 2^31 x 2^31": (lambda: tiff(bytes(192), t256=(1, 2**31), t257=(1, 2**31)), LARGE),
    "a TIFF of a million strips": (
        lambda: tiff(bytes(4 * MILLION), t256=(1, 1), t257=(1, MILLION), t273=(MILLION, 8), t278=(1, 1)), PARTS,
    ),
    "a TIFF of 2^31 depths": (lambda: tiff(bytes(192), t258=(2**31, 8)), PARTS),
    "a TIFF of 65535 samples": (lambda: tiff(bytes(192), t277=(1, 65535)), NO),
    "a TIFF of one huge tile": (
        lambda: tiff(bytes(192), t259=(1, 8), t322=(1, 2**16), t323=(1, 2**16), t324=(1, 8), t325=(1, 30)), CUT,
    ),
    "a TIFF with a JPEG in it": (lambda: tiff(jpeg(side=3000), t259=(1, 7)), CUT),
    "4,000 tags of one megabyte": (lambda: tags(4000, 2**20), NO),
    "a BigTIFF": (lambda: b"II+\0\x08\0\0\0" + bytes(64), NO),
    "a JPEG of 65500 x 65500": (lambda: jpeg(claimed=65500), LARGE),
    "a JPEG of 70 million pixels": (lambda: jpeg(claimed=8400), FOR_ITS_FILE),
    "a JPEG of 1,000 scans": (lambda: jpeg(side=2000, scans=1000), "too many scans"),
    "a million comments of a JPEG": (lambda: jpeg(b"\xff\xfe\0\2" * MILLION), PARTS),
    "a million segments of a JPEG": (lambda: jpeg(b"\xff\xe5\0\4ab" * MILLION), PARTS),
    "a WEBP of 16383 x 16383": (lambda: webp(16383), LARGE),
    "a WEBP of 18 million pixels": (
        lambda: saved(Image.new("RGB", (4200, 4200)), "WEBP", lossless=True, method=0), FOR_ITS_FILE,
    ),
    "a BMP of 2^31 x 2^31": (lambda: bmp(2**31 - 1), LARGE),
    "a BMP of 70 million pixels": (lambda: bmp(8400), FOR_ITS_FILE),
    "a BMP of 2^31 colours": (lambda: bmp(8, colours=2**31 - 1), NO),
}  # fmt: skip
"""By name: the bytes, and the reason that is given for skipping them."""

HARMLESS: dict[str, Callable[[], bytes]] = {
    "a PNG whose data go on for a gigabyte": lambda: png(16, packed=zeros(1024, bytes(16 * 49))),
    "a PNG that says it has a million frames": lambda: png(16, chunk(b"acTL", struct.pack(">II", MILLION, 0))),
    "an EXIF block of 4,000 tags of 2 MB": lambda: png(16, chunk(b"eXIf", tags(4000, 2**21))),
    "an MPO of 2^32 images": lambda: jpeg(
        b"\xff\xe2\0\x2ePMF\0".replace(b"PMF", b"MPF") + b"II*\0\x08\0\0\0\2\0"
        + struct.pack("<HHLL", 0xB001, 4, 1, 2**32 - 1) + struct.pack("<HHLL", 0xB002, 7, 16, 0) + bytes(6)
    ),
    "a GIF of a million frames": lambda: saved(Image.new("P", (16, 16)), "GIF")[:-1] + b",\0\0\0\0" * MILLION,
    "a TIFF whose directory leads to itself": lambda: tiff(bytes(192))[:-4] + struct.pack("<L", 200),
    "a TIFF of a strip of 4 GB": lambda: tiff(bytes(192), t278=(1, 2**31), t279=(1, 2**32 - 1)),
}  # fmt: skip
"""What is decoded: its pixels are few, and the rest is left alone."""
