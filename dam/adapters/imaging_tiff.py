"""The directories of a TIFF file (TIFF 6.0 section 2, BigTIFF): metadata without the pixels."""

from __future__ import annotations

import struct
from dataclasses import dataclass

MAX_DIRECTORIES = 64
MAX_ENTRIES = 4096
MAX_VALUE = 16 * 1024 * 1024

_SUBFILE, _SUB_IFDS, _DNG, _PHOTOMETRIC = 254, 330, 50706, 262
#: Photometric interpretations of raw pictures: colour filter array, linear raw (DNG 1.7).
_RAW_PIXELS = (32803, 34892)
_XMP, _IIM, _RESOURCES = 700, 33723, 34377
_EXIF_IFD, _GPS_IFD = 34665, 34853
_EXTENTS = ((273, 279), (324, 325))
#: Layout of the pixels and blocks handed on by themselves: none of it is EXIF.
_NOT_EXIF = frozenset(
    {254, 255, 273, 278, 279, 288, 289, 320, 322, 323, 324, 325, 330, 347, 513, 514, 519, 520, 521}
    | {_XMP, _IIM, _RESOURCES, 34675, 37724, 50255}
)
_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4}
_BIG_SIZES = {**_SIZES, 16: 8, 17: 8, 18: 8}
_INTEGERS = {1: "B", 3: "H", 4: "I", 13: "I", 16: "Q", 18: "Q"}


class BrokenTiff(Exception):
    """A directory points outside the file, or has an impossible shape."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One field of a directory: tag, type, number of values, the values as the file holds them."""

    tag: int
    type: int
    count: int
    raw: bytes


@dataclass(frozen=True, slots=True)
class Tiff:
    """Blocks of all pages. `exif` is None where it is damaged, empty where there is none.

    `complete`: no strip or tile lies beyond the end of the file. `raw`: the file holds
    what a sensor saw; its first page is that, or a reduced preview.
    """

    exif: bytes | None
    xmp: tuple[bytes, ...]
    iptc: tuple[bytes, ...]
    resources: tuple[bytes, ...]
    complete: bool
    raw: bool


class _Reader:
    def __init__(self, data: bytes) -> None:
        self.data = data
        self.order = "<" if data[:2] == b"II" else ">"
        self.big = data[2:4] in (b"+\x00", b"\x00+")
        self.first = self.number(8, 8) if self.big else self.number(4, 4)

    def number(self, pos: int, size: int) -> int:
        piece = self.data[pos : pos + size]
        if len(piece) < size:
            raise BrokenTiff
        return int.from_bytes(piece, "little" if self.order == "<" else "big")

    def directory(self, pos: int) -> tuple[list[Entry], int]:
        """The entries of the directory at `pos` and where the next one is (0: nowhere)."""
        head, width, word = (8, 20, 8) if self.big else (2, 12, 4)
        number = self.number(pos, head)
        if not 0 < number <= MAX_ENTRIES:
            raise BrokenTiff
        entries = [self._entry(pos + head + i * width, word) for i in range(number)]
        return [e for e in entries if e is not None], self.number(pos + head + number * width, word)

    def _entry(self, pos: int, word: int) -> Entry | None:
        tag, kind, count = self.number(pos, 2), self.number(pos + 2, 2), self.number(pos + 4, word)
        unit = (_BIG_SIZES if self.big else _SIZES).get(kind)
        if unit is None:
            return None
        size = unit * count
        at = pos + 4 + word
        if size > word:
            at = self.number(at, word)
        if size > MAX_VALUE or at + size > len(self.data):
            raise BrokenTiff
        return Entry(tag, kind, count, self.data[at : at + size])

    def integers(self, entry: Entry | None) -> tuple[int, ...]:
        if entry is None or entry.type not in _INTEGERS:
            return ()
        return struct.unpack(f"{self.order}{entry.count}{_INTEGERS[entry.type]}", entry.raw)


