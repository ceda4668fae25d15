"""What every command shares: the workspace, the output format, the clock, opening a desk."""

from __future__ import annotations

import os
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path

import typer

from dam.adapters.desk import Desk, open_desk
from dam.adapters.eventlog import EventLog
from dam.adapters.settings import Settings, Workspace, find_workspace, load_settings
from dam.cli.options import Format, FormatOption, Lang, Options
from dam.core import logline
from dam.core.errors import DEFECT, OK, DamError, StorageError, UsageError
from dam.render import lang, terminal
from dam.render.lang import Speech

__all__ = ["Format", "FormatOption", "Lang", "Options"]


class Here(tzinfo):
    """The machine's time zone with its rules: a past day may have had another offset."""

    def utcoffset(self, at: datetime | None) -> timedelta | None:
        return None if at is None else at.replace(tzinfo=None).astimezone().utcoffset()

    def dst(self, at: datetime | None) -> None:
        return None

    def tzname(self, at: datetime | None) -> str | None:
        return None if at is None else at.replace(tzinfo=None).astimezone().tzname()

    def fromutc(self, at: datetime) -> datetime:
        there = at.replace(tzinfo=UTC).astimezone()
        here = there.replace(tzinfo=self)
        return here if here.utcoffset() == there.utcoffset() else here.replace(fold=1)


def now() -> datetime:
    """The clock: the only place where it is read. Aware, in the machine's time zone."""
    return datetime.now(UTC).astimezone(Here())  # noqa: TID251


def options(context: typer.Context) -> Options:
    found = context.find_object(Options)
    return found if found is not None else Options()


def speech(context: typer.Context) -> Speech:
    """The words of the wanted language, for the terminal."""
    return lang.speech(options(context).lang)


def place(context: typer.Context) -> tuple[Workspace, Settings]:
    """The workspace meant by -C, DAM_WORKSPACE or the current folder, with its settings."""
    root = find_workspace(Path.cwd(), options(context).workspace, os.environ)
    settings = load_settings(root, os.environ)
    return Workspace.at(root, settings), settings


def journal(context: typer.Context, *, writing: bool = True) -> EventLog:
    """The operating log of the workspace; with -v each line is also told on standard error.

    Without `writing` nothing gets on disk.
    """
    workspace, settings = place(context)
    echo = terminal.note if options(context).verbose else None
    path = workspace.log if writing else None
    return EventLog(path, settings.log.max_bytes, settings.log.files, now, echo)


@contextmanager
def desk(
    context: typer.Context,
    *,
    writing: bool = False,
    alone: bool = False,
    untouched: bool = False,
    reading: bool = False,
) -> Iterator[Desk]:
    """The open workspace; see `open_desk`. How a command that writes ends is logged."""
    workspace, settings = place(context)
    log, begun = journal(context, writing=writing), time.monotonic()
    ended: dict[str, object] = {"exit": OK}
    try:
        with open_desk(
            workspace,
            settings,
            now,
            writing=writing,
            alone=alone,
            untouched=untouched,
            reading=reading,
        ) as opened:
            yield opened
            if writing:
                _keep_withdrawals(opened, speech(context))
    except BaseException as error:
        code = error.exit_code if isinstance(error, DamError) else DEFECT
        ended = {"exit": code, "error": logline.code(error), "place": places(error)}
        raise
    finally:
        seconds = round(time.monotonic() - begun, 3)
        log.write("command", command=_command(context), seconds=seconds, **ended)


def _keep_withdrawals(opened: Desk, say: Speech) -> None:
    """What was done stands, whether the file that a restore asks for can be written or not."""
    try:
        opened.keep_withdrawals()
    except (StorageError, UsageError) as error:
        terminal.note(
            say.gettext(
                "What was taken back is on record, but not in the file of [backup] tombstones: "
                "{error}",
                error=say.error(error.what, error.hint),
            )
        )


def _command(context: typer.Context) -> str:
    """The command as typed, without its options: `consent import`."""
    found, at = [context.info_name or ""], context.parent
    while at is not None and at.parent is not None:
        found.append(at.info_name or "")
        at = at.parent
    return " ".join(reversed(found))


def places(error: BaseException) -> tuple[str, ...]:
    """Where in the code an error was raised, innermost first: its words may hold personal data."""
    frames = traceback.extract_tb(error.__traceback__)[-3:]
    return tuple(f"{Path(f.filename).name}:{f.lineno}" for f in reversed(frames))
