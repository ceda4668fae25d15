"""Containers taken apart by hand: their metadata blocks, and whether they reach their end.

Pillow keeps one EXIF block and one XMP packet and drops what it cannot parse, which would
turn "unreadable" into "absent". `imaging_nested` finds the blocks inside blocks. Nothing here
decodes pixels or metadata.

Clauses: JPEG ISO/IEC 10918-1 annex B, XMP Part 3 (1.1.3: extended XMP), Photoshop image
resources (8BIM), PNG third edition 5.3 and 11.3, WebP RFC 9649.
"""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field

from dam.adapters.imaging_boxes import BrokenBoxes, brand, read_boxes, read_canon
from dam.adapters.imaging_nested import RESOURCES, BrokenNest, pictures, resources, tagged
from dam.adapters.imaging_raw import HEADS
from dam.adapters.imaging_tiff import BrokenTiff, joined, read_tiff
from dam.core.errors import UnusablePhoto
from dam.core.readings import RawBlocks

MAX_BLOCK = 16 * 1024 * 1024
MAX_BLOCKS = 64
MAX_SEGMENTS = 20_000
MAX_CHUNKS = 500_000
MAX_TEXT = 64 * 1024 * 1024

EXPORT_HINT = "Export it as JPEG from the camera's or phone's own program and drop that"

#: Fill bytes before a marker are passed over: `\xff+` would search the scan much more slowly.
_MARKER = re.compile(rb"\xff([^\x00\xff\xd0-\xd7])", re.DOTALL)
_EOI, _SOS, _APP1, _APP2, _APP13 = 0xD9, 0xDA, 0xE1, 0xE2, 0xED
_STANDALONE = (0x01, 0xD8)
_MAX_SEGMENT = 65_535
_XMP = b"http://ns.adobe.com/xap/1.0/\x00"
_XMP_MORE = b"http://ns.adobe.com/xmp/extension/\x00"
_PHOTOSHOP = (b"Photoshop 3.0\x00", b"Adobe_Photoshop2.5:")
_TIFF_HEADS = (b"II*\x00", b"MM\x00*")
_HAS_MORE = re.compile(rb"HasExtendedXMP\s*(?:=\s*[\"']|>)\s*([0-9A-Fa-f]{32})")
#: WebP has no end marker and decodes zeros without complaint. A picture of one flat colour ends
#: in zeros for an eighteenth of its length; more than a twelfth was never written.
_ZEROS = 12
_ALL = ("exif", "iptc", "xmp")
_EXIF_POINTER, _GPS_POINTER = 34665, 34853
_RAF_PREVIEW = (84, 88)
_RAW_PROFILE = b"raw profile type "


@dataclass(frozen=True, slots=True)
class Container:
    """What a file holds besides pixels; `complete` is false where it stops before its end.

    `kind` is what decodes it: a TIFF may be camera raw, and what calls itself HEIF an AVIF.
    `colour`: code points of primaries and transfer (ITU-T H.273) where the container has them.
    """

    blocks: RawBlocks
    complete: bool
    kind: str = ""
    colour: tuple[int, int] | None = None


@dataclass(slots=True)
class _Found:
    exif: list[bytes] = field(default_factory=list)
    iptc: list[bytes] = field(default_factory=list)
    xmp: list[bytes] = field(default_factory=list)
    bad: dict[str, str] = field(default_factory=dict)
    kind: str = ""
    colour: tuple[int, int] | None = None

    def add(self, name: str, block: bytes) -> None:
        blocks: list[bytes] = getattr(self, name)
        if len(block) > MAX_BLOCK or len(blocks) >= MAX_BLOCKS:
            self.bad[name] = "larger or more often there than any camera writes it"
        elif block:
            blocks.append(block)

    def add_exif(self, block: bytes) -> None:
        """EXIF over 64 KiB goes on in a second segment, which then has no TIFF header."""
        block = block.removeprefix(b"Exif\x00\x00")
        if self.exif and not block.startswith(_TIFF_HEADS):
            self.add("exif", self.exif.pop() + block)
        else:
            self.add("exif", block)

    def add_resources(self, *pieces: bytes) -> None:
        """IIM, EXIF and XMP out of 8BIM resources. One may run on over several segments."""
        try:
            items = list(resources(b"".join(pieces)))
        except BrokenNest:
            try:
                items = [item for piece in pieces for item in resources(piece)]
            except BrokenNest:
                self.bad["iptc"] = "the Photoshop resource block is damaged"
                return
        for code, body in items:
            if name := RESOURCES.get(code):
                self.add(name, body.removeprefix(b"Exif\x00\x00") if name == "exif" else body)

    def add_tagged(self) -> None:
        """What stands in tags of the EXIF blocks, those included that are found on the way."""
        room = MAX_BLOCK
        for block in self.exif:
            for name, body in tagged(block):
                room -= len(body or b"")
                if body is None or room < 0:
                    where = "iptc" if name == "resources" else name
                    self.bad[where] = "a part of it that stands in EXIF is damaged or too large"
                elif name == "resources":
                    self.add_resources(body)
                else:
                    self.add(name, body)

    def done(self) -> RawBlocks:
        self.add_tagged()
        return RawBlocks(
            exif=tuple(self.exif),
            iptc=tuple(self.iptc),
            xmp=tuple(self.xmp),
            unreadable=tuple(sorted(self.bad.items())),
        )


