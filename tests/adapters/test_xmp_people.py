"""Everything by which XMP speaks of people: names, ages, releases and regions of every list."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dam.adapters import metadata, xmp
from dam.adapters.xmp.rdf import NAMESPACES
from dam.core import mentions
from dam.core.readings import Field, Metadata, RawBlocks, Status
from tests.adapters import jpegs
from tests.adapters.test_xmp import EXT, RESOURCE, bag, details, mwg, named, packet, values

IPTC = "http://cv.iptc.org/newscodes"


def region(*inner: str) -> str:
    return (
        f"<{EXT}:ImageRegion><rdf:Bag><rdf:li {RESOURCE}>{''.join(inner)}</rdf:li></rdf:Bag>"
        f"</{EXT}:ImageRegion>"
    )


def kind(identifier: str, word: str = "rCtype") -> str:
    entity = (
        f"<rdf:Description><xmp:Identifier>{bag(identifier)}</xmp:Identifier></rdf:Description>"
    )
    return f"<{EXT}:{word}>{bag(entity)}</{EXT}:{word}>"


def boundary(**told: str) -> str:
    inner = " ".join(f'{EXT}:{name}="{value}"' for name, value in told.items())
    return f"<{EXT}:RegionBoundary {inner}/>"


BOX = boundary(rbShape="rectangle", rbUnit="relative", rbX="0.1", rbY="0.2", rbW="0.3", rbH="0.4")
NAMED = f"<{EXT}:PersonInImage>{bag('Amal')}</{EXT}:PersonInImage>"


@pytest.mark.parametrize(
    ("inner", "shown"),
    [
        (BOX + kind(f"{IPTC}/imageregiontype/human"), True),
        (BOX + kind(f'"{IPTC}/imageregiontype/human"'), True),
        (BOX + kind(f"{IPTC}/imageregiontype/animal"), False),
        (BOX + kind(f"{IPTC}/imageregiontype/building"), False),
        (BOX + kind("https://example.org/types#bystander"), True),
        (BOX + kind(f"{IPTC}/imageregiontype/animal") + NAMED, True),
        (BOX + kind(f"{IPTC}/imageregionrole/mainSubjectArea", "rRole"), True),
        (BOX + kind(f"{IPTC}/imageregionrole/squareCropping", "rRole"), False),
        (BOX, True),
        (kind(f"{IPTC}/imageregiontype/human"), True),
    ],
)
def test_a_region_of_a_person_or_of_what_may_be_one(inner: str, shown: bool) -> None:
    assert bool(values(region(inner), Field.PERSON_REGION)) is shown


@pytest.mark.parametrize(
    ("outline", "box"),
    [
        (BOX, (0.1, 0.2, 0.3, 0.4)),
        (boundary(rbShape="circle", rbX="0.5", rbY="0.5", rbRx="0.1"), (0.4, 0.3, 0.2, 0.4)),
        (
            boundary(rbShape="rectangle", rbUnit="pixel", rbX="80", rbY="40", rbW="40", rbH="40"),
            (0.2, 0.2, 0.1, 0.2),
        ),
        (
            boundary(rbShape="circle", rbUnit="pixel", rbX="200", rbY="100", rbRx="20"),
            (0.45, 0.4, 0.1, 0.2),
        ),
        (
            f"<{EXT}:RegionBoundary {RESOURCE}><{EXT}:rbShape>polygon</{EXT}:rbShape>"
            f"<{EXT}:rbUnit>relative</{EXT}:rbUnit><{EXT}:rbVertices><rdf:Seq>"
            f'<rdf:li {EXT}:rbX="0.1" {EXT}:rbY="0.5"/><rdf:li {EXT}:rbX="0.3" {EXT}:rbY="0.1"/>'
            f'<rdf:li {EXT}:rbX="0.2" {EXT}:rbY="0.6"/></rdf:Seq></{EXT}:rbVertices>'
            f"</{EXT}:RegionBoundary>",
            (0.1, 0.1, 0.2, 0.5),
        ),
        # Half outside, turned inside out, of no size, no numbers: somewhere in the picture.
        (boundary(rbX="0.9", rbY="0.9", rbW="0.3", rbH="0.3"), (0.9, 0.9, 0.1, 0.1)),
        (boundary(rbX="0.5", rbY="0.5", rbW="-0.3", rbH="0.3"), (0, 0, 1, 1)),
        (boundary(rbX="0.5", rbY="0.5", rbW="0", rbH="0"), (0, 0, 1, 1)),
        (boundary(rbX="1e308", rbY="1e308", rbW="1e308", rbH="1e308"), (0, 0, 1, 1)),
        (boundary(rbX="inf", rbY="x", rbW="", rbH="0"), (0, 0, 1, 1)),
        (boundary(rbX="0.5", rbY="0.5", rbRx="1e308"), (0, 0, 1, 1)),
        ("", (0, 0, 1, 1)),
    ],
)
def test_outlines_of_the_iptc(outline: str, box: tuple[float, ...]) -> None:
    size = 'exif:PixelXDimension="400" exif:PixelYDimension="200"'
    (found,) = values(region(outline + NAMED), Field.PERSON_REGION, size)
    assert found == pytest.approx(box)


@pytest.mark.parametrize(
    ("word", "shown"),
    [("Face", True), ("", True), ("Body", True), ("Pet", False), ("Focus", False),
     ("BarCode", False), ("pet", False)],
)  # fmt: skip
def test_regions_of_the_mwg_by_their_type(word: str, shown: bool) -> None:
    area = 'stArea:x="0.5" stArea:y="0.5" stArea:w="0.1" stArea:h="0.1"'
    assert bool(values(mwg(area, kind=word), Field.PERSON_REGION)) is shown


def microsoft(rectangle: str, name: str = "Amal") -> str:
    return (
        f"<MP:RegionInfo {RESOURCE}><MPRI:Regions><rdf:Bag><rdf:li {RESOURCE}>"
        f"<MPReg:Rectangle>{rectangle}</MPReg:Rectangle>"
        f"<MPReg:PersonDisplayName>{name}</MPReg:PersonDisplayName></rdf:li></rdf:Bag>"
        "</MPRI:Regions></MP:RegionInfo>"
    )


@pytest.mark.parametrize(
    ("rectangle", "box"),
    [
        ("0.1, 0.2, 0.3, 0.4", (0.1, 0.2, 0.3, 0.4)),
        ("0.1,0.2,0.3", (0, 0, 1, 1)),
        ("nan, 0, 1, 1", (0, 0, 1, 1)),
        ("1e308,1e308,1e308,1e308", (0, 0, 1, 1)),
        ("", (0, 0, 1, 1)),
    ],
)
def test_people_tags_of_microsoft(rectangle: str, box: tuple[float, ...]) -> None:
    inner = microsoft(rectangle)
    assert values(inner, Field.PERSON_REGION) == [pytest.approx(box)]
    assert values(inner, Field.PERSON) == ["Amal"]


def acdsee(word: str, area: str) -> str:
    return (
        f"<acdsee-rs:Regions {RESOURCE}><acdsee-rs:RegionList><rdf:Bag><rdf:li {RESOURCE}>"
        f"<acdsee-rs:Type>{word}</acdsee-rs:Type><acdsee-rs:Name>Zoë</acdsee-rs:Name>{area}"
        "</rdf:li></rdf:Bag></acdsee-rs:RegionList></acdsee-rs:Regions>"
    )


def test_regions_of_acdsee() -> None:
    parts = 'acdsee-stArea:x="0.5" acdsee-stArea:y="0.5" acdsee-stArea:w="0.2"'
    area = f'<acdsee-rs:ALGArea {parts} acdsee-stArea:h="0.4"/>'
    assert values(acdsee("Face", area), Field.PERSON_REGION) == [
        pytest.approx((0.4, 0.3, 0.2, 0.4))
    ]
    assert values(acdsee("Face", ""), Field.PERSON_REGION) == [(0, 0, 1, 1)]
    assert values(acdsee("Face", ""), Field.PERSON) == ["Zoë"]
    assert values(acdsee("Object", area), Field.PERSON_REGION) == []


def test_a_name_in_several_lists_is_one_person() -> None:
    everywhere = (
        NAMED
        + details(named("AMAL", "أمل"))
        + region(NAMED + details(named("amal")))
        + microsoft("0,0,1,1")
        + f"<mediapro:People>{bag('Amal', 'Rachid')}</mediapro:People>"
        + f"<GettyImagesGIFT:Personality>{bag('Rachid')}</GettyImagesGIFT:Personality>"
        + "<prism:person>Zoë</prism:person>"
    )
    assert values(everywhere, Field.PERSON) == ["Amal", "Rachid", "Zoë"]


def test_details_of_a_person_without_a_name() -> None:
    ident = f"<{EXT}:PersonId>{bag('http://example.org/people/7')}</{EXT}:PersonId>"
    traits = f"<{EXT}:PersonCharacteristic>{bag('goalkeeper')}</{EXT}:PersonCharacteristic>"
    found = values(details(ident, traits), Field.PERSON)
    assert found == ["http://example.org/people/7", "person 2"]


def test_a_description_of_models_is_of_somebody() -> None:
    described = f"<{EXT}:AddlModelInfo>a family from Oujda</{EXT}:AddlModelInfo>"
    assert values(described, Field.PERSON) == ["a model"]
    assert values(described + NAMED, Field.PERSON) == ["Amal"]


@pytest.mark.parametrize(
    "uri", ["http://iptc.org/std/Iptc4xmpExt/2008-02-19/", "http://iptc.org/std/Iptc4xmpExt/", "x"]
)
def test_a_namespace_misspelt_says_the_same(uri: str) -> None:
    inner = (
        f'<o:PersonInImage xmlns:o="{uri}">{bag("Amal")}</o:PersonInImage>'
        f'<o:ModelAge xmlns:o="{uri}">9</o:ModelAge>'
        f'<o:minorModelAgeDisclosure xmlns:o="{uri}">AG-U14</o:minorModelAgeDisclosure>'
    )
    assert values(inner, Field.PERSON) == ["Amal"]
    assert values(inner, Field.MODEL_AGE) == [9]
    assert values(inner, Field.MINOR_AGE) == ["AG-U14"]


@pytest.mark.parametrize("age", ["nine", "17.5", "-3", "9 years", "١٧", "1000", "0x9", "9;34"])
def test_an_age_that_is_none_makes_the_block_unreadable(age: str) -> None:
    block, readings = xmp.read((packet(f"<{EXT}:ModelAge>{age}</{EXT}:ModelAge>"),))
    assert block.status is Status.UNREADABLE
    assert age not in block.detail
    assert readings == ()


@pytest.mark.parametrize("code", ["AG-A99", "ag-a25", "Age 25 or Over", "25", "http://evil/AG-A25"])
def test_an_age_code_that_is_none_may_be_a_minors(code: str) -> None:
    inner = f"<plus:MinorModelAgeDisclosure>{code}</plus:MinorModelAgeDisclosure>"
    _, readings = xmp.read((packet(inner),))
    assert mentions.minors(Metadata(readings)) == 1


def test_embedded_and_beside_it_the_strictest_counts() -> None:
    adult = packet(
        f"<{EXT}:ModelAge>{bag('34')}</{EXT}:ModelAge>",
        'plus:MinorModelAgeDisclosure="AG-A25" plus:ModelReleaseStatus="MR-UMR"',
    )
    child = packet(
        f"<{EXT}:ModelAge>{bag('34', '9')}</{EXT}:ModelAge>",
        'plus:MinorModelAgeDisclosure="AG-UNK" plus:ModelReleaseStatus="MR-NON"',
    )
    for embedded, beside in ((adult, child), (child, adult)):
        found = metadata.read(RawBlocks(xmp=(embedded,)), beside)
        assert mentions.count(found) == 2
        assert mentions.minors(found) == 1
        status = mentions.release_status(found)
        assert status is not None
        assert status[0] == "MR-NON"


def test_people_beyond_number_make_the_block_unreadable() -> None:
    crowd = "".join(
        f"<rdf:li {RESOURCE}><mwg-rs:Type>Face</mwg-rs:Type></rdf:li>" for _ in range(2000)
    )
    inner = (
        f"<mwg-rs:Regions {RESOURCE}><mwg-rs:RegionList><rdf:Bag>{crowd}</rdf:Bag>"
        "</mwg-rs:RegionList></mwg-rs:Regions>"
    )
    block, readings = xmp.read((packet(inner),))
    assert block.status is Status.UNREADABLE
    assert len(readings) == 1000


WHOLE = packet(
    details(named("Rachid"))
    + NAMED
    + region(BOX, NAMED, kind(f"{IPTC}/imageregiontype/human"))
    + mwg('stArea:x="0.5" stArea:y="0.5" stArea:w="0.5" stArea:h="0.25"')
    + microsoft("0.1, 0.2, 0.3, 0.4")
    + acdsee("Face", "")
)
_TAGS = [f"{prefix}:" for prefix in NAMESPACES] + ["rdf:Bag", "rdf:li", "rdf:value", "0.5", "Face"]


@given(st.lists(st.tuples(st.integers(0, len(WHOLE) - 1), st.sampled_from(_TAGS)), max_size=6))
def test_mangled_packets_never_raise_and_regions_stay_inside(hits: list[tuple[int, str]]) -> None:
    raw = WHOLE
    for at, text in hits:
        raw = raw[:at] + text.encode() + raw[at + len(text) :]
    _, readings = xmp.read((raw,))
    for reading in readings:
        if isinstance(reading.value, tuple):
            x, y, w, h = reading.value
            assert 0 <= x < x + w <= 1 + 1e-9
            assert 0 <= y < y + h <= 1 + 1e-9


# --- as exiftool writes it ------------------------------------------------------------------

WRITTEN = [
    "-XMP-iptcExt:PersonInImage=Zoë",
    "-XMP-iptcExt:PersonInImageWDetails=[{PersonName=Amal},{PersonDescription=a boy}]",
    "-XMP-iptcExt:ModelAge=9",
    "-XMP-iptcExt:ModelAge=34",
    "-XMP-iptcExt:AdditionalModelInformation=a family",
    "-XMP-plus:MinorModelAgeDisclosure=Age 14 or Under",
    "-XMP-plus:ModelReleaseStatus=Unlimited Model Releases",
    "-XMP-plus:ModelReleaseID=R-1",
    "-XMP-mwg-rs:RegionInfo={AppliedToDimensions={W=400,H=200,Unit=pixel},RegionList="
    "[{Name=Zoë,Type=Face,Area={X=0.5,Y=0.5,W=0.2,H=0.2,Unit=normalized}}]}",
    "-XMP-MP:RegionInfoMP={Regions=[{PersonDisplayName=Zoë,Rectangle=0.4|, 0.4|, 0.2|, 0.2}]}",
    "-XMP-iptcExt:ImageRegion=[{RegionBoundary={RbShape=rectangle,RbUnit=pixel,RbX=160,RbY=80,"
    "RbW=80,RbH=40},RCtype=[{Identifier=[http://cv.iptc.org/newscodes/imageregiontype/human]}]}]",
    "-XMP-exif:ExifImageWidth=400",
    "-XMP-exif:ExifImageHeight=200",
]


def exiftool(target: Path) -> None:
    if shutil.which("exiftool") is None:
        pytest.skip("exiftool is not installed")
    command = ["exiftool", "-q", "-overwrite_original", "-charset", "utf8", *WRITTEN, str(target)]
    done = subprocess.run(command, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode(errors="replace")


def check(found: Metadata, name: str) -> None:
    block = next(b for b in found.blocks if b.name == name)
    assert block.status is Status.KNOWN, block.detail

    def all_of(field: Field) -> list[object]:
        return [r.value for r in found.readings if r.field is field]

    assert all_of(Field.PERSON) == ["Zoë", "Amal", "a boy"]
    assert all_of(Field.MODEL_AGE) == [9, 34]
    assert all_of(Field.MINOR_AGE) == ["AG-U14"]
    assert all_of(Field.RELEASE_STATUS) == ["MR-UMR"]
    assert all_of(Field.RELEASE_ID) == ["R-1"]
    assert len(all_of(Field.PERSON_REGION)) == 3
    for box in all_of(Field.PERSON_REGION):
        assert box == pytest.approx((0.4, 0.4, 0.2, 0.2))
    assert (mentions.count(found), mentions.minors(found)) == (3, 1)


def test_what_exiftool_embeds(tmp_path: Path) -> None:
    picture = tmp_path / "a.jpg"
    jpegs.drawn().resize((400, 200)).save(picture)
    exiftool(picture)
    check(metadata.read(jpegs.blocks(picture.read_bytes())), "xmp")


def test_what_exiftool_writes_beside_it(tmp_path: Path) -> None:
    sidecar = tmp_path / "a.jpg.xmp"
    exiftool(sidecar)
    check(metadata.read(RawBlocks(), sidecar.read_bytes()), "xmp-sidecar")
