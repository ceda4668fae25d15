"""HEIC, AVIF and CR3 taken apart: metadata items out of ISO base media boxes.

Clauses: ISO/IEC 14496-12 (boxes, 8.11: meta, iloc, iinf, iref), ISO/IEC 23008-12 (HEIF:
6.5.5 colr, annex A: Exif and XMP items). The turn of such a picture stands in its properties
irot and imir, which the decoders apply; EXIF's own orientation is then only a copy of it.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

MAX_BOXES = 4096
MAX_ITEMS = 4096
MAX_EXTENTS = 65_536
MAX_ITEM = 16 * 1024 * 1024

_CODED = {b"hvc1": "HEIF", b"av01": "AVIF"}
_HEIC_BRANDS = frozenset(b"heic heix heim heis hevc hevx hevm hevs".split())
_AVIF_BRANDS = frozenset((b"avif", b"avis"))
_EITHER = frozenset((b"mif1", b"msf1"))
_ZERO_TAIL = 64
_CANON = bytes.fromhex("85c0b687820f11e08111f4ce462b6a48")
_CANON_XMP = bytes.fromhex("be7acfcb97a942e89c71999491e3afac")


class BrokenBoxes(Exception):
    """A box or table points outside the file, or has an impossible shape."""


@dataclass(slots=True)
class Boxes:
    """Blocks of a file. `coding` says what it is decoded by: `HEIF`, `AVIF` or empty.

    `colour`: code points of primaries and transfer (ITU-T H.273) where the picture states them.
    `complete`: the file reaches as far as its boxes and items say, with something in them.
    `bad`: blocks that are there and could not be taken out, with why.
    """

    coding: str = ""
    exif: list[bytes] = field(default_factory=list)
    xmp: list[bytes] = field(default_factory=list)
    colour: tuple[int, int] | None = None
    complete: bool = True
    bad: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class _Item:
    type: bytes = b""
    content: bytes = b""
    packed: bool = False
    method: int = 0
    extents: list[tuple[int, int]] = field(default_factory=list)


def brand(head: bytes) -> str:
    """`HEIF`, `AVIF`, `RAW` (Canon CR3) or empty, from the first box."""
    if head[4:8] != b"ftyp":
        return ""
    major = head[8:12]
    if major == b"crx ":
        return "RAW"
    if major in _HEIC_BRANDS:
        return "HEIF"
    if major in _AVIF_BRANDS:
        return "AVIF"
    if major in _EITHER:
        end = min(int.from_bytes(head[:4], "big"), len(head))
        others = {head[at : at + 4] for at in range(16, end - 3, 4)}
        return "AVIF" if others & _AVIF_BRANDS and not others & _HEIC_BRANDS else "HEIF"
    return ""


def read_boxes(data: bytes) -> Boxes:
    """The blocks of a HEIC or AVIF file. Raises BrokenBoxes where its tables are damaged."""
    found = Boxes()
    meta = None
    for name, start, end in _children(data, 0, len(data)):
        if end > len(data):
            found.complete = False
        elif name == b"meta" and meta is None:
            meta = (start + 4, end)
    if not found.complete:
        return found
    if meta is not None:
        _read_meta(data, meta, found)
    return found


def _children(data: bytes, start: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """(type, first byte, end) of each box; the last one may end behind `end`."""
    for _ in range(MAX_BOXES + 1):
        if start + 8 > end:
            return
        size, name = struct.unpack_from(">I4s", data, start)
        head = 8
        if size == 1:
            if start + 16 > end:
                raise BrokenBoxes
            (size,) = struct.unpack_from(">Q", data, start + 8)
            head = 16
        elif size == 0:
            size = end - start
        if size < head:
            raise BrokenBoxes
        yield name, start + head, start + size
        start += size
    raise BrokenBoxes


class _Cursor:
    """Reads numbers one after the other. Raises BrokenBoxes at the end of its box."""

    def __init__(self, data: bytes, start: int, end: int) -> None:
        if end > len(data):
            raise BrokenBoxes
        self.data, self.at, self.end = data, start, end

    def number(self, size: int) -> int:
        if self.at + size > self.end:
            raise BrokenBoxes
        self.at += size
        return int.from_bytes(self.data[self.at - size : self.at], "big")

    def piece(self, size: int) -> bytes:
        if self.at + size > self.end:
            raise BrokenBoxes
        self.at += size
        return self.data[self.at - size : self.at]

    def text(self) -> bytes:
        """Up to a NUL, or to the end."""
        stop = self.data.find(b"\x00", self.at, self.end)
        stop = self.end if stop < 0 else stop
        text, self.at = self.data[self.at : stop], min(stop + 1, self.end)
        return text

    def version(self) -> int:
        """Version of a full box, its flags passed over."""
        return self.number(4) >> 24


def _read_meta(data: bytes, meta: tuple[int, int], found: Boxes) -> None:
    places: dict[bytes, tuple[int, int]] = {}
    for name, start, end in _children(data, *meta):
        if end > meta[1]:
            raise BrokenBoxes
        places.setdefault(name, (start, end))
    items: dict[int, _Item] = {}
    if b"iinf" in places:
        _read_names(data, places[b"iinf"], items)
    if b"iloc" in places:
        _read_places(_Cursor(data, *places[b"iloc"]), items)
    primary = 0
    if b"pitm" in places:
        cursor = _Cursor(data, *places[b"pitm"])
        primary = cursor.number(2 if cursor.version() == 0 else 4)
    kinds = {item.type for item in items.values()}
    coded = [kind for name, kind in _CODED.items() if name in kinds]
    own = _CODED.get(items[primary].type, "") if primary in items else ""
    found.coding = own or (coded[0] if len(coded) == 1 else "")
    for item in items.values():
        _take(data, places.get(b"idat"), item, found)
    if b"iprp" in places:
        found.colour = _colour(data, places[b"iprp"], primary)


def _read_names(data: bytes, place: tuple[int, int], items: dict[int, _Item]) -> None:
    cursor = _Cursor(data, *place)
    count = cursor.number(2 if cursor.version() == 0 else 4)
    if count > MAX_ITEMS:
        raise BrokenBoxes
    for name, start, end in _children(data, cursor.at, place[1]):
        if name != b"infe":
            continue
        entry = _Cursor(data, start, min(end, place[1]))
        version = entry.version()
        if version < 2:
            raise BrokenBoxes
        item = items.setdefault(entry.number(2 if version == 2 else 4), _Item())
        entry.number(2)
        item.type = entry.piece(4)
        entry.text()
        if item.type == b"mime":
            item.content = entry.text()
            item.packed = bool(entry.text())


def _read_places(cursor: _Cursor, items: dict[int, _Item]) -> None:
    version = cursor.version()
    if version > 2:
        raise BrokenBoxes
    sizes = cursor.number(2)
    offset, length, base, index = (sizes >> shift & 15 for shift in (12, 8, 4, 0))
    wide = 2 if version < 2 else 4
    total = 0
    for _ in range(cursor.number(wide)):
        item = items.setdefault(cursor.number(wide), _Item())
        if version:
            item.method = cursor.number(2) & 15
        cursor.number(2)
        start = cursor.number(base)
        count = cursor.number(2)
        total += count
        if total > MAX_EXTENTS:
            raise BrokenBoxes
        for _ in range(count):
            if version:
                cursor.number(index)
            at = start + cursor.number(offset)
            item.extents.append((at, cursor.number(length)))


def _take(data: bytes, idat: tuple[int, int] | None, item: _Item, found: Boxes) -> None:
    """One item: whether it is all there, and what it holds if it is metadata."""
    # An extent of length 0 is the whole file (14496-12 8.11.3.3); nobody writes that.
    if item.method == 0 and any(at + size > len(data) for at, size in item.extents):
        found.complete = False
        return
    if item.method == 0 and item.type in _CODED:
        last = max(item.extents, default=(0, 0))
        tail = data[max(last[0], sum(last) - _ZERO_TAIL) : sum(last)]
        if len(tail) == _ZERO_TAIL and not tail.strip(b"\x00"):
            found.complete = False
    name = {b"Exif": "exif", b"mime": "xmp"}.get(item.type)
    if name is None or (name == "xmp" and item.content != b"application/rdf+xml"):
        return
    start, end = idat or (0, 0)
    if item.method == 1 and all(start + at + size <= end for at, size in item.extents):
        pieces = [(start + at, size) for at, size in item.extents]
    elif item.method == 0:
        pieces = item.extents
    else:
        found.bad[name] = "it stands in a place that is not read"
        return
    if item.packed or sum(size for _, size in pieces) > MAX_ITEM:
        found.bad[name] = "it is packed, or larger than any camera writes it"
        return
    body = b"".join(data[at : at + size] for at, size in pieces)
    if name == "xmp":
        found.xmp.append(body)
        return
    # HEIF A.2.1: four bytes say how far behind them the TIFF header is.
    skip = 4 + int.from_bytes(body[:4], "big")
    if len(body) < 4 or skip > len(body):
        found.bad["exif"] = "its header is damaged"
    else:
        found.exif.append(body[skip:])


def _colour(data: bytes, place: tuple[int, int], primary: int) -> tuple[int, int] | None:
    """The nclx code points among the properties of the primary item."""
    boxes = {name: (start, end) for name, start, end in _children(data, *place)}
    if b"ipco" not in boxes or b"ipma" not in boxes:
        return None
    colours: dict[int, tuple[int, int]] = {}
    for index, (name, start, end) in enumerate(_children(data, *boxes[b"ipco"]), 1):
        if name == b"colr" and data[start : start + 4] == b"nclx" and end - start >= 10:
            colours[index] = struct.unpack_from(">HH", data, start + 4)
    cursor = _Cursor(data, *boxes[b"ipma"])
    head = cursor.number(4)
    for _ in range(min(cursor.number(4), MAX_ITEMS)):
        item = cursor.number(2 if head >> 24 < 1 else 4)
        for _ in range(cursor.number(1)):
            index = cursor.number(2) & 0x7FFF if head & 1 else cursor.number(1) & 0x7F
            if item == primary and index in colours:
                return colours[index]
    return None


def read_canon(data: bytes) -> tuple[dict[bytes, bytes], list[bytes], bool]:
    """The TIFF blocks CMT1, CMT2 and CMT4 of a CR3 file, its XMP, whether it is complete."""
    blocks: dict[bytes, bytes] = {}
    xmp: list[bytes] = []
    complete = True
    for name, start, end in _children(data, 0, len(data)):
        if end > len(data):
            complete = False
        elif name == b"uuid" and data[start : start + 16] == _CANON_XMP:
            xmp.append(data[start + 16 : end])
        elif name == b"moov":
            for inner, first, last in _children(data, start, end):
                if inner == b"uuid" and data[first : first + 16] == _CANON:
                    for tag, a, b in _children(data, first + 16, min(last, end)):
                        blocks.setdefault(tag, data[a:b])
    return {tag: blocks[tag] for tag in (b"CMT1", b"CMT2", b"CMT4") if tag in blocks}, xmp, complete
