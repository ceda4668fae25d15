from __future__ import annotations

import time
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dam.adapters import xmp
from dam.adapters.xmp.rdf import NAMESPACES
from dam.core.readings import Field, Reading, Status
from tests.adapters import jpegs

BOUND = " ".join(f'xmlns:{prefix}="{uri}"' for prefix, uri in NAMESPACES.items())
RESOURCE = 'rdf:parseType="Resource"'
EXT = "Iptc4xmpExt"
FIVE_WEST = '<rdf:Description exif:GPSLongitude="5W"/>'
NORTH = "<exif:GPSLatitude>35,46N</exif:GPSLatitude>"


def packet(inner: str, attributes: str = "") -> bytes:
    return (
        f'<x:xmpmeta {BOUND}><rdf:RDF><rdf:Description rdf:about="" {attributes}>{inner}'
        "</rdf:Description></rdf:RDF></x:xmpmeta>"
    ).encode()


def values(inner: str, field: Field, attributes: str = "") -> list[object]:
    block, readings = xmp.read((packet(inner, attributes),))
    assert block.status is Status.KNOWN, block.detail
    return [reading.value for reading in readings if reading.field is field]


def bag(*items: str, kind: str = "Bag") -> str:
    return (
        f"<rdf:{kind}>" + "".join(f"<rdf:li>{item}</rdf:li>" for item in items) + f"</rdf:{kind}>"
    )


def test_no_packet_is_absent() -> None:
    block, readings = xmp.read((), "xmp-sidecar")
    assert (block.name, block.status, readings) == ("xmp-sidecar", Status.ABSENT, ())


