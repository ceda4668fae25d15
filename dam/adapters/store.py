"""Durable originals, by content under `.dam/`, and how their sources leave the inbox.

Every write goes to a part, is synced, read back and only then given its name by a hard
link, which never overwrites. A crash leaves the old state or the new one, and at most a
part that `sweep` removes.
"""

from __future__ import annotations

import errno
import hashlib
import os
import re
import stat
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from dam.adapters import store_files as fs
from dam.core.errors import DamError, IntegrityError, SourceChanged, UnsafeSource

_SHA256 = re.compile(r"[0-9a-f]{64}")
_NOT_A_FILE = {
    stat.S_IFLNK: "A link, not a file",
    stat.S_IFIFO: "A pipe, not a file",
    stat.S_IFSOCK: "A socket, not a file",
    stat.S_IFDIR: "A folder, not a file",
    stat.S_IFBLK: "A device, not a file",
    stat.S_IFCHR: "A device, not a file",
}


@dataclass(frozen=True, slots=True)
class Taken:
    """An original that is safely stored, with the identity of the source it came from.

    `path` is the stored copy; `repaired` tells that a damaged one was replaced.
    """

    sha256: str
    size: int
    mtime_ns: int
    device: int
    inode: int
    path: Path
    repaired: bool = False


class OriginalStore:
    """Originals under `root/ab/abcdef...`, named by the SHA-256 of their bytes; files 0400,
    folders 0700. The same bytes are stored once, however often they come."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def take(self, source: Path, max_bytes: int, below: Path | None = None) -> Taken:
        """Stores the bytes of `source`, which stays where it is.

        With `below` (the inbox) no folder between the two may be a link. Raises
        UnsafeSource (no regular file, unreadable, larger than `max_bytes`), SourceChanged
        (written, replaced or moved while it was read: start again later), StorageError.
        """
        with fs.reading():
            at = _source_folder(source, below)
        try:
            fd, before = _open_source(source.name, at, max_bytes)
            try:
                sha256, size, repaired = self._put(
                    _source_chunks(fd, before.st_size),
                    lambda size: _require_unchanged(source.name, at, fd, before, size),
                )
            finally:
                os.close(fd)
        finally:
            os.close(at)
        return Taken(
            sha256,
            size,
            before.st_mtime_ns,
            before.st_dev,
            before.st_ino,
            self.path(sha256),
            repaired,
        )

    def put_bytes(self, data: bytes) -> str:
        """Stores `data`; its SHA-256 in hex. Raises StorageError."""
        return self._put(iter((data,)), lambda size: None)[0]

    def _put(self, chunks: Iterator[bytes], check: Callable[[int], None]) -> tuple[str, int, bool]:
        """(SHA-256, size, repaired); `check` may refuse the bytes once all are read."""
        with (
            fs.disk("Storing an original"),
            fs.folder(self._root, ".incoming", make=fs.PRIVATE) as incoming,
            fs.Part(incoming) as part,
        ):
            sha256, size = part.fill(chunks, 0o400)
            check(size)
            with fs.folder(self._root, sha256[:2], make=fs.PRIVATE) as shard:
                repaired = self._name(part.name, incoming, sha256, shard)
                fs.sync_folder(shard)
        return sha256, size, repaired

    @staticmethod
    def _name(part: str, incoming: int, sha256: str, shard: int) -> bool:
        """Gives the part its name; true when a damaged copy was in the way and replaced."""
        try:
            os.link(part, sha256, src_dir_fd=incoming, dst_dir_fd=shard, follow_symlinks=False)
            return False
        except FileExistsError:
            pass
        except OSError as error:
            if error.errno not in fs.NO_HARD_LINKS:
                raise
        try:
            found = fs.found_digest(sha256, shard)
        except OSError as error:
            if error.errno != errno.EIO:
                raise
            found = ""
        if found == sha256:
            return False
        # The name is the content, so replacing cannot lose anything that was right.
        os.replace(part, sha256, src_dir_fd=incoming, dst_dir_fd=shard)
        return found is not None

    def path(self, sha256: str) -> Path:
        """Where the original is or would be. Raises IntegrityError for no SHA-256."""
        if not _SHA256.fullmatch(sha256):
            raise IntegrityError("Not a SHA-256 in lower-case hex")
        return self._root / sha256[:2] / sha256

    def open(self, sha256: str) -> BinaryIO:
        """The original for reading, unverified. Raises IntegrityError where it is missing."""
        self.path(sha256)
        with fs.disk("Reading an original"):
            try:
                with (
                    fs.folder(self._root, sha256[:2]) as at,
                    fs.regular(sha256, at) as fd,
                ):
                    return os.fdopen(os.dup(fd), "rb")
            except FileNotFoundError:
                raise IntegrityError("An original is missing from the store") from None

    def read_bytes(self, sha256: str) -> bytes:
        """The original's bytes, verified. Raises IntegrityError if missing or damaged."""
        with self.open(sha256) as stream, fs.disk("Reading an original"):
            data = stream.read()
        if hashlib.sha256(data).hexdigest() != sha256:
            raise IntegrityError("An original is not what was stored")
        return data

    def verify(self, sha256: str) -> bool:
        """Whether the original is there and its bytes are what its name says."""
        self.path(sha256)
        with fs.disk("Reading an original"):
            try:
                with fs.folder(self._root, sha256[:2]) as at:
                    return fs.found_digest(sha256, at) == sha256
            except FileNotFoundError:
                return False

    def remove(self, sha256: str) -> bool:
        """Erases an original (withdrawal); false where there was none. Raises StorageError."""
        self.path(sha256)
        with fs.disk("Removing an original"):
            try:
                with fs.folder(self._root, sha256[:2]) as at:
                    os.unlink(sha256, dir_fd=at)
                    fs.sync_folder(at)
            except FileNotFoundError:
                return False
        return True

    def move(self, sha256: str, other: OriginalStore) -> bool:
        """Puts an original into another store of the same disk; false where there is none here.

        Safe to repeat: killed in between it is in both, and the next time in the other alone.
        """
        self.path(sha256)
        with fs.disk("Moving an original"):
            try:
                with (
                    fs.folder(self._root, sha256[:2]) as at,
                    fs.folder(other._root, sha256[:2], make=fs.PRIVATE) as there,
                ):
                    if fs.found_digest(sha256, at) is None:
                        return False
                    if not other.verify(sha256):
                        with suppress(FileNotFoundError):
                            os.unlink(sha256, dir_fd=there)
                        _link(sha256, at, there)
                    fs.sync_folder(there)
                    with suppress(FileNotFoundError):
                        os.unlink(sha256, dir_fd=at)
                    fs.sync_folder(at)
            except FileNotFoundError:
                return False
        return True

    def contents(self) -> Iterator[str]:
        """The SHA-256 by which each file is stored, in order; what else lies there is left out."""
        with fs.disk("Reading the store of originals"):
            for shard in sorted(os.listdir(self._root)):  # noqa: PTH208
                if len(shard) == 2:
                    inside = os.listdir(self._root / shard)  # noqa: PTH208
                    yield from sorted(name for name in inside if _SHA256.fullmatch(name))

    def sweep(self) -> int:
        """Removes what crashed runs left in `.incoming`; how many files."""
        with fs.disk("Cleaning the store of originals"):
            try:
                with fs.folder(self._root, ".incoming") as incoming:
                    return fs.sweep(incoming)
            except FileNotFoundError:
                return 0


