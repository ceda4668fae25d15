"""A second reader's eye on a finished rendition: only what the allow-list knows may be in it.

It shares no code with the writers and trusts nothing it was told: it walks the JPEG itself
(ITU-T T.81), the EXIF tags, the Photoshop resources, the IIM datasets and the XMP packet.
"""

from __future__ import annotations

import hashlib
import re
import struct
from collections.abc import Iterator
from xml.parsers import expat

from dam.adapters import readback_profile

_EXIF = b"Exif\0\0"
_XMP = b"http://ns.adobe.com/xap/1.0/\0"
_ICC = b"ICC_PROFILE\0"
_PHOTOSHOP = b"Photoshop 3.0\0"
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_TABLES = frozenset({0xC4, 0xDB, 0xDD})
_SCAN, _END = 0xDA, 0xD9
_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8}
_EXIF_POINTER = 0x8769
#: Type and count (None: any) of every tag a rendition may have: ImageDescription, Orientation,
#: X and Y resolution and unit, Artist, YCbCrPositioning, Copyright, the Exif IFD.
_IFD0: dict[int, tuple[int, int | None]] = {
    0x010E: (2, None),
    0x0112: (3, 1),
    0x011A: (5, 1),
    0x011B: (5, 1),
    0x0128: (3, 1),
    0x013B: (2, None),
    0x0213: (3, 1),
    0x8298: (2, None),
    _EXIF_POINTER: (4, 1),
}
#: ExifVersion, DateTimeOriginal, ComponentsConfiguration, FlashpixVersion, ColorSpace.
_EXIF_IFD: dict[int, tuple[int, int | None]] = {
    0x9000: (7, 4),
    0x9003: (2, 20),
    0x9101: (7, 4),
    0xA000: (7, 4),
    0xA001: (3, 1),
}
_DATASETS = frozenset({(1, 90), (2, 0), (2, 55), (2, 80), (2, 110), (2, 115), (2, 116), (2, 120)})
_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_PREFIXES = {
    "adobe:ns:meta/": "x",
    _RDF: "rdf",
    "http://www.w3.org/XML/1998/namespace": "xml",
    "http://purl.org/dc/elements/1.1/": "dc",
    "http://ns.adobe.com/xap/1.0/": "xmp",
    "http://ns.adobe.com/xap/1.0/mm/": "xmpMM",
    "http://ns.adobe.com/xap/1.0/rights/": "xmpRights",
    "http://ns.adobe.com/photoshop/1.0/": "photoshop",
    "http://ns.adobe.com/tiff/1.0/": "tiff",
    "http://ns.adobe.com/exif/1.0/": "exif",
    "http://ns.adobe.com/xmp/note/": "xmpNote",
    "http://iptc.org/std/Iptc4xmpCore/1.0/xmlns/": "Iptc4xmpCore",
    "http://iptc.org/std/Iptc4xmpExt/2008-02-29/": "Iptc4xmpExt",
    "http://ns.useplus.org/ldf/xmp/1.0/": "plus",
    "http://www.metadataworkinggroup.com/schemas/regions/": "mwg-rs",
}
_PLAIN = frozenset(
    {
        "dc:identifier",
        "photoshop:Credit",
        "photoshop:Source",
        "photoshop:DateCreated",
        "xmpRights:Marked",
        "xmpRights:WebStatement",
        "plus:DataMining",
        "Iptc4xmpExt:DigitalSourceType",
    }
)
_ARRAYS = {
    "dc:creator": "rdf:Seq",
    "dc:rights": "rdf:Alt",
    "dc:description": "rdf:Alt",
    "xmpRights:UsageTerms": "rdf:Alt",
    "plus:Licensor": "rdf:Seq",
}
_MAX_COMPLAINTS = 50


class _Broken(Exception):
    """The structure cannot be followed any further. The text names the place."""


def check(data: bytes) -> tuple[str, ...]:
    """Everything in a finished JPEG that is not on the allow-list, one short complaint each.

    `()` means clean. Complaints name the place or tag and never quote a value. Never raises.
    """
    complaints: list[str] = []
    try:
        for complaint in _Rendition(data).complaints():
            if complaint not in complaints:
                complaints.append(complaint)
            if len(complaints) >= _MAX_COMPLAINTS:
                break
    except _Broken as broken:
        complaints.append(str(broken))
    except Exception:
        # A file that throws its reader is the last thing to let out.
        complaints.append("the file could not be read back")
    return tuple(complaints)


