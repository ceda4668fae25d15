"""PNG files that people hand in (ISO/IEC 15948): proved whole before any decoder sees them.

Bounded in bytes and pixels, every checksum and the length of the unpacked pixels verified.
Chunks that say anything but the pixels (texts, profiles, dates, animation) are left out.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from typing import Final

MAX_BYTES: Final = 512 * 1024
MAX_SIDE: Final = 2000

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_PIXELS = (b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND")
_INDEXED = 3
#: Samples a pixel by colour type: those that can be transparent.
_SAMPLES = {_INDEXED: 1, 4: 2, 6: 4}
_OPAQUE = {0: 1, 2: 3}
_FILTERS = 4


def transparent_png(data: bytes) -> bytes:
    """The same picture with nothing but its pixels.

    Takes 8 bits a sample with an alpha channel, or a palette with transparency, not interlaced.
    Raises ValueError, in words for whoever drew it, for anything else.
    """
    return _proved(data, opaque=False)


def plain_png(data: bytes) -> bytes:
    """The same for a picture that need not be transparent: grey, RGB and palettes as well."""
    return _proved(data, opaque=True)


def _proved(data: bytes, *, opaque: bool) -> bytes:
    if len(data) > MAX_BYTES:
        raise ValueError(f"is larger than {MAX_BYTES // 1024} KiB")
    if not data.startswith(_SIGNATURE):
        raise ValueError("is no PNG file")
    chunks = list(_chunks(data))
    names = [name for name, _ in chunks]
    if names[:1] != [b"IHDR"] or names[-1:] != [b"IEND"] or len(chunks[0][1]) != 13:
        raise ValueError("is damaged")
    packed = b"".join(body for name, body in chunks if name == b"IDAT")
    _check(chunks[0][1], names, packed, opaque=opaque)
    return _SIGNATURE + b"".join(_packed(name, body) for name, body in chunks if name in _PIXELS)


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Name and body of each chunk up to IEND (clause 5.3)."""
    at = len(_SIGNATURE)
    while at + 12 <= len(data):
        length, name = struct.unpack_from(">I4s", data, at)
        end = at + 12 + length
        if end > len(data):
            break
        body = data[at + 8 : end - 4]
        if zlib.crc32(name + body) != int.from_bytes(data[end - 4 : end], "big"):
            raise ValueError("is damaged")
        yield name, body
        if name == b"IEND":
            return
        at = end
    raise ValueError("is cut off")


def _check(header: bytes, names: list[bytes], packed: bytes, *, opaque: bool) -> None:
    width, height, depth, colour, *methods, interlaced = struct.unpack(">IIBBBBB", header)
    if not (0 < width <= MAX_SIDE and 0 < height <= MAX_SIDE):
        raise ValueError(f"is larger than {MAX_SIDE} pixels a side")
    samples = _SAMPLES | (_OPAQUE if opaque else {})
    needed = {b"PLTE"} if opaque else {b"PLTE", b"tRNS"}
    if colour not in samples or (colour == _INDEXED and not needed <= set(names)):
        raise ValueError("has no transparent ground: export it as PNG with transparency")
    single = all(names.count(name) <= 1 for name in _PIXELS if name != b"IDAT")
    if depth != 8 or any(methods) or interlaced or not single:
        raise ValueError("is no plain PNG: export it with 8 bits a channel, not interlaced")
    stride = width * samples[colour] + 1
    unpacker = zlib.decompressobj()
    try:
        pixels = unpacker.decompress(packed, stride * height + 1)
    except zlib.error:
        raise ValueError("is damaged") from None
    if len(pixels) != stride * height or max(pixels[::stride]) > _FILTERS:
        raise ValueError("is damaged")


def _packed(name: bytes, body: bytes) -> bytes:
    crc = zlib.crc32(name + body)
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", crc)
