"""`consent.csv` of a folder: rows of a spreadsheet -> a shoot sheet, or every problem at once."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Sequence
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dam.core import csv_text, example, names, shoot_columns, tree
from dam.core.columns import fold
from dam.core.model import AGE_ORDER, AgeBand
from dam.core.record import Person, Region, ShootSheet
from dam.core.shoot_table import MAX_ROWS, parse, template

LANGS = ("en", "fr", "ar")
HEAD = ("photo", "subject", "age_band", "identifiable", "people")
RECORD = (
    "photo", "id", "subject", "age_band", "purposes", "territories", "valid_from", "face",
    "giver_role", "giver_method", "giver_on", "child_assent", "state", "state_on",
)  # fmt: skip
FULL = (
    "IMG_01*.JPG", "C-1", "S-1", "6-11", "press web", "world", "2021-11-01", "yes",
    "parent", "written", "2021-10-28", "given", "given", "2021-10-28",
)  # fmt: skip


def written(*rows: Sequence[str], separator: str = ",", encoding: str = "utf-8") -> bytes:
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=separator).writerows(rows)
    return out.getvalue().encode(encoding)


def read(*rows: Sequence[str]) -> ShootSheet:
    parsed = parse(written(*rows), "consent.csv")
    assert parsed.value is not None, [str(p) for p in parsed.problems]
    assert not parsed.problems
    return parsed.value


def problems(*rows: Sequence[str]) -> list[str]:
    return refused(written(*rows))


def refused(data: bytes) -> list[str]:
    parsed = parse(data, "consent.csv")
    assert parsed.value is None
    assert parsed.problems
    return [str(problem) for problem in parsed.problems]


def but(**changed: str) -> list[str]:
    """The full row with some cells otherwise."""
    assert set(changed) <= set(RECORD)
    return [changed.get(name, cell) for name, cell in zip(RECORD, FULL, strict=True)]


def shown(sheet: ShootSheet, name: str) -> list[Person]:
    """Everybody whom the rows that match a photo show."""
    return [
        person
        for entry in sheet.photos
        if names.matches(entry.match, name) and isinstance(entry.people, tuple)
        for person in entry.people
    ]


# --- what rows say ------------------------------------------------------------------------


def test_one_row_is_one_subject_and_pattern() -> None:
    sheet = read(
        HEAD,
        ("IMG_0001.JPG", "S-1", "6-11", "yes", ""),
        ("IMG_000?.JPG", "S-2", "adult", "no", ""),
        ("IMG_0002.JPG", "", "adult", "no", ""),
        ("IMG_0100.JPG", "", "", "", "none"),
    )
    assert [p.subject for p in shown(sheet, "IMG_0001.JPG")] == ["S-1", "S-2"]
    assert [p.subject for p in shown(sheet, "IMG_0002.jpg")] == ["S-2", None]
    assert [e.people for e in sheet.photos if e.match == "IMG_0100.JPG"] == ["none"]
    assert shown(sheet, "IMG_0200.JPG") == []
    # The sheet itself says nothing of photos that no row speaks of.
    assert sheet.people is None
    assert sheet.crowd is None


def test_what_no_cell_says_stays_unsaid() -> None:
    sheet = read(HEAD, ("a.jpg", "S-1", "", "", ""), ("b.jpg", "", "", "", ""))
    (person,) = shown(sheet, "a.jpg")
    assert person.model_fields_set == {"subject"}
    assert person.identifiable is True
    assert person.age_band is AgeBand.UNKNOWN
    assert next(e for e in sheet.photos if e.match == "b.jpg").people is None


def test_a_row_may_carry_the_whole_record() -> None:
    sheet = read(RECORD, FULL)
    (item,) = sheet.consents
    assert (item.id, item.subject.id, item.subject.age_band.value) == ("C-1", "S-1", "6-11")
    assert item.scope.valid_from == date(2021, 11, 1)
    assert item.permissions.face is True
    assert [e.state.value for e in item.events] == ["given"]
    (person,) = shown(sheet, "IMG_0123.JPG")
    assert (person.subject, person.consent) == ("S-1", "C-1")
    # The record is not tied to the row's photos: another sheet may rest on it.
    assert item.assets == ()


def test_rows_of_the_same_record_are_one_record() -> None:
    later = but(photo="IMG_02*.JPG", giver_role="legal_guardian", state="", state_on="")
    reference = ["IMG_0300.JPG", "C-1", "S-1", *[""] * 11]
    gone = but(state="withdrawn", state_on="2022-01-01")
    sheet = read(RECORD, reference, FULL, FULL, later, gone)
    (item,) = sheet.consents
    assert [g.role.value for g in item.givers] == ["parent", "legal_guardian"]
    assert [e.state.value for e in item.events] == ["given", "withdrawn"]
    for photo in ("IMG_0150.JPG", "IMG_0250.JPG", "IMG_0300.JPG"):
        assert [p.consent for p in shown(sheet, photo)] == ["C-1"]


def test_rows_of_one_record_that_differ() -> None:
    told = problems(
        RECORD, FULL, but(photo="b.jpg", face="no"), but(photo="c.jpg", age_band="adult")
    )
    assert told == [
        "consent.csv, row 3: face: differs from row 2, which tells of the same record",
        "consent.csv, row 4: age_band: differs from row 2, which tells of the same subject",
    ]


def test_a_consent_stands_for_one_subject() -> None:
    other = ("b.jpg", "C-1", "S-2", *[""] * 11)
    for rows in ((FULL, other), (other, FULL)):
        row = 2 + rows.index(other)
        whose = 2 + rows.index(FULL)
        assert problems(RECORD, *rows) == [
            f"consent.csv, row {row}: id: the same consent as in row {whose}, "
            "which is about another subject"
        ]
    (told,) = problems(("photo", "id"), ("a.jpg", "C-1"))
    assert "subject" in told
    assert "whose" in told


def test_what_is_said_of_the_photos() -> None:
    head = (
        "photo", "photographer", "programme", "caption_fr", "caption_ar", "Caption (en)",
        "caption_es", "country", "city", "place", "captured", "embargo", "crowd",
    )  # fmt: skip
    row = (
        "day1/*.jpg", "radouan-bounjoum", "amal", "« Match »\nà Tanger", "مباراة", "Match",
        "Partido", "ma", "Tanger", "Stade", "2021-11-02", "2022-01-01", "Yes",
    )  # fmt: skip
    sheet = read(
        head, row, ("day1/*.JPG", *[""] * 12), ("day1/*.jpg", "radouan-bounjoum", *[""] * 11)
    )
    (entry,) = sheet.photos
    assert entry.caption == {
        "fr": "« Match »\nà Tanger",
        "ar": "مباراة",
        "en": "Match",
        "es": "Partido",
    }
    assert entry.location is not None
    assert (entry.location.country, entry.location.city) == ("MA", "Tanger")
    assert (entry.captured, entry.embargo) == (date(2021, 11, 2), date(2022, 1, 1))
    assert entry.crowd is True
    assert entry.people is None


def test_nobody_and_somebody_contradict_each_other() -> None:
    none = ("IMG_0001.JPG", "", "", "", "none")
    person = ("IMG_0001.jpg", "S-1", "", "", "")
    (told,) = problems(HEAD, none, person)
    assert told == (
        "consent.csv, row 2: people: none contradicts row 3, by which somebody is shown there"
    )
    (told,) = problems(HEAD, ("*.JPG", "", "", "", "none"), person)
    assert "row 3" in told
    (told,) = problems(
        HEAD, ("IMG_0001.JPG", "", "", "", "none"), ("IMG_*.JPG", "", "adult", "", "")
    )
    assert "row 3" in told
    (told,) = problems(HEAD, ("a.jpg", "S-1", "", "", "none"))
    assert "row 2: people: none contradicts the person of this row" in told
    crowd = ("photo", "people", "crowd")
    assert len(problems(crowd, ("a.jpg", "none", "yes"))) == 1
    assert len(problems(crowd, ("a.jpg", "none", ""), ("a.jpg", "", "true"))) == 1
    assert read(crowd, ("a.jpg", "none", "no")).photos[0].people == "none"


def test_duplicate_rows() -> None:
    """Of a subject they say nothing new; of somebody without one nobody can tell."""
    row = ("a.jpg", "S-1", "6-11", "yes", "")
    assert len(shown(read(HEAD, row, row), "a.jpg")) == 1
    nameless = ("a.jpg", "", "adult", "no", "")
    (told,) = problems(HEAD, nameless, nameless)
    assert "row 3: subject: the same as row 2" in told
    assert len(shown(read(HEAD, nameless, ("a.jpg", "", "adult", "yes", "")), "a.jpg")) == 2


def test_one_person_told_of_in_two_ways() -> None:
    told = problems(HEAD, ("a.jpg", "S-1", "6-11", "no", ""), ("a.jpg", "S-1", "adult", "yes", ""))
    assert [t.split(": ")[1] for t in told] == ["age_band", "identifiable"]
    assert all("differs from row 2" in t for t in told)
    # Of one subject there is one age, whatever the photos.
    assert (
        len(problems(HEAD, ("a.jpg", "S-1", "6-11", "", ""), ("b.jpg", "S-1", "adult", "", "")))
        == 1
    )
    (person,) = shown(
        read(HEAD, ("a.jpg", "S-1", "6-11", "", ""), ("a.jpg", "S-1", "", "no", "")), "a.jpg"
    )
    assert (person.age_band.value, person.identifiable) == ("6-11", False)


# --- headings -----------------------------------------------------------------------------


def test_no_two_columns_share_a_heading() -> None:
    told = Counter(name for c in shoot_columns.ALL for name in {fold(s) for s in c.spellings()})
    twice = {name for name, count in told.items() if count > 1}
    assert twice == set()
    for lang in LANGS:
        for column in shoot_columns.ALL:
            assert shoot_columns.column_of(column.heading(lang)) == column


@pytest.mark.parametrize("lang", LANGS)
def test_the_templates_example_is_good_and_says_nothing_as_it_is(lang: str) -> None:
    head, *rows = template(example.EXAMPLE, lang)
    (told,) = problems(head, *rows)
    assert "no row says anything" in told
    meant = [[cell.split(" ", 1)[1] if cell.startswith("#") else cell for cell in r] for r in rows]
    sheet = read(head, *meant)
    assert sheet.consents == (example.EXAMPLE,)
    assert [p.subject for p in shown(sheet, "IMG_0123.JPG")] == ["S-0147"]
    (_, placed) = shown(sheet, "IMG_0150.JPG")
    assert placed.region == Region(x=0.41, y=0.22, w=0.1, h=0.14)
    (entry,) = (e for e in sheet.photos if e.match == "IMG_0150.JPG")
    assert (entry.redact_others, entry.tags) == (True, ("football", "sport"))
    assert read(head, *rows, *meant) == sheet


# --- faces, tags and the others -----------------------------------------------------------

PLACED = ("photo", "subject", "region", "redact_others", "tags")


@pytest.mark.parametrize(
    "cell",
    ["0.41 0.22 0.10 0.14", "0.41,0.22,0.10,0.14", "0.41, 0.22, 0.10, 0.14", ".41;.22;.1;.14"],
)
def test_a_row_tells_where_the_face_is(cell: str) -> None:
    sheet = read(PLACED, ("a.jpg", "S-1", cell, "", ""), ("a.jpg", "S-2", "0 0 1 1", "", ""))
    one, other = shown(sheet, "a.jpg")
    assert one.region == Region(x=0.41, y=0.22, w=0.1, h=0.14)
    assert other.region == Region(x=0, y=0, w=1, h=1)


@pytest.mark.parametrize(
    "cell",
    [
        "0,41 0,22 0,10 0,14", "0,5 0,5", "0,41;0,22;0,1;0,14", "0.41 0.22 0.10", "41 22 10 14",
        "0.41 0.22 0 0.14", "0.9 0.2 0.3 0.1", "1e-1 0.2 0.1 0.1", "nan 0 1 1", "left",
        "0.41 0.22 0.10 0.14 0.1", "0.4 -0.1 0.2 0.2", "0.41, 0.22 0.10 0.14", "٠.١ 0.1 0.1 0.1",
    ],
)  # fmt: skip
def test_what_is_no_region_is_refused(cell: str) -> None:
    (told,) = problems(PLACED, ("a.jpg", "S-1", cell, "", ""))
    # The same words whatever stands there: a cell is never repeated.
    assert told == (
        "consent.csv, row 2: region: write x y w h of the face as parts of the picture, with "
        "points and from top left: 0.41 0.22 0.10 0.14"
    )


@pytest.mark.parametrize("photo", ["IMG_01*.JPG", "a?.jpg", "a.jpg; b.jpg"])
def test_a_face_has_its_place_in_one_photo_only(photo: str) -> None:
    (told,) = problems(PLACED, (photo, "S-1", "0.41 0.22 0.10 0.14", "", ""))
    assert "region: a face stands elsewhere in every photo" in told


def test_two_rows_must_not_place_one_face_twice() -> None:
    rows = [("a.jpg", "S-1", f"0.{n} 0.2 0.1 0.1", "", "") for n in (1, 5)]
    (told,) = problems(PLACED, *rows)
    assert "region: differs from row 2, which tells of the same person" in told


def test_the_others_may_be_hidden_and_photos_tagged() -> None:
    sheet = read(
        PLACED,
        ("a.jpg", "S-1", "", "yes", "football, Sport;été-2021".replace("é", "e")),
        ("a.jpg", "S-2", "", "", ""),
        ("b.jpg", "S-2", "", "NO", ""),
        ("c.jpg", "S-2", "", "", "football"),
    )
    a, b, c = sheet.photos
    assert [p.redact_others for p in (a, b, c)] == [True, False, None]
    assert [p.tags for p in (a, b, c)] == [("football", "Sport", "ete-2021"), (), ("football",)]


def test_tags_are_no_sentences_and_hiding_is_yes_or_no() -> None:
    told = problems(PLACED, ("a.jpg", "S-1", "", "oui", "fête de l'été"))
    assert [t.split(": ")[1] for t in told] == ["redact_others", "tags"]
    assert "use one of: yes, no" in told[0]
    assert not any("oui" in t or "fête" in t for t in told)


@pytest.mark.parametrize(
    "names_",
    [
        ("zone du visage", "cacher les autres", "mots-clés"),
        ("منطقة الوجه", "إخفاء الآخرين", "الوسوم"),
    ],
)
def test_these_columns_in_french_and_arabic(names_: tuple[str, str, str]) -> None:
    head = ("photo", "subject", *names_)
    sheet = read(head, ("a.jpg", "S-1", "0.1 0.1 0.2 0.2", "yes", "sport"))
    (entry,) = sheet.photos
    assert (entry.redact_others, entry.tags) == (True, ("sport",))
    assert shown(sheet, "a.jpg")[0].region is not None


def test_headings_are_known_and_stand_once() -> None:
    told = problems(("photo", "match", "subjekt", "x", "#note", "pays", "photos"), ("a.jpg",))
    assert [t.split(": ", 1)[1] for t in told] == [
        "photo: this column stands twice, by this name or another: keep one",
        "column C: unknown column; did you mean 'subject'?",
        "column D: unknown column: begin its name with # if it is only a note",
        "column F: unclear here: write 'pays de prise de vue' (where it was taken) or "
        "'territoires' (where it may go)",
        "column G: unclear here: write 'photo': the files this row speaks of",
    ]
    (first,) = problems(("subject", "people"), ("S-1", ""))[:1]
    assert "photo: this column is missing" in first
    assert "first row" in problems(("Liste des photos",), ("a.jpg",))[0]


def test_names_and_contacts_do_not_stand_beside_photographs() -> None:
    private = sorted(shoot_columns.PRIVATE)
    assert private
    for heading in private:
        (told,) = problems(("photo", heading), ("a.jpg", "Amina Alaoui"))
        assert "go into the register" in told
        assert "Amina" not in told


def test_a_record_needs_its_columns() -> None:
    told = problems(("photo", "subject", "risk"), ("a.jpg", "S-1", "high"))
    missing = [t.split(": ")[1] for t in told if t.endswith("this column is missing")]
    assert missing == ["id", "purposes", "territories", "valid_from", "state", "state_on"]


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
