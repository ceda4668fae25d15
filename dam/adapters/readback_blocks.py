"""EXIF, Photoshop resources and IIM of a finished rendition, read back by a second reader.

Layouts: TIFF 6.0 section 2 with the tags of CIPA DC-008; Photoshop image resources; IIM 4.2.
"""

from __future__ import annotations

import hashlib
import struct
import unicodedata
from collections.abc import Generator, Iterator

from dam.core.model import Rights

_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8}
_POINTER = 0x8769
#: Every tag that a rendition may have: its name and its type.
IFD0 = {
    0x010E: ("ImageDescription", 2),
    0x011A: ("XResolution", 5),
    0x011B: ("YResolution", 5),
    0x0128: ("ResolutionUnit", 3),
    0x013B: ("Artist", 2),
    0x0213: ("YCbCrPositioning", 3),
    0x8298: ("Copyright", 2),
    _POINTER: ("ExifIFD pointer", 4),
}
EXIF_IFD = {
    0x9000: ("ExifVersion", 7),
    0x9003: ("DateTimeOriginal", 2),
    0x9101: ("ComponentsConfiguration", 7),
    0xA000: ("FlashpixVersion", 7),
    0xA001: ("ColorSpace", 3),
    0xA002: ("PixelXDimension", 4),
    0xA003: ("PixelYDimension", 4),
}
#: Every dataset that a rendition may have: its name and how many bytes it may take.
DATASETS = {
    (1, 90): ("CodedCharacterSet", 32),
    (2, 0): ("RecordVersion", 2),
    (2, 55): ("DateCreated", 8),
    (2, 80): ("By-line", 32),
    (2, 110): ("Credit", 32),
    (2, 115): ("Source", 32),
    (2, 116): ("CopyrightNotice", 128),
    (2, 120): ("Caption", 2000),
}
#: The only Photoshop resources of a rendition: the IIM and its digest.
RESOURCES = (0x0404, 0x0425)
_OTHER = "is not what was to be written"


class Broken(Exception):
    """The structure cannot be followed any further. The text names the place."""


def exif(data: bytes, rights: Rights, size: tuple[int, int]) -> Iterator[str]:
    """Complaints about a block from its TIFF header on. Raises Broken."""
    if data[:4] != b"MM\0*" or len(data) < 8:
        raise Broken("EXIF: no TIFF header")
    used = bytearray(len(data))
    used[:8] = b"\1" * 8
    (where,) = struct.unpack_from(">I", data, 4)
    main = yield from _directory(data, "IFD0", where, used)
    pointers = main.pop(_POINTER, [])
    yield from _compared(IFD0, main, _main_wanted(rights))
    photo: dict[int, list[bytes]] = {}
    if len(pointers) == 1 and len(pointers[0]) == 4:
        photo = yield from _directory(data, "Exif IFD", int.from_bytes(pointers[0], "big"), used)
    elif pointers:
        yield "EXIF: more than one Exif IFD"
    yield from _compared(EXIF_IFD, photo, _photo_wanted(rights, size))
    yield from _gaps(data, used)


def _main_wanted(rights: Rights) -> dict[int, tuple[bytes, ...]]:
    names = [
        '"' + name.replace('"', '""') + '"' if name[0] == '"' or ";" in name else name
        for name in rights.creators
    ]
    caption = rights.captions[0][1] if rights.captions else ""
    texts = {0x010E: caption, 0x013B: "; ".join(names), 0x8298: rights.copyright}
    return {
        0x011A: (b"\0\0\0\x48\0\0\0\1",),
        0x011B: (b"\0\0\0\x48\0\0\0\1",),
        0x0128: (b"\0\2",),
        0x0213: (b"\0\1",),
        **{tag: (text.encode() + b"\0",) for tag, text in texts.items() if text},
    }


