"""watch: passes over the inbox, woken by hints and by a periodic scan, until told to stop."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable

from dam.adapters import inbox
from dam.adapters.darkroom import Darkroom
from dam.adapters.desk import Desk, rules_changed
from dam.adapters.inbox_watch import Watcher
from dam.core.errors import ConfigurationError, DamError, IntegrityError, WorkspaceBusy
from dam.flows.ingest.memory import Memory
from dam.flows.ingest.outcome import Became, Listener, Outcome, Progress, Report
from dam.flows.ingest.run import run

Note = Callable[[str], None]

#: So many photographs are settled before the inbox is looked at again: a withdrawal that comes
#: while thousands are worked on counts after a minute, not after all of them.
ROUND = 250


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
    is told once, tried again at the next scan, and told to be over when it is; nothing counts
    as deleted meanwhile. The caller starts and stops `watcher`, and opens the desk anew where
    the rules changed.
    """
    settings = desk.settings
    stability = inbox.Stability(settings.quiet_seconds)
    memory = Memory(round=ROUND)
    news = _News(tell, note)
    vitals = vitals or Vitals()
    while not stopped():
        if rules_changed(desk):
            return True
        waiting = more = False
        vitals.begins()
        try:
            looked = _Look(stability, monotonic())
            progress = Progress(done=news.hear, step=vitals.step, stopped=stopped)
            report = run(desk, room, looked, progress, memory)
            stability.forget(looked.seen)
            waiting, more = report.became[Became.WAITING] > 0, report.more
            news.well((*report.notes, *filter(None, (watcher.trouble,))))
            vitals.passed(report, watcher)
        except DamError as error:
            if isinstance(error, ConfigurationError) and not isinstance(error, WorkspaceBusy):
                raise
            news.trouble(error)
            vitals.failed(error, watcher)
            # Nobody saw meanwhile whether files hold still.
            stability.forget(())
        if stopped():
            break
        if more:
            continue
        # While something is still being written, look again as soon as it can be quiet.
        pause = settings.scan_seconds
        if waiting:
            pause = min(settings.quiet_seconds, pause)
        _rest(watcher, pause, stopped, monotonic, vitals)
    return False


class _Look:
    """Which files hold still at one moment; a pass asks for every file that it may take."""

    def __init__(self, stability: inbox.Stability, now: float) -> None:
        self._stability = stability
        self._now = now
        self.seen: list[inbox.Found] = []

    def __call__(self, found: inbox.Found) -> bool:
        self.seen.append(found)
        return self._stability.observe(found, self._now)


class _News:
    """Says everything once; of a trouble also that it is over, and then it may be said anew."""

    def __init__(self, tell: Listener, note: Note) -> None:
        self._tell = tell
        self._note = note
        self._told: set[str] = set()
        self._troubles: dict[str, DamError] = {}
        #: What failed in the last pass, and in this one.
        self._failing: set[str] = set()
        self._failures: set[str] = set()

    def hear(self, outcome: Outcome) -> None:
        failure = outcome.failure
        if failure is None:
            if outcome.became is not Became.WAITING:
                self._tell(outcome)
            return
        # A disk refuses for thousands of photographs at once; a damaged one is a case by itself.
        line = f"{outcome.source}: {failure}"
        key = line if isinstance(failure, IntegrityError) else str(failure)
        self._failures.add(key)
        self._once(key, line)

    def well(self, notes: Iterable[str]) -> None:
        """A pass came to its end."""
        for key, error in self._troubles.items():
            self._told.discard(key)
            self._note(f"It works again; it was: {error.what}")
        self._troubles.clear()
        # What still fails was told; what no longer does may be told again one day.
        self._told -= self._failing - self._failures
        self._failing, self._failures = self._failures, set()
        for line in notes:
            self._once(line, line)

    def trouble(self, error: DamError) -> None:
        """A pass could not go on."""
        self._troubles[str(error)] = error
        self._once(str(error), str(error))

    def _once(self, key: str, line: str) -> None:
        if key not in self._told:
            self._told.add(key)
            self._note(line)


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
