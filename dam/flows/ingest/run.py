"""One pass over the inbox, as a list of named stages.

1. clear what an interrupted run left in temporary places;
2. scan the inbox, leave what still changes, pair photographs with their sidecars;
3. take everything in: sheets, late sidecars, photographs with what lies beside them. From now
   on every consent and every withdrawal of this inbox counts, for all photographs;
4. settle what is due, that is new, touched, past a date that matters or under other rules:
   what must leave the archive first;
5. let the sources go whose photographs are settled, each as soon as it is;
6. once a day sign where the ledger ends.

Thousands at once are worked on a few at a time: what waits is in the catalogue, not in memory. A
watcher settles them in rounds and looks at the inbox in between.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from dam.adapters import inbox
from dam.adapters.abreast import abreast
from dam.adapters.darkroom import Darkroom
from dam.adapters.desk import Desk
from dam.adapters.inbox_aside import aside
from dam.core import names
from dam.core.errors import (
    DamError,
    IntegrityError,
    SourceChanged,
    StorageError,
    UnsafeSource,
    UsageError,
)
from dam.flows.ingest import photos, sidecars
from dam.flows.ingest.due import due_now, failed, redecided, side_by_side
from dam.flows.ingest.first import recover, surroundings
from dam.flows.ingest.memory import Flight, Memory
from dam.flows.ingest.outcome import Became, Outcome, Progress, Report

#: So many settled photographs let their sources go in one transaction, their folder synced once.
_TOGETHER = 16

#: A photograph waits while any file beside it is still being written.
Ready = Callable[[inbox.Found], bool]


def run(
    desk: Desk,
    room: Darkroom,
    ready: Ready,
    progress: Progress | None = None,
    memory: Memory | None = None,
) -> Report:
    """One pass. What one photograph's files or the disk refuse is told in `Report.failures`

    and tried again by the next pass; the other photographs go on. Raises StorageError where
    the inbox itself cannot be read, or is another folder at the end than at the beginning; what
    is filed is decided again all the same. Nothing is lost.
    """
    progress, memory = progress or Progress(), memory or Memory()
    report = Report(keep=memory.round is None)
    try:
        desk.finish()
    except StorageError as error:
        report.refuse(error)
    if memory.first:
        recover(desk, report)
        surroundings(desk)
        memory.first = False
    try:
        still = _take_in(desk, room, ready, report, progress, memory)
    except StorageError:
        # Consents end on their day and withdrawals count, whether the share is there or not.
        _settle(desk, room, report, progress, memory, None)
        raise
    if not progress.stopped():
        _settle(desk, room, report, progress, memory, still)
    try:
        desk.keep_withdrawals()
    except (StorageError, UsageError) as error:
        report.refuse(error)
    _checkpoint(desk, report, memory)
    return report


def _checkpoint(desk: Desk, report: Report, memory: Memory) -> None:
    """Sign once a day where the ledger ends. What hinders that hinders no photograph."""
    if memory.checkpointed == desk.day():
        return
    try:
        desk.checkpoints.daily(desk.catalog.origin(), desk.catalog.head(), desk.now())
        memory.checkpointed = desk.day()
    except (StorageError, IntegrityError) as error:
        report.notes.append(f"No checkpoint of the ledger was made: {error}")


def _take_in(
    desk: Desk,
    room: Darkroom,
    ready: Ready,
    report: Report,
    progress: Progress,
    memory: Memory,
) -> list[inbox.Found]:
    """Everything that can be taken, into store and catalogue; the photographs that wait still, or

    again because they could not be taken whole.
    """
    root = inbox.root_of(desk.workspace.inbox)
    found = inbox.scan(desk.workspace.inbox)
    memory.forget(found, root)
    report.notes += aside(found, desk.instant())
    pairing = inbox.pair(found)
    taken, still = split(pairing, ready, memory)
    room.begin(len(taken))
    progress.begin(len(taken) + len(still))
    for photo in still:
        _tell(report, progress, photos.waiting(photo, "it is still being written"))
    sheets = _take_sheets(desk, found, ready, report, memory)
    _take_late(desk, pairing, found, ready, report, memory)
    left = list(still)
    for photo, result in _take_photos(desk, taken, sheets, report, progress):
        if isinstance(result, photos.Arrived):
            memory.take_off(result, root)
        elif result.became is Became.WAITING:
            left.append(photo)
    if not inbox.is_still(desk.workspace.inbox, root):
        raise inbox.away()
    return left


def _held_back(desk: Desk, still: Iterable[inbox.Found]) -> frozenset[str]:
    """Unfiled assets of photos that wait in the inbox, or that could not be taken whole.

    A run that was interrupted, or a disk that refused, may have recorded such a photo without
    all of its sidecars; deciding it now would leave out what the others say. What is filed is
    never held back: it may have to leave.
    """
    named = {
        asset
        for photo in still
        for asset in desk.catalog.assets_named(names.key(photo.folder), names.key(photo.name))
    }
    rows = (desk.catalog.asset(asset) for asset in named)
    return frozenset(row.id for row in rows if row is not None and row.archived_as is None)


def _tell(report: Report, progress: Progress, outcome: Outcome) -> None:
    report.add(outcome)
    progress.done(outcome)


def split(
    pairing: inbox.Pairing, ready: Ready, memory: Memory | None = None
) -> tuple[list[inbox.Paired], list[inbox.Found]]:
    """The photographs that can be taken now, and those that still wait for themselves or for

    a file beside them. What a process took and did not remove yet is left out.
    """
    taken, still = [], []
    for paired in pairing.photos:
        own = [m.found for m in (*paired.sidecars, *paired.xmp)]
        beside = [*own, *paired.sheets, *paired.unread]
        # Every file is asked, so that each one's quiet time runs.
        changing = [f for f in (paired.photo, *beside) if not ready(f)]
        if memory is not None and memory.in_flight(paired):
            continue
        if changing:
            still.append(paired.photo)
        else:
            taken.append(paired)
    return taken, still


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
        if (known := memory.sheet(sheet)) is not None:
            taken[sheet.path] = known
            continue
        try:
            filed = sidecars.take(desk, sheet)
            sidecars.join_folder(desk, filed, sheet.folder)
            memory.sheets[sheet.path] = (sheet.identity, filed)
            taken[sheet.path] = filed
        except (SourceChanged, UnsafeSource, StorageError) as error:
            report.notes.append(f"{sheet.shown}: {error}")
            if isinstance(error, UnsafeSource):
                sidecars.join_unread(desk, sheet)
            elif isinstance(error, StorageError):
                report.refuse(error)
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
        except (UnsafeSource, StorageError) as error:
            report.notes.append(f"{orphan.found.shown}: {error}")
            if isinstance(error, StorageError):
                report.refuse(error)
            sidecars.join_unread(desk, orphan.found)
        except (SourceChanged, IntegrityError) as error:
            report.notes.append(f"{orphan.found.shown}: {error}")
    for item in found:
        if item.unread and ready(item):
            sidecars.join_unread(desk, item, again=memory.knows(item))
            memory.learn(item)


def _take_photos(
    desk: Desk,
    taken: list[inbox.Paired],
    sheets: dict[bytes, sidecars.Filed],
    report: Report,
    progress: Progress,
) -> Iterator[tuple[inbox.Found, photos.Arrived | Outcome]]:
    """Every photograph into store and catalogue, a few side by side; an outcome is told here."""
    for paired, job in abreast(
        side_by_side(desk.settings.workers),
        lambda paired: photos.take_in(desk, paired, sheets),
        taken,
        progress.stopped,
    ):
        try:
            result = job()
        except (StorageError, IntegrityError) as error:
            result = failed(None, error, paired.photo.shown)
        progress.step()
        if isinstance(result, Outcome):
            _tell(report, progress, result)
        yield paired.photo, result


def _settle(
    desk: Desk,
    room: Darkroom,
    report: Report,
    progress: Progress,
    memory: Memory,
    still: list[inbox.Found] | None,
) -> None:
    """Settle what is due, tell each photograph in flight once, let settled sources go.

    `still` are the photographs that wait in the inbox; None where nobody knows. Then only what
    is filed is settled: of others a sidecar may lie where it cannot be seen.
    """
    flights: dict[str, list[Flight]] = {}
    memory.landing.clear()
    for flight in tuple(memory.flights.values()):
        if flight.told:
            memory.landing.append(flight)
        else:
            flights.setdefault(flight.arrived.asset, []).append(flight)
    due = memory.not_later(_untried(desk, memory), desk.day())
    if still is None:
        filed = desk.catalog.filed_among(due)
        due = [asset for asset in due if asset in filed]
        flights = {asset: mine for asset, mine in flights.items() if asset in filed}
    elif due and (held_back := _held_back(desk, still)):
        due = [asset for asset in due if asset not in held_back]
    left = set(due)
    for asset, outcome in redecided(desk, room, due, progress, memory.round):
        progress.step()
        left.discard(asset)
        if outcome is not None and outcome.again:
            memory.later[asset] = desk.day()
        _land(desk, report, memory, _TOGETHER)
        if outcome is None or outcome.failure is not None:
            memory.tried[asset] = desk.catalog.due_mark(asset)
        mine = flights.pop(asset, None)
        if mine is not None:
            _arrive(desk, mine, outcome, report, progress, memory)
        elif outcome is not None:
            _tell(report, progress, outcome)
    for asset, mine in flights.items():
        if asset not in left and not progress.stopped():
            _arrive(desk, mine, None, report, progress, memory)
    _land(desk, report, memory)
    report.more = bool(left)
    if not left:
        memory.tried.clear()


def _untried(desk: Desk, memory: Memory) -> list[str]:
    """What is due, without what these rounds tried in vain and nobody has touched since."""
    due = due_now(desk)
    if not memory.tried:
        return due
    return [
        asset
        for asset in due
        if asset not in memory.tried or memory.tried[asset] != desk.catalog.due_mark(asset)
    ]


def _arrive(
    desk: Desk,
    flights: list[Flight],
    outcome: Outcome | None,
    report: Report,
    progress: Progress,
    memory: Memory,
) -> None:
    """Tell what became of photographs of one content; let their sources go if it is settled."""
    outcome = outcome or photos.standing(desk, flights[0].arrived.asset)
    told = False
    for flight in flights:
        mine = replace(outcome, source=flight.arrived.found.shown)
        if outcome.failure is not None:
            # Taken anew by the next pass, which also mends a damaged original.
            memory.flights.pop(flight.arrived.found.path, None)
        elif told or not flight.arrived.fresh:
            mine = replace(mine, became=Became.DUPLICATE)
        else:
            told = True
        if outcome.failure is None:
            flight.told = True
            memory.landing.append(flight)
        _tell(report, progress, mine)


def _land(desk: Desk, report: Report, memory: Memory, at_least: int = 1) -> None:
    """Let the sources of settled photographs go together, unless the inbox itself is away.

    Nothing is done while fewer than `at_least` wait for it.
    """
    landing = [flight for flight in memory.landing if flight.root == memory.root]
    if len(landing) < at_least or memory.root is None:
        return
    memory.landing.clear()
    stuck: list[DamError | None]
    try:
        stuck = photos.let_go(desk, [flight.arrived for flight in landing], memory.root)
    except StorageError as error:
        if not inbox.is_still(desk.workspace.inbox, memory.root):
            return
        stuck = [error] * len(landing)
    for flight, problem in zip(landing, stuck, strict=True):
        found = flight.arrived.found
        if problem is None:
            memory.flights.pop(found.path, None)
        elif inbox.is_still(desk.workspace.inbox, flight.root):
            report.notes.append(f"{found.shown}: safe, but stays in the inbox: {problem}")


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
