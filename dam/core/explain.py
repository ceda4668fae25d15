"""Why a decision is what it is: rules, evidence with its places, clauses, and what would do.

All of it is computed from the dossier and the rule pack, as data: what a person reads of it, and
in which language, is the renderer's part. No text that somebody wrote freely is among the values.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import islice

from dam.core import tombstones, view, waivers
from dam.core.celled import cel
from dam.core.changes import Change, of_rule, value_of
from dam.core.consent import NO_END
from dam.core.decide import WORLD, Asking, decide_all
from dam.core.facts import PersonFact
from dam.core.model import (
    Decision,
    Disposition,
    Obligation,
    Otherwise,
    Purpose,
    Reason,
    Use,
    Waived,
)
from dam.core.origins import Found, Place, Sources
from dam.core.places import Places
from dam.core.placing import claimed, stated
from dam.core.rules import POLICY_FILE, Rule, RulePack
from dam.core.tree import parse
from dam.core.view import Dossier, chosen

#: A decision changes by the calendar on few days; further ones are not looked for.
MOST_TURNS = 60
#: Of more people than this a rule's evidence is not told one by one.
MOST_PEOPLE = 50


class Outcome(enum.StrEnum):
    """What one rule says of the photograph."""

    SATISFIED = "satisfied"
    OBLIGES = "obliges"
    NOT_CONCERNED = "not_concerned"
    AGAINST = "against"
    UNKNOWN = "unknown"
    WAIVED = "waived"


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked: whether the photo may serve this purpose, there, for that use, on that day."""

    purpose: Purpose
    day: date
    territory: str = WORLD
    use: str = Use.EDITORIAL


@dataclass(frozen=True, slots=True)
class Evidence:
    """One fact that a rule looked at. `subject` is a pseudonym, empty for the photo's own facts.

    `where` are the places that state it; where nobody does, `write_in` says where it belongs.
    """

    fact: str
    subject: str
    value: str
    where: tuple[Place, ...]
    write_in: str = ""


@dataclass(frozen=True, slots=True)
class Way:
    """Changes of facts that together satisfy a rule; `subject` is whom they are about."""

    subject: str
    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class Asked:
    """One rule: its words by language, its clause, what it rested on, what would satisfy it.

    `obligations` are what a rule that obliges asks of every rendition, on account of `subjects`.
    `final`: no fact that is still to be recorded undoes it. `waived` is the waiver that lifts
    it; else `obstacle` says in English why none may, and is empty where one may.
    """

    rule: str
    otherwise: Otherwise
    outcome: Outcome
    title: Mapping[str, str]
    message: Mapping[str, str]
    advice: Mapping[str, str]
    clause: str
    subjects: tuple[str, ...]
    evidence: tuple[Evidence, ...]
    ways: tuple[Way, ...] = ()
    final: bool = False
    waived: Waived | None = None
    obstacle: str = ""
    obligations: tuple[Obligation, ...] = ()


@dataclass(frozen=True, slots=True)
class Limit:
    """The consent that ends first: its last day and which limit that is."""

    consent: str
    subject: str
    last: date
    because: str
    where: tuple[Place, ...]


@dataclass(frozen=True, slots=True)
class Turn:
    """The first day on which the calendar alone makes another decision of it.

    `came` and `went` are the rules that then stop it, and those that no longer do.
    """

    day: date
    disposition: Disposition
    came: tuple[str, ...]
    went: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Explanation:
    """`asked` begins with what stops the photo; rules that do not concern it come last."""

    question: Question
    decision: Decision
    asked: tuple[Asked, ...]
    turn: Turn | None
    limit: Limit | None

    def against(self) -> tuple[Asked, ...]:
        return tuple(a for a in self.asked if a.outcome in (Outcome.AGAINST, Outcome.UNKNOWN))


def explain(
    dossier: Dossier, pack: RulePack, question: Question, sources: Sources | None = None
) -> Explanation:
    """Decide the question and say why. Raises nothing that `decide` would not."""
    decision = decided(dossier, pack, question, question.day)
    term = pack.policy.default_term
    given = replace(sources or Sources(), policy=_policy(pack))
    places = Places(given, dossier, question.day, term)
    looked = _Looked(dossier, pack, question, places)
    reasons = {reason.rule: reason for reason in decision.reasons}
    lifted = {each.rule: each for each in decision.waived}
    asked = [
        looked.against(rule, reasons[rule.id])
        if rule.id in reasons
        else looked.waived(rule, lifted[rule.id])
        if rule.id in lifted
        else looked.not_against(rule)
        for rule in pack.rules
        if rule.applies_to(question.purpose)
    ]
    if (copied := reasons.get(tombstones.RULE)) is not None:
        asked.append(_copied(copied))
    order = {rule: number for number, rule in enumerate((*reasons, *lifted))}
    last = (Outcome.OBLIGES, Outcome.SATISFIED, Outcome.NOT_CONCERNED)
    asked.sort(
        key=lambda a: (
            order.get(a.rule, len(order)),
            last.index(a.outcome) if a.outcome in last else 0,
        )
    )
    return Explanation(
        question=question,
        decision=decision,
        asked=tuple(asked),
        turn=_turn(dossier, pack, question, decision),
        limit=_limit(dossier, places) if decision.disposition is Disposition.APPROVED else None,
    )


