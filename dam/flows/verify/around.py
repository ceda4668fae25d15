"""Everything else below `.dam`: what may lie there, in what state, and open to whom; and packs."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Final

from dam.adapters import survey
from dam.adapters.pack import sealed_as
from dam.adapters.survey import Entry
from dam.core.model import Disposition
from dam.core.rows import PackRow
from dam.core.verification import FILE, NOTHING, Code, Finding, in_bytes
from dam.flows.verify.stores import PART, kind, left, shown, stranger
from dam.flows.verify.work import Work, batches

#: Below `.dam`, whatever its own checks look into.
_APART: Final = ("originals", "restricted", "checkpoints", "previews", "renditions")
_FOLDERS: Final = (*_APART, "work", "packs", "log", "keys", "credentials")
#: The files that may lie there, by their path.
_FILES = re.compile(
    r"lock|gate|watch\.lock|(?:heartbeat\.json|metrics\.prom)"
    r"|log/dam\.log(?:\.\d+)?|keys/ledger\.pem|credentials/(?:certificate|key)\.pem"
)
#: What is being written and gets another name at once, and what was left of that.
_PASSING = re.compile(r"\.(?:heartbeat\.json|metrics\.prom)\.new|work/[^/]+")
_PREVIEW = re.compile(r"[0-9a-f]{64}\.jpg")
_CACHED = re.compile(r"([0-9a-f]{64})(\.jpg|\.thumb\.jpg|\.page\.jpg|\.json)")
_CACHING = re.compile(r"[0-9a-f]{16}\.part")
_GONE = re.compile(r"\.[0-9a-f]{16}")
_OPEN: Final = 0o077
_HELD: Final = ("withdrawn", "copy", "erased")

Finds = Callable[[Work, str], Iterator[Finding]]


def private(work: Work) -> Iterator[Finding]:
    """Every entry below `.dam` that others may open, or that does not belong there."""
    root = work.desk.workspace.private
    top = survey.look(root.parent, root.name)
    if top is not None and top.mode & _OPEN:
        yield _open(Finding(Code.MODE_OPEN, ".dam"), top)
    yield from work.confirmed(_suspects(work), partial(_judge, work))


def _suspects(work: Work) -> Iterator[str]:
    for entry in survey.below(work.desk.workspace.private):
        work.checked["entries"] += 1
        if _finding(work, entry) is not None:
            yield entry.relative


def _judge(work: Work, relative: str) -> Iterator[Finding]:
    entry = survey.look(work.desk.workspace.private, relative)
    if entry is not None and (finding := _finding(work, entry)) is not None:
        yield finding


def _finding(work: Work, entry: Entry) -> Finding | None:
    if entry.mode & _OPEN and (entry.regular or entry.folder):
        return _open(Finding(Code.MODE_OPEN, shown(entry.relative)), entry)
    first = entry.relative.partition("/")[0]
    if first in _APART and first != entry.relative:
        return None
    if entry.folder:
        return None if entry.relative in _FOLDERS else stranger(entry)
    if entry.regular and (_FILES.fullmatch(entry.relative) or _is_catalogue(work, entry)):
        return None
    passing = _PASSING.fullmatch(entry.relative) or PART.fullmatch(entry.name)
    return left(work, entry) if entry.regular and passing else stranger(entry)


def _open(finding: Finding, entry: Entry) -> Finding:
    wanted = 0o700 if entry.folder else 0o600
    return Finding(finding.code, finding.place, f"{wanted:04o}", f"{entry.mode:04o}")


def _is_catalogue(work: Work, entry: Entry) -> bool:
    database = work.desk.workspace.database
    return database.parent == work.desk.workspace.private and entry.relative in {
        database.name + ending for ending in ("", "-wal", "-shm", "-journal")
    }


def caches(work: Work) -> Iterator[Finding]:
    """Previews and finished pictures: only of photographs that may have them, and whole."""
    yield from _folders(work, "previews", _previews)
    yield from _folders(work, "renditions", _renditions)


def _folders(work: Work, cache: str, each: Finds) -> Iterator[Finding]:
    found = survey.inside(work.desk.workspace.private, cache)
    for part in batches(found):
        known = work.desk.catalog.known_assets([entry.name for entry in part])
        sound = []
        for entry in part:
            work.look(cache)
            disposition, held = known.get(entry.name, ("", ""))
            wrong = not disposition or bool(held) or not entry.folder
            if cache == "renditions":
                wrong = wrong or disposition != Disposition.APPROVED.value
            if wrong:
                yield from work.confirmed([entry.relative], partial(_unwanted, work, cache))
            else:
                sound.append(entry.relative)
        yield from work.confirmed(sound, partial(each, work))


def _unwanted(work: Work, cache: str, relative: str) -> Iterator[Finding]:
    """What lies there of no photograph, or of one that may not have it."""
    entry = survey.look(work.desk.workspace.private, relative)
    if entry is None:
        return
    disposition, held = work.desk.catalog.known_assets([entry.name]).get(entry.name, ("", ""))
    unfit = cache == "renditions" and disposition != Disposition.APPROVED.value
    if held in _HELD:
        yield Finding(Code.WITHDRAWN_PRESENT, shown(relative), NOTHING, kind(entry))
    elif cache == "renditions" and _GONE.fullmatch(entry.name) and entry.folder:
        yield left(work, entry)
    elif not disposition or not entry.folder or unfit:
        yield Finding(Code.CACHE_EXTRA, shown(relative), NOTHING, kind(entry))


def _previews(work: Work, folder: str) -> Iterator[Finding]:
    for entry in survey.inside(work.desk.workspace.private, folder):
        if not entry.regular or not _PREVIEW.fullmatch(entry.name):
            yield Finding(Code.CACHE_EXTRA, shown(entry.relative), NOTHING, kind(entry))


def _renditions(work: Work, folder: str) -> Iterator[Finding]:
    entries = {e.name: e for e in survey.inside(work.desk.workspace.private, folder)}
    for name, entry in entries.items():
        known = _CACHED.fullmatch(name)
        if entry.regular and _CACHING.fullmatch(name):
            yield left(work, entry)
        elif known is None or not entry.regular:
            yield Finding(Code.CACHE_EXTRA, shown(entry.relative), NOTHING, kind(entry))
        elif known[2] == ".json":
            yield from _whole(work, folder, known[1], entries)
        elif f"{known[1]}.json" not in entries:
            yield left(work, entry)


def _whole(work: Work, folder: str, key: str, entries: dict[str, Entry]) -> Iterator[Finding]:
    """What its own record tells of a finished picture and its copies."""
    asset = folder.rpartition("/")[2]
    cache = work.desk.renditions
    told = cache.fixity(asset, key)
    if not told:
        where = shown(f"{folder}/{key}.json")
        yield Finding(Code.CACHE_DAMAGED, where, "a record", FILE)
        return
    for word, (sha256, size) in told.items():
        name = cache.place(asset, key, word).name
        where, entry = shown(f"{folder}/{name}"), entries.get(name)
        if entry is None:
            yield Finding(Code.CACHE_DAMAGED, where, in_bytes(size), NOTHING)
        elif entry.size != size:
            yield Finding(Code.CACHE_DAMAGED, where, in_bytes(size), in_bytes(entry.size))
        elif work.depth.takes(entry.relative):
            work.look("read")
            found = survey.digest(work.desk.workspace.private, entry.relative)
            if found != sha256:
                yield Finding(Code.CACHE_DAMAGED, where, sha256, found or NOTHING)


def packs(work: Work) -> Iterator[Finding]:
    """Packs on record: their pictures are known, and where they lie they are as they went out."""
    for pack, file in work.desk.catalog.items_without_asset():
        yield Finding(Code.PACK_ITEM, f"pack {pack}: {file}", "an asset", NOTHING)
    for row in work.desk.catalog.packs():
        work.look("packs")
        if row.state == "made":
            yield from _pack(row)


def _pack(row: PackRow) -> Iterator[Finding]:
    found = sealed_as(Path(row.path))
    if found is None:
        yield Finding(Code.PACK_UNREACHABLE, f"pack {row.id}", row.manifest_sha256, NOTHING)
    elif found != row.manifest_sha256:
        yield Finding(Code.PACK_CHANGED, f"pack {row.id}", row.manifest_sha256, found or "no pack")
