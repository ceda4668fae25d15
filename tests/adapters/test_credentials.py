"""Content credentials: signed pictures, read back by two readers and tampered with."""

from __future__ import annotations

import getpass
import io
import platform
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import c2pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dam.adapters import credentials, readback
from dam.adapters.credentials import INVALID, SOUND, TRUSTED
from dam.adapters.credentials_check import check_signed
from dam.core.credentials import ACTIONS, DATA_HASH, METADATA, TRAINING, Claim, Deed
from dam.core.errors import RenditionRefused
from dam.core.jumbf import read_box
from dam.core.model import Purpose
from tests import leaks, signing
from tests.adapters.desks import CLAIM, Desk, certified
from tests.adapters.disk import mode, plain_files, sha
from tests.adapters.jpegs import RIGHTS, SIZE, rendition, segments
from tests.workspaces import exiftool

DIGITAL_CAPTURE = "http://cv.iptc.org/newscodes/digitalsourcetype/digitalCapture"


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    return certified(tmp_path_factory.mktemp("w") / ".dam" / "credentials")


@pytest.fixture(scope="module")
def pair(desk: Desk) -> tuple[bytes, bytes]:
    """A picture before and after."""
    before = rendition()
    return before, desk.signer.signed(before, CLAIM)


def stripped(data: bytes) -> bytes:
    """`data` without its APP11 segments."""
    at, kept = 2, [data[:2]]
    for marker, payload in segments(data):
        size = len(payload) + 4
        kept.append(b"" if marker == 0xEB else data[at : at + size])
        at += size
    return b"".join(kept) + data[at:]


# --- what is signed -----------------------------------------------------------------------


@pytest.mark.parametrize("how", [{}, {"mode": "L"}, {"quality": 60, "subsampling": 0}])
def test_a_signed_picture_is_the_same_picture_and_says_who_made_it(
    desk: Desk, tmp_path: Path, how: dict[str, Any]
) -> None:
    before = rendition(**how)
    path = tmp_path / "20211118-k7q2mz.jpg"
    path.write_bytes(before)
    path.chmod(0o644)
    signed = desk.signer.sign(path, CLAIM)
    after = path.read_bytes()
    assert (signed.sha256, signed.size, mode(path)) == (sha(after), len(after), 0o600)
    assert plain_files(tmp_path) == [path]
    assert stripped(after) == before
    assert readback.check(stripped(after), RIGHTS, SIZE) == ()
    assert readback.check(after, RIGHTS, SIZE) == ("JPEG: unknown APP11 segment",)
    found = credentials.read(after, desk.anchor)
    assert (found.state, found.failures, found.extras) == (TRUSTED, (), ())
    assert set(found.asserted) == {ACTIONS, TRAINING, METADATA}
    told = found.asserted[METADATA]
    assert isinstance(told, dict)
    assert told["dc:creator"] == ["Radouan Bounjoum", "رشيد الزوزي", "Zoë"]
    assert (told["dc:identifier"], told["dam:purpose"]) == ("P-2021-07", "press")
    trained = found.asserted[TRAINING]
    assert isinstance(trained, dict)
    assert {entry["use"] for entry in trained["entries"].values()} == {"notAllowed"}
    done = found.asserted[ACTIONS]
    assert isinstance(done, dict)
    assert [one["action"] for one in done["actions"]] == [
        "c2pa.created",
        "c2pa.resized",
        "c2pa.edited",
    ]
    assert done["actions"][0]["digitalSourceType"] == DIGITAL_CAPTURE


def test_who_does_not_know_the_authority_says_so(pair: tuple[bytes, bytes]) -> None:
    _, after = pair
    assert credentials.read(after).state == SOUND
    other = signing.pem(signing.Authority().certificate()).decode()
    found = credentials.read(after, other)
    assert (found.state, found.failures) == (SOUND, ("signingCredential.untrusted",))


def test_no_two_signatures_are_the_same(desk: Desk, pair: tuple[bytes, bytes]) -> None:
    before, after = pair
    again = desk.signer.signed(before, CLAIM)
    assert again != after
    assert stripped(again) == stripped(after) == before


def test_eight_threads_at_once(desk: Desk, tmp_path: Path) -> None:
    def one(number: int) -> str:
        path = tmp_path / f"{number:03}.jpg"
        path.write_bytes(rendition(quality=50 + number % 40))
        return desk.signer.sign(path, replace(CLAIM, pack=f"P-{number}")).sha256

    with ThreadPoolExecutor(8) as pool:
        hashes = list(pool.map(one, range(64)))
    assert len(set(hashes)) == 64
    for number, path in enumerate(sorted(tmp_path.iterdir())):
        assert sha(path.read_bytes()) == hashes[number]
        found = credentials.read(path.read_bytes(), desk.anchor)
        told = found.asserted[METADATA]
        assert isinstance(told, dict)
        assert (found.state, told["dc:identifier"]) == (TRUSTED, f"P-{number}")