def sniff(head: bytes) -> str:
    """`JPEG`, `TIFF`, `PNG`, `WEBP`, `HEIF`, `AVIF`, `RAW` or an empty text, from 64 bytes."""
    if head.startswith(b"\xff\xd8\xff"):
        return "JPEG"
    if head.startswith((b"II*\x00", b"MM\x00*", b"II+\x00", b"MM\x00+")):
        return "TIFF"
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "PNG"
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "WEBP"
    return "RAW" if head.startswith(HEADS) else brand(head)


def take_apart(kind: str, data: bytes) -> Container:
    """The metadata blocks of a file of a kind that `sniff` named.

    Raises UnusablePhoto (not incomplete) for compressed text that unpacks without end and for
    absurd numbers of segments.
    """
    walkers = {
        "JPEG": _jpeg,
        "PNG": _png,
        "WEBP": _webp,
        "TIFF": _tiff,
        "HEIF": _boxes,
        "AVIF": _boxes,
        "RAW": _raw,
    }
    found = _Found()
    complete = walkers[kind](data, found)
    return Container(found.done(), complete, found.kind or kind, found.colour)


def _jpeg_segments(data: bytes) -> Iterator[tuple[int, int, int]]:
    """Marker, first and last byte of each segment up to the end marker, over scan data too."""
    pos = 2
    for _ in range(MAX_SEGMENTS):
        match = _MARKER.search(data, pos)
        if match is None:
            return
        marker, pos = match[1][0], match.end()
        if marker in _STANDALONE:
            continue
        if marker == _EOI:
            yield marker, pos, pos
            return
        length = int.from_bytes(data[pos : pos + 2], "big")
        if length < 2 or pos + length > len(data):
            return
        yield marker, pos + 2, pos + length
        pos += length
    raise UnusablePhoto("The file has more segments than any photograph", EXPORT_HINT)


def _jpeg(data: bytes, found: _Found) -> bool:
    scanned, ended, index = _jpeg_picture(data, found)
    try:
        told = pictures(data[index : index + _MAX_SEGMENT]) if index else []
    except BrokenNest:
        found.bad |= dict.fromkeys(_ALL, "the list of further pictures in the file is damaged")
        told = []
    if ended:
        _further(data, [(index + at, size) for at, size in told], found)
    return scanned and ended


def _jpeg_picture(data: bytes, found: _Found) -> tuple[bool, bool, int]:
    """Take up one picture's blocks: whether it has a scan, an end, where its MPF index starts."""
    pieces: list[bytes] = []
    more: dict[bytes, list[tuple[int, int, bytes]]] = {}
    scanned = ended = False
    first, index = len(found.xmp), 0
    for marker, start, end in _jpeg_segments(data):
        if marker == _SOS:
            scanned = True
        elif marker == _EOI:
            ended = True
        elif marker == _APP1:
            _jpeg_app1(data[start:end], found, more)
        elif marker == _APP2 and data[start : start + 4] == b"MPF\x00":
            index = index or start + 4
        elif marker == _APP13:
            body = data[start:end]
            if head := next((h for h in _PHOTOSHOP if body.startswith(h)), b""):
                pieces.append(body[len(head) :])
            elif body.startswith(b"\x1c"):
                found.add("iptc", body)
    _join_more_xmp(found, found.xmp[first:], more)
    if pieces:
        found.add_resources(*pieces)
    return scanned, ended, index


