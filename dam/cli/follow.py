"""What follows from a change on record: photographs decided again at once, and told."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import typer

from dam.cli import context as shared
from dam.cli import ingest as passes
from dam.core.errors import DamError, WorkspaceBusy
from dam.flows import consents, ingest
from dam.render import counts as amounts
from dam.render import terminal
from dam.render.documents import Json


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
            return Followed(ids, outcomes, consents.retracted(desk, filed))
    except WorkspaceBusy:
        return Followed(ids, None)
    except DamError:
        say = shared.speech(context)
        terminal.note(
            say.gettext(
                "The change is on record and counts, but not every photo was looked at again: "
                "run `dam ingest` once what follows is mended"
            )
        )
        raise
