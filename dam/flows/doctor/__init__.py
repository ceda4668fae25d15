"""doctor: are this machine and this workspace fit, and what to do where they are not.

Nothing is opened as the other commands open it: each part is looked at by itself, so that one
that is broken hides no other. Sentences are English here and translated where they are shown.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from dam.adapters.settings import Settings, Workspace
from dam.flows.doctor import credentials, machine, places, records, watcher
from dam.flows.doctor.check import Check, Level

__all__ = ["Check", "Level", "examine"]


def examine(
    workspace: Workspace, settings: Settings, now: Callable[[], datetime]
) -> tuple[Check, ...]:
    """Every check, those that fail among them. `now` gives the present instant."""
    return (
        *places.examine(workspace, settings, now),
        *records.examine(workspace, settings, now),
        *machine.examine(settings),
        credentials.examine(workspace, settings, now()),
        watcher.examine(workspace, now()),
    )
