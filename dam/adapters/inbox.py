"""The inbox as it is: what lies there, what holds still, what belongs together.

A scan is the truth; watcher events are only hints (inotify drops events on overflow and
sends no close event for files that are moved or linked in).
"""

from __future__ import annotations

import enum
import itertools
import os
import stat
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from dam.core import names
from dam.core.errors import SourceChanged, StorageError, UnsafeSource

MAX_DEPTH = 32
#: With what dam remembers of each, they take less than 200 MB.
MAX_ENTRIES = 200_000

Identity = tuple[int, int, int, int]
#: Device and inode of the inbox itself: another one is another folder in its place.
Root = tuple[int, int]


class Kind(enum.StrEnum):
    """`ignored` is left alone, `refused` is not safe or not possible to open; both say why."""

    PHOTO = "photo"
    SIDECAR = "sidecar"
    SHOOT = "shoot"
    XMP = "xmp"
    IGNORED = "ignored"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Found:
    """One entry of the inbox. `path` is relative to it, as the bytes the disk holds.

    `unread` marks an entry that probably speaks of consent and will not be read.
    """

    path: bytes
    kind: Kind
    reason: str
    device: int
    inode: int
    size: int
    mtime_ns: int
    unread: bool = False

    @property
    def name(self) -> bytes:
        return self.path.rpartition(b"/")[2]

    @property
    def folder(self) -> bytes:
        """The folder relative to the inbox; empty for the inbox itself."""
        return self.path.rpartition(b"/")[0]

    @property
    def shown(self) -> str:
        """The path as harmless text, see `names.show`."""
        return names.show(self.path)

    @property
    def identity(self) -> Identity:
        return (self.device, self.inode, self.size, self.mtime_ns)


_KINDS = {
    names.Role.PHOTO: Kind.PHOTO,
    names.Role.SIDECAR: Kind.SIDECAR,
    names.Role.SHOOT: Kind.SHOOT,
    names.Role.XMP: Kind.XMP,
    names.Role.OTHER: Kind.IGNORED,
}
_UNOPENABLE = {
    stat.S_IFLNK: "a link, not a file: copy the photograph itself here",
    stat.S_IFIFO: "a pipe, not a file",
    stat.S_IFSOCK: "a socket, not a file",
    stat.S_IFBLK: "a device, not a file",
    stat.S_IFCHR: "a device, not a file",
}
_HIDDEN_FOLDERS = (b"__macosx", b"@eadir", b"$recycle.bin", b"system volume information")


def scan(root: Path) -> tuple[Found, ...]:
    """Everything under `root`, ordered by path; follows no link and opens no file.

    Folders are walked to a depth of 32 and not listed themselves unless they are refused
    or left alone. Entries that vanish meanwhile are left out. Raises StorageError where
    the inbox itself is missing, unreadable or replaced meanwhile (a share that went away is
    not an empty one) and where it holds more than `MAX_ENTRIES`.
    """
    before = root_of(root)
    top = os.fsencode(root)
    found: list[Found] = []
    pending = [(b"", 0)]
    while pending:
        folder, depth = pending.pop()
        try:
            entries = _list(top + b"/" + folder if folder else top)
        except OSError as error:
            if not folder:
                raise away() from error
            if not isinstance(error, FileNotFoundError):
                found.append(_blank(folder, Kind.REFUSED, "a folder that cannot be read"))
            continue
        for entry in entries:
            path = folder + b"/" + entry.name if folder else entry.name
            item = _look(entry, path, depth)
            if isinstance(item, Found):
                found.append(item)
            elif item:
                pending.append((path, depth + 1))
        if len(found) + len(pending) > MAX_ENTRIES:
            # Never a part of it: the sidecar that says no might be in the rest.
            raise StorageError(
                f"The inbox holds more than {MAX_ENTRIES} entries", "Move some out and run again."
            )
    if root_of(root) != before:
        # Some folders were seen and others not: the sidecar that says no may be in those.
        raise away()
    return tuple(sorted(found, key=lambda item: item.path))


def root_of(root: Path) -> Root:
    """Which folder the inbox is just now. Raises StorageError where there is none."""
    try:
        status = os.lstat(root)
    except OSError as error:
        raise away() from error
    if not stat.S_ISDIR(status.st_mode):
        raise away()
    return status.st_dev, status.st_ino


def is_still(root: Path, before: Root) -> bool:
    """Whether the inbox is there and the same folder as `before`."""
    try:
        return root_of(root) == before
    except StorageError:
        return False


def away() -> StorageError:
    """The error for an inbox that is not there."""
    return StorageError("The inbox cannot be read", "Is its disk or network share connected?")


def _list(path: bytes) -> list[os.DirEntry[bytes]]:
    # Between being seen and being entered a folder may have been swapped for a link.
    if not stat.S_ISDIR(os.lstat(path).st_mode):
        raise NotADirectoryError
    with os.scandir(path) as entries:
        return list(itertools.islice(entries, MAX_ENTRIES + 1))


def _blank(path: bytes, kind: Kind, reason: str) -> Found:
    return Found(path, kind, reason, 0, 0, 0, 0, _speaks(path.rpartition(b"/")[2]))


