"""One `dam` at a time works on a workspace, and none publishes while another takes back."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType

from dam.core.errors import ConfigurationError, StorageError, WorkspaceBusy

_UNLOCKABLE = (errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS, errno.EINVAL)


class WorkspaceLock:
    """A context manager that holds `path` locked, or raises WorkspaceBusy at once.

    The kernel keeps the lock (flock), so it ends with the process, however that ends.
    The file stays: removing it would let two processes lock two files of one name.
    Raises ConfigurationError where the file system cannot lock or refuses the file.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._fd = -1

    def __enter__(self) -> WorkspaceLock:
        try:
            while not self._acquire():
                pass
        except PermissionError as error:
            raise ConfigurationError("The lock file of the workspace cannot be opened") from error
        except OSError as error:
            if error.errno in _UNLOCKABLE:
                raise ConfigurationError(
                    "The file system of the workspace cannot lock files",
                    "Keep .dam on a local disk.",
                ) from error
            if error.errno in (errno.ELOOP, errno.EISDIR, errno.ENXIO, errno.ENOENT):
                raise ConfigurationError("The lock file of the workspace is no file") from error
            raise StorageError("The lock file of the workspace cannot be written") from error
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        held, self._fd = self._fd, -1
        if held >= 0:
            os.close(held)

    def _acquire(self) -> bool:
        """True when locked; false when the file was replaced meanwhile. Keeps no descriptor
        unless it is locked."""
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
        opened = os.open(self._path, flags, 0o600)
        kept = False
        try:
            try:
                fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise WorkspaceBusy(
                    f"another dam{_holder(opened)} is working on this workspace",
                    "Wait until it is done, or stop it.",
                ) from None
            if not _same(opened, self._path):
                return False
            # The number only serves the message: a full disk must not stop a withdrawal.
            with contextlib.suppress(OSError):
                os.ftruncate(opened, 0)
                os.pwrite(opened, f"{os.getpid()}\n".encode(), 0)
            self._fd, kept = opened, True
            return True
        finally:
            if not kept:
                os.close(opened)


class Gate:
    """Whoever puts a picture where others see it passes (`shared`), several at once; whoever takes

    one back shuts it meanwhile (`shut`) and finds nobody on the way through.

    Not to be passed inside a transaction of the catalogue: others shut it and then write there.
    Raises as `WorkspaceLock` does, but waits.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    @contextlib.contextmanager
    def shared(self) -> Iterator[None]:
        """Publish something; until this ends nobody takes back."""
        with self._held(fcntl.LOCK_SH):
            yield

    @contextlib.contextmanager
    def shut(self) -> Iterator[None]:
        """Take something back; until this ends nobody publishes."""
        with self._held(fcntl.LOCK_EX):
            yield

    @contextlib.contextmanager
    def _held(self, how: int) -> Iterator[None]:
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
        try:
            opened = os.open(self._path, flags, 0o600)
        except OSError as error:
            raise StorageError(
                f"A lock file of the workspace cannot be opened ({error.strerror})",
                "Make room, or give dam's user access to .dam",
            ) from error
        try:
            try:
                fcntl.flock(opened, how)
            except OSError as error:
                raise ConfigurationError(
                    "The file system of the workspace cannot lock files",
                    "Keep .dam on a local disk.",
                ) from error
            yield
        finally:
            os.close(opened)


def _same(opened: int, path: Path) -> bool:
    try:
        named = os.lstat(path)
    except FileNotFoundError:
        return False
    return os.path.samestat(os.fstat(opened), named)


def _holder(opened: int) -> str:
    """The holder as words, empty where the file does not tell."""
    told = os.pread(opened, 20, 0).strip()
    return f" (process {told.decode()})" if told.isdigit() else ""
