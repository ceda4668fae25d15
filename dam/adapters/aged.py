"""Files that are made anew when they are needed, by their age: log, previews, renditions."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Final

from dam.core.errors import StorageError

#: The log itself is being written; those that were turned over end in a number.
_TURNED: Final = re.compile(r"dam\.log\.\d+")
_ASSET: Final = re.compile(r"[0-9a-z]+")


def logs(folder: Path) -> Iterator[tuple[str, date]]:
    """(name, day of the last line) of the files of the log that were turned over."""
    return ((e.name, _day(e)) for e in _entries(folder) if _TURNED.fullmatch(e.name))


def of_assets(folder: Path) -> Iterator[tuple[str, date]]:
    """(asset, day on which anything of it was made or used last), for a folder of such folders."""
    for entry in _entries(folder):
        if _ASSET.fullmatch(entry.name) and entry.is_dir(follow_symlinks=False):
            days = [_day(inner) for inner in _entries(folder / entry.name)]
            yield entry.name, max(days, default=_day(entry))


def erase(folder: Path, name: str) -> None:
    """Remove a file, or a folder with all in it; nothing where it is gone. Raises StorageError."""
    path = folder / name
    try:
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
    except FileNotFoundError:
        return
    except OSError as error:
        raise StorageError(
            f"What is kept no longer could not be removed ({error.strerror})",
            "Give dam's user access to .dam, then run it again",
        ) from error


def _entries(folder: Path) -> Iterator[os.DirEntry[str]]:
    with suppress(FileNotFoundError), os.scandir(folder) as found:
        yield from sorted(found, key=lambda entry: entry.name)


def _day(entry: os.DirEntry[str]) -> date:
    try:
        seconds = entry.stat(follow_symlinks=False).st_mtime
    except FileNotFoundError:
        return date.max
    return datetime.fromtimestamp(seconds, UTC).date()
