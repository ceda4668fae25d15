from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import replace
from datetime import date
from pathlib import Path

import piexif
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dam.adapters import exif, metadata
from dam.core.errors import ConfigurationError
from dam.core.readings import Field, Metadata, RawBlocks, Status
from tests.adapters import jpegs
from tests.adapters.test_xmp import mwg, packet


def exif_block(main: dict[int, object]) -> bytes:
    raw: bytes = piexif.dump({"0th": main})
    return raw[6:]


def statuses(found: Metadata) -> dict[str, Status]:
    return {block.name: block.status for block in found.blocks}


def test_a_photograph_without_metadata() -> None:
    found = metadata.read(RawBlocks())
    assert statuses(found) == dict.fromkeys(("exif", "iptc", "xmp", "xmp-sidecar"), Status.ABSENT)
    assert found.readings == ()


def test_what_the_container_could_not_take_apart_is_unreadable() -> None:
    raw = RawBlocks(
        exif=(exif_block({0x013B: b"Zoe"}),),
        unreadable=(("exif", "a chunk is cut off"), ("xmp", "extended part missing")),
    )
    found = metadata.read(raw)
    assert statuses(found)["exif"] is Status.UNREADABLE
    assert statuses(found)["xmp"] is Status.UNREADABLE
    assert [r.value for r in found.readings] == ["Zoe"]


def test_the_sidecar_is_a_block_of_its_own() -> None:
    found = metadata.read(RawBlocks(), packet("", 'plus:MinorModelAgeDisclosure="AG-U14"'))
    assert [r.source for r in found.readings] == ["xmp-sidecar:plus:MinorModelAgeDisclosure"]
    assert statuses(found)["xmp-sidecar"] is Status.KNOWN
    assert statuses(metadata.read(RawBlocks(), b""))["xmp-sidecar"] is Status.UNREADABLE


def test_placeholders_of_programs_are_nobodys_word() -> None:
    raw = RawBlocks(
        exif=(exif_block({0x013B: b"null", 0x010E: b"null"}),),
        xmp=(packet("", 'dc:creator="Unknown" dc:description="KODAK Digital Still Camera"'),),
    )
    assert metadata.read(raw).readings == ()


def test_a_reader_that_fails_has_not_read_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_blocks: tuple[bytes, ...]) -> None:
        raise MemoryError

    monkeypatch.setattr(exif, "read", fail)
    found = metadata.read(RawBlocks(exif=(exif_block({}),)))
    assert statuses(found)["exif"] is Status.UNREADABLE


@pytest.mark.parametrize(
    ("turn", "box"),
    [
        (1, (0.0, 0.25, 0.25, 0.5)),
        (2, (0.75, 0.25, 0.25, 0.5)),
        (3, (0.75, 0.25, 0.25, 0.5)),
        (4, (0.0, 0.25, 0.25, 0.5)),
        (5, (0.25, 0.0, 0.5, 0.25)),
        (6, (0.25, 0.0, 0.5, 0.25)),
        (7, (0.25, 0.75, 0.5, 0.25)),
        (8, (0.25, 0.75, 0.5, 0.25)),
    ],
)
def test_regions_come_out_upright(turn: int, box: tuple[float, ...]) -> None:
    area = mwg('stArea:x="0.125" stArea:y="0.5" stArea:w="0.25" stArea:h="0.5"')
    raw = RawBlocks(exif=(exif_block({0x0112: turn}),), xmp=(packet(area),))
    assert [r.value for r in metadata.read(raw).readings] == [box]


@pytest.mark.corpus
def test_the_same_faces_in_an_upright_and_a_turned_file() -> None:
    people = {path.name: path for path in jpegs.corpus("people")}

    def faces(name: str) -> list[object]:
        found = metadata.read(jpegs.blocks(people[name].read_bytes()))
        return [r.value for r in found.readings if r.field is Field.PERSON_REGION]

    upright, turned = faces("portrait.jpg"), faces("portrait-orientation-6.jpg")
    # Two faces, in the lists of the MWG and of Microsoft.
    assert len(upright) == len(turned) == 4
    for one, other in zip([*upright, *upright[:2]], [*turned, *upright[2:]], strict=True):
        assert one == pytest.approx(other, abs=0.001)


