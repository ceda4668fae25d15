"""backup: everything of a workspace in one file, as it was at one moment; and what it needs back.

Works beside a running watcher or export: the catalogue is copied from a snapshot, and what is
stored is what that snapshot names. Originals never change, so that reading them later is safe.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import BinaryIO

from dam.adapters import backup_file, outfile
from dam.adapters.backup_file import Source
from dam.adapters.desk import Desk
from dam.core import backup
from dam.core.backup import About
from dam.core.errors import IntegrityError, UsageError
from dam.core.model import Event
from dam.core.since import Since

#: The file of withdrawals beside a backup ends so.
SUFFIX = ".tombstones"


@dataclass(frozen=True, slots=True)
class Made:
    """A backup. `digest` is that of its listing, `size` the bytes of its files.

    `missing` and `damaged` are files that the catalogue names and the disk does not have as they
    were; `left_out` files of `rules/` whose names a backup cannot hold.
    """

    files: int
    size: int
    digest: str
    tombstones: Path
    missing: tuple[str, ...]
    damaged: tuple[str, ...]
    left_out: int


@dataclass(frozen=True, slots=True)
class _Snapshot:
    database: BinaryIO
    since: Since
    contents: tuple[str, ...]
    filed: tuple[tuple[str, str], ...]


def make(
    desk: Desk,
    path: Path,
    to: Sequence[object] | None,
    begin: Callable[[int], None],
    step: Callable[[], None],
) -> Made:
    """Back everything up into the new file `path`, readable for `to`; None: for everybody.

    Beside it stands the file of withdrawals until now. Raises UsageError where one of the two
    is there already, StorageError where the disk refuses: then there is no backup.
    """
    beside = path.with_name(path.name + SUFFIX)
    outfile.check(path)
    outfile.check(beside)
    with ExitStack() as stack:
        snapshot = _snapshot(desk, stack)
        head = snapshot.since.head
        others, left_out = _others(desk)
        sources = [*_first(desk, snapshot), *others, *_stored(desk, snapshot)]
        begin(len(sources))
        about = About(desk.instant(), head.seq, head.hash)
        written = backup_file.write(path, about, sources, to, step)
    with desk.catalog.transaction() as unit:
        told: dict[str, object] = {"files": written.files, "encrypted": to is not None}
        unit.append(Event("backup.made", written.digest, told), desk.instant())
    export(desk, beside)
    return Made(
        written.files,
        written.size,
        written.digest,
        beside,
        tuple(name for name in written.missing if _belongs(desk, name)),
        tuple(written.damaged),
        left_out,
    )


def export(desk: Desk, path: Path) -> Since:
    """Write what was taken back until now to the new file `path`; see `dam.core.since`."""
    with desk.catalog.snapshot():
        told, keys = desk.catalog.taken_back(), desk.catalog.since_keys()
    with outfile.new_file(path) as file:
        file.write(told.write(keys))
    return told


def _snapshot(desk: Desk, stack: ExitStack) -> _Snapshot:
    catalog = desk.catalog
    with catalog.snapshot():
        copied = backup_file.copied(desk.workspace.work, catalog.copy_into)
        database = stack.enter_context(copied)
        return _Snapshot(
            database, catalog.taken_back(), catalog.all_contents(), catalog.filed_paths()
        )


def _first(desk: Desk, snapshot: _Snapshot) -> Iterator[Source]:
    yield Source(backup.CATALOGUE, lambda: (backup.CATALOGUE, snapshot.database))
    settings = partial(_open, desk.workspace.root, (backup.SETTINGS,))
    if (desk.workspace.root / backup.SETTINGS).exists():
        yield Source(backup.SETTINGS, settings)


def _others(desk: Desk) -> tuple[list[Source], int]:
    """What people edit and what is kept beside the catalogue; how many names do not fit."""
    root = desk.workspace.root
    found = list(backup_file.below(root, desk.workspace.rules.name))
    for name in backup.KEPT:
        if name not in ("originals", "restricted"):
            private = desk.workspace.private
            found += ((private.name, *parts) for parts in backup_file.below(private, name))
    fit = [parts for parts in found if backup.fits("/".join(parts))]
    sources = [Source("/".join(parts), partial(_open, root, parts)) for parts in fit]
    return sources, len(found) - len(fit)


def _open(root: Path, parts: tuple[str, ...]) -> tuple[str, BinaryIO] | None:
    file = backup_file.regular(root, *parts)
    return None if file is None else ("/".join(parts), file)


def _stored(desk: Desk, snapshot: _Snapshot) -> Iterator[Source]:
    for sha256 in snapshot.contents:
        wanted = backup.stored_as("originals", sha256)
        yield Source(wanted, partial(_original, desk, sha256), sha256)
    for relative, sha256 in snapshot.filed:
        parts = ("archive", *relative.split("/"))
        yield Source("/".join(parts), partial(_open, desk.workspace.root, parts), sha256)


def _original(desk: Desk, sha256: str) -> tuple[str, BinaryIO] | None:
    """An original, wherever it is just now: a withdrawal may move it meanwhile."""
    for _ in range(2):
        for name, store in (("originals", desk.originals), ("restricted", desk.restricted)):
            try:
                return backup.stored_as(name, sha256), store.open(sha256)
            except IntegrityError:
                continue
    return None


def _belongs(desk: Desk, name: str) -> bool:
    """Whether a file that was not there should have been: a withdrawal may have taken it out."""
    sha256 = backup.content_of(name)
    if sha256 is not None:
        return sha256 in desk.catalog.all_contents()
    filed = {f"archive/{relative}" for relative, _ in desk.catalog.filed_paths()}
    return name in filed or not name.startswith("archive/")


def recipients(given: Sequence[str], files: Sequence[str], settings: Sequence[str]) -> list[str]:
    """Who may read: those named now, else those of dam.toml. Raises UsageError for nobody."""
    named = [*given, *files] or list(settings)
    if not named:
        raise UsageError(
            "Nobody is named who may read the backup",
            "Say --recipient age1... (age-keygen makes one), name some in dam.toml under "
            "[backup], or say --plain for a backup that everybody can read",
        )
    return list(dict.fromkeys(named))


def noted(desk: Desk, digest: str, *, files: int, withdrawals: str) -> tuple[str, ...]:
    """Enter a restore into the ledger; every photograph must be decided again. Their ids."""
    with desk.catalog.transaction() as unit:
        due = tuple(row.id for row in unit.assets())
        unit.mark_due(due)
        body: dict[str, object] = {"files": files, "withdrawals": withdrawals}
        unit.append(Event("workspace.restored", digest, body), desk.instant())
    return due
