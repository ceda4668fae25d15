"""Regions drawn by hand: destroyed in every rendition from now on, until somebody removes them.

A region, its ledger event and the mark that its photograph is due are one transaction; deciding
that again, which takes what is filed out of the archive, is the caller's next step.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import dataclass

from dam.adapters.desk import Desk
from dam.core.errors import UsageError
from dam.core.model import Disposition, Event
from dam.core.placing import Box
from dam.core.redaction import Drawn
from dam.core.rows import AssetRow, DrawnEnd, DrawnRow

#: Less of the picture's width or height hides nothing.
LEAST = 0.001


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be destroyed. `box` in fractions of the upright picture, from top left.

    `by` is a role, never a name; `subject` whose face lies in it; `reason` may be personal.
    """

    box: Box
    by: str
    subject: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Change:
    """The regions drawn or removed; `filed`: the photograph stood in the archive."""

    asset: str
    drawn: tuple[Drawn, ...]
    filed: bool


def draw(desk: Desk, row: AssetRow, order: Order) -> Change:
    """Record a region. Raises UsageError where it does not lie on the picture, or the subject

    is nobody whom a sidecar lists on it.
    """
    x, y, w, h = order.box
    if not (x >= 0 and y >= 0 and w >= LEAST and h >= LEAST and x + w <= 1 and y + h <= 1):
        raise UsageError(
            "The region does not lie on the picture",
            "x,y,w,h are parts of its width and height, from top left: 0.25,0.1,0.2,0.3",
        )
    with desk.catalog.transaction() as unit:
        facts = desk.facts(row)
        if facts is None or row.disposition is Disposition.QUARANTINED:
            raise UsageError("This photograph could not be read", "`dam explain` says why")
        if order.subject and order.subject not in {p.subject for p in facts.people.persons}:
            raise UsageError(
                "No sidecar lists this subject on the photograph", "`dam show` lists who is"
            )
        ident = f"R-{desk.day():%Y%m%d}-{secrets.token_hex(4)}"
        drawn = Drawn(ident, order.box, order.subject, order.by)
        unit.add_drawn(DrawnRow(row.id, drawn, desk.instant()), order.reason)
        region = ",".join(f"{number:g}" for number in order.box)
        told: dict[str, object] = {"redaction": ident, "by": order.by, "region": region}
        unit.append(Event("redaction.drawn", row.id, told), desk.instant())
        unit.mark_due([row.id])
    return Change(row.id, (drawn,), row.archived_as is not None)


def remove(desk: Desk, row: AssetRow, ident: str, by: str) -> Change:
    """A region counts no longer: what the rules oblige is destroyed all the same.

    Raises UsageError where there is none of this id on the photograph.
    """
    with desk.catalog.transaction() as unit:
        live = {each.drawn.id: each.drawn for each in unit.drawn(row.id)}
        drawn = live.get(ident)
        if drawn is None:
            there = f"There are: {', '.join(live)}" if live else "There is none at all"
            raise UsageError("No region of this id is drawn on this photograph", there)
        unit.end_drawn(DrawnEnd(ident, by, desk.instant()))
        body: dict[str, object] = {"redaction": ident, "by": by}
        unit.append(Event("redaction.removed", row.id, body), desk.instant())
        unit.mark_due([row.id])
    return Change(row.id, (drawn,), row.archived_as is not None)


@dataclass(frozen=True, slots=True)
class Listed:
    """A region with its photograph, and why it was drawn (may be personal; None: not said)."""

    row: DrawnRow
    reason: str | None


def listed(desk: Desk, asset: str | None = None) -> Iterator[Listed]:
    """The regions that count, oldest first, of one photograph or of all."""
    reasons = desk.catalog.redaction_reasons()
    for row in desk.catalog.drawn(asset):
        yield Listed(row, reasons.get(row.drawn.id))
