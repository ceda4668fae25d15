"""The facts as rules see them: plain names with plain values, typed and documented.

A value that is not known is left out, so that an expression which needs it fails, and a
rule that fails is a hold. `null` would not do: in CEL `null != 3` is simply true.

The names are those of `dam.core.schema`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from dam.core.consent import RISK_ORDER, Record, Standing, age_on, stand, state_on
from dam.core.facts import NAMES_SOUGHT, Facts, PeopleFact, PersonFact, youngest
from dam.core.model import (
    REFUSING_STATES,
    AgeBand,
    Assent,
    Purpose,
    Risk,
    Situation,
    Use,
    one_word,
)
from dam.core.names import matches
from dam.core.naming import LEAVES, Naming, find
from dam.core.readings import Status
from dam.core.redaction import Drawn
from dam.core.tombstones import Trace
from dam.core.waivers import Waiver

#: What each subject's records allow on a day, by subject.
Standings = Mapping[str, Sequence[Standing]]


@dataclass(frozen=True, slots=True)
class Dossier:
    """Everything a decision rests on: the facts and every consent record about its people.

    `name` is the photo's file name as dropped (for the records' file patterns, and for names
    and places in it). `naming` tells where places and the names that the register knows stand;
    None: the register has no name of anybody here.
    `drawn` are the regions that people drew by hand, to be destroyed in every rendition.
    `traces` tell what it has of photographs that were taken back.
    """

    facts: Facts
    sha256: str = ""
    name: str = ""
    records: tuple[Record, ...] = ()
    waivers: tuple[Waiver, ...] = ()
    naming: Naming | None = None
    drawn: tuple[Drawn, ...] = ()
    traces: tuple[Trace, ...] = ()

    def standings(self, day: date, default_term: str) -> dict[str, list[Standing]]:
        """What each subject's records allow on a day, by subject."""
        grouped: dict[tuple[str, str], list[Record]] = {}
        for record in self.records:
            grouped.setdefault((record.item.subject.id, record.item.id), []).append(record)
        found: dict[str, list[Standing]] = {}
        for (subject, _), records in sorted(grouped.items()):
            found.setdefault(subject, []).append(stand(records, day, default_term))
        return found


#: In these somebody is vulnerable at any age; of whom nobody said, that may be.
_VULNERABLE = frozenset(
    {Situation.REFUGEE, Situation.ASYLUM_SEEKER, Situation.IDP, Situation.UNKNOWN}
)


def build(
    dossier: Dossier,
    purpose: Purpose,
    territory: str,
    day: date,
    default_term: str,
    use: str = Use.EDITORIAL,
    standings: Standings | None = None,
) -> dict[str, object]:
    """The variables for CEL, in text it can take. Unknown values are left out.

    `standings` are those of that day, for callers that have them.
    """
    facts = dossier.facts
    if standings is None:
        standings = dossier.standings(day, default_term)
    people = facts.people
    naming = dossier.naming or find(facts, dossier.name, {})
    faces: dict[str, object] = {"checked": facts.faces.count is not None, "others": "visible"}
    if facts.faces.count is not None:
        faces["count"] = facts.faces.count
    variables: dict[str, object] = {
        "purpose": purpose.value,
        "use": one_word(use),
        "territory": territory,
        "day": day.isoformat(),
        "photo": _photo(facts, naming),
        "credit": {
            "known": facts.photographer.status is Status.KNOWN,
            "id": facts.photographer.value or "",
        },
        "people": {
            "stated": people.stated != "unknown",
            "none": people.stated == "none",
            "crowd": people.stated == "crowd",
            "redact_others": people.redact_others,
            "count": _listed(people),
            "identifiable": sum(p.identifiable for p in people.persons),
            "mentioned": people.mentioned,
            "minors_mentioned": people.minors_mentioned,
        },
        "faces": faces,
        "reading": {
            "unreadable": [b.name for b in facts.blocks if b.status is Status.UNREADABLE],
            "problems": list(facts.problems),
            "ambiguous": list(facts.ambiguous),
            "contradictions": contradictions(dossier, standings, day),
        },
        "persons": [
            _person(number, person, standings, dossier, day) | _named(person, facts, naming)
            for number, person in enumerate(people.persons, 1)
        ],
    }
    return {name: _plain(value) for name, value in variables.items()}


