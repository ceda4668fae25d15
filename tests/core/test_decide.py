"""What always holds of decisions: total, order-free, replayable, and silence never permits."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from dam.core.consent import Record
from dam.core.decide import decide, decide_all
from dam.core.facts import FacesFact, Facts, TextFact
from dam.core.model import (
    IMPLIED_PURPOSES,
    IN_FORCE_STATES,
    AgeBand,
    Assent,
    ConsentState,
    Disposition,
    GiverRole,
    Obligation,
    Otherwise,
    Purpose,
    Risk,
)
from dam.core.readings import Status
from dam.core.record import ConsentEvent, ConsentItem
from dam.core.rules import RulePack, load
from tests.core.dossiers import (
    DAY,
    adult,
    dossier,
    faces,
    facts,
    girl,
    girl_body,
    merged,
    pack,
    pack_files,
    person,
    record,
    with_events,
)
from tests.core.questions import (
    ASKED,
    Case,
    approved,
    asked,
    cases,
    told,
)

# Total, deterministic, order-free ----------------------------------------------------------


@ASKED
@given(cases())
def test_the_strictest_reason_wins(case: Case) -> None:
    decision = asked(case)
    outcomes = {r.otherwise for r in decision.reasons}
    if Otherwise.REFUSE in outcomes:
        assert decision.disposition is Disposition.REFUSED
    elif outcomes:
        assert outcomes == {Otherwise.HOLD}
        assert decision.disposition is Disposition.HELD
    else:
        assert decision.disposition is Disposition.APPROVED
        assert {Obligation.CREDIT, Obligation.WATERMARK} <= set(decision.obligations)
    assert decision.disposition is Disposition.APPROVED or decision.obligations == ()


@ASKED
@given(cases(), st.randoms(use_true_random=False))
def test_the_order_of_anything_never_matters(case: Case, shuffle: random.Random) -> None:
    records, rules = list(case.records), list(pack().rules)
    shuffle.shuffle(records)
    shuffle.shuffle(rules)
    mixed = replace(case, dossier=replace(case.dossier, records=tuple(records)))
    assert asked(mixed, replace(pack(), rules=tuple(rules))) == asked(case)
    persons = list(case.facts.people.persons)
    shuffle.shuffle(persons)
    assert told(asked(case.with_people(persons=tuple(persons)))) == told(asked(case))


@ASKED
@given(cases())
def test_all_purposes_at_once_are_each_decided_as_if_alone(case: Case) -> None:
    together = decide_all(case.dossier, pack(), tuple(Purpose), case.day, case.territory)
    for decision in together:
        alone = decide(case.dossier, pack(), decision.purpose, case.day, case.territory)
        assert decision == alone


@ASKED
@given(cases())
def test_a_decision_replays_from_what_is_stored(case: Case) -> None:
    body = json.loads(json.dumps(case.facts.body()))
    records = tuple(
        Record(
            ConsentItem.model_validate(
                json.loads(json.dumps(r.item.model_dump(mode="json", exclude_unset=True)))
            ),
            r.source,
            tuple(
                ConsentEvent.model_validate(json.loads(e.model_dump_json(exclude_unset=True)))
                for e in r.events
            ),
            r.stated,
        )
        for r in case.records
    )
    again = replace(
        case, dossier=replace(case.dossier, facts=Facts.model_validate(body), records=records)
    )
    assert asked(again) == asked(case)


HOSTILE = st.text(st.characters(), max_size=8) | st.sampled_from(["\udcff", "\0", "{}", "'"])


@ASKED
@given(cases(), HOSTILE, st.integers(0, 2**70))
def test_nothing_in_a_dossier_makes_deciding_fail(case: Case, text: str, number: int) -> None:
    odd = case.facts.model_copy(
        update={
            "format": text,
            "problems": (text,),
            "ambiguous": (text,),
            "tags": (text,),
            "release_status": TextFact(status=Status.KNOWN, value=text),
            "faces": FacesFact(count=number, status=Status.KNOWN),
        }
    )
    assert not approved(case.with_facts(odd))
    assert not approved(replace(case, territory=text, purpose=Purpose.PRESS).with_facts(odd))


@pytest.mark.parametrize("day", [date.min, date.max, date(2024, 2, 29)])
def test_no_day_is_too_far(day: date) -> None:
    decide(dossier(girl()), pack(), Purpose.PRESS, day)


# Time ------------------------------------------------------------------------------------


@ASKED
@given(cases("valid_from", "valid_until", "birth_date", "embargo", "risk_decision"), st.data())
def test_nothing_changes_before_the_day_a_decision_holds_until(
    case: Case, data: st.DataObject
) -> None:
    until = asked(case).holds_until
    last = date(2060, 1, 1) if until is None else until - timedelta(days=1)
    for day in (last, data.draw(st.dates(case.day, max(last, case.day)))):
        assert told(asked(replace(case, day=day))) == told(asked(case))


@ASKED
@given(cases("age_band", "birth_year", "valid_for", "events"), st.data())
def test_a_rule_of_ones_own_about_days_is_asked_again_in_time(
    case: Case, data: st.DataObject
) -> None:
    own = pack_with(
        'when: persons.all(p, has(p.consent))\nrequire: day < "2023-03-01"'
        " && persons.all(p, day < p.consent.ends) && photo.captured != day"
    )
    until = asked(case, own).holds_until
    last = date(2060, 1, 1) if until is None else until - timedelta(days=1)
    day = data.draw(st.dates(case.day, max(last, case.day)))
    for later in (last, day):
        assert told(asked(replace(case, day=later), own)) == told(asked(case, own))


def pack_with(condition: str) -> RulePack:
    """The shipped pack and a rule of one's own."""
    text = pack_files()["rules/consent/credited.yaml"].decode()
    head = text[: text.index("require:")].replace("id: credited", "id: our-own")
    tail = (
        "otherwise: hold\nexamples:\n  pass:\n    - {name: in order}\n"
        "    - {name: the day before, facts: {day: 2023-02-28}}\n"
        "  fail:\n    - {name: too late, facts: {day: 2023-03-01}}\n"
        "    - {name: later, facts: {day: 2024-03-01}}\n"
    )
    return load({**pack_files(), "own.yaml": f"{head}{condition}\n{tail}".encode()})


