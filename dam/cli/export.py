"""`dam export`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from dam.cli import context as shared
from dam.cli import ingest as passes
from dam.cli.context import Format, FormatOption
from dam.core.errors import UsageError
from dam.core.model import Purpose, Use, one_word
from dam.flows import answers
from dam.flows import export as flow
from dam.render import documents, terminal
from dam.render.text import joined

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
    use: Annotated[
        str,
        typer.Option("--use", help=f"What they will be used for: {', '.join(Use)}."),
    ] = Use.EDITORIAL.value,
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
    lang, say = shared.options(context).lang, shared.speech(context)
    where = territory.strip()
    where = "world" if where.lower() == "world" else where.upper()
    if where != "world" and not (len(where) == 2 and where.isascii() and where.isalpha()):
        raise UsageError(
            f"{territory!r} is no territory", "Use a two-letter country code (MA, FR) or world"
        )
    if not recipient.strip() or not recipient.isprintable():
        raise UsageError("The recipient is empty or not plain text", "Name who gets the pack")
    end = next((word for word in Use if word == one_word(use)), None)
    if end is None:
        raise UsageError(f"{use!r} is no use", f"Use one of: {', '.join(Use)}")
    if purpose is Purpose.ARCHIVE:
        raise UsageError("The archive is no purpose of a pack", "Name press, web, print, ...")
    with (
        shared.desk(context, writing=not dry_run) as desk,
        desk.darkroom(1) as room,
        terminal.progress(say.gettext("Exporting")) as (begin, step),
    ):
        order = flow.Order(
            purpose=purpose,
            recipient=recipient.strip(),
            out=out.absolute(),
            territory=where,
            use=end,
            programme=programme,
            place=place,
            assets=tuple(answers.resolve(desk, a).id for a in asset or ()),
        )
        if waiting := flow.unread_sidecars(desk):
            unread = say.ngettext(
                "{n} sidecar lies in the inbox unread",
                "{n} sidecars lie in the inbox unread",
                waiting,
            )
            terminal.note(
                say.gettext(
                    "{unread}; one may be a withdrawal. Run dam ingest first", unread=unread
                )
            )
        pack = flow.export(desk, room, order, dry_run=dry_run, begin=begin, step=step)
    if format_ is Format.JSON:
        terminal.emit(
            {
                "pack": pack.id,
                "path": str(pack.path) if pack.path else None,
                "use": end.value,
                "included": [
                    {
                        "asset": i.asset.id,
                        "file": i.file,
                        "sha256": i.sha256,
                        "waived": documents.waived(i.decision.waived, lang),
                    }
                    for i in pack.included
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
        under = joined(" ", passes.under(item.decision.waived, lang))
        terminal.outcome(item.asset.id, "included", item.file, under, say)
    for left in pack.excluded:
        why = say.said(left.reasons[0].message) if left.reasons else say.told(left.note)
        terminal.outcome(left.asset, "excluded", "", why, say)
    waived = sum(bool(item.decision.waived) for item in pack.included)
    pictures = say.ngettext("{n} picture", "{n} pictures", len(pack.included))
    if waived:
        some = say.ngettext("{n} of them under a waiver", "{n} of them under a waiver", waived)
        pictures = say.list((pictures, some))
    if pack.id:
        told = say.gettext(
            "Pack {id} in {folder}: {pictures}", id=pack.id, folder=out, pictures=pictures
        )
    elif dry_run and pack.included:
        told = say.gettext("Would make a pack: {pictures}", pictures=pictures)
    else:
        told = say.gettext("No picture may go; nothing was written")
    terminal.line(told)
