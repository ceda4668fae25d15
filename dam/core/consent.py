"""What a consent record allows on a day: its state, its end, its reach.

A consent ends at the earliest of its term, the default term of the rules, the subject's
18th birthday (then the person is asked again), a risk review that is due, and an event that
ends it. Versions of one record from several sources are merged so that the strictest wins,
and events are never forgotten.
"""

from __future__ import annotations

import calendar
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property

from dam.core import private
from dam.core.facts import digest_of, youngest
from dam.core.model import (
    IMPLIED_PURPOSES,
    IN_FORCE_STATES,
    REFUSING_STATES,
    AgeBand,
    Assent,
    ConsentState,
    GiverRole,
    LocationPermission,
    NamePermission,
    Risk,
    Situation,
)
from dam.core.record import AssetScope, ConsentEvent, ConsentItem

NO_END = date.max

#: Youngest and oldest age of each band, in completed years.
_AGES = {
    AgeBand.A0_5: (0, 5),
    AgeBand.A6_11: (6, 11),
    AgeBand.A12_15: (12, 15),
    AgeBand.A16_17: (16, 17),
}
_NAME_ORDER = tuple(NamePermission)
_LOCATION_ORDER = tuple(LocationPermission)
RISK_ORDER = (Risk.LOW, Risk.ELEVATED, Risk.HIGH, Risk.NEVER_PUBLISH)
_ASSENT_ORDER = (Assent.REFUSED, Assent.NOT_SOUGHT, Assent.TOO_YOUNG, Assent.GIVEN)
_GUARDIANS = frozenset(GiverRole) - {GiverRole.SUBJECT}
#: States that end a consent which had been given.
_ENDING_STATES = frozenset({ConsentState.WITHDRAWN, ConsentState.REVOKED})
#: Steps on the way to an answer; an answer of the same day has overtaken them.
_ASKED_STATES = frozenset(
    {ConsentState.UNKNOWN, ConsentState.REQUESTED, ConsentState.REQUEST_DEFERRED}
)
_APPOINTED = frozenset({GiverRole.APPOINTED_REPRESENTATIVE, GiverRole.SOCIAL_WORKER})


@dataclass(frozen=True)
class Record:
    """One version of a consent record from one source (a sidecar slot or the register).

    `events` holds every event ever recorded for this consent id, from all sources.
    """

    item: ConsentItem
    source: str
    events: tuple[ConsentEvent, ...]
    #: False where the source no longer mentions it: it limits still, and permits nothing.
    stated: bool = True
    #: Random, another one for other personal details; "" where there are none or none are stored.
    revision: str = ""

    def digest(self) -> str:
        """SHA-256 in hex over what counted: the record and all its events.

        Whoever knows it can guess nothing: `revision` stands for names, birth dates and texts.
        """
        return self._digest

    @cached_property
    def _digest(self) -> str:
        # What was left unsaid counts otherwise than the same word written down.
        body, _ = private.part(self.item.model_dump(mode="json", exclude_unset=True))
        body.pop("events", None)
        told = (private.part_event(e.model_dump(mode="json"))[0] for e in self.events)
        return digest_of([body, self.revision, sorted(map(digest_of, told)), self.stated])


@dataclass(frozen=True, slots=True)
class Standing:
    """What a subject's consent allows, merged over its sources, on one day.

    `situation` is empty where no source says. `minor_before` is the day before which the
    record rules out that the subject is an adult (None: it does not say), `majority` the first
    on which a minor may have come of age. `assets` are the
    photographs it speaks of, one item for each source that limits them. `dates` are the days
    from which something in it holds, and those after the last on which something did.
    """

    id: str
    subject: str
    state: ConsentState
    state_on: date
    valid_from: date
    ends: date
    ends_because: str
    purposes: frozenset[str]
    prohibited: frozenset[str]
    territories: frozenset[str]
    giver_roles: frozenset[GiverRole]
    appointed: bool
    authority_evidenced: bool
    assent: Assent | None
    notice: bool
    face: bool
    name: NamePermission
    location: LocationPermission
    age_band: AgeBand
    age_stated: bool
    minor_before: date | None
    majority: date | None
    unaccompanied: bool | None
    situation: frozenset[Situation]
    risk: Risk | None
    risk_reasons: frozenset[str]
    risk_visible: bool
    risk_hidden: bool
    assets: tuple[tuple[AssetScope, ...], ...]
    sources: tuple[str, ...]
    dates: tuple[date, ...]


def add_years(day: date, years: int) -> date:
    """The same day so many years later; 29 February becomes 28 (the earlier, stricter day)."""
    year = min(day.year + years, date.max.year)
    last = calendar.monthrange(year, day.month)[1]
    return date(year, day.month, min(day.day, last))


