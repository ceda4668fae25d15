"""`dam consent import|list|show|renew|withdraw|erase|template`."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import Annotated

import typer
from pydantic import TypeAdapter

from dam.cli import context as shared
from dam.cli.arguments import read
from dam.cli.context import Format, FormatOption, Lang
from dam.cli.follow import Followed, follow
from dam.cli.records import day, said_on, tell_change
from dam.cli.records import document as _document
from dam.cli.records import end as _end
from dam.cli.records import event as _event
from dam.cli.withdraw import ByOption, IdArgument, OnOption, withdraw
from dam.core import names
from dam.core.errors import UsageError
from dam.core.fields import IsoDate, Term
from dam.core.model import ConsentState
from dam.flows import consent_template
from dam.flows import consents as flow
from dam.render import counts as amounts
from dam.render import terminal
from dam.render.documents import Json
from dam.render.lang import Speech

consent = typer.Typer(
    no_args_is_help=True,
    epilog="Example: dam consent import register.xlsx --dry-run",
    help="The register of consents: import, list, show, renew, withdraw, erase, template.",
)

_DAY: TypeAdapter[date] = TypeAdapter(IsoDate)
_TERM: TypeAdapter[str] = TypeAdapter(Term)


def register(app: typer.Typer) -> None:
    example = "Example: dam consent"
    consent.command("import", epilog=f"{example} import register.xlsx --dry-run")(import_)
    consent.command("list", epilog=f"{example} list --expiring-within 30d")(list_)
    consent.command("show", epilog=f"{example} show C-2021-0147 --format json")(show)
    consent.command("renew", epilog=f"{example} renew C-2021-0147 --until 2031-10-31 --by parent")(
        renew
    )
    consent.command(
        "withdraw", epilog=f"{example} withdraw C-2021-0147 --on 2026-11-20 --by parent --erase"
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
        read(_TERM, within, "--expiring-within takes a term such as 30d, 3m or 1y")
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
    if format_ is Format.JSON:
        terminal.emit(_shown(found, personal))
    else:
        _tables(found, personal, shared.speech(context))


def _sources(found: flow.Shown) -> list[Json]:
    return [
        {
            "source": names.show(v.slot),
            "told_in": v.told_in,
            "recorded_at": v.recorded_at.isoformat(),
            "stated": v.stated,
            "record": body,
        }
        for v, body in zip(found.versions, found.bodies, strict=True)
    ]


def _shown(found: flow.Shown, personal: bool) -> Json:
    return {
        "id": found.id,
        "erased": found.erased,
        "standing": [_document(item, whole=True) for item in found.standings],
        "sources": _sources(found),
        "events": [_event(event, personal) for event in found.events],
        "photos": [
            {
                "asset": row.id,
                "disposition": row.disposition.value,
                "archived_as": row.archived_as,
            }
            for row in found.photos
        ],
    }


def _tables(found: flow.Shown, personal: bool, say: Speech) -> None:
    if found.erased:
        terminal.line(
            say.gettext("The personal details of its subject were erased: it permits nothing")
        )
    for item in found.standings:
        rows = _document(item, whole=True).items()
        terminal.table(("", ""), [(k, _join(v)) for k, v in rows if v != []])
        terminal.line("")
    for source in _sources(found):
        terminal.line(
            say.gettext(
                "as {source} tells it (recorded {day})",
                source=source["told_in"] or source["source"],
                day=f"{str(source['recorded_at'])[:16].replace('T', ' ')} UTC",
            )
        )
        if not source["stated"]:
            terminal.line(say.gettext("it mentions it no longer: this permits nothing"))
        terminal.table(("", ""), list(_flat(source["record"])))
        terminal.line("")
    terminal.table(
        say.headings("event", "on", "by", "reason"),
        [tuple(_event(event, personal).values()) for event in found.events],
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
    last = day(until, "--until")
    said = flow.Statement(said_on(on), by)
    with shared.desk(context, writing=True) as desk:
        change = flow.renew(desk, ident, said, last)
    tell_change(context, change, format_)


def erase(
    context: typer.Context,
    subject: Annotated[str, typer.Argument(metavar="SUBJECT", help="A pseudonym: S-0147.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do it; it cannot be undone.")] = False,
    format_: FormatOption = Format.TABLE,
) -> None:
    """Forget for ever who a subject is: name, contact, birth date, givers, free texts.

    They leave the register, stored sidecars, captions and the catalogue's file. The records stay
    under their pseudonyms and permit nothing any more, so photos that rest on them leave the
    archive. Not erased: photos, packs that went out, backups; `dam consent withdraw --erase`
    erases photos too, `dam consent withdraw` ends a consent and forgets nobody.
    """
    if not yes:
        raise UsageError(
            "Erasing cannot be undone, and photos of this subject can no longer be used",
            "Add --yes to do it",
        )
    with shared.desk(context, writing=True) as desk:
        done = flow.erase(desk, subject)
    say = shared.speech(context)
    if not done.clean:
        terminal.note(
            say.gettext(
                "Another dam reads the catalogue: its journal is emptied when that one ends"
            )
        )
    followed = follow(context, done.touched, done.filed)
    if format_ is Format.JSON:
        told: Json = {"subject": done.subject, "consents": list(done.consents)}
        terminal.emit({**told, "clean": done.clean, "photos": followed.document(context)})
        return
    terminal.line(
        say.gettext(
            "{subject}: erased; records without details: {ids}",
            subject=done.subject,
            ids=say.list(done.consents),
        )
    )
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
    say = shared.speech(context)
    file = names.show(str(out))
    terminal.note(say.gettext("{file} is ready: see {page} for its words", file=file, page=page))


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