def _copied(reason: Reason) -> Asked:
    """What stops a copy of a photograph that was taken back: no rule of the pack, and no fact that

    somebody could record.
    """
    return Asked(
        rule=reason.rule,
        otherwise=reason.otherwise,
        outcome=Outcome.AGAINST,
        title=reason.title,
        message=reason.message,
        advice=reason.advice,
        clause=reason.source,
        subjects=(),
        evidence=(),
        final=True,
        obstacle="this is settled with dam tombstone settle, not waived",
    )


def _policy(pack: RulePack) -> str:
    """File and line of the default term."""
    for name, text in pack.sources.items():
        if name.rsplit("/", 1)[-1] == POLICY_FILE:
            tree, _ = parse(text.encode(), name, json=False, own=True)
            line = tree.line("default_term") if tree else None
            return name if line is None else f"{name}:{line}"
    return POLICY_FILE


def decided(dossier: Dossier, pack: RulePack, question: Question, day: date) -> Decision:
    """The decision on a question as of some day."""
    return decide_all(
        dossier, pack, (question.purpose,), day, question.territory, use=question.use
    )[0]


def same(one: Decision, other: Decision) -> bool:
    """Whether two decisions say the same, and for the same reasons."""
    return (one.disposition, [(r.rule, r.subjects) for r in one.reasons]) == (
        other.disposition,
        [(r.rule, r.subjects) for r in other.reasons],
    )


