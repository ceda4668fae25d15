"""One pass over the inbox, as a list of named stages.

1. clear what an interrupted run left in temporary places;
2. scan the inbox, leave what still changes, pair photographs with their sidecars;
3. take everything in: sheets, late sidecars, photographs with what lies beside them. From now
   on every consent and every withdrawal of this inbox counts, for all photographs;
4. settle what is due, that is new, touched, past a date that matters or under other rules:
   what must leave the archive first;
5. let the sources go whose photographs are settled.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace

from dam.adapters import faces, imaging, inbox
from dam.adapters.darkroom import Darkroom
from dam.adapters.desk import Desk
from dam.core import names
from dam.core.errors import DamError, IntegrityError, SourceChanged, StorageError, UnsafeSource
from dam.core.facts import VERSION, Facts, digest_of
from dam.core.model import Disposition, Purpose
from dam.core.readings import Status
from dam.core.rows import AssetRow
from dam.flows.ingest import photos, sidecars
from dam.flows.ingest.again import again, batches
from dam.flows.ingest.outcome import Became, Outcome, Report, Why
from dam.flows.ingest.settle import settle

#: A photograph waits while any file beside it is still being written.
Ready = Callable[[inbox.Found], bool]
Listener = Callable[[Outcome], None]


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a pass reports to: how many files there are, and each outcome as it comes."""

    begin: Callable[[int], None] = field(default=lambda total: None)
    done: Listener = field(default=lambda outcome: None)


@dataclass(slots=True)
class Memory:
    """What a process remembers from pass to pass: files that need no second look.

    `first` is true before the first pass: only then are leftovers of an interrupted run
    looked for, and whether roster or face check are other than before.
    """

    first: bool = True
    known: set[tuple[bytes, inbox.Identity]] = field(default_factory=set)

    def knows(self, found: inbox.Found) -> bool:
        return (found.path, found.identity) in self.known

    def learn(self, found: inbox.Found) -> None:
        self.known.add((found.path, found.identity))


def run(
    desk: Desk,
    room: Darkroom,
    ready: Ready,
    progress: Progress | None = None,
    memory: Memory | None = None,
) -> Report:
    """One pass. What one photograph's files or the disk refuse is told in `Report.failures`

    and tried again by the next pass; the other photographs go on. Raises StorageError where
    the inbox itself cannot be read. Nothing is lost.
    """
    progress, memory = progress or Progress(), memory or Memory()
    report = Report()
    if memory.first:
        _recover(desk, report)
        surroundings(desk)
        memory.first = False
    found = inbox.scan(desk.workspace.inbox)
    report.notes += aside(found)
    pairing = inbox.pair(found)
    taken, still = split(pairing, ready, memory)
    progress.begin(len(taken) + len(still))
    for photo in still:
        _tell(report, progress, photos.waiting(photo, "it is still being written"))
    sheets = _take_sheets(desk, found, ready, report, memory)
    _take_late(desk, pairing, found, ready, report, memory)
    arrived = _take_photos(desk, taken, sheets, report, progress)
    _settle(desk, room, arrived, report, progress, memory, _held_back(desk, still))
    return report


def _held_back(desk: Desk, still: Iterable[inbox.Found]) -> frozenset[str]:
    """Unfiled assets of photos that wait in the inbox for what lies beside them.

    An interrupted run may have recorded such a photo without its sidecar; deciding it now
    would leave that sidecar out. What is filed is never held back: it may have to leave.
    """
    named = {
        asset
        for photo in still
        for asset in desk.catalog.assets_named(names.key(photo.folder), names.key(photo.name))
    }
    rows = (desk.catalog.asset(asset) for asset in named)
    return frozenset(row.id for row in rows if row is not None and row.archived_as is None)


def _tell(report: Report, progress: Progress, outcome: Outcome) -> None:
    report.outcomes.append(outcome)
    progress.done(outcome)


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


