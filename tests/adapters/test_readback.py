"""The second reader: what is written is clean, and anything else in it is refused."""

from __future__ import annotations

import io
import struct
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from functools import partial

import piexif
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from dam.adapters import exif, iptc, readback, xmp
from dam.adapters import imaging_profiles as profiles
from dam.core.model import Rights
from tests.adapters import jpegs

RIGHTS = replace(jpegs.RIGHTS, captured=date(2021, 11, 18))
CLEAN = jpegs.rendition(RIGHTS)
XMP = xmp.write(RIGHTS)
SRGB = profiles.srgb()


def check(data: bytes, rights: Rights = RIGHTS) -> tuple[str, ...]:
    return readback.check(data, rights, jpegs.SIZE)


def exif_with(**ifds: object) -> bytes:
    base: dict[str, object] = {"0th": {0x013B: b"Zoe"}}
    raw: bytes = piexif.dump(base | ifds)
    return raw


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"quality": 100, "subsampling": 0},
        {"quality": 1},
        {"optimize": True},
        {"icc_profile": SRGB},
        {"icc_profile": profiles.adobe_rgb()},
    ],
)
def test_what_the_darkroom_writes_is_clean(options: dict[str, object]) -> None:
    assert check(jpegs.rendition(RIGHTS, **options)) == ()


def test_a_grey_picture_is_clean() -> None:
    assert check(jpegs.rendition(RIGHTS, mode="L")) == ()


def test_a_date_that_was_not_let_out_is_refused() -> None:
    kept_back = replace(RIGHTS, captured=None)
    assert check(jpegs.rendition(kept_back), kept_back) == ()
    told = check(CLEAN, kept_back)
    assert [text.partition(" is ")[0] for text in told] == [
        "EXIF: DateTimeOriginal",
        "IIM: 2:55",
        "XMP: photoshop:DateCreated",
    ]


@pytest.mark.parametrize(
    ("change", "places"),
    [
        ({"creators": ("Zoë",)}, {"EXIF: Artist", "IIM: 2:80", "XMP: dc:creator"}),
        ({"copyright": "© Zoë"}, {"EXIF: Copyright", "IIM: 2:116", "XMP: dc:rights"}),
        (
            {"captions": (("fr", "Autre"),)},
            {"EXIF: ImageDescription", "IIM: 2:120", "XMP: dc:description"},
        ),
        ({"captions": (*RIGHTS.captions[:2], ("ar", "ورشة"))}, {"XMP: dc:description"}),
        ({"captions": ()}, {"EXIF: ImageDescription", "IIM: 2:120", "XMP: dc:description"}),
        ({"credit_line": "AMAL"}, {"IIM: 2:110", "XMP: photoshop:Credit"}),
        ({"source": "A"}, {"IIM: 2:115", "XMP: photoshop:Source"}),
        ({"usage_terms": ()}, {"XMP: xmpRights:UsageTerms"}),
        ({"web_statement": "https://example.org/"}, {"XMP: xmpRights:WebStatement"}),
        ({"licensor": "AMAL 2"}, {"XMP: plus:Licensor"}),
        ({"pack": ""}, {"XMP: dc:identifier"}),
        ({"data_mining": "http://ns.useplus.org/ldf/vocab/DMI-ALLOWED"}, {"XMP: plus:DataMining"}),
        ({"captured": date(2021, 11, 19)}, {"EXIF: DateTimeOriginal", "IIM: 2:55"}),
    ],
)
def test_other_values_than_those_to_be_written(change: dict[str, object], places: set[str]) -> None:
    """As if somebody else's rights had been written: each format notices by itself."""
    told = check(CLEAN, replace(RIGHTS, **change))  # type: ignore[arg-type]
    assert places <= {text.partition(" is ")[0] for text in told}


@pytest.mark.parametrize("name", ["data_mining", "digital_source_type"])
def test_what_is_no_term_of_its_vocabulary(name: str) -> None:
    odd = replace(RIGHTS, **{name: "Amal was here"})  # type: ignore[arg-type]
    assert any("vocabulary" in text for text in check(jpegs.rendition(odd), odd))


