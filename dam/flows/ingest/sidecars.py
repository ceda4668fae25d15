"""Taking in what people say: sidecars into the store, consents into the catalogue, links.

A sidecar lives in a *slot*: its folder and name in the inbox. A new version in a slot
replaces what the slot said before, so a mistake can be corrected; events of a consent (a
withdrawal above all) are never taken back by leaving them out. Deleting a sidecar changes
nothing: what was said stays said.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from dam.adapters import inbox
from dam.adapters.catalog import Unit
from dam.adapters.desk import Desk
from dam.adapters.store import Taken, remove_source
from dam.core import names
from dam.core.model import ConsentItem, Event
from dam.core.rows import ConsentVersion, SidecarKind, SidecarRow
from dam.flows.ingest.consider import (
    MAX_SIDECAR_BYTES,
    Sheet,
    consent_digest,
    consents_in,
    record_body,
)

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


def slot_of(found: inbox.Found) -> str:
    return f"{names.key(found.folder)}/{names.key(found.name)}"


def kind_of(found: inbox.Found) -> SidecarKind:
    """What a sidecar speaks of; one that cannot be read as such (`unread`) by its name."""
    if found.kind in KINDS:
        return KINDS[found.kind]
    return "photo" if names.claim(found.name).target else "shoot"


def read_sheet(desk: Desk, found: inbox.Found, *, ambiguous: bool = False) -> Sheet:
    """A sidecar's bytes as a sheet, nothing stored (for a dry run).

    Raises SourceChanged, UnsafeSource or StorageError as `inbox.read` does.
    """
    data = inbox.read(desk.workspace.inbox, found, MAX_SIDECAR_BYTES)
    return Sheet(
        slot=slot_of(found),
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


def take(desk: Desk, found: inbox.Found) -> Filed:
    """Store a sidecar and what it says of consents, and mark every asset it touches as due.

    One transaction; repeating it changes nothing. Raises SourceChanged, UnsafeSource or
    StorageError; the file itself stays where it is.
    """
    source = desk.workspace.inbox / names.text(found.path)
    taken = desk.originals.take(source, MAX_SIDECAR_BYTES, below=desk.workspace.inbox)
    at = desk.instant()
    row = SidecarRow(
        slot=slot_of(found),
        kind=kind_of(found),
        sha256=taken.sha256,
        shown=found.shown,
        folder_key=names.key(found.folder),
        name_key=names.key(found.name),
        seen_at=at,
    )
    catalog = desk.catalog
    with catalog.transaction() as unit:
        if unit.put_sidecar(row):
            unit.mark_due(catalog.assets_of_slot(row.slot))
            unit.append(Event("sidecar.read", row.sha256, {"kind": row.kind}), at)
            _take_consents(desk, unit, row)
    return Filed(row, taken, source)


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
        put_consent(desk, unit, item, row.slot)
    said = {item.id for item in items}
    for version in unit.consents_of_slot(row.slot):
        if version.consent not in said and unit.put_consent(
            replace(version, stated=False, recorded_at=desk.instant())
        ):
            _touched(unit, version.consent, version.subject)


def let_go(filed: Filed, inbox_root: Path) -> None:
    """Remove a sidecar from the inbox once its photo has it; a newer version stays."""
    remove_source(filed.source, filed.taken, below=inbox_root)


def put_consent(desk: Desk, unit: Unit, item: ConsentItem, slot: str) -> bool:
    """Record one version of a consent from one source; true where it says something new.

    Call inside a transaction. Assets that use the record or show its subject become due.
    """
    at = desk.instant()
    version = ConsentVersion(
        consent=item.id,
        slot=slot,
        digest=consent_digest(item),
        subject=item.subject.id,
        body=record_body(item),
        recorded_at=at,
    )
    if not unit.put_consent(version):
        return False
    _touched(unit, item.id, item.subject.id)
    unit.append(Event("consent.recorded", item.id, {"digest": version.digest}), at)
    return True


def _touched(unit: Unit, consent: str, subject: str) -> None:
    """Every asset that rests on a consent or shows its subject must be decided again."""
    unit.mark_due(unit.assets_using_consents([consent]))
    unit.mark_due(unit.assets_with_subjects([subject]))


def link(desk: Desk, asset: str, slot: str, *, ambiguous: bool) -> None:
    """Say that a slot speaks of an asset, and that the asset must be decided again."""
    with desk.catalog.transaction() as unit:
        unit.link_sidecar(asset, slot, ambiguous)
        unit.mark_due([asset])


def earlier_assets(desk: Desk, orphan: inbox.Orphan) -> tuple[str, ...]:
    """Assets ingested before that a late sidecar speaks of; several mean nobody can tell."""
    folder, target = names.key(orphan.folder), names.key(orphan.target)
    if orphan.whole:
        return tuple(desk.catalog.assets_named(folder, target))
    return tuple(desk.catalog.assets_stemmed(folder, target))


def join_late(desk: Desk, orphan: inbox.Orphan) -> bool:
    """Take a sidecar that came after its photo. False where no photo of that name is known."""
    assets = earlier_assets(desk, orphan)
    if not assets:
        return False
    filed = take(desk, orphan.found)
    for asset in assets:
        link(desk, asset, filed.row.slot, ambiguous=len(assets) > 1)
    let_go(filed, desk.workspace.inbox)
    return True


def join_folder(desk: Desk, filed: Filed) -> None:
    """Link a shoot sheet to every asset that came from its folder or below, if it is new there.

    Which of them it speaks of is settled by its patterns when they are decided again.
    """
    catalog = desk.catalog
    known = set(catalog.assets_of_slot(filed.row.slot))
    fresh = [a for a in catalog.assets_under(filed.row.folder_key) if a not in known]
    with catalog.transaction() as unit:
        for asset in fresh:
            unit.link_sidecar(asset, filed.row.slot, False)
        unit.mark_due(fresh)


def describe(orphans: Iterable[inbox.Orphan]) -> list[str]:
    """A line for each sidecar whose photo is not known."""
    return [
        f"{o.found.shown}: no photo of this name has arrived yet; it waits in the inbox"
        for o in orphans
    ]
