from __future__ import annotations

import io
import struct
from dataclasses import replace
from datetime import date

import piexif
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from dam.adapters import exif, iptc, metadata, readback, xmp
from dam.adapters import imaging_profiles as profiles
from dam.core.model import Rights
from tests.adapters import jpegs

CLEAN = jpegs.rendition()
XMP = xmp.write(jpegs.RIGHTS)
SRGB = profiles.srgb()


def exif_with(**ifds: object) -> bytes:
    base: dict[str, object] = {"0th": {0x013B: b"Zoe"}}
    raw: bytes = piexif.dump(base | ifds)
    return raw


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"progressive": True, "optimize": True},
        {"icc_profile": SRGB},
        {"icc_profile": profiles.adobe_rgb()},
        {"restart_marker_rows": 1, "quality": 100, "subsampling": 0},
    ],
)
def test_what_the_darkroom_writes_is_clean(options: dict[str, object]) -> None:
    assert readback.check(jpegs.rendition(jpegs.RIGHTS, **options)) == ()


def test_the_day_without_the_hour_is_clean() -> None:
    assert readback.check(jpegs.rendition(replace(jpegs.RIGHTS, captured=date(2021, 11, 18)))) == ()


def test_cmyk_with_its_adobe_segment_is_clean() -> None:
    out = io.BytesIO()
    jpegs.drawn().convert("CMYK").save(out, "JPEG")
    assert readback.check(out.getvalue()) == ()


@given(st.text(max_size=60))
def test_any_text_is_written_clean(text: str) -> None:
    rights = Rights(
        creators=(text,),
        credit_line=text,
        copyright=text,
        source=text,
        captions=(("fr", text), ("ar", text)),
        usage_terms=(("en", text),),
        web_statement=text,
        licensor=text,
        pack=text,
    )
    written = metadata.write(rights)
    data = jpegs.planted(PLAIN, 0xED, written.app13)
    data = jpegs.planted(data, 0xE1, jpegs.XMP_HEADER + written.xmp)
    assert readback.check(jpegs.planted(data, 0xE1, written.exif)) == ()


def plain() -> bytes:
    out = io.BytesIO()
    jpegs.drawn().save(out, "JPEG")
    return out.getvalue()


PLAIN = plain()


@pytest.mark.parametrize(
    ("marker", "payload", "complaint"),
    [
        (0xFE, b"hello", "JPEG: comment"),
        (0xE1, exif.write(jpegs.RIGHTS), "JPEG: more than one EXIF block"),
        (0xE1, jpegs.XMP_HEADER + XMP, "JPEG: more than one XMP packet"),
        (0xED, iptc.write(jpegs.RIGHTS), "JPEG: more than one Photoshop block"),
        (
            0xE1,
            b"http://ns.adobe.com/xmp/extension/\0" + b"0" * 40 + XMP,
            "JPEG: unknown APP1 segment",
        ),
        (0xE2, b"MPF\0II*\0", "JPEG: unknown APP2 segment"),
        (0xE2, b"ICC_PROFILE\0\1\1" + b"x" * 200, "ICC: not a colour profile"),
        (0xE0, b"JFXX\0\x10", "JPEG: unknown APP0 segment"),
        (0xE0, b"JFIF\0\1\1\0\0\1\0\1\1\1abc", "JFIF: thumbnail"),
        (0xEB, b"JP\0\1 c2pa", "JPEG: unknown APP11 segment"),
        (0xEE, b"Adobe\0d\0\0\0\0\1 and more", "JPEG: unknown APP14 segment"),
    ],
)
def test_planted_segments_are_named(marker: int, payload: bytes, complaint: str) -> None:
    assert complaint in readback.check(jpegs.planted(CLEAN, marker, payload))


@pytest.mark.parametrize("tail", [b"\0", b"PK\3\4 zip", CLEAN])
def test_trailers(tail: bytes) -> None:
    assert readback.check(CLEAN + tail) == ("JPEG: bytes after the end marker",)


def test_bytes_between_segments() -> None:
    (complaint,) = readback.check(CLEAN[:2] + b"junk" + CLEAN[2:])
    assert complaint == "JPEG: bytes between the segments"


