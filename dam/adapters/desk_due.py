"""What must be decided anew once something is told of a person, and which waivers that ends."""

from __future__ import annotations

from datetime import datetime

from dam.adapters.catalog import Unit
from dam.core import waivers
from dam.core.consent import Record
from dam.core.model import Event
from dam.core.rows import (
    WaiverEnd,
    WaiverRow,
)


def touch(unit: Unit, consent: str, subject: str) -> None:
    """Every asset that rests on a consent or shows its subject must be decided again."""
    unit.mark_due(unit.assets_using_consents([consent]))
    unit.mark_due(unit.assets_with_subjects([subject]))


def end_refused(unit: Unit, told: Record, at: datetime) -> None:
    """End the waivers of every asset that shows a subject of whom a record says no for the first

    time since they were given: for good, whatever the record says later.
    """
    live = unit.live_waivers()
    if not live:
        return
    item = told.item
    shown = {
        *unit.assets_using_consents([item.id]),
        *unit.assets_with_subjects([item.subject.id]),
    }
    for row in live:
        if row.asset in shown and waivers.refused_since(row.waiver, [told]):
            end_waiver(unit, row, WaiverEnd(row.waiver.id, "refused", "", at))


def end_waiver(unit: Unit, row: WaiverRow, end: WaiverEnd) -> None:
    """Record how a waiver ended; its asset must be decided again."""
    if not unit.end_waiver(end):
        return
    body: dict[str, object] = {"waiver": end.waiver, "rule": row.waiver.rule, "why": end.why}
    unit.append(Event("waiver.ended", row.asset, body | {"by": end.role}), end.ended_at)
    unit.mark_due([row.asset])
