"""What every command shares: the workspace, the output format, the clock, opening a desk."""

from __future__ import annotations

import enum
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from dam.adapters.desk import Desk, open_desk
from dam.adapters.settings import Settings, Workspace, find_workspace, load_settings
from dam.render import lang
from dam.render.lang import Speech


class Format(enum.StrEnum):
    TABLE = "table"
    JSON = "json"


class Lang(enum.StrEnum):
    EN = "en"
    FR = "fr"
    AR = "ar"


@dataclass(slots=True)
class Options:
    """The options before the command."""

    workspace: Path | None = None
    lang: str = "en"


FormatOption = Annotated[
    Format, typer.Option("--format", help="A table for people or one JSON object for scripts.")
]


def now() -> datetime:
    """The clock: the only place where it is read. Aware, in the machine's time zone."""
    return datetime.now(UTC).astimezone()  # noqa: TID251


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


@contextmanager
def desk(
    context: typer.Context,
    *,
    writing: bool = False,
    alone: bool = False,
    untouched: bool = False,
) -> Iterator[Desk]:
    """The open workspace; see `open_desk`."""
    workspace, settings = place(context)
    with open_desk(
        workspace, settings, now, writing=writing, alone=alone, untouched=untouched
    ) as opened:
        yield opened
