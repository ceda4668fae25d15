"""`consent.csv` of a folder: rows of a spreadsheet -> a shoot sheet, or every problem at once."""

from __future__ import annotations

from collections import Counter
from datetime import date

import pytest

from dam.core import example, shoot_columns
from dam.core.columns import fold
from dam.core.model import AgeBand
from dam.core.record import Region
from dam.core.shoot_table import template
from tests.core.shoots import (
    FULL,
    HEAD,
    LANGS,
    RECORD,
    but,
    problems,
    read,
    shown,
)

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
