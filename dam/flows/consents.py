"""The register of consents: importing, renewing and withdrawing records, and asking about them.

All that is entered here goes to one source, the register: a newer statement of the same id
replaces the older one there, while events stay for ever, and sidecars that speak of the same
id still count beside it (the strictest wins). A change and the marking of every photograph
that rests on it are one transaction; deciding those again is the caller's next step.
"""

from __future__ import annotations

import difflib
import enum
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import groupby
from pathlib import Path

from pydantic import ValidationError

from dam.adapters import tables
from dam.adapters.desk import Desk, consent_version
from dam.core import names, sheet, sidecar
from dam.core.consent import Record, Standing, add_term, stand, state_on
from dam.core.errors import ProblemsError, UsageError
from dam.core.model import IN_FORCE_STATES, AgeBand, ConsentState, Event, Problem
from dam.core.record import ConsentEvent, ConsentItem
from dam.core.rows import AssetRow, ConsentVersion

REGISTER = "register"
Body = dict[str, object]
_NEAR = 3

_SUFFIXES = ".yaml, .yml, .json, .csv, .tsv and .xlsx"
_INSTEAD = {
    ".xls": "Save it as .xlsx",
    ".xlsm": "Save it as .xlsx",
    ".ods": "Save it as .xlsx or as CSV UTF-8",
    ".numbers": "Export it as .xlsx or CSV",
}


class Speaker(enum.StrEnum):
    """Who says that a consent ends or goes on: a role, never a name."""

    SUBJECT = "subject"
    PARENT = "parent"
    LEGAL_GUARDIAN = "legal_guardian"
    APPOINTED_REPRESENTATIVE = "appointed_representative"
    SOCIAL_WORKER = "social_worker"
    ORGANISATION = "organisation"
    AUTHORITY = "authority"


#: They can revoke, but never withdraw or renew: the consent is not theirs.
OUTSIDERS = frozenset({Speaker.ORGANISATION, Speaker.AUTHORITY})


class Became(enum.StrEnum):
    """What an import did with one record."""

    NEW = "new"
    CHANGED = "changed"
    UNCHANGED = "unchanged"


# --- import -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Imported:
    """Each record with what became of it. `filed` are photographs that stood in the archive."""

    records: tuple[tuple[ConsentItem, Became], ...]
    touched: frozenset[str]
    filed: frozenset[str]

    def counts(self) -> dict[str, int]:
        return {b.value: sum(became is b for _, became in self.records) for b in Became}

    @property
    def changed(self) -> bool:
        return any(became is not Became.UNCHANGED for _, became in self.records)


def read(files: Sequence[Path]) -> tuple[tuple[ConsentItem, ...], tuple[str, ...]]:
    """The records of all files, and notes about them. Raises ProblemsError with every problem."""
    items: dict[str, tuple[ConsentItem, str]] = {}
    problems: list[Problem] = []
    notes: list[str] = []
    for path in files:
        shown = names.show(os.fspath(path))
        try:
            parsed, examples = _parsed(path, shown)
        except UsageError as error:
            problems.append(Problem(shown, None, "", str(error)))
            continue
        problems += parsed.problems
        if examples:
            notes.append(f"{shown}: {examples} rows marked as examples were left out")
        for item in parsed.value or ():
            known, first = items.setdefault(item.id, (item, shown))
            if known != item:
                said = f"{item.id} is told otherwise in {first}: keep one of them"
                problems.append(Problem(shown, None, "id", said))
    if problems:
        lines = tuple(str(problem) for problem in problems)
        raise ProblemsError("Nothing was imported", lines, "Mend what follows and import it again")
    return tuple(item for item, _ in items.values()), tuple(notes)


