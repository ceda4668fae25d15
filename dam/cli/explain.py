"""`dam explain`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Annotated

import typer
from pydantic import TypeAdapter, ValidationError

from dam.cli import context as shared
from dam.cli.arguments import AssetArgument
from dam.cli.context import Format, FormatOption
from dam.core.errors import UsageError
from dam.core.fields import IsoDate, Territory
from dam.core.model import Purpose, Use, one_word
from dam.flows import answers as flow
from dam.flows import past as history
from dam.render import documents, explanation, terminal
from dam.render import past as then
from dam.render.lang import Speech, speech

_DAY = TypeAdapter(IsoDate)
_TERRITORY: TypeAdapter[str] = TypeAdapter(Territory)


def register(app: typer.Typer) -> None:
    app.command("explain", epilog="Example: dam explain k7q2mz9a --purpose press")(explain)


def explain(
    context: typer.Context,
    asset: AssetArgument,
    purpose: Annotated[
        Purpose, typer.Option("--purpose", help="Which use to explain.")
    ] = Purpose.ARCHIVE,
    territory: Annotated[
        str | None, typer.Option("--territory", help="A country (MA, FR); else the whole world.")
    ] = None,
    use: Annotated[
        str | None, typer.Option("--use", help=f"One of: {', '.join(Use)}; else editorial.")
    ] = None,
    day: Annotated[
        str | None, typer.Option("--day", metavar="DAY", help="As of this day; else today.")
    ] = None,
    as_of: Annotated[
        str | None,
        typer.Option("--as-of", metavar="DAY", help="By what was known at the end of this day."),
    ] = None,
    everything: Annotated[
        bool, typer.Option("--all", help="Also the rules that are satisfied.")
    ] = False,
    format_: FormatOption = Format.TABLE,
) -> None:
    """Why a photograph may or may not be used: each rule with its clause and the evidence.

    The evidence is named with the file and line where it stands; then what would change it.
    With --as-of: whether it was lawful on a past day, by what was known then, and the proof.
    """
    lang = shared.options(context).lang
    asked = _asked(territory, use, day, as_of)
    with shared.desk(context) as desk:
        if asked.as_of is not None:
            row = flow.resolve(desk, asset)
            answer = history.explain(
                desk, row, asked.as_of, purpose, territory=asked.territory, use=asked.use
            )
            if format_ is Format.JSON:
                terminal.emit(then.document(answer, lang))
            else:
                then.tell(answer, lang, desk.now().tzinfo, everything=everything)
            return
        found = flow.explain(
            desk, asset, purpose, territory=asked.territory, use=asked.use, day=asked.day
        )
    if format_ is Format.JSON:
        terminal.emit(_document(found, purpose, lang))
    else:
        _tell(found, lang, everything=everything)


@dataclass(frozen=True, slots=True)
class _Asked:
    territory: str | None
    use: str | None
    day: date | None
    as_of: date | None


def _asked(territory: str | None, use: str | None, day: str | None, as_of: str | None) -> _Asked:
    """The options as values. Raises UsageError."""
    try:
        when = _DAY.validate_python(day) if day is not None else None
        past = _DAY.validate_python(as_of) if as_of is not None else None
        where = _TERRITORY.validate_python(territory) if territory is not None else None
    except ValidationError:
        raise UsageError(
            "--day and --as-of take a date written YYYY-MM-DD, --territory a country or world",
            "For example --day 2027-05-31 --territory MA",
        ) from None
    end = next((word for word in Use if use is not None and word == one_word(use)), None)
    if use is not None and end is None:
        raise UsageError(f"{use!r} is no use", f"Use one of: {', '.join(Use)}")
    if when is not None and past is not None:
        raise UsageError(
            "Give --day or --as-of, not both",
            "--day decides for another day by what is known now, --as-of by what was known then",
        )
    return _Asked(where, end, when, past)


def _tell(found: flow.Explained, lang: str, *, everything: bool) -> None:
    say = speech(lang)
    row, told = found.row, found.explanation
    for name in found.dropped_as[:1]:
        terminal.line(say.ident(name), style="bold")
    if told is None or (found.stored is None and row.note):
        note = say.told(row.note) if row.note else say.gettext("not decided yet")
        became = say.word("disposition", row.disposition)
        terminal.block(
            say.gettext("{asset}: {became}: {note}", asset=row.id, became=became, note=note),
            style=terminal.STYLES.get(row.disposition.value, ""),
        )
        hint = say.told(row.note_hint) if row.note_hint else say.gettext("Run dam ingest")
        terminal.block(say.line("→ {hint}", hint=hint), 2, hang=2)
        return
    explanation.tell(row.id, told, lang, everything=everything)
    _standing(found, say)
    if found.facts is not None:
        for problem in (*found.facts.problems, *found.contradictions):
            terminal.block(say.problem(problem), 2, hang=2)


def _standing(found: flow.Explained, say: Speech) -> None:
    """How this stands to the decision that is on record."""
    stored = found.stored
    if found.asked_anew:
        terminal.block(
            say.gettext(
                "This was decided anew for the question, on what is known today; "
                "it is not the decision on record."
            ),
            2,
        )
    elif stored is None:
        terminal.block(say.gettext("No decision is on record yet: run dam ingest."), 2)
    elif found.current:
        terminal.block(say.gettext("On record since {day}.", day=stored.day), 2)
    else:
        terminal.block(
            say.gettext(
                "The decision on record, of {day}, is another one ({decision}): run dam ingest.",
                day=stored.day,
                decision=say.word("disposition", stored.disposition),
            ),
            2,
        )
    if found.row.note and not found.asked_anew:
        terminal.block(say.told(found.row.note), 2)
        terminal.block(say.line("→ {hint}", hint=say.told(found.row.note_hint)), 2, hang=2)


def _document(found: flow.Explained, purpose: Purpose, lang: str) -> documents.Json:
    told = found.explanation
    anew = told.decision if told is not None else None
    decision = anew if found.asked_anew else found.stored
    return {
        **documents.asset(found.row),
        "purpose": purpose.value,
        "decision": documents.decision(decision, lang) if decision is not None else None,
        "on_record": not found.asked_anew and found.stored is not None,
        "current": found.current and not found.asked_anew,
        "explanation": explanation.document(told, lang) if told is not None else None,
        "problems": list(found.facts.problems) if found.facts else [],
    }
