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

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from dam.adapters.catalog import Catalog, Unit
from dam.adapters.darkroom import Child, Darkroom
from dam.adapters.desk import Desk
from dam.core import names
from dam.core.errors import IntegrityError, RenditionRefused, StorageError, UnusablePhoto
from dam.core.facts import VERSION, Facts, digest_of
from dam.core.model import Decision, Disposition, Event, Face, Purpose
from dam.core.plan import ARCHIVE, Publish, Retract, asset_id, plan
from dam.core.readings import Looked, Rendered, RenderJob, Status
from dam.core.rows import (
    AssetChange,
    AssetRow,
    AssetState,
    ProvenanceRow,
    RenditionRow,
)
from dam.flows.ingest import ending, held, previews
from dam.flows.ingest.consider import (
    MAX_SIDECARS,
    Arrival,
    Considered,
    Sheet,
    consider,
    decided_on,
    received,
)
from dam.flows.ingest.outcome import Outcome, Why, became
from dam.flows.ingest.recorded import (
    Overtaken,
    Task,
    keep,
    outcome_of,
    record,
    require_unchanged,
    summary,
)
from dam.flows.ingest.sidecars import stored_sheet

#: So often an asset is decided anew at once because something came meanwhile; then it waits.
_TRIES = 4
#: What a photograph is told by whose first look the decoder died, or ran out of time or memory.
TRY_AGAIN = (
    "The next run of dam tries once more; if that fails too, export it as JPEG on another machine"
)


def new_asset_id(catalog: Catalog, sha256: str) -> str:
    """The short id of a new asset, longer only where another asset already has the short one."""
    for length in range(8, 52, 4):
        ident = asset_id(sha256, length)
        if catalog.asset(ident) is None:
            return ident
    return asset_id(sha256, 51)


def photo_path(row: ProvenanceRow) -> bytes:
    return row.folder + b"/" + row.name if row.folder else row.name


def sheets_of(desk: Desk, asset: str) -> tuple[Sheet, ...]:
    """The sidecars linked to an asset, each in its current version; one too many at most."""
    return tuple(
        stored_sheet(desk, row, ambiguous=ambiguous)
        for row, ambiguous in desk.catalog.sidecars_of(asset)[: MAX_SIDECARS + 1]
    )


def xmp_of(sheets: Iterable[Sheet]) -> bytes | None:
    """The XMP sidecar's bytes: `IMG.jpg.xmp` before `IMG.xmp`.

    Several of the same rank cannot be told apart: what is handed on for them is no XML at all,
    so that the block becomes unreadable, which holds.
    """
    found = [s for s in sheets if s.kind == "xmp"]
    whole = [s for s in found if names.claim(s.name.encode("utf-8", "surrogateescape")).whole]
    data = [s.data for s in whole or found]
    return (data[0] if len(data) == 1 else b"several") if data else None


def paths_of(desk: Desk, asset: str) -> tuple[bytes, ...]:
    """Every path in the inbox an asset came by, the first one first."""
    rows = sorted(desk.catalog.provenance(asset), key=lambda p: (p.seen_at, p.folder, p.name))
    return tuple(dict.fromkeys(photo_path(row) for row in rows))


def look(desk: Desk, child: Child, row: AssetRow) -> Considered:
    """Read the original with the sidecars linked to it now, and decide.

    Raises UnusablePhoto where the original is no photograph, IntegrityError where it is
    missing or no longer what was stored; the child keeps the pixels.
    """
    sheets = sheets_of(desk, row.id)
    first = desk.origin(row.id)
    looked = _seen(desk, child, row.sha256, xmp_of(sheets))
    received_as = received(photo_path(first), first.mtime_ns, desk.day())
    return consider(desk, looked, Arrival(row.sha256, paths_of(desk, row.id), received_as), sheets)