def test_without_a_word_on_data_mining_there_is_no_rendition() -> None:
    silent = replace(RIGHTS, data_mining="")
    assert check(jpegs.rendition(silent), silent) == ("XMP: plus:DataMining is missing",)


def test_another_size_is_another_picture() -> None:
    told = readback.check(CLEAN, RIGHTS, (64, 96))
    assert "JPEG: the picture is not of its size" in told
    assert "EXIF: PixelXDimension is not what was to be written" in told


@given(st.text(max_size=60))
def test_any_text_is_written_clean(text: str) -> None:
    rights = Rights(
        creators=(text, text),
        credit_line=text,
        copyright=text,
        source=text,
        captions=(("fr", text), ("ar", text)),
        usage_terms=(("en", text),),
        web_statement=text,
        licensor=text,
        pack=text,
    )
    assert check(jpegs.rendition(rights), rights) == ()


def plain() -> bytes:
    out = io.BytesIO()
    jpegs.drawn().save(out, "JPEG")
    return out.getvalue()


PLAIN = plain()


def test_a_picture_without_metadata_is_not_finished() -> None:
    assert check(PLAIN) == (
        "JPEG: no EXIF block",
        "JPEG: no XMP packet",
        "JPEG: no Photoshop block",
    )


@pytest.mark.parametrize(
    ("marker", "payload", "complaint"),
    [
        (0xFE, b"hello", "JPEG: comment"),
        (0xFE, b"", "JPEG: comment"),
        (0xE1, exif.write(RIGHTS, jpegs.SIZE), "JPEG: more than one EXIF block"),
        (0xE1, jpegs.XMP_HEADER + XMP, "JPEG: more than one XMP packet"),
        (0xED, iptc.write(RIGHTS), "JPEG: more than one Photoshop block"),
        (0xE1, b"http://ns.adobe.com/xmp/extension/\0" + XMP, "JPEG: unknown APP1 segment"),
        (0xE2, b"MPF\0II*\0", "JPEG: unknown APP2 segment"),
        (0xE2, b"ICC_PROFILE\0\1\1" + b"x" * 200, "ICC: not a colour profile"),
        (0xE2, b"ICC_PROFILE\0\1\2" + SRGB, "ICC: chunk out of order"),
        (0xE2, b"ICC_PROFILE\0\1\1" + SRGB + b"Amal", "ICC: not of the size it states"),
        (0xE0, b"JFXX\0\x10", "JPEG: unknown APP0 segment"),
        (0xE0, b"JFIF\0\1\1\0\0\1\0\1\1\1abc", "JFIF: thumbnail"),
        (0xE0, b"JFIF\0\1\1\0\0\1\0\1\0\0", "JPEG: more than one JFIF header"),
        (0xEB, b"JP\0\1 c2pa", "JPEG: unknown APP11 segment"),
        (0xEE, b"Adobe\0d\0\0\0\0\1", "JPEG: unknown APP14 segment"),
        (0xDC, b"\0\x40", "JPEG: unknown segment DC"),
        (0xDD, b"\0\4", "JPEG: unknown segment DD"),
        (0xC2, b"\x08\0\x40\0\x60\1\1\x11\0", "JPEG: unknown segment C2"),
        (0xDF, b"\0", "JPEG: unknown segment DF"),
        (0xD8, b"", "JPEG: unknown segment D8"),
        (0x01, b"", "JPEG: unknown segment 01"),
        (0xDB, b"\2" + b"\1" * 64, "JPEG: a quantisation table that nothing uses"),
        (0xDB, b"\2" + b"\1" * 64 + b"Amal", "JPEG: a quantisation table with something else"),
        (0xDB, b"\2" + b"\1" * 63 + b"\0", "JPEG: a quantisation table with something else"),
        (0xDB, b"\0" + b"\1" * 64, "JPEG: a quantisation table twice"),
        (0xC4, b"\2" + b"\1" + b"\0" * 15 + b"\1", "JPEG: a Huffman table with something else"),
        (0xC4, b"\1" + b"\1" + b"\0" * 15 + b"A", "JPEG: a Huffman table with something else"),
        (0xC4, b"\1" + b"\2" + b"\0" * 15 + b"\1\1", "JPEG: a Huffman table with something else"),
        (0xC4, b"\0" + b"\1" + b"\0" * 15 + b"\1", "JPEG: a Huffman table twice"),
        (0xC4, b"\0", "JPEG: a Huffman table with something else"),
    ],
)
def test_planted_segments_are_named(marker: int, payload: bytes, complaint: str) -> None:
    told = check(jpegs.planted(CLEAN, marker, payload))
    assert any(text.startswith(complaint) for text in told), told


