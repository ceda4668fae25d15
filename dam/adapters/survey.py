"""Looking at a workspace without changing anything in it: what lies where, and its bytes.

No link is followed. What goes away while it is looked at is not there.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Final

from dam.adapters import store_files as fs
from dam.core.errors import IntegrityError, UsageError
from dam.core.verification import NO_FILE, UNREADABLE

_LOCKS: Final = Path("/proc/locks")
#: Where a line of it tells the process and the file.
_PID, _INODE = 4, 5


@dataclass(frozen=True, slots=True)
class Entry:
    """Something below the folder that was looked at. `mode` are the permission bits alone,

    `changed` is when it was last changed, in seconds of the Unix clock.
    """

    relative: str
    folder: bool
    regular: bool
    mode: int
    size: int
    changed: float

    @property
    def name(self) -> str:
        return self.relative.rpartition("/")[2]


def look(root: Path, relative: str) -> Entry | None:
    """What lies there; None for nothing."""
    try:
        return _entry(relative, os.lstat(root / relative))
    except (FileNotFoundError, NotADirectoryError):
        return None


def _entry(relative: str, status: os.stat_result) -> Entry:
    kind = status.st_mode
    mode = stat.S_IMODE(kind)
    folder, regular = stat.S_ISDIR(kind), stat.S_ISREG(kind)
    return Entry(relative, folder, regular, mode, status.st_size, status.st_ctime)


def below(root: Path, folder: str = "") -> Iterator[Entry]:
    """Everything below a folder, by name within each folder, a folder before what is in it."""
    for entry in inside(root, folder):
        yield entry
        if entry.folder:
            yield from below(root, entry.relative)


def inside(root: Path, folder: str = "") -> Iterator[Entry]:
    """What lies in a folder, by name; nothing where there is no such folder.

    Raises StorageError where it cannot be read.
    """
    names: list[str] = []
    with fs.disk("Looking at the workspace"):
        with suppress(FileNotFoundError, NotADirectoryError):
            names = sorted(os.listdir(root / folder))  # noqa: PTH208  (names alone, of 100,000)
        for name in names:
            entry = look(root, f"{folder}/{name}" if folder else name)
            if entry is not None:
                yield entry


def digest(root: Path, relative: str) -> str | None:
    """SHA-256 in hex of a file; words for what is no file or cannot be read; None for nothing."""
    *folders, name = relative.split("/")
    try:
        with fs.folder(root, *folders) as at, fs.regular(name, at) as fd:
            return fs.digest(fd)[0]
    except FileNotFoundError:
        return None
    except IntegrityError:
        return NO_FILE
    except OSError:
        return UNREADABLE


def read(path: Path, most: int) -> bytes:
    """A file that somebody named; UsageError where it cannot be read or is larger."""
    try:
        with path.open("rb") as file:
            data = file.read(most + 1)
    except OSError as error:
        raise UsageError(f"{path} cannot be read ({error.strerror})") from None
    if len(data) > most:
        raise UsageError(f"{path} is too large for a checkpoint")
    return data


def at_work(lock: Path, database: Path) -> bool:
    """Whether another process works on the workspace, or has its catalogue open just now.

    True where this system does not tell.
    """
    try:
        lines = _LOCKS.read_text(encoding="ascii", errors="replace").splitlines()
    except OSError:
        return True
    # Whoever has the catalogue open holds a lock on its index.
    wanted = {_inode(lock), _inode(database.with_name(f"{database.name}-shm"))} - {""}
    own = str(os.getpid())
    held = (words for words in map(str.split, lines) if len(words) > _INODE)
    return any(w[_PID] != own and w[_INODE].rpartition(":")[2] in wanted for w in held)


def _inode(path: Path) -> str:
    try:
        return str(os.lstat(path).st_ino)
    except OSError:
        return ""


class Heap:
    """Lines put into numbered piles outside of memory and read back a pile at a time.

    The files have no names: nothing is left of them, however the process ends.
    """

    def __init__(self, files: list[IO[bytes]]) -> None:
        self._files = files

    def __len__(self) -> int:
        return len(self._files)

    def put(self, pile: int, line: bytes) -> None:
        self._files[pile].write(line + b"\n")

    def empty(self) -> None:
        for file in self._files:
            file.seek(0)
            file.truncate()

    def pile(self, number: int) -> Iterator[bytes]:
        file = self._files[number]
        file.seek(0)
        return (line[:-1] for line in file)


@contextmanager
def heap(piles: int) -> Iterator[Heap]:
    """Make a heap. Raises StorageError where the folder for temporary files refuses."""
    files: list[IO[bytes]] = []
    with fs.disk("Sorting the ledger"):
        try:
            files.extend(TemporaryFile() for _ in range(piles))  # noqa: SIM115  (closed below)
            yield Heap(files)
        finally:
            for file in files:
                file.close()
