"""`dam export`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from dam.cli import context as shared
from dam.cli.context import Format, FormatOption
from dam.core.errors import UsageError
from dam.core.model import Purpose
from dam.flows import answers
from dam.flows import export as flow
from dam.render import documents, terminal
from dam.render.text import said

EXAMPLE = 'Example: dam export press --recipient "Le Matin" --territory MA --out ~/pack'


def register(app: typer.Typer) -> None:
    app.command("export", epilog=EXAMPLE)(export)


def export(
    context: typer.Context,
    purpose: Annotated[Purpose, typer.Argument(help="What the pictures are wanted for.")],
    recipient: Annotated[
        str, typer.Option("--recipient", help="Who gets the pack; recorded for a recall.")
    ],
    out: Annotated[Path, typer.Option("--out", help="The folder of the pack; must be new.")],
    territory: Annotated[
        str, typer.Option("--territory", help="A country (MA, FR) or world.")
    ] = "world",
    programme: Annotated[str | None, typer.Option("--programme", help="Only this one.")] = None,
    place: Annotated[str | None, typer.Option("--place", help="Only this city.")] = None,
    asset: Annotated[
        list[str] | None, typer.Option("--asset", help="Only this one; may be repeated.")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would go and what not; write nothing.")
    ] = False,
    format_: FormatOption = Format.TABLE,
) -> None:
    """Make a press pack of what may be used for this purpose today; everything is decided again."""
    lang = shared.options(context).lang
    where = territory.strip()
    where = "world" if where.lower() == "world" else where.upper()
    if where != "world" and not (len(where) == 2 and where.isascii() and where.isalpha()):
        raise UsageError(
            f"{territory!r} is no territory", "Use a two-letter country code (MA, FR) or world"
        )
    if not recipient.strip() or not recipient.isprintable():
        raise UsageError("The recipient is empty or not plain text", "Name who gets the pack")
    if purpose is Purpose.ARCHIVE:
        raise UsageError("The archive is no purpose of a pack", "Name press, web, print, ...")
    with (
        shared.desk(context, writing=not dry_run) as desk,
        desk.darkroom(1) as room,
        terminal.progress("Exporting") as (begin, step),
    ):
        order = flow.Order(
            purpose=purpose,
            recipient=recipient.strip(),
            out=out.absolute(),
            territory=where,
            programme=programme,
            place=place,
            assets=tuple(answers.resolve(desk, a).id for a in asset or ()),
        )
        if waiting := flow.unread_sidecars(desk):
            terminal.note(
                f"{waiting} sidecars lie in the inbox unread; one may be a withdrawal. "
                "Run dam ingest first"
            )
        pack = flow.export(desk, room, order, dry_run=dry_run, begin=begin, step=step)
    if format_ is Format.JSON:
        terminal.emit(
            {
                "pack": pack.id,
                "path": str(pack.path) if pack.path else None,
                "included": [
                    {"asset": i.asset.id, "file": i.file, "sha256": i.sha256} for i in pack.included
                ],
                "excluded": [
                    {
                        "asset": e.asset,
                        "reasons": documents.reasons(e.reasons, lang),
                        "note": e.note,
                    }
                    for e in pack.excluded
                ],
            }
        )
        return
    for item in pack.included:
        terminal.outcome(item.asset.id, "included", item.file, "")
    for left in pack.excluded:
        why = said(left.reasons[0].message, lang) if left.reasons else left.note
        terminal.outcome(left.asset, "excluded", "", why)
    if pack.id:
        terminal.line(f"Pack {pack.id}: {len(pack.included)} pictures in {out}")
    elif dry_run and pack.included:
        terminal.line(f"Would make a pack of {len(pack.included)} pictures")
    else:
        terminal.line("No picture may go; nothing was written")
