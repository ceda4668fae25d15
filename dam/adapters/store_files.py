"""What both stores are made of: folders without links, locked parts, faults in words.

A part is a temporary file in the file system of its target. Whoever writes it holds a
flock on it, so a part without a lock is a crashed run's: no clock and no process number
is needed to tell, and several processes may write at once.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
import re
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from dam.core.errors import IntegrityError, SourceChanged, StorageError, UnsafeSource

CHUNK = 1 << 20
PRIVATE = 0o700
PART = re.compile(r"\.dam-[0-9a-f]{16}\.part")
NO_HARD_LINKS = (errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK)
FOLDER_FLAGS = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
FILE_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC

_NO_FOLDER_SYNC = (errno.EINVAL, errno.EOPNOTSUPP)
_NO_LOCKS = (errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS, errno.EINVAL)
_ROOM = "Make room; running again resumes."
_ACCESS = "Give dam's user access to the folder."
_LOOK = "Look at it; nothing was removed."
_CONNECT = "Is its disk or network share connected?"
_WHY = {
    errno.ENOSPC: ("the disk is full", _ROOM),
    errno.EDQUOT: ("the disk quota is used up", _ROOM),
    errno.EROFS: ("the disk is read-only", "Mount it writable."),
    errno.EACCES: ("permission denied", _ACCESS),
    errno.EPERM: ("permission denied", _ACCESS),
    errno.EIO: ("the disk reports a fault", "Check the disk; nothing was removed."),
    errno.ENOENT: ("a file or folder is missing", _CONNECT),
    errno.ENOTDIR: ("something else is in a folder's place", _LOOK),
    errno.EISDIR: ("a folder is in a file's place", _LOOK),
    errno.ELOOP: ("a link is in a folder's place", _LOOK),
    errno.ESTALE: ("the network share is away", _CONNECT),
}


@contextmanager
def disk(doing: str) -> Iterator[None]:
    """Any fault of the disk as a StorageError, in words and without paths."""
    try:
        yield
    except OSError as error:
        why, hint = refusal(error)
        raise StorageError(f"{doing}: {why}", hint) from error


def refusal(error: OSError) -> tuple[str, str]:
    """Why the disk refused, in words, and what to do about it."""
    code = error.errno or 0
    return _WHY.get(code, (f"the disk refuses ({errno.errorcode.get(code, '?')})", ""))


@contextmanager
def reading() -> Iterator[None]:
    """Faults of a source: UnsafeSource, SourceChanged (gone, in use) or StorageError."""
    try:
        yield
    except PermissionError as error:
        raise UnsafeSource("Permission to read it is denied", "Let dam's user read it.") from error
    except (FileNotFoundError, BlockingIOError) as error:
        raise SourceChanged("It went away or is in use", "It is tried again.") from error
    except OSError as error:
        if error.errno in (errno.ELOOP, errno.ENOTDIR, errno.ENXIO, errno.ENODEV):
            raise UnsafeSource("A link or another thing that is not a file") from error
        if error.errno == errno.ENAMETOOLONG:
            raise UnsafeSource("Its name or path is too long", "Give it a short name.") from error
        with disk("Reading a source file"):
            raise


def sync_folder(fd: int) -> None:
    """fsync of a folder, where its file system knows that."""
    try:
        os.fsync(fd)
    except OSError as error:
        if error.errno not in _NO_FOLDER_SYNC:
            raise


@contextmanager
def folder(root: Path, *parts: str, make: int | None = None) -> Iterator[int]:
    """A descriptor of root/part/..., none of which may be a link; raises OSError.

    With `make`, missing parts are made with that mode, whatever the umask is. The root
    itself is never made: where it is missing, its disk or share is.
    """
    at = os.open(root, FOLDER_FLAGS)
    try:
        for part in parts:
            inner = _enter(at, part) if make is None else _make(at, part, make)
            os.close(at)
            at = inner
        yield at
    finally:
        os.close(at)


def _enter(at: int, part: str) -> int:
    return os.open(part, FOLDER_FLAGS, dir_fd=at)


def _make(at: int, part: str, mode: int) -> int:
    with suppress(FileExistsError):
        os.mkdir(part, PRIVATE, dir_fd=at)
    inner = _enter(at, part)
    try:
        now = stat.S_IMODE(os.fstat(inner).st_mode)
        # 0700 on a public folder is a run that died before this line; any other mode is a
        # person's choice. A private folder is made private again.
        if now != mode and PRIVATE in (now, mode):
            os.fchmod(inner, mode)
        # Also where it was there: the run that made it may have died before syncing.
        sync_folder(at)
    except OSError:
        os.close(inner)
        raise
    return inner


@contextmanager
def regular(name: str, at: int) -> Iterator[int]:
    """A descriptor of the regular file `name` in the folder `at`, for reading.

    Raises IntegrityError where it is something else: looked at before it is opened,
    since opening a device may already do something, and again after.
    """
    if not stat.S_ISREG(os.stat(name, dir_fd=at, follow_symlinks=False).st_mode):
        raise IntegrityError("Something that is not a file lies in a file's place")
    fd = os.open(name, FILE_FLAGS, dir_fd=at)
    try:
        if not stat.S_ISREG(os.fstat(fd).st_mode):
            raise IntegrityError("Something that is not a file lies in a file's place")
        yield fd
    finally:
        os.close(fd)


def chunks(fd: int) -> Iterator[bytes]:
    """The rest of an open file, a mebibyte at a time."""
    while chunk := os.read(fd, CHUNK):
        yield chunk


def digest(fd: int) -> tuple[str, int]:
    """(SHA-256 in hex, size in bytes) of the rest of an open file."""
    hasher, size = hashlib.sha256(), 0
    for chunk in chunks(fd):
        hasher.update(chunk)
        size += len(chunk)
    return hasher.hexdigest(), size


def found_digest(name: str, at: int) -> str | None:
    """SHA-256 of the file `name`; empty for something that is no file, None for nothing."""
    try:
        with regular(name, at) as fd:
            return digest(fd)[0]
    except FileNotFoundError:
        return None
    except IntegrityError:
        return ""


class Part:
    """A locked temporary file in the folder `at`; its own name ends with the context.

    `source`, a name and the descriptor of its folder: that file itself, under another name more
    (by a hard link), instead of an empty one.
    """

    def __init__(self, at: int, source: tuple[str, int] | None = None) -> None:
        self._at = at
        self._source = source
        self._fd = -1
        self.name = ""

    def __enter__(self) -> Part:
        while True:
            self.name = f".dam-{secrets.token_hex(8)}.part"
            self._fd = self._open()
            try:
                # A sweep may have found it in the moment before it was locked.
                if lock(self._fd) and os.fstat(self._fd).st_nlink:
                    return self
            except OSError:
                self.__exit__()
                raise
            self.__exit__()

    def _open(self) -> int:
        if self._source is None:
            flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
            return os.open(self.name, flags, 0o600, dir_fd=self._at)
        name, folder = self._source
        os.link(name, self.name, src_dir_fd=folder, dst_dir_fd=self._at, follow_symlinks=False)
        try:
            with regular(self.name, self._at) as fd:
                return os.dup(fd)
        except BaseException:
            # No sweep would know it: what it leads to is no file.
            os.unlink(self.name, dir_fd=self._at)
            raise

    def __exit__(self, *_: object) -> None:
        try:
            with suppress(FileNotFoundError):
                os.unlink(self.name, dir_fd=self._at)
        finally:
            os.close(self._fd)

    def stream(self) -> BinaryIO:
        """Another descriptor of the file, for writing it in one's own way; whoever asks closes it

        and syncs."""
        return os.fdopen(os.dup(self._fd), "wb")

    def fill(self, data: Iterator[bytes], mode: int) -> tuple[str, int]:
        """Writes `data`, syncs it with its `mode` and reads it back.

        Returns (SHA-256 in hex, size in bytes). Raises OSError, and StorageError where the
        disk gives back other bytes than it was given.
        """
        hasher, size = hashlib.sha256(), 0
        for chunk in data:
            hasher.update(chunk)
            size += len(chunk)
            rest = memoryview(chunk)
            while rest:
                rest = rest[os.write(self._fd, rest) :]
        if self.settle(mode) != (hasher.hexdigest(), size):
            raise StorageError("Storing a file: the disk gave back other bytes", "Check the disk.")
        return hasher.hexdigest(), size

    def settle(self, mode: int) -> tuple[str, int]:
        """Syncs what is in the file, with its `mode`, and reads it back.

        Returns (SHA-256 in hex, size in bytes) of what the disk gave. Raises OSError.
        """
        os.fchmod(self._fd, mode)
        os.fsync(self._fd)
        with suppress(OSError, AttributeError):
            # So that the disk answers, not the cache; macOS has no such call.
            os.posix_fadvise(self._fd, 0, 0, os.POSIX_FADV_DONTNEED)
        os.lseek(self._fd, 0, os.SEEK_SET)
        return digest(self._fd)


def lock(fd: int, *, unknown: bool = True) -> bool:
    """False where somebody else holds the lock, `unknown` where the file system has no locks:
    in a workspace that is no hindrance, its own lock keeps other runs away."""
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as error:
        if error.errno not in _NO_LOCKS:
            raise
        return unknown
    return True


def sweep(at: int) -> int:
    """Removes the parts nobody writes any more from the folder `at`; how many."""
    removed = 0
    for name in os.listdir(at):
        if not PART.fullmatch(name):
            continue
        with suppress(FileNotFoundError, IntegrityError), regular(name, at) as fd:
            if lock(fd):
                os.unlink(name, dir_fd=at)
                removed += 1
    return removed