# --- what is not in it --------------------------------------------------------------------

#: What exiftool may tell of the boxes, beside what a rendition may say itself.
_BOXES = (
    "JUMBF:JUMD",
    "Jpeg2000:",
    "CBOR:Action",
    "CBOR:Entries",
    "CBOR:Exclusions",
    "CBOR:Claim_Generator_Info",
    "CBOR:Created_Assertions",
    "JSON:Context",
)
_TOLD = {
    "CBOR:Name", "CBOR:Alg", "CBOR:Hash", "CBOR:Pad", "CBOR:InstanceID", "CBOR:Signature",
    "CBOR:Item0", "CBOR:Item1Pad", "CBOR:Item2", "CBOR:Item3", "JSON:Dccreator", "JSON:Dcrights",
    "JSON:Dcidentifier", "JSON:PhotoshopCredit", "JSON:PhotoshopSource",
    "JSON:PhotoshopDateCreated", "JSON:PlusDataMining", "JSON:XmpRightsWebStatement",
    "JSON:Dampurpose",
}  # fmt: skip


def test_nothing_leaks(desk: Desk, tmp_path: Path) -> None:
    path = tmp_path / "SECRETNAME.jpg"
    path.write_bytes(rendition(replace(RIGHTS, captured=date(2021, 11, 18))))
    before = leaks.everything_told([path])
    desk.signer.sign(path, CLAIM)
    strays = {
        tag
        for tag in leaks.strays(exiftool([path], "-a", "-u", "-ee"))
        if not tag.replace("C2PA", "C2pa").startswith(_BOXES)
    }
    assert strays <= _TOLD, strays - _TOLD
    store = path.read_bytes()
    start = store.index(b"\xff\xeb")
    store = store[start : start + 2 + int.from_bytes(store[start + 2 : start + 4], "big")]
    secrets = {"SECRETNAME", str(tmp_path), platform.node(), "Un atelier", "A workshop", "thumb"}
    secrets |= {getpass.getuser()} if getpass.getuser() != "root" else set()
    assert leaks.found_in(store, secrets | {"ingredient", "GPS", "2021-11-18T"}) == set()
    assert leaks.found_in(leaks.everything_told([path]), secrets) <= leaks.found_in(before, secrets)
    # What exiv2 reads of a rendition is what it read before.
    assert leaks.exiv2_told(path)[1] == set()


def planted(desk: Desk, before: bytes, change: Callable[[dict[str, Any]], Any]) -> bytes:
    """Signed with the same certificate by somebody who adds more."""
    definition = credentials._definition(CLAIM)
    context = change(definition) or desk.signer._context
    out = io.BytesIO()
    with c2pa.Builder(definition, context=context) as builder:
        builder.sign(desk.signer._signer, "image/jpeg", io.BytesIO(before), out)
    return out.getvalue()


def _thumbnail(definition: dict[str, Any]) -> Any:  # noqa: ANN401
    del definition
    return c2pa.Context.from_dict({"version": 1, "builder": {"thumbnail": {"enabled": True}}})


def _assertion(definition: dict[str, Any]) -> None:
    definition["assertions"].append({"label": "org.example.note", "data": {"who": "Amina"}})


def _missing(definition: dict[str, Any]) -> None:
    del definition["assertions"][1]


def _title(definition: dict[str, Any]) -> None:
    definition["title"] = "IMG_0001.JPG"


def _program(definition: dict[str, Any]) -> None:
    definition["claim_generator_info"][0]["operating_system"] = "Linux"


def _allowed(definition: dict[str, Any]) -> None:
    definition["assertions"][1]["data"]["entries"]["cawg.data_mining"]["use"] = "allowed"


def _hour(definition: dict[str, Any]) -> None:
    definition["assertions"][0]["data"]["actions"][0]["when"] = "2021-11-18T15:04:05Z"


@pytest.mark.parametrize(
    "change", [_thumbnail, _assertion, _missing, _title, _program, _allowed, _hour]
)
def test_more_or_less_than_the_claim_is_seen(
    desk: Desk, change: Callable[[dict[str, Any]], Any]
) -> None:
    before = rendition()
    after = planted(desk, before, change)
    assert credentials.read(after).state == SOUND
    assert check_signed(before, after, CLAIM, desk.chain) != ()


def test_an_ingredient_is_seen(desk: Desk) -> None:
    before, out = rendition(), io.BytesIO()
    with c2pa.Builder(credentials._definition(CLAIM), context=desk.signer._context) as builder:
        told = {"title": "IMG_0001.JPG", "relationship": "componentOf"}
        builder.add_ingredient(told, "image/jpeg", io.BytesIO(before))
        builder.sign(desk.signer._signer, "image/jpeg", io.BytesIO(before), out)
    assert check_signed(before, out.getvalue(), CLAIM, desk.chain) != ()
    assert "ingredients" in credentials.read(out.getvalue()).extras