def split(
    pairing: inbox.Pairing, ready: Ready, memory: Memory | None = None
) -> tuple[list[inbox.Paired], list[inbox.Found]]:
    """The photographs that can be taken now, and those that still wait for themselves or for

    a file beside them. What a process already took and could not remove is left out.
    """
    taken, still = [], []
    for paired in pairing.photos:
        own = [m.found for m in (*paired.sidecars, *paired.xmp)]
        beside = [*own, *paired.sheets, *paired.unread]
        # Every file is asked, so that each one's quiet time runs.
        changing = [f for f in (paired.photo, *beside) if not ready(f)]
        if memory is not None and all(memory.knows(f) for f in (paired.photo, *own)):
            continue
        if changing:
            still.append(paired.photo)
        else:
            taken.append(paired)
    return taken, still


def _recover(desk: Desk, report: Report) -> None:
    """Remove what an interrupted run left in temporary places, and say so."""
    swept = desk.originals.sweep() + desk.archive.sweep() + desk.previews.sweep()
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
    """What was set aside for want of something is due again once that has changed.

    For want of the roster or the face check: held. For want of a reader of its format (HEIC,
    AVIF, camera raw): quarantined. Where this version of dam looks for more in a photograph than
    the one before, all are: what was approved may hold a word that nobody had read. Where the
    roster or the mark changed, so is what is filed: it may have to be made anew.
    """
    _formats(desk)
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


def _formats(desk: Desk) -> None:
    sought = f"facts {VERSION}"
    now = " ".join((*imaging.readers(), sought))
    before = desk.catalog.recall("readers") or ""
    if before == now:
        return
    quarantined = Disposition.QUARANTINED
    more = not before.endswith(sought)
    again = [r.id for r in desk.catalog.assets() if more or r.disposition is quarantined]
    with desk.catalog.transaction() as unit:
        unit.mark_due(again)
        unit.remember("readers", now)


def _wanting(desk: Desk, row: AssetRow) -> bool:
    facts = desk.facts(row)
    return facts is not None and (facts.faces.count is None or not credited(desk, facts))


def credited(desk: Desk, facts: Facts) -> bool:
    """Whether the photographer is known and still in the roster."""
    known = facts.photographer.status is Status.KNOWN
    return known and desk.credits.photographer(facts.photographer.value or "") is not None


def redecide(
    desk: Desk, room: Darkroom, held_back: frozenset[str] = frozenset()
) -> Iterator[Outcome]:
    """Decide again what is due: touched, past its `holds_until`, or under other rules.

    Assets of `held_back` stay due for a later pass.

    What is filed comes first: it may have to leave the archive. A failure of one asset is an
    outcome (`waiting`, with why), and the asset stays due.
    """
    due = [asset for asset in _due(desk) if asset not in held_back]
    with ThreadPoolExecutor(desk.settings.workers) as pool:
        jobs: list[tuple[str, Future[Outcome | None]]] = []
        try:
            for batch in batches(due):
                done = again(desk, batch)
                jobs += [(asset, pool.submit(settle, desk, room, asset)) for asset in done.left]
                yield from done.outcomes
            for asset, job in jobs:
                try:
                    outcome = job.result()
                except (StorageError, IntegrityError) as error:
                    outcome = failed(asset, error)
                if outcome is not None:
                    yield replace(outcome, source=desk.origin(asset).shown)
        except BaseException:
            for _, job in jobs:
                job.cancel()
            raise


def failed(asset: str | None, error: DamError, source: str = "") -> Outcome:
    """An outcome for what disk or store refused: it stays due and is tried again."""
    rule = "integrity" if isinstance(error, IntegrityError) else "storage"
    why = Why.plain(rule, error.what, error.hint or "It is tried again by the next pass")
    return Outcome(source, Became.WAITING, asset, reasons=(why,), failure=error)


def _due(desk: Desk) -> list[str]:
    due = dict.fromkeys(desk.catalog.due_assets())
    due.update(dict.fromkeys(desk.catalog.due(desk.day())))
    due.update(dict.fromkeys(desk.catalog.stale_pack(desk.pack.digest)))

    filed = desk.catalog.filed_assets()
    return sorted(due, key=lambda asset: asset not in filed)


