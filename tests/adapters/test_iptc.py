from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dam.adapters import iptc
from dam.core.readings import Field, Reading, Status
from tests.adapters import jpegs

UTF8 = b"\x1c\x01\x5a\0\x03\x1b%G"


def dataset(number: int, value: bytes, record: int = 2) -> bytes:
    return bytes((0x1C, record, number)) + len(value).to_bytes(2, "big") + value


def written(**changes: object) -> dict[int, bytes]:
    return dict(jpegs.resources(iptc.write(replace(jpegs.RIGHTS, **changes))))  # type: ignore[arg-type]


def test_no_block_is_absent() -> None:
    assert iptc.read(())[0].status is Status.ABSENT


def test_reads_the_datasets_it_knows() -> None:
    raw = (
        UTF8
        + dataset(80, "رشيد".encode())
        + dataset(80, "Zoë".encode())
        + dataset(110, b"AMAL")
        + dataset(116, b"(c) AMAL")
        + dataset(120, b"A caption")
        + dataset(90, b"Tanger")
        + dataset(100, b"MAR")
        + dataset(55, b"20211118")
        + dataset(60, b"102030+0100")
        + b"\0\0"
    )
    block, readings = iptc.read((raw,))
    assert block.status is Status.KNOWN
    assert {(r.field, r.value, r.source) for r in readings} == {
        (Field.CREATOR, "رشيد", "iptc:2:80"),
        (Field.CREATOR, "Zoë", "iptc:2:80"),
        (Field.CREDIT, "AMAL", "iptc:2:110"),
        (Field.COPYRIGHT, "(c) AMAL", "iptc:2:116"),
        (Field.CAPTION, "A caption", "iptc:2:120"),
        (Field.CITY, "Tanger", "iptc:2:90"),
        (Field.COUNTRY, "MAR", "iptc:2:100"),
        (Field.CAPTURED, "2021-11-18T10:20:30", "iptc:2:55"),
    }


def test_encodings() -> None:
    assert iptc.read((dataset(80, "Zoë".encode()),))[1][0].value == "Zoë"
    assert iptc.read((dataset(80, b"Zo\xeb"),))[1][0].value == "Zoë"
    assert iptc.read((UTF8 + dataset(80, "Zoë".encode()[:-1]),))[1][0].value == "Zo\ufffd"


def test_an_unset_date_is_no_date() -> None:
    assert iptc.read((dataset(55, b"00000000"),))[1] == ()
    assert iptc.read((dataset(55, b"soon"),))[1] == (Reading(Field.CAPTURED, "soon", "iptc:2:55"),)


@pytest.mark.parametrize(
    ("tail", "detail"),
    [
        (b"junk", "something between the datasets"),
        (b"\x1c\x02", "a dataset is cut off"),
        (b"\x1c\x02\x78\0\x09abc", "2:120 is cut off"),
        (b"\x1c\x02\x78\x80\x09abc", "the length of 2:120 is out of range"),
        (b"\x1c\x02\x78\x80\x04\xff\xff\xff\xff", "2:120 is cut off"),
    ],
)
def test_a_broken_chain_is_unreadable_and_keeps_what_came_before(tail: bytes, detail: str) -> None:
    block, readings = iptc.read((dataset(80, b"Zoe") + tail,))
    assert (block.status, block.detail) == (Status.UNREADABLE, detail)
    assert [r.value for r in readings] == ["Zoe"]


def test_extended_lengths_and_their_limit() -> None:
    short = b"\x1c\x02\x50\x80\x02\0\x03Zoe"
    assert iptc.read((short,))[1][0].value == "Zoe"
    long = b"\x1c\x02\x78\x80\x04" + (70_000).to_bytes(4, "big") + b"x" * 70_000
    assert iptc.read((long,))[0].status is Status.UNREADABLE


def test_written_payload() -> None:
    found = written()
    assert list(found) == [0x0404, 0x0425]
    assert found[0x0425] == hashlib.md5(found[0x0404], usedforsecurity=False).digest()
    block, readings = iptc.read((found[0x0404],))
    assert block.status is Status.KNOWN
    assert [r.value for r in readings if r.field is Field.CREATOR] == list(jpegs.RIGHTS.creators)
    assert not [r for r in readings if r.field is Field.CAPTURED]


def test_the_day_is_written_only_where_it_was_let_out() -> None:
    _, readings = iptc.read((written(captured=date(2021, 11, 18))[0x0404],))
    assert Reading(Field.CAPTURED, "2021-11-18", "iptc:2:55") in readings


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("a" * 40, "a" * 32),
        ("a" * 31 + "é", "a" * 31),
        ("a" * 31 + "e\u0301b", "a" * 31),
        ("a" * 30 + "e\u0301b", "a" * 30),
        ("a" * 29 + "e\u0301b", "a" * 29 + "e\u0301"),
        ("ب" * 15 + "\u0628\u064e\u064e", "ب" * 15),
        ("\u0301" * 20, None),
        ("a\0b\x07c\x7f", "abc"),
    ],
)
def test_long_texts_are_cut_between_characters(name: str, kept: str | None) -> None:
    _, readings = iptc.read((written(creators=(name,))[0x0404],))
    assert [r.value for r in readings if r.field is Field.CREATOR] == ([kept] if kept else [])


@given(st.text(max_size=200))
def test_any_text_fits_and_reads_back_as_its_own_beginning(text: str) -> None:
    _, readings = iptc.read((written(creators=(text,), credit_line="")[0x0404],))
    for reading in readings:
        if reading.field is Field.CREATOR:
            assert len(str(reading.value).encode()) <= 32


REAL = UTF8 + dataset(80, b"Zoe") + dataset(55, b"20211118") + dataset(120, b"A caption" * 9)


@given(st.binary(max_size=300), st.sampled_from([b"", b"\x1c\x02\x50", REAL]))
def test_random_bytes_never_raise(raw: bytes, start: bytes) -> None:
    iptc.read((start + raw,))


@given(st.lists(st.tuples(st.integers(0, len(REAL) - 1), st.integers(0, 255)), max_size=8))
def test_damaged_blocks_never_raise(hits: list[tuple[int, int]]) -> None:
    raw = bytearray(REAL)
    for at, value in hits:
        raw[at] = value
    iptc.read((bytes(raw),))


@pytest.mark.corpus
def test_every_real_block_is_readable() -> None:
    seen = 0
    for path in jpegs.corpus("cameras", "orientation", "metadata", "broken", "people"):
        raw = jpegs.blocks(path.read_bytes()).iptc
        seen += len(raw)
        assert iptc.read(raw)[0].status is not Status.UNREADABLE, path.name
    assert seen
