"""The files in which a watcher tells that it lives, and the lock that proves it."""

from __future__ import annotations

import fcntl
import os
import time
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Final

from dam.core.heartbeat import Heartbeat, metrics, read

_TRIES: Final = 20
_PAUSE: Final = 0.05
_MOST_BYTES: Final = 64 * 1024


class Pulse:
    """`heartbeat.json` and `metrics.prom` in the private folder, written whole or not at all.

    `hold` takes `watch.lock` for as long as the watcher lives, at most until the context ends:
    the kernel lets go of it however the process ends. `elsewhere` is a further place for the
    metrics, readable by others (0644), for an exporter that is another user. A disk that refuses
    is no error.
    """

    def __init__(self, private: Path, elsewhere: Path | None = None) -> None:
        self._private = private
        self._elsewhere = elsewhere
        self._fd = -1

    def __enter__(self) -> Pulse:
        return self

    def hold(self) -> None:
        """Let others see that a watcher lives; harmless when repeated."""
        if self._fd >= 0:
            return
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
        with suppress(OSError):
            self._fd = os.open(self._private / "watch.lock", flags, 0o600)
            for _ in range(_TRIES):
                # Only who asks whether a watcher runs may hold it, for a moment.
                try:
                    fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    time.sleep(_PAUSE)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        held, self._fd = self._fd, -1
        if held >= 0:
            os.close(held)

    def beat(self, heartbeat: Heartbeat) -> None:
        """Write both files."""
        _replace(self._private / "heartbeat.json", heartbeat.document(), 0o600)
        told = metrics(heartbeat).encode()
        _replace(self._private / "metrics.prom", told, 0o600)
        if self._elsewhere is not None:
            _replace(self._elsewhere, told, 0o644)


def last(private: Path) -> Heartbeat | None:
    """What the last watcher told; None where none ever did or it cannot be understood."""
    try:
        with (private / "heartbeat.json").open("rb") as file:
            return read(file.read(_MOST_BYTES))
    except OSError:
        return None


def runs(private: Path) -> bool:
    """Whether a watcher lives on this workspace now."""
    try:
        fd = os.open(private / "watch.lock", os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    except OSError:
        return False
    try:
        fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    finally:
        os.close(fd)
    return False


def _replace(path: Path, data: bytes, mode: int) -> None:
    """No fsync: after a crash an old or an empty heartbeat is as true as a new one."""
    new = path.with_name(f".{path.name}.new")
    with suppress(OSError):
        try:
            with suppress(FileNotFoundError):
                new.unlink()
            fd = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
            with os.fdopen(fd, "wb") as file:
                os.fchmod(file.fileno(), mode)
                file.write(data)
            new.replace(path)
        except OSError:
            new.unlink(missing_ok=True)
            raise