def _speaks(name: bytes) -> bool:
    said = names.claim(name)
    return said.unread or said.role in (names.Role.SIDECAR, names.Role.SHOOT, names.Role.XMP)


def _look(entry: os.DirEntry[bytes], path: bytes, depth: int) -> Found | bool:
    """A find, or whether to walk into it (True) or leave it out (False: it vanished)."""
    try:
        status = entry.stat(follow_symlinks=False)
    except FileNotFoundError:
        return False
    except OSError:
        return _blank(path, Kind.REFUSED, "its state cannot be read, or its path is too long")
    kind, reason, unread = _judge(entry.name, path, status.st_mode, depth)
    if kind is None:
        return True
    return Found(
        path,
        kind,
        reason,
        status.st_dev,
        status.st_ino,
        status.st_size,
        status.st_mtime_ns,
        unread,
    )


def _judge(name: bytes, path: bytes, mode: int, depth: int) -> tuple[Kind | None, str, bool]:
    """(kind or None for a folder to walk, reason, unread)."""
    if stat.S_ISDIR(mode):
        return _judge_folder(name, depth)
    if not stat.S_ISREG(mode):
        reason = _UNOPENABLE.get(stat.S_IFMT(mode), "not a regular file")
        return Kind.REFUSED, reason, _speaks(name)
    if path.lower() == b"readme.md":
        return Kind.IGNORED, "the inbox's own readme", False
    said = names.claim(name)
    return _KINDS[said.role], said.reason, said.unread


def _judge_folder(name: bytes, depth: int) -> tuple[Kind | None, str, bool]:
    said = names.claim(name)
    if said.role is not names.Role.OTHER:
        return Kind.REFUSED, "a folder named like a file: rename it", _speaks(name)
    if name.startswith(b".") or name.lower() in _HIDDEN_FOLDERS:
        return Kind.IGNORED, "a hidden or system folder", False
    if depth + 1 > MAX_DEPTH:
        return Kind.REFUSED, f"folders nested deeper than {MAX_DEPTH}", False
    return None, "", False


@contextmanager
def _opened(root: Path, path: bytes) -> Iterator[int]:
    """A descriptor of `path` below `root`; no component of it may be a link."""
    folder_flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
    *folders, name = path.split(b"/")
    if not name or any(part in (b"", b".", b"..") for part in (*folders, name)):
        raise UnsafeSource("A path that leads out of the inbox")
    at = os.open(root, folder_flags)
    try:
        for part in folders:
            inner = os.open(part, folder_flags, dir_fd=at)
            os.close(at)
            at = inner
        if not stat.S_ISREG(os.stat(name, dir_fd=at, follow_symlinks=False).st_mode):
            raise UnsafeSource("Not a regular file")
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        opened = os.open(name, flags, dir_fd=at)
    finally:
        os.close(at)
    try:
        yield opened
    finally:
        os.close(opened)


def read(root: Path, found: Found, max_bytes: int) -> bytes:
    """The bytes of a sidecar as it was found, at most `max_bytes`.

    Raises SourceChanged where it is no longer what was found (scan again), UnsafeSource
    where it is no regular file, larger than the limit or not readable, and StorageError
    where the disk fails.
    """
    if found.size > max_bytes:
        raise UnsafeSource(f"Larger than {max_bytes} bytes")
    try:
        with _opened(root, found.path) as opened:
            before = _identity(os.fstat(opened))
            chunks, left = [], max_bytes + 1
            while left > 0 and (chunk := os.read(opened, min(left, 1 << 20))):
                chunks.append(chunk)
                left -= len(chunk)
            after = _identity(os.fstat(opened))
    except PermissionError as error:
        raise UnsafeSource("Permission to read it is denied") from error
    except (FileNotFoundError, NotADirectoryError, BlockingIOError) as error:
        raise SourceChanged("It changed while it was read") from error
    except OSError as error:
        raise StorageError("A file in the inbox cannot be read") from error
    data = b"".join(chunks)
    if not before == after == found.identity or len(data) != found.size:
        raise SourceChanged("It changed while it was read")
    return data


def _identity(status: os.stat_result) -> Identity:
    return (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns)


class Stability:
    """Tells which files hold still: unchanged for `quiet_seconds` over successive scans."""

    def __init__(self, quiet_seconds: float) -> None:
        self._quiet = quiet_seconds
        self._since: dict[bytes, tuple[Identity, float]] = {}

    def observe(self, found: Found, now: float) -> bool:
        """Notes the state at `now` (monotonic seconds); true once it is quiet long enough."""
        identity, since = self._since.get(found.path, (None, now))
        if identity != found.identity or now < since:
            since = now
        self._since[found.path] = (found.identity, since)
        return now - since >= self._quiet

    def settled(self, found: Found, wall_now: float) -> bool:
        """Whether it was last written at least `quiet_seconds` before `wall_now` (Unix time).

        Good for a single look. A time in the future is never settled: such a file waits
        for `observe`. A writer that back-dates the file while still writing is not seen
        here; taking the original notices it, since the file changes under the reader.
        """
        return found.mtime_ns <= (wall_now - self._quiet) * 1e9

    def forget(self, present: Iterable[Found]) -> None:
        """Drops what is not among `present`, so that a name that returns starts anew."""
        paths = {item.path for item in present}
        self._since = {path: seen for path, seen in self._since.items() if path in paths}