@ASKED
@given(cases("valid_from", "valid_until", "valid_for", "birth_date", "events"), st.data())
def test_no_picture_passes_outside_the_term_of_a_consent(case: Case, data: st.DataObject) -> None:
    shown = {p.subject for p in case.facts.people.persons if p.identifiable}
    ends = [
        s.ends
        for subject, found in case.dossier.standings(case.day, "10y").items()
        for s in found
        if subject in shown and len(found) == 1
    ]
    assume(ends)
    beyond = min(ends) + timedelta(days=data.draw(st.integers(1, 4000)))
    assert not approved(replace(case, day=beyond))


# What an approval means, said once more in other words --------------------------------------


def consent_serves(item: ConsentItem, case: Case, *, hidden: bool) -> bool:
    scope = item.scope
    inside = case.territory in scope.territories or "world" in scope.territories
    return (
        (item.permissions.face or hidden)
        and scope.valid_from <= case.day
        and case.day <= (scope.valid_until or date.max)
        and (case.purpose in IMPLIED_PURPOSES or (case.purpose in scope.purposes and inside))
        and case.purpose.value not in scope.prohibited
        and item.child_assent is not Assent.REFUSED
        and item.subject.risk is not Risk.NEVER_PUBLISH
    )


def last_word(events: tuple[ConsentEvent, ...], day: date) -> ConsentState:
    """The latest state; on one day a no comes last, then an end, a yes, and having been asked."""
    steps = [ConsentState.UNKNOWN, ConsentState.REQUESTED, ConsentState.REQUEST_DEFERRED]
    ends = [ConsentState.EXPIRED, ConsentState.INVALIDATED]
    noes = [ConsentState.REFUSED, ConsentState.REVOKED, ConsentState.WITHDRAWN]
    order = [*steps, *sorted(IN_FORCE_STATES), *ends, *noes]
    counting = [e for e in events if e.on <= day or e.state not in IN_FORCE_STATES]
    return max(counting, key=lambda e: (e.on, order.index(e.state))).state