class _Looked:
    """One dossier as the rules saw it."""

    def __init__(
        self, dossier: Dossier, pack: RulePack, question: Question, places: Places
    ) -> None:
        self.places = places
        self.asked = waivers.Question(dossier, question.purpose, question.territory, question.day)
        facts = view.build(
            dossier,
            question.purpose,
            question.territory,
            question.day,
            pack.policy.default_term,
            question.use,
        )
        asking = Asking(dossier, pack, facts)
        rules = [rule.id for rule in pack.rules if rule.applies_to(question.purpose)]
        self.answers = dict(zip(rules, asking.ask(question.purpose)[0], strict=True))
        # Of rules that destroy faces none looks at what follows from it: they see the same.
        self.variables = asking.seen(question.purpose)
        persons = self.variables["persons"]
        assert isinstance(persons, list)
        self.people: dict[str, PersonFact] = {
            seen["id"]: person
            for seen, person in zip(persons, dossier.facts.people.persons, strict=True)
        }

    def against(self, rule: Rule, reason: Reason) -> Asked:
        subjects = reason.subjects or (self._concerned(rule) if rule.file.each else ())
        ways: list[Way] = []
        for subject in subjects[:MOST_PEOPLE] if rule.file.each else ("",):
            ways += [
                Way(subject, found) for found in of_rule(rule, self.variables, subject or None)
            ]
        return Asked(
            rule=rule.id,
            otherwise=reason.otherwise,
            outcome=Outcome.UNKNOWN if reason.unknown else Outcome.AGAINST,
            title=reason.title,
            message=reason.message,
            advice=reason.advice,
            clause=reason.source,
            subjects=reason.subjects,
            evidence=self._evidence(rule, subjects),
            ways=tuple(ways),
            final=reason.otherwise is Otherwise.REFUSE,
            obstacle=waivers.obstacle(reason, self.asked),
        )

    def waived(self, rule: Rule, lifted: Waived) -> Asked:
        """A rule that would stop the photo, but for a waiver."""
        asked = self.against(rule, lifted.reason)
        return replace(asked, outcome=Outcome.WAIVED, waived=lifted)

    def not_against(self, rule: Rule) -> Asked:
        """A rule that obliges, is satisfied, or does not speak of the photo."""
        file, answer = rule.file, self.answers[rule.id]
        obliges = bool(answer.obligations)
        concerned = self._concerned(rule)
        if obliges:
            concerned, outcome = answer.subjects or concerned, Outcome.OBLIGES
        else:
            outcome = Outcome.SATISFIED if concerned else Outcome.NOT_CONCERNED
        return Asked(
            rule=rule.id,
            otherwise=file.otherwise,
            outcome=outcome,
            title=file.title.model_dump(),
            message=file.reason.model_dump(),
            advice=file.advice.model_dump(),
            clause=file.source,
            subjects=concerned if file.each else (),
            evidence=self._evidence(rule, concerned) if concerned else (),
            obligations=answer.obligations,
        )

    def _concerned(self, rule: Rule) -> tuple[str, ...]:
        """Of whom a rule speaks (`*` for the photo as a whole); nobody where `when` is false."""
        each, when = rule.file.each, f"({rule.file.when}\n)"
        if each is None:
            return ("*",) if _asked(when, self.variables) is not False else ()
        found = _asked(f"persons.filter({each}, {when}).map({each}, {each}.id)", self.variables)
        if isinstance(found, list):
            return tuple(map(str, found))
        # A fact that it needs is unknown of somebody: of that one it does speak.
        persons = self.variables["persons"]
        assert isinstance(persons, list)
        alone = ({**self.variables, "persons": [person]} for person in persons[:MOST_PEOPLE])
        told = (_asked(f"persons.all({each}, {when})", one) for one in alone)
        return tuple(
            subject for subject, said in zip(self.people, told, strict=False) if said is not False
        )

    def _evidence(self, rule: Rule, subjects: Sequence[str]) -> tuple[Evidence, ...]:
        found: dict[Evidence, None] = {}
        for full in rule.paths:
            path = tuple(part for part in full if part != "[]")
            fact = ".".join(path)
            if rule.file.each is None or path[0] != rule.file.each:
                value = _plain(self.variables, path)
                found[_evidence(fact, "", value, self.places.of_photo(path))] = None
                continue
            for subject in subjects[:MOST_PEOPLE]:
                person = self.people[subject]
                standing = chosen(person, self.places.standings)
                place = self.places.of_person(path[1:], person, standing)
                value = said(value_of(fact, self.variables, subject))
                found[_evidence(fact, subject, value, place)] = None
        if rule.redacts:
            found |= dict.fromkeys(self._regions(subjects if rule.file.each else self.people))
        return tuple(found)

    def _regions(self, subjects: Iterable[str]) -> Iterator[Evidence]:
        """By what a face is known to be somebody's: where each of these people stands."""
        for subject in islice(subjects, MOST_PEOPLE):
            person = self.people[subject]
            place = self.places.of_person(("region",), person, None)
            box = stated(person)
            if box is not None:
                value = ", ".join(f"{side:g}" for side in box)
            else:
                value = "contradictory" if len(claimed(person)) > 1 else "unknown"
            yield _evidence("person.region", subject, value, place)


def _asked(expression: str, variables: dict[str, object]) -> object:
    """What an expression gives; None where it cannot be evaluated."""
    try:
        return cel.compile(expression).execute(cel.Context(variables))
    except Exception:  # whatever the expression trips over is an unknown
        return None


def _evidence(fact: str, subject: str, value: str, found: Found) -> Evidence:
    return Evidence(fact, subject, value, found.where, found.write_in)


def said(value: object) -> str:
    """A fact's value as people write it: yes, no, none, unknown, a word, a day, a number."""
    if value is None:
        return "unknown"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(str(item) for item in value) or "none"
    return str(value) if value != "" else "none"


def _plain(node: object, path: Sequence[str]) -> str:
    for place, part in enumerate(path):
        if isinstance(node, list):
            return ", ".join(dict.fromkeys(_plain(item, path[place:]) for item in node)) or "none"
        node = node.get(part) if isinstance(node, dict) else None
    return said(node)


def _turn(dossier: Dossier, pack: RulePack, question: Question, decision: Decision) -> Turn | None:
    """The first later day on which the decision is another one; None where there is none."""
    day = decision.holds_until
    for _ in range(MOST_TURNS):
        if day is None:
            return None
        then = decided(dossier, pack, question, day)
        before, after = ({r.rule for r in d.reasons} for d in (decision, then))
        if then.disposition is not decision.disposition or before != after:
            return Turn(
                day,
                then.disposition,
                tuple(sorted(after - before)),
                tuple(sorted(before - after)),
            )
        day = then.holds_until
    return None


def _limit(dossier: Dossier, places: Places) -> Limit | None:
    """Of all consents of recognisable people, the one that ends first."""
    used = [
        standing
        for person in dossier.facts.people.persons
        if person.identifiable and (standing := chosen(person, places.standings)) is not None
    ]
    first = min(used, key=lambda s: s.ends, default=None)
    if first is None or first.ends >= NO_END:
        return None
    return Limit(first.id, first.subject, first.ends, first.ends_because, places.limit(first).where)
