"""EXIF: what a camera says of its own photograph, and the few tags a rendition carries.

Reading walks the TIFF structure itself instead of through piexif, because one odd MakerNote
or thumbnail makes piexif give up on the whole block, and because only the handful of tags
used here has to be sound. So does writing: piexif leaves out the link behind the Exif IFD, and
readers then take the first bytes of a value for it. Clauses are of CIPA DC-008 (EXIF 2.32 and
3.0), the tag numbers of its tables 4, 7 and 15.
"""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass, field

from dam.core.model import Rights
from dam.core.plain import tidy
from dam.core.readings import Block, Field, Reading, Status

MAX_BYTES = 16 * 1024 * 1024
MAX_TEXT_BYTES = 64 * 1024
MAX_READINGS = 1000
#: Directories may overlap and texts share their bytes, so the size of a block bounds neither.
MAX_DIRECTORIES = 16
MAX_TEXTS = 64

_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 129: 1}
_TEXT_TYPES = frozenset({1, 2, 7, 129})
_POINTERS = {0x8769: "ExifIFD", 0x8825: "GPS"}
#: GPSLatitude, GPSLongitude, GPSDestLatitude, GPSDestLongitude (clause 4.6.6).
_COORDINATES = frozenset({0x02, 0x04, 0x14, 0x16})
_TAGS = {
    0x010E: "ImageDescription",
    0x010F: "Make",
    0x0110: "Model",
    0x0132: "DateTime",
    0x013B: "Artist",
    0x8298: "Copyright",
    0x9003: "DateTimeOriginal",
    0x9004: "DateTimeDigitized",
    0x9C9D: "XPAuthor",
    0xA437: "Photographer",
}
_ORIENTATION = 0x0112
_CREATORS = ("Artist", "XPAuthor", "Photographer")
_DATES = ("DateTimeOriginal", "DateTimeDigitized", "DateTime")
#: What cameras put into ImageDescription by themselves: not a word about the photograph.
CAMERA_CAPTIONS = frozenset(
    {
        "dcim",
        "default",
        "digital camera",
        "exif_jpeg_420",
        "exif_jpeg_picture",
        "jpeg",
        "kodak digital still camera",
        "konica minolta digital camera",
        "minolta digital camera",
        "olympus digital camera",
        "pentax digital camera",
        "samsung digital camera",
        "sony dsc",
        "untitled",
    }
)
#: One name of a list, in quotes (inner ones doubled) where it holds the separator.
_NAME = re.compile(r'\s*(?:"((?:[^"]|"")*)"\s*(?=;|$)|([^;]+))(?:;|$)')
_DATE = re.compile(r"(\d{4})[:/.-](\d\d)[:/.-](\d\d)(?:[ T]+(\d\d):(\d\d)(?::(\d\d))?)?")


class _Odd(Exception):
    """The structure cannot be walked. The text names the place, never a value."""


@dataclass(slots=True)
class _Found:
    """What one block held: texts by tag name, whether there are coordinates, what was odd."""

    texts: dict[str, list[str]] = field(default_factory=dict)
    gps: str = ""
    orientation: int = 0
    problems: list[str] = field(default_factory=list)


def read(blocks: tuple[bytes, ...]) -> tuple[Block, tuple[Reading, ...]]:
    """Read EXIF blocks, each starting with its TIFF header.

    Comes out: the state of block `exif` and all readings. The block is unreadable where IFD0,
    the Exif IFD or the GPS IFD cannot be walked to its end, or where a tag that is used here
    points outside the block; what could be read is handed out all the same. Odd tags that
    nobody uses, MakerNotes and thumbnails do not matter. Never raises.
    """
    if not blocks:
        return Block("exif", Status.ABSENT), ()
    readings: list[Reading] = []
    problems: list[str] = []
    for block in blocks:
        found = _Found()
        try:
            _walk(block, found)
        except _Odd as odd:
            found.problems.append(str(odd))
        problems += found.problems
        readings += _readings(found)
    if len(readings) > MAX_READINGS:
        problems.append("more values than a photograph has")
    status = Status.UNREADABLE if problems else Status.KNOWN
    unique = tuple(dict.fromkeys(readings[:MAX_READINGS]))
    return Block("exif", status, problems[0] if problems else ""), unique


