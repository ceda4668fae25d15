"""What the first pass of a process does before all others: clear up, and see what changed."""

from __future__ import annotations

from collections.abc import Sequence

from dam.adapters import faces, imaging
from dam.adapters.desk import Desk
from dam.core.facts import VERSION, Facts, digest_of
from dam.core.model import Disposition, Purpose
from dam.core.readings import Status
from dam.core.rows import AssetRow
from dam.flows.ingest import photos
from dam.flows.ingest.again import batches
from dam.flows.ingest.outcome import Report


def recover(desk: Desk, report: Report) -> None:
    """Remove what an interrupted run left in temporary places, and tell what is taken up again."""
    swept = desk.originals.sweep() + desk.archive.sweep() + desk.previews.sweep()
    swept += desk.renditions.sweep(lambda asset: _may_be_used(desk, asset))
    swept += desk.restricted.sweep()
    for leftover in desk.workspace.work.glob("*.jpg"):
        leftover.unlink(missing_ok=True)
        swept += 1
    due = tuple(desk.catalog.due_assets())
    if swept or any(_half_done(desk, part) for part in batches(due)):
        report.notes.append(
            f"An earlier run did not finish: {len(due)} photos to look at again, "
            f"{swept} temporary files removed"
        )
    elif due:
        report.notes.append(f"Something changed: {len(due)} photos to look at again")


def _may_be_used(desk: Desk, asset: str) -> bool:
    row = desk.catalog.asset(asset)
    return row is not None and row.disposition is Disposition.APPROVED


def _half_done(desk: Desk, due: Sequence[str]) -> bool:
    """Whether a run began with one of these assets and did not come to its end."""
    return any(
        state.row.note == photos.RECEIVED
        or (state.rendition is not None and state.rendition.state == "planned")
        for state in desk.catalog.states(due, Purpose.ARCHIVE.value).values()
    )


def surroundings(desk: Desk) -> None:
    """What was set aside for want of something is due again once that has changed.

    For want of the roster or the face check: held. For want of a reader of its format (HEIC,
    AVIF, camera raw) or of a higher limit: quarantined. Where the roster or the mark changed, so
    is what is filed: it may have to be made anew. What an earlier version read is read again
    by one that looks for more.
    """
    _formats(desk)
    _facts(desk)
    checks = desk.settings.face_check and faces.available()
    roster = digest_of(desk.credits.file.model_dump(mode="json"))
    now = f"{roster} face check {'on' if checks else 'off'}"
    mark = desk.marks.digest(Purpose.ARCHIVE)
    now += f" mark {mark}" if mark else ""
    if desk.catalog.recall("surroundings") == now:
        return
    waiting = [row.id for row in desk.catalog.assets() if _wanting(desk, row)]
    filed = desk.catalog.filed_assets() - set(waiting)
    with desk.catalog.transaction() as unit:
        unit.mark_due([*waiting, *sorted(filed)])
        unit.remember("surroundings", now)


def _facts(desk: Desk) -> None:
    if desk.catalog.recall("facts") == str(VERSION):
        return
    with desk.catalog.transaction() as unit:
        unit.mark_due([row.id for row in desk.catalog.assets() if row.facts_digest])
        unit.remember("facts", str(VERSION))


def _formats(desk: Desk) -> None:
    now = " ".join((*imaging.readers(), *map(str, desk.settings.limits.model_dump().values())))
    if desk.catalog.recall("readers") == now:
        return
    refused = [r.id for r in desk.catalog.assets() if r.disposition is Disposition.QUARANTINED]
    with desk.catalog.transaction() as unit:
        unit.mark_due(refused)
        unit.remember("readers", now)


def _wanting(desk: Desk, row: AssetRow) -> bool:
    facts = desk.facts(row)
    return facts is not None and (facts.faces.count is None or not credited(desk, facts))


def credited(desk: Desk, facts: Facts) -> bool:
    """Whether the photographer is known and still in the roster."""
    known = facts.photographer.status is Status.KNOWN
    return known and desk.credits.photographer(facts.photographer.value or "") is not None
