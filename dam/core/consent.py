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

from dam.core.facts import digest_of, youngest
from dam.core.model import (
    IMPLIED_PURPOSES,
    IN_FORCE_STATES,
    REFUSING_STATES,
    AgeBand,
    Assent,
    ConsentEvent,
    ConsentItem,
    ConsentState,
    GiverRole,
    LocationPermission,
    NamePermission,
    Risk,
    Situation,
)

NO_END = date.max

#: Oldest age of each band, in completed years.
_UPPER_AGE = {AgeBand.A0_5: 5, AgeBand.A6_11: 11, AgeBand.A12_15: 15, AgeBand.A16_17: 17}
_NAME_ORDER = tuple(NamePermission)
_LOCATION_ORDER = tuple(LocationPermission)
_RISK_ORDER = (Risk.LOW, Risk.ELEVATED, Risk.HIGH, Risk.NEVER_PUBLISH)
_ASSENT_ORDER = (Assent.REFUSED, Assent.NOT_SOUGHT, Assent.TOO_YOUNG, Assent.GIVEN)
_GUARDIANS = frozenset(GiverRole) - {GiverRole.SUBJECT}
_APPOINTED = frozenset({GiverRole.APPOINTED_REPRESENTATIVE, GiverRole.SOCIAL_WORKER})


@dataclass(frozen=True, slots=True)
class Record:
    """One version of a consent record from one source (a sidecar slot or the register).

    `events` holds every event ever recorded for this consent id, from all sources.
    """

    item: ConsentItem
    source: str
    events: tuple[ConsentEvent, ...]
    #: False where the source no longer mentions it: it limits still, and permits nothing.
    stated: bool = True

    def digest(self) -> str:
        """SHA-256 in hex over what counted: the record and all its events."""
        return digest_of(
            [
                self.item.model_dump(mode="json", exclude={"events"}),
                sorted(digest_of(e.model_dump(mode="json")) for e in self.events),
                self.stated,
            ]
        )


@dataclass(frozen=True, slots=True)
class Standing:
    """What a subject's consent allows, merged over its sources, on one day."""

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
    unaccompanied: bool | None
    situation: frozenset[Situation]
    risk: Risk | None
    risk_reasons: frozenset[str]
    risk_visible: bool
    patterns: tuple[str, ...]
    hashes: frozenset[str]
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
    outweighs a yes.
    """
    best: tuple[date, int] | None = None
    state = ConsentState.UNKNOWN
    for event in events:
        positive = event.state in IN_FORCE_STATES
        if positive and event.on > day:
            continue
        refusing = event.state in REFUSING_STATES
        rank = (event.on, 0 if positive else 2 if refusing else 1)
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


def _majority(item: ConsentItem) -> date | None:
    """The day a minor subject turns 18; the earliest possible one where it is not exact.

    Only a year of birth: 1 January. Only an age band: a child of `12-15` is taken to have
    just turned 15 on the day the consent was given. None for adults, and for an unknown age
    without any date (such a person counts as a minor whatever the day).
    """
    subject = item.subject
    if subject.age_band is AgeBand.ADULT:
        return None
    if subject.birth_date:
        return add_years(subject.birth_date, 18)
    if subject.birth_year:
        return date(subject.birth_year + 18, 1, 1)
    upper = _UPPER_AGE.get(subject.age_band)
    given = [e.on for e in item.events] + [g.on for g in item.givers]
    if upper is None or not given:
        return None
    return add_years(min(given), 18 - upper)


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
    ages = [i.subject.age_band for i in items if "age_band" in i.subject.model_fields_set]
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
        prohibited=frozenset(p for i in items for p in i.scope.prohibited),
        territories=_common_territories(world),
        giver_roles=roles,
        appointed=bool(roles & _APPOINTED),
        authority_evidenced=all(
            any(g.role in _GUARDIANS and g.authority_evidence for g in i.givers) for i in items
        ),
        assent=min(assents, key=_ASSENT_ORDER.index) if assents else None,
        notice=all(i.notice is not None for i in items),
        face=all(i.permissions.face for i in items),
        name=min((i.permissions.name for i in items), key=_NAME_ORDER.index),
        location=min((i.permissions.location for i in items), key=_LOCATION_ORDER.index),
        age_band=youngest(ages),
        age_stated=bool(ages),
        unaccompanied=None if not accompanied else True in accompanied,
        situation=frozenset(i.subject.situation for i in items),
        risk=max(risks, key=_RISK_ORDER.index) if risks else None,
        risk_reasons=frozenset(r for i in items for r in i.subject.risk_reasons),
        risk_visible=all(
            i.subject.risk_decision is not None
            and i.subject.risk_decision.visible
            and i.subject.risk_decision.on <= day
            for i in items
        ),
        patterns=tuple(a.match for i in items for a in i.assets if a.match),
        hashes=frozenset(a.sha256 for i in items for a in i.assets if a.sha256),
        sources=tuple(dict.fromkeys(r.source for r in records)),
        dates=tuple(_dates(items, events, default_term)),
    )


def _common_territories(scopes: Sequence[frozenset[str]]) -> frozenset[str]:
    """What all allow; `world` takes in every country."""
    narrow = [s for s in scopes if "world" not in s]
    return frozenset.intersection(*narrow) if narrow else frozenset({"world"})


def _dates(
    items: Sequence[ConsentItem], events: Iterable[ConsentEvent], default_term: str
) -> list[date]:
    """Every day on which the calendar alone can change what this consent allows."""
    days: set[date] = set()
    for item in items:
        days.add(item.scope.valid_from)
        end = _ends(item, default_term)[0]
        if end < NO_END:
            days.add(end + timedelta(days=1))
        if item.subject.risk_decision:
            days.add(item.subject.risk_decision.on)
    days.update(e.on for e in events)
    return sorted(days)
