"""`dam packs`: which press packs were made, and on what each picture in them rests."""

from __future__ import annotations

from typing import Annotated

import typer

from dam.cli import context as shared
from dam.cli.context import Format, FormatOption
from dam.core.rows import PackRow
from dam.flows import packs as flow
from dam.render import documents, recalls, terminal

packs = typer.Typer(
    invoke_without_command=True,
    epilog="Examples: dam packs; dam packs show P-20211118-k7q2mz9a4t --format json",
)


def register(app: typer.Typer) -> None:
    app.add_typer(packs, name="packs")


@packs.callback()
def list_(context: typer.Context, format_: FormatOption = Format.TABLE) -> None:
    """Every press pack that went out: when, to whom, for what, and until when."""
    if context.invoked_subcommand is not None:
        return
    with shared.desk(context) as desk:
        found = flow.listed(desk)
    if format_ is Format.JSON:
        told = [{**documents.pack(each.row), "pictures": each.pictures} for each in found]
        terminal.emit({"packs": told})
        return
    say = shared.speech(context)
    terminal.table(
        say.headings("pack", "day", "recipient", "purpose", "territory", "until", "photos"),
        [(*_shown(each.row, context), each.pictures) for each in found],
    )


def _shown(row: PackRow, context: typer.Context) -> tuple[object, ...]:
    say = shared.speech(context)
    purpose = say.word("purpose", row.purpose)
    return row.id, row.day, row.recipient, purpose, row.territory, row.until


@packs.command("show", epilog="Example: dam packs show P-20211118-k7q2mz9a4t")
def show(
    context: typer.Context,
    pack: Annotated[str, typer.Argument(metavar="PACK", help="Its id, or a unique beginning.")],
    format_: FormatOption = Format.TABLE,
) -> None:
    """One press pack: each picture, the consent records it rested on, and whether it still may."""
    with shared.desk(context) as desk:
        found = flow.show(desk, pack)
    if format_ is Format.JSON:
        terminal.emit(
            {
                **documents.pack(found.row),
                "recalls": [recalls.recall(each, found.day) for each in found.recalls],
                "pictures": [documents.pack_item(each.item, each.usable) for each in found.items],
            }
        )
        return
    say = shared.speech(context)
    head = f"{found.row.head_seq} {found.row.head_hash}"
    told = {**documents.pack(found.row), "ledger": head}
    rows = [(name, value) for name, value in told.items() if value not in (None, "", False)]
    terminal.table(("", ""), rows)
    for each in found.recalls:
        terminal.line(
            say.gettext(
                "{recall}: {state}, answer by {day}",
                recall=each.id,
                state=say.word("recall", each.state(found.day)),
                day=each.deadline,
            )
        )
    terminal.line("")
    terminal.table(
        say.headings("file", "asset", "consents", "until", "usable today"),
        [
            (
                each.item.file,
                each.item.asset,
                ", ".join(consent for consent, _ in each.item.consents),
                each.item.until,
                say.gettext("yes") if each.usable else say.gettext("no"),
            )
            for each in found.items
        ],
    )
