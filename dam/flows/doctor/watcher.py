"""The check of a watcher, out of its own heartbeat."""

from __future__ import annotations

from datetime import datetime

from dam.adapters import machine, pulse
from dam.adapters.settings import Workspace
from dam.core.heartbeat import INBOX_MISSING, NOT_OPEN, NOT_WATCHED, STALE_SECONDS
from dam.flows.doctor.check import Check, bad, closed, fine, note

NAME = "watcher"

_TROUBLE = {
    INBOX_MISSING: (
        "it runs, but the inbox is away",
        "Is its disk or network share connected?",
    ),
    NOT_OPEN: (
        "it runs, but rules or workspace are not in order: nothing is taken in",
        "Mend what else is told here",
    ),
    NOT_WATCHED: (
        "it runs, but gets no events and only looks every few seconds",
        "Raise fs.inotify.max_user_watches, or set polling = true under [inbox] in dam.toml",
    ),
}


def examine(workspace: Workspace, now: datetime) -> Check:
    """Whether a watcher lives and does its work; none at all is fine, as `dam ingest` does it."""
    if not machine.reads(workspace.private):
        return closed(NAME)
    beat = pulse.last(workspace.private)
    if not pulse.runs(workspace.private):
        if beat is None or beat.state == "stopped":
            return fine(NAME, "no watcher runs here")
        return note(
            NAME,
            "the last one ended without saying so (killed, or the machine stopped)",
            "Start it again; docs/operations.md has a service that does it by itself",
        )
    if beat is None:
        return fine(NAME, "it starts just now")
    age = beat.age(now)
    if NOT_OPEN not in beat.trouble and age is not None and age > STALE_SECONDS + beat.scan_seconds:
        return bad(
            NAME,
            f"it runs, but hangs; seconds since its last look: {int(age)}",
            "Restart dam watch",
        )
    for kind in beat.trouble:
        found, advice = _TROUBLE.get(
            kind, ("it runs, but its last pass had trouble", "See .dam/log/dam.log")
        )
        return (note if kind == NOT_WATCHED else bad)(NAME, found, advice)
    return fine(NAME, "it runs and looks")
