"""Taking in what people say: sidecars into the store, consents into the catalogue, links.

A sidecar lives in a *slot*: its exact path in the inbox, and for a photo's own sidecar also
the asset, since cameras use the same file names again. A new version in a slot replaces what
the slot said before, so a mistake can be corrected; events of a consent (a
withdrawal above all) are never taken back by leaving them out. Deleting a sidecar changes
nothing: what was said stays said.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from dam.adapters import inbox
from dam.adapters.catalog import Catalog, Unit
from dam.adapters.desk import Desk
from dam.adapters.desk_due import touch
from dam.adapters.store import Taken, remove_source
from dam.core import names
from dam.core.errors import SourceChanged, StorageError, UnsafeSource
from dam.core.model import Event
from dam.core.rows import SidecarKind, SidecarRow
from dam.flows.ingest.consider import (
    MAX_SIDECAR_BYTES,
    Sheet,
    consents_in,
)

#: So many assets are joined in one transaction.
TOGETHER = 200
KINDS: dict[inbox.Kind, SidecarKind] = {
    inbox.Kind.SIDECAR: "photo",
    inbox.Kind.SHOOT: "shoot",
    inbox.Kind.XMP: "xmp",
}


@dataclass(frozen=True, slots=True)
class Filed:
    """A sidecar that is safe in the store: `row` of its slot; `taken` from the inbox."""

    row: SidecarRow
    taken: Taken
    source: Path


def slot_of(found: inbox.Found, asset: str = "") -> str:
    """Where a sidecar lives. Names that differ only in case are different files."""
    path = names.text(found.path)
    return f"{path}@{asset}" if asset else path


def kind_of(found: inbox.Found) -> SidecarKind:
    """What a sidecar speaks of; one that cannot be read as such (`unread`) by its name."""
    if found.kind in KINDS:
        return KINDS[found.kind]
    return "photo" if names.claim(found.name).target else "shoot"


def read_sheet(
    desk: Desk, found: inbox.Found, *, asset: str = "", ambiguous: bool = False
) -> Sheet:
    """A sidecar's bytes as a sheet, nothing stored (for a dry run).

    Raises SourceChanged, UnsafeSource or StorageError as `inbox.read` does.
    """
    data = inbox.read(desk.workspace.inbox, found, MAX_SIDECAR_BYTES)
    return Sheet(
        slot=slot_of(found, asset),
        kind=kind_of(found),
        shown=found.shown,
        name=names.key(found.name),
        folder=names.key(found.folder),
        data=data,
        sha256=hashlib.sha256(data).hexdigest(),
        seen_at=desk.instant(),
        ambiguous=ambiguous,
    )


def stored_sheet(desk: Desk, row: SidecarRow, *, ambiguous: bool = False) -> Sheet:
    """A sidecar of the catalogue with its bytes from the store."""
    return Sheet(
        slot=row.slot,
        kind=row.kind,
        shown=row.shown,
        name=row.name_key,
        folder=row.folder_key,
        data=desk.originals.read_bytes(row.sha256),
        sha256=row.sha256,
        seen_at=row.seen_at,
        ambiguous=ambiguous,
    )


@dataclass(frozen=True, slots=True)
class Safe:
    """The bytes of a sidecar in the store, on no record yet.

    `taken` is None where nobody could read it, be it for its rights or because it changed:
    what is stored for it is nothing, which holds whatever it speaks of.
    """

    found: inbox.Found
    sha256: str
    taken: Taken | None


def store(desk: Desk, found: inbox.Found) -> Safe:
    """Store the bytes of a sidecar; the file stays where it is. Raises SourceChanged,

    UnsafeSource or StorageError.
    """
    taken = _stored(desk, found)
    return Safe(found, taken.sha256, taken)


def store_unread(desk: Desk, found: inbox.Found) -> Safe:
    """As `store`, of what cannot be read as a sidecar, or not at all. Raises StorageError.

    It holds the asset: it may say no. While it lies in the inbox it counts as seen just now,
    so that only a clear sidecar that comes after it has gone mends it.
    """
    try:
        return store(desk, found)
    except (UnsafeSource, SourceChanged):
        return Safe(found, desk.originals.put_bytes(b""), None)


def record(desk: Desk, unit: Unit, safe: Safe, asset: str) -> SidecarRow:
    """Record what a stored sidecar of an asset says, and mark all that its words touch as due."""
    row = _row(desk, safe.found, safe.sha256, asset)
    _keep(desk, unit, row, restated=safe.taken is not None and not safe.found.unread)
    return row


def take(desk: Desk, found: inbox.Found, asset: str = "") -> Filed:
    """Store a sidecar and what it says of consents, and mark every asset it touches as due.

    `asset` is the photo it belongs to; without one it speaks for a folder, or waits for its
    photo. One transaction; repeating it changes nothing. Raises SourceChanged, UnsafeSource
    or StorageError; the file itself stays where it is.
    """
    taken = _stored(desk, found)
    row = _row(desk, found, taken.sha256, asset)
    with desk.catalog.transaction() as unit:
        _keep(desk, unit, row, restated=not found.unread if asset else None)
    return Filed(row, taken, source_of(desk, found))


def source_of(desk: Desk, found: inbox.Found) -> Path:
    """Where a file of the inbox stands."""
    return desk.workspace.inbox / names.text(found.path)


def _stored(desk: Desk, found: inbox.Found) -> Taken:
    """The bytes of a sidecar in the store, being those that were found."""
    taken = desk.originals.take(
        source_of(desk, found), MAX_SIDECAR_BYTES, below=desk.workspace.inbox
    )
    if (taken.device, taken.inode, taken.size, taken.mtime_ns) != found.identity:
        raise SourceChanged("It changed while it was read")
    return taken


def _row(desk: Desk, found: inbox.Found, sha256: str, asset: str) -> SidecarRow:
    return SidecarRow(
        slot=slot_of(found, asset),
        kind=kind_of(found),
        sha256=sha256,
        shown=found.shown,
        folder_key=names.key(found.folder),
        name_key=names.key(found.name),
        seen_at=desk.instant(),
    )


def _keep(desk: Desk, unit: Unit, row: SidecarRow, *, restated: bool | None) -> None:
    """Keep a version of a sidecar.

    The same words dropped again for a photo (`restated`) count as said now, and may mend what
    came between. False: what cannot be read is still there. None: a sheet that stays in its
    folder, where lying there says nothing new.
    """
    if unit.put_sidecar(row):
        unit.mark_due(unit.assets_of_slot(row.slot))
        # No digest of it: who knows all of a sidecar but a birth date could try them all.
        ref, _ = unit.sidecar_key(row.slot)
        unit.append(Event("sidecar.read", ref, {"kind": row.kind}), row.seen_at)
        _take_consents(desk, unit, row)
        return
    if restated is None:
        return
    unit.see_sidecar(row.slot, row.seen_at)
    if restated:
        unit.mark_due(unit.assets_of_slot(row.slot))


def _take_consents(desk: Desk, unit: Unit, row: SidecarRow) -> None:
    """Record what a readable sheet says of consents, and what it says no longer.

    A record that the slot stated before and leaves out now goes on limiting but permits
    nothing: otherwise a record entered by mistake could never be taken out again. A sheet
    that cannot be read changes nothing here; its photos are held for that.
    """
    items = consents_in(stored_sheet(desk, row))
    if items is None:
        return
    for item in items:
        desk.put_consent(unit, item, row.slot)
    said = {item.id for item in items}
    for version in unit.consents_of_slot(row.slot):
        if version.consent not in said and unit.put_consent(
            replace(version, stated=False, recorded_at=desk.instant())
        ):
            touch(unit, version.consent, version.subject)


def let_go(filed: Filed, inbox_root: Path) -> None:
    """Remove a sidecar from the inbox once its photo has it; a newer version stays."""
    remove_source(filed.source, filed.taken, below=inbox_root)


def link(unit: Unit, asset: str, slots: Iterable[tuple[str, bool]]) -> bool:
    """Say that sidecars speak of an asset (slot, whether nobody can tell); true where any of it

    is new: then the asset must be decided again.
    """
    linked = _linked(unit, asset)
    new = [each for each in dict.fromkeys(slots) if each not in linked]
    for slot, ambiguous in new:
        unit.link_sidecar(asset, slot, ambiguous)
    return bool(new)


def _linked(catalog: Catalog | Unit, asset: str) -> set[tuple[str, bool]]:
    return {(row.slot, doubt) for row, doubt in catalog.sidecars_of(asset)}


def earlier_assets(desk: Desk, folder: bytes, target: bytes, *, whole: bool) -> tuple[str, ...]:
    """Assets ingested before that a late sidecar speaks of; several mean nobody can tell.

    `target` is a file name (`whole`) or a stem. One that matches byte for byte goes before
    those that match without regard to case and Unicode form.
    """
    if not whole:
        return desk.catalog.assets_stemmed(names.key(folder), names.key(target))
    found = desk.catalog.assets_named(names.key(folder), names.key(target))
    exact = tuple(
        asset
        for asset in found
        if any((p.folder, p.name) == (folder, target) for p in desk.catalog.provenance(asset))
    )
    return exact or found


def join_late(desk: Desk, orphan: inbox.Orphan) -> bool:
    """Take a sidecar that came after its photo. False where no photo of that name is known;

    even then what it says of consents counts at once, and the file waits for its photo.
    """
    assets = earlier_assets(desk, orphan.folder, orphan.target, whole=orphan.whole)
    if not assets:
        take(desk, orphan.found)
        return False
    filed = [take(desk, orphan.found, asset) for asset in assets]
    with desk.catalog.transaction() as unit:
        unit.mark_due(
            asset
            for asset, each in zip(assets, filed, strict=True)
            if link(unit, asset, [(each.row.slot, len(assets) > 1)])
        )
    let_go(filed[0], desk.workspace.inbox)
    return True


def join_unread(desk: Desk, found: inbox.Found, *, again: bool = False) -> None:
    """Hold every earlier asset that an unreadable file seems to speak of.

    `again`: the very file was joined before, and only lies there still. Raises StorageError
    where the store refuses even to note that.
    """
    said = names.claim(found.name)
    if said.target:
        assets = earlier_assets(desk, found.folder, said.target, whole=said.whole)
    else:
        assets = _below(desk, found.folder)
    if again:
        with desk.catalog.transaction() as unit:
            unit.see_sidecars((slot_of(found, asset) for asset in assets), desk.instant())
        return
    restated = False
    try:
        sha256 = _stored(desk, found).sha256
        restated = not found.unread
    except (UnsafeSource, SourceChanged, StorageError):
        # Nobody knows what it says, be it for its rights or for the disk: it may say no.
        sha256 = desk.originals.put_bytes(b"")
    for start in range(0, len(assets), TOGETHER):
        with desk.catalog.transaction() as unit:
            for asset in assets[start : start + TOGETHER]:
                row = _row(desk, found, sha256, asset)
                _keep(desk, unit, row, restated=restated)
                if (row.slot, False) not in _linked(unit, asset):
                    unit.link_sidecar(asset, row.slot, ambiguous=False)
                    unit.mark_due([asset])


def join_folder(desk: Desk, filed: Filed, folder: bytes) -> None:
    """Link a shoot sheet to every asset that came from its folder or below, if it is new there.

    Which of them it speaks of is settled by its patterns when they are decided again.
    """
    assets = _below(desk, folder, unlinked=filed.row.slot)
    if not assets:
        return
    with desk.catalog.transaction() as unit:
        for asset in assets:
            unit.link_sidecar(asset, filed.row.slot, ambiguous=False)
        unit.mark_due(assets)


def _below(desk: Desk, folder: bytes, unlinked: str = "") -> tuple[str, ...]:
    """Assets that came from exactly this folder of the inbox or from one below it; without

    those of which the sidecar at the slot `unlinked` speaks already.
    """
    found = desk.catalog.arrivals_under(names.key(folder), unlinked)
    return tuple(
        dict.fromkeys(
            asset
            for asset, at in found
            if not folder or at == folder or at.startswith(folder + b"/")
        )
    )


def describe(orphans: Iterable[inbox.Orphan]) -> list[str]:
    """A line for each sidecar whose photo is not known."""
    return [
        f"{o.found.shown}: no photo of this name has arrived yet; it waits in the inbox"
        for o in orphans
    ]