def orientation(blocks: tuple[bytes, ...]) -> int:
    """How the stored picture is to be turned: 1 to 8 (clause 4.6.5.1.6), 1 where nobody says."""
    for block in blocks:
        found = _Found()
        try:
            _walk(block, found)
        except _Odd:
            continue
        if 1 <= found.orientation <= 8:
            return found.orientation
    return 1


def _walk(data: bytes, found: _Found) -> None:
    if len(data) > MAX_BYTES:
        raise _Odd("the block is too large")
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(data[:4])
    if order is None or len(data) < 8:
        raise _Odd("no TIFF header")
    waiting = [("IFD0", int(struct.unpack_from(order + "I", data, 4)[0]))]
    seen: set[tuple[str, int]] = set()
    while waiting:
        name, offset = waiting.pop()
        if (name, offset) in seen:
            continue
        if len(seen) >= MAX_DIRECTORIES:
            raise _Odd("too many directories")
        seen.add((name, offset))
        waiting += _directory(data, order, name, offset, found)


def _directory(
    data: bytes, order: str, name: str, offset: int, found: _Found
) -> list[tuple[str, int]]:
    """Take up the entries of one IFD; come back with the IFDs it points to."""
    if offset < 8 or offset + 2 > len(data):
        found.problems.append(f"{name} lies outside the block")
        return []
    (count,) = struct.unpack_from(order + "H", data, offset)
    room = (len(data) - offset - 2) // 12
    if count > room:
        found.problems.append(f"{name} is cut off")
    pointed: list[tuple[str, int]] = []
    for index in range(min(count, room)):
        at = offset + 2 + 12 * index
        tag, kind, number = struct.unpack_from(order + "HHI", data, at)
        if name == "GPS":
            if tag in _COORDINATES:
                found.gps = "GPSLatitude" if tag in (0x02, 0x14) else "GPSLongitude"
        elif tag in _POINTERS:
            if kind in (4, 13):
                (where,) = struct.unpack_from(order + "I", data, at + 8)
                pointed.append((_POINTERS[tag], where))
            else:
                found.problems.append(f"the pointer to {_POINTERS[tag]} is no pointer")
        elif tag == _ORIENTATION and name == "IFD0" and (kind, number) == (3, 1):
            (found.orientation,) = struct.unpack_from(order + "H", data, at + 8)
        elif tag in _TAGS:
            _take(data, order, at, (tag, kind, number), found)
    return pointed


def _take(data: bytes, order: str, at: int, entry: tuple[int, int, int], found: _Found) -> None:
    """Keep the text of one entry that is used here."""
    tag, kind, number = entry
    name = _TAGS[tag]
    if sum(map(len, found.texts.values())) >= MAX_TEXTS:
        raise _Odd("too many texts")
    if kind not in _TEXT_TYPES:
        found.problems.append(f"{name} is no text")
        return
    if number > MAX_TEXT_BYTES:
        found.problems.append(f"{name} is too long")
        return
    size = number * _SIZES[kind]
    start = at + 8 if size <= 4 else int(struct.unpack_from(order + "I", data, at + 8)[0])
    if start + size > len(data):
        found.problems.append(f"{name} lies outside the block")
        return
    text = _text(name, data[start : start + size])
    if text:
        found.texts.setdefault(name, []).append(text)


def _text(name: str, raw: bytes) -> str:
    if name.startswith("XP"):
        return raw.decode("utf-16-le", "replace").split("\0", 1)[0].strip()
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        text = raw.decode("latin-1")
    parts = [part.strip() for part in text.split("\0")]
    if name == "Copyright":
        # Clause 4.6.5.4.1: the photographer's notice, NUL, the editor's notice.
        return ", ".join(part for part in parts if part)
    return parts[0]


def _readings(found: _Found) -> list[Reading]:
    out: list[Reading] = []
    captured = _captured(found)
    if captured is not None:
        out.append(captured)
    for name in _CREATORS:
        for text in found.texts.get(name, ()):
            out += [Reading(Field.CREATOR, one, f"exif:{name}") for one in _unlisted(text)]
    out += [
        Reading(Field.COPYRIGHT, text, "exif:Copyright")
        for text in found.texts.get("Copyright", ())
    ]
    machine = {text.casefold() for name in ("Make", "Model") for text in found.texts.get(name, ())}
    out += [
        Reading(Field.CAPTION, text, "exif:ImageDescription")
        for text in found.texts.get("ImageDescription", ())
        if text.casefold() not in machine | CAMERA_CAPTIONS
    ]
    if found.gps:
        out.append(Reading(Field.GPS, True, f"exif:{found.gps}"))
    return out


