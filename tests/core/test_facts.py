"""Many sources, one set of facts: what protects is merged strictly, silence stays silence."""

from __future__ import annotations

import json
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dam.core.facts import VERSION, Facts, PlaceFact, youngest
from dam.core.merge import Received, Roster, Statement, merge
from dam.core.model import AGE_ORDER, AgeBand, Face
from dam.core.readings import (
    Block,
    FaceCount,
    Field,
    Looked,
    Metadata,
    Reading,
    ReadingValue,
    Status,
)
from dam.core.record import PhotoStatement

ROSTER = Roster(
    {"rachid-azzouzy": frozenset({"rachid azzouzy", "r. azzouzy"}), "other": frozenset()}
)
RECEIVED = Received((), date(2021, 11, 19), date(2022, 1, 1))


def says(shown: str = "IMG_0001.JPG.consent.yaml", **words: object) -> Statement:
    return Statement(shown, PhotoStatement.model_validate(words))


def looked(*readings: Reading, faces: int | None = 0, blocks: tuple[Block, ...] = ()) -> Looked:
    found = None if faces is None else (Face(0.1, 0.1, 0.1, 0.1, 0.9),) * faces
    return Looked("JPEG", 600, 400, Metadata(readings, blocks), FaceCount(found, "d", "why"))


def told(field: Field, value: ReadingValue, source: str = "xmp:x", lang: str = "") -> Reading:
    return Reading(field, value, source, lang)


def facts(*statements: Statement, by: Looked | None = None, received: Received = RECEIVED) -> Facts:
    return merge(by or looked(), statements, ROSTER, received)


# People ------------------------------------------------------------------------------------


def test_nobody_spoke() -> None:
    assert facts().people.stated == "unknown"
    assert facts(says(crowd=False)).people.stated == "unknown"


@pytest.mark.parametrize(
    ("statements", "stated"),
    [
        ([says(people="none")], "none"),
        ([says(crowd=True)], "crowd"),
        ([says(people="none"), says("b", crowd=True)], "crowd"),
        ([says(people=[{"subject": "S-1"}])], "listed"),
        ([says(people=[{"subject": "S-1"}]), says("b", people="none")], "listed"),
        ([says(people=[{"subject": "S-1"}]), says("b", crowd=True)], "listed"),
        ([Statement("a", None, ("broken",))], "unknown"),
        ([Statement("a", None, ("broken",)), says("b", people="none")], "none"),
    ],
)
def test_who_is_shown(statements: list[Statement], stated: str) -> None:
    for order in (statements, statements[::-1]):
        assert facts(*order).people.stated == stated


def test_a_person_of_several_sources_is_one_taken_strictly() -> None:
    one = says(people=[{"subject": "S-1", "age_band": "adult", "identifiable": "no"}])
    two = says("consent.yaml", people=[{"subject": "S-1", "age_band": "12-15"}])
    (person,) = facts(one, two).people.persons
    assert person.age_band is AgeBand.A12_15
    assert person.identifiable
    assert person.sources == ("IMG_0001.JPG.consent.yaml", "consent.yaml")


def test_an_age_that_is_not_stated_is_unknown_and_known_to_be_so() -> None:
    (person,) = facts(says(people=[{"subject": "S-1"}])).people.persons
    assert (person.age_band, person.age_stated) == (AgeBand.UNKNOWN, False)
    (person,) = facts(says(people=[{"subject": "S-1", "age_band": "unknown"}])).people.persons
    assert person.age_stated


def test_sources_that_name_different_consents_contradict_each_other() -> None:
    one = says(people=[{"subject": "S-1", "consent": "C-1"}])
    two = says("b", people=[{"subject": "S-1", "consent": "C-2"}])
    found = facts(one, two)
    assert found.people.persons[0].consent is None
    assert found.contradictions == ("the sources name different consents for S-1",)
    assert facts(one, says("b", people=[{"subject": "S-1"}])).people.persons[0].consent == "C-1"


def test_contradictions_are_told() -> None:
    child = told(Field.MINOR_AGE, "AG-U14")
    assert facts(says(people="none"), by=looked(child)).contradictions
    listed = says("b", people=[{"subject": "S-1", "age_band": "adult"}])
    assert facts(says(people="none"), listed).contradictions
    assert facts(listed, by=looked(child)).contradictions
    assert not facts(listed, by=looked(told(Field.MINOR_AGE, "AG-A25"))).contradictions


