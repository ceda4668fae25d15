"""Texts put into a finished JPEG: segments are added, its picture stays byte for byte.

Only what `imaging.encode` made without any texts is taken; everything else is refused. Layout:
ITU-T T.81 annex B, JFIF 1.02, ICC.1 annex B.4.
"""

from __future__ import annotations

import hashlib
import os
import struct
from dataclasses import dataclass
from typing import Final

from dam.core.errors import IntegrityError, RenditionRefused

_START: Final = b"\xff\xd8"
_JFIF, _EXIF_XMP, _ICC, _PHOTOSHOP, _FRAME, _SCAN = 0xE0, 0xE1, 0xE2, 0xED, 0xC0, 0xDA
_PROFILE: Final = b"ICC_PROFILE\x00"
_XMP: Final = b"http://ns.adobe.com/xap/1.0/\x00"
#: A bare rendition has these segments up to its scan, and no others.
_OURS: Final = frozenset({_JFIF, _ICC, 0xDB, _FRAME, 0xC4, _SCAN})
_LONGEST: Final = 65_533


@dataclass(frozen=True, slots=True)
class Bare:
    """What a finished JPEG without texts tells of itself: pixels, and the profile it carries."""

    size: tuple[int, int]
    icc: bytes


def load(path: str, sha256: str, max_bytes: int) -> bytes:
    """The bytes of a bare rendition. Raises IntegrityError where they are not what was made."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(handle, "rb", buffering=0) as file:
            jpeg = file.read(max_bytes)
    except OSError:
        jpeg = b""
    if hashlib.sha256(jpeg).hexdigest() != sha256:
        raise IntegrityError("A rendition is not what was made any more", "Run again")
    return jpeg


def read(jpeg: bytes) -> Bare:
    """Look at a bare rendition. Raises RenditionRefused for anything that is none of ours."""
    at, icc, size = len(_START), b"", (0, 0)
    marker = 0
    while marker != _SCAN:
        head = jpeg[at : at + 4]
        if not jpeg.startswith(_START) or len(head) < 4 or head[0] != 0xFF:
            raise _foreign()
        marker, length = head[1], int.from_bytes(head[2:], "big")
        if marker not in _OURS or length < 2 or (marker == _JFIF) != (at == len(_START)):
            raise _foreign()
        body = jpeg[at + 4 : at + 2 + length]
        if marker == _ICC:
            if not body.startswith(_PROFILE):
                raise _foreign()
            icc += body[len(_PROFILE) + 2 :]
        elif marker == _FRAME and len(body) > 5:
            size = int.from_bytes(body[3:5], "big"), int.from_bytes(body[1:3], "big")
        at += 2 + length
    if 0 in size:
        raise _foreign()
    return Bare(size, icc)


def put_in(jpeg: bytes, *, exif: bytes, xmp: bytes, app13: bytes) -> bytes:
    """The same JPEG with these blocks behind its JFIF header; `read` has looked at it before.

    `exif` with its prefix, `xmp` one packet, `app13` from `Photoshop 3.0\\0` on, each in one
    segment. Raises RenditionRefused where one is too long for that.
    """
    head = len(_START) + 2 + int.from_bytes(jpeg[4:6], "big")
    blocks = ((_EXIF_XMP, exif), (_EXIF_XMP, _XMP + xmp), (_PHOTOSHOP, app13))
    if any(len(body) > _LONGEST for _, body in blocks):
        raise RenditionRefused("A metadata block is too long for a JPEG", "Shorten the captions")
    new = b"".join(
        bytes((0xFF, marker)) + struct.pack(">H", len(body) + 2) + body for marker, body in blocks
    )
    return b"".join((jpeg[:head], new, jpeg[head:]))


def _foreign() -> RenditionRefused:
    return RenditionRefused("This is no rendition without texts that dam made")
