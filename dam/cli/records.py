"""How consent records and changes of them are told, in tables and as JSON."""

from __future__ import annotations

from datetime import date

import typer
from pydantic import TypeAdapter

from dam.cli import context as shared
from dam.cli.arguments import read
from dam.cli.context import Format
from dam.cli.follow import follow
from dam.core import names
from dam.core.consent import NO_END
from dam.core.fields import IsoDate
from dam.core.record import ConsentEvent
from dam.flows import consents as flow
from dam.render import terminal
from dam.render.documents import Json

_DAY: TypeAdapter[date] = TypeAdapter(IsoDate)


def tell_change(context: typer.Context, change: flow.Change, format_: Format) -> None:
    """Carry a change out and say what happened."""
    followed = follow(context, change.touched, change.filed)
    if format_ is Format.JSON:
        terminal.emit(
            {
                "id": change.id,
                "changed": change.changed,
                "event": event(change.event, personal=False),
                "standing": [document(item) for item in change.standings],
                "photos": followed.document(context),
                "notes": list(change.notes),
            }
        )
        return
    told(context, change)
    followed.tell(context)


def told(context: typer.Context, change: flow.Change) -> None:
    """Say what a record became and how it stands now."""
    said, say = change.event, shared.speech(context)
    terminal.line(
        say.gettext(
            "{id}: {state} on {day} by {role}",
            id=change.id,
            state=say.word("state", said.state),
            day=said.on,
            role=said.by,
        )
    )
    if not change.changed:
        terminal.line(say.gettext("this was on record already"))
    for item in change.standings:
        standing, state = item.standing, say.word("state", item.state)
        if item.in_force:
            line = say.gettext(
                "{subject}: {state}, in force until {day}",
                subject=standing.subject,
                state=state,
                day=end(standing.ends),
            )
        else:
            line = say.gettext(
                "{subject}: {state}, not in force", subject=standing.subject, state=state
            )
        terminal.line(line)
    for line in change.notes:
        terminal.line(say.told(line))


def said_on(text: str) -> date:
    return day(text, "--on") if text else shared.now().date()


def day(text: str, option: str) -> date:
    return read(_DAY, text, f"{option} takes a date written YYYY-MM-DD")


def end(last: date) -> date | None:
    return last if last < NO_END else None


def event(told_of: ConsentEvent, personal: bool) -> Json:
    told = flow.told({"events": [told_of.model_dump(mode="json")]}, personal=personal)["events"]
    assert isinstance(told, list)
    return {word: told[0][word] for word in ("state", "on", "by", "reason")}


def document(item: flow.Listed, *, whole: bool = False) -> Json:
    """One record about one subject as it stands today; `state` is `expired` past its end.

    `whole` names the sidecars it stands in: their names are those of photos as dropped, which
    may tell of somebody; elsewhere only what kind of source they are is told.
    """
    standing = item.standing
    last, since = end(standing.ends), standing.state_on
    return {
        "id": standing.id,
        "subject": standing.subject,
        "state": item.state.value,
        "state_on": since.isoformat() if date.min < since < NO_END else None,
        "in_force": item.in_force,
        "valid_from": standing.valid_from.isoformat(),
        "ends": last.isoformat() if last else None,
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
