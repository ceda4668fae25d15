"""Photographs with a secret in every block that a container has; each place a secret of its own.

Everything is put together by hand, so that nothing here shares code with what is tested.
"""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Callable

from PIL import Image, PngImagePlugin, features

from tests import photos

#: Values that a photograph is not to tell, planted in several blocks at once.
NAME = "Fatima El Idrissi"
ARABIC = "فاطمة الإدريسي"
FILE_NAME = "DSC_4711_FATIMA.JPG"
SERIAL = "SN60427315599"
STREET = "12 rue de la Kasbah, Chefchaouen"
TEXTS = (NAME, ARABIC, FILE_NAME, SERIAL, STREET)
LATITUDE, LONGITUDE = "35.168812", "-5.269947"
RATIONALS = struct.pack(">6I", 35, 1, 10, 1, 7723, 1000)
COORDINATES = (LATITUDE, LONGITUDE, "35,10.1287N", "5,16.1968W")

Entry = tuple[int, int, bytes]
_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 7: 1}


def secret(place: str) -> str:
    """The word that stands in this place alone."""
    return f"Zq{place}Qz"


def words(place: str) -> bytes:
    return f"{secret(place)} {NAME} {FILE_NAME} {SERIAL} {STREET} {ARABIC}".encode()


def directory(at: int, entries: list[Entry], following: int = 0) -> bytes:
    """One big-endian TIFF directory that starts at `at`."""
    entries = sorted(entries)
    start = at + 2 + 12 * len(entries) + 4
    table, body = struct.pack(">H", len(entries)), b""
    for tag, kind, raw in entries:
        table += struct.pack(">HHI", tag, kind, len(raw) // _SIZES[kind])
        table += raw.ljust(4, b"\0") if len(raw) <= 4 else struct.pack(">I", start + len(body))
        body += b"" if len(raw) <= 4 else raw + bytes(len(raw) % 2)
    return table + struct.pack(">I", following) + body


def ascii_(tag: int, place: str) -> Entry:
    return tag, 2, words(place) + b"\0"


def utf16(tag: int, place: str) -> Entry:
    return tag, 1, words(place).decode().encode("utf-16-le") + b"\0\0"


def thumbnail(place: str) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (64, 48), "maroon").save(out, "JPEG", comment=words(place))
    return out.getvalue()


def gps(place: str) -> list[Entry]:
    return [
        (0x0001, 2, b"N\0"),
        (0x0002, 5, RATIONALS),
        (0x0003, 2, b"W\0"),
        (0x0004, 5, RATIONALS),
        (0x001B, 7, b"ASCII\0\0\0" + words(f"{place}Method")),
        (0x001C, 7, b"ASCII\0\0\0" + words(f"{place}Area")),
        (0x001D, 2, b"2021:11:18\0"),
    ]


