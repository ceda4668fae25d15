"""Renewing and withdrawing a consent, and forgetting who a subject is."""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date

from pydantic import ValidationError

from dam.adapters.catalog import Unit
from dam.adapters.desk import Desk
from dam.adapters.desk_due import touch
from dam.core import names, private
from dam.core.consent import Record, stand, state_on
from dam.core.errors import UsageError
from dam.core.model import IN_FORCE_STATES, AgeBand, ConsentState, Event
from dam.core.private import NOTHING
from dam.core.record import ConsentEvent, NamedItem
from dam.flows.consents import forgetting
from dam.flows.consents.asking import (
    REGISTER,
    Body,
    Listed,
    events_of,
    filed_of,
    standings_of,
    touched_by,
    versions_of,
)


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
    outsider(said, revoked=revoked)
    state = ConsentState.REVOKED if revoked else ConsentState.WITHDRAWN
    return _change(desk, wanted, ending_event(state, said))


def outsider(said: Statement, *, revoked: bool) -> None:
    """Refuse a withdrawal by somebody whose consent it never was."""
    if said.by in OUTSIDERS and not revoked:
        raise UsageError(
            f"Only the subject or who speaks for them withdraws, not the {said.by.value}",
            "Use --revoked where somebody else ends the consent",
        )


def renew(desk: Desk, wanted: str, said: Statement, until: date) -> Change:
    """Record that a consent was given again, until the day `until`.

    What another source, the default term or an 18th birthday ends earlier still ends then;
    `notes` tell so. Raises UsageError where this is no renewal.
    """
    versions = versions_of(desk, wanted)
    if desk.catalog.erased([versions[0].consent]):
        raise UsageError(
            "The personal details of this record's subject were erased: it cannot be renewed",
            "Import a new record, with an id of its own",
        )
    today = desk.day()
    if said.on > today:
        raise UsageError("A renewal cannot have been given on a day that lies ahead")
    if until < max(said.on, today):
        raise UsageError("--until must not lie before the renewal, nor before today")
    state, since = state_on(events_of(desk, versions[0].consent), today)
    if state not in IN_FORCE_STATES | {ConsentState.EXPIRED}:
        raise UsageError(
            f"This consent is {state.value}: there is nothing to renew",
            "Import a new record, with an id of its own, once consent is given",
        )
    if said.on < since:
        raise UsageError(
            f"A renewal must not be older than what is on record ({state.value} on {since})"
        )
    _check_speaker(standings_of(desk, versions), said.by)

    def prolong(body: Body) -> None:
        scope = body["scope"]
        told = scope if isinstance(scope, dict) else {}
        kept = {word: value for word, value in told.items() if word != "valid_for"}
        body["scope"] = {**kept, "valid_until": until.isoformat()}

    change = _change(desk, wanted, ending_event(ConsentState.RENEWED, said), prolong)
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


def ending_event(state: ConsentState, said: Statement) -> ConsentEvent:
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
        change = changed_in(desk, unit, wanted, event, edit)
    return replace(change, standings=standings_of(desk, versions_of(desk, change.id)))


def changed_in(
    desk: Desk,
    unit: Unit,
    wanted: str,
    event: ConsentEvent,
    edit: Callable[[Body], None] | None = None,
) -> Change:
    """As `_change`, inside a transaction that does more; `standings` are not known yet."""
    versions = versions_of(desk, wanted)
    ident = versions[0].consent
    touched = touched_by(desk, (item for _, item in desk.whole(versions)))
    filed = filed_of(desk, touched)
    base = max(versions, key=lambda v: (v.slot == REGISTER, v.recorded_at))
    details = desk.catalog.details([base.revision]).get(base.revision, NOTHING)
    body = private.join(base.body, details, named=True)
    told = body.get("events")
    events = list(told) if isinstance(told, list) else []
    said = event.model_dump(mode="json", exclude_unset=True)
    body["events"] = events if said in events else [*events, said]
    if edit is not None:
        edit(body)
    changed = desk.put_consent(unit, NamedItem.model_validate(body), REGISTER, base.told_in)
    if changed:
        unit.mark_due(sorted(touched))
        # The role alone: the reason may name somebody, and the ledger never forgets.
        known: dict[str, object] = {"on": event.on.isoformat(), "by": event.by}
        unit.append(Event(f"consent.{event.state.value}", ident, known), desk.instant())
    ahead = event.on > desk.day() and event.state not in IN_FORCE_STATES
    note = "The day lies ahead; it counts from now on all the same"
    return Change(ident, event, changed, touched, filed, (), (note,) if ahead else ())


def _shorter(desk: Desk, consent: str, until: date) -> Iterator[str]:
    """What ends a renewed consent before the day that the renewal names, by source."""
    day, term = desk.day(), desk.pack.policy.default_term
    events = events_of(desk, consent)
    for version, item in desk.whole(versions_of(desk, consent)):
        shown = names.show(version.slot)
        if not version.stated:
            yield f"{shown} mentions this consent no longer: it permits nothing until it does"
        standing = stand([Record(item, version.slot, events, version.stated)], day, term)
        if standing.ends < until:
            yield f"It ends on {standing.ends} all the same, by {shown}: {standing.ends_because}"


@dataclass(frozen=True, slots=True)
class Erased:
    """A subject whose personal details are gone, and the records that had them.

    `clean` is false where another process kept the catalogue's journal from being emptied.
    """

    subject: str
    consents: tuple[str, ...]
    touched: frozenset[str]
    filed: frozenset[str]
    clean: bool


def erase(desk: Desk, wanted: str) -> Erased:
    """Forget for ever the name, contact and birth date of a subject, and who gave consent.

    Its records permit nothing any more: without a birth date nobody knows when they end.
    Raises UsageError where no record speaks of such a subject.
    """
    subject = wanted.strip()
    with desk.catalog.transaction() as unit:
        known = desk.catalog.consents_of(subject)
        if not known:
            raise UsageError(
                "There is no consent record about this subject",
                "`dam consent list` shows the subjects",
            )
        touched = frozenset(
            (
                *desk.catalog.assets_using_consents(known),
                *desk.catalog.assets_with_subjects([subject]),
            )
        )
        filed = filed_of(desk, touched)
        values = forgetting.values_of(unit, [subject])
        stored = forgetting.stored_about(unit, touched, [subject])
        consents = forgetting.forget(desk, unit, [subject], stored, sorted(touched), values)
        for consent in consents:
            touch(unit, consent, subject)
        unit.append(Event("personal.erased", subject), desk.instant())
    return Erased(subject, consents, touched, filed, desk.finish())
