"""Reading the ledger, handing it out, and signing where it ends."""

from __future__ import annotations

import enum
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from pathlib import Path

from dam.adapters import timestamps
from dam.adapters.catalog import Wanted
from dam.adapters.checkpoints import Kept
from dam.adapters.desk import Desk
from dam.core import chain
from dam.core.checkpoint import Checkpoint, CheckpointFault, check_checkpoint
from dam.core.errors import DamError, IntegrityError, UsageError
from dam.core.rows import EventRow

#: How long an authority may take for each step, in seconds.
PATIENCE = 20.0


@dataclass(frozen=True, slots=True)
class Query:
    """Which events are meant: by day of the workspace's clock, by type, by subject; the newest

    `limit` of them (None: all).
    """

    since: date | None = None
    until: date | None = None
    type: str | None = None
    subject: str | None = None
    limit: int | None = None


class Stamped(enum.StrEnum):
    """Whether a checkpoint has a timestamp that holds. `unchecked`: the package is missing."""

    NONE = "none"
    VALID = "valid"
    INVALID = "invalid"
    UNCHECKED = "unchecked"


@dataclass(frozen=True, slots=True)
class Known:
    """A checkpoint in `.dam/checkpoints` and what it says of the ledger of now.

    `checkpoint` is None for a file that is none any more; `faults` is empty where the ledger
    holds what was signed. `stamped_at` is the time (UTC) of a valid timestamp.
    """

    name: str
    checkpoint: Checkpoint | None
    faults: tuple[CheckpointFault, ...]
    stamped: Stamped = Stamped.NONE
    stamped_at: datetime | None = None


def events(desk: Desk, query: Query) -> tuple[EventRow, ...]:
    """The events meant, in the order of the ledger."""
    zone = desk.now().tzinfo
    wanted = Wanted(
        since=None if query.since is None else datetime.combine(query.since, time.min, zone),
        until=None
        if query.until is None
        else datetime.combine(query.until + timedelta(days=1), time.min, zone),
        type=query.type,
        subject=query.subject,
    )
    return desk.catalog.newest_events(wanted, query.limit)


def lines(desk: Desk) -> Iterator[bytes]:
    """Every event as canonical JSON, without the end of the line; see `chain.line`."""
    return map(chain.line, desk.catalog.events())


def checkpoints(desk: Desk) -> Iterator[Known]:
    """Every checkpoint this workspace keeps, oldest first, held against its ledger."""
    keys = desk.checkpoints.keys()
    for kept in desk.checkpoints.stored():
        yield _known(desk, kept, keys)


def _known(desk: Desk, kept: Kept, keys: frozenset[str]) -> Known:
    try:
        checkpoint = kept.checkpoint()
    except IntegrityError:
        return Known(kept.name, None, ())
    catalog = desk.catalog
    faults = check_checkpoint(checkpoint, catalog.event_hash, catalog.head(), keys)
    return _stamped(desk, kept, Known(kept.name, checkpoint, faults))


def _stamped(desk: Desk, kept: Kept, known: Known) -> Known:
    found = desk.checkpoints.timestamp(kept)
    if found is None:
        return known
    if not timestamps.installed():
        return replace(known, stamped=Stamped.UNCHECKED)
    token, roots = found
    try:
        at = timestamps.check(token, kept.data, roots)
    except DamError:
        return replace(known, stamped=Stamped.INVALID)
    return replace(known, stamped=Stamped.VALID, stamped_at=at)


@dataclass(frozen=True, slots=True)
class Authority:
    """Who is asked for a timestamp, and the file (PEM) of the certificates that vouch for it."""

    url: str
    roots: Path


def checkpoint(desk: Desk, authority: Authority | None = None) -> tuple[Known, bytes]:
    """Sign where the ledger ends now; what stands in the file, and its bytes.

    Where nothing was recorded since the last one, that is the one. Raises UsageError for a
    ledger without events or certificates that are no file, and what `timestamps.ask` raises.
    """
    head = desk.catalog.head()
    if not head[0]:
        raise UsageError("Nothing is on record yet", "Run dam ingest")
    roots = _roots(authority.roots) if authority is not None else b""
    kept = desk.checkpoints.make(desk.catalog.origin(), head, desk.instant())
    if authority is not None and not kept.timestamped:
        token = timestamps.ask(authority.url, kept.data, roots, PATIENCE)
        desk.checkpoints.keep_timestamp(kept, token, roots)
        kept = replace(kept, timestamped=True)
    return _known(desk, kept, desk.checkpoints.keys()), kept.data


def _roots(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise UsageError(f"{path} cannot be read ({error.strerror})") from None