def _parsed(path: Path, shown: str) -> tuple[sidecar.Parsed[tuple[ConsentItem, ...]], int]:
    """One file by its ending; the number counts rows that are examples. Raises UsageError."""
    suffix = path.suffix.lower()
    if suffix in (".csv", ".tsv", ".xlsx"):
        data = tables.read_file(path)
        rows = tables.read_xlsx(data) if suffix == ".xlsx" else tables.read_csv(data)
        parsed = sheet.parse(rows, shown)
        if parsed.value is None:
            return sidecar.Parsed(None, parsed.problems), 0
        return sidecar.Parsed(parsed.value.items), parsed.value.examples
    if suffix not in (".yaml", ".yml", ".json"):
        hint = _INSTEAD.get(suffix, "The name must end as what the file is")
        raise UsageError(f"only {_SUFFIXES} are read", hint)
    told = sidecar.parse_consents(tables.read_file(path), shown, json=suffix == ".json")
    if told.value is None:
        return sidecar.Parsed(None, told.problems), 0
    bare = [r.model_dump(mode="json", exclude_unset=True, exclude={"schema_"}) for r in told.value]
    return sidecar.Parsed(tuple(ConsentItem.model_validate(body) for body in bare)), 0


def import_(desk: Desk, items: Sequence[ConsentItem], *, dry_run: bool = False) -> Imported:
    """Enter records into the register, all or none; with `dry_run` only tell what would be."""
    catalog = desk.catalog
    current = {v.consent: v.digest for v in catalog.consents_of_slot(REGISTER)}
    became: list[tuple[ConsentItem, Became]] = []
    for item in items:
        known = current.get(item.id)
        same = known == consent_version(item, REGISTER, desk.instant()).digest
        became.append(
            (item, Became.NEW if known is None else Became.UNCHANGED if same else Became.CHANGED)
        )
    fresh = [item for item, what in became if what is not Became.UNCHANGED]
    touched = _touched(desk, fresh)
    filed = _filed(desk, touched)
    if fresh and not dry_run:
        with catalog.transaction() as unit:
            for item in fresh:
                desk.put_consent(unit, item, REGISTER)
    return Imported(tuple(became), touched, filed)


def _touched(desk: Desk, items: Iterable[ConsentItem]) -> frozenset[str]:
    """The photographs that rest on these records or show their subjects."""
    told = tuple(items)
    return frozenset(
        (
            *desk.catalog.assets_using_consents([item.id for item in told]),
            *desk.catalog.assets_with_subjects({item.subject.id for item in told}),
        )
    )


def _filed(desk: Desk, assets: Iterable[str]) -> frozenset[str]:
    rows = (desk.catalog.asset(asset) for asset in assets)
    return frozenset(row.id for row in rows if row is not None and row.archived_as)


def retracted(desk: Desk, filed: Iterable[str]) -> tuple[str, ...]:
    """Which of the photographs that stood in the archive stand there no longer."""
    return tuple(sorted(set(filed) - _filed(desk, filed)))


# --- asking -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Listed:
    """A record about one subject as it stands today. `state` is `expired` past its end."""

    standing: Standing
    state: ConsentState
    in_force: bool


@dataclass(frozen=True, slots=True)
class Shown:
    """A record as each source tells it, as it stands today, and the photos that rest on it."""

    id: str
    versions: tuple[ConsentVersion, ...]
    events: tuple[ConsentEvent, ...]
    standings: tuple[Listed, ...]
    photos: tuple[AssetRow, ...]


def listed(
    desk: Desk, state: ConsentState | None = None, within: str | None = None
) -> Iterator[Listed]:
    """Every record as it stands today, by id; only those in a state, or that end so soon.

    `within` is a term such as `30d`, counted from today.
    """
    last = add_term(desk.day() + timedelta(days=1), within) if within else None
    for _, versions in groupby(desk.catalog.consents(), key=lambda v: v.consent):
        for found in _standings(desk, tuple(versions)):
            if state is not None and found.state is not state:
                continue
            if last is None or (found.in_force and found.standing.ends <= last):
                yield found


