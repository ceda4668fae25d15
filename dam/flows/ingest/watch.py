"""watch: passes over the inbox, woken by hints and by a periodic scan, until told to stop."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial

from dam.adapters import inbox
from dam.adapters.darkroom import Darkroom
from dam.adapters.desk import Desk, rules_changed
from dam.adapters.inbox_watch import Watcher
from dam.core.errors import DamError, IntegrityError, StorageError, WorkspaceBusy
from dam.flows.ingest.outcome import Became, Outcome, Report
from dam.flows.ingest.run import Listener, Memory, Progress, run

Note = Callable[[str], None]


class Vitals:
    """Hears how a watcher fares; this one keeps it to itself."""

    def begins(self) -> None:
        """A pass begins."""

    def step(self) -> None:
        """A photograph got further in a pass."""

    def passed(self, report: Report, watcher: Watcher) -> None:
        """A pass ended."""

    def failed(self, error: DamError, watcher: Watcher) -> None:
        """A pass could not be made, or not to its end."""

    def resting(self) -> None:
        """The watcher waits for its next pass, which will come."""


def watch(
    desk: Desk,
    room: Darkroom,
    watcher: Watcher,
    tell: Listener,
    note: Note,
    stopped: Callable[[], bool],
    monotonic: Callable[[], float] = time.monotonic,
    vitals: Vitals | None = None,
) -> bool:
    """Pass after pass until `stopped()` (false), or until the rules changed (true).

    Each outcome is told once, each note once. A disk that refuses, or a share that is away,
    is told once and tried again at the next scan; nothing counts as deleted meanwhile. The
    caller starts and stops `watcher`, and opens the desk anew where the rules changed.
    """
    settings = desk.settings
    stability = inbox.Stability(settings.quiet_seconds)
    memory = Memory()
    told: set[str] = set()
    vitals = vitals or Vitals()

    def once(line: str) -> None:
        if line not in told:
            told.add(line)
            note(line)

    def hear(outcome: Outcome) -> None:
        if outcome.failure is not None:
            once(f"{outcome.source}: {outcome.failure}")
        elif outcome.became is not Became.WAITING:
            tell(outcome)

    while not stopped():
        if rules_changed(desk):
            return True
        waiting = False
        vitals.begins()
        try:
            found = inbox.scan(desk.workspace.inbox)
            stability.forget(found)
            now = monotonic()
            ready = partial(stability.observe, now=now)
            report = run(desk, room, ready, Progress(done=hear, step=vitals.step), memory)
            waiting = any(o.became is Became.WAITING for o in report.outcomes)
            for line in report.notes:
                once(line)
            vitals.passed(report, watcher)
        except (StorageError, IntegrityError, WorkspaceBusy) as error:
            once(str(error))
            vitals.failed(error, watcher)
        if stopped():
            break
        # While something is still being written, look again as soon as it can be quiet.
        pause = settings.scan_seconds
        if waiting:
            pause = min(settings.quiet_seconds, pause)
        _rest(watcher, pause, stopped, monotonic, vitals)
    return False


def _rest(
    watcher: Watcher,
    seconds: float,
    stopped: Callable[[], bool],
    monotonic: Callable[[], float],
    vitals: Vitals,
) -> None:
    """Wait for a hint or for `seconds`, whichever is first; a stop is noticed within half one."""
    until = monotonic() + seconds
    while not stopped() and (left := until - monotonic()) > 0:
        vitals.resting()
        if watcher.wait(min(left, 0.5)):
            return
