"""A second reader's eye on a finished rendition: only what the allow-list knows may be in it.

It shares no code with the writers and trusts nothing it was told: it walks the JPEG itself
(ITU-T T.81), the EXIF tags, the Photoshop resources, the IIM datasets and the XMP packet, and
holds every value against the one that was to be written. docs/renditions.md is its list in words.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import chain

from dam.adapters import readback_blocks, readback_profile, readback_xmp
from dam.adapters.readback_blocks import Broken
from dam.core.model import Rights
from dam.core.plain import tidy

#: Every segment that a rendition may have, by its marker and the first bytes of its payload.
SEGMENTS = {
    (0xE0, b"JFIF\0"): "JFIF header",
    (0xE1, b"Exif\0\0"): "EXIF block",
    (0xE1, b"http://ns.adobe.com/xap/1.0/\0"): "XMP packet",
    (0xE2, b"ICC_PROFILE\0"): "ICC profile",
    (0xED, b"Photoshop 3.0\0"): "Photoshop block",
    (0xDB, b""): "quantisation table",
    (0xC0, b""): "frame",
    (0xC4, b""): "Huffman table",
    (0xDA, b""): "scan",
}
_OFTEN = frozenset({"ICC profile", "quantisation table", "Huffman table"})
_NEEDED = ("JFIF header", "EXIF block", "XMP packet", "Photoshop block", "frame", "scan")
#: In this order they come: what stands behind the frame is no metadata any more.
_RANKS = {0xE0: 0, 0xE1: 1, 0xE2: 1, 0xED: 1, 0xDB: 2, 0xC0: 3, 0xC4: 4, 0xDA: 5}
_SCAN, _END = 0xDA, 0xD9
#: What is no byte of a picture: those are followed by a zero (T.81 B.1.1.5).
_MARKER = re.compile(rb"\xff(?!\x00)")
#: Version 1.01, no unit, one pixel as wide as high, no thumbnail.
_JFIF = b"\1\1\0\0\1\0\1\0\0"
_SAMPLINGS = frozenset({0x11, 0x12, 0x21, 0x22})
_MAX_COMPLAINTS = 50


def check(data: bytes, rights: Rights, size: tuple[int, int]) -> tuple[str, ...]:
    """Everything in a finished JPEG that is not on the allow-list, one short complaint each.

    `rights` is what it was to say, `size` its width and height in pixels: another value is as
    wrong as another tag, and so is a missing one. `()` means clean. Complaints name the place or
    tag and never quote a value. Never raises.
    """
    complaints: list[str] = []
    try:
        for complaint in _Rendition(data, tidy(rights), size).complaints():
            if complaint not in complaints:
                complaints.append(complaint)
            if len(complaints) >= _MAX_COMPLAINTS:
                break
    except Broken as broken:
        complaints.append(str(broken))
    except Exception:
        # A file that throws its reader is the last thing to let out.
        complaints.append("the file could not be read back")
    return tuple(complaints)


class _Rendition:
    """Walks the segments once and has each looked at."""

    def __init__(self, data: bytes, rights: Rights, size: tuple[int, int]) -> None:
        self.data = data
        self.rights = rights
        self.size = size
        self.seen: list[str] = []
        self.rank = 0
        self.icc: list[bytes] = []
        self.tables: dict[str, set[int]] = {"quantisation table": set(), "Huffman table": set()}
        self.used: dict[str, set[int]] = {"quantisation table": set(), "Huffman table": set()}
        self.components: tuple[int, ...] = ()

    def complaints(self) -> Iterator[str]:
        data = self.data
        if data[:2] != b"\xff\xd8":
            raise Broken("JPEG: no start marker")
        at, marker = 2, 0
        while marker != _SCAN:
            marker, at = self._marker(at)
            if marker == _END:
                raise Broken("JPEG: no scan")
            size = int.from_bytes(data[at : at + 2], "big")
            if size < 2 or at + size > len(data):
                raise Broken(f"JPEG: segment {marker:02X} is cut off")
            try:
                yield from self._segment(marker, data[at + 2 : at + size])
            except Broken as broken:
                yield str(broken)
            at += size
        yield from self._scan_data(at)
        yield from _profile(self.icc)
        for needed in _NEEDED:
            if needed not in self.seen:
                yield f"JPEG: no {needed}"
        for name, defined in self.tables.items():
            if defined != self.used[name]:
                yield f"JPEG: a {name} that nothing uses, or none where one is used"

    def _marker(self, at: int) -> tuple[int, int]:
        """The marker at `at`. Fill bytes in front of it (T.81 B.1.1.2) are somebody else's."""
        pair = self.data[at : at + 2]
        if len(pair) < 2:
            raise Broken("JPEG: no end marker")
        if pair[0] != 0xFF or pair[1] in (0x00, 0xFF):
            raise Broken("JPEG: bytes between the segments")
        return pair[1], at + 2

    def _scan_data(self, at: int) -> Iterator[str]:
        """Entropy-coded data without restarts, then the end, and then nothing."""
        data = self.data
        start = at
        found = _MARKER.search(data, at)
        at = found.start() if found else -1
        if at < 0 or at + 1 >= len(data):
            raise Broken("JPEG: no end marker")
        if at == start:
            yield "JPEG: a scan without a picture"
        if data[at + 1] != _END:
            yield "JPEG: something behind the scan"
        elif at + 2 != len(data):
            yield "JPEG: bytes after the end marker"

    def _segment(self, marker: int, payload: bytes) -> Iterator[str]:
        found = next(
            (
                (name, payload[len(head) :])
                for (number, head), name in SEGMENTS.items()
                if number == marker and payload.startswith(head)
            ),
            None,
        )
        if found is None:
            yield f"JPEG: {_segment_name(marker)}"
            return
        name, body = found
        if name in self.seen and name not in _OFTEN:
            yield f"JPEG: more than one {name}"
        self.seen.append(name)
        if _RANKS[marker] < self.rank:
            yield f"JPEG: {name} out of its order"
        self.rank = max(self.rank, _RANKS[marker])
        yield from self._named(name, body)

    def _named(self, name: str, body: bytes) -> Iterator[str]:
        if name == "EXIF block":
            yield from readback_blocks.exif(body, self.rights, self.size)
        elif name == "XMP packet":
            yield from readback_xmp.complaints(body, self.rights)
        elif name == "Photoshop block":
            yield from readback_blocks.photoshop(body, self.rights)
        elif name == "ICC profile":
            self.icc.append(body)
        elif name == "JFIF header" and body != _JFIF:
            yield "JFIF: thumbnail" if len(body) != 9 or any(body[7:]) else "JFIF: odd header"
        elif name == "quantisation table":
            yield from self._quantisation(body)
        elif name == "Huffman table":
            yield from self._huffman(body)
        elif name == "frame":
            yield from self._frame(body)
        elif name == "scan":
            yield from self._scan(body)

    def _quantisation(self, body: bytes) -> Iterator[str]:
        """T.81 B.2.4.1, 8 bits a value as baseline has them."""
        for at in range(0, len(body), 65):
            table = body[at : at + 65]
            if len(table) != 65 or table[0] > 3 or not all(table[1:]):
                yield "JPEG: a quantisation table with something else in it"
                return
            yield from self._define("quantisation table", table[0])

    def _huffman(self, body: bytes) -> Iterator[str]:
        """T.81 B.2.4.2: class and number, how many codes of each length, and their values."""
        at = 0
        while at < len(body):
            kind, counts = body[at] if at < len(body) else 0, body[at + 1 : at + 17]
            values = body[at + 17 : at + 17 + sum(counts)]
            codes = sum(count << (16 - length) for length, count in enumerate(counts, 1))
            known = all(v <= 11 if kind < 0x10 else v & 15 <= 10 for v in values)
            whole = len(counts) == 16 and len(values) == sum(counts) == len(set(values))
            if kind not in (0, 1, 0x10, 0x11) or not whole or not known or codes > 0xFFFF:
                yield "JPEG: a Huffman table with something else in it"
                return
            yield from self._define("Huffman table", kind)
            at += 17 + len(values)

    def _define(self, name: str, number: int) -> Iterator[str]:
        if number in self.tables[name]:
            yield f"JPEG: a {name} twice"
        self.tables[name].add(number)

    def _frame(self, body: bytes) -> Iterator[str]:
        """T.81 B.2.2: 8 bits, the size that was to be, grey or YCbCr."""
        count = body[5] if len(body) > 5 else 0
        if count not in (1, 3) or len(body) != 6 + 3 * count or body[0] != 8:
            raise Broken("JPEG: a frame that is not written here")
        if (int.from_bytes(body[3:5], "big"), int.from_bytes(body[1:3], "big")) != self.size:
            yield "JPEG: the picture is not of its size"
        self.components = tuple(body[6::3])
        self.used["quantisation table"] = set(body[8::3])
        if self.components != (1, 2, 3)[:count] or not _SAMPLINGS.issuperset(body[7::3]):
            yield "JPEG: a frame that is not written here"

    def _scan(self, body: bytes) -> Iterator[str]:
        """T.81 B.2.3: all components at once, from the first coefficient to the last."""
        count = body[0] if body else 0
        if len(body) != 4 + 2 * count or body[-3:] != b"\0\x3f\0":
            raise Broken("JPEG: a scan that is not written here")
        if tuple(body[1 : 1 + 2 * count : 2]) != self.components:
            yield "JPEG: a scan that is not written here"
        pairs = body[2 : 2 + 2 * count : 2]
        self.used["Huffman table"] = set(chain.from_iterable((p >> 4, 16 | p & 15) for p in pairs))


def _profile(chunks: list[bytes]) -> Iterator[str]:
    """ICC.1 annex B.4: numbered chunks of one profile, and not a byte more than it states."""
    if not chunks:
        return
    for number, chunk in enumerate(chunks, 1):
        if chunk[:2] != bytes((number & 255, len(chunks) & 255)):
            yield "ICC: chunk out of order"
    whole = b"".join(chunk[2:] for chunk in chunks)
    yield from readback_profile.complaints(whole)


def _segment_name(marker: int) -> str:
    if marker == 0xFE:
        return "comment"
    if 0xE0 <= marker <= 0xEF:
        return f"unknown APP{marker - 0xE0} segment"
    return f"unknown segment {marker:02X}"
