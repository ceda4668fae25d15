"""The files of a pack while it is put together: written, read against their list, finished."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

from dam.adapters import store_files as fs
from dam.core.bag import PAYLOAD, BagFile
from dam.core.errors import IntegrityError

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def put(bag: Path, path: str, data: bytes) -> BagFile:
    """Write a file of the bag, in the place of one that is there. Raises OSError."""
    at = bag / path
    at.parent.mkdir(parents=True, exist_ok=True)
    at.unlink(missing_ok=True)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    with os.fdopen(os.open(at, flags, 0o600), "wb") as file:
        file.write(data)
    return BagFile(path, hashlib.sha256(data).hexdigest(), len(data))


@contextmanager
def reading(bag: Path, file: BagFile) -> Iterator[Iterator[bytes]]:
    """The bytes of a file of the bag, to be read to their end within the context.

    Raises IntegrityError where the file is missing, is no regular file, or its bytes are not
    those that are listed: whoever wrote it was another process.
    """
    *folders, name = file.path.split("/")
    hasher, size = hashlib.sha256(), 0

    def pieces(fd: int) -> Iterator[bytes]:
        nonlocal size
        for piece in fs.chunks(fd):
            hasher.update(piece)
            size += len(piece)
            yield piece

    try:
        with fs.folder(bag, *folders) as at, fs.regular(name, at) as fd:
            yield pieces(fd)
    except FileNotFoundError:
        raise IntegrityError("A file of the pack is missing", "Run it again") from None
    if (hasher.hexdigest(), size) != (file.sha256, file.size):
        raise IntegrityError("A file of the pack is not what was made", "Run it again")


def finish(fd: int, mode: int, day: date) -> None:
    """Give an open file or folder its mode and the time of the day, and sync it."""
    os.fchmod(fd, mode)
    moment = (datetime.combine(day, time(), UTC) - _EPOCH) // timedelta(microseconds=1) * 1000
    os.utime(fd, ns=(moment, moment))
    fs.sync_folder(fd)


def settle(bag: Path, files: Collection[BagFile], day: date) -> None:
    """Make the bag ready to be read by anybody: bytes checked, modes, times, all synced.

    Raises IntegrityError as `reading`, OSError where the disk refuses.
    """
    for file in files:
        with reading(bag, file) as pieces:
            for _ in pieces:
                pass
        *folders, name = file.path.split("/")
        with fs.folder(bag, *folders) as at, fs.regular(name, at) as fd:
            finish(fd, 0o644, day)
    for folder, _, _ in os.walk(bag, topdown=False):
        with fs.folder(Path(folder)) as at:
            finish(at, 0o755, day)


def clear(bag: Path, listed: Collection[str]) -> None:
    """Remove all that is not listed: a pack holds nothing that its manifest does not tell.

    A rendition that was refused may lie there, or what a process that was killed had begun.
    """
    for folder, inner, names in os.walk(bag, topdown=False):
        here = Path(folder)
        for name in inner:
            path = here / name
            if path.is_symlink():
                path.unlink()
            elif path != bag / PAYLOAD and not any(path.iterdir()):
                path.rmdir()
        for name in names:
            path = here / name
            if path.relative_to(bag).as_posix() not in listed:
                path.unlink()
