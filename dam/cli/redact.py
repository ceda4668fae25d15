"""`dam redact ASSET --region x,y,w,h`, `dam redact list`, `dam redact remove`."""

from __future__ import annotations

from typing import Annotated

import typer
from pydantic import TypeAdapter

from dam.cli import context as shared
from dam.cli.arguments import ON_RECORD, AssetArgument, OwnWord, as_reason, as_role, read
from dam.cli.context import Format, FormatOption
from dam.cli.follow import follow
from dam.core.fields import Fraction, Ident
from dam.core.placing import Box
from dam.core.redaction import Drawn
from dam.flows import answers
from dam.flows import redact as flow
from dam.render import documents, terminal

_BOX: TypeAdapter[Box] = TypeAdapter(tuple[Fraction, Fraction, Fraction, Fraction])
_IDENT: TypeAdapter[str] = TypeAdapter(Ident)


class _Redact(OwnWord):
    """A group whose own word is `dam redact ASSET`; `list` and `remove` come before it."""

    left_out = "draw"


redact = typer.Typer(
    cls=_Redact,
    no_args_is_help=True,
    subcommand_metavar="ASSET --region x,y,w,h | list | remove",
    help="Destroy regions drawn by hand in every rendition of a photograph.",
    epilog="Example: dam redact k7q2mz9a --region 0.25,0.1,0.2,0.3 --subject S-0147",
)

ByOption = Annotated[
    str, typer.Option("--by", metavar="ROLE", help="Who answers for it: a role, never a name.")
]


def register(app: typer.Typer) -> None:
    redact.command("draw", epilog="Example: dam redact k7q2mz9a --region 0.25,0.1,0.2,0.3")(draw)
    redact.command("list", epilog="Example: dam redact list --format json")(list_)
    redact.command("remove", epilog="Example: dam redact remove k7q2mz9a R-20270101-0a1b2c3d")(
        remove
    )
    app.add_typer(redact, name="redact")


def draw(
    context: typer.Context,
    asset: AssetArgument,
    region: Annotated[
        str,
        typer.Option(
            "--region",
            metavar="x,y,w,h",
            help="Left, top, width and height as parts of the upright picture: 0.25,0.1,0.2,0.3",
        ),
    ],
    by: ByOption = "officer",
    subject: Annotated[
        str | None,
        typer.Option("--subject", metavar="S-…", help="Whose face it is, if it is one."),
    ] = None,
    reason: Annotated[
        str | None,
        typer.Option(
            "--reason", metavar="TEXT", help="Why; shown by `redact list --personal` only."
        ),
    ] = None,
    format_: FormatOption = Format.TABLE,
) -> None:
    """Destroy a region in every rendition; the word `draw` may be left out.

    What is filed already leaves the archive and comes back without it. The original stays.
    """
    order = flow.Order(
        box=read(_BOX, region.split(","), "--region takes four parts of 1: 0.25,0.1,0.2,0.3"),
        by=as_role(by),
        subject=read(_IDENT, subject, "--subject takes a pseudonym") if subject else "",
        reason=as_reason(reason) if reason else "",
    )
    with shared.desk(context, writing=True) as desk:
        change = flow.draw(desk, answers.resolve(desk, asset), order)
    say = shared.speech(context)
    (drawn,) = change.drawn
    told = say.gettext(
        "{id}: {region} is destroyed in every rendition of {asset}",
        id=drawn.id,
        region=_shown(drawn),
        asset=change.asset,
    )
    _tell(context, change, told, format_)


def list_(
    context: typer.Context,
    asset: Annotated[
        str | None, typer.Option("--asset", metavar="ASSET", help="Only of this photograph.")
    ] = None,
    personal: Annotated[
        bool, typer.Option("--personal", help="Also the reasons, which may be personal.")
    ] = False,
    format_: FormatOption = Format.TABLE,
) -> None:
    """The regions drawn by hand that count."""
    with shared.desk(context) as desk:
        wanted = answers.resolve(desk, asset).id if asset else None
        found = list(flow.listed(desk, wanted))
    if format_ is Format.JSON:
        terminal.emit({"redactions": [_document(item, personal) for item in found]})
        return
    say = shared.speech(context)
    terminal.table(
        say.headings("redaction", "asset", "region", "subject", "by", "reason"),
        [
            (
                i.row.drawn.id,
                i.row.asset,
                _shown(i.row.drawn),
                i.row.drawn.subject,
                i.row.drawn.by,
                _reason(i, personal),
            )
            for i in found
        ],
    )
    terminal.line(say.gettext("regions drawn by hand: {n}", n=len(found)))


def remove(
    context: typer.Context,
    asset: AssetArgument,
    ident: Annotated[
        str, typer.Argument(metavar="REDACTION", help="The id of the region: see `redact list`.")
    ],
    by: ByOption = "officer",
    format_: FormatOption = Format.TABLE,
) -> None:
    """A region counts no longer. What rules oblige is destroyed all the same."""
    with shared.desk(context, writing=True) as desk:
        change = flow.remove(desk, answers.resolve(desk, asset), ident.strip(), as_role(by))
    say = shared.speech(context)
    told = say.gettext("{id}: removed; the region counts no longer", id=change.drawn[0].id)
    _tell(context, change, told, format_)


def _tell(context: typer.Context, change: flow.Change, told: str, format_: Format) -> None:
    """Carry a change out and say what came of it."""
    followed = follow(context, [change.asset], [change.asset] if change.filed else [])
    if format_ is Format.JSON:
        terminal.emit(
            {
                "asset": change.asset,
                "redactions": [documents.drawn(item) for item in change.drawn],
                "photos": followed.document(context),
            }
        )
        return
    terminal.line(told)
    followed.tell(context)


def _document(item: flow.Listed, personal: bool) -> documents.Json:
    return {
        **documents.drawn(item.row.drawn),
        "asset": item.row.asset,
        "drawn_at": item.row.drawn_at.isoformat(),
        "reason": _reason(item, personal) or None,
    }


def _shown(drawn: Drawn) -> str:
    return ",".join(f"{number:g}" for number in drawn.box)


def _reason(item: flow.Listed, personal: bool) -> str:
    if item.reason is None:
        return ""
    return item.reason if personal else ON_RECORD
