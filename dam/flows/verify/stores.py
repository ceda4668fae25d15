"""Originals, in use and in restricted hold, against the catalogue and their own digests."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import partial
from typing import Final

from dam.adapters import survey
from dam.adapters.survey import Entry
from dam.core.model import Purpose
from dam.core.verification import FILE, NO_FILE, NOTHING, Code, Content, Finding, in_bytes
from dam.flows.verify.work import Work, batches

ORIGINALS, RESTRICTED = "originals", "restricted"
_SHA256 = re.compile(r"[0-9a-f]{64}")
_SHARD = re.compile(r"[0-9a-f]{2}")
PART = re.compile(r"\.dam-[0-9a-f]{16}\.part")
_INCOMING: Final = ".incoming"
#: An original may lie there so many seconds before it is on record, while a large card comes in.
_UNDER_WAY: Final = 3600.0
#: Why an original belongs into restricted hold.
_HELD: Final = frozenset({"withdrawn", "copy"})
_CODES: Final = {
    ORIGINALS: (Code.ORIGINAL_MISSING, Code.ORIGINAL_DAMAGED, Code.ORIGINAL_EXTRA),
    RESTRICTED: (Code.RESTRICTED_MISSING, Code.RESTRICTED_DAMAGED, Code.RESTRICTED_EXTRA),
}


def known_again(work: Work) -> Iterator[Finding]:
    """Tombstones by which the photographs that they stand for would not be known again."""
    catalog = work.desk.catalog
    stones = {stone.id: stone.digest for stone in catalog.tombstones()}
    for part in batches(held for held in catalog.restrictions() if held.tombstone in stones):
        states = catalog.states([held.asset for held in part], Purpose.ARCHIVE.value)
        for held in part:
            state, wanted = states.get(held.asset), stones[held.tombstone]
            if state is not None and catalog.keyed(state.row.sha256) != wanted:
                place = f"catalogue: tombstone {held.tombstone}"
                yield Finding(Code.TOMBSTONE_BLIND, place, wanted, "another key")


def listed(work: Work) -> Iterator[Finding]:
    """Missing, extra, of another size, taken back and still there: all but damaged bytes."""
    for store in (ORIGINALS, RESTRICTED):
        strangers: list[Finding] = []
        suspects = _compared(work, store, strangers)
        yield from work.confirmed(suspects, partial(judge, work, deep=False))
        yield from strangers


def read(work: Work) -> Iterator[Finding]:
    """The bytes of everything that must be there, or of a sample of it."""
    yield from work.confirmed(_damaged(work), partial(judge, work, deep=True))


def _expected(work: Work, store: str) -> Iterator[Content]:
    for each in work.desk.catalog.contents():
        if belongs(each) == store:
            yield each


def belongs(each: Content) -> str:
    """Which store bytes belong into; "" for none."""
    if not each.held:
        return ORIGINALS
    return RESTRICTED if each.held in _HELD else ""


def _compared(work: Work, store: str, strangers: list[Finding]) -> Iterator[str]:
    """The SHA-256 of whatever is other than expected: two ordered streams side by side."""
    catalog = work.desk.catalog
    stones = {stone.digest for stone in catalog.tombstones()}
    there = _stored(work, store, strangers)
    entry = next(there, None)
    for each in _expected(work, store):
        work.look(store)
        while entry is not None and entry.name < each.sha256:
            yield entry.name
            entry = next(there, None)
        if entry is None or entry.name != each.sha256:
            yield each.sha256
            continue
        odd = not entry.regular or (each.size is not None and entry.size != each.size)
        taken_back = stones and store == ORIGINALS and catalog.keyed(each.sha256) in stones
        if odd or taken_back:
            yield each.sha256
        entry = next(there, None)
    while entry is not None:
        yield entry.name
        entry = next(there, None)


def _stored(work: Work, store: str, strangers: list[Finding]) -> Iterator[Entry]:
    """What lies under a digest, in order; what does not goes to `strangers`."""
    private = work.desk.workspace.private
    for shard in survey.inside(private, store):
        if shard.name == _INCOMING and shard.folder:
            strangers.extend(parts(work, survey.inside(private, shard.relative)))
        elif not (shard.folder and _SHARD.fullmatch(shard.name)):
            strangers.append(stranger(shard))
        else:
            for entry in survey.inside(private, shard.relative):
                if _SHA256.fullmatch(entry.name) and entry.name.startswith(shard.name):
                    yield entry
                else:
                    strangers.append(stranger(entry))


def parts(work: Work, entries: Iterable[Entry]) -> Iterator[Finding]:
    """Files that are being written, or that an interrupted run left."""
    for entry in entries:
        known = entry.regular and PART.fullmatch(entry.name)
        yield left(work, entry) if known else stranger(entry)


def left(work: Work, entry: Entry) -> Finding:
    """A temporary file: of a run that lives, or of one that ended."""
    code = Code.IN_FLIGHT if work.busy() else Code.LEFTOVER
    return Finding(code, shown(entry.relative), NOTHING, kind(entry))


def stranger(entry: Entry) -> Finding:
    return Finding(Code.FILE_UNKNOWN, shown(entry.relative), NOTHING, kind(entry))


def kind(entry: Entry) -> str:
    if entry.regular:
        return FILE
    return "a folder" if entry.folder else NO_FILE


def shown(relative: str) -> str:
    """A path below `.dam` as a finding tells it."""
    return f".dam/{relative}".encode("utf-8", "backslashreplace").decode()


def judge(work: Work, sha256: str, *, deep: bool) -> Iterator[Finding]:
    """All that is wrong with these bytes now, by catalogue and disk; with `deep` read as well."""
    known = work.desk.catalog.content(sha256)
    store = belongs(known) if known is not None else ""
    for each in (ORIGINALS, RESTRICTED):
        relative = f"{each}/{sha256[:2]}/{sha256}"
        entry = survey.look(work.desk.workspace.private, relative)
        if each != store:
            if entry is not None:
                yield _extra(work, each, entry, sha256, known)
        elif known is not None:
            yield from _kept(work, each, entry, known, deep=deep)


def _kept(
    work: Work, store: str, entry: Entry | None, known: Content, *, deep: bool
) -> Iterator[Finding]:
    missing, damaged, _ = _CODES[store]
    sha256 = known.sha256
    relative = f"{store}/{sha256[:2]}/{sha256}"
    if entry is None:
        yield Finding(missing, shown(relative), in_bytes(known.size), NOTHING)
        return
    if not entry.regular:
        yield Finding(damaged, shown(relative), in_bytes(known.size), kind(entry))
        return
    if known.size is not None and entry.size != known.size:
        yield Finding(damaged, shown(relative), in_bytes(known.size), in_bytes(entry.size))
    elif deep:
        found = survey.digest(work.desk.workspace.private, relative)
        if found != sha256:
            yield Finding(damaged, shown(relative), sha256, found or NOTHING)
    if store == ORIGINALS and came_back(work, sha256):
        yield Finding(Code.WITHDRAWN_PRESENT, shown(relative), NOTHING, FILE)


def _extra(work: Work, store: str, entry: Entry, sha256: str, known: Content | None) -> Finding:
    where = shown(entry.relative)
    if (known is not None and known.held) or came_back(work, sha256):
        return Finding(Code.WITHDRAWN_PRESENT, where, NOTHING, kind(entry))
    young = work.desk.now().timestamp() - entry.changed < _UNDER_WAY
    if store == ORIGINALS and entry.regular and young and work.busy():
        return Finding(Code.IN_FLIGHT, where, NOTHING, FILE)
    return Finding(_CODES[store][2], where, NOTHING, kind(entry))


def came_back(work: Work, sha256: str) -> bool:
    """Whether these are the very bytes of a photograph that was taken back, and nobody settled."""
    traces = work.desk.catalog.traces_of([sha256]).get(sha256, ())
    return any(trace.level == "certain" for trace in traces)


def _damaged(work: Work) -> Iterator[str]:
    private = work.desk.workspace.private
    for each in work.desk.catalog.contents():
        store = belongs(each)
        relative = f"{store}/{each.sha256[:2]}/{each.sha256}"
        if not store or not work.depth.takes(relative):
            continue
        found = survey.digest(private, relative)
        work.look("read")
        # What is missing was told already.
        if found is not None and found != each.sha256:
            yield each.sha256
