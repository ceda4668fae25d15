"""A new file that somebody asked for: there whole, or not at all; never in another's place."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from dam.core.errors import StorageError, UsageError


@contextmanager
def new_file(path: Path) -> Iterator[BinaryIO]:
    """Write a file that its owner alone may read; it gets its name when the block ends well.

    Raises UsageError where something of that name exists or the folder does not, StorageError
    where the disk refuses.
    """
    check(path)
    part = path.parent / f".{secrets.token_hex(8)}.part"
    try:
        with open(part, "xb", opener=_private) as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        give_name(part, path)
    except OSError as error:
        if isinstance(error, BrokenPipeError):
            raise
        raise StorageError(
            f"{path} cannot be written ({error.strerror})", "Check free space and permissions"
        ) from error
    finally:
        with suppress(OSError):
            part.unlink()


def check(path: Path) -> None:
    """Whether a new file can be made. Raises UsageError where something of its name exists or its

    folder does not.
    """
    if os.path.lexists(path):
        raise UsageError(f"{path} exists", "Give another name, or remove that file first")
    if not path.parent.is_dir():
        raise UsageError(f"{path.parent} is no folder", "Make the folder first")


def clear(path: Path, mark: str) -> None:
    """Remove a regular file that says `mark`, if there is one: what an interrupted run left.

    Whatever else has this name stays. Raises StorageError where the disk refuses.
    """
    try:
        if path.is_symlink() or not path.is_file():
            return
        if mark.encode() in path.read_bytes():
            path.unlink()
    except OSError as error:
        raise StorageError(
            f"{path} cannot be written ({error.strerror})", "Check free space and permissions"
        ) from error


def _private(name: str, flags: int) -> int:
    return os.open(name, flags | os.O_CLOEXEC, 0o600)


def give_name(part: Path, path: Path) -> None:
    """A hard link never overwrites; where the file system has none, the name is taken first."""
    try:
        os.link(part, path)
    except FileExistsError:
        raise UsageError(f"{path} exists", "Give another name") from None
    except OSError:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600))
        part.replace(path)
    try:
        _sync(path.parent)
    except OSError:
        # Nobody knows whether the name would last: whoever is told of a failure finds no file.
        path.unlink()
        raise


def _sync(place: Path) -> None:
    folder = os.open(place, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
