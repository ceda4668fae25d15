"""Carrying out what a withdrawal planned: files leave the archive, caches, and the originals.

The plan is rows of the catalogue, written in the transaction of the withdrawal itself, so that
nothing can use the photograph from that moment on. Whoever opens the workspace for writing next
completes what was interrupted, and a watcher does at each of its passes. Safe to repeat, and for
several processes at once.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from dam.adapters.archive import Archive
from dam.adapters.catalog import Catalog
from dam.adapters.lock import Gate
from dam.adapters.store import OriginalStore
from dam.core.errors import StorageError
from dam.core.model import Purpose
from dam.core.rows import Leaving

#: Folders below `.dam` with one folder for each asset: whatever was made of it for quick use.
CACHES = ("previews", "renditions")


@dataclass(frozen=True, slots=True)
class Places:
    """Where something of a photograph may lie. `private` is `.dam`."""

    private: Path
    work: Path
    archive: Archive
    originals: OriginalStore
    restricted: OriginalStore


def finish(catalog: Catalog, places: Places, gate: Gate) -> bool:
    """Remove all that must still leave; true where nothing is left to be done.

    False where another process kept the catalogue's file from being cleaned: it is done by the
    next one. Raises StorageError where the disk does not let go of something; what it let go of
    is not tried again.
    """
    if not catalog.leaving():
        return True
    with gate.shut():
        _files(catalog, places)
    scrubs = [row.row for row in catalog.leaving() if row.kind == "scrub"]
    if not scrubs:
        return True
    if not catalog.rewrite():
        return False
    with catalog.transaction() as unit:
        unit.left(scrubs)
    # The last rows said which originals were meant.
    return catalog.scrub()


def _files(catalog: Catalog, places: Places) -> None:
    # Read behind the gate: another process may have finished, or a new consent come meanwhile.
    rows = [row for row in catalog.leaving() if row.kind != "scrub"]
    done: list[int] = []
    try:
        # What others can see goes before what they cannot.
        for row in sorted(rows, key=lambda row: (row.kind != "file", row.row)):
            _remove(catalog, places, row)
            done.append(row.row)
    finally:
        _note(catalog, done)


def _note(catalog: Catalog, done: Sequence[int]) -> None:
    if done:
        with catalog.transaction() as unit:
            unit.left(done)


def _remove(catalog: Catalog, places: Places, row: Leaving) -> None:
    if row.kind == "file":
        if not _filed_anew(catalog, places, row):
            places.archive.remove(row.what)
    elif row.kind == "bytes":
        if not catalog.stored(row.what):
            places.originals.remove(row.what)
    else:
        _caches(places, row.asset)
        if row.kind == "restrict":
            places.originals.move(row.what, places.restricted)
        elif row.kind == "erase":
            places.originals.remove(row.what)
            places.restricted.remove(row.what)


def _filed_anew(catalog: Catalog, places: Places, row: Leaving) -> bool:
    """Whether what has that name in the archive is a later rendition, approved since."""
    now = catalog.rendition(row.asset, Purpose.ARCHIVE.value)
    if now is None or now.state == "removed" or now.relative != row.what:
        return False
    return places.archive.digest(row.what) == now.sha256


def _caches(places: Places, asset: str) -> None:
    """Everything that was made of an asset, finished or not."""
    try:
        for name in CACHES:
            folder = places.private / name / asset
            if folder.is_dir() and not folder.is_symlink():
                shutil.rmtree(folder)
                _sync(folder.parent)
        for left in places.work.glob(f"{asset}*"):
            left.unlink(missing_ok=True)
    except OSError as error:
        raise StorageError(
            f"A photo that was taken back could not be removed everywhere ({error.strerror})",
            "The withdrawal counts; give dam's user access to .dam and run dam ingest",
        ) from error


def _sync(folder: Path) -> None:
    opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
