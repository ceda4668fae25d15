"""One dropped photograph: claimed, stored, recorded, read, decided, filed, let go.

Each step can be killed and run again. The source leaves the inbox last, when its bytes are
in the original store, its facts and decisions in the catalogue and, if approved, its
rendition in the archive.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from dam.adapters import inbox
from dam.adapters.catalog import Catalog
from dam.adapters.darkroom import Darkroom
from dam.adapters.desk import Desk
from dam.adapters.store import Taken, remove_source
from dam.core import names
from dam.core.errors import SourceChanged, StorageError, UnsafeSource
from dam.core.model import Disposition, Event
from dam.core.rows import AssetRow, ProvenanceRow
from dam.flows.ingest import sidecars
from dam.flows.ingest.outcome import Became, Outcome, Why, became, whys
from dam.flows.ingest.settle import new_asset_id, settle


def source_path(desk: Desk, found: inbox.Found) -> Path:
    return desk.workspace.inbox / names.text(found.path)


def ingest(desk: Desk, room: Darkroom, paired: inbox.Paired) -> Outcome:
    """Take one photograph through its life. Raises only StorageError (the disk refuses all)."""
    found = paired.photo
    beside = [(m.found, m.ambiguous) for m in (*paired.sidecars, *paired.xmp)]
    beside += [(sheet, False) for sheet in (*paired.sheets, *paired.unread)]
    try:
        filed = [(sidecars.take(desk, item), doubt) for item, doubt in beside]
        taken = desk.originals.take(
            source_path(desk, found), desk.settings.max_bytes, below=desk.workspace.inbox
        )
    except SourceChanged:
        return waiting(found, "it is still changing")
    except UnsafeSource as unsafe:
        why = Why.plain("unsafe-file", unsafe.what, unsafe.hint)
        return Outcome(found.shown, Became.HELD, reasons=(why,))
    asset, fresh = _register(desk, found, taken, filed)
    outcome = _decide(desk, room, asset)
    _let_go(desk, found, taken, asset)
    mine = {m.found.path for m in (*paired.sidecars, *paired.xmp)}
    for (item, _), (sidecar, _) in zip(beside, filed, strict=True):
        if item.path in mine:
            sidecars.let_go(sidecar, desk.workspace.inbox)
    outcome = replace(outcome, source=found.shown)
    if not fresh:
        return replace(outcome, became=Became.DUPLICATE)
    return outcome


def waiting(found: inbox.Found, why: str) -> Outcome:
    reason = Why.plain("waiting", f"Not taken yet: {why}", "Nothing to do; it is tried again")
    return Outcome(found.shown, Became.WAITING, reasons=(reason,))


def _register(
    desk: Desk,
    found: inbox.Found,
    taken: Taken,
    filed: list[tuple[sidecars.Filed, bool]],
) -> tuple[str, bool]:
    """Asset, provenance and links in one transaction; the id, and false for a duplicate.

    A file that is still in the inbox because an earlier run was interrupted has its
    provenance row already: it is no duplicate.
    """
    catalog, at = desk.catalog, desk.instant()
    with catalog.transaction() as unit:
        row = catalog.asset_by_sha(taken.sha256)
        known = row is not None
        if row is None:
            row = _new_row(catalog, taken, desk)
            unit.add_asset(row)
            unit.append(Event("asset.received", row.id, {"size": taken.size}), at)
        arrived = unit.add_provenance(_provenance(desk, row.id, found, taken))
        before = {(s.slot, doubt) for s, doubt in catalog.sidecars_of(row.id)}
        for item, ambiguous in filed:
            if (item.row.slot, ambiguous) not in before:
                unit.link_sidecar(row.id, item.row.slot, ambiguous)
                unit.mark_due([row.id])
        if not known:
            unit.mark_due([row.id])
        elif arrived:
            unit.append(Event("asset.duplicate", row.id, {}), at)
    return row.id, not (known and arrived)


def _new_row(catalog: Catalog, taken: Taken, desk: Desk) -> AssetRow:
    return AssetRow(
        id=new_asset_id(catalog, taken.sha256),
        sha256=taken.sha256,
        size=taken.size,
        format="",
        width=None,
        height=None,
        disposition=Disposition.HELD,
        archived_as=None,
        captured_on=None,
        captured_source="",
        photographer=None,
        programme=None,
        country=None,
        city=None,
        facts_digest=None,
        added_at=desk.instant(),
        note="Received, not read yet",
        note_hint="Run dam ingest again",
    )


def _provenance(desk: Desk, asset: str, found: inbox.Found, taken: Taken) -> ProvenanceRow:
    return ProvenanceRow(
        asset=asset,
        folder=found.folder,
        name=found.name,
        shown=found.shown,
        folder_key=names.key(found.folder),
        name_key=names.key(found.name),
        stem_key=names.key(names.split(found.name)[0]),
        device=taken.device,
        inode=taken.inode,
        size=taken.size,
        mtime_ns=taken.mtime_ns,
        seen_at=desk.instant(),
    )


def _decide(desk: Desk, room: Darkroom, asset: str) -> Outcome:
    """Settle the asset if it is due; else tell where it stands."""
    if desk.catalog.due_mark(asset) is not None:
        outcome = settle(desk, room, asset)
        if outcome is not None:
            return outcome
    return standing(desk, asset)


def standing(desk: Desk, asset: str) -> Outcome:
    """Where an asset stands now, with the reasons of its decision for the archive."""
    row = desk.catalog.asset(asset)
    if row is None:
        raise StorageError("The catalogue lost an asset", "Run `dam verify`")
    reasons = tuple(
        why
        for decision in desk.catalog.decisions(asset)
        if decision.purpose == "archive"
        for why in whys(decision)
    )
    if row.note:
        reasons = (*reasons, Why.plain("unusable-photo", row.note, row.note_hint))
    return Outcome("", became(row.disposition), row.id, row.sha256, reasons, row.archived_as)


def _let_go(desk: Desk, found: inbox.Found, taken: Taken, asset: str) -> None:
    """Remove the source, unless a newer file took its name meanwhile."""
    if remove_source(source_path(desk, found), taken, below=desk.workspace.inbox):
        with desk.catalog.transaction() as unit:
            unit.mark_removed(asset, found.folder, found.name)