def exif(place: str) -> bytes:
    """A TIFF block with IFD0, Exif, GPS, Interop, a SubIFD, IFD1 with a thumbnail, and a tail."""
    photo: list[Entry] = [
        (0x9000, 7, b"0232"),
        (0x9003, 2, b"2021:11:18 15:04:05\0"),
        (0x927C, 7, b"Nikon\0\2" + words(f"{place}MakerNote")),
        (0x9286, 7, b"UNICODE\0" + words(f"{place}Comment").decode().encode("utf-16-be")),
        ascii_(0xA004, f"{place}Sound"),
        ascii_(0xA420, f"{place}UniqueId"),
        ascii_(0xA430, f"{place}Owner"),
        ascii_(0xA431, f"{place}BodySerial"),
        ascii_(0xA435, f"{place}LensSerial"),
        ascii_(0xA436, f"{place}Title"),
        ascii_(0xFDE9, f"{place}Private"),
    ]
    main: list[Entry] = [
        ascii_(0x010D, f"{place}Document"),
        ascii_(0x010E, f"{place}Description"),
        ascii_(0x010F, f"{place}Make"),
        ascii_(0x0110, f"{place}Model"),
        ascii_(0x0131, f"{place}Software"),
        ascii_(0x013C, f"{place}Computer"),
        (0x02BC, 1, packet(f"{place}Packet")),
        (0x83BB, 7, b"\x1c\x02\x05" + struct.pack(">H", 9) + b"ZqIptcTag"),
        (0x8649, 7, resources((0x07D0, b"", words(f"{place}Photoshop")))[14:]),
        utf16(0x9C9B, f"{place}XpTitle"),
        utf16(0x9C9C, f"{place}XpComment"),
        utf16(0x9C9E, f"{place}XpKeywords"),
        utf16(0x9C9F, f"{place}XpSubject"),
        (0xC4A5, 7, b"PrintIM\0" + words(f"{place}PrintIm")),
        (0xEA1C, 7, words(f"{place}Padding")),
    ]
    pointers: list[Entry] = [(tag, 4, bytes(4)) for tag in (0x014A, 0x8769, 0x8825)]
    size = len(directory(8, [*main, *pointers]))
    sub_at = 8 + size
    sub = directory(sub_at, [ascii_(0x010E, f"{place}SubIfd")])
    exif_at = sub_at + len(sub)
    interop_at = exif_at + len(directory(exif_at, [*photo, (0xA005, 4, bytes(4))]))
    body = directory(exif_at, [*photo, (0xA005, 4, struct.pack(">I", interop_at))])
    interop = directory(interop_at, [(1, 2, b"R98\0"), ascii_(0x1000, f"{place}Interop")])
    gps_at = interop_at + len(interop)
    places = directory(gps_at, gps(place))
    small = thumbnail(f"{place}Thumbnail")
    first_at = gps_at + len(places)
    ifd1: list[Entry] = [(0x0103, 3, b"\0\6"), ascii_(0x010E, f"{place}Ifd1")]
    sized = len(directory(first_at, [*ifd1, (0x0201, 4, bytes(4)), (0x0202, 4, bytes(4))]))
    ifd1 += [
        (0x0201, 4, struct.pack(">I", first_at + sized)),
        (0x0202, 4, struct.pack(">I", len(small))),
    ]
    where = [(0x014A, sub_at), (0x8769, exif_at), (0x8825, gps_at)]
    pointed: list[Entry] = [(tag, 4, struct.pack(">I", at)) for tag, at in where]
    head = b"MM\0*\0\0\0\x08" + directory(8, [*main, *pointed], first_at)
    tail = words(f"{place}Tail")
    return head + sub + body + interop + places + directory(first_at, ifd1) + small + tail


def resources(*items: tuple[int, bytes, bytes]) -> bytes:
    """Photoshop resources: number, name, value."""
    out = b"Photoshop 3.0\0"
    for number, name, raw in items:
        called = bytes((len(name),)) + name
        out += b"8BIM" + struct.pack(">H", number) + called + bytes(len(called) % 2)
        out += struct.pack(">I", len(raw)) + raw + bytes(len(raw) % 2)
    return out


def dataset(record: int, number: int, raw: bytes) -> bytes:
    return bytes((0x1C, record, number)) + struct.pack(">H", len(raw)) + raw


def iim(place: str) -> bytes:
    """Datasets of title, keywords, place, contact, writer, and of records nobody knows."""
    texts = ((2, n) for n in (5, 7, 25, 40, 92, 95, 103, 118, 122, 184, 230))
    out = dataset(1, 90, b"\x1b%G") + dataset(1, 30, words(f"{place}Envelope"))
    for record, number in (*texts, (3, 10), (7, 20), (8, 10), (240, 1)):
        out += dataset(record, number, words(f"{place}Set{record}x{number}"))
    return out


NAMESPACES = " ".join(
    f'xmlns:{prefix}="{uri}"'
    for prefix, uri in (
        ("dc", "http://purl.org/dc/elements/1.1/"),
        ("xmp", "http://ns.adobe.com/xap/1.0/"),
        ("xmpMM", "http://ns.adobe.com/xap/1.0/mm/"),
        ("xmpGImg", "http://ns.adobe.com/xap/1.0/g/img/"),
        ("stEvt", "http://ns.adobe.com/xap/1.0/sType/ResourceEvent#"),
        ("stRef", "http://ns.adobe.com/xap/1.0/sType/ResourceRef#"),
        ("photoshop", "http://ns.adobe.com/photoshop/1.0/"),
        ("exif", "http://ns.adobe.com/exif/1.0/"),
        ("aux", "http://ns.adobe.com/exif/1.0/aux/"),
        ("crs", "http://ns.adobe.com/camera-raw-settings/1.0/"),
        ("Iptc4xmpExt", "http://iptc.org/std/Iptc4xmpExt/2008-02-29/"),
        ("Iptc4xmpCore", "http://iptc.org/std/Iptc4xmpCore/1.0/xmlns/"),
        ("GCamera", "http://ns.google.com/photos/1.0/camera/"),
        ("my", "urn:ZqNamespaceQz"),
    )
)


