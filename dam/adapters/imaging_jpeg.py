"""Finished pictures as JPEG: encoded with exactly the blocks that are given, and smaller copies."""

from __future__ import annotations

import io
import struct
from typing import Final

from PIL import Image  # noqa: TID251

from dam.adapters import imaging_color
from dam.core.errors import RenditionRefused
from dam.core.readings import Color

_JPEG_SIDE: Final = 65_500


def fitted(size: tuple[int, int], side: int | None) -> tuple[int, int]:
    """Width and height with the longer side at most `side`; nothing is made larger."""
    longest = max(size)
    if side is None or longest <= side:
        return size
    across, down = (max(1, round(n * side / longest)) for n in size)
    return across, down


def bare(picture: Image.Image) -> Image.Image:
    """The same pixels without `info`, out of which save() would copy comments and profiles."""
    return Image.Image()._new(picture.im)


def encode(
    picture: Image.Image,
    *,
    quality: int,
    icc: bytes = b"",
    exif: bytes = b"",
    xmp: bytes = b"",
    app13: bytes = b"",
) -> bytes:
    """A baseline JPEG (4:2:0) with exactly the given blocks and nothing out of the original.

    `exif` with or without its `Exif\\0\\0` prefix, `xmp` one packet, `app13` the payload from
    `Photoshop 3.0\\0` on. Raises RenditionRefused where a block or a side is too long for JPEG.
    """
    if max(picture.size) > _JPEG_SIDE:
        raise RenditionRefused(
            f"JPEG holds at most {_JPEG_SIDE} pixels a side", "Set a largest side for renditions"
        )
    if len(app13) > 65_533:
        raise RenditionRefused("The IPTC block is too long for a JPEG", "Shorten the captions")
    extra = b"\xff\xed" + struct.pack(">H", len(app13) + 2) + app13 if app13 else b""
    if exif and not exif.startswith(b"Exif\x00\x00"):
        exif = b"Exif\x00\x00" + exif
    out = io.BytesIO()
    try:
        bare(picture).save(
            out,
            "JPEG",
            quality=quality,
            subsampling="4:2:0",
            optimize=False,
            progressive=False,
            comment=b"",
            exif=exif,
            xmp=xmp,
            icc_profile=icc or None,
            extra=extra,
        )
    except ValueError:
        raise RenditionRefused(
            "A metadata block is too long for a JPEG", "Shorten the captions"
        ) from None
    except OSError:
        raise RenditionRefused("The picture could not be encoded as JPEG") from None
    return out.getvalue()


def copied(
    picture: Image.Image, icc: bytes, side: int, quality: int
) -> tuple[bytes, tuple[int, int]]:
    """A smaller copy of a finished picture in the space of `icc`, in sRGB, and its size."""
    size = fitted(picture.size, side)
    if size == picture.size:
        small = picture.copy()
    else:
        small = picture.resize(size, Image.Resampling.BICUBIC, reducing_gap=2.0)
    if not imaging_color.is_plain(icc):
        icc = imaging_color.in_space(small, icc, Color.SRGB)
    return encode(small, quality=quality, icc=icc), size
