"""What a workspace stands on: file systems, rights, room and memory. It looks and tries out.

What it tries out leaves nothing behind; a crash leaves a `.dam-*.part`, which is swept as others.
"""

from __future__ import annotations

import errno
import fcntl
import os
import shutil
import stat
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from dam.adapters import store_files as fs
from dam.core import mounts
from dam.core.mounts import Mount

_MOUNTINFO: Final = Path("/proc/self/mountinfo")
_CGROUPS: Final = (
    Path("/sys/fs/cgroup/memory.max"),
    Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"),
)


@dataclass(frozen=True, slots=True)
class Tried:
    """What a folder can do. `refused` says why nothing could be written there at all, in words.

    `synced` is false where its disk does not promise that a folder is on it; `written_at` is the
    file's time in Unix seconds by the clock of the file system.
    """

    refused: str = ""
    hard_links: bool = False
    synced: bool = False
    locked: bool = False
    written_at: float = 0.0


@dataclass(frozen=True, slots=True)
class Room:
    """Free bytes and free files (None: the file system does not count them) for this user."""

    bytes: int
    files: int | None


@dataclass(frozen=True, slots=True)
class Rights:
    """How many entries below a folder others may open, and how many are not its owner's."""

    open: int
    foreign: int


def mount(path: Path) -> Mount | None:
    """What a path lies on; None where this system does not tell (no Linux)."""
    try:
        table = _MOUNTINFO.read_text(encoding="utf-8", errors="surrogateescape")
    except OSError:
        return None
    return mounts.under(os.fspath(path.resolve()), mounts.parse(table))


def enters(folder: Path) -> bool:
    """Whether a folder is there and this user may know."""
    return os.path.isdir(folder)  # noqa: PTH112  (what may not be looked at is not there)


def reads(folder: Path) -> bool:
    """Whether this user may look at what is in a folder."""
    return os.access(folder, os.R_OK | os.X_OK)


def try_out(folder: Path) -> Tried:
    """Write, sync, link, lock and remove a small file in a folder, as the stores do."""
    try:
        with fs.folder(folder) as at, fs.Part(at) as part:
            part.fill(iter([b"dam doctor\n"]), 0o600)
            written = os.stat(part.name, dir_fd=at).st_mtime
            links = _links(part.name, at)
            return Tried("", links, _syncs(at), _locks(part.name, at), written)
    except OSError as error:
        return Tried(fs.refusal(error)[0])


def _links(name: str, at: int) -> bool:
    other = f".dam-{os.urandom(8).hex()}.part"
    try:
        os.link(name, other, src_dir_fd=at, dst_dir_fd=at, follow_symlinks=False)
    except OSError as error:
        if error.errno not in fs.NO_HARD_LINKS:
            raise
        return False
    os.unlink(other, dir_fd=at)
    return True


def _syncs(at: int) -> bool:
    try:
        os.fsync(at)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.EOPNOTSUPP):
            raise
        return False
    return True


def _locks(name: str, at: int) -> bool:
    """Whether the lock that `Part` holds keeps another one out."""
    fd = os.open(name, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW, dir_fd=at)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    finally:
        os.close(fd)
    return False


def room(folder: Path) -> Room:
    """What is free below a folder."""
    status = os.statvfs(folder)
    return Room(shutil.disk_usage(folder).free, status.f_favail if status.f_files else None)


def device(folder: Path) -> int:
    """Which file system a folder lies on, as a number."""
    return folder.stat().st_dev


def rights(private: Path) -> Rights:
    """Modes and owners of everything below a private folder, itself included."""
    mine = owner(private)
    opened = foreign = 0
    for status in _entries(private):
        linked = stat.S_ISLNK(status.st_mode)
        opened += not linked and bool(stat.S_IMODE(status.st_mode) & 0o077)
        foreign += status.st_uid != mine
    return Rights(opened, foreign)


def owner(folder: Path) -> int:
    """The user whom a folder belongs to."""
    return folder.lstat().st_uid


def for_anybody(folder: Path) -> int:
    """How many entries below a folder every user of the machine may change."""
    return sum(
        not stat.S_ISLNK(s.st_mode) and bool(s.st_mode & stat.S_IWOTH) for s in _entries(folder)
    )


def shut(folder: Path) -> int:
    """How many folders below one, itself included, this user may not empty."""
    access = os.R_OK | os.W_OK | os.X_OK
    return sum(not os.access(f, access) for f in _folders(folder))


def _folders(folder: Path) -> Iterator[Path]:
    yield folder
    for path, names, _ in os.walk(folder):
        yield from (Path(path) / name for name in names if not (Path(path) / name).is_symlink())


def _entries(folder: Path) -> Iterator[os.stat_result]:
    with suppress(OSError):
        yield folder.lstat()
    for path, inner, files in os.walk(folder):
        for name in (*inner, *files):
            with suppress(OSError):
                yield os.lstat(os.path.join(path, name))  # noqa: PTH118  (100,000 of them)


def user() -> int:
    """The user this process acts as."""
    return os.geteuid()


def memory() -> int:
    """Bytes of memory there are: of the machine, or fewer where a container sets a limit."""
    found = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    for path in _CGROUPS:
        with suppress(OSError, ValueError):
            found = min(found, int(path.read_text()))
    return found
