"""The facts as rules see them: what the schema promises is there, and of the promised kind."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given

from dam.core import schema
from dam.core.consent import Record
from dam.core.facts import CaptionFact, FacesFact, Facts, PersonFact, PlaceFact
from dam.core.model import AgeBand, Purpose
from dam.core.naming import find
from dam.core.schema import Leaf, ListOf, Node, leaves, resolve
from dam.core.view import build, chosen
from tests.core.dossiers import (
    DAY,
    NAME,
    OTHER_SHA,
    SHA,
    Body,
    adult_body,
    captioned,
    dossier,
    facts,
    girl,
    girl_body,
    merged,
    person,
    record,
)
from tests.core.questions import (
    ASKED,
    Case,
    cases,
)

KINDS = {"bool": bool, "int": int, "str": str, "date": str, "list": list}
#: Left out where nobody said, as their documentation tells.
MAY_BE_UNKNOWN = {"unaccompanied", "risk", "consent", "captured", "count"}
#: Left out as well where an earlier version of dam did not look for them.
NOT_LOOKED_FOR = {"place_in", "place_said", "name_in", "name_said", "pillars"}


def fits(value: object, node: Node) -> None:
    if isinstance(node, Leaf):
        assert type(value) is KINDS[node.kind]
        if isinstance(value, list):
            assert all(isinstance(item, str) for item in value)
    elif isinstance(node, ListOf):
        assert isinstance(value, list)
        for item in value:
            fits(item, node.of)
    else:
        assert isinstance(value, Mapping)
        assert value.keys() <= node.keys()
        assert node.keys() - value.keys() <= MAY_BE_UNKNOWN
        for name, item in value.items():
            fits(item, node[name])


@ASKED
@given(cases("birth_date", "risk", "unaccompanied", "extra", "faces"))
def test_what_rules_see_is_what_the_schema_says(case: Case) -> None:
    fits(build(case.dossier, case.purpose, case.territory, case.day, "10y"), schema.SCHEMA)


def seen(*records: Record, about: Facts | None = None, day: date = DAY) -> Body:
    """The first person as rules see them."""
    facts_seen = build(dossier(*records, about=about), Purpose.PRESS, "world", day, "10y")
    persons = facts_seen["persons"]
    assert isinstance(persons, list)
    first = persons[0]
    assert isinstance(first, dict)
    return first


def people(*persons: PersonFact) -> Body:
    found = build(dossier(about=facts(*persons)), Purpose.PRESS, "world", DAY, "10y")["people"]
    assert isinstance(found, dict)
    return found


# Names -----------------------------------------------------------------------------------


def test_every_fact_is_documented_and_resolves() -> None:
    for path, leaf in leaves():
        assert leaf.doc
        assert resolve(path.split("."), each="person") is leaf


@pytest.mark.parametrize(
    ("path", "each"),
    [
        (["persons", "[]", "minor"], None),
        (["persons", "[]", "situation", "[]"], None),
        (["person", "consent", "purposes", "[]"], "person"),
    ],
)
def test_elements_resolve(path: list[str], each: str | None) -> None:
    assert resolve(path, each=each) is not None


@pytest.mark.parametrize(
    "path",
    [
        ["person", "minor"],
        ["credit", "[]"],
        ["day", "[]"],
        ["persons", "minor"],
        ["day", "x"],
        ["?"],
    ],
)
def test_what_is_no_fact_does_not_resolve(path: list[str]) -> None:
    with pytest.raises(KeyError):
        resolve(path, each=None)


def test_groups_resolve_to_no_leaf() -> None:
    assert resolve(["credit"], each=None) is None
    assert resolve(["person"], each="person") is None


# Which consent ---------------------------------------------------------------------------


def standing_of(entry: PersonFact, *records: Record) -> str | None:
    found = chosen(entry, dossier(*records).standings(DAY, "10y"))
    return found.id if found else None


def test_the_consent_that_is_named_or_the_only_one() -> None:
    first, second = girl(), girl(id="C-2")
    assert standing_of(person(), first) == "C-1"
    assert standing_of(person(), first, second) is None
    assert standing_of(person(consent="C-2"), first, second) == "C-2"
    assert standing_of(person(consent="C-3"), first) is None
    assert standing_of(person(None), first) is None
    assert standing_of(person("S-2", consent="C-1"), first) is None


def test_a_number_that_two_subjects_bear_serves_neither() -> None:
    other = girl(subject={"id": "S-2"})
    assert standing_of(person(), girl(), other) is None
    assert standing_of(person("S-2"), girl(), other) is None


def test_two_versions_of_one_consent_are_one() -> None:
    assert standing_of(person(), girl(), record(girl_body(), "sheet")) == "C-1"


# People ------------------------------------------------------------------------------------


def test_the_youngest_age_that_anybody_states() -> None:
    assert seen(girl(), about=facts(person(age=AgeBand.ADULT)))["age_band"] == "6-11"
    assert seen(girl(), about=facts(person(age=None)))["age_band"] == "6-11"
    assert seen(about=facts(person(age=None)))["age_band"] == "unknown"
    grown = record(adult_body())
    assert seen(grown, about=facts(person(age=AgeBand.A12_15)))["minor"] is True
    assert seen(grown, about=facts(person(age=None)))["minor"] is False
    assert seen(grown, about=facts(person(age=AgeBand.UNKNOWN)))["age_band"] == "unknown"


def test_another_record_keeps_a_child_a_child_until_it_can_be_grown() -> None:
    """A girl of 6 to 11 in October 2021 is 18 in October 2033 at the latest."""
    entry = facts(person(age=None, consent="C-2"))
    grown = record(adult_body(1, "C-2"))
    assert seen(girl(), grown, about=entry, day=date(2033, 10, 27))["minor"] is True
    assert seen(girl(), grown, about=entry, day=date(2033, 10, 28))["minor"] is False


def test_what_protects_a_subject_comes_from_every_record() -> None:
    other = girl(
        id="C-2",
        subject={
            "risk": "high",
            "risk_reasons": ["HIV"],
            "situation": "idp",
            "unaccompanied": "yes",
        },
    )
    found = seen(girl(), other, about=facts(person(consent="C-1")))
    assert found["risk"] == "high"
    assert found["risk_reasons"] == ["hiv"]
    assert found["situation"] == ["idp", "migrant"]
    assert found["unaccompanied"] is True


def test_what_nobody_said_is_not_there() -> None:
    silent = girl(subject={"risk": None, "situation": None, "unaccompanied": None})
    found = seen(silent)
    assert "risk" not in found
    assert "unaccompanied" not in found
    assert found["situation"] == ["unknown"]
    assert "count" not in faces_of(FacesFact())


def faces_of(faces: FacesFact) -> Body:
    about = facts(person(), faces=faces)
    found = build(dossier(about=about), Purpose.PRESS, "world", DAY, "10y")["faces"]
    assert isinstance(found, dict)
    return found


def test_nameless_people_of_several_sources_may_be_the_same() -> None:
    one = person(None)
    elsewhere = one.model_copy(update={"sources": ("consent.yaml",)})
    assert people(person(), one, one)["count"] == 3
    assert people(person(), one, one, elsewhere)["count"] == 3
    assert people(person(), person())["count"] == 1


# Names and places ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "age", "vulnerable"),
    [
        ({}, AgeBand.A6_11, False),
        ({"subject": {"situation": "refugee"}}, AgeBand.A6_11, True),
        ({"subject": {"situation": "asylum_seeker"}}, AgeBand.A6_11, True),
        ({"subject": {"situation": "idp"}}, AgeBand.A6_11, True),
        ({"subject": {"situation": "unknown"}}, AgeBand.A6_11, True),
        ({"subject": {"situation": None}}, AgeBand.A6_11, True),
        ({"subject": {"unaccompanied": "yes"}}, AgeBand.A6_11, True),
        ({"subject": {"unaccompanied": None}}, AgeBand.A6_11, True),
        ({"subject": {"risk": "elevated"}}, AgeBand.A6_11, True),
        ({"subject": {"risk": None}}, AgeBand.A6_11, True),
        ({"subject": {"risk_reasons": ["feud"]}}, AgeBand.A6_11, True),
    ],
)
def test_who_is_vulnerable(changes: Body, age: AgeBand, vulnerable: bool) -> None:
    assert seen(girl(**changes), about=facts(person(age=age)))["vulnerable"] is vulnerable


@pytest.mark.parametrize(
    ("subject", "vulnerable"),
    [
        ({}, False),
        ({"unaccompanied": None, "risk": "high", "risk_reasons": ["feud"]}, False),
        ({"situation": "refugee"}, True),
        ({"situation": None}, True),
    ],
)
def test_an_adult_is_vulnerable_by_the_situation_alone(subject: Body, vulnerable: bool) -> None:
    grown = record(merged(adult_body(), {"subject": subject}))
    assert seen(grown, about=facts(person(age=None)))["vulnerable"] is vulnerable


def test_somebody_of_whom_nothing_is_known_is_vulnerable() -> None:
    assert seen(about=facts(person(None, None)))["vulnerable"] is True


def test_what_goes_out_of_a_person() -> None:
    place = PlaceFact(towns=("Tanger",), venues=("École",))
    about = facts(person(), caption=captioned(fr="Karima à Tanger"), place=place)
    known = replace(dossier(girl(), about=about), naming=find(about, "", {"S-1": ["Karima B."]}))
    found = build(known, Purpose.PRESS, "world", DAY, "10y")
    photo = found["photo"]
    assert isinstance(photo, dict)
    assert (photo["place_in"], photo["place_said"]) == (["caption"], "town")
    persons = found["persons"]
    assert isinstance(persons, list)
    first = persons[0]
    assert first["pillars"] == ["face", "place", "name"]
    assert (first["name_in"], first["name_said"]) == (["caption"], "first")
    assert first["face"] == "visible"
    hidden = facts(person(identifiable=False), caption=captioned(fr="École"), place=place)
    assert seen(girl(), about=hidden)["pillars"] == ["place"]
    assert seen(girl(), about=hidden)["face"] == "hidden"


def test_the_name_that_the_metadata_gives_counts_for_everybody() -> None:
    people = facts(person(), person("S-2")).people.model_copy(
        update={"named_in": {"metadata": "full", "caption": "first"}}
    )
    about = facts(people=people, caption=captioned(fr="Karima"))
    found = build(dossier(about=about), Purpose.PRESS, "world", DAY, "10y")["persons"]
    assert isinstance(found, list)
    assert [p["name_said"] for p in found] == ["first", "first"]
    assert [p["name_in"] for p in found] == [["metadata", "caption"]] * 2


def test_facts_of_an_earlier_version_say_nothing_of_names_and_places() -> None:
    old = facts(person(), version=0)
    found = build(dossier(girl(), about=old), Purpose.PRESS, "world", DAY, "10y")
    photo, persons = found["photo"], found["persons"]
    assert isinstance(photo, dict)
    assert isinstance(persons, list)
    assert not NOT_LOOKED_FOR & (photo.keys() | persons[0].keys())


def test_only_a_written_caption_is_a_caption() -> None:
    def captioned_by(caption: CaptionFact) -> object:
        about = facts(caption=caption)
        photo = build(dossier(about=about), Purpose.PRESS, "world", DAY, "10y")["photo"]
        assert isinstance(photo, dict)
        return photo["captioned"]

    assert captioned_by(captioned(ar="مباراة")) is True
    assert captioned_by(CaptionFact()) is False
    assert captioned_by(captioned(fr=" ")) is False
    metadata = captioned(fr="Un match").model_copy(update={"written": {}})
    assert captioned_by(metadata) is False


def test_what_a_record_forbids_is_spelled_one_way() -> None:
    found = seen(girl(scope={"prohibited": ["Political-Party", "commercial"]}))
    assert found["prohibited"] == ["commercial", "political_party"]
    two = girl(), girl(id="C-2", scope={"prohibited": ["fundraising"]})
    assert seen(*two)["prohibited"] == ["fundraising"]
    assert seen(*two, about=facts(person(consent="C-1")))["prohibited"] == []


# Which photographs ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("assets", "applies"),
    [
        ([], True),
        ([{"match": "img_00*.jpg"}], True),
        ([{"match": "IMG_9*.JPG"}], False),
        ([{"match": "IMG_9*.JPG"}, {"match": "IMG_0001.JPG"}], True),
        ([{"sha256": SHA}], True),
        ([{"sha256": OTHER_SHA}], False),
        ([{"sha256": OTHER_SHA}, {"match": NAME}], True),
        ([{"region": {"x": "0", "y": "0", "w": "1", "h": "1"}}], True),
    ],
)
def test_a_record_speaks_of_the_photographs_it_names(assets: list[Body], applies: bool) -> None:
    consent = seen(girl(assets=assets))["consent"]
    assert isinstance(consent, dict)
    assert consent["applies"] is applies


def test_every_version_must_speak_of_the_photograph() -> None:
    narrow = record(merged(girl_body(), {"assets": [{"match": "IMG_9*.JPG"}]}), "register")
    wide = record(merged(girl_body(), {"assets": [{"match": NAME}]}), "sidecar")
    for versions in ((narrow, wide), (wide, narrow), (narrow, girl())):
        consent = seen(*versions)["consent"]
        assert isinstance(consent, dict)
        assert consent["applies"] is False


def test_a_photograph_without_a_name_is_meant_by_no_pattern() -> None:
    nameless = replace(dossier(girl(assets=[{"match": "IMG*"}])), name="")
    found = build(nameless, Purpose.PRESS, "world", DAY, "10y")["persons"]
    assert isinstance(found, list)
    assert found[0]["consent"]["applies"] is False


# A no elsewhere ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"events": [{"state": "withdrawn", "on": "2022-01-01"}]}, True),
        ({"events": [{"state": "withdrawn", "on": "2021-10-28"}]}, True),
        ({"events": [{"state": "refused", "on": "2021-10-27"}]}, False),
        ({"events": [{"state": "requested", "on": "2022-01-01"}]}, False),
        ({"child_assent": "refused", "events": [{"state": "given", "on": "2022-01-01"}]}, True),
        ({"child_assent": "refused", "events": [{"state": "given", "on": "2020-01-01"}]}, False),
        ({"subject": {"risk": "never_publish"}, "events": []}, True),
        ({"subject": {"id": "S-2"}, "events": [{"state": "refused", "on": "2022-01-01"}]}, False),
    ],
)
def test_a_no_in_another_record_counts_unless_this_one_is_newer(
    changes: Body, expected: bool
) -> None:
    other = girl(id="C-2", **changes)
    found = seen(girl(), other, about=facts(person(consent="C-1")))
    assert found["refused_elsewhere"] is expected