@dataclass(frozen=True, slots=True)
class Match:
    """A sidecar that speaks of a photograph: by its `whole` name, or only by its stem.

    `ambiguous`: it could as well speak of another photograph, so the photograph holds.
    """

    found: Found
    whole: bool
    ambiguous: bool


@dataclass(frozen=True, slots=True)
class Paired:
    """A photograph with all that lies beside it, whole names before stems.

    `sheets` come nearest folder first. `unread` are entries that probably speak of this
    photograph and will not be read (misnamed, a link): the photograph holds.
    """

    photo: Found
    sidecars: tuple[Match, ...]
    xmp: tuple[Match, ...]
    sheets: tuple[Found, ...]
    unread: tuple[Found, ...]


@dataclass(frozen=True, slots=True)
class Orphan:
    """A sidecar whose photograph is not here. It may speak of one ingested earlier:

    `target` is that one's file name (`whole`) or its stem, in `folder` of the inbox.
    """

    found: Found
    folder: bytes
    target: bytes
    whole: bool


@dataclass(frozen=True, slots=True)
class Pairing:
    photos: tuple[Paired, ...]
    orphans: tuple[Orphan, ...]


class _Folder:
    """The photographs of one folder, by the key of their name and of their stem."""

    def __init__(self) -> None:
        self.names: defaultdict[str, list[Found]] = defaultdict(list)
        self.stems: defaultdict[str, list[Found]] = defaultdict(list)

    def add(self, photo: Found) -> None:
        self.names[names.key(photo.name)].append(photo)
        self.stems[names.key(names.split(photo.name)[0])].append(photo)

    def served(self, said: names.Claim) -> list[Found]:
        """The photographs a sidecar may speak of; several mean that nobody can tell.

        A target with a photograph's suffix is never a stem: `a.jpg.consent.yaml`, its
        photograph long ingested, must not bring consent to a new `a.jpg.png`.
        """
        if not said.whole:
            return self.stems.get(names.key(said.target), [])
        same_key = self.names.get(names.key(said.target), [])
        same_bytes = [photo for photo in same_key if photo.name == said.target]
        return same_bytes or same_key


def pair(found: Iterable[Found]) -> Pairing:
    """Brings photographs and what speaks of them together, regardless of the given order.

    Names match by `names.key` within one folder. A stem that serves several photographs
    is ambiguous for each; so is a name that matches several by key and none by bytes.
    """
    items = sorted(found, key=lambda item: item.path)
    folders: defaultdict[bytes, _Folder] = defaultdict(_Folder)
    for item in items:
        if item.kind is Kind.PHOTO:
            folders[item.folder].add(item)
    sheets: defaultdict[bytes, list[Found]] = defaultdict(list)
    folder_unread: defaultdict[bytes, list[Found]] = defaultdict(list)
    matches: defaultdict[tuple[bytes, Kind], list[Match]] = defaultdict(list)
    unread: defaultdict[bytes, list[Found]] = defaultdict(list)
    orphans = []
    for item in items:
        said = names.claim(item.name)
        if item.unread:
            if not said.target:
                folder_unread[item.folder].append(item)
            for photo in folders[item.folder].served(said):
                unread[photo.path].append(item)
        elif item.kind is Kind.SHOOT:
            sheets[item.folder].append(item)
        elif item.kind in (Kind.SIDECAR, Kind.XMP):
            served = folders[item.folder].served(said)
            for photo in served:
                match = Match(item, said.whole, len(served) > 1)
                matches[photo.path, item.kind].append(match)
            if not served:
                orphans.append(Orphan(item, item.folder, said.target, said.whole))
    photos = tuple(
        Paired(
            photo,
            _ordered(matches[photo.path, Kind.SIDECAR]),
            _nearest_xmp(matches[photo.path, Kind.XMP]),
            _upwards(photo.folder, sheets),
            (*unread[photo.path], *_upwards(photo.folder, folder_unread)),
        )
        for photo in items
        if photo.kind is Kind.PHOTO
    )
    return Pairing(photos, tuple(orphans))


def _ordered(matches: list[Match]) -> tuple[Match, ...]:
    return tuple(sorted(matches, key=lambda match: (not match.whole, match.found.path)))


def _nearest_xmp(matches: list[Match]) -> tuple[Match, ...]:
    """`IMG.jpg.xmp` first; `IMG.xmp` only where there is none (it is a raw file's, then)."""
    whole = [match for match in matches if match.whole]
    return _ordered(whole or matches)


def _upwards(folder: bytes, by_folder: dict[bytes, list[Found]]) -> tuple[Found, ...]:
    gathered = list(by_folder.get(folder, ()))
    while folder:
        folder = folder.rpartition(b"/")[0]
        gathered.extend(by_folder.get(folder, ()))
    return tuple(gathered)