def _link(name: str, at: int, there: int) -> None:
    """The same file in another folder, under the same name; a rename where there are no links."""
    try:
        os.link(name, name, src_dir_fd=at, dst_dir_fd=there, follow_symlinks=False)
    except OSError as error:
        if error.errno not in fs.NO_HARD_LINKS:
            raise
        os.rename(name, name, src_dir_fd=at, dst_dir_fd=there)


def _source_folder(source: Path, below: Path | None) -> int:
    """A descriptor of the folder of `source`; the caller closes it."""
    if below is None:
        return os.open(source.parent, fs.FOLDER_FLAGS & ~os.O_NOFOLLOW)
    if not source.is_relative_to(below) or ".." in source.parts:
        raise UnsafeSource("A path that leads out of the inbox")
    with fs.folder(below, *source.parent.relative_to(below).parts) as at:
        return os.dup(at)


def _open_source(name: str, at: int, max_bytes: int) -> tuple[int, os.stat_result]:
    """Never follows a link, never waits for a pipe, never touches a device."""
    with fs.reading():
        _require_file(os.stat(name, dir_fd=at, follow_symlinks=False), max_bytes)
        fd = os.open(name, fs.FILE_FLAGS, dir_fd=at)
        try:
            status = os.fstat(fd)
            _require_file(status, max_bytes)
        except (OSError, UnsafeSource):
            os.close(fd)
            raise
    return fd, status


