"""A backup as one file: written as a stream, whole or not at all; unpacked where nothing sees it.

The composition of what encrypts (`sealed`), what packs (`tar_stream`) and what is durable
(`store_files`, `pack_place`).
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, Final

from dam.adapters import outfile, pack_place, sealed, tar_stream
from dam.adapters import store_files as fs
from dam.core import backup
from dam.core.backup import About, Entry
from dam.core.errors import IntegrityError, StorageError, UsageError

_READING: Final = "Reading a file for the backup"
_UNPACKING: Final = "Unpacking the backup"
_BUFFER: Final = 1 << 16


@dataclass(frozen=True, slots=True)
class Source:
    """A file to be backed up: `open` gives its name in the backup and its bytes, None where it

    is not there. `sha256` is what its bytes should have, "" where nobody knows.
    """

    wanted: str
    open: Callable[[], tuple[str, BinaryIO] | None]
    sha256: str = ""


@dataclass(slots=True)
class Written:
    """What a backup holds. `missing` and `damaged` are names of files that were to be in it and

    are not there, or are there with other bytes. `digest` is that of the listing.
    """

    files: int = 0
    size: int = 0
    digest: str = ""
    missing: list[str] = field(default_factory=list)
    damaged: list[str] = field(default_factory=list)


def write(
    path: Path,
    about: About,
    sources: Iterable[Source],
    to: Sequence[object] | None,
    step: Callable[[], None],
) -> Written:
    """Write a backup to a new file `path`, for `to` (`sealed.recipients`); None: not encrypted.

    Bounded memory. The file is there when this returns, and only then. Raises UsageError where
    `path` is taken, StorageError where the disk refuses.
    """
    outfile.check(path)
    written = Written()
    with fs.disk("Writing the backup"), fs.folder(path.parent.resolve()) as at:
        # What a killed one left, encrypted or not.
        fs.sweep(at)
        with fs.Part(at) as part:
            with part.stream() as file:
                _fill(file, _pieces(about, sources, written, step), to)
                file.flush()
                os.fsync(file.fileno())
            outfile.give_name(path.parent.resolve() / part.name, path)
    return written


def _fill(file: BinaryIO, pieces: Iterator[bytes], to: Sequence[object] | None) -> None:
    if to is not None:
        sealed.seal(pieces, file, to)
        return
    for piece in pieces:
        file.write(piece)


def _pieces(
    about: About, sources: Iterable[Source], written: Written, step: Callable[[], None]
) -> Iterator[bytes]:
    entries: list[Entry] = []
    yield from _bytes(backup.ABOUT, about.document(), entries)
    for source in sources:
        opened = source.open()
        if opened is None:
            written.missing.append(source.wanted)
        else:
            name, file = opened
            with file:
                yield from _file(name, file, entries)
            if source.sha256 not in ("", entries[-1].sha256):
                written.damaged.append(name)
        step()
    written.files = len(entries)
    written.size = sum(entry.size for entry in entries)
    with tempfile.TemporaryFile() as listed:
        for line in backup.listing(entries):
            listed.write(line)
            last = line
        listed.seek(0)
        # The digest that the last line tells is that of the listing.
        written.digest = last.split(b'"')[3].decode()
        yield from _file(backup.LISTING, listed, [])
    yield tar_stream.end()


def _bytes(name: str, data: bytes, entries: list[Entry]) -> Iterator[bytes]:
    yield tar_stream.header(name, len(data))
    yield data + tar_stream.padding(len(data))
    entries.append(Entry(name, len(data), hashlib.sha256(data).hexdigest()))


def _file(name: str, file: BinaryIO, entries: list[Entry]) -> Iterator[bytes]:
    """A file as it is now. Raises StorageError where it becomes shorter meanwhile."""
    with fs.disk(_READING):
        size = os.fstat(file.fileno()).st_size
    yield tar_stream.header(name, size)
    digest, left = hashlib.sha256(), size
    while left:
        with fs.disk(_READING):
            piece = file.read(min(fs.CHUNK, left))
        if not piece:
            raise StorageError(f"{_READING}: it became shorter meanwhile", "Run it again")
        digest.update(piece)
        left -= len(piece)
        yield piece
    yield tar_stream.padding(size)
    entries.append(Entry(name, size, digest.hexdigest()))


def regular(root: Path, *parts: str) -> BinaryIO | None:
    """The regular file root/part/..., no part of which is a link; None where there is none."""
    *folders, name = parts
    with fs.disk(_READING):
        try:
            with fs.folder(root, *folders) as at, fs.regular(name, at) as fd:
                return os.fdopen(os.dup(fd), "rb")
        except (FileNotFoundError, IntegrityError):
            return None


def below(root: Path, folder: str) -> Iterator[tuple[str, ...]]:
    """The parts of every file below root/folder, the folder first, in order; links are left out.

    Names beginning with a dot are temporary or hidden, and are left out as well.
    """
    with fs.disk(_READING):
        try:
            found = sorted(os.scandir(root / folder), key=lambda entry: entry.name)
        except FileNotFoundError:
            return
    for entry in found:
        if entry.name.startswith("."):
            continue
        if entry.is_dir(follow_symlinks=False):
            inner = below(root / folder, entry.name)
            yield from ((folder, *parts) for parts in inner)
        elif entry.is_file(follow_symlinks=False):
            yield (folder, entry.name)


@contextmanager
def copied(work: Path, copy: Callable[[Path], None]) -> Iterator[BinaryIO]:
    """A file in the private folder `work` that `copy` filled, for reading; it has no name."""
    with ExitStack() as stack:
        with fs.disk("Copying the catalogue"):
            fd, name = tempfile.mkstemp(prefix="backup-", dir=work)
            file = stack.enter_context(os.fdopen(fd, "rb"))
            try:
                copy(Path(name))
            finally:
                with suppress(FileNotFoundError):
                    Path(name).unlink()
        yield file


@dataclass(frozen=True, slots=True)
class Unpacked:
    """A verified backup in a hidden folder. `damaged` names originals that were damaged already

    when the backup was made: they are left out.
    """

    root: Path
    about: About
    digest: str
    files: int
    damaged: tuple[str, ...]
    target: Path

    def publish(self) -> None:
        """Give the workspace its place. Raises ConfigurationError where that is taken by now."""
        with fs.disk("Restoring the backup"):
            pack_place.publish(self.root, self.target, "folder")


def is_encrypted(path: Path) -> bool:
    """Whether a backup is encrypted. Raises UsageError where it cannot be read."""
    with _opened(path) as file:
        return file.read(len(sealed.MAGIC)) == sealed.MAGIC


@contextmanager
def unpacked(
    path: Path, target: Path, by: Sequence[object], begin: Callable[[int], None]
) -> Iterator[Unpacked]:
    """Unpack a backup beside `target`, where no command looks, and verify all of it.

    `by` are `sealed.identities`; a backup that is not encrypted asks for none. `begin` is told the
    size of the backup in MiB. What is not published when the block ends is removed. Raises
    UsageError where `target` is there, IntegrityError where the backup is not what was written.
    """
    if os.path.lexists(target):
        raise UsageError(f"{target} exists", "Name a folder that is not there yet")
    if not target.parent.is_dir():
        raise UsageError(f"{target.parent} is no folder", "Make the folder first")
    pack_place.sweep(target.parent)
    with (
        _opened(path) as file,
        pack_place.hidden(target.parent, "Nothing can be restored there", "Name another") as place,
    ):
        root = place / pack_place.RESTORED
        with fs.disk(_UNPACKING):
            root.mkdir(mode=fs.PRIVATE)
            size = os.fstat(file.fileno()).st_size
        begin(1 + size // fs.CHUNK)
        unpacker = tar_stream.Unpacker(lambda name, size: _Fresh(root, name), size)
        try:
            if by:
                sealed.unseal(file, unpacker, by)
            else:
                for piece in iter(lambda: file.read(_BUFFER), b""):
                    unpacker.write(piece)
            unpacker.finish()
        finally:
            unpacker.close()
        yield _checked(root, unpacker.found, target)


@contextmanager
def _opened(path: Path) -> Iterator[BinaryIO]:
    try:
        file = path.open("rb")
    except OSError as error:
        raise UsageError(
            f"The backup cannot be read ({error.strerror})", "Name the file of dam backup"
        ) from error
    with file:
        yield file


def _checked(root: Path, found: dict[str, Entry], target: Path) -> Unpacked:
    if not {backup.ABOUT, backup.CATALOGUE, backup.LISTING} <= found.keys():
        raise IntegrityError("This is no backup, or it is cut off", "Restore another copy of it")
    listed = {name: entry for name, entry in found.items() if name != backup.LISTING}
    with fs.disk(_UNPACKING):
        with (root / backup.LISTING).open("rb") as lines:
            digest = backup.check_listing(lines, listed)
        with (root / backup.ABOUT).open("rb") as file:
            about = About.read(file.read(backup.MAX_ABOUT))
        damaged = [
            name
            for name, entry in listed.items()
            if backup.content_of(name) not in (None, entry.sha256)
        ]
        for name in (*damaged, backup.LISTING, backup.ABOUT):
            (root / name).unlink()
    return Unpacked(root, about, digest, len(listed), tuple(sorted(damaged)), target)


class _Fresh:
    """A new file below a folder; its folders are made with it."""

    def __init__(self, root: Path, name: str) -> None:
        *folders, last = name.split("/")
        public = bool(folders) and folders[0] == "archive"
        make = 0o755 if public else fs.PRIVATE
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        with fs.disk(_UNPACKING):
            try:
                with fs.folder(root, *folders, make=make) as at:
                    self._fd = os.open(last, flags, 0o600, dir_fd=at)
            except FileExistsError:
                raise IntegrityError(
                    "The backup holds two files of one name", "Restore it on another disk"
                ) from None
            self._mode = backup.mode_of(name)

    def write(self, data: bytes | memoryview) -> None:
        rest = memoryview(data)
        with fs.disk(_UNPACKING):
            while rest:
                rest = rest[os.write(self._fd, rest) :]

    def close(self) -> None:
        fd, self._fd = self._fd, -1
        try:
            with fs.disk(_UNPACKING):
                os.fchmod(fd, self._mode)
                os.fsync(fd)
        finally:
            os.close(fd)


def write_since(path: Path, data: bytes) -> None:
    """Keep a file of withdrawals up to date: the old one or the new one, never half of one."""
    part = path.with_name(f".{path.name}.part")
    with fs.disk("Writing the file of withdrawals"):
        part.unlink(missing_ok=True)
        with open(part, "xb", opener=_private) as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
        with fs.folder(path.parent.resolve()) as at:
            fs.sync_folder(at)


def _private(name: str, flags: int) -> int:
    return os.open(name, flags | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)


def read_since(path: Path, limit: int) -> bytes:
    """The bytes of a file of withdrawals. Raises UsageError where it cannot be read."""
    data, why = sealed.read_up_to(path, limit)
    if data is None:
        raise UsageError(f"The file of withdrawals cannot be read ({why})", "Name another copy")
    if len(data) > limit:
        raise UsageError("The file of withdrawals is too large to be one", "Name another copy")
    return data
