"""Small pictures for people who review: private like the originals, redacted like what goes out.

One lies under `.dam/previews/<asset>/`, its name a digest of what was destroyed in it: after
another decision it is found no longer, and whoever makes or asks for the next one removes it.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from dam.core.errors import StorageError

_NAME: Final = re.compile(r"[0-9a-f]{64}\.jpg")


@dataclass(frozen=True, slots=True)
class Previews:
    """The previews of a workspace. `folder` is private (0700)."""

    folder: Path

    def place(self, asset: str, digest: str) -> Path:
        """Where the preview of an asset with these redactions (SHA-256) stands, if it does."""
        return self.folder / asset / f"{digest}.jpg"

    def keep(self, asset: str, digest: str, made: Path) -> Path:
        """Move a finished preview to its place; others of the asset go. Raises StorageError."""
        place = self.place(asset, digest)
        try:
            place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            made.replace(place)
        except OSError as error:
            raise StorageError(
                f"A preview could not be written ({error.strerror})", "Free some space, run again"
            ) from error
        self.drop_stale(asset, digest)
        return place

    def drop_stale(self, asset: str, digest: str) -> None:
        """Remove previews of the asset in which something else was destroyed."""
        for path in self._of(asset):
            if path.name != f"{digest}.jpg":
                path.unlink(missing_ok=True)

    def erase(self, asset: str) -> None:
        """Remove all previews of an asset; the next look makes a new one."""
        with suppress(FileNotFoundError):
            shutil.rmtree(self.folder / asset)

    def sweep(self) -> int:
        """Remove whatever is no preview, such as what an interrupted run left; how many."""
        swept = 0
        for asset in _entries(self.folder):
            if not asset.is_dir() or asset.is_symlink():
                asset.unlink(missing_ok=True)
                swept += 1
                continue
            for path in self._of(asset.name):
                if not _NAME.fullmatch(path.name):
                    path.unlink(missing_ok=True)
                    swept += 1
        return swept

    def _of(self, asset: str) -> list[Path]:
        return list(_entries(self.folder / asset))


def _entries(folder: Path) -> Iterator[Path]:
    try:
        with os.scandir(folder) as found:
            yield from [folder / entry.name for entry in found]
    except FileNotFoundError:
        return
