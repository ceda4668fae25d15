"""`dam tombstone list|settle`: copies of photographs that were taken back."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from dam.cli import context as shared
from dam.cli.arguments import AssetArgument, as_reason, as_role
from dam.cli.context import Format, FormatOption
from dam.cli.follow import follow
from dam.core.errors import UsageError
from dam.core.tombstones import Level
from dam.flows import answers, backup
from dam.flows import tombstones as flow
from dam.render import terminal
from dam.render.lang import Speech

tombstone = typer.Typer(
    no_args_is_help=True,
    help="Copies of photos that were taken back: list, settle, export.",
    epilog="Example: dam tombstone list",
)


def register(app: typer.Typer) -> None:
    example = "Example: dam tombstone"
    tombstone.command("list", epilog=f"{example} list --format json")(list_)
    tombstone.command(
        "settle", epilog=f"{example} settle k7q2mz9a --different --by dpo --reason 'Another child'"
    )(settle)
    tombstone.command("export", epilog=f"{example} export /mnt/key/amal.tombstones")(export)
    app.add_typer(tombstone, name="tombstone")


def list_(context: typer.Context, format_: FormatOption = Format.TABLE) -> None:
    """Photos that are refused or held for being a copy of one that was taken back, or maybe one."""
    with shared.desk(context) as desk:
        found = list(flow.listed(desk))
    if format_ is Format.JSON:
        told = [
            {
                "asset": one.asset.id,
                "disposition": one.asset.disposition.value,
                "level": one.trace.level,
                "tombstone": one.trace.tombstone,
            }
            for one in found
        ]
        terminal.emit({"copies": told})
        return
    say = shared.speech(context)
    terminal.table(
        say.headings("asset", "disposition", "match", "tombstone"),
        [
            (
                one.asset.id,
                terminal.disposition(one.asset.disposition.value, say),
                _level(one.trace.level, say),
                one.trace.tombstone,
            )
            for one in found
        ],
    )
    terminal.line(say.gettext("copies: {n}", n=len(found)))


def export(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A new file; best on another disk.")],
    format_: FormatOption = Format.TABLE,
) -> None:
    """Write what was taken back into a small file, which a restore asks for.

    It holds no personal data, and says nothing to anybody without a backup of this workspace.
    """
    with shared.desk(context, writing=True) as desk:
        told = backup.export(desk, file)
    ended = sum(bool(consent.ended) for consent in told.consents.values())
    if format_ is Format.JSON:
        terminal.emit(
            {
                "file": str(file),
                "until": told.head.at.isoformat(),
                "photos": len(told.stones),
                "consents": ended,
                "subjects": len(told.subjects),
            }
        )
        return
    terminal.line(
        shared.speech(context).gettext(
            "{file}: photos that were taken back: {photos}; consents that ended: {consents}",
            file=file,
            photos=len(told.stones),
            consents=ended,
        )
    )


def settle(
    context: typer.Context,
    asset: AssetArgument,
    by: Annotated[
        str,
        typer.Option(
            "--by",
            metavar="ROLE",
            help="Who answers for it: a role such as dpo, never a person's name.",
        ),
    ],
    reason: Annotated[
        str, typer.Option("--reason", metavar="TEXT", help="Why; kept out of the ledger.")
    ],
    different: Annotated[
        bool, typer.Option("--different", help="Somebody looked: it is another picture.")
    ] = False,
    agreed: Annotated[
        bool, typer.Option("--agreed", help="Those shown agreed anew, with a new record.")
    ] = False,
    format_: FormatOption = Format.TABLE,
) -> None:
    """Say what a copy is after all; the rules decide on it then as on any other photo.

    It approves nothing: without a consent in force the photo stays held.
    """
    if different is agreed:
        raise UsageError("Say either --different or --agreed")
    verdict = flow.Verdict.DIFFERENT if different else flow.Verdict.AGREED
    role, why = as_role(by), as_reason(reason)
    with shared.desk(context, writing=True) as desk:
        row = answers.resolve(desk, asset)
        stones = flow.settle(desk, row, verdict, role, why)
    followed = follow(context, [row.id], [])
    if format_ is Format.JSON:
        told = {"asset": row.id, "verdict": verdict.value, "tombstones": list(stones)}
        terminal.emit({**told, "photos": followed.document(context)})
        return
    say = shared.speech(context)
    if verdict is flow.Verdict.DIFFERENT:
        line = say.gettext("{asset}: another picture, says {role}", asset=row.id, role=role)
    else:
        line = say.gettext("{asset}: agreed anew, says {role}", asset=row.id, role=role)
    terminal.line(line)
    followed.tell(context)


def _level(level: Level, say: Speech) -> str:
    if level == "certain":
        return say.gettext("the very bytes")
    return say.gettext("the same picture") if level == "same" else say.gettext("looks like it")
