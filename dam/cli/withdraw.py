"""`dam consent withdraw`: a consent is taken back everywhere, at once."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

import typer

from dam.adapters.desk import Desk
from dam.cli import context as shared
from dam.cli.context import Format, FormatOption
from dam.cli.follow import Followed, follow
from dam.cli.records import document, event, said_on, told
from dam.core.errors import UsageError
from dam.flows import consents as flow
from dam.flows import ingest
from dam.render import terminal
from dam.render.documents import Json
from dam.render.lang import Speech

IdArgument = Annotated[str, typer.Argument(metavar="ID", help="The id of a consent record.")]
OnOption = Annotated[
    str, typer.Option("--on", metavar="DAY", help="The day it was said; else today.")
]
ByOption = Annotated[
    flow.Speaker, typer.Option("--by", metavar="ROLE", help=f"{', '.join(flow.Speaker)}.")
]
ReasonOption = Annotated[
    str, typer.Option("--reason", metavar="TEXT", help="Why; kept out of the ledger.")
]

Withdrawal = flow.Withdrawal[ingest.Endings]


def withdraw(
    context: typer.Context,
    ident: IdArgument,
    by: ByOption,
    on: OnOption = "",
    reason: ReasonOption = "",
    revoked: Annotated[
        bool, typer.Option("--revoked", help="Somebody else ended it, not who gave it.")
    ] = False,
    erase: Annotated[
        bool,
        typer.Option("--erase", help="Also erase the photos of this person, and who it is."),
    ] = False,
    groups: Annotated[
        bool,
        typer.Option(
            "--erase-group-photos", help="With --erase: also photos that show others as well."
        ),
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would happen; change nothing on disk.")
    ] = False,
    format_: FormatOption = Format.TABLE,
) -> None:
    """Take a consent back: its photos leave the archive at once and cannot be used any more.

    Photos of this person alone go into restricted hold; those of groups are decided again. A
    copy that is dropped later is refused or held. Works while `dam watch` runs.
    """
    if groups and not erase:
        raise UsageError("--erase-group-photos goes with --erase", "Add --erase")
    said = flow.Statement(said_on(on), by, reason)
    end = ingest.taking_back(ingest.Order(erase, groups))
    with shared.desk(context, writing=True) as desk, desk.darkroom(1) as room:
        done = flow.withdraw_everywhere(
            desk, room, ident, said, end, revoked=revoked, erase=erase, dry_run=dry_run
        )
        became = {} if dry_run else _became(desk, done)
    change = done.change
    followed = Followed(tuple(sorted(change.touched)))
    if not dry_run:
        followed = follow(context, change.touched, change.filed)
        followed = _with(followed, became)
    if not done.clean:
        terminal.note("Another dam reads the catalogue: its journal is emptied when that one ends")
    if format_ is Format.JSON:
        terminal.emit(
            {
                "id": change.id,
                "changed": change.changed,
                "event": event(change.event, personal=False),
                "standing": [document(item) for item in change.standings],
                "photos": followed.document(context),
                "notes": list(change.notes),
                "dry_run": dry_run,
                "withdrawn": _document(done),
            }
        )
        return
    say = shared.speech(context)
    if not dry_run:
        told(context, change)
    for line in _lines(done, say, dry_run=dry_run):
        terminal.line(line)
    if not dry_run:
        followed.tell(context)


def _became(desk: Desk, done: Withdrawal) -> dict[str, ingest.Outcome]:
    """What photos became by the withdrawal itself: nothing is left to decide of most of them."""
    if not done.change.changed:
        return {}
    return {
        photo.asset: replace(
            ingest.standing(desk, photo.asset), source=desk.origin(photo.asset).shown
        )
        for photo in done.ended.photos
    }


def _with(followed: Followed, became: dict[str, ingest.Outcome]) -> Followed:
    """With what the next look at a photo made of it, where that was taken at once."""
    if followed.outcomes is None:
        return followed
    told = became | {o.asset: o for o in followed.outcomes if o.asset is not None}
    return replace(followed, outcomes=tuple(told.values()))


def _document(done: Withdrawal) -> Json:
    return {
        "photos": [
            {
                "asset": photo.asset,
                "fate": photo.fate,
                "disposition": photo.disposition.value,
                "retracted": photo.retracted,
                "others": list(photo.others),
                "spared": list(photo.spared),
            }
            for photo in done.ended.photos
        ],
        "packs": [
            {"pack": pack, "files": list(files)} for pack, files in sorted(done.ended.packs.items())
        ],
        "recipients": len(done.recipients),
        "erased": list(done.erased),
        "spared": list(done.spared),
        "clean": done.clean,
    }


def _lines(done: Withdrawal, say: Speech, *, dry_run: bool) -> list[str]:
    """What became of each photo and why, then the sums."""
    lines = [say.gettext("Nothing was changed; this would happen:")] if dry_run else []
    lines += [f"{photo.asset}: {_fate(photo, say)}" for photo in done.ended.photos]
    files = sum(map(len, done.ended.packs.values()))
    lines.append(
        say.gettext(
            "packs that hold them: {packs} (files: {files}), recipients to be told: {n}",
            packs=len(done.ended.packs),
            files=files,
            n=len(done.recipients),
        )
    )
    if files and not dry_run:
        lines.append(
            say.ngettext(
                "{n} recipient has packs with them: see dam recall list",
                "{n} recipients have packs with them: see dam recall list",
                len(done.recipients),
            )
        )
    if done.erased:
        lines.append(
            say.gettext("who this is was forgotten: {subjects}", subjects=say.list(done.erased))
        )
    if done.spared:
        lines.append(
            say.gettext(
                "not forgotten, for another record of theirs is in force: {subjects}",
                subjects=say.list(done.spared),
            )
        )
    return lines


def _fate(photo: ingest.Ending, say: Speech) -> str:
    if photo.fate == "erased":
        return say.gettext("erased")
    if photo.fate == "restricted":
        if photo.spared:
            return say.gettext("in restricted hold; not erased, for another consent is in force")
        return say.gettext("in restricted hold: nobody uses it any more")
    if photo.fate == "copy":
        return say.gettext("the same picture as one of them: held")
    words = say.word("disposition", photo.disposition)
    if photo.others:
        return say.gettext(
            "{disposition}; its original stays, for it shows others too: {others}",
            disposition=words,
            others=say.list(photo.others),
        )
    return say.gettext("decided again: {disposition}", disposition=words)
