"""One pass over the inbox, as a list of named stages.

1. complete what an earlier run left half done, and re-decide what is due by date or rules;
2. scan the inbox, leave what still changes, pair photographs with their sidecars;
3. take in sidecars that came late;
4. take each photograph through its life (`photos.ingest`), several side by side;
5. re-decide every asset that a sidecar or a consent of this pass touched.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace

from dam.adapters import faces, inbox
from dam.adapters.darkroom import Darkroom
from dam.adapters.desk import Desk
from dam.core.errors import SourceChanged, UnsafeSource
from dam.core.facts import digest_of
from dam.core.model import Disposition
from dam.core.readings import Status
from dam.core.rows import AssetRow
from dam.flows.ingest import photos, sidecars
from dam.flows.ingest.outcome import Outcome, Report
from dam.flows.ingest.settle import settle

#: A photograph waits while any file beside it is still being written.
Ready = Callable[[inbox.Found], bool]
Listener = Callable[[Outcome], None]


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a pass reports to: how many files there are, and each outcome as it comes."""

    begin: Callable[[int], None] = field(default=lambda total: None)
    done: Listener = field(default=lambda outcome: None)


def run(
    desk: Desk,
    room: Darkroom,
    ready: Ready,
    progress: Progress | None = None,
    *,
    starting: bool = True,
) -> Report:
    """One pass over the inbox. Raises StorageError where the disk refuses; nothing is lost.

    `starting` marks the first pass of a process: only then are leftovers of an interrupted
    run looked for, and whether roster or face check are other than before.
    """
    progress = progress or Progress()
    report = Report()
    if starting:
        _recover(desk, report)
        surroundings(desk)
    for outcome in redecide(desk, room):
        report.outcomes.append(outcome)
        progress.done(outcome)
    found = inbox.scan(desk.workspace.inbox)
    pairing = inbox.pair(found)
    report.notes += aside(found)
    taken, still = split(pairing, ready)
    progress.begin(len(taken) + len(still))
    for photo in still:
        outcome = photos.waiting(photo, "it is still being written")
        report.outcomes.append(outcome)
        progress.done(outcome)
    report.notes += _late(desk, pairing, found, ready)
    for outcome in _develop(desk, room, taken):
        report.outcomes.append(outcome)
        progress.done(outcome)
    for outcome in redecide(desk, room):
        report.outcomes.append(outcome)
        progress.done(outcome)
    return report


def aside(found: tuple[inbox.Found, ...]) -> list[str]:
    """A line for each file that is left alone, with why; system files are not worth one."""
    return [
        f"{f.shown}: left alone ({f.reason})"
        for f in found
        if f.kind in (inbox.Kind.IGNORED, inbox.Kind.REFUSED) and not quiet(f)
    ]


def quiet(found: inbox.Found) -> bool:
    """System files and the inbox's own readme, which nobody needs to hear of."""
    return found.name.startswith((b".", b"~$")) or found.name.lower() in (
        b"thumbs.db",
        b"ehthumbs.db",
        b"desktop.ini",
        b"readme.md",
    )


def split(pairing: inbox.Pairing, ready: Ready) -> tuple[list[inbox.Paired], list[inbox.Found]]:
    taken, still = [], []
    for paired in pairing.photos:
        beside = [m.found for m in (*paired.sidecars, *paired.xmp)] + list(paired.sheets)
        # Every file is asked, so that each one's quiet time runs.
        still_ones = [f for f in (paired.photo, *beside) if not ready(f)]
        if not still_ones:
            taken.append(paired)
        else:
            still.append(paired.photo)
    return taken, still


def _recover(desk: Desk, report: Report) -> None:
    """Remove what an interrupted run left in temporary places, and say so."""
    swept = desk.originals.sweep() + desk.archive.sweep()
    for leftover in desk.workspace.work.glob("*.jpg"):
        leftover.unlink(missing_ok=True)
        swept += 1
    waiting = len(tuple(desk.catalog.due_assets()))
    if swept or waiting:
        report.notes.append(
            f"An earlier run was interrupted or something changed: {waiting} photos to look at "
            f"again, {swept} temporary files removed"
        )


