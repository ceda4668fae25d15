"""Taking a consent back everywhere, in one transaction, and finishing what it planned."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Generic, Protocol, TypeVar

from dam.adapters.catalog import Unit
from dam.adapters.darkroom import Darkroom
from dam.adapters.desk import Desk
from dam.core.erasing import Values
from dam.core.errors import IntegrityError, StorageError, UnusablePhoto
from dam.core.model import IN_FORCE_STATES, ConsentState, Event
from dam.flows.consents import forgetting
from dam.flows.consents.asking import standings_of, versions_of
from dam.flows.consents.changing import (
    Change,
    Statement,
    changed_in,
    ending_event,
    outsider,
)


class Photo(Protocol):
    """What became of one photograph; see `dam.flows.ingest.ending.Ending`."""

    @property
    def asset(self) -> str: ...
    @property
    def fate(self) -> str: ...


class Told(Protocol):
    """What became of all of them, and the files of packs that are marked, by pack."""

    @property
    def photos(self) -> Sequence[Photo]: ...
    @property
    def packs(self) -> dict[str, tuple[str, ...]]: ...


ToldT = TypeVar("ToldT", bound=Told)
#: Ends the use of photographs inside a transaction: `dam.flows.ingest.ending.end_uses`.
End = Callable[[Desk, Unit, Iterable[str]], ToldT]


@dataclass(frozen=True, slots=True)
class Withdrawal(Generic[ToldT]):
    """What a withdrawal did, or would do. `erased` are subjects whose details are gone, `spared`

    those of whom another record is in force. `clean` is false where another process kept the
    catalogue's file from being cleaned: the next start does it.
    """

    change: Change
    ended: ToldT
    recipients: tuple[str, ...]
    erased: tuple[str, ...] = ()
    spared: tuple[str, ...] = ()
    clean: bool = True


class _Rehearsed(Exception):
    """Ends a transaction that only shows what would happen."""


def withdraw_everywhere(
    desk: Desk,
    room: Darkroom,
    wanted: str,
    said: Statement,
    end: End[ToldT],
    *,
    revoked: bool = False,
    erase: bool = False,
    dry_run: bool = False,
) -> Withdrawal[ToldT]:
    """Take a consent back: decisions end, packs are marked and what must go is planned at once.

    Where it returns, nothing of it can be used and nothing stands in the archive. With `erase`
    who the subject is is forgotten as well, unless another record of theirs is in force. With
    `dry_run` all of it is undone. Raises UsageError for an unknown id or speaker, StorageError
    where the disk does not let go of a file: the withdrawal counts then, and the next start of
    any command that writes goes on with it.
    """
    outsider(said, revoked=revoked)
    state = ConsentState.REVOKED if revoked else ConsentState.WITHDRAWN
    event = ending_event(state, said)
    if not dry_run:
        _look(desk, room, wanted)
    done: list[Withdrawal[ToldT]] = []
    try:
        with desk.catalog.transaction() as unit:
            change = changed_in(desk, unit, wanted, event)
            done.append(_carried(desk, unit, change, end, erase=erase, dry_run=dry_run))
            if dry_run:
                raise _Rehearsed
    except _Rehearsed:
        return done[0]
    clean = desk.finish()
    after = replace(
        done[0].change, standings=standings_of(desk, versions_of(desk, done[0].change.id))
    )
    return replace(done[0], change=after, clean=clean)


def _carried(
    desk: Desk, unit: Unit, change: Change, end: End[ToldT], *, erase: bool, dry_run: bool
) -> Withdrawal[ToldT]:
    versions = versions_of(desk, change.id)
    subjects = sorted({version.subject for version in versions})
    spared = tuple(s for s in subjects if erase and _in_force(desk, s, change.id))
    gone = [s for s in subjects if erase and s not in spared]
    values = forgetting.values_of(unit, gone)
    stored = forgetting.stored_about(unit, change.touched, gone) if erase else None
    ended = end(desk, unit, change.touched)
    if stored is not None and not dry_run:
        kept = [p.asset for p in ended.photos if p.fate != "erased"]
        _forget(desk, unit, gone, stored, {*change.touched, *kept}, ended, values)
    packs = {pack.id: pack for pack in unit.packs() if pack.id in ended.packs}
    recipients = tuple(dict.fromkeys(pack.recipient for pack in packs.values()))
    return Withdrawal(change, ended, recipients, tuple(gone), spared)


def _forget(
    desk: Desk,
    unit: Unit,
    gone: list[str],
    stored: forgetting.Stored,
    touched: set[str],
    ended: Told,
    values: Values,
) -> None:
    erased = {photo.asset for photo in ended.photos if photo.fate == "erased"}
    forgetting.forget(desk, unit, gone, stored, sorted(touched - erased), values)
    for subject in gone:
        unit.append(Event("personal.erased", subject), desk.instant())


def _in_force(desk: Desk, subject: str, consent: str) -> bool:
    """Whether another record of a subject is in force, whatever it may be used for."""
    others = [c for c in desk.catalog.consents_of(subject) if c != consent]
    return any(
        found.standing.subject == subject and found.standing.state in IN_FORCE_STATES
        for other in others
        for found in standings_of(desk, versions_of(desk, other))
    )


def _look(desk: Desk, room: Darkroom, wanted: str) -> None:
    """See what pictures look like of which nobody did yet, so that their copies are known again.

    An earlier version of dam did not look for that.
    """
    versions = versions_of(desk, wanted)
    ids = desk.catalog.assets_using_consents([versions[0].consent])
    shown = desk.catalog.assets_with_subjects(sorted({v.subject for v in versions}))
    for asset in dict.fromkeys((*ids, *shown)):
        row = desk.catalog.asset(asset)
        if row is None or not row.facts_digest or desk.catalog.likeness(asset) is not None:
            continue
        try:
            if (path := desk.original(row.sha256)) is None:
                continue
            with room.session() as child:
                seen = child.look(str(path)).likeness
        except (UnusablePhoto, StorageError, IntegrityError):
            # Known again by its bytes alone, then.
            continue
        with desk.catalog.transaction() as unit:
            unit.put_likeness(asset, seen)
