"""The catalogue: everything dam knows, in one database, and the only owner of SQL.

Reads are methods of `Catalog`. Changes are methods of the `Unit` that `Catalog.transaction`
gives, so that nothing can be changed outside of a transaction; a `Unit` reads as well.
Every method may raise WorkspaceBusy (another process held the database for longer than the
timeout), StorageError (the disk refused) and IntegrityError (damaged or foreign content).
"""

from __future__ import annotations

import secrets
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from sqlalchemy import text  # noqa: TID251

from dam.adapters.catalog.assets import AssetReads, AssetWrites
from dam.adapters.catalog.audits import AuditReads, AuditWrites, Profile, Shown, Which
from dam.adapters.catalog.backups import BackupReads
from dam.adapters.catalog.batches import BatchReads, BatchWrites
from dam.adapters.catalog.consents import ConsentReads, ConsentWrites
from dam.adapters.catalog.decisions import DecisionReads, DecisionWrites
from dam.adapters.catalog.engine import Database, translated
from dam.adapters.catalog.events import EventReads, EventWrites, Wanted
from dam.adapters.catalog.fixity import FixityReads
from dam.adapters.catalog.history import HistoryReads, KnownFacts
from dam.adapters.catalog.holdings import HoldingReads, HoldingWrites
from dam.adapters.catalog.keeping import KeepingReads, KeepingWrites
from dam.adapters.catalog.migrate import ready
from dam.adapters.catalog.packs import PackReads, PackWrites
from dam.adapters.catalog.provenance import ProvenanceReads, ProvenanceWrites
from dam.adapters.catalog.recalls import RecallReads, RecallWrites
from dam.adapters.catalog.redactions import RedactionReads, RedactionWrites
from dam.adapters.catalog.tables import metadata
from dam.adapters.catalog.waivers import WaiverReads, WaiverWrites
from dam.adapters.catalog.withdrawals import WithdrawalReads, WithdrawalWrites

__all__ = ["Catalog", "KnownFacts", "Profile", "Shown", "Unit", "Wanted", "Which"]


def _random_id() -> str:
    return secrets.token_hex(16)


class Unit(
    KeepingWrites,
    WithdrawalWrites,
    HoldingWrites,
    AssetWrites,
    ProvenanceWrites,
    ConsentWrites,
    DecisionWrites,
    BatchWrites,
    AuditWrites,
    PackWrites,
    RecallWrites,
    WaiverWrites,
    RedactionWrites,
    EventWrites,
):
    """One transaction: all of it is kept, or nothing. Usable until its `with` block ends."""


class Catalog(
    FixityReads,
    HoldingReads,
    BackupReads,
    AssetReads,
    ProvenanceReads,
    ConsentReads,
    WithdrawalReads,
    DecisionReads,
    BatchReads,
    AuditReads,
    PackReads,
    RecallReads,
    WaiverReads,
    RedactionReads,
    KeepingReads,
    EventReads,
    HistoryReads,
):
    """What dam knows. One object serves all threads of a process."""

    def __init__(
        self,
        database: Database,
        new_id: Callable[[], str],
        now: Callable[[], datetime] | None = None,
    ) -> None:
        super().__init__(database)
        self._new_id = new_id
        self._now = now
        self._told = True

    @classmethod
    def open(
        cls,
        path: Path,
        *,
        create: bool = True,
        read_only: bool = False,
        new_id: Callable[[], str] = _random_id,
        now: Callable[[], datetime] | None = None,
        timeout_ms: int = 10_000,
    ) -> Self:
        """Open the database file, bringing its tables up to date first.

        A new file is readable by its owner alone; an existing one is made so. `read_only`
        creates and changes nothing. `new_id` makes the ids of ledger events, `now` gives
        their time (else that of the last one). `timeout_ms` is
        how long another process may hold the database. Raises ConfigurationError where there
        is no database (and none may be created) or a newer version of dam made it, and
        IntegrityError where the file is something else.
        """
        database = Database(path, create=create, read_only=read_only, timeout_ms=timeout_ms)
        try:
            ready(database)
        except BaseException:
            database.close()
            raise
        return cls(database, new_id, now)

    @classmethod
    def passing(cls, path: Path, *, told: bool = False) -> Self:
        """An empty one in a new file, for what somebody works out and throws away.

        Its ledger stays empty, unless it is to be `told`.
        """
        database = Database(path, create=True, read_only=False, timeout_ms=0)
        try:
            with database.span("write") as connection, translated():
                metadata.create_all(connection)
        except BaseException:
            database.close()
            raise
        made = cls(database, _random_id)
        made._told = told
        return made

    @staticmethod
    def sqlite_version() -> tuple[int, ...]:
        """The version of the SQLite library in use."""
        return sqlite3.sqlite_version_info

    def close(self) -> None:
        """Give the file back. Harmless when repeated."""
        self._db.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    @contextmanager
    def transaction(self) -> Iterator[Unit]:
        """Change things: kept when the block ends, undone when it raises.

        What was changed is entered into the ledger in the same transaction.

        Other threads wait; RuntimeError for a second one inside, or when opened read-only.
        """
        with self._db.span("write"):
            unit = Unit(self._db, self._new_id, self._now)
            yield unit
            unit.conclude(notes=self._told)

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """Reads inside the block see one state, whatever other processes write meanwhile.

        A snapshot inside a snapshot sees the same.
        """
        if self._db.reading:
            yield
            return
        with self._db.span("read"):
            yield

    def scrub(self) -> bool:
        """Overwrite what was erased also in the file's journal; false where others still read."""
        return self._db.scrub()

    def rewrite(self) -> bool:
        """Write the whole file anew, so that no page holds traces of rows that moved, and `scrub`.

        False where another process has the catalogue just now: to be done again later.
        """
        return self._db.rewrite() and self._db.scrub()

    def damages(self) -> tuple[str, ...]:
        """What SQLite finds wrong with the file itself, in its words; () if nothing."""
        found = [str(row[0]) for row in self._db.rows(text("PRAGMA integrity_check"))]
        orphans = {str(row[0]) for row in self._db.rows(text("PRAGMA foreign_key_check"))}
        return (
            *(line for line in found if line != "ok"),
            *(f"a record of {table} points at nothing" for table in sorted(orphans)),
        )
