"""`dam ingest`."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from typing import Annotated

import typer

from dam.cli import context as shared
from dam.cli.context import Format, FormatOption
from dam.core.errors import InputsHeld
from dam.core.model import Waived
from dam.flows import hints
from dam.flows import ingest as flow
from dam.render import counts, documents, terminal
from dam.render.lang import speech
from dam.render.text import joined


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
    say = speech(lang)
    log = shared.journal(context, writing=not dry_run)
    with (
        shared.desk(context, writing=not dry_run, alone=not dry_run, untouched=dry_run) as desk,
        desk.darkroom() as room,
        terminal.progress(say.gettext("Ingesting")) as (begin, step),
    ):
        # The only clocks of a pass: the wall for file dates, sleep for one quiet time.
        ready = flow.quiet_ready(desk, time.time, time.sleep)  # noqa: TID251

        def done(outcome: flow.Outcome) -> None:
            step()
            flow.log_outcome(log, outcome)

        progress = flow.Progress(begin=begin, done=done)
        report = (flow.preview if dry_run else flow.run)(desk, room, ready, progress)
        exact = hints.Hints(desk)
        told = () if dry_run or format_ is Format.JSON else report.outcomes
        wrong = {o.asset: of(exact, o) for o in told}
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
            tell(outcome, lang, wrong.get(outcome.asset, ()))
        for line in report.notes:
            terminal.note(say.problem(line))
        advise(report, lang)
        total = counts.told(report.counts(), say) or say.gettext("nothing to do")
        terminal.line(say.gettext("Would be: {counts}", counts=total) if dry_run else total)
    for failure in report.failures():
        raise failure
    if strict and report.troubled():
        raise InputsHeld("Some inputs were held, refused or quarantined", "See the reasons above")


def of(exact: hints.Hints, outcome: flow.Outcome) -> tuple[str, ...]:
    """What exactly is wrong with its sidecars, a line each, where a rule only says that it is."""
    if outcome.asset is None or not any(why.rule in hints.RULES for why in outcome.reasons):
        return ()
    return exact.of(outcome.asset)


def tell(outcome: flow.Outcome, lang: str, wrong: Iterable[str] = ()) -> None:
    """One outcome as one line, with every reason; under it what is `wrong` with its sidecars."""
    say = speech(lang)
    reasons = (say.said(why.message) for why in outcome.reasons)
    terminal.outcome(
        outcome.source,
        outcome.became.value,
        outcome.archived_as or outcome.asset or "",
        joined(" ", (*reasons, *under(outcome.waived, lang))),
        say,
    )
    for problem in wrong:
        terminal.line(say.line("           {problem}", problem=say.problem(problem)))


def under(waived: Iterable[Waived], lang: str) -> Iterator[str]:
    """The waivers that a decision rests on, each in a sentence."""
    say = speech(lang)
    for w in waived:
        yield say.gettext(
            "Waived: {rule}, by {role} until {day}.", rule=w.rule, role=w.by, day=w.until
        )


def advise(report: flow.Report, lang: str) -> None:
    """What to do about what was held: each piece of advice once, with how many it helps."""
    say = speech(lang)
    photos: dict[str, int] = {}
    for outcome in report.outcomes:
        for advice in {say.said(why.advice) for why in outcome.reasons} - {""}:
            photos[advice] = photos.get(advice, 0) + 1
    for advice, count in sorted(photos.items(), key=lambda pair: (-pair[1], pair[0])):
        terminal.line(say.line("→ {advice} ({count})", advice=advice, count=count))


def outcome_document(outcome: flow.Outcome, lang: str) -> documents.Json:
    say = speech(lang, "plain")
    return {
        "asset": outcome.asset,
        "source": outcome.source,
        "sha256": outcome.sha256,
        "disposition": outcome.became.value,
        "reasons": [
            {"rule": w.rule, "message": say.said(w.message), "advice": say.said(w.advice)}
            for w in outcome.reasons
        ],
        "archived_as": outcome.archived_as,
        "waived": documents.waived(outcome.waived, lang),
    }
