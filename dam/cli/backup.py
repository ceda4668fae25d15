"""`dam backup`: everything in one file, which only its recipients can read."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from dam.adapters import sealed
from dam.cli import context as shared
from dam.cli.context import Format, FormatOption
from dam.core.errors import IntegrityError, UsageError
from dam.flows import backup as flow
from dam.render import terminal


def register(app: typer.Typer) -> None:
    app.command("backup", epilog="Example: dam backup /mnt/disk/amal.dam --recipient age1...")(
        backup
    )


def backup(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="PATH", help="A new file for the backup.")],
    recipient: Annotated[
        list[str] | None,
        typer.Option("--recipient", metavar="age1...", help="Who can read it; may be repeated."),
    ] = None,
    recipients_file: Annotated[
        Path | None,
        typer.Option("--recipients-file", metavar="FILE", help="A file with a recipient a line."),
    ] = None,
    plain: Annotated[
        bool, typer.Option("--plain", help="Not encrypted: whoever has the file can read it.")
    ] = False,
    format_: FormatOption = Format.TABLE,
) -> None:
    """Write everything into one encrypted file; works beside `dam watch` and exports.

    Beside it stands PATH.tombstones: keep it, and newer ones, apart; a restore asks for it.
    """
    given = recipient or []
    listed = sealed.words(sealed.read_keys(recipients_file)) if recipients_file else []
    if plain and (given or listed):
        raise UsageError("--plain and recipients exclude each other", "Leave one of them out")
    say = shared.speech(context)
    with (
        shared.desk(context, writing=True) as desk,
        terminal.progress(say.gettext("Backing up")) as (begin, step),
    ):
        to = None
        if not plain:
            known = desk.settings.backup.recipients
            to = sealed.recipients(flow.recipients(given, listed, known))
        made = flow.make(desk, file, to, begin, step)
    wrong = (*made.missing, *made.damaged)
    if format_ is Format.JSON:
        terminal.emit(
            {
                "backup": str(file),
                "encrypted": not plain,
                "files": made.files,
                "bytes": made.size,
                "listing": made.digest,
                "tombstones": str(made.tombstones),
                "missing": list(made.missing),
                "damaged": list(made.damaged),
                "left_out": made.left_out,
            }
        )
    else:
        terminal.line(
            say.gettext(
                "{file}: files: {n}; listing {digest}",
                file=file,
                n=made.files,
                digest=made.digest[:16],
            )
        )
        terminal.line(
            say.gettext(
                "{file}: what was taken back until now; a restore asks for the newest one",
                file=made.tombstones,
            )
        )
        if plain:
            terminal.note(say.gettext("This backup is not encrypted: whoever has it can read it"))
        if made.left_out:
            terminal.note(
                say.gettext("files of rules/ whose names no backup can hold: {n}", n=made.left_out)
            )
    if wrong:
        raise IntegrityError(
            f"The backup is there, but {len(wrong)} files are missing or damaged here",
            "Run dam doctor, and keep an older backup",
        )