def show(desk: Desk, wanted: str) -> Shown:
    """All about one record. Raises UsageError, with ids that are near, for an unknown one."""
    versions = _versions(desk, wanted)
    ident = versions[0].consent
    rows = (desk.catalog.asset(a) for a in desk.catalog.assets_using_consents([ident]))
    return Shown(
        id=ident,
        versions=versions,
        events=_events(desk, ident),
        standings=_standings(desk, versions),
        photos=tuple(row for row in rows if row is not None),
    )


#: Words of a record whose values may be personal: dates of birth, and free text by people.
_PERSONAL = frozenset(
    {
        "birth_date", "birth_year", "witness", "authority_evidence", "by", "reason", "file",
        "contact", "withdrawal_contact", "organisation", "match",
    }
)  # fmt: skip
ON_RECORD = "(on record)"


def told(body: Body, *, personal: bool) -> Body:
    """A record's body; without `personal`, what may be personal reads `ON_RECORD`."""
    return {word: _told(word, value, personal) for word, value in body.items()}


def _told(word: str, value: object, personal: bool) -> object:
    if isinstance(value, dict):
        return told(value, personal=personal)
    if isinstance(value, list):
        return [_told(word, item, personal) for item in value]
    role = word == "by" and value in tuple(Speaker)
    hidden = word in _PERSONAL and value is not None and not role
    return ON_RECORD if hidden and not personal else value


def _versions(desk: Desk, wanted: str) -> tuple[ConsentVersion, ...]:
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


def _events(desk: Desk, consent: str) -> tuple[ConsentEvent, ...]:
    return tuple(ConsentEvent.model_validate(body) for body in desk.catalog.all_events(consent))


def _standings(desk: Desk, versions: Sequence[ConsentVersion]) -> tuple[Listed, ...]:
    """One record (all versions of one id) as it stands today, for each subject told of."""
    day, term = desk.day(), desk.pack.policy.default_term
    events = _events(desk, versions[0].consent)
    grouped: dict[str, list[Record]] = {}
    for version in versions:
        item = ConsentItem.model_validate(version.body)
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


# --- renewing and withdrawing -------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Statement:
    """What somebody said of a consent, when and in which role. `reason` may be personal."""

    on: date
    by: Speaker
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """One record after it was renewed or ended. `changed` is false for what was known already."""

    id: str
    event: ConsentEvent
    changed: bool
    touched: frozenset[str]
    filed: frozenset[str]
    standings: tuple[Listed, ...]
    notes: tuple[str, ...] = ()


def withdraw(desk: Desk, wanted: str, said: Statement, *, revoked: bool = False) -> Change:
    """Record that a consent was taken back (`revoked`: somebody else ended it).

    It counts at once, whatever its date. Raises UsageError for an unknown id or speaker.
    """
    if said.by in OUTSIDERS and not revoked:
        raise UsageError(
            f"Only the subject or who speaks for them withdraws, not the {said.by.value}",
            "Use --revoked where somebody else ends the consent",
        )
    state = ConsentState.REVOKED if revoked else ConsentState.WITHDRAWN
    change = _change(desk, wanted, _event(state, said))
    if said.on > desk.day():
        note = "The day lies ahead; it counts from now on all the same"
        change = replace(change, notes=(note,))
    return change


