"""Blameless photographs, people and consent records, and how to change them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from functools import cache
from pathlib import Path

from dam.core.consent import Record
from dam.core.facts import (
    VERSION,
    BlockFact,
    BoxFact,
    CaptionFact,
    FacesFact,
    Facts,
    PeopleFact,
    PersonFact,
    TextFact,
)
from dam.core.model import AgeBand
from dam.core.readings import Status
from dam.core.record import ConsentEvent, ConsentItem
from dam.core.rules import RulePack, load
from dam.core.view import Dossier

RULES = Path(__file__).resolve().parents[2] / "rules" / "consent"
DAY = date(2022, 6, 15)
SHA = "ab" * 32
OTHER_SHA = "cd" * 32
NAME = "IMG_0001.JPG"

Body = dict[str, object]


def pack_files() -> dict[str, bytes]:
    """The shipped rule files by name."""
    return {f"rules/consent/{p.name}": p.read_bytes() for p in sorted(RULES.glob("*.yaml"))}


@cache
def pack() -> RulePack:
    return load(pack_files())


def girl_body(number: int = 1, consent: str | None = None) -> Body:
    """The smallest complete record for a minor, as `docs/sidecars.md` shows it."""
    return {
        "id": consent or f"C-{number}",
        "subject": {
            "id": f"S-{number}",
            "age_band": "6-11",
            "unaccompanied": "no",
            "situation": "migrant",
            "risk": "low",
        },
        "notice": {"ref": "AMAL-form-fr-2", "language": "fr", "interpreter": "no"},
        "scope": {
            "purposes": ["press", "web", "print"],
            "territories": ["world"],
            "valid_from": "2021-11-01",
            "valid_until": "2025-10-31",
        },
        "permissions": {"face": "yes", "name": "none", "location": "country"},
        "givers": [{"role": "parent", "method": "written", "on": "2021-10-28"}],
        "child_assent": "given",
        "events": [{"state": "given", "on": "2021-10-28"}],
    }


def adult_body(number: int = 1, consent: str | None = None) -> Body:
    """The smallest complete record for an adult."""
    return merged(
        girl_body(number, consent),
        {
            "subject": {"age_band": "adult"},
            "givers": [{"role": "subject", "method": "written", "on": "2021-10-28"}],
            "child_assent": None,
        },
    )


def merged(body: Mapping[str, object], changes: Mapping[str, object]) -> Body:
    """`body` with `changes`; sections are merged word by word, None takes a word away."""
    result = dict(body)
    for word, value in changes.items():
        old = result.get(word)
        if value is None:
            result.pop(word, None)
        elif isinstance(old, Mapping) and isinstance(value, Mapping):
            result[word] = merged(old, value)
        else:
            result[word] = value
    return result


def record(body: Mapping[str, object], source: str = "register", *, stated: bool = True) -> Record:
    item = ConsentItem.model_validate(dict(body))
    return Record(item, source, item.events, stated)


def girl(**changes: object) -> Record:
    return record(merged(girl_body(), changes))


def adult(**changes: object) -> Record:
    return record(merged(adult_body(), changes))


def with_events(records: Sequence[Record]) -> tuple[Record, ...]:
    """Every version with all events of its consent id, as the catalogue gives them out."""
    told: dict[str, dict[ConsentEvent, None]] = {}
    for one in records:
        told.setdefault(one.item.id, {}).update(dict.fromkeys((*one.item.events, *one.events)))
    return tuple(replace(one, events=tuple(told[one.item.id])) for one in records)


def person(
    subject: str | None = "S-1",
    age: AgeBand | None = AgeBand.A6_11,
    *,
    identifiable: bool = True,
    consent: str | None = None,
) -> PersonFact:
    return PersonFact(
        subject=subject,
        age_band=age or AgeBand.UNKNOWN,
        age_stated=age is not None,
        identifiable=identifiable,
        consent=consent,
        sources=("IMG_0001.JPG.consent.yaml",),
    )


def known(value: str) -> TextFact:
    return TextFact(status=Status.KNOWN, value=value, sources=("test",))


def captioned(**texts: str) -> CaptionFact:
    """Captions that a person wrote into a sidecar, by language."""
    return CaptionFact(status=Status.KNOWN, value=texts, written=texts, sources=("test",))


def faces(count: int) -> FacesFact:
    """So many faces beside each other, none of them in the place of another."""
    boxes = tuple(
        BoxFact(
            x=round(0.05 + 0.9 * n / max(count, 1), 4),
            y=0.2,
            w=0.5 / max(count, 2),
            h=0.1,
            score=0.9,
        )
        for n in range(count)
    )
    return FacesFact(count=count, boxes=boxes, status=Status.KNOWN, source="detector")


def facts(*persons: PersonFact, **changes: object) -> Facts:
    """The facts of a photograph that shows these people and no more, all in order."""
    stated = "listed" if persons else "none"
    blameless = Facts(
        format="JPEG",
        width=600,
        height=400,
        captured=known("2021-11-18"),
        photographer=known("rachid-azzouzy"),
        caption=captioned(fr="Un match de football"),
        people=PeopleFact.model_validate({"stated": stated, "persons": persons}),
        faces=faces(sum(p.identifiable for p in persons)),
        blocks=(BlockFact(name="exif", status=Status.KNOWN),),
        version=VERSION,
    )
    return blameless.model_copy(update=changes)


def dossier(*records: Record, about: Facts | None = None) -> Dossier:
    """A dossier; without facts, of a photograph that shows the one girl S-1."""
    return Dossier(about or facts(person()), SHA, NAME, with_events(records))