class _Rendition:
    """Walks the segments once and has each looked at."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.seen: list[str] = []
        self.icc: dict[int, bytes] = {}

    def complaints(self) -> Iterator[str]:
        data = self.data
        if data[:2] != b"\xff\xd8":
            raise _Broken("JPEG: no start marker")
        at = 2
        while True:
            marker, at = self._marker(at)
            if marker == _END:
                break
            size = int.from_bytes(data[at : at + 2], "big")
            if size < 2 or at + size > len(data):
                raise _Broken(f"JPEG: segment {marker:02X} is cut off")
            try:
                yield from self._segment(marker, data[at + 2 : at + size])
            except _Broken as broken:
                yield str(broken)
            at += size
            if marker == _SCAN:
                at = self._past_scan(at)
        if at != len(data):
            yield "JPEG: bytes after the end marker"
        if self.icc:
            whole = b"".join(self.icc[number] for number in sorted(self.icc))
            yield from readback_profile.complaints(whole)
        for needed in ("frame", "scan"):
            if needed not in self.seen:
                yield f"JPEG: no {needed}"

    def _marker(self, at: int) -> tuple[int, int]:
        data = self.data
        if data[at : at + 1] != b"\xff":
            raise _Broken("JPEG: bytes between the segments" if at < len(data) else "JPEG: no end")
        while data[at : at + 1] == b"\xff":
            at += 1
        if at >= len(data):
            raise _Broken("JPEG: no end marker")
        return data[at], at + 1

    def _past_scan(self, at: int) -> int:
        """The first marker after entropy-coded data: FF00 and restarts belong to the data."""
        while True:
            at = self.data.find(b"\xff", at)
            if at < 0 or at + 1 >= len(self.data):
                raise _Broken("JPEG: no end marker")
            if self.data[at + 1] != 0 and not 0xD0 <= self.data[at + 1] <= 0xD7:
                return at
            at += 2

    def _segment(self, marker: int, payload: bytes) -> Iterator[str]:
        if marker in _FRAMES:
            yield from self._once("frame")
        elif marker == _SCAN:
            self.seen.append("scan")
        elif marker in _TABLES:
            return
        elif marker == 0xE0 and payload[:5] == b"JFIF\0":
            yield from self._once("JFIF header")
            if len(payload) != 14 or payload[12:14] != b"\0\0":
                yield "JFIF: thumbnail"
        elif marker == 0xE1 and payload.startswith(_EXIF):
            yield from self._once("EXIF block")
            yield from _exif(payload[len(_EXIF) :])
        elif marker == 0xE1 and payload.startswith(_XMP):
            yield from self._once("XMP packet")
            yield from _Packet(payload[len(_XMP) :]).complaints
        elif marker == 0xE2 and payload.startswith(_ICC):
            yield from self._profile(payload[len(_ICC) :])
        elif marker == 0xED and payload.startswith(_PHOTOSHOP):
            yield from self._once("Photoshop block")
            yield from _photoshop(payload[len(_PHOTOSHOP) :])
        elif marker == 0xEE and payload.startswith(b"Adobe") and len(payload) == 12:
            yield from self._once("Adobe segment")
        else:
            yield f"JPEG: {_segment_name(marker)}"

    def _once(self, name: str) -> Iterator[str]:
        if name in self.seen:
            yield f"JPEG: more than one {name}"
        self.seen.append(name)

    def _profile(self, chunk: bytes) -> Iterator[str]:
        """ICC.1 annex B.4: numbered chunks of one profile."""
        yield from self._once(f"ICC chunk {chunk[0]}" if chunk else "ICC chunk without number")
        if len(chunk) < 2 or not 1 <= chunk[0] <= chunk[1]:
            yield "ICC: chunk out of order"
        else:
            self.icc[chunk[0]] = chunk[2:]


def _segment_name(marker: int) -> str:
    if marker == 0xFE:
        return "comment"
    if 0xE0 <= marker <= 0xEF:
        return f"unknown APP{marker - 0xE0} segment"
    return f"unknown segment {marker:02X}"


def _exif(data: bytes) -> Iterator[str]:
    """IFD0 and at most an Exif IFD, allow-listed tags, and no byte that belongs to nothing."""
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(data[:4])
    if order is None or len(data) < 8:
        raise _Broken("EXIF: no TIFF header")
    used = bytearray(len(data))
    used[:8] = b"\1" * 8
    waiting = [("IFD0", int(struct.unpack_from(order + "I", data, 4)[0]))]
    walked = 0
    while waiting and walked < 4:
        name, offset = waiting.pop()
        walked += 1
        allowed = _IFD0 if name == "IFD0" else _EXIF_IFD
        for tag, shape, value in _entries(data, order, name, offset, used):
            if tag not in allowed:
                yield f"EXIF: {_tag_name(tag)} in {name}"
                continue
            if not _fits(allowed[tag], shape, value):
                yield f"EXIF: {_tag_name(tag)} is not of its type"
            elif tag == _EXIF_POINTER:
                waiting.append(("Exif IFD", int.from_bytes(value, "big")))
            elif tag == 0x0112 and value != b"\0\1":
                yield "EXIF: Orientation is not upright"
            elif tag == 0x9003 and not value.endswith(b" 00:00:00\0"):
                yield "EXIF: DateTimeOriginal tells the hour"
    if walked > 2:
        yield "EXIF: more than one Exif IFD"
    # Value offsets are even, so a filling NUL may follow an odd value (TIFF 6.0).
    if any(not taken and byte for taken, byte in zip(used, data, strict=True)):
        yield "EXIF: bytes that belong to no tag"


def _fits(expected: tuple[int, int | None], shape: tuple[int, int], value: bytes) -> bool:
    kind, count = expected
    if shape[0] != kind or (count is not None and shape[1] != count):
        return False
    # A text ends at its first NUL for every reader: what follows would be hidden.
    return kind != 2 or not value.rstrip(b"\0").count(0)


def _entries(
    data: bytes, order: str, name: str, offset: int, used: bytearray
) -> Iterator[tuple[int, tuple[int, int], bytes]]:
    """(tag, (type, count), value) of one IFD, numbers in big-endian bytes.

    Marks in `used` the bytes that it consists of.
    """
    if offset < 8 or offset + 2 > len(data):
        raise _Broken(f"EXIF: {name} lies outside the block")
    (count,) = struct.unpack_from(order + "H", data, offset)
    end = offset + 2 + 12 * count
    if end > len(data):
        raise _Broken(f"EXIF: {name} is cut off")
    for at in range(offset + 2, end, 12):
        tag, kind, number = struct.unpack_from(order + "HHI", data, at)
        size = _SIZES.get(kind, 1) * number
        start = at + 8 if size <= 4 else int(struct.unpack_from(order + "I", data, at + 8)[0])
        if start + size > len(data):
            raise _Broken(f"EXIF: {_tag_name(tag)} lies outside the block")
        used[start : start + size] = b"\1" * size
        value = data[start : start + size]
        yield tag, (kind, number), value[::-1] if order == "<" and kind in (3, 4) else value
    used[offset:end] = b"\1" * (end - offset)
    after = data[end : end + 4] if name == "IFD0" else b""
    used[end : end + len(after)] = b"\1" * len(after)
    if after.strip(b"\0"):
        raise _Broken("EXIF: IFD1 (thumbnail)")


def _tag_name(tag: int) -> str:
    known = {0x8825: "GPS pointer", 0x927C: "MakerNote", 0x9286: "UserComment"}
    return known.get(tag, f"tag {tag:04X}")


def _photoshop(data: bytes) -> Iterator[str]:
    """8BIM 0x0404 once and the digest of it in 0x0425, nothing else."""
    found: dict[int, bytes] = {}
    at = 0
    while at < len(data):
        if data[at : at + 4] != b"8BIM" or data[at + 6 : at + 8] != b"\0\0":
            raise _Broken("Photoshop: bytes outside the resources")
        number = int.from_bytes(data[at + 4 : at + 6], "big")
        size = int.from_bytes(data[at + 8 : at + 12], "big")
        end = at + 12 + size
        if end + size % 2 > len(data):
            raise _Broken(f"Photoshop: resource {number:04X} is cut off")
        if number not in (0x0404, 0x0425):
            yield f"Photoshop: resource {number:04X}"
        elif number in found:
            yield f"Photoshop: resource {number:04X} twice"
        found[number] = data[at + 12 : end]
        if data[end : end + size % 2].strip(b"\0"):
            yield "Photoshop: bytes outside the resources"
        at = end + size % 2
    iim = found.get(0x0404, b"")
    yield from _iim(iim)
    digest = hashlib.md5(iim, usedforsecurity=False).digest()
    if 0x0425 in found and found[0x0425] != digest:
        yield "Photoshop: the digest is not that of the IIM"


def _iim(data: bytes) -> Iterator[str]:
    at = 0
    while at < len(data):
        if data[at] != 0x1C or at + 5 > len(data):
            raise _Broken("IIM: bytes outside the datasets")
        record, number = data[at + 1], data[at + 2]
        size = int.from_bytes(data[at + 3 : at + 5], "big")
        if size & 0x8000 or at + 5 + size > len(data):
            raise _Broken(f"IIM: {record}:{number} is cut off")
        if (record, number) not in _DATASETS:
            yield f"IIM: {record}:{number}"
        at += 5 + size


class _Packet:
    """Reads one XMP packet event by event; every element must be where the allow-list says."""

    def __init__(self, packet: bytes) -> None:
        self.complaints: list[str] = []
        self.path: list[str] = []
        self.refused = 0
        self.seen: set[str] = set()
        parser = expat.ParserCreate("utf-8", namespace_separator=" ")
        parser.StartDoctypeDeclHandler = self._doctype
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text
        parser.CommentHandler = self._comment
        parser.ProcessingInstructionHandler = self._instruction
        try:
            parser.Parse(packet, True)
        except expat.ExpatError:
            raise _Broken("XMP: not well-formed") from None

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        tag = _short(name)
        parent = self.path[-1] if self.path else ""
        if self.refused or not self._allowed(tag, parent):
            # One complaint for a stranger, whatever it holds.
            if not self.refused:
                self.complaints.append(f"XMP: {tag}")
            self.refused += 1
            return
        if parent == "rdf:Description":
            if tag in self.seen:
                self.complaints.append(f"XMP: {tag} twice")
            self.seen.add(tag)
        for attribute, value in attributes.items():
            if not _attribute_allowed(tag, _short(attribute), value):
                self.complaints.append(f"XMP: {_short(attribute)} on {tag}")
        self.path.append(tag)

    def _allowed(self, tag: str, parent: str) -> bool:
        if parent in _ARRAYS:
            return tag == _ARRAYS[parent]
        if parent in ("rdf:Seq", "rdf:Alt"):
            return tag == "rdf:li"
        if parent == "rdf:li":
            return tag == "plus:LicensorName" and self.path[-3:-2] == ["plus:Licensor"]
        if parent == "rdf:Description":
            return tag in _PLAIN or tag in _ARRAYS
        return (parent, tag) in (
            ("", "x:xmpmeta"),
            ("x:xmpmeta", "rdf:RDF"),
            ("rdf:RDF", "rdf:Description"),
        )

    def _end(self, _name: str) -> None:
        if self.refused:
            self.refused -= 1
        else:
            self.path.pop()

    def _text(self, text: str) -> None:
        holder = self.path[-1] if self.path else ""
        licensor = holder == "rdf:li" and self.path[-3:-2] == ["plus:Licensor"]
        if self.refused or not text.strip():
            return
        if licensor or holder not in _PLAIN | {"rdf:li", "plus:LicensorName"}:
            self.complaints.append(f"XMP: text in {holder}")

    def _doctype(self, *_parts: object) -> None:
        raise _Broken("XMP: document type")

    def _comment(self, _text: str) -> None:
        self.complaints.append("XMP: comment")

    def _instruction(self, target: str, content: str) -> None:
        wrapper = re.fullmatch(
            "begin=['\"]\ufeff?['\"] id=['\"]W5M0MpCehiHzreSzNTczkc9d['\"]|end=['\"][rw]['\"]",
            content,
        )
        if target != "xpacket" or wrapper is None:
            self.complaints.append("XMP: processing instruction")


def _attribute_allowed(tag: str, attribute: str, value: str) -> bool:
    if tag == "rdf:Description":
        return attribute == "rdf:about" and value == ""
    if tag == "rdf:li":
        if attribute == "xml:lang":
            return re.fullmatch("[A-Za-z]{1,3}(-[A-Za-z0-9]{2,8})*", value) is not None
        return (attribute, value) == ("rdf:parseType", "Resource")
    return False


def _short(name: str) -> str:
    """`prefix:name` for namespaces known here; a stranger's name is not repeated."""
    uri, _, local = name.rpartition(" ")
    if uri in _PREFIXES and re.fullmatch("[A-Za-z][A-Za-z0-9]{0,40}", local):
        return f"{_PREFIXES[uri]}:{local}"
    return "a property nobody knows"
