"""Files of any shape around planted metadata, and finished renditions with something added."""

from __future__ import annotations

import functools
import io
import struct
import zlib

from hypothesis import strategies as st
from PIL import Image

from dam.adapters import metadata, readback
from dam.adapters.imaging_blocks import sniff, take_apart
from dam.core.errors import UnusablePhoto
from dam.core.readings import Field, Status
from tests.adapters import jpegs
from tests.adapters.pictures import chunk, packed, scene, segment
from tests.fuzz.blocks import expat_finds
from tests.fuzz.damage import Draw, damaged

_GPS = struct.pack("<HHHIII6I", 1, 0x02, 5, 3, 44, 0, 35, 1, 46, 1, 46, 1)
_EXIF = b"II*\0\x08\0\0\0" + struct.pack("<HHHIII", 1, 0x8825, 4, 1, 26, 0) + _GPS
_XMP = (
    b"<x:xmpmeta xmlns:x='adobe:ns:meta/'><rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-"
    b"syntax-ns#'><rdf:Description xmlns:e='http://iptc.org/std/Iptc4xmpExt/2008-02-29/'>"
    b"<e:PersonInImage>Fatima</e:PersonInImage></rdf:Description></rdf:RDF></x:xmpmeta>"
)
_IIM = b"\x1c\x02\x5a\0\x06Tanger"
_RESOURCE = b"8BIM\x04\x04\0\0" + len(_IIM).to_bytes(4, "big") + _IIM + bytes(len(_IIM) % 2)
_XMP_HEAD = b"http://ns.adobe.com/xap/1.0/\0"
#: The block that each planted field stands in.
_FOUND_IN = {Field.GPS: "exif", Field.PERSON: "xmp", Field.CITY: "iptc"}
Planted = frozenset[Field]


@st.composite
def pictures(draw: Draw) -> tuple[bytes, Planted]:
    """The bytes of a file, and the fields that stand in its metadata for sure."""
    makers = {"jpeg": _jpeg, "png": _png, "webp": _webp, "tiff": _tiff, "avif": _avif}
    planted = draw(st.frozensets(st.sampled_from(sorted(_FOUND_IN)), max_size=3))
    kind = draw(st.sampled_from(sorted(makers)))
    whole, sure = makers[kind](draw, planted)
    data = draw(damaged(whole)) if draw(st.booleans()) else whole
    return data, sure if data == whole else frozenset()


def _jpeg(draw: Draw, planted: Planted) -> tuple[bytes, Planted]:
    known = {
        Field.GPS: segment(0xE1, b"Exif\0\0" + _EXIF),
        Field.PERSON: segment(0xE1, _XMP_HEAD + _XMP),
        Field.CITY: segment(0xED, b"Photoshop 3.0\0" + _RESOURCE),
    }
    junk = st.builds(
        segment,
        st.sampled_from((0xE0, 0xE1, 0xE2, 0xEB, 0xED, 0xEE, 0xFE)),
        st.binary(max_size=20)
        | st.sampled_from((b"JFIF\0\1\1\0\0\1\0\1\0\0", b"Exif\0\0", b"MPF\0II*\0", b"JFXX\0\x10")),
    )
    pieces = draw(st.permutations([known[f] for f in sorted(planted)] + draw(st.lists(junk))))
    fill = b"\xff" * draw(st.integers(0, 3))
    base = _small("JPEG")
    return base[:2] + fill.join([b"", *pieces]) + fill + base[2:], planted


def _png(draw: Draw, planted: Planted) -> tuple[bytes, Planted]:
    text = b"XML:com.adobe.xmp\0" + draw(
        st.sampled_from((b"\0\0\0\0" + _XMP, b"\1\0\0\0" + zlib.compress(_XMP)))
    )
    raw = b"\niptc\n%d\n" % len(_RESOURCE) + _RESOURCE.hex().encode() + b"\n"
    known = {
        Field.GPS: chunk(b"eXIf", _EXIF),
        Field.PERSON: chunk(b"iTXt", text),
        Field.CITY: chunk(b"zTXt", b"Raw profile type iptc\0\0" + zlib.compress(raw)),
    }
    junk = st.builds(
        chunk, st.sampled_from((b"tEXt", b"zTXt", b"iTXt", b"prVw")), st.binary(max_size=20)
    )
    pieces = draw(st.permutations([known[f] for f in sorted(planted)] + draw(st.lists(junk))))
    base = _small("PNG")
    return base[:33] + b"".join(pieces) + base[33:], planted


def _webp(draw: Draw, planted: Planted) -> tuple[bytes, Planted]:
    base = _small("WEBP")
    known = {Field.GPS: (b"EXIF", _EXIF), Field.PERSON: (b"XMP ", _XMP)}
    sure = planted & known.keys()
    junk = st.tuples(st.sampled_from((b"ALPH", b"ICCP", b"xxxx")), st.binary(max_size=20))
    body = base[12:]
    for name, raw in draw(st.permutations([known[f] for f in sorted(sure)] + draw(st.lists(junk)))):
        body += struct.pack("<4sI", name, len(raw)) + raw + bytes(len(raw) % 2)
    return b"RIFF" + struct.pack("<I", len(body) + 4) + b"WEBP" + body, sure