def renew(desk: Desk, wanted: str, said: Statement, until: date) -> Change:
    """Record that a consent was given again, until the day `until`.

    What another source, the default term or an 18th birthday ends earlier still ends then;
    `notes` tell so. Raises UsageError where this is no renewal.
    """
    versions = _versions(desk, wanted)
    today = desk.day()
    if said.on > today:
        raise UsageError("A renewal cannot have been given on a day that lies ahead")
    if until < max(said.on, today):
        raise UsageError("--until must not lie before the renewal, nor before today")
    state, since = state_on(_events(desk, versions[0].consent), today)
    if state not in IN_FORCE_STATES | {ConsentState.EXPIRED}:
        raise UsageError(
            f"This consent is {state.value}: there is nothing to renew",
            "Import a new record, with an id of its own, once consent is given",
        )
    if said.on < since:
        raise UsageError(
            f"A renewal must not be older than what is on record ({state.value} on {since})"
        )
    _check_speaker(_standings(desk, versions), said.by)

    def prolong(body: Body) -> None:
        scope = body["scope"]
        told = scope if isinstance(scope, dict) else {}
        kept = {word: value for word, value in told.items() if word != "valid_for"}
        body["scope"] = {**kept, "valid_until": until.isoformat()}

    change = _change(desk, wanted, _event(ConsentState.RENEWED, said), prolong)
    return replace(change, notes=tuple(_shorter(desk, change.id, until)))


def _check_speaker(standings: Iterable[Listed], by: Speaker) -> None:
    """A child cannot renew alone, nor a parent for an adult."""
    adult = all(found.standing.age_band is AgeBand.ADULT for found in standings)
    if not adult and (by is Speaker.SUBJECT or by in OUTSIDERS):
        raise UsageError(
            "A guardian renews the consent of a minor, or of somebody whose age nobody told",
            "Give who did with --by",
        )
    if adult and by not in (
        Speaker.SUBJECT,
        Speaker.LEGAL_GUARDIAN,
        Speaker.APPOINTED_REPRESENTATIVE,
    ):
        raise UsageError("An adult renews their own consent", "Give who did with --by")


def _event(state: ConsentState, said: Statement) -> ConsentEvent:
    told = {"state": state, "on": said.on, "by": said.by.value}
    if said.reason and said.reason.strip():
        told["reason"] = said.reason
    try:
        return ConsentEvent.model_validate(told)
    except ValidationError:
        raise UsageError("The --reason is too long", "At most 4000 characters") from None


def _change(
    desk: Desk, wanted: str, event: ConsentEvent, edit: Callable[[Body], None] | None = None
) -> Change:
    """A new version of a record in the register, with one event more, in one transaction.

    A record that only sidecars told of so far is taken over as the newest of them tells it.
    """
    with desk.catalog.transaction() as unit:
        versions = _versions(desk, wanted)
        ident = versions[0].consent
        bodies = [ConsentItem.model_validate(v.body) for v in versions]
        touched = _touched(desk, bodies)
        filed = _filed(desk, touched)
        base = max(versions, key=lambda v: (v.slot == REGISTER, v.recorded_at))
        body = dict(base.body)
        told = body.get("events")
        events = list(told) if isinstance(told, list) else []
        said = event.model_dump(mode="json", exclude_unset=True)
        body["events"] = events if said in events else [*events, said]
        if edit is not None:
            edit(body)
        changed = desk.put_consent(unit, ConsentItem.model_validate(body), REGISTER)
        if changed:
            unit.mark_due(sorted(touched))
            # The role alone: the reason may name somebody, and the ledger never forgets.
            known: dict[str, object] = {"on": event.on.isoformat(), "by": event.by}
            unit.append(Event(f"consent.{event.state.value}", ident, known), desk.instant())
    standings = _standings(desk, _versions(desk, ident))
    return Change(ident, event, changed, touched, filed, standings)


def _shorter(desk: Desk, consent: str, until: date) -> Iterator[str]:
    """What ends a renewed consent before the day that the renewal names, by source."""
    day, term = desk.day(), desk.pack.policy.default_term
    events = _events(desk, consent)
    for version in _versions(desk, consent):
        shown = names.show(version.slot)
        if not version.stated:
            yield f"{shown} mentions this consent no longer: it permits nothing until it does"
        item = ConsentItem.model_validate(version.body)
        standing = stand([Record(item, version.slot, events, version.stated)], day, term)
        if standing.ends < until:
            yield f"It ends on {standing.ends} all the same, by {shown}: {standing.ends_because}"
