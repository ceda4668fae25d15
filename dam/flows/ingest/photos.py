"""Taking in one dropped photograph: claimed, stored, recorded; and letting its source go.

What happens in between, reading and deciding and filing, is `settle`. The source leaves the
inbox last, when its bytes are in the original store, its facts and decisions in the catalogue
and, if approved, its rendition in the archive. Each step can be killed and run again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from dam.adapters import inbox
from dam.adapters.catalog import Catalog, Unit
from dam.adapters.desk import Desk
from dam.adapters.store import Taken, remove_sources
from dam.core import names
from dam.core.errors import DamError, SourceChanged, StorageError, UnsafeSource
from dam.core.model import Disposition, Event, Purpose
from dam.core.rows import AssetRow, ProvenanceRow
from dam.flows.ingest import sidecars
from dam.flows.ingest.outcome import Became, Outcome, Why, became, whys
from dam.flows.ingest.settle import new_asset_id

#: What is said of an asset between its registration and its first decision.
RECEIVED = "Received, not read yet"


@dataclass(frozen=True, slots=True)
class Arrived:
    """A photograph that is safe in the store and recorded; its source still lies in the inbox.

    `fresh` is false for content that was known before.
    """

    found: inbox.Found
    asset: str
    fresh: bool
    taken: Taken
    own: tuple[inbox.Found, ...]
    sidecars: tuple[sidecars.Filed, ...]


def source_path(desk: Desk, found: inbox.Found) -> Path:
    return desk.workspace.inbox / names.text(found.path)


def take_in(
    desk: Desk, paired: inbox.Paired, sheets: Mapping[bytes, sidecars.Filed]
) -> Arrived | Outcome:
    """Store and record one photograph with everything that lies beside it; nothing is decided.

    `sheets` are the shoot sheets already taken in this pass, by path. An `Outcome` comes back
    where it cannot be taken now. Raises StorageError where the disk refuses.
    """
    found = paired.photo
    if any(sheet.path not in sheets for sheet in paired.sheets):
        return waiting(found, "a sheet of its folder could not be taken")
    try:
        taken = desk.originals.take(
            source_path(desk, found), desk.settings.max_bytes, below=desk.workspace.inbox
        )
        if (taken.device, taken.inode, taken.size, taken.mtime_ns) != found.identity:
            return waiting(found, "another file took its place")
    except SourceChanged:
        return waiting(found, "it is still changing")
    except UnsafeSource as unsafe:
        return _unsafe(found, unsafe)
    try:
        own, refused = _own(desk, paired)
        beside = [sidecars.store_unread(desk, item) for item in paired.unread]
    except StorageError:
        # No original lies in the store that is on no record; it is decided with its sidecars.
        with desk.catalog.transaction() as unit:
            asset, _, due = _register(desk, unit, found, taken)
            if due:
                unit.mark_due([asset])
        raise
    with desk.catalog.transaction() as unit:
        asset, fresh, due = _register(desk, unit, found, taken)
        rows = [sidecars.record(desk, unit, safe, asset) for safe, _ in own]
        spoken = [(row.slot, ambiguous) for row, (_, ambiguous) in zip(rows, own, strict=True)]
        spoken += [(sheets[sheet.path].row.slot, False) for sheet in paired.sheets]
        spoken += [(sidecars.record(desk, unit, safe, asset).slot, False) for safe in beside]
        # In this order: that something speaks of it anew is to be written in any case.
        if sidecars.link(unit, asset, spoken) or due:
            unit.mark_due([asset])
    if isinstance(refused, UnsafeSource):
        return _unsafe(found, refused)
    if refused is not None:
        return waiting(found, "its sidecar is still changing")
    mine = tuple(match.found for match in (*paired.sidecars, *paired.xmp))
    filed = tuple(
        sidecars.Filed(row, safe.taken, sidecars.source_of(desk, safe.found))
        for row, (safe, _) in zip(rows, own, strict=True)
        if safe.taken is not None
    )
    return Arrived(found, asset, fresh, taken, mine, filed)


def _own(
    desk: Desk, paired: inbox.Paired
) -> tuple[list[tuple[sidecars.Safe, bool]], SourceChanged | UnsafeSource | None]:
    """The photo's own sidecars in the store, each with whether it may be another photo's; and

    why one of them could not be read, if so. That one counts as unreadable and holds the photo:
    without it, a sheet of the folder could speak for the photo alone.
    """
    own: list[tuple[sidecars.Safe, bool]] = []
    refused: SourceChanged | UnsafeSource | None = None
    for match in (*paired.sidecars, *paired.xmp):
        try:
            safe = sidecars.store(desk, match.found)
        except (SourceChanged, UnsafeSource) as error:
            refused = error
            safe = sidecars.store_unread(desk, match.found)
        own.append((safe, match.ambiguous))
    return own, refused


def _unsafe(found: inbox.Found, unsafe: UnsafeSource) -> Outcome:
    why = Why.plain("unsafe-file", unsafe.what, unsafe.hint)
    return Outcome(found.shown, Became.HELD, reasons=(why,))


def waiting(found: inbox.Found, why: str) -> Outcome:
    reason = Why.plain("waiting", f"Not taken yet: {why}", "Nothing to do; it is tried again")
    return Outcome(found.shown, Became.WAITING, reasons=(reason,))


def _register(desk: Desk, unit: Unit, found: inbox.Found, taken: Taken) -> tuple[str, bool, bool]:
    """Asset and provenance: the id, false for a duplicate, and whether it must be decided.

    A file that is still in the inbox because an earlier run was interrupted has its
    provenance row already: it is no duplicate. A known asset that could not be read before
    is looked at again: its limits or its bytes may be better now.
    """
    at = desk.instant()
    row = unit.asset_by_sha(taken.sha256)
    known = row is not None
    if row is None:
        row = _new_row(unit, taken, desk)
        unit.add_asset(row)
        unit.append(Event("asset.received", row.id, {"size": taken.size}), at)
    arrived = unit.add_provenance(_provenance(desk, row.id, found, taken))
    if known and arrived:
        unit.append(Event("asset.duplicate", row.id, {}), at)
    due = not known or arrived or bool(row.note) or taken.repaired
    return row.id, not (known and arrived), due


def _new_row(catalog: Catalog | Unit, taken: Taken, desk: Desk) -> AssetRow:
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
        note=RECEIVED,
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


def standing(desk: Desk, asset: str) -> Outcome:
    """Where an asset stands now, with the reasons of its decision for the archive."""
    row = desk.catalog.asset(asset)
    if row is None:
        raise StorageError("The catalogue lost an asset", "Run `dam verify`")
    made = [d for d in desk.catalog.decisions(asset) if d.purpose is Purpose.ARCHIVE]
    reasons = tuple(why for decision in made for why in whys(decision))
    waived = tuple(w for decision in made for w in decision.waived)
    if row.note:
        reasons = (*reasons, Why.plain("unusable-photo", row.note, row.note_hint))
    return Outcome(
        "",
        became(row.disposition),
        row.id,
        row.sha256,
        reasons,
        row.archived_as,
        waived=waived,
    )


def let_go(desk: Desk, several: Sequence[Arrived], root: inbox.Root) -> list[DamError | None]:
    """Remove the sources of settled photos from the inbox; what changed meanwhile stays.

    For each: None, or what its folder said that does not let go of them. Raises StorageError
    where the inbox is not `root` any more: of a share that went away nothing is gone.
    """
    below = desk.workspace.inbox
    if not inbox.is_still(below, root):
        raise inbox.away()
    photos = remove_sources([(source_path(desk, a.found), a.taken) for a in several], below)
    if not inbox.is_still(below, root):
        raise inbox.away()
    removed = [a for a, gone in zip(several, photos, strict=True) if gone is True]
    if removed:
        with desk.catalog.transaction() as unit:
            for arrived in removed:
                unit.mark_removed(arrived.asset, arrived.found.folder, arrived.found.name)
    # The sidecars of a photo that could not be removed stay beside it.
    stuck = [gone if isinstance(gone, DamError) else None for gone in photos]
    beside = [
        (number, filed)
        for number, (arrived, error) in enumerate(zip(several, stuck, strict=True))
        for filed in (arrived.sidecars if error is None else ())
    ]
    said = remove_sources([(filed.source, filed.taken) for _, filed in beside], below)
    for (number, _), result in zip(beside, said, strict=True):
        if isinstance(result, DamError):
            stuck[number] = result
    return stuck
