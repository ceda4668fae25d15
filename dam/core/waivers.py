"""Waivers: a named role lets one photograph pass one rule that holds it, until a day.

A waiver is a recorded decision, so it is no silence; but it is bound to what its giver saw.
As soon as the rule, its evidence or the people shown are others than on the day it was given,
it lifts nothing and the hold is back. It never lifts a refusal, nor what could not be checked,
and a no that is said of anybody shown ends it for good.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

from dam.core.consent import Record
from dam.core.facts import digest_of
from dam.core.model import (
    REFUSING_STATES,
    Assent,
    Decision,
    Otherwise,
    Purpose,
    Reason,
    Risk,
    Waived,
    one_word,
)

if TYPE_CHECKING:
    from dam.core.rules import Rule
    from dam.core.view import Dossier

WORLD = "world"

#: Holds that nobody can waive, each with why. Names and places are looked for in texts, and the
#: search may be mistaken; of the face nothing is left to judge once the person has answered.
NEVER_WAIVED: Mapping[str, str] = {
    "always-protect-identity": "the face of this child must never be recognisable, whoever agreed",
    "always-protect-name": "the true name of this child must never be said, whoever agreed",
    "credited": "no rendition goes out without its credit, and there would be none",
    "face-may-be-shown": "it is what the person answered; ask again and record the new answer",
    "people-stated": "where nobody said who is shown, no withdrawal could ever reach the picture",
}

_ASKED = ("day = ", "territory = ")
_DATE = re.compile(r"(?<![0-9])[0-9]{4}-[0-9]{2}-[0-9]{2}(?![0-9])")


@dataclass(frozen=True, slots=True)
class Waiver:
    """One waiver of one rule for one photograph (`sha256`), given by a role.

    `until` is the last day on which it counts. `covers` are the purposes it is for, each with
    the digest of what the rule showed then (`sight`); one given for the territory `world` is
    for every territory. `noes` are all refusals of people shown that were on record then.
    """

    id: str
    sha256: str
    rule: str
    by: str
    given_on: date
    until: date
    covers: tuple[tuple[Purpose, str], ...]
    territory: str = WORLD
    noes: tuple[str, ...] = ()

    @property
    def purposes(self) -> tuple[Purpose, ...]:
        return tuple(purpose for purpose, _ in self.covers)

    def digest(self) -> str:
        """SHA-256 in hex over all that decides what it lifts and how it is told of."""
        return digest_of(
            [
                self.id, self.sha256, self.rule, self.by, self.given_on.isoformat(),
                self.until.isoformat(), sorted((p.value, seen) for p, seen in self.covers),
                self.territory, sorted(self.noes),
            ]
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Question:
    """What is decided: may this photograph be used for this, there, on this day?"""

    dossier: Dossier
    purpose: Purpose
    territory: str
    day: date


def obstacle(reason: Reason, asked: Question) -> str:
    """Why no waiver may lift a reason; empty where one may."""
    if reason.otherwise is not Otherwise.HOLD:
        return "it refuses: a no is never waived"
    if reason.rule in NEVER_WAIVED:
        return NEVER_WAIVED[reason.rule]
    if reason.unknown:
        return "it could not be checked; find out what is not known and record it"
    known = {person.subject for person in asked.dossier.facts.people.persons}
    if not known.issuperset(reason.subjects):
        return "somebody it is about has no pseudonym, so that no withdrawal could ever end it"
    if forbidden(asked.dossier.records, asked.purpose):
        return f"a consent of somebody shown prohibits {asked.purpose.value} by name"
    return ""


def forbidden(records: Iterable[Record], purpose: Purpose) -> bool:
    """Whether any record of the people shown prohibits this purpose: a no, whoever waives."""
    return any(purpose.value == one_word(word) for r in records for word in r.item.scope.prohibited)


def noes(records: Iterable[Record]) -> frozenset[str]:
    """Every no that records of the people shown hold, as short texts without personal data."""
    found: set[str] = set()
    for record in records:
        item = record.item
        found.update(
            f"{item.id} {event.state.value} {event.on.isoformat()}"
            for event in record.events
            if event.state in REFUSING_STATES
        )
        if item.child_assent is Assent.REFUSED:
            found.add(f"{item.id} assent refused")
        if item.subject.risk is Risk.NEVER_PUBLISH:
            found.add(f"{item.id} never_publish")
    return frozenset(found)


def refused_since(waiver: Waiver, records: Iterable[Record]) -> bool:
    """Whether anybody shown has said no since the waiver was given; that ends it for good."""
    return not noes(records) <= set(waiver.noes)


def counting(dossier: Dossier, day: date) -> tuple[Waiver, ...]:
    """The waivers of this photograph that count on a day, the one that lasts longest first."""
    told = noes(dossier.records)
    return tuple(
        sorted(
            (
                w
                for w in dossier.waivers
                if w.sha256 == dossier.sha256
                and w.given_on <= day <= w.until
                and told <= set(w.noes)
            ),
            key=lambda w: (-w.until.toordinal(), w.id),
        )
    )


def sight(reason: Reason, rule: Rule, asked: Question) -> str:
    """SHA-256 in hex over what a waiver of this reason is given for.

    That is the rule as it stands in its file, its evidence, on which side of each date in it
    the day lies, and who is shown. Of what could not be read it is also the bytes of every
    sidecar: another one may say the same wrong word, and be a withdrawal.
    """
    file, facts = rule.file, asked.dossier.facts
    lines = sorted(line for line in reason.evidence if not line.startswith(_ASKED))
    unread = any(line.startswith("reading.") for line in lines)
    return digest_of(
        [
            [file.each, file.when, file.require],
            sorted(reason.subjects),
            lines,
            [[d.isoformat(), (asked.day > d) - (asked.day < d)] for d in _compared(reason, rule)],
            facts.people.stated,
            sorted(
                [p.subject or "", p.identifiable, p.consent or ""] for p in facts.people.persons
            ),
            sorted(facts.sidecars) if unread else [],
        ]
    )


def bind(
    rule: Rule, reasons: Mapping[Purpose, Reason], dossier: Dossier, territory: str, day: date
) -> tuple[tuple[tuple[Purpose, str], ...], dict[str, tuple[Purpose, ...]]]:
    """What a waiver given on `day` against these reasons of one rule covers.

    Second, why it cannot cover the other purposes (see `obstacle`).
    """
    covers: list[tuple[Purpose, str]] = []
    against: dict[str, tuple[Purpose, ...]] = {}
    for purpose, reason in reasons.items():
        asked = Question(dossier, purpose, territory, day)
        if why := obstacle(reason, asked):
            against[why] = (*against.get(why, ()), purpose)
        else:
            covers.append((purpose, sight(reason, rule, asked)))
    return tuple(covers), against


def _compared(reason: Reason, rule: Rule) -> list[date]:
    """The dates that a rule which looks at the day can have compared it with."""
    if not any(line.startswith("day = ") for line in reason.evidence):
        return []
    texts = [line.partition(" = ")[2] for line in reason.evidence if not line.startswith(_ASKED)]
    found: set[date] = set()
    for written in _DATE.findall(" ".join((*texts, rule.file.when, rule.file.require))):
        with suppress(ValueError):
            found.add(date.fromisoformat(written))
    return sorted(found)


def lift(
    reasons: Iterable[Reason], pack: Iterable[Rule], asked: Question
) -> tuple[tuple[Reason, ...], tuple[Waived, ...]]:
    """Part the reasons of one decision into those that stand and those that a waiver lifts."""
    live = counting(asked.dossier, asked.day)
    rules = {rule.id: rule for rule in pack}
    standing: list[Reason] = []
    waived: list[Waived] = []
    for reason in reasons:
        waiver = _waiver_of(reason, live, rules, asked)
        if waiver is None:
            standing.append(reason)
        else:
            waived.append(Waived(waiver.id, waiver.by, waiver.until, reason))
    return tuple(standing), tuple(waived)


def _waiver_of(
    reason: Reason, live: Sequence[Waiver], rules: Mapping[str, Rule], asked: Question
) -> Waiver | None:
    own = [w for w in live if w.rule == reason.rule and w.territory in (WORLD, asked.territory)]
    if not own or obstacle(reason, asked):
        return None
    seen = (asked.purpose, sight(reason, rules[reason.rule], asked))
    return next((w for w in own if seen in w.covers), None)


def turning_days(dossier: Dossier) -> Iterator[date]:
    """Every day on which a waiver begins or ceases to count by the calendar alone."""
    for waiver in dossier.waivers:
        yield waiver.given_on
        if waiver.until < date.max:
            yield waiver.until + timedelta(days=1)


def crossings(waived: Iterable[Waived], pack: Iterable[Rule], day: date) -> Iterator[date]:
    """Every later day on which what was waived comes to or passes a date that it looks at."""
    rules = {each.rule: each.reason for each in waived}
    for rule in pack if rules else ():
        for compared in _compared(rules[rule.id], rule) if rule.id in rules else ():
            if compared >= day and compared < date.max:
                yield compared + timedelta(days=1)
            if compared > day:
                yield compared


def purposes_lifted(decisions: Iterable[Decision], waiver: str) -> tuple[Purpose, ...]:
    """The purposes for which the waiver of this id lifts a reason in these decisions."""
    return tuple(d.purpose for d in decisions if any(w.id == waiver for w in d.waived))