def _tiff(draw: Draw, planted: Planted) -> tuple[bytes, Planted]:
    """As Pillow writes it: EXIF of a camera, or the tags of an editor."""
    if Field.GPS in planted:
        return packed(scene(16, 16), "TIFF", exif=b"Exif\0\0" + _EXIF), frozenset({Field.GPS})
    more = {"tiffinfo": {700: _XMP}} if Field.PERSON in planted else {}
    return packed(scene(16, 16), "TIFF", **more), planted - {Field.CITY}


def _avif(draw: Draw, planted: Planted) -> tuple[bytes, Planted]:
    return _small("AVIF"), frozenset((Field.GPS, Field.PERSON))


@functools.cache
def _small(kind: str) -> bytes:
    picture = scene(16, 16)
    more = {"exif": b"Exif\0\0" + _EXIF, "xmp": _XMP} if kind == "AVIF" else {}
    return packed(picture, kind, **more)


def read_picture(data: bytes, planted: Planted) -> None:
    """What is planted, or what Pillow sees, is found; or the file or its block is refused."""
    kind = sniff(data[:64])
    if not kind:
        return
    try:
        container = take_apart(kind, data)
    except UnusablePhoto:
        return
    if not container.complete:
        return
    read = metadata.read(container.blocks)
    states = {block.name: block.status for block in read.blocks}
    found = {reading.field for reading in read.readings}
    for field in planted | _pillow_sees(kind, data):
        assert field in found or states[_FOUND_IN[field]] is Status.UNREADABLE, field


def _pillow_sees(kind: str, data: bytes) -> Planted:
    """Coordinates in EXIF and persons in XMP as Pillow hands them out."""
    if kind not in ("JPEG", "PNG", "WEBP", "TIFF"):
        return frozenset()
    try:
        with Image.open(io.BytesIO(data), formats=(kind,)) as picture:
            gps = picture.getexif().get_ifd(0x8825)
            packet = picture.info.get("xmp", b"")
    except Exception:
        return frozenset()
    found = expat_finds(packet) & {Field.PERSON} if isinstance(packet, bytes) else frozenset()
    return found | ({Field.GPS} if {0x02, 0x04} & gps.keys() else frozenset())


# --- read back ----------------------------------------------------------------------------

_LEAKS = (
    segment(0xFE, b"SECRETWORD"), segment(0xE1, b"Exif\0\0" + _EXIF), segment(0xE3, b"SECRETWORD"),
    segment(0xE1, _XMP_HEAD + _XMP), segment(0xED, b"Photoshop 3.0\0" + _RESOURCE), b"SECRETWORD",
    segment(0xE2, b"MPF\0SECRETWORD"), segment(0xEB, b"JP SECRETWORD"), segment(0xE1, b"SECRET"),
)  # fmt: skip


@functools.cache
def _rendition() -> tuple[bytes, tuple[int, ...]]:
    """A finished rendition, and where its segments begin; the last is its picture."""
    data = jpegs.rendition()
    starts, at = [2], 2
    for _, payload in jpegs.segments(data):
        at += 4 + len(payload)
        starts.append(at)
    assert readback.check(data, jpegs.RIGHTS, jpegs.SIZE) == ()
    return data, tuple(starts)


@st.composite
def renditions(draw: Draw) -> tuple[bytes, bool]:
    """A rendition with something changed in it, and whether it holds a leak for sure."""
    data, starts = _rendition()
    leak = draw(st.booleans())
    if leak:
        added = draw(st.sampled_from(_LEAKS))
        # Between the numbers of the picture itself a word is only noise.
        before = [len(data) - 2] if added.startswith(b"\xff") else []
        at = draw(st.sampled_from((*starts, len(data), *before)))
        data = data[:at] + added + data[at:]
    elif draw(st.booleans()):
        at = draw(st.integers(2, starts[-1]))
        word = draw(st.sampled_from((b"SECRETWORD", b"5.4N", b"\0\0\0\0", b"<!---->", b" " * 9)))
        data = data[:at] + word + data[at + draw(st.sampled_from((0, len(word)))) :]
    return draw(damaged(data, 3)) if draw(st.booleans()) and not leak else data, leak


def read_rendition(data: bytes, leak: bool) -> None:
    """Nothing is raised; what is called clean differs in the numbers of its picture alone."""
    clean, _ = _rendition()
    complaints = readback.check(data, jpegs.RIGHTS, jpegs.SIZE)
    if leak or data[:2] != clean[:2]:
        assert complaints
    if complaints:
        assert len(complaints) <= 51
        return
    assert data.endswith(b"\xff\xd9")
    assert len(data) == len(data.rstrip(b"\0"))
    assert _said(data) == _said(clean)


def _said(data: bytes) -> list[tuple[int, bytes]]:
    """Every segment but the tables of the picture and the profile, which are numbers."""
    return [(m, p) for m, p in jpegs.segments(data) if m not in (0xDB, 0xC4, 0xE2)]