def packet(place: str, inner: str = "", more: str = "") -> bytes:
    """An editor's packet: titles, history, serial numbers, coordinates, a thumbnail."""
    text = words(f"{place}{{}}").decode()

    def said(name: str) -> str:
        return text.replace("{}", name)

    return f"""<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/" x:xmptk="{said("Toolkit")}"><rdf:RDF
 xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><!-- {said("Comment")} -->
<rdf:Description rdf:about="{said("About")}" {NAMESPACES} {more}
 exif:GPSLatitude="35,10.1287N" exif:GPSLongitude="5,16.1968W" aux:SerialNumber="{SERIAL}"
 crs:RawFileName="{FILE_NAME}" photoshop:Instructions="{said("Instructions")}"
 my:note="{LATITUDE} {LONGITUDE}">
<dc:title><rdf:Alt><rdf:li xml:lang="x-default">{said("Title")}</rdf:li></rdf:Alt></dc:title>
<dc:subject><rdf:Bag><rdf:li>{said("Keyword")}</rdf:li></rdf:Bag></dc:subject>
<xmpMM:History><rdf:Seq><rdf:li stEvt:action="saved" stEvt:parameters="{said("History")}"/>
</rdf:Seq></xmpMM:History>
<xmpMM:DerivedFrom stRef:documentID="{said("Ancestor")}"/>
<xmpMM:Ingredients><rdf:Bag><rdf:li stRef:filePath="{said("Ingredient")}"/></rdf:Bag>
</xmpMM:Ingredients>
<xmp:Thumbnails><rdf:Alt><rdf:li rdf:parseType="Resource"><xmpGImg:format>JPEG</xmpGImg:format>
<xmpGImg:image>{said("Thumbnail").encode().hex()}</xmpGImg:image></rdf:li></rdf:Alt>
</xmp:Thumbnails>
<Iptc4xmpExt:LocationShown><rdf:Bag><rdf:li rdf:parseType="Resource">
<Iptc4xmpExt:Sublocation>{said("Location")}</Iptc4xmpExt:Sublocation></rdf:li></rdf:Bag>
</Iptc4xmpExt:LocationShown>
<my:own><![CDATA[{said("Stranger")}]]></my:own>{inner}
</rdf:Description></rdf:RDF></x:xmpmeta>{" " * 200}<?xpacket end="w"?>""".encode()


#: One child who is named, of an age, with a region.
PERSON = f"""
<Iptc4xmpExt:PersonInImage><rdf:Bag><rdf:li>{NAME}</rdf:li></rdf:Bag></Iptc4xmpExt:PersonInImage>
<Iptc4xmpExt:ModelAge><rdf:Bag><rdf:li>9</rdf:li></rdf:Bag></Iptc4xmpExt:ModelAge>
<p:MinorModelAgeDisclosure xmlns:p="http://ns.useplus.org/ldf/xmp/1.0/"
>http://ns.useplus.org/ldf/vocab/AG-U14</p:MinorModelAgeDisclosure>
<Iptc4xmpExt:ImageRegion><rdf:Bag><rdf:li rdf:parseType="Resource">
<Iptc4xmpExt:RegionBoundary rdf:parseType="Resource"><Iptc4xmpExt:rbShape>rectangle
</Iptc4xmpExt:rbShape><Iptc4xmpExt:rbUnit>relative</Iptc4xmpExt:rbUnit>
<Iptc4xmpExt:rbX>0.123456</Iptc4xmpExt:rbX><Iptc4xmpExt:rbY>0.2</Iptc4xmpExt:rbY>
<Iptc4xmpExt:rbW>0.1</Iptc4xmpExt:rbW><Iptc4xmpExt:rbH>0.1</Iptc4xmpExt:rbH>
</Iptc4xmpExt:RegionBoundary><Iptc4xmpExt:PersonInImage><rdf:Bag><rdf:li>{NAME}</rdf:li></rdf:Bag>
</Iptc4xmpExt:PersonInImage></rdf:li></rdf:Bag></Iptc4xmpExt:ImageRegion>"""

