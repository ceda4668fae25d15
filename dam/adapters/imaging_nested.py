"""Metadata inside metadata: in Photoshop resources, in EXIF tags, in a JPEG's further pictures.

Programs leave whole EXIF blocks and XMP packets there, and other readers find them. Clauses:
Photoshop File Formats, Image Resource IDs; XMP Part 3, 1.1.4 (TIFF tags); CIPA DC-007, 5.2 (MPF).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

#: Image resources by the block that they are: 1028, 1058, 1059 and 1060.
RESOURCES = {0x0404: "iptc", 0x0422: "exif", 0x0423: "exif", 0x0424: "xmp"}
#: TIFF tags by what they hold; the last is a whole Photoshop block.
TAGS = {700: "xmp", 33723: "iptc", 34377: "resources"}
MAX_DIRECTORIES = 16
MAX_PICTURES = 64

_SIGNATURES = (b"8BIM", b"PHUT", b"DCSR", b"AgHg", b"MeSa")
_ORDERS = {b"II*\0": "<", b"MM\0*": ">"}
_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 129: 1}
_EXIF_IFD, _MP_ENTRIES = 0x8769, 0xB002
_MP_ENTRY = 16

#: Tag, type and number of values of one field, and where its twelve bytes begin.
_Field = tuple[int, int, int, int]


class BrokenNest(Exception):
    """A table that cannot be followed to its end."""


def resources(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Number and content of each 8BIM resource. Raises BrokenNest where they break off."""
    pos = 0
    while pos < len(data):
        if data[pos : pos + 4] not in _SIGNATURES:
            if data[pos:].strip(b"\x00"):
                raise BrokenNest
            return
        if pos + 7 > len(data):
            raise BrokenNest
        code = int.from_bytes(data[pos + 4 : pos + 6], "big")
        start = pos + 6 + (data[pos + 6] + 2) // 2 * 2
        size = int.from_bytes(data[start : start + 4], "big")
        end = start + 4 + size
        if end > len(data) or start + 4 > len(data):
            raise BrokenNest
        yield code, data[start + 4 : end]
        pos = end + size % 2


def tagged(block: bytes) -> Iterator[tuple[str, bytes | None]]:
    """What `TAGS` names, out of the directories of an EXIF block; None where it lies outside it.

    The directory of the thumbnail is followed too. What cannot be walked ends the search: that a
    block itself is damaged is for its own reader to say. More than `MAX_DIRECTORIES` come out as
    an EXIF block that is not all there: what the others say is unknown, not absent.
    """
    order = _ORDERS.get(block[:4])
    # Where the offset of a directory stands, and whether one more may be linked to it.
    waiting = [(4, True)] if order and len(block) >= 8 else []
    seen: set[int] = set()
    while waiting and order:
        place, linked = waiting.pop()
        (at,) = struct.unpack_from(order + "I", block, place)
        if not 8 <= at <= len(block) - 2 or at in seen:
            continue
        if len(seen) >= MAX_DIRECTORIES:
            yield "exif", None
            return
        seen.add(at)
        fields, after = _directory(block, order, at)
        for field in fields:
            if name := TAGS.get(field[0]):
                yield name, _value(block, order, field)
            elif field[0] == _EXIF_IFD:
                waiting.append((field[3] + 8, False))
        # Behind the Exif directory some writers leave the link out: what stands there is a value.
        if linked and after + 4 <= len(block):
            waiting.append((after, True))


def pictures(index: bytes) -> list[tuple[int, int]]:
    """Offset and size of each further picture of an MPF index, counted from the index's start.

    Raises BrokenNest where the index cannot be read or names absurdly many.
    """
    order = _ORDERS.get(index[:4])
    if order is None or len(index) < 8:
        raise BrokenNest
    (at,) = struct.unpack_from(order + "I", index, 4)
    if not 8 <= at <= len(index) - 2:
        raise BrokenNest
    fields, _ = _directory(index, order, at)
    entries = [_value(index, order, field) for field in fields if field[0] == _MP_ENTRIES]
    if len(entries) != 1 or not entries[0] or len(entries[0]) > MAX_PICTURES * _MP_ENTRY:
        raise BrokenNest
    found = [
        struct.unpack_from(order + "II", entries[0], at + 4)[::-1]
        for at in range(0, len(entries[0]) - _MP_ENTRY + 1, _MP_ENTRY)
    ]
    # The first picture is the file itself, which stands at 0 (5.2.3.3.3).
    return [(offset, size) for offset, size in found if offset]


def _directory(data: bytes, order: str, at: int) -> tuple[list[_Field], int]:
    """The fields of one directory, as many as there is room for, and where its link stands."""
    (count,) = struct.unpack_from(order + "H", data, at)
    places = [at + 2 + 12 * n for n in range(min(count, (len(data) - at - 2) // 12))]
    fields = [(*struct.unpack_from(order + "HHI", data, place), place) for place in places]
    return fields, at + 2 + 12 * count


def _value(data: bytes, order: str, field: _Field) -> bytes | None:
    _, kind, number, place = field
    size = _SIZES.get(kind, 0) * number
    at = place + 8
    if size > 4:
        (at,) = struct.unpack_from(order + "I", data, at)
    return data[at : at + size] if size and at + size <= len(data) else None