THUMBNAIL = {"1st": {0x0103: 6}, "thumbnail": PLAIN}


@pytest.mark.parametrize(
    ("block", "complaint"),
    [
        (exif_with(GPS={2: ((35, 1), (46, 1), (0, 1))}), "EXIF: GPS pointer in IFD0"),
        (exif_with(**THUMBNAIL), "EXIF: IFD1 (thumbnail)"),
        (exif_with(Exif={0x927C: b"maker"}), "EXIF: MakerNote in Exif IFD"),
        (exif_with(Exif={0x9286: b"ASCII\0\0\0Amal"}), "EXIF: UserComment in Exif IFD"),
        (exif_with(Exif={0x9003: b"2021:11:18 10:20:30"}), "EXIF: DateTimeOriginal tells the hour"),
        (exif_with(**{"0th": {0x0110: b"X100"}}), "EXIF: tag 0110 in IFD0"),
        (exif_with(**{"0th": {0x0112: 6}}), "EXIF: Orientation is not upright"),
        (exif_with(**{"0th": {0x013B: b"Zoe\0hidden"}}), "EXIF: tag 013B is not of its type"),
        (exif_with() + b"hidden", "EXIF: bytes that belong to no tag"),
        (b"Exif\0\0junk", "EXIF: no TIFF header"),
        (b"Exif\0\0II*\0\x08\0\0\0\xff\xff", "EXIF: IFD0 is cut off"),
        (
            b"Exif\0\0II*\0"
            + struct.pack("<IH" + "HHII" * 2 + "I", 8, 2, *(0x8769, 4, 1, 8) * 2, 0),
            "EXIF: more than one Exif IFD",
        ),
    ],
)
def test_exif_outside_the_list(block: bytes, complaint: str) -> None:
    assert complaint in readback.check(jpegs.rendition(exif=block))


def edited(old: bytes, new: bytes) -> bytes:
    assert old in XMP
    return XMP.replace(old, new, 1)


ABOUT = b'<rdf:Description rdf:about="">'


@pytest.mark.parametrize(
    ("packet", "complaint"),
    [
        (
            edited(
                b"<dc:rights>",
                b"<Iptc4xmpExt:PersonInImage>Amal</Iptc4xmpExt:PersonInImage><dc:rights>",
            ),
            "XMP: Iptc4xmpExt:PersonInImage",
        ),
        (
            edited(
                b"<dc:rights>",
                b"<plus:MinorModelAgeDisclosure>x</plus:MinorModelAgeDisclosure><dc:rights>",
            ),
            "XMP: plus:MinorModelAgeDisclosure",
        ),
        (
            edited(
                b"<dc:rights>",
                b'<r:Regions xmlns:r="http://www.metadataworkinggroup.com/schemas/regions/"/><dc:rights>',
            ),
            "XMP: mwg-rs:Regions",
        ),
        (
            edited(
                b"<dc:rights>",
                b'<e:GPSLatitude xmlns:e="http://ns.adobe.com/exif/1.0/">1</e:GPSLatitude><dc:rights>',
            ),
            "XMP: exif:GPSLatitude",
        ),
        (
            edited(b"<dc:rights>", b'<s:Amal xmlns:s="urn:stranger">1</s:Amal><dc:rights>'),
            "XMP: a property nobody knows",
        ),
        (
            edited(
                ABOUT,
                ABOUT[:-1] + b' xmlns:p="http://ns.adobe.com/photoshop/1.0/" p:City="Tanger">',
            ),
            "XMP: photoshop:City on rdf:Description",
        ),
        (edited(b'rdf:about=""', b'rdf:about="Amal"'), "XMP: rdf:about on rdf:Description"),
        (edited(b"<dc:rights>", b"Amal<dc:rights>"), "XMP: text in rdf:Description"),
        (edited(b"<dc:rights>", b"<!-- Amal --><dc:rights>"), "XMP: comment"),
        (edited(b"<dc:rights>", b"<?amal here?><dc:rights>"), "XMP: processing instruction"),
        (edited(b"<x:xmpmeta", b"<!DOCTYPE x><x:xmpmeta"), "XMP: document type"),
        (edited(b"<x:xmpmeta", b"<x:xmpmeta x:xmptk='tool'"), "XMP: x:xmptk on x:xmpmeta"),
        (edited(b'xml:lang="fr"', b'xml:lang="Amal was here"'), "XMP: xml:lang on rdf:li"),
        (XMP[:-40], "XMP: not well-formed"),
        (XMP + b"<dc:more/>", "XMP: not well-formed"),
        (
            edited(b"<dc:rights>", b"<dc:identifier>2</dc:identifier><dc:rights>"),
            "XMP: dc:identifier twice",
        ),
    ],
)
def test_xmp_outside_the_list(packet: bytes, complaint: str) -> None:
    complaints = readback.check(jpegs.rendition(xmp=packet))
    assert complaint in complaints
    assert not any("amal" in text.casefold() for text in complaints)


