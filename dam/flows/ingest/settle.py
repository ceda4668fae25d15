"""Bringing one asset to where its decision says it belongs: deciding, planning, applying.

Order, so that a kill at any point loses nothing and publishes nothing unapproved:

1. render to `.dam/work/` (private), read back;
2. commit facts, decisions and the planned rendition with its hash, in one transaction;
3. publish into `archive/` without overwriting, synced;
4. commit "filed".

A retraction runs the other way round: the decision is committed first, so that nothing can
use the picture any more, then the file leaves the archive, then "removed" is committed.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

from dam.adapters.catalog import Catalog, Unit
from dam.adapters.darkroom import Child, Darkroom
from dam.adapters.desk import Desk
from dam.core.errors import IntegrityError, RenditionRefused, StorageError, UnusablePhoto
from dam.core.model import Decision, Disposition, Event, Purpose
from dam.core.plan import Publish, Retract, asset_id, plan
from dam.core.rows import (
    AssetChange,
    AssetRow,
)
from dam.flows.ingest import ending, held, previews
from dam.flows.ingest.consider import (
    Considered,
)
from dam.flows.ingest.filing import (
    Filing,
    file,
    filed_as,
    finish_planned,
    render,
    retract,
    still_says,
)
from dam.flows.ingest.outcome import Outcome, Why, became
from dam.flows.ingest.reading import look, rethought
from dam.flows.ingest.recorded import (
    Overtaken,
    Task,
    keep,
    outcome_of,
    record,
    require_unchanged,
    summary,
)

#: So often an asset is decided anew at once because something came meanwhile; then it waits.
_TRIES = 4
#: What a photograph is told by whose first look the decoder died, or ran out of time or memory.
TRY_AGAIN = (
    "The next run of dam tries once more; if that fails too, export it as JPEG on another machine"
)


def new_asset_id(catalog: Catalog | Unit, sha256: str) -> str:
    """The short id of a new asset, longer only where another asset already has the short one."""
    for length in range(8, 52, 4):
        ident = asset_id(sha256, length)
        if catalog.asset(ident) is None:
            return ident
    return asset_id(sha256, 51)


def settle(desk: Desk, room: Darkroom, asset: str) -> Outcome | None:
    """Bring one asset to where it belongs today; None where nothing changed.

    Safe to repeat, and what an interrupted run left half done is completed by it. Whatever
    cannot be read again leaves the archive. Raises StorageError and IntegrityError; the
    asset then stays due.
    """
    for _ in range(_TRIES):
        with suppress(Overtaken):
            return _settle(desk, room, asset)
    return None


def _settle(desk: Desk, room: Darkroom, asset: str) -> Outcome | None:
    finish_planned(desk, asset)
    mark, now = desk.catalog.due_mark(asset), desk.catalog.restriction(asset)
    row = desk.catalog.asset(asset)
    if row is None or (row.disposition is Disposition.QUARANTINED and mark is None):
        return None
    task = Task(row, mark, now)
    if now is not None and now.state == "erased":
        with desk.catalog.transaction() as unit:
            unit.clear_due(asset, mark)
        return None
    if (stone := held.certain(desk, row)) is not None:
        if stone.why == "erased" and row.added_at < stone.at:
            return held.erase_again(desk, task)
        if not row.facts_digest:
            return held.refuse_copy(desk, task)
    try:
        with room.session() as child:
            thought = rethought(desk, row)
            anew = thought or look(desk, child, row)
            made = apply(desk, child, task, anew, looked=thought is None)
        # Filing waits for the disk: the child works on the next photograph meanwhile.
        return file(desk, made) if isinstance(made, Filing) else made
    except UnusablePhoto as unusable:
        return reject(desk, task, unusable)
    except (IntegrityError, StorageError):
        suspend(desk, row)
        raise


def suspend(desk: Desk, row: AssetRow) -> None:
    """Something of the asset cannot be read or written: out of the archive until it can."""
    desk.renditions.erase(row.id)
    relative = filed_as(desk, row.id)
    if relative is None:
        return
    with desk.catalog.transaction() as unit:
        unit.update_asset(
            row.id,
            disposition=Disposition.HELD,
            archived_as=None,
            note="Something of this photo could not be read again",
            note_hint="Run dam ingest again; see dam doctor",
        )
        if unit.due_mark(row.id) is None:
            unit.mark_due([row.id])
    retract(desk, row.id, relative, clear=False)


def reject(desk: Desk, task: Task, unusable: UnusablePhoto) -> Outcome:
    """Record that the bytes of an asset cannot be used: held if cut off, else quarantined.

    What was filed of it leaves the archive: nobody can tell any more what it shows. Where the
    machine may be at fault it stays due, once: after a second failure the verdict is final.
    """
    row = task.row
    again = unusable.again and row.note_hint != TRY_AGAIN
    if again:
        unusable = UnusablePhoto(unusable.what, TRY_AGAIN)
    disposition = Disposition.HELD if unusable.incomplete else Disposition.QUARANTINED
    relative = filed_as(desk, row.id)
    change: AssetChange = {
        "disposition": disposition,
        "archived_as": None,
        "note": unusable.what,
        "note_hint": unusable.hint,
    }
    with desk.catalog.transaction() as unit:
        require_unchanged(unit, task)
        unit.update_asset(row.id, **change)
        keep(desk, unit, replace(row, **change), None)
        if disposition is not row.disposition:
            unit.append(
                Event(f"asset.{disposition.value}", row.id, {"why": unusable.what}), desk.instant()
            )
        cleared = not again and unit.clear_due(row.id, task.mark)
        if (relative is not None and cleared) or (again and unit.due_mark(row.id) is None):
            unit.mark_due([row.id])
    desk.renditions.erase(row.id)
    if relative is not None:
        retract(desk, row.id, relative, clear=cleared)
    rule = "incomplete" if unusable.incomplete else "unusable-photo"
    why = Why.plain(rule, unusable.what, unusable.hint)
    return Outcome("", became(disposition), row.id, row.sha256, (why,), again=again)


def apply(
    desk: Desk, child: Child, task: Task, considered: Considered, *, looked: bool
) -> Outcome | Filing | None:
    """Carry out the plan for one asset, which is in the catalogue already, but for filing.

    `looked`: the child has just read this photo and still holds its pixels. Returns None
    where nothing new was read and the asset stays what it was.
    """
    row = task.row
    decision = considered.decision(Purpose.ARCHIVE)
    # It is due: from now on no export keeps anything of it until it is decided.
    desk.renditions.erase(row.id)
    if ending.is_held(desk, considered):
        return held.restrict(desk, task, considered, looked=looked)
    if task.held is not None:
        held.release(desk, task)
        raise Overtaken
    _preview(desk, child, row, decision, looked=looked)
    filed = filed_as(desk, row.id)
    if filed is not None and decision.disposition is Disposition.APPROVED:
        filed = _renewed(desk, row.id, filed, considered)
        if filed is None and task.mark is None:
            # It is due on that account alone.
            task = replace(task, mark=1)
    effect = plan(row.id, filed, considered.captured, decision)
    if isinstance(effect, Publish):
        if not looked:
            considered = look(desk, child, row)
            decision = considered.decision(Purpose.ARCHIVE)
            _preview(desk, child, row, decision, looked=True)
            effect = plan(row.id, None, considered.captured, decision)
        if isinstance(effect, Publish):
            return _rendered(desk, child, task, considered, effect)
    archived = None if isinstance(effect, Retract) else row.archived_as
    with desk.catalog.transaction() as unit:
        cleared = record(desk, unit, task, considered, archived)
        if isinstance(effect, Retract) and cleared:
            unit.mark_due([row.id])
    if isinstance(effect, Retract):
        retract(desk, row.id, effect.relative, clear=cleared)
    if not looked and row.disposition is decision.disposition:
        return None
    return outcome_of(row, decision, archived)


def _preview(desk: Desk, child: Child, row: AssetRow, decision: Decision, *, looked: bool) -> None:
    if looked:
        previews.make(desk, child, row.id, decision)
    else:
        desk.previews.drop_stale(row.id, previews.digest(decision))


def _renewed(desk: Desk, asset: str, relative: str, considered: Considered) -> str | None:
    """`relative` where the filed rendition still says what it should; else it is taken out.

    A corrected credit or caption must reach the archive; the new rendition is filed next.
    """
    if still_says(desk, asset, considered):
        return relative
    with desk.catalog.transaction() as unit:
        unit.update_asset(asset, archived_as=None)
        if unit.due_mark(asset) is None:
            unit.mark_due([asset])
    retract(desk, asset, relative, clear=False)
    return None


def _rendered(
    desk: Desk, child: Child, task: Task, considered: Considered, effect: Publish
) -> Outcome | Filing:
    """The rendition, made and read back; held where it is refused."""
    work = desk.workspace.work / f"{task.row.id}.jpg"
    try:
        rendered = render(desk, child, considered, str(work))
    except RenditionRefused as refused:
        return _hold_unrendered(desk, task, considered, refused)
    return Filing(task, considered, effect, work, rendered)


def _hold_unrendered(
    desk: Desk, task: Task, considered: Considered, refused: RenditionRefused
) -> Outcome:
    """The rules approve, but no clean rendition can be made: held until somebody looks."""
    row = task.row
    change: AssetChange = {
        "disposition": Disposition.HELD,
        "note": refused.what,
        "note_hint": refused.hint,
    }
    with desk.catalog.transaction() as unit:
        record(desk, unit, task, considered, None)
        unit.update_asset(row.id, **change)
        keep(desk, unit, replace(row, **summary(considered) | change), considered)
    why = Why.plain("rendition-refused", refused.what, refused.hint)
    return Outcome("", became(Disposition.HELD), row.id, row.sha256, (why,))
