"""`dam ledger show`, `dam ledger export`, `dam ledger checkpoint`."""

from __future__ import annotations

import json
import sys
from datetime import date, datetime
from pathlib import Path
from typing import Annotated

import typer

from dam.adapters.outfile import new_file
from dam.cli import context as shared
from dam.cli.arguments import at_most
from dam.cli.context import Format, FormatOption
from dam.core.chain import instant
from dam.core.errors import UsageError
from dam.core.rows import EventRow
from dam.flows import ledger as flow
from dam.render import terminal
from dam.render.lang import Speech

LIMIT = 100

ledger = typer.Typer(
    no_args_is_help=True,
    help="What was done in this workspace, sealed event by event.",
    epilog="Example: dam ledger checkpoint --out ../elsewhere/dam.json",
)


def register(app: typer.Typer) -> None:
    example = "Example: dam ledger"
    ledger.command("show", epilog=f"{example} show --since 2027-01-01 --type consent")(show)
    ledger.command("export", epilog=f"{example} export --out ledger.jsonl")(export)
    ledger.command("checkpoint", epilog=f"{example} checkpoint --out ../elsewhere/dam.json")(
        checkpoint
    )
    app.add_typer(ledger, name="ledger")


def show(
    context: typer.Context,
    since: Annotated[
        datetime | None,
        typer.Option("--since", formats=["%Y-%m-%d"], help="Recorded on this day or later."),
    ] = None,
    until: Annotated[
        datetime | None,
        typer.Option("--until", formats=["%Y-%m-%d"], help="Recorded on this day or earlier."),
    ] = None,
    type_: Annotated[
        str | None,
        typer.Option("--type", help="Only events of this type: consent.withdrawn, or consent."),
    ] = None,
    subject: Annotated[
        str | None,
        typer.Option("--subject", help="Only events about this asset, consent or pseudonym."),
    ] = None,
    limit: Annotated[
        int, typer.Option("--limit", min=0, help="So many of the newest; 0 for all.")
    ] = LIMIT,
    format_: FormatOption = Format.TABLE,
) -> None:
    """The events of the ledger, and the checkpoints that it was held against."""
    query = flow.Query(_day(since), _day(until), type_, subject, at_most(limit))
    with shared.desk(context) as desk:
        found = flow.events(desk, query)
        known = list(flow.checkpoints(desk))
        origin, head = desk.catalog.origin(), desk.catalog.head()
    if format_ is Format.JSON:
        terminal.emit(
            {
                "origin": origin or None,
                "head": {"seq": head[0], "hash": head[1]},
                "events": [_event(row) for row in found],
                "checkpoints": [_checkpoint(each) for each in known],
            }
        )
        return
    say = shared.speech(context)
    terminal.table(
        say.headings("number", "at", "event", "subject", "what"),
        [(r.seq, f"{r.at:%Y-%m-%d %H:%M:%S}", r.type, r.subject, _body(r)) for r in found],
    )
    for each in known:
        terminal.line(_told(each, say))
    terminal.line(say.gettext("ledger: {events}, head {head}", events=head[0], head=head[1]))


def export(
    context: typer.Context,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="A file not there yet.")
    ] = None,
) -> None:
    """The whole ledger, one event a line, as anybody can check it: see docs/ledger.md."""
    with shared.desk(context) as desk:
        if out is None:
            for line in flow.lines(desk):
                sys.stdout.buffer.write(line + b"\n")
            sys.stdout.buffer.flush()
            return
        with new_file(out) as file:
            file.writelines(line + b"\n" for line in flow.lines(desk))


def checkpoint(
    context: typer.Context,
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="FILE", help="A copy in a new file, to be kept elsewhere."),
    ] = None,
    url: Annotated[
        str | None,
        typer.Option("--timestamp-url", metavar="URL", help="Ask this authority for a timestamp."),
    ] = None,
    roots: Annotated[
        Path | None,
        typer.Option("--timestamp-ca", metavar="FILE", help="Its root certificate, as PEM."),
    ] = None,
    format_: FormatOption = Format.TABLE,
) -> None:
    """Sign where the ledger ends now. Kept elsewhere, it shows any later change of what was.

    A run that takes photographs in does it once a day by itself, without a timestamp.
    """
    if (url is None) != (roots is None):
        raise UsageError(
            "--timestamp-url and --timestamp-ca belong together",
            "A timestamp counts only where somebody vouches for who made it",
        )
    authority = flow.Authority(url, roots) if url is not None and roots is not None else None
    with shared.desk(context, writing=True) as desk:
        known, data = flow.checkpoint(desk, authority)
    if out is not None:
        with new_file(out) as file:
            file.write(data)
    if format_ is Format.JSON:
        terminal.emit(_checkpoint(known))
        return
    terminal.line(_told(known, shared.speech(context)))


def _day(given: datetime | None) -> date | None:
    return None if given is None else given.date()


def _event(row: EventRow) -> dict[str, object]:
    return {
        "seq": row.seq,
        "id": row.id,
        "at": instant(row.at),
        "type": row.type,
        "subject": row.subject,
        "body": row.body,
        "prev": row.prev,
        "hash": row.hash,
    }


def _body(row: EventRow) -> str:
    return json.dumps(row.body, ensure_ascii=False) if row.body else ""


def _state(each: flow.Known) -> str:
    if each.checkpoint is None:
        return "unreadable"
    return each.faults[0].flaw.value if each.faults else "contained"


def _checkpoint(each: flow.Known) -> dict[str, object]:
    signed = each.checkpoint
    return {
        "checkpoint": each.name,
        "state": _state(each),
        "origin": signed.origin if signed else None,
        "seq": signed.seq if signed else None,
        "hash": signed.hash if signed else None,
        "at": instant(signed.at) if signed else None,
        "key": signed.key if signed else None,
        "timestamp": each.stamped.value,
        "timestamp_at": instant(each.stamped_at) if each.stamped_at else None,
    }


def _told(each: flow.Known, say: Speech) -> str:
    told = say.gettext(
        "checkpoint {name}: {state}", name=each.name, state=say.word("checkpoint", _state(each))
    )
    if each.stamped is flow.Stamped.NONE:
        return told
    when = f"{each.stamped_at:%Y-%m-%d %H:%M:%S} UTC" if each.stamped_at else ""
    state = say.word("timestamp", each.stamped.value)
    return say.gettext("{told}; timestamp: {state} {when}", told=told, state=state, when=when)
