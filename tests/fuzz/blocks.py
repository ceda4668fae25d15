"""EXIF, IIM and XMP of any shape with something planted that a reader must not overlook."""

from __future__ import annotations

import struct
from xml.etree import ElementTree

from hypothesis import strategies as st
from PIL import Image

from dam.adapters import exif, iptc, xmp
from dam.core.readings import Block, Field, Reading, Status
from tests.fuzz.damage import ODD, WIDE, Draw, damaged

Read = tuple[Block, tuple[Reading, ...]]


def told(read: Read, *fields: Field) -> bool:
    """Whether a reader found one of the fields, or says that it could not read."""
    block, readings = read
    assert block.status is not Status.UNREADABLE or block.detail
    assert len(readings) <= 1000
    return block.status is Status.UNREADABLE or any(r.field in fields for r in readings)


# --- EXIF ---------------------------------------------------------------------------------

_TAGS = (0x010E, 0x010F, 0x0112, 0x0132, 0x013B, 0x8298, 0x9003, 0x927C, 0x9C9D, 0xA005, 0xC4A5)
_PLACES = (0x01, 0x02, 0x03, 0x04, 0x14, 0x1D)
Entry = tuple[int, int, int, bytes]


@st.composite
def _entries(draw: Draw) -> list[Entry]:
    """Tags of a directory; some lie about their type or their length."""
    found: list[Entry] = []
    for _ in range(draw(st.integers(0, 4))):
        raw = draw(st.binary(max_size=12) | st.sampled_from((b"2021:11:18 15:04:05\0", b"a;b\0")))
        kind = draw(st.sampled_from((1, 2, 2, 3, 4, 5, 7, 13, 129)) | st.integers(0, 65535))
        count = draw(st.sampled_from((len(raw), len(raw), *WIDE)))
        found.append((draw(st.sampled_from(_TAGS)), kind, count, raw))
    return found


def _ifd(order: str, at: int, entries: list[Entry], link: int) -> bytes:
    start = at + 2 + 12 * len(entries) + 4
    table, body = struct.pack(f"{order}H", len(entries)), b""
    for tag, kind, count, raw in entries:
        table += struct.pack(f"{order}HHI", tag, kind, count)
        if len(raw) > 4:
            table += struct.pack(f"{order}I", start + len(body))
            body += raw
        else:
            table += raw.ljust(4, b"\0")
    return table + struct.pack(f"{order}I", link) + body


@st.composite
def exif_blocks(draw: Draw) -> tuple[bytes, bool]:
    """An EXIF block, and whether coordinates stand in it for sure."""
    order = draw(st.sampled_from("<>"))
    body = (b"II*\0" if order == "<" else b"MM\0*") + bytes(4)
    body += draw(st.binary(max_size=6))
    pointers: list[Entry] = []
    places = [(tag, 5, 3, bytes(24)) for tag in draw(st.lists(st.sampled_from(_PLACES)))]
    for tag, entries in ((0x8825, places), (0x8769, draw(_entries()))):
        if draw(st.booleans()):
            pointers.append((tag, draw(st.sampled_from((4, 13))), 1, _number(order, len(body))))
            body += _ifd(order, len(body), entries, draw(st.sampled_from((0, 8))))
    entries = draw(st.permutations([*draw(_entries()), *pointers]))
    body = body[:4] + _number(order, len(body)) + body[8:]
    body += _ifd(order, len(body), list(entries), draw(st.sampled_from((0, *ODD))))
    sure = bool(pointers and pointers[0][0] == 0x8825) and any(
        entry[0] in (0x02, 0x04, 0x14) for entry in places
    )
    data = draw(damaged(body)) if draw(st.booleans()) else body
    return data, sure and data == body


def _number(order: str, value: int) -> bytes:
    return struct.pack(f"{order}I", value)


def read_exif(data: bytes, planted: bool) -> None:
    """Coordinates that stand there, or that Pillow finds, are found; or the block is unreadable."""
    read = exif.read((data,))
    assert 1 <= exif.orientation((data,)) <= 8
    if planted or _pillow_finds_gps(data):
        assert told(read, Field.GPS)


def _pillow_finds_gps(data: bytes) -> bool:
    other = Image.Exif()
    try:
        other.load(b"Exif\0\0" + data)
        found = other.get_ifd(0x8825)
    except Exception:
        return False
    return bool({0x02, 0x04} & found.keys())


# --- IIM ----------------------------------------------------------------------------------


@st.composite
def iim_blocks(draw: Draw) -> tuple[bytes, bool]:
    """IIM datasets, and whether a city stands among them for sure."""
    sets: list[bytes] = []
    for _ in range(draw(st.integers(0, 6))):
        number = draw(st.sampled_from((0, 25, 55, 60, 80, 90, 92, 101, 116, 120, 255)))
        sets.append(_dataset(draw, draw(st.sampled_from((1, 2, 2, 3))), number))
    city = draw(st.booleans())
    if city:
        sets.insert(draw(st.integers(0, len(sets))), b"\x1c\x02\x5a\0\x06Tanger")
    body = b"".join(sets) + bytes(draw(st.integers(0, 3)))
    data = draw(damaged(body)) if draw(st.booleans()) else body
    return data, city and data == body


def _dataset(draw: Draw, record: int, number: int) -> bytes:
    raw = draw(st.binary(max_size=12))
    size = len(raw).to_bytes(2, "big")
    if draw(st.booleans()):
        width = draw(st.integers(0, 5))
        size = (0x8000 | width).to_bytes(2, "big") + len(raw).to_bytes(4, "big")[-width:]
    return bytes((0x1C, record, number)) + size + raw