def app13(*resources: tuple[int, bytes]) -> bytes:
    body = b"".join(
        b"8BIM" + struct.pack(">HHI", number, 0, len(raw)) + raw + b"\0" * (len(raw) % 2)
        for number, raw in resources
    )
    return jpegs.segment(0xED, b"Photoshop 3.0\0" + body)


@pytest.mark.parametrize(
    ("extra", "complaint"),
    [
        (app13((0x040C, b"thumbnail")), "Photoshop: resource 040C"),
        (app13((0x0404, b"\x1c\x02\x5a\0\x06Tanger")), "IIM: 2:90"),
        (app13((0x0404, b"\x1c\x02\x50\0\x09Zoe")), "IIM: 2:80 is cut off"),
        (app13((0x0404, b"junk")), "IIM: bytes outside the datasets"),
        (app13((0x0404, b""), (0x0404, b"")), "Photoshop: resource 0404 twice"),
        (app13((0x0404, b""), (0x0425, b"x" * 16)), "Photoshop: the digest is not that of the IIM"),
        (jpegs.segment(0xED, b"Photoshop 3.0\0junk"), "Photoshop: bytes outside the resources"),
    ],
)
def test_photoshop_and_iim_outside_the_list(extra: bytes, complaint: str) -> None:
    assert complaint in readback.check(jpegs.rendition(extra=extra))


def test_a_broken_block_does_not_hide_the_next_thing() -> None:
    data = jpegs.planted(jpegs.planted(PLAIN, 0xFE, b"x"), 0xE1, b"Exif\0\0junk")
    assert readback.check(data) == ("EXIF: no TIFF header", "JPEG: comment")


@pytest.mark.parametrize("end", [0, 1, 2, 3, 20, 200, len(CLEAN) - 2, len(CLEAN) - 1])
def test_a_cut_file_is_never_clean(end: int) -> None:
    assert readback.check(CLEAN[:end])


def test_other_formats_are_not_clean() -> None:
    out = io.BytesIO()
    Image.new("L", (4, 4)).save(out, "PNG")
    assert readback.check(out.getvalue()) == ("JPEG: no start marker",)


def test_the_same_complaint_comes_once_and_there_is_an_end() -> None:
    data = CLEAN
    for number in range(60):
        data = jpegs.planted(data, 0xFE, b"x" * number)
    assert readback.check(data).count("JPEG: comment") == 1


@given(st.binary(max_size=400), st.booleans())
def test_random_bytes_never_raise_and_are_never_clean(raw: bytes, started: bool) -> None:
    assert readback.check(b"\xff\xd8" * started + raw)


@given(st.lists(st.tuples(st.integers(0, len(CLEAN) - 1), st.integers(0, 255)), max_size=8))
def test_damaged_renditions_never_raise(hits: list[tuple[int, int]]) -> None:
    raw = bytearray(CLEAN)
    for at, value in hits:
        raw[at] = value
    readback.check(bytes(raw))


@pytest.mark.corpus
def test_camera_files_are_not_renditions() -> None:
    for path in jpegs.corpus("cameras", "metadata"):
        assert readback.check(path.read_bytes()), path.name