@pytest.mark.parametrize(
    "other",
    [
        replace(CLAIM, pack="P-2"),
        replace(CLAIM, purpose=Purpose.DONOR),
        replace(CLAIM, creators=("Zoë",)),
        replace(CLAIM, copyright="©"),
        replace(CLAIM, captured=None),
        replace(CLAIM, deeds=(Deed.RESIZED,)),
        replace(CLAIM, source_type="x"),
    ],
)
def test_another_claim_is_seen(desk: Desk, pair: tuple[bytes, bytes], other: Claim) -> None:
    before, after = pair
    assert check_signed(before, after, CLAIM, desk.chain) == ()
    assert check_signed(before, after, other, desk.chain) != ()


def test_another_picture_or_signer_is_seen(desk: Desk, pair: tuple[bytes, bytes]) -> None:
    before, after = pair
    assert check_signed(rendition(quality=40), after, CLAIM, desk.chain) != ()
    assert check_signed(before, after, CLAIM, (b"another",)) == (
        "Credentials: signed with other certificates",
    )
    assert check_signed(before, before, CLAIM) == ("Credentials: not one APP11 segment",)
    assert check_signed(after, after, CLAIM) != ()


# --- tampering ----------------------------------------------------------------------------


def test_a_changed_pixel_and_a_changed_assertion_are_found(pair: tuple[bytes, bytes]) -> None:
    before, after = pair
    at = len(after) - 200
    pixel = after[:at] + bytes((after[at] ^ 0x10,)) + after[at + 1 :]
    found = credentials.read(pixel)
    assert (found.state, found.failures) == (INVALID, ("assertion.dataHash.mismatch",))
    words = after.replace(b'"dam:purpose":"press"', b'"dam:purpose":"donor"')
    assert words != after
    found = credentials.read(words)
    assert found.state == INVALID
    assert "assertion.hashedURI.mismatch" in found.failures
    free = after.replace(b"notAllowed", b"Nice_words", 1)
    assert credentials.read(free).state == INVALID
    assert check_signed(before, free, CLAIM) != ()
    with pytest.raises(RenditionRefused):
        credentials.read(before)


def test_credentials_moved_to_another_picture_are_found(pair: tuple[bytes, bytes]) -> None:
    _, after = pair
    start = after.index(b"\xff\xeb")
    end = start + 2 + int.from_bytes(after[start + 2 : start + 4], "big")
    other = rendition(quality=30)
    moved = other[:start] + after[start:end] + other[start:]
    assert credentials.read(moved).state == INVALID


@settings(max_examples=60)
@given(data=st.data())
def test_any_changed_byte_is_found(
    desk: Desk, pair: tuple[bytes, bytes], data: st.DataObject
) -> None:
    """By the second reader alone, but for the signature, which the library reads."""
    before, after = pair
    at = data.draw(st.integers(0, len(after) - 1))
    bad = bytearray(after)
    bad[at] ^= data.draw(st.integers(1, 255))
    if check_signed(before, bytes(bad), CLAIM, desk.chain) == ():
        assert credentials.read(bytes(bad)).state == INVALID


def test_every_byte_of_the_credentials_is_accounted_for(
    desk: Desk, pair: tuple[bytes, bytes]
) -> None:
    """None of them could be another without one of the two readers seeing it."""
    before, after = pair
    start = after.index(b"\xff\xeb")
    end = start + 2 + int.from_bytes(after[start + 2 : start + 4], "big")
    for at in range(start, end):
        bad = after[:at] + bytes((after[at] ^ 1,)) + after[at + 1 :]
        if check_signed(before, bad, CLAIM, desk.chain) == ():
            assert credentials.read(bad).state == INVALID, at - start


@given(data=st.data())
@settings(max_examples=40)
def test_a_cut_or_patched_file_never_throws(pair: tuple[bytes, bytes], data: st.DataObject) -> None:
    before, after = pair
    cut = data.draw(st.integers(0, len(after) - 1))
    rest = data.draw(st.binary(max_size=30))
    for complaint in check_signed(before, after[:cut] + rest, CLAIM):
        assert complaint.startswith(("Credentials: ", "JUMBF: ", "CBOR: "))
    assert check_signed(before, after[:cut] + rest, CLAIM) != () or after[:cut] + rest == after


def test_the_store_has_four_assertions_and_no_more(pair: tuple[bytes, bytes]) -> None:
    _, after = pair
    start = after.index(b"\xff\xeb")
    end = start + 2 + int.from_bytes(after[start + 2 : start + 4], "big")
    (manifest,) = read_box(after[start + 12 : end]).boxes
    labels = {box.label for box in manifest.boxes[0].boxes}
    assert labels == {ACTIONS, TRAINING, METADATA, DATA_HASH}