def _photo(facts: Facts, naming: Naming) -> dict[str, object]:
    """What is said of the photograph itself; its place only where names were looked for."""
    photo: dict[str, object] = {
        "format": facts.format,
        "captioned": any(text.strip() for text in facts.caption.written.values()),
        "leaves": list(LEAVES),
        "embargo": facts.embargo.value or "",
        "gps": facts.gps,
        "release_status": facts.release_status.value or "",
        "tags": list(facts.tags),
    }
    if facts.captured.value:
        photo["captured"] = facts.captured.value
    if facts.version >= NAMES_SOUGHT:
        photo["place_in"] = list(naming.places)
        photo["place_said"] = next((naming.places[w] for w in LEAVES if w in naming.places), "none")
    return photo


def _plain(value: object) -> object:
    """The same without lone surrogates, as names of files may carry them."""
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode("utf-8")
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        return {name: _plain(item) for name, item in value.items()}
    return value


def _listed(people: PeopleFact) -> int:
    """How many people are listed. Those without a subject in several sources may be the same."""
    nameless = Counter(
        source for p in people.persons if p.subject is None for source in p.sources or ("",)
    )
    named = {p.subject for p in people.persons if p.subject is not None}
    return len(named) + max(nameless.values(), default=0)


def chosen(person: PersonFact, standings: Mapping[str, Sequence[Standing]]) -> Standing | None:
    """The consent a person's entry rests on: the one it names, else the subject's only one.

    A record about another subject never serves, nor one whose number another subject's record
    bears as well. Where the entry names none and the subject has several, nobody has said
    which is meant: none is taken.
    """
    own = standings.get(person.subject or "", ())
    if person.consent is not None:
        found = next((s for s in own if s.id == person.consent), None)
    else:
        found = own[0] if len(own) == 1 else None
    if found is not None and any(
        s.id == found.id
        for whose, theirs in standings.items()
        if whose != person.subject
        for s in theirs
    ):
        return None
    return found


def age_of(person: PersonFact, standings: Mapping[str, Sequence[Standing]], day: date) -> AgeBand:
    """The youngest age that anybody states of a person: the entry, the consent it rests on, and
    any other record of the subject while that rules out that the subject has come of age.
    """
    ages = [person.age_band] if person.age_stated else []
    standing = chosen(person, standings)
    if standing is not None and standing.age_stated:
        ages.append(standing.age_band)
    for other in standings.get(person.subject or "", ()):
        if other.minor_before is not None and day < other.minor_before:
            ages.append(other.age_band)
    return youngest(ages)


def contradictions(dossier: Dossier, standings: Standings, day: date) -> list[str]:
    """What the sources contradict each other about, consent records among them.

    Somebody who is an adult by one source and counts as a minor by another would need no consent
    of their own and be protected by another's: that is for a person to settle.
    """
    found = list(dossier.facts.contradictions)
    for person in dossier.facts.people.persons:
        adult = person.age_stated and person.age_band is AgeBand.ADULT
        adult = adult or any(
            age_on(record.item, day) is AgeBand.ADULT
            for record in dossier.records
            if record.item.subject.id == person.subject
        )
        if adult and age_of(person, standings, day) is not AgeBand.ADULT:
            found.append(f"the sources differ on whether {person.subject} is an adult")
    return list(dict.fromkeys(found))


def _person(
    number: int,
    person: PersonFact,
    standings: Mapping[str, Sequence[Standing]],
    dossier: Dossier,
    day: date,
) -> dict[str, object]:
    """One person. What protects a subject is gathered from every record about the subject."""
    own = standings.get(person.subject or "", ())
    standing = chosen(person, standings)
    band = age_of(person, standings, day)
    situations = frozenset(word for s in own for word in s.situation)
    seen: dict[str, object] = {
        "id": person.subject or f"person-{number}",
        "identifiable": person.identifiable,
        "face": "visible" if person.identifiable else "hidden",
        "minor": band is not AgeBand.ADULT,
        "age_band": band.value,
        "has_consent": standing is not None,
        "refused_elsewhere": _refused_elsewhere(person, standing, dossier, day),
        "situation": sorted(situations or {Situation.UNKNOWN.value}),
        "risk_visible": bool(standing and standing.risk_visible)
        and not any(s.risk_hidden for s in own),
        "risk_reasons": sorted({one_word(reason) for s in own for reason in s.risk_reasons}),
        "prohibited": sorted(
            {one_word(u) for s in ((standing,) if standing else own) for u in s.prohibited}
        ),
    }
    risks = [s.risk for s in own if s.risk is not None]
    if risks:
        seen["risk"] = max(risks, key=RISK_ORDER.index).value
    accompanied = {s.unaccompanied for s in own} - {None}
    if accompanied:
        seen["unaccompanied"] = True in accompanied
    seen["vulnerable"] = bool(_VULNERABLE & (situations or {Situation.UNKNOWN})) or (
        band is not AgeBand.ADULT
        and (accompanied != {False} or set(risks) != {Risk.LOW} or bool(seen["risk_reasons"]))
    )
    if standing is not None:
        seen["consent"] = _consent(standing, dossier)
    return seen


