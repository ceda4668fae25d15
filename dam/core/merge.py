"""Several sources about one photograph become one set of facts.

Descriptive values (photographer, caption, place) are taken from the nearest source; values that
protect people are merged so that the strictest wins: people named anywhere are people shown, the
youngest age counts, the latest embargo counts. Every source that spoke is kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from dam.core import marked, mentions
from dam.core.facts import (
    DAY_RECEIVED,
    FILE_DATE,
    VERSION,
    BlockFact,
    BoxFact,
    CaptionFact,
    ClaimFact,
    FacesFact,
    Facts,
    NameSaid,
    PeopleFact,
    PersonFact,
    PlaceFact,
    TextFact,
    youngest,
)
from dam.core.marked import PLACES
from dam.core.model import AgeBand
from dam.core.naming import named_in
from dam.core.placing import agreed
from dam.core.readings import Field, Looked, Metadata, Status, parse_captured
from dam.core.record import Person, PhotoStatement

#: Cameras without a set clock start at 1980, 1990 or 2000; anything before this is no date.
EARLIEST_CAPTURE = date(1990, 1, 1)

#: Of more towns than that in the metadata the rest is not looked for in captions.
MAX_TOWNS = 50


@dataclass(frozen=True, slots=True)
class Statement:
    """What one sidecar says of this photograph, and where it stands (`shown` for people).

    `said` is None when the sidecar could not be read; then `problems` says why.
    """

    shown: str
    said: PhotoStatement | None
    problems: tuple[str, ...] = ()
    ambiguous: bool = False


@dataclass(frozen=True, slots=True)
class Roster:
    """Who may be credited: roster id -> lower-case names and aliases that mean that person."""

    aliases: dict[str, frozenset[str]]

    def match(self, name: str) -> str | None:
        """The roster id that a name in metadata means, or None."""
        wanted = " ".join(name.casefold().split())
        for ident, names in self.aliases.items():
            if wanted == ident.casefold() or wanted in names:
                return ident
        return None


@dataclass(frozen=True, slots=True)
class Received:
    """How a photograph arrived: the names of its folders below the inbox, its file date (UTC),
    the day of receipt, and its own file name."""

    folders: tuple[str, ...]
    modified: date
    day: date
    name: str = ""


def merge(
    looked: Looked,
    statements: Sequence[Statement],
    roster: Roster,
    received: Received,
    sidecars: tuple[str, ...] = (),
) -> Facts:
    """One set of facts out of everything that was read.

    `statements` come nearest first: the photo's own sidecars, then shoot sheets from its
    folder upwards. Raises nothing: what contradicts or cannot be read becomes a fact.
    """
    meta = looked.metadata
    read = [s for s in statements if s.said is not None]
    caption = _caption(read, meta)
    people = _people(read, looked, named_in(_names(meta), caption.written.values(), received.name))
    return Facts(
        format=looked.format,
        width=looked.width,
        height=looked.height,
        captured=_captured(read, meta, received),
        photographer=_photographer(read, meta, roster, received),
        creator=_first(meta, Field.CREATOR),
        programme=_said(read, "programme"),
        caption=caption,
        country=_place(read, meta, "country", Field.COUNTRY),
        city=_place(read, meta, "city", Field.CITY),
        place=_exact(read, meta),
        embargo=_embargo(read),
        tags=tuple(sorted({tag for s in read if s.said for tag in s.said.tags})),
        gps=any(r.field is Field.GPS for r in meta.readings),
        release_status=_release_status(meta),
        people=people,
        faces=_faces(looked),
        blocks=tuple(BlockFact(name=b.name, status=b.status, detail=b.detail) for b in meta.blocks),
        problems=tuple(p for s in statements for p in s.problems),
        contradictions=_contradictions(read, people),
        ambiguous=tuple(s.shown for s in statements if s.ambiguous),
        sidecars=sidecars,
        version=VERSION,
    )


def _first(meta: Metadata, field: Field) -> TextFact:
    found = [r for r in meta.readings if r.field is field]
    if not found:
        return TextFact()
    return TextFact(
        status=Status.KNOWN,
        value=str(found[0].value),
        sources=tuple(r.source for r in found if r.value == found[0].value),
    )


def _release_status(meta: Metadata) -> TextFact:
    told = mentions.release_status(meta)
    if told is None:
        return TextFact()
    return TextFact(status=Status.KNOWN, value=told[0], sources=told[1])


def _said(read: Sequence[Statement], name: str) -> TextFact:
    """The nearest statement of a text field; `sources` lists every file that gave one."""
    given = [(s.shown, getattr(s.said, name)) for s in read if getattr(s.said, name) is not None]
    if not given:
        return TextFact()
    return TextFact(
        status=Status.KNOWN, value=str(given[0][1]), sources=tuple(shown for shown, _ in given)
    )


def _captured(read: Sequence[Statement], meta: Metadata, received: Received) -> TextFact:
    """The capture day. A person's correction counts before the camera's clock.

    Days before 1990 or after the day of receipt are no dates of a photograph (a clock that
    was never set, or set wrong); the next source is asked. The last two resorts are the
    file's own date and the day of receipt, and `sources` says so.
    """
    corrected = _said(read, "captured")
    if corrected.status is Status.KNOWN:
        return corrected
    for reading in meta.readings:
        if reading.field is not Field.CAPTURED:
            continue
        day = parse_captured(str(reading.value))
        if day is not None and EARLIEST_CAPTURE <= day <= received.day:
            return TextFact(status=Status.KNOWN, value=day.isoformat(), sources=(reading.source,))
    if EARLIEST_CAPTURE <= received.modified <= received.day:
        return TextFact(
            status=Status.KNOWN, value=received.modified.isoformat(), sources=(FILE_DATE,)
        )
    return TextFact(status=Status.KNOWN, value=received.day.isoformat(), sources=(DAY_RECEIVED,))


def _photographer(
    read: Sequence[Statement], meta: Metadata, roster: Roster, received: Received
) -> TextFact:
    """A sidecar, else a folder named by a roster id, else the creator in XMP, EXIF or IIM."""
    said = _said(read, "photographer")
    if said.status is Status.KNOWN:
        ident = roster.match(said.value or "")
        return (
            said.model_copy(update={"value": ident})
            if ident
            else TextFact(status=Status.UNREADABLE, sources=said.sources)
        )
    for folder in reversed(received.folders):
        if folder.casefold() in {i.casefold() for i in roster.aliases}:
            return TextFact(
                status=Status.KNOWN, value=roster.match(folder), sources=("inbox folder",)
            )
    order = {"xmp-sidecar": 0, "xmp": 1, "exif": 2, "iptc": 3}
    creators = [r for r in meta.readings if r.field is Field.CREATOR]
    for reading in sorted(creators, key=lambda r: order.get(r.source.split(":")[0], 9)):
        ident = roster.match(str(reading.value))
        if ident:
            return TextFact(status=Status.KNOWN, value=ident, sources=(reading.source,))
    return TextFact()


def _caption(read: Sequence[Statement], meta: Metadata) -> CaptionFact:
    """Captions by language, the nearest source of each language first."""
    texts: dict[str, str] = {}
    sources: list[str] = []

    def take(lang: str, text: str, source: str) -> None:
        if lang not in texts and text.strip():
            texts[lang] = text
            if source not in sources:
                sources.append(source)

    for statement in read:
        for lang, text in ((statement.said and statement.said.caption) or {}).items():
            take(lang, text, statement.shown)
    written = dict(texts)
    for reading in meta.readings:
        if reading.field is Field.CAPTION and not texts.get("und"):
            lang = "und" if reading.lang in ("", "x-default") else reading.lang
            if lang != "und" or not texts:
                take(lang, str(reading.value), reading.source)
    if not texts:
        return CaptionFact()
    return CaptionFact(status=Status.KNOWN, value=texts, written=written, sources=tuple(sources))


def _place(read: Sequence[Statement], meta: Metadata, part: str, field: Field) -> TextFact:
    for statement in read:
        location = statement.said.location if statement.said else None
        value = getattr(location, part) if location else None
        if value:
            return TextFact(status=Status.KNOWN, value=value, sources=(statement.shown,))
    return _first(meta, field)


def _exact(read: Sequence[Statement], meta: Metadata) -> PlaceFact:
    """Every town and venue that any source names; the nearest counts for none of them."""
    said = [s.said.location for s in read if s.said and s.said.location]
    told = [str(r.value) for r in meta.readings if r.field is Field.CITY][:MAX_TOWNS]
    return PlaceFact(
        towns=tuple(sorted({*(place.city for place in said if place.city), *told})),
        venues=tuple(sorted({place.place for place in said if place.place})),
        in_metadata=bool(told) or any(r.field is Field.GPS for r in meta.readings),
    )


def _names(meta: Metadata) -> list[str]:
    """The names that the metadata gives to people, each once."""
    return list(dict.fromkeys(str(r.value) for r in meta.readings if r.field is Field.PERSON))


def _embargo(read: Sequence[Statement]) -> TextFact:
    days = [(s.said.embargo, s.shown) for s in read if s.said and s.said.embargo]
    if not days:
        return TextFact()
    last = max(day for day, _ in days)
    return TextFact(
        status=Status.KNOWN,
        value=last.isoformat(),
        sources=tuple(shown for day, shown in days if day == last),
    )


def _faces(looked: Looked) -> FacesFact:
    faces = looked.faces
    if faces.faces is None:
        return FacesFact(status=Status.UNREADABLE, source=faces.detector, detail=faces.detail)
    boxes = tuple(
        BoxFact(
            x=round(face.x, PLACES),
            y=round(face.y, PLACES),
            w=round(face.w, PLACES),
            h=round(face.h, PLACES),
            score=round(face.score, 2),
        )
        for face in faces.faces
    )
    return FacesFact(count=len(boxes), boxes=boxes, status=Status.KNOWN, source=faces.detector)


def _people(read: Sequence[Statement], looked: Looked, names_in: dict[str, NameSaid]) -> PeopleFact:
    """The union of all people that anybody declared; `none` only if nobody declared one."""
    meta = looked.metadata
    anonymous: list[PersonFact] = []
    named: dict[str, list[tuple[Person, str]]] = {}
    said_none: list[str] = []
    said_crowd: list[str] = []
    listed: list[str] = []
    for statement in read:
        said = statement.said
        if said is None:
            continue
        if said.crowd:
            said_crowd.append(statement.shown)
        if said.people == "none":
            said_none.append(statement.shown)
        elif said.people is not None:
            listed.append(statement.shown)
            for person in said.people:
                if person.subject is None:
                    anonymous.append(_person([(person, statement.shown)]))
                else:
                    named.setdefault(person.subject, []).append((person, statement.shown))
    marks = marked.claims(meta, named, (looked.width, looked.height))
    persons = (
        *(_person(said, marks.get(subject, ())) for subject, said in sorted(named.items())),
        *anonymous,
    )
    stated: Literal["unknown", "none", "crowd", "listed"]
    if persons:
        stated, sources = "listed", listed
    elif said_crowd:
        stated, sources = "crowd", said_crowd
    elif said_none or listed:
        stated, sources = ("none", said_none) if said_none else ("unknown", listed)
    else:
        stated, sources = "unknown", []
    return PeopleFact(
        stated=stated,
        persons=persons,
        redact_others={True} == {s.said.redact_others for s in read if s.said} - {None},
        mentioned=mentions.count(meta, persons),
        minors_mentioned=mentions.minors(meta),
        mentioned_by=tuple(dict.fromkeys(r.source for r in meta.readings if mentions.of_people(r))),
        named_in=names_in,
        sources=tuple(sources),
    )


def _person(said: Sequence[tuple[Person, str]], marks: tuple[ClaimFact, ...] = ()) -> PersonFact:
    """Several sources about one person: youngest age, identifiable if anybody says so.

    `marks` are the places at which the metadata marks the person.
    """
    told = ((p.region, shown) for p, shown in said if p.region is not None)
    claims = (*(ClaimFact(region=r, source=shown, written=True) for r, shown in told), *marks)
    ages = [p.age_band for p, _ in said if "age_band" in p.model_fields_set]
    consents = {p.consent for p, _ in said if p.consent}
    return PersonFact(
        subject=said[0][0].subject,
        age_band=youngest(ages),
        age_stated=bool(ages),
        identifiable=any(p.identifiable for p, _ in said),
        region=agreed(claims),
        claims=claims,
        # Two records named for one person: neither is certain to be meant, and the sources
        # contradict each other.
        consent=consents.pop() if len(consents) == 1 else None,
        sources=tuple(dict.fromkeys(shown for _, shown in said)),
    )


def _contradictions(read: Sequence[Statement], people: PeopleFact) -> tuple[str, ...]:
    found: list[str] = []
    if people.stated == "none" and people.mentioned:
        found.append(
            "a sidecar says nobody is shown, the photo's own metadata speaks of people "
            f"({people.mentioned})"
        )
    if people.stated == "listed" and any(s.said and s.said.people == "none" for s in read):
        found.append("one sidecar says nobody is shown, another lists people")
    if (
        people.stated == "listed"
        and people.minors_mentioned
        and all(p.age_band is AgeBand.ADULT for p in people.persons)
    ):
        found.append("the sidecar lists only adults, the photo's own metadata speaks of a minor")
    for subject in sorted({p.subject for p in people.persons if p.subject}):
        named = {
            p.consent
            for s in read
            if s.said and isinstance(s.said.people, tuple)
            for p in s.said.people
            if p.subject == subject and p.consent
        }
        if len(named) > 1:
            found.append(f"the sources name different consents for {subject}")
        ages = {
            p.age_band
            for s in read
            if s.said and isinstance(s.said.people, tuple)
            for p in s.said.people
            if p.subject == subject and "age_band" in p.model_fields_set
        }
        if AgeBand.ADULT in ages and len(ages) > 1:
            found.append(f"the sources differ on whether {subject} is an adult")
    return tuple(found)