@pytest.mark.parametrize(
    ("readings", "mentioned", "minors"),
    [
        ([], 0, 0),
        ([told(Field.PERSON, "a"), told(Field.PERSON, "b")], 2, 0),
        ([told(Field.PERSON, "a"), told(Field.PERSON, "a", "iptc:x")], 1, 0),
        ([told(Field.PERSON, "student"), told(Field.PERSON, "student")], 2, 0),
        ([told(Field.PERSON_REGION, (0.1, 0.1, 0.1, 0.1))] * 3, 3, 0),
        ([told(Field.MODEL_AGE, 9), told(Field.MODEL_AGE, 34)], 2, 1),
        ([told(Field.MODEL_AGE, 9), told(Field.MODEL_AGE, 9, "xmp-sidecar:x")], 1, 1),
        ([told(Field.MINOR_AGE, "AG-UNK")], 1, 1),
        ([told(Field.MINOR_AGE, "AG-A17")], 1, 1),
        ([told(Field.MINOR_AGE, "AG-A18")], 1, 0),
        ([told(Field.MINOR_AGE, "AG-XYZ")], 1, 1),
        ([told(Field.MINOR_AGE, "AG-A25"), told(Field.MODEL_AGE, 17)], 1, 1),
        ([told(Field.MODEL_AGE, 18)], 1, 0),
    ],
)
def test_whom_the_metadata_speaks_of(readings: list[Reading], mentioned: int, minors: int) -> None:
    people = facts(by=looked(*readings)).people
    assert (people.mentioned, people.minors_mentioned) == (mentioned, minors)


def test_names_never_enter_the_facts() -> None:
    found = facts(
        says(people=[{"subject": "S-1"}]),
        by=looked(told(Field.PERSON, "Karim"), told(Field.RELEASE_ID, "Karim-7")),
    )
    assert "Karim" not in json.dumps(found.body())


def test_a_name_of_the_metadata_is_known_by_where_it_stands_alone() -> None:
    named = looked(told(Field.PERSON, "Karim Alaoui"))
    received = Received((), RECEIVED.modified, RECEIVED.day, "karim_01.jpg")
    found = facts(says(caption={"fr": "Un match", "ar": "x"}), by=named, received=received)
    assert found.people.named_in == {"metadata": "full", "file name": "first"}
    found = facts(says(caption={"fr": "M. Alaoui"}), by=named)
    assert found.people.named_in == {"metadata": "full", "caption": "full"}
    assert "laoui" not in json.dumps(found.people.model_dump(mode="json"))
    assert facts(says(caption={"fr": "Karim"})).people.named_in == {}


BANDS = st.lists(st.sampled_from(AgeBand))


@given(BANDS, BANDS)
def test_one_more_age_never_makes_anybody_older(some: list[AgeBand], more: list[AgeBand]) -> None:
    if some:
        before, after = youngest(some), youngest([*some, *more])
        assert AGE_ORDER.index(after) <= AGE_ORDER.index(before)


PEOPLE = (
    st.none()
    | st.just("none")
    | st.lists(
        st.fixed_dictionaries(
            {"subject": st.sampled_from(["S-1", "S-2"])},
            optional={
                "age_band": st.sampled_from(list(AgeBand)),
                "identifiable": st.booleans(),
                "consent": st.sampled_from(["C-1", "C-2"]),
            },
        ),
        min_size=1,
        max_size=2,
        unique_by=lambda p: str(p["subject"]),
    )
)
STATEMENTS = st.lists(
    st.builds(
        lambda people, crowd, embargo: PhotoStatement.model_validate(
            {"people": people, "crowd": crowd, "embargo": embargo}
        ),
        PEOPLE,
        st.none() | st.booleans(),
        st.none() | st.dates(date(2020, 1, 1), date(2030, 1, 1)),
    ),
    max_size=4,
)


@given(STATEMENTS, st.randoms(use_true_random=False))
def test_what_protects_does_not_depend_on_which_source_is_nearer(
    said: list[PhotoStatement], shuffle: object
) -> None:
    statements = [Statement(f"{n}.yaml", one) for n, one in enumerate(said)]
    one, other = facts(*statements), facts(*statements[::-1])

    def protects(found: Facts) -> object:
        return (
            found.people.stated,
            [(p.subject, p.age_band, p.identifiable, p.consent) for p in found.people.persons],
            found.embargo.value,
            sorted(found.contradictions),
        )

    assert protects(one) == protects(other)
    assert Facts.model_validate(json.loads(json.dumps(one.body()))) == one
    assert Facts.model_validate(one.body()).digest() == one.digest()


# Faces, blocks, problems ---------------------------------------------------------------------


def test_not_looked_is_not_none_found() -> None:
    assert facts(by=looked(faces=None)).faces.count is None
    assert facts(by=looked(faces=0)).faces.count == 0
    assert facts(by=looked(faces=2)).faces.count == 2