def _further(data: bytes, places: list[tuple[int, int]], found: _Found) -> None:
    """The blocks of the other pictures of a file. One that is not there has not said nothing."""
    room = 2 * len(data)
    for start, size in places:
        # Some writers overstate the size; where a scan begins, all blocks have been passed.
        picture = data[start : start + size] if room >= 0 else b""
        room -= len(picture)
        if not picture.startswith(b"\xff\xd8\xff") or not _jpeg_picture(picture, found)[0]:
            found.bad |= dict.fromkeys(_ALL, "a further picture in the file is not whole")


def _jpeg_app1(body: bytes, found: _Found, more: dict[bytes, list[tuple[int, int, bytes]]]) -> None:
    if body.startswith(b"Exif\x00"):
        found.add_exif(body[6:])
    elif body.startswith(_XMP):
        found.add("xmp", body[len(_XMP) :])
    elif body.startswith(_XMP_MORE):
        body = body[len(_XMP_MORE) :]
        if len(body) < 40:
            found.bad["xmp"] = "a part of the extended XMP is damaged"
            return
        full, offset = struct.unpack(">II", body[32:40])
        more.setdefault(body[:32].upper(), []).append((offset, full, body[40:]))


def _join_more_xmp(
    found: _Found, packets: list[bytes], more: dict[bytes, list[tuple[int, int, bytes]]]
) -> None:
    wanted = {m[1].upper() for packet in packets for m in _HAS_MORE.finditer(packet)}
    if wanted - more.keys():
        found.bad["xmp"] = "the extended XMP that the packet speaks of is not there"
    for parts in more.values():
        joined = bytearray()
        for offset, _, part in sorted(set(parts)):
            if offset != len(joined):
                break
            joined += part
        if {full for _, full, _ in parts} != {len(joined)}:
            found.bad["xmp"] = "the extended XMP is not whole"
        else:
            found.add("xmp", bytes(joined))


def _png(data: bytes, found: _Found) -> bool:
    pos, unpacked = 8, 0
    for _ in range(MAX_CHUNKS):
        if pos + 12 > len(data):
            return False
        size, name = struct.unpack(">I4s", data[pos : pos + 8])
        if pos + 12 + size > len(data) or not name.isalpha():
            return False
        if name == b"IEND":
            return True
        if name == b"cICP" and size == 4:
            found.colour = (data[pos + 8], data[pos + 9])
        elif name == b"eXIf":
            found.add_exif(data[pos + 8 : pos + 8 + size])
        elif name in (b"tEXt", b"zTXt", b"iTXt"):
            unpacked += _png_text(name, data[pos + 8 : pos + 8 + size], found)
            if unpacked > MAX_TEXT:
                raise _text_bomb()
        pos += 12 + size
    raise UnusablePhoto("The file has more chunks than any photograph", EXPORT_HINT)


def _text_bomb() -> UnusablePhoto:
    return UnusablePhoto("The texts in the file unpack to an enormous size", EXPORT_HINT)


def _unpack(body: bytes) -> bytes:
    text = zlib.decompressobj().decompress(body, MAX_BLOCK + 1)
    if len(text) > MAX_BLOCK:
        raise _text_bomb()
    return text


def _png_text(chunk: bytes, body: bytes, found: _Found) -> int:
    """Take metadata out of one text chunk (PNG 11.3.3); how many bytes it unpacked to."""
    keyword, _, text = body.partition(b"\x00")
    keyword = keyword.lower()
    kind = keyword.removeprefix(_RAW_PROFILE).decode("latin-1")
    name = {"exif": "exif", "app1": "exif", "iptc": "iptc", "8bim": "iptc", "xmp": "xmp"}.get(kind)
    is_raw = keyword.startswith(_RAW_PROFILE) and name is not None
    try:
        if chunk == b"zTXt":
            text = _unpack(text[1:])
        elif chunk == b"iTXt":
            packed = text[:1] == b"\x01"
            text = text[2:].split(b"\x00", 2)[2]
            text = _unpack(text) if packed else text
        if keyword == b"xml:com.adobe.xmp":
            found.add("xmp", text)
        elif is_raw:
            _png_raw_profile(kind, bytes.fromhex(text.split(b"\n", 3)[3].decode("ascii")), found)
    except (zlib.error, IndexError, ValueError):
        if keyword == b"xml:com.adobe.xmp":
            found.bad["xmp"] = "the text chunk that holds it is damaged"
        elif is_raw and name is not None:
            found.bad[name] = "the text chunk that holds it is damaged"
    return len(text)


