"""Filing a rendition in the archive and taking it out again, each step on record.

What is filed is planned first: after a kill in between, the plan tells what the file is.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from dam.adapters.catalog import Catalog, Unit
from dam.adapters.darkroom import Child
from dam.adapters.desk import Desk
from dam.core.facts import digest_of
from dam.core.model import Event, Face, Purpose
from dam.core.plan import ARCHIVE, Publish
from dam.core.readings import Rendered, RenderJob
from dam.core.rows import RenditionRow
from dam.flows.ingest import ending
from dam.flows.ingest.consider import Considered
from dam.flows.ingest.outcome import Outcome
from dam.flows.ingest.recorded import Overtaken, Task, outcome_of, record


def finish_planned(desk: Desk, asset: str) -> None:
    """Complete what was interrupted between publishing a rendition and recording it."""
    planned = desk.catalog.rendition(asset, Purpose.ARCHIVE.value)
    if planned is None or planned.state != "planned" or not planned.relative:
        return
    with desk.gate.shared():
        if desk.archive.digest(planned.relative) == planned.sha256:
            file_rendition(desk, planned, clear=False)


@dataclass(frozen=True, slots=True)
class Filing:
    """A rendition that is made, private at `work`, and is to be filed as `effect` says."""

    task: Task
    considered: Considered
    effect: Publish
    work: Path
    rendered: Rendered


def still_says(desk: Desk, asset: str, considered: Considered) -> bool:
    """Whether what is filed of an asset is what this decision asks for."""
    return desk.catalog.recall(f"rights:{asset}") == rights_digest(desk, considered)


def rights_digest(desk: Desk, considered: Considered) -> str:
    rights, line = desk.credits.rights(considered.facts)
    mark = desk.marks.digest(Purpose.ARCHIVE)
    said: list[object] = [repr(rights), line, considered.captured.isoformat()]
    said += filter(None, [mark])
    if places := boxes(considered):
        said.append({"redact": [[face.x, face.y, face.w, face.h] for face in places]})
    return digest_of(said)


def boxes(considered: Considered) -> tuple[Face, ...]:
    return tuple(r.face() for r in considered.decision(Purpose.ARCHIVE).redact)


def filed_as(desk: Desk, asset: str) -> str | None:
    rendition = desk.catalog.rendition(asset, Purpose.ARCHIVE.value)
    return rendition.relative if rendition and rendition.state == "filed" else None


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
            redact=boxes(considered),
            style=desk.marks.style(Purpose.ARCHIVE),
            last=True,
            # Filing syncs it: until then it may be made again.
            sync=False,
        )
    )