def read_tiff(data: bytes) -> Tiff:
    """The metadata blocks of a TIFF file. Raises BrokenTiff where its directories are damaged."""
    reader = _Reader(data)
    pages: list[dict[int, Entry]] = []
    seen: set[int] = set()
    pos = reader.first
    while pos:
        if pos in seen or len(seen) >= MAX_DIRECTORIES:
            raise BrokenTiff
        seen.add(pos)
        entries, pos = reader.directory(pos)
        pages.append({e.tag: e for e in reversed(entries)})
    if not pages:
        raise BrokenTiff

    def blocks(tag: int) -> tuple[bytes, ...]:
        return tuple(page[tag].raw for page in pages if tag in page)

    first = pages[0]
    reduced = any(n & 1 for n in reader.integers(first.get(_SUBFILE)))
    raw_pixels = any(n in _RAW_PIXELS for n in reader.integers(first.get(_PHOTOMETRIC)))
    return Tiff(
        exif=_exif(reader, first),
        xmp=blocks(_XMP),
        iptc=blocks(_IIM),
        resources=blocks(_RESOURCES),
        complete=_is_complete(reader, first),
        raw=_DNG in first or data[8:10] == b"CR" or raw_pixels or (reduced and _SUB_IFDS in first),
    )


def _is_complete(reader: _Reader, page: dict[int, Entry]) -> bool:
    for offsets, sizes in _EXTENTS:
        pairs = zip(
            reader.integers(page.get(offsets)), reader.integers(page.get(sizes)), strict=False
        )
        if any(offset + size > len(reader.data) for offset, size in pairs):
            return False
    return True


def _exif(reader: _Reader, first: dict[int, Entry]) -> bytes | None:
    """The EXIF of the first page as a block of its own; BigTIFF is told as damaged, not guessed."""
    entries = [e for e in first.values() if e.tag not in _NOT_EXIF]
    if reader.big:
        return None if {_EXIF_IFD, _GPS_IFD} & first.keys() else b""
    head = (b"II*\x00" if reader.order == "<" else b"MM\x00*") + struct.pack(f"{reader.order}I", 8)
    try:
        children = {
            e.tag: reader.directory(reader.integers(e)[0])[0]
            for e in entries
            if e.tag in (_EXIF_IFD, _GPS_IFD)
        }
        return head + _write(reader.order, entries, children, 8)
    except (BrokenTiff, IndexError, struct.error):
        return None


def joined(parts: dict[int, bytes]) -> bytes:
    """One EXIF block out of TIFF blocks with one directory each, as CR3 files keep them.

    `parts`: by 0 for IFD0, by the tag of its pointer for the Exif and the GPS IFD. Raises
    BrokenTiff where one of them is damaged or they differ in their byte order.
    """
    readers = {tag: _Reader(part) for tag, part in parts.items()}
    if 0 not in readers or len({r.order for r in readers.values()}) != 1:
        raise BrokenTiff
    order = readers[0].order
    directories = {tag: reader.directory(reader.first)[0] for tag, reader in readers.items()}
    entries = [e for e in directories.pop(0) if e.tag not in _NOT_EXIF | directories.keys()]
    entries += [Entry(tag, 4, 1, bytes(4)) for tag in directories]
    head = (b"II*\x00" if order == "<" else b"MM\x00*") + struct.pack(f"{order}I", 8)
    return head + _write(order, entries, directories, 8)


def _write(order: str, entries: list[Entry], children: dict[int, list[Entry]], base: int) -> bytes:
    """A classic directory at offset `base` with its values, then its child directories."""
    entries = sorted(entries, key=lambda e: e.tag)
    table, values = bytearray(struct.pack(f"{order}H", len(entries))), bytearray()
    start = base + 2 + 12 * len(entries) + 4
    for entry in entries:
        raw = entry.raw
        if entry.tag in children:
            child = _write(order, children[entry.tag], {}, start + len(values))
            raw = struct.pack(f"{order}I", start + len(values))
            values += child
            entry = Entry(entry.tag, 4, 1, raw)
        elif len(raw) > 4:
            raw = struct.pack(f"{order}I", start + len(values))
            values += entry.raw + b"\x00" * (len(entry.raw) % 2)
        table += struct.pack(f"{order}HHI", entry.tag, entry.type, entry.count) + raw.ljust(
            4, b"\x00"
        )
    return bytes(table) + bytes(4) + bytes(values)
