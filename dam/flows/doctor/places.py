"""Checks of the folders: what they lie on, who may open them, what can be done in them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

from dam.adapters import machine
from dam.adapters.settings import Settings, Workspace, prepare
from dam.core.errors import DamError
from dam.core.mounts import Mount
from dam.flows.doctor.check import Check, bad, closed, fine, note

LOW_SPACE = 2 * 1024**3
LOW_FILES = 10_000
#: The clock of a share may differ by so many seconds from the machine's.
CLOCK_APART = 300.0

_MIB = 1024**2
_ROOT = 0


def examine(
    workspace: Workspace, settings: Settings, now: Callable[[], datetime]
) -> Iterator[Check]:
    yield _folders(workspace)
    yield _rights(workspace)
    yield _rules(workspace)
    yield _private(workspace.private)
    for name, folder in (("original store", workspace.originals), ("archive", workspace.archive)):
        yield _store(name, folder)
    yield _inbox(workspace.inbox, settings.polling)
    yield _space(workspace)
    yield _file_clock(workspace, now)


def _folders(workspace: Workspace) -> Check:
    try:
        prepare(workspace, dry_run=True)
    except DamError as error:
        return bad("workspace", error.what, error.hint or "Give dam's user access to it")
    return fine("workspace", "all folders are there")


def _rights(workspace: Workspace) -> Check:
    name = "rights"
    if not machine.enters(workspace.private):
        return note(name, ".dam is not there yet", "Run dam ingest")
    user, owner = machine.user(), machine.owner(workspace.private)
    if user not in (owner, _ROOT):
        return bad(name, ".dam belongs to another user", "Run dam as the user whom .dam belongs to")
    found = machine.rights(workspace.private)
    if found.open:
        return bad(
            name,
            f"Files and folders under .dam that other users of this machine can open: {found.open}",
            "chmod -R go-rwx .dam closes them",
        )
    if found.foreign:
        return bad(
            name,
            f"Files and folders under .dam that do not belong to the user of .dam: {found.foreign}",
            "Run dam as one user alone, never with sudo; chown -R --reference=.dam .dam mends it",
        )
    if user == _ROOT:
        return note(
            name,
            "private, but dam runs as root here",
            "Run dam as a user of its own, as docs/operations.md shows",
        )
    return fine(name, "private, and of one user")


def _rules(workspace: Workspace) -> Check:
    if not machine.reads(workspace.rules):
        return closed("rules folder")
    if number := machine.for_anybody(workspace.rules):
        found = f"Files and folders under rules that everybody on this machine may change: {number}"
        return bad("rules folder", found, "chmod -R o-w rules closes them")
    return fine("rules folder", "nobody else may change it")


def _private(private: Path) -> Check:
    name = "private folder"
    if not machine.enters(private):
        return note(name, ".dam is not there yet", "Run dam ingest")
    under = machine.mount(private)
    if under is None:
        return _unknown(name)
    if under.network:
        return bad(
            name,
            f"on a share ({under.kind}): SQLite and its locks are not safe there",
            "Move the workspace to a local disk, and only the inbox to a share",
        )
    if under.memory:
        return bad(
            name,
            f"in memory ({under.kind}): the originals are gone when the machine stops",
            "Move the workspace to a disk",
        )
    return fine(name, f"on a local disk ({under.kind})")


def _unknown(name: str) -> Check:
    return note(
        name,
        "unknown: this system does not say what kind of disk it is",
        "Make sure that it is a local disk, not a share",
    )


def _store(name: str, folder: Path) -> Check:
    if not machine.enters(folder):
        return closed(name)
    tried = machine.try_out(folder)
    if tried.refused:
        return bad(name, f"nothing can be written: {tried.refused}", _MEND)
    if not tried.locked:
        return bad(name, "files cannot be locked here", "Move the workspace to a local disk")
    if not tried.synced:
        return note(
            name,
            "its disk does not promise that a new file name survives a power cut",
            "Use ext4, XFS, Btrfs or ZFS on a local disk",
        )
    if not tried.hard_links:
        return note(
            name,
            "no hard links here: names are claimed first and files moved into place",
            "It works; ext4, XFS, Btrfs or ZFS on a local disk is safer",
        )
    return fine(name, "files can be written, synced, linked and locked")


_MEND = "Make room, mount it writable, or give dam's user access to it"


def _inbox(inbox: Path, polling: bool) -> Check:
    name = "inbox"
    if not machine.enters(inbox):
        return bad(name, "inbox is missing", "Is its disk or network share connected?")
    under: Mount | None = machine.mount(inbox)
    if under is not None and under.network and not polling:
        return bad(
            name,
            f"on a share ({under.kind}): what others drop there makes no event",
            "Set polling = true under [inbox] in dam.toml",
        )
    if shut := machine.shut(inbox):
        return bad(
            name,
            f"Folders in it that dam may not empty: {shut}",
            "Give dam's user the right to read, write and enter every folder of the inbox",
        )
    tried = machine.try_out(inbox)
    if tried.refused:
        return bad(name, f"nothing can be written: {tried.refused}", _MEND)
    if under is None:
        return note(
            name,
            "unknown: this system does not say what kind of disk it is",
            "If it is a share, set polling = true under [inbox] in dam.toml",
        )
    if polling:
        return fine(name, f"on {under.kind}, watched by polling")
    return fine(name, f"on {under.kind}, watched by events")


def _space(workspace: Workspace) -> Check:
    name, least, files = "disk space", -1, -1
    seen: set[int] = set()
    for folder in (workspace.root, workspace.originals, workspace.archive, workspace.inbox):
        if not machine.enters(folder) or machine.device(folder) in seen:
            continue
        seen.add(machine.device(folder))
        room = machine.room(folder)
        least = room.bytes if least < 0 else min(least, room.bytes)
        if room.files is not None:
            files = room.files if files < 0 else min(files, room.files)
    found = f"MiB free: {least // _MIB}"
    if least < LOW_SPACE:
        return bad(name, found, "Free some space: originals and renditions are kept")
    if 0 <= files < LOW_FILES:
        return bad(
            name,
            f"room left for so many files only: {files}",
            "Remove files: the disk has no names left",
        )
    return fine(name, found)


def _file_clock(workspace: Workspace, now: Callable[[], datetime]) -> Check:
    """The machine's clock against the one that stamps files, which on a share is another's."""
    name, worst = "file clock", -1.0
    for folder in (workspace.inbox, workspace.private):
        if not machine.enters(folder):
            continue
        tried = machine.try_out(folder)
        if not tried.refused:
            apart = abs(now().astimezone(UTC).timestamp() - tried.written_at)
            worst = max(worst, apart)
    if worst < 0:
        return closed(name)
    if worst > CLOCK_APART:
        return bad(
            name,
            f"seconds between this machine's clock and the dates of new files: {int(worst)}",
            "Set the clocks of this machine and of the share right (NTP)",
        )
    return fine(name, "new files carry this machine's time")