def add_term(start: date, term: str) -> date:
    """The last day of a term such as `5y`, `18m` or `90d` that begins on `start`."""
    count, unit = int(term[:-1]), term[-1]
    try:
        if unit == "y":
            return add_years(start, count) - timedelta(days=1)
        if unit == "m":
            months = start.month - 1 + count
            year, month = start.year + months // 12, months % 12 + 1
            last = calendar.monthrange(year, month)[1]
            return date(year, month, min(start.day, last)) - timedelta(days=1)
        return start + timedelta(days=count - 1)
    except (ValueError, OverflowError):
        return NO_END


def state_on(events: Iterable[ConsentEvent], day: date) -> tuple[ConsentState, date]:
    """The state that counts on `day` and its date; `unknown` where nothing counts yet.

    A no counts from the moment it is on record, even if its date lies ahead (a wrong clock
    must never keep a child in print); a yes counts from its date. On the same date a no
    outweighs a yes, and a yes outweighs having been asked. A withdrawal dated before there
    was anything to withdraw has a wrong date, and counts as later than everything else.
    """
    told = tuple(events)
    first = min((e.on for e in told if e.state in IN_FORCE_STATES), default=date.max)
    best: tuple[date, int, str] | None = None
    state = ConsentState.UNKNOWN
    for event in told:
        positive = event.state in IN_FORCE_STATES
        if positive and event.on > day:
            continue
        refusing = event.state in REFUSING_STATES
        early = event.state in _ENDING_STATES and event.on < first
        asked = event.state in _ASKED_STATES
        order = 3 if refusing else 0 if asked else 1 if positive else 2
        rank = (date.max if early else event.on, order, event.state.value)
        if best is None or rank > best:
            best, state = rank, event.state
    return state, best[0] if best else date.min


def _ends(item: ConsentItem, default_term: str) -> tuple[date, str]:
    """The last day on which one record counts, and which limit that is."""
    scope = item.scope
    limits = [(add_term(scope.valid_from, default_term), f"default term {default_term}")]
    if scope.valid_until:
        limits.append((scope.valid_until, "valid_until"))
    if scope.valid_for:
        limits.append((add_term(scope.valid_from, scope.valid_for), "valid_for"))
    majority = _majority(item)
    if majority is not None:
        limits.append((majority - timedelta(days=1), "18th birthday"))
    decision = item.subject.risk_decision
    if decision and decision.review_on:
        limits.append((decision.review_on, "risk review due"))
    return min(limits)


def _written(item: ConsentItem) -> tuple[date, date]:
    """The earliest and the latest day on which the record's age band can have been true."""
    told = [e.on for e in item.events] + [g.on for g in item.givers] or [item.scope.valid_from]
    return min(told), max(told)


def _eighteenth(item: ConsentItem) -> list[tuple[date, date]]:
    """The earliest and the latest day on which the subject turns 18, by each thing said of it.

    Of a year of birth, 1 January and 31 December. Of an age band, a child of `12-15` is
    taken to have just turned 15, or 12, on the earliest, or latest, day the record tells of.
    """
    subject = item.subject
    found = []
    if subject.birth_date:
        found.append((add_years(subject.birth_date, 18),) * 2)
    if subject.birth_year:
        year = subject.birth_year + 18
        found.append((date(year, 1, 1), date(year, 12, 31)))
    if subject.age_band in _AGES:
        low, high = _AGES[subject.age_band]
        first, last = _written(item)
        found.append((add_years(first, 18 - high), add_years(last, 18 - low)))
    return found


def _majority(item: ConsentItem) -> date | None:
    """The earliest day on which a subject who may have been a minor at the giving turns 18.

    None for adults, and for an unknown age without any date (such a person counts as a minor
    whatever the day).
    """
    first, _ = _written(item)
    return min((early for early, late in _eighteenth(item) if late > first), default=None)


def age_on(item: ConsentItem, day: date) -> AgeBand | None:
    """The youngest age band that the record's band, birth date or birth year allow on a day.

    None where it says nothing of the age.
    """
    subject = item.subject
    bands = [subject.age_band] if "age_band" in subject.model_fields_set else []
    if subject.birth_date:
        born = subject.birth_date
        before = (day.month, day.day) < (born.month, born.day)
        bands.append(_band(day.year - born.year - before))
    if subject.birth_year:
        bands.append(_band(day.year - subject.birth_year - 1))
    return youngest(bands) if bands else None


def _band(age: int) -> AgeBand:
    return next((band for band, (_, high) in _AGES.items() if age <= high), AgeBand.ADULT)