@pytest.mark.parametrize("tail", [b"\0", b"PK\3\4 zip", CLEAN, b"\xff\xd9", b"SEFT"])
def test_trailers(tail: bytes) -> None:
    assert check(CLEAN + tail) == ("JPEG: bytes after the end marker",)


@pytest.mark.parametrize("junk", [b"junk", b"\xff", b"\xff\xff\xff", b"\xff\xff\xfe", b"\0"])
def test_bytes_between_segments(junk: bytes) -> None:
    end = 4 + int.from_bytes(CLEAN[4:6], "big")
    for at in (2, end):
        assert check(CLEAN[:at] + junk + CLEAN[at:]) == ("JPEG: bytes between the segments",)


@pytest.mark.parametrize(
    ("what", "complaint"),
    [
        (b"\xff\xd0", "JPEG: something behind the scan"),
        (b"\xff\xda\0\x02", "JPEG: something behind the scan"),
        (b"\xff\xfe\0\x06Amal", "JPEG: something behind the scan"),
        (b"\xff\xdc\0\x04\0\x40", "JPEG: something behind the scan"),
        (b"\xff\xff", "JPEG: something behind the scan"),
    ],
)
def test_markers_in_and_behind_the_picture(what: bytes, complaint: str) -> None:
    assert check(CLEAN[:-2] + what + CLEAN[-2:]) == (complaint,)


@pytest.mark.parametrize(
    "options",
    [
        {"progressive": True},
        {"restart_marker_rows": 1},
        {"mode": "CMYK"},
        {"dpi": (300, 300)},
        {"comment": b"Amal"},
        {"xmp": b""},
        {"extra": b""},
        {"exif": b""},
    ],
)
def test_other_kinds_of_jpeg(options: dict[str, object]) -> None:
    assert check(jpegs.rendition(RIGHTS, **options))


def test_metadata_behind_the_frame() -> None:
    at = CLEAN.index(b"\xff\xc4")
    app1 = jpegs.segment(0xE1, exif.write(RIGHTS, jpegs.SIZE))
    moved = CLEAN.replace(app1, b"", 1)
    at = moved.index(b"\xff\xc4")
    assert check(moved[:at] + app1 + moved[at:]) == ("JPEG: EXIF block out of its order",)


THUMBNAIL = {"1st": {0x0103: 6}, "thumbnail": PLAIN}


