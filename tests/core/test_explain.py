"""Every decision of the scenarios explains itself, and what it offers would do."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import date
from functools import cache

import pytest

from dam.core import changes, tree, view
from dam.core.decide import Asking
from dam.core.explain import Asked, Explanation, Outcome, Question, explain
from dam.core.model import Disposition, Obligation, Purpose
from dam.core.origins import File, Kind, Place, Sources
from tests.core.dossiers import pack
from tests.core.test_scenarios import SCENARIOS, Scenario, decided, with_waivers

RULES = {rule.id: rule for rule in pack().rules}


def question(scenario: Scenario) -> Question:
    return Question(
        Purpose(scenario.word("purpose", "press")),
        date.fromisoformat(scenario.word("day", "2022-06-15")),
        scenario.word("territory", "world"),
        scenario.word("use", "editorial"),
    )


def sources(scenario: Scenario) -> Sources:
    """The sheets of a scenario as files of one word a line."""
    name = scenario.word("file", "IMG_0001.JPG")
    files = []
    for kind, shown in (("photo", f"{name}.consent.yaml"), ("shoot", "consent.yaml")):
        body = scenario.sheet(kind)
        if body is not None:
            text = json.dumps(body, indent=1, ensure_ascii=False)
            read, _ = tree.survey(text.encode(), shown, json=True)
            files.append(File(shown, shown, kind == "shoot", read))
    return Sources(tuple(files), {}, name)


EXPLAINED: dict[str, Explanation] = {}


def explained(scenario: Scenario) -> Explanation:
    if scenario.name not in EXPLAINED:
        EXPLAINED[scenario.name] = fresh(scenario)
    return EXPLAINED[scenario.name]


def fresh(scenario: Scenario) -> Explanation:
    return explain(with_waivers(scenario), pack(), question(scenario), sources(scenario))


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda s: s.name)
def test_every_decision_explains_itself(scenario: Scenario) -> None:
    found = explained(scenario)
    assert found.decision == decided(scenario)
    against = found.against()
    assert [a.rule for a in against] == [r.rule for r in found.decision.reasons]
    assert list(found.asked[: len(against)]) == list(against)
    for asked in found.asked:
        assert asked.clause
        assert all({"en", "fr", "ar"} <= set(w) for w in (asked.title, asked.message, asked.advice))
        assert asked.evidence or asked.outcome is Outcome.NOT_CONCERNED
        for evidence in asked.evidence:
            assert evidence.where or evidence.write_in, (asked.rule, evidence)
            assert evidence.value
    for asked in against:
        assert asked.final or asked.ways, (asked.rule, asked.evidence)
        assert asked.final == (asked.otherwise.value == "refuse")
        assert not (asked.final and asked.ways)


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda s: s.name)
def test_what_is_offered_satisfies_the_rule(scenario: Scenario) -> None:
    found, about = explained(scenario), question(scenario)
    file = with_waivers(scenario)
    facts = view.build(
        file,
        about.purpose,
        about.territory,
        about.day,
        pack().policy.default_term,
        about.use,
    )
    variables = Asking(file, pack(), facts).seen(about.purpose)
    for asked in found.against():
        for way in asked.ways:
            changed = variables
            for change in way.changes:
                changed = changes.apply(change, changed, way.subject or None)
            assert changed != variables
            assert changes.satisfies(RULES[asked.rule], changed, way.subject or None), way
            if asked.outcome is Outcome.AGAINST:
                assert not changes.satisfies(RULES[asked.rule], variables, way.subject or None)


@cache
def named(words: str) -> Explanation:
    return explained(next(s for s in SCENARIOS if s.name.endswith(f": {words}")))


def asked(words: str, rule: str) -> Asked:
    return next(a for a in named(words).asked if a.rule == rule)


def offered(words: str, rule: str) -> set[frozenset[tuple[str, str, str]]]:
    found = asked(words, rule).ways
    return {frozenset((c.fact, c.how.value, c.value) for c in w.changes) for w in found}


def told(words: str, rule: str, fact: str) -> set[str]:
    """Where a fact stands, as `kind:place`; `nobody:place` where nobody says it."""
    (evidence,) = (e for e in asked(words, rule).evidence if e.fact == fact)
    if not evidence.where:
        return {f"nobody:{evidence.write_in}"}
    return {f"{p.kind.value}:{p.at}" for p in evidence.where}


def test_the_smallest_changes_are_the_ones_that_are_meant() -> None:
    hidden = frozenset({("person.identifiable", "set", "no")})
    assert offered("a girl of nine and no record anywhere", "no-record") == {
        frozenset({("person.has_consent", "set", "yes")}),
        hidden,
    }
    assert offered("social media was not agreed", "purpose-and-territory") == {
        frozenset({("person.consent.purposes", "add", "social")}),
        hidden,
    }
    assert offered("the day after", "in-time") == {
        frozenset({("person.consent.ends", "at_least", "2026-11-01")}),
        hidden,
    }
    assert offered("an embargo until tomorrow", "embargo") == {
        frozenset({("photo.embargo", "at_most", "2022-06-15")})
    }
    assert offered("one listed, three faces", "everyone-accounted-for") == {
        frozenset({("people.identifiable", "at_least", "3")})
    }
    assert offered("an unaccompanied child for whom a parent signed", "authority-of-giver") == {
        frozenset(
            {
                ("person.consent.appointed", "set", "yes"),
                ("person.consent.authority_evidenced", "set", "yes"),
            }
        ),
        hidden,
    }


def test_nobody_is_offered_to_overturn_what_was_said_of_a_person() -> None:
    """An age, a risk, a situation that is known, and a no, are never to be said otherwise."""
    for scenario in SCENARIOS:
        for one in explained(scenario).against():
            known = {(e.fact, e.subject) for e in one.evidence if e.value != "unknown"}
            for way in one.ways:
                for change in way.changes:
                    assert change.fact not in ("person.minor", "person.risk_reasons", "day")
                    assert change.fact != "person.refused_elsewhere"
                    if change.fact in ("person.age_band", "person.risk", "person.situation"):
                        assert (change.fact, way.subject) not in known, (scenario.name, change)


def test_the_places_of_the_evidence() -> None:
    sidecar = "file:IMG_0001.JPG.consent.yaml"
    girl = "a girl of nine, with her mother's consent and her own"
    lines = json.dumps(
        next(s for s in SCENARIOS if s.name.endswith(girl)).sheet("photo"),
        indent=1,
        ensure_ascii=False,
    ).splitlines()

    def at(word: str) -> str:
        (line,) = (n for n, text in enumerate(lines, 1) if f'"{word}":' in text)
        return f"{sidecar}:{line}"

    assert told(girl, "face-may-be-shown", "person.consent.face") == {at("face")}
    assert told(girl, "purpose-and-territory", "person.consent.purposes") == {at("purposes")}
    assert told(girl, "purpose-and-territory", "purpose") == {"question:purpose"}
    assert told(girl, "in-time", "person.consent.ends") == {at("valid_until")}
    assert told(girl, "in-time", "person.consent.state") == {
        f"{sidecar}:{int(at('events').rpartition(':')[2]) + 2}"
    }
    assert told(girl, "everyone-accounted-for", "faces.count") == {"faces:detector"}
    assert told(girl, "people-stated", "people.stated") == {at("people")}
    entry = 2 + int(at("people").rpartition(":")[2]) - 1
    here = f"nobody:IMG_0001.JPG.consent.yaml:{entry}"
    assert told(girl, "no-record", "person.identifiable") == {here}
    no_sidecar = "no sidecar, the photographer is known from the metadata"
    assert told(no_sidecar, "people-stated", "people.stated") == {
        "nobody:IMG_0001.JPG.consent.yaml"
    }
    assert told(no_sidecar, "credited", "credit.known") == {"tag:xmp creator"}
    mentioned = "one girl is listed, the metadata names two people"
    assert told(mentioned, "sources-agree", "people.mentioned") == {"tag:xmp PersonInImage"}
    assert told("the metadata could not be read", "readable", "reading.unreadable") == {"block:xmp"}


def test_a_record_that_was_imported_stands_in_its_file() -> None:
    scenario = next(s for s in SCENARIOS if s.name.endswith("the day after"))
    about = with_waivers(scenario)
    known = sources(scenario)
    here = {("C-0147", "register 1"): "forms.csv:12"}
    found = explain(about, pack(), question(scenario), replace(known, told_in=here))
    rule = next(a for a in found.asked if a.rule == "in-time")
    by_fact = {e.fact: e for e in rule.evidence}
    place = (Place(Kind.FILE, "forms.csv:12"),)
    assert by_fact["person.consent.ends"].where == place
    assert by_fact["person.consent.state"].where == place
    unsaid = by_fact["person.identifiable"]
    assert unsaid.write_in.startswith("IMG_0001.JPG.consent.yaml:")


def test_the_calendar() -> None:
    embargo = named("an embargo until tomorrow")
    assert embargo.turn is not None
    assert (embargo.turn.day, embargo.turn.disposition, embargo.turn.went) == (
        date(2022, 6, 16),
        Disposition.APPROVED,
        ("embargo",),
    )
    assert embargo.limit is None
    girl = named("a girl of nine, with her mother's consent and her own")
    assert girl.limit is not None
    assert (girl.limit.consent, girl.limit.last, girl.limit.because) == (
        "C-0147",
        date(2026, 10, 31),
        "valid_until",
    )
    assert girl.turn is not None
    assert (girl.turn.day, girl.turn.came) == (date(2026, 11, 1), ("in-time",))
    for scenario in SCENARIOS:
        found, about = explained(scenario), question(scenario)
        if found.turn is None:
            continue
        there = replace(about, day=found.turn.day)
        then = explain(with_waivers(scenario), pack(), there).decision
        assert then.disposition is found.turn.disposition
        before = {r.rule for r in found.decision.reasons}
        after = (before | set(found.turn.came)) - set(found.turn.went)
        assert {r.rule for r in then.reasons} == after


def test_the_default_term_stands_in_the_policy() -> None:
    found = named("no end is written, and the default term of ten years runs")
    assert found.limit is not None
    assert found.limit.because == "default term 10y"
    text = pack().sources["rules/consent/policy.yaml"].splitlines()
    line = 1 + next(n for n, row in enumerate(text) if row.startswith("default_term:"))
    assert found.limit.where[0] == Place(Kind.FILE, f"rules/consent/policy.yaml:{line}")


def test_a_waiver_is_told_and_where_one_may_be_given() -> None:
    waived = [(s, a) for s in SCENARIOS for a in explained(s).asked if a.outcome is Outcome.WAIVED]
    assert waived
    for scenario, one in waived:
        assert one.rule in {w.rule for w in decided(scenario).waived}
        assert one.waived is not None
    assert all(a.obstacle for s in SCENARIOS for a in explained(s).asked if a.final)


# Rules that oblige ---------------------------------------------------------------------------


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda s: s.name)
def test_an_obligation_is_of_a_rule_that_obliges(scenario: Scenario) -> None:
    found = explained(scenario)
    obliging = [a for a in found.asked if a.outcome is Outcome.OBLIGES]
    assert all(a.obligations == RULES[a.rule].file.obligations for a in obliging)
    assert all(not a.obligations for a in found.asked if a not in obliging)
    named_so = {o for a in obliging for o in a.obligations}
    by_hand = {why for each in found.decision.redact for why in each.why} - RULES.keys()
    for obligation in set(found.decision.obligations) - {Obligation.CREDIT, Obligation.WATERMARK}:
        assert obligation in named_so or (obligation is Obligation.REDACT_FACES and by_hand)
    for each in found.decision.redact:
        for rule in set(each.why) & RULES.keys():
            assert any(a.rule == rule for a in (*obliging, *found.against())), rule


def region_told(words: str) -> dict[str, tuple[str, list[str], str]]:
    """Where each person's face is said to be, by whom, by the rule that hides her."""
    return {
        e.subject: (e.value, [place.at for place in e.where], e.write_in)
        for e in asked(words, "face-may-be-shown").evidence
        if e.fact == "person.region"
    }