def _png_raw_profile(kind: str, block: bytes, found: _Found) -> None:
    if kind == "xmp" or block.startswith(_XMP):
        found.add("xmp", block.removeprefix(_XMP))
    elif kind in ("exif", "app1"):
        found.add_exif(block)
    elif block.startswith(b"\x1c"):
        found.add("iptc", block)
    else:
        found.add_resources(block.removeprefix(_PHOTOSHOP[0]))


def _webp(data: bytes, found: _Found) -> bool:
    end = 8 + int.from_bytes(data[4:8], "little")
    if end > len(data) + 1:
        return False
    pos = 12
    for _ in range(MAX_CHUNKS):
        if pos + 8 > end:
            return True
        name, size = struct.unpack("<4sI", data[pos : pos + 8])
        body = data[pos + 8 : pos + 8 + size]
        if len(body) < size or name == bytes(4):
            return False
        if name in (b"VP8 ", b"VP8L") and size - len(body.rstrip(b"\x00")) > size // _ZEROS + 64:
            return False
        if name == b"EXIF":
            found.add_exif(body)
        elif name == b"XMP ":
            found.add("xmp", body)
        pos += 8 + size + size % 2
    raise UnusablePhoto("The file has more chunks than any photograph", EXPORT_HINT)


def _tiff(data: bytes, found: _Found) -> bool:
    try:
        tiff = read_tiff(data)
    except BrokenTiff:
        found.bad = dict.fromkeys(_ALL, "the directory of the file is damaged")
        return True
    if tiff.raw:
        found.kind = "RAW"
    for packet in tiff.xmp:
        found.add("xmp", packet)
    for datasets in tiff.iptc:
        found.add("iptc", datasets)
    for block in tiff.resources:
        found.add_resources(block)
    if tiff.exif is None:
        found.bad["exif"] = "its directory is damaged"
    else:
        found.add("exif", tiff.exif)
    return tiff.complete


def _boxes(data: bytes, found: _Found) -> bool:
    try:
        boxes = read_boxes(data)
    except BrokenBoxes:
        found.bad = dict.fromkeys(_ALL, "the tables of the file are damaged")
        return True
    found.kind, found.colour = boxes.coding, boxes.colour
    for block in boxes.exif:
        found.add_exif(block)
    for packet in boxes.xmp:
        found.add("xmp", packet)
    found.bad |= boxes.bad
    return boxes.complete


def _raw(data: bytes, found: _Found) -> bool:
    """Raw files that do not begin as TIFF does; what they say of completeness is LibRaw's part."""
    if data.startswith(b"FUJIFILM"):
        start, size = (int.from_bytes(data[at : at + 4], "big") for at in _RAF_PREVIEW)
        _jpeg(data[start : start + size], found)
        if not found.exif:
            found.bad = dict.fromkeys(_ALL, "the preview that holds it is damaged")
        return start + size <= len(data)
    if data[4:8] == b"ftyp":
        return _canon(data, found)
    if data.startswith((b"IIU\x00", b"IIRO", b"IIRS", b"MMOR")):
        mark = b"II*\x00" if data[:2] == b"II" else b"MM\x00*"
        return _tiff(mark + data[4:], found)
    found.bad = dict.fromkeys(_ALL, "it is not read in this raw format")
    return True


def _canon(data: bytes, found: _Found) -> bool:
    names = {b"CMT1": 0, b"CMT2": _EXIF_POINTER, b"CMT4": _GPS_POINTER}
    try:
        blocks, packets, complete = read_canon(data)
        for packet in packets:
            found.add("xmp", packet)
        found.add("exif", joined({names[tag]: block for tag, block in blocks.items()}))
    except (BrokenBoxes, BrokenTiff):
        found.bad = dict.fromkeys(_ALL, "the tables of the file are damaged")
        return True
    return complete
