"""How the desk opens the catalogue: for writing, for reading, or as a copy that may be read."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from contextlib import ExitStack
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from dam.adapters.catalog import Catalog
from dam.adapters.settings import Workspace
from dam.core.errors import ConfigurationError

#: Clocks of machines that share a workspace may differ by so much.
CLOCK_TOLERANCE = timedelta(hours=24)


def clock_runs_on(catalog: Catalog, now: datetime) -> None:
    """Refuse to decide on a day that lies before the last thing recorded.

    With the clock set back, consents that have ended would count again.
    """
    last = catalog.last_event_at()
    if last is not None and now < last - CLOCK_TOLERANCE:
        raise ConfigurationError(
            f"The clock says {now:%Y-%m-%d}, but something was recorded on {last:%Y-%m-%d}",
            "Set the machine's clock right",
        )


def open_catalog(
    workspace: Workspace,
    stack: ExitStack,
    now: Callable[[], datetime],
    writing: bool,
    untouched: bool,
) -> Catalog:
    """The catalogue; for reading a workspace that has none yet, an empty one elsewhere.

    `untouched` reads a copy, unless another process has the catalogue open just now: then
    a copy could be torn, and the disk is changing anyway.
    """
    database = workspace.database
    if writing:
        return Catalog.open(database, now=now)
    busy = database.with_name(f"{database.name}-wal").exists()
    if not database.exists() or (untouched and not busy):
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="dam-")))
        if database.exists():
            shutil.copyfile(database, folder / database.name)
        return Catalog.open(folder / database.name)
    return Catalog.open(database, create=False, read_only=True)


def may_write(workspace: Workspace) -> bool:
    """SQLite needs files of its own beside the catalogue, also to read it."""
    return os.access(workspace.database.parent, os.W_OK)


def copied_catalog(workspace: Workspace, stack: ExitStack) -> Catalog:
    """A copy of a catalogue on a disk that nobody can write to, with its journal."""
    folder = Path(stack.enter_context(TemporaryDirectory(prefix="dam-")))
    database = workspace.database
    for name in (database.name, f"{database.name}-wal"):
        if (source := database.with_name(name)).exists():
            shutil.copyfile(source, folder / name)
    return Catalog.open(folder / database.name)