def _photo_wanted(rights: Rights, size: tuple[int, int]) -> dict[int, tuple[bytes, ...]]:
    wanted: dict[int, tuple[bytes, ...]] = {
        0x9000: (b"0232",),
        0x9101: (b"\1\2\3\0",),
        0xA000: (b"0100",),
        # sRGB, or whatever the profile says.
        0xA001: (b"\0\1", b"\xff\xff"),
        0xA002: (size[0].to_bytes(4, "big"),),
        0xA003: (size[1].to_bytes(4, "big"),),
    }
    if (day := rights.captured) is not None:
        wanted[0x9003] = (f"{day.year:04}:{day.month:02}:{day.day:02} 00:00:00\0".encode(),)
    return wanted


def _compared(
    names: dict[int, tuple[str, int]],
    found: dict[int, list[bytes]],
    wanted: dict[int, tuple[bytes, ...]],
) -> Iterator[str]:
    for tag in sorted({*found, *wanted}):
        name, values = names[tag][0], found.get(tag, [])
        if not values:
            yield f"EXIF: {name} is missing"
        elif len(values) > 1:
            yield f"EXIF: {name} twice"
        elif values[0] not in wanted.get(tag, ()):
            yield f"EXIF: {name} {_OTHER}"


def _directory(
    data: bytes, name: str, offset: int, used: bytearray
) -> Generator[str, None, dict[int, list[bytes]]]:
    """The values of one IFD by tag, as far as its tags may be there; complaints on the way.

    Marks in `used` the bytes that it consists of.
    """
    allowed = IFD0 if name == "IFD0" else EXIF_IFD
    if offset < 8 or offset + 2 > len(data):
        raise Broken(f"EXIF: {name} lies outside the block")
    (count,) = struct.unpack_from(">H", data, offset)
    end = offset + 2 + 12 * count + 4
    if end > len(data):
        raise Broken(f"EXIF: {name} is cut off")
    yield from _mark(used, offset, end)
    found: dict[int, list[bytes]] = {}
    last = 0
    for at in range(offset + 2, end - 4, 12):
        tag, kind, number = struct.unpack_from(">HHI", data, at)
        if tag < last:
            yield f"EXIF: {name} is not sorted"
        last = tag
        if tag not in allowed:
            yield f"EXIF: {_tag_name(tag)} in {name}"
        elif kind != allowed[tag][1]:
            yield f"EXIF: {allowed[tag][0]} is not of its type"
        else:
            value = yield from _value(data, at, _SIZES[kind] * number, used)
            found.setdefault(tag, []).append(value)
    if data[end - 4 : end] != bytes(4):
        yield "EXIF: IFD1 (thumbnail)" if name == "IFD0" else f"EXIF: a directory behind {name}"
    return found


def _value(data: bytes, at: int, size: int, used: bytearray) -> Generator[str, None, bytes]:
    """The value of the entry at `at`. Four bytes or less stand in the entry itself."""
    if size <= 4:
        if any(data[at + 8 + size : at + 12]):
            yield "EXIF: bytes that belong to no tag"
        return data[at + 8 : at + 8 + size]
    (start,) = struct.unpack_from(">I", data, at + 8)
    if start + size > len(data):
        raise Broken("EXIF: a value lies outside the block")
    yield from _mark(used, start, start + size)
    return data[start : start + size]


def _mark(used: bytearray, start: int, end: int) -> Iterator[str]:
    if any(used[start:end]):
        yield "EXIF: values over each other"
    used[start:end] = b"\1" * (end - start)


def _gaps(data: bytes, used: bytearray) -> Iterator[str]:
    """A value may start at even bytes only, so one NUL may fill up (TIFF 6.0); nothing else."""
    free = [at for at, taken in enumerate(used) if not taken]
    if any(data[at] for at in free):
        yield "EXIF: bytes that belong to no tag"
    elif any(at % 2 == 0 for at in free):
        yield "EXIF: padding"


def _tag_name(tag: int) -> str:
    known = {0x8825: "GPS pointer", 0x927C: "MakerNote", 0x9286: "UserComment"}
    return known.get(tag, f"tag {tag:04X}")


