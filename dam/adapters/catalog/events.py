"""The ledger: events appended to their chain in the transaction they tell of."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Final

from sqlalchemy import insert, select, update  # noqa: TID251

from dam.adapters.catalog.columns import loads
from dam.adapters.catalog.engine import Database, Found
from dam.adapters.catalog.part import Part
from dam.adapters.catalog.tables import events, ledger_head
from dam.core import chain
from dam.core.errors import DamError, IntegrityError
from dam.core.model import Event
from dam.core.rows import EventRow

MAX_BODY: Final = 16 * 1024


def restored(row: Found) -> EventRow:
    try:
        at = datetime.fromisoformat(row.at)
    except (TypeError, ValueError):
        raise IntegrityError("An event of the ledger cannot be read", "Run `dam verify`") from None
    return EventRow(
        seq=row.seq,
        id=row.id,
        at=at,
        type=row.type,
        subject=row.subject,
        body=loads(row.body),
        prev=row.prev,
        hash=row.hash,
    )


class EventReads(Part):
    """What the ledger says and whether it is whole."""

    def head(self) -> tuple[int, str]:
        """Number and hash of the newest event; 0 and `chain.GENESIS` before the first."""
        row = self._db.one(select(ledger_head.c.seq, ledger_head.c.hash))
        return (0, chain.GENESIS) if row is None else (int(row.seq), str(row.hash))

    def last_event_at(self) -> datetime | None:
        """When the newest event was recorded (UTC); None before the first."""
        number = self.head()[0]
        return next((event.at for event in self.events(number - 1)), None) if number else None

    def events(self, after: int = 0) -> Iterator[EventRow]:
        """Stream the events with a number above `after`, in order."""
        return (restored(row) for row in self._stored(after))

    def _stored(self, after: int) -> Iterator[Found]:
        return self._db.pages(select(events).where(events.c.seq > after), (events.c.seq,))

    def verify_chain(self) -> tuple[str, ...]:
        """Everything wrong with the ledger, in words with the event's number; () if nothing."""
        unreadable: list[str] = []

        def readable() -> Iterator[EventRow]:
            for row in self._stored(0):
                try:
                    yield restored(row)
                except IntegrityError:
                    unreadable.append(f"event {row.seq}: cannot be read")

        broken = chain.check(readable(), self.head())
        return (*unreadable, *broken)


class EventWrites(EventReads):
    """What is added to the ledger."""

    def __init__(self, database: Database, new_id: Callable[[], str]) -> None:
        super().__init__(database)
        self._new_id = new_id

    def append(self, event: Event, at: datetime) -> EventRow:
        """Seal `event` onto the chain and give back what was stored.

        Personal data does not belong in a body; that is the caller's duty. DamError for a body
        above 16 KiB of canonical JSON or one that canonical JSON cannot express.
        """
        body = chain.canonical(event.body)
        if len(body) > MAX_BODY:
            raise DamError("An event is too large for the ledger")
        last, prev = self.head()
        seq, identity, at_iso = last + 1, self._new_id(), chain.instant(at)
        sealed = chain.seal(prev, seq, identity, at_iso, event.type, event.subject, event.body)
        self._db.run(
            insert(events).values(
                seq=seq,
                id=identity,
                at=at_iso,
                type=event.type,
                subject=event.subject,
                body=body.decode("utf-8"),
                prev=prev,
                hash=sealed,
            )
        )
        if last == 0:
            self._db.run(insert(ledger_head).values(single=True, seq=seq, hash=sealed))
        else:
            self._db.run(update(ledger_head).values(seq=seq, hash=sealed))
        return EventRow(
            seq=seq,
            id=identity,
            at=datetime.fromisoformat(at_iso),
            type=event.type,
            subject=event.subject,
            body=json.loads(body),
            prev=prev,
            hash=sealed,
        )
