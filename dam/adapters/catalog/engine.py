"""One connection to the database: how it is opened, shared, begun, and what its errors mean."""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Column, Connection, Row, Select, create_engine, event, literal, tuple_  # noqa: TID251
from sqlalchemy.exc import DBAPIError, SQLAlchemyError, StatementError  # noqa: TID251
from sqlalchemy.pool import StaticPool  # noqa: TID251
from sqlalchemy.sql import Executable  # noqa: TID251

from dam.core.errors import (
    ConfigurationError,
    DamError,
    IntegrityError,
    StorageError,
    WorkspaceBusy,
)

PAGE: Final = 500
#: SQLite takes at least 999 values in one statement.
CHUNK: Final = 500

_BUSY = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
_NO_DATABASE = {sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_FORMAT}
_MACHINE = {
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_PERM,
    sqlite3.SQLITE_AUTH,
    sqlite3.SQLITE_NOMEM,
    sqlite3.SQLITE_NOLFS,
}


#: A row that a statement found; its columns are reached by name.
Found = Row[*tuple[Any, ...]]


def _meaning(error: Exception) -> DamError:
    """What an error of the driver means to a person; never a statement or a value."""
    if isinstance(error, DamError):
        return error
    if isinstance(error, StatementError) and isinstance(error.orig, DamError):
        return error.orig
    cause = error.orig if isinstance(error, DBAPIError) else error
    code = getattr(cause, "sqlite_errorcode", None)
    primary = code & 0xFF if isinstance(code, int) else None
    if primary in _BUSY:
        return WorkspaceBusy(
            "Another process is writing to the catalogue", "Wait until it is done and run again"
        )
    # Without a code it is the driver that found text which is no UTF-8.
    unreadable = code is None and isinstance(cause, sqlite3.OperationalError)
    if primary in _NO_DATABASE or unreadable:
        return IntegrityError(
            "The catalogue is damaged or is no catalogue", "Restore it from a backup"
        )
    if primary in _MACHINE:
        return StorageError(
            "The catalogue could not be read or written",
            "Check free space and permissions of the disk, then run again",
        )
    if primary == sqlite3.SQLITE_CONSTRAINT:
        return DamError("The catalogue refused a record that contradicts another one")
    return DamError("The catalogue could not do what was asked")


@contextmanager
def translated() -> Iterator[None]:
    """Let no error of SQLAlchemy, the driver or a column type out."""
    try:
        yield
    except (SQLAlchemyError, sqlite3.Error) as error:
        raise _meaning(error) from error
    except (ValueError, TypeError, OverflowError):
        # Not chained: the text of these quotes the value.
        raise DamError("The catalogue was given a value that it cannot hold") from None


def _make(path: Path) -> None:
    """Create an empty database file for the owner alone, where there is none.

    SQLite gives `-wal` and `-shm` the mode of the database, so no umask, which would
    belong to every thread of the process, has to change.
    """
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_CLOEXEC, 0o600))
    except FileExistsError:
        return
    except (FileNotFoundError, NotADirectoryError):
        raise ConfigurationError(
            "The folder of the catalogue does not exist", "Run `dam init`"
        ) from None
    except OSError as error:
        raise StorageError(
            f"The catalogue cannot be created ({error.strerror})",
            "Check free space and permissions of the disk, then run again",
        ) from None


def _keep_private(path: Path) -> None:
    for file in (path, Path(f"{path}-wal"), Path(f"{path}-shm")):
        try:
            if file.stat().st_mode & 0o077:
                file.chmod(0o600)
        except FileNotFoundError:
            continue
        except OSError as error:
            raise StorageError(
                f"The catalogue cannot be made private ({error.strerror})",
                "Its files must belong to the user who runs dam",
            ) from None