XMP = b"http://ns.adobe.com/xap/1.0/\0"
MORE = b"http://ns.adobe.com/xmp/extension/\0"


def segment(marker: int, body: bytes) -> bytes:
    return bytes((0xFF, marker)) + struct.pack(">H", len(body) + 2) + body


def base(seed: int, **how: object) -> bytes:
    out = io.BytesIO()
    photos.scene(seed, 360, 240).save(out, "JPEG", quality=85, **how)
    return out.getvalue()


def with_segments(seed: int, *segments: bytes) -> bytes:
    jpeg = base(seed)
    return jpeg[:20] + b"".join(segments) + jpeg[20:]


def extended() -> bytes:
    whole = packet("MoreXmp")
    guid = b"0123456789ABCDEF0123456789ABCDEF"
    xmp_note = f'xmlns:n="http://ns.adobe.com/xmp/note/" n:HasExtendedXMP="{guid.decode()}"'
    half = len(whole) // 2
    parts = [
        segment(0xE1, MORE + guid + struct.pack(">II", len(whole), at) + whole[at : at + half + 1])
        for at in (0, half + 1)
    ]
    return with_segments(4, segment(0xE1, XMP + packet("MainXmp", more=xmp_note)), *parts)


def several() -> bytes:
    """Two pictures in one file; what the second one tells is in its own blocks."""
    out = io.BytesIO()
    other = photos.scene(99, 180, 120)
    photos.scene(7, 360, 240).save(out, "MPO", save_all=True, append_images=[other])
    whole = out.getvalue()
    second = whole.rindex(b"\xff\xd8\xff")
    planted = segment(0xE1, b"Exif\0\0" + exif("MpfExif")) + segment(0xFE, words("MpfComment"))
    size, larger = (struct.pack("<I", len(whole) - second + n) for n in (0, len(planted)))
    first = whole[:second].replace(size, larger)
    return first + whole[second:][:2] + planted + whole[second + 2 :]


def motion() -> bytes:
    box = struct.pack(">I4s4s", 16, b"ftyp", b"mp42") + bytes(4)
    film = words("Film") + struct.pack("<ddd", 35.168812, -5.269947, 0)
    box += struct.pack(">I4s", 8 + len(film), b"mdat") + film
    more = f'GCamera:MicroVideo="1" GCamera:MicroVideoOffset="{len(box)}"'
    return with_segments(8, segment(0xE1, XMP + packet("MotionXmp", more=more))) + box


def samsung() -> bytes:
    body = words("Samsung") + b"Image_UTC_Data1637247845000"
    block = struct.pack("<HHI", 0, 0x0A01, len(body)) + body
    head = b"SEFH" + struct.pack("<III", 107, 1, 0) + struct.pack("<I", len(block))
    return base(9) + block + head + struct.pack("<I", len(head)) + b"SEFT"


def zipped() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr(secret("ZipName"), words("ZipText"))
    return base(10) + out.getvalue()


def scan_tail() -> bytes:
    """Behind the last block of the picture, before its end: no decoder looks there."""
    jpeg = base(11)
    return jpeg[:-2] + words("ScanTail") + jpeg[-2:]


def tables() -> bytes:
    """Tables that no scan uses: 64 and 162 bytes that are anybody's."""
    hidden = words("Quantisation")[:64].ljust(64, b"x")
    codes = words("Huffman")[:100].ljust(100, b"x")
    huffman = b"\x13" + bytes((0, 0, 0, 0, 0, 0, 0, 100, 0, 0, 0, 0, 0, 0, 0, 0)) + codes
    jpeg = base(12)
    return jpeg[:20] + segment(0xDB, b"\3" + hidden) + segment(0xC4, huffman) + jpeg[20:]


def restarts() -> bytes:
    """Comments behind the scan and fill bytes; the picture itself has restart markers."""
    jpeg = base(13, restart_marker_rows=1)
    filled = jpeg[:20] + b"\xff" * 9 + segment(0xFE, words("Filled")) + jpeg[20:]
    return filled[:-2] + segment(0xFE, words("BehindScan")) + filled[-2:]


