"""How a watcher fares, told to whoever watches it: systemd, the heartbeat, the log."""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from dam import __version__
from dam.adapters.desk import Desk
from dam.adapters.eventlog import EventLog
from dam.adapters.inbox_watch import Watcher
from dam.adapters.notify import Notifier
from dam.adapters.pulse import Pulse
from dam.core import heartbeat, logline
from dam.core.errors import DamError
from dam.core.heartbeat import Heartbeat
from dam.flows.ingest.outcome import Became, Outcome, Report
from dam.flows.ingest.watch import Vitals

#: Inside a long pass the heartbeat is written so often, in seconds.
BEAT_SECONDS = 5.0


@dataclass(slots=True)
class _State:
    """What has become of a watcher since it started."""

    looked_at: datetime | None = None
    last_pass_at: datetime | None = None
    last_pass_seconds: float | None = None
    passes: int = 0
    failed: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    assets: dict[str, int] = field(default_factory=dict)
    due: int = 0
    waiting: int = 0
    left_alone: int = 0
    trouble: tuple[str, ...] = ()


class Health(Vitals):
    """The vitals of one watcher, over all desks it opens.

    The watchdog is fed by steps and ends of passes, by waiting for the next one, and by every
    try to read rules that do not load: all on the thread that does the work, so that one that
    hangs is silent. `now` gives the present instant, `monotonic` seconds that never go back.
    """

    def __init__(
        self,
        notifier: Notifier,
        pulse: Pulse,
        log: EventLog,
        now: Callable[[], datetime],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._notifier, self._pulse, self._log = notifier, pulse, log
        self._now, self._monotonic = now, monotonic
        self._started_at = heartbeat.utc(now())
        self._desk: Desk | None = None
        self._scan_seconds = 0.0
        self._begun = monotonic()
        self._beat_at = monotonic()
        self._state = _State()
        self._told: dict[str, int] = {}

    def began(self, desk: Desk) -> None:
        """The workspace is open and watched."""
        self._desk, self._scan_seconds = desk, desk.settings.scan_seconds
        self._pulse.hold()
        self._log.write(
            "watching", version=__version__, pack=desk.pack.digest[:12], pid=os.getpid()
        )
        self._beat("watching")
        self._notifier.ready("Watching the inbox")

    def reloading(self) -> None:
        """The rules changed; the workspace is closed and opened anew."""
        self._desk = None
        self._notifier.reloading()
        self._log.write("rules changed")

    def unusable(self, error: DamError) -> None:
        """Rules or workspace are not in order: nothing is taken in until they are."""
        again = self._state.trouble == (heartbeat.NOT_OPEN,)
        self._desk, self._state.trouble = None, (heartbeat.NOT_OPEN,)
        self._beat("not_open")
        if not again:
            self._log.write("not in order", error=logline.code(error))
            self._notifier.ready(
                "Rules or workspace are not in order: nothing is taken in until they are"
            )
        self._notifier.alive()

    def stopped(self) -> None:
        """The watcher ended as it was told to."""
        self._log.write("stopped", pid=os.getpid())
        self._beat("stopped")

    def heard(self, outcome: Outcome) -> None:
        """One outcome, for the log."""
        log_outcome(self._log, outcome)

    def begins(self) -> None:
        self._begun = self._monotonic()

    def step(self) -> None:
        self._notifier.alive()
        self._looked()
        if self._monotonic() - self._beat_at >= BEAT_SECONDS:
            self._beat("watching")

    def passed(self, report: Report, watcher: Watcher) -> None:
        state = self._state
        self._notifier.alive()
        self._looked()
        state.passes += 1
        counts = report.counts()
        # A photograph that waits is told again by every pass.
        state.outcomes.update({k: n for k, n in counts.items() if k != Became.WAITING.value})
        state.waiting, state.left_alone = counts[Became.WAITING.value], len(report.notes)
        failures = tuple(dict.fromkeys(logline.trouble(e) for e in report.failures()))
        self._ended(watcher, failures)
        quiet = not any(counts.values()) or counts == self._told
        if not quiet:
            self._log.write("pass", seconds=state.last_pass_seconds, due=state.due, **counts)
        # What waits is told once, not every few seconds.
        waits = counts[Became.WAITING.value] == sum(counts.values())
        self._told = counts if waits else {}

    def failed(self, error: DamError, watcher: Watcher) -> None:
        self._notifier.alive()
        self._state.failed += 1
        before = self._state.trouble
        self._ended(watcher, (logline.trouble(error),))
        if self._state.trouble != before:
            self._log.write("pass failed", error=logline.code(error))

    def resting(self) -> None:
        self._notifier.alive()

    def _looked(self) -> None:
        self._state.looked_at = heartbeat.utc(self._now())

    def _ended(self, watcher: Watcher, failures: tuple[str, ...]) -> None:
        state = self._state
        missing = (heartbeat.INBOX_MISSING,) if watcher.root_missing else ()
        unwatched = (heartbeat.NOT_WATCHED,) if watcher.trouble else ()
        before, state.trouble = state.trouble, (*missing, *unwatched, *failures)
        for kind in state.trouble:
            if kind not in before:
                self._log.write("trouble", trouble=kind)
        state.last_pass_at = heartbeat.utc(self._now())
        state.last_pass_seconds = round(self._monotonic() - self._begun, 3)
        self._beat("watching")
        held = state.assets.get("held", 0)
        told = f"{sum(state.assets.values())} photos, {held} held, {state.waiting} waiting"
        if state.trouble:
            told += f"; trouble: {', '.join(state.trouble)}"
        self._notifier.status(told)

    def _beat(self, doing: Literal["watching", "not_open", "stopped"]) -> None:
        self._beat_at = self._monotonic()
        state = self._state
        self._count()
        self._pulse.beat(
            Heartbeat(
                version=__version__,
                pid=os.getpid(),
                state=doing,
                started_at=self._started_at,
                looked_at=state.looked_at,
                last_pass_at=state.last_pass_at,
                last_pass_seconds=state.last_pass_seconds,
                passes=state.passes,
                failed_passes=state.failed,
                scan_seconds=self._scan_seconds,
                outcomes=dict(state.outcomes),
                assets=state.assets,
                due=state.due,
                waiting=state.waiting,
                left_alone=state.left_alone,
                trouble=state.trouble,
            )
        )

    def _count(self) -> None:
        """What the catalogue holds; what it held before where it cannot be asked just now."""
        if self._desk is None:
            return
        try:
            counts = self._desk.catalog.counts()
            self._state.assets = {d.value: n for d, n in counts.items()}
            self._state.due = len(self._desk.catalog.due_assets())
        except DamError as error:
            kind = logline.trouble(error)
            if kind not in self._state.trouble:
                self._state.trouble = (*self._state.trouble, kind)


def log_outcome(log: EventLog, outcome: Outcome) -> None:
    """One outcome as a line of the log: the asset, what became of it, the rules that speak."""
    log.write(
        "asset",
        asset=outcome.asset,
        became=outcome.became.value,
        rules=tuple(dict.fromkeys(why.rule for why in outcome.reasons)),
        error=logline.code(outcome.failure) if outcome.failure is not None else None,
    )