def _named(person: PersonFact, facts: Facts, naming: Naming) -> dict[str, object]:
    """Where the person's name stands, and what would tell who and where the person is."""
    if facts.version < NAMES_SOUGHT:
        return {}
    known = naming.names.get(person.subject or "", {})
    said = [{**facts.people.named_in}, known]
    much = {s[where] for s in said for where in LEAVES if where in s}
    tells = {
        "face": person.identifiable,
        "place": any(where in naming.places for where in LEAVES),
        "name": bool(much),
    }
    return {
        "name_in": list(dict.fromkeys(where for s in said for where in s)),
        "name_said": "full" if "full" in much else "first" if much else "none",
        "pillars": [pillar for pillar, out in tells.items() if out],
    }


def _refused_elsewhere(
    person: PersonFact, standing: Standing | None, dossier: Dossier, day: date
) -> bool:
    """Whether any record of this subject ends in a no that the chosen consent does not outlive.

    `never_publish` on any record of the subject counts the same way.
    """
    for record in dossier.records:
        if record.item.subject.id != person.subject:
            continue
        if record.item.subject.risk is Risk.NEVER_PUBLISH:
            return True
        if standing is not None and record.item.id == standing.id:
            continue
        state, since = state_on(record.events, day)
        no = state in REFUSING_STATES or record.item.child_assent is Assent.REFUSED
        if no and (standing is None or since >= standing.state_on):
            return True
    return False


def _consent(standing: Standing, dossier: Dossier) -> dict[str, object]:
    applies = all(
        any(
            (a.sha256 is not None and a.sha256 == dossier.sha256)
            or (a.match is not None and matches(a.match, dossier.name))
            for a in assets
        )
        for assets in standing.assets
    )
    return {
        "id": standing.id,
        "state": standing.state.value,
        "valid_from": standing.valid_from.isoformat(),
        "ends": standing.ends.isoformat(),
        "ends_because": standing.ends_because,
        "purposes": sorted(standing.purposes),
        "prohibited": sorted(map(one_word, standing.prohibited)),
        "territories": sorted(standing.territories),
        "giver_roles": sorted(standing.giver_roles),
        "appointed": standing.appointed,
        "authority_evidenced": standing.authority_evidenced,
        "assent": (standing.assent or "not_sought"),
        "notice": standing.notice,
        "face": standing.face,
        "name": standing.name.value,
        "location": standing.location.value,
        "applies": applies,
        "sources": [source.lstrip("/") for source in standing.sources],
    }


def turning_days(
    dossier: Dossier, day: date, standings: Standings, *, usual: bool = True
) -> tuple[date, ...]:
    """Every later day on which the calendar alone can change what the rules see.

    `standings` are those of `day`. `usual`: the rules compare the day only as
    `RulePack.usual_days` says; else the days before and after count as well, whichever way a
    rule compares.
    """
    days: set[date] = set()
    for each in standings.values():
        for standing in each:
            days.update(standing.dates)
    if dossier.facts.embargo.value:
        days.add(date.fromisoformat(dossier.facts.embargo.value))
    if not usual:
        if dossier.facts.captured.value:
            days.add(date.fromisoformat(dossier.facts.captured.value))
        days |= {neighbour for d in days for neighbour in neighbours(d)}
    return tuple(sorted(d for d in days if d > day))


def neighbours(day: date) -> list[date]:
    """The day before and the day after, where the calendar has them."""
    found = [day - timedelta(days=1)] if day > date.min else []
    return found + ([day + timedelta(days=1)] if day < date.max else [])