@pytest.mark.parametrize(
    ("block", "complaint"),
    [
        (exif_with(GPS={2: ((35, 1), (46, 1), (0, 1))}), "EXIF: GPS pointer in IFD0"),
        (exif_with(**THUMBNAIL), "EXIF: IFD1 (thumbnail)"),
        (exif_with(Exif={0x927C: b"maker"}), "EXIF: MakerNote in Exif IFD"),
        (exif_with(Exif={0x9286: b"ASCII\0\0\0Amal"}), "EXIF: UserComment in Exif IFD"),
        (exif_with(Exif={0xA005: 26}, Interop={1: b"R98"}), "EXIF: tag A005 in Exif IFD"),
        (
            exif_with(Exif={0x9003: b"2021:11:18 10:20:30"}),
            "EXIF: DateTimeOriginal is not what was to be written",
        ),
        (exif_with(**{"0th": {0x0110: b"X100"}}), "EXIF: tag 0110 in IFD0"),
        (exif_with(**{"0th": {0x0112: 6}}), "EXIF: tag 0112 in IFD0"),
        (exif_with(**{"0th": {0x013B: b"Zoe\0x"}}), "EXIF: Artist is not what was to be written"),
        (exif_with() + b"hidden", "EXIF: bytes that belong to no tag"),
        (b"Exif\0\0junk", "EXIF: no TIFF header"),
        (b"Exif\0\0II*\0\x08\0\0\0\0\0", "EXIF: no TIFF header"),
        (b"Exif\0\0MM\0*\0\0\0\x08\xff\xff", "EXIF: IFD0 is cut off"),
        (b"Exif\0\0MM\0*\0\0\0\xff\0\0", "EXIF: IFD0 lies outside the block"),
        (
            b"Exif\0\0MM\0*"
            + struct.pack(">IH" + "HHII" * 2 + "I", 8, 2, *(0x8769, 4, 1, 8) * 2, 0),
            "EXIF: more than one Exif IFD",
        ),
    ],
)
def test_exif_outside_the_list(block: bytes, complaint: str) -> None:
    assert complaint in check(jpegs.rendition(RIGHTS, exif=block))


EXIF = exif.write(RIGHTS, jpegs.SIZE)


def entry(tag: int) -> int:
    """Where the entry of a tag of IFD0 stands in EXIF."""
    return next(
        at for at in range(16, len(EXIF), 12) if EXIF[at : at + 2] == tag.to_bytes(2, "big")
    )


def overwritten(at: int, raw: bytes) -> bytes:
    return EXIF[:at] + raw + EXIF[at + len(raw) :]


@pytest.mark.parametrize(
    ("block", "complaint"),
    [
        (overwritten(entry(0x0128) + 10, b"Zo"), "EXIF: bytes that belong to no tag"),
        (overwritten(entry(0x0128) + 9, b"\3"), "EXIF: ResolutionUnit is not what"),
        (overwritten(entry(0x0128) + 3, b"\4"), "EXIF: ResolutionUnit is not of its type"),
        (overwritten(entry(0x011B) + 8, EXIF[entry(0x011A) + 8 :][:4]), "EXIF: values over each"),
        (overwritten(entry(0x011B) + 8, b"\xff\xff\xff\xff"), "EXIF: a value lies outside"),
        (overwritten(entry(0x8769) + 8, b"\0\0\0\x08"), "EXIF: values over each other"),
        (overwritten(entry(0x010E), b"\1\x1b"), "EXIF: IFD0 is not sorted"),
        (overwritten(entry(0x8769) + 12, b"\0\0\0\x08"), "EXIF: IFD1 (thumbnail)"),
        (EXIF + bytes(2), "EXIF: padding"),
        (EXIF[:-1], "EXIF: a value lies outside the block"),
    ],
)
def test_bytes_moved_within_exif(block: bytes, complaint: str) -> None:
    told = check(jpegs.rendition(RIGHTS, exif=block))
    assert any(text.startswith(complaint) for text in told), told


def test_no_byte_of_the_exif_block_can_be_another() -> None:
    for at in range(6, len(EXIF)):
        other = overwritten(at, bytes((EXIF[at] ^ 1,)))
        assert check(CLEAN.replace(EXIF, other)), at


def test_no_byte_of_the_photoshop_block_can_be_another() -> None:
    block = iptc.write(RIGHTS)
    for at in range(14, len(block)):
        other = block[:at] + bytes((block[at] ^ 1,)) + block[at + 1 :]
        assert check(CLEAN.replace(block, other)), at


def test_no_byte_of_the_packet_can_be_another() -> None:
    for at in range(len(XMP)):
        other = XMP[:at] + bytes((XMP[at] ^ 1,)) + XMP[at + 1 :]
        assert check(CLEAN.replace(XMP, other)), at


