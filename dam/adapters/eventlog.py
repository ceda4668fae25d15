"""The operating log: `.dam/log/dam.log`, a JSON object a line, turned over by size.

Several processes may write at once, each line in one call to the system: whoever turns the file
over renames it, and a line on its way then ends in the older one. A disk that refuses costs the
line, never the work; how many were lost is told by the next line.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from itertools import pairwise
from pathlib import Path

from dam.core import logline

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_APPEND = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


class EventLog:
    """Writes to `path`, if there is one; `files` files of about `max_bytes` are kept in all.

    `now` gives the present instant. `echo`, where given, is handed each line as well. The folder
    of the log is made (0700) where the folder above it is there; files are 0600.
    """

    def __init__(
        self,
        path: Path | None,
        max_bytes: int,
        files: int,
        now: Callable[[], datetime],
        echo: Callable[[str], None] | None = None,
    ) -> None:
        self._path = path
        self._max_bytes = max_bytes
        self._files = files
        self._now = now
        self._echo = echo
        self._lost = 0
        self._torn = False

    def write(self, event: str, **fields: object) -> None:
        """One line; see `logline` for what may stand in it. Never raises for the disk's sake."""
        if self._lost:
            fields["lost"] = self._lost
        line = logline.line(self._now(), event, fields)
        if self._echo is not None:
            self._echo(line.rstrip("\n"))
        if self._path is None:
            return
        try:
            self._append(self._path, line.encode("ascii"))
            self._lost = 0
        except OSError:
            self._lost += 1

    def _append(self, path: Path, line: bytes) -> None:
        with _folder(path.parent) as at:
            fd = os.open(path.name, _APPEND, 0o600, dir_fd=at)
            try:
                data = b"\n" + line if self._torn else line
                self._torn = False
                written = os.write(fd, data)
                if written < len(data):
                    self._torn = True
                    raise OSError("the line was cut off")
                full = os.fstat(fd).st_size >= self._max_bytes
            finally:
                os.close(fd)
            if full:
                self._turn_over(at, path.name)

    def _turn_over(self, at: int, name: str) -> None:
        """`dam.log` becomes `dam.log.1`, and so on; the oldest goes. Another process that just
        does the same is left to it."""
        try:
            fcntl.flock(at, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return
        if os.stat(name, dir_fd=at, follow_symlinks=False).st_size < self._max_bytes:
            return
        names = [name, *(f"{name}.{number}" for number in range(1, self._files))]
        for newer, older in reversed(list(pairwise(names))):
            with suppress(FileNotFoundError):
                os.rename(newer, older, src_dir_fd=at, dst_dir_fd=at)
        if len(names) == 1:
            os.unlink(name, dir_fd=at)


@contextmanager
def _folder(path: Path) -> Iterator[int]:
    try:
        at = os.open(path, _FOLDER)
    except FileNotFoundError:
        path.mkdir(mode=0o700)
        at = os.open(path, _FOLDER)
    try:
        yield at
    finally:
        os.close(at)
