"""From a region in a file's XMP to a declared person's place on the upright picture."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from datetime import date
from pathlib import Path

import pytest
from PIL import Image, PngImagePlugin

from dam.adapters import metadata, xmp
from dam.adapters.imaging import Limits, open_original
from dam.core import sidecar
from dam.core.facts import PersonFact
from dam.core.merge import Received, Roster, Statement, merge
from dam.core.placing import Box, box_of
from dam.core.readings import FaceCount, Field, Looked, RawBlocks
from tests.adapters.pictures import LAID
from tests.adapters.test_xmp import EXT, RESOURCE, bag, details, named, packet
from tests.adapters.test_xmp_people import NAMED, acdsee, boundary, microsoft, region

SIZE = (120, 80)
SPOT: Box = (0.6, 0.1, 0.2, 0.3)


def stored(turn: int) -> Image.Image:
    """A picture with one white spot, laid down as a camera would that says `turn`."""
    picture = Image.new("RGB", SIZE, "black")
    x, y, w, h = SPOT
    wide, tall = SIZE
    left, top = round(x * wide), round(y * tall)
    picture.paste("white", (left, top, left + round(w * wide), top + round(h * tall)))
    return picture.transpose(LAID[turn]) if turn in LAID else picture


def spot(picture: Image.Image) -> Box:
    """Where the white spot is, as fractions of the picture as it is stored."""
    found = picture.convert("L").point(lambda tone: 255 * (tone > 127)).getbbox()
    assert found is not None
    left, top, right, bottom = found
    wide, tall = picture.size
    return left / wide, top / tall, (right - left) / wide, (bottom - top) / tall


def mwg(box: Box, inner: str, size: tuple[float, float] | None = None) -> str:
    x, y, w, h = box
    told = (
        f'<mwg-rs:AppliedToDimensions stDim:w="{size[0]}" stDim:h="{size[1]}" stDim:unit="pixel"/>'
        if size
        else ""
    )
    area = f'stArea:x="{x + w / 2}" stArea:y="{y + h / 2}" stArea:w="{w}" stArea:h="{h}"'
    return (
        f"<mwg-rs:Regions {RESOURCE}>{told}<mwg-rs:RegionList><rdf:Bag><rdf:li {RESOURCE}>"
        f'<mwg-rs:Type>Face</mwg-rs:Type><mwg-rs:Area {area} stArea:unit="normalized"/>{inner}'
        "</rdf:li></rdf:Bag></mwg-rs:RegionList></mwg-rs:Regions>"
    )


def called(name: str) -> str:
    return f"<mwg-rs:Name>{name}</mwg-rs:Name>"


def iptc(box: Box, inner: str) -> str:
    x, y, w, h = map(str, box)
    outline = boundary(rbShape="rectangle", rbUnit="relative", rbX=x, rbY=y, rbW=w, rbH=h)
    return region(outline + inner)


def with_id(ident: str, *names: str) -> str:
    told = named(*names) if names else ""
    return details(told + f"<{EXT}:PersonId>{bag(ident)}</{EXT}:PersonId>")


def filed(picture: Image.Image, turn: int, packed: bytes, kind: str) -> bytes:
    out, exif = io.BytesIO(), Image.Exif()
    exif[0x0112] = turn
    how: dict[str, object] = {"exif": exif, "xmp": packed}
    if kind == "PNG":
        info = PngImagePlugin.PngInfo()
        info.add_itxt("XML:com.adobe.xmp", packed.decode())
        how = {"exif": exif, "pnginfo": info}
    elif kind == "TIFF":
        exif[700] = packed
        how = {"exif": exif}
    elif kind == "JPEG":
        how["quality"] = 95
    picture.save(out, kind, **how)
    return out.getvalue()


def looked_at(path: Path, data: bytes, beside: bytes | None = None) -> Looked:
    path.write_bytes(data)
    original = open_original(path, Limits())
    said = metadata.read(original.blocks, beside, original.turned)
    nobody = FaceCount((), "detector")
    return Looked(original.format, original.width, original.height, said, nobody)


def people(looked: Looked, *told: Mapping[str, object]) -> dict[str | None, PersonFact]:
    """The declared persons (S-1 where none is told), by subject."""
    body = {"schema": "dam/photo/1", "people": list(told) or [{"subject": "S-1"}]}
    said = sidecar.parse_photo(json.dumps(body).encode(), "a.jpg.consent.json", json=True).value
    received = Received((), date(2021, 1, 1), date(2022, 1, 1))
    facts = merge(looked, [Statement("a.jpg.consent.json", said)], Roster({}), received)
    return {person.subject: person for person in facts.people.persons}


def place(person: PersonFact) -> Box | None:
    return box_of(person.region) if person.region else None


def seen(path: Path, inner: str, **how: object) -> PersonFact:
    """S-1 in the upright picture with this XMP."""
    data = filed(stored(1), 1, packet(inner), "JPEG")
    return people(looked_at(path / "a.jpg", data))["S-1"]


@pytest.mark.parametrize("turn", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
@pytest.mark.parametrize("made", ["mwg", "iptc"])
def test_whichever_way_the_picture_is_stored(
    tmp_path: Path, turn: int, kind: str, made: str
) -> None:
    picture = stored(turn)
    inner = (
        mwg(spot(picture), called("S-1"), picture.size)
        if made == "mwg"
        else iptc(spot(picture), with_id("S-1"))
    )
    looked = looked_at(tmp_path / "a", filed(picture, turn, packet(inner), kind))
    assert (looked.width, looked.height) == SIZE
    person = people(looked)["S-1"]
    # JPEG blurs the edge of the spot, by which it is found, by a pixel or two.
    assert place(person) == pytest.approx(SPOT, abs=0.03)
    (claim,) = person.claims
    where = "mwg-rs:Regions" if made == "mwg" else f"{EXT}:ImageRegion"
    assert (claim.source, claim.written) == (f"xmp:{where}", False)


@pytest.mark.parametrize("turn", range(1, 9))
def test_in_an_xmp_sidecar_as_well(tmp_path: Path, turn: int) -> None:
    picture = stored(turn)
    data = filed(picture, turn, packet(""), "JPEG")
    beside = packet(mwg(spot(picture), called("S-1"), picture.size))
    person = people(looked_at(tmp_path / "a", data, beside))["S-1"]
    assert place(person) == pytest.approx(SPOT, abs=0.03)
    assert person.claims[0].source == "xmp-sidecar:mwg-rs:Regions"


@pytest.mark.parametrize("turn", [5, 6, 7, 8])
def test_drawn_on_the_picture_as_shown_it_tells_no_place(tmp_path: Path, turn: int) -> None:
    """Some programs count from the upright picture; its size gives that away."""
    inner = mwg(SPOT, called("S-1"), SIZE)
    looked = looked_at(tmp_path / "a", filed(stored(turn), turn, packet(inner), "JPEG"))
    assert people(looked)["S-1"].claims == ()


@pytest.mark.parametrize(
    ("size", "tells"),
    [
        ((120, 80), True),
        ((6000, 4000), True),
        ((61, 40), True),
        ((80, 120), False),
        ((120, 120), False),
        ((100, 80), False),
        ((0, 0), True),
    ],
)
def test_a_picture_cropped_since_tells_no_place(
    tmp_path: Path, size: tuple[int, int], tells: bool
) -> None:
    person = seen(tmp_path, mwg(SPOT, called("S-1"), size))
    assert (place(person) is not None) is tells


def test_a_decoder_that_turns_by_itself_leaves_open_whose_it_is() -> None:
    block, readings = xmp.read((packet(mwg(SPOT, called("S-1"))),))
    assert [r.whose for r in readings if r.field is Field.PERSON_REGION] == [("S-1",)]
    found = metadata.read(RawBlocks(xmp=(packet(mwg(SPOT, called("S-1"))),)))
    assert [r.whose for r in found.readings if r.field is Field.PERSON_REGION] == [()]
    assert block.name == "xmp"


LISTED = with_id("S-1", "Amal", "أمل")


@pytest.mark.parametrize(
    ("inner", "whose"),
    [
        (mwg(SPOT, called("s-1 ")), True),
        (mwg(SPOT, called("S-10")), False),
        (mwg(SPOT, called("S-1 and S-2")), False),
        (mwg(SPOT, ""), False),
        (mwg(SPOT, called("Amal")), False),
        (mwg(SPOT, called("Amal")) + LISTED, True),
        (mwg(SPOT, called("AMAL")) + LISTED, True),
        (mwg(SPOT, called("أمل")) + LISTED, True),
        (mwg(SPOT, f"<mwg-rs:Extensions {RESOURCE}>{LISTED}</mwg-rs:Extensions>"), True),
        (mwg(SPOT, "<mwg-rs:Type>Pet</mwg-rs:Type>" + called("S-1")), True),
        (iptc(SPOT, LISTED), True),
        (iptc(SPOT, NAMED.replace("Amal", "S-1")), True),
        (iptc(SPOT, f"<{EXT}:Name>{bag('S-1', kind='Alt')}</{EXT}:Name>"), True),
        (iptc(SPOT, NAMED), False),
        (iptc(SPOT, NAMED) + LISTED, True),
        (iptc(SPOT, details(f"<{EXT}:PersonDescription>S-1</{EXT}:PersonDescription>")), False),
        (iptc(SPOT, with_id("http://example.org/people/S-1")), False),
        (microsoft("0.6, 0.1, 0.2, 0.3", "S-1"), True),
        (microsoft("", "S-1"), False),
        (
            acdsee(
                "Face",
                '<acdsee-rs:DLYArea acdsee-stArea:x="0.7" acdsee-stArea:y="0.25"'
                ' acdsee-stArea:w="0.2" acdsee-stArea:h="0.3"/>',
            ).replace("Zoë", "S-1"),
            True,
        ),
    ],
)
def test_whose_a_region_is(tmp_path: Path, inner: str, whose: bool) -> None:
    person = seen(tmp_path, inner)
    assert (place(person) is not None) is whose
    if whose:
        assert place(person) == pytest.approx(SPOT)


ELSEWHERE: Box = (0.1, 0.5, 0.2, 0.3)


@pytest.mark.parametrize(
    "inner",
    [
        mwg(SPOT, called("S-1")) + iptc(ELSEWHERE, LISTED),
        mwg(SPOT, called("S-1")) + microsoft("0.1, 0.5, 0.2, 0.3", "S-1"),
    ],
)
def test_lists_that_disagree_leave_it_open(tmp_path: Path, inner: str) -> None:
    person = seen(tmp_path, inner)
    assert place(person) is None
    assert len(person.claims) == 2


def test_lists_that_agree_say_it_once_more(tmp_path: Path) -> None:
    larger = (0.55, 0.05, 0.3, 0.6)
    person = seen(tmp_path, iptc(larger, LISTED) + mwg(SPOT, called("S-1")))
    assert place(person) == pytest.approx(SPOT)
    assert len(person.claims) == 2


def test_a_sidecar_and_the_metadata(tmp_path: Path) -> None:
    data = filed(stored(1), 1, packet(mwg(SPOT, called("S-1"))), "JPEG")
    looked = looked_at(tmp_path / "a.jpg", data)

    def told(x: float) -> PersonFact:
        where = {"x": x, "y": 0.1, "w": 0.25, "h": 0.3}
        return people(looked, {"subject": "S-1", "region": where})["S-1"]

    assert place(told(0.58)) == (0.58, 0.1, 0.25, 0.3)
    assert place(told(0.1)) is None
    assert [claim.written for claim in told(0.1).claims] == [True, False]
    # Who is shown somewhere in the picture is shown where the metadata says.
    everywhere = {"subject": "S-1", "region": {"x": 0, "y": 0, "w": 1, "h": 1}}
    assert place(people(looked, everywhere)["S-1"]) == pytest.approx(SPOT)


def test_one_region_for_two_is_claimed_for_both(tmp_path: Path) -> None:
    both = f"<{EXT}:PersonInImage>{bag('S-1', 'S-2')}</{EXT}:PersonInImage>"
    data = filed(stored(1), 1, packet(iptc(SPOT, both)), "JPEG")
    found = people(looked_at(tmp_path / "a.jpg", data), {"subject": "S-1"}, {"subject": "S-2"})
    assert place(found["S-1"]) == place(found["S-2"]) == pytest.approx(SPOT)


def test_names_stay_in_the_original(tmp_path: Path) -> None:
    data = filed(stored(1), 1, packet(mwg(SPOT, called("Amal")) + LISTED), "JPEG")
    looked = looked_at(tmp_path / "a.jpg", data)
    assert any("Amal" in r.whose for r in looked.metadata.readings)
    assert "Amal" not in people(looked)["S-1"].model_dump_json()
