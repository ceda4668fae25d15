"""watch: passes over the inbox, woken by hints and by a periodic scan, until told to stop."""

from __future__ import annotations

import time
from collections.abc import Callable

from dam.adapters import inbox
from dam.adapters.darkroom import Darkroom
from dam.adapters.desk import Desk
from dam.adapters.inbox_watch import Watcher
from dam.core.errors import StorageError
from dam.flows.ingest.outcome import Became
from dam.flows.ingest.run import Listener, Progress, run

Note = Callable[[str], None]


def watch(
    desk: Desk,
    room: Darkroom,
    watcher: Watcher,
    tell: Listener,
    note: Note,
    stopped: Callable[[], bool],
    monotonic: Callable[[], float] = time.monotonic,
) -> None:
    """Pass after pass until `stopped()`; each outcome is told once, each note once.

    A disk that refuses, or a share that is away, is told once and tried again at the next
    scan; nothing counts as deleted meanwhile. The caller starts and stops `watcher`.
    """
    settings = desk.settings
    stability = inbox.Stability(settings.quiet_seconds)
    told: set[str] = set()
    starting = True

    def once(line: str) -> None:
        if line not in told:
            told.add(line)
            note(line)

    while not stopped():
        waiting = False
        try:
            found = inbox.scan(desk.workspace.inbox)
            stability.forget(found)
            now = monotonic()
            report = run(
                desk,
                room,
                lambda item, now=now: stability.observe(item, now),  # type: ignore[misc]
                Progress(done=lambda o: None if o.became is Became.WAITING else tell(o)),
                starting=starting,
            )
            starting = False
            waiting = any(o.became is Became.WAITING for o in report.outcomes)
            for line in report.notes:
                once(line)
        except StorageError as error:
            once(str(error))
        if stopped():
            return
        # While something is still being written, look again as soon as it can be quiet.
        pause = (
            min(settings.quiet_seconds, settings.scan_seconds)
            if waiting
            else (settings.scan_seconds)
        )
        _rest(watcher, pause, stopped, monotonic)


def _rest(
    watcher: Watcher, seconds: float, stopped: Callable[[], bool], monotonic: Callable[[], float]
) -> None:
    """Wait for a hint or for `seconds`, whichever is first; a stop is noticed within half one."""
    until = monotonic() + seconds
    while not stopped() and (left := until - monotonic()) > 0:
        if watcher.wait(min(left, 0.5)):
            return