def _seen(desk: Desk, child: Child, sha256: str, xmp: bytes | None) -> Looked:
    """What the child sees on an original, in whichever store that is whole.

    The child holds the very bytes that it decodes against their digest: nobody reads them twice.
    """
    for path in desk.places_of_original(sha256):
        with suppress(IntegrityError):
            return child.look(str(path), xmp, sha256=sha256)
    raise IntegrityError(
        "An original is missing or damaged in the store", "Drop the photograph again"
    )


def stored_facts(desk: Desk, state: AssetState) -> Facts | None:
    """The stored facts of an asset; None where they no longer say all there is.

    That is so when a sidecar came or changed, when the photo came by another way, when the
    roster no longer has its photographer, when nobody could look for faces then, and when an
    earlier version of dam did not look for what this one does.
    """
    if state.facts is None or state.row.note:
        return None
    facts = Facts.model_validate(state.facts)
    linked = tuple(sha256 + ("?" if doubt else "") for _, sha256, doubt in sorted(state.sidecars))
    if facts.version < VERSION or linked != facts.sidecars or facts.faces.count is None:
        return None
    known = facts.photographer.status is Status.KNOWN
    if not known or desk.credits.photographer(facts.photographer.value or "") is None:
        return None
    if state.mark is not None and len({photo_path(p) for p in state.provenance}) > 1:
        return None
    return facts


def on_stored_facts(desk: Desk, states: Iterable[AssetState]) -> dict[str, Considered]:
    """Decide anew those assets whose stored facts say all there is, by id."""
    kept = [(state, facts) for state in states if (facts := stored_facts(desk, state)) is not None]
    photos = [(facts, state.row.sha256, names.text(state.origin().name)) for state, facts in kept]
    return {
        state.row.id: decided_on(desk, dossier)
        for (state, _), dossier in zip(kept, desk.files_on(photos), strict=True)
    }


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
            states = desk.catalog.states([asset], Purpose.ARCHIVE.value)
            thought = on_stored_facts(desk, states.values()).get(asset)
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
    relative = _filed_as(desk, row.id)
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


def finish_planned(desk: Desk, asset: str) -> None:
    """Complete what was interrupted between publishing a rendition and recording it."""
    planned = desk.catalog.rendition(asset, Purpose.ARCHIVE.value)
    if planned is None or planned.state != "planned" or not planned.relative:
        return
    with desk.gate.shared():
        if desk.archive.digest(planned.relative) == planned.sha256:
            file_rendition(desk, planned, clear=False)


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
    relative = _filed_as(desk, row.id)
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


@dataclass(frozen=True, slots=True)
class Filing:
    """A rendition that is made, private at `work`, and is to be filed as `effect` says."""

    task: Task
    considered: Considered
    effect: Publish
    work: Path
    rendered: Rendered


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
    filed_as = _filed_as(desk, row.id)
    if filed_as is not None and decision.disposition is Disposition.APPROVED:
        filed_as = _renewed(desk, row.id, filed_as, considered)
        if filed_as is None and task.mark is None:
            # It is due on that account alone.
            task = replace(task, mark=1)
    effect = plan(row.id, filed_as, considered.captured, decision)
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


def _renewed(desk: Desk, asset: str, filed_as: str, considered: Considered) -> str | None:
    """`filed_as` where the filed rendition still says what it should; else it is taken out.

    A corrected credit or caption must reach the archive; the new rendition is filed next.
    """
    if still_says(desk, asset, considered):
        return filed_as
    with desk.catalog.transaction() as unit:
        unit.update_asset(asset, archived_as=None)
        if unit.due_mark(asset) is None:
            unit.mark_due([asset])
    retract(desk, asset, filed_as, clear=False)
    return None


def still_says(desk: Desk, asset: str, considered: Considered) -> bool:
    """Whether what is filed of an asset is what this decision asks for."""
    return desk.catalog.recall(f"rights:{asset}") == rights_digest(desk, considered)


def rights_digest(desk: Desk, considered: Considered) -> str:
    rights, line = desk.credits.rights(considered.facts)
    mark = desk.marks.digest(Purpose.ARCHIVE)
    said: list[object] = [repr(rights), line, considered.captured.isoformat()]
    said += filter(None, [mark])
    if boxes := _boxes(considered):
        said.append({"redact": [[face.x, face.y, face.w, face.h] for face in boxes]})
    return digest_of(said)


