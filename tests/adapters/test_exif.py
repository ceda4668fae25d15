from __future__ import annotations

import struct
from dataclasses import replace
from datetime import date

import piexif
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dam.adapters import exif
from dam.core.readings import Field, Reading, Status
from tests.adapters import jpegs

DATE = b"2021:11:18 10:20:30"


def made(main: dict[int, object], more: dict[int, object] | None = None, **ifds: object) -> bytes:
    raw: bytes = piexif.dump({"0th": main, "Exif": more or {}, **ifds})
    return raw[6:]


def values(block: bytes, field: Field) -> list[object]:
    return [r.value for r in exif.read((block,))[1] if r.field is field]


def test_no_block_is_absent() -> None:
    block, readings = exif.read(())
    assert (block.name, block.status, readings) == ("exif", Status.ABSENT, ())


def test_reads_the_tags_it_knows() -> None:
    block, readings = exif.read(
        (
            made(
                {0x013B: "رشيد الزوزي; Zoë".encode(), 0x8298: b"photo\0editor", 0x010E: b"Tanger"},
                {0x9003: DATE},
                GPS={2: ((35, 1), (46, 1), (0, 1))},
            ),
        )
    )
    assert block.status is Status.KNOWN
    assert set(readings) == {
        Reading(Field.CREATOR, "رشيد الزوزي", "exif:Artist"),
        Reading(Field.CREATOR, "Zoë", "exif:Artist"),
        Reading(Field.COPYRIGHT, "photo, editor", "exif:Copyright"),
        Reading(Field.CAPTION, "Tanger", "exif:ImageDescription"),
        Reading(Field.CAPTURED, "2021-11-18T10:20:30", "exif:DateTimeOriginal"),
        Reading(Field.GPS, True, "exif:GPSLatitude"),
    }


def test_latin_1_where_it_is_no_utf_8_and_utf_16_in_xp_tags() -> None:
    block = made({0x013B: b"Zo\xeb", 0x9C9D: tuple("Amélie;Bo\0".encode("utf-16-le"))})
    assert values(block, Field.CREATOR) == ["Zoë", "Amélie", "Bo"]


@pytest.mark.parametrize("text", [b"OLYMPUS DIGITAL CAMERA         ", b"   ", b"\0\0", b"SONY DSC"])
def test_what_a_camera_fills_in_is_no_caption(text: bytes) -> None:
    assert values(made({0x010E: text}), Field.CAPTION) == []


def test_the_model_is_no_caption() -> None:
    assert values(made({0x010E: b"X100", 0x0110: b"X100"}), Field.CAPTION) == []


@pytest.mark.parametrize("unset", [b"0000:00:00 00:00:00", b"    :  :     :  :  ", b""])
def test_an_unset_date_gives_way_to_the_next(unset: bytes) -> None:
    assert values(made({0x0132: DATE}, {0x9003: unset}), Field.CAPTURED) == ["2021-11-18T10:20:30"]
    assert values(made({}, {0x9003: unset}), Field.CAPTURED) == []


def test_a_date_that_is_none_is_handed_on_as_it_stands() -> None:
    assert values(made({}, {0x9003: b"yesterday"}), Field.CAPTURED) == ["yesterday"]


def test_coordinates_in_a_second_block_are_found() -> None:
    second = made({}, GPS={4: ((5, 1), (48, 1), (0, 1))})
    block, readings = exif.read((made({}), second))
    assert block.status is Status.KNOWN
    assert [r.field for r in readings] == [Field.GPS]


def test_a_gps_directory_without_coordinates_is_no_location() -> None:
    assert values(made({}, GPS={0: (2, 3, 0, 0)}), Field.GPS) == []


def entries(*rows: tuple[int, int, int, int]) -> bytes:
    body = b"".join(struct.pack("<HHII", *row) for row in rows)
    return b"II*\0" + struct.pack("<IH", 8, len(rows)) + body + b"\0\0\0\0"


@pytest.mark.parametrize(
    ("block", "detail"),
    [
        (b"", "no TIFF header"),
        (b"II*\0\xff\xff\xff\xff", "IFD0 lies outside the block"),
        (b"II*\0\x08\0\0\0\x40\0", "IFD0 is cut off"),
        (entries((0x8825, 4, 1, 9999)), "GPS lies outside the block"),
        (entries((0x8769, 2, 1, 8)), "the pointer to ExifIFD is no pointer"),
        (entries((0x013B, 2, 400, 26)), "Artist lies outside the block"),
        (entries((0x013B, 2, 2**31, 26)), "Artist is too long"),
        (entries((0x013B, 5, 1, 8)), "Artist is no text"),
    ],
)
def test_what_cannot_be_walked_is_unreadable(block: bytes, detail: str) -> None:
    found, _ = exif.read((block,))
    assert (found.status, found.detail) == (Status.UNREADABLE, detail)


def test_what_was_read_before_the_break_stays() -> None:
    found, readings = exif.read((made({0x013B: b"Zoe"}), b"junk"))
    assert found.status is Status.UNREADABLE
    assert [r.value for r in readings] == ["Zoe"]