@pytest.mark.corpus
def test_no_block_of_a_sound_photograph_is_unreadable() -> None:
    for path in jpegs.corpus("cameras", "orientation", "metadata"):
        found = metadata.read(jpegs.blocks(path.read_bytes()))
        assert Status.UNREADABLE not in statuses(found).values(), path.name


@given(st.binary(max_size=200), st.binary(max_size=200), st.binary(max_size=200))
def test_random_bytes_never_raise(one: bytes, two: bytes, three: bytes) -> None:
    metadata.read(RawBlocks(exif=(one,), iptc=(two,), xmp=(three,)), one)


def test_texts_beyond_a_segment_are_refused() -> None:
    with pytest.raises(ConfigurationError, match="too long"):
        metadata.write(replace(jpegs.RIGHTS, captions=(("ar", "ط" * 40_000),)), jpegs.SIZE)


def told(path: Path, *tags: str) -> dict[str, object]:
    ran = subprocess.run(
        ["exiftool", "-j", "-G1", "-a", *(f"-{tag}" for tag in tags), str(path)],
        check=True,
        capture_output=True,
    )
    found: dict[str, object] = json.loads(ran.stdout)[0]
    return found


@pytest.mark.skipif(shutil.which("exiftool") is None, reason="exiftool is not installed")
def test_exiftool_reads_the_same_from_all_three(tmp_path: Path) -> None:
    rights = replace(jpegs.RIGHTS, captured=date(2021, 11, 18))
    plain = tmp_path / "plain.jpg"
    plain.write_bytes(jpegs.rendition())
    assert told(plain, "validate")["ExifTool:Validate"] == "OK"
    path = tmp_path / "made.jpg"
    path.write_bytes(jpegs.rendition(rights))
    found = told(path, "all")
    creators, caption = list(rights.creators), rights.captions[0][1]
    assert found["IFD0:Artist"] == "; ".join(creators)
    assert found["IPTC:By-line"] == found["XMP-dc:Creator"] == creators
    assert found["IPTC:Credit"] == found["XMP-photoshop:Credit"] == rights.credit_line
    assert (
        found["IFD0:Copyright"]
        == found["IPTC:CopyrightNotice"]
        == found["XMP-dc:Rights"]
        == rights.copyright
    )
    assert (
        found["IFD0:ImageDescription"]
        == found["IPTC:Caption-Abstract"]
        == found["XMP-dc:Description"]
        == caption
    )
    assert found["XMP-dc:Description-ar"] == dict(rights.captions)["ar"]
    assert found["IPTC:Source"] == found["XMP-photoshop:Source"] == "AMAL"
    assert found["XMP-xmpRights:UsageTerms-ar"] == dict(rights.usage_terms)["ar"]
    assert found["XMP-xmpRights:Marked"] is True
    assert found["XMP-xmpRights:WebStatement"] == rights.web_statement
    assert found["XMP-plus:LicensorName"] == "AMAL"
    assert str(found["XMP-plus:DataMining"]).endswith(("DMI-PROHIBITED", "Prohibited"))
    assert found["XMP-dc:Identifier"] == rights.pack
    assert found["IPTC:DateCreated"] == "2021:11:18"
    assert found["XMP-photoshop:DateCreated"] == "2021:11:18"
    assert found["ExifIFD:DateTimeOriginal"] == "2021:11:18 00:00:00"
    assert not [key for key in found if "GPS" in key or "Thumbnail" in key]
    digests = told(path, "Photoshop:IPTCDigest", "CurrentIPTCDigest")
    assert digests["Photoshop:IPTCDigest"] == digests["File:CurrentIPTCDigest"]
