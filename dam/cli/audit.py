"""`dam audit`."""

from __future__ import annotations

from typing import Annotated

import typer

from dam.cli import context as shared
from dam.cli.context import Format, FormatOption
from dam.core.errors import FindingsError, UsageError
from dam.core.report import Kind
from dam.flows import audit as flow
from dam.render import counts, documents, terminal
from dam.render.lang import speech


def register(app: typer.Typer) -> None:
    app.command("audit", epilog="Example: dam audit --fail-on missing_consent,expired")(audit)


def audit(
    context: typer.Context,
    fail_on: Annotated[
        str,
        typer.Option("--fail-on", metavar="KIND[,KIND]", help="Exit with 3 on such findings."),
    ] = "",
    format_: FormatOption = Format.TABLE,
) -> None:
    """What is held, who is shown on whose consent until when, and what is wrong, as of today."""
    kinds = _kinds(fail_on)
    lang = shared.options(context).lang
    with shared.desk(context) as desk:
        found = flow.audit(desk)
    if format_ is Format.JSON:
        terminal.emit(
            {
                "as_of": found.as_of.isoformat(),
                "assets": [documents.audit_row(r) for r in found.rows],
                "totals": found.totals,
                "findings": [documents.finding(f, lang) for f in found.findings],
                "rule_pack": found.pack_digest,
                "ledger": {"events": found.head[0], "head": found.head[1]},
            }
        )
    else:
        _print(found, lang)
    failing = found.failing(kinds)
    if failing:
        raise FindingsError(f"{len(failing)} findings of the kinds asked for", "See above")


def _kinds(text: str) -> set[str]:
    kinds = {k.strip() for k in text.split(",") if k.strip()}
    known = {k.value for k in Kind}
    if kinds - known:
        raise UsageError(
            f"There is no kind of finding named {', '.join(sorted(kinds - known))}",
            f"Use: {', '.join(sorted(known))}",
        )
    return kinds


def _print(found: flow.Audit, lang: str) -> None:
    totals, say = found.totals, speech(lang)
    parts = [
        say.list(counts.PHOTOS[name](say, totals[name]) for name in names)
        for names in (
            ("assets", "with_minors", "in_archive"),
            ("approved", "held", "refused", "quarantined"),
        )
    ]
    terminal.line(
        say.gettext(
            "Audit of {day}: {assets}; {counts}; waivers in force: {waivers}",
            day=found.as_of,
            assets=parts[0],
            counts=parts[1],
            waivers=totals["waivers"],
        )
    )
    terminal.line("")
    terminal.table(
        say.headings("asset", "disposition", "minors", "consent", "until", "purposes", "waivers"),
        [
            (
                r.asset,
                terminal.disposition(r.disposition.value, say),
                r.minors,
                ", ".join(r.consents),
                r.until,
                say.list(say.word("purpose", p) for p in r.purposes),
                ", ".join(r.waivers),
            )
            for r in found.rows
        ],
    )
    terminal.line("")
    terminal.table(
        say.headings("finding", "asset", "people", "what"),
        [
            (
                say.word("finding", f.kind),
                f.asset,
                ", ".join(f.subjects),
                say.said(f.message),
            )
            for f in found.findings
        ],
    )
    events = say.ngettext("{n} event", "{n} events", found.head[0])
    terminal.line(say.gettext("ledger: {events}, head {head}", events=events, head=found.head[1]))
