"""What a backup takes from the catalogue, and what is told to whoever restores it later."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from sqlalchemy import select  # noqa: TID251

from dam.adapters.catalog.consents import ConsentReads
from dam.adapters.catalog.events import EventReads
from dam.adapters.catalog.part import build, columns
from dam.adapters.catalog.tables import (
    assets,
    consent_versions,
    erasures,
    renditions,
    restrictions,
    sidecar_versions,
    sidecars,
    tombstones,
    waiver_ends,
)
from dam.adapters.catalog.withdrawals import WithdrawalReads
from dam.core.consent import state_on
from dam.core.model import IN_FORCE_STATES, REFUSING_STATES
from dam.core.private import APART
from dam.core.record import ConsentEvent
from dam.core.since import Consent, Ended, Head, Keys, Since, Stone
from dam.core.tombstones import Tombstone

_TOMBSTONE = columns(tombstones, Tombstone)


class BackupReads(ConsentReads, WithdrawalReads, EventReads):
    """What is stored where, and what was taken back."""

    def copy_into(self, path: Path) -> None:
        """Copy the catalogue, as the open snapshot sees it, into the database file `path`.

        It may lose its name meanwhile. Raises StorageError where the disk refuses.
        """
        self._db.copy_into(path)

    def all_contents(self) -> tuple[str, ...]:
        """The SHA-256 of everything that the stores of originals must hold, each once, in order."""
        erased = select(restrictions.c.asset).where(restrictions.c.state == "erased")
        found = set(self._db.ids(select(assets.c.sha256).where(assets.c.id.not_in(erased))))
        for table in (sidecars, sidecar_versions):
            found.update(self._db.ids(select(table.c.sha256)))
        return tuple(sorted(found))

    def filed_paths(self) -> tuple[tuple[str, str], ...]:
        """(path below the archive, SHA-256) of every rendition that stands there, in order."""
        rows = self._db.rows(
            select(renditions.c.relative, renditions.c.sha256)
            .where(renditions.c.state == "filed", renditions.c.relative.is_not(None))
            .order_by(renditions.c.relative)
        )
        return tuple((row.relative, row.sha256) for row in rows)

    def since_keys(self) -> Keys:
        """The keys of the file of withdrawals."""
        return Keys(bytes.fromhex(self.tombstone_key()))

    def taken_back(self) -> Since:
        """All that was taken back until now. Call it in a snapshot or a transaction."""
        keys = self.since_keys()
        seq, digest = self.head()
        at = self.last_event_at()
        assert at is not None
        stones = self._db.rows(
            select(*_TOMBSTONE, tombstones.c.lifted_at).order_by(tombstones.c.at, tombstones.c.id)
        )
        gone = self._db.ids(select(erasures.c.subject).where(erasures.c.consent == ""))
        return Since(
            Head(at, seq, digest),
            tuple(Stone(build(Tombstone, row), row.lifted_at) for row in stones),
            self._as_they_count(keys),
            frozenset(keys.word("subject", subject) for subject in gone),
            frozenset(self._db.ids(select(waiver_ends.c.waiver))),
        )

    def _as_they_count(self, keys: Keys) -> dict[str, Consent]:
        versions: dict[str, list[tuple[str, str]]] = {}
        told = consent_versions.c
        for row in self._db.rows(
            select(told.consent, told.slot, told.digest, told.stated)
            .where(told.current)
            .order_by(told.consent, told.slot)
        ):
            mine = versions.setdefault(row.consent, [])
            if row.stated:
                mine.append((keys.word("place", row.slot), keys.word("record", row.digest)))
        events = self.events_of(versions)
        return {
            keys.word("consent", consent): Consent(tuple(each), _ended(events.get(consent, ())))
            for consent, each in versions.items()
        }


def _ended(told: tuple[dict[str, object], ...]) -> tuple[Ended, ...]:
    """The events by which a consent has ended, none where it goes on or never was one."""
    events = [ConsentEvent.model_validate(body) for body in told]
    if state_on(events, date.max)[0] in IN_FORCE_STATES:
        return ()
    return tuple(
        Ended(e.state.value, e.on, "" if e.by in (None, APART) else str(e.by))
        for e in events
        if e.state in REFUSING_STATES
    )