@pytest.mark.parametrize("asked_as", ["unknown", "requested", "request_deferred"])
def test_who_was_asked_and_agreed_on_one_day_has_agreed(asked_as: str) -> None:
    """Asked, then answered: no source tells the hour, and an answer needs its question first."""
    events = [{"state": state, "on": "2021-10-28"} for state in ("given", asked_as)]
    for told_in in (events, events[::-1]):
        found = girl(events=told_in)
        assert last_word(found.events, DAY) is ConsentState.GIVEN
        assert decide(dossier(found), pack(), Purpose.PRESS, DAY).reasons == ()
    later = [events[0], {"state": asked_as, "on": "2021-10-29"}]
    (reason, *_) = decide(dossier(girl(events=later)), pack(), Purpose.PRESS, DAY).reasons
    assert reason.otherwise is Otherwise.HOLD


@ASKED
@given(cases("consent", "extra", "events", "givers", "age_band", "assets", "subject", "missing"))
def test_an_approval_rests_on_a_valid_consent_of_everybody_who_can_be_recognised(
    case: Case,
) -> None:
    assume(approved(case))
    facts = case.facts
    assert facts.photographer.status is Status.KNOWN
    assert facts.faces.count is not None
    assert facts.faces.count <= len(facts.people.persons)
    assert facts.people.stated != "unknown"
    assert not (facts.problems)
    assert not (facts.ambiguous)
    assert not (facts.contradictions)
    assert all(b.status is not Status.UNREADABLE for b in facts.blocks)
    for shown in facts.people.persons:
        if not shown.identifiable:
            continue
        own = [r for r in case.records if r.item.subject.id == shown.subject]
        ids = {shown.consent} if shown.consent else {r.item.id for r in own}
        assert len(ids) == 1
        used = [r for r in own if r.item.id in ids]
        assert used
        assert all(r.stated for r in used)
        hidden = any(r.subject in ("", shown.subject) for r in asked(case).redact)
        assert all(consent_serves(r.item, case, hidden=hidden) for r in used)
        assert last_word(used[0].events, case.day) in IN_FORCE_STATES
        told = {r.item.subject.age_band for r in used} | {shown.age_band}
        roles = {g.role for r in used for g in r.item.givers}
        if told - {AgeBand.ADULT, AgeBand.UNKNOWN}:
            assert roles - {GiverRole.SUBJECT}
            assert any(r.item.child_assent for r in used)
        elif AgeBand.ADULT not in told:
            assert Assent.GIVEN in {r.item.child_assent for r in used}


# The unlucky and the sly ---------------------------------------------------------------------


def test_a_rule_that_trips_holds_and_says_so() -> None:
    found = asked(Case(dossier(girl(subject={"unaccompanied": None})), Purpose.PRESS, "world", DAY))
    (reason,) = found.reasons
    assert reason.rule == "authority-of-giver"
    assert reason.message["en"].startswith("This rule could not be checked")
    assert "S-1: unaccompanied = unknown" in reason.evidence


def test_a_reason_names_only_those_it_is_about() -> None:
    both = facts(person("S-1"), person("S-2", AgeBand.ADULT), faces=faces(1))
    coach = adult(id="C-2", subject={"id": "S-2"}, permissions={"face": "no"})
    (reason,) = decide(dossier(girl(), coach, about=both), pack(), Purpose.PRESS, DAY).reasons
    assert reason.rule == "face-may-be-shown"
    assert reason.subjects == ("S-2",)
    assert all(line.startswith("S-2: ") for line in reason.evidence)


def test_every_consent_that_counted_is_named_with_its_digest() -> None:
    first, second = girl(), record(merged(girl_body(), {"permissions": {"face": "no"}}), "sheet")
    found = decide(dossier(first, second), pack(), Purpose.PRESS, DAY)
    assert found.consents == tuple(
        sorted((r.item.id, r.digest()) for r in with_events([first, second]))
    )


def test_a_word_left_out_has_another_digest_than_the_same_word_written() -> None:
    unsaid = girl(subject={"age_band": None})
    written = girl(subject={"age_band": "unknown"})
    assert unsaid.digest() != written.digest()
