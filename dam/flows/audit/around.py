"""What an audit finds around the catalogue: in the archive and in the inbox."""

from __future__ import annotations

from collections.abc import Iterator

from dam.adapters import inbox
from dam.adapters.desk import Desk
from dam.core import names
from dam.core.findings import Finding, orphans
from dam.core.plan import ARCHIVE

#: As long is the folder of a filed picture: archive/YYYY/MM/DD/.
_FOLDER = len(f"{ARCHIVE}/2021/11/18/")


def missing(desk: Desk) -> frozenset[str]:
    """The assets that are filed and whose files are not in the archive."""
    gone: list[str] = []
    for folder, filed in desk.catalog.archived_folders(_FOLDER):
        there = desk.archive.names(folder.removeprefix(f"{ARCHIVE}/"))
        gone += (place for place in filed if place[_FOLDER:] not in there)
    return frozenset(desk.catalog.archived_assets(gone).values())


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
