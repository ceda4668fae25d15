"""`dam audit`."""

from __future__ import annotations

import enum
import io
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from datetime import date, datetime
from itertools import islice
from pathlib import Path
from typing import Annotated

import typer

from dam.adapters.desk import Desk
from dam.adapters.outfile import new_file
from dam.cli import compare
from dam.cli import context as shared
from dam.cli.arguments import at_most
from dam.core.audit import Audit
from dam.core.errors import FindingsError, UsageError
from dam.core.findings import AHEAD_DAYS
from dam.core.model import Purpose
from dam.core.renewals import renewals
from dam.core.report import Kind
from dam.core.tally import Wanted
from dam.flows import audit as flow
from dam.flows.audit.thumbnails import Thumbnail, thumbnails
from dam.flows.past import Past
from dam.render import audits, counts, csv_table, terminal
from dam.render.audits import Told
from dam.render.lang import Speech, speech

EXAMPLES = (
    "Examples: dam audit --fail-on missing_consent,expired; dam audit --format pdf --out a.pdf; "
    "dam audit --programme amal --since 2021-11-01 --purpose press --by asset --format csv; "
    "dam audit --expiring-within 30d --format ics; dam audit --diff may.json today"
)


#: So many lines a table lists unless somebody asks for more or less.
LIMIT = 100


class Format(enum.StrEnum):
    TABLE = "table"
    JSON = "json"
    CSV = "csv"
    HTML = "html"
    PDF = "pdf"
    ICS = "ics"


def register(app: typer.Typer) -> None:
    app.command("audit", epilog=EXAMPLES)(audit)


def audit(
    context: typer.Context,
    told: Annotated[
        Told | None,
        typer.Option(
            "--by",
            help="List findings, assets, packs or consents to renew, or sum up by something; "
            "else findings.",
        ),
    ] = None,
    since: Annotated[
        datetime | None,
        typer.Option("--since", formats=["%Y-%m-%d"], help="Taken on this day or later."),
    ] = None,
    until: Annotated[
        datetime | None,
        typer.Option("--until", formats=["%Y-%m-%d"], help="Taken on this day or earlier."),
    ] = None,
    programme: Annotated[
        str | None, typer.Option("--programme", help="Only photos of this programme.")
    ] = None,
    place: Annotated[
        str | None, typer.Option("--place", help="Only photos of this town or country.")
    ] = None,
    photographer: Annotated[
        str | None, typer.Option("--photographer", help="Only photos of this photographer.")
    ] = None,
    as_of: Annotated[
        datetime | None,
        typer.Option("--as-of", formats=["%Y-%m-%d"], help="As it was known on this past day."),
    ] = None,
    purpose: Annotated[
        Purpose, typer.Option("--purpose", help="The use that findings and sums are about.")
    ] = Purpose.ARCHIVE,
    kind: Annotated[
        str, typer.Option("--kind", metavar="KIND[,KIND]", help="Only findings of these kinds.")
    ] = "",
    within: Annotated[
        str | None,
        typer.Option(
            "--expiring-within",
            metavar="DAYS",
            help=f"How far ahead ends are told: 30d; else {AHEAD_DAYS}d. As ics or csv: the "
            "consents to renew.",
        ),
    ] = None,
    fail_on: Annotated[
        str,
        typer.Option("--fail-on", metavar="KIND[,KIND]", help="Exit with 3 on such findings."),
    ] = "",
    between: Annotated[
        tuple[str, str] | None,
        typer.Option(
            "--diff",
            metavar="A B",
            help="What changed from A to B: each a report as JSON, a day, or today.",
        ),
    ] = None,
    limit: Annotated[
        int, typer.Option("--limit", min=0, help="List so many lines in a table; 0 for all.")
    ] = LIMIT,
    format_: Annotated[
        Format,
        typer.Option(
            "--format",
            help="Tables for people, one JSON object, CSV of one table, a page, or a calendar "
            "of consents to renew.",
        ),
    ] = Format.TABLE,
    out: Annotated[
        Path | None, typer.Option("--out", help="Write to this new file, for its owner alone.")
    ] = None,
    pictures: Annotated[
        bool,
        typer.Option("--thumbnails", help="With html: small pictures of what may be used."),
    ] = False,
) -> None:
    """What is held, who is shown on whose consent until when, and what is wrong."""
    if pictures and format_ is not Format.HTML:
        raise UsageError("--thumbnails is for --format html", "Leave it out")
    if format_ in (Format.HTML, Format.PDF) and out is None and sys.stdout.isatty():
        raise UsageError("A page is nothing for a terminal", f"Add --out audit.{format_}")
    failing, kinds = _kinds(fail_on), _kinds(kind)
    if kinds and failing - kinds:
        raise UsageError(
            f"--kind leaves out what --fail-on waits for: {', '.join(sorted(failing - kinds))}",
            "Name it in both, or leave --kind out",
        )
    wanted = Wanted(_day(since), _day(until), programme, place, photographer, purpose)
    if wanted.since and wanted.until and wanted.since > wanted.until:
        raise UsageError("--since lies after --until", "Swap the two days")
    ahead = _days(within) if within is not None else AHEAD_DAYS
    if between is not None:
        if told is not None or as_of is not None:
            raise UsageError("--diff lists what changed", "Leave --by out, and --as-of")
        narrowed = wanted != Wanted() or bool(kinds) or within is not None
        asked = compare.Asked(wanted, kinds, ahead, narrowed)
        with _output(out):
            compare.compare(context, between, asked, failing, format_.value)
        return
    listed = _listed(told, format_, within)
    lang = shared.options(context).lang
    with (
        shared.desk(context) as desk,
        terminal.progress(speech(lang).gettext("Deciding anew")) as progress,
        flow.audit(desk, wanted, kinds, ahead, progress, _past(desk, as_of)) as found,
        _output(out),
        _thumbnails(desk, purpose, pictures) as thumbnail,
    ):
        _tell(found, listed, format_, lang, limit, thumbnail)
    if wrong := found.failing(failing):
        raise FindingsError(f"Findings of the kinds asked for: {wrong}", "See above")


