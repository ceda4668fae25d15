"""Rows and findings of an audit: who is shown on whose consent, until when, and what is wrong."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from dam.core.consent import Record
from dam.core.decide import decide, decide_all
from dam.core.facts import FacesFact, Facts, TextFact
from dam.core.findings import Finding, findings
from dam.core.model import AgeBand, Disposition, Purpose
from dam.core.report import KIND_OF_RULE, AuditRow, Kind, row
from dam.core.rows import AssetRow
from dam.core.view import Dossier
from tests.core.dossiers import (
    DAY,
    SHA,
    adult,
    dossier,
    faces,
    facts,
    girl,
    girl_body,
    merged,
    pack,
    person,
    record,
)

ASSET = AssetRow(
    id="k7q2mz9x",
    sha256=SHA,
    size=1000,
    format="JPEG",
    width=600,
    height=400,
    disposition=Disposition.APPROVED,
    archived_as="archive/2021/11/18/20211118-k7q2mz9x.jpg",
    captured_on=date(2021, 11, 18),
    captured_source="exif",
    photographer="rachid-azzouzy",
    programme="amal",
    country="MA",
    city="Tanger",
    facts_digest="f",
    added_at=datetime(2021, 11, 19, tzinfo=UTC),
)


def audit(*records: Record, about: Facts | None = None, day: date = DAY) -> AuditRow:
    rests_on = dossier(*records, about=about)
    return row(ASSET, rests_on, decide_all(rests_on, pack(), tuple(Purpose), day), day, "10y")


def found(*records: Record, about: Facts | None = None, day: date = DAY) -> list[Finding]:
    rests_on = dossier(*records, about=about)
    decision = decide(rests_on, pack(), Purpose.ARCHIVE, day)
    return findings(audit(*records, about=about, day=day), decision, day)


def test_a_row_says_who_on_whose_consent_until_when_for_what() -> None:
    coach = adult(id="C-2", subject={"id": "S-2"}, scope={"valid_until": "2023-01-01"})
    both = facts(person(), person("S-2", AgeBand.ADULT))
    line = audit(girl(), coach, about=both)
    assert (line.people, line.minors) == (2, 1)
    assert line.consents == ("C-1", "C-2")
    assert line.until == date(2023, 1, 1)
    assert set(line.purposes) == {
        Purpose.ARCHIVE,
        Purpose.INTERNAL,
        Purpose.PRESS,
        Purpose.WEB,
        Purpose.PRINT,
    }
    assert line.place == "Tanger, MA"


@pytest.mark.parametrize(
    ("about", "minors"),
    [
        (facts(person(age=AgeBand.ADULT)), 1),
        (facts(person(age=None)), 1),
        (facts(person("S-9", None)), 1),
        (facts(person("S-9", AgeBand.ADULT)), 0),
        (facts(person(identifiable=False)), 0),
        (facts(), 0),
    ],
)
def test_minors_are_all_that_nobody_rules_out(about: Facts, minors: int) -> None:
    assert audit(girl(), about=about).minors == minors


def test_whoever_cannot_be_recognised_ends_nothing() -> None:
    gone = girl(scope={"valid_until": "2022-01-01"})
    about = facts(person(identifiable=False))
    assert audit(gone, about=about).until is None
    assert found(gone, about=about) == []


def test_nothing_is_wrong_with_a_blameless_picture() -> None:
    assert found(girl()) == []


@pytest.mark.parametrize(
    ("until", "expiring"),
    [("2022-06-15", True), ("2022-09-13", True), ("2022-09-14", False), ("2025-01-01", False)],
)
def test_a_consent_that_ends_within_ninety_days_is_told(until: str, expiring: bool) -> None:
    told = found(girl(scope={"valid_until": until}))
    assert [f.kind for f in told] == [Kind.EXPIRING] * expiring
    assert all(until in text for f in told for text in f.message.values())


@pytest.mark.parametrize(
    ("changes", "about", "kinds"),
    [
        ({"scope": {"valid_until": "2022-01-01"}}, facts(person()), {Kind.EXPIRED}),
        ({"child_assent": "refused"}, facts(person()), {Kind.REFUSED}),
        ({"permissions": {"face": "no"}}, facts(person(), faces=faces(0)), {Kind.SCOPE_MISMATCH}),
        ({"givers": None}, facts(person()), {Kind.MISSING_CONSENT}),
        ({"subject": {"risk": "high"}}, facts(person(), faces=faces(0)), {Kind.AT_RISK}),
        ({}, facts(person("S-9")), {Kind.MISSING_CONSENT}),
        (
            {},
            facts(person(), photographer=TextFact()),
            {Kind.NO_CREDIT},
        ),
        ({}, facts(person(), faces=FacesFact()), {Kind.FACES_NOT_CHECKED}),
        ({}, facts(person(), faces=FacesFact(count=4)), {Kind.UNDECLARED_FACES}),
        ({}, facts(person(), problems=("a.yaml: broken",)), {Kind.UNREADABLE}),
    ],
)
def test_what_is_wrong_has_its_kind(
    changes: dict[str, object], about: Facts, kinds: set[Kind]
) -> None:
    told = found(record(merged(girl_body(), changes)), about=about)
    assert {f.kind for f in told} == kinds
    assert all(f.asset == ASSET.id and set(f.message) == {"en", "fr", "ar"} for f in told)


def test_every_shipped_rule_has_a_kind_of_its_own() -> None:
    assert {r.id for r in pack().rules} <= set(KIND_OF_RULE)


def test_what_was_never_decided_is_a_finding() -> None:
    nothing = row(ASSET, Dossier(Facts()), (), DAY, "10y")
    (told,) = findings(nothing, None, DAY)
    assert told.kind is Kind.UNREADABLE
    assert (nothing.people, nothing.minors, nothing.until) == (0, 0, None)