def surroundings(desk: Desk) -> None:
    """Where the roster or the face check changed, what was held for want of them is due again."""
    checks = desk.settings.face_check and faces.available()
    roster = digest_of(desk.credits.file.model_dump(mode="json"))
    now = f"{roster} face check {'on' if checks else 'off'}"
    if desk.catalog.recall("surroundings") == now:
        return
    waiting = [row.id for row in desk.catalog.assets(Disposition.HELD) if _wanting(desk, row)]
    with desk.catalog.transaction() as unit:
        unit.mark_due(waiting)
        unit.remember("surroundings", now)


def _wanting(desk: Desk, row: AssetRow) -> bool:
    facts = desk.facts(row)
    return facts is not None and (
        facts.faces.count is None or facts.photographer.status is not Status.KNOWN
    )


def redecide(desk: Desk, room: Darkroom) -> Iterator[Outcome]:
    """Decide again what is due: touched, past its `holds_until`, or under other rules."""
    due = dict.fromkeys(desk.catalog.due_assets())
    due.update(dict.fromkeys(desk.catalog.due(desk.day())))
    due.update(dict.fromkeys(desk.catalog.stale_pack(desk.pack.digest)))
    for asset in due:
        outcome = settle(desk, room, asset)
        if outcome is not None:
            yield replace(outcome, source=desk.origin(asset).shown)


def _late(
    desk: Desk, pairing: inbox.Pairing, found: tuple[inbox.Found, ...], ready: Ready
) -> list[str]:
    """Sidecars whose photo came earlier, and shoot sheets for folders already ingested."""
    notes: list[str] = []
    unknown: list[inbox.Orphan] = []
    for orphan in pairing.orphans:
        if not ready(orphan.found):
            continue
        try:
            if not sidecars.join_late(desk, orphan):
                unknown.append(orphan)
        except (SourceChanged, UnsafeSource) as error:
            notes.append(f"{orphan.found.shown}: {error}")
    for sheet in found:
        if sheet.kind is not inbox.Kind.SHOOT or not ready(sheet):
            continue
        try:
            sidecars.join_folder(desk, sidecars.take(desk, sheet))
        except (SourceChanged, UnsafeSource) as error:
            notes.append(f"{sheet.shown}: {error}")
    return notes + sidecars.describe(unknown)


def _develop(desk: Desk, room: Darkroom, taken: list[inbox.Paired]) -> Iterator[Outcome]:
    """All photographs of the pass, a few side by side; a failing disk stops the rest."""
    with ThreadPoolExecutor(desk.settings.workers) as pool:
        jobs = [pool.submit(photos.ingest, desk, room, paired) for paired in taken]
        try:
            for job in jobs:
                yield job.result()
        except BaseException:
            for job in jobs:
                job.cancel()
            raise


def quiet_ready(desk: Desk, wall: Callable[[], float], sleep: Callable[[float], None]) -> Ready:
    """For a single pass: which files hold still. Waits one quiet time if any is fresh.

    `wall` is Unix time in seconds. A file counts as still when it was last written longer
    ago than the quiet time, or did not change while we waited.
    """
    stability = inbox.Stability(desk.settings.quiet_seconds)
    found = inbox.scan(desk.workspace.inbox)
    files = {inbox.Kind.PHOTO, inbox.Kind.SIDECAR, inbox.Kind.SHOOT, inbox.Kind.XMP}
    now = wall()
    if any(f.kind in files and not stability.settled(f, now) for f in found):
        sleep(desk.settings.quiet_seconds)
    before = {f.path: f.identity for f in found}
    return lambda item: before.get(item.path) == item.identity
