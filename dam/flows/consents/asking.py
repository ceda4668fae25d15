"""What the register says: records as they stand today, one by one and in full."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import groupby

from dam.adapters.desk import Desk
from dam.core import private
from dam.core.consent import Record, Standing, add_term, stand
from dam.core.errors import UsageError
from dam.core.model import IN_FORCE_STATES, ConsentState, Event
from dam.core.private import NOTHING
from dam.core.record import ConsentEvent, ConsentItem
from dam.core.rows import AssetRow, ConsentVersion

REGISTER = "register"
Body = dict[str, object]
_NEAR = 3


@dataclass(frozen=True, slots=True)
class Listed:
    """A record about one subject as it stands today. `state` is `expired` past its end."""

    standing: Standing
    state: ConsentState
    in_force: bool


def kind_of(source: str) -> str:
    """What a source is, without its name: `register` or `sidecar`."""
    return REGISTER if source == REGISTER else "sidecar"


@dataclass(frozen=True, slots=True)
class Shown:
    """A record as each source tells it, as it stands today, and the photos that rest on it.

    `bodies` are those of `versions`, whole or with `ON_RECORD` for what stands apart; `erased`
    where that is gone for ever.
    """

    id: str
    versions: tuple[ConsentVersion, ...]
    bodies: tuple[Body, ...]
    events: tuple[ConsentEvent, ...]
    standings: tuple[Listed, ...]
    photos: tuple[AssetRow, ...]
    erased: bool = False


def listed(
    desk: Desk, state: ConsentState | None = None, within: str | None = None
) -> Iterator[Listed]:
    """Every record as it stands today, by id; only those in a state, or that end so soon.

    `within` is a term such as `30d`, counted from today.
    """
    last = add_term(desk.day() + timedelta(days=1), within) if within else None
    for _, versions in groupby(desk.catalog.consents(), key=lambda v: v.consent):
        for found in standings_of(desk, tuple(versions)):
            if state is not None and found.state is not state:
                continue
            if last is None or (found.in_force and found.standing.ends <= last):
                yield found


def show(desk: Desk, wanted: str, *, personal: bool = False) -> Shown:
    """All about one record. Raises UsageError, with ids that are near, for an unknown one.

    `personal` tells names, contacts, birth dates and free texts, and the ledger that they were
    looked at (not what they are); the desk must be open for writing.
    """
    versions = versions_of(desk, wanted)
    ident = versions[0].consent
    details = desk.catalog.details(v.revision for v in versions)
    whole = [private.join(v.body, details.get(v.revision, NOTHING), named=True) for v in versions]
    events = [dict(body) for body in desk.catalog.told_events(ident)]
    if personal:
        with desk.catalog.transaction() as unit:
            unit.append(Event("personal.shown", ident), desk.instant())
    rows = (desk.catalog.asset(a) for a in desk.catalog.assets_using_consents([ident]))
    return Shown(
        id=ident,
        versions=versions,
        bodies=tuple(told(body, personal=personal) for body in whole),
        events=tuple(ConsentEvent.model_validate(told(e, personal=personal)) for e in events),
        standings=standings_of(desk, versions),
        photos=tuple(row for row in rows if row is not None),
        erased=bool(desk.catalog.erased([ident])),
    )


#: Words of a record that are told only where they are asked for: all that stands apart, and
#: who keeps the consent.
_PERSONAL = frozenset(
    {
        "birth_date", "birth_year", "witness", "authority_evidence", "by", "reason", "file",
        "contact", "withdrawal_contact", "organisation", "match", "first_name",
    }
)  # fmt: skip
ON_RECORD = "(on record)"


def told(body: Body, *, personal: bool) -> Body:
    """A record's body; without `personal`, what may be personal reads `ON_RECORD`."""
    return {word: _told(word, value, personal) for word, value in body.items()}


def _told(word: str, value: object, personal: bool) -> object:
    if isinstance(value, dict):
        inner = told(value, personal=personal)
        # The name of somebody; `permissions.name` only says whether it may be told.
        if word in ("subject", "givers") and "name" in inner and not personal:
            inner["name"] = ON_RECORD
        return inner
    if isinstance(value, list):
        return [_told(word, item, personal) for item in value]
    role = word == "by" and value in private.ROLES
    hidden = word in _PERSONAL and value is not None and not role
    return ON_RECORD if hidden and not personal else value


def versions_of(desk: Desk, wanted: str) -> tuple[ConsentVersion, ...]:
    ident = wanted.strip()
    versions = desk.catalog.current_consents([ident], [])
    if versions:
        return versions
    ids = {v.consent.casefold(): v.consent for v in desk.catalog.consents()}
    near = difflib.get_close_matches(ident.casefold(), ids, n=_NEAR) if len(ident) <= 64 else []
    hint = f"Did you mean {', '.join(ids[n] for n in near)}?" if near else ""
    raise UsageError(
        "There is no consent record with this id", hint or "`dam consent list` shows the ids"
    )


def events_of(desk: Desk, consent: str) -> tuple[ConsentEvent, ...]:
    return tuple(ConsentEvent.model_validate(body) for body in desk.catalog.all_events(consent))


def standings_of(desk: Desk, versions: Sequence[ConsentVersion]) -> tuple[Listed, ...]:
    """One record (all versions of one id) as it stands today, for each subject told of."""
    day, term = desk.day(), desk.pack.policy.default_term
    events = events_of(desk, versions[0].consent)
    grouped: dict[str, list[Record]] = {}
    for version, item in desk.whole(versions):
        grouped.setdefault(item.subject.id, []).append(
            Record(item, version.slot, events, version.stated)
        )
    found = []
    for _, records in sorted(grouped.items()):
        standing = stand(records, day, term)
        yes = standing.state in IN_FORCE_STATES
        over = yes and standing.ends < day
        state = ConsentState.EXPIRED if over else standing.state
        in_force = yes and standing.valid_from <= day <= standing.ends
        found.append(Listed(standing, state, in_force))
    return tuple(found)


def touched_by(desk: Desk, items: Iterable[ConsentItem]) -> frozenset[str]:
    """The photographs that rest on these records or show their subjects."""
    told = tuple(items)
    return frozenset(
        (
            *desk.catalog.assets_using_consents([item.id for item in told]),
            *desk.catalog.assets_with_subjects({item.subject.id for item in told}),
        )
    )


def filed_of(desk: Desk, assets: Iterable[str]) -> frozenset[str]:
    rows = (desk.catalog.asset(asset) for asset in assets)
    return frozenset(row.id for row in rows if row is not None and row.archived_as)


def retracted(desk: Desk, filed: Iterable[str]) -> tuple[str, ...]:
    """Which of the photographs that stood in the archive stand there no longer."""
    return tuple(sorted(set(filed) - filed_of(desk, filed)))
