"""Hints that something happened in the inbox. The scan decides what; this only wakes it.

watchdog 7: an inotify queue overflow reaches no handler, a polling observer ends when its
root goes, and an inotify watch stays with a folder that was renamed away. So nothing here
is relied on: the caller scans at every hint and at least every few seconds.
"""

from __future__ import annotations

import os
import stat
import threading
import time
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from watchdog.events import FileSystemEvent  # noqa: TID251
    from watchdog.observers.api import BaseObserver  # noqa: TID251

_RETRY_SECONDS = 30.0


class Watcher:
    """Watches `root` and everything below it; `polling` for network shares, which is a look
    at every file each `poll_seconds`.

    `heartbeat` is how often, in seconds, the root and the observer are looked after while
    waiting. A missing root is `root_missing`, never a row of deletions; when it returns,
    watching starts again and `wait` answers true once. Where the system cannot watch (no
    inotify watches left), `trouble` says so, and the caller's own scans still find all.
    """

    def __init__(
        self,
        root: Path,
        polling: bool = False,
        heartbeat: float = 1.0,
        poll_seconds: float = 5.0,
    ) -> None:
        self._root = root
        self._polling = polling
        self._heartbeat = heartbeat
        self._poll_seconds = poll_seconds
        self._flag = threading.Event()
        self._stopped = threading.Event()
        self._lock = threading.Lock()
        self._observer: BaseObserver | None = None
        self._watched: tuple[int, int] | None = None
        self._retry_at = 0.0
        self.root_missing = False
        self.trouble = ""

    def __enter__(self) -> Watcher:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Begins to watch. A missing root or a failing observer is no error, see above."""
        self._stopped.clear()
        self._flag.clear()
        self._look_after()
        self._flag.clear()

    def wait(self, timeout: float) -> bool:
        """Waits up to `timeout` seconds; true when something happened since the last call.

        False after the time is over or once `stop` was called, from any thread.
        """
        end = time.monotonic() + timeout
        while not self._stopped.is_set():
            self._look_after()
            left = end - time.monotonic()
            if self._flag.wait(max(0.0, min(left, self._heartbeat))):
                self._flag.clear()
                return not self._stopped.is_set()
            if left <= self._heartbeat:
                break
        return False

    def stop(self) -> None:
        """Ends watching and every `wait`; may be called twice, from any thread, but not from
        a signal handler (it waits for threads)."""
        self._stopped.set()
        self._flag.set()
        with self._lock:
            self._end_observer()

    def _look_after(self) -> None:
        with self._lock:
            if self._stopped.is_set():
                return
            present = self._present()
            if present is None:
                self.root_missing = True
                self._end_observer()
                return
            returned, self.root_missing = self.root_missing, False
            if self._observer is not None and self._healthy(present):
                return
            self._end_observer()
            if returned or time.monotonic() >= self._retry_at:
                self._begin_observer(present)
                # What happened while nobody watched is unknown: let the caller look.
                self._flag.set()

    def _present(self) -> tuple[int, int] | None:
        try:
            status = os.lstat(self._root)
        except OSError:
            return None
        return (status.st_dev, status.st_ino) if stat.S_ISDIR(status.st_mode) else None

    def _healthy(self, present: tuple[int, int]) -> bool:
        observer = self._observer
        return (
            observer is not None
            and present == self._watched
            and observer.is_alive()
            and bool(observer.emitters)
            and all(emitter.is_alive() for emitter in observer.emitters)
        )

    def _begin_observer(self, present: tuple[int, int]) -> None:
        observer: BaseObserver | None = None
        try:
            observer = _observer(self._root, self._polling, self._poll_seconds, self._flag)
            observer.start()
        except (OSError, RuntimeError) as error:
            _end(observer)
            self._retry_at = time.monotonic() + _RETRY_SECONDS
            why = "no thread left" if isinstance(error, RuntimeError) else error.strerror
            self.trouble = (
                f"The inbox cannot be watched ({why}); it is scanned every few seconds instead"
            )
            return
        self._observer, self._watched, self.trouble = observer, present, ""

    def _end_observer(self) -> None:
        observer, self._observer, self._watched = self._observer, None, None
        _end(observer)


def _observer(
    root: Path, polling: bool, poll_seconds: float, flag: threading.Event
) -> BaseObserver:
    """An observer of `root` that raises `flag`; watchdog is imported by who watches alone."""
    from watchdog import events  # noqa: TID251
    from watchdog.observers import Observer  # noqa: TID251
    from watchdog.observers.polling import PollingObserver  # noqa: TID251

    class Flag(events.FileSystemEventHandler):
        def on_any_event(self, event: FileSystemEvent) -> None:
            flag.set()

    observer = PollingObserver(timeout=poll_seconds) if polling else Observer()
    observer.schedule(
        Flag(),
        str(root),
        recursive=True,
        # No opening, reading or closing without writing: the scan itself would wake the scan.
        event_filter=[
            events.FileCreatedEvent,
            events.FileModifiedEvent,
            events.FileMovedEvent,
            events.FileDeletedEvent,
            events.FileClosedEvent,
            events.DirCreatedEvent,
            events.DirMovedEvent,
            events.DirDeletedEvent,
        ],
    )
    return observer


def _end(observer: BaseObserver | None) -> None:
    if observer is None:
        return
    observer.stop()
    if observer.is_alive():
        observer.join()