def _boxes(considered: Considered) -> tuple[Face, ...]:
    return tuple(r.face() for r in considered.decision(Purpose.ARCHIVE).redact)


def _filed_as(desk: Desk, asset: str) -> str | None:
    rendition = desk.catalog.rendition(asset, Purpose.ARCHIVE.value)
    return rendition.relative if rendition and rendition.state == "filed" else None


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


def file(desk: Desk, filing: Filing) -> Outcome:
    """Commit, publish, commit. Raises Overtaken where something came meanwhile.

    Until the second commit the asset is due, so that an interrupted run is completed.
    """
    task, considered, effect = filing.task, filing.considered, filing.effect
    row, work, rendered = task.row, filing.work, filing.rendered
    archived = f"{ARCHIVE}/{effect.relative}"
    planned = RenditionRow(
        asset=row.id,
        purpose=Purpose.ARCHIVE.value,
        relative=effect.relative,
        sha256=rendered.sha256,
        size=rendered.size,
        state="planned",
        made_at=desk.instant(),
    )
    try:
        with desk.catalog.transaction() as unit:
            cleared = record(desk, unit, task, considered, None)
            unit.plan_rendition(planned)
            unit.remember(f"rights:{row.id}", rights_digest(desk, considered))
            if cleared:
                unit.mark_due([row.id])
        with desk.gate.shared():
            if not _is_planned(desk.catalog, planned):
                raise Overtaken
            desk.archive.publish(work, effect.relative, rendered.sha256)
            file_rendition(desk, planned, clear=cleared)
    finally:
        with suppress(OSError):
            work.unlink()
    return outcome_of(row, considered.decision(Purpose.ARCHIVE), archived)


def _is_planned(catalog: Catalog | Unit, planned: RenditionRow) -> bool:
    """Whether a rendition may still be filed: nobody took it back since it was planned."""
    now = catalog.rendition(planned.asset, planned.purpose)
    return now is not None and (now.state, now.sha256) == ("planned", planned.sha256)


def file_rendition(desk: Desk, planned: RenditionRow, *, clear: bool) -> None:
    """Commit that a planned rendition stands in the archive.

    `clear`: the asset's only due mark is the one made when it was planned.
    """
    made = desk.catalog.decisions(planned.asset)
    redacted = ending.told(next((d for d in made if d.purpose.value == planned.purpose), None))
    with desk.catalog.transaction() as unit:
        if not _is_planned(unit, planned):
            # Taken back while it was filed: whoever did that waits to remove the file.
            raise Overtaken
        if clear:
            unit.clear_due(planned.asset, 1)
        unit.mark_filed(planned.asset, planned.purpose)
        unit.update_asset(planned.asset, archived_as=f"{ARCHIVE}/{planned.relative}")
        unit.append(
            Event("rendition.filed", planned.asset, {"sha256": planned.sha256, **redacted}),
            desk.instant(),
        )


def retract(desk: Desk, asset: str, relative: str, *, clear: bool) -> None:
    """Take a rendition out of the archive and commit that it is gone. Safe to repeat."""
    desk.archive.remove(relative)
    with desk.catalog.transaction() as unit:
        if clear:
            unit.clear_due(asset, 1)
        unit.mark_removed_rendition(asset, Purpose.ARCHIVE.value)
        unit.append(Event("rendition.retracted", asset, {}), desk.instant())


def render(desk: Desk, child: Child, considered: Considered, target: str) -> Rendered:
    """The archive rendition of the photo the child holds, written to `target`."""
    rights, line = desk.credits.rights(considered.facts)
    return child.render(
        RenderJob(
            target=target,
            rights=rights,
            mark=line,
            quality=desk.settings.jpeg_quality,
            redact=_boxes(considered),
            style=desk.marks.style(Purpose.ARCHIVE),
            last=True,
            # Filing syncs it: until then it may be made again.
            sync=False,
        )
    )


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
