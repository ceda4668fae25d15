"""Personal data apart: a record's names, contacts, birth dates and free texts stand elsewhere.

`part` splits a record's body into what everything may speak of and the `Details`, which are
kept in tables of their own that can be erased; `join` makes it whole again for a decision.
Free texts whose mere presence counts leave the mark `APART` in their place.

Bodies are what `model_dump(mode="json", exclude_unset=True)` of a record gives.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date

from dam.core.model import GiverRole

Body = dict[str, object]

#: Stands for a text that is kept apart; also after it was erased.
APART = "on-record"
#: Who says that a consent changes may be told everywhere as long as it is a role.
ROLES = frozenset({role.value for role in GiverRole} | {"organisation", "authority"})

#: Free texts by the part of a record they stand in; "" marks a list.
_TEXTS: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...] = (
    (("subject", "risk_decision"), ("by", "reason")),
    (("controller",), ("contact", "withdrawal_contact")),
    (("events", ""), ("by", "reason")),
    (("evidence", ""), ("file",)),
    (("assets", ""), ("match",)),
)
_WORD = re.compile(r"[^\W\d_]{3,}")
#: `exif:DateTimeOriginal`, `file date`; never a file's name, which has a dot in it.
_BLOCK = re.compile(r"[a-z]+([ -][a-z]+)*(:[A-Za-z0-9:_]+)?")


@dataclass(frozen=True, slots=True, repr=False)
class SubjectDetails:
    """Who a subject is; None where nobody said."""

    name: str | None = None
    first_name: str | None = None
    contact: str | None = None
    birth_date: date | None = None
    birth_year: int | None = None


@dataclass(frozen=True, slots=True, repr=False)
class GiverDetails:
    """Who the giver at a place (from 0) of a record is, and the free texts about the giving."""

    place: int
    name: str | None = None
    contact: str | None = None
    witness: str | None = None
    authority_evidence: str | None = None


@dataclass(frozen=True, slots=True, repr=False)
class Details:
    """What one version of a record tells of persons. `texts` are (`events.0.reason`, text)."""

    subject: SubjectDetails = SubjectDetails()
    givers: tuple[GiverDetails, ...] = ()
    texts: tuple[tuple[str, str], ...] = ()

    def __bool__(self) -> bool:
        return self != NOTHING

    def names(self) -> tuple[str, ...]:
        """The names of subject and givers."""
        told = (self.subject.name, self.subject.first_name, *(g.name for g in self.givers))
        return tuple(name for name in told if name)

    def event(self, place: int) -> EventDetails:
        """What stands apart of the event at a place of the record."""
        texts = dict(self.texts)
        return EventDetails(texts.get(f"events.{place}.by"), texts.get(f"events.{place}.reason"))


@dataclass(frozen=True, slots=True, repr=False)
class EventDetails:
    """The free texts of one event; `by` only where it is no role."""

    by: str | None = None
    reason: str | None = None

    def __bool__(self) -> bool:
        return self.by is not None or self.reason is not None


NOTHING = Details()


def part(body: Mapping[str, object]) -> tuple[Body, Details]:
    """A record's body without personal data, and that data. `body` stays as it is."""
    public = dict(body)
    subject = _map(body.get("subject"))
    born = subject.pop("birth_date", None)
    who = SubjectDetails(
        name=_text(subject.pop("name", None)),
        first_name=_text(subject.pop("first_name", None)),
        contact=_text(subject.pop("contact", None)),
        birth_date=date.fromisoformat(str(born)) if born is not None else None,
        birth_year=_year(subject.pop("birth_year", None)),
    )
    if "subject" in body:
        public["subject"] = subject
    givers: list[GiverDetails] = []
    if "givers" in body:
        public["givers"] = [_giver(i, giver, givers) for i, giver in _each(body["givers"])]
    texts: list[tuple[str, str]] = []

    def hide(place: str, text: str) -> str:
        if text != APART:
            texts.append((place, text))
        return APART

    _replace(public, hide)
    return public, Details(who, tuple(givers), tuple(texts))


def join(body: Mapping[str, object], details: Details, *, named: bool = False) -> Body:
    """The body of `part` whole again. `named`: with names and contacts as well.

    Without them it is what a sidecar may say: all that a decision needs. What was erased
    stays away.
    """
    whole = dict(body)
    who = details.subject
    known: Body = {"birth_year": who.birth_year}
    known["birth_date"] = who.birth_date.isoformat() if who.birth_date else None
    if named:
        known |= {"name": who.name, "first_name": who.first_name, "contact": who.contact}
    told = {word: value for word, value in known.items() if value is not None}
    if told:
        whole["subject"] = {**_map(body.get("subject")), **told}
    apart = {giver.place: giver for giver in details.givers}
    if apart:
        whole["givers"] = [
            {**_map(giver), **_of_giver(apart.get(i), named)}
            for i, giver in _each(body.get("givers"))
        ]
    texts = dict(details.texts)
    if texts:
        _replace(whole, lambda place, text: texts.get(place, text))
    return whole


