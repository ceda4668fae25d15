"""Every limit on what strangers hand in, on both sides of it (docs/threat-model.md lists them)."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from pydantic import ValidationError

from dam.adapters import (
    exif,
    imaging_blocks,
    imaging_boxes,
    imaging_profiles,
    imaging_tiff,
    iptc,
    reports,
    tables,
    xmp,
)
from dam.adapters.imaging_blocks import Container, take_apart
from dam.adapters.xmp import rdf
from dam.core import csv_text, json_stream, record, reported, shoot_table, sidecar
from dam.core.errors import UnusablePhoto, UsageError
from dam.core.readings import Block, Status
from dam.flows.ingest import consider
from dam.flows.ingest.consider import Sheet
from tests.adapters.pictures import chunk, packed, scene, segment
from tests.adapters.test_tables import cells, repacked

_XMP = b"http://ns.adobe.com/xap/1.0/\0"
_MORE = b"http://ns.adobe.com/xmp/extension/\0"
_JPEG = packed(scene(16, 16))
_PNG = packed(scene(16, 16), "PNG")


def readable(block: Block) -> bool:
    return block.status is Status.KNOWN


def jpeg(*segments: bytes) -> Container:
    return take_apart("JPEG", _JPEG[:2] + b"".join(segments) + _JPEG[2:])


def png(*chunks: bytes) -> Container:
    return take_apart("PNG", _PNG[:33] + b"".join(chunks) + _PNG[33:])


def whole(container: Container) -> bool:
    """Complete, and with nothing that could not be taken out."""
    return container.complete and not container.blocks.unreadable


def packet(inner: bytes, size: int = 0) -> bytes:
    """An XMP packet, filled up to `size` bytes by a comment."""
    head = b"<rdf:RDF xmlns:rdf='%s'><rdf:Description>" % rdf.RDF[1:-1].encode()
    tail = b"</rdf:Description></rdf:RDF>"
    fill = b"<!--%s-->" % (b"x" * (size - len(head + inner + tail) - 7)) if size else b""
    return head + inner + fill + tail


# --- metadata -----------------------------------------------------------------------------


def xmp_bytes(n: int) -> bool:
    return readable(xmp.read((packet(b"", n),))[0])


def xmp_depth(n: int) -> bool:
    # rdf:RDF and rdf:Description are two of them.
    return readable(xmp.read((packet(b"<a>" * (n - 2) + b"</a>" * (n - 2)),))[0])


def xmp_nodes(n: int) -> bool:
    return readable(xmp.read((packet(b"<a/>" * (n - 2)),))[0])


def xmp_text(n: int) -> bool:
    text = b"<c:creator xmlns:c='http://purl.org/dc/elements/1.1/'>%s</c:creator>" % (b"x" * n)
    return readable(xmp.read((packet(text),))[0])


def ifds(entries: list[list[tuple[int, int, int, int]]], more: bytes = b"") -> bytes:
    """Directories of four numbers an entry, one behind the other, then `more`."""
    body = b"II*\0" + struct.pack("<I", 8)
    for directory in entries:
        body += struct.pack("<H", len(directory))
        body += b"".join(struct.pack("<HHII", *entry) for entry in directory) + bytes(4)
    return body + more


def exif_bytes(n: int) -> bool:
    return readable(exif.read((ifds([[]]).ljust(n, b"\0"),))[0])


def exif_text(n: int) -> bool:
    block = ifds([[(0x010E, 2, n, 26)]])
    return readable(exif.read((block + b"x" * n,))[0])


def exif_texts(n: int) -> bool:
    return readable(exif.read((ifds([[(0x013B, 2, 4, 0x78787878)] * n]),))[0])


def exif_directories(n: int) -> bool:
    """A chain: each directory points to the next one as its Exif IFD."""
    chain = [[(0x8769, 4, 1, 8 + 18 * (at + 1))] for at in range(n - 1)]
    return readable(exif.read((ifds([*chain, []]),))[0])


def iim_bytes(n: int) -> bool:
    return readable(iptc.read((b"\x1c\x02\x5a\0\x01x".ljust(n, b"\0"),))[0])


def iim_text(n: int) -> bool:
    body = b"\x1c\x02\x5a\x80\x04" + n.to_bytes(4, "big") + b"x" * n
    return readable(iptc.read((body,))[0])


def iim_readings(n: int) -> bool:
    body = b"".join(b"\x1c\x02\x50\0\x02%2d" % (at % 90) for at in range(n))
    return readable(iptc.read((body,))[0])


# --- containers ---------------------------------------------------------------------------


def jpeg_packets(n: int) -> bool:
    return whole(jpeg(*[segment(0xE1, _XMP + b"<x/>")] * n))


def jpeg_segments(n: int) -> bool:
    """Besides those that every JPEG has."""
    own = sum(1 for _ in imaging_blocks._jpeg_segments(_JPEG))
    try:
        return whole(jpeg(*[segment(0xEF, b"")] * (n - own)))
    except UnusablePhoto:
        return False


def extended_xmp(n: int) -> bool:
    """A packet whose extension has `n` bytes in all."""
    guid = b"0123456789ABCDEF" * 2
    body = b"x" * n
    parts = [
        segment(0xE1, _MORE + guid + struct.pack(">II", n, at) + body[at : at + 60_000])
        for at in range(0, n, 60_000)
    ]
    return whole(jpeg(segment(0xE1, _XMP + b"<x HasExtendedXMP='%s'/>" % guid), *parts))


def png_chunks(n: int) -> bool:
    try:
        return whole(png(chunk(b"prVw", b"") * (n - _PNG.count(b"ID") - 2)))
    except UnusablePhoto:
        return False


def png_text(n: int) -> bool:
    return _unpacks(b"zTXt", b"k\0\0" + zlib.compress(bytes(n)))


def png_texts(n: int) -> bool:
    """Texts of 16 MiB each, which together unpack to `n` bytes."""
    sizes = [imaging_blocks.MAX_BLOCK] * (n // imaging_blocks.MAX_BLOCK)
    sizes.append(n - sum(sizes))
    bodies = [chunk(b"zTXt", b"k\0\0" + zlib.compress(bytes(size))) for size in sizes]
    return _taken(b"".join(bodies))


def _unpacks(name: bytes, body: bytes) -> bool:
    return _taken(chunk(name, body))


def _taken(chunks: bytes) -> bool:
    try:
        return whole(png(chunks))
    except UnusablePhoto:
        return False


def tiff_pages(n: int) -> bool:
    pages = b"".join(
        struct.pack("<HHHIII", 1, 256, 4, 1, 1, 0 if at == n - 1 else 8 + 18 * (at + 1))
        for at in range(n)
    )
    return whole(take_apart("TIFF", b"II*\0" + struct.pack("<I", 8) + pages))


def tiff_entries(n: int) -> bool:
    return whole(take_apart("TIFF", ifds([[(40_000 + at % 9, 4, 1, 1) for at in range(n)]])))


def tiff_value(n: int) -> bool:
    # ImageSourceData: of the file's own, not of its EXIF.
    body = ifds([[(37_724, 7, n, 26)]])
    return whole(take_apart("TIFF", body + bytes(n)))


def boxes(n: int) -> bool:
    head = struct.pack(">I4s4sI", 16, b"ftyp", b"heic", 0)
    return whole(take_apart("HEIF", head + struct.pack(">I4s", 8, b"free") * (n - 1)))


def profile_tags(n: int) -> bool:
    body = imaging_profiles.srgb()
    table = struct.pack(">4sII", b"zzzz", 0, 0) * (n - int.from_bytes(body[128:132], "big"))
    return bool(imaging_profiles.stripped(body[:128] + n.to_bytes(4, "big") + body[132:] + table))


# --- what people write --------------------------------------------------------------------

_PHOTO = b"schema: dam/photo/1\n"
_SCOPE = {"purposes": ["web"], "territories": ["world"], "valid_from": "2021-11-01"}
_ITEM = {"id": "C-1", "subject": {"id": "S-1"}, "scope": _SCOPE}


def people(n: int) -> bool:
    text = "people: [" + ", ".join(f"{{subject: S-{at}}}" for at in range(n)) + "]\n"
    return sidecar.parse_photo(_PHOTO + text.encode(), "x").value is not None


def consents(n: int) -> bool:
    """As a table has them: in a text the bound on its entries comes first."""
    try:
        record.PhotoSidecar.model_validate({"schema": "dam/photo/1", "consents": [_ITEM] * n})
    except ValidationError:
        return False
    return True


def patterns(n: int) -> bool:
    text = "photos:\n" + "".join(f"- {{match: I{at}.JPG, people: none}}\n" for at in range(n))
    return sidecar.parse_shoot(b"schema: dam/shoot/1\n" + text.encode(), "x").value is not None


def rows(n: int) -> bool:
    table = "photo,people\n" + "".join(f"I{at}.JPG,none\n" for at in range(n))
    return shoot_table.parse(table.encode(), "x").value is not None


def sheets(n: int) -> bool:
    one = Sheet("s", "photo", "x", "x.jpg.consent.yaml", "", b"x", "", datetime.now(UTC))
    said = consider.statements([one] * n, [b"x.jpg"])
    return len(said) == n


def columns(n: int) -> bool:
    return _accepted(lambda: csv_text.read(b",".join([b"x"] * n)))


def workbook_tags(n: int) -> bool:
    data = cells("id")
    with zipfile.ZipFile(io.BytesIO(data)) as package:
        own = sum(package.read(name).count(b"<") for name in package.namelist())
    return _accepted(lambda: tables.read_xlsx(repacked(data, more=b"<" * (n - own))))


def report_member(n: int) -> bool:
    return _report(f'{{"x": ["{"x" * (n - 2)}"]}}')


def report_words(n: int) -> bool:
    return _report("{" + ",".join(f'"w{at}": 0' for at in range(n)) + "}")


def _report(text: str) -> bool:
    try:
        return len(list(json_stream.pieces([text]))) > 0
    except json_stream.Malformed:
        return False


def report_header(n: int) -> bool:
    """The length of what is kept of it: of two words that are no words of a sum's."""
    halves = (n // 2, n - n // 2)
    told = ",".join(f'"{"x" * (half - 4)}": 0' for half in halves)
    text = f'{{"totals": {{{told}}}, "assets": [], "findings": []}}'
    try:
        reported.read("r", lambda: [text])
    except UsageError as error:
        return "it is too long" not in str(error)
    return True


def report_bytes(n: int) -> bool:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "r.json"
        with path.open("wb") as file:
            file.truncate(n)
        with ExitStack() as stack:
            return _accepted(lambda: stack.enter_context(reports.opened(path)))


def _accepted(read: Callable[[], object]) -> bool:
    try:
        read()
    except UsageError:
        return False
    return True


LIMITS: tuple[tuple[Callable[[int], bool], int], ...] = (
    (xmp_bytes, rdf.MAX_BYTES),
    (xmp_depth, rdf.MAX_DEPTH),
    (xmp_nodes, rdf.MAX_NODES),
    (xmp_text, xmp.MAX_TEXT),
    (exif_bytes, exif.MAX_BYTES),
    (exif_text, exif.MAX_TEXT_BYTES),
    (exif_texts, exif.MAX_TEXTS),
    (exif_directories, exif.MAX_DIRECTORIES),
    (iim_bytes, iptc.MAX_BYTES),
    (iim_text, iptc.MAX_TEXT_BYTES),
    (iim_readings, iptc.MAX_READINGS),
    (jpeg_packets, imaging_blocks.MAX_BLOCKS),
    (jpeg_segments, imaging_blocks.MAX_SEGMENTS),
    (extended_xmp, imaging_blocks.MAX_BLOCK),
    (png_chunks, imaging_blocks.MAX_CHUNKS),
    (png_text, imaging_blocks.MAX_BLOCK),
    (png_texts, imaging_blocks.MAX_TEXT),
    (tiff_pages, imaging_tiff.MAX_DIRECTORIES),
    (tiff_entries, imaging_tiff.MAX_ENTRIES),
    (tiff_value, imaging_tiff.MAX_VALUE),
    (boxes, imaging_boxes.MAX_BOXES),
    (profile_tags, imaging_profiles.MAX_TAGS),
    (people, record.MAX_PEOPLE),
    (consents, record.MAX_CONSENTS),
    (patterns, record.MAX_PHOTOS),
    (rows, shoot_table.MAX_ROWS),
    (sheets, consider.MAX_SIDECARS),
    (columns, csv_text.MAX_COLUMNS),
    (workbook_tags, tables.MAX_TAGS),
    (report_member, json_stream.LONGEST),
    (report_words, json_stream.MOST_WORDS),
    (report_header, reported.MAX_HEADER),
    (report_bytes, reported.MAX_BYTES),
)


@pytest.mark.parametrize(
    ("holds", "limit"), LIMITS, ids=lambda value: getattr(value, "__name__", "")
)
def test_both_sides_of_a_limit(holds: Callable[[int], bool], limit: int) -> None:
    assert holds(limit)
    assert not holds(limit + 1)