def edited(old: bytes, new: bytes) -> bytes:
    assert old in XMP
    return XMP.replace(old, new, 1)


ABOUT = b'<rdf:Description rdf:about="">'
STRUCTURE = "XMP: markup that is not written here"


def beside(element: bytes) -> bytes:
    return edited(b"<dc:rights>", element + b"<dc:rights>")


@pytest.mark.parametrize(
    ("packet", "complaint"),
    [
        (
            beside(b"<Iptc4xmpExt:PersonInImage>Amal</Iptc4xmpExt:PersonInImage>"),
            "XMP: Iptc4xmpExt:PersonInImage",
        ),
        (
            beside(b"<plus:MinorModelAgeDisclosure>x</plus:MinorModelAgeDisclosure>"),
            "XMP: plus:MinorModelAgeDisclosure",
        ),
        (
            beside(b'<r:R xmlns:r="http://www.metadataworkinggroup.com/schemas/regions/"/>'),
            "XMP: mwg-rs:R",
        ),
        (
            beside(b'<e:GPSLatitude xmlns:e="http://ns.adobe.com/exif/1.0/">1</e:GPSLatitude>'),
            "XMP: exif:GPSLatitude",
        ),
        (beside(b'<s:Amal xmlns:s="urn:stranger">1</s:Amal>'), "XMP: a property nobody knows"),
        (
            edited(ABOUT, ABOUT[:-1] + b' photoshop:City="Tanger">'),
            "XMP: photoshop:City on rdf:Description",
        ),
        (edited(b'rdf:about=""', b'rdf:about="Amal"'), "XMP: rdf:about on rdf:Description"),
        (beside(b"Amal"), "XMP: text in rdf:Description"),
        (beside(b"<!-- Amal -->"), "XMP: comment"),
        (beside(b"<!-- Amal -->"), STRUCTURE),
        (beside(b"<![CDATA[Amal]]>"), STRUCTURE),
        (beside(b"<?amal here?>"), "XMP: processing instruction"),
        (beside(b"<?xpacket Amal?>"), STRUCTURE),
        (edited(b"<x:xmpmeta", b"<!DOCTYPE x><x:xmpmeta"), "XMP: document type"),
        (edited(b"<x:xmpmeta", b"<x:xmpmeta x:xmptk='tool'"), "XMP: x:xmptk on x:xmpmeta"),
        (edited(b'xml:lang="fr"', b'xml:lang="Amal was here"'), "XMP: xml:lang on rdf:li"),
        (edited(b'xml:lang="fr"', b'xml:lang="pt"'), "XMP: dc:description is not what"),
        (XMP[:-40], "XMP: not well-formed"),
        (XMP + b"<dc:more/>", "XMP: not well-formed"),
        (XMP.replace(b"\xc3", b"\xff"), "XMP: not well-formed"),
        (beside(b"<dc:identifier>2</dc:identifier>"), "XMP: dc:identifier twice"),
        (
            edited(b"</rdf:Description>", b'</rdf:Description><rdf:Description rdf:about=""/>'),
            "XMP: rdf:Description twice",
        ),
        (edited(b"<x:xmpmeta", b'<x:xmpmeta xmlns:a="urn:Amal"'), "XMP: a namespace that is not"),
        (edited(b"xmlns:plus=", b'xmlns:Amal="urn:x" xmlns:plus='), "XMP: a namespace that is not"),
        (beside(b"&#32;"), STRUCTURE),
        (edited(b">AMAL<", b">&#65;MAL<"), STRUCTURE),
        (edited(b"<dc:rights>", b"<dc:rights >"), STRUCTURE),
        (edited(b"<dc:rights>\n", b"<dc:rights>\n \t \n"), "XMP: padding"),
        (edited(b"<?xpacket end", b" " * 2000 + b"<?xpacket end"), "XMP: not in its wrapper"),
        (edited(b"<?xpacket end", b"\n\n<?xpacket end"), "XMP: padding"),
        (edited(b'end="r"', b'end="w"'), "XMP: not in its wrapper"),
        (b"\n" + XMP, "XMP: not in its wrapper"),
        (XMP + b"\n", "XMP: not in its wrapper"),
        (edited(b">AMAL<", b"> AMAL<"), "XMP: photoshop:Source is not what was to be written"),
        (
            edited(
                b"</plus:LicensorName>",
                b"</plus:LicensorName><plus:LicensorEmail>a</plus:LicensorEmail>",
            ),
            "XMP: plus:LicensorEmail",
        ),
    ],
)
def test_xmp_outside_the_list(packet: bytes, complaint: str) -> None:
    complaints = check(jpegs.rendition(RIGHTS, xmp=packet))
    assert any(text.startswith(complaint) for text in complaints), complaints
    assert not any("amal" in text.casefold() for text in complaints)


