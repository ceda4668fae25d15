"""`dam audit --diff A B`."""

from __future__ import annotations

import re
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import typer

from dam.adapters.desk import Desk
from dam.adapters.reports import opened
from dam.cli import context as shared
from dam.core import diff, reported
from dam.core.diff import Difference, Side
from dam.core.errors import FindingsError, UsageError
from dam.core.report import Kind
from dam.core.tally import Wanted
from dam.flows import audit as flow
from dam.flows import past
from dam.flows.past import Past
from dam.render import audits, csv_table, differences, terminal
from dam.render.audits import Cells
from dam.render.lang import Speech, speech

_TODAY = "today"
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


@dataclass(frozen=True, slots=True)
class Asked:
    """What the audits of days are about; `narrowed` where an option said so."""

    wanted: Wanted
    kinds: frozenset[Kind]
    ahead: int
    narrowed: bool


def compare(
    context: typer.Context,
    words: tuple[str, str],
    asked: Asked,
    failing: frozenset[Kind],
    format_: str,
) -> None:
    """Tell what changed from one to the other of two reports or days.

    Raises UsageError for a report that cannot be read, and FindingsError where new findings are of
    the kinds in `failing`.
    """
    if format_ not in ("table", "json", "csv"):
        raise UsageError(f"--diff cannot be told as {format_}", "Use table, json or csv")
    days = any(_is_day(word) for word in words)
    if asked.narrowed and not days:
        raise UsageError(
            "Two reports are compared as they were made", "Leave out what narrows an audit down"
        )
    with ExitStack() as stack:
        desk = stack.enter_context(shared.desk(context)) if days else None
        before, after = (_side(word, desk, asked, stack) for word in words)
        found = diff.compare(before, after)
        _tell(found, format_, shared.options(context).lang)
    if wrong := found.failing(failing):
        raise FindingsError(f"New findings of the kinds asked for: {wrong}", "See above")


def known_on(desk: Desk, day: date) -> Past | None:
    """What was known on a day; None for today, which is what is kept."""
    return None if day == desk.day() else past.at(desk, day)


def _is_day(word: str) -> bool:
    return word == _TODAY or _DAY.fullmatch(word) is not None


def _side(word: str, desk: Desk | None, asked: Asked, stack: ExitStack) -> Side:
    """What a word names, `today`, a day or else the file of a report, as one side."""
    if desk is None or not _is_day(word):
        return reported.read(word, stack.enter_context(opened(Path(word))))
    try:
        day = desk.day() if word == _TODAY else date.fromisoformat(word)
    except ValueError:
        raise UsageError(f"{word} is no day", "Write it as 2026-05-31") from None
    found = stack.enter_context(
        flow.audit(desk, asked.wanted, asked.kinds, asked.ahead, past=known_on(desk, day))
    )
    return diff.of_audit(day.isoformat(), found, audits.wanted(found), audits.totals(found))


def _tell(found: Difference, format_: str, lang: str) -> None:
    if format_ == "json":
        terminal.emit(differences.document(found, lang))
        return
    say = speech(lang, "plain" if format_ == "csv" else "shown")
    for warning in differences.warnings(found, speech(lang)):
        terminal.note(warning)
    if format_ == "csv":
        listed = differences.everything(found, say)
        csv_table.emit(say.headings(*listed.columns), listed.rows)
    else:
        _print(found, say)


def _print(found: Difference, say: Speech) -> None:
    terminal.block(differences.headline(found, say))
    same_rules = found.before.rule_pack == found.after.rule_pack
    if not same_rules:
        terminal.line(say.gettext("The rules changed."))
    if found.nothing:
        terminal.line(
            say.gettext("Nothing changed.")
            if same_rules
            else say.gettext("Photos and findings are as they were.")
        )
    else:
        for part in (differences.summary, differences.sums, differences.assets,
                     differences.findings):  # fmt: skip
            _table(part(found, say), say)
    terminal.line("")
    one, other = (
        say.ngettext("{n} event", "{n} events", side.ledger[0])
        for side in (found.before, found.after)
    )
    terminal.line(say.gettext("ledger: {before}, then {after}", before=one, after=other))


def _table(cells: Cells, say: Speech) -> None:
    """A table, where it has any row."""
    if rows := list(cells.rows):
        terminal.line("")
        terminal.table(say.headings(*cells.columns), rows)