def _past(desk: Desk, as_of: datetime | None) -> Past | None:
    return compare.known_on(desk, as_of.date()) if as_of is not None else None


@contextmanager
def _output(out: Path | None) -> Iterator[None]:
    """Standard output, or a new file in its place."""
    if out is None:
        yield
        return
    with new_file(out) as file:
        text = io.TextIOWrapper(file, "utf-8", newline="")
        with redirect_stdout(text):
            yield
        text.detach()


@contextmanager
def _thumbnails(desk: Desk, purpose: Purpose, wanted: bool) -> Iterator[Thumbnail | None]:
    if not wanted:
        yield None
        return
    with thumbnails(desk, purpose) as thumbnail:
        yield thumbnail


def _listed(told: Told | None, format_: Format, within: str | None) -> Told:
    """What is listed: what was asked for, else what the form or the days ahead are about."""
    if format_ is Format.ICS:
        if told not in (None, Told.RENEWAL):
            raise UsageError("A calendar lists the consents to renew", "Leave --by out")
        return Told.RENEWAL
    if told is None:
        return Told.RENEWAL if format_ is Format.CSV and within is not None else Told.FINDING
    return told


def _tell(
    found: Audit,
    told: Told,
    format_: Format,
    lang: str,
    limit: int,
    thumbnail: Thumbnail | None,
) -> None:
    plain = speech(lang, "plain")
    if format_ in (Format.CSV, Format.ICS):
        # One table and a calendar have no place for it.
        for doubt in found.doubts:
            terminal.note(speech(lang).told(doubt))
    # What only some forms need is imported with them: the others start faster.
    if format_ is Format.JSON:
        terminal.stream(audits.document(found, told, lang))
    elif format_ is Format.ICS:
        from dam.render import ics

        ics.emit(renewals(found), found.as_of, found.origin, plain)
    elif format_ is Format.CSV:
        listed = audits.cells(found, told, plain)
        csv_table.emit(plain.headings(*listed.columns), listed.rows)
    elif format_ is Format.HTML:
        from dam.render import audit_html

        sys.stdout.writelines(audit_html.pages(found, speech(lang), thumbnail, told))
    elif format_ is Format.PDF:
        from dam.render import audit_pdf

        sys.stdout.flush()
        sys.stdout.buffer.write(audit_pdf.pdf(found, speech(lang), told))
        sys.stdout.buffer.flush()
    else:
        _print(found, told, speech(lang), limit)


def _day(given: datetime | None) -> date | None:
    return given.date() if given is not None else None


def _days(text: str) -> int:
    """Days out of `30`, `30d`, `4w`."""
    read = re.fullmatch(r"([0-9]{1,4})([dw]?)", text.strip())
    if read is None:
        raise UsageError(f"--expiring-within {text!r} is no number of days", "Write it as 30d")
    return int(read[1]) * (7 if read[2] == "w" else 1)


def _kinds(text: str) -> frozenset[Kind]:
    kinds = {k.strip() for k in text.split(",") if k.strip()}
    known = {k.value for k in Kind}
    if kinds - known:
        raise UsageError(
            f"There is no kind of finding named {', '.join(sorted(kinds - known))}",
            f"Use: {', '.join(sorted(known))}",
        )
    return frozenset(map(Kind, kinds))


def _print(found: Audit, told: Told, say: Speech, limit: int) -> None:
    totals = audits.totals(found)
    parts = [
        say.list(counts.PHOTOS[name](say, totals[name]) for name in names)
        for names in (
            ("assets", "with_minors", "in_archive"),
            ("approved", "held", "refused", "quarantined"),
        )
    ]
    terminal.block(
        say.gettext(
            "Audit of {day}: {assets}; {counts}; waivers in force: {waivers}",
            day=found.as_of,
            assets=parts[0],
            counts=parts[1],
            waivers=totals["waivers"],
        )
    )
    for doubt in found.doubts:
        terminal.block(say.line("- {doubt}", doubt=say.told(doubt)), hang=2)
    for table in (audits.matrix(found, say), audits.kinds(found, say)):
        terminal.line("")
        terminal.table(say.headings(*table.columns), list(table.rows))
    terminal.line("")
    listed = audits.cells(found, told, say)
    shown = list(islice(listed.rows, at_most(limit)))
    terminal.table(say.headings(*listed.columns), shown)
    if (more := audits.number(found, told) - len(shown)) > 0:
        terminal.line(
            say.gettext("{n} more: add --limit 0, or --format csv for a spreadsheet", n=more)
        )
    terminal.line("")
    if found.anew:
        terminal.line(
            say.ngettext(
                "{n} photo was decided anew for this audit: run dam ingest",
                "{n} photos were decided anew for this audit: run dam ingest",
                found.anew,
            )
        )
    events = say.ngettext("{n} event", "{n} events", found.head[0])
    terminal.line(say.gettext("ledger: {events}, head {head}", events=events, head=found.head[1]))
