"""`dam export`."""

from __future__ import annotations

import enum
from datetime import date, datetime
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from dam.adapters.desk import Desk
from dam.adapters.marks import read_logos, read_template
from dam.cli import context as shared
from dam.cli import ingest as passes
from dam.core import logos
from dam.core.errors import UsageError
from dam.core.model import Purpose, Use, one_word
from dam.core.packing import PackFormat, Writer
from dam.core.selecting import Query, Selection
from dam.flows import answers
from dam.flows import export as flow
from dam.render import documents, packs, terminal
from dam.render.text import joined

EXAMPLES = (
    'Examples: dam export press --recipient "Le Matin" --territory MA --out ~/pack; '
    "dam export donor --programme amal --since 2021-01-01 --place Tanger --limit 25 "
    '--recipient "UNTFHS" --until 2027-12-31 --format zip --out amal.zip; '
    "dam export web --query \"'theatre' in photo.tags\" --recipient Web --out web --dry-run"
)
_DAY = ["%Y-%m-%d"]


class Form(enum.StrEnum):
    """What is made (folder, zip) and how the result is told (table, json)."""

    FOLDER = "folder"
    ZIP = "zip"
    TABLE = "table"
    JSON = "json"


def register(app: typer.Typer) -> None:
    app.command("export", epilog=EXAMPLES)(export)


def export(
    context: typer.Context,
    purpose: Annotated[Purpose, typer.Argument(help="What the pictures are wanted for.")],
    recipient: Annotated[
        str, typer.Option("--recipient", help="Who gets the pack; recorded for a recall.")
    ],
    out: Annotated[
        Path, typer.Option("--out", help="The pack: a new folder, or a new file ending in .zip.")
    ],
    territory: Annotated[
        str, typer.Option("--territory", help="A country (MA, FR) or world.")
    ] = "world",
    until: Annotated[
        datetime | None,
        typer.Option(
            "--until",
            formats=_DAY,
            help="The last day of use; pictures that may not be used so long stay here.",
        ),
    ] = None,
    use: Annotated[
        str,
        typer.Option("--use", help=f"What they will be used for: {', '.join(Use)}."),
    ] = Use.EDITORIAL.value,
    programme: Annotated[str | None, typer.Option("--programme", help="Only this one.")] = None,
    place: Annotated[str | None, typer.Option("--place", help="Only this town or country.")] = None,
    since: Annotated[
        datetime | None,
        typer.Option("--since", formats=_DAY, help="Taken on this day or later."),
    ] = None,
    taken_until: Annotated[
        datetime | None,
        typer.Option("--taken-until", formats=_DAY, help="Taken on this day or earlier."),
    ] = None,
    tag: Annotated[
        list[str] | None, typer.Option("--tag", help="With this tag; repeated: with all of them.")
    ] = None,
    asset: Annotated[
        list[str] | None, typer.Option("--asset", help="Only this one; may be repeated.")
    ] = None,
    query: Annotated[
        str | None,
        typer.Option("--query", help="A CEL expression over the facts; see dam rules facts."),
    ] = None,
    limit: Annotated[
        int | None, typer.Option("--limit", min=1, help="At most so many, the oldest first.")
    ] = None,
    c2pa: Annotated[
        bool,
        typer.Option("--c2pa", help="Sign each picture with content credentials."),
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would go and what not; write nothing.")
    ] = False,
    format_: Annotated[
        list[Form] | None,
        typer.Option(
            "--format",
            help="folder (unless said otherwise) or zip for the pack; table or json for what "
            "this command tells. May be given twice.",
        ),
    ] = None,
) -> None:
    """Make a press pack of what may be used for this purpose today; everything is decided again."""
    say = shared.speech(context)
    if purpose is Purpose.ARCHIVE:
        raise UsageError("The archive is no purpose of a pack", "Name press, web, print, ...")
    kind, as_json = _forms(format_ or [])
    question = Query(query) if query is not None else None
    with shared.desk(context, writing=not dry_run) as desk:
        order = flow.Order(
            purpose=purpose,
            recipient=_recipient(recipient),
            out=out.absolute(),
            territory=_territory(territory),
            use=_use(use),
            until=_until(until, desk.day()),
            selection=Selection(
                programme=programme,
                place=place,
                since=since.date() if since else None,
                taken_until=taken_until.date() if taken_until else None,
                tags=tuple(tag or ()),
                assets=tuple(answers.resolve(desk, a).id for a in asset or ()),
                query=question,
                limit=limit,
            ),
            format=kind,
            signed=c2pa,
        )
        if waiting := flow.unread_sidecars(desk):
            unread = say.ngettext(
                "{n} sidecar lies in the inbox unread",
                "{n} sidecars lie in the inbox unread",
                waiting,
            )
            terminal.note(
                say.gettext(
                    "{unread}; one may be a withdrawal. Run dam ingest first; what it leaves is "
                    "named like no photo",
                    unread=unread,
                )
            )
        # Asked for and not possible is no pack: found out before anything is rendered.
        sign = desk.signer() if c2pa else None
        write = _writer(desk)
        if dry_run:
            pack = flow.planned(desk, order)
        else:
            with (
                desk.darkroom() as room,
                terminal.progress(say.gettext("Exporting")) as (begin, step),
            ):
                pack = flow.export(desk, room, order, write, sign=sign, begin=begin, step=step)
    if as_json:
        terminal.emit(_document(order, pack, shared.options(context).lang))
    else:
        _tell(context, order, pack, dry_run=dry_run)


