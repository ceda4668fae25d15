"""The ledger: events appended to their chain in the transaction they tell of."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from typing import Any, Final

from sqlalchemy import ColumnElement, insert, or_, select, update  # noqa: TID251

from dam.adapters.catalog.changes import Changes
from dam.adapters.catalog.columns import loads
from dam.adapters.catalog.engine import CHUNK, Database, Found
from dam.adapters.catalog.part import Part, starts_with
from dam.adapters.catalog.tables import events, ledger_head
from dam.core import chain
from dam.core.errors import DamError, IntegrityError
from dam.core.model import Event
from dam.core.rows import EventRow

MAX_BODY: Final = 16 * 1024


def restored(row: Found) -> EventRow:
    """The event of a stored row; IntegrityError where it is not what `append` writes."""
    try:
        at = datetime.fromisoformat(row.at)
        body = loads(row.body)
        # A date can be written in other ways and be read as the same: that is an alteration too.
        same = chain.instant(at) == row.at and chain.canonical(body).decode() == row.body
    except (TypeError, ValueError, DamError):
        same = False
    if not same:
        raise IntegrityError("An event of the ledger cannot be read", "Run `dam verify`")
    return EventRow(
        seq=row.seq,
        id=row.id,
        at=at,
        type=row.type,
        subject=row.subject,
        body=body,
        prev=row.prev,
        hash=row.hash,
    )


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which events are meant: recorded from `since` on and before `until`, of this type or of

    those that begin with it and a dot, about this subject.
    """

    since: datetime | None = None
    until: datetime | None = None
    type: str | None = None
    subject: str | None = None


class EventReads(Part):
    """What the ledger says and whether it is whole."""

    def head(self) -> tuple[int, str]:
        """Number and hash of the newest event; 0 and `chain.GENESIS` before the first."""
        row = self._ledger.one(select(ledger_head.c.seq, ledger_head.c.hash))
        return (0, chain.GENESIS) if row is None else (int(row.seq), str(row.hash))

    def last_event_at(self) -> datetime | None:
        """When the newest event was recorded (UTC); None before the first."""
        number = self.head()[0]
        return next((event.at for event in self.events(number - 1)), None) if number else None

    def events(self, after: int = 0) -> Iterator[EventRow]:
        """Stream the events with a number above `after`, in order."""
        return map(restored, self._stored(events.c.seq > after))

    def newest_events(self, wanted: Wanted, limit: int | None = None) -> tuple[EventRow, ...]:
        """The events meant, in order; with `limit` only so many of the newest."""
        statement = select(events).where(*_meant(wanted)).order_by(events.c.seq.desc())
        return tuple(map(restored, reversed(self._ledger.rows(statement.limit(limit)))))

    def event_hash(self, seq: int) -> str | None:
        """The hash of the event of that number, or None."""
        row = self._ledger.one(select(events.c.hash).where(events.c.seq == seq))
        return None if row is None else str(row.hash)

    def origin(self) -> str:
        """The hash of the first event, which tells workspaces apart; "" before it."""
        return self.event_hash(1) or ""

    def _stored(self, *conditions: ColumnElement[bool]) -> Iterator[Found]:
        return self._ledger.pages(select(events).where(*conditions), (events.c.seq,))

    def ledger_faults(self) -> Iterator[chain.Fault]:
        """Everything wrong with the ledger, in order; what cannot be read comes last."""
        unreadable: list[chain.Fault] = []

        def readable() -> Iterator[EventRow]:
            for row in self._stored():
                try:
                    yield restored(row)
                except IntegrityError:
                    unreadable.append(chain.Fault(int(row.seq), "cannot be read"))

        yield from chain.faults(readable(), self.head(), unique=True)
        yield from unreadable

    def verify_chain(self) -> tuple[str, ...]:
        """Everything wrong with the ledger, in words with the event's number; () if nothing."""
        found = [str(fault) for fault in islice(self.ledger_faults(), chain.MAX_PROBLEMS + 1)]
        if len(found) > chain.MAX_PROBLEMS:
            found[-1] = "more problems follow; they are not listed"
        return tuple(found)


def _meant(wanted: Wanted) -> Iterator[ColumnElement[bool]]:
    if wanted.since is not None:
        yield events.c.at >= chain.instant(wanted.since)
    if wanted.until is not None:
        yield events.c.at < chain.instant(wanted.until)
    if wanted.type is not None:
        below = starts_with(events.c.type, f"{wanted.type}.")
        yield or_(events.c.type == wanted.type, below)
    if wanted.subject is not None:
        yield events.c.subject == wanted.subject


class EventWrites(EventReads, Changes):
    """What is added to the ledger."""

    def __init__(
        self,
        database: Database,
        new_id: Callable[[], str],
        now: Callable[[], datetime] | None = None,
    ) -> None:
        super().__init__(database)
        self._new_id = new_id
        self._now = now
        #: Where the chain ends, once this transaction has asked; with what is sealed but not
        #: written yet. All of it is written at once: an event costs no statements of its own.
        self._end: tuple[int, str] | None = None
        self._sealed: list[dict[str, object]] = []

    @property
    def _ledger(self) -> Database:
        self._write()
        return self._db

    def append(self, event: Event, at: datetime) -> EventRow:
        """Seal `event` onto the chain and give back what will be stored.

        Personal data does not belong in a body; that is the caller's duty. DamError for a body
        above 16 KiB of canonical JSON or one that canonical JSON cannot express.
        """
        return _as_row(self._seal(event, chain.instant(at)))

    def _seal(self, event: Event, at: str) -> dict[str, object]:
        last, prev = self._end or self.head()
        body, seq, ident = chain.canonical(event.body), last + 1, self._new_id()
        if len(body) > MAX_BODY:
            raise DamError("An event is too large for the ledger")
        sealed: dict[str, object] = {
            "seq": seq,
            "id": ident,
            "at": at,
            "type": event.type,
            "subject": event.subject,
            "body": body.decode("utf-8"),
            "prev": prev,
            "hash": chain.seal_text(prev, seq, ident, at, event.type, event.subject, body),
        }
        self._end = seq, str(sealed["hash"])
        self._sealed.append(sealed)
        if len(self._sealed) >= CHUNK:
            self._write()
        return sealed

    def _write(self) -> None:
        """Write what was sealed, and where the chain ends now."""
        if not self._sealed or self._end is None:
            return
        sealed, self._sealed = self._sealed, []
        self._db.run_many(insert(events), sealed)
        end = {"seq": self._end[0], "hash": self._end[1]}
        if sealed[0]["prev"] == chain.GENESIS:
            self._db.run(insert(ledger_head).values(single=True, **end))
        else:
            self._db.run(update(ledger_head).values(**end))

    def conclude(self, *, notes: bool = True) -> None:
        """Enter what this transaction changed into the ledger: its last act.

        Without `notes` only what was appended by name.
        """
        told = tuple(self.noted()) if notes else ()
        if told:
            at = chain.instant(self.instant())
            for event in told:
                self._seal(event, at)
        self._write()

    def instant(self) -> datetime:
        """Now by the clock the catalogue was given; without one when the last event was."""
        if self._now is not None:
            return self._now().astimezone(UTC)
        return self.last_event_at() or datetime.fromtimestamp(0, UTC)


def _as_row(sealed: dict[str, Any]) -> EventRow:
    at, body = datetime.fromisoformat(sealed["at"]), json.loads(sealed["body"])
    return EventRow(**{**sealed, "at": at, "body": body})
