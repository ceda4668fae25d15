"""What a claim asserts, and the reader of boxes and CBOR, which takes nothing it does not know."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dam.core import credentials, jumbf
from dam.core.credentials import ACTIONS, METADATA, TRAINING, Deed, claim_of
from dam.core.jumbf import Broken, Tagged, read_box, read_cbor
from dam.core.model import Purpose
from tests.adapters.jpegs import RIGHTS

DAY = date(2021, 11, 18)
CLAIM = claim_of(replace(RIGHTS, captured=DAY), Purpose.PRESS, Deed)


def test_a_claim_says_what_the_metadata_say() -> None:
    told = credentials.assertions(CLAIM)[METADATA]
    assert told["dc:creator"] == list(RIGHTS.creators)
    assert told["dc:rights"] == RIGHTS.copyright
    assert told["dc:identifier"] == "P-2021-07"
    assert told["photoshop:Source"] == "AMAL"
    assert told["photoshop:DateCreated"] == "2021-11-18"
    assert told["dam:purpose"] == "press"
    context = told["@context"]
    assert isinstance(context, dict)
    assert set(context) == {name.partition(":")[0] for name in told if name != "@context"}


def test_nothing_may_train_on_it() -> None:
    entries = credentials.assertions(CLAIM)[TRAINING]["entries"]
    assert isinstance(entries, dict)
    assert len(entries) == 4
    assert all(entry == {"use": "notAllowed"} for entry in entries.values())


def test_actions_begin_with_the_capture_and_name_no_place_nor_number() -> None:
    actions = credentials.assertions(CLAIM)[ACTIONS]["actions"]
    assert isinstance(actions, list)
    first, *done = actions
    assert first == {"action": "c2pa.created", "digitalSourceType": RIGHTS.digital_source_type}
    assert [one["action"] for one in done] == [
        "c2pa.converted",
        "c2pa.orientation",
        "c2pa.resized",
        "c2pa.adjustedColor",
        "c2pa.edited",
        "c2pa.edited",
        "c2pa.addedText",
    ]
    for one in done:
        assert set(one) == {"action", "description", "softwareAgent"}
        assert not any(letter.isdigit() for letter in one["description"])


def test_deeds_come_in_the_order_in_which_they_are_done() -> None:
    claim = claim_of(RIGHTS, Purpose.PRESS, [Deed.CREDITED, Deed.RESIZED, Deed.CREDITED])
    assert claim.deeds == (Deed.RESIZED, Deed.CREDITED)


def test_what_is_not_known_is_left_out() -> None:
    bare = claim_of(
        replace(RIGHTS, captured=None, web_statement="", pack=""), Purpose.WEB, [Deed.RESIZED] * 3
    )
    assert bare.deeds == (Deed.RESIZED,)
    told = credentials.assertions(bare)[METADATA]
    assert not {"photoshop:DateCreated", "xmpRights:WebStatement", "dc:identifier"} & set(told)


@given(
    texts=st.lists(st.text(), min_size=4, max_size=4),
    captions=st.lists(st.tuples(st.just("fr"), st.text(min_size=20)), max_size=2),
    deeds=st.lists(st.sampled_from(Deed)),
)
def test_any_words_are_plain_and_captions_stay_out(
    texts: list[str], captions: list[tuple[str, str]], deeds: list[Deed]
) -> None:
    rights = replace(
        RIGHTS,
        creators=(texts[0],),
        copyright=texts[1],
        source=texts[2],
        web_statement=texts[3],
        captions=tuple(captions),
    )
    claim = claim_of(rights, Purpose.PRESS, deeds)
    body = json.dumps(credentials.assertions(claim), ensure_ascii=False)
    assert json.loads(body) == credentials.assertions(claim)
    body.encode("utf-8")
    assert replace(claim, deeds=()) == claim_of(replace(rights, captions=()), Purpose.PRESS, ())


@pytest.mark.parametrize(
    ("text", "name"),
    [(" Programme\tAMAL\n", "Programme AMAL"), ("", ""), ("x" * 65, ""), ("أمل", "أمل")],
)
def test_the_name_in_a_certificate(text: str, name: str) -> None:
    assert credentials.organisation_name(text) == name


# --- boxes and CBOR -----------------------------------------------------------------------

#: RFC 8949, appendix A.
KNOWN = {
    "00": 0,
    "17": 23,
    "1818": 24,
    "1903e8": 1000,
    "1bffffffffffffffff": 18446744073709551615,
    "20": -1,
    "3863": -100,
    "f4": False,
    "f5": True,
    "f6": None,
    "4401020304": b"\1\2\3\4",
    "62c3bc": "ü",
    "83010203": [1, 2, 3],
    "a201020304": {1: 2, 3: 4},
    "826161a161626163": ["a", {"b": "c"}],
    "d74401020304": Tagged(23, b"\1\2\3\4"),
}
REFUSED = (
    "5f42010243030405ff",  # a length that is left open
    "9fff",
    "bf6161019fff",
    "f93c00",  # a number with a point
    "f7",
    "fb3ff199999999999a",
    "a2010201" + "03",  # a key twice
    "a1f600",
    "0000",  # two values
    "62c3",
    "61ff",
    "1a0000",
    "9b7fffffffffffffff",
    "81" * 40 + "00",
    "",
)


@pytest.mark.parametrize("code", KNOWN)
def test_cbor(code: str) -> None:
    assert read_cbor(bytes.fromhex(code)) == KNOWN[code]


@pytest.mark.parametrize("code", REFUSED)
def test_cbor_that_is_refused(code: str) -> None:
    with pytest.raises(Broken):
        read_cbor(bytes.fromhex(code))


def box(kind: bytes, *bodies: bytes) -> bytes:
    body = b"".join(bodies)
    return (len(body) + 8).to_bytes(4, "big") + kind + body


def described(kind: bytes, label: bytes, toggles: int = 3, rest: bytes = b"") -> bytes:
    tail = bytes.fromhex("00110010800000aa00389b71")
    return box(b"jumd", kind + tail + bytes((toggles,)) + label + b"\0" + rest)


def test_a_superbox_with_its_salt() -> None:
    salt = box(b"c2sh", bytes(range(16)))
    inner = box(b"jumb", described(b"cbor", b"inner", 19, salt), box(b"cbor", b"\xa0"))
    found = read_box(box(b"jumb", described(b"c2as", b"outer"), inner))
    assert (found.kind, found.label, found.data) == ("c2as", "outer", b"")
    (one,) = found.boxes
    assert (one.kind, one.label, one.salt) == ("cbor", "inner", bytes(range(16)))
    assert (one.holds, one.data, one.body) == ("cbor", b"\xa0", inner[8:])


@pytest.mark.parametrize(
    "data",
    [
        b"",
        box(b"cbor", b"\xa0"),
        box(b"jumb"),
        box(b"jumb", described(b"cbor", b"x")),
        box(b"jumb", described(b"cbor", b"x"), box(b"cbor"), box(b"cbor")),
        box(b"jumb", described(b"cbor", b"x"), box(b"cbor")) + b"\0",
        box(b"jumb", described(b"cbor", b"x", 1), box(b"cbor")),
        box(b"jumb", described(b"cbor", b"x", 7), box(b"cbor")),
        box(b"jumb", described(b"cbor", b"x", 3, b"more"), box(b"cbor")),
        box(b"jumb", described(b"cbor", b"x", 19, box(b"c2sh", b"words of mine")), box(b"cbor")),
        box(b"jumb", described(b"cbor", b"\xc3"), box(b"cbor")),
    ],
)
def test_boxes_that_are_refused(data: bytes) -> None:
    with pytest.raises(Broken):
        read_box(data)


def test_boxes_without_end_are_refused() -> None:
    data = box(b"jumb", described(b"cbor", b"x"), box(b"cbor", b"\xa0"))
    for _ in range(jumbf.MAX_DEPTH + 1):
        data = box(b"jumb", described(b"c2as", b"x"), data)
    with pytest.raises(Broken, match="deeply"):
        read_box(data)


@given(st.binary(max_size=200))
def test_whatever_comes_it_is_read_or_refused(data: bytes) -> None:
    for read in (read_box, read_cbor):
        with suppress(Broken):
            read(data)