def read_iim(data: bytes, planted: bool) -> None:
    read = iptc.read((data,))
    if planted:
        assert told(read, Field.CITY)
    told(read)


# --- XMP ----------------------------------------------------------------------------------

_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_URIS = {
    "exif": "http://ns.adobe.com/exif/1.0/",
    "ext": "http://iptc.org/std/Iptc4xmpExt/2008-02-29/",
    "plus": "http://ns.useplus.org/ldf/xmp/1.0/",
    "dc": "http://purl.org/dc/elements/1.1/",
    "mwg": "http://www.metadataworkinggroup.com/schemas/regions/",
    "area": "http://ns.adobe.com/xmp/sType/Area#",
}
#: What is planted: by the field that must come out.
_PLANTS: dict[Field, tuple[str, ...]] = {
    Field.GPS: (
        "<exif:GPSLatitude>35,46.7N</exif:GPSLatitude>",
        "<ext:LocationCreated><rdf:Bag><rdf:li rdf:parseType='Resource'><exif:GPSLongitude>5,4W"
        "</exif:GPSLongitude></rdf:li></rdf:Bag></ext:LocationCreated>",
        "<rdf:Description exif:GPSLatitude='35,46.7N'/>",
    ),
    Field.PERSON: (
        "<ext:PersonInImage><rdf:Bag><rdf:li>Fatima</rdf:li></rdf:Bag></ext:PersonInImage>",
        "<ext:PersonInImage>Fatima</ext:PersonInImage>",
        "<ext:PersonInImageWDetails><rdf:Bag><rdf:li><rdf:Description><ext:PersonName><rdf:Alt>"
        "<rdf:li xml:lang='x-default'>F</rdf:li></rdf:Alt></ext:PersonName></rdf:Description>"
        "</rdf:li></rdf:Bag></ext:PersonInImageWDetails>",
    ),
    Field.PERSON_REGION: (
        "<mwg:Regions rdf:parseType='Resource'><mwg:RegionList><rdf:Bag><rdf:li><rdf:Description "
        "mwg:Type='Face'><mwg:Area area:x='0.5' area:y='0.5' area:w='0.1' area:h='0.1'/>"
        "</rdf:Description></rdf:li></rdf:Bag></mwg:RegionList></mwg:Regions>",
    ),
    Field.MINOR_AGE: ("<plus:MinorModelAgeDisclosure>AG-U14</plus:MinorModelAgeDisclosure>",),
}
_FILL = (
    "", " \n ", "<!-- note -->", "<?note x?>", "<dc:title>x</dc:title>", "&#32;", "<![CDATA[ ]]>",
    "<dc:creator><rdf:Seq><rdf:li>A &amp; B</rdf:li></rdf:Seq></dc:creator>", "<y xmlns='u:v'/>",
    "<exif:GPSLatitude/>", "<ext:PersonInImage><rdf:Bag/></ext:PersonInImage>",
)  # fmt: skip


@st.composite
def xmp_packets(draw: Draw) -> tuple[bytes, frozenset[Field]]:
    """A packet, and the fields that stand in it for sure."""
    planted = draw(st.sets(st.sampled_from(tuple(_PLANTS)), max_size=2))
    fill = st.sampled_from(_FILL)
    inner = [draw(st.sampled_from(_PLANTS[kind])) for kind in sorted(planted)]
    pieces = [draw(fill) + piece + draw(fill) for piece in [*inner, draw(fill)]]
    spaces = " ".join(f"xmlns:{prefix}='{uri}'" for prefix, uri in _URIS.items())
    described = ""
    for piece in pieces:
        if piece.lstrip(" \n").startswith("<rdf:Description exif"):
            described += piece
        else:
            described += f"<rdf:Description rdf:about=''>{piece}</rdf:Description>"
    text = f"<x:xmpmeta xmlns:x='adobe:ns:meta/'><rdf:RDF xmlns:rdf='{_RDF}' {spaces}>"
    text += f"{described}</rdf:RDF></x:xmpmeta>"
    if draw(st.booleans()):
        text = f"<?xpacket begin='\ufeff' id='x'?>{text}<?xpacket end='w'?>" + " " * 9
    codec = draw(st.sampled_from(("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32")))
    whole = text.encode(codec) + draw(st.sampled_from((b"", b"\0", b" \n")))
    data = draw(damaged(whole)) if draw(st.booleans()) else whole
    return data, frozenset(planted if data == whole else ())


def read_xmp(data: bytes, planted: frozenset[Field]) -> None:
    """What stands there for sure, or what expat finds, is found; or the block is unreadable."""
    read = xmp.read((data,))
    told(read)
    for kind in planted | expat_finds(data):
        assert told(read, kind), kind


def expat_finds(data: bytes) -> frozenset[Field]:
    """Coordinates and persons among the properties of a packet, by another XML reader."""
    try:
        top = ElementTree.fromstring(data)
    except (ElementTree.ParseError, ValueError, LookupError):
        return frozenset()
    found: set[Field] = set()
    for rdf in top.iter(f"{{{_RDF}}}RDF"):
        for node in rdf:
            attributes = {name for name, value in node.attrib.items() if value.strip()}
            elements = {p.tag for p in node if "".join(p.itertext()).strip()}
            names = attributes | elements
            if {f"{{{_URIS['exif']}}}GPS{end}" for end in ("Latitude", "Longitude")} & names:
                found.add(Field.GPS)
            if f"{{{_URIS['ext']}}}PersonInImage" in names:
                found.add(Field.PERSON)
    return frozenset(found)
