"""The facts as rules see them: plain names with plain values, typed and documented.

A value that is not known is left out, so that an expression which needs it fails, and a
rule that fails is a hold. `null` would not do: in CEL `null != 3` is simply true.

`SCHEMA` is the one list of these names; rules, their examples and the documentation are
checked against it. Dates are texts `YYYY-MM-DD`, which compare like dates.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from dam.core.consent import RISK_ORDER, Record, Standing, stand, state_on
from dam.core.facts import Facts, PeopleFact, PersonFact, youngest
from dam.core.model import REFUSING_STATES, AgeBand, Assent, Purpose, Risk, Situation
from dam.core.names import matches
from dam.core.readings import Status


@dataclass(frozen=True, slots=True)
class Leaf:
    """A plain fact: `kind` is bool, int, str, date (text) or list (of texts)."""

    kind: str
    doc: str


@dataclass(frozen=True, slots=True)
class ListOf:
    """A list of things that each have the same facts; `item` names one in a rule's `each`."""

    item: str
    doc: str
    of: Mapping[str, Node]


Node = Leaf | ListOf | Mapping[str, "Node"]


CONSENT: dict[str, Node] = {
    "id": Leaf("str", "number of the consent record"),
    "state": Leaf("str", "state on the day: given, renewed, withdrawn, ..."),
    "valid_from": Leaf("date", "first day on which it counts"),
    "ends": Leaf("date", "last day on which it counts, from every limit"),
    "ends_because": Leaf("str", "which limit that is"),
    "purposes": Leaf("list", "purposes allowed, archive and internal implied"),
    "prohibited": Leaf("list", "uses forbidden by name"),
    "territories": Leaf("list", "countries (ISO 3166) or world"),
    "giver_roles": Leaf("list", "roles of those who gave it"),
    "appointed": Leaf("bool", "an appointed representative or social worker gave it"),
    "authority_evidenced": Leaf("bool", "there is evidence of the guardian's authority"),
    "assent": Leaf("str", "the child's own assent; not_sought where nothing is recorded"),
    "notice": Leaf("bool", "the explained form or text is on record"),
    "face": Leaf("bool", "the face may be shown"),
    "name": Leaf("str", "none, pseudonym, first, full"),
    "location": Leaf("str", "none, country, region, exact"),
    "applies": Leaf("bool", "the record speaks of this photograph (or of no certain one)"),
    "sources": Leaf("list", "the sidecars and imports that state it"),
}

PERSON: dict[str, Node] = {
    "id": Leaf("str", "pseudonym of the subject, or person-N"),
    "identifiable": Leaf("bool", "can be recognised; unknown counts as yes"),
    "minor": Leaf("bool", "under 18 or of unknown age"),
    "age_band": Leaf("str", "0-5, 6-11, 12-15, 16-17, adult, unknown"),
    "unaccompanied": Leaf("bool", "without a parent or guardian; left out if nobody said"),
    "situation": Leaf("list", "refugee, asylum_seeker, migrant, idp, other, unknown"),
    "risk": Leaf("str", "low, elevated, high, never_publish; left out if nobody said"),
    "risk_visible": Leaf("bool", "a recorded risk decision lets the child be shown"),
    "risk_reasons": Leaf("list", "why the child is at risk"),
    "has_consent": Leaf("bool", "a consent record about this subject was found"),
    "refused_elsewhere": Leaf("bool", "another record of this subject says no, later"),
    "consent": CONSENT,
}

SCHEMA: dict[str, Node] = {
    "purpose": Leaf("str", "what the picture is wanted for"),
    "territory": Leaf("str", "where it will be published: a country or world"),
    "day": Leaf("date", "the day of use"),
    "photo": {
        "format": Leaf("str", "JPEG, TIFF, PNG, WEBP, ..."),
        "captured": Leaf("date", "day of capture"),
        "captioned": Leaf("bool", "there is a caption in some language"),
        "embargo": Leaf("date", "not before this day; empty where there is none"),
        "gps": Leaf("bool", "the original carries coordinates"),
        "release_status": Leaf("str", "PLUS model release status in the original, or empty"),
        "tags": Leaf("list", "tags from the sidecars"),
    },
    "credit": {
        "known": Leaf("bool", "the photographer is in the roster"),
        "id": Leaf("str", "roster id, empty if unknown"),
    },
    "people": {
        "stated": Leaf("bool", "a person has said who is shown"),
        "none": Leaf("bool", "somebody stated that nobody is shown"),
        "crowd": Leaf("bool", "somebody stated that it is a crowd"),
        "count": Leaf("int", "how many people are listed"),
        "identifiable": Leaf("int", "how many of them can be recognised"),
        "mentioned": Leaf("int", "how many people the photo's own metadata speaks of"),
        "minors_mentioned": Leaf("int", "how many of these may be minors by that metadata"),
    },
    "faces": {
        "checked": Leaf("bool", "somebody looked for faces"),
        "count": Leaf("int", "how many were found; left out if nobody looked"),
    },
    "reading": {
        "unreadable": Leaf("list", "metadata blocks that could not be read"),
        "problems": Leaf("list", "what is wrong with the sidecars"),
        "ambiguous": Leaf("list", "sidecars that could belong to another photo"),
        "contradictions": Leaf("list", "what the sources contradict each other about"),
    },
    "persons": ListOf("person", "everybody listed as shown", PERSON),
}


