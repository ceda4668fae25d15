"""Finished pictures that packs share: private, without a pack's texts, made anew at any time.

They lie under `.dam/renditions/<asset>/`, named by a digest of all that they were made of; thumb
and page beside them. A record beside each tells the SHA-256 of its files: one that is damaged,
cut off by a crash or was touched is not used, and nothing here has to be synced.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import secrets
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Final, Literal

from dam.core.errors import StorageError
from dam.core.readings import Rendered

Kind = Literal["picture", "thumb", "page"]
_ENDINGS: Final[Mapping[Kind, str]] = {
    "picture": ".jpg",
    "thumb": ".thumb.jpg",
    "page": ".page.jpg",
}
_RECORD: Final = ".json"
_MAX_RECORD: Final = 4096
_NAME: Final = re.compile(r"([0-9a-f]{64})(\.jpg|\.thumb\.jpg|\.page\.jpg|\.json)")


@dataclass(frozen=True, slots=True)
class Renditions:
    """The renditions of a workspace that can be used again. `folder` is private (0700)."""

    folder: Path

    def place(self, asset: str, key: str, kind: Kind) -> Path:
        """Where a file of a rendition (its key is a SHA-256 in hex) stands, if it does."""
        return self.folder / asset / f"{key}{_ENDINGS[kind]}"

    def find(self, asset: str, key: str) -> dict[Kind, Rendered]:
        """What was recorded of a rendition's files; empty where there is none to be used."""
        try:
            with self._record(asset, key).open("rb") as file:
                told = json.loads(file.read(_MAX_RECORD))
            found: dict[Kind, Rendered] = {}
            for kind in _ENDINGS:
                if kind in told:
                    one = told[kind]
                    sizes = (int(one["size"]), int(one["width"]), int(one["height"]))
                    found[kind] = Rendered(
                        str(one["sha256"]),
                        *sizes,
                        turned=bool(one["turned"]),
                        recoloured=bool(one["recoloured"]),
                    )
        except (OSError, ValueError, KeyError, TypeError):
            return {}
        # Whoever was used last goes last.
        with suppress(OSError):
            os.utime(self._record(asset, key))
        return found

    def fixity(self, asset: str, key: str) -> dict[Kind, tuple[str, int]]:
        """SHA-256 and size of a rendition's files by its record, also one of an earlier version;

        empty where it cannot be read. Nothing remembers that somebody asked.
        """
        try:
            with self._record(asset, key).open("rb") as file:
                told = json.loads(file.read(_MAX_RECORD))
            wanted = {kind: told[kind] for kind in _ENDINGS if kind in told}
            return {kind: (str(one["sha256"]), int(one["size"])) for kind, one in wanted.items()}
        except (OSError, ValueError, KeyError, TypeError):
            return {}

    def keep(self, asset: str, key: str, made: Mapping[Kind, tuple[Path, Rendered]]) -> None:
        """Move the files of a finished rendition to their places. Raises StorageError.

        Where the asset is erased meanwhile, nothing is kept.
        """
        told = {kind: asdict(rendered) for kind, (_, rendered) in made.items()}
        part = self.folder / asset / f"{secrets.token_hex(8)}.part"
        try:
            (self.folder / asset).mkdir(mode=0o700, parents=True, exist_ok=True)
            for kind, (path, _) in made.items():
                path.replace(self.place(asset, key, kind))
            # The record last: without it the files are nothing.
            new_file(part, json.dumps(told).encode())
            part.replace(self._record(asset, key))
        except FileNotFoundError:
            return
        except OSError as error:
            raise _refused(error) from error

    def hand_out(self, source: Path, wanted: Rendered, target: Path) -> bool:
        """Copy a file, as it was made, to `target` (made anew, 0600, not synced).

        False where it is not what was recorded. Raises StorageError where the disk refuses.
        """
        try:
            data = source.read_bytes()
        except OSError:
            return False
        if hashlib.sha256(data).hexdigest() != wanted.sha256:
            return False
        try:
            new_file(target, data)
        except OSError as error:
            raise _refused(error) from error
        return True

    def drop(self, asset: str, key: str) -> None:
        """Remove one rendition."""
        for path in (self._record(asset, key), *(self.place(asset, key, k) for k in _ENDINGS)):
            path.unlink(missing_ok=True)

    def erase(self, asset: str) -> None:
        """Remove all renditions of an asset; the next pack makes new ones. Raises StorageError.

        They lose their place in one step, so that nothing is put there while they go.
        """
        if not os.path.lexists(self.folder / asset):
            return
        aside = self.folder / f".{secrets.token_hex(8)}"
        try:
            (self.folder / asset).rename(aside)
            shutil.rmtree(aside)
        except FileNotFoundError:
            return
        except OSError as error:
            raise StorageError(
                f"A rendition could not be removed ({error.strerror})",
                "Check the disk and the rights of .dam, then run again",
            ) from error

    def sweep(self, stays: Callable[[str], bool]) -> int:
        """Remove what belongs to no asset that `stays`, and files without a record; how many."""
        swept = 0
        for place in _entries(self.folder):
            if place.is_symlink() or not place.is_dir():
                place.unlink(missing_ok=True)
                swept += 1
            elif not stays(place.name):
                self.erase(place.name)
                swept += 1
            else:
                swept += self._sweep(place)
        return swept

    def clear_up(self, before: datetime) -> None:
        """Remove what killed runs left half written, where it was written before that instant.

        Other runs may be at work here: what is newer may be theirs. What cannot be removed stays.
        """
        for place in _entries(self.folder):
            if place.is_symlink():
                continue
            for path in map(place.joinpath, _half_done(place)):
                with suppress(OSError):
                    if path.lstat().st_mtime < before.timestamp():
                        path.unlink()

    def _sweep(self, place: Path) -> int:
        wrong = _half_done(place)
        for name in wrong:
            (place / name).unlink(missing_ok=True)
        with suppress(OSError):
            place.rmdir()
        return len(wrong)

    def trim(self, keep: int) -> None:
        """Remove renditions, those used longest ago first, until at most `keep` bytes are left."""
        found: dict[tuple[str, str], list[float]] = {}
        for place in _entries(self.folder):
            for path in _entries(place):
                name = _NAME.fullmatch(path.name)
                with suppress(OSError):
                    status = path.stat()
                    if name is not None:
                        one = found.setdefault((place.name, name[1]), [0.0, 0.0])
                        one[0] = max(one[0], status.st_mtime)
                        one[1] += status.st_size
        left = sum(size for _, size in found.values())
        for (asset, key), (_, size) in sorted(found.items(), key=lambda item: item[1][0]):
            if left <= keep:
                return
            self.drop(asset, key)
            left -= size
            with suppress(OSError):
                (self.folder / asset).rmdir()

    def _record(self, asset: str, key: str) -> Path:
        return self.folder / asset / f"{key}{_RECORD}"


def new_file(target: Path, data: bytes) -> None:
    """Write a private file in the place of whatever has this name. Raises OSError."""
    target.unlink(missing_ok=True)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    with os.fdopen(os.open(target, flags, 0o600), "wb") as file:
        file.write(data)


def synced(path: Path) -> None:
    """Wait until a finished file is on the disk. Raises StorageError."""
    try:
        opened = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        try:
            os.fsync(opened)
        finally:
            os.close(opened)
    except OSError as error:
        raise _refused(error) from error


def _refused(error: OSError) -> StorageError:
    return StorageError(
        f"The rendition could not be written ({error.strerror})",
        "Free some space or check the disk, then run again",
    )


def _half_done(place: Path) -> list[str]:
    """The names in an asset's folder that are of no rendition, or of one without a record."""
    names = {path.name for path in _entries(place)}
    return [
        name
        for name in names
        if not (found := _NAME.fullmatch(name)) or f"{found[1]}{_RECORD}" not in names
    ]


def _entries(folder: Path) -> Iterator[Path]:
    try:
        with os.scandir(folder) as found:
            yield from [folder / entry.name for entry in found]
    except (FileNotFoundError, NotADirectoryError):
        return
