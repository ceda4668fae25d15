"""`dam ingest`."""

from __future__ import annotations

import time
from typing import Annotated

import typer

from dam.cli import context as shared
from dam.cli.context import Format, FormatOption
from dam.core.errors import InputsHeld
from dam.flows import ingest as flow
from dam.render import documents, terminal
from dam.render.text import said


def register(app: typer.Typer) -> None:
    app.command(
        "ingest", epilog="Examples: dam ingest    dam -C ~/amal ingest --dry-run --format json"
    )(ingest)


def ingest(
    context: typer.Context,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would happen; change nothing on disk.")
    ] = False,
    strict: Annotated[
        bool, typer.Option("--strict", help="Exit with 4 if anything is held or quarantined.")
    ] = False,
    format_: FormatOption = Format.TABLE,
) -> None:
    """Take in what lies in the inbox: approved photographs are filed, others held with a reason."""
    lang = shared.options(context).lang
    with (
        shared.desk(context, writing=not dry_run, alone=not dry_run, untouched=dry_run) as desk,
        desk.darkroom() as room,
        terminal.progress("Ingesting") as (begin, step),
    ):
        # The only clocks of a pass: the wall for file dates, sleep for one quiet time.
        ready = flow.quiet_ready(desk, time.time, time.sleep)  # noqa: TID251
        progress = flow.Progress(begin=begin, done=lambda outcome: step())
        report = (flow.preview if dry_run else flow.run)(desk, room, ready, progress)
    if format_ is Format.JSON:
        terminal.emit(
            {
                "dry_run": dry_run,
                "counts": report.counts(),
                "assets": [outcome_document(o, lang) for o in report.outcomes],
                "notes": report.notes,
            }
        )
    else:
        for outcome in report.outcomes:
            tell(outcome, lang)
        for line in report.notes:
            terminal.note(line)
        advise(report, lang)
        total = ", ".join(f"{n} {name}" for name, n in report.counts().items() if n)
        terminal.line(("Would be: " if dry_run else "") + (total or "nothing to do"))
    for failure in report.failures():
        raise failure
    if strict and report.troubled():
        raise InputsHeld("Some inputs were held, refused or quarantined", "See the reasons above")


def tell(outcome: flow.Outcome, lang: str) -> None:
    """One outcome as one line, with every reason."""
    terminal.outcome(
        outcome.source,
        outcome.became.value,
        outcome.archived_as or outcome.asset or "",
        " ".join(said(why.message, lang) for why in outcome.reasons),
    )


def advise(report: flow.Report, lang: str) -> None:
    """What to do about what was held: each piece of advice once, with how many it helps."""
    photos: dict[str, int] = {}
    for outcome in report.outcomes:
        for advice in {said(why.advice, lang) for why in outcome.reasons} - {""}:
            photos[advice] = photos.get(advice, 0) + 1
    for advice, count in sorted(photos.items(), key=lambda pair: (-pair[1], pair[0])):
        terminal.line(f"→ {advice} ({count})")


def outcome_document(outcome: flow.Outcome, lang: str) -> documents.Json:
    return {
        "asset": outcome.asset,
        "source": outcome.source,
        "sha256": outcome.sha256,
        "disposition": outcome.became.value,
        "reasons": [
            {"rule": w.rule, "message": said(w.message, lang), "advice": said(w.advice, lang)}
            for w in outcome.reasons
        ],
        "archived_as": outcome.archived_as,
    }