def _require_file(status: os.stat_result, max_bytes: int) -> None:
    if not stat.S_ISREG(status.st_mode):
        what = _NOT_A_FILE.get(stat.S_IFMT(status.st_mode), "Not a regular file")
        raise UnsafeSource(what, "Copy the photograph itself here.")
    if status.st_size > max_bytes:
        raise UnsafeSource(f"Larger than the limit of {max_bytes} bytes")


def _source_chunks(fd: int, expected: int) -> Iterator[bytes]:
    """At most one chunk more than `expected` bytes: a file that grows is not chased."""
    got = 0
    while got <= expected:
        with fs.reading():
            chunk = os.read(fd, fs.CHUNK)
        if not chunk:
            return
        got += len(chunk)
        yield chunk


def _require_unchanged(name: str, at: int, fd: int, before: os.stat_result, size: int) -> None:
    """Also by the change time: a writer may set the modification time back."""
    with fs.reading():
        after = os.fstat(fd)
        named = os.stat(name, dir_fd=at, follow_symlinks=False)
    states = {(*_identity(status), status.st_ctime_ns) for status in (before, after, named)}
    if len(states) != 1 or size != before.st_size:
        raise SourceChanged("It changed while it was read", "It is tried again.")


def _identity(status: os.stat_result) -> tuple[int, int, int, int]:
    return (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns)


def remove_source(source: Path, taken: Taken, below: Path | None = None) -> bool:
    """Removes a source that was taken, unless it is no longer the same file.

    True when nothing of it is left under its name (also where it had gone already), false
    when another or a newer file has the name. `below` as for `take`. Raises StorageError,
    and UnsafeSource for a path that leads out of `below`.
    """
    (found,) = remove_sources([(source, taken)], below)
    if isinstance(found, DamError):
        raise found
    return found


def remove_sources(
    sources: Iterable[tuple[Path, Taken]], below: Path | None = None
) -> list[bool | DamError]:
    """What `remove_source` says of each, or raises; every folder is synced once, after all."""
    found: list[bool | DamError] = []
    folders: dict[Path, int] = {}
    places: list[Path] = []
    try:
        for source, taken in sources:
            places.append(source.parent)
            try:
                found.append(_unlinked(source, taken, below, folders))
            except DamError as error:
                found.append(error)
        failed: dict[Path, DamError] = {}
        for folder, at in folders.items():
            try:
                with fs.disk("Removing a file from the inbox"):
                    fs.sync_folder(at)
            except DamError as error:
                failed[folder] = error
    finally:
        for at in folders.values():
            os.close(at)
    return [
        failed[place] if result is True and place in failed else result
        for place, result in zip(places, found, strict=True)
    ]


def _unlinked(source: Path, taken: Taken, below: Path | None, folders: dict[Path, int]) -> bool:
    """As `remove_source`, not synced; `folders` keeps those that were opened."""
    expected = (taken.device, taken.inode, taken.size, taken.mtime_ns)
    with fs.disk("Removing a file from the inbox"):
        try:
            if source.parent not in folders:
                folders[source.parent] = _source_folder(source, below)
            at = folders[source.parent]
            if _identity(os.stat(source.name, dir_fd=at, follow_symlinks=False)) != expected:
                return False
            os.unlink(source.name, dir_fd=at)
        except FileNotFoundError:
            if below is not None:
                # A share that went away is not an inbox that was emptied.
                below.lstat()
    return True