def _writer(desk: Desk) -> Writer:
    """Who writes the texts. Raises ProblemsError for a logo that cannot be used."""
    programmes = desk.programmes.values()
    logos.checked(programmes, read_logos(desk.workspace.rules, programmes))
    return partial(packs.documents, template=read_template(desk.workspace.rules))


def _forms(given: list[Form]) -> tuple[PackFormat, bool]:
    """What to make, and whether to tell it as JSON. Raises UsageError for two of one kind."""
    kinds = {form for form in given if form in (Form.FOLDER, Form.ZIP)}
    tellings = set(given) - kinds
    if len(kinds) > 1 or len(tellings) > 1:
        raise UsageError("--format says two things at once", "folder or zip, and table or json")
    return ("zip" if Form.ZIP in kinds else "folder"), Form.JSON in tellings


def _recipient(text: str) -> str:
    if not text.strip() or not text.isprintable():
        raise UsageError("The recipient is empty or not plain text", "Name who gets the pack")
    return text.strip()


def _territory(text: str) -> str:
    where = "world" if text.strip().lower() == "world" else text.strip().upper()
    if where != "world" and not (len(where) == 2 and where.isascii() and where.isalpha()):
        raise UsageError(
            f"{text!r} is no territory", "Use a two-letter country code (MA, FR) or world"
        )
    return where


def _use(text: str) -> Use:
    end = next((word for word in Use if word == one_word(text)), None)
    if end is None:
        raise UsageError(f"{text!r} is no use", f"Use one of: {', '.join(Use)}")
    return end


def _until(day: datetime | None, today: date) -> date | None:
    if day is not None and day.date() < today:
        raise UsageError("--until lies in the past", "Name the last day of use")
    return day.date() if day else None


def _document(order: flow.Order, pack: flow.Pack, lang: str) -> documents.Json:
    return {
        "pack": pack.id,
        "path": str(pack.path) if pack.path else None,
        "use": order.use.value,
        "until": pack.until.isoformat() if pack.until else None,
        "again": pack.again,
        "included": [
            {
                "asset": i.asset.id,
                "file": i.file,
                "sha256": i.picture.sha256 if i.picture else "",
                "until": i.candidate.until.isoformat() if i.candidate.until else None,
                "waived": documents.waived(i.decision.waived, lang),
            }
            for i in pack.included
        ],
        "excluded": [
            {
                "asset": e.asset,
                "reasons": documents.reasons(e.reasons, lang),
                "note": e.note,
                "hint": e.hint,
            }
            for e in pack.excluded
        ],
    }


def _tell(context: typer.Context, order: flow.Order, pack: flow.Pack, *, dry_run: bool) -> None:
    lang, say = shared.options(context).lang, shared.speech(context)
    for item in pack.included:
        under = joined(" ", passes.under(item.decision.waived, lang))
        terminal.outcome(item.asset.id, "included", item.file, under, say)
    for left in pack.excluded:
        why = say.said(left.reasons[0].message) if left.reasons and not left.hint else ""
        note = f"{left.note}. {left.hint}" if left.hint else left.note
        terminal.outcome(left.asset, "excluded", "", why or say.told(note), say)
    waived = sum(bool(item.decision.waived) for item in pack.included)
    pictures = say.ngettext("{n} picture", "{n} pictures", len(pack.included))
    if waived:
        some = say.ngettext("{n} of them under a waiver", "{n} of them under a waiver", waived)
        pictures = say.list((pictures, some))
    if pack.id:
        told = say.gettext(
            "Pack {id} in {folder}: {pictures}", id=pack.id, folder=order.out, pictures=pictures
        )
    elif dry_run and pack.included:
        told = say.gettext("Would make a pack: {pictures}", pictures=pictures)
    else:
        told = say.gettext("No picture may go; nothing was written")
    terminal.line(told)
    if pack.until and pack.included:
        terminal.line(say.gettext("All of it may be used until {day}", day=pack.until))
    if pack.again:
        terminal.line(say.gettext("The same pack was made before; this is a copy of it"))