def photoshop(data: bytes, rights: Rights) -> Iterator[str]:
    """Complaints about the resources of an APP13 block, from the first 8BIM on. Raises Broken."""
    found: list[tuple[int, bytes]] = []
    at = 0
    while at < len(data):
        if data[at : at + 4] != b"8BIM" or data[at + 6 : at + 8] != b"\0\0":
            raise Broken("Photoshop: bytes outside the resources")
        number = int.from_bytes(data[at + 4 : at + 6], "big")
        size = int.from_bytes(data[at + 8 : at + 12], "big")
        end = at + 12 + size
        if at + 12 > len(data) or end + size % 2 > len(data):
            raise Broken(f"Photoshop: resource {number:04X} is cut off")
        if number not in RESOURCES:
            yield f"Photoshop: resource {number:04X}"
        elif number in dict(found):
            yield f"Photoshop: resource {number:04X} twice"
        else:
            found.append((number, data[at + 12 : end]))
        if data[end : end + size % 2].strip(b"\0"):
            yield "Photoshop: bytes outside the resources"
        at = end + size % 2
    values = dict(found)
    for number in RESOURCES:
        if number not in values:
            yield f"Photoshop: no resource {number:04X}"
    iim = values.get(0x0404, b"")
    yield from _iim(iim, rights)
    if values.get(0x0425) != hashlib.md5(iim, usedforsecurity=False).digest():
        yield "Photoshop: the digest is not that of the IIM"


def _iim(data: bytes, rights: Rights) -> Iterator[str]:
    found: dict[tuple[int, int], list[bytes]] = {}
    at = 0
    while at < len(data):
        if data[at] != 0x1C or at + 5 > len(data):
            raise Broken("IIM: bytes outside the datasets")
        name = data[at + 1], data[at + 2]
        size = int.from_bytes(data[at + 3 : at + 5], "big")
        if size & 0x8000 or at + 5 + size > len(data):
            raise Broken(f"IIM: {name[0]}:{name[1]} is cut off")
        if name in DATASETS:
            found.setdefault(name, []).append(data[at + 5 : at + 5 + size])
        else:
            yield f"IIM: {name[0]}:{name[1]}"
        at += 5 + size
    wanted = _datasets_wanted(rights)
    for name, (_, limit) in DATASETS.items():
        if not _are_cuts(found.get(name, []), wanted.get(name, []), limit):
            yield f"IIM: {name[0]}:{name[1]} {_OTHER}"


def _datasets_wanted(rights: Rights) -> dict[tuple[int, int], list[bytes]]:
    day = rights.captured
    texts = {
        (2, 55): [f"{day.year:04}{day.month:02}{day.day:02}"] if day else [],
        (2, 80): list(rights.creators),
        (2, 110): [rights.credit_line],
        (2, 115): [rights.source],
        (2, 116): [rights.copyright],
        (2, 120): [text for _, text in rights.captions[:1]],
    }
    encoded = {name: [text.encode() for text in found if text] for name, found in texts.items()}
    return {(1, 90): [b"\x1b%G"], (2, 0): [b"\0\4"], **encoded}


def _are_cuts(found: list[bytes], wanted: list[bytes], limit: int) -> bool:
    """Whether these are the wanted values one by one, the too long ones cut or left out."""
    left = list(found)
    for whole in wanted:
        if left and _is_cut(left[0], whole, limit):
            left.pop(0)
        elif len(whole) <= limit:
            return False
    return not left


def _is_cut(value: bytes, whole: bytes, limit: int) -> bool:
    if len(whole) <= limit:
        return value == whole
    if not value or len(value) > limit or not whole.startswith(value):
        return False
    try:
        value.decode()
        after = whole[len(value) :].decode()[0]
    except UnicodeDecodeError:
        return False
    return unicodedata.category(after)[0] != "M" and after != "\u200d"
