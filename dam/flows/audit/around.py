"""What an audit finds around the catalogue: in the archive and in the inbox."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

from dam.adapters import inbox
from dam.adapters.desk import Desk
from dam.core import names
from dam.core.findings import Finding, orphans
from dam.core.plan import ARCHIVE

#: As long is the folder of a filed picture: archive/YYYY/MM/DD/.
_FOLDER = len(f"{ARCHIVE}/2021/11/18/")
#: So many folders are listed before what is filed in them is compared.
_AHEAD = 8


@dataclass(frozen=True, slots=True)
class Filed:
    """How many assets the catalogue says are filed, and which of them are not in the archive."""

    number: int
    missing: frozenset[str]


def filed(desk: Desk) -> Filed:
    """Hold the catalogue against the names in the archive."""
    number, gone = 0, list[str]()
    for folder, names_of, there in _listed(desk):
        number += len(names_of)
        gone += (folder + name for name in names_of - there)
    return Filed(number, frozenset(desk.catalog.archived_assets(gone).values()))


def _listed(desk: Desk) -> Iterator[tuple[str, frozenset[str], frozenset[str]]]:
    """Each folder of the archive, what is filed in it, what is there; the disk is asked ahead."""
    waiting: deque[tuple[str, frozenset[str], Future[frozenset[str]]]] = deque()
    with ThreadPoolExecutor(1) as pool:
        for folder, names_of in desk.catalog.archived_folders(_FOLDER):
            asked = pool.submit(desk.archive.names, folder.removeprefix(f"{ARCHIVE}/"))
            waiting.append((folder, names_of, asked))
            if len(waiting) > _AHEAD:
                folder, names_of, asked = waiting.popleft()
                yield folder, names_of, asked.result()
        for folder, names_of, asked in waiting:
            yield folder, names_of, asked.result()


def waiting(desk: Desk) -> Iterator[Finding]:
    """Sidecars that lie in the inbox and speak of no photograph, there or taken in before."""
    found = inbox.pair(inbox.scan(desk.workspace.inbox)).orphans
    if number := sum(not _known(desk, orphan) for orphan in found):
        yield orphans(number)


def _known(desk: Desk, orphan: inbox.Orphan) -> bool:
    folder, target = names.key(orphan.folder), names.key(orphan.target)
    if orphan.whole:
        return bool(desk.catalog.assets_named(folder, target))
    return bool(desk.catalog.assets_stemmed(folder, target))