def jumbf() -> bytes:
    """A manifest store as C2PA has it: boxes with labels and CBOR, over two segments."""

    def box(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I4s", len(body) + 8, kind) + body

    uuid = bytes.fromhex("6332706100110010800000aa00389b71")
    text = words("C2pa") + b" c2pa.ingredient " + LATITUDE.encode()
    cbor = b"\xa1ftitle\x79" + struct.pack(">H", len(text)) + text
    inner = box(b"jumd", uuid + b"\3c2pa.ingredient\0") + box(b"cbor", cbor)
    store = box(b"jumb", box(b"jumd", uuid + b"\3c2pa\0") + box(b"jumb", inner))
    parts = [
        segment(0xEB, b"JP\0\1" + struct.pack(">I", number) + store[:8] * (number > 1) + piece)
        for number, piece in ((1, store[:60]), (2, store[60:]))
    ]
    return with_segments(14, *parts)


def applications() -> bytes:
    """Every APPn with something nobody knows, and some that somebody does."""
    known = {
        0xE1: b"http://example.org/other/\0",
        0xE2: b"FPXR\0\0",
        0xE3: b"Meta\0\0",
        0xE5: b"RMETA\0",
        0xE6: b"EPPIM\0",
        0xE8: b"SPIFF\0",
        0xEC: b"Ducky\0",
        0xED: b"Adobe_CM\0",
    }
    return with_segments(
        15,
        *(segment(0xE0 + n, known.get(0xE0 + n, b"") + words(f"App{n}")) for n in range(16)),
        segment(0xFE, words("Comment1")),
        segment(0xFE, words("Comment2").decode().encode("utf-16-be")),
        # Not a byte of it in its own alphabet.
        segment(0xEA, secret("Base64").encode().hex().encode()),
    )


def headers() -> bytes:
    jpeg = base(16)
    pixels = words("JfifThumbnail")[: 3 * 16].ljust(48, b"x")
    jfif = b"JFIF\0\1\2\1\0\x48\0\x48\4\4" + pixels
    jfxx = b"JFXX\0\x10" + thumbnail("JfxxThumbnail")
    return jpeg[:2] + segment(0xE0, jfif) + segment(0xE0, jfxx) + jpeg[20:]


def photoshop() -> bytes:
    thumb = struct.pack(">IIIIIIHH", 1, 64, 48, 192, 9216, 9216, 24, 1) + thumbnail("PsThumbnail")
    return with_segments(
        3,
        segment(
            0xED,
            resources(
                (0x0404, b"", iim("Iim")),
                (0x040C, b"", thumb),
                (0x0422, b"", exif("PsExif")),
                (0x0424, b"", packet("PsXmp")),
                (0x0425, b"", b"0123456789abcdef"),
                (0x041A, secret("SlicesName").encode(), words("Slices")),
                (0x07D0, secret("PathName").encode(), words("Path") * 3),
                (0x0BB7, b"", words("ClippingPath")),
            ),
        ),
        segment(0xED, resources((0x0410, secret("SecondName").encode(), words("Second")))),
    )


def chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def png() -> bytes:
    texts = PngImagePlugin.PngInfo()
    texts.add_text(secret("PngKeyword"), words("PngText").decode("latin-1"))
    texts.add_itxt("Title", words("PngItxt").decode())
    out = io.BytesIO()
    photos.scene(17, 360, 240).save(out, "PNG", pnginfo=texts)
    raw = out.getvalue()
    more = (
        chunk(b"eXIf", exif("PngExif")),
        chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + packet("PngXmp")),
        chunk(b"tEXt", b"Raw profile type iptc\0\niptc\n9\n" + iim("PngIim").hex().encode()),
        chunk(b"prVt", words("PngPrivate")),
        chunk(b"caBX", words("PngC2pa")),
        chunk(b"tIME", bytes((7, 229, 11, 18, 15, 4, 5))),
    )
    return raw[:33] + b"".join(more) + raw[33:] + words("PngTrailer")


def tiff() -> bytes:
    info = {
        269: words("TiffDocument").decode("latin-1"),
        270: words("TiffDescription").decode("latin-1"),
        285: words("TiffPage").decode("latin-1"),
        316: words("TiffComputer").decode("latin-1"),
        700: packet("TiffXmp"),
        33723: iim("TiffIim"),
        34377: resources((0x07D0, b"", words("TiffPath")))[14:],
        65000: words("TiffPrivate"),
    }
    tags = Image.Exif()
    tags.get_ifd(0x8769)[0x927C] = words("TiffMakerNote")
    tags.get_ifd(0x8825)[0x001C] = words("TiffArea")
    out = io.BytesIO()
    page = photos.scene(98, 120, 80)
    page.encoderinfo = {"tiffinfo": {270: words("TiffSecondPage").decode("latin-1")}}
    photos.scene(18, 360, 240).save(
        out, "TIFF", tiffinfo=info, exif=tags, save_all=True, append_images=[page]
    )
    return out.getvalue() + words("TiffTrailer")


