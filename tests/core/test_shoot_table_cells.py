"""`consent.csv` of a folder: what stands in cells, what spreadsheets make of it, and any bytes."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dam.core import csv_text, names, tree
from dam.core.model import AGE_ORDER, AgeBand
from dam.core.shoot_table import MAX_ROWS, parse
from tests.core.shoots import (
    HEAD,
    RECORD,
    but,
    problems,
    read,
    refused,
    shown,
    written,
)

# --- cells --------------------------------------------------------------------------------


@pytest.mark.parametrize("wrong", ["oui", "non", "1", "0", "vrai", "FAUX", "y", "نعم", "maybe"])
def test_yes_and_no_are_four_words(wrong: str) -> None:
    (told,) = problems(HEAD, ("a.jpg", "S-1", "", wrong, ""))
    assert "row 2: identifiable: use one of: yes, no, true, false" in told
    (told,) = problems(HEAD, ("a.jpg", "", "", "", wrong))
    assert "row 2: people: use one of: none" in told
    assert "did you mean" not in told


@pytest.mark.parametrize("right", ["yes", "NO", " True ", "false\u00a0"])
def test_yes_and_no_in_any_case(right: str) -> None:
    (person,) = shown(read(HEAD, ("a.jpg", "S-1", "", right, "")), "a.jpg")
    assert person.identifiable is (right.strip().lower() in ("yes", "true"))


@pytest.mark.parametrize(
    "mangled", ["1-5", "06-nov", "6-Nov", "2021-11-06", "11.6", "44506", "3 ans"]
)
def test_what_spreadsheets_make_of_ages(mangled: str) -> None:
    (told,) = problems(HEAD, ("a.jpg", "S-1", mangled, "", ""))
    assert "row 2: age_band: use one of: 0-5, 6-11" in told
    assert "format the column as text" in told


def test_dashes_and_spaces_of_spreadsheets() -> None:
    (person,) = shown(read(HEAD, ("a.jpg", " S-1\u00a0", "6–11", "", "")), "a.jpg")
    assert (person.subject, person.age_band.value) == ("S-1", "6-11")


@pytest.mark.parametrize(
    "day", ["01/11/2021", "1.11.2021", "44501", "2021-11", "nov. 21", "2021-02-30"]
)
def test_dates_that_mean_two_days_or_none(day: str) -> None:
    (told,) = problems(("photo", "embargo"), ("a.jpg", day))
    assert "row 2: embargo: write it YYYY-MM-DD" in told
    first = problems(RECORD, but(valid_from=day))[0]
    assert "row 2: valid_from" in first
    assert "YYYY-MM-DD" in first


@pytest.mark.parametrize(
    "cell", ["=A1", "+1", "-1", "@x", "＝A1", "'=A1", "#REF!", "#NOM?", "####"]
)
def test_formulas_and_errors_say_nothing(cell: str) -> None:
    for head in ("subject", "caption_fr", "photographer"):
        (told,) = problems(("photo", head), ("a.jpg", cell))
        assert f"row 2: {head}: " in told
        assert "plain text" in told
    assert any("plain text" in t for t in problems(RECORD, but(state=cell)))
    assert problems(("photo", "people"), (cell, "none"))


@pytest.mark.parametrize(
    "pattern",
    [
        "IMG_0001", "0001", "IMG_0001.txt", "a\\b.jpg", "/a.jpg", "./a.jpg", "../*.jpg", "C:a.jpg",
        "“IMG_01*.JPG”", '"a.jpg"', "IMG\u00a00001.JPG", "IMG_0001.JPG\u200f", "IMG\u202f1*.jpg",
        "Tanger, 2021.JPG", "x" * 401 + ".jpg", "a.jpg;b", "none",
    ],
)  # fmt: skip
def test_patterns_that_would_miss_what_they_mean(pattern: str) -> None:
    (told,) = problems(HEAD, (pattern, "S-1", "", "", ""))
    assert "row 2: photo: " in told


def test_several_patterns_in_a_cell() -> None:
    sheet = read(HEAD, ("IMG_1.JPG; day2/IMG_2*.JPG,c.jpg\nd.jpg", "S-1", "", "", ""))
    for name in ("img_1.jpg", "day2/IMG_21.JPG", "c.jpg", "d.jpg"):
        assert [p.subject for p in shown(sheet, name)] == ["S-1"]
    # A file may have such a sign in its name.
    assert shown(read(HEAD, ("a.jpg, b.jpg", "S-1", "", "", "")), "a.jpg, b.jpg")
    assert shown(read(HEAD, ("photo[1].jpg", "S-1", "", "", "")), "photo[1].jpg")


def test_every_row_names_its_photos() -> None:
    told = problems(HEAD, ("a.jpg", "S-1", "", "", ""), ("", "S-2", "", "", ""))
    assert told == [
        "consent.csv, row 3: photo: is missing: name the photos in every row "
        "(a merged cell fills only one)"
    ]


def test_no_cell_is_repeated() -> None:
    secret = "Amina Alaoui"
    row = [secret] * len(RECORD)
    told = problems((*RECORD, "photographer", "country", "people"), [*row, secret, secret, secret])
    assert len(told) > 10
    assert not any("Amina" in t or "Alaoui" in t for t in told)


def test_every_problem_is_told_at_once() -> None:
    told = problems(
        (*HEAD, "zzz"),
        ("a", "S 1", "7", "oui", ""),
        ("b.jpg", "", "", "", "nobody"),
        ("c.jpg", "S-1", "", "", "", "", "astray"),
    )
    places = [t.removeprefix("consent.csv, ").split(": ")[:2] for t in told]
    assert places == [
        ["row 1", "column F"], ["row 2", "photo"], ["row 2", "age_band"],
        ["row 2", "identifiable"], ["row 2", "subject"], ["row 3", "people"],
        ["row 4", "column G"],
    ]  # fmt: skip


def test_many_problems_are_counted() -> None:
    told = problems(HEAD, *[(f"{n}.jpg", "S 1", "", "", "") for n in range(300)])
    assert len(told) == tree.MAX_PROBLEMS + 1
    assert told[-1] == "consent.csv: and 200 problems more"


# --- bytes --------------------------------------------------------------------------------

ROWS = (("photo", "légende_fr", "people"), ("IMG_1.JPG", "Été; à Tanger, ici\tet là", "none"))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_as_spreadsheets_write_it(encoding: str, separator: str) -> None:
    parsed = parse(written(*ROWS, separator=separator, encoding=encoding), "consent.csv")
    assert parsed.value is not None, parsed.problems
    (entry,) = parsed.value.photos
    assert entry.people == "none"
    assert entry.caption == {"fr": "Été; à Tanger, ici\tet là"}


def test_empty_rows_and_columns_are_nothing() -> None:
    sheet = read(
        ("", ""),
        (*HEAD, "", ""),
        ("", "", "", "", "", "", ""),
        ("a.jpg", "S-1", "", "", "", " ", "\u00a0"),
        *[("", "", "")] * 50,
    )
    assert len(sheet.photos) == 1
    assert len(shown(sheet, "a.jpg")) == 1


def test_bytes_that_cannot_be_trusted() -> None:
    assert "UTF-8" in refused(written(*ROWS, encoding="cp1252"))[0]
    assert "UTF-8" in refused(b"\xff\xfea")[0]
    assert "control character" in refused(b"photo,subject\na.jpg,S-\x001\n")[0]
    assert "control character" in refused(written(*ROWS, encoding="utf-32"))[0]
    assert "quote" in refused(b'photo,subject\n"a.jpg,S-1\n')[0]
    assert "too long" in refused(b"photo,people\n" + b"x" * 200_000)[0]
    assert "rows" in refused(b"photo,people\n" + b"a.jpg,none\n" * (MAX_ROWS + 1))[0]
    assert "columns" in refused(b"photo," * 200 + b"people\n")[0]
    assert "empty" in refused(b"")[0]
    assert "empty" in refused(b"\xef\xbb\xbf\r\n  \r\n")[0]
    assert "no row says anything" in refused(written(HEAD))[0]
    assert ".xlsx" in refused(b"PK\x03\x04rest")[0]


def test_rows_parted_by_another_sign_than_the_first() -> None:
    (told, *_) = refused(b"photo,people\nIMG_1.JPG;none\n")
    assert "not parted by the same sign" in told
    assert refused(b"photo;subject,age_band\nIMG_1.JPG;S-1,6-11\n")


def test_many_rows_take_little_time() -> None:
    """The bound of rows, half of them globs that state that nobody is shown."""
    rows = [(f"a*{n}b?.jpg", "", "", "", "none") for n in range(MAX_ROWS // 2)]
    rows += [(f"c*{n}d?.jpg", f"S-{n}", "", "", "") for n in range(MAX_ROWS // 2 - 1)]
    assert len(read(HEAD, *rows).photos) == MAX_ROWS - 1


# --- always -------------------------------------------------------------------------------

CELLS = st.sampled_from(
    ["", "", "none", "yes", "no", "S-1", "S-2", "6-11", "adult", "a.jpg", "*.jpg", "b?.JPG", "C-1",
     "given", "2021-11-01", "press", "world", "=1", "oui", '"', "#example", "#exemple a.jpg", "MA"]
)  # fmt: skip
HEADS = st.sampled_from(
    [*RECORD, *HEAD, "crowd", "country", "photographe", "pays", "zzz", "#n", ""]
)


@given(st.binary(max_size=300) | st.text(max_size=300).map(lambda t: t.encode("utf-8", "replace")))
def test_any_bytes_are_a_sheet_or_problems(data: bytes) -> None:
    parsed = parse(data, "f")
    assert (parsed.value is None) == bool(parsed.problems)


@settings(max_examples=150)
@given(
    st.lists(HEADS, max_size=8),
    st.lists(st.lists(CELLS | st.text(max_size=8), max_size=9), max_size=6),
    st.sampled_from([",", ";", "\t"]),
)
def test_any_table_is_a_sheet_or_problems(
    head: list[str], rows: list[list[str]], separator: str
) -> None:
    data = written(head, *rows, separator=separator, encoding="utf-8-sig").replace(b"\x00", b"")
    parsed = parse(data, "f")
    assert (parsed.value is None) == bool(parsed.problems)


PATTERNS = ("a.jpg", "b.jpg", "A.JPG", "*.jpg", "[ab].jpg", "a.*")
ROW = st.tuples(
    st.sampled_from(PATTERNS),
    st.sampled_from(["", "S-1", "S-2", "S-3"]),
    st.sampled_from(["", "6-11", "adult", "unknown"]),
    st.sampled_from(["", "yes", "no"]),
    st.sampled_from(["", "", "", "none"]),
)


@given(st.lists(ROW, min_size=1, max_size=6))
def test_nothing_is_read_less_strict_than_it_is_written(rows: list[tuple[str, ...]]) -> None:
    """Whoever a row shows is shown, at the youngest age, recognisable if anybody says so."""
    parsed = parse(written(HEAD, *rows), "f")
    if parsed.value is None:
        return
    for photo in ("a.jpg", "b.jpg"):
        told = [row for row in rows if names.matches(row[0], photo)]
        people = shown(parsed.value, photo)
        for subject in {row[1] for row in told if row[1]}:
            mine = [p for p in people if p.subject == subject]
            assert mine
            ages = [AgeBand(row[2]) for row in told if row[1] == subject and row[2]]
            read_ages = [p.age_band for p in mine if "age_band" in p.model_fields_set]
            assert min(read_ages, key=AGE_ORDER.index, default=None) == min(
                ages, key=AGE_ORDER.index, default=None
            )
            said = {row[3] for row in told if row[1] == subject}
            if "no" not in said:
                assert all(p.identifiable for p in mine)
        nameless = [row for row in told if not row[1] and (row[2] or row[3])]
        assert len([p for p in people if p.subject is None]) == len(nameless)
        nobody = [
            e for e in parsed.value.photos if names.matches(e.match, photo) and e.people == "none"
        ]
        assert bool(nobody) <= any(row[4] == "none" for row in told)
        if people:
            assert not nobody


def test_the_separators_are_those_of_the_documentation() -> None:
    assert csv_text.SEPARATORS == ",;\t"
