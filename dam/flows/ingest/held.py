"""One asset into restricted hold, out of it again, or gone for good."""

from __future__ import annotations

from dataclasses import replace

from dam.adapters.desk import Desk
from dam.core import tombstones
from dam.core.model import Disposition, Event, Purpose
from dam.core.rows import AssetChange, AssetRow, Restriction
from dam.core.tombstones import Tombstone, strongest
from dam.flows.ingest import ending
from dam.flows.ingest.consider import Considered
from dam.flows.ingest.outcome import Outcome, Why, became
from dam.flows.ingest.recorded import Overtaken, Task, keep, outcome_of, record, require_unchanged


def certain(desk: Desk, row: AssetRow) -> Tombstone | None:
    """The tombstone whose very bytes the asset has; nobody looks at such a photograph."""
    found = strongest(desk.catalog.traces_of([row.sha256]).get(row.sha256, ()))
    if found is None or found.level != "certain":
        return None
    return next((s for s in desk.catalog.tombstones() if s.id == found.tombstone), None)


def erase_again(desk: Desk, task: Task) -> Outcome:
    """It was here when it was erased: a backup of before has brought it back."""
    row = task.row
    with desk.catalog.transaction() as unit:
        require_unchanged(unit, task)
        ending.take_out(unit, row.id, desk.instant())
        ending.erase(desk, unit, row, None, tombstone=False)
        unit.plan_leaving("scrub")
    desk.finish()
    why = Why.plain("erased", ending.NOTE_ERASED, ending.HINT_ERASED)
    return Outcome("", became(Disposition.REFUSED), row.id, reasons=(why,))


def refuse_copy(desk: Desk, task: Task) -> Outcome:
    row = task.row
    change: AssetChange = {
        "disposition": Disposition.REFUSED,
        "note": ending.NOTE_COPY,
        "note_hint": ending.HINT_COPY,
    }
    with desk.catalog.transaction() as unit:
        require_unchanged(unit, task)
        unit.update_asset(row.id, **change)
        keep(desk, unit, replace(row, **change), None)
        at = desk.instant()
        if task.held is None:
            unit.restrict(Restriction(row.id, "copy", "", at))
            unit.append(Event("asset.refused", row.id, {"rules": [tombstones.RULE]}), at)
        if ending.lies_open(desk, row):
            unit.plan_leaving("restrict", row.id, row.sha256)
        unit.clear_due(row.id, task.mark)
    desk.finish()
    why = Why(tombstones.RULE, tombstones.MESSAGES["certain"], tombstones.ADVICE["certain"])
    return Outcome("", became(Disposition.REFUSED), row.id, row.sha256, (why,))


def restrict(desk: Desk, task: Task, considered: Considered, *, looked: bool) -> Outcome | None:
    """Everybody it shows took back: decisions end, the original goes into restricted hold."""
    row = task.row
    decision = considered.decision(Purpose.ARCHIVE)
    with desk.catalog.transaction() as unit:
        ending.take_out(unit, row.id, desk.instant())
        record(desk, unit, task, considered, None)
        if desk.ended(considered.dossier).whole:
            ending.restrict(desk, unit, row, task.held, unit.likeness(row.id) or "")
        elif task.held is None:
            unit.restrict(Restriction(row.id, "copy", "", desk.instant()))
        if ending.lies_open(desk, row):
            unit.plan_leaving("restrict", row.id, row.sha256)
    desk.previews.erase(row.id)
    desk.finish()
    if not looked and row.disposition is decision.disposition:
        return None
    return outcome_of(row, decision, None)


def release(desk: Desk, task: Task) -> None:
    """Those shown agreed anew: the original counts among the others again, for all its copies."""
    row, held = task.row, task.held
    assert held is not None
    with desk.gate.shared():
        desk.restricted.move(row.sha256, desk.originals)
        with desk.catalog.transaction() as unit:
            if unit.restriction(row.id) != held:
                raise Overtaken
            unit.release(row.id)
            unit.append(Event("asset.released", row.id, {}), desk.instant())
            unit.mark_due([row.id])
            if held.tombstone:
                copies = [one.asset for one in unit.restrictions() if one.state == "copy"]
                unit.lift_tombstone(held.tombstone, desk.instant())
                unit.mark_due(copies)