def _captured(found: _Found) -> Reading | None:
    """The first real date in the order of `_DATES`; else the first that says anything."""
    odd: Reading | None = None
    for name in _DATES:
        for text in found.texts.get(name, ()):
            if not text.strip("0:/.- T"):
                continue
            match = _DATE.match(text)
            if match is None:
                odd = odd or Reading(Field.CAPTURED, text, f"exif:{name}")
                continue
            year, month, day, hour, minute, second = match.groups()
            value = f"{year}-{month}-{day}"
            if hour is not None:
                value += f"T{hour}:{minute}:{second or '00'}"
            return Reading(Field.CAPTURED, value, f"exif:{name}")
    return odd


def write(rights: Rights, size: tuple[int, int], *, srgb: bool = True) -> bytes:
    """EXIF for a rendition, with its `Exif\\0\\0` prefix, as `Image.save(exif=...)` takes it.

    Artist (names joined as the MWG guidelines ask), Copyright, the first caption and, where the
    rules let it out, the day of capture at midnight. Texts are UTF-8 bytes. Beside them only what
    the standard demands of every JPEG (clause 4.6.8, table 17), among it `size`, width and height
    in pixels, and whether the picture is in sRGB: no GPS, no thumbnail, no MakerNote.
    """
    rights = tidy(rights)
    main = [
        _text_entry(0x010E, rights.captions[0][1] if rights.captions else ""),
        (0x011A, 5, struct.pack(">II", 72, 1)),
        (0x011B, 5, struct.pack(">II", 72, 1)),
        (0x0128, 3, struct.pack(">H", 2)),
        _text_entry(0x013B, _listed(rights.creators)),
        (0x0213, 3, struct.pack(">H", 1)),
        _text_entry(0x8298, rights.copyright),
    ]
    photo = [
        (0x9000, 7, b"0232"),
        (0x9101, 7, b"\1\2\3\0"),
        (0xA000, 7, b"0100"),
        (0xA001, 3, struct.pack(">H", 1 if srgb else 0xFFFF)),
        (0xA002, 4, struct.pack(">I", size[0])),
        (0xA003, 4, struct.pack(">I", size[1])),
    ]
    if rights.captured is not None:
        day = f"{rights.captured.isoformat().replace('-', ':')} 00:00:00"
        photo.insert(1, _text_entry(0x9003, day))
    where = len(_ifd(8, [*main, (0x8769, 4, bytes(4))])) + 8
    first = _ifd(8, [*main, (0x8769, 4, struct.pack(">I", where))])
    return b"Exif\0\0MM\0*\0\0\0\x08" + first + _ifd(where, photo)


def _listed(names: tuple[str, ...]) -> str:
    """Several names as one text (MWG guidelines 2.0, Creator); `_unlisted` takes it apart."""
    return "; ".join(
        '"' + name.replace('"', '""') + '"' if name.startswith('"') or ";" in name else name
        for name in names
    )


def _unlisted(text: str) -> list[str]:
    found = (quoted.replace('""', '"') or plain for quoted, plain in _NAME.findall(text))
    return [name.strip() for name in found if name.strip()]


def _text_entry(tag: int, text: str) -> tuple[int, int, bytes]:
    return tag, 2, text.encode("utf-8") + b"\0" if text else b""


def _ifd(at: int, entries: list[tuple[int, int, bytes]]) -> bytes:
    """One directory that starts at `at`, its link to the next one, its values (TIFF 6.0, 2)."""
    entries = [entry for entry in entries if entry[2]]
    values = at + 2 + 12 * len(entries) + 4
    table, body = struct.pack(">H", len(entries)), b""
    for tag, kind, raw in entries:
        table += struct.pack(">HHI", tag, kind, len(raw) // _SIZES[kind])
        if len(raw) <= 4:
            table += raw.ljust(4, b"\0")
        else:
            table += struct.pack(">I", values + len(body))
            body += raw + bytes(len(raw) % 2)
    return table + bytes(4) + body
