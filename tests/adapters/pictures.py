"""Small pictures drawn in code, and containers put together by hand, for several tests."""

from __future__ import annotations

import io
import struct
import zlib

from PIL import Image, ImageChops, ImageDraw, ImageStat


def scene(width: int = 96, height: int = 64, mode: str = "RGB") -> Image.Image:
    """A picture in which each corner has a tone of its own."""
    picture = Image.radial_gradient("L").resize((width, height)).convert("RGB")
    pencil = ImageDraw.Draw(picture)
    pencil.rectangle((0, 0, width // 3, height // 3), "red")
    pencil.rectangle((0, height - height // 4, width // 4, height), "blue")
    return picture.convert(mode)


#: From upright to stored, by EXIF orientation.
LAID = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}


def turned_away(orientation: int) -> tuple[Image.Image, Image.Exif]:
    """`scene` as stored, with this Exif orientation, by which it stands upright again."""
    back = LAID.get(orientation)
    exif = Image.Exif()
    exif[274] = orientation
    return (scene() if back is None else scene().transpose(back)), exif


def packed(picture: Image.Image, kind: str = "JPEG", **how: object) -> bytes:
    out = io.BytesIO()
    picture.save(out, kind, **how)
    return out.getvalue()


def segment(marker: int, body: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body


def with_segments(*segments: bytes) -> bytes:
    jpeg = packed(scene())
    return jpeg[:2] + b"".join(segments) + jpeg[2:]


def chunk(name: bytes, body: bytes) -> bytes:
    crc = zlib.crc32(name + body)
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", crc)


def with_chunks(*chunks: bytes) -> bytes:
    png = packed(scene(), "PNG")
    return png[:33] + b"".join(chunks) + png[33:]


def difference(one: Image.Image, other: Image.Image) -> float:
    return sum(ImageStat.Stat(ImageChops.difference(one, other)).mean)