def part_event(body: Mapping[str, object]) -> tuple[Body, EventDetails]:
    """One event without its free texts, and these."""
    public, details = part({"events": [body]})
    ((_, event),) = _each(public["events"])
    return _map(event), details.event(0)


def join_event(body: Mapping[str, object], details: EventDetails) -> Body:
    """The event of `part_event` whole again."""
    told = {"by": details.by, "reason": details.reason}
    return {**body, **{word: text for word, text in told.items() if text is not None}}


def keep(body: Body, details: Details, old_body: Body, old: Details) -> Details:
    """A record's details with what its earlier version told of the same people and it leaves out.

    Leaving a birth date out must never make a consent last longer, nor a name be forgotten
    that no caption may tell. Givers are the same where role, method and day are.
    """
    if _map(body.get("subject")).get("id") != _map(old_body.get("subject")).get("id"):
        return details
    new, was = details.subject, old.subject
    subject = SubjectDetails(
        name=new.name or was.name,
        first_name=new.first_name or was.first_name,
        contact=new.contact or was.contact,
        birth_date=new.birth_date or was.birth_date,
        birth_year=new.birth_year or was.birth_year,
    )
    earlier = {giver.place: giver for giver in old.givers}
    before = {
        _identity(giver): earlier[i] for i, giver in _each(old_body.get("givers")) if i in earlier
    }
    told = {giver.place: giver for giver in details.givers}
    givers = []
    for i, giver in _each(body.get("givers")):
        now = told.get(i, GiverDetails(i))
        known = before.get(_identity(giver), now)
        now = replace(now, name=now.name or known.name, contact=now.contact or known.contact)
        if now != GiverDetails(i):
            givers.append(now)
    return Details(subject, tuple(givers), details.texts)


def tells(text: str, names: Iterable[str]) -> bool:
    """Whether a word (three letters or more) of one of the names stands in a text.

    Without regard to case, accents and vowel marks.
    """
    folded = _fold(text)
    return any(word in folded for name in names for word in _WORD.findall(_fold(name)))


def source_told(sources: str) -> str:
    """The sources of a value (parted by commas) as a list of all photographs may tell them.

    Blocks and tags are named; a sidecar is only called so: its name is that of a photograph as
    somebody dropped it.
    """
    plain = all(_BLOCK.fullmatch(source) for source in sources.split(", "))
    return sources if plain or not sources else "sidecar"


def _fold(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text).casefold()
    return "".join(char for char in plain if not unicodedata.combining(char))


def _giver(place: int, value: object, apart: list[GiverDetails]) -> Body:
    giver = _map(value)
    told = GiverDetails(
        place,
        name=_text(giver.pop("name", None)),
        contact=_text(giver.pop("contact", None)),
        witness=_unmarked(giver.get("witness")),
        authority_evidence=_unmarked(giver.get("authority_evidence")),
    )
    for word in ("witness", "authority_evidence"):
        if giver.get(word) is not None:
            giver[word] = APART
    if told != GiverDetails(place):
        apart.append(told)
    return giver


def _of_giver(details: GiverDetails | None, named: bool) -> Body:
    if details is None:
        return {}
    words = ("witness", "authority_evidence", *(("name", "contact") if named else ()))
    told = {word: getattr(details, word) for word in words}
    return {word: text for word, text in told.items() if text is not None}


def _replace(body: Body, other: Callable[[str, str], str]) -> None:
    """Put `other(place, text)` for every free text; the parts they stand in are made anew."""
    for path, words in _TEXTS:
        _swap(body, path, words, "", other)


def _swap(
    body: Body,
    path: tuple[str, ...],
    words: tuple[str, ...],
    place: str,
    other: Callable[[str, str], str],
) -> None:
    if not path:
        for word in words:
            text = body.get(word)
            role = word == "by" and text in ROLES
            if isinstance(text, str) and not role:
                body[word] = other(f"{place}{word}", text)
        return
    first, rest = path[0], path[1:]
    if not isinstance(body.get(first), (dict, list, tuple)):
        return
    if rest[:1] == ("",):
        inner = [_map(value) for _, value in _each(body[first])]
        for number, item in enumerate(inner):
            _swap(item, rest[1:], words, f"{place}{first}.{number}.", other)
        body[first] = inner
    else:
        node = _map(body[first])
        _swap(node, rest, words, f"{place}{first}.", other)
        body[first] = node


def _identity(giver: object) -> tuple[object, ...]:
    told = _map(giver)
    return tuple(told.get(word) for word in ("role", "method", "on"))


def _map(value: object) -> Body:
    """A copy of a mapping; empty for anything else."""
    return dict(value) if isinstance(value, Mapping) else {}


def _each(value: object) -> Iterator[tuple[int, object]]:
    return enumerate(value if isinstance(value, (list, tuple)) else ())


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _unmarked(value: object) -> str | None:
    return None if value == APART else _text(value)


def _year(value: object) -> int | None:
    return value if isinstance(value, int) else None