class Database:
    """One connection for all threads of this process, behind one lock that its holder may retake.

    Reads outside of a transaction see the newest committed state and keep no lock afterwards.
    """

    def __init__(self, path: Path, *, create: bool, read_only: bool, timeout_ms: int) -> None:
        self.read_only = read_only
        self._lock = threading.RLock()
        #: None, "read" or "write": what this connection is in the middle of.
        self._open: str | None = None
        self._path = path
        self._timeout_ms = timeout_ms
        if create and not read_only:
            _make(path)
        if not path.exists():
            raise ConfigurationError("There is no catalogue here", "Run `dam init`")
        if not path.is_file():
            raise IntegrityError("The catalogue is not a file", "Restore it from a backup")
        if not read_only:
            _keep_private(path)
        self._engine = create_engine(
            "sqlite+pysqlite://",
            creator=self._connect,
            poolclass=StaticPool,
            hide_parameters=True,
        )
        event.listen(self._engine, "begin", self._begin)
        try:
            with translated():
                self._connection = self._engine.connect()
        except BaseException:
            self._engine.dispose()
            raise

    def _connect(self) -> sqlite3.Connection:
        # No `mode=ro`: with it SQLite leaves an empty -wal and -shm behind.
        connection = sqlite3.connect(
            f"{self._path.absolute().as_uri()}?mode=rw",
            uri=True,
            timeout=self._timeout_ms / 1000,
            isolation_level=None,
            check_same_thread=False,
        )
        try:
            for pragma in self._pragmas():
                connection.execute(f"PRAGMA {pragma}")
        except BaseException:
            connection.close()
            raise
        return connection

    def _pragmas(self) -> Iterator[str]:
        yield f"busy_timeout = {self._timeout_ms}"
        if self.read_only:
            yield "query_only = ON"
        else:
            yield "journal_mode = WAL"
        yield "synchronous = FULL"
        yield "foreign_keys = ON"
        yield "secure_delete = ON"
        # Sorting spills into memory, not into files that keep what was deleted.
        yield "temp_store = MEMORY"
        yield "trusted_schema = OFF"

    def _begin(self, connection: Connection) -> None:
        # A single statement is a transaction of its own, which costs two fewer.
        if self._open is not None:
            kind = "IMMEDIATE" if self._open == "write" else "DEFERRED"
            connection.exec_driver_sql(f"BEGIN {kind}")

    @property
    def reading(self) -> bool:
        """Whether this thread holds an unchanging view."""
        with self._lock:
            return self._open == "read"

    @contextmanager
    def span(self, kind: str) -> Iterator[Connection]:
        """A transaction (`write`) or one unchanging view (`read`), held by this thread alone."""
        with self._lock:
            if self._open is not None:
                raise RuntimeError("the catalogue is already in a transaction")
            if kind == "write" and self.read_only:
                raise RuntimeError("the catalogue was opened for reading only")
            self._open = kind
            try:
                with translated():
                    self._connection.begin()
                yield self._connection
                with translated():
                    self._connection.commit()
            finally:
                self._open = None
                with translated():
                    self._connection.rollback()

    def rows(self, statement: Executable) -> Sequence[Found]:
        """All rows that `statement` finds."""
        with self._lock:
            try:
                with translated():
                    result = self._connection.execute(statement)
                    try:
                        return result.all()
                    except (ValueError, TypeError):
                        raise IntegrityError(
                            "A record of the catalogue cannot be read", "Restore it from a backup"
                        ) from None
            finally:
                if self._open is None:
                    with translated():
                        self._connection.rollback()

    def one(self, statement: Executable) -> Found | None:
        """The first row that `statement` finds, or None."""
        found = self.rows(statement)
        return found[0] if found else None

    def ids(self, statement: Executable) -> tuple[str, ...]:
        """The first column of every row, text."""
        return tuple(str(row[0]) for row in self.rows(statement))

    def run(self, statement: Executable) -> int:
        """Change rows inside the open transaction; how many were changed."""
        with self._lock:
            if self._open != "write":
                raise RuntimeError("the catalogue changes inside a transaction only")
            with translated():
                return self._connection.execute(statement).rowcount

    def run_many(self, statement: Executable, each: Sequence[dict[str, object]]) -> None:
        """Run one statement for each set of values, inside the open transaction."""
        with self._lock:
            if self._open != "write":
                raise RuntimeError("the catalogue changes inside a transaction only")
            if not each:
                return
            with translated():
                self._connection.execute(statement, each)

    def pages(
        self, statement: Select[*tuple[object, ...]], keys: Sequence[Column[object]]
    ) -> Iterator[Found]:
        """Stream rows ordered by `keys`, which must be unique together, a page at a time.

        No lock is held between pages: others may write meanwhile, and what they change
        further on is seen as changed.
        """
        after: tuple[object, ...] | None = None
        while True:
            page = statement.order_by(*keys).limit(PAGE)
            if after is not None:
                bounds = [literal(value, key.type) for value, key in zip(after, keys, strict=True)]
                page = page.where(tuple_(*keys) > tuple_(*bounds))
            rows = self.rows(page)
            yield from rows
            if len(rows) < PAGE:
                return
            after = tuple(rows[-1]._mapping[key] for key in keys)

    def scrub(self) -> bool:
        """Leave nothing of what was deleted in the journal beside the file.

        Deleted content is overwritten with zeros in the file itself (`secure_delete`). False
        where another process reads just now: then it is done when that one ends.
        """
        with self._lock:
            if self._open is not None:
                raise RuntimeError("the catalogue is in a transaction")
            with translated():
                self._connection.rollback()
                raw: Any = self._connection.connection.driver_connection
                busy, *_ = raw.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
                return not busy

    def rewrite(self) -> bool:
        """Write every page of the file anew; false where another process has it just now.

        Deleted rows are overwritten where they stood, but a row that had moved when its page was
        split may have left a copy in the gap of its old page.
        """
        with self._lock:
            if self._open is not None:
                raise RuntimeError("the catalogue is in a transaction")
            with translated():
                self._connection.rollback()
                raw: Any = self._connection.connection.driver_connection
                try:
                    raw.execute("VACUUM")
                except sqlite3.OperationalError as error:
                    if error.sqlite_errorcode & 0xFF in _BUSY:
                        return False
                    raise
                return True

    def copy_into(self, path: Path) -> None:
        """Copy the database, as the open view sees it, into the empty file `path`.

        Its name is removed as soon as it is open: whoever is killed leaves no copy behind. The
        caller has opened it before. Raises StorageError where the disk refuses.
        """
        with self._lock:
            if self._open is None:
                raise RuntimeError("the catalogue is copied inside a snapshot only")
            raw: Any = self._connection.connection.driver_connection
            with translated():
                target = sqlite3.connect(path, isolation_level=None)
                try:
                    # Neither a journal nor anything else that would need the name.
                    target.execute("PRAGMA journal_mode = OFF")
                    target.execute("PRAGMA locking_mode = EXCLUSIVE")
                    target.execute("PRAGMA user_version").fetchone()
                    path.unlink()
                    raw.backup(target)
                finally:
                    target.close()

    def close(self) -> None:
        """Give the file back. Waits for a transaction of another thread; harmless when repeated."""
        with self._lock, translated():
            self._connection.close()
            self._engine.dispose()


def chunks(values: Iterable[str]) -> Iterator[tuple[str, ...]]:
    """The distinct values in parts that fit into one statement."""
    distinct = tuple(dict.fromkeys(values))
    for start in range(0, len(distinct), CHUNK):
        yield distinct[start : start + CHUNK]