def _birthdays(item: ConsentItem) -> list[date]:
    """The days on which `age_on` changes."""
    subject = item.subject
    born = [subject.birth_date] if subject.birth_date else []
    if subject.birth_year:
        born.append(date(subject.birth_year + 1, 1, 1))
    return [add_years(b, high + 1) for b in born for _, high in _AGES.values()]


def stand(records: Sequence[Record], day: date, default_term: str) -> Standing:
    """Merge the versions of ONE consent id about ONE subject: the strictest value wins.

    Raises ValueError when `records` is empty.
    """
    if not records:
        raise ValueError("no record to stand on")
    items = [r.item for r in records]
    events = tuple({e: None for r in records for e in r.events})
    state, since = state_on(events, day)
    if state in IN_FORCE_STATES and not all(r.stated for r in records):
        state = ConsentState.UNKNOWN
    ends, because = min(_ends(item, default_term) for item in items)
    ages = [age for i in items if (age := age_on(i, day)) is not None]
    roles = frozenset.intersection(*(frozenset(g.role for g in i.givers) for i in items))
    world = [frozenset(i.scope.territories) for i in items]
    risks = [i.subject.risk for i in items if i.subject.risk is not None]
    assents = [i.child_assent for i in items if i.child_assent is not None]
    accompanied = {i.subject.unaccompanied for i in items} - {None}
    return Standing(
        id=items[0].id,
        subject=items[0].subject.id,
        state=state,
        state_on=since,
        valid_from=max(i.scope.valid_from for i in items),
        ends=ends,
        ends_because=because,
        purposes=frozenset.intersection(*(frozenset(i.scope.purposes) for i in items))
        | IMPLIED_PURPOSES,
        prohibited=frozenset(p.casefold() for i in items for p in i.scope.prohibited),
        territories=_common_territories(world),
        giver_roles=roles,
        appointed=bool(roles & _APPOINTED),
        authority_evidenced=all(_evidenced(i) for i in items),
        assent=min(assents, key=_ASSENT_ORDER.index) if assents else None,
        notice=all(i.notice is not None for i in items),
        face=all(i.permissions.face for i in items),
        name=min((i.permissions.name for i in items), key=_NAME_ORDER.index),
        location=min((i.permissions.location for i in items), key=_LOCATION_ORDER.index),
        age_band=youngest(ages),
        age_stated=bool(ages),
        minor_before=max((late for i in items for _, late in _eighteenth(i)), default=None),
        majority=min((d for i in items if (d := _majority(i)) is not None), default=None),
        unaccompanied=None if not accompanied else True in accompanied,
        situation=frozenset(
            i.subject.situation for i in items if "situation" in i.subject.model_fields_set
        ),
        risk=max(risks, key=RISK_ORDER.index) if risks else None,
        risk_reasons=frozenset(r for i in items for r in i.subject.risk_reasons),
        risk_visible=all(
            i.subject.risk_decision is not None
            and i.subject.risk_decision.visible
            and i.subject.risk_decision.on <= day
            for i in items
        ),
        risk_hidden=any(
            i.subject.risk_decision is not None and not i.subject.risk_decision.visible
            for i in items
        ),
        assets=tuple(i.assets for i in items if any(a.match or a.sha256 for a in i.assets)),
        sources=tuple(dict.fromkeys(r.source for r in records)),
        dates=tuple(_dates(items, events, default_term)),
    )


def _evidenced(item: ConsentItem) -> bool:
    """Whether there is evidence for somebody appointed; for any guardian where nobody is.

    A parent's papers say nothing of a social worker's authority.
    """
    appointed = [g for g in item.givers if g.role in _APPOINTED]
    guardians = appointed or [g for g in item.givers if g.role in _GUARDIANS]
    return any(g.authority_evidence for g in guardians)


def _common_territories(scopes: Sequence[frozenset[str]]) -> frozenset[str]:
    """What all allow; `world` takes in every country."""
    narrow = [s for s in scopes if "world" not in s]
    return frozenset.intersection(*narrow) if narrow else frozenset({"world"})


def _dates(
    items: Sequence[ConsentItem], events: Iterable[ConsentEvent], default_term: str
) -> list[date]:
    """Every first day of something, and the day after every last one."""
    days: set[date] = set()
    for item in items:
        days.add(item.scope.valid_from)
        end = _ends(item, default_term)[0]
        if end < NO_END:
            days.add(end + timedelta(days=1))
        if item.subject.risk_decision:
            days.add(item.subject.risk_decision.on)
        days.update(late for _, late in _eighteenth(item))
        days.update(_birthdays(item))
    days.update(e.on for e in events)
    return sorted(days)
