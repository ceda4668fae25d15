"""`dam consent import|list|show|renew|withdraw|erase|template`."""

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
from dam.render import counts as amounts
from dam.render import terminal
from dam.render.documents import Json

consent = typer.Typer(
    no_args_is_help=True,
    help="The register of consents: import, list, show, renew, withdraw, erase, template.",
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
    consent.command("erase", epilog=f"{example} erase S-0147 --yes")(erase)
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
    entries, notes = flow.read(files)
    with shared.desk(context, writing=not dry_run) as desk:
        done = flow.import_(desk, entries, dry_run=dry_run)
    followed = Followed(tuple(sorted(done.touched)))
    if done.changed and not dry_run:
        followed = follow(context, done.touched, done.filed)
    counts = done.counts()
    if format_ is Format.JSON:
        records = [
            {"id": i.id, "subject": i.subject.id, "became": became.value}
            for i, became in done.records
        ]
        told: Json = {"dry_run": dry_run, "counts": counts, "records": records}
        terminal.emit({**told, "photos": followed.document(context), "notes": list(notes)})
        return
    say = shared.speech(context)
    for item, became in done.records:
        if became is not flow.Became.UNCHANGED:
            word = say.word("record", became)
            terminal.line(
                say.line(
                    "{became} {id}  {subject}", became=word, id=item.id, subject=item.subject.id
                )
            )
    for line in notes:
        terminal.note(say.problem(line))
    total = amounts.told(counts, say, amounts.RECORDS)
    terminal.line(say.gettext("Would be: {counts}", counts=total) if dry_run else total)
    if not done.changed:
        terminal.line(say.gettext("Nothing changes: the register says all of this already"))
    elif dry_run:
        terminal.line(say.gettext("photos to look at again: {n}", n=len(done.touched)))
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
    say = shared.speech(context)
    terminal.table(
        say.headings("consent", "subject", "state", "in force", "until", "because", "purposes"),
        [
            (
                i.standing.id,
                i.standing.subject,
                say.word("state", i.state),
                say.gettext("yes") if i.in_force else say.gettext("no"),
                _end(i.standing.ends),
                say.because(i.standing.ends_because),
                say.list(say.word("purpose", p) for p in sorted(i.standing.purposes)),
            )
            for i in found
        ],
    )


def show(
    context: typer.Context,
    ident: IdArgument,
    personal: Annotated[
        bool,
        typer.Option(
            "--personal",
            help="Also names, contacts, birth dates, texts; the ledger notes that you asked.",
        ),
    ] = False,
    format_: FormatOption = Format.TABLE,
) -> None:
    """One record: as each source tells it, as it stands today, its events and its photos."""
    with shared.desk(context, writing=personal) as desk:
        found = flow.show(desk, ident, personal=personal)
    events = [_event(event, personal) for event in found.events]
    sources = [
        {
            "source": names.show(v.slot),
            "told_in": v.told_in,
            "recorded_at": v.recorded_at.isoformat(),
            "stated": v.stated,
            "record": body,
        }
        for v, body in zip(found.versions, found.bodies, strict=True)
    ]
    if format_ is Format.JSON:
        terminal.emit(
            {
                "id": found.id,
                "erased": found.erased,
                "standing": [_document(item, whole=True) for item in found.standings],
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
    say = shared.speech(context)
    if found.erased:
        terminal.line(
            say.gettext("The personal details of its subject were erased: it permits nothing")
        )
    for item in found.standings:
        rows = _document(item, whole=True).items()
        terminal.table(("", ""), [(k, _join(v)) for k, v in rows if v != []])
        terminal.line("")
    for source in sources:
        terminal.line(
            say.gettext(
                "as {source} tells it (recorded {day})",
                source=source["told_in"] or source["source"],
                day=source["recorded_at"],
            )
        )
        if not source["stated"]:
            terminal.line(say.gettext("it mentions it no longer: this permits nothing"))
        terminal.table(("", ""), list(_flat(source["record"])))
        terminal.line("")
    terminal.table(
        say.headings("event", "on", "by", "reason"), [tuple(event.values()) for event in events]
    )
    terminal.line("")
    terminal.table(
        say.headings("photo", "disposition", "archived as"),
        [
            (row.id, terminal.disposition(row.disposition.value, say), row.archived_as)
            for row in found.photos
        ],
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


def erase(
    context: typer.Context,
    subject: Annotated[str, typer.Argument(metavar="SUBJECT", help="A pseudonym: S-0147.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do it; it cannot be undone.")] = False,
    format_: FormatOption = Format.TABLE,
) -> None:
    """Forget for ever who a subject is: name, contact, birth date, givers, free texts.

    They leave the register's tables and the catalogue's file. The records stay under their
    pseudonyms and permit nothing any more, so photos that rest on them leave the archive.
    Not erased: originals, sidecars as they were dropped, packs that went out, backups. To end
    a consent without forgetting who gave it, use `dam consent withdraw`.
    """
    if not yes:
        raise UsageError(
            "Erasing cannot be undone, and photos of this subject can no longer be used",
            "Add --yes to do it",
        )
    with shared.desk(context, writing=True) as desk:
        done = flow.erase(desk, subject)
    if not done.clean:
        terminal.note("Another dam reads the catalogue: its journal is emptied when that one ends")
    followed = follow(context, done.touched, done.filed)
    if format_ is Format.JSON:
        told: Json = {"subject": done.subject, "consents": list(done.consents)}
        terminal.emit({**told, "clean": done.clean, "photos": followed.document(context)})
        return
    terminal.line(f"{done.subject}: erased; records without details: {', '.join(done.consents)}")
    followed.tell(context)


def template(
    context: typer.Context,
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="A file not there yet.")],
    lang: Annotated[
        Lang | None, typer.Option("--lang", help="Language of headings; else as for dam.")
    ] = None,
    form: Annotated[
        consent_template.Form | None, typer.Option("--format", help="Else by the ending of FILE.")
    ] = None,
    kind: Annotated[
        consent_template.Kind,
        typer.Option("--for", help="The register, or a shoot: consent.csv beside photographs."),
    ] = consent_template.Kind.REGISTER,
) -> None:
    """Write an empty table with examples, which nothing takes for a record."""
    wanted = lang.value if lang else shared.options(context).lang
    page = "docs/consent-import.md"
    if kind is consent_template.Kind.SHOOT:
        consent_template.shoot(out, wanted, form)
        page = "docs/sidecars.md"
    else:
        consent_template.template(out, wanted, form)
    terminal.note(f"{names.show(str(out))} is ready: see {page} for its words")


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
        say = shared.speech(context)
        if self.outcomes is None:
            terminal.line(
                say.gettext(
                    "Another dam is at work here: photos its next pass looks at: {n} "
                    "(`dam ingest` does it where that one ends before)",
                    n=len(self.touched),
                )
            )
            return
        lang = shared.options(context).lang
        for outcome in self.outcomes:
            passes.tell(outcome, lang)
        counted = {b.value: sum(o.became is b for o in self.outcomes) for b in ingest.Became}
        terminal.line(
            say.gettext(
                "photos that rest on this: {n}; {counts}; taken out of the archive: {out}",
                n=len(self.touched),
                counts=amounts.told(counted, say) or say.gettext("none changed"),
                out=len(self.retracted),
            )
        )


def follow(context: typer.Context, touched: Iterable[str], filed: Iterable[str]) -> Followed:
    """Decide again what is due. The change itself is on record whatever happens here."""
    ids = tuple(sorted(touched))
    try:
        with shared.desk(context, writing=True, alone=True) as desk, desk.darkroom() as room:
            outcomes = tuple(ingest.redecide(desk, room))
            log = shared.journal(context)
            for outcome in outcomes:
                ingest.log_outcome(log, outcome)
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
    followed = follow(context, change.touched, change.filed)
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
    event, say = change.event, shared.speech(context)
    terminal.line(
        say.gettext(
            "{id}: {state} on {day} by {role}",
            id=change.id,
            state=say.word("state", event.state),
            day=event.on,
            role=event.by,
        )
    )
    if not change.changed:
        terminal.line(say.gettext("this was on record already"))
    for item in change.standings:
        standing, state = item.standing, say.word("state", item.state)
        if item.in_force:
            told = say.gettext(
                "{subject}: {state}, in force until {day}",
                subject=standing.subject,
                state=state,
                day=_end(standing.ends),
            )
        else:
            told = say.gettext(
                "{subject}: {state}, not in force", subject=standing.subject, state=state
            )
        terminal.line(told)
    for line in change.notes:
        terminal.line(say.told(line))
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


def _document(item: flow.Listed, *, whole: bool = False) -> Json:
    """One record about one subject as it stands today; `state` is `expired` past its end.

    `whole` names the sidecars it stands in: their names are those of photos as dropped, which
    may tell of somebody; elsewhere only what kind of source they are is told.
    """
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
        "sources": [names.show(source) for source in standing.sources]
        if whole
        else sorted({flow.kind_of(source) for source in standing.sources}),
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
