"""`dam consent import|list|show|renew|withdraw|template`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Annotated

import typer
from pydantic import TypeAdapter, ValidationError

from dam.cli import context as shared
from dam.cli import ingest as passes
from dam.cli.context import Format, FormatOption, Lang
from dam.core import names
from dam.core.consent import NO_END
from dam.core.errors import DamError, UsageError, WorkspaceBusy
from dam.core.fields import IsoDate, Term
from dam.core.model import ConsentState
from dam.core.record import ConsentEvent
from dam.flows import consent_template, ingest
from dam.flows import consents as flow
from dam.render import terminal
from dam.render.documents import Json

consent = typer.Typer(
    no_args_is_help=True,
    help="The register of consents: import, list, show, renew, withdraw, template.",
)

_DAY: TypeAdapter[date] = TypeAdapter(IsoDate)
_TERM: TypeAdapter[str] = TypeAdapter(Term)

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


def register(app: typer.Typer) -> None:
    example = "Example: dam consent"
    consent.command("import", epilog=f"{example} import register.xlsx --dry-run")(import_)
    consent.command("list", epilog=f"{example} list --expiring-within 30d")(list_)
    consent.command("show", epilog=f"{example} show C-2021-0147 --format json")(show)
    consent.command("renew", epilog=f"{example} renew C-2021-0147 --until 2031-10-31 --by parent")(
        renew
    )
    consent.command(
        "withdraw", epilog=f"{example} withdraw C-2021-0147 --on 2026-11-20 --by parent"
    )(withdraw)
    consent.command("template", epilog=f"{example} template --lang fr --out registre.xlsx")(
        template
    )
    app.add_typer(consent, name="consent")


def import_(
    context: typer.Context,
    files: Annotated[
        list[Path], typer.Argument(metavar="FILE...", help="YAML, JSON, CSV or XLSX files.")
    ],
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would happen; change nothing on disk.")
    ] = False,
    format_: FormatOption = Format.TABLE,
) -> None:
    """Enter records into the register: all of all files, or nothing where one has a problem.

    A record of the same id that was imported before is replaced; its events are kept.
    """
    items, notes = flow.read(files)
    with shared.desk(context, writing=not dry_run) as desk:
        done = flow.import_(desk, items, dry_run=dry_run)
    followed = Followed(tuple(sorted(done.touched)))
    if done.changed and not dry_run:
        followed = _follow(context, done.touched, done.filed)
    counts = done.counts()
    if format_ is Format.JSON:
        records = [
            {"id": i.id, "subject": i.subject.id, "became": became.value}
            for i, became in done.records
        ]
        told: Json = {"dry_run": dry_run, "counts": counts, "records": records}
        terminal.emit({**told, "photos": followed.document(context), "notes": list(notes)})
        return
    for item, became in done.records:
        if became is not flow.Became.UNCHANGED:
            terminal.line(f"{became.value:<10} {item.id}  {item.subject.id}")
    for line in notes:
        terminal.note(line)
    total = ", ".join(f"{number} {name}" for name, number in counts.items() if number)
    terminal.line(f"{'Would be: ' if dry_run else ''}{total}")
    if not done.changed:
        terminal.line("Nothing changes: the register says all of this already")
    elif dry_run:
        terminal.line(f"photos to look at again: {len(done.touched)}")
    else:
        followed.tell(context)


def list_(
    context: typer.Context,
    state: Annotated[
        ConsentState | None,
        typer.Option("--state", metavar="STATE", help=f"Only these: {', '.join(ConsentState)}."),
    ] = None,
    within: Annotated[
        str | None,
        typer.Option("--expiring-within", metavar="TERM", help="In force, ending so soon: 30d."),
    ] = None,
    format_: FormatOption = Format.TABLE,
) -> None:
    """Every consent record as it stands today; pseudonyms only."""
    if within is not None:
        try:
            _TERM.validate_python(within)
        except ValidationError:
            raise UsageError("--expiring-within takes a term such as 30d, 3m or 1y") from None
    with shared.desk(context) as desk:
        found = list(flow.listed(desk, state, within))
    if format_ is Format.JSON:
        terminal.emit({"consents": [_document(item) for item in found]})
        return
    terminal.table(
        ("consent", "subject", "state", "in force", "until", "because", "purposes"),
        [
            (
                i.standing.id,
                i.standing.subject,
                i.state.value,
                "yes" if i.in_force else "no",
                _end(i.standing.ends),
                i.standing.ends_because,
                ", ".join(sorted(i.standing.purposes)),
            )
            for i in found
        ],
    )


def show(
    context: typer.Context,
    ident: IdArgument,
    personal: Annotated[
        bool, typer.Option("--personal", help="Also birth dates, reasons and other free text.")
    ] = False,
    format_: FormatOption = Format.TABLE,
) -> None:
    """One record: as each source tells it, as it stands today, its events and its photos."""
    with shared.desk(context) as desk:
        found = flow.show(desk, ident)
    events = [_event(event, personal) for event in found.events]
    sources = [
        {
            "source": names.show(v.slot),
            "recorded_at": v.recorded_at.isoformat(),
            "stated": v.stated,
            "record": flow.told(v.body, personal=personal),
        }
        for v in found.versions
    ]
    if format_ is Format.JSON:
        terminal.emit(
            {
                "id": found.id,
                "standing": [_document(item) for item in found.standings],
                "sources": sources,
                "events": events,
                "photos": [
                    {
                        "asset": row.id,
                        "disposition": row.disposition.value,
                        "archived_as": row.archived_as,
                    }
                    for row in found.photos
                ],
            }
        )
        return
    for item in found.standings:
        terminal.table(("", ""), [(k, _join(v)) for k, v in _document(item).items() if v != []])
        terminal.line("")
    for source in sources:
        terminal.line(
            f"as {source['source']} tells it (recorded {source['recorded_at']})"
            + ("" if source["stated"] else "; it mentions it no longer: this permits nothing")
        )
        terminal.table(("", ""), list(_flat(source["record"])))
        terminal.line("")
    terminal.table(("event", "on", "by", "reason"), [tuple(event.values()) for event in events])
    terminal.line("")
    terminal.table(
        ("photo", "disposition", "archived as"),
        [(row.id, row.disposition.value, row.archived_as) for row in found.photos],
    )


def renew(
    context: typer.Context,
    ident: IdArgument,
    until: Annotated[str, typer.Option("--until", metavar="DAY", help="The new last day.")],
    by: ByOption,
    on: OnOption = "",
    format_: FormatOption = Format.TABLE,
) -> None:
    """Record that a consent was given again, with a new last day.

    The strictest still wins: another source, the default term or an 18th birthday may end it
    earlier, and the answer says so.
    """
    last = _day(until, "--until")
    said = flow.Statement(_said_on(on), by)
    with shared.desk(context, writing=True) as desk:
        change = flow.renew(desk, ident, said, last)
    _tell(context, change, format_)


def withdraw(
    context: typer.Context,
    ident: IdArgument,
    by: ByOption,
    on: OnOption = "",
    reason: ReasonOption = "",
    revoked: Annotated[
        bool, typer.Option("--revoked", help="Somebody else ended it, not who gave it.")
    ] = False,
    format_: FormatOption = Format.TABLE,
) -> None:
    """Record that a consent was taken back; its photos leave the archive at once."""
    said = flow.Statement(_said_on(on), by, reason)
    with shared.desk(context, writing=True) as desk:
        change = flow.withdraw(desk, ident, said, revoked=revoked)
    _tell(context, change, format_)


def template(
    context: typer.Context,
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="A file not there yet.")],
    lang: Annotated[
        Lang | None, typer.Option("--lang", help="Language of headings; else as for dam.")
    ] = None,
    form: Annotated[
        consent_template.Form | None, typer.Option("--format", help="Else by the ending of FILE.")
    ] = None,
) -> None:
    """Write an empty register with one example, which no import takes for a record."""
    wanted = lang.value if lang else shared.options(context).lang
    consent_template.template(out, wanted, form)
    terminal.note(f"{names.show(str(out))} is ready: see docs/consent-import.md for its words")


# --- what follows from a change -----------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Followed:
    """The photographs a change touches, and what became of them; None: a running dam does it."""

    touched: tuple[str, ...] = ()
    outcomes: tuple[ingest.Outcome, ...] | None = ()
    retracted: tuple[str, ...] = field(default=())

    def document(self, context: typer.Context) -> Json:
        lang = shared.options(context).lang
        return {
            "touched": list(self.touched),
            "looked_at": self.outcomes is not None,
            "retracted": list(self.retracted),
            "assets": [passes.outcome_document(o, lang) for o in self.outcomes or ()],
        }

    def tell(self, context: typer.Context) -> None:
        if self.outcomes is None:
            terminal.line(
                f"Another dam is at work here: photos its next pass looks at: {len(self.touched)} "
                "(`dam ingest` does it where that one ends before)"
            )
            return
        lang = shared.options(context).lang
        for outcome in self.outcomes:
            passes.tell(outcome, lang)
        counted = {b: sum(o.became is b for o in self.outcomes) for b in ingest.Became}
        parts = [f"{number} {became.value}" for became, number in counted.items() if number]
        terminal.line(
            f"photos that rest on this: {len(self.touched)}; "
            + (", ".join(parts) or "none changed")
            + f"; taken out of the archive: {len(self.retracted)}"
        )


def _follow(context: typer.Context, touched: Iterable[str], filed: Iterable[str]) -> Followed:
    """Decide again what is due. The change itself is on record whatever happens here."""
    ids = tuple(sorted(touched))
    try:
        with shared.desk(context, writing=True, alone=True) as desk, desk.darkroom() as room:
            outcomes = tuple(ingest.redecide(desk, room))
            return Followed(ids, outcomes, flow.retracted(desk, filed))
    except WorkspaceBusy:
        return Followed(ids, None)
    except DamError:
        terminal.note(
            "The change is on record and counts, but not every photo was looked at again: "
            "run `dam ingest` once what follows is mended"
        )
        raise


def _tell(context: typer.Context, change: flow.Change, format_: Format) -> None:
    """Carry a change out and say what happened."""
    followed = _follow(context, change.touched, change.filed)
    if format_ is Format.JSON:
        terminal.emit(
            {
                "id": change.id,
                "changed": change.changed,
                "event": _event(change.event, personal=False),
                "standing": [_document(item) for item in change.standings],
                "photos": followed.document(context),
                "notes": list(change.notes),
            }
        )
        return
    event = change.event
    known = "" if change.changed else "; this was on record already"
    terminal.line(f"{change.id}: {event.state.value} on {event.on} by {event.by}{known}")
    for item in change.standings:
        standing = item.standing
        force = "in force" if item.in_force else "not in force"
        end = f" until {_end(standing.ends)}" if item.in_force else ""
        terminal.line(f"{standing.subject}: {item.state.value}, {force}{end}")
    for line in change.notes:
        terminal.line(line)
    followed.tell(context)


def _said_on(text: str) -> date:
    return _day(text, "--on") if text else shared.now().date()


def _day(text: str, option: str) -> date:
    try:
        return _DAY.validate_python(text)
    except ValidationError:
        raise UsageError(f"{option} takes a date written YYYY-MM-DD") from None


def _end(day: date) -> date | None:
    return day if day < NO_END else None


def _event(event: ConsentEvent, personal: bool) -> Json:
    told = flow.told({"events": [event.model_dump(mode="json")]}, personal=personal)["events"]
    assert isinstance(told, list)
    return {word: told[0][word] for word in ("state", "on", "by", "reason")}


def _document(item: flow.Listed) -> Json:
    """One record about one subject as it stands today; `state` is `expired` past its end."""
    standing = item.standing
    end, since = _end(standing.ends), standing.state_on
    return {
        "id": standing.id,
        "subject": standing.subject,
        "state": item.state.value,
        "state_on": since.isoformat() if date.min < since < NO_END else None,
        "in_force": item.in_force,
        "valid_from": standing.valid_from.isoformat(),
        "ends": end.isoformat() if end else None,
        "ends_because": standing.ends_because,
        "purposes": sorted(standing.purposes),
        "prohibited": sorted(standing.prohibited),
        "territories": sorted(standing.territories),
        "givers": sorted(standing.giver_roles),
        "assent": standing.assent.value if standing.assent else None,
        "face": standing.face,
        "sources": [names.show(source) for source in standing.sources],
    }


def _join(value: object) -> object:
    return ", ".join(map(str, value)) if isinstance(value, list) else value


def _flat(value: object, place: str = "") -> Iterable[tuple[str, object]]:
    """A record's words, one a line: `scope.purposes`, `givers[0].role`."""
    if isinstance(value, dict):
        for word, inner in value.items():
            yield from _flat(inner, f"{place}.{word}" if place else word)
    elif isinstance(value, list) and any(isinstance(inner, dict) for inner in value):
        for number, inner in enumerate(value):
            yield from _flat(inner, f"{place}[{number}]")
    else:
        yield place, _join(value)