def test_what_could_not_be_read_is_kept() -> None:
    unreadable = Block("xmp", Status.UNREADABLE, "too deep")
    found = facts(
        Statement("a.yaml", None, ("a.yaml:3: unknown word",)),
        Statement("b.yaml", PhotoStatement(), (), ambiguous=True),
        by=looked(blocks=(unreadable,)),
    )
    assert found.blocks[0].status is Status.UNREADABLE
    assert found.problems == ("a.yaml:3: unknown word",)
    assert found.ambiguous == ("b.yaml",)


# What describes ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("statement", "folders", "creators", "expected"),
    [
        (says(), (), [], None),
        (says(photographer="rachid-azzouzy"), (), [], "rachid-azzouzy"),
        (says(photographer="jean-dupont"), ("rachid-azzouzy",), ["Rachid Azzouzy"], None),
        (says(), ("shoots", "Rachid-Azzouzy"), ["Other"], "rachid-azzouzy"),
        (says(), (), ["somebody", "  RACHID   Azzouzy "], "rachid-azzouzy"),
        (says(), (), ["somebody"], None),
    ],
)
def test_the_photographer(
    statement: Statement, folders: tuple[str, ...], creators: list[str], expected: str | None
) -> None:
    received = Received(folders, RECEIVED.modified, RECEIVED.day)
    readings = [told(Field.CREATOR, name, "exif:Artist") for name in creators]
    found = facts(statement, by=looked(*readings), received=received).photographer
    assert found.value == expected
    assert (found.status is Status.KNOWN) == (expected is not None)


@pytest.mark.parametrize(
    ("corrected", "read", "modified", "expected", "source"),
    [
        ("2021-01-02", "2021-11-18T10:00:00", "2021-11-19", "2021-01-02", "IMG"),
        (None, "2021-11-18T10:00:00", "2021-11-19", "2021-11-18", "xmp:x"),
        (None, "1980-01-01", "2021-11-19", "2021-11-19", "file date"),
        (None, "2022-01-02", "2021-11-19", "2021-11-19", "file date"),
        (None, "0000:00:00", "2035-01-01", "2022-01-01", "day received"),
        (None, "2021-02-30", "1970-01-01", "2022-01-01", "day received"),
    ],
)
def test_the_day_of_capture(
    corrected: str | None, read: str, modified: str, expected: str, source: str
) -> None:
    received = Received((), date.fromisoformat(modified), RECEIVED.day)
    found = facts(
        says("IMG", captured=corrected), by=looked(told(Field.CAPTURED, read)), received=received
    ).captured
    assert (found.value, found.sources) == (expected, (source,))


def test_the_nearest_source_describes_and_the_latest_embargo_counts() -> None:
    near = says("a", programme="amal", embargo="2022-01-01", location={"city": "Tanger"})
    far = says("b", programme="other", embargo="2022-02-01", location={"country": "MA"})
    found = facts(near, far, by=looked(told(Field.CITY, "Rabat")))
    assert found.programme.value == "amal"
    assert found.embargo.value == "2022-02-01"
    assert (found.city.value, found.country.value) == ("Tanger", "MA")
    assert facts(by=looked(told(Field.CITY, "Rabat"))).city.value == "Rabat"


def test_every_place_that_anybody_names_is_known() -> None:
    near = says("a", location={"city": "Tanger", "place": "École Ibn Khaldoun"})
    far = says("b", location={"country": "MA", "region": "Oriental", "city": "Oujda"})
    found = facts(near, far, by=looked(told(Field.CITY, "Rabat")))
    assert found.place == PlaceFact(
        towns=("Oujda", "Rabat", "Tanger"), venues=("École Ibn Khaldoun",), in_metadata=True
    )
    assert facts(near).place.in_metadata is False
    assert facts(near, by=looked(told(Field.GPS, True))).place.in_metadata is True
    hostile = looked(*(told(Field.CITY, f"Town {n}") for n in range(500)))
    assert len(facts(by=hostile).place.towns) == 50


def test_facts_of_an_earlier_version_are_still_facts_and_known_as_such() -> None:
    body = facts(says(people=[{"subject": "S-1"}], caption={"fr": "Un match"})).body()
    assert body["version"] == VERSION
    for new in ("version", "place"):
        del body[new]
    people = body["people"]
    assert isinstance(people, dict)
    del people["named_in"]
    assert Facts.model_validate(body).version < VERSION


def test_only_what_a_person_wrote_into_a_sidecar_is_published_as_caption() -> None:
    found = facts(
        says("a", caption={"fr": "Un match"}),
        says("b", caption={"fr": "Autre", "ar": "مباراة"}),
        by=looked(
            told(Field.CAPTION, "Karim scores", lang="en"), told(Field.CAPTION, "x", lang="")
        ),
    ).caption
    assert found.written == {"fr": "Un match", "ar": "مباراة"}
    assert found.value == {"fr": "Un match", "ar": "مباراة", "en": "Karim scores"}