@pytest.mark.parametrize(
    ("inner", "attributes"),
    [
        ("<photoshop:Credit>AMAL</photoshop:Credit>", ""),
        ("", 'photoshop:Credit="AMAL"'),
        ('<photoshop:Credit rdf:resource="AMAL"/>', ""),
        (f"<photoshop:Credit>{bag('AMAL')}</photoshop:Credit>", ""),
        (f"<photoshop:Credit>{bag('AMAL', kind='Alt')}</photoshop:Credit>", ""),
        (f"<photoshop:Credit {RESOURCE}><rdf:value>AMAL</rdf:value></photoshop:Credit>", ""),
        (
            "<photoshop:Credit><rdf:Description><rdf:value>AMAL</rdf:value>"
            "<dc:type>q</dc:type></rdf:Description></photoshop:Credit>",
            "",
        ),
    ],
)
def test_every_form_that_rdf_gives_a_value(inner: str, attributes: str) -> None:
    assert values(inner, Field.CREDIT, attributes) == ["AMAL"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-be", "utf-32-le"])
def test_encodings_wrapper_and_padding(encoding: str) -> None:
    text = (
        '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>'
        + packet("<photoshop:Credit>رشيد</photoshop:Credit>").decode()
        + " " * 200
        + '<?xpacket end="w"?>\0\0'
    )
    block, readings = xmp.read((text.encode(encoding),))
    assert block.status is Status.KNOWN, block.detail
    assert readings == (Reading(Field.CREDIT, "رشيد", "xmp:photoshop:Credit"),)


def test_an_xml_declaration_does_not_decide_the_encoding() -> None:
    raw = b'<?xml version="1.0" encoding="UTF-16"?>' + packet(
        "<photoshop:Credit>é</photoshop:Credit>"
    )
    assert [r.value for r in xmp.read((raw,))[1]] == ["é"]


def test_languages() -> None:
    inner = (
        '<dc:description><rdf:Alt><rdf:li xml:lang="x-default">Un</rdf:li>'
        '<rdf:li xml:lang="fr">Un</rdf:li><rdf:li xml:lang="ar">واحد</rdf:li></rdf:Alt>'
        '</dc:description><dc:rights><rdf:Alt><rdf:li xml:lang="fr">à moi</rdf:li>'
        '<rdf:li xml:lang="x-default">mine</rdf:li></rdf:Alt></dc:rights>'
    )
    _, readings = xmp.read((packet(inner),), "xmp-sidecar")
    assert set(readings) == {
        Reading(Field.CAPTION, "Un", "xmp-sidecar:dc:description", "fr"),
        Reading(Field.CAPTION, "واحد", "xmp-sidecar:dc:description", "ar"),
        Reading(Field.COPYRIGHT, "mine", "xmp-sidecar:dc:rights"),
    }


@pytest.mark.parametrize(
    ("told", "read"),
    [
        ("2021-11-18T10:20:30.5+01:00", ["2021-11-18T10:20:30"]),
        ("2021-11-18T10:20Z", ["2021-11-18T10:20:00"]),
        ("2021:11:18 10:20:30", ["2021-11-18T10:20:30"]),
        ("2021-11", ["2021-11"]),
        ("soon", ["soon"]),
        ("0000-00-00T00:00:00", []),
        ("", []),
    ],
)
def test_dates(told: str, read: list[object]) -> None:
    assert values("", Field.CAPTURED, f'xmp:CreateDate="{told}"') == read


@pytest.mark.parametrize(
    "inner",
    [
        NORTH,
        f"<{EXT}:LocationShown>{bag(FIVE_WEST)}</{EXT}:LocationShown>",
        f"<{EXT}:LocationCreated {RESOURCE}>{NORTH}</{EXT}:LocationCreated>",
        '<d:GpsLongtitude xmlns:d="http://www.dji.com/drone-dji/1.0/">5</d:GpsLongtitude>',
        '<g:lat xmlns:g="http://www.w3.org/2003/01/geo/wgs84_pos#">35</g:lat>',
    ],
)
def test_coordinates_are_found_wherever_they_hide(inner: str) -> None:
    assert values(inner, Field.GPS) == [True]


def test_references_without_coordinates_are_no_location() -> None:
    assert values("", Field.GPS, 'exif:GPSLatitudeRef="N" exif:GPSLatitude=""') == []


def test_plus_codes() -> None:
    vocabulary = "http://ns.useplus.org/ldf/vocab/"
    told = f'plus:MinorModelAgeDisclosure="{vocabulary}AG-U14" plus:ModelReleaseStatus="MR-UMR"'
    assert values("", Field.MINOR_AGE, told) == ["AG-U14"]
    assert values("", Field.RELEASE_STATUS, told) == ["MR-UMR"]
    odd = f"{vocabulary}AG-A99"
    assert values("", Field.MINOR_AGE, f'plus:MinorModelAgeDisclosure="{odd}"') == [odd]
    linked = f'<plus:MinorModelAgeDisclosure rdf:resource="{vocabulary}AG-A17"/>'
    assert values(linked, Field.MINOR_AGE) == ["AG-A17"]


def test_ages_and_an_age_that_is_none() -> None:
    assert values(f"<{EXT}:ModelAge>{bag('9', '34')}</{EXT}:ModelAge>", Field.MODEL_AGE) == [9, 34]
    block, readings = xmp.read((packet(f"<{EXT}:ModelAge>{bag('nine', '34')}</{EXT}:ModelAge>"),))
    assert block.status is Status.UNREADABLE
    assert "nine" not in block.detail
    assert [r.value for r in readings] == [34]


def details(*persons: str) -> str:
    inner = "".join(f"<rdf:li {RESOURCE}>{person}</rdf:li>" for person in persons)
    return f"<{EXT}:PersonInImageWDetails><rdf:Bag>{inner}</rdf:Bag></{EXT}:PersonInImageWDetails>"


def named(*names: str) -> str:
    return f"<{EXT}:PersonName>{bag(*names, kind='Alt')}</{EXT}:PersonName>"


def test_a_person_in_both_properties_counts_once() -> None:
    inner = f"<{EXT}:PersonInImage>{bag('Zoë', 'Amal', 'Amal')}</{EXT}:PersonInImage>" + details(
        named("Rachid", "رشيد"),
        named("زوي", "ZOE\u0308"),
        named("Amal"),
        f"<{EXT}:PersonDescription>{bag('a boy')}</{EXT}:PersonDescription>",
        f"<{EXT}:PersonCharacteristic>x</{EXT}:PersonCharacteristic>",
    )
    assert values(inner, Field.PERSON) == ["Zoë", "Amal", "Amal", "Rachid", "a boy", "person 5"]


def mwg(area: str, kind: str = "Face", dimensions: str = "") -> str:
    return (
        f"<mwg-rs:Regions {RESOURCE}>{dimensions}<mwg-rs:RegionList><rdf:Bag><rdf:li {RESOURCE}>"
        f"<mwg-rs:Type>{kind}</mwg-rs:Type><mwg-rs:Area {area}/></rdf:li></rdf:Bag>"
        "</mwg-rs:RegionList></mwg-rs:Regions>"
    )


@pytest.mark.parametrize(
    ("area", "box"),
    [
        ('stArea:x="0.5" stArea:y="0.5" stArea:w="0.5" stArea:h="0.25"', (0.25, 0.375, 0.5, 0.25)),
        ('stArea:x="0.5" stArea:y="0.5" stArea:d="0.5"', (0.25, 0.25, 0.5, 0.5)),
        ('stArea:x="0" stArea:y="1" stArea:w="0.5" stArea:h="0.5"', (0, 0.75, 0.25, 0.25)),
        ('stArea:x="nan" stArea:y="0.5" stArea:w="0.5" stArea:h="1"', (0, 0, 1, 1)),
        ('stArea:x="7" stArea:y="7" stArea:w="1" stArea:h="1"', (0, 0, 1, 1)),
        ('stArea:x="5" stArea:y="5" stArea:w="1" stArea:h="1" stArea:unit="pixel"', (0, 0, 1, 1)),
    ],
)
def test_mwg_faces(area: str, box: tuple[float, ...]) -> None:
    assert values(mwg(area), Field.PERSON_REGION) == [box]


def test_mwg_pixels_of_stated_dimensions_and_other_types() -> None:
    area = 'stArea:x="50" stArea:y="50" stArea:w="50" stArea:h="50" stArea:unit="pixel"'
    size = '<mwg-rs:AppliedToDimensions stDim:w="100" stDim:h="200" stDim:unit="pixel"/>'
    found = values(mwg(area, dimensions=size), Field.PERSON_REGION)
    assert found == [(0.25, 0.125, 0.5, 0.25)]
    assert values(mwg(area, kind="Pet"), Field.PERSON_REGION) == []
    assert values(mwg(area, kind=""), Field.PERSON_REGION) == [(0.0, 0.0, 1.0, 1.0)]


HUMAN = "http://cv.iptc.org/newscodes/imageregiontype/human"


def region(boundary: str, kind: str = HUMAN) -> str:
    return (
        f"<{EXT}:ImageRegion><rdf:Bag><rdf:li {RESOURCE}><{EXT}:RegionBoundary {boundary}/>"
        f"<{EXT}:rCtype><rdf:Bag><rdf:li {RESOURCE}><xmp:Identifier>{bag(kind)}</xmp:Identifier>"
        f"</rdf:li></rdf:Bag></{EXT}:rCtype></rdf:li></rdf:Bag></{EXT}:ImageRegion>"
    )


def rectangle(unit: str, *numbers: str) -> str:
    names = zip(("rbX", "rbY", "rbW", "rbH"), numbers, strict=True)
    return f'{EXT}:rbUnit="{unit}" ' + " ".join(f'{EXT}:{n}="{v}"' for n, v in names)


def test_iptc_regions() -> None:
    quarter = rectangle("relative", "0.25", "0.5", "0.25", "0.25")
    assert values(region(quarter), Field.PERSON_REGION) == [(0.25, 0.5, 0.25, 0.25)]
    assert values(region(quarter, "http://cv/animal"), Field.PERSON_REGION) == []
    pixels = rectangle("pixel", "10", "10", "20", "20")
    assert values(region(pixels), Field.PERSON_REGION) == [(0.0, 0.0, 1.0, 1.0)]
    size = 'exif:PixelXDimension="40" exif:PixelYDimension="80"'
    assert values(region(pixels), Field.PERSON_REGION, size) == [(0.25, 0.125, 0.5, 0.25)]
    circle = f'{EXT}:rbX="0.5" {EXT}:rbY="0.5" {EXT}:rbRx="0.25"'
    assert values(region(circle), Field.PERSON_REGION, size) == [(0.25, 0.375, 0.5, 0.25)]


@pytest.mark.parametrize(
    ("raw", "detail"),
    [
        (b"", "it is not well-formed XML"),
        (b"\0\0", "it is not well-formed XML"),
        (b"<x>\xff</x>", "the text is in no encoding of XMP"),
        (b"<x:xmpmeta xmlns:x='adobe:ns:meta/'/>", "there is no rdf:RDF in it"),
        (packet("")[:-4], "it is not well-formed XML"),
        (packet("&boom;"), "it is not well-formed XML"),
        (b" " * (4 * 1024 * 1024 + 1), "the packet is too large"),
        (b"<a>" * 200_000 + b"</a>" * 200_000, "nested too deeply"),
        (packet("<dc:a>" * 70 + "</dc:a>" * 70), "nested too deeply"),
        (packet("<dc:a/>" * 100_001), "too many elements"),
    ],
)
def test_what_cannot_be_trusted_is_unreadable(raw: bytes, detail: str) -> None:
    # Of the processor: other work on the machine is not the reader's fault.
    started = time.process_time()
    block, readings = xmp.read((raw,))
    assert (block.status, block.detail, readings) == (Status.UNREADABLE, detail, ())
    assert time.process_time() - started < 2


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_entity_bombs_and_external_entities(encoding: str) -> None:
    lol = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    for dtd in (
        f'<!DOCTYPE x [<!ENTITY l0 "lol">{lol}]>',
        '<!doctype x SYSTEM "file:///etc/passwd">',
    ):
        raw = (dtd + packet("<dc:creator>&l9;</dc:creator>").decode()).encode(encoding)
        block, readings = xmp.read((raw,))
        assert block.detail == "it declares a document type or entities"
        assert readings == ()


def test_too_many_values_and_too_long_texts() -> None:
    many = packet(f"<dc:creator>{bag(*(str(n) for n in range(1100)))}</dc:creator>")
    block, readings = xmp.read((many,))
    assert (block.status, len(readings)) == (Status.UNREADABLE, 1000)
    block, readings = xmp.read((packet(f"<dc:creator>{'x' * 70_000}</dc:creator>"),))
    assert (block.status, readings) == (Status.UNREADABLE, ())


def test_several_packets_are_a_union_and_one_bad_one_shows() -> None:
    good = packet("<photoshop:Credit>AMAL</photoshop:Credit>")
    block, readings = xmp.read((b"junk", good, packet("", 'photoshop:City="Tanger"')))
    assert block.status is Status.UNREADABLE
    assert [r.value for r in readings] == ["AMAL", "Tanger"]


def test_written_packet_reads_back() -> None:
    rights = replace(jpegs.RIGHTS, captured=date(2021, 11, 18))
    block, readings = xmp.read((xmp.write(rights),))
    assert block.status is Status.KNOWN
    assert [r.value for r in readings if r.field is Field.CREATOR] == list(rights.creators)
    captions = [(r.lang, r.value) for r in readings if r.field is Field.CAPTION]
    assert captions == list(rights.captions)
    assert Reading(Field.CAPTURED, "2021-11-18", "xmp:photoshop:DateCreated") in readings
    raw = xmp.write(jpegs.RIGHTS)
    assert b"DateCreated" not in raw
    assert b"xmptk" not in raw
    assert b"P-2021-07" in raw


@given(st.text(max_size=60))
def test_any_text_can_be_written_and_is_never_markup(text: str) -> None:
    rights = replace(jpegs.RIGHTS, creators=(text,), captions=(("en", text),), pack=text)
    block, readings = xmp.read((xmp.write(rights),))
    assert block.status is Status.KNOWN
    assert len([r for r in readings if r.field is Field.CREATOR]) <= 1


REAL = packet(
    f"<{EXT}:PersonInImage>{bag('Zoë', 'Amal')}</{EXT}:PersonInImage>"
    + region(rectangle("relative", "0.25", "0.5", "0.25", "0.25"))
    + mwg('stArea:x="0.5" stArea:y="0.5" stArea:w="0.5" stArea:h="0.25"')
    + details(named("Rachid"))
)


@given(st.binary(max_size=300), st.sampled_from([b"", b"<\0", b"\xff\xfe", b"<rdf:RDF", REAL]))
def test_random_bytes_never_raise(raw: bytes, start: bytes) -> None:
    xmp.read((start + raw,))


@given(st.lists(st.tuples(st.integers(0, len(REAL) - 1), st.integers(0, 255)), max_size=8))
def test_damaged_packets_never_raise(hits: list[tuple[int, int]]) -> None:
    raw = bytearray(REAL)
    for at, value in hits:
        raw[at] = value
    xmp.read((bytes(raw),))


@pytest.mark.corpus
def test_every_real_packet_is_readable() -> None:
    for path in jpegs.corpus("cameras", "orientation", "metadata", "broken", "people"):
        block, _ = xmp.read(jpegs.blocks(path.read_bytes()).xmp)
        assert block.status is not Status.UNREADABLE, (path.name, block.detail)


@pytest.mark.corpus
def test_every_field_of_the_iptc_reference_photograph() -> None:
    (path,) = [p for p in jpegs.corpus("metadata") if p.name.startswith("IPTC-")]
    _, readings = xmp.read(jpegs.blocks(path.read_bytes()).xmp)

    def all_of(field: Field) -> list[object]:
        return [r.value for r in readings if r.field is field]

    assert len(all_of(Field.PERSON)) == 3
    assert all_of(Field.MODEL_AGE) == [25, 27, 30]
    assert all_of(Field.MINOR_AGE) == ["AG-A25"]
    assert all_of(Field.RELEASE_STATUS) == ["MR-NAP"]
    assert len(all_of(Field.RELEASE_ID)) == 2
    assert all_of(Field.GPS)
    assert len(all_of(Field.PERSON_REGION)) == 3
    assert all_of(Field.PERSON_REGION)[0] == pytest.approx((0.31, 0.18, 0.127, 0.385))


@pytest.mark.corpus
def test_real_sidecars() -> None:
    if not jpegs.CORPORA.is_dir():
        pytest.skip("the corpora are not here (../shared/corpora)")
    sidecars = sorted((jpegs.CORPORA / "metadata").rglob("*.xmp"))
    assert sidecars
    for path in sidecars:
        block, readings = xmp.read((path.read_bytes(),), "xmp-sidecar")
        assert block.status is Status.KNOWN, path.name
        assert any(r.field is Field.CAPTURED for r in readings), path.name