def webp() -> bytes:
    out = io.BytesIO()
    photos.scene(19, 360, 240).save(
        out, "WEBP", quality=90, exif=b"Exif\0\0" + exif("WebpExif"), xmp=packet("WebpXmp")
    )
    raw = out.getvalue()
    body = words("WebpChunk")
    raw += b"zQzQ" + struct.pack("<I", len(body)) + body + bytes(len(body) % 2)
    return raw[:4] + struct.pack("<I", len(raw) - 8) + raw[8:] + words("WebpTrailer")


def avif() -> bytes:
    out = io.BytesIO()
    photos.scene(20, 360, 240).save(out, "AVIF", exif=exif("AvifExif"), xmp=packet("AvifXmp"))
    return out.getvalue() + struct.pack(">I4s", 8 + 9, b"free") + b"ZqFreeBox"


def icc() -> bytes:
    """A sound profile with words in its description, in tags of its own and behind its end."""
    plain = photos.srgb()
    (count,) = struct.unpack_from(">I", plain, 128)
    table = [struct.unpack_from(">4sII", plain, 132 + 12 * n) for n in range(count)]
    tags = {name: plain[at : at + size] for name, at, size in table}
    text = words("IccText")
    tags[b"cprt"] = b"text" + bytes(4) + text + b"\0"
    tags[b"dmnd"] = b"text" + bytes(4) + words("IccMaker") + b"\0"
    tags[b"zqzq"] = words("IccPrivate")
    # A colour tag by its name, a text by its type, and a longer value than its type needs.
    tags[b"bkpt"] = b"text" + bytes(4) + words("IccDisguised") + b"\0"
    tags[b"wtpt"] = tags[b"wtpt"] + words("IccAppended")
    head, body = bytearray(plain[:128]), b""
    head[48:56], head[80:84] = b"ZqModel0", b"ZqCr"
    start, entries = 132 + 12 * len(tags), b""
    for name, raw in tags.items():
        entries += struct.pack(">4sII", name, start + len(body), len(raw))
        body += raw + bytes(-len(raw) % 4)
    head[:4] = struct.pack(">I", start + len(body))
    return bytes(head) + struct.pack(">I", len(tags)) + entries + body


def profiled() -> bytes:
    return with_segments(21, segment(0xE2, b"ICC_PROFILE\0\1\1" + icc() + words("IccTrailer")))


#: Every photograph by the name it is dropped under.
PHOTOS: dict[str, Callable[[], bytes]] = {
    "exif.jpg": lambda: with_segments(1, segment(0xE1, b"Exif\0\0" + exif("Exif"))),
    "exif-twice.jpg": lambda: with_segments(
        2,
        segment(0xE1, b"Exif\0\0MM\0*\0\0\0\x08" + directory(8, [(0x0112, 3, b"\0\1")])),
        segment(0xE1, b"Exif\0\0" + exif("SecondExif")),
    ),
    "photoshop.jpg": photoshop,
    "xmp-extended.jpg": extended,
    "xmp.jpg": lambda: with_segments(5, segment(0xE1, XMP + packet("Xmp"))),
    "person.jpg": lambda: with_segments(6, segment(0xE1, XMP + packet("Person", PERSON))),
    "several.jpg": several,
    "motion.jpg": motion,
    "samsung.jpg": samsung,
    "zip.jpg": zipped,
    "scan-tail.jpg": scan_tail,
    "tables.jpg": tables,
    "restarts.jpg": restarts,
    "c2pa.jpg": jumbf,
    "applications.jpg": applications,
    "headers.jpg": headers,
    "second-jpeg.jpg": lambda: base(22) + thumbnail("SecondJpeg"),
    "text.png": png,
    "pages.tif": tiff,
    "chunks.webp": webp,
    "profile.jpg": profiled,
    **({"boxes.avif": avif} if features.check("avif") else {}),
}