def test_a_region_is_told_with_its_sources() -> None:
    hidden = asked("only the metadata marks the girl who may not be seen, by her pseudonym",
                   "face-may-be-shown")  # fmt: skip
    assert hidden.outcome is Outcome.OBLIGES
    assert hidden.subjects == ("S-0147",)
    marked = region_told("only the metadata marks the girl who may not be seen, by her pseudonym")
    assert marked == {"S-0147": ("0.05, 0.2, 0.25, 0.1", ["xmp mwg-rs:Regions"], "")}
    ((value, (written, tagged), _),) = region_told(
        "the sidecar says that she stands left, the metadata right"
    ).values()
    assert value == "contradictory"
    assert re.fullmatch(r"IMG_0001\.JPG\.consent\.yaml:\d+", written)
    assert tagged == "xmp mwg-rs:Regions"
    ((value, where, write_in),) = region_told(
        "the metadata marks the other girl, so the face left over is hers"
    ).values()
    assert (value, where) == ("unknown", [])
    assert write_in.startswith("IMG_0001.JPG.consent.yaml")
    lost = region_told("sidecar and metadata disagree about her, and only one face was found")
    assert lost["S-0147"][0] == "contradictory"


def test_whoever_may_stay_is_told_where_the_others_go() -> None:
    words = "a passer-by goes, and the girl whom the metadata marks stays to be seen"
    obliging = asked(words, "others-hidden")
    assert obliging.obligations == (Obligation.REDACT_FACES,)
    (region,) = (e for e in obliging.evidence if e.fact == "person.region")
    assert [place.at for place in region.where] == ["xmp mwg-rs:Regions"]
