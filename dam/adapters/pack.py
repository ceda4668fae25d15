"""A press pack on disk: a folder that is there whole, or not at all.

It is put together in a hidden folder beside its place, every file and folder synced, and
then renamed. A crash leaves at most the hidden folder, which looks like no pack.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from dam.core.errors import ConfigurationError, StorageError

MANIFEST = "manifest-sha256.txt"


class PackFolder:
    """A pack in the making. `path` is where it is being put together."""

    def __init__(self, path: Path, target: Path) -> None:
        self.path = path
        self._target = target
        self._sums: dict[str, str] = {}

    def images(self) -> Path:
        """The folder for the pictures, made if need be."""
        folder = self.path / "images"
        folder.mkdir(exist_ok=True)
        return folder

    def note(self, relative: str, sha256: str) -> None:
        """Enter a file that was written by somebody else into the manifest."""
        self._sums[relative] = sha256

    def drop(self, relative: str) -> None:
        """Take a file out again."""
        (self.path / relative).unlink(missing_ok=True)
        self._sums.pop(relative, None)

    def write(self, relative: str, text: str, *, bom: bool = False) -> None:
        """Write a text file (UTF-8; with a byte order mark where spreadsheets need one)."""
        data = (b"\xef\xbb\xbf" if bom else b"") + text.encode("utf-8")
        _write(self.path / relative, data)
        self._sums[relative] = hashlib.sha256(data).hexdigest()

    def seal(self) -> str:
        """Write the manifest (`sha256sum -c` reads it); its own SHA-256 in hex."""
        lines = "".join(f"{self._sums[name]}  {name}\n" for name in sorted(self._sums))
        data = lines.encode("utf-8")
        _write(self.path / MANIFEST, data)
        return hashlib.sha256(data).hexdigest()

    def publish(self) -> None:
        """Put the finished pack in its place. Raises ConfigurationError if that is taken."""
        try:
            for folder, _, names in os.walk(self.path):
                for name in names:
                    (Path(folder) / name).chmod(0o644)
                Path(folder).chmod(0o755)
                _sync(Path(folder))
            if self._target.exists() and any(self._target.iterdir()):
                raise ConfigurationError(_TAKEN, "Name another folder with --out")
            self.path.rename(self._target)
            _sync(self._target.parent)
        except OSError as error:
            raise StorageError(
                f"The pack cannot be put in its place ({error.strerror})", "Name another --out"
            ) from error


_TAKEN = "There is something in the pack's place already"


def _write(path: Path, data: bytes) -> None:
    with path.open("xb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _sync(folder: Path) -> None:
    opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


@contextmanager
def pack_folder(target: Path) -> Iterator[PackFolder]:
    """A pack to be put together for `target`; what is not published is removed again.

    Raises ConfigurationError where `target` is taken or its parent is not there, and
    StorageError where it cannot be written.
    """
    try:
        taken = os.path.lexists(target) and not (
            target.is_dir() and not target.is_symlink() and not any(target.iterdir())
        )
        parent = target.parent.is_dir()
    except (OSError, ValueError) as error:
        raise ConfigurationError("The pack's place cannot be used", "Name another --out") from error
    if taken:
        raise ConfigurationError(_TAKEN, "Name another folder with --out")
    if not parent:
        raise ConfigurationError("The folder for the pack is not there", "Make it first")
    path = target.parent / f".dam-{secrets.token_hex(8)}.part"
    try:
        path.mkdir(mode=0o700)
    except OSError as error:
        raise StorageError(
            f"The pack cannot be written there ({error.strerror})", "Name another --out"
        ) from error
    try:
        yield PackFolder(path, target)
    except OSError as error:
        raise StorageError(
            f"The pack cannot be written ({error.strerror})",
            "Free some space or name another --out",
        ) from error
    finally:
        shutil.rmtree(path, ignore_errors=True)
