"""The archive: finished renditions by date, in the open, where people look for them.

A rendition is synced and read back before it has its name, and nothing is overwritten. A crash
leaves the old state or the new one, and at most a part that `sweep` removes.
"""

from __future__ import annotations

import errno
import hashlib
import os
import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from dam.adapters import store_files as fs
from dam.core.errors import IntegrityError

_EMPTY = hashlib.sha256().hexdigest()
_RELATIVE = re.compile(
    r"[0-9]{4}/(?:0[1-9]|1[0-2])/(?:0[1-9]|[12][0-9]|3[01])/[0-9a-z][0-9a-z-]{0,79}\.jpg"
)
#: Year, month and day.
_DATED = 3


class Archive:
    """The archive: `YYYY/MM/DD/name.jpg`, files 0644, folders 0755, nothing overwritten."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def publish(self, rendition: Path, relative: str, sha256: str) -> None:
        """Moves `rendition` into the archive as `relative`; doing it again is fine.

        Raises IntegrityError where the name is not of the generated form, the bytes are
        not those of `sha256`, or other bytes have the name; StorageError for the disk.

        Without hard links (FAT, some shares) the name is claimed with an empty file made
        exclusively, which is then replaced: after a crash in between the name holds
        nothing, which the next run fills, and never half a picture.
        """
        *folders, name = _parts(relative)
        with (
            fs.disk("Filing a rendition"),
            fs.folder(self._root, *folders, make=0o755) as at,
        ):
            if not self._is_filed(name, at, sha256):
                with fs.folder(rendition.parent) as work:
                    self._file(rendition.name, work, name, at, sha256)
                    # One name alone: whoever writes into the other would change what is filed.
                    os.unlink(rendition.name, dir_fd=work)
            fs.sync_folder(at)

    def _file(self, made: str, work: int, name: str, at: int, sha256: str) -> None:
        """The rendition itself gets another name, so that it is written once; else a copy."""
        try:
            with fs.Part(at, (made, work)) as part:
                self._settled(part.settle(0o644)[0], part.name, name, at, sha256)
        except OSError as error:
            if error.errno not in (*fs.NO_HARD_LINKS, errno.EXDEV):
                raise
            with fs.regular(made, work) as source, fs.Part(at) as part:
                found = part.fill(fs.chunks(source), 0o644)[0]
                self._settled(found, part.name, name, at, sha256)

    def _settled(self, found: str, part: str, name: str, at: int, sha256: str) -> None:
        if found != sha256:
            raise IntegrityError("A rendition is not what was recorded")
        self._name(part, name, at, sha256)

    @staticmethod
    def _is_filed(name: str, at: int, sha256: str) -> bool:
        found = fs.found_digest(name, at)
        if found is None or (found == _EMPTY != sha256):
            return False
        if found != sha256:
            raise IntegrityError("Another file has this name in the archive")
        return True

    def _name(self, part: str, name: str, at: int, sha256: str) -> None:
        try:
            os.link(part, name, src_dir_fd=at, dst_dir_fd=at, follow_symlinks=False)
            return
        except FileExistsError:
            pass
        except OSError as error:
            if error.errno not in fs.NO_HARD_LINKS:
                raise
        with suppress(FileExistsError):
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
            os.close(os.open(name, flags, 0o600, dir_fd=at))
        if not self._is_filed(name, at, sha256):
            os.replace(part, name, src_dir_fd=at, dst_dir_fd=at)

    def digest(self, relative: str) -> str | None:
        """SHA-256 of a filed rendition in hex; None where it is missing. Raises
        IntegrityError for a name not of the generated form or something that is no file."""
        *folders, name = _parts(relative)
        with fs.disk("Reading the archive"):
            try:
                with fs.folder(self._root, *folders) as at, fs.regular(name, at) as fd:
                    return fs.digest(fd)[0]
            except FileNotFoundError:
                return None

    def names(self, folder: str) -> frozenset[str]:
        """The names in a dated folder (`2021/11/18/`), whatever they are of; none where there is

        no such folder. Raises StorageError.
        """
        parts = folder.strip("/").split("/")
        if len(parts) != _DATED or not all(part.isascii() and part.isdigit() for part in parts):
            raise IntegrityError("Not a dated folder of the archive")
        with fs.disk("Reading the archive"):
            try:
                with fs.folder(self._root, *parts) as at:
                    return frozenset(os.listdir(at))  # noqa: PTH208 - a folder that is open
            except FileNotFoundError:
                return frozenset()

    def remove(self, relative: str) -> None:
        """Takes a rendition out, and dated folders it leaves empty; missing is fine."""
        *folders, name = _parts(relative)
        with fs.disk("Removing a rendition"):
            with suppress(FileNotFoundError), fs.folder(self._root, *folders) as at:
                with suppress(FileNotFoundError):
                    os.unlink(name, dir_fd=at)
                fs.sync_folder(at)
            while folders:
                last = folders.pop()
                with suppress(FileNotFoundError), fs.folder(self._root, *folders) as at:
                    try:
                        os.rmdir(last, dir_fd=at)
                    except OSError as error:
                        if error.errno in (errno.ENOTEMPTY, errno.EEXIST):
                            return
                        raise
                    fs.sync_folder(at)

    def files(self) -> Iterator[str]:
        """All that lies in the archive, in order, as relative paths with surrogate escapes:
        also what does not belong there, links included. Not the readme, not parts."""
        for folder, names in self._walk():
            for name in names:
                relative = f"{folder}{name}"
                if relative != "README.md" and not fs.PART.fullmatch(name):
                    yield relative

    def sweep(self) -> int:
        """Removes parts that crashed runs left; how many."""
        removed = 0
        with fs.disk("Cleaning the archive"):
            for folder, names in self._walk():
                if any(map(fs.PART.fullmatch, names)):
                    with fs.folder(self._root, *Path(folder).parts) as at:
                        removed += fs.sweep(at)
        return removed

    def _walk(self) -> Iterator[tuple[str, list[str]]]:
        """(folder ending in a slash or empty, names of what is no folder), following no link."""
        pending = [""]
        while pending:
            folder = pending.pop()
            plain: list[str] = []
            inner: list[str] = []
            with fs.disk("Reading the archive"), os.scandir(self._root / folder) as entries:
                for entry in entries:
                    (inner if entry.is_dir(follow_symlinks=False) else plain).append(entry.name)
            pending += [f"{folder}{name}/" for name in sorted(inner, reverse=True)]
            yield folder, sorted(plain)


def _parts(relative: str) -> list[str]:
    if not _RELATIVE.fullmatch(relative):
        raise IntegrityError("Not a generated archive name")
    return relative.split("/")
