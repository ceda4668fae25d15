"""Containers taken apart: every metadata block, or the word that it is unreadable."""

from __future__ import annotations

import contextlib
import struct
import zlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from dam.adapters.imaging import Limits, open_original
from dam.adapters.imaging_blocks import sniff, take_apart
from dam.core.errors import UnusablePhoto
from tests.adapters.pictures import chunk, packed, scene, segment, with_chunks, with_segments

XMP = b"http://ns.adobe.com/xap/1.0/\x00"
MORE = b"http://ns.adobe.com/xmp/extension/\x00"


def test_blocks_of_a_jpeg() -> None:
    iim = b"\x1c\x02\x69\x00\x02Hi"
    resource = b"8BIM\x04\x04\x00\x00" + struct.pack(">I", len(iim)) + iim + b"\x00"
    whole = b"8BIM\x04\x25\x00\x00\x00\x00\x00\x02ab" + resource
    guid = b"0123456789ABCDEF0123456789ABCDEF"
    packet = b'<x xmpNote:HasExtendedXMP="' + guid + b'"/>'
    data = with_segments(
        segment(0xE1, b"Exif\x00\x00II*\x00one"),
        segment(0xE1, b"Exif\x00\x00and more"),
        segment(0xE1, b"Exif\x00\x00MM\x00*two"),
        segment(0xE1, XMP + packet),
        segment(0xE1, MORE + guid + struct.pack(">II", 6, 3) + b"def"),
        segment(0xE1, MORE + guid + struct.pack(">II", 6, 0) + b"abc"),
        segment(0xED, b"Photoshop 3.0\x00" + whole[:20]),
        segment(0xED, b"Photoshop 3.0\x00" + whole[20:]),
    )
    container = take_apart("JPEG", data)
    assert container.complete
    assert container.blocks.exif == (b"II*\x00oneand more", b"MM\x00*two")
    assert container.blocks.iptc == (iim,)
    assert container.blocks.xmp == (packet, b"abcdef")
    assert container.blocks.unreadable == ()


@pytest.mark.parametrize(
    ("body", "marker", "name"),
    [
        (MORE + b"A" * 32 + struct.pack(">II", 60, 0) + b"part", 0xE1, "xmp"),
        (MORE + b"short", 0xE1, "xmp"),
        (XMP + b"<x xmpNote:HasExtendedXMP='" + b"B" * 32 + b"'/>", 0xE1, "xmp"),
        (b"Photoshop 3.0\x008BIM\x04\x04\x00\x00\x00\x00\x99\x99ab", 0xED, "iptc"),
        (b"Photoshop 3.0\x00rubbish", 0xED, "iptc"),
    ],
)
def test_a_block_that_cannot_be_taken_apart_is_unreadable(
    body: bytes, marker: int, name: str
) -> None:
    container = take_apart("JPEG", with_segments(segment(marker, body)))
    assert name in dict(container.blocks.unreadable)
    assert container.complete


def test_thumbnail_and_its_end_marker_are_not_the_picture() -> None:
    data = with_segments(segment(0xE1, b"Exif\x00\x00II*\x00" + packed(scene(16, 16))))
    assert not take_apart("JPEG", data[: len(data) - 30]).complete


def test_blocks_of_a_png() -> None:
    iim = b"\x1c\x02\x69\x00\x02Hi"
    raw = b"\niptc\n7\n" + iim.hex().encode()
    data = with_chunks(
        chunk(b"eXIf", b"MM\x00*exif"),
        chunk(b"iTXt", b"XML:com.adobe.xmp\x00\x01\x00\x00\x00" + zlib.compress(b"<x/>")),
        chunk(b"zTXt", b"Raw profile type iptc\x00\x00" + zlib.compress(raw)),
        chunk(b"tEXt", b"Raw profile type APP1\x00\napp1\n9\n" + b"Exif\0\0II*\0b".hex().encode()),
        chunk(b"tEXt", b"Raw profile type xmp\x00not hex at all"),
    )
    blocks = take_apart("PNG", data).blocks
    assert blocks.exif == (b"MM\x00*exif", b"II*\x00b")
    assert blocks.xmp == (b"<x/>",)
    assert blocks.iptc == (iim,)
    assert [name for name, _ in blocks.unreadable] == ["xmp"]


def test_blocks_of_a_webp() -> None:
    exif = Image.Exif()
    exif[0x013B] = "A"
    data = packed(scene(), "WEBP", exif=exif, xmp=b"<x/>")
    blocks = take_apart("WEBP", data).blocks
    assert blocks.xmp == (b"<x/>",)
    assert blocks.exif[0][:4] in (b"II*\x00", b"MM\x00*")


def test_blocks_of_a_tiff() -> None:
    iim = b"\x1c\x02\x69\x00\x02Hi"
    info = {700: b"<x/>", 33723: iim, 315: "A name", 306: "2021:10:28 10:00:00"}
    blocks = take_apart("TIFF", packed(scene(), "TIFF", tiffinfo=info)).blocks
    assert blocks.xmp == (b"<x/>",)
    assert [item.rstrip(b"\x00") for item in blocks.iptc] == [iim]
    exif = Image.Exif()
    exif.load(b"Exif\x00\x00" + blocks.exif[0])
    assert exif[315] == "A name"
    assert 273 not in exif


def tiff_with_gps(gps_at: int | None = None) -> bytes:
    """Two directories written by hand; `gps_at` overrides where the second is said to be."""
    gps = struct.pack("<HHHI4sI", 1, 1, 2, 2, b"N\x00\x00\x00", 0)
    pixels = bytes([200])
    entries = [
        (256, 3, 1, 1),
        (257, 3, 1, 1),
        (258, 3, 1, 8),
        (259, 3, 1, 1),
        (262, 3, 1, 1),
        (273, 4, 1, 8 + 2 + 10 * 12 + 4 + len(gps)),
        (277, 3, 1, 1),
        (278, 3, 1, 1),
        (279, 4, 1, 1),
        (0x8825, 4, 1, 8 + 2 + 10 * 12 + 4 if gps_at is None else gps_at),
    ]
    table = b"".join(struct.pack("<HHII", *entry) for entry in entries)
    return b"II*\x00" + struct.pack("<IH", 8, 10) + table + bytes(4) + gps + pixels


def test_tiff_gps_is_handed_on_or_called_unreadable(tmp_path: Path) -> None:
    file = tmp_path / "x.tif"
    file.write_bytes(tiff_with_gps())
    blocks = open_original(file, Limits()).blocks
    exif = Image.Exif()
    exif.load(b"Exif\x00\x00" + blocks.exif[0])
    assert exif.get_ifd(0x8825) == {1: "N"}
    file.write_bytes(tiff_with_gps(gps_at=0x7FFFFFFF))
    broken = open_original(file, Limits()).blocks
    assert [name for name, _ in broken.unreadable] == ["exif"]


@given(st.sampled_from(["JPEG", "PNG", "TIFF", "WEBP"]), st.binary(max_size=400))
def test_containers_of_rubbish_end_in_blocks_or_an_error(kind: str, body: bytes) -> None:
    head = {
        "JPEG": b"\xff\xd8\xff",
        "PNG": b"\x89PNG\r\n\x1a\n",
        "TIFF": b"II*\x00\x08\x00\x00\x00",
        "WEBP": b"RIFF\x90\x00\x00\x00WEBP",
    }[kind]
    assert sniff(head + bytes(16)) == kind
    with contextlib.suppress(UnusablePhoto):
        take_apart(kind, head + body)