def test_odd_tags_that_nobody_uses_do_not_matter() -> None:
    block, _ = exif.read((entries((0x927C, 99, 2**31, 2**31), (0x010F + 4, 3, 9, 9999)),))
    assert block.status is Status.KNOWN


def test_directories_in_a_ring_end() -> None:
    assert exif.read((entries((0x8769, 4, 1, 8)),))[0].status is Status.KNOWN


def test_overlapping_directories_and_shared_texts_do_not_multiply_the_work() -> None:
    pointers = entries(*((0x8769, 4, 1, 8 + 12 * n) for n in range(5000)))
    assert exif.read((pointers,))[0].detail == "too many directories"
    texts = entries(*((0x013B, 2, 60_000, 10) for _ in range(5100)))
    assert exif.read((texts,))[0].detail == "too many texts"


def test_orientation() -> None:
    assert exif.orientation((made({0x0112: 6}),)) == 6
    assert exif.orientation((made({0x0112: 9}), b"junk")) == 1


def test_written_exif_reads_back_and_has_nothing_else() -> None:
    raw = exif.write(replace(jpegs.RIGHTS, captured=date(987, 1, 2)), jpegs.SIZE)
    assert raw.startswith(b"Exif\0\0")
    loaded = piexif.load(raw)
    assert not loaded["GPS"]
    assert not loaded["1st"]
    assert loaded["thumbnail"] is None
    _, readings = exif.read((raw[6:],))
    assert [r.value for r in readings if r.field is Field.CREATOR] == list(jpegs.RIGHTS.creators)
    assert Reading(Field.CAPTURED, "0987-01-02T00:00:00", "exif:DateTimeOriginal") in readings


def test_no_date_is_written_unless_it_was_let_out() -> None:
    assert 0x9003 not in piexif.load(exif.write(jpegs.RIGHTS, jpegs.SIZE))["Exif"]


@given(st.text(max_size=60))
def test_any_text_can_be_written(text: str) -> None:
    raw = exif.write(
        replace(jpegs.RIGHTS, creators=(text,), copyright=text, captions=(("en", text),)),
        jpegs.SIZE,
    )
    assert exif.read((raw[6:],))[0].status is Status.KNOWN


NAMES = st.lists(st.text('"; abé', min_size=1, max_size=8), min_size=1, max_size=4)


@given(NAMES)
def test_names_with_separators_and_quotes_stay_whole(names: list[str]) -> None:
    raw = exif.write(replace(jpegs.RIGHTS, creators=tuple(names)), jpegs.SIZE)
    _, readings = exif.read((raw[6:],))
    wanted = list(dict.fromkeys(name.strip() for name in names if name.strip()))
    assert [r.value for r in readings if r.field is Field.CREATOR] == wanted


def test_a_list_without_quotes_is_taken_apart() -> None:
    for text, names in ((b"A; B;C ;", ["A", "B", "C"]), (b'"A" and B; "C', ['"A" and B', '"C'])):
        _, readings = exif.read((made({0x013B: text}),))
        assert [r.value for r in readings if r.field is Field.CREATOR] == names


REAL = made(
    {0x013B: b"Zoe", 0x8298: b"AMAL", 0x010E: b"A caption"},
    {0x9003: DATE, 0x927C: b"maker" * 9},
    GPS={2: ((35, 1), (46, 1), (0, 1))},
)


@given(st.binary(max_size=300), st.sampled_from([b"", b"II*\0", b"MM\0*\0\0\0\x08"]))
def test_random_bytes_never_raise(raw: bytes, start: bytes) -> None:
    exif.read((start + raw,))
    exif.orientation((start + raw,))


@given(st.lists(st.tuples(st.integers(0, len(REAL) - 1), st.integers(0, 255)), max_size=8))
def test_damaged_blocks_never_raise(hits: list[tuple[int, int]]) -> None:
    raw = bytearray(REAL)
    for at, value in hits:
        raw[at] = value
    exif.read((bytes(raw),))


@given(st.integers(0, len(REAL)))
def test_a_block_cut_anywhere_in_its_structure_is_not_taken_for_whole(end: int) -> None:
    block, readings = exif.read((REAL[:end],))
    whole = exif.read((REAL,))[1]
    assert block.status is Status.UNREADABLE or readings == whole


@pytest.mark.corpus
def test_every_real_block_is_readable() -> None:
    for path in jpegs.corpus("cameras", "orientation", "metadata"):
        block, _ = exif.read(jpegs.blocks(path.read_bytes()).exif)
        assert block.status is Status.KNOWN, path.name


@pytest.mark.corpus
def test_what_broke_other_readers_is_read_or_said_to_be_unreadable() -> None:
    told = {
        path.name: exif.read(jpegs.blocks(path.read_bytes()).exif)[0].status
        for path in jpegs.corpus("broken")
    }
    assert [name for name, status in told.items() if status is Status.UNREADABLE] == [
        "30-type_error.jpg"
    ]