def app13(*resources: tuple[int, bytes]) -> bytes:
    body = b"".join(
        b"8BIM" + struct.pack(">HHI", number, 0, len(raw)) + raw + b"\0" * (len(raw) % 2)
        for number, raw in resources
    )
    return jpegs.segment(0xED, b"Photoshop 3.0\0" + body)


RESOURCES = list(jpegs.resources(iptc.write(RIGHTS)))


@pytest.mark.parametrize(
    ("extra", "complaint"),
    [
        (app13(*RESOURCES, (0x040C, b"thumbnail")), "Photoshop: resource 040C"),
        (app13(*RESOURCES, (0x07D0, b"a path")), "Photoshop: resource 07D0"),
        (app13((0x0404, b"\x1c\x02\x5a\0\x06Tanger")), "IIM: 2:90"),
        (app13((0x0404, b"\x1c\x02\x50\0\x09Zoe")), "IIM: 2:80 is cut off"),
        (app13((0x0404, b"junk")), "IIM: bytes outside the datasets"),
        (app13((0x0404, RESOURCES[0][1] + b"\0")), "IIM: bytes outside the datasets"),
        (app13((0x0404, b""), (0x0404, b"")), "Photoshop: resource 0404 twice"),
        (app13((0x0404, b""), (0x0425, b"x" * 16)), "Photoshop: the digest is not that of the IIM"),
        (app13(RESOURCES[0]), "Photoshop: no resource 0425"),
        (app13(), "Photoshop: no resource 0404"),
        (jpegs.segment(0xED, b"Photoshop 3.0\0junk"), "Photoshop: bytes outside the resources"),
        (jpegs.segment(0xED, b"Photoshop 3.0\x008BIM\4\4\0\0"), "Photoshop: resource 0404 is cut"),
        (
            jpegs.segment(0xED, b"Photoshop 3.0\x008BIM\4\4\4Amal\0\0\0\0\0"),
            "Photoshop: bytes outside the resources",
        ),
        (
            app13((0x0404, RESOURCES[0][1] + b"\x1c\x02\x50\0\x03Zoe")),
            "IIM: 2:80 is not what was to be written",
        ),
    ],
)
def test_photoshop_and_iim_outside_the_list(extra: bytes, complaint: str) -> None:
    told = check(jpegs.rendition(RIGHTS, extra=extra))
    assert any(text.startswith(complaint) for text in told), told


def test_an_iim_text_cut_where_it_need_not_be_or_inside_a_character_is_refused() -> None:
    long = replace(RIGHTS, creators=("a" * 30 + "e\u0301" + "b" * 9,))
    assert check(jpegs.rendition(long), long) == ()
    for name, whole in (("a" * 30 + "e", long), ("a" * 30 + "\u0301", long), ("Zo", RIGHTS)):
        other = replace(long, creators=(name,))
        extra = jpegs.segment(0xED, iptc.write(other))
        told = check(jpegs.rendition(whole, extra=extra), whole)
        assert told == ("IIM: 2:80 is not what was to be written",)


def test_a_broken_block_does_not_hide_the_next_thing() -> None:
    data = jpegs.planted(jpegs.planted(PLAIN, 0xFE, b"x"), 0xE1, b"Exif\0\0junk")
    assert check(data)[:2] == ("EXIF: no TIFF header", "JPEG: comment")