def _take_sheets(
    desk: Desk,
    found: Iterable[inbox.Found],
    ready: Ready,
    report: Report,
    memory: Memory,
) -> dict[bytes, sidecars.Filed]:
    """Shoot sheets, for the photographs of this pass and for those that came before."""
    taken: dict[bytes, sidecars.Filed] = {}
    for sheet in found:
        if sheet.kind is not inbox.Kind.SHOOT or not ready(sheet):
            continue
        try:
            filed = sidecars.take(desk, sheet)
            if not memory.knows(sheet):
                sidecars.join_folder(desk, filed, sheet.folder)
                memory.learn(sheet)
            taken[sheet.path] = filed
        except (SourceChanged, UnsafeSource, StorageError) as error:
            report.notes.append(f"{sheet.shown}: {error}")
            if isinstance(error, UnsafeSource):
                sidecars.join_unread(desk, sheet)
    return taken


def _take_late(
    desk: Desk,
    pairing: inbox.Pairing,
    found: Iterable[inbox.Found],
    ready: Ready,
    report: Report,
    memory: Memory,
) -> None:
    """Sidecars whose photo came earlier, and what speaks of earlier photos unreadably."""
    for orphan in pairing.orphans:
        if not ready(orphan.found):
            continue
        try:
            if memory.knows(orphan.found):
                continue
            if not sidecars.join_late(desk, orphan):
                memory.learn(orphan.found)
                report.notes += sidecars.describe([orphan])
        except UnsafeSource as error:
            report.notes.append(f"{orphan.found.shown}: {error}")
            sidecars.join_unread(desk, orphan.found)
        except (SourceChanged, StorageError, IntegrityError) as error:
            report.notes.append(f"{orphan.found.shown}: {error}")
    for item in found:
        if item.unread and ready(item):
            sidecars.join_unread(desk, item)


def _take_photos(
    desk: Desk,
    taken: list[inbox.Paired],
    sheets: dict[bytes, sidecars.Filed],
    report: Report,
    progress: Progress,
) -> list[photos.Arrived]:
    """Every photograph into store and catalogue, a few side by side."""
    arrived: list[photos.Arrived] = []
    with ThreadPoolExecutor(desk.settings.workers) as pool:
        jobs = [(p.photo, pool.submit(photos.take_in, desk, p, sheets)) for p in taken]
        for photo, job in jobs:
            try:
                result = job.result()
            except (StorageError, IntegrityError) as error:
                result = failed(None, error, photo.shown)
            if isinstance(result, Outcome):
                _tell(report, progress, result)
            else:
                arrived.append(result)
    return arrived


def _settle(
    desk: Desk,
    room: Darkroom,
    arrived: list[photos.Arrived],
    report: Report,
    progress: Progress,
    memory: Memory,
    held_back: frozenset[str],
) -> None:
    """Settle what is due, tell each photograph of this pass once, let settled sources go."""
    mine = {a.asset for a in arrived}
    settled: dict[str, Outcome] = {}
    for outcome in redecide(desk, room, held_back):
        if outcome.asset in mine:
            settled[outcome.asset] = outcome
        else:
            _tell(report, progress, outcome)
    told: set[str] = set()
    for each in arrived:
        outcome = settled.get(each.asset) or photos.standing(desk, each.asset)
        if outcome.failure is None:
            try:
                photos.let_go(desk, each)
            except (StorageError, UnsafeSource) as error:
                report.notes.append(f"{each.found.shown}: safe, but stays in the inbox: {error}")
                for stuck in (each.found, *each.own):
                    memory.learn(stuck)
        outcome = replace(outcome, source=each.found.shown)
        if outcome.failure is None and (not each.fresh or each.asset in told):
            outcome = replace(outcome, became=Became.DUPLICATE)
        else:
            told.add(each.asset)
        _tell(report, progress, outcome)


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
