"""Waivers: what they lift, what they never lift, and when they end."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from dam.core import waivers
from dam.core.consent import Record
from dam.core.decide import decide
from dam.core.facts import BlockFact, FacesFact, Facts, TextFact
from dam.core.model import AgeBand, Decision, Disposition, Otherwise, Purpose
from dam.core.readings import Status
from dam.core.record import ConsentEvent
from dam.core.rules import RulePack
from dam.core.view import Dossier
from dam.core.waivers import WORLD, Waiver
from tests.core.dossiers import (
    DAY,
    OTHER_SHA,
    adult,
    dossier,
    faces,
    facts,
    girl,
    known,
    pack,
    person,
)
from tests.core.questions import ASKED, NAY_STATES, WORDS, Case, asked, cases, told
from tests.core.test_decide_stricter import STRICTER, Draw, never_softer
from tests.core.waiving import BY, LAST, holding, waive


def press(about: Dossier, day: date = DAY, territory: str = WORLD) -> Decision:
    return decide(about, pack(), Purpose.PRESS, day, territory)


def waived(case: Case, draw: Draw, share: int = 2) -> Case:
    """The case with waivers of some of what holds it, as an officer gives them on that day."""
    about = case.dossier
    for rule in sorted(holding(about, (case.purpose,), case.day, case.territory)):
        if draw(st.integers(0, share)):
            until = case.day + timedelta(days=int(str(draw(st.integers(0, 400)))))
            about = waive(
                about,
                rule,
                day=case.day,
                until=until,
                purposes=(case.purpose,),
                territory=case.territory,
            )
    return replace(case, dossier=about)


def lifted(decision: Decision) -> set[tuple[str, str]]:
    return {(w.id, w.rule) for w in decision.waived}


def bare(case: Case) -> Case:
    return replace(case, dossier=replace(case.dossier, waivers=()))


# What always holds ---------------------------------------------------------------------------


@ASKED
@given(cases(*WORDS), st.data())
def test_what_is_lifted_is_told_and_refusals_stand(case: Case, data: st.DataObject) -> None:
    free, bound = asked(bare(case)), asked(waived(case, data.draw))
    gone = tuple(w.reason for w in bound.waived)
    assert sorted((*bound.reasons, *gone), key=str) == sorted(free.reasons, key=str)
    for reason in gone:
        assert reason.otherwise is Otherwise.HOLD
        assert not reason.unknown
        assert reason.rule not in waivers.NEVER_WAIVED
    if free.disposition is Disposition.REFUSED:
        assert bound.disposition is Disposition.REFUSED
    if bound.disposition is Disposition.APPROVED:
        assert not bound.reasons
        assert bound.obligations
    assert all(w.by == BY for w in bound.waived)


@ASKED
@given(cases("valid_until", "valid_from", "embargo", "faces", "mentioned"), st.data())
def test_nothing_changes_before_the_day_a_waived_decision_holds_until(
    case: Case, data: st.DataObject
) -> None:
    case = waived(case, data.draw)
    now = asked(case)
    until = now.holds_until
    last = date(2060, 1, 1) if until is None else until - timedelta(days=1)
    for day in (last, data.draw(st.dates(case.day, max(last, case.day)))):
        then = asked(replace(case, day=day))
        assert told(then) == told(now)
        assert lifted(then) == lifted(now)


@pytest.mark.parametrize(("change", "focus"), STRICTER, ids=[c.__name__ for c, _ in STRICTER])
@settings(ASKED, max_examples=20)
@given(data=st.data())
def test_nothing_stricter_passes_because_something_was_waived(
    change: Callable[[Case, Draw], Case], focus: str, data: st.DataObject
) -> None:
    case = waived(data.draw(cases(*focus.split(), "mentioned", "faces")), data.draw)
    never_softer(case, change(case, data.draw))


@ASKED
@given(cases("valid_until", "faces", "mentioned", "mentioned"), st.data())
def test_after_its_last_day_it_is_as_if_it_had_never_been(case: Case, data: st.DataObject) -> None:
    case = waived(case, data.draw)
    assume(case.dossier.waivers)
    over = max(w.until for w in case.dossier.waivers) + timedelta(days=1)
    later = replace(case, day=over + timedelta(days=int(str(data.draw(st.integers(0, 900))))))
    assert told(asked(later)) == told(asked(bare(later)))
    assert not asked(later).waived


@ASKED
@given(cases("valid_until", "faces", "mentioned"), NAY_STATES, st.data())
def test_a_no_ends_it_for_good_whatever_is_said_later(
    case: Case, state: str, data: st.DataObject
) -> None:
    case = waived(case, data.draw, 9)
    assume(case.dossier.waivers)
    assume(case.records)
    one = data.draw(st.sampled_from(case.records))
    on = data.draw(st.dates(date(2021, 1, 1), date(2022, 12, 31)))
    events = [ConsentEvent.model_validate({"state": state, "on": on})]
    assume(events[0] not in one.events)
    if data.draw(st.booleans()):
        events.append(ConsentEvent.model_validate({"state": "renewed", "on": date(2023, 1, 1)}))

    def after(record: Record) -> Record:
        own = record.item.id == one.item.id
        return replace(record, events=(*record.events, *events)) if own else record

    later = case.with_records([after(r) for r in case.records])
    assert not asked(later).waived
    assert not asked(replace(later, day=date(2023, 1, 2))).waived


@ASKED
@given(cases("faces", "mentioned", "extra"), st.randoms(use_true_random=False), st.data())
def test_the_order_of_waivers_never_matters(
    case: Case, shuffle: random.Random, data: st.DataObject
) -> None:
    case = waived(waived(case, data.draw), data.draw)
    mixed = list(case.dossier.waivers)
    shuffle.shuffle(mixed)
    assert asked(replace(case, dossier=replace(case.dossier, waivers=tuple(mixed)))) == asked(case)


@ASKED
@given(cases("faces", "mentioned"), st.data())
def test_a_waiver_makes_another_decision(case: Case, data: st.DataObject) -> None:
    with_waivers = waived(case, data.draw)
    assume(with_waivers.dossier.waivers)
    assert asked(with_waivers).facts_digest != asked(bare(case)).facts_digest


# What it is bound to -------------------------------------------------------------------------

EXPIRED = girl(scope={"valid_until": "2022-05-31"})
RULE = "everyone-accounted-for"
THREE_FACES = facts(person(), faces=FacesFact(count=3, status=Status.KNOWN, source="detector"))


def test_it_lifts_a_hold_and_says_so() -> None:
    about = waive(dossier(girl(), about=THREE_FACES), RULE)
    decision = press(about)
    assert decision.disposition is Disposition.APPROVED
    (w,) = decision.waived
    assert (w.id, w.rule, w.by, w.until) == ("W-1", RULE, BY, LAST)
    assert "faces.count = 3" in w.reason.evidence
    assert decision.holds_until == LAST + timedelta(days=1)
    assert press(about, LAST).disposition is Disposition.APPROVED
    assert press(about, LAST + timedelta(days=1)).disposition is Disposition.HELD


def test_every_rule_that_holds_needs_a_waiver_of_its_own() -> None:
    about = waive(dossier(EXPIRED, about=THREE_FACES), RULE)
    assert told(press(about)) == (Disposition.HELD, frozenset({"in-time"}))
    assert press(waive(about, "in-time")).disposition is Disposition.APPROVED


def test_it_does_not_count_before_it_was_given() -> None:
    about = waive(dossier(girl(), about=THREE_FACES), RULE, day=date(2022, 7, 1))
    before = press(about)
    assert before.disposition is Disposition.HELD
    assert before.holds_until == date(2022, 7, 1)


def test_it_is_for_the_purposes_it_names() -> None:
    about = waive(dossier(girl(), about=THREE_FACES), RULE, purposes=(Purpose.PRESS,))
    assert press(about).disposition is Disposition.APPROVED
    assert decide(about, pack(), Purpose.WEB, DAY).disposition is Disposition.HELD


def test_it_is_for_the_territory_it_names_and_the_world_is_all_of_them() -> None:
    abroad = girl(scope={"territories": ["ES"]})
    rule = "purpose-and-territory"
    some = waive(dossier(abroad), rule, purposes=(Purpose.PRESS,), territory="MA")
    assert press(some, territory="MA").disposition is Disposition.APPROVED
    assert press(some, territory="FR").disposition is Disposition.HELD
    assert press(some).disposition is Disposition.HELD
    everywhere = waive(dossier(abroad), rule, purposes=(Purpose.PRESS,))
    assert press(everywhere).disposition is Disposition.APPROVED
    assert press(everywhere, territory="FR").disposition is Disposition.APPROVED


def no_longer(about: Dossier, rule: str) -> bool:
    return rule in {r.rule for r in press(about).reasons}


def changed(about: Dossier, other: Facts, *records: Record) -> Dossier:
    return replace(about, facts=other, records=records or about.records)


def test_other_evidence_is_not_what_was_waived() -> None:
    about = waive(dossier(girl(), about=THREE_FACES), RULE)
    assert press(about).disposition is Disposition.APPROVED
    four = FacesFact(count=4, status=Status.KNOWN, source="detector")
    assert no_longer(changed(about, THREE_FACES.model_copy(update={"faces": four})), RULE)


def test_other_people_are_not_whom_it_was_given_for() -> None:
    about = waive(dossier(girl(), about=THREE_FACES), RULE)
    other = facts(person("S-2"), faces=THREE_FACES.faces)
    second = girl(id="C-2", subject={"id": "S-2"})
    assert told(press(changed(about, other, second))) == (Disposition.HELD, frozenset({RULE}))


def test_another_date_is_not_what_was_waived() -> None:
    about = waive(dossier(EXPIRED), "in-time")
    assert press(about).disposition is Disposition.APPROVED
    shorter = girl(scope={"valid_until": "2022-05-30"})
    assert no_longer(changed(about, about.facts, shorter), "in-time")


def test_not_yet_begun_is_not_the_same_as_over() -> None:
    """The officer let the picture out before the consent begins, not after it has ended."""
    brief = girl(scope={"valid_from": "2022-07-01", "valid_until": "2022-08-31"})
    about = waive(dossier(brief), "in-time")
    assert press(about).disposition is Disposition.APPROVED
    assert press(about, date(2022, 8, 1)).disposition is Disposition.APPROVED
    assert press(about, date(2022, 9, 1)).disposition is Disposition.HELD


def test_another_photograph_is_not_the_one() -> None:
    about = waive(dossier(girl(), about=THREE_FACES), RULE)
    assert no_longer(replace(about, sha256=OTHER_SHA), RULE)


def test_a_rule_that_was_rewritten_is_another_rule() -> None:
    about = waive(dossier(girl(), about=THREE_FACES), RULE)
    rules = []
    for rule in pack().rules:
        if rule.id == RULE:
            file = rule.file.model_copy(update={"when": "people.stated"})
            rule = replace(rule, file=file)
        rules.append(rule)
    other: RulePack = replace(pack(), rules=tuple(rules))
    assert decide(about, other, Purpose.PRESS, DAY).disposition is Disposition.HELD


def test_of_what_cannot_be_read_the_bytes_count() -> None:
    """Another sidecar with the same mistake in the same line may be a withdrawal."""
    wrong = {"problems": ("a.consent.yaml:3: unknown word",), "sidecars": ("11" * 32,)}
    about = waive(dossier(girl(), about=facts(person(), **wrong)), "readable")
    assert press(about).disposition is Disposition.APPROVED
    again = about.facts.model_copy(update={"sidecars": ("22" * 32,)})
    assert no_longer(changed(about, again), "readable")
    block = BlockFact(name="xmp", status=Status.UNREADABLE)
    more = about.facts.model_copy(update={"blocks": (*about.facts.blocks, block)})
    assert no_longer(changed(about, more), "readable")


def test_what_it_was_given_for_may_come_back_and_is_waived_again() -> None:
    about = waive(dossier(girl(), about=THREE_FACES), RULE)
    mended = changed(about, facts(person()))
    assert press(mended).disposition is Disposition.APPROVED
    assert not press(mended).waived
    assert press(changed(mended, THREE_FACES)).waived


# What nobody can waive -----------------------------------------------------------------------

NOBODY_SAID = facts(person()).model_copy(
    update={"people": facts().people.model_copy(update={"stated": "unknown"})}
)
UNCREDITED = facts(person(), photographer=TextFact())
#: Her face must be hidden, and no face was found.
LOST = facts(person(), faces=faces(0))
CANNOT: list[tuple[str, Dossier, str]] = [
    (
        "withdrawn-or-refused",
        dossier(girl(events=[{"state": "withdrawn", "on": "2022-01-01"}])),
        "it refuses",
    ),
    ("assent-refused", dossier(girl(child_assent="refused")), "it refuses"),
    ("never-publish", dossier(girl(subject={"risk": "never_publish"})), "it refuses"),
    (
        "always-protect-identity",
        dossier(girl(subject={"risk_reasons": ["child_combatant"]}), about=LOST),
        "never be recognisable",
    ),
    (
        "face-may-be-shown",
        dossier(girl(permissions={"face": "no"}), about=LOST),
        "what the person answered",
    ),
    ("protect-where-at-risk", dossier(girl(subject={"risk": "high"}), about=LOST), "be checked"),
    (
        "always-protect-name",
        dossier(girl(subject={"risk_reasons": ["hiv"]}), about=LOST),
        "never be said",
    ),
    ("people-stated", dossier(about=NOBODY_SAID), "no withdrawal could ever reach"),
    (
        "authority-of-giver",
        dossier(girl(subject={"unaccompanied": None})),
        "could not be checked",
    ),
    ("no-record", dossier(about=facts(person(None))), "no pseudonym"),
    ("credited", dossier(girl(), about=UNCREDITED), "without its credit"),
    (
        RULE,
        dossier(girl(scope={"prohibited": ["Press"]}), about=THREE_FACES),
        "prohibits press by name",
    ),
]


@pytest.mark.parametrize(("rule", "about", "why"), CANNOT, ids=[rule for rule, *_ in CANNOT])
def test_what_nobody_can_waive(rule: str, about: Dossier, why: str) -> None:
    reasons = holding(about, (Purpose.PRESS,), DAY, WORLD)[rule]
    file = next(r for r in pack().rules if r.id == rule)
    covers, against = waivers.bind(file, reasons, about, WORLD, DAY)
    assert covers == ()
    (told_why,) = against
    assert why in told_why
    # Nor does one that somebody wrote into the catalogue by hand lift it.
    asked_of = waivers.Question(about, Purpose.PRESS, WORLD, DAY)
    seen = waivers.sight(reasons[Purpose.PRESS], file, asked_of)
    noes = tuple(waivers.noes(about.records))
    forged = Waiver("W-1", about.sha256, rule, BY, DAY, LAST, ((Purpose.PRESS, seen),), WORLD, noes)
    decision = press(replace(about, waivers=(forged,)))
    assert rule in {r.rule for r in decision.reasons}
    assert not decision.waived


def test_a_purpose_forbidden_by_name_is_left_out_of_a_waiver_for_all() -> None:
    about = waive(
        dossier(girl(scope={"prohibited": ["press"]}), about=THREE_FACES),
        RULE,
        purposes=tuple(Purpose),
    )
    assert Purpose.PRESS not in about.waivers[0].purposes
    assert Purpose.WEB in about.waivers[0].purposes


@pytest.mark.parametrize("rule", sorted(waivers.NEVER_WAIVED))
def test_what_can_never_be_waived_is_a_rule(rule: str) -> None:
    assert rule in {r.id for r in pack().rules}


# Noes ------------------------------------------------------------------------------------------


def test_an_old_no_was_known_and_does_not_end_it() -> None:
    """The mother said no in 2020 and yes in 2021; the waiver of 2022 knows both."""
    events = [
        {"state": "refused", "on": "2020-05-01"},
        {"state": "given", "on": "2021-10-28"},
    ]
    about = waive(dossier(girl(events=events), about=THREE_FACES), RULE)
    assert press(about).disposition is Disposition.APPROVED


@pytest.mark.parametrize(
    "no",
    [
        {"id": "C-9", "events": [{"state": "refused", "on": "2019-01-01"}]},
        {"id": "C-9", "child_assent": "refused"},
        {"id": "C-9", "subject": {"risk": "never_publish"}},
    ],
    ids=["an older refusal is found", "assent", "never_publish"],
)
def test_any_no_that_was_not_known_ends_it(no: dict[str, object]) -> None:
    shown = facts(person(consent="C-1"), faces=THREE_FACES.faces)
    about = waive(dossier(girl(), about=shown), RULE)
    later = replace(about, records=(*about.records, girl(**no)))
    assert not press(later).waived
    assert waivers.refused_since(about.waivers[0], later.records)


def test_a_no_of_somebody_else_does_not_end_it() -> None:
    about = waive(dossier(girl(), about=THREE_FACES), RULE)
    stranger = adult(
        id="C-7", subject={"id": "S-7"}, events=[{"state": "refused", "on": "2022-01-01"}]
    )
    assert waivers.refused_since(about.waivers[0], [stranger])
    assert not waivers.refused_since(about.waivers[0], about.records)


def test_of_two_the_one_that_lasts_longer_is_told() -> None:
    about = dossier(girl(), about=THREE_FACES)
    both = waive(waive(about, RULE, until=date(2022, 8, 1)), RULE)
    assert press(both).waived[0].until == LAST
    assert press(both).holds_until == date(2022, 8, 2)


@pytest.mark.parametrize("day", [date.min, date.max])
def test_no_day_is_too_far(day: date) -> None:
    about = waive(dossier(girl(), about=THREE_FACES), RULE, day=day, until=date.max)
    decide(about, pack(), Purpose.PRESS, day)


def test_an_adult_of_unknown_risk_is_another_evidence() -> None:
    shown = facts(person("S-1", AgeBand.ADULT), embargo=known("2022-06-20"))
    about = waive(dossier(adult(), about=shown), "embargo", purposes=(Purpose.PRESS,))
    assert press(about).disposition is Disposition.APPROVED
    later = shown.model_copy(update={"embargo": known("2022-06-21")})
    assert no_longer(changed(about, later), "embargo")
