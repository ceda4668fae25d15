"""`dam init`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from dam.adapters.settings import Workspace, load_settings, prepare
from dam.adapters.starter import write_workspace
from dam.cli import context as shared
from dam.cli.context import Format, FormatOption
from dam.render import terminal


def register(app: typer.Typer) -> None:
    app.command("init", epilog="Example: dam init ~/amal")(init)


def init(
    context: typer.Context,
    folder: Annotated[Path, typer.Argument(help="Where the workspace is to be.")] = Path(),
    format_: FormatOption = Format.TABLE,
) -> None:
    """Make a workspace: rules to edit, an inbox, an archive, and the private .dam folder."""
    written = write_workspace(folder)
    root = folder.resolve()
    prepare(Workspace.at(root, load_settings(root, os.environ)))
    if format_ is Format.JSON:
        terminal.emit({"workspace": str(folder), "written": list(written)})
        return
    say = shared.speech(context)
    terminal.line(say.gettext("A workspace, files written: {n}. Next:", n=len(written)))
    for step in (
        say.gettext("edit rules/credits.yaml (photographers) and rules/consent/policy.yaml"),
        say.gettext("drop photographs into inbox/ and run: dam ingest"),
    ):
        terminal.line(say.line("  {step}", step=step))
