"""`dam waive ASSET RULE`, `dam waive list`, `dam waive end`."""

from __future__ import annotations

from datetime import date
from typing import Annotated

import typer
from pydantic import TypeAdapter

from dam.cli import context as shared
from dam.cli.arguments import ON_RECORD, AssetArgument, OwnWord, as_reason, as_role, read
from dam.cli.context import Format, FormatOption
from dam.cli.follow import follow
from dam.core.fields import IsoDate, Territory
from dam.core.model import Purpose
from dam.flows import answers
from dam.flows import waive as flow
from dam.render import documents, terminal
from dam.render.lang import Speech

ERASED = "(erased)"

_DAY: TypeAdapter[date] = TypeAdapter(IsoDate)
_TERRITORY: TypeAdapter[str] = TypeAdapter(Territory)


class _Waive(OwnWord):
    """A group whose own word is `dam waive ASSET RULE`; `list` and `end` come before it."""

    left_out = "give"


waive = typer.Typer(
    cls=_Waive,
    no_args_is_help=True,
    subcommand_metavar="ASSET RULE ... | list | end",
    help="Let one photograph pass one rule that holds it, until a day: a decision on record.",
    epilog="Example: dam waive k7q2mz9a faces-checked --by safeguarding-officer "
    '--until 2027-05-31 --reason "Looked at by two of us"',
)

RuleArgument = Annotated[
    str, typer.Argument(metavar="RULE", help="The id of a rule that holds it: see dam explain.")
]
ByOption = Annotated[
    str,
    typer.Option(
        "--by",
        metavar="ROLE",
        help="Who answers for it: a role such as safeguarding-officer, never a person's name.",
    ),
]


def register(app: typer.Typer) -> None:
    example = "Example: dam waive"
    waive.command(
        "give", epilog=f"{example} k7q2mz9a in-time --by dpo --until 2027-05-31 --reason TEXT"
    )(give)
    waive.command("list", epilog=f"{example} list --all --format json")(list_)
    waive.command("end", epilog=f"{example} end k7q2mz9a in-time --by dpo")(end)
    app.add_typer(waive, name="waive")


def give(
    context: typer.Context,
    asset: AssetArgument,
    rule: RuleArgument,
    by: ByOption,
    until: Annotated[
        str, typer.Option("--until", metavar="DAY", help="The last day on which it counts.")
    ],
    reason: Annotated[
        str,
        typer.Option(
            "--reason", metavar="TEXT", help="Why; shown by `waive list --personal` only."
        ),
    ],
    purpose: Annotated[
        Purpose | None,
        typer.Option("--purpose", help="For this use alone; else for all that the rule holds."),
    ] = None,
    territory: Annotated[
        str, typer.Option("--territory", help="A country (MA, FR); else for everywhere.")
    ] = "world",
    format_: FormatOption = Format.TABLE,
) -> None:
    """Waive one rule for one photograph and decide it again; the word `give` may be left out.

    It lifts a hold, never a refusal, and only what is there today: where the rule, its evidence
    or the people shown change, the hold is back. A withdrawal ends it for good.
    """
    order = flow.Order(
        rule=rule,
        by=as_role(by),
        until=read(_DAY, until, "--until takes a date written YYYY-MM-DD"),
        reason=as_reason(reason),
        purpose=purpose,
        territory=read(_TERRITORY, territory, "--territory takes a country (MA, FR) or world"),
    )
    with shared.desk(context, writing=True) as desk:
        change = flow.give(desk, answers.resolve(desk, asset), order)
    (given,) = change.waivers
    say = shared.speech(context)
    told = say.gettext(
        "{id}: {rule} is waived for {asset} by {role} until {day} ({purposes})",
        id=given.id,
        rule=given.rule,
        asset=change.asset,
        role=given.by,
        day=given.until,
        purposes=say.list(say.word("purpose", p) for p in given.purposes),
    )
    _tell(context, change, [told], format_)


def list_(
    context: typer.Context,
    every: Annotated[
        bool, typer.Option("--all", help="Also those that are over, and how they ended.")
    ] = False,
    personal: Annotated[
        bool, typer.Option("--personal", help="Also the reasons, which may be personal.")
    ] = False,
    format_: FormatOption = Format.TABLE,
) -> None:
    """The waivers in force, and those of which nothing is left to lift (idle)."""
    with shared.desk(context) as desk:
        found = list(flow.listed(desk, every=every))
    if format_ is Format.JSON:
        terminal.emit({"waivers": [_document(item, personal) for item in found]})
        return
    say = shared.speech(context)
    terminal.table(
        say.headings("waiver", "asset", "rule", "by", "until", "state", "lifts", "reason"),
        [
            (
                i.waiver.id,
                i.asset,
                i.waiver.rule,
                i.waiver.by,
                i.waiver.until,
                _state(i, say),
                say.list(say.word("purpose", p) for p in i.lifts),
                _reason(i, personal),
            )
            for i in found
        ],
    )
    terminal.line(say.gettext("waivers: {n}", n=len(found)))


def end(
    context: typer.Context,
    asset: AssetArgument,
    rule: RuleArgument,
    by: ByOption,
    format_: FormatOption = Format.TABLE,
) -> None:
    """End the waivers of one rule for one photograph at once, for good."""
    role = as_role(by)
    with shared.desk(context, writing=True) as desk:
        change = flow.end(desk, answers.resolve(desk, asset), rule, role)
    say = shared.speech(context)
    told = [
        say.gettext("{id}: ended by {role}; {rule} counts again", id=w.id, role=role, rule=w.rule)
        for w in change.waivers
    ]
    _tell(context, change, told, format_)


def _tell(context: typer.Context, change: flow.Change, told: list[str], format_: Format) -> None:
    """Carry a change out and say what came of it."""
    followed = follow(context, [change.asset], [change.asset] if change.filed else [])
    if format_ is Format.JSON:
        terminal.emit(
            {
                "asset": change.asset,
                "waivers": [documents.waiver(w) for w in change.waivers],
                "photos": followed.document(context),
                "notes": list(change.notes),
            }
        )
        return
    say = shared.speech(context)
    for line in (*told, *map(say.told, change.notes)):
        terminal.line(line)
    followed.tell(context)


def _document(item: flow.Listed, personal: bool) -> documents.Json:
    return {
        **documents.waiver(item.waiver),
        "asset": item.asset,
        "state": item.state.value,
        "lifts": [purpose.value for purpose in item.lifts],
        "ended_at": item.end.ended_at.isoformat() if item.end else None,
        "ended_by": item.end.role or None if item.end else None,
        "reason": _reason(item, personal),
    }


def _state(item: flow.Listed, say: Speech) -> str:
    state = say.word("waiver", item.state)
    if item.end is None or not item.end.role:
        return state
    return say.gettext("{state} by {role}", state=state, role=item.end.role)


def _reason(item: flow.Listed, personal: bool) -> str:
    if item.reason is None:
        return ERASED
    return item.reason if personal else ON_RECORD
