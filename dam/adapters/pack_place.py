"""Where a pack is put together, and how it gets its place.

It is made in a hidden folder beside its place and moved there in one step. Whoever makes it
holds a lock in that folder, so a folder without a lock is a killed run's, and the next pack that
is made beside it removes it: no clock and no process number is needed to tell.
"""

from __future__ import annotations

import errno
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from dam.adapters import store_files as fs
from dam.core.errors import ConfigurationError, StorageError
from dam.core.packing import PackFormat

BAG, SPARE, ZIP, LOCK = "bag", "spare", "pack.zip", "lock"
#: A workspace that is being restored.
RESTORED = "workspace"
_OURS = frozenset((BAG, SPARE, ZIP, LOCK, RESTORED))
_TAKEN = "There is something in the pack's place already"
_IN_THE_WAY = (errno.EEXIST, errno.ENOTEMPTY, errno.ENOTDIR, errno.EISDIR)


@contextmanager
def refusing(what: str, hint: str) -> Iterator[None]:
    """A fault of the disk as a StorageError, in words."""
    try:
        yield
    except OSError as error:
        raise StorageError(f"{what} ({error.strerror})", hint) from error


def check(target: Path, kind: PackFormat) -> None:
    """Whether a pack could stand at `target`, before anything is made.

    Raises ConfigurationError where something is there (an empty folder may be, for a folder),
    where its folder is not there, or where the name does not fit.
    """
    if kind == "zip" and target.suffix.lower() != ".zip":
        raise ConfigurationError(
            "The name of a zip ends in .zip", f"Name it with --out {target.name}.zip"
        )
    try:
        free = _is_free(target, kind)
        parent = target.parent.is_dir()
        mount = not free and target.is_mount()
    except (OSError, ValueError) as error:
        raise ConfigurationError("The pack's place cannot be used", "Name another --out") from error
    if mount:
        raise ConfigurationError("The pack's place is a whole disk", "Name a new folder on it")
    if not free:
        raise _taken(kind)
    if not parent:
        raise ConfigurationError("The folder for the pack is not there", "Make it first")


def _is_free(target: Path, kind: PackFormat) -> bool:
    try:
        os.lstat(target)
    except (FileNotFoundError, NotADirectoryError):
        return True
    return (
        kind == "folder"
        and not target.is_symlink()
        and target.is_dir()
        and not target.is_mount()
        and not any(target.iterdir())
    )


def _taken(kind: PackFormat) -> ConfigurationError:
    other = "folder" if kind == "folder" else "file"
    return ConfigurationError(_TAKEN, f"Name another {other} with --out")


@contextmanager
def hidden(
    parent: Path, what: str = "The pack cannot be written there", hint: str = "Name another --out"
) -> Iterator[Path]:
    """A folder in `parent` that its owner alone may enter; removed at the end with all in it.

    Raises StorageError, in these words, where none can be made.
    """
    with refusing(what, hint):
        path, lock = _make(parent)
    try:
        yield path
    finally:
        _remove(path)
        os.close(lock)


def _make(parent: Path) -> tuple[Path, int]:
    """The folder and its lock. Another one is made where a sweep found it before it was locked;
    a parent that went away ends that."""
    while True:
        path = parent / f".dam-{secrets.token_hex(8)}.part"
        path.mkdir(mode=fs.PRIVATE)
        try:
            lock = _locked(path)
        except FileNotFoundError:
            continue
        except OSError:
            _remove(path)
            raise
        if lock is not None:
            return path, lock


def _remove(path: Path) -> bool:
    """Remove a folder with all in it, trying again what is refused once; whether it is gone."""
    for _ in range(2):
        shutil.rmtree(path, ignore_errors=True)
        if not os.path.lexists(path):
            return True
    return False


def _locked(path: Path) -> int | None:
    """The lock of a folder; None where somebody else has it, or had it and removed it."""
    lock, held = _open_lock(path), False
    try:
        held = fs.lock(lock) and os.fstat(lock).st_nlink > 0
    finally:
        if not held:
            os.close(lock)
    return lock if held else None


def _open_lock(path: Path) -> int:
    flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
    return os.open(path / LOCK, flags, 0o600)


def sweep(parent: Path) -> int:
    """Remove what killed runs left in `parent`; how many folders. Never one whose maker lives.

    Only folders of this user that hold nothing but what a pack in the making consists of. Where
    the file system knows no locks, nothing can be told and nothing is removed. What cannot be
    removed stays: a pack can be made all the same.
    """
    removed = 0
    with suppress(OSError):
        for path in parent.iterdir():
            if fs.PART.fullmatch(path.name):
                with suppress(OSError):
                    removed += _sweep(path)
    return removed


def _sweep(path: Path) -> bool:
    with fs.folder(path) as at:
        if os.fstat(at).st_uid != os.geteuid() or not _OURS.issuperset(os.listdir(at)):  # noqa: PTH208 - a folder that is open
            return False
        lock = _open_lock(path)
        try:
            if not fs.lock(lock, unknown=False):
                return False
            return _remove(path)
        finally:
            os.close(lock)


def publish(source: Path, target: Path, kind: PackFormat) -> None:
    """Move the finished pack to its place; nothing is replaced but an empty folder.

    Raises ConfigurationError where something has come to be there meanwhile, OSError where the
    disk refuses; then the pack is not there.
    """
    made = os.lstat(source)
    try:
        if kind == "folder":
            # rename(2) takes the place of a folder that is empty, and of nothing else.
            source.rename(target)
        else:
            _name(source, target)
    except OSError as error:
        if error.errno in _IN_THE_WAY:
            raise _taken(kind) from error
        raise
    try:
        with fs.folder(target.parent.resolve()) as at:
            fs.sync_folder(at)
    except OSError:
        _take_back(source, target, made)
        raise


def _name(source: Path, target: Path) -> None:
    """A hard link never overwrites. Without hard links (FAT, some shares) the name is claimed
    with an empty file, which is then replaced: a crash in between leaves that, never half a zip.
    """
    try:
        os.link(source, target, follow_symlinks=False)
        return
    except OSError as error:
        if error.errno not in fs.NO_HARD_LINKS:
            raise
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    os.close(os.open(target, flags, 0o600))
    try:
        source.replace(target)
    except OSError:
        target.unlink()
        raise


def _take_back(source: Path, target: Path, made: os.stat_result) -> None:
    """What may not last is not left there as if it did."""
    with suppress(OSError):
        if os.path.samestat(os.lstat(target), made):
            if source.exists():
                target.unlink()
            else:
                target.rename(source)