@pytest.mark.parametrize("end", [0, 1, 2, 3, 20, 200, len(CLEAN) - 2, len(CLEAN) - 1])
def test_a_cut_file_is_never_clean(end: int) -> None:
    assert check(CLEAN[:end])


def test_other_formats_are_not_clean() -> None:
    out = io.BytesIO()
    Image.new("L", (4, 4)).save(out, "PNG")
    assert check(out.getvalue()) == ("JPEG: no start marker",)


def test_the_same_complaint_comes_once_and_there_is_an_end() -> None:
    data = CLEAN
    for number in range(60):
        data = jpegs.planted(data, 0xFE, b"x" * number)
    assert check(data).count("JPEG: comment") == 1


def places() -> list[int]:
    """Where something can be put in without going into the picture's own data."""
    at, found = 2, []
    while CLEAN[at + 1] != 0xDA:
        found.append(at)
        at += 2 + int.from_bytes(CLEAN[at + 2 : at + 4], "big")
    return [2, *found, at, len(CLEAN) - 2, len(CLEAN)]


HEAD = CLEAN.index(b"\xff\xda")
MAKERS: list[Callable[[bytes], bytes]] = [
    lambda raw: raw,
    *(partial(jpegs.segment, marker) for marker in (*range(0xC0, 0xD0), *range(0xDA, 0x100))),
    lambda raw: jpegs.segment(0xE1, jpegs.XMP_HEADER + raw),
    lambda raw: jpegs.segment(0xE1, b"Exif\0\0" + raw),
    lambda raw: jpegs.segment(0xE2, b"ICC_PROFILE\0\1\1" + raw),
    lambda raw: jpegs.segment(0xED, b"Photoshop 3.0\0" + raw),
]


@given(
    st.sampled_from(places()[:-2]),
    st.sampled_from(MAKERS),
    st.binary(min_size=1, max_size=80),
)
def test_nothing_can_be_put_between_the_segments(
    at: int, made: Callable[[bytes], bytes], raw: bytes
) -> None:
    assert check(CLEAN[:at] + made(raw) + CLEAN[at:])


@given(st.integers(2, HEAD), st.binary(min_size=1, max_size=40))
def test_nothing_can_be_put_in_anywhere_before_the_picture(at: int, raw: bytes) -> None:
    assert check(CLEAN[:at] + raw + CLEAN[at:])


@given(st.binary(max_size=400), st.booleans())
def test_random_bytes_never_raise_and_are_never_clean(raw: bytes, started: bool) -> None:
    assert check(b"\xff\xd8" * started + raw)


@given(st.lists(st.tuples(st.integers(0, len(CLEAN) - 1), st.integers(0, 255)), max_size=8))
def test_damaged_renditions_never_raise(hits: list[tuple[int, int]]) -> None:
    raw = bytearray(CLEAN)
    for at, value in hits:
        raw[at] = value
    assert "the file could not be read back" not in check(bytes(raw))


@given(
    st.sampled_from(["exif", "xmp", "extra"]),
    st.integers(0, 400),
    st.integers(0, 40),
    st.binary(max_size=40),
)
def test_damaged_blocks_never_throw_their_reader(
    block: str, at: int, gone: int, raw: bytes
) -> None:
    whole = {"exif": EXIF, "xmp": XMP, "extra": iptc.write(RIGHTS)}[block]
    bent = whole[: at + 6] + raw + whole[at + 6 + gone :]
    given_: dict[str, object] = {block: jpegs.segment(0xED, bent) if block == "extra" else bent}
    told = check(jpegs.rendition(RIGHTS, **given_))
    assert "the file could not be read back" not in told
    assert told or bent == whole


@pytest.mark.corpus
def test_camera_files_are_not_renditions() -> None:
    for path in jpegs.corpus("cameras", "metadata"):
        assert check(path.read_bytes()), path.name