def resolve(path: Sequence[str], *, each: str | None) -> Leaf | None:
    """The schema leaf a path means. None: a group or list as a whole. KeyError: no such fact."""
    node: Node = SCHEMA
    parts = list(path)
    if each is not None and parts[0] == each:
        node, parts = _element(each), parts[1:]
    for part in parts:
        if part == "[]":
            if isinstance(node, ListOf):
                node = node.of
            elif isinstance(node, Leaf) and node.kind == "list":
                node = Leaf("str", node.doc)
            else:
                raise KeyError(".".join(path))
        elif isinstance(node, Leaf | ListOf) or part not in node:
            raise KeyError(".".join(path))
        else:
            node = node[part]
    return node if isinstance(node, Leaf) else None


def _element(each: str) -> Mapping[str, Node]:
    for node in SCHEMA.values():
        if isinstance(node, ListOf) and node.item == each:
            return node.of
    raise KeyError(each)


def leaves(node: Node | None = None, prefix: str = "") -> list[tuple[str, Leaf]]:
    """Every fact name with its leaf, in the order of the schema, for documentation."""
    found: list[tuple[str, Leaf]] = []
    node = SCHEMA if node is None else node
    if isinstance(node, Leaf):
        return [(prefix, node)]
    if isinstance(node, ListOf):
        return leaves(node.of, node.item)
    for name, child in node.items():
        found += leaves(child, f"{prefix}.{name}" if prefix else name)
    return found


@dataclass(frozen=True, slots=True)
class Dossier:
    """Everything a decision rests on: the facts and every consent record about its people.

    `name` is the photo's file name as dropped (used for the records' file patterns only).
    """

    facts: Facts
    sha256: str = ""
    name: str = ""
    records: tuple[Record, ...] = ()

    def standings(self, day: date, default_term: str) -> dict[str, list[Standing]]:
        """What each subject's records allow on a day, by subject."""
        grouped: dict[tuple[str, str], list[Record]] = {}
        for record in self.records:
            grouped.setdefault((record.item.subject.id, record.item.id), []).append(record)
        found: dict[str, list[Standing]] = {}
        for (subject, _), records in sorted(grouped.items()):
            found.setdefault(subject, []).append(stand(records, day, default_term))
        return found


def build(
    dossier: Dossier, purpose: Purpose, territory: str, day: date, default_term: str
) -> dict[str, object]:
    """The variables for CEL, in text it can take. Unknown values are left out."""
    facts = dossier.facts
    standings = dossier.standings(day, default_term)
    people = facts.people
    faces: dict[str, object] = {"checked": facts.faces.count is not None}
    if facts.faces.count is not None:
        faces["count"] = facts.faces.count
    photo: dict[str, object] = {
        "format": facts.format,
        "captioned": bool(facts.caption.value),
        "embargo": facts.embargo.value or "",
        "gps": facts.gps,
        "release_status": facts.release_status.value or "",
        "tags": list(facts.tags),
    }
    if facts.captured.value:
        photo["captured"] = facts.captured.value
    variables: dict[str, object] = {
        "purpose": purpose.value,
        "territory": territory,
        "day": day.isoformat(),
        "photo": photo,
        "credit": {
            "known": facts.photographer.status is Status.KNOWN,
            "id": facts.photographer.value or "",
        },
        "people": {
            "stated": people.stated != "unknown",
            "none": people.stated == "none",
            "crowd": people.stated == "crowd",
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
            "contradictions": list(facts.contradictions),
        },
        "persons": [
            _person(number, person, standings, dossier, day)
            for number, person in enumerate(people.persons, 1)
        ],
    }
    return {name: _plain(value) for name, value in variables.items()}


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
    situations = frozenset(word.value for s in own for word in s.situation)
    seen: dict[str, object] = {
        "id": person.subject or f"person-{number}",
        "identifiable": person.identifiable,
        "minor": band is not AgeBand.ADULT,
        "age_band": band.value,
        "has_consent": standing is not None,
        "refused_elsewhere": _refused_elsewhere(person, standing, dossier, day),
        "situation": sorted(situations or {Situation.UNKNOWN.value}),
        "risk_visible": bool(standing and standing.risk_visible)
        and not any(s.risk_hidden for s in own),
        "risk_reasons": sorted({_word(reason) for s in own for reason in s.risk_reasons}),
    }
    risks = [s.risk for s in own if s.risk is not None]
    if risks:
        seen["risk"] = max(risks, key=RISK_ORDER.index).value
    accompanied = {s.unaccompanied for s in own} - {None}
    if accompanied:
        seen["unaccompanied"] = True in accompanied
    if standing is not None:
        seen["consent"] = _consent(standing, dossier)
    return seen


def _word(reason: str) -> str:
    """`HIV`, `Child-Combatant`: as the rules spell them."""
    return reason.casefold().replace("-", "_")


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
        "prohibited": sorted(standing.prohibited),
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
    dossier: Dossier, day: date, default_term: str, *, usual: bool = True
) -> tuple[date, ...]:
    """Every later day on which the calendar alone can change what the rules see.

    `usual`: the rules compare the day only as `RulePack.usual_days` says; else the days
    before and after count as well, whichever way a rule compares.
    """
    days: set[date] = set()
    for standings in dossier.standings(day, default_term).values():
        for standing in standings:
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
